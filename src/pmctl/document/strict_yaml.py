"""The strict subset of YAML that front matter, settings and policy are written in.

    text -> events of the YAML parser -> Node tree with positions, plus every departure as a Finding

The subset: one mapping with text keys; no duplicate keys, anchors, aliases, merge keys or explicit tags;
only `true` and `false` are booleans; numbers are decimal. What YAML would guess to be a date, a sexagesimal or
an octal number stays text, and the schema types it. Events, not a constructed value, are read: they carry
the offsets that surgical edits need, and nothing is built that the subset forbids (an alias bomb is refused at
its first anchor). libyaml's parser is used where PyYAML was built with it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from pmctl.codes import Code
from pmctl.document.finding import Finding
from pmctl.document.yaml_problems import advice, in_words
from pmctl.errors import Hint

MAX_BYTES = 64 * 1024
MAX_DEPTH = 12

Scalar: TypeAlias = str | int | float | bool | None

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# At most 18 digits: exact in every reader's 64 bits, and Python's own limit on long digits is out of reach.
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
# YAML's unprintable characters, its extra line breaks (which would make lines count differently from an
# editor's) and the byte order mark, which the parser drops silently.
# (Written as what is refused: the complement of what is allowed takes a hundred times longer to compile.)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
# An escape such as "\x1b" inside double quotes brings in what may not be written plainly.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


_NO_KEY = (0, 0, -1)


class Node(NamedTuple):
    """One value with its place.

    `value` is a scalar, a tuple of nodes or a dict of nodes. `raw` is a scalar's text before it was typed
    (quotes off, escapes read), empty for collections. `line` and `column` count from 1 in the file, columns in
    characters; `start` and `end` are offsets in the text that was parsed, `end` exclusive and without
    trailing comments. For the value of a mapping `key_line`, `key_column` and `key_start` say where its key
    begins; otherwise they are 0, 0 and -1. `quoted` is true for quoted and block scalars, `flow` for
    collections in brackets.
    """

    value: Scalar | tuple[Node, ...] | dict[str, Node]
    raw: str
    line: int
    column: int
    start: int
    end: int
    quoted: bool = False
    flow: bool = False
    key_line: int = 0
    key_column: int = 0
    key_start: int = -1

    def plain(self) -> Any:
        """The value as nested dicts, lists and scalars, without positions."""
        value = self.value
        if isinstance(value, dict):
            return {key: node.plain() for key, node in value.items()}
        if isinstance(value, tuple):
            return [node.plain() for node in value]
        return value


class Parsed(NamedTuple):
    """The tree, as far as it could be read, and every departure from the subset.

    With problems the tree is a best effort that is good for further messages only: of a duplicate key the
    first value is kept, an alias reads as nothing.
    """

    node: Node | None
    problems: tuple[Finding, ...]


class _Abort(Exception):
    """The rest of the text cannot be judged."""


def resolve(text: str) -> Scalar:
    """Type a plain (unquoted) scalar: null, boolean, decimal number, otherwise the text itself."""
    if not text:
        return None
    first = text[0]
    if first in "0123456789-":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return float(text)
        return text
    if first in "tfn~":
        if text == "true":
            return True
        if text == "false":
            return False
        if text in ("null", "~"):
            return None
    return text


def load(
    text: str,
    *,
    first_line: int = 1,
    base: int = 0,
    path: str = "",
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
    document_start: bool = False,
) -> Parsed:
    """Parse `text`, whose first line is line `first_line` of the file, into a tree. Never raises for content.

    `base` is added to every offset: where `text` begins in the text that the offsets are to point into.

    `document_start` allows a `---` line before the mapping (a whole YAML file may begin with one, front matter
    may not). `node` is None when there is nothing to go on, and a mapping otherwise.
    """
    reader = _Reader(text, first_line, base, path, max_depth, document_start)
    node = reader.read(max_bytes)
    return Parsed(node, tuple(reader.problems))


class _Reader:
    """State of one parse: the event stream and the problems found so far."""

    def __init__(self, text: str, first_line: int, base: int, path: str, max_depth: int, document_start: bool) -> None:
        self.text = text
        self.base = base
        self.offset = first_line  # libyaml counts lines from 0
        self.path = path
        self.max_depth = max_depth
        self.document_start = document_start
        self.problems: list[Finding] = []

    def report(self, code: str, message: str, line: int, column: int, fix: Hint = "") -> None:
        self.problems.append(Finding(code, message, self.path, line, column, fix=fix))

    def at(self, code: str, message: str, mark: Any, fix: Hint = "") -> None:
        self.report(code, message, mark.line + self.offset, mark.column + 1, fix)

    def read(self, max_bytes: int) -> Node | None:
        text = self.text
        size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        if size > max_bytes:
            self.report(
                "PM004",
                f"{size} bytes of YAML, more than the limit of {max_bytes}",
                self.offset,
                1,
                "move long text into the body",
            )
            return None
        starts: tuple[int, ...] = ()
        for match in _UNPRINTABLE.finditer(text):
            starts = starts or line_starts(text)  # once: counting anew for each of thousands took many seconds
            line = bisect_right(starts, match.start())
            self.report(
                "PM028",
                f"the character U+{ord(match.group()):04X} may not stand in YAML",
                line + self.offset - 1,
                match.start() - starts[line - 1] + 1,
                "remove it; many editors show it only as a gap",
            )
        if self.problems:
            return None
        try:
            loader = _LOADER(text)
            try:
                self.event: Callable[[], Any] = loader.get_event
                return self.document()
            finally:
                loader.dispose()
        except _Abort:
            return None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            message = " ".join(part for part in (error.context, error.problem) if part)
            line = mark.line + self.offset if mark else self.offset
            self.report(
                "PM020",
                f"not readable as YAML: {in_words(message)}",
                line,
                mark.column + 1 if mark else 1,
                advice(message),
            )
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            self.report("PM020", f"not readable as YAML: {error}", self.offset, 1)
        return None

    def document(self) -> Node | None:
        self.event()  # stream start
        event = self.event()
        if type(event) is StreamEndEvent:
            return None
        if (event.explicit and not self.document_start) or event.version or event.tags:
            self.at("PM027", "a YAML directive or document marker", event.start_mark, "remove the line")
        first: Any = self.event()
        kind = type(first)
        if kind is not MappingStartEvent:
            what = "a list" if kind is SequenceStartEvent else "one value"
            self.at("PM021", f"{what} instead of keys with values", first.start_mark, "write `key: value` lines")
            raise _Abort
        node = self.mapping(first, 1)
        event = self.event()
        if event.explicit:
            self.at("PM027", "a YAML document end marker `...`", event.start_mark, "remove the line")
        event = self.event()
        if type(event) is not StreamEndEvent:
            self.at("PM027", "a second YAML document", event.start_mark, "keep one mapping")
        return node

    def node(self, event: Any, depth: int, key: tuple[int, int, int] = _NO_KEY) -> Node:
        """The value that begins with `event`; `key` is the line, column and offset of its key."""
        mark = event.start_mark
        kind = type(event)
        if event.anchor is not None:
            if kind is AliasEvent:
                self.at("PM023", f"alias *{event.anchor}", mark, "write the value out")
                at = self.base + mark.index
                end = self.base + event.end_mark.index
                return Node(None, "", mark.line + self.offset, mark.column + 1, at, end, False, False, *key)
            self.at("PM023", f"anchor &{event.anchor}", mark, "remove the anchor")
        if event.tag is not None:
            self.at("PM025", f"explicit tag {event.tag}", mark, "remove the tag; the schema knows the type")
        if kind is ScalarEvent:
            raw = event.value
            value: Scalar
            if event.style:
                value, quoted = raw, True
                if _CONTROL.search(raw):
                    self.at("PM028", "an escape that stands for a control character", mark, "write visible characters")
            else:
                value, quoted = resolve(raw), False
            start = self.base + mark.index
            end = self.base + event.end_mark.index
            return Node(value, raw, mark.line + self.offset, mark.column + 1, start, end, quoted, False, *key)
        if depth > self.max_depth:
            self.at("PM005", f"nested deeper than {self.max_depth} levels", mark, "flatten it")
            raise _Abort
        return self.mapping(event, depth, key) if kind is MappingStartEvent else self.sequence(event, depth, key)

    def sequence(self, event: Any, depth: int, key: tuple[int, int, int]) -> Node:
        start = event.start_mark
        items = []
        while type(following := self.event()) is not SequenceEndEvent:
            items.append(self.node(following, depth + 1))
        # In block style the end event lies behind any comments that follow.
        begin = self.base + start.index
        if event.flow_style:
            closing: Any = following.end_mark
            end = self.base + closing.index
        else:
            end = max((item.end for item in items), default=begin)
        flow = bool(event.flow_style)
        return Node(tuple(items), "", start.line + self.offset, start.column + 1, begin, end, False, flow, *key)

    def mapping(self, event: Any, depth: int, place: tuple[int, int, int] = _NO_KEY) -> Node:
        start = event.start_mark
        if depth == 1 and (event.anchor is not None or event.tag is not None):
            self.at("PM023" if event.anchor else "PM025", "an anchor or tag on the whole mapping", start, "remove it")
        entries: dict[str, Node] = {}
        begin = end = self.base + start.index
        while type(key := self.event()) is not MappingEndEvent:
            key_node = self.node(key, depth + 1)
            value = self.node(self.event(), depth + 1, key_node[2:5])
            end = max(end, value.end, key_node.end)
            name = key_node.value
            if not isinstance(name, str) or not name:
                if type(key) is not AliasEvent:
                    self.at("PM026", "a key that is not text", key.start_mark, "quote the key or rename it")
                continue
            if name == "<<" and not key_node.quoted:
                self.at("PM024", "merge key <<", key.start_mark, "write the keys out")
                continue
            if name in entries:
                self.at(
                    "PM022",
                    f"the key {name} stands twice (first in line {entries[name].key_line})",
                    key.start_mark,
                    "keep one of the two",
                )
                continue
            entries[name] = value
        if event.flow_style:
            closing: Any = key.end_mark
            end = self.base + closing.index
        flow = bool(event.flow_style)
        return Node(entries, "", start.line + self.offset, start.column + 1, begin, end, False, flow, *place)


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of an offset; line breaks are LF, CRLF and a lone CR."""
    line, start = 1, 0
    for match in _LINE_BREAK.finditer(text, 0, offset):
        line, start = line + 1, match.end()
    return line, offset - start + 1


