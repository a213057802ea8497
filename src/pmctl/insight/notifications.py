"""What is to be told to whom: (events, settings, who may read) -> notices. Nothing is sent and nothing read here.

What a channel or a person is told of one postmortem goes as one message, however much of it came at once; a webhook
gets every event by itself, for programs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from pmctl.insight.card import Cards
from pmctl.insight.event import Event, EventKind
from pmctl.insight.event_words import RANK, sentence, to_person
from pmctl.insight.notify_settings import Channel, System
from pmctl.policy.audience import ORGANIZATION, Audience, Circle
from pmctl.policy.model import PERSON
from pmctl.services.message import Message

PEOPLE = "@"
"""The channel by which it is known how far people were told."""
_LINES = 12


@dataclass(frozen=True, slots=True)
class Notice:
    """One message and where it goes: the name of a channel, or @HANDLE."""

    channel: str
    events: tuple[str, ...]
    message: Message


def for_channel(channel: Channel, found: Iterable[Event], cards: Cards, day: str) -> list[Notice]:
    """What a channel is told of these events."""
    wanted = [one for one in found if one.kind in channel.events and _may_hear(channel, one, cards)]
    single = channel.system is System.WEBHOOK
    return [_notice(channel.name, group, cards, day, whole=single) for group in _grouped(wanted, single=single)]


def _may_hear(channel: Channel, event: Event, cards: Cards) -> bool:
    """Whether a channel is told of an event: a team's of what belongs to the team, everybody's of what all may read."""
    if not event.postmortem:
        return not channel.team
    if not channel.team:
        return cards.may_read(event.postmortem, ORGANIZATION, event.visibility, event.teams)
    its = channel.team in event.teams and (
        channel.team in cards.of(event.postmortem).readers.teams or event.kind is EventKind.DELETED
    )
    audience = Audience(Circle.TEAM, channel.team)
    return its and cards.may_read(event.postmortem, audience, event.visibility, event.teams)


def for_people(
    found: Iterable[Event], cards: Cards, day: str, wanted: Callable[[str, str], bool] = lambda channel, event: True
) -> list[Notice]:
    """What single people are told: who is asked for review, mentioned, given an item, or sent back a postmortem.

    Nobody is told what they did themselves, or what they may not read; services and agents have no letter box.
    `wanted` says of @HANDLE and the id of an event whether it is still to be told.
    """
    told: dict[tuple[str, str], list[Event]] = {}
    for event in found:
        for handle in _asked(event, cards):
            person = cards.policy.people.get(handle)
            if person is None or person.kind != PERSON or handle == event.by or handle not in cards.policy.present:
                continue
            if not wanted(f"@{handle}", event.id):
                continue
            audience = Audience(Circle.PERSON, handle)
            if cards.may_read(event.postmortem, audience, event.visibility, event.teams):
                told.setdefault((handle, event.postmortem), []).append(event)
    return [_to(handle, events, cards, day) for (handle, _), events in told.items()]


def _asked(event: Event, cards: Cards) -> tuple[str, ...]:
    """Of whom an event wants something."""
    details = event.details
    if event.kind is EventKind.REVIEW_REQUESTED:
        asked = details.get("reviewers", ())
        return asked if isinstance(asked, tuple) else ()
    if event.kind is EventKind.MENTIONED:
        return (event.subject,)
    if event.kind is EventKind.ITEM_ASSIGNED:
        return (str(details.get("to", "")),)
    if event.kind is EventKind.ITEM_ADDED:
        return (str(details.get("owner", "")),)
    if event.kind is EventKind.CHANGES_REQUESTED:
        return (cards.of(event.postmortem).author,)
    return ()


def _grouped(found: Sequence[Event], *, single: bool) -> list[list[Event]]:
    groups: dict[str, list[Event]] = {}
    for event in found:
        # What concerns the repository is told by itself, too: it is about nothing that others are about.
        groups.setdefault(event.id if single or not event.postmortem else event.postmortem, []).append(event)
    return list(groups.values())


def _notice(channel: str, group: Sequence[Event], cards: Cards, day: str, *, whole: bool) -> Notice:
    """The message about one postmortem; the event that counts most is its reason."""
    main = min(group, key=lambda one: (RANK.index(one.kind) if one.kind in RANK else len(RANK), -group.index(one)))
    others = [one for one in group if one is not main]
    lines = tuple(sentence(one) for one in others[:_LINES])
    if len(others) > _LINES:
        lines += (f"and {len(others) - _LINES} more",)
    name = main.postmortem
    if name:
        card = cards.of(name)
        message = card.message(main.id, f"{card.title}: {sentence(main)}", day, cards.settings.url, lines)
    else:
        message = Message(main.id, sentence(main), day, lines)
    ids = tuple(one.id for one in group)
    if whole:
        message = replace(message, events=tuple(asdict(one) for one in group))
    return Notice(channel, ids, message)


def _to(handle: str, group: Sequence[Event], cards: Cards, day: str) -> Notice:
    card = cards.of(group[0].postmortem)
    told = [to_person(one, card.title, asked=handle) for one in group]
    shown = (*told[1:_LINES], f"and {len(told) - _LINES} more") if len(told) > _LINES else tuple(told[1:])
    message = card.message(group[0].id, told[0], day, cards.settings.url, shown)
    return Notice(f"@{handle}", tuple(one.id for one in group), message)
