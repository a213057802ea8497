"""GitLab issues as a tracker: REST API v4. An issue is known by its project's number and its own in that project.

It is found again by a comment in its description that nobody sees, among the issues created since it was announced.
GitLab tells open from closed, and no more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pmctl.document.fields import ItemStatus
from pmctl.document.ticket import LinkedChange
from pmctl.errors import NotFound, PmctlError
from pmctl.services.address import origin, segment
from pmctl.services.client import Declined, Forbidden, collect
from pmctl.services.cursor import Cursor
from pmctl.services.retrying import Reply
from pmctl.services.system import Api
from pmctl.services.ticket_text import markdown, title
from pmctl.services.tracker import (
    Access,
    Account,
    Desk,
    Moves,
    Ticket,
    Tracker,
    Wanted,
    confirmed,
    declined,
    mark_in,
    portions,
    require,
    said_by,
)
from pmctl.text import utc

_ID = re.compile(r"(\d{1,12}):(\d{1,12})", re.ASCII)
_URL = re.compile(r"https?://[^/]+/(?P<project>.+?)/-/(?:issues|work_items)/(?P<number>\d+)(?:[?#].*)?", re.ASCII)
_KEY = re.compile(r"(?P<project>[\w./-]+)#(?P<number>\d+)", re.ASCII)
MOVED = "moved"
_WRITER = 20  # the access level of a reporter, who may label, assign and close


def _project(desk: Desk) -> str:
    return f"/api/v4/projects/{segment(desk.settings.place)}"


def create(desk: Desk, wanted: Wanted) -> Ticket:
    """A new issue; one for a team alone is confidential. A line cannot begin with a quick action."""
    settings = desk.settings
    labels = [*settings.labels, "pmctl", *filter(None, (settings.priority.get(wanted.priority, ""),))]
    body: dict[str, Any] = {
        "title": title(wanted.title),
        "description": f"{markdown(wanted.body)}\n\n<!-- {wanted.marker} -->",
        "labels": ",".join(labels),
        "issue_type": "issue",
        "confidential": settings.audience != "organization",
    }
    body |= {"due_date": wanted.due} if wanted.due else {}
    body |= {"assignee_ids": [int(wanted.owner.id)]} if wanted.owner and wanted.owner.id.isdigit() else {}
    answer = desk.service.create(f"{_project(desk)}/issues", f"a ticket for {wanted.item}", body)
    return require(_ticket(Cursor(answer.value)), desk.service.label, wanted.item)


def _ticket(issue: Cursor) -> Ticket:
    url = issue.at("web_url").text
    place = _URL.fullmatch(url)
    project, number = issue.at("project_id").text, issue.at("iid").text
    state = issue.at("state").text
    status = ItemStatus.COMPLETED if state == "closed" else ItemStatus.OPEN
    people = list(issue.at("assignees").each())
    owner = None
    if people:
        owner = Account(
            people[0].at("id").text, people[0].at("username").text, people[0].at("public_email").text.lower()
        )
    said = MOVED if issue.at("moved_to_id").text else state
    return Ticket(
        f"{project}:{number}" if project and number else "", f"{place['project'] if place else project}#{number}", url,
        said, status.value, owner, issue.at("due_date").text, marker=mark_in(issue.at("description").text),
        linked=issue.at("merge_requests_count").value != 0,
    )  # fmt: skip


def read(desk: Desk, ids: Sequence[str]) -> dict[str, Ticket]:
    """The issues with these ids; those that are gone or forbidden are left out. One request for 50 of a project."""
    projects: dict[str, list[str]] = {}
    for one in ids:
        if match := _ID.fullmatch(one):
            projects.setdefault(match[1], []).append(match[2])
    found = {}
    for project, numbers in projects.items():
        for some in portions(numbers, 50):
            asked = "&".join(f"iids[]={number}" for number in some)
            try:
                answer = desk.service.get(f"/api/v4/projects/{project}/issues?{asked}&scope=all&per_page=100", "issues")
            except NotFound:
                continue
            for issue in Cursor(answer.value).each():
                ticket = _ticket(issue)
                if ticket.state != MOVED:  # it is closed where it was, which says nothing of the work
                    found[ticket.id] = ticket
    return found


def follow(desk: Desk, url: str) -> str:
    """The id of an issue that was moved to another project. REST names only its number in all of GitLab."""
    try:
        match = _URL.fullmatch(url)
        number = _issue(desk, match["project"], match["number"]).at("moved_to_id").text if match else ""
        if not number.isdigit():
            return ""
        query = "query($id: IssueID!) { issue(id: $id) { webUrl } }"
        body = {"query": query, "variables": {"id": f"gid://gitlab/Issue/{number}"}}
        answer = desk.service.post("/api/graphql", "a moved issue", body)
        return resolve(desk, Cursor(answer.at("data", "issue", "webUrl")).text)
    except (NotFound, Forbidden, Declined):
        return ""


def find(desk: Desk, markers: Sequence[str], since: datetime) -> dict[str, Ticket]:
    """The issues whose descriptions hold these markers, among those created since then."""
    asked: dict[str, str | int] = {"created_after": utc(since), "scope": "all", "per_page": 100}
    listed = collect(
        lambda link: (
            desk.service.get(link, "issues") if link else desk.service.get(f"{_project(desk)}/issues", "issues", asked)
        ),
        lambda page: page.next_url,
    )
    tickets = (_ticket(Cursor(issue)) for issue in listed)
    return {ticket.marker: ticket for ticket in tickets if ticket.marker in markers}


def update(desk: Desk, ticket: Ticket, moves: Moves) -> None:
    """Close, reopen, assign an issue, or give it another due date."""
    body: dict[str, Any] = {}
    if moves.status is not None:
        closed = moves.status in (ItemStatus.COMPLETED, ItemStatus.WONT_DO)
        body["state_event"] = "close" if closed else "reopen"
    if moves.owner is not None:
        body["assignee_ids"] = [int(moves.owner.id)] if moves.owner.id.isdigit() else [0]
    if moves.due is not None:
        body["due_date"] = moves.due
    match = _ID.fullmatch(ticket.id)
    if body and match:
        answer = desk.service.put(f"/api/v4/projects/{match[1]}/issues/{match[2]}", ticket.key, body)
        confirmed(answer, desk.service.label, ticket.key)


def account(desk: Desk, email: str, named: str) -> Account | None:
    """Who has an e-mail address that GitLab shows, or the user name that the settings give."""
    asked: dict[str, str | int] = {"username": named} if named else {"search": email}
    every = Cursor(desk.service.get("/api/v4/users", "people", asked).value).each()
    found = [one for one in every if one.at("state").text in ("", "active")]
    if len(found) != 1:
        return None
    return Account(found[0].at("id").text, found[0].at("username").text, email)


def access(desk: Desk) -> Access:
    """The account, and what it lacks in the project."""
    place = desk.settings.place
    who = Cursor(desk.service.get("/api/v4/user", "your account").value)
    project = Cursor(desk.service.get(_project(desk), f"project {place}").value)
    missing = [f"{place} has no issues switched on"] if project.at("issues_enabled").value is False else []
    rights = project.at("permissions")
    levels = [rights.at(name, "access_level").value for name in ("project_access", "group_access")]
    if rights and not any(isinstance(level, int) and level >= _WRITER for level in levels):
        missing.append(f"may not assign or close issues in {place}: it needs the role Reporter or more")
    return Access(who.at("username").text, tuple(missing))


def resolve(desk: Desk, said: str) -> str:
    """The id of an issue that a Ticket cell names: its address, or GROUP/PROJECT#NUMBER."""
    text = said.strip()
    match = _URL.fullmatch(text) or _KEY.fullmatch(text)
    if match is None or ("://" in text and origin(text) != origin(desk.service.base_url)):
        return ""
    return _ticket(_issue(desk, match["project"], match["number"])).id


