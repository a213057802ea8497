"""The content digest: what an approval binds.

`sha256` over the canonical JSON of

    ["pmctl-content-v1", id, metadata, body, [[attachment path, mode, sha256], ...]]

metadata    The front matter as a mapping without `status`, `reviewers` and `editors`. In the fields of the schema every
            scalar is its text (quotes and escapes read); custom fields and unknown keys keep text, booleans, null and
            whole numbers, and a decimal number is {"": "<text as written>"} (no key of a document is empty), since
            readers differ in how they print one.
body        The text behind the front matter with CRLF turned into LF. Each table of action items in the first Action
            Items section splits it: ["text before", {"header": line, "delimiter": line, "rows": [[cell, ...], ...]},
            "text behind", ...]. A cell is its source between the pipes without the white space around it; it is
            null in a tracking column and "" where the row is too short; cells behind the last column follow. So
            padding a row, or filling it up with empty cells, changes nothing. Without such a table the body is one
            text.
attachments Sorted by path.

A document that cannot be read in one right way counts as its bytes:
["pmctl-content-v1", "unreadable", sha256 of the file, attachments].
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from pmctl.codes import Code
from pmctl.document.actions import TRACKING, action_tables, column_of
from pmctl.document.fields import FIELD, LIFECYCLE_KEYS, Kind
from pmctl.document.finding import Finding
from pmctl.document.strict_yaml import Node
from pmctl.document.table import Row, Table

if TYPE_CHECKING:
    from pmctl.document.reader import Document

VERSION = "pmctl-content-v1"
MAX_TRACKING = 300

# Text in a tracking cell that would not be rendered as the plain text it is.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_DECEPTIVE = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff]")
_LINK = re.compile(r"\[[^\]]*\]\((https?://[^()\s]+)\)")
_MARKUP = re.compile(r"<[A-Za-z/!?]|!\[|\]\(")


class Attachment(NamedTuple):
    """A file beside the document: path below its attachment folder, git mode ("100644"), sha256 of its bytes in hex."""

    path: str
    mode: str
    sha256: str


def canonical_json(value: Any) -> bytes:
    """ASCII JSON with sorted keys and no spaces: the same bytes for the same value, everywhere."""
    import json

    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def sha256_digest(data: bytes) -> str:
    """The digest of bytes, as it is written in records: `sha256:` and 64 hex digits."""
    return "sha256:" + _hex(data)


def _hex(data: bytes) -> str:
    import hashlib  # as json above: checks of a document read this module and digest nothing

    return hashlib.sha256(data).hexdigest()


def content_digest(doc: Document, attachments: Iterable[Attachment] = ()) -> str:
    """The digest that an approval of this document with these attachments binds. Never raises for content."""
    files = sorted([item.path, item.mode, item.sha256] for item in attachments)
    if not doc.readable:
        return sha256_digest(canonical_json([VERSION, "unreadable", _hex(doc.data), files]))
    return sha256_digest(canonical_json([VERSION, doc.id, metadata(doc), canonical_body(doc), files]))


def metadata(doc: Document) -> dict[str, Any]:
    """The front matter that counts, by key, in the form that is digested."""
    return {key: canonical_value(key, node) for key, node in doc.front.items() if key not in LIFECYCLE_KEYS}


def canonical_value(key: str, node: Node) -> Any:
    """One front matter value in the form that is digested."""
    field = FIELD.get(key)
    return _canonical(node, texts=field is not None and field.kind is not Kind.CUSTOM)


def canonical_body(doc: Document) -> Any:
    """The body in the form that is digested: a text, or texts and tables in turn."""
    return canonical_range(doc, doc.body_start, len(doc.text))


def canonical_range(doc: Document, start: int, end: int) -> Any:
    """A part of the text, which cuts no table, in the form that is digested."""
    parts: list[Any] = []
    at = start
    for table in action_tables(doc):
        if start <= table.start < end:
            parts.append(_lines(doc.text[at : table.start]))
            parts.append(_canonical_table(doc.text, table))
            at = table.end
    rest = _lines(doc.text[at:end])
    return [*parts, rest] if parts else rest


def tracking_columns(table: Table) -> dict[int, str]:
    """The columns that the digest leaves out, index -> name: for each name the first column that bears it."""
    found = {}
    for name in TRACKING:
        index = column_of(table, name)
        if index is not None:
            found[index] = name
    return found


def tracking_problems(doc: Document) -> list[Finding]:
    """What keeps a tracking cell from being short plain text, as content that no approval covers has to be."""
    problems = []
    for table in action_tables(doc):
        columns = tracking_columns(table)
        for row in table.rows:
            for index, name in columns.items():
                cell = row.cells[index]
                if len(cell.text) > MAX_TRACKING:
                    code, message = "PM590", f"{len(cell.text)} characters in {name}, at most {MAX_TRACKING}"
                    fix = "move the text into a section; this cell is not covered by approvals"
                elif match := _CONTROL.search(cell.text) or _DECEPTIVE.search(cell.text):
                    code, message = "PM591", f"{name} holds the invisible character U+{ord(match.group()):04X}"
                    fix = "remove it"
                elif _MARKUP.search(cell.text):
                    code, message = "PM592", f"{name} holds markup; it is shown as plain text"
                    link = _LINK.fullmatch(cell.text) if name == "Ticket" else None
                    fix = f"write {link[1]}" if link else "write plain text; a ticket is a key or an address"
                else:
                    continue
                problems.append(Finding(code, message, doc.path, cell.line, cell.column, fix=fix))
    return problems


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _canonical(node: Node, *, texts: bool) -> Any:
    value = node.value
    if isinstance(value, dict):
        return {key: _canonical(item, texts=texts) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_canonical(item, texts=texts) for item in value]
    if value is None:
        return None
    if texts:
        return node.raw
    return {"": node.raw} if isinstance(value, float) else value


def _canonical_table(text: str, table: Table) -> dict[str, Any]:
    tracking = tracking_columns(table)

    def cells(row: Row) -> list[str | None]:
        shown = [None if at in tracking else text[cell.start : cell.end] for at, cell in enumerate(row.cells)]
        return [*shown, *(text[cell.start : cell.end] for cell in row.extra)]

    return {
        "header": text[table.header.start : table.header.end],
        "delimiter": text[table.delimiter[0] : table.delimiter[1]],
        "rows": [cells(row) for row in table.rows],
    }


CODES = (
    Code(
        "PM590", "tracking-cell-too-long", "A tracking cell of an action item is longer than 300 characters.",
        "Approvals do not cover Owner, Due, Priority, Status, Ticket and Notes: nothing to be argued belongs there.",
        "Move the text into a section.", "a story in Notes",
    ),
    Code(
        "PM591", "tracking-cell-character", "A tracking cell holds a control or invisible character.",
        "It can hide text or change what a reader sees, without any approval.", "Remove it.", "@ja\\u202ene",
    ),
    Code(
        "PM592", "tracking-cell-markup", "A tracking cell holds HTML, an image or a link in Markdown.",
        "Tracking cells are shown as plain text.", "Write plain text; a ticket is a key or an address.",
        "[OPS-1](https://tracker.example/OPS-1)",
    ),
)  # fmt: skip