def line_starts(text: str) -> tuple[int, ...]:
    """The offset at which each line begins, for many positions in one text; see `position`."""
    if "\r" in text:
        return (0, *(match.end() for match in _LINE_BREAK.finditer(text)))
    starts = [0]
    while at := text.find("\n", starts[-1]) + 1:
        starts.append(at)
    return tuple(starts)


CODES = (
    Code(
        "PM004", "yaml-too-large", "Front matter (or a whole YAML file) is larger than 64 KiB.",
        "Front matter holds facts, not prose.", "Move long text into the body.", "summary: a whole log in front matter",
    ),
    Code(
        "PM005", "nested-too-deep", "YAML is nested deeper than 12 levels.",
        "No field needs it; parsers can be brought down by it.", "Flatten the value.", "a: [[[[[[[[[[[[[]]]]]]]]]]]]]",
    ),
    Code(
        "PM020", "yaml-syntax", "The YAML cannot be parsed.", "Nothing in it can be relied on.",
        "Put values that hold `: ` or ` #` in quotes; indent with spaces; close quotes and brackets.",
        "title: Outage: the second",
    ),
    Code(
        "PM021", "not-a-mapping", "The YAML is not a mapping of keys to values.",
        "There is nothing to read by name.", "Write `key: value` lines.", "- title\n- status",
    ),
    Code(
        "PM022", "duplicate-key", "A key stands twice in one mapping.",
        "Parsers disagree about which one counts.", "Keep one of the two.", "status: DRAFT\nstatus: PUBLISHED",
    ),
    Code(
        "PM023", "anchor-or-alias", "YAML anchors or aliases are used.",
        "They make a value depend on another place and can be made to grow without bound.",
        "Write the value out.", "author: &a jane\nreviewers: [*a]",
    ),
    Code(
        "PM024", "merge-key", "A YAML merge key `<<` is used.", "Only some parsers know it.",
        "Write the keys out.", "<<: {status: PUBLISHED}",
    ),
    Code(
        "PM025", "explicit-tag", "A YAML tag is used.",
        "Tags tell a parser to build something else than text; the schema already knows each type.",
        "Remove the tag.", "title: !!binary aGk=",
    ),
    Code(
        "PM026", "key-not-text", "A key is a number, a boolean, empty or a collection.",
        "Keys are names, and parsers type unusual ones differently.", "Quote the key or rename it.", "1: one",
    ),
    Code(
        "PM027", "document-marker", "A YAML directive, document marker or second document.",
        "It ends the mapping for some parsers.", "Remove the line.", "title: Outage\n...\nstatus: PUBLISHED",
    ),
    Code(
        "PM028", "control-character", "YAML holds a control character, an unusual line break or an escape for one.",
        "It can hide text on a terminal and makes lines count differently.",
        "Remove it; write visible characters.", "title: \"Payment\\e[8m API\"",
    ),
)  # fmt: skip
