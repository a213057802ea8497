"""One existing document as found: decoded, its front matter read in whatever form it has, its headings located.

    bytes -> SourceDocument, or the reason why it can't be adopted

The text is kept as it is. The front matter's values only serve recognition; its block is carried over word for word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pmctl.document.conflicts import conflict_markers
from pmctl.document.fields import Status, is_id
from pmctl.document.finding import Severity
from pmctl.document.headings import Meaning, meaning, plain
from pmctl.document.reader import MAX_BYTES
from pmctl.document.structure import TableLines, read_structure

_YAML = re.compile(r"---[ \t]*\r?\n(?P<block>.*?\r?\n|)---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_TOML = re.compile(r"\+\+\+[ \t]*\r?\n(?P<block>.*?\r?\n|)\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_KEY_LINE = re.compile(r"[\w\"'-][\w .\"'-]*[:=]|#|\s*$", re.MULTILINE)
_BOLD_LINE = re.compile(r"^ {0,3}(?:\*\*|__)(?P<text>[^*_\n][^*\n]{0,80}?)(?:\*\*:?|__:?)[ \t]*\r?$", re.MULTILINE)
_LABEL_LINE = re.compile(r"^(?P<text>[A-Z][\w '/&-]{2,40}):[ \t]*\r?$", re.MULTILINE)


# A heading of reStructuredText that Markdown does not know; what Markdown takes for code ("~") is none.
_UNDERLINED = re.compile(
    r"(?:^|(?<=\n\n)|(?<=\n\r\n))(?P<title>\S[^\n]*?)[ \t]*\r?\n(?P<line>([\^\"'+])\3{3,})[ \t]*(?:\r?\n|\Z)"
)
_MARKDOWN_HEADING = re.compile(r"^#{1,6}[ \t]+\S|^\S[^\n]*\n(?:={3,}|-{3,})[ \t]*$", re.MULTILINE)
_CONVERT = "convert it (pandoc -t gfm does that), then adopt it"
# Markup of others: its name, what at least two lines of it look like where no heading is Markdown's, and the remedy.
_OTHER_MARKUP = (
    ("AsciiDoc", re.compile(r"^={1,5}[ \t]+\S", re.MULTILINE), _CONVERT),
    ("org", re.compile(r"^\*{2,5}[ \t]+[^*\n]+$|^#\+\w+:?", re.MULTILINE), _CONVERT),
    ("escaped Markdown", re.compile(r"^\\#{1,6}[ \t]", re.MULTILINE),
     "its marks are preceded by backslashes; take these away (or copy it as Markdown), then adopt it"),
)  # fmt: skip


UNDERLINED = 3  # the level of a heading that only reStructuredText has, below the two that Markdown reads, too
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A document's front matter: its values, its text with the fences, and the offset `end` behind it.

    `kind` is "yaml", "toml" or "". `problem` says why it could not be read in full.
    """

    values: dict[str, Any]
    kind: str = ""
    text: str = ""
    problem: str = ""
    end: int = 0


@dataclass(frozen=True, slots=True)
class SourceHeading:
    """A heading as found. `level` is 0 for a line that is only bold, or only a label and a colon."""

    level: int
    title: str
    line: int
    start: int
    end: int

    @property
    def text(self) -> str:
        """The title without markup."""
        return plain(self.title)

    @property
    def meaning(self) -> Meaning | None:
        """The section that the heading stands for; None when that is unknown."""
        return meaning(self.title)


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document to adopt. `text` has no byte order mark; `code` holds the offsets of its code blocks.

    `bold` are the lines that may serve as headings in a document that has none.
    """

    path: str
    text: str
    bom: bool
    newline: str
    front: FrontMatter
    headings: tuple[SourceHeading, ...]
    bold: tuple[SourceHeading, ...]
    tables: tuple[TableLines, ...]
    code: Spans

    @property
    def data(self) -> bytes:
        """The file's bytes."""
        return (b"\xef\xbb\xbf" if self.bom else b"") + self.text.encode("utf-8")

    @property
    def body_start(self) -> int:
        """The offset behind the front matter."""
        return self.front.end

    def in_code(self, offset: int) -> bool:
        """Whether a code block holds this offset."""
        return within(self.code, offset)


