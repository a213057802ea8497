"""Jira and Jira Service Management: issues of the REST API (v2 and v3) with comments and history, and webhooks.

Shapes as in Atlassian's public REST reference. What a team needs beyond the built-in fields is in custom fields, whose
names an answer lists under `names` when it is asked for them; they are matched by their words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file, collect
from pmctl.services.cursor import Cursor
from pmctl.services.instants import parse_instant
from pmctl.services.jira_text import plain_text
from pmctl.services.labels import read_label
from pmctl.services.recognition import Part, Recognition, candidates, parts_among, score_match
from pmctl.services.system import Api, System

_KEY = re.compile(r"[A-Z][A-Z0-9_]+-\d+")
_ADDRESS = re.compile(r"(https?://[^/]+(?:/[\w-]+)?)/rest/api/")
_DONE = frozenset(("done", "resolved", "closed", "completed", "complete", "fixed"))
_CUSTOM = (
    ("started_at", re.compile(r"(?:impact|incident|outage)?\s*(?:start(?:ed)?|began|begin)\b.*", re.IGNORECASE)),
    ("detected_at", re.compile(r"(?:time |date )?(?:of )?(?:detect\w*|identified)\b.*", re.IGNORECASE)),
    ("mitigated_at", re.compile(r"(?:time |date )?mitigat\w*\b.*", re.IGNORECASE)),
    ("resolved_at", re.compile(r"(?:impact|incident|outage)\s*(?:end(?:ed)?|over)\b.*|end time", re.IGNORECASE)),
    ("severity", re.compile(r"(?:incident )?(?:severity|sev)(?: level)?", re.IGNORECASE)),
    ("urgency", re.compile(r"urgency", re.IGNORECASE)),
    ("services", re.compile(r"(?:affected |impacted )?(?:service|system|component|product)s?", re.IGNORECASE)),
    ("teams", re.compile(r"(?:responsible |responding )?(?:team|squad)s?", re.IGNORECASE)),
    ("impact", re.compile(r"(?:customer |user |business )?impact|affected (?:customers|users)", re.IGNORECASE)),
    ("root_cause", re.compile(r"root cause", re.IGNORECASE)),
)


def recognise(data: Cursor) -> Recognition:
    """Issues, bare, in lists and in webhooks, and pages of comments and of the history."""
    parts = [*parts_among((data.at("comments"), data.at("values"), data.at("histories")), _is_entry)]
    if data.at("webhookEvent"):
        parts.append(Part(data, frozenset(filter(None, (data.at("issue", "id").text,)))))
    elif data.at("names").mapping and data.at("issues").list:
        parts.append(Part(Cursor({"names": data.at("names").value}, data.path)))
    return score_match(
        candidates(data),
        ("key", "fields"),
        ("id", "self", "changelog", "names"),
        accept=lambda place: (
            bool(_KEY.fullmatch(place.at("key").text))
            and bool(place.at("fields", "summary") and place.at("fields", "created"))
        ),
        parts=tuple(parts),
    )


def _is_entry(item: Cursor) -> bool:
    comment = item.at("body") and item.at("author").mapping and item.at("created") and item.has("updated")
    return bool(comment or (item.at("items").list and item.at("created")))


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One issue with its comments and changes of status. The id is its key."""
    fields = record.at("fields")
    key = record.at("key")
    found.text("id", key)
    address = _ADDRESS.match(record.at("self").text)
    found.text("url", record.at("self"), value=f"{address[1]}/browse/{key.text}" if address else "")
    found.text("title", fields.at("summary"))
    found.text("summary", fields.at("description"), value=plain_text(fields.at("description")))
    status = fields.at("status")
    found.text("status", status.at("name"))
    _custom_fields(found, record, parts)
    found.text("severity", fields.at("priority", "name"))
    found.names("services", fields.at("components"), "name")
    for label in fields.at("labels").each():
        read_label(found, label)
    for person in (fields.at("reporter"), fields.at("assignee")):
        _person(found, person)
    resolved = status.at("statusCategory", "key").text == "done" or (
        not status.at("statusCategory") and status.at("name").text.lower() in _DONE
    )
    histories = (record.at("changelog", "histories"), *parts)
    for item in _entries((fields.at("comment", "comments"), *histories)):
        _entry(found, item, status.at("name").text if resolved else "")
    for part in parts:
        if part.at("webhookEvent"):
            _hook(found, part, status.at("name").text if resolved else "")
    if resolved:
        found.moment("resolved_at", fields.at("resolutiondate"))
    found.moment("started_at", fields.at("created"))
    if "duplicate" in fields.at("resolution", "name").text.lower():
        found.exempt("merged", "it was resolved as a duplicate")
    return resolved


