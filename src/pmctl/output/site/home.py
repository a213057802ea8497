"""What a site's first page says: what needs somebody, what was published last, and the year at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from pmctl.document.completeness import section_texts, text_of
from pmctl.document.fields import Status
from pmctl.document.markdown_text import shortened
from pmctl.document.reader import Document
from pmctl.insight.publication import Publication
from pmctl.insight.summary import Item
from pmctl.output.charts import Point, columns
from pmctl.output.markdown_parser import parser
from pmctl.output.site.entries import day_words, minutes
from pmctl.output.site.names import file_name
from pmctl.text import harmless, listed, parse_utc, plural, single_line

LATEST = 8
_OWNERS, _ITEMS_EACH, _WAITING = 12, 3, 20
_TWO_LINES = 220  # characters


@dataclass(frozen=True, slots=True)
class Waiting:
    """A postmortem in review: since when, and what it waits for, in words."""

    id: str
    title: str
    since: str
    waits_for: str


@dataclass(frozen=True, slots=True)
class Late:
    """An overdue action item."""

    text: str
    days: str
    due: str
    postmortem: str
    title: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Who has overdue items; `path` is their page's, "" without one; `more` counts what is not listed here."""

    name: str
    path: str
    items: tuple[Late, ...]
    more: int


def waiting(pages: Sequence[Publication], names: dict[str, str], today: date) -> tuple[Waiting, ...]:
    """What is in review, the longest first."""
    found = []
    for one in pages:
        if one.standing.status != Status.IN_REVIEW:
            continue
        missing = [handle for handle in one.standing.reviewers if handle not in one.standing.approved]
        whom = listed([harmless(names.get(handle, handle)) for handle in missing])
        author = harmless(names.get(one.summary.author, one.summary.author))
        at = parse_utc(one.standing.since)
        days = (today - at.date()).days if at else 0
        since = f"since {day_words(at.date())} ({plural(days, 'day')})" if at else ""
        words = f"waits for {whom}" if missing else f"approved by all; {author} can publish it"
        found.append((one.standing.since, Waiting(one.id, title_of(one), since, words)))
    return tuple(one for _, one in sorted(found, key=lambda each: each[0])[:_WAITING])


def title_of(one: Publication) -> str:
    """The title on one line."""
    return harmless(single_line(one.summary.title) or one.id)


def overdue(pages: Sequence[Publication], names: dict[str, str], today: date) -> tuple[Owner, ...]:
    """Who has overdue items, the most first, each with those that are late longest."""
    found: dict[str, list[tuple[Item, Publication]]] = {}
    for one in pages:
        for item in one.summary.items:
            if item.overdue(today):
                found.setdefault(single_line(item.owner), []).append((item, one))
    made = []
    for owner, items in sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))[:_OWNERS]:
        items.sort(key=lambda each: each[0].due)
        shown = tuple(_late(item, one, today) for item, one in items[:_ITEMS_EACH])
        name = harmless(names.get(owner, owner)) or "Nobody"
        made.append(Owner(name, f"people/{file_name(owner)}.html" if owner else "", shown, len(items) - len(shown)))
    return tuple(made)


def _late(item: Item, one: Publication, today: date) -> Late:
    days = (today - (item.due_date or today)).days
    text = shortened(plain_text(item.description), 120)
    return Late(harmless(text), f"{plural(days, 'day')} late", item.due, one.id, title_of(one))


def year(pages: Sequence[Publication], today: date) -> Markup:
    """Twelve months up to now: how many incidents, and how many minutes they took."""
    months = [divmod(today.year * 12 + today.month - 1 - back, 12) for back in range(11, -1, -1)]
    counts, lengths = dict.fromkeys(months, 0), dict.fromkeys(months, 0)
    for one in pages:
        month = (one.summary.day.year, one.summary.day.month - 1)
        if month in counts:
            counts[month] += 1
            lengths[month] += minutes(one.summary) or 0
    labels = {month: f"{date(month[0], month[1] + 1, 1):%b}" for month in months}
    chart = columns(
        "Incidents of the last twelve months, and how many minutes they took",
        [Point(labels[month], counts[month]) for month in months],
        [Point(labels[month], lengths[month]) for month in months],
        ("Incidents", "Minutes"),
    )
    return chart.figure


def two_lines(document: Document) -> str:
    """The beginning of the summary, as plain text."""
    text = plain_text(text_of("Summary", section_texts(document)) or "")
    return harmless(shortened(text, _TWO_LINES))


def plain_text(markdown: str) -> str:
    """The words of Markdown's paragraphs on one line, without markup."""
    words = []
    for token in parser().parse(markdown):
        if token.type == "inline":
            words += [child.content or " " for child in token.children or () if child.type in _WORDS]
            words.append(" ")
    return single_line("".join(words))


_WORDS = ("text", "code_inline", "softbreak", "hardbreak")
