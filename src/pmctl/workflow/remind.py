"""Remind people of what they are to do, and channels of what is overdue: one message each, nothing twice on a day."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pmctl import git
from pmctl.insight.catalog import Summary, proved_catalog
from pmctl.insight.notifications import Notice
from pmctl.insight.reminders import Entry, Reminder, Reminders, entries, for_channels, for_owners, lines
from pmctl.repository import deliveries
from pmctl.repository.deliveries import Book, Delivery
from pmctl.repository.workspace import Workspace
from pmctl.services.message import Message
from pmctl.workflow.delivering import Run, Wanted, deliver, may_be_sent_again
from pmctl.workflow.notify import Notified, cards_at, planned
from pmctl.workflow.sending import Outlet

_PREFIX = "remind-"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Only the entries of these people, and of these teams: their postmortems', and their members'."""

    owners: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()

    def has(self, one: Entry, summary: Summary, members: Sequence[str]) -> bool:
        """Whether an entry fits; of a team it is enough that one of its members can do it."""
        theirs = set(self.teams) & set(summary.teams) or set(members) & set(one.who)
        return (not self.owners or bool(set(self.owners) & set(one.who))) and (not self.teams or bool(theirs))


def reminders(workspace: Workspace, out: Outlet, moment: datetime, narrowed: Narrowed) -> Reminders:
    """Who is to be reminded of what at a moment, whatever was sent."""
    summaries = proved_catalog(workspace)
    cards = cards_at(workspace, workspace.head.commit)
    by_id = {one.id: one for one in summaries}
    members = [handle for team in narrowed.teams for handle in workspace.policy.teams.get(team, ())]
    found = [one for one in entries(workspace, summaries, moment) if narrowed.has(one, by_id[one.postmortem], members)]
    day = moment.astimezone(workspace.zone).date()
    owners = for_owners(found, cards)
    if narrowed.owners:
        owners = [one for one in owners if one.channel[1:] in narrowed.owners]
    digests = () if narrowed.owners else for_channels(found, out.settings.channels, cards)
    incomplete = git.is_shallow_or_partial(workspace.repo.common_dir)
    return Reminders(day.isoformat(), day.weekday() in out.settings.quiet, (*owners, *digests), incomplete)


def remind(
    workspace: Workspace, out: Outlet, narrowed: Narrowed, *, resend: bool = False, dry_run: bool = False
) -> Notified:
    """Send what was not sent today; on a quiet day nothing. Raises EnvironmentProblem where no ledger can be kept."""
    wanted = reminders(workspace, out, out.moment, narrowed)
    if wanted.quiet:
        return Notified()
    if wanted.incomplete:
        return Notified(incomplete=wanted.incomplete)
    book = deliveries.opened(workspace.repo)
    if not out.settings.people:
        wanted = replace(wanted, reminders=tuple(one for one in wanted.reminders if not one.channel.startswith("@")))

    def plan(now: Book) -> list[Wanted]:
        url = workspace.settings.url
        left = (_left(one, now, wanted.day, out.moment, resend=resend) for one in wanted.reminders)
        return [_wanted(one, wanted.day, url) for one in left if one.entries]

    if dry_run:
        return Notified((), _unknown(book, wanted.day), (), tuple(map(planned(out), plan(book))))
    run = Run(book)
    deliver(run, plan, out, lambda now: _superseded(now, run.done))
    return Notified(tuple(run.done), _unknown(run.book, wanted.day))


def _left(one: Reminder, book: Book, day: str, moment: datetime, *, resend: bool) -> Reminder:
    """A reminder without what was told today, and without the late targets that were told ever."""
    told = [
        past for past in book.of(one.channel)
        if past.state == "sent" or not may_be_sent_again(past, moment, resend=resend)
    ]  # fmt: skip
    today = {item for past in told for item in past.items if past.events[0].startswith(_PREFIX + day)}
    ever = {item for past in told for item in past.items if item.startswith("late:")}
    return replace(one, entries=tuple(entry for entry in one.entries if entry.key not in today | ever))


def _wanted(one: Reminder, day: str, url: str) -> Wanted:
    items = tuple(entry.key for entry in one.entries)
    mark = hashlib.sha256("\n".join(items).encode()).hexdigest()[:12]
    key = f"{_PREFIX}{day}-{mark}"
    told = tuple({"key": e.key, "kind": e.kind, "what": e.what, "due": e.due, "who": e.who} for e in one.entries)
    event = {"id": key, "kind": "reminder", "at": f"{day}T00:00:00Z", "postmortem": "", "entries": told}
    message = Message(key, one.reason, day, lines(one), url=url, events=(event,))
    return Wanted(Notice(one.channel, (key,), message), items=items)


def _superseded(book: Book, done: Sequence[Delivery]) -> dict[str, bytes | None]:
    """Reminders that were refused before: what is still to be done was said anew."""
    own = {one.events for one in done}
    changes: dict[str, bytes | None] = {}
    for one in book.open():
        if one.state == "refused" and one.events[0].startswith(_PREFIX) and one.events not in own:
            changes |= deliveries.dropped(one)
    return changes


def _unknown(book: Book, day: str) -> tuple[Delivery, ...]:
    """Today's reminders of which nobody knows whether they arrived."""
    return tuple(one for one in book.open() if one.state != "refused" and one.events[0].startswith(_PREFIX + day))
