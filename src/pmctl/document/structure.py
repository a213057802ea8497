"""The Markdown structure of a text, with the place of everything in it.

text -> events of the parser (pulldown-cmark: CommonMark 0.31 with GitHub's tables) -> Structure, as offsets in the text

Whatever asks what a part of a postmortem is (a heading, a row, code, a comment) asks here, except for the content
digest, which rests on the line grammar of `action_table` alone. Headings and tables count at the top level only: what
stands in a list item or a block quote is text. Another parser renders (see `output`); a differential test holds the
two together.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from pyromark import Markdown, Options

from pmctl.document.offsets import Span as Span
from pmctl.document.offsets import characters, line_end, plain_lines
from pmctl.document.rows import TRIM

# A part of running text: TEXT, CODE (a span of it), HTML or BREAK (a line's end), and its offsets.
Piece = tuple[str, int, int]
TEXT, CODE, HTML, BREAK = "text", "code", "html", "break"

# The extensions that rendering has as well.
_PARSER = Markdown(options=Options.ENABLE_TABLES | Options.ENABLE_STRIKETHROUGH)
_COMMENT = re.compile(r"<!---?>|<!--[\s\S]*?-->")
_FENCES = ("```", "~~~")
_INLINE = frozenset(("Emphasis", "Strong", "Strikethrough", "Link", "Image"))
_ROWS = frozenset(("TableRow", "TableHead"))
_CONTAINERS = frozenset(("BlockQuote", "List", "Item"))
_FINISHED = frozenset((*_CONTAINERS, "CodeBlock", "HtmlBlock"))
_PIECES = {
    "Text": TEXT, "SoftBreak": BREAK, "HardBreak": BREAK, "Code": CODE, "InlineHtml": HTML, "Html": HTML,
}  # fmt: skip
_MARKED = frozenset(("Code", "InlineHtml", "Html"))
_KINDS = {
    "Paragraph": "paragraph", "Heading": "heading", "Table": "table", "CodeBlock": "code", "HtmlBlock": "html",
    "BlockQuote": "quote",
}  # fmt: skip


class Heading(NamedTuple):
    """A heading. `title` is its source with its white space collapsed; `start` and `end` (of its last line, newline
    included) are offsets in the text, `line` counts from 1, `lines` is how many lines it takes."""

    level: int
    title: str
    line: int
    start: int
    end: int
    lines: int


class TableLines(NamedTuple):
    """Where a table lies: its first line, from 1, and for each line its offsets without the newline.

    The first line is the header, the second the row of dashes.
    """

    line: int
    spans: tuple[Span, ...]


class Block(NamedTuple):
    """A block at the top level: item (of a list), paragraph, heading, table, code, html, quote or rule.

    `start` is behind the indentation of its first line, `end` behind its last line; `number` is that of an ordered
    item.
    """

    kind: str
    start: int
    end: int
    number: int | None = None


class Structure(NamedTuple):
    """What a text is made of, in order.

    `code_blocks` (fences included), `code_spans` (backticks included) and `comments` (from `<!--` to behind `-->`) are
    found wherever they stand. `leaves` are the running text outside of quotes and blocks of code: the pieces of each
    paragraph, heading, item or cell.
    """

    headings: tuple[Heading, ...]
    tables: tuple[TableLines, ...]
    blocks: tuple[Block, ...]
    code_blocks: tuple[Span, ...]
    code_spans: tuple[Span, ...]
    comments: tuple[Span, ...]
    leaves: tuple[list[Piece], ...]


@lru_cache(maxsize=16)
def read_structure(text: str, start: int = 0) -> Structure:
    """The structure of `text` from offset `start` on, where a body begins; lines count from the text's first.

    Never raises: every text is Markdown. A comment that is not closed in its block goes on to its `-->` or to the
    end of the text, as in a browser, so that no prompt is ever shown; in a list or quote at most to the next heading
    or fence.
    """
    reader = _Reader(text, start)
    body = reader.source[start:]
    if body.isascii():  # blank lines before it mean nothing, and offsets in bytes are offsets in the text
        reader.read(_PARSER.events_with_range("\n" * start + body, merge_text=True), None)
    else:
        reader.read(_PARSER.events_with_range(body, merge_text=True), characters(body, start))
    return reader.structure()


def comment_spans(text: str) -> tuple[Span, ...]:
    """The offsets of the HTML comments: of each `<!--`, and behind its `-->`."""
    return read_structure(text).comments if "<!--" in text else ()


def pictures_and_html(text: str, start: int = 0) -> Iterator[tuple[str, str, int, int]]:
    """What may show a picture, in order: ("picture", its address, offsets) and ("html", the source, offsets).

    The lines of an HTML block come as one. Only who has seen a `![` or a `<` needs to ask.
    """
    body = plain_lines(text)[start:]
    place = range(start, len(text) + 1) if body.isascii() else characters(body, start)
    block: list[int] | None = None
    events: Iterable[tuple[Any, Any]] = _PARSER.events_with_range(body, merge_text=True)
    for event, covered in events:
        first, last = place[covered["start"]], place[covered["end"]]
        kind, what = event.popitem() if event.__class__ is dict else (event, "")
        if kind == "Start" and what.__class__ is dict and "Image" in what:
            yield "picture", what["Image"]["dest_url"], first, last
        elif kind == "Start" and what == "HtmlBlock":
            block = []
        elif kind == "Html" and block is not None:
            block = [block[0] if block else first, last]
        elif kind == "InlineHtml":
            yield HTML, text[first:last], first, last
        elif kind == "End" and what == "HtmlBlock":
            if block:
                yield HTML, text[block[0] : block[1]], block[0], block[1]
            block = None


class _Reader:
    """Collects the structure of one text from the parser's events."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.source = plain_lines(text)
        self.first_line = self.source.count("\n", 0, start) + 1
        lines = self.source[start:].split("\n")
        self.starts = list(accumulate([len(line) + 1 for line in lines], initial=start))
        self.starts[-1] = len(text)
        self.headings: list[Heading] = []
        self.tables: list[TableLines] = []
        self.blocks: list[Block] = []
        self.code_blocks: list[Span] = []
        self.code_spans: list[Span] = []
        self.comments: list[Span] = []
        self.leaves: list[list[Piece]] = []
        self.depth = 0
        self.quotes = 0
        self.in_code = False
        self.number: int | None = None
        self.html: list[Span] | None = None
        self.open_comments: list[tuple[int, int, bool]] = []
        self.rows: list[Span] = []

    def read(self, events: Iterable[tuple[Any, Any]], place: Sequence[int] | None) -> None:
        """Go through the events; `place` turns their ranges into offsets in the text, where they are not such already.

        An event is a name, or a mapping of one name to its details, made for us to take apart. There are hundreds in a
        document, and most are text, breaks and cells: those come first and cost little.
        """
        leaf: list[Piece] | None = None
        hidden = False
        commented = "<!--" in self.source
        for event, covered in events:
            kind, what = event.popitem() if event.__class__ is dict else (event, "")
            if kind == "Text":
                if hidden:
                    continue
            elif what == "TableCell" and kind != "Code":
                leaf = None
                continue
            elif kind == "End":
                name = what if what.__class__ is str else next(iter(what))
                if name not in _INLINE:
                    leaf = None
                    if name in _FINISHED:
                        self.finish(name)
                        hidden = self.in_code or self.quotes > 0
                continue
            start, end = covered["start"], covered["end"]
            if place is not None:
                start, end = place[start], place[end]
            if kind in _PIECES:
                if kind in _MARKED and not self.in_code:
                    self.marked((_PIECES[kind], start, end))
                if not hidden:
                    if leaf is None:
                        leaf = []
                        self.leaves.append(leaf)
                    leaf.append((_PIECES[kind], start, end))
                continue
            name, detail = what.popitem() if what.__class__ is dict else (what or kind, None)
            if name not in _INLINE:
                leaf = None
                if name not in _ROWS:
                    self.begin(name, detail, (start, end))
                    hidden = self.in_code or self.quotes > 0
                elif commented:
                    self.rows.append((start, end))

    def marked(self, piece: Piece) -> None:
        """Code or HTML in running text."""
        kind, start, end = piece
        if kind == CODE:
            self.code_spans.append((start, end))
        # Of an HTML block each line is a piece; its comments are looked for when it ends.
        elif self.html is not None:
            self.html.append((start, end))
        elif self.source.startswith("<!--", start):
            self.comments.append((start, end))

    def begin(self, name: str, detail: Any, span: Span) -> None:
        """A block begins."""
        if not self.depth:
            if name in _KINDS:
                self.blocks.append(Block(_KINDS[name], *span))
            if name == "Heading":
                self.headings.append(self.heading(int(detail["level"][1]), span))
            elif name == "Table":
                first, last = self.row(span[0]), self.row(span[1] - 1)
                starts = self.starts[first : last + 2]
                spans = tuple([(one, line_end(self.text, following)) for one, following in pairwise(starts)])
                self.tables.append(TableLines(self.first_line + first, spans))
            elif name == "List":
                self.number = detail
            elif name == "Rule":
                self.blocks.append(Block("rule", *span))
        elif name == "Item" and self.depth == 1:
            self.blocks.append(Block("item", *span, self.number))
            self.number = None if self.number is None else self.number + 1
        if name in _CONTAINERS:
            self.depth += 1
            self.quotes += name == "BlockQuote"
        elif name == "CodeBlock":
            self.in_code = True
            self.code_blocks.append((span[0], line_end(self.text, span[1])))
        elif name == "HtmlBlock":
            self.html = []

    def finish(self, name: str) -> None:
        """A block ends."""
        if name in _CONTAINERS:
            self.depth -= 1
            self.quotes -= name == "BlockQuote"
        elif name == "CodeBlock":
            self.in_code = False
        elif name == "HtmlBlock":
            self.html_comments(self.html or [])
            self.html = None

    def row(self, offset: int) -> int:
        """Which of the lines holds an offset."""
        return bisect_right(self.starts, offset, 0, len(self.starts) - 1) - 1

    def heading(self, level: int, span: Span) -> Heading:
        first = last = self.row(span[0])
        if span[1] > self.starts[first + 1]:
            last = self.row(span[1] - 1)
        start, end = self.starts[first], self.starts[last + 1]
        if first == last:
            title = heading_text(self.source[span[0] + level : end].rstrip())
        else:
            title = self.source[start : self.starts[last]]
        return Heading(level, " ".join(title.split()), self.first_line + first, start, end, last - first + 1)

    def html_comments(self, lines: list[Span]) -> None:
        """Note the comments of an HTML block that has these lines."""
        text = "".join([self.source[start:end] for start, end in lines])
        begins = list(accumulate([end - start for start, end in lines[:-1]], initial=0))

        def placed(offset: int) -> int:
            line = bisect_right(begins, offset) - 1
            return lines[line][0] + offset - begins[line]

        at = text.find("<!--")
        while at >= 0:
            match = _COMMENT.match(text, at)
            if match is None:
                self.open_comments.append((placed(at), placed(len(text.rstrip()) - 1) + 1, self.depth > 0))
                return
            self.comments.append((placed(at), placed(match.end() - 1) + 1))
            at = text.find("<!--", match.end())

    def structure(self) -> Structure:
        """What was collected, comments that reach beyond their block or cell taken into account."""
        reaching = [*self.reaching_comments(), *self.comments_across_cells()]
        if reaching:
            comments: list[Span] = []
            for start, end in sorted([*self.comments, *reaching]):
                if not comments or start >= comments[-1][1]:
                    comments.append((start, end))
            self.comments = comments
            self.code_blocks = _outside(self.code_blocks, comments)
            self.code_spans = _outside(self.code_spans, comments)
        return Structure(
            tuple(self.headings),
            tuple(self.tables),
            tuple(self.blocks),
            tuple(self.code_blocks),
            tuple(self.code_spans),
            tuple(self.comments),
            tuple(self.leaves),
        )

    def reaching_comments(self) -> Iterable[Span]:
        """Comments that are not closed in their block, with what they reach."""
        barriers: list[int] = []
        if any(nested for _, _, nested in self.open_comments):
            fences = [start for start, _ in self.code_blocks if self.source.startswith(_FENCES, start)]
            barriers = sorted([*fences, *(heading.start for heading in self.headings)])
        behind = 0
        for start, end, nested in self.open_comments:
            if start < behind:
                continue
            following = bisect_left(barriers, end) if nested else len(barriers)
            stop = barriers[following] if following < len(barriers) else len(self.source)
            closing = self.source.find("-->", start + 4, stop)
            behind = closing + 3 if closing >= 0 else stop if stop == len(self.source) else end
            yield start, behind

    def comments_across_cells(self) -> Iterable[Span]:
        """Comments that begin in one cell of a row and are closed in a later one."""
        for start, end in self.rows:
            known = sorted([*self.code_spans, *self.comments]) if self.source.find("<!--", start, end) >= 0 else []
            at = self.source.find("<!--", start, end)
            while at >= 0:
                around = bisect_right(known, (at, len(self.source))) - 1
                if around >= 0 and at < known[around][1]:
                    at = self.source.find("<!--", known[around][1], end)
                    continue
                closing = self.source.find("-->", at + 4, end)
                if closing < 0:
                    break
                if (at - len(self.source[start:at].rstrip("\\")) - start) % 2 == 0:
                    yield at, closing + 3
                    at = closing
                at = self.source.find("<!--", at + 3, end)


def heading_text(content: str) -> str:
    """The text of an ATX heading behind its marks, without a closing run of them."""
    tail = content.rstrip("#")
    if tail != content and (not tail or tail[-1] in " \t"):
        content = tail
    return content.strip(TRIM)


def _outside(spans: list[Span], comments: list[Span]) -> list[Span]:
    """What begins or goes on behind the comments, which are in order."""
    kept = []
    for start, end in spans:
        around = bisect_right(comments, (start, end)) - 1
        first = max(start, comments[around][1]) if around >= 0 else start
        if first < end:
            kept.append((first, end))
    return kept
