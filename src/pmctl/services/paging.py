"""Does a file hold a whole list, or one page of it? Systems say so beside the list, each in its own words.

What is judged by one page of an export would be an all-clear for pages that nobody saw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pmctl.services.cursor import Cursor

# Where a system says which page this is, beside the list itself.
_PLACES = (("links",), ("_links",), ("paging",), ("pagination",), ("pagination_meta",), ("meta",), ("cursor",),
           ("meta", "pagination"), ("meta", "page"), ("page_info",), ("pageInfo",))  # fmt: skip
_MORE = ("more", "has_more", "hasMore", "hasNextPage", "has_next_page", "incomplete_results")
_LAST = ("isLast", "is_last")
_NEXT = ("next", "next_page", "nextPage", "nextPageToken", "next_page_token", "next_cursor")
# Given on the last page too: believed when the page is full, or nobody says how many entries a page has.
_MARKS = ("after", "next_offset")
_BEFORE = ("prev", "previous", "prev_page", "previous_page")
_OFFSETS = ("offset", "startAt")
_SIZES = ("page_size", "pageSize", "per_page", "size", "limit", "maxResults")
_TOTALS = ("total", "total_count", "totalCount", "total_record_count", "count")
_NUMBERS, _PAGES = ("page", "current_page"), ("pages", "total_pages", "last_page")


_WORDS = (
    *_MORE,
    *_LAST,
    *_NEXT,
    *_MARKS,
    *_BEFORE,
    *_OFFSETS,
    *_SIZES,
    *_TOTALS,
    *_NUMBERS,
    *_PAGES,
    "truncatedAlerts",
)
_LISTS_OF_RECORDS = ("incidents", "issues")
_UNNAMED = ("data", "values", "results", "result")


@dataclass(frozen=True, slots=True)
class Page:
    """A list that a file holds, as a page of a longer one.

    `of` is the list that it is a page of: pages of the same one complete each other. `total` is 0 and `speaks` False
    where nobody says how long that list is.
    """

    file: str
    of: tuple[str, ...]
    entries: str
    count: int
    total: int
    speaks: bool
    goes_on: bool
    came_before: bool


def pages_in(
    file: str, root: Cursor, records: Sequence[Cursor], lists: Sequence[str], *, several: bool = False
) -> Iterator[Page]:
    """The pages in one value of a file: the list at its top, and those that come with its records.

    `lists` are the keys that the system has lists under; `several` says that there are other incidents beside.
    """
    holders: list[tuple[str, str, Cursor]] = [("records" if records else "", "", root)]
    holders += [("", key, place) for key, place in root.members() if key in ("data", "result") and not records]
    for record in records:
        mark = record.path if several else ""
        inner = [record, record.at("fields"), record.at("attributes")]
        holders += [(mark, key, place) for one in inner for key, place in one.members() if place.mapping]
    for mark, name, holder in holders:
        key = next((key for key in lists if holder.at(key).list), "")
        if key:
            entries = name if name and key in _UNNAMED else key
            mark = "records" if not name and key in _LISTS_OF_RECORDS else mark
            yield _page(file, (mark, entries), entries, holder.at(key), holder)


def _page(file: str, of: tuple[str, ...], entries: str, listed: Cursor, holder: Cursor) -> Page:
    """The list of a holder, with what stands beside it."""
    beside = [holder, *(place for path in _PLACES if (place := holder.at(*path)).mapping)]
    count = sum(1 for _ in listed.each())
    truncated = max(_numbers(beside, ("truncatedAlerts",)), default=0)
    total = count + truncated if truncated else max(_numbers(beside, _TOTALS), default=0)
    size = max(_numbers(beside, _SIZES), default=0)
    number = max(_numbers(beside, _NUMBERS), default=0)
    goes_on = (
        any(place.at(key).value is True for place in beside for key in _MORE)
        or any(place.at(key).value is False for place in beside for key in _LAST)
        or _holds(beside, _NEXT)
        or (_holds(beside, _MARKS) and count >= size and not 0 < total <= count)
        or 0 < number < max(_numbers(beside, _PAGES), default=0)
    )
    before = _holds(beside, _BEFORE) or number > 1 or max(_numbers(beside, _OFFSETS), default=0) > 0
    speaks = any(place.has(key) for place in beside for key in _WORDS)
    return Page(file, of, entries.replace("_", " "), count, total, speaks, goes_on, before)


def _holds(places: Iterable[Cursor], keys: Sequence[str]) -> bool:
    return any(bool(place.at(key)) and place.at(key).value is not False for place in places for key in keys)


def _numbers(places: Iterable[Cursor], keys: Sequence[str]) -> Iterator[int]:
    for place in places:
        for key in keys:
            value = place.at(key).text
            if value.isdecimal() and len(value) < 10:
                yield int(value)


def what_lacks(pages: Iterable[Page]) -> tuple[str, ...]:
    """A sentence for each list of which there is more than the given pages."""
    lists: dict[tuple[str, ...], list[Page]] = {}
    for page in pages:
        lists.setdefault(page.of, []).append(page)
    return tuple(sentence for given in lists.values() if (sentence := _lack(given)))


def _lack(given: Sequence[Page]) -> str:
    spoken = [page for page in given if page.speaks]
    count, total = sum(page.count for page in given), max(page.total for page in given)
    begins, ends = any(not page.came_before for page in spoken), any(not page.goes_on for page in spoken)
    if not spoken or (begins and ends and count >= total):
        return ""
    entries = "entries" if given[0].entries in _UNNAMED else given[0].entries
    what = f"{count} of {total} {entries}" if total > count else f"{count} {entries} and says that there are more"
    return f"{spoken[0].file}: holds {what}"
