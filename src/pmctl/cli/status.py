"""status: what waits for you, and where everything stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import OptionalId, choose_format

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.insight.status_overview import StatusReports
    from pmctl.repository.workspace import Workspace


_FORMATS = ("text", "json", "markdown")


def status(
    ctx: typer.Context,
    id: OptionalId = "",
    range: Annotated[
        str, typer.Option("--range", metavar="A..B", help="The postmortems that this range changes, as they are now.")
    ] = "",
    format: Annotated[
        str, typer.Option("--format", metavar="|".join(_FORMATS), help="How the answer is printed.")
    ] = "text",
) -> None:
    """What waits for you, what stands between a postmortem and its next state, and the command that moves it.

    Without ID: first what waits for you, then every other postmortem that is under way or has action items to be done.
    You are the person of the policy by --as, by the key that you sign with, or by your e-mail address. With -C given
    several times, several repositories are read. Markdown is for the page of a CI job, or a comment on a change.
    """
    from pmctl.cli.session import today
    from pmctl.errors import UsageProblem
    from pmctl.insight.status_overview import answer, answer_of_change, together

    session: Session = ctx.obj
    choose_format(format, _FORMATS)
    if id and range:
        raise UsageProblem("--range chooses postmortems, and an id names one", hint="give one of them")
    day = today()
    known: list[str] = []

    def read(workspace: Workspace) -> StatusReports:
        name = workspace.find(id) if id else ""
        if session.width:
            known.extend(workspace.ids())
        you = session.reader(workspace)
        if range:
            return answer_of_change(workspace, you, day, range)
        return answer(workspace, you, day, name, thorough=format != "text")

    parts = session.each(read, one_has_it=bool(id))
    found = together(parts) if session.several else parts[0][1]
    if format == "json":
        session.json("status", found)
    elif format == "markdown":
        _print_markdown(session, found, of_change=bool(range))
    elif id or range:
        _print_reports(session, found)
    else:
        _print_overview(session, found, known)
    session.finish()


def _print_markdown(session: Session, found: StatusReports, *, of_change: bool) -> None:
    from pmctl.output.status_summary import markdown

    session.rows(markdown(found.postmortems, of_change=of_change))


def _print_reports(session: Session, found: StatusReports) -> None:
    from pmctl.insight.status_overview import ASIDE
    from pmctl.output.status import notes, report

    yours = {(one.repository, one.postmortem): one.fix for one in found.waiting_for_you if one.kind not in ASIDE}
    for one in found.postmortems:
        answers = one.threads and found.you in one.whose_turn
        step = yours.get((one.repository, one.id), one.next_step if answers else "")
        session.result(report(one, step, width=session.width, color=session.colored))
    if not found.postmortems:
        session.note("no postmortem is changed")
    for line in notes(found):
        session.note(line)


def _print_overview(session: Session, found: StatusReports, known: list[str]) -> None:
    from dataclasses import astuple

    from pmctl.insight.status_overview import ASIDE
    from pmctl.output.status import STYLES, figures, notes, rows, waiting

    mine = {(one.repository, one.postmortem) for one in found.waiting_for_you if one.kind not in ASIDE}
    others = [one for one in found.postmortems if (one.repository, one.id) not in mine]
    if not found.you:
        session.note("who you are is not known here, so this is everything: --as HANDLE puts first what waits for you")
    text = waiting(found.waiting_for_you, found.you, known, width=session.width, color=session.colored)
    if text:
        session.result(text + ("\n" if others else ""))
    elif found.you and others:
        session.note(f"nothing waits for you, {found.you}")
    heads, cells = rows(others, with_next=not session.width, with_place=session.several)
    session.table(heads, cells, STYLES, known)
    if session.width and cells:
        session.note("pmctl status ID says what comes next")
    if not text and not cells:
        session.note("nothing is waiting")
    if found.figures is not None and any(astuple(found.figures)):
        session.note(figures(found.figures))
    for line in notes(found):
        session.note(line)
