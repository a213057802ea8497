"""What a meeting about a postmortem goes through. (document, discussion, findings) -> points with their minutes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from pmctl.document.actions import action_items
from pmctl.document.reader import Document
from pmctl.document.timeline import entries
from pmctl.insight.card import plain
from pmctl.insight.discussion import listed
from pmctl.insight.readiness import judged_as_submitted, not_ready
from pmctl.repository.workspace import Workspace
from pmctl.services.message import cut
from pmctl.services.message import listed as shortened
from pmctl.text import plural

_POINTS = (
    ("Review the summary", ("Summary", "Impact", "Detection"), 10),
    ("Walk through the timeline", ("Timeline", "Response"), 30),
    ("Root cause and its open questions", (), 30),
    ("Action items", ("Action Items", "Resolution"), 20),
    ("Lessons", ("Lessons Learned",), 10),
)
"""Each point, the sections that belong to it (none: all the others), and its share of the time in percent."""
_DECISION = re.compile(
    r"\b(?:decid\w+|decision|chose|choos\w+|agree[ds]?|opted|declar\w+|escalat\w+|roll(?:ed|ing)? ?back|rollback"
    r"|fail(?:ed|ing)? ?over|approv\w+|abandon\w+|switch(?:ed|ing)?|paged|call(?:ed)? off)\b",
    re.IGNORECASE,
)
_QUIET = 10 * 60  # seconds without an entry that are worth no question
_MOST, _LONGEST = 15, 200


@dataclass(frozen=True, slots=True)
class Point:
    """One point: how many minutes it gets, and what is to be asked or looked at."""

    title: str
    minutes: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agenda:
    """pmctl meeting agenda: the points of a meeting, whose minutes add up to its own. `at` is when it is, in words, ""
    for one that is not planned yet."""

    id: str
    title: str
    at: str
    minutes: int
    points: tuple[Point, ...]


def agenda(workspace: Workspace, name: str, minutes: int, at: str, now: datetime) -> Agenda:
    """The agenda of a meeting about the postmortem `name` as it stands in the work tree."""
    document = workspace.read(name)
    notes: dict[str, list[str]] = {title: [] for title, _, _ in _POINTS}
    titles = list(notes)
    notes[titles[0]] += _first_sentence(document)
    notes[titles[1]] += [*_decisions(document), *_gaps(document)]
    notes[titles[3]] += _items(document)
    for thread in listed(workspace.head, [name]):
        if not thread.resolved:
            said = thread.messages[0].text if thread.messages else ""
            notes[_point_of(thread.now_in or thread.section)].append(f"Open comment of {thread.writer}: {_line(said)}")
    for one in not_ready(document, judged_as_submitted(workspace, now)):
        notes[_point_of(_section_at(document, one.line))].append(f"To be mended: {_line(one.message)} ({one.code})")
    if not notes[titles[4]]:
        notes[titles[4]].append("What went well, what did not, where were we lucky?")
    shares = split(minutes, [share for _, _, share in _POINTS])
    points = (
        Point(title, part, tuple(shortened(notes[title], _MOST))) for title, part in zip(titles, shares, strict=True)
    )
    return Agenda(name, _line(document.title) or name, at, minutes, tuple(points))


def split(minutes: int, shares: Sequence[int]) -> list[int]:
    """Whole minutes by shares that add up to `minutes`: rounded down, and what is left goes to the largest rests."""
    whole = sum(shares)
    parts = [minutes * share // whole for share in shares]
    rests = sorted(range(len(shares)), key=lambda at: (-(minutes * shares[at] % whole), at))
    for at in rests[: minutes - sum(parts)]:
        parts[at] += 1
    return parts


def _point_of(section: str) -> str:
    """The point at which a section is talked about."""
    return next((title for title, sections, _ in _POINTS if section in sections), _POINTS[2][0])


def _section_at(document: Document, line: int) -> str:
    return max(((one.line, one.title) for one in document.sections if one.line <= line), default=(0, ""))[1]


def _line(text: str) -> str:
    return cut(plain(text), _LONGEST)


def _first_sentence(document: Document) -> list[str]:
    section = document.section("Summary")
    text = plain(section.text) if section is not None else ""
    return [cut(text, _LONGEST)] if text else ["There is no summary yet."]


def _decisions(document: Document) -> Iterator[str]:
    for one in entries(document):
        if _DECISION.search(one.text):
            yield f"Decision at {_line(one.time)}: {_line(one.text)}. What was known then?"


def _gaps(document: Document) -> Iterator[str]:
    """Stretches of a quarter of the timeline, or more, in which nothing is written down."""
    times = sorted({one.at for one in entries(document) if one.at is not None})
    for first, second in pairwise(times):
        length = (second - first).total_seconds()
        if length >= _QUIET and length * 4 >= (times[-1] - times[0]).total_seconds():
            minutes = plural(int(length // 60), "minute")
            yield f"{minutes} without an entry, from {first:%H:%M} to {second:%H:%M} UTC. What happened?"


def _items(document: Document) -> Iterable[str]:
    for item in action_items(document):
        lacking = [word for word, there in (("an owner", item.owner), ("a date", item.due_date)) if not there]
        if item.is_open and lacking:
            yield f"{item.id or 'An item'} needs {' and '.join(lacking)}: {_line(item.description)}"
