"""bytes -> Document, lossless, with findings in place of exceptions. Everything that reads a postmortem reads it here.

The bytes are kept; the text, its parts and their offsets point into them. Sections and tables are worked out
when somebody asks for them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from pmctl.codes import Code
from pmctl.document import strict_yaml
from pmctl.document.conflicts import conflict_markers
from pmctl.document.fields import MAX_BYTES as MAX_BYTES
from pmctl.document.fields import plain_value
from pmctl.document.finding import Finding, Severity
from pmctl.document.front_matter import HANDLER, Fences, misread
from pmctl.document.strict_yaml import Node

if TYPE_CHECKING:
    from pmctl.document.structure import Structure
    from pmctl.document.table import Table

_BOM = b"\xef\xbb\xbf"


class Section(NamedTuple):
    """A heading and what stands under it, down to the next heading of its level or above.

    Offsets are into `Document.text`: `start` of the heading's line, `content_start` behind it, `end` exclusive.
    `title` is the heading's text with its white space collapsed; `text` is the content.
    """

    title: str
    level: int
    line: int
    start: int
    content_start: int
    end: int
    text: str


@dataclass(frozen=True, eq=False)
class Document:
    """One postmortem as found. `data` is the file; `text` is it decoded, without the byte order mark.

    `front` holds the front matter's values by key and is empty unless the whole document is readable;
    `found` holds what could be made out even so, for messages only. `front_start` and `front_end` are the
    offsets in `text` of the first key's line and of the closing fence, `body_start` of the body (all 0
    without front matter); `body_line` is the body's first line, from 1. `newline` is what new lines
    are written with. `problems` are the PM0xx findings.
    """

    data: bytes
    path: str
    text: str
    bom: bool
    newline: str
    front: dict[str, Node]
    found: dict[str, Node]
    front_start: int
    front_end: int
    body_start: int
    body_line: int
    problems: tuple[Finding, ...]

    @cached_property
    def readable(self) -> bool:
        """Whether nothing stands in the way of reading it in the one right way."""
        return not any(problem.severity is Severity.ERROR for problem in self.problems)

    @cached_property
    def body(self) -> str:
        """The text behind the closing fence."""
        return self.text[self.body_start :]

    @cached_property
    def meta(self) -> dict[str, Any]:
        """The front matter as plain values: texts (an unquoted number in a text field is its text), lists, dicts."""
        return {key: plain_value(key, node) for key, node in self.front.items()}

    def _word(self, key: str) -> str:
        node = self.front.get(key)
        return node.raw if node is not None and node.value is not None else ""

    @property
    def id(self) -> str:
        """The id as written, "" when there is none."""
        return self._word("id")

    @property
    def title(self) -> str:
        """The title as written, "" when there is none."""
        return self._word("title")

    @property
    def status(self) -> str:
        """The status as written, "" when there is none; compare with `Status` members."""
        return self._word("status")

    @property
    def author(self) -> str:
        """The author's handle as written, "" when there is none."""
        return self._word("author")

    @cached_property
    def structure(self) -> Structure:
        """What the body is made of."""
        from pmctl.document.structure import read_structure

        return read_structure(self.text, self.body_start)

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """Every table that is not inside another block, with its cells."""
        from pmctl.document.table import build

        return tuple(build(self.text, lines) for lines in self.structure.tables)

    @cached_property
    def headings(self) -> tuple[Section, ...]:
        """Every heading, of any level, as the section that it opens; a section holds its subsections' text."""
        found = self.structure.headings
        ends = [len(self.text)] * len(found)
        open_ones: list[int] = []
        for index, heading in enumerate(found):
            while open_ones and found[open_ones[-1]].level >= heading.level:
                ends[open_ones.pop()] = heading.start
            open_ones.append(index)
        text = self.text
        return tuple(
            Section(item.title, item.level, item.line, item.start, item.end, end, text[item.end : end])
            for item, end in zip(found, ends, strict=True)
        )

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The sections of a managed postmortem: its second-level headings."""
        return tuple(section for section in self.headings if section.level == 2)

    def section(self, name: str) -> Section | None:
        """The first section with this title, without regard to case; None when there is none."""
        return self._sections_by_name.get(name.casefold())

    @cached_property
    def _sections_by_name(self) -> dict[str, Section]:
        # Every rule asks for its section by name; of two with one name the first counts.
        return {section.title.casefold(): section for section in reversed(self.sections)}

    @cached_property
    def _line_starts(self) -> tuple[int, ...]:
        return strict_yaml.line_starts(self.text)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of an offset in `text`."""
        # Thousands of findings in one large document: counting the lines anew for each of them took minutes.
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1


