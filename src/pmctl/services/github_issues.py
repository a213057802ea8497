"""GitHub Issues as a tracker: REST for writing, GraphQL for reading many at once with their pull requests.

An issue is known by its node id. It is found again by a comment in its body that nobody sees, among the issues that
changed since it was announced: that list is consistent, where search is not, and labels may be dropped silently.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pmctl.document.fields import ItemStatus
from pmctl.document.ticket import LinkedChange
from pmctl.errors import EnvironmentProblem, NotFound, PmctlError, advise
from pmctl.services.address import origin, segment
from pmctl.services.client import Answer, Declined, Forbidden, Service
from pmctl.services.cursor import Cursor
from pmctl.services.retrying import Reply, by_header, retry_after
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

_KEY = re.compile(r"([\w.-]+)/([\w.-]+)#(\d+)", re.ASCII)
_URL = re.compile(r"https?://[^/]+/(?:repos/)?([\w.-]+)/([\w.-]+)/issues/(\d+)(?:[?#].*)?", re.ASCII)
_QUERY = """query($ids: [ID!]!) { nodes(ids: $ids) { ... on Issue {
  id number url state stateReason body repository { nameWithOwner } assignees(first: 1) { nodes { login name } }
  closedByPullRequestsReferences(first: 20, includeClosedPrs: true) { nodes { url state } } } } }"""
_PAGES = 50


def _repository(place: str) -> str:
    return "/repos/" + "/".join(segment(part) for part in place.split("/"))


def create(desk: Desk, wanted: Wanted) -> Ticket:
    """A new issue. GitHub has no due date and no priority: a priority may be a label."""
    labels = [*desk.settings.labels, "pmctl", *filter(None, (desk.settings.priority.get(wanted.priority, ""),))]
    body = {
        "title": title(wanted.title),
        "body": f"{markdown(wanted.body)}\n\n<!-- {wanted.marker} -->",
        "labels": labels,
        "assignees": [wanted.owner.id] if wanted.owner else [],
    }
    answer = desk.service.create(f"{_repository(desk.settings.place)}/issues", f"a ticket for {wanted.item}", body)
    return require(_ticket(Cursor(answer.value)), desk.service.label, wanted.item)


def _ticket(issue: Cursor) -> Ticket:
    """An issue of either API."""
    url = issue.first("html_url", "url").text
    place = _URL.fullmatch(url)
    key = f"{place[1]}/{place[2]}#{place[3]}" if place else ""
    state = issue.at("state").text.lower()
    reason = issue.first("stateReason", "state_reason").text.lower()
    status = ItemStatus.OPEN
    if state == "closed":
        status = ItemStatus.WONT_DO if reason in ("not_planned", "duplicate") else ItemStatus.COMPLETED
    people = list((issue.at("assignees", "nodes") if issue.at("assignees").mapping else issue.at("assignees")).each())
    owner = (
        Account(people[0].at("login").text, people[0].at("name").text, people[0].at("email").text.lower())
        if people
        else None
    )
    linked = (
        LinkedChange(one.at("url").text, one.at("state").text.lower())
        for one in issue.at("closedByPullRequestsReferences", "nodes").each()
    )
    said = f"{state} ({reason.replace('_', ' ')})" if state == "closed" and reason else state
    return Ticket(
        issue.at("node_id").text or issue.at("id").text, key, url, said, status.value, owner, "", tuple(linked),
        mark_in(issue.at("body").text),
    )  # fmt: skip


def read(desk: Desk, ids: Sequence[str]) -> dict[str, Ticket]:
    """The issues with these node ids; those that are gone or forbidden are left out."""
    found = {}
    for some in portions(ids, 50):
        answer = _ask(desk.service, _QUERY, {"ids": list(some)})
        for asked, node in zip(some, Cursor(answer.at("data", "nodes")).each(), strict=False):
            if node.at("number"):
                found[asked] = _with_mail(desk, _ticket(node))
    return found


def _with_mail(desk: Desk, ticket: Ticket) -> Ticket:
    """A ticket with the public e-mail address of its owner, unless the settings name the account.

    GraphQL would refuse the whole question to a token that may not read the addresses of people.
    """
    owner = ticket.owner
    if owner is None or owner.id.casefold() in {one.casefold() for one in desk.settings.people.values()}:
        return ticket

    def ask() -> str:
        try:
            return Cursor(desk.service.get(f"/users/{segment(owner.id)}", "people").at("email")).text.lower()
        except (NotFound, Forbidden):
            return ""

    return replace(ticket, owner=replace(owner, email=desk.once(f"mail {owner.id}", ask)))


def _ask(service: Service, query: str, variables: dict[str, Any]) -> Answer:
    """A question in GraphQL. What is not found stands as null beside the rest."""
    base = service.base_url
    path = f"{base.removesuffix('/v3')}/graphql" if base.endswith("/api/v3") else "/graphql"
    answer = service.post(path, "issues", {"query": query, "variables": variables})
    problems = [
        one for one in Cursor(answer.at("errors")).each() if one.at("type").text not in ("NOT_FOUND", "FORBIDDEN")
    ]
    if problems:
        said = said_by(*(one.at("message").text for one in problems))
        raise EnvironmentProblem(f"GitHub cannot answer: {said}", hint="try again later")
    return answer


def find(desk: Desk, markers: Sequence[str], since: datetime) -> dict[str, Ticket]:
    """The issues whose bodies hold these markers, among those that changed since then."""
    found: dict[str, Ticket] = {}
    for issue in _changed(desk, since):
        ticket = _ticket(issue)
        if ticket.marker in markers and not issue.at("pull_request"):
            found[ticket.marker] = ticket
        if len(found) == len(markers):
            break
    return found


def _changed(desk: Desk, since: datetime) -> Iterator[Cursor]:
    asked: dict[str, str | int] = {"state": "all", "since": utc(since), "per_page": 100}
    page = desk.service.get(f"{_repository(desk.settings.place)}/issues", "issues", asked)
    for _ in range(_PAGES):
        yield from Cursor(page.value).each()
        if not page.next_url:
            return
        page = desk.service.get(page.next_url, "issues")
    raise EnvironmentProblem(
        f"more than {_PAGES * 100} issues changed since {utc(since)}", hint=advise("adopt-tickets")
    )


def update(desk: Desk, ticket: Ticket, moves: Moves) -> None:
    """Close, reopen or assign an issue."""
    body: dict[str, Any] = {}
    if moves.status is not None:
        reasons = {ItemStatus.COMPLETED.value: "completed", ItemStatus.WONT_DO.value: "not_planned"}
        reason = reasons.get(moves.status)
        body |= {"state": "closed", "state_reason": reason} if reason else {"state": "open", "state_reason": "reopened"}
    if moves.owner is not None:
        body["assignees"] = [moves.owner.id] if moves.owner.id else []
    match = _KEY.fullmatch(ticket.key)
    if body and match:
        path = f"/repos/{segment(match[1])}/{segment(match[2])}/issues/{match[3]}"
        confirmed(desk.service.patch(path, ticket.key, body), desk.service.label, ticket.key)


def account(desk: Desk, email: str, named: str) -> Account | None:
    """Who has an e-mail address in public, or the account that the settings name; only whom issues can be assigned."""
    login = named
    if not login:
        asked: dict[str, str | int] = {"q": f"{email} in:email"}
        found = list(Cursor(desk.service.get("/search/users", "people", asked).at("items")).each())
        login = found[0].at("login").text if len(found) == 1 else ""
    if not login:
        return None
    try:
        desk.service.get(f"{_repository(desk.settings.place)}/assignees/{segment(login)}", f"the account {login}")
    except NotFound:
        return None
    except Declined as said:
        if said.status != 204:  # which says yes, without a body
            raise
    return Account(login, login, email)


def access(desk: Desk) -> Access:
    """The account, and what it lacks in the repository."""
    place = desk.settings.place
    try:
        who = Cursor(desk.service.get("/user", "your account").value).at("login").text
    except Forbidden:
        who = "a token without an account"
    repository = Cursor(desk.service.get(_repository(place), f"repository {place}").value)
    missing = [] if repository.at("has_issues").value is not False else [f"{place} has no issues switched on"]
    rights = repository.at("permissions")
    if rights and not any(rights.at(name).value is True for name in ("push", "triage", "maintain", "admin")):
        missing.append(f"may not assign or label issues in {place}: it has no triage or write access")
    return Access(who, tuple(missing))


def resolve(desk: Desk, said: str) -> str:
    """The node id of an issue that a Ticket cell names: its address, or OWNER/NAME#NUMBER."""
    match = _URL.fullmatch(said.strip()) or _KEY.fullmatch(said.strip())
    host = origin(desk.service.base_url)[1].removeprefix("api.")
    if match is None or ("://" in said and origin(said)[1] != host):
        return ""
    path = f"/repos/{segment(match[1])}/{segment(match[2])}/issues/{match[3]}"
    return str(desk.service.get(path, f"issue {said.strip()}").at("node_id") or "")


