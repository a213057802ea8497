"""Bytes of a record file into a JSON value, within limits.

Takes JSON (a byte order mark and duplicate keys are tolerated, the last one wins; NaN and Infinity are values without
a text), JSON Lines and, for records written by hand, the strict YAML of the front matter. Everything that can't be read
is one `BadInput` that names the file and the place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from pmctl.errors import BadInput
from pmctl.services.cursor import Cursor
from pmctl.text import json_problem

SIZE_LIMIT = 100_000_000  # bytes; a file of this size or more is refused
VALUE_LIMIT = 2_000_000  # values in one file; keeps the parsed form below about half a gigabyte
DEPTH_LIMIT = 64  # levels of nesting
YAML_SIZE_LIMIT = 1_048_576  # bytes; YAML records are written by hand

# Names of columns, and nothing else in the line: at least three.
_COLUMN_NAMES = re.compile(rb'(?:"?[A-Za-z][\w .()/-]{0,60}"?[,;\t]){2,}"?[A-Za-z][\w .()/-]{0,60}"?\r?\n')
_FORMATS = (
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF-", "a PDF"),
    (b"<?xml", "XML, which pmctl does not read"),
)
_LINE_ENDINGS = (".jsonl", ".ndjson", ".jsonlines")
_HTML = re.compile(r"\s*<(?:!doctype|html|head|body)", re.IGNORECASE)


def load_files(paths: Iterable[str], stdin: BinaryIO | None = None) -> list[tuple[str, bytes]]:
    """Read record files, `-` from `stdin`, without taking in more than the size limit.

    Returns (name, bytes) pairs as `registry.read_records` takes them; raises BadInput with the reason.
    """
    files: list[tuple[str, bytes]] = []
    for path in paths:
        if path == "-":
            if stdin is None:
                raise BadInput("standard input is not available", hint="give the name of a file")
            files.append(("standard input", stdin.read(SIZE_LIMIT + 1)))
            continue
        try:
            with Path(path).open("rb") as stream:
                files.append((path, stream.read(SIZE_LIMIT + 1)))
        except OSError as error:
            reason = error.strerror or str(error)
            raise BadInput(f"{path}: cannot be read: {reason}", hint="check the path") from error
    return files


def parse_all(name: str, data: bytes) -> tuple[Cursor, ...]:
    """The values in one file: one, or one of each line of JSON Lines.

    Raises BadInput for empty, oversized, truncated or malformed content, and for other formats by their names.
    """
    text = _text_of(name, data)
    lines = _lines(name, text)
    if lines is None and not text.strip() and _named(name, *_LINE_ENDINGS):
        return (Cursor([]),)  # an export of nothing has no lines
    if lines is None:
        return (_parsed(name, text, data),)
    found: list[Cursor] = []
    for number, line in lines:
        value = _json(f"{name}, line {number}", line)
        _check_depth(f"{name}, line {number}", value)
        found.append(Cursor(value, f"$[{len(found)}]"))
    return tuple(found)


def _lines(name: str, text: str) -> list[tuple[int, str]] | None:
    """The lines of JSON Lines with their numbers; None for any other text."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if _named(name, *_LINE_ENDINGS) and lines:
        return lines
    if len(lines) < 2 or not all(line.strip()[0] == "{" and line.strip()[-1] == "}" for _, line in lines):
        return None
    try:  # {...} on each of several lines can be one value only in ways that nobody writes; the first line decides
        json.loads(lines[0][1])
    except (ValueError, RecursionError):
        return None
    return lines


