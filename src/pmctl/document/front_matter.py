"""Where front matter begins and ends, and what only looks like front matter.

`StrictHandler` plugs these rules into python-frontmatter, so that `frontmatter.loads(text, handler=StrictHandler())`
reads what pmctl reads. `frontmatter.parse` itself strips the text and rewrites its line endings; the lossless reader
therefore asks the handler's `locate` for offsets.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from frontmatter.default_handlers import BaseHandler

from pmctl.codes import Code
from pmctl.document import strict_yaml
from pmctl.document.finding import Finding
from pmctl.errors import advise

_FENCE = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
# What other parsers take for a fence and this one does not: four dashes or more, other white space behind.
_LOOSE_FENCE = re.compile(r"^(?!---[ \t]*\r?$)-{3,}[^\S\n]*$", re.MULTILINE)
_LEADING_BLANKS = re.compile(r"\s+(?=-{3,}[^\S\n]*$)", re.MULTILINE)
# Directly behind the first block: another one that would also be read as front matter.
_SECOND = re.compile(
    r"\s*^-{3,}[^\S\n]*\n(?=\s*(?:[\w.\"'-]+[^\S\n]*:(?:\s|$)|#[^\n]*\n\s*[\w.\"'-]+[^\S\n]*:(?:\s|$)))(?:.*?\n)??-{3,}[^\S\n]*$|\s*^\+\+\+[^\S\n]*\n(?:.*?\n)??\+\+\+[^\S\n]*$",
    re.MULTILINE | re.DOTALL,
)
_LONE_RETURN = re.compile(r"\r(?!\n)")


class Fences(NamedTuple):
    """Offsets of the block: its first character, the closing fence, and the first character of the body."""

    start: int
    end: int
    body: int


class StrictHandler(BaseHandler):
    """python-frontmatter's view of the strict front matter."""

    FM_BOUNDARY = _FENCE
    START_DELIMITER = END_DELIMITER = "---"

    def detect(self, text: str) -> bool:
        """Whether the first line is a fence."""
        return _FENCE.match(text) is not None

    def locate(self, text: str) -> Fences | None:
        """Offsets of the block in `text`; None without a fence on the first line or without a closing one."""
        opening = _FENCE.match(text)
        if opening is None:
            return None
        start = min(opening.end() + 1, len(text))
        closing = _FENCE.search(text, start)
        if closing is None or start != opening.end() + 1:
            return None
        return Fences(start, closing.start(), min(closing.end() + 1, len(text)))

    def split(self, text: str) -> tuple[str, str]:
        """Front matter and body. Raises ValueError (which python-frontmatter expects) when there is no block."""
        fences = self.locate(text)
        if fences is None:
            raise ValueError("no front matter")
        return text[fences.start : fences.end], text[fences.body :]

    def load(self, fm: str, **_: object) -> dict[str, Any]:
        """The mapping as plain values. Raises ValueError with every problem of the text."""
        parsed = strict_yaml.load(fm, first_line=2)
        if parsed.problems:
            raise ValueError("; ".join(f"line {p.line}: {p.message}" for p in parsed.problems))
        return parsed.node.plain() if parsed.node is not None else {}

    def export(self, metadata: dict[str, object], **_: object) -> str:
        """Not offered: documents are edited in place. Raises NotImplementedError."""
        raise NotImplementedError("front matter is edited in place, see pmctl.document.edits")


HANDLER = StrictHandler()


def misread(text: str, fences: Fences | None, path: str) -> list[Finding]:
    """Everything about the block's borders that a person or another parser would read differently."""
    if fences is None:
        return [_absence(text, path)]
    problems: list[Finding] = []
    front = text[fences.start : fences.end]
    problems.extend(
        _at(
            text,
            fences.start + match.start(),
            path,
            "PM012",
            "a fence of another shape inside the front matter",
            "write exactly three dashes at the end of the front matter, and none inside",
        )
        for match in _LOOSE_FENCE.finditer(front)
    )
    if lone := _LONE_RETURN.search(front):
        problems.append(
            _at(
                text,
                fences.start + lone.start(),
                path,
                "PM006",
                "a carriage return without a line feed",
                "save the file with LF or CRLF line endings",
            )
        )
    if second := _SECOND.match(text, fences.body):
        start = second.start() + len(second.group()) - len(second.group().lstrip())
        problems.append(
            _at(
                text,
                start,
                path,
                "PM013",
                "a second front matter block",
                "merge it into the first block, or put a blank line and text before the rule",
            )
        )
    return problems


def _absence(text: str, path: str) -> Finding:
    first = text.lstrip()[:3]
    if _FENCE.match(text):
        return Finding("PM011", "the front matter is not closed", path, 1, 1, fix="add a line `---` below the last key")
    if _LOOSE_FENCE.match(text):
        return Finding(
            "PM012", "the first line is not exactly `---`", path, 1, 1, fix="write three dashes and nothing else"
        )
    if _LEADING_BLANKS.match(text):
        return Finding("PM012", "blank space before the front matter", path, 1, 1, fix="begin the file with `---`")
    if first == "+++":
        return Finding("PM014", "TOML front matter", path, 1, 1, fix="write YAML between two `---` lines")
    if first[:1] == "{" or first == ";;;":
        return Finding("PM014", "JSON front matter", path, 1, 1, fix="write YAML between two `---` lines")
    return Finding(
        "PM010",
        "no front matter",
        path,
        1,
        1,
        fix=advise("begin-document"),
    )


def _at(text: str, offset: int, path: str, code: str, message: str, fix: str) -> Finding:
    line, column = strict_yaml.position(text, offset)
    return Finding(code, message, path, line, column, fix=fix)


CODES = (
    Code(
        "PM006", "lone-carriage-return", "The front matter holds a carriage return without a line feed.",
        "Some programs end a line there and others do not, so they count and read lines differently.",
        "Save the file with LF or CRLF line endings.", "title: Payment\\rstatus: PUBLISHED",
    ),
    Code(
        "PM010", "no-front-matter", "The file does not begin with a `---` line.",
        "Without id, title, status and author pmctl cannot manage the document.",
        "Begin the file with front matter, or let `pmctl adopt` do it.", "# Outage of January 15",
    ),
    Code(
        "PM011", "front-matter-not-closed", "The front matter has no closing `---` line.",
        "The whole document would be read as YAML.", "Add a line `---` below the last key.",
        "---\nid: 2024-01-15-payment\n\n## Summary",
    ),
    Code(
        "PM012", "loose-fence", "A fence of the front matter is not exactly three dashes, or does not come first.",
        "Other programs accept such fences, so the same file would have different front matter for them.",
        "Write exactly `---`, at the very beginning and at the end of the front matter.", "----\nid: ...",
    ),
    Code(
        "PM013", "second-front-matter", "A second front matter block follows directly on the first.",
        "Tools that read blocks in turn would take other values than pmctl does.",
        "Merge it into the first block. For a horizontal rule, put text before it.",
        "---\nstatus: DRAFT\n---\n---\nstatus: PUBLISHED\n---",
    ),
    Code(
        "PM014", "other-front-matter", "The front matter is TOML or JSON.",
        "pmctl reads one notation, so that one file says one thing.", "Write YAML between two `---` lines.",
        "+++\ntitle = \"Outage\"\n+++",
    ),
)  # fmt: skip
