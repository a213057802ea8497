"""What of a postmortem is told at one glance: (repository, commit) -> its facts, and who may read them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pmctl.document.fields import Visibility
from pmctl.document.markdown_text import line, shortened
from pmctl.document.reader import Document, tables
from pmctl.document.structure import comment_spans
from pmctl.insight.standing import shown
from pmctl.insight.summary import summarise
from pmctl.ledger.snapshot import Snapshot
from pmctl.policy.audience import Audience, Readers, may_read, said_visibility
from pmctl.policy.model import Policy
from pmctl.repository.settings import Settings
from pmctl.services.message import Message
from pmctl.text import parse_utc, plural

_SUMMARY = 500  # characters
_IMPACT = 200
_STATES = {"DRAFT": "Draft", "IN_REVIEW": "In review", "PUBLISHED": "Published", "ARCHIVED": "Archived"}
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_MARKS = re.compile(r"(?m)[*`]|^\s*(?:#+|[-+>]|\d+[.)])\s+|(?<!\w)_+|_+(?!\w)")
_SENTENCE = re.compile(r"[.!?](?=\s)")


@dataclass(frozen=True, slots=True)
class Card:
    """The facts of one postmortem. Without `readers` nobody may be told more than that there was one."""

    id: str
    readers: Readers
    author: str = ""
    title: str = ""
    state: str = ""
    severity: str = ""
    duration: str = ""
    impact: str = ""
    summary: str = ""
    approved: str = ""

    def message(self, key: str, reason: str, day: str, url: str, lines: tuple[str, ...] = ()) -> Message:
        """A message about it."""
        return Message(
            key, reason, day, lines, self.id, self.title, self.state, self.severity, self.duration, self.impact,
            self.summary, self.approved, page_url(url, self.id) if self.state else "",
        )  # fmt: skip


def page_url(url: str, name: str) -> str:
    """Where the page of a postmortem is, below `url` of the settings; "" where that is not set."""
    return f"{url}postmortems/{name}.html" if url and name else ""


@dataclass(slots=True)
class Cards:
    """The cards of a commit, each read once."""

    snapshot: Snapshot
    policy: Policy
    settings: Settings
    known: dict[str, Card] = field(default_factory=dict)

    def of(self, name: str) -> Card:
        """The card of a postmortem as it is there; of one that is gone or cannot be read its id alone."""
        if name not in self.known:
            self.known[name] = self._read(name)
        return self.known[name]

    def may_read(self, name: str, audience: Audience, visibility: str, teams: tuple[str, ...]) -> bool:
        """Whether an audience may be told of what happened when the postmortem was visible so, and is as it is now."""
        now = self.of(name).readers
        then = Readers(said_visibility(visibility or None) or self._usual, teams, now.people)
        return all(may_read(one, audience, self.policy) for one in (now, then))

    @property
    def _usual(self) -> Visibility:
        return Visibility(self.settings.visibility)

    def _read(self, name: str) -> Card:
        there = self.snapshot.document(name)
        if there is None:  # deleted: what was known when it happened decides
            return Card(name, Readers(Visibility.ORGANIZATION), title=name)
        found = shown(self.snapshot, self.snapshot.source.documents.document(there), name)
        document = found.document
        if not document.readable:
            return Card(name, Readers(Visibility.PRIVATE), title=name)
        short = summarise(document, document.path)
        names = {handle: person.name for handle, person in self.policy.people.items()}
        people = (short.author, *short.reviewers, *short.editors, *short.participants)
        visibility = said_visibility(short.visibility or None) or self._usual
        return Card(
            name,
            Readers(visibility, short.teams, tuple(dict.fromkeys(one for one in people if one))),
            short.author,
            line(short.title, 300) or name,
            _STATES.get(short.status, short.status),
            line(short.severity, 60),
            _duration(short.started_at, short.resolved_at),
            _impact(document),
            _summary(document),
            ", ".join(names.get(one, one) or one for one in found.approved),
        )


def _duration(begin: str, end: str) -> str:
    """How long it took, in the two largest units."""
    first, last = parse_utc(begin), parse_utc(end)
    if first is None or last is None or last < first:
        return ""
    minutes = int((last - first).total_seconds() // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    told = (plural(days, "day") if days else "", plural(hours, "hour") if hours else "")
    rest = plural(minutes % 60, "minute") if not days and (minutes % 60 or not hours) else ""
    return " ".join(one for one in (*told, rest) if one)


def _impact(document: Document) -> str:
    """The rows of the Impact table as one line."""
    section = document.section("Impact")
    if section is None:
        return ""
    rows = [row.cells for table in tables(document, section)[:1] for row in table.rows]
    told = (": ".join(plain(cell.text) for cell in cells[:2] if cell.text.strip()) for cells in rows)
    return shortened("; ".join(one for one in told if one), _IMPACT)


def _summary(document: Document) -> str:
    """The first sentences of the summary."""
    section = document.section("Summary")
    text = plain(section.text) if section is not None else ""
    if len(text) <= _SUMMARY:
        return text
    ends = [match.end() for match in _SENTENCE.finditer(text[:_SUMMARY])]
    return text[: ends[-1]] if ends else shortened(text, _SUMMARY)


def plain(markdown: str) -> str:
    """Markdown as plain text on one line: without comments, marks and the addresses of links."""
    at, kept = 0, []
    for start, end in comment_spans(markdown):
        kept.append(markdown[at:start])
        at = end
    text = "".join([*kept, markdown[at:]])
    return line(_MARKS.sub("", _LINK.sub(r"\1", text)))
