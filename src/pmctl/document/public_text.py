"""The public text of a postmortem: bytes <-> PublicText, strictly, with findings in place of exceptions. Pure.

`.pmctl/public/<postmortem>.md`: front matter of its own and Markdown, which people edit like any file. Who allowed what
to stay stands in its front matter and is never rendered: `rendered_markdown` is exactly what leaves. docs/formats.md
specifies the form.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pmctl.codes import Code
from pmctl.document.fields import HANDLE, PAGE
from pmctl.document.finding import Finding
from pmctl.document.node_reader import NodeReader
from pmctl.document.reader import Document, read
from pmctl.document.strict_yaml import Node
from pmctl.document.yaml_text import flow, moment, quoted, scalar
from pmctl.text import parse_utc

FORM = "PM870"
MAX_BYTES = 64 * 1024
STATUSES = ("resolved", "monitoring", "identified", "investigating")
KEYS = ("page", "title", "started", "ended", "duration", "services", "status", "allowed")
_ALLOWED = ("text", "reason", "by")
_HTML = re.compile(r"<[/!?A-Za-z]|!\[")


class Allowed(NamedTuple):
    """A text that stays although redaction asked about it, why, and who says so."""

    text: str
    reason: str
    by: str


class Part(NamedTuple):
    """One section: its title and its Markdown."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class PublicText:
    """What customers are told. `page` names its page outside; it holds nothing of the postmortem's id. `started` and
    `ended` are moments in UTC, None where they are not told."""

    page: str
    title: str
    started: datetime | None
    ended: datetime | None
    duration: str
    services: tuple[str, ...]
    status: str
    allowed: tuple[Allowed, ...]
    parts: tuple[Part, ...]


def written(text: PublicText) -> bytes:
    """The file, as `draft` writes it; people may write the same otherwise."""
    lines = ["---", f"page: {quoted(text.page)}", *_front(text)]
    if text.allowed:
        lines += ["allowed:", *(f"  - {flow(one._asdict())}" for one in text.allowed)]
    lines.append("---")
    return ("\n".join(lines) + "\n\n" + _body(text.parts)).encode()


def rendered_markdown(text: PublicText) -> bytes:
    """What leaves, as Markdown: without the page's name and without what was allowed. Its digest is signed."""
    return ("\n".join(("---", *_front(text), "---")) + "\n\n" + _body(text.parts)).encode()


def _front(text: PublicText) -> list[str]:
    """The lines of front matter that leave."""
    times = (("started", text.started), ("ended", text.ended))
    lines = [f"title: {scalar(text.title)}"]
    lines += [f"{key}: {moment(at)}" for key, at in times if at is not None]
    lines += [f"duration: {scalar(text.duration)}"] if text.duration else []
    return [*lines, f"services: {flow(text.services)}", f"status: {text.status}"]


def _body(parts: Sequence[Part]) -> str:
    return "\n".join(f"## {part.title}\n\n{part.text.strip()}\n" for part in parts)


def digest(data: bytes) -> str:
    """`sha256:<hex>` of a file's bytes: what an act binds of it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def read_public(data: bytes, path: str = "") -> tuple[PublicText | None, Document, tuple[Finding, ...]]:
    """The public text in a file, the file as it was parsed, and what is wrong with it; no text with errors."""
    document = read(data[: MAX_BYTES + 1], path)
    if len(data) > MAX_BYTES:
        return None, document, (Finding(FORM, f"more than the limit of {MAX_BYTES} bytes for a public text", path),)
    if not document.readable:
        return None, document, document.problems
    reader = NodeReader(path, FORM)
    top = reader.known(dict(document.front), "a public text", KEYS)
    first = next(iter(document.front.values()))
    for key in ("page", "title", "services", "status"):
        if key not in top:
            reader.add(first, f"a public text needs {key}", f"write {key}: in its front matter")
    found = PublicText(
        page=reader.matching(top.get("page"), "page", PAGE, "a day and words, as in 2024-01-15-payments-failed"),
        title=reader.text(top.get("title"), "title"),
        started=_moment(reader, top.get("started"), "started"),
        ended=_moment(reader, top.get("ended"), "ended"),
        duration=reader.text(top.get("duration"), "duration"),
        services=reader.texts(top.get("services"), "services"),
        status=reader.choice(top.get("status"), "status", STATUSES),
        allowed=tuple(_allowed(reader, top.get("allowed"))),
        parts=tuple(Part(one.title, one.text.strip()) for one in document.sections),
    )
    problems = [*reader.findings, *_body_problems(document, path)]
    if "title" in top and not found.title.strip():
        problems.append(Finding(FORM, "the title is empty", path, top["title"].line, top["title"].column))
    return (None if problems else found), document, tuple(problems)


def _moment(reader: NodeReader, node: Node | None, name: str) -> datetime | None:
    if node is None:
        return None
    at = parse_utc(node.raw)
    if at is None:
        reader.add(node, f"{name} is no moment", "write it as 2024-01-15T14:00:00Z")
    return at


def _allowed(reader: NodeReader, node: Node | None) -> list[Allowed]:
    found = []
    for item in reader.items(node, "allowed"):
        fields = reader.mapping(item, "an allowed text", _ALLOWED)
        texts = [reader.text(fields.get(key), key) for key in _ALLOWED]
        missing = [key for key, text in zip(_ALLOWED, texts, strict=True) if not text.strip()]
        if missing:
            reader.add(item, f"an allowed text needs {' and '.join(missing)}", "say what stays, why, and who says so")
        elif not HANDLE.fullmatch(texts[2]):
            reader.add(fields["by"], "by is no handle", "write who allows it, as in by: jane")
        else:
            found.append(Allowed(*texts))
    return found


def _body_problems(document: Document, path: str) -> list[Finding]:
    """What of the body would not be what it seems: HTML, comments, pictures, text outside of sections."""
    found = []
    for match in _HTML.finditer(document.text, document.body_start):
        what = "a picture" if match[0] == "![" else "HTML or a comment"
        line, column = document.position(match.start())
        found.append(Finding(FORM, f"{what} has no place in a public text", path, line, column, fix="write it as text"))
    if not any(one.text.strip() for one in document.sections):
        found.append(Finding(FORM, "no section says anything", path, document.body_line, 1, fix="write what happened"))
        return found
    before = document.text[document.body_start : document.sections[0].start]
    if before.strip():
        message = "this text belongs to no section, so that no page shows it"
        found.append(Finding(FORM, message, path, document.body_line, 1, fix="put it below a heading of two #"))
    found += [
        Finding(FORM, "only headings of two # make sections here", path, one.line, 1, fix="write ## or plain text")
        for one in document.headings if one.level != 2
    ]  # fmt: skip
    return found


CODES = (
    Code(
        FORM, "no-public-text",
        "A file below .pmctl/public is no public text: its front matter or its sections are not as they are specified,"
        " or it belongs to no postmortem.",
        "What is not read in one way only could be shown in another one than it was checked in.",
        "pmctl public draft ID writes one; docs/sharing.md says what it holds.", "status: fixed",
    ),
)  # fmt: skip
