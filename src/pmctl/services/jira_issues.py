"""Jira as a tracker: Cloud (REST API 3, with JIRA_EMAIL) and Data Center (REST API 2, without).

Statuses are compared by their category, never by name; a ticket is known by its numeric id, so that it may move. It is
found again by a label of its own. Shapes as in Atlassian's public REST reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pmctl.document.fields import ItemStatus, Priority
from pmctl.errors import EnvironmentProblem, PmctlError
from pmctl.services.address import segment
from pmctl.services.client import Answer, Service, collect
from pmctl.services.cursor import Cursor
from pmctl.services.retrying import Reply
from pmctl.services.system import Api
from pmctl.services.ticket_text import adf, title, wiki
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
    portions,
    require,
    said_by,
)

_KEY = re.compile(r"(?:.*/browse/)?([A-Z][A-Z0-9_]+-\d+)(?:[/?#].*)?")
_WORD = re.compile(r"\d{1,18}|[A-Z][A-Z0-9_]+-\d+", re.ASCII)
_FIELDS = ("summary", "status", "resolution", "assignee", "duedate", "labels")
_CATEGORIES = {"new": ItemStatus.OPEN, "indeterminate": ItemStatus.IN_PROGRESS, "done": ItemStatus.COMPLETED}
_PRIORITIES = {Priority.HIGH: "High", Priority.MEDIUM: "Medium", Priority.LOW: "Low"}
_RIGHTS = {
    "BROWSE_PROJECTS": "see issues", "CREATE_ISSUES": "create issues", "EDIT_ISSUES": "edit issues",
    "ASSIGN_ISSUES": "assign issues", "TRANSITION_ISSUES": "move issues",
}  # fmt: skip
_BATCH = 50


def _cloud(service: Service) -> bool:
    return service.headers.get("Authorization", "").startswith("Basic ")


def _api(service: Service) -> str:
    return "/rest/api/3" if _cloud(service) else "/rest/api/2"


def _person(service: Service, account: Account) -> dict[str, str | None]:
    """An account as an issue's assignee; one without an id is nobody."""
    return {"accountId" if _cloud(service) else "name": account.id or None}


def create(desk: Desk, wanted: Wanted) -> Ticket:
    """A new issue with everything that it says, and its own label."""
    service, settings = desk.service, desk.settings
    priority = (
        settings.priority.get(wanted.priority, _PRIORITIES.get(Priority(wanted.priority), ""))
        if wanted.priority
        else ""
    )
    fields: dict[str, Any] = {
        "project": {"key": settings.place},
        "issuetype": {"id" if settings.type.isdigit() else "name": settings.type},
        "summary": title(wanted.title),
        "description": adf(wanted.body) if _cloud(service) else wiki(wanted.body),
        "labels": [*settings.labels, "pmctl", wanted.marker],
    }
    fields |= {"priority": {"name": priority}} if priority else {}
    fields |= {"duedate": wanted.due} if wanted.due else {}
    fields |= {"assignee": _person(service, wanted.owner)} if wanted.owner else {}
    answer = service.create(
        f"{_api(service)}/issue", f"a ticket for {wanted.item}", {"fields": {**fields, **settings.fields}}
    )
    key = Cursor(answer.value).at("key").text
    made = Ticket(
        Cursor(answer.value).at("id").text, key, _browse(desk, key) if key else "", owner=wanted.owner, due=wanted.due,
        marker=wanted.marker,
    )  # fmt: skip
    return require(made, service.label, wanted.item)


def _browse(desk: Desk, key: str) -> str:
    """Where people look at an issue. The gateway for scoped tokens is not the site."""
    base = desk.service.base_url
    if "/ex/jira/" in base:
        said = desk.once("site", lambda: desk.service.get(f"{_api(desk.service)}/serverInfo", "the site").at("baseUrl"))
        base = said if isinstance(said, str) and said.startswith("https://") else base
    return f"{base.rstrip('/')}/browse/{key}"


def read(desk: Desk, ids: Sequence[str]) -> dict[str, Ticket]:
    """The issues with these ids or keys, by either; those that are gone or forbidden are left out."""
    service = desk.service
    found: dict[str, Ticket] = {}
    for some in portions(ids, _BATCH):
        if _cloud(service):
            body: dict[str, Any] = {"issueIdsOrKeys": list(some), "fields": list(_FIELDS)}
            answer = service.post("/rest/api/3/issue/bulkfetch", "issues", body)
        else:
            some = [one for one in some if _WORD.fullmatch(one)]  # from a file that anybody may have written
            jql = f"issue in ({', '.join(some)})"
            body = {"jql": jql, "fields": list(_FIELDS), "maxResults": _BATCH, "validateQuery": False}
            answer = service.post("/rest/api/2/search", "issues", body)
        there = [_ticket(desk, issue) for issue in Cursor(answer.at("issues")).each()]
        found |= {word: ticket for ticket in there for word in (ticket.id, ticket.key)}
        left = [one for one in some if one not in found]
        moved = [ticket for ticket in there if ticket.id not in some and ticket.key not in some]
        if len(some) == 1 and moved:
            found[some[0]] = moved[0]
        elif moved:  # asked for by keys that they had before: which is whose shows when each is asked for alone
            for one in left:
                found |= read(desk, [one])
    return found


