"""list: which postmortems there are, filtered, searched and sorted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import (
    ByAuthor,
    ByService,
    BySeverity,
    ByStatus,
    ByTag,
    ByTeam,
    Since,
    Until,
    choose_format,
    choose_known,
    choose_severity,
    chosen_query,
)
from pmctl.output import terminal
from pmctl.text import utc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pmctl.cli.session import Session
    from pmctl.insight.catalog import Summary
    from pmctl.insight.search import Query
    from pmctl.insight.text_search import Match
    from pmctl.output.answers import ListedPostmortem
    from pmctl.policy.model import Policy
    from pmctl.repository.workspace import Workspace

_STYLES = {"STATUS": lambda cell: terminal.STATUS_STYLES.get(cell, "red" if cell.endswith("!") else "")}
_FORMATS = ("text", "json", "csv", "jsonl")
_Many = list[str] | None


@dataclass(frozen=True, slots=True)
class _Place:
    """What one repository has: its postmortems, and what can be asked of them. `me` is who asks."""

    workspace: Workspace
    everything: Sequence[Summary]
    policy: Policy | None
    severities: tuple[str, ...]
    changed: Mapping[str, datetime]
    me: str


@dataclass(frozen=True, slots=True)
class _Found:
    """One postmortem of the answer; `repository` is what -C named, "" for the only one."""

    summary: Summary
    repository: str
    match: Match | None
    changed: datetime | None


def list_(
    ctx: typer.Context,
    status: ByStatus = None,
    author: ByAuthor = None,
    service: ByService = None,
    team: ByTeam = None,
    severity: BySeverity = None,
    tag: ByTag = None,
    since: Since = "",
    until: Until = "",
    mine: Annotated[
        bool, typer.Option("--mine", help="Where you are author, editor, reviewer or participant.")
    ] = False,
    text: Annotated[
        _Many, typer.Option("--text", metavar="WORDS", help="All these words are in title or text.")
    ] = None,
    sort: Annotated[
        str,
        typer.Option("--sort", metavar="BY", help="date, severity, status, title, author, updated; -BY backwards."),
    ] = "-date",
    reverse: Annotated[bool, typer.Option("--reverse", help="The other way round.")] = False,
    format: Annotated[
        str, typer.Option("--format", metavar="|".join(_FORMATS), help="How the answer is printed.")
    ] = "text",
) -> None:
    """The postmortems of the work tree, newest incident first, in the state that their signed records prove.

    Options that are repeated mean any of their values; different options must all hold, and of --text all words.
    With -C given several times, several repositories are read.
    """
    from pmctl.insight.search import ORDERS, Order
    from pmctl.insight.text_search import words_of

    session: Session = ctx.obj
    choose_format(format, _FORMATS)
    by = sort.removeprefix("-")
    choose_known("--sort", [by], ORDERS)
    looked_for = words_of(" ".join(text or ()))
    if text is not None and not looked_for:
        from pmctl.errors import UsageProblem

        raise UsageProblem("--text needs a word to look for")
    query = chosen_query(
        since, until, status=status, author=author, service=service, team=team, severity=severity, tag=tag
    )
    people = bool(query.author or query.team)
    parts = session.each(lambda one: _read(session, one, mine=mine, people=people, changed=by == "updated"))
    places = [place for _, place in parts]
    _refuse_impossible(query, places)
    severities = tuple(dict.fromkeys(name for place in places for name in place.severities))
    order = Order(by, sort.startswith("-") != reverse, severities)
    found = [one for name, place in parts for one in _fitting(name, place, query, looked_for)]
    found.sort(key=lambda one: order.key(one.summary, one.changed), reverse=order.backwards)
    if format == "text":
        _print(session, found, [one.id for place in places for one in place.everything], searched=bool(text), by=by)
    else:
        _print_rows(session, found, parts, format)
    _warn(session, found, places)
    session.finish()


def chosen(session: Session, query: Query) -> list[Summary]:
    """The postmortems of the one repository that fit, newest first. Broken ones are warned of.

    Raises UsageProblem for a value that none can have.
    """
    people = bool(query.author or query.team)
    place = _read(session, session.workspace, mine=False, people=people, changed=False)
    _refuse_impossible(query, [place])
    found = list(_fitting("", place, query, ()))
    _warn(session, found, [place])
    return [one.summary for one in found]


def _read(session: Session, workspace: Workspace, *, mine: bool, people: bool, changed: bool) -> _Place:
    from pmctl.insight.catalog import proved_catalog
    from pmctl.insight.last_changed import last_changed
    from pmctl.repository.workspace import POSTMORTEMS

    me = session.reader(workspace) if mine or session.handle else ""
    if mine and not me:
        from pmctl.errors import Refused

        raise Refused("the policy knows nobody with your key or e-mail address", hint="say who you are: --as HANDLE")
    return _Place(
        workspace,
        proved_catalog(workspace),
        workspace.known_people() if people else None,
        workspace.settings_and_findings()[0].severities,
        last_changed(workspace.repo, POSTMORTEMS) if changed else {},
        me if mine else "",
    )


def _refuse_impossible(query: Query, places: Sequence[_Place]) -> None:
    """Raise UsageProblem for a value that no postmortem can have: of people, teams and severities those known count."""
    from pmctl.document.fields import Status

    everything = [one for place in places for one in place.everything]
    policies = [place.policy for place in places if place.policy is not None]
    severities = [name for place in places for name in place.severities]
    people = (handle for policy in policies for handle in policy.people)
    teams = (name for policy in policies for name in policy.teams)
    choose_known("--status", query.status, Status)
    choose_known("--author", query.author, (*people, *(one.author for one in everything)))
    choose_known("--team", query.team, (*teams, *(team for one in everything for team in one.teams)))
    choose_severity(query.severity, severities, (one.severity for one in everything))
    choose_known("--tag", query.tag, (tag for one in everything for tag in one.tags))
    choose_known("--service", query.service, (name for one in everything for name in one.services))


def _fitting(name: str, place: _Place, query: Query, words: Sequence[str]) -> Iterator[_Found]:
    from dataclasses import replace

    from pmctl.insight.text_search import match
    from pmctl.repository.workspace import read_file

    asked = replace(query, mine=place.me)
    for summary in place.everything:
        if summary.problem or not asked.fits(summary):
            continue
        found = None
        if words:
            found = match(summary.title, read_file(place.workspace.repo.root / summary.path, summary.path), words)
            if found is None:
                continue
        yield _Found(summary, name, found, place.changed.get(summary.path))


def _print(session: Session, found: Sequence[_Found], known: Sequence[str], *, searched: bool, by: str) -> None:
    heads = ["ID", "STATUS", "SEVERITY", "AUTHOR", "TITLE"]
    rows = [
        [one.summary.id, _marked(one.summary), one.summary.severity, one.summary.author, one.summary.title]
        for one in found
    ]
    extra: list[tuple[str, list[str]]] = []
    if by == "updated":
        extra.append(("UPDATED", [utc(one.changed)[:10] if one.changed else "not committed" for one in found]))
    if searched:
        extra.append(("FOUND", [_place_of(one.match) for one in found]))
    for head, cells in extra:
        heads.append(head)
        rows = [[*row, cell] for row, cell in zip(rows, cells, strict=True)]
    if session.several:
        heads.insert(0, "REPOSITORY")
        rows = [[one.repository, *row] for one, row in zip(found, rows, strict=True)]
    session.table(heads, rows, _STYLES, known)
    if not known and not session.unread:
        session.note("no postmortems yet; create one: pmctl new")
    elif not found:
        session.note(f"none of the {len(known)} postmortems match")


def _place_of(match: Match | None) -> str:
    return f"line {match.line}: {match.snippet}" if match is not None and match.line else "in the title"


def _print_rows(session: Session, found: Sequence[_Found], parts: Sequence[tuple[str, _Place]], format: str) -> None:
    from pmctl.output.answers import Postmortems, Unreadable, plain

    listed = [_as_row(one) for one in found]
    if format == "json":
        broken = [
            Unreadable(one.path, one.problem, name) for name, place in parts for one in place.everything if one.problem
        ]
        session.json("list", Postmortems(listed, broken))
        return
    from pmctl.output.rows import to_csv, to_jsonl

    rows = [plain(one) for one in listed]
    columns = [name for name in _COLUMNS if name != "repository" or session.several]
    session.rows(to_csv(columns, rows) if format == "csv" else to_jsonl(rows))


def _as_row(one: _Found) -> ListedPostmortem:
    from pmctl.output.answers import ListedPostmortem, pick

    return pick(
        ListedPostmortem, one.summary, action_items=len(one.summary.items), repository=one.repository,
        updated_at=utc(one.changed) if one.changed else None,
        snippet=one.match.snippet if one.match else "", snippet_line=one.match.line if one.match else 0,
    )  # fmt: skip


_COLUMNS = (
    "repository", "id", "title", "status", "severity", "urgency", "author", "services", "teams", "tags", "reviewers",
    "started_at", "resolved_at", "action_items", "updated_at", "snippet_line", "snippet", "unproved", "path",
)  # fmt: skip


def _marked(summary: Summary) -> str:
    """The state, with a mark where the file says something that no record proves."""
    return f"{summary.status} !" if summary.unproved else summary.status


def _warn(session: Session, found: Sequence[_Found], places: Sequence[_Place]) -> None:
    for place in places:
        for summary in place.everything:
            if summary.problem:
                session.warn(f"{summary.problem}; pmctl validate {summary.path}")
    for one in found:
        if one.summary.unproved:
            session.warn(f"{one.summary.id}: {one.summary.unproved}; pmctl audit says how that came")
