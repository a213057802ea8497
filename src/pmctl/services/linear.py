"""Linear as a tracker: GraphQL. The id of a new issue is ours, so that it is looked up by it and never made twice.

States are compared by their type. Linear answers 200 with errors beside data, and 400 where it asks for fewer requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pmctl.document.fields import ItemStatus, Priority
from pmctl.document.ticket import LinkedChange
from pmctl.errors import EnvironmentProblem, PmctlError
from pmctl.services.client import Declined
from pmctl.services.cursor import Cursor
from pmctl.services.retrying import Reply, by_header
from pmctl.services.system import Api
from pmctl.services.ticket_text import markdown, title
from pmctl.services.tracker import (
    Access,
    Account,
    Desk,
    Moves,
    Ticket,
    Tracker,
    Unfit,
    Wanted,
    declined,
    mark_in,
    portions,
    require,
    said_by,
    uuid_of,
)

_KEY = re.compile(r"(?:https://linear\.app/[^/]+/issue/)?([A-Z][A-Z0-9]*-\d+)(?:[/?#].*)?", re.ASCII)
_TYPES = {
    "triage": ItemStatus.OPEN, "backlog": ItemStatus.OPEN, "unstarted": ItemStatus.OPEN,
    "started": ItemStatus.IN_PROGRESS, "completed": ItemStatus.COMPLETED, "canceled": ItemStatus.WONT_DO,
    "duplicate": ItemStatus.WONT_DO,
}  # fmt: skip
_MAIN_TYPE = {
    ItemStatus.OPEN: "unstarted", ItemStatus.IN_PROGRESS: "started", ItemStatus.COMPLETED: "completed",
    ItemStatus.WONT_DO: "canceled",
}  # fmt: skip
_PRIORITIES = {Priority.HIGH: 2, Priority.MEDIUM: 3, Priority.LOW: 4}
_NAMED = {"urgent": 1, "high": 2, "medium": 3, "low": 4, "none": 0}
_ISSUE = """fragment Told on Issue { id identifier url dueDate description state { name type }
  assignee { id displayName email } attachments(first: 20) { nodes { url sourceType metadata } } }
"""
_READ = """query($ids: [ID!]!) {
  issues(filter: {id: {in: $ids}}, first: 50, includeArchived: true) { nodes { ...Told } } }
"""
_ONE = "query($id: String!) { issue(id: $id) { ...Told } }\n"
_TEAM = """query($key: String!) { teams(filter: {key: {eq: $key}}) { nodes { id key
  states(first: 100) { nodes { id name type position } } labels(first: 250) { nodes { id name } } } } }"""
_PERSON = "query($email: String!) { users(filter: {email: {eq: $email}}) { nodes { id displayName email active } } }"
_CREATE = "mutation($input: IssueCreateInput!) { issueCreate(input: $input) { success issue { ...Told } } }\n"
_UPDATE = "mutation($id: String!, $input: IssueUpdateInput!) { issueUpdate(id: $id, input: $input) { success } }"
_ME = "query { viewer { displayName email } }"


def _ask(desk: Desk, query: str, variables: dict[str, Any], what: str, *, missing_is_none: bool = False) -> Cursor:
    """The data of an answer. Raises PmctlError for errors beside it, which come with status 200."""
    body = {"query": query + (_ISSUE if "...Told" in query else ""), "variables": variables}
    writes = query.startswith("mutation")
    answer = desk.service.create("/graphql", what, body) if writes else desk.service.post("/graphql", what, body)
    problems = list(Cursor(answer.at("errors")).each())
    if problems:
        said = said_by(
            *(one.at("extensions", "userPresentableMessage").text or one.at("message").text for one in problems)
        )
        if missing_is_none and "not found" in said.lower():
            return Cursor(None)
        if any(one.at("extensions", "type").text == "authentication error" for one in problems):
            raise EnvironmentProblem(
                f"Linear does not accept the token: {said}", hint="put a valid key into LINEAR_TOKEN"
            )
        raise Declined(f"Linear refuses {what}: {said}", 200, "correct what it names")
    return Cursor(answer.at("data"))


def _team(desk: Desk) -> Cursor:
    def ask() -> Cursor:
        return _ask(desk, _TEAM, {"key": desk.settings.place}, f"team {desk.settings.place}").at("teams", "nodes")

    found: Cursor = desk.once("team", ask)
    return found.at(0)


def _team_id(desk: Desk) -> str:
    """The team's id. Raises EnvironmentProblem when there is none that the token may see."""
    team = _team(desk)
    if not team and desk.service.headers.get("Authorization"):
        raise EnvironmentProblem(
            f"Linear has no team {desk.settings.place}", hint="check tickets.team and who may see it"
        )
    return team.at("id").text or f"id of team {desk.settings.place}"


def create(desk: Desk, wanted: Wanted) -> Ticket:
    """A new issue under the id that follows from its marker."""
    settings, team = desk.settings, _team_id(desk)
    labels = {one.at("name").text: one.at("id").text for one in _team(desk).at("labels", "nodes").each()}
    named = settings.priority.get(wanted.priority, "").casefold()
    priority = _NAMED.get(named, _PRIORITIES.get(Priority(wanted.priority), 0)) if wanted.priority else 0
    body: dict[str, Any] = {
        "id": uuid_of(wanted.marker),
        "teamId": team,
        "title": title(wanted.title),
        "description": f"{markdown(wanted.body)}\n\n`{wanted.marker}`",
        "priority": priority,
        "labelIds": [labels[name] for name in settings.labels if name in labels],
    }
    body |= {"dueDate": wanted.due} if wanted.due else {}
    body |= {"assigneeId": wanted.owner.id} if wanted.owner else {}
    said = _ask(desk, _CREATE, {"input": body}, f"a ticket for {wanted.item}")
    return require(_ticket(said.at("issueCreate", "issue")), desk.service.label, wanted.item)