def _entries(listed: tuple[Cursor, ...]) -> Iterator[Cursor]:
    """Comments and changes, each once: an issue embeds the first of them."""
    seen: set[tuple[str, bool]] = set()
    for part in listed:
        for item in part.each():
            mark = (item.at("id").text, item.at("items").list)
            if not mark[0] or mark not in seen:
                seen.add(mark)
                yield item


def _person(found: Assembly, user: Cursor) -> str:
    name = user.first("displayName", "name").text
    if user.at("accountType").text == "app":
        return name
    email = user.at("emailAddress").text
    return found.person(user, name=name, email=email if "@" in email else "")


def _entry(found: Assembly, item: Cursor, ended: str) -> None:
    who, entry = _person(found, item.at("author")), item.at("id").text
    if item.at("body"):
        found.event(item.at("created"), plain_text(item.at("body")), who=who, path=item.path, entry=entry)
        return
    for number, change in enumerate(item.at("items").each()):
        _change(found, change, item.at("created"), who, ended, f"{entry}.{number}" if entry else "")


def _change(found: Assembly, change: Cursor, at: Cursor, who: str, ended: str, entry: str) -> None:
    """A change of status, or of who works on it; `ended` is the status that the issue ended in."""
    field, then, now = change.at("field").text.lower(), change.at("fromString").text, change.at("toString").text
    if field == "status" and now:
        kind = "resolved" if ended and now == ended else ""
        text = f"Status: {then} → {now}" if then else f"Status: {now}"
        found.event(at, text, who=who, kind=kind, path=change.path, entry=entry)
    elif field == "assignee" and now:
        found.event(at, f"Assigned to {now}", who=who, path=change.path, entry=entry)
    elif field in ("priority", "severity") and now:
        found.event(at, f"{field.capitalize()}: {now}", who=who, path=change.path, entry=entry)


def _hook(found: Assembly, hook: Cursor, ended: str) -> None:
    """What a webhook tells beside the issue: what changed just now, and a comment."""
    who = _person(found, hook.at("user"))
    identity = hook.at("changelog", "id").text
    for number, change in enumerate(hook.at("changelog", "items").each()):
        _change(found, change, hook.at("timestamp"), who, ended, f"{identity}.{number}" if identity else "")
    if hook.at("comment", "body"):
        _entry(found, hook.at("comment"), ended)


def _custom_fields(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> None:
    """The fields that a team added, by the words in their names; a moment only from what is a time."""
    names = (
        record.at("names") if record.at("names") else next((p.at("names") for p in parts if p.at("names")), Cursor({}))
    )
    for key, name in names.members():
        place = record.at("fields", key)
        target = next((field for field, pattern in _CUSTOM if pattern.fullmatch(name.text)), "")
        if not place or not target or not key.startswith("customfield_"):
            continue
        for value in _values(place):
            if target.endswith("_at"):
                if parse_instant(value.value).at is not None:
                    found.moment(target, value)
            elif target in ("services", "teams"):
                found.name(target, value)
            elif target == "impact":
                found.impact(name.text, value.text or plain_text(value), value)
            elif target == "root_cause" and len(value.text) <= 60:
                found.name("root_causes", value)
            elif target == "urgency":
                found.urgency(value)
            elif target == "severity":
                found.text("severity", value)


def _values(place: Cursor) -> Iterator[Cursor]:
    """A custom field's values: text, an option or another object with a name, or a list of these."""
    for one in place.each() if place.list else (place,):
        if one.mapping and one.at("type").text != "doc":
            yield one.first("value", "name", "displayName")
        else:
            yield one


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The issue with the names of its fields and its history, and all its comments (pages by offset).

    Asked of version 2 of the API, which Jira Cloud and Jira Data Center both have.
    """
    path, what = f"/rest/api/2/issue/{segment(incident)}", f"issue {incident}"
    record = service.get(path, what, {"expand": "names,changelog"})
    comments = collect(
        lambda start: service.get(f"{path}/comment", what, {"startAt": start or 0, "maxResults": 100}),
        lambda page: _following(page.at("startAt"), page.at("comments"), page.at("total")),
        "comments",
    )
    return [("issue.json", record.data), as_file("comments.json", {"comments": comments})]


def _following(start: object, page: object, total: object) -> int | None:
    """Where the next page starts; None after the last."""
    if not (isinstance(start, int) and isinstance(page, list) and isinstance(total, int)):
        return None
    return start + len(page) if start + len(page) < total else None


SYSTEM = System(
    name="jira",
    label="Jira",
    recognise=recognise,
    read=read,
    aliases=("jsm", "jira service management"),
    lists=("issues", "comments", "values", "histories"),
    api=Api(
        credential="JIRA_TOKEN",
        address="JIRA_URL",  # every site has its own
        headers={"Authorization": "Bearer {token}", "Accept": "application/json"},
        also={"JIRA_EMAIL": False},  # Jira Data Center needs none
        login="JIRA_EMAIL",
        fetch=fetch,
        account=("/rest/api/2/myself", "displayName"),
    ),
)