def find(desk: Desk, markers: Sequence[str], since: datetime) -> dict[str, Ticket]:
    """The issues with these labels. The search of Jira Cloud may not know a new one for some seconds."""
    found: dict[str, Ticket] = {}
    for some in portions(markers, _BATCH):
        jql = f"labels in ({', '.join(json.dumps(one) for one in some)}) order by created asc"
        for issue in _search(desk.service, jql):
            ticket = _ticket(desk, Cursor(issue), some)
            if ticket.marker in some:
                found.setdefault(ticket.marker, ticket)
    return found


def _search(service: Service, jql: str) -> list[Any]:
    body: dict[str, Any] = {"jql": jql, "fields": list(_FIELDS), "maxResults": 100}
    if _cloud(service):
        return collect(
            lambda token: service.post(
                "/rest/api/3/search/jql", "issues", body | ({"nextPageToken": token} if token else {})
            ),
            lambda page: None if page.at("isLast") is True else page.at("nextPageToken"),
            "issues",
        )
    return collect(
        lambda start: service.post("/rest/api/2/search", "issues", body | {"startAt": start or 0}), _following, "issues"
    )


def _following(page: Answer) -> int | None:
    end = page.count("startAt") + len(page.at("issues") or ())
    return end if end < page.count("total") else None


def _ticket(desk: Desk, issue: Cursor, markers: Sequence[str] = ()) -> Ticket:
    fields = issue.at("fields")
    labels = [label.text for label in fields.at("labels").each() if label.text.startswith("pmctl:")]
    key, who = issue.at("key").text, fields.at("assignee")
    owner = Account(
        who.first("accountId", "name").text, who.at("displayName").text, who.at("emailAddress").text.lower()
    )
    status = _CATEGORIES.get(fields.at("status", "statusCategory", "key").text, ItemStatus.OPEN)
    named = desk.settings.wont_do
    if named and status is ItemStatus.COMPLETED and fields.at("resolution", "name").text.casefold() == named.casefold():
        status = ItemStatus.WONT_DO
    return Ticket(
        issue.at("id").text, key, _browse(desk, key), fields.at("status", "name").text, status.value,
        owner if owner.id else None, fields.at("duedate").text[:10],
        marker=next((one for one in labels if one in markers), labels[0] if labels else ""),
    )  # fmt: skip


def update(desk: Desk, ticket: Ticket, moves: Moves) -> None:
    """Move an issue. Raises Unfit where its workflow has no way there, or several."""
    service = desk.service
    fields: dict[str, Any] = {}
    if moves.owner is not None:
        fields["assignee"] = _person(service, moves.owner)
    if moves.due is not None:
        fields["duedate"] = moves.due or None
    path = f"{_api(service)}/issue/{segment(ticket.id)}"
    if fields:
        confirmed(service.put(path, ticket.key, {"fields": fields}), service.label, ticket.key)
    if moves.status is not None:
        answer = service.get(f"{path}/transitions", ticket.key, {"expand": "transitions.fields"})
        body = _transition(desk, ticket, moves.status, list(Cursor(answer.at("transitions")).each()))
        confirmed(service.create(f"{path}/transitions", ticket.key, body), service.label, ticket.key)


def _transition(desk: Desk, ticket: Ticket, status: str, every: list[Cursor]) -> dict[str, Any]:
    """The request that moves an issue to a status of the right category."""
    settings = desk.settings
    category = next((key for key, one in _CATEGORIES.items() if one == status), "done")
    fitting = [one for one in every if one.at("to", "statusCategory", "key").text == category]
    named = settings.states.get(status, settings.wont_do if status == ItemStatus.WONT_DO else "")
    if named and len(fitting) > 1:
        fitting = [one for one in fitting if one.at("to", "name").text.casefold() == named.casefold()] or fitting
    names = ", ".join(dict.fromkeys(one.at("to", "name").text for one in (fitting or every)))
    if not fitting:
        raise Unfit(
            f"the workflow of {ticket.key} leads from {ticket.state} to no status that means {status}",
            hint=f"from there it goes to: {names or 'nothing'}; move it by hand, or have the workflow changed",
        )
    if len({one.at("to", "name").text for one in fitting}) > 1:
        raise Unfit(
            f"{ticket.key} can go to several statuses that mean {status}: {names}",
            hint=f"name one in pmctl.yaml: tickets: {{states: {{{status}: NAME}}}}",
        )
    body: dict[str, Any] = {"transition": {"id": fitting[0].at("id").text}}
    fields = _transition_fields(desk, ticket, status, fitting[0])
    return body | ({"fields": fields} if fields else {})


