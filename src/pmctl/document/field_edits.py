"""Surgical edits of the front matter. See `pmctl.document.edits` for what all edits promise."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pmctl.document import yaml_text
from pmctl.document.fields import FIELD, FIELDS, Kind, plain_value
from pmctl.document.reader import Document
from pmctl.document.strict_yaml import Node
from pmctl.document.verify_edit import line_end, require_readable, reread
from pmctl.errors import BadInput, NotFound

_COMMENT = re.compile(r"[ \t]*(#[^\r\n]*)?")


def set_field(doc: Document, key: str, value: Any) -> Document:
    """Write a front matter value: a text, number, boolean, None, datetime, list or dict.

    An existing value is replaced where it stands; a new key goes behind the nearest key that precedes it in the
    schema's order. Raises BadInput when the document is unreadable or the value cannot be written so that it reads
    back the same.
    """
    require_readable(doc)
    if not key:
        raise BadInput("a front matter key needs a name")
    text = yaml_text.flow(value)
    node = doc.front.get(key)
    changed = _insert_key(doc, key, text) if node is None else _replace_value(doc, node, text)
    intended = {**_values(doc), key: _as_read(key, value)}
    return _checked_front(doc, changed, intended)


def remove_field(doc: Document, key: str) -> Document:
    """Take a key out, with its value and the comment on its line. Raises NotFound without the key."""
    require_readable(doc)
    node = doc.front.get(key)
    if node is None:
        raise NotFound(f"there is no {key} in the front matter", details=tuple(doc.front))
    start = doc.text.rfind("\n", 0, node.key_start) + 1
    end = line_end(doc, max(node.end, node.key_start))
    intended = _values(doc)
    del intended[key]
    return _checked_front(doc, doc.text[:start] + doc.text[end:], intended)


def _values(doc: Document) -> dict[str, Any]:
    return {key: plain_value(key, node) for key, node in doc.front.items()}


def _as_read(key: str, value: Any) -> Any:
    """What reading gives back for a value that was written."""
    if isinstance(value, Mapping):
        return {str(name): _as_read(key, item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_as_read(key, item) for item in value]
    if isinstance(value, datetime):
        return yaml_text.moment(value)
    if value is None or isinstance(value, str):
        # An enumeration's member is its text.
        return value if value is None else str(value)
    field = FIELD.get(key)
    if (field is not None and field.kind is not Kind.CUSTOM) or not isinstance(value, bool | int | float):
        return yaml_text.scalar(value)
    return value


def _replace_value(doc: Document, node: Node, new: str) -> str:
    text = doc.text
    colon = _colon(doc, node)
    if text[colon + 1 : node.start].strip(" \t") == "" and node.start > colon + 1 and node.end > node.start:
        return text[: node.start] + new + text[_value_end(text, node) :]
    # The value begins on a later line or is absent: it moves up behind the colon, before the comment there.
    comment = _COMMENT.match(text, colon + 1)
    kept = comment.group() if comment and comment[1] and node.start > comment.start() else ""
    end = _value_end(text, node) if node.end > node.start else colon + 1 + len(kept)
    return text[: colon + 1] + " " + new + kept + text[end:]


def _value_end(text: str, node: Node) -> int:
    """Where a value's text ends; a block scalar's last newline is not part of it."""
    return node.start + len(text[node.start : node.end].rstrip("\r\n"))


def _colon(doc: Document, node: Node) -> int:
    """The colon behind a key. Raises BadInput where a comment or `?` makes its place doubtful."""
    text = doc.text
    at = node.key_start
    if text[at : at + 1] in "\"'":
        quote = text[at]
        at += 1
        while text[at] != quote or (quote == "'" and text[at + 1 : at + 2] == quote):
            at += 2 if text[at] == quote or (text[at] == "\\" and quote == '"') else 1
    at = text.find(":", at)
    while at >= 0 and text[at + 1 : at + 2] not in ("", " ", "\t", "\r", "\n"):
        at = text.find(":", at + 1)
    if at < 0 or (node.end > node.start and at >= node.start):
        raise BadInput("the key is written in a way that cannot be edited", hint="write it as `key: value`")
    return at


def _insert_key(doc: Document, key: str, value: str) -> str:
    order = [field.name for field in FIELDS]
    before = order[: order.index(key)] if key in order else order
    previous = [node for name, node in doc.front.items() if name in before]
    previous = previous or ([] if key in order else list(doc.front.values()))
    anchor = max(previous, key=lambda node: node.key_start, default=None)
    at = doc.front_start if anchor is None else line_end(doc, max(_value_end(doc.text, anchor), anchor.key_start))
    return f"{doc.text[:at]}{yaml_text.scalar(key)}: {value}{doc.newline}{doc.text[at:]}"


def _checked_front(doc: Document, text: str, intended: dict[str, Any]) -> Document:
    result = reread(doc, text)
    read_back = _values(result)
    if not _equal(read_back, intended) or result.body != doc.body:
        raise BadInput(
            "the front matter would not read back as intended", hint="edit it by hand, one `key: value` line each"
        )
    return result


def _equal(left: Any, right: Any) -> bool:
    """Equality that tells 1, 1.0 and true apart."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    return type(left) is type(right) and bool(left == right)
