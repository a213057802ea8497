"""Tell channels and people what happened since they were told last. (events, ledger) -> messages, each once.

Runs anywhere: in CI, by cron, on a laptop. What it has to know is in the ledger (`repository.deliveries`). A channel
that is seen for the first time is told of what happens from then on.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pmctl import git
from pmctl.errors import EnvironmentProblem, Refused, UsageProblem, advise
from pmctl.insight.card import Cards
from pmctl.insight.event import Event
from pmctl.insight.events import events, since
from pmctl.insight.notifications import PEOPLE, Notice, for_channel, for_people
from pmctl.insight.notify_settings import NotifySettings, notify_settings
from pmctl.policy.audience import ORGANIZATION, Audience, Circle, may_read
from pmctl.repository import deliveries
from pmctl.repository.deliveries import Book, Delivery, Told
from pmctl.repository.workspace import Workspace
from pmctl.text import did_you_mean, utc
from pmctl.workflow.delivering import Run, Wanted, deliver, may_be_sent_again
from pmctl.workflow.sending import Outlet, channel_named, request

_MARKS = 50


@dataclass(frozen=True, slots=True)
class Planned:
    """A message that would be sent: the channel or @HANDLE, why, and the request without tokens."""

    channel: str
    what: str
    postmortem: str
    request: str


@dataclass(frozen=True, slots=True)
class Notified:
    """pmctl notify: what was sent and what was not, what nobody knows about, and which channels are new.

    `planned` is what would be sent, with --dry-run. `incomplete` says why the history does not tell all of it: then
    nothing is sent.
    """

    deliveries: tuple[Delivery, ...] = ()
    unknown: tuple[Delivery, ...] = ()
    first_seen: tuple[str, ...] = ()
    planned: tuple[Planned, ...] = ()
    incomplete: str = ""


def read_settings(workspace: Workspace) -> NotifySettings:
    """The settings of notifications. Raises EnvironmentProblem when they cannot be used."""
    node = workspace.settings.blocks.get("notify")
    settings, findings = notify_settings(node)
    if findings:
        told = tuple((f"{one.path}:{one.line}:{one.column}: {one.message}", one.fix) for one in findings)
        raise EnvironmentProblem("notify in pmctl.yaml cannot be used", hint="correct it, then try again", details=told)
    return settings


def landed(workspace: Workspace, remote: str) -> str:
    """The commit up to which is told: where the protected branch is at the remote, or here without one."""
    branch, repo = workspace.policy.branch, workspace.repo
    places = (f"refs/remotes/{remote}/{branch}" if remote else "", f"refs/heads/{branch}", "HEAD")
    for place in places if branch else ("HEAD",):
        tip = place and git.run(repo.top, "rev-parse", "--verify", "--quiet", f"{place}^{{commit}}", check=False).text
        if tip:
            return tip
    raise EnvironmentProblem("there is no commit yet", hint=advise("init"))


@dataclass(frozen=True, slots=True)
class _Telling:
    """What a run tells: everything that happened up to `tip`, to these channels. `now` is when."""

    out: Outlet
    names: tuple[str, ...]
    tip: str
    now: str
    happened: tuple[Event, ...]
    cards: Cards
    resend: bool = False


def notify(
    workspace: Workspace,
    out: Outlet,
    *,
    channels: Sequence[str] = (),
    begin: str = "",
    resend: bool = False,
    dry_run: bool = False,
) -> Notified:
    """Tell what happened since the last time; with `dry_run` only say what would be sent, from `begin` if it is given.

    Raises UsageProblem for a channel that there is not, EnvironmentProblem where the ledger cannot be read or moved.
    """
    names = _chosen(out.settings, channels)
    book = deliveries.opened(workspace.repo)
    tip = landed(workspace, book.remote)
    told = {name: book.told(name) for name in names}
    if not begin and not _waiting(book, names) and all(one is not None and one.tip == tip for one in told.values()):
        return Notified()
    found = events(workspace.repo, tip)
    if found.incomplete:
        return Notified(incomplete=found.incomplete)
    cards = cards_at(workspace, tip)
    telling = _Telling(out, names, tip, utc(out.moment), found.events, cards, resend)
    first = tuple(name for name, one in told.items() if _place(one, found.events) is None)
    if dry_run:
        new = since(found.events, workspace.repo, tip, begin) if begin else None
        wanted = _plan(telling, book) if new is None else [Wanted(one) for one in _all(telling, new)]
        return Notified((), _unknown(book, names), () if begin else first, tuple(map(planned(out), wanted)))
    run = Run(book)
    deliver(run, lambda now: _plan(telling, now), out, lambda now: _marks(telling, now))
    return Notified(tuple(run.done), _unknown(run.book, names), first)


def planned(out: Outlet) -> Callable[[Wanted], Planned]:
    """What a message would be, without sending it."""

    def shown(wanted: Wanted) -> Planned:
        message = wanted.notice.message
        return Planned(wanted.notice.channel, message.reason, message.postmortem, request(wanted.notice, out))

    return shown


def cards_at(workspace: Workspace, tip: str) -> Cards:
    """What postmortems are told by at a commit, and the policy there, by which it is decided who may read them."""
    snapshot = workspace.at(tip)
    return Cards(snapshot, snapshot.policy()[0] or workspace.policy, workspace.settings)


def _chosen(settings: NotifySettings, channels: Sequence[str]) -> tuple[str, ...]:
    """The channels that are told, and people where a way to them is set."""
    if channels:
        return tuple(dict.fromkeys(channel_named(settings, one).name for one in channels))
    return (*settings.channels, *([PEOPLE] if settings.people else []))


def _plan(telling: _Telling, book: Book) -> list[Wanted]:
    """What is to be sent: first what was refused, or is asked for again; then what is new to each channel."""
    wanted = [again for one in _waiting(book, telling.names) for again in _again(telling, one)]
    for name in telling.names:
        at = _place(book.told(name), telling.happened)
        new = telling.happened[at:] if at is not None else ()
        wanted += [Wanted(one) for one in _fresh(telling, name, new, book)]
    return wanted


def _fresh(telling: _Telling, name: str, new: Sequence[Event], book: Book) -> list[Notice]:
    """The messages to a channel about what is new, without what was sent already or is being sent."""
    if name == PEOPLE:
        return for_people(new, telling.cards, telling.now[:10], lambda who, event: not book.knows(who, event))
    unsent = [one for one in new if not book.knows(name, one.id)]
    return for_channel(telling.out.settings.channels[name], unsent, telling.cards, telling.now[:10])


def _all(telling: _Telling, found: Sequence[Event]) -> list[Notice]:
    """The messages about these events, whatever was sent."""
    day = telling.now[:10]
    channels = telling.out.settings.channels
    return [
        notice
        for name in telling.names
        for notice in (
            for_people(found, telling.cards, day)
            if name == PEOPLE
            else for_channel(channels[name], found, telling.cards, day)
        )
    ]


def _again(telling: _Telling, one: Delivery) -> list[Wanted]:
    """The message of something open, made anew: what its channel may not be told any more is not sent."""
    name = _channel_of(one)
    if not may_be_sent_again(one, telling.out.moment, resend=telling.resend):
        return []
    found = [event for event in telling.happened if event.id in one.events]
    day = telling.now[:10]
    if name == PEOPLE:
        notices = [notice for notice in for_people(found, telling.cards, day) if notice.channel == one.channel]
    else:
        notices = for_channel(telling.out.settings.channels[name], found, telling.cards, day)
    return [Wanted(notice, one) for notice in notices]


def _place(told: Told | None, happened: Sequence[Event]) -> int | None:
    """Where a channel's new events begin; None for a channel that is told from now on: it was never seen, or history
    was rewritten so that nothing that it was told of is left."""
    if told is None:
        return None
    places = {event.id: number for number, event in enumerate(happened)}
    known = [places[mark] for mark in told.marks if mark in places]
    return max(known) + 1 if known else None if told.marks else 0


def _marks(telling: _Telling, book: Book) -> dict[str, bytes | None]:
    """How far each channel was told now."""
    marks = tuple(event.id for event in reversed(telling.happened[-_MARKS:]))
    changes: dict[str, bytes | None] = {}
    for name in telling.names:
        before = book.told(name)
        since_when = before.since if before is not None else telling.now
        changes |= deliveries.told(name, Told(since_when, telling.tip, marks))
    return changes


def _unknown(book: Book, names: Sequence[str]) -> tuple[Delivery, ...]:
    """What nobody knows about, whether it arrived."""
    return tuple(one for one in _waiting(book, names) if one.state != "refused")


def _waiting(book: Book, names: Sequence[str]) -> list[Delivery]:
    """What is open of what happened; a reminder or a card is not made again later."""
    return [one for one in book.open() if one.events[0].startswith("ev-") and _channel_of(one) in names]


def _channel_of(one: Delivery) -> str:
    return PEOPLE if one.channel.startswith("@") else one.channel


def show(workspace: Workspace, out: Outlet, name: str, to: str, *, dry_run: bool) -> Notified:
    """Send one postmortem's card to a channel or a person (@HANDLE) now.

    Raises Refused where not everybody there may read it, UsageProblem for a channel or person that there is not.
    """
    book = deliveries.opened(workspace.repo)
    cards = cards_at(workspace, landed(workspace, book.remote))
    if cards.snapshot.document(name) is None:
        raise Refused(
            f"{name} has not landed on {workspace.policy.branch or 'the branch'} yet", hint=advise("sync-again")
        )
    audience = _audience(out, to)
    card = cards.of(name)
    # What is committed here and not pushed yet counts, too: whoever asks has just decided who may read it.
    here = cards_at(workspace, workspace.head.commit)
    own = here.of(name).readers if here.snapshot.document(name) is not None else card.readers
    closed = next((one for one in (own, card.readers) if not may_read(one, audience, cards.policy)), None)
    if closed is not None:
        raise Refused(
            f"{name} is {closed.visibility}: not everybody in {to} may read it",
            hint="send it to a person who works on it, or to a channel of its team (audience: team:NAME)",
        )
    now = utc(out.moment)
    key = hashlib.sha256(f"{name} {to} {now} {secrets.token_hex(8)}".encode()).hexdigest()[:24]
    message = card.message(f"shown-{key}", f"{card.title} ({card.state.lower()})", now[:10], workspace.settings.url)
    told = {"id": message.id, "kind": "shown", "at": now, "postmortem": name}
    notice = Notice(to, (message.id,), replace(message, events=(told,)))
    if dry_run:
        return Notified(planned=(planned(out)(Wanted(notice)),))
    run = Run(book)
    deliver(run, lambda now: [Wanted(notice)], out)
    return Notified(tuple(run.done))


def _audience(out: Outlet, to: str) -> Audience:
    """Who reads what is sent there."""
    if not to.startswith("@"):
        team = channel_named(out.settings, to).team
        return Audience(Circle.TEAM, team) if team else ORGANIZATION
    handle = to[1:]
    if handle not in out.policy.people:
        hint = did_you_mean(handle, out.policy.people, "pmctl people list shows them")
        raise UsageProblem(f"the policy has nobody called {handle}", hint=hint)
    return Audience(Circle.PERSON, handle)
