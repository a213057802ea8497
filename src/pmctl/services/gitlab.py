"""GitLab incidents, and issues used as such: REST API v4 with notes, timeline events of GraphQL, and the webhook.

Shapes as in GitLab's public documentation. `iid` is the number that people know; a timeline event may carry tags that
say which moment it marks; notes with `system` are the tracker's bookkeeping.
"""

from __future__ import annotations

import re
from contextlib import suppress

from pmctl.errors import EnvironmentProblem, NotFound, UsageProblem
from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file, collect
from pmctl.services.cursor import Cursor
from pmctl.services.labels import read_label
from pmctl.services.recognition import Part, Recognition, candidates, parts_among, score_match
from pmctl.services.system import Api, System

_ADDRESS = re.compile(r"https?://[^/]+/(?P<project>.+?)/(?:-/)?(?:issues(?:/incident)?|work_items)/(?P<number>\d+)")
_REFERENCE = re.compile(r"([\w./-]+)#(\d+)", re.ASCII)
_TAGS = {
    "start time": "started",
    "impact detected": "detected",
    "response initiated": "acknowledged",
    "impact mitigated": "mitigated",
    "end time": "resolved",
}
_QUERY = """query($project: ID!, $incident: IssueID!) { project(fullPath: $project) {
  incidentManagementTimelineEvents(incidentId: $incident) { nodes {
    id note occurredAt author { name username } timelineEventTags { nodes { name } } } } } }"""


def recognise(data: Cursor) -> Recognition:
    """Incidents and issues, lists of notes and timeline events, and webhooks about an issue."""
    hook = data.at("object_attributes") if data.at("object_kind").text in ("issue", "incident") else Cursor(None)
    events = data.at("data", "project", "incidentManagementTimelineEvents", "nodes")
    notes = (data, data.at("notes"), data.at("timeline_events"), events)
    parts = [*parts_among(notes, _is_entry)]
    parts += [Part(data)] if hook else []
    return score_match(
        [*candidates(data), hook],
        ("iid", "title", "state", "created_at", "web_url|url"),
        ("issue_type|type", "severity", "references", "author", "labels"),
        accept=lambda place: (
            place.at("state").text in ("opened", "closed")
            and bool(_ADDRESS.match(place.first("web_url", "url").text))
            and not place.has("merge_status")
        ),
        parts=tuple(parts),
    )


def _is_entry(item: Cursor) -> bool:
    note = item.at("body") and item.at("author").mapping and item.has("noteable_type")
    return bool(note or (item.at("note") and item.at("occurredAt")))


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with its timeline events and notes. The id is group/project#number, as people refer to it."""
    address = record.first("web_url", "url")
    match = _ADDRESS.match(address.text)
    number = record.at("iid").text
    found.text("id", record.at("iid"), value=f"{match['project']}#{number}" if match else number)
    found.text("name", record.at("iid"), value=f"#{number}")
    found.text("url", address)
    found.text("title", record.at("title"))
    found.text("summary", record.at("description"))
    found.text("status", record.at("state"))
    found.text("severity", record.at("severity"))
    for label in (*record.at("labels").each(), *(one for part in parts for one in part.at("labels").each())):
        read_label(found, label.first("title", "name") if label.mapping else label)
    for user in (record.at("author"), *record.at("assignees").each(), record.at("assignee"), record.at("closed_by")):
        _person(found, user)
    closed = record.at("state").text == "closed"
    for part in parts:
        who = _person(found, part.at("user"))
        for user in part.at("assignees").each():  # as webhooks list them
            _person(found, user)
        if closed and who and record.at("action").text == "close":  # a webhook says who did what it tells of
            at = record.first("closed_at", "updated_at")
            found.event(at, "Incident closed", who=who, kind="resolved", path=at.path)
        for item in part.each():
            _entry(found, item, closed)
    if record.first("duplicated_to_id", "moved_to_id").text:
        found.exempt("merged", "it was closed in favour of another issue")
    found.moment("started_at", record.at("created_at"))
    if closed:
        found.moment("resolved_at", record.at("closed_at"))
        at, who = record.at("closed_at"), _person(found, record.at("closed_by"))
        if who and at:
            found.event(at, "Incident closed", who=who, kind="resolved", path=at.path)
        if record.at("action").text == "close":  # a webhook about the closing may lack its moment
            found.moment("resolved_at", record.at("updated_at"))
    return closed


def _person(found: Assembly, user: Cursor) -> str:
    if user.at("bot").value is True or user.at("user_type").text == "project_bot":
        return user.at("username").text
    email = user.first("email", "public_email").text
    return found.person(
        user, name=user.at("name").text, handle=user.at("username").text, email=email if "@" in email else ""
    )


def _entry(found: Assembly, item: Cursor, closed: bool) -> None:
    if item.at("system").value is True:
        return
    who = _person(found, item.at("author"))
    tags = [tag.at("name").text.lower() for tag in item.at("timelineEventTags", "nodes").each()]
    kind = next((_TAGS[tag] for tag in tags if tag in _TAGS), "")
    if kind == "started":
        found.moment("started_at", item.at("occurredAt"))
    found.event(
        item.first("occurredAt", "created_at"), item.first("note", "body").text, who=who,
        kind=kind if closed or kind != "resolved" else "", path=item.path, entry=item.at("id").text,
    )  # fmt: skip


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The incident GROUP/PROJECT#NUMBER, its notes (pages by Link header), and its timeline events."""
    match = _REFERENCE.fullmatch(incident)
    if match is None:
        raise UsageProblem(f"{incident!r} is not an incident", hint="write gitlab:GROUP/PROJECT#NUMBER")
    path, what = f"/api/v4/projects/{segment(match[1])}/issues/{match[2]}", f"incident {incident}"
    record = service.get(path, what)
    notes = collect(
        lambda link: service.get(link, what) if link else service.get(f"{path}/notes", what, {"per_page": 100}),
        lambda page: page.next_url,
    )
    files = [("incident.json", record.data), as_file("notes.json", {"notes": notes})]
    # Older servers have no timeline events, and they are not shown to everybody.
    with suppress(NotFound, EnvironmentProblem):
        variables = {"project": match[1], "incident": f"gid://gitlab/Issue/{record.at('id')}"}
        answer = service.post("/api/graphql", what, {"query": _QUERY, "variables": variables})
        nodes = answer.at("data", "project", "incidentManagementTimelineEvents", "nodes")
        files.append(as_file("timeline_events.json", {"timeline_events": nodes if isinstance(nodes, list) else []}))
    return files


SYSTEM = System(
    name="gitlab",
    label="GitLab",
    recognise=recognise,
    read=read,
    identity="iid",
    lists=("issues", "notes", "timeline_events"),
    api=Api(
        credential="GITLAB_TOKEN",
        address="GITLAB_URL",
        default_address="https://gitlab.com",
        headers={"PRIVATE-TOKEN": "{token}"},
        fetch=fetch,
        account=("/api/v4/user", "username"),
        credential_required=False,  # public projects need none
    ),
)