def _transition_fields(desk: Desk, ticket: Ticket, status: str, chosen: Cursor) -> dict[str, Any]:
    """What a transition asks for: a resolution, and what the settings give for its other fields."""
    found: dict[str, Any] = {}
    lacking = []
    for key, field in chosen.at("fields").members():
        required = field.at("required").value is True and field.at("hasDefaultValue").value is not True
        if key == "resolution":
            allowed = [one.at("name").text for one in field.at("allowedValues").each()]
            wished = desk.settings.wont_do if status == ItemStatus.WONT_DO else "Done"
            name = wished if wished in allowed else allowed[0] if len(allowed) == 1 and required else ""
            if name:
                found[key] = {"name": name}
            elif required:
                lacking.append(f"resolution (one of {', '.join(allowed)})")
        elif required and key in desk.settings.fields:
            found[key] = desk.settings.fields[key]
        elif required:
            lacking.append(field.at("name").text or key)
    if lacking:
        raise Unfit(
            f"to move {ticket.key} to {chosen.at('to', 'name').text} Jira requires {', '.join(lacking)}",
            hint="move it there by hand; the next sync takes it from there",
        )
    return found


def account(desk: Desk, email: str, named: str) -> Account | None:
    """Who has an e-mail address. Jira Cloud finds people by it even where it shows nobody's."""
    if named:
        return Account(named, named)
    service = desk.service
    asked: dict[str, str | int] = {"query" if _cloud(service) else "username": email, "maxResults": 10}
    every = Cursor(service.get(f"{_api(service)}/user/search", "people", asked).value).each()
    found = [one for one in every if one.at("active").value is not False and one.at("accountType").text != "app"]
    exact = [one for one in found if one.at("emailAddress").text.lower() == email]
    hidden = [one for one in found if not one.at("emailAddress")]
    fits = exact or (hidden if len(found) == 1 else [])
    if len(fits) != 1:
        return None
    return Account(fits[0].first("accountId", "name").text, fits[0].at("displayName").text, email)


def access(desk: Desk) -> Access:
    """The account, and which of the rights that are needed it lacks in the project."""
    service, project = desk.service, desk.settings.place
    me = Cursor(service.get(f"{_api(service)}/myself", "your account").value)
    who = " ".join(filter(None, (me.at("displayName").text, me.at("emailAddress").text)))
    asked: dict[str, str | int] = {"projectKey": project, "permissions": ",".join(_RIGHTS)}
    rights = Cursor(service.get(f"{_api(service)}/mypermissions", f"project {project}", asked).value).at("permissions")
    lacks = [words for name, words in _RIGHTS.items() if rights.at(name, "havePermission").value is not True]
    return Access(who, tuple(f"may not {words} in {project}" for words in lacks))


def resolve(desk: Desk, said: str) -> str:
    """The key in what a Ticket cell says: OPS-12, or the address of an issue of this site."""
    match = _KEY.fullmatch(said.strip())
    ours = "://" not in said or said.startswith(f"{_browse(desk, '')}")
    return match[1] if match and ours else ""


def explain(reply: Reply, what: str) -> PmctlError | None:
    """Jira's own words: a message, and a reason for each field."""
    if reply.status == 401:
        return EnvironmentProblem(
            "Jira does not accept the token (401)",
            hint="it may have expired, JIRA_EMAIL may be another account's, or it is a token with scopes, which works"
            " only at https://api.atlassian.com/ex/jira/CLOUD-ID",
        )
    return declined("Jira", reply, what, said_by(*_reasons(reply.data)), "see docs/tickets.md, What Jira may ask for")


def _reasons(data: bytes) -> Iterator[str]:
    try:
        body = Cursor(json.loads(data))
    except (ValueError, RecursionError):
        return
    yield from (one.text for one in body.at("errorMessages").each())
    yield from (f"{key}: {one.text}" for key, one in body.at("errors").members())


TRACKER = Tracker(
    name="jira",
    label="Jira",
    place="project",
    place_pattern=r"[A-Z][A-Z0-9_]{1,49}",
    place_shown="OPS",
    api=Api(
        credential="JIRA_TOKEN",
        address="JIRA_URL",
        headers={"Authorization": "Bearer {token}", "Accept": "application/json"},
        also={"JIRA_EMAIL": False},
        login="JIRA_EMAIL",
    ),
    create=create,
    read=read,
    find=find,
    update=update,
    account=account,
    access=access,
    resolve=resolve,
    knows=("type", "priority", "states", "fields", "wont_do"),
    names_wont_do=True,
    settles=20.0,
    explain=explain,
)
