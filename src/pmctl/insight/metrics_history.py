"""How each postmortem and each item lived, as the events of history tell it. Events in, lives out.

A moment is what whoever did it claims, held against history: nothing happened after it landed, and nothing before what
it rests on (an approval before the submission, the end of an item before the item). What claims otherwise counts at the
nearest moment that is possible, and is a remark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pmctl.insight.event import Event, EventKind
from pmctl.insight.metrics_facts import Remark, Review, later_by
from pmctl.policy.state import ARCHIVED, DRAFT, IN_REVIEW, PUBLISHED
from pmctl.text import parse_utc

SLACK = 300
"""Seconds that clocks may differ by."""
LATE = 30 * 86400
"""Seconds between a claim and its landing from which the difference is worth a remark."""
_STATUS = {
    EventKind.CREATED: DRAFT, EventKind.SUBMITTED: IN_REVIEW, EventKind.CHANGES_REQUESTED: DRAFT,
    EventKind.WITHDRAWN: DRAFT, EventKind.PUBLISHED: PUBLISHED, EventKind.ARCHIVED: ARCHIVED,
    EventKind.REOPENED: DRAFT,
}  # fmt: skip
_ANSWERS = (EventKind.APPROVED, EventKind.CHANGES_REQUESTED)
_DONE = (EventKind.ITEM_COMPLETED, EventKind.ITEM_WONT_DO)
_ROUND_ENDS = (EventKind.PUBLISHED, EventKind.CHANGES_REQUESTED, EventKind.WITHDRAWN, EventKind.REOPENED)


@dataclass(slots=True)
class ItemLife:
    """What history tells of an item; see MeasuredItem."""

    added: int
    first_due: str
    closed: int | None = None
    slips: list[tuple[int, int]] = field(default_factory=list)
    reopened: int = 0


@dataclass(slots=True)
class Life:
    """What history tells of a postmortem; see Measured. `status` is "" while no act has moved it."""

    created: int | None = None
    submitted: int | None = None
    approved: int | None = None
    published: int | None = None
    status: str = ""
    amended: int = 0
    reopened: int = 0
    last: int = 0
    reviews: list[Review] = field(default_factory=list)
    items: dict[str, ItemLife] = field(default_factory=dict)


@dataclass(slots=True)
class Lives:
    """Every postmortem that is there by its id, those that were deleted, and what does not add up."""

    lives: dict[str, Life] = field(default_factory=dict)
    deleted: dict[str, None] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)


def lives_of(events: Iterable[Event]) -> Lives:
    """The lives that these events tell, in the order in which they landed."""
    found = Lives()
    for event in events:
        name = event.postmortem
        if not name:
            continue
        if event.kind is EventKind.DELETED:
            found.lives.pop(name, None)
            found.remarks = [one for one in found.remarks if one.postmortem != name]
            found.deleted[name] = None
            continue
        life = found.lives.setdefault(name, Life())
        if event.kind is EventKind.CREATED:
            found.deleted.pop(name, None)
        if event.subject and event.kind.value.startswith("item-"):
            _item(found, life, event)
        elif event.kind in _STATUS or event.kind in (*_ANSWERS, EventKind.REVIEW_REQUESTED, EventKind.AMENDED):
            _act(found, life, event)
    return found


def _act(found: Lives, life: Life, event: Event) -> None:
    kind = event.kind
    at = _moment(found, event, life.last)
    life.last = max(life.last, at)
    if kind in _ANSWERS:
        _answered(life, event.by, at, kind.value)
    if kind is EventKind.CREATED:
        life.created = at
    elif kind is EventKind.SUBMITTED:
        life.submitted = at if life.submitted is None else life.submitted
    elif kind is EventKind.APPROVED and life.published is None:
        life.approved = at
    elif kind is EventKind.PUBLISHED:
        life.published = at if life.published is None else life.published
    elif kind is EventKind.AMENDED:
        life.amended += 1
    elif kind is EventKind.REOPENED:
        life.reopened += 1
    elif kind is EventKind.REVIEW_REQUESTED:
        asked = event.details.get("reviewers", ())
        life.reviews += [Review(who, at, None, "") for who in (asked if isinstance(asked, tuple) else ())]
    if kind in _ROUND_ENDS:
        life.reviews = [one._replace(ended=True) if one.answered is None else one for one in life.reviews]
    if kind is not EventKind.CREATED and kind in _STATUS:
        life.status = _STATUS[kind]


def _answered(life: Life, who: str, at: int, answer: str) -> None:
    """Note an answer at the question that it answers; one that nobody had asked for stands by itself."""
    for number, one in enumerate(life.reviews):
        if one.reviewer == who and one.answered is None and not one.ended:
            life.reviews[number] = one._replace(answered=at, answer=answer)
            return
    life.reviews.append(Review(who, None, at, answer))


def _item(found: Lives, life: Life, event: Event) -> None:
    kind = event.kind
    if kind is EventKind.ITEM_ADDED:
        life.items[event.subject] = ItemLife(_moment(found, event, 0), str(event.details.get("due", "")))
    elif kind is EventKind.ITEM_REMOVED:
        life.items.pop(event.subject, None)
    elif (item := life.items.get(event.subject)) is not None:
        if kind in _DONE:
            item.closed = _moment(found, event, item.added)
        elif kind is EventKind.ITEM_REOPENED:
            item.closed = None
            item.reopened += 1
        elif kind is EventKind.ITEM_DUE_MOVED:
            before, after = str(event.details["from"]), str(event.details["to"])
            item.first_due = item.first_due or after
            if days := later_by(before, after):
                item.slips.append((_moment(found, event, item.added), days))


def _moment(found: Lives, event: Event, earliest: int) -> int:
    """When something happened, as far as history lets it: not after it landed, and not before `earliest`."""
    landed, claimed = _seconds(event.landed_at), _seconds(event.at)
    at = max(min(claimed, landed), min(earliest, landed))
    said = ""
    if claimed > landed + SLACK:
        said = f"{event.kind} is claimed for {event.at}, and landed at {event.landed_at} already"
    elif claimed < earliest - SLACK and earliest <= landed:
        said = f"{event.kind} is claimed for {event.at}, before what it rests on"
    elif landed - claimed > LATE:
        said = f"{event.kind} is claimed for {event.at[:10]}, and history has it since {event.landed_at[:10]}"
    if said:
        found.remarks.append(Remark(event.postmortem, event.subject, said))
    return at


def _seconds(text: str) -> int:
    """A time of an event; records are read strictly, so that it always is one."""
    at = parse_utc(text)
    return int(at.timestamp()) if at is not None else 0
