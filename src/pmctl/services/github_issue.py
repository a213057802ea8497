"""GitHub issues used as incident records: REST API v3, and what `gh issue view --json` prints.

Shapes as in GitHub's public REST documentation. What an issue has no field for (severity, services)
teams write into labels with a prefix; labels are objects or plain text.
"""

from __future__ import annotations

import re

from pmctl.errors import UsageProblem
from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file, collect
from pmctl.services.cursor import Cursor
from pmctl.services.labels import read_label
from pmctl.services.recognition import Part, Recognition, candidates, score_match
from pmctl.services.system import Api, System

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HOST = re.compile(r"https?://[^/]+/(?:repos/)?[^/]+/[^/]+/(?:issues|pull)/\d+")
_REFERENCE = re.compile(r"([\w.-]+)/([\w.-]+)(?:#|/issues/)(\d+)", re.ASCII)
_ISSUE_API = re.compile(r"/issues/(\d+)$")
# Timeline events that tell something about the incident; the rest is bookkeeping of the tracker.
_TOLD = {"closed": "Issue closed", "reopened": "Issue reopened", "merged": "Change merged", "assigned": "Assigned"}


def recognise(data: Cursor) -> Recognition:
    """Issues, lists of comments, and pages of timeline events."""
    return score_match(
        candidates(data),
        ("title", "number", "state", "created_at|createdAt", "html_url|url"),
        ("labels", "assignees", "comments_url", "closed_at|closedAt", "state_reason|stateReason", "node_id|id"),
        accept=lambda place: (
            bool(_HOST.match(place.first("html_url", "url").text))
            and place.at("state").text.lower() in ("open", "closed", "merged")
        ),
        parts=_parts(data),
    )


def _parts(data: Cursor) -> tuple[Part, ...]:
    parts = []
    comment = data.at("comment")  # of a webhook: one comment beside its issue
    listed = (data, *(data.at(key) for key in ("comments", "timeline", "events")), data.at("issue", "comments"))
    for holder in (*listed, Cursor([comment.value], comment.path) if comment else Cursor(None)):
        entries = [e for e in holder.sample() if _is_entry(e)]
        if entries:
            numbers = {m[1] for e in holder.each() if (m := _ISSUE_API.search(e.at("issue_url").text))}
            parts.append(Part(holder, frozenset(numbers)))
    return tuple(parts)


def _is_entry(entry: Cursor) -> bool:
    if entry.at("title") or entry.at("incident_id") or entry.has("noteable_type"):
        return False
    comment = entry.at("body") and entry.first("user", "author").mapping
    return bool(comment or (entry.at("event") and not entry.at("occurred_at")))


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One issue with its comments. The id is owner/name#number where the address shows it."""
    url = record.at("html_url") or record.at("url")
    found.text("id", record.at("number"), value=_issue_id(url.text, record.at("number").text))
    found.text("url", url)
    found.text("name", record.at("number"), value=f"#{record.at('number').text}")
    found.text("title", record.at("title"))
    found.text("summary", record.at("body"), value=_visible(record.at("body")))
    found.text("status", record.at("state"))
    for label in record.at("labels").each():
        read_label(found, label.at("name") if label.mapping else label)
    found.moment("started_at", record.first("created_at", "createdAt"))
    for user in (record.first("user", "author"), record.at("assignee"), *record.at("assignees").each()):
        _person(found, user)
    closed = record.at("state").text.lower() == "closed"
    reason = record.first("state_reason", "stateReason").text.lower()
    if closed and reason in ("not_planned", "duplicate"):
        found.name("tags", record.first("state_reason", "stateReason"), reason.replace("_", " "))
    if closed:
        found.moment("resolved_at", record.first("closed_at", "closedAt"))
    for part in parts:
        for item in part.each():
            _entry(found, item, record.at("number").text)
    return closed


def _issue_id(url: str, number: str) -> str:
    match = re.search(r"/([^/]+/[^/]+)/issues/(\d+)", url)
    return f"{match[1]}#{match[2]}" if match else number


def _visible(body: Cursor) -> str:
    """A body without HTML comments: GitHub does not show them, and issue templates are full of them."""
    return _COMMENT.sub("", body.text).strip()


def _person(found: Assembly, user: Cursor) -> str:
    login = user.at("login").text
    if user.at("type").text == "Bot" or user.at("is_bot").value is True:
        return login
    return found.person(user, name=user.at("name").text, handle=login, email=user.at("email").text)


def _entry(found: Assembly, item: Cursor, number: str) -> None:
    issue = _ISSUE_API.search(item.at("issue_url").text)
    if issue and issue[1] != number:
        return
    if item.at("isMinimized").value is True or item.at("minimized", "reason"):  # hidden as spam, outdated, resolved
        return
    event = item.at("event").text
    if event == "committed":  # names no actor, only the commit's author
        at = item.at("committer", "date") or item.at("author", "date")
        who = item.at("author", "name").text
        found.event(at, f"Commit: {item.at('message').text}", who=who, path=item.path)
        return
    who = _person(found, item.first("user", "author", "actor"))
    at = item.first("created_at", "createdAt", "submitted_at")
    if event in _TOLD:
        text = _TOLD[event] if event != "assigned" else f"Assigned to {item.at('assignee', 'login').text}"
        kind = "resolved" if event == "closed" else ""
        found.event(at, text, who=who, kind=kind, path=item.path, entry=item.at("id").text)
    elif item.at("body") and event in ("", "commented", "reviewed"):
        found.event(at, _visible(item.at("body")), who=who, path=item.path, entry=item.at("id").text)


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The issue OWNER/NAME#NUMBER and its timeline, comments included (pages by Link header)."""
    match = _REFERENCE.fullmatch(incident)
    if match is None:
        raise UsageProblem(f"{incident!r} is not an issue", hint="write github:OWNER/NAME#NUMBER")
    path, what = f"/repos/{segment(match[1])}/{segment(match[2])}/issues/{match[3]}", f"issue {incident}"
    record = service.get(path, what)
    timeline = collect(
        lambda link: service.get(link, what) if link else service.get(f"{path}/timeline", what, {"per_page": 100}),
        lambda page: page.next_url,
    )
    return [("issue.json", record.data), *([as_file("timeline.json", timeline)] if timeline else [])]


SYSTEM = System(
    name="github",
    label="GitHub",
    recognise=recognise,
    read=read,
    identity="number",
    lists=("issues", "comments", "timeline", "events"),
    aliases=("github issue", "github issues"),
    api=Api(
        credential="GITHUB_TOKEN",
        address="GITHUB_API_URL",
        default_address="https://api.github.com",
        headers={
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "Authorization": "Bearer {token}",
        },
        fetch=fetch,
        account=("/user", "login"),
        credential_required=False,  # public repositories need none
    ),
)
