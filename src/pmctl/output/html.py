"""A postmortem as one HTML page that needs nothing else: readable, printable, and safe to open.

Document -> facts, body and evidence as values -> `page.html.j2` with autoescape. The page's own policy
(Content-Security-Policy) allows its one style sheet and embedded pictures, and nothing from elsewhere, so
that a mistake here would still not run a script or call home.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from pmctl.document.actions import action_items
from pmctl.document.pictures import attachment_path
from pmctl.document.reader import Document, read
from pmctl.output.html_body import ShowImage, body_html
from pmctl.output.images import MAX_PICTURES, ReadAttachment, data_uri
from pmctl.output.markdown import to_markdown
from pmctl.output.terminal import duration
from pmctl.text import harmless, parse_utc, single_line

Evidence = Mapping[str, object]
"""What a caller knows about approvals and signatures: texts, numbers and true/false become facts, lists of
mappings become tables, with the keys as labels."""

_TIMES = (
    ("started_at", "Started"), ("detected_at", "Detected"), ("acknowledged_at", "Acknowledged"),
    ("mitigated_at", "Mitigated"), ("resolved_at", "Resolved"),
)  # fmt: skip
_BANNERS = {
    "DRAFT": ("draft", "Draft", "Work in progress. Nobody has reviewed it yet."),
    "IN_REVIEW": ("in-review", "In review", "Complete enough to comment on, not yet approved."),
    "PUBLISHED": ("published", "Published", "Reviewed and final."),
    "ARCHIVED": ("archived", "Archived", "Kept for the record; no longer current."),
}
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


def to_html(
    document: Document,
    *,
    today: date,
    names: Mapping[str, str] | None = None,
    read_attachment: ReadAttachment | None = None,
    evidence: Evidence | None = None,
    marks: Sequence[str] = (),
    approved: Sequence[str] = (),
    lang: str = "en",
) -> str:
    """The page. `today` decides what is overdue; `names` maps handles to names.

    `read_attachment` reads pictures from the postmortem's folder (`images.folder_reader`); without it, and for
    what it can't give, a picture becomes its alternative text. `marks` are sentences about what the document's file
    says and no signed record proves, `approved` the reviewers whose approvals count. The same input, the same page.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    title = _title(document)
    clean = read(to_markdown(document).encode("utf-8"), document.path)
    final = document.status in ("PUBLISHED", "ARCHIVED")
    body, contents = body_html(
        clean.body,
        title=title,
        show_image=_embedding(document.id, read_attachment),
        overdue_lines=frozenset(item.line - clean.body_line for item in action_items(clean) if item.overdue(today)),
        hide_empty=final,
    )
    style = _resource("page.css")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(_resource("page.html.j2")).render(
        lang=lang,
        title=title,
        status=document.status,
        banner=banner(document.status),
        marks=marks,
        lead=_lead(document),
        facts=facts(document, names or {}, approved),
        contents=contents,
        body=Markup(body),  # noqa: S704  # made by body_html, which escapes everything from the document
        evidence=_evidence(evidence) if evidence else None,
        identity=document.id,
        style=Markup(style),  # noqa: S704  # the package's own file
        style_digest=base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii"),
    )
    return harmless(page)


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

    times = {key: parse_utc(str(meta.get(key))) for key, _ in _TIMES}
    start = times["started_at"]
    for key, label in _TIMES:
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


def _title(document: Document) -> str:
    """The title on one line; without one the first heading of level 1, as documents not yet managed have it."""
    first = next((heading.title for heading in document.headings if heading.level == 1), "")
    return single_line(document.title) or re.sub("[`*]", "", first) or document.id or "Postmortem"


def _lead(document: Document) -> str:
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


def _embedding(postmortem: str, read_attachment: ReadAttachment | None) -> ShowImage:
    """Gives pictures as `data:` addresses until the page's budget for pictures is used up."""
    left = MAX_PICTURES

    def show(target: str) -> str | None:
        nonlocal left
        path = attachment_path(target, postmortem)
        if path is None or read_attachment is None:
            return None
        data = read_attachment(path)
        if data is None or len(data) > left:
            return None
        left -= len(data)
        return data_uri(data)

    return show


def _evidence(evidence: Evidence) -> EvidenceView:
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


@cache
def _resource(name: str) -> str:
    from importlib.resources import files

    return files("pmctl.output").joinpath(name).read_text(encoding="utf-8")
