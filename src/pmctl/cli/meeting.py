"""meeting: schedule, agenda, list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.answering import ActFormat, tell
from pmctl.cli.options import As, Id, OptionalId, choose_format
from pmctl.text import plural, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pmctl.cli.session import Session
    from pmctl.document.meeting import Meeting
    from pmctl.output.meeting_calendar import Entry
    from pmctl.repository.deliveries import Delivery
    from pmctl.workflow.comment import Speaker
    from pmctl.workflow.meeting_services import Arranged, Asked
    from pmctl.workflow.meetings import Plan

app = typer.Typer(
    help="Meetings about a postmortem: plan one, its agenda, all of them.", no_args_is_help=True, rich_markup_mode=None,
    add_completion=False,
)  # fmt: skip
_Meeting = Annotated[str, typer.Option("--meeting", metavar="MEETING", help="Which one, where there are several.")]


@app.command()
def schedule(
    ctx: typer.Context,
    id: Id,
    at: Annotated[str, typer.Option("--at", metavar="TIME", help='When it begins, as in "2024-01-22 15:00".')] = "",
    tz: Annotated[str, typer.Option("--tz", metavar="ZONE", help="Of which zone; by default time_zone.")] = "",
    length: Annotated[str, typer.Option("--for", metavar="LENGTH", help="15m to 2h; by default meetings.for.")] = "",
    attendee: Annotated[
        list[str] | None, typer.Option("--attendee", metavar="HANDLE|MAIL", help="Who is invited; may be given again.")
    ] = None,
    video: Annotated[
        str, typer.Option("--video", metavar="URL|meet|zoom|none", help="The room where people meet.")
    ] = "",
    calendar: Annotated[str, typer.Option("--calendar", metavar="google|mail|none", help="Who invites them.")] = "",
    move: Annotated[bool, typer.Option("--move", help="Change the meeting that is planned.")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Call the meeting off.")] = False,
    resend: Annotated[
        bool, typer.Option("--resend", help="Send what did not get through, also what nobody knows about; finish.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be sent, and send and commit nothing.")
    ] = False,
    meeting: _Meeting = "",
    ics: Annotated[str, typer.Option("--ics", metavar="FILE|-", help="Write the meeting as a calendar file.")] = "",
    to_dir: Annotated[
        Path | None, typer.Option("--to-dir", metavar="DIR", help="Write invitations as .eml files there.")
    ] = None,
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Plan a meeting about a postmortem, move it, or call it off; approvals stay as they are.

    With --calendar mail everybody is invited by mail, with --calendar google by Google Calendar; --video meet or zoom
    makes a room. What these services are asked for is announced in a commit that is pushed first, so that two runs
    never make two; after a kill the same command, or --resend, looks up what was made and does the rest. Exit code 1
    when something is left to do, or nobody knows whether it arrived.
    """
    from pmctl.cli.session import now
    from pmctl.errors import UsageProblem
    from pmctl.insight.meetings import chosen
    from pmctl.workflow import meetings
    from pmctl.workflow.meeting_services import Asked
    from pmctl.workflow.meetings import Plan

    session: Session = ctx.obj
    name = session.workspace.find(id)
    if move + cancel + resend > 1:
        raise UsageProblem("--move, --cancel and --resend exclude each other")
    before = chosen(session.workspace.head, name, meeting) if move or cancel or resend else None
    if resend and before is not None:
        found, plan = before, Plan()
    else:
        plan = _plan(session, name, before, at, tz, length, attendee, video, calendar, cancel=cancel)
        by = session.known_person(handle)
        found = meetings.planned(session.workspace, by, name, plan, before, now())
    if dry_run:
        _rehearse(session, name, found, to_dir)
        return
    asked = Asked(plan, before.id if before is not None else meeting, change=move or cancel, finish=resend)
    by, done = _carried_out(session, name, asked, found, handle, to_dir, file=bool(ics))
    _tell(session, name, done, by, ics, to_dir, format, resend=resend)


