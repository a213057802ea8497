"""notify and remind: what leaves for channels and people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import choose_format, chosen_day

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.insight.reminders import Reminders
    from pmctl.repository.deliveries import Delivery
    from pmctl.workflow.notify import Notified
    from pmctl.workflow.remind import Narrowed
    from pmctl.workflow.sending import Outlet

DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would be sent, without tokens, and send nothing.")]
ToDir = Annotated[
    Path | None, typer.Option("--to-dir", metavar="DIR", help="Write mail as .eml files there in place of sending it.")
]


def notify(
    ctx: typer.Context,
    postmortem: Annotated[str, typer.Argument(metavar="[ID]", help="Send this one's card now; needs --to.")] = "",
    to: Annotated[str, typer.Option("--to", metavar="CHANNEL", help="A channel of pmctl.yaml, or @HANDLE.")] = "",
    channel: Annotated[list[str] | None, typer.Option("--channel", metavar="NAME", help="Only this channel.")] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="REV", help="With --dry-run: what happened after this event or commit.")
    ] = "",
    resend: Annotated[
        bool, typer.Option("--resend", help="Also send again what nobody knows about, whether it arrived.")
    ] = False,
    dry_run: DryRun = False,
    to_dir: ToDir = None,
    format: Annotated[str, typer.Option("--format", metavar="text|json", help="How the answer is printed.")] = "text",
) -> None:
    """Tell channels and people what happened since they were told last, each thing once.

    Channels are those of notify.channels in pmctl.yaml. What was sent is kept in refs/pmctl/delivered, so CI, cron and
    a laptop can all run it. Exit code 1 when something was refused or nobody knows whether it arrived.
    """
    from pmctl.errors import UsageProblem
    from pmctl.workflow import notify as workflow

    session: Session = ctx.obj
    choose_format(format)
    if bool(postmortem) != bool(to):
        raise UsageProblem("an ID and --to go together", hint="pmctl notify ID --to CHANNEL")
    if since and not dry_run:
        raise UsageProblem("--since only looks", hint="add --dry-run: what was sent and what not is known without it")
    with outlet_of(session, to_dir) as out:
        if postmortem:
            name = session.workspace.find(postmortem)
            found = workflow.show(session.workspace, out, name, to, dry_run=dry_run)
        else:
            if not out.settings.channels and not out.settings.people:
                raise UsageProblem("pmctl.yaml names nobody to tell", hint="add notify.channels: docs/notifications.md")
            found = workflow.notify(
                session.workspace, out, channels=channel or (), begin=since, resend=resend, dry_run=dry_run
            )
    tell(session, found, format)


@contextmanager
def outlet_of(session: Session, to_dir: Path | None, on: str = "") -> Iterator[Outlet]:
    """Everything that messages may leave by; as if it were the day `on`."""
    from pmctl.cli.session import now
    from pmctl.workflow.notify import read_settings
    from pmctl.workflow.sending import outlet

    workspace = session.workspace
    settings = read_settings(workspace)
    moment, day = now(), chosen_day(on, "--on")
    if day is not None:
        moment = moment.replace(year=day.year, month=day.month, day=day.day)
    with outlet(session.secrets, settings, workspace.policy, moment, session.note, to_dir) as out:
        yield out


def tell(session: Session, found: Notified, format: str) -> None:
    """Say what was sent, and end with 1 where not everything certainly was."""
    if format == "json":
        session.json("notify", found)
    else:
        _print(session, found)
    session.end_if_incomplete(found.incomplete)
    if found.unknown or any(one.state != "sent" for one in found.deliveries):
        raise typer.Exit(1)


def _print(session: Session, found: Notified) -> None:
    from pmctl.text import plural, safe_block

    for one in found.planned:
        session.result(f"would tell {one.channel}: {one.what}")
        session.result(safe_block(one.request))
    for name in found.first_seen:
        who = "people are" if name == "@" else f"{name} is"
        session.note(
            f"{who} told for the first time: of what happens from now on (--dry-run --since REV shows earlier)"
        )
    for delivery in found.deliveries:
        _print_delivery(session, delivery)
    others = [one for one in found.unknown if one not in found.deliveries]
    for delivery in others:
        session.warn(f"nobody knows whether {delivery.channel} got this on {delivery.at}: {delivery.what}")
    if others:
        session.note(f"  look there, and send what is missing again{_from(others)}: pmctl notify --resend")
    sent = sum(one.state == "sent" for one in found.deliveries)
    if found.planned:
        session.note(f"{plural(len(found.planned), 'message')} would be sent")
    elif found.deliveries:
        session.note(f"{sent} of {plural(len(found.deliveries), 'message')} sent")
    elif not found.unknown and not found.incomplete:
        session.note("nothing new")


def _from(open_ones: Sequence[Delivery]) -> str:
    """From when on `--resend` takes all of these, where another run may be sending one of them still."""
    from pmctl.cli.session import now
    from pmctl.text import parse_utc, utc
    from pmctl.workflow.delivering import UNDER_WAY, may_be_sent_again

    left = [parse_utc(one.at) for one in open_ones if not may_be_sent_again(one, now(), resend=True)]
    begun = max((at for at in left if at is not None), default=None)
    return f", from {utc(begun + UNDER_WAY)} on, since another run may be sending it still" if begun else ""


def _print_delivery(session: Session, one: Delivery) -> None:
    if one.state == "sent":
        session.result(f"told {one.channel}: {one.what}")
        if "not for" in one.answer:
            session.warn(f"{one.channel}: {one.answer}")
    elif one.state == "refused":
        session.warn(f"{one.channel} was not told: {one.what}")
        session.note(f"  {one.answer}")
    else:
        session.warn(f"nobody knows whether {one.channel} was told: {one.what}")
        session.note(f"  {one.answer}; look there, and send it again: pmctl notify --resend")


def remind(
    ctx: typer.Context,
    on: Annotated[
        str, typer.Option("--on", metavar="DATE", help="With --dry-run or --format: as if it were this day.")
    ] = "",
    owner: Annotated[list[str] | None, typer.Option("--owner", metavar="HANDLE", help="Only this person.")] = None,
    team: Annotated[
        list[str] | None, typer.Option("--team", metavar="NAME", help="Only of this team's postmortems and members.")
    ] = None,
    resend: Annotated[
        bool, typer.Option("--resend", help="Also send again what nobody knows about, whether it arrived.")
    ] = False,
    dry_run: DryRun = False,
    to_dir: ToDir = None,
    format: Annotated[
        str, typer.Option("--format", metavar="text|md|html|json", help="Print the reminders and send nothing.")
    ] = "",
) -> None:
    """Remind each owner of what is overdue and due this week, and channels of all of it; nothing twice on a day.

    Also of postmortems whose next target is late or will be within a day, those whose turn it is. People are reached as
    notify.people says, channels are those that are told item-overdue; on the days of notify.quiet nothing is sent.
    """
    from pmctl.errors import UsageProblem
    from pmctl.workflow import remind as workflow

    session: Session = ctx.obj
    if format:
        choose_format(format, ("text", "md", "html", "json"))
    if on and not (dry_run or format):
        raise UsageProblem("--on only looks", hint="add --dry-run or --format text")
    narrowed = _narrowed(session, owner or (), team or ())
    with outlet_of(session, to_dir, on) as out:
        if format:
            _show(session, workflow.reminders(session.workspace, out, out.moment, narrowed), format)
            return
        if not out.settings.people and not out.settings.channels:
            raise UsageProblem("pmctl.yaml names nobody to remind", hint="add notify.people: docs/notifications.md")
        quiet = out.moment.astimezone(session.workspace.zone).weekday() in out.settings.quiet
        found = workflow.remind(session.workspace, out, narrowed, resend=resend, dry_run=dry_run)
    if quiet:
        session.note("today is one of notify.quiet: nobody is reminded")
        return
    tell(session, found, "text")


def _narrowed(session: Session, owners: Sequence[str], teams: Sequence[str]) -> Narrowed:
    from pmctl.cli.options import choose_known
    from pmctl.workflow.remind import Narrowed

    handles = tuple(one.removeprefix("@") for one in owners)
    session.require_people(handles)
    if teams:
        choose_known("--team", teams, session.workspace.policy.teams, strict=True)
    return Narrowed(handles, tuple(teams))


def _show(session: Session, found: Reminders, format: str) -> None:
    from pmctl.output import reminders as output
    from pmctl.text import safe_block

    if format == "json":
        session.json("reminders", found)
    elif format == "text":
        session.result(safe_block(output.text(found)).rstrip("\n") or "nothing is overdue or due")
        if found.quiet:
            session.note(f"{found.day} is one of notify.quiet: nobody would be reminded")
    else:
        session.rows(output.markdown(found) if format == "md" else output.html(found))
    session.end_if_incomplete(found.incomplete)
