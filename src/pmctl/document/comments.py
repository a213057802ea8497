"""HTML comments in Markdown: where they are, told apart from code and from text that only looks like them.

    text -> a scan of lines, or the Markdown parser where that is in doubt -> offsets of the comments

CommonMark 0.31: a comment is a block (section 4.6, kind 2) or stands in a line (6.6); in code and behind a backslash
it is text. Like a browser, and so that no prompt is ever shown, a comment that begins a block ends at its `-->` even
when that stands behind the block. A differential test holds scan and parser together.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from pmctl.document.blocks import split_row
from pmctl.document.outline import lines_of

Span = tuple[int, int]

_FENCE = re.compile(r"^(?:`{3,}(?=[^`\n]*$)|~{3,})", re.MULTILINE)
_TICKS = re.compile("`+")
_MARKS = re.compile(r"\\.|`+|<!--", re.DOTALL)
_LIST_OR_QUOTE = r"[ \t]*(?:[-*+>]|[0-9]{1,9}[.)])"
_INNER_FENCE = re.compile(rf"^(?:[ \t]+|{_LIST_OR_QUOTE}[ \t>*+\-0-9.)]*)(?:`{{3}}|~{{3}})", re.MULTILINE)
_OTHER_HTML = re.compile(r"^ {0,3}<(?:[A-Za-z/?]|!(?!--))", re.MULTILINE)
_MAYBE_CODE = re.compile(rf" {{4}}| {{0,3}}\t|{_LIST_OR_QUOTE}.*(?:\t| {{5}})")
_BLANK = re.compile(r"\n[ \t\r]*(?=\n)")


class _Doubt(Exception):
    """A comment that the scan of lines does not judge."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The offsets of the comments, and the lines (from 0) of each block of code; both ascending."""

    comments: tuple[Span, ...]
    code: tuple[range, ...]


def comment_spans(text: str) -> tuple[Span, ...]:
    """The offsets of the HTML comments: of each `<!--`, and behind its `-->`."""
    if "<!--" not in text:
        return ()
    try:
        return tuple(_scanned(text))
    except _Doubt:
        return layout(text).comments


def _scanned(text: str) -> list[Span]:
    """The comments by a look at their lines and at fences. Raises `_Doubt` where that is not enough.

    Not enough for fences in lists and quotes, what may be code for another reason, link definitions and other HTML.
    """
    fenced = "```" in text or "~~~" in text
    if (
        ("\r" in text and text.count("\r") != text.count("\r\n"))
        or "]:" in text
        or (fenced and _INNER_FENCE.search(text))
        or (text.count("<") != text.count("<!--") and _OTHER_HTML.search(text))
    ):
        raise _Doubt
    spans: list[Span] = []
    paragraphs = _Paragraphs(text)
    fence = _FENCE.search(text) if fenced else None
    at = line = 0
    start = text.find("<!--")
    while start >= 0:
        if fence is not None and fence.start() < start:
            if fence.start() >= at:  # else it stands in a comment
                end = re.compile(rf"^{fence[0]}{fence[0][0]}*[ \t\r]*$", re.MULTILINE).search(text, fence.end())
                if end is None:
                    break
                at = line = end.end()
            fence = _FENCE.search(text, max(at, fence.end()))
        else:
            line = text.rfind("\n", max(line, at), start) + 1 or line
            at = _end(text, start, line, at, paragraphs)
            spans.append((start, at))
        if start < at:
            start = text.find("<!--", at)
    return spans


def _end(text: str, start: int, line: int, before: int, paragraphs: _Paragraphs) -> int:
    """Where the comment ends that seems to begin at `start` in the line from `line` on.

    `before` is where the last one ended. Raises `_Doubt` unless the comment begins its line, or is closed in it and
    nothing around makes code of it.
    """
    close = _closing(text, start, len(text))
    if line == start:
        return len(text) if close < 0 else close
    ahead = text[max(line, before) : start]
    if (
        close < 0
        or "\n" in text[start:close]
        or ahead.endswith("\\")
        or (before <= line and _MAYBE_CODE.match(ahead))
        or paragraphs.hold_tick(line, start)
    ):
        raise _Doubt
    return close