def _carried_out(
    session: Session, name: str, asked: Asked, found: Meeting, handle: str, to_dir: Path | None, *, file: bool
) -> tuple[str, Arranged]:
    """Who does it, and what came of it: at the services that keep the meeting, or in a commit alone."""
    from pmctl.cli.comment import speaker
    from pmctl.workflow.meeting_services import Arranged
    from pmctl.workflow.meetings import land, require_ways

    if asked.finish and not (found.kept and found.announced is not None):  # nothing but mails can be left
        return session.person(handle), Arranged(found)
    who = speaker(session, handle)
    require_ways(found, session.secrets, to_dir, file=file)
    if found.kept:
        return who.handle, _arranged(session, who, name, asked, found)
    return who.handle, Arranged(found, land(session.workspace, who, name, found, session.signing()))


def _arranged(session: Session, who: Speaker, name: str, asked: Asked, found: Meeting) -> Arranged:
    """Have it at the services that keep it."""
    import time

    from pmctl.cli.session import now
    from pmctl.workflow.meeting_services import arrange
    from pmctl.workflow.ticket_landing import Hands

    hands = Hands(who.handle, session.signing(), session.secrets, now, session.note, time.sleep)
    return arrange(session.repo, hands, who, name, asked, found)


def _rehearse(session: Session, name: str, found: Meeting, to_dir: Path | None) -> None:
    """Print what the services and the mail server would be sent. It holds no token."""
    from pmctl.cli.answering import print_sent
    from pmctl.cli.session import now
    from pmctl.workflow.meeting_services import rehearsed
    from pmctl.workflow.meetings import letters

    moment = now()
    sent = rehearsed(session.workspace, session.secrets, name, found, moment)
    print_sent(session, sent)
    if found.calendar == "mail" or to_dir is not None:
        for to, text in letters(session.workspace, name, found, session.secrets, moment):
            session.result(f"To: {visible(to)}\n\n{visible(text)}")
    session.note("nothing was sent, and nobody was asked")


def _plan(
    session: Session,
    name: str,
    before: Meeting | None,
    at: str,
    tz: str,
    length: str,
    attendee: list[str] | None,
    video: str,
    calendar: str,
    *,
    cancel: bool,
) -> Plan:
    """What was typed, as values. Raises UsageProblem for what makes no sense."""
    from pmctl.document.meeting import CALENDARS, LONGEST, SHORTEST
    from pmctl.errors import UsageProblem
    from pmctl.insight.meeting_settings import is_video, minutes_of
    from pmctl.insight.meetings import moment
    from pmctl.workflow.meetings import Plan

    zone = tz or (before.zone if before is not None else session.workspace.settings.time_zone)
    minutes = minutes_of(length) if length else None
    if length and minutes is None:
        raise UsageProblem(f"--for {length}: no length of {SHORTEST} to {LONGEST} minutes", hint="write 45m or 1h")
    if calendar and calendar not in CALENDARS:
        raise UsageProblem(f"--calendar {calendar}: there is none", hint=f"one of: {', '.join(reversed(CALENDARS))}")
    if video and not is_video(video):
        raise UsageProblem(f"--video {video[:60]!r} is no room", hint="write an https address, meet, zoom, or none")
    when = moment(at, zone) if at else None
    people = tuple(attendee) if attendee else None
    if people is None and before is None and not cancel:
        people = _asked(session, name)
    return Plan(when, tz, minutes, people, calendar or None, video or None, cancel)