class Unadoptable(Exception):
    """Why a file can't be adopted, in words; `skipped` when that is no problem of the file."""

    def __init__(self, reason: str, *, skipped: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.skipped = skipped


def read_source(data: bytes, path: str) -> SourceDocument:
    """Read a document. Raises Unadoptable with the reason when it is empty, not text, too large or managed already."""
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise Unadoptable("empty")
    if len(data) > MAX_BYTES:
        raise Unadoptable(f"more than the limit of {MAX_BYTES} bytes: keep logs and dumps as attachments")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unadoptable("UTF-16: save it as UTF-8, then adopt it")
    bom = data.startswith(b"\xef\xbb\xbf")
    try:
        text = data[3 if bom else 0 :].decode("utf-8")
    except UnicodeDecodeError as error:
        if b"\0" in data[:8192]:
            raise Unadoptable("binary, not text") from None
        line = data.count(b"\n", 0, error.start) + 1
        raise Unadoptable(f"not UTF-8 in line {line} (byte 0x{data[error.start]:02x}): save it as UTF-8") from None
    if "\0" in text:
        raise Unadoptable("binary, not text")
    if other := _other_markup(text):
        raise Unadoptable(other)
    return parse_source(text, path, bom=bom)


def _other_markup(text: str) -> str:
    """What else than Markdown the text is written in, and what to do about it; "" for Markdown."""
    for name, pattern, remedy in _OTHER_MARKUP:
        if len(pattern.findall(text)) >= 2 and not _MARKDOWN_HEADING.search(text):
            return f"{name}, not Markdown: {remedy}"
    return ""


def parse_source(text: str, path: str, *, bom: bool = False) -> SourceDocument:
    """The document whose text this is. Raises Unadoptable when it is managed already."""
    first = text.find("\n")
    newline = "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"
    front = _front_matter(text)
    if is_id(str(front.values.get("id", ""))) and str(front.values.get("status", "")) in tuple(Status):
        raise Unadoptable("already a pmctl postmortem", skipped=True)
    for one in conflict_markers(text, path):
        if one.severity is Severity.ERROR:
            raise Unadoptable(f"line {one.line}: {one.message}")
    outline = read_structure(text, front.end)
    headings = tuple(SourceHeading(one.level, one.title, one.line, one.start, one.end) for one in outline.headings)
    code = fenced(text, front.end)
    if underlined := tuple(_underlined(text, front.end, code)):
        headings = tuple(sorted((*headings, *underlined), key=lambda one: one.start))
    bold = _bold_headings(text, front.end, headings, code)
    return SourceDocument(path, text, bom, newline, front, headings, bold, outline.tables, code)


def _front_matter(text: str) -> FrontMatter:
    if match := _TOML.match(text):
        import tomllib

        block, end = match.group().rstrip("\r\n"), match.end()
        try:
            # tomllib wants LF; the text itself isn't changed.
            return FrontMatter(tomllib.loads(match["block"].replace("\r\n", "\n")), "toml", block, "", end)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            return FrontMatter({}, "toml", block, f"the TOML front matter can't be read: {error}", end)
    match = _YAML.match(text)
    # A rule, a heading's underline: what stands between two dashes is front matter only when it looks like keys.
    if match is None or not _KEY_LINE.match(match["block"]) or not match["block"].strip():
        return FrontMatter({})
    from pmctl.document import strict_yaml

    parsed = strict_yaml.load(match["block"], first_line=2)
    node = parsed.node
    values = node.plain() if node is not None and isinstance(node.value, dict) else {}
    problem = ""
    if parsed.problems:
        first = parsed.problems[0]
        problem = f"the front matter isn't plain YAML (line {first.line}: {first.message})"
    block = match.group().rstrip("\r\n")
    return FrontMatter(values or _loosely(match["block"]), "yaml", block, problem, match.end())


def _loosely(block: str) -> dict[str, Any]:
    """Top-level `key: value` lines of a block that the strict reader gives up on."""
    found: dict[str, Any] = {}
    for line in block.splitlines():
        if match := re.match(r"([A-Za-z_][\w -]*):[ \t]+([^\s\[{&*|>!%@`].*)", line):
            found.setdefault(match[1], match[2].strip().strip("\"'"))
    return found


def _underlined(text: str, start: int, code: Spans) -> Iterator[SourceHeading]:
    """Headings below the second level as reStructuredText has them, each below the one that Markdown reads."""
    for match in _UNDERLINED.finditer(text, start):
        title = match["title"].strip()
        if len(match["line"]) >= len(title) - 1 and not within(code, match.start()):
            yield SourceHeading(UNDERLINED, title, text.count("\n", 0, match.start()) + 1, match.start(), match.end())


def _bold_headings(
    text: str, start: int, headings: tuple[SourceHeading, ...], code: Spans
) -> tuple[SourceHeading, ...]:
    """Lines that stand alone between blank lines or headings and are only bold, or only a label."""
    found = []
    ends = {heading.end for heading in headings}
    for pattern in (_BOLD_LINE, _LABEL_LINE):
        for match in pattern.finditer(text, start):
            before = text[: match.start()].rstrip("\r\n")
            alone = match.start() - len(before) > (2 if "\r" in text[len(before) : match.start()] else 1) or not before
            if not (alone or match.start() in ends) or within(code, match.start()):
                continue
            title = match["text"].strip().rstrip(":").strip()
            line = text.count("\n", 0, match.start()) + 1
            found.append(SourceHeading(0, title, line, match.start(), min(match.end() + 1, len(text))))
    return tuple(sorted(found, key=lambda heading: heading.start))


def within(spans: Spans, offset: int) -> bool:
    """Whether one of the spans holds an offset."""
    return any(first <= offset < last for first, last in spans)


def fenced(text: str, start: int = 0) -> Spans:
    """The offsets of fenced code blocks, also of those inside list items and quotes."""
    spans = []
    opening: re.Match[str] | None = None
    if "```" not in text and "~~~" not in text:
        return ()
    for match in re.finditer(
        r"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(?P<fence>`{3,}|~{3,})(?P<rest>[^\n]*)$", text, re.MULTILINE
    ):
        if match.start() < start:
            continue
        if opening is None:
            if "`" not in match["rest"] or match["fence"][0] == "~":
                opening = match
        elif match["fence"].startswith(opening["fence"]) and not match["rest"].strip():
            spans.append((opening.start(), match.end()))
            opening = None
    if opening is not None:
        spans.append((opening.start(), len(text)))
    return tuple(spans)
