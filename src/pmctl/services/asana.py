"""Asana as a tracker: tasks of one project. Asana knows whether a task is completed, and no more of its status.

A task is found again by a line in its notes, among those of the project that changed since it was announced. There is
no way to ask for many tasks by their ids, so that the project's list is read, 100 to a request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pmctl.document.fields import ItemStatus
from pmctl.errors import EnvironmentProblem, NotFound, PmctlError
from pmctl.services.address import segment
from pmctl.services.client import Declined, Forbidden
from pmctl.services.cursor import Cursor
from pmctl.services.retrying import Reply
from pmctl.services.system import Api
from pmctl.services.ticket_text import plain, title
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
    require,
    said_by,
)
from pmctl.text import utc

_ID = re.compile(r"\d{1,32}", re.ASCII)
_URL = re.compile(r"https://app\.asana\.com/.*?/(?:task/)?(\d{4,32})(?:/f)?/?(?:[?#].*)?", re.ASCII)
_FIELDS = "name,completed,due_on,notes,permalink_url,assignee.name,assignee.email"
_PAGES = 200
_FEW = 3  # tasks that are asked for one by one rather than by reading the project


def create(desk: Desk, wanted: Wanted) -> Ticket:
    """A new task in the project; people are assigned by e-mail address. Asana has no priority of its own."""
    data: dict[str, Any] = {
        "name": title(wanted.title),
        "notes": f"{plain(wanted.body)}\n\n{wanted.marker}",
        "projects": [desk.settings.place],
    }
    data |= {"due_on": wanted.due} if wanted.due else {}
    data |= {"assignee": wanted.owner.id} if wanted.owner else {}
    path = f"/tasks?opt_fields={_FIELDS}"
    answer = desk.service.create(path, f"a ticket for {wanted.item}", {"data": data})
    return require(_ticket(Cursor(answer.at("data"))), desk.service.label, wanted.item)


def _ticket(task: Cursor) -> Ticket:
    done = task.at("completed").value is True
    who = task.at("assignee")
    owner = Account(who.at("gid").text, who.at("name").text, who.at("email").text.lower()) if who else None
    number = task.at("gid").text
    return Ticket(
        number, number, task.at("permalink_url").text or (f"https://app.asana.com/0/0/{number}" if number else ""),
        "completed" if done else "open", (ItemStatus.COMPLETED if done else ItemStatus.OPEN).value, owner,
        task.at("due_on").text, marker=mark_in(task.at("notes").text),
    )  # fmt: skip


def _tasks(desk: Desk, more: dict[str, str | int]) -> Iterator[Ticket]:
    """The tasks of the project, 100 to a page; a page is asked for when somebody needs it."""
    place = desk.settings.place
    asked: dict[str, str | int] = {"project": place, "opt_fields": _FIELDS, "limit": 100, **more}
    for _ in range(_PAGES):
        page = desk.service.get("/tasks", f"project {place}", asked)
        yield from map(_ticket, Cursor(page.at("data")).each())
        offset = page.at("next_page", "offset")
        if not isinstance(offset, str) or not offset:
            return
        asked["offset"] = offset
    raise EnvironmentProblem(
        f"the project {place} has more than {_PAGES * 100} tasks", hint="name a project of its own: tickets.project"
    )


def read(desk: Desk, ids: Sequence[str]) -> dict[str, Ticket]:
    """The tasks with these ids; those that are gone or forbidden are left out."""
    wanted = [one for one in ids if _ID.fullmatch(one)]
    found = {}
    if len(wanted) > _FEW:
        left = set(wanted)
        for ticket in _tasks(desk, {}):
            if ticket.id in left:
                found[ticket.id] = ticket
                left.remove(ticket.id)
            if not left:
                break
    for one in wanted:
        if one not in found and (single := _single(desk, one)):
            found[one] = single
    return found


def _single(desk: Desk, number: str) -> Ticket | None:
    try:
        task = Cursor(desk.service.get(f"/tasks/{number}", f"task {number}", {"opt_fields": _FIELDS}).at("data"))
    except (NotFound, Forbidden):  # deleted, or moved to where the token sees nothing
        return None
    return _ticket(task)


def find(desk: Desk, markers: Sequence[str], since: datetime) -> dict[str, Ticket]:
    """The tasks whose notes hold these markers, among those that changed since then."""
    tickets = _tasks(desk, {"modified_since": utc(since)})
    return {ticket.marker: ticket for ticket in tickets if ticket.marker in markers}


def update(desk: Desk, ticket: Ticket, moves: Moves) -> None:
    """Complete, reopen or assign a task, or give it another due date."""
    data: dict[str, Any] = {}
    if moves.status is not None:
        data["completed"] = moves.status in (ItemStatus.COMPLETED, ItemStatus.WONT_DO)
    if moves.owner is not None:
        data["assignee"] = moves.owner.id or None
    if moves.due is not None:
        data["due_on"] = moves.due or None
    if data and _ID.fullmatch(ticket.id):
        answer = desk.service.put(f"/tasks/{ticket.id}", f"task {ticket.key}", {"data": data})
        confirmed(answer, desk.service.label, f"task {ticket.key}")


def account(desk: Desk, email: str, named: str) -> Account | None:
    """Who has an e-mail address, or the id that the settings name."""
    who = named or email
    try:
        path = f"/users/{segment(who)}"
        user = Cursor(desk.service.get(path, f"the account {who}", {"opt_fields": "name,email"}).at("data"))
    except (NotFound, Declined, Forbidden):
        return None
    return Account(user.at("gid").text, user.at("name").text, user.at("email").text.lower() or email)


def access(desk: Desk) -> Access:
    """The account, and whether it sees the project."""
    who = Cursor(desk.service.get("/users/me", "your account", {"opt_fields": "name,email"}).at("data"))
    place = desk.settings.place
    try:
        project = Cursor(
            desk.service.get(f"/projects/{place}", f"project {place}", {"opt_fields": "name,archived"}).at("data")
        )
    except NotFound:
        return Access(who.at("name").text, (f"sees no project {place}",))
    missing = (f"the project {project.at('name').text} is archived",) if project.at("archived").value is True else ()
    return Access(f"{who.at('name').text} {who.at('email').text}".strip(), missing)


def resolve(desk: Desk, said: str) -> str:
    """The id in the address of a task."""
    match = _URL.fullmatch(said.strip())
    return match[1] if match else said.strip() if re.fullmatch(r"\d{10,32}", said.strip(), re.ASCII) else ""


def explain(reply: Reply, what: str) -> PmctlError | None:
    """Asana's own words."""
    try:
        body = Cursor(json.loads(reply.data))
    except (ValueError, RecursionError):
        return None
    return declined("Asana", reply, what, said_by(*(one.at("message").text for one in body.at("errors").each())))


TRACKER = Tracker(
    name="asana",
    label="Asana",
    place="project",
    place_pattern=r"\d{4,32}",
    place_shown='"1200000000000000"',
    api=Api(
        credential="ASANA_TOKEN",
        address="ASANA_URL",
        default_address="https://app.asana.com/api/1.0",
        headers={"Authorization": "Bearer {token}", "Accept": "application/json"},
    ),
    create=create,
    read=read,
    find=find,
    update=update,
    account=account,
    access=access,
    resolve=resolve,
    statuses=frozenset((ItemStatus.OPEN.value, ItemStatus.COMPLETED.value)),
    explain=explain,
)