def _asked(session: Session, name: str) -> tuple[str, ...]:
    """Whom to invite, of those who work on the postmortem; at a terminal somebody chooses."""
    from pmctl.errors import UsageProblem
    from pmctl.insight.meetings import suggested
    from pmctl.workflow.meetings import card_of

    workspace = session.workspace
    names = suggested(workspace.read_at(name), card_of(workspace, name).readers, workspace.policy)
    if not session.interactive or not names:
        words = " ".join(f"--attendee {one}" for one in names) or "--attendee HANDLE"
        raise UsageProblem("who is invited?", hint=f"those who work on it: {words}" if names else words)
    from pmctl.cli.prompts import ask_many

    people = workspace.policy.people
    return tuple(ask_many("Who is invited?", {one: f"{people[one].name} ({one})" for one in names}))


def _tell(
    session: Session,
    name: str,
    arranged: Arranged,
    by: str,
    ics: str,
    to_dir: Path | None,
    format: str,
    *,
    resend: bool,
) -> None:
    """Write what was asked for, invite, and say what was done, and why a service does not have all of it."""
    from dataclasses import replace

    from pmctl.cli.session import now
    from pmctl.errors import advise
    from pmctl.insight.meetings import when
    from pmctl.output.advice import with_fix
    from pmctl.output.meeting_calendar import ics as written
    from pmctl.repository.workspace import Workspace
    from pmctl.workflow.done import Done
    from pmctl.workflow.meetings import entry_of, invite

    workspace, moment = Workspace(session.repo), now()
    found, problem, warnings = arranged.meeting, arranged.problem, arranged.warnings
    entry = entry_of(workspace, name, found, moment)
    if ics:
        _write(session, ics, written([entry], "PUBLISH"))
    sent: tuple[Delivery, ...] = ()
    if problem is None and (found.calendar == "mail" or to_dir is not None):
        sent = invite(workspace, name, found, session.secrets, moment, session.note, to_dir=to_dir, resend=resend)
    verb = "looked after" if resend else "called off" if found.cancelled else "moved" if found.sequence else "planned"
    told = [*warnings, *([with_fix(problem.message, problem.hint)] if problem is not None else []), *_unsent(sent)]
    if found.end <= moment and not found.cancelled:
        told.append("that is in the past")
    failed = problem is not None or any(one.state != "sent" for one in sent)
    done = Done(
        act="meeting schedule", id=name, by=by, sentence=f"{verb} the meeting about {name}: {when(found)}",
        landed=arranged.landed, facts=tuple(_facts(found, entry, sent)), warnings=tuple(told),
        next_step=advise("invite-again", id=name, meeting=found.id) if failed else "",
    )  # fmt: skip
    if ics == "-":  # stdout is the calendar's
        tell(session, replace(done, sentence="", facts=(done.sentence, *done.facts)))
    else:
        tell(session, done, format)
    if failed:
        raise typer.Exit(1)


def _facts(found: Meeting, entry: Entry, sent: Sequence[Delivery]) -> list[str]:
    """Who is invited, by what, and where they meet."""
    from pmctl.output.meeting_calendar import google_link, outlook_link

    facts = [f"meeting {found.id}: {', '.join(found.attendees)}"]
    facts += [f"{one.channel}: {one.answer}" for one in sent if one.state == "sent"]
    if found.calendar == "google" and found.announced is None:
        whose = f" of {found.account}" if found.account else ""
        facts.append(f"Google Calendar{whose} {'sends the cancellation' if found.cancelled else 'has invited them'}")
    elif not found.cancelled and not sent and found.calendar != "google":
        facts += [f"Google Calendar: {google_link(entry)}", f"Outlook: {outlook_link(entry)}"]
    return facts + (
        [f"they meet at {found.link}"] if found.room != "none" and found.link and not found.cancelled else []
    )


def _unsent(sent: Sequence[Delivery]) -> list[str]:
    """What is to be said of invitations that were not taken, or may not have been."""
    refused = [f"{one.channel} was not invited: {one.answer}" for one in sent if one.state == "refused"]
    unsure = [one for one in sent if one.state in ("unknown", "intended")]
    return refused + [
        f"nobody knows whether {one.channel} got the invitation: {one.answer or 'no answer'}" for one in unsure
    ]


