"""Of what people are to be reminded on a day: (repository, day) -> entries, for owners and for channels.

Action items that are overdue or due within a week; and of postmortems under way the target that comes next, when it is
late or will be within a day, with whose turn it is. What a person or a channel may not read, it is not reminded of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pmctl.document.fields import Status
from pmctl.document.markdown_text import line
from pmctl.insight.card import Cards
from pmctl.insight.catalog import Item, Summary
from pmctl.insight.event import EventKind
from pmctl.insight.notify_settings import Channel
from pmctl.insight.status_overview import status_reports
from pmctl.insight.targets import Target, next_targets, sentence
from pmctl.policy.audience import ORGANIZATION, Audience, Circle, may_read
from pmctl.repository.workspace import Workspace
from pmctl.text import plural

WEEK = timedelta(days=7)

Kind = Literal["overdue", "due", "late", "soon"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing of which somebody is reminded. `key` is the same on every day; `who` are those who can do it.

    An item is overdue or due within a week. A target is late when it can no longer be met, which is said once, or soon.
    """

    key: str
    kind: Kind
    postmortem: str
    title: str
    what: str
    due: str
    who: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reminder:
    """What one person (@HANDLE) or one channel is reminded of."""

    channel: str
    entries: tuple[Entry, ...]

    @property
    def reason(self) -> str:
        """Why somebody gets it, in one line."""
        counts = {kind: sum(one.kind == kind for one in self.entries) for kind in ("overdue", "due", "late", "soon")}
        said = (
            f"{plural(counts['overdue'], 'action item')} overdue" if counts["overdue"] else "",
            f"{plural(counts['due'], 'action item')} due this week" if counts["due"] else "",
            f"{plural(counts['late'], 'postmortem')} late" if counts["late"] else "",
            f"{plural(counts['soon'], 'postmortem')} due within a day" if counts["soon"] else "",
        )
        return ", ".join(one for one in said if one)


@dataclass(frozen=True, slots=True)
class Reminders:
    """pmctl remind: who is reminded of what on a day.

    `quiet` says that nobody is on that day of the week. `incomplete` says why the history here does not tell all of it:
    then targets are not among it, and nothing is sent.
    """

    day: str
    quiet: bool
    reminders: tuple[Reminder, ...]
    incomplete: str = ""


def entries(workspace: Workspace, summaries: Sequence[Summary], moment: datetime) -> list[Entry]:
    """Everything that is to be done, the most urgent first: days are those of the team's time zone."""
    found = [one for summary in summaries for one in _items(summary, workspace, moment)]
    found += _targets(workspace, summaries, moment)
    return sorted(found, key=lambda one: (one.due, one.key))


def _items(summary: Summary, workspace: Workspace, moment: datetime) -> Iterable[Entry]:
    today = moment.astimezone(workspace.zone).date()
    if summary.problem or summary.status == Status.ARCHIVED:
        return
    for item in summary.items:
        due = item.due_date
        if not item.open or due is None or due > today + WEEK:
            continue
        late = (today - due).days
        when = (
            f"{plural(late, 'day')} late" if late > 0 else "due today" if not late else f"due in {plural(-late, 'day')}"
        )
        what = f"{item.id or 'an action item'} is {when}: {line(item.description, 200)}"
        yield Entry(
            f"{summary.id}/{_name(item)}", "overdue" if late > 0 else "due", summary.id,
            line(summary.title, 200) or summary.id, what, due.isoformat(), (item.owner,) if item.owner else (),
        )  # fmt: skip


def _name(item: Item) -> str:
    return item.id or f"line-{item.line}"


def _targets(workspace: Workspace, summaries: Sequence[Summary], moment: datetime) -> list[Entry]:
    """The target that comes next for each postmortem under way, when it is late or near."""
    ended = {one.id: one.resolved_at for one in summaries if one.status in (Status.DRAFT, Status.IN_REVIEW)}
    if not ended:
        return []
    reports = status_reports(workspace, moment.astimezone(workspace.zone).date())
    return [_target(one) for one in next_targets(workspace, ended, reports, moment)]


def _target(one: Target) -> Entry:
    kind: Kind = "late" if one.late else "soon"
    title = line(one.title, 200) or one.postmortem
    key = f"{kind}:{one.postmortem}:{one.step}"
    return Entry(key, kind, one.postmortem, title, f"{title} {sentence(one)}", one.until[:10], one.who)


def for_owners(found: Iterable[Entry], cards: Cards) -> list[Reminder]:
    """One reminder for each person of the policy who has something to do, and may read what it is about."""
    mine: dict[str, list[Entry]] = {}
    for one in found:
        for handle in one.who:
            person = cards.policy.people.get(handle)
            audience = Audience(Circle.PERSON, handle)
            if person is not None and person.kind == "person" and _may_read(one, audience, cards):
                mine.setdefault(handle, []).append(one)
    return [Reminder(f"@{handle}", tuple(those)) for handle, those in sorted(mine.items())]


def for_channels(found: Sequence[Entry], channels: Mapping[str, Channel], cards: Cards) -> list[Reminder]:
    """The digest of each channel that is told what is overdue: a team's of what belongs to the team."""
    digests = []
    for channel in channels.values():
        if EventKind.ITEM_OVERDUE not in channel.events:
            continue
        audience = Audience(Circle.TEAM, channel.team) if channel.team else ORGANIZATION
        its = [
            one for one in found
            if _may_read(one, audience, cards)
            and (not channel.team or channel.team in cards.of(one.postmortem).readers.teams)
        ]  # fmt: skip
        if its:
            digests.append(Reminder(channel.name, tuple(its)))
    return digests


def _may_read(one: Entry, audience: Audience, cards: Cards) -> bool:
    return may_read(cards.of(one.postmortem).readers, audience, cards.policy)


def lines(reminder: Reminder) -> tuple[str, ...]:
    """What is said of each entry; a channel is told who can do it."""
    several = len({one.postmortem for one in reminder.entries}) > 1 or not reminder.channel.startswith("@")
    return tuple(_line(one, reminder.channel, several) for one in reminder.entries)


def _line(one: Entry, channel: str, several: bool) -> str:
    who = "" if channel.startswith("@") else f", {' or '.join(one.who) or 'nobody'}"
    where = f" ({one.title}{who})" if one.kind in ("overdue", "due") else f" ({who[2:]})" if who else ""
    return f"{one.what}{where if several or one.kind in ('overdue', 'due') else ''}"