class _Paragraphs:
    """Where blank lines and backticks are; looked up when it is first asked."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ticks: list[int] | None = None
        self._blanks: list[int] = []

    def hold_tick(self, line: int, before: int) -> bool:
        """Whether a backtick stands before `before`, in the paragraph of the line that begins at `line`."""
        if self._ticks is None:
            self._ticks = [match.start() for match in _TICKS.finditer(self._text)]
            if self._ticks:
                self._blanks = [match.end() for match in _BLANK.finditer(self._text)]
        if not self._ticks:
            return False
        blank = bisect_left(self._blanks, line)
        last = bisect_left(self._ticks, before)
        return last > 0 and self._ticks[last - 1] >= (self._blanks[blank - 1] if blank else 0)


def layout(text: str) -> Layout:
    """Comments and code as the Markdown parser sees them."""
    from pmctl.document.markdown import block_parser

    lines, starts, _ = lines_of(text, 0)
    tokens = block_parser().parse("\n".join(lines))
    bounds = [
        starts[token.map[0]]
        for token in tokens
        if token.map and (token.type == "fence" or (token.type == "heading_open" and not token.level))
    ]
    code: list[range] = []
    spans: list[Span] = []
    row = False
    for token in tokens:
        row = token.type == "tr_open" or (row and token.type != "tr_close")
        if token.map is None or (row and token.type != "tr_open"):
            continue
        last = min(token.map[1], len(lines)) - 1
        start, end = starts[token.map[0]], starts[last] + len(lines[last])
        if spans:
            start = max(start, spans[-1][1])  # a comment may have reached into this block
        if start >= end:
            continue
        if token.type in ("fence", "code_block"):
            code.append(range(token.map[0], last + 1))
        elif token.type == "html_block":
            # Inside a list or quote a comment that is not closed there reaches at most to the next heading or code.
            after = bisect_left(bounds, end) if token.level else len(bounds)
            spans += _in_html(text, start, end, bounds[after] if after < len(bounds) else len(text))
        elif token.type == "tr_open":
            spans += _in_row(text, start, end)
        elif token.type == "inline":
            spans += _inline(text, start, end, text.rfind("-->", start, end))
    return Layout(tuple(spans), tuple(code))


def _in_html(text: str, start: int, end: int, stop: int) -> list[Span]:
    """The comments that begin in the HTML block from `start` to `end`; one that is not closed before `stop` reaches to
    the block's end, or to the text's when nothing stops it.
    """
    spans: list[Span] = []
    while (start := text.find("<!--", start, end)) >= 0:
        close = _closing(text, start, stop)
        if close < 0:
            close = stop if stop == len(text) else end
        spans.append((start, close))
        start = close
    return spans


def _in_row(text: str, start: int, end: int) -> list[Span]:
    """The comments of a table's row: a code span keeps to its cell, a comment is one across cells as well."""
    spans: list[Span] = []
    last = text.rfind("-->", start, end)
    for left, right in split_row(text[start:end]):
        begin = max(start + left, spans[-1][1] if spans else 0)
        spans += _inline(text, begin, start + right, last)
    return spans


def _inline(text: str, start: int, end: int, last: int) -> list[Span]:
    """The comments that begin between `start` and `end`: not escaped, in no code span, closed at `last` or before."""
    spans: list[Span] = []
    partners: dict[int, int] | None = None
    while (mark := _MARKS.search(text, start, end)) is not None:
        start = mark.end()
        if mark[0] == "<!--":
            close = _closing(text, mark.start(), last + 3)
            if close < 0:
                break  # and none of those behind it is closed
            spans.append((mark.start(), close))
            start = close
        elif mark[0][0] == "`":
            if partners is None:
                partners = _partners(text, mark.start(), end)
            start = partners.get(mark.start(), start)
    return spans


def _partners(text: str, start: int, end: int) -> dict[int, int]:
    """For each run of backticks between two offsets, the end of the next run of its length, if there is one."""
    found: dict[int, int] = {}
    nearest: dict[int, int] = {}
    for run in reversed(list(_TICKS.finditer(text, start, end))):
        size = run.end() - run.start()
        if size in nearest:
            found[run.start()] = nearest[size]
        nearest[size] = run.end()
    return found


def _closing(text: str, start: int, limit: int) -> int:
    """The offset behind the comment that begins at `start`, -1 when it is not closed before `limit`."""
    for short in ("<!-->", "<!--->"):
        if text.startswith(short, start):
            return start + len(short)
    close = text.find("-->", start + 4, limit)
    return -1 if close < 0 else close + 3
