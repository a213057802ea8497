"""Which parts of a text are code and which are HTML comments, as the Markdown parser sees them.

text -> leaf blocks (by a scan of lines, or by the parser where that is in doubt) -> spans of each block's line of text

Code spans, HTML tags, autolinks and comments are told apart as CommonMark (0.31) does: whichever begins first counts,
and none of them reaches from one paragraph, list item or table cell into the next. A differential test holds the scan
and the parser together.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache, lru_cache
from itertools import accumulate
from typing import NamedTuple

from pmctl.document.blocks import CODE, HTML, TABLE, Leaf
from pmctl.document.outline import Scanned, scanned
from pmctl.document.rows import split_row

Span = tuple[int, int]

_SPECIAL = re.compile(r"`+|[\\<]|\]\(")
_ATTRIBUTE = r"""\s+[a-zA-Z_:][\w:.-]*(?:\s*=\s*(?:[^"'=<>`\x00-\x20]+|'[^']*'|"[^"]*"))?"""
_COMMENT = re.compile(r"<!---?>|<!--[\s\S]*?-->")
_TAG_OR_AUTOLINK = (
    rf"<[A-Za-z][A-Za-z0-9-]*(?:{_ATTRIBUTE})*\s*/?>|</[A-Za-z][A-Za-z0-9-]*\s*>|<\?[\s\S]*?\?>|<![A-Za-z][^>]*>"
    r"|<!\[CDATA\[[\s\S]*?\]\]>"
    r"|<(?:[a-zA-Z][a-zA-Z0-9+.-]{1,31}:[^<>\x00-\x20]*|[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+)>"
)
_TICKS = re.compile("`+")
_CLOSING = (">", "-->", "?>", "]]>")
_LONGEST_TARGET = 1_000
_LONGEST_BLOCK = 8 * 1024
"""Characters of a block's text up to which the parser is asked about it: people write less, and it takes its time."""
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


class Markup(NamedTuple):
    """Offsets, in order: blocks of code (fences included), code spans (backticks included), HTML comments."""

    blocks: tuple[Span, ...] = ()
    spans: tuple[Span, ...] = ()
    comments: tuple[Span, ...] = ()


@lru_cache(maxsize=32)
def markup(text: str, start: int = 0) -> Markup:
    """What is code and what is a comment in `text` from offset `start` on, where a body begins. Never raises."""
    known = scanned(text, start)
    leaves = known.leaves
    if leaves is None:
        from pmctl.document.markdown import parse_leaves

        leaves = parse_leaves(known.lines)
    found = _Finder(text, known, leaves)
    for leaf in leaves:
        found.leaf(leaf)
    return Markup(tuple(found.blocks), tuple(found.spans), tuple(found.comments))


def comment_spans(text: str) -> tuple[Span, ...]:
    """The offsets of the HTML comments: of each `<!--`, and behind its `-->`."""
    return markup(text).comments if "<!--" in text else ()


class _Finder:
    """Collects the spans of one text, leaf by leaf."""

    def __init__(self, text: str, known: Scanned, leaves: list[Leaf]) -> None:
        self.text = text
        self.known = known
        self.leaves = leaves
        self.blocks: list[Span] = []
        self.spans: list[Span] = []
        self.comments: list[Span] = []
        self.behind = 0  # where the last comment ends, which may be inside a later leaf

    def leaf(self, leaf: Leaf) -> None:
        starts, lines = self.known.starts, self.known.lines
        if leaf.kind == CODE:
            last = leaf.first + len(leaf.lines) - 1
            start, end = max(starts[leaf.first], self.behind), starts[last] + len(lines[last])
            if start < end:
                self.blocks.append((start, end))
        elif leaf.kind == TABLE:
            for row, line in enumerate(leaf.lines, leaf.first):
                if "`" in line or "<" in line:
                    self.row(line, starts[row] + len(lines[row]) - len(line))
        elif any("`" in line or "<" in line for line in leaf.lines):
            placed = [
                (line, starts[row] + len(lines[row]) - len(line)) for row, line in enumerate(leaf.lines, leaf.first)
            ]
            if placed[0][1] < self.behind:
                placed = [
                    (line[max(0, self.behind - offset) :], max(offset, self.behind))
                    for line, offset in placed
                    if offset + len(line) > self.behind
                ]
            text = "\n".join([line for line, _ in placed])
            begins = list(accumulate([len(line) + 1 for line, _ in placed[:-1]], initial=0))
            offsets = [offset for _, offset in placed]
            if leaf.kind == HTML:
                self.block_of_html(text, begins, offsets, leaf)
            else:
                self.inline(text, begins, offsets)

    def row(self, line: str, offset: int) -> None:
        """A row of a table: a code span keeps to its cell, a comment is one across cells as well."""
        for left, right in split_row(line):
            begin = max(left, self.behind - offset)
            if begin < right:
                self.inline(line[begin:right], [0], [offset + begin], line[right:])

    def block_of_html(self, text: str, begins: list[int], offsets: list[int], leaf: Leaf) -> None:
        """The comments of an HTML block.

        Like a browser, and so that no prompt is ever shown, one that is not closed there goes on to its `-->`, or to
        the end of the text; in a list or quote at most to the next heading or fence.
        """
        at = text.find("<!--")
        while at >= 0:
            match = _COMMENT.match(text, at)
            start, end = _placed(at, match.end() if match else len(text), begins, offsets)
            at = text.find("<!--", match.end()) if match else -1
            if not match:
                stop = self.stop(leaf)
                closing = self.text.find("-->", start + 4, stop)
                end = closing + 3 if closing >= 0 else stop if stop == len(self.text) else end
            self.comments.append((start, end))
            self.behind = end

    def stop(self, leaf: Leaf) -> int:
        """How far a comment may reach that begins in a leaf and is not closed there."""
        if leaf.lines[0] == self.known.lines[leaf.first]:
            return len(self.text)
        blocks = self.known.blocks
        if blocks is None:
            from pmctl.document.markdown import parse_blocks

            blocks = parse_blocks(self.known.lines)
        rows = [block.first for block in blocks if block.level]
        rows += [
            one.first for one in self.leaves if one.kind == CODE and one.lines[0].lstrip(" ")[:3] in ("```", "~~~")
        ]
        following = min((row for row in rows if row >= leaf.first + len(leaf.lines)), default=None)
        return len(self.text) if following is None else self.known.starts[following]

    def inline(self, text: str, begins: list[int], offsets: list[int], beyond: str = "") -> None:
        """The code spans and comments of a block's text, whose lines begin at these offsets.

        `beyond` is what stands behind the text on its line: a comment may be closed there.
        """
        code: list[Span] = []
        comments: list[Span] = []
        runs: dict[int, list[int]] = {}
        last = {mark: text.rfind(mark) for mark in _CLOSING} if "<" in text else {}
        at = 0
        while special := _SPECIAL.search(text, at):
            start, at = special.span()
            first = special[0][0]
            if first == "\\":
                at += text[at : at + 1] in _PUNCTUATION
            elif first == "]":
                target = text[at : at + _LONGEST_TARGET].partition(")")[0]
                if ("`" in target or "<" in target) and len(text) < _LONGEST_BLOCK:
                    code, comments = _by_parser(text)  # which counts first depends on whether this is a link
                    break
            elif first == "`":
                runs = runs or _runs(text)
                same = runs.get(at - start, [])
                closing = bisect_right(same, start)
                if closing < len(same):
                    at += same[closing] - start
                    code.append((start, at))
            elif tag := _tag(text, start, last):
                at = tag.end()
                if tag[0].startswith("<!--"):
                    comments.append((start, at))
            elif text.startswith("<!--", start) and "-->" in beyond:
                at = len(text) + beyond.index("-->") + 3
                comments.append((start, at))
        self.spans += [_placed(first, last, begins, offsets) for first, last in code]
        if comments:
            self.comments += [_placed(first, last, begins, offsets) for first, last in comments]
            self.behind = self.comments[-1][1]


def _tag(text: str, start: int, last: dict[str, int]) -> re.Match[str] | None:
    """The autolink, tag or comment that begins with the `<` at `start`; None when there is none.

    Each kind ends with a mark of its own. `last` says where each mark stands last: behind that nothing is tried, so
    that a text of openings is not searched to its end for each of them.
    """
    if text.startswith("<!--", start):
        short = text.startswith((">", "->"), start + 4)
        return _COMMENT.match(text, start) if short or last["-->"] >= start + 4 else None
    mark = "?>" if text.startswith("<?", start) else "]]>" if text.startswith("<![CDATA[", start) else ">"
    if last[mark] < start:
        return None
    return _tags().match(text, start)


@cache
def _tags() -> re.Pattern[str]:
    """Compiled when it is first needed: most documents have no tag."""
    return re.compile(_TAG_OR_AUTOLINK, re.ASCII)


def _placed(start: int, end: int, begins: list[int], offsets: list[int]) -> Span:
    """A span of a block's text as offsets of the whole text."""
    first = bisect_right(begins, start) - 1
    last = bisect_right(begins, end - 1) - 1
    return offsets[first] + start - begins[first], offsets[last] + end - begins[last]


def _runs(text: str) -> dict[int, list[int]]:
    """Where runs of backticks begin, by their length."""
    runs: dict[int, list[int]] = {}
    for run in _TICKS.finditer(text):
        runs.setdefault(run.end() - run.start(), []).append(run.start())
    return runs


def _by_parser(text: str) -> tuple[list[Span], list[Span]]:
    """The code spans and comments of a block's text, by the parser's own tokens looked up one behind the other."""
    from pmctl.document.markdown import parse_inline

    code: list[Span] = []
    comments: list[Span] = []
    at = 0
    for mark, content in parse_inline(text):
        if mark:
            start, end = _find_code(text, at, mark, content)
            code.append((start, end))
        else:
            start = text.find(content, at)
            end = start + len(content)
            if content.startswith("<!--"):
                comments.append((start, end))
        at = end
    return code, comments


def _find_code(text: str, at: int, mark: str, content: str) -> Span:
    """The code span with this mark and content, from `at` on."""
    runs = [run.span() for run in _TICKS.finditer(text, at)]
    for index, (_, begin) in enumerate(runs):
        for end, behind in runs[index + 1 :]:
            if behind - end == len(mark):
                inner = text[begin:end].replace("\n", " ")
                if inner.startswith(" ") and inner.endswith(" ") and inner.strip(" "):
                    inner = inner[1:-1]
                if inner == content:
                    return begin - len(mark), behind
                break
    return at, at