def _issue(desk: Desk, project: str, number: str) -> Cursor:
    path = f"/api/v4/projects/{segment(project)}/issues/{number}"
    return Cursor(desk.service.get(path, f"issue {project}#{number}").value)


def changes(desk: Desk, ticket: Ticket) -> tuple[LinkedChange, ...]:
    """The merge requests that close an issue."""
    match = _ID.fullmatch(ticket.id)
    if match is None or not ticket.linked:
        return ()
    try:
        answer = desk.service.get(
            f"/api/v4/projects/{match[1]}/issues/{match[2]}/closed_by", ticket.key, {"per_page": 50}
        )
    except (NotFound, Forbidden):  # whoever may see an issue may not see every merge request
        return ()
    states = {"opened": "open", "locked": "open", "merged": "merged", "closed": "closed"}
    return tuple(
        LinkedChange(one.at("web_url").text, states.get(one.at("state").text, "open"))
        for one in Cursor(answer.value).each()
    )


def explain(reply: Reply, what: str) -> PmctlError | None:
    """GitLab's own words: a text, or reasons by field."""
    try:
        body = Cursor(json.loads(reply.data))
    except (ValueError, RecursionError):
        return None
    message = body.at("message")
    fields = (f"{key}: {', '.join(one.text for one in place.each())}" for key, place in message.members())
    return declined("GitLab", reply, what, said_by(message.text, *fields, body.at("error").text))


TRACKER = Tracker(
    name="gitlab",
    label="GitLab",
    place="project",
    place_pattern=r"[\w.-]+(?:/[\w.-]+)*",
    place_shown="acme/operations",
    api=Api(
        credential="GITLAB_TOKEN",
        address="GITLAB_URL",
        default_address="https://gitlab.com",
        headers={"PRIVATE-TOKEN": "{token}"},
    ),
    create=create,
    read=read,
    find=find,
    update=update,
    account=account,
    access=access,
    resolve=resolve,
    changes=changes,
    follow=follow,
    knows=("priority",),
    statuses=frozenset((ItemStatus.OPEN.value, ItemStatus.COMPLETED.value)),
    explain=explain,
)
