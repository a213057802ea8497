"""What stands around the body of a postmortem on paper and on a page: title, state, facts and evidence, as values.

Document -> Banner, Fact, EvidenceView. The forms (`html`, `pdf`) lay them out; nothing here knows how.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pmctl.document.impact import measures
from pmctl.document.reader import Document
from pmctl.output.terminal import duration
from pmctl.text import parse_utc, single_line

Evidence = Mapping[str, object]
"""What a caller knows about approvals and signatures: texts, numbers and true/false become facts, lists of
mappings become tables, with the keys as labels."""

SHOWN_LARGE = "Duration"
"""The label of the fact that stands among the figures."""

TIMES = (
    ("started_at", "Started"), ("detected_at", "Detected"), ("acknowledged_at", "Acknowledged"),
    ("mitigated_at", "Mitigated"), ("resolved_at", "Resolved"),
)  # fmt: skip
_BANNERS = {
    "DRAFT": ("draft", "Draft", "Work in progress. Nobody has reviewed it yet."),
    "IN_REVIEW": ("in-review", "In review", "Complete enough to comment on, not yet approved."),
    "PUBLISHED": ("published", "Published", "Reviewed and final."),
    "ARCHIVED": ("archived", "Archived", "Kept for the record; no longer current."),
}
_PEOPLE = re.compile(
    r"\b(?:users?|customers?|clients?|people|persons?|accounts?|tenants?|members?|visitors?|merchants?|players?)\b",
    re.I,
)
_REQUESTS = re.compile(r"\b(?:requests?|orders?|payments?|transactions?|calls?|messages?|jobs?|bookings?)\b", re.I)
_REMARK = re.compile(r"[.,;:]\s|\s\(")  # what follows a figure says where it is from
_AMOUNT = re.compile(
    r"(?:(?:about|around|some|up to|at least|at most|over|nearly|almost)\s)?[~≈<>≤≥]?\s?\d[\d.,]{0,14}"
    r"(?:\s?%|[kKmM]\b)?(?:\s(?:million|thousand))?(?:\sof(?:\s(?:all|the))?(?:\s[~≈]?\d[\d.,]{0,14})?)?(?:\s[A-Za-z-]{1,14}){0,2}",
    re.I,
)
_WORDS = {"id": "ID", "url": "URL", "at": "At", "by": "By", "sha256": "SHA-256"}


@dataclass(frozen=True, slots=True)
class Banner:
    """The line that says how far a postmortem is; `kind` is part of a class name."""

    kind: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """One value of a fact: plain text, a link, or a time with its machine-readable form; `note` goes below it."""

    text: str
    url: str = ""
    machine: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its values."""

    label: str
    parts: tuple[Part, ...]
    wide: bool = False
    digest: bool = False

    @property
    def text(self) -> str:
        """The values as one text."""
        return ", ".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """A list of mappings as rows under the union of their keys."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Fact, ...], ...]


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """Evidence laid out."""

    facts: tuple[Fact, ...]
    tables: tuple[EvidenceTable, ...]


def banner(status: str) -> Banner:
    """How far a postmortem with this status is, in words."""
    kind, label, text = _BANNERS.get(
        status, ("draft", status.capitalize() or "No status", "Not a published postmortem.")
    )
    return Banner(kind, label, text)


def facts(document: Document, names: Mapping[str, str], approved: Sequence[str] = ()) -> tuple[Fact, ...]:
    """The front matter that readers want, in their order; what is missing or malformed is left out."""
    meta = document.meta
    found: list[Fact] = []

    def add(label: str, *parts: Part, wide: bool = False) -> None:
        if parts:
            found.append(Fact(label, parts, wide))

    times = {key: parse_utc(str(meta.get(key))) for key, _ in TIMES}
    start = times["started_at"]
    for key, label in TIMES:
        at = times[key]
        if at is not None:
            note = f"{duration(at - start)} after the start" if start is not None and at > start else ""
            add(label, Part(f"{at:%Y-%m-%d %H:%M} UTC", machine=f"{at:%Y-%m-%dT%H:%M:%SZ}", note=note))
    if start is not None and (end := times["resolved_at"]) is not None and end >= start:
        add("Duration", Part(duration(end - start)))
    add("Severity", *_texts(meta.get("severity")))
    add("Urgency", *(Part(part.text.capitalize()) for part in _texts(meta.get("urgency"))))
    add("Services", *_texts(meta.get("services")))
    add("Teams", *_texts(meta.get("teams")))
    for key in ("author", "participants", "reviewers"):
        add(key.capitalize(), *(Part(names.get(part.text, part.text)) for part in _texts(meta.get(key))))
    add("Approved by", *(Part(names.get(handle, handle)) for handle in approved))
    add("Incidents", *_incidents(meta.get("incidents")))
    add("Root causes", *_texts(meta.get("root_causes")))
    add("Contributing factors", *_texts(meta.get("contributing_factors")))
    add("Tags", *_texts(meta.get("tags")))
    custom = meta.get("fields")
    for key, value in custom.items() if isinstance(custom, dict) else ():
        add(_label(str(key)), *_texts(value))
    return tuple(found)


def status_words(text: str) -> str:
    """The status of an action item in words: `WONT_DO` -> `Won't do`."""
    plain = text.strip().lower().replace("_", " ").replace("-", " ")
    return "Won't do" if plain == "wont do" else text.replace("_", " ").capitalize()


def page_title(document: Document) -> str:
    """The title on one line; without one the first heading of level 1, as documents not yet managed have it."""
    first = next((heading.title for heading in document.headings if heading.level == 1), "")
    return single_line(document.title) or re.sub("[`*]", "", first) or document.id or "Postmortem"


def figures(document: Document) -> tuple[Fact, ...]:
    """The four figures that say how bad it was, of those that are known: how long, until detected, from then until
    resolved, and how many were affected. Times to acknowledge and mitigate fill in for what is not known."""
    times = {key: parse_utc(str(document.meta.get(key))) for key, _ in TIMES}
    spans = (
        ("Duration", "started_at", "resolved_at"), ("Time to detect", "started_at", "detected_at"),
        ("Time to resolve", "detected_at", "resolved_at"), ("Time to acknowledge", "detected_at", "acknowledged_at"),
        ("Time to mitigate", "started_at", "mitigated_at"),
    )  # fmt: skip
    found = []
    for label, first, last in spans:
        start, end = times[first], times[last]
        if start is not None and end is not None and end >= start:
            found.append(Fact(label, (Part(duration(end - start) if end > start else "at once"),)))
    affected = _affected(document)
    return (*found[:3], affected, *found[3:])[:4] if affected is not None else tuple(found[:4])


def _affected(document: Document) -> Fact | None:
    """What the Impact table says of people, otherwise of what they asked for; a number and a word or two of it."""
    said = [(_unmarked(one.type), _unmarked(one.measurement)) for one in measures(document)]
    for wanted in (_PEOPLE, _REQUESTS):
        for kind, amount in said:
            number = _AMOUNT.match(_REMARK.split(amount, maxsplit=1)[0])
            if wanted.search(f"{kind} {amount}") and number is not None:
                return Fact(single_line(kind) or "Affected", (Part(number[0].strip()),))
    return None


def _unmarked(text: str) -> str:
    return single_line(re.sub(r"!?\[([^\]\n]*)\]\([^)\n]*\)|<br ?/?>|[*`]", r"\1 ", text))


def lead(document: Document) -> str:
    """One line under the title: the day, the severity and how long it took."""
    start, end = (parse_utc(str(document.meta.get(key))) for key in ("started_at", "resolved_at"))
    parts = [f"{start.day} {start:%B %Y}" if start else document.id[:10]]
    parts += [part.text for part in _texts(document.meta.get("severity"))]
    if start and end and end > start:
        parts.append(duration(end - start))
    return " · ".join(part for part in parts if part)


def _texts(value: object) -> tuple[Part, ...]:
    """A scalar or a list of scalars as texts; anything else gives none."""
    items = value if isinstance(value, list | tuple) else [value]
    shown = [_scalar(item) for item in items]
    return tuple(Part(text) for text in shown if text)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return single_line(str(value)) if isinstance(value, str | int | float) else ""


def _incidents(value: object) -> tuple[Part, ...]:
    found = []
    for item in value if isinstance(value, list | tuple) else ():
        if not isinstance(item, dict):
            continue
        text = " ".join(filter(None, (_scalar(item.get("source")), _scalar(item.get("id")))))
        url = _scalar(item.get("url"))
        safe = url if url.lower().startswith(("https://", "http://")) else ""
        if text or safe:
            found.append(Part(text or safe, url=safe))
    return tuple(found)


def _label(key: str) -> str:
    """`cost_center` -> `Cost center`."""
    return _WORDS.get(key, key.replace("_", " ").strip().capitalize())


def evidence_view(evidence: Evidence) -> EvidenceView:
    """Evidence as facts and tables, in its own order."""
    found: list[Fact] = []
    tables: list[EvidenceTable] = []
    for key, value in evidence.items():
        if isinstance(value, list | tuple) and value and all(isinstance(item, dict) for item in value):
            tables.append(_evidence_table(_label(key), [item for item in value if isinstance(item, dict)]))
        elif isinstance(value, dict):
            for inner, content in value.items():
                found += _evidence_fact(f"{_label(key)}: {_label(str(inner)).lower()}", content)
        else:
            found += _evidence_fact(_label(key), value)
    return EvidenceView(tuple(found), tuple(tables))


def _evidence_fact(label: str, value: object) -> list[Fact]:
    parts = _texts(value)
    digest = any(part.text.startswith(("sha256:", "SHA256:")) for part in parts)
    return [Fact(label, parts, wide=digest, digest=digest)] if parts else []


def _evidence_table(title: str, rows: Sequence[Mapping[object, object]]) -> EvidenceTable:
    keys = list(dict.fromkeys(str(key) for row in rows for key in row))
    cells = tuple(tuple(next(iter(_evidence_fact("", row.get(key))), Fact("", ())) for key in keys) for row in rows)
    return EvidenceTable(title, tuple(_label(key) for key in keys), cells)
