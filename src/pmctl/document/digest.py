"""The content digest: what an approval binds.

`sha256` over the canonical JSON of

    ["pmctl-content-v2", id, metadata, body, [[attachment path, mode, sha256], ...]]

metadata    The front matter as a mapping without `status`, `reviewers` and `editors`. In the fields of the schema every
            scalar is its text (quotes and escapes read); custom fields and unknown keys keep text, booleans, null and
            whole numbers, and a decimal number is {"": "<text as written>"} (no key of a document is empty), since
            readers differ in how they print one.
body        The text behind the front matter with CRLF turned into LF. The table of action items, found by the line
            grammar of `action_table`, splits it: ["text before", {"header": line, "delimiter": line,
            "rows": [[cell, ...], ...]}, "text behind"]. A cell is its source between the pipes without the spaces and
            tabs around it; it is null in a tracking column. So padding a row changes nothing. Without that table, or
            when anything breaks its grammar, the body is one text.
attachments Sorted by path.

A document that cannot be read in one right way counts as its bytes:
["pmctl-content-v2", "unreadable", sha256 of the file, attachments].
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from pmctl.document.action_table import ActionTable, action_table
from pmctl.document.fields import FIELD, LIFECYCLE_KEYS, Kind
from pmctl.document.strict_yaml import Node

if TYPE_CHECKING:
    from pmctl.document.reader import Document

VERSION = "pmctl-content-v2"


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


def digests_without_last_rows(doc: Document, attachments: Iterable[Attachment] = ()) -> list[str]:
    """The content digests of this document and of the same one without its last action item, its last two, and so
    on."""
    files = sorted([item.path, item.mode, item.sha256] for item in attachments)
    body = canonical_body(doc) if doc.readable else ""
    if isinstance(body, str):
        return [content_digest(doc, attachments)]
    before, table, behind = body
    shorter = ({**table, "rows": table["rows"][:count]} for count in range(len(table["rows"]), -1, -1))
    head = [VERSION, doc.id, metadata(doc)]
    return [sha256_digest(canonical_json([*head, [before, one, behind], files])) for one in shorter]


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
    """A part of the text, which does not cut the table, in the form that is digested."""
    table = action_table(doc.text, doc.body_start)
    if not isinstance(table, ActionTable) or not start <= table.header.start < end:
        return _lines(doc.text[start:end])
    return [
        _lines(doc.text[start : table.header.start]),
        _canonical_table(doc.text, table),
        _lines(doc.text[table.end : end]),
    ]


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


def _canonical_table(text: str, table: ActionTable) -> dict[str, Any]:
    return {
        "header": text[table.header.start : table.header.end],
        "delimiter": text[table.delimiter.start : table.delimiter.end],
        "rows": [[None if at in table.tracking else cell for at, cell in enumerate(row.cells)] for row in table.rows],
    }