def follow(desk: Desk, url: str) -> str:
    """The node id of an issue that was transferred: its old address leads to the new one."""
    try:
        return resolve(desk, url)
    except (NotFound, Forbidden, Declined):
        return ""


def slow_down(reply: Reply) -> float | None:
    """GitHub asks for fewer requests with 429 or 403: by Retry-After, or by when its count begins anew."""
    if reply.status not in (403, 429):
        return None
    if reply.headers.get("retry-after"):
        return retry_after(reply.headers["retry-after"]) or 0.0
    if reply.headers.get("x-ratelimit-remaining") == "0":
        reset = reply.headers.get("x-ratelimit-reset", "")
        return max(1.0, float(reset) - time.time()) if reset.isdigit() and len(reset) < 12 else 60.0
    secondary = b"secondary rate limit" in reply.data or b"abuse detection" in reply.data
    return 60.0 if secondary else by_header(reply)


def explain(reply: Reply, what: str) -> PmctlError | None:
    """GitHub's own words."""
    try:
        body = Cursor(json.loads(reply.data))
    except (ValueError, RecursionError):
        body = Cursor(None)
    if reply.status == 410 and "deleted" in body.at("message").text:
        return NotFound(f"{what} was deleted in GitHub (410)")
    if reply.status == 410:
        return Declined(
            f"GitHub has no issues there ({what}, 410)", 410, "switch issues on in the repository's settings"
        )
    fields = (
        f"{one.at('field').text} {one.at('code').text} {one.at('message').text}" for one in body.at("errors").each()
    )
    return declined("GitHub", reply, what, said_by(body.at("message").text, *fields))


TRACKER = Tracker(
    name="github",
    label="GitHub",
    place="repository",
    place_pattern=r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+",
    place_shown="acme/operations",
    api=Api(
        credential="GITHUB_TOKEN",
        address="GITHUB_API_URL",
        default_address="https://api.github.com",
        headers={
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "Authorization": "Bearer {token}",
        },
    ),
    create=create,
    read=read,
    find=find,
    update=update,
    account=account,
    access=access,
    resolve=resolve,
    follow=follow,
    knows=("priority",),
    statuses=frozenset((ItemStatus.OPEN.value, ItemStatus.COMPLETED.value, ItemStatus.WONT_DO.value)),
    fields=("status", "owner"),
    slow_down=slow_down,
    explain=explain,
)