def _ticket(issue: Cursor) -> Ticket:
    who = issue.at("assignee")
    owner = Account(who.at("id").text, who.at("displayName").text, who.at("email").text.lower()) if who else None
    linked = (
        LinkedChange(one.at("url").text, _change_state(one.at("metadata", "status").text))
        for one in issue.at("attachments", "nodes").each()
        if one.at("sourceType").text in ("github", "gitlab")
    )
    return Ticket(
        issue.at("id").text, issue.at("identifier").text, issue.at("url").text, issue.at("state", "name").text,
        _TYPES.get(issue.at("state", "type").text, ItemStatus.OPEN).value, owner, issue.at("dueDate").text,
        tuple(linked), mark_in(issue.at("description").text.replace("`", " ")),
    )  # fmt: skip


def _change_state(said: str) -> str:
    return said if said in ("merged", "closed") else "open"


def read(desk: Desk, ids: Sequence[str]) -> dict[str, Ticket]:
    """The issues with these ids; those that are gone or forbidden are left out."""
    found = {}
    for some in portions(ids, 50):
        for issue in _ask(desk, _READ, {"ids": list(some)}, "issues").at("issues", "nodes").each():
            ticket = _ticket(issue)
            found[ticket.id] = ticket
    return found


def find(desk: Desk, markers: Sequence[str], since: datetime) -> dict[str, Ticket]:
    """The issues that were created under the ids of these markers."""
    ids = {uuid_of(marker): marker for marker in markers}
    return {ids[one]: ticket for one, ticket in read(desk, list(ids)).items() if one in ids}


def update(desk: Desk, ticket: Ticket, moves: Moves) -> None:
    """Move an issue to a state of the right type, assign it, give it another due date."""
    body: dict[str, Any] = {}
    if moves.status is not None:
        body["stateId"] = _state(desk, moves.status)
    if moves.owner is not None:
        body["assigneeId"] = moves.owner.id or None
    if moves.due is not None:
        body["dueDate"] = moves.due or None
    if body:
        _ask(desk, _UPDATE, {"id": ticket.id, "input": body}, ticket.key)


def _state(desk: Desk, status: str) -> str:
    """The team's state of the right type: the one that the settings name, else the first in its order."""
    wanted = _MAIN_TYPE[ItemStatus(status)]
    fitting = [one for one in _team(desk).at("states", "nodes").each() if one.at("type").text == wanted]
    named = desk.settings.states.get(status, "")
    fitting = [one for one in fitting if one.at("name").text.casefold() == named.casefold()] if named else fitting
    if not fitting:
        which = f" called {named}" if named else ""
        raise Unfit(
            f"the team {desk.settings.place} has no state of the type {wanted}{which}", hint="check tickets.states"
        )
    return min(fitting, key=lambda one: float(one.at("position").text or 0)).at("id").text


def account(desk: Desk, email: str, named: str) -> Account | None:
    """Who has an e-mail address; the settings may name another one."""
    if named and "@" not in named:
        return Account(named, named, email)
    found = list(_ask(desk, _PERSON, {"email": named or email}, "people").at("users", "nodes").each())
    active = [one for one in found if one.at("active").value is not False]
    return Account(active[0].at("id").text, active[0].at("displayName").text, email) if len(active) == 1 else None


def access(desk: Desk) -> Access:
    """The account, and whether it sees the team."""
    who = _ask(desk, _ME, {}, "your account").at("viewer")
    seen = () if _team(desk) else (f"sees no team {desk.settings.place}",)
    return Access(f"{who.at('displayName').text} {who.at('email').text}".strip(), seen)


def resolve(desk: Desk, said: str) -> str:
    """The id of an issue that a Ticket cell names: its address, or its identifier."""
    match = _KEY.fullmatch(said.strip())
    if match is None:
        return ""
    return _ask(desk, _ONE, {"id": match[1]}, f"issue {match[1]}", missing_is_none=True).at("issue", "id").text


def slow_down(reply: Reply) -> float | None:
    """Linear asks for fewer requests with 400 and a code in its errors."""
    if reply.status == 400 and b"RATELIMITED" in reply.data:
        return 10.0
    return by_header(reply)


def explain(reply: Reply, what: str) -> PmctlError | None:
    """Linear's own words."""
    try:
        body = Cursor(json.loads(reply.data))
    except (ValueError, RecursionError):
        return None
    return declined("Linear", reply, what, said_by(*(one.at("message").text for one in body.at("errors").each())))


TRACKER = Tracker(
    name="linear",
    label="Linear",
    place="team",
    place_pattern=r"[A-Z][A-Z0-9]{0,9}",
    place_shown="OPS",
    api=Api(
        credential="LINEAR_TOKEN",
        address="LINEAR_URL",
        default_address="https://api.linear.app",
        headers={"Authorization": "{token}"},
    ),
    create=create,
    read=read,
    find=find,
    update=update,
    account=account,
    access=access,
    resolve=resolve,
    knows=("priority", "states"),
    slow_down=slow_down,
    explain=explain,
)
