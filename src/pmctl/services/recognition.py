"""Which system wrote a record, told by its shape.

The module of every system answers the same question about one parsed file: does it hold my incident records, or parts
of one (log entries, notes)? What the file lacks is kept, so that the error for an unrecognised one can name it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass

from pmctl.services.cursor import Cursor

# A record can be wrapped; these are the places to look, from the outermost inwards.
_WRAPPERS = ("incident", "data", "issue", "incidents", "issues")
OTHER_VALUES = ("values of the expected form",)
"""What a candidate lacks that has all the keys, when its values are not those of the system."""
# What may stand beside an empty list: the page that it is, and whether there are more.
_PAGING = frozenset(("links", "cursor", "pagination", "pagination_meta", "meta", "page", "paging", "query"))
# Where any of these says something, there is a record or a refusal, and not nothing.
_TELLING = frozenset(
    ("id", "title", "name", "message", "summary", "description", "subject", "number", "code", "detail", "reason",
     "error", "errors", "error_message", "errorMessages")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an incident that came apart from its record. `incidents` are the ids that it names."""

    data: Cursor
    incidents: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Recognition:
    """A source's judgement of one file.

    `score` is 0 when nothing was recognised, otherwise the higher the surer; `missing` is what the
    nearest candidate lacked and `nearness` how much of the rest it had (0 to 1). `stand_ins` are used in
    place of a record when no other file has it. `strangers` are the items beside the records, in the same list, that
    are none.
    """

    score: int = 0
    missing: tuple[str, ...] = ()
    nearness: float = 0.0
    records: tuple[Cursor, ...] = ()
    parts: tuple[Part, ...] = ()
    stand_ins: tuple[Cursor, ...] = ()
    strangers: tuple[Cursor, ...] = ()


def candidates(data: Cursor, *keys: str) -> list[Cursor]:
    """Where records may be: the root, below the usual wrappers and `keys`, and lists in those places."""
    places = (data, *(data.at(key) for key in dict.fromkeys((*_WRAPPERS, *keys))))
    return [place for place in places if place.mapping or place.list]


def score_match(
    places: Iterable[Cursor],
    required: tuple[str, ...],
    hints: tuple[str, ...] = (),
    *,
    accept: Callable[[Cursor], bool] | None = None,
    parts: tuple[Part, ...] = (),
    stand_ins: tuple[Cursor, ...] = (),
) -> Recognition:
    """Hold each candidate against a shape.

    `required` and `hints` name keys; "a|b" means either. Every required one has to hold something, each
    hint makes the judgement surer, `accept` looks at values. Parts without a record count little.
    A place that is a list is judged by its first items, and item by item when one of them fits.
    """
    records: list[Cursor] = []
    strangers: list[Cursor] = []
    best, nearest, missing = 0, 0.0, required
    for listed in _places(places, required):
        refused = []
        for place in listed:
            lacking = _lacking(place, required)
            near = 1 - len(lacking) / len(required)
            if lacking or (accept is not None and not accept(place)):
                refused.append(place)
                if near > nearest:
                    nearest, missing = near, lacking or OTHER_VALUES
                continue
            records.append(place)
            best = max(best, 10 * len(required) + 10 * sum(_present(place, key) for key in hints))
        if len(refused) < len(listed):
            strangers += refused
    if records:
        return Recognition(best, (), 1.0, tuple(records), parts, strangers=tuple(strangers))
    if parts:
        return Recognition(15, missing, nearest, (), parts, stand_ins)
    return Recognition(0, missing, nearest)


def _places(places: Iterable[Cursor], required: tuple[str, ...]) -> Iterator[list[Cursor]]:
    for place in places:
        if place.list:
            fits = any(item.mapping and not _lacking(item, required) for item in place.sample())
            yield [item for item in (place.each() if fits else place.sample()) if item.mapping]
        elif place.mapping:
            yield [place]


def _lacking(place: Cursor, required: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(" or ".join(key.split("|")) for key in required if not _holds(place, key))


def _holds(place: Cursor, keys: str) -> bool:
    return any(bool(place.at(key)) for key in keys.split("|"))


def _present(place: Cursor, keys: str) -> bool:
    return any(place.has(key) for key in keys.split("|"))


def parts_among(places: Iterable[Cursor], is_entry: Callable[[Cursor], object], *identity: str) -> tuple[Part, ...]:
    """The lists among `places` that hold entries of an incident (log entries, notes, follow-ups).

    `is_entry` tells such an entry; `identity` is the path in it to the id of its incident, where it names one.
    """
    return tuple(
        Part(place, frozenset(text for item in place.each() if identity and (text := item.at(*identity).text)))
        for place in places
        if any(is_entry(item) for item in place.sample())
    )


def entries_of(parts: Iterable[Cursor], incident: str, *identity: str) -> Iterator[Cursor]:
    """The entries in these lists that name this incident, or none at all."""
    for part in parts:
        for item in part.each():
            if not incident or item.at(*identity).text in ("", incident):
                yield item


def holds_nothing(data: Cursor, lists: Container[str]) -> bool:
    """Whether this is an export or a part without a single entry: an empty list, alone or where a system has one.

    `lists` are the keys of such lists. An answer that says anything else is not nothing: a record, or a refusal.
    """
    if data.list:
        return data.value == []
    empty = False
    for key, place in data.members():
        # Without entries an incident may have null for them; null in place of the incidents is an answer that failed.
        blank = place.value == [] or (place.value is None and key not in _WRAPPERS)
        if key in lists and (blank or (place.mapping and holds_nothing(place, lists))):
            empty = True
        # A mapping is a record here, also one that lost its fields.
        elif (place.mapping and key not in _PAGING) or (place and (place.list or key in _TELLING)):
            return False
    return empty