def _text_of(name: str, data: bytes) -> str:
    _refuse_other_format(name, data)
    if len(data) >= SIZE_LIMIT:
        raise BadInput(
            f"{name}: {len(data) // 1_000_000} MB is too large for an incident record (limit: under 100 MB)",
            hint="export one incident instead of a whole account",
        )
    if data.count(b",") + data.count(b"{") + data.count(b"[") > VALUE_LIMIT:
        raise BadInput(
            f"{name}: holds more than {VALUE_LIMIT:,} values, more than an incident record has",
            hint="export one incident instead of a whole account",
        )
    text = _decode(name, data)
    stripped = text.lstrip()
    if not stripped and not _named(name, *_LINE_ENDINGS):
        raise BadInput(f"{name}: the file is empty", hint="export the record again")
    if _HTML.match(stripped):
        raise BadInput(
            f"{name}: this is an HTML page, not a record",
            hint="the download probably ended at a login page; export the record as JSON",
        )
    return text


def _parsed(name: str, text: str, data: bytes) -> Cursor:
    stripped = text.lstrip()
    value = _json(name, text) if stripped[0] in '{["' or _named(name, ".json") else _yaml(name, text, data)
    _check_depth(name, value)
    return Cursor(value)


def _refuse_other_format(name: str, data: bytes) -> None:
    """Say what a file is that is no record: an export in another format, or a packed one."""
    head = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    what = next((words for mark, words in _FORMATS if head.startswith(mark)), "")
    if not what and _is_csv(name, head):
        what = "CSV, which pmctl does not read"
    if what:
        raise BadInput(
            f"{name}: this is {what}", hint="export the incidents as JSON, or fetch them from the system: SOURCE:ID"
        )


def _is_csv(name: str, head: bytes) -> bool:
    """Whether this is a table: by its name, or by a first line of column names."""
    if head[:1] in (b"{", b"[", b""):
        return False
    return _named(name, ".csv", ".tsv") or bool(_COLUMN_NAMES.match(head))


def _named(name: str, *endings: str) -> bool:
    return name.lower().endswith(endings)


def _decode(name: str, data: bytes) -> str:
    # PowerShell's redirection writes UTF-16 with a mark.
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{name}: not UTF-8 text: byte {error.start + 1} can't be decoded",
            hint="save the record as UTF-8",
        ) from error
    if "\0" in text:
        raise BadInput(f"{name}: holds a NUL character, so it is not a text file", hint="export it again")
    return text


def _json(name: str, text: str) -> object:
    try:
        value: object = json.loads(text, parse_constant=float)
    except json.JSONDecodeError as error:
        place = f"{name}:{error.lineno}:{error.colno}"
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
            raise BadInput(
                f"{place}: the JSON ends in the middle; the file is truncated", hint="download it again"
            ) from error
        raise BadInput(f"{place}: not valid JSON: {json_problem(error.msg)}", hint="export the record again") from error
    except RecursionError as error:
        raise BadInput(
            f"{name}: nested more than {DEPTH_LIMIT} levels deep, deeper than an incident record is"
        ) from error
    except ValueError as error:
        raise BadInput(f"{name}: not valid JSON: a number has too many digits") from error
    return value


def _yaml(name: str, text: str, data: bytes) -> object:
    if len(data) > YAML_SIZE_LIMIT:
        raise BadInput(f"{name}: too large for a YAML record (limit: 1 MiB)", hint="use JSON")
    from pmctl.document.strict_yaml import load

    parsed = load(text, max_bytes=YAML_SIZE_LIMIT)
    if parsed.node is None or parsed.problems:
        first = parsed.problems[0] if parsed.problems else None
        place = f"{name}:{first.line}:{first.column}" if first else name
        reason = first.message if first else "no value in it"
        raise BadInput(
            f"{place}: neither JSON nor strict YAML: {reason}",
            hint="give the record as the system's API returns it, in JSON",
            details=tuple(f"{name}:{p.line}:{p.column}: {p.message}" for p in parsed.problems[1:]),
        )
    value: object = parsed.node.plain()
    return value


def _check_depth(name: str, value: object) -> None:
    """Walk the value level by level, without recursion."""
    level = [value]
    for _ in range(DEPTH_LIMIT):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise BadInput(f"{name}: nested more than {DEPTH_LIMIT} levels deep, deeper than an incident record is")
