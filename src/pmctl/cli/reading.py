"""list, show, status, log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import Format, Id, OptionalId, choose_format, chosen_day
from pmctl.output import terminal
from pmctl.output.advice import words
from pmctl.text import safe

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.document.reader import Document
    from pmctl.insight.catalog import Summary
    from pmctl.insight.discussion import ListedThread
    from pmctl.insight.search import Query
    from pmctl.insight.status_report import StatusReport
    from pmctl.ledger.snapshot import Snapshot

_STYLES = {"STATUS": lambda cell: terminal.STATUS_STYLES.get(cell, "red" if cell.endswith("!") else "")}
_Many = list[str] | None


def list_(
    ctx: typer.Context,
    status: Annotated[
        _Many, typer.Option("--status", metavar="S", help="DRAFT, IN_REVIEW, PUBLISHED, ARCHIVED.")
    ] = None,
    author: Annotated[_Many, typer.Option("--author", metavar="HANDLE", help="Written by this person.")] = None,
    service: Annotated[_Many, typer.Option("--service", metavar="NAME", help="This service was affected.")] = None,
    team: Annotated[_Many, typer.Option("--team", metavar="NAME", help="Belongs to this team.")] = None,
    severity: Annotated[_Many, typer.Option("--severity", metavar="SEV", help="Of this severity.")] = None,
    tag: Annotated[_Many, typer.Option("--tag", metavar="TAG", help="Has this tag.")] = None,
    since: Annotated[str, typer.Option("--since", metavar="DATE", help="Incident on or after this day.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Incident on or before this day.")] = "",
    mine: Annotated[
        bool, typer.Option("--mine", help="Where you are author, editor, reviewer or participant.")
    ] = False,
    format: Format = "text",
) -> None:
    """The postmortems of the work tree, newest incident first, in the state that their signed records prove.

    Options that are repeated mean any of their values; different options must all hold.
    """
    from pmctl.insight.catalog import proved_catalog
    from pmctl.insight.search import Query

    session: Session = ctx.obj
    choose_format(format)
    asked = {"status": status, "author": author, "service": service, "team": team, "severity": severity, "tag": tag}
    query = Query(
        **{name: tuple(values or ()) for name, values in asked.items()},
        since=chosen_day(since, "--since"),
        until=chosen_day(until, "--until"),
        mine=session.known_person() if mine else "",
    )
    everything = proved_catalog(session.workspace)
    _refuse_impossible(session, query, everything)
    found = [summary for summary in everything if not summary.problem and query.fits(summary)]
    broken = [summary for summary in everything if summary.problem]
    if format == "json":
        from pmctl.output.answers import ListedPostmortem, Postmortems, Unreadable, pick

        listed = [pick(ListedPostmortem, one, action_items=len(one.items)) for one in found]
        session.json("list", Postmortems(listed, [Unreadable(one.path, one.problem) for one in broken]))
    else:
        _print_list(session, found, len(everything))
    for summary in broken:
        session.warn(f"{summary.problem}; pmctl validate {summary.path}")
    for summary in found:
        if summary.unproved:
            session.warn(f"{summary.id}: {summary.unproved}; pmctl audit says how that came")


def _refuse_impossible(session: Session, query: Query, everything: Sequence[Summary]) -> None:
    """Raise UsageProblem for a value that no postmortem can have: of people, teams and severities those known count."""
    from pmctl.cli.options import choose_known
    from pmctl.document.fields import Status

    policy = session.workspace.known_people() if query.author or query.team else None
    severities = session.workspace.settings_and_findings()[0].severities if query.severity else ()
    choose_known("--status", query.status, Status)
    choose_known("--author", query.author, (*(policy.people if policy else ()), *(one.author for one in everything)))
    choose_known(
        "--team", query.team, (*(policy.teams if policy else ()), *(t for one in everything for t in one.teams))
    )
    if severities:  # else they are free text, and one that nothing has is no mistake
        choose_known("--severity", query.severity, (*severities, *(one.severity for one in everything)))
    choose_known("--service", query.service, (name for one in everything for name in one.services))


def _print_list(session: Session, found: Sequence[Summary], everything: int) -> None:
    rows = [(one.id, _marked(one), one.severity, one.author, one.title) for one in found]
    session.table(("ID", "STATUS", "SEVERITY", "AUTHOR", "TITLE"), rows, _STYLES)
    if not everything:
        session.note("no postmortems yet; create one: pmctl new")
    elif not found:
        session.note(f"none of the {everything} postmortems match")


def _marked(summary: Summary) -> str:
    """The state, with a mark where the file says something that no record proves."""
    return f"{summary.status} !" if summary.unproved else summary.status


def show(
    ctx: typer.Context,
    id: Id,
    section: Annotated[str, typer.Option("--section", metavar="NAME", help="Only this section.")] = "",
    at: Annotated[str, typer.Option("--at", metavar="REV", help="As it was in this commit.")] = "",
    comments: Annotated[bool, typer.Option("--comments", help="With what is said about it, as committed.")] = False,
    format: Format = "text",
) -> None:
    """One postmortem, or one section of it, as it stands in the work tree or stood in a commit.

    State, author and reviewers are those that signed records prove; what the file says otherwise is marked.
    """
    from pmctl import git
    from pmctl.errors import NotFound
    from pmctl.insight.standing import shown
    from pmctl.output.markdown import marked

    session: Session = ctx.obj
    choose_format(format)
    workspace = session.workspace
    snapshot = workspace.head
    if at:
        from pmctl.document.fields import is_id

        revision = git.resolve(session.repo.top, at)
        name = id if is_id(id) else workspace.find(id)
        snapshot = workspace.at(revision)
        found = shown(snapshot, workspace.read_at(name, revision), name)
    else:
        name = workspace.find(id)
        found = shown(snapshot, workspace.read(name), name)
    threads = _threads(snapshot, name, section) if comments else ()
    document = found.document
    for mark in found.marks:
        session.warn(f"{name}: {mark}")
    if section:
        part = document.section(section)
        if part is None:
            known = tuple(entry.title for entry in document.sections)
            raise NotFound(f"{document.id} has no section {section!r}", hint="name one of these", details=known)
        body = part.text.strip("\r\n") + "\n"
        if format == "json":
            from pmctl.output.answers import Section

            session.json("section", Section(document.id, part.title, part.line, body))
            return
        session.result(terminal.postmortem(body, body, (), width=session.width, color=session.colored).rstrip("\n"))
        _show_discussion(session, threads, asked=comments)
        return
    if format == "json":
        from pmctl.output.answers import plain
        from pmctl.output.json_export import to_json

        said = [plain(one) for one in threads] if comments else None
        text = to_json(document, marks=found.marks, approved=found.approved, discussion=said)
        session.result(text.rstrip("\n"))
        return
    facts = _facts(document, name, found.approved) if session.width else ()
    source, body = (marked(text, found.marks) for text in (document.text, document.body))
    text = terminal.postmortem(source, body, facts, width=session.width, color=session.colored)
    session.result(text.rstrip("\n"))
    _show_discussion(session, threads, asked=comments)


def _threads(snapshot: Snapshot, name: str, section: str) -> tuple[ListedThread, ...]:
    """What is said about a postmortem, or about one section of it as it is now."""
    from pmctl.insight.discussion import listed

    wanted = section.casefold()
    return tuple(one for one in listed(snapshot, (name,)) if not wanted or one.now_in.casefold() == wanted)


def _show_discussion(session: Session, threads: Sequence[ListedThread], *, asked: bool) -> None:
    if not asked:
        return
    from pmctl.cli.comment import show_threads

    session.result("\nDiscussion" if threads else "\nNobody has commented on it.")
    show_threads(session, threads, named=False)


def status(ctx: typer.Context, id: OptionalId = "", format: Format = "text") -> None:
    """What stands between a postmortem and its next state, and the command that moves it.

    Without ID: one line for every postmortem that is not archived.
    """
    from pmctl.cli.session import today
    from pmctl.insight.status_report import StatusReports, status_report, status_reports
    from pmctl.insight.unlanded import unlanded_acts

    session: Session = ctx.obj
    choose_format(format)
    workspace = session.workspace
    found = [status_report(workspace, workspace.find(id), today())] if id else status_reports(workspace, today())
    missing = unlanded_acts(workspace, session.handle)
    missing = tuple(one for one in missing if not id or one.postmortem == found[0].id)
    if format == "json":
        session.json("status", StatusReports(tuple(found), missing))
    elif id:
        _print_report(session, found[0])
    else:
        rows = [(entry.id, entry.status, entry.short, words(entry.next_step)) for entry in found]
        session.table(("ID", "STATUS", "WAITS FOR", "NEXT"), rows, _STYLES)
        if not rows:
            session.note("nothing is waiting")
    for one in missing if format != "json" else ():
        session.note(f"your {one.act} of {one.postmortem} is not on the protected branch as it was fetched last")


def log(ctx: typer.Context, id: Id, format: Format = "text") -> None:
    """Who did what when, newest last, with the verdict on every step."""
    from pmctl.insight.history import history

    session: Session = ctx.obj
    choose_format(format)
    workspace = session.workspace
    found = history(session.repo, workspace.find(id))
    if format == "json":
        session.json("log", found)
        return
    for entry in found.events:
        mark = {one: one for one in ("ok", "late", "waived", "warning")}.get(entry.verdict, "VIOLATION")
        session.result(safe(f"{entry.commit[:12]}  {entry.at}  {mark:<9}  {entry.who}: {entry.what}"))
        for line in (*([entry.note] if entry.note else ()), *entry.findings):
            session.result(safe(f"{'':14}{line}"))
    if found.incomplete:
        shallow = "clone" in found.incomplete
        fix = "git fetch --unshallow brings the rest" if shallow else "git fsck shows what is damaged"
        session.warn(f"the history is incomplete ({found.incomplete}): {fix}")


def _print_report(session: Session, found: StatusReport) -> None:
    session.result(safe(f"{found.id}: {found.status}" + (f" (round {found.round})" if found.round else "")))
    for fact in found.facts:
        session.result(safe(f"  {fact}"))
    for blocker in found.blockers:
        session.result(safe(f"  - {blocker.message}" + (f" ({words(blocker.fix)})" if blocker.fix else "")))
    if found.next_step:
        session.result(safe(f"next: {words(found.next_step)}"))


def _facts(document: Document, name: str, approved: Sequence[str]) -> tuple[tuple[str, str], ...]:
    from pmctl.document.fields import FIELD

    meta = document.meta
    shown = ("status", "author", "reviewers", "severity", "services", "started_at", "resolved_at")
    facts = [("id", name)]
    for key in shown:
        value = meta.get(key)
        if value:
            facts.append(
                (FIELD[key].name.replace("_", " "), ", ".join(value) if isinstance(value, list) else str(value))
            )
        if key == "reviewers" and approved:
            facts.append(("approved by", ", ".join(approved)))
    return tuple(facts)