def _write(session: Session, target: str, text: str) -> None:
    """A calendar to stdout, or to a file."""
    if target == "-":
        session.rows(text)
        return
    from pmctl.errors import EnvironmentProblem
    from pmctl.files import write_atomic

    try:
        write_atomic(Path(target), text.encode())
    except OSError as error:
        raise EnvironmentProblem(f"{target} cannot be written ({error.strerror})", hint="name another file") from None


@app.command()
def agenda(
    ctx: typer.Context,
    id: Id,
    to: Annotated[str, typer.Option("--to", metavar="md|html|ics|json", help="In which form.")] = "md",
    length: Annotated[str, typer.Option("--for", metavar="LENGTH", help="15m to 2h; else that of the meeting.")] = "",
    meeting: _Meeting = "",
) -> None:
    """What a meeting goes through, from the postmortem: its decisions and gaps, open questions, items without an owner.

    The minutes of the points add up to the meeting's.
    """
    from pmctl.cli.session import now
    from pmctl.errors import NotFound, UsageProblem
    from pmctl.insight.agenda import agenda as read
    from pmctl.insight.meeting_settings import minutes_of
    from pmctl.insight.meetings import chosen, when
    from pmctl.output import agenda as output
    from pmctl.workflow.meetings import entry_of, settings_of

    session: Session = ctx.obj
    choose_format(to, ("md", "html", "ics", "json"), "--to")
    workspace = session.workspace
    name = workspace.find(id)
    minutes = minutes_of(length) if length else None
    if length and minutes is None:
        raise UsageProblem(f"--for {length}: no length of a meeting", hint="write 15m to 2h, as in 45m")
    planned: Meeting | None = None
    try:
        planned = chosen(workspace.head, name, meeting)
    except NotFound:
        if meeting or to == "ics":
            raise
    if to == "ics" and planned is not None:
        from pmctl.output.meeting_calendar import ics

        session.rows(ics([entry_of(workspace, name, planned, now())], "PUBLISH"))
        return
    minutes = minutes or (planned.minutes if planned is not None else settings_of(workspace).minutes)
    found = read(workspace, name, minutes, when(planned) if planned is not None else "", now())
    if to == "json":
        session.json("agenda", found)
    else:
        session.rows(output.markdown(found) if to == "md" else output.html(found))


@app.command("list")
def list_(
    ctx: typer.Context,
    id: OptionalId = "",
    format: Annotated[
        str, typer.Option("--format", metavar="text|json|ics", help="How the answer is printed; ics is a feed.")
    ] = "text",
) -> None:
    """The meetings about one postmortem, or about all, the earliest first; times are UTC."""
    from pmctl.cli.session import now
    from pmctl.insight.meetings import every_meeting, listed
    from pmctl.output.meeting_calendar import ics
    from pmctl.workflow.meetings import entry_of

    session: Session = ctx.obj
    choose_format(format, ("text", "json", "ics"))
    workspace = session.workspace
    docs = [workspace.find(id)] if id else []
    if format == "ics":
        entries = [entry_of(workspace, doc, one, now()) for doc, one in every_meeting(workspace.head, docs)]
        session.rows(ics(entries, "PUBLISH"))
        return
    found = listed(workspace.head, docs, now())
    if format == "json":
        session.json("meetings", found)
        return
    rows = [
        (one.meeting, one.at[:16].replace("T", " "), str(one.minutes), one.state, str(len(one.attendees)), one.link,
         one.postmortem)
        for one in found.meetings if not one.problem
    ]  # fmt: skip
    session.table(
        ("MEETING", "AT (UTC)", "MIN", "STATE", "PEOPLE", "LINK", "POSTMORTEM"), rows, known={row[-1] for row in rows}
    )
    for one in found.meetings:
        if one.problem:
            session.warn(f"a meeting of {one.postmortem} cannot be read: {one.problem}")
    session.note(plural(len(rows), "meeting"))