def tables(doc: Document, section: Section | None = None) -> tuple[Table, ...]:
    """The tables of a section (its subsections included), or of the whole body."""
    start, end = (section.content_start, section.end) if section else (doc.body_start, len(doc.text))
    return tuple(table for table in doc.tables if start <= table.start < end)


def read(data: bytes, path: str = "") -> Document:
    """Read a postmortem. Never raises for content: what is wrong is in `problems`, and `data` is kept as it is."""
    bom = data.startswith(_BOM)
    text, problems = _decode(data[3:] if bom else data, path)
    newline = "\n"
    first = text.find("\n")
    if first > 0 and text[first - 1] == "\r":
        newline = "\r\n"
    fences = HANDLER.locate(text)
    problems.extend(conflict_markers(text, path))
    if text or not problems:
        problems.extend(misread(text, fences, path))
    if fences is None:
        return Document(data, path, text, bom, newline, {}, {}, 0, 0, 0, 1, tuple(problems))
    parsed = strict_yaml.load(text[fences.start : fences.end], first_line=2, base=fences.start, path=path)
    problems.extend(parsed.problems)
    found: dict[str, Node] = {}
    if parsed.node is not None and isinstance(parsed.node.value, dict):
        found = parsed.node.value
    elif not parsed.problems:
        problems.append(
            Finding("PM021", "the front matter is empty", path, 2, 1, fix="write id, title, status and author")
        )
    clean = not any(problem.severity is Severity.ERROR for problem in problems)
    return Document(
        data,
        path,
        text,
        bom,
        newline,
        found if clean else {},
        found,
        fences.start,
        fences.end,
        fences.body,
        _line_of(text, fences),
        tuple(problems),
    )


def _line_of(text: str, fences: Fences) -> int:
    """The line, from 1, on which the body begins."""
    head = text[: fences.body]
    breaks = head.count("\n") + (head.count("\r") - head.count("\r\n") if "\r" in head else 0)
    return breaks + 1


def _decode(data: bytes, path: str) -> tuple[str, list[Finding]]:
    """The text, undecodable bytes replaced, and what is wrong with the bytes as such."""
    if len(data) > MAX_BYTES:
        return "", [
            Finding(
                "PM003",
                f"more than the limit of {MAX_BYTES} bytes",
                path,
                1,
                1,
                fix="keep logs and dumps as attachments beside the document",
            )
        ]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "", [Finding("PM007", "encoded as UTF-16", path, 1, 1, fix="save the file as UTF-8")]
    problems = []
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", "replace")
        before = data[: error.start].decode("utf-8")
        line, column = strict_yaml.position(before, len(before))
        problems.append(
            Finding(
                "PM001", f"not UTF-8: byte 0x{data[error.start]:02x}", path, line, column, fix="save the file as UTF-8"
            )
        )
    nul = text.find("\0")
    if nul >= 0:
        line, column = strict_yaml.position(text, nul)
        problems.append(
            Finding("PM002", "a NUL character", path, line, column, fix="remove it; the file may be damaged")
        )
    return text, problems


CODES = (
    Code(
        "PM001", "not-utf-8", "The file holds bytes that are not UTF-8.",
        "Readers would show different text, and an approval must bind one text.",
        "Save the file as UTF-8.", "a file written as Latin-1",
    ),
    Code(
        "PM002", "nul-character", "The file holds a NUL character.",
        "It ends the text for some programs and is invisible in others; it usually means damage.",
        "Remove it, or restore the file from git.", "title: Payment\\x00API",
    ),
    Code(
        "PM003", "document-too-large", "The document is larger than 1 MiB.",
        "Nobody reviews that much text, and every command would pay for it.",
        "Keep logs and dumps as attachments in the folder beside the document.", "a pasted core dump",
    ),
    Code(
        "PM007", "utf-16", "The file is encoded as UTF-16.", "git shows it as binary; nobody can review it.",
        "Save the file as UTF-8.", "a file saved as \"Unicode\" by a Windows editor",
    ),
)  # fmt: skip
