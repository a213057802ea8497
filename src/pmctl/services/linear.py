"""Linear as a tracker: GraphQL. The id of a new issue is ours, so that it is looked up by it and never made twice.

States are compared by their type. Linear answers 200 with errors beside data, and 400 where it asks for fewer requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pmctl.document.fields import ItemStatus, Priority
from pmctl.document.ticket import LinkedChange
from pmctl.errors import EnvironmentProblem, PmctlError
from pmctl.services.client import Declined, Forbidden
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
    confirmed,
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
_ISSUE = """fragment Told on Issue { id identifier url dueDate description trashed state { name type }
  assignee { id displayName email } attachments(first: 20) { nodes { url sourceType metadata } } }
"""
_READ = """query($ids: [ID!]!) {
  issues(filter: {id: {in: $ids}}, first: 50, includeArchived: true) { nodes { ...Told } } }
"""
_ONE = "query($id: String!) { issue(id: $id) { ...Told } }\n"
_NUMBER = """query($team: String!, $number: Float!) {
  issues(filter: {team: {key: {eq: $team}}, number: {eq: $number}}, first: 1) { nodes { ...Told } } }
"""
_TEAM = """query($key: String!) { teams(filter: {key: {eq: $key}}) { nodes { id key
  states(first: 100) { nodes { id name type position } } } } }"""
_LABELS = """query($names: [String!]!) { issueLabels(filter: {name: {in: $names}}, first: 250) {
  nodes { id name team { id } } } }"""
_PERSON = "query($email: String!) { users(filter: {email: {eq: $email}}) { nodes { id displayName email active } } }"
_CREATE = "mutation($input: IssueCreateInput!) { issueCreate(input: $input) { success issue { ...Told } } }\n"
_UPDATE = "mutation($id: String!, $input: IssueUpdateInput!) { issueUpdate(id: $id, input: $input) { success } }"
_ME = "query { viewer { displayName email } }"


def _ask(desk: Desk, query: str, variables: dict[str, Any], what: str, *, missing_is_none: bool = False) -> Cursor:
    """The data of an answer. Raises PmctlError for errors beside it, which come with status 200."""
    body = {"query": query + (_ISSUE if "...Told" in query else ""), "variables": variables}
    writes = query.startswith("mutation")
    answer = desk.service.create("/graphql", what, body) if writes else desk.service.post("/graphql", what, body)
    confirmed(answer, desk.service.label, what)
    problems = list(Cursor(answer.at("errors")).each())
    if problems:
        if missing_is_none and all("not found" in one.at("message").text.lower() for one in problems):
            return Cursor(None)
        raise _refusal(problems, what)
    data = Cursor(answer.at("data"))
    if writes and any(place.at("success").value is False for _, place in data.members()):
        raise Declined(f"Linear refuses {what}, and does not say why", 200, "look at it in Linear")
    return data


def _refusal(problems: Sequence[Cursor], what: str) -> PmctlError:
    said = said_by(*(one.at("extensions", "userPresentableMessage").text or one.at("message").text for one in problems))
    kinds = {one.at("extensions", "type").text.lower() for one in problems}
    if "authentication error" in kinds:
        return EnvironmentProblem(f"Linear does not accept the token: {said}", hint="put a valid key into LINEAR_TOKEN")
    if "forbidden" in kinds:
        return Forbidden(
            f"Linear does not allow this token to use {what} (403): {said}",
            hint="docs/tickets.md says what the token needs",
        )
    return Declined(f"Linear refuses {what}: {said}", 200, "correct what it names")


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


def _labels(desk: Desk, team: str) -> list[str]:
    """The ids of the labels of the settings, which are the team's or everybody's. Raises EnvironmentProblem where one
    does not exist, before anything is created."""
    wanted = desk.settings.labels
    if not wanted or not desk.service.headers.get("Authorization"):
        return [f"id of the label {name}" for name in wanted]

    def ask() -> dict[str, str]:
        every = _ask(desk, _LABELS, {"names": list(wanted)}, "labels").at("issueLabels", "nodes").each()
        fitting = [one for one in every if one.at("team", "id").text in ("", team)]
        return {one.at("name").text: one.at("id").text for one in fitting}

    known = desk.once("labels", ask)
    if lacking := [name for name in wanted if name not in known]:
        raise EnvironmentProblem(
            f"Linear has no label {', '.join(lacking)} that the team {desk.settings.place} may use",
            hint="create it there, or take it out of tickets.labels",
        )
    return [known[name] for name in wanted]


def create(desk: Desk, wanted: Wanted) -> Ticket:
    """A new issue under the id that follows from its marker."""
    settings, team = desk.settings, _team_id(desk)
    named = settings.priority.get(wanted.priority, "").casefold()
    priority = _NAMED.get(named, _PRIORITIES.get(Priority(wanted.priority), 0)) if wanted.priority else 0
    body: dict[str, Any] = {
        "id": uuid_of(wanted.marker),
        "teamId": team,
        "title": title(wanted.title),
        "description": f"{markdown(wanted.body)}\n\n`{wanted.marker}`",
        "priority": priority,
        "labelIds": _labels(desk, team),
    }
    body |= {"dueDate": wanted.due} if wanted.due else {}
    body |= {"assigneeId": wanted.owner.id} if wanted.owner else {}
    try:
        said = _ask(desk, _CREATE, {"input": body}, f"a ticket for {wanted.item}")
    except Declined:  # perhaps because it is there: created before, or with an error beside
        known = find(desk, [wanted.marker], datetime.now(UTC))
        if wanted.marker in known:
            return known[wanted.marker]
        raise
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
            if issue.at("trashed").value is not True:  # deleted, and kept for some weeks
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
    what = f"issue {match[1]}"
    there = _ask(desk, _ONE, {"id": match[1]}, what, missing_is_none=True).at("issue", "id").text
    if there:
        return there
    team, _, number = match[1].rpartition("-")
    asked = _ask(desk, _NUMBER, {"team": team, "number": int(number)}, what, missing_is_none=True)
    return asked.at("issues", "nodes").at(0).at("id").text


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
