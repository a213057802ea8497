"""What metrics are made of: each postmortem of a commit with the dates that history knows of it. Values only.

Times are seconds since 1970 and None where nobody says them; days are as written. The first fields of a postmortem and
an item are what the file says, the others what history tells; `metrics_reading` brings both together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pmctl.document.fields import ItemStatus
from pmctl.text import parse_day

_OPEN = (ItemStatus.OPEN.value, ItemStatus.IN_PROGRESS.value)
MOMENTS = ("started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at")
"""The times of an incident in the front matter, in the order in which they come."""


class MeasuredItem(NamedTuple):
    """One action item. `added` is when history first has it, `closed` when it was completed or decided against last,
    None while it is open and where history does not know. `slips` are (when, days) of each move to a later day,
    `first_due` is the day that it began with, `reopened` how often it was taken up again after it was closed.
    """

    id: str
    text: str
    owner: str
    due: str
    priority: str
    status: str
    kind: str
    prevents: str
    added: int | None = None
    closed: int | None = None
    first_due: str = ""
    slips: tuple[tuple[int, int], ...] = ()
    reopened: int = 0

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return self.status in _OPEN


class Review(NamedTuple):
    """One question to a reviewer: when it was asked, None for an approval nobody had asked for again; when and how it
    was answered. `ended` says that the round went on without the answer."""

    reviewer: str
    asked: int | None
    answered: int | None
    answer: str
    ended: bool = False


class Measured(NamedTuple):
    """One postmortem. `times` are those of MOMENTS; `created` to `published` the first time that each happened, of
    approvals the last one before the first publication. `adopted` says that it came from before pmctl: then history
    knows nothing of how it was made.
    """

    id: str
    title: str
    status: str
    author: str
    severity: str
    visibility: str
    teams: tuple[str, ...]
    services: tuple[str, ...]
    root_causes: tuple[str, ...]
    factors: tuple[str, ...]
    times: tuple[int | None, ...]
    incidents: tuple[tuple[str, str], ...]
    items: tuple[MeasuredItem, ...]
    adopted: bool = False
    created: int | None = None
    submitted: int | None = None
    approved: int | None = None
    published: int | None = None
    amended: int = 0
    reopened: int = 0
    reviews: tuple[Review, ...] = ()

    @property
    def started(self) -> int | None:
        """When the impact began."""
        return self.times[0]

    @property
    def resolved(self) -> int | None:
        """When the incident was over."""
        return self.times[4]

    @property
    def day(self) -> str:
        """The day of the incident, as the id begins."""
        return self.id[:10]

    @property
    def minutes(self) -> float | None:
        """Minutes of impact, from the start of the incident to its end; None when either is not said, or they are the
        wrong way round."""
        start, end = self.times[0], self.times[4]
        return (end - start) / 60 if start is not None and end is not None and end >= start else None

    @property
    def causes(self) -> tuple[str, ...]:
        """Root causes and contributing factors, each once."""
        return tuple(dict.fromkeys((*self.root_causes, *self.factors)))


class Remark(NamedTuple):
    """Something that the numbers rest on and that does not add up, or was left out, and of which postmortem."""

    postmortem: str
    item: str
    text: str


class Facts(NamedTuple):
    """Everything at one commit. `targets` are seconds after the end of an incident, by phase; `deleted` are the ids of
    postmortems that were there and are not any more. `incomplete` says why history is not all there: then no time that
    rests on it is known."""

    as_of: str
    as_of_at: int
    policy: int
    time_zone: str
    targets: Mapping[str, int]
    words: tuple[str, ...]
    postmortems: tuple[Measured, ...]
    deleted: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    incomplete: str = ""


def to_plain(facts: Facts) -> list[Any]:
    """Facts as JSON data; named tuples are lists in it."""
    return [*facts]


def from_plain(value: list[Any]) -> Facts:
    """Facts from what `to_plain` made. Raises TypeError, ValueError, IndexError for anything else."""
    as_of, at, policy, zone, targets, words, postmortems, deleted, remarks, incomplete = value
    made = tuple([_measured(one) for one in postmortems])
    told = tuple(Remark(*one) for one in remarks)
    return Facts(as_of, at, policy, zone, dict(targets), tuple(words), made, tuple(deleted), told, incomplete)


def _measured(row: list[Any]) -> Measured:
    row[6:11] = map(tuple, row[6:11])
    row[11] = tuple(map(tuple, row[11]))
    for item in row[12]:
        item[11] = tuple([(at, days) for at, days in item[11]])
    row[12] = tuple(map(MeasuredItem._make, row[12]))
    row[20] = tuple(map(Review._make, row[20]))
    return Measured._make(row)


def later_by(before: str, after: str) -> int:
    """By how many days a due day was moved to a later one; 0 when it was not, or either is no day."""
    old, new = parse_day(before), parse_day(after)
    return max((new - old).days, 0) if old is not None and new is not None else 0
