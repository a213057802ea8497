"""Markdown written anew from its tokens, so that every program reads it alike and none runs what it holds.

text -> markdown-it's tokens -> text that says the same

Wikis and generators disagree about indentation, lists that interrupt paragraphs, raw HTML and syntax of their own. What
comes out here is the part on which they agree: blank lines between blocks, four columns for what is inside an item,
code in fences, and every character escaped that means something to one of them. Raw HTML is text, as in every form of
pmctl. What still differs is a Dialect.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmctl.output.markdown_parser import parser
from pmctl.output.wiki.inline import Place, at_start, inline_text
from pmctl.text import harmless

if TYPE_CHECKING:
    from markdown_it.token import Token

_LANGUAGE = re.compile(r"[A-Za-z0-9+#._-]{1,40}")
_ALIGN = re.compile(r"text-align:(left|right|center)")
_RULES = {"left": ":---", "right": "---:", "center": ":---:"}
_TASK = re.compile(r"\\\[([ xX])\\\](?=[ ])")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one program reads in a way of its own.

    `line_break` is written for `<br>` in a cell. `fenced_in_lists` says whether a fence is read inside an item,
    `other_markers` whether another marker begins another list, `pipe_in_code` whether the pipe in the code of a cell
    needs no backslash, `modules` whether a line may begin a statement of a module (MDX). `code` makes code harmless.
    """

    line_break: str = "<br>"
    fenced_in_lists: bool = True
    other_markers: bool = True
    pipe_in_code: bool = False
    modules: bool = False
    code: Callable[[str], str] = lambda text: text


PLAIN = Dialect()


def parse(text: str) -> list[Token]:
    """The tokens of a body, as every rendering of pmctl reads it."""
    return parser("table", "strikethrough").parse(text)


def headings(text: str) -> list[str]:
    """The words of all headings in their order, as a page shows them."""
    tokens = parse(text)
    return [shown_words(tokens[at + 1]) for at, token in enumerate(tokens) if token.type == "heading_open"]


def shown_words(inline: Token) -> str:
    """The words of one heading or paragraph, without markup."""
    return "".join(one.content for one in inline.children or () if one.type in ("text", "code_inline"))


def rewritten(text: str, place: Place, dialect: Dialect = PLAIN) -> str:
    """The Markdown in a dialect, with every address as `place` says; ends with a newline."""
    blocks, _ = _Writer(place, dialect).blocks(parse(harmless(text)), 0)
    return "\n\n".join(blocks) + "\n"


class _Writer:
    """Writes blocks: each as lines without what its container puts before them."""

    def __init__(self, place: Place, dialect: Dialect) -> None:
        self.place = place
        self.dialect = dialect
        self.items = 0

    def blocks(self, tokens: list[Token], at: int) -> tuple[list[str], int]:
        """The blocks from a token on to the end of what holds them, and the token behind it."""
        out: list[str] = []
        marker = ""
        while at < len(tokens) and tokens[at].nesting >= 0:
            kind = tokens[at].type
            if kind in ("bullet_list_open", "ordered_list_open"):
                if marker and not self.dialect.other_markers:
                    out.append("<!-- -->")
                text, at, marker = self.listed(tokens, at, marker)
            else:
                text, at = self.block(tokens, at)
                marker = ""
            out.append(text)
        return out, at + 1

    def block(self, tokens: list[Token], at: int) -> tuple[str, int]:
        """One block that is no list, and the token behind it."""
        token = tokens[at]
        if token.type == "paragraph_open":
            lines = self.inline(tokens[at + 1]).split("\n")
            return "\n".join(at_start(line, modules=self.dialect.modules) for line in lines), at + 3
        if token.type == "heading_open":
            text = " ".join(self.inline(tokens[at + 1]).split("\n"))
            text = f"{text[:-1]}\\#" if text.endswith("#") and not text.endswith("\\#") else text
            return f"{'#' * int(token.tag[1])} {text}".rstrip(), at + 3
        if token.type in ("fence", "code_block"):
            return self.code(token), at + 1
        if token.type == "blockquote_open":
            inside, at = self.blocks(tokens, at + 1)
            return "\n".join(f"> {line}".rstrip() for line in "\n\n".join(inside).split("\n")), at
        if token.type == "table_open":
            return self.table(tokens, at)
        return "___", at + 1

    def listed(self, tokens: list[Token], at: int, before: str) -> tuple[str, int, str]:
        """A list, the token behind it, and the marker that it used; `before` is that of a list right before it."""
        ordered = tokens[at].type == "ordered_list_open"
        number = int(str(tokens[at].attrs.get("start", 1))) if ordered else 0
        marks = (".", ")") if ordered else ("-", "*")
        mark = marks[before == marks[0] and self.dialect.other_markers]
        self.items += 1
        items: list[str] = []
        tight = True
        at += 1
        while tokens[at].type == "list_item_open":
            tight = tight and not (tokens[at + 1].type == "paragraph_open" and not tokens[at + 1].hidden)
            first = at + 1
            inside, at = self.blocks(tokens, first)
            lead = f"{number}{mark}" if ordered else mark
            number += 1
            items.append(_item(lead, _joined(inside, tokens[first].hidden)))
        self.items -= 1
        return ("\n" if tight else "\n\n").join(items), at + 1, mark

    def code(self, token: Token) -> str:
        text = self.dialect.code(token.content).removesuffix("\n")
        if self.items and not self.dialect.fenced_in_lists:
            return "\n".join(f"    {line}".rstrip() for line in text.split("\n"))
        longest = max((len(run) for run in re.findall("`+", text)), default=0)
        fence = "`" * max(3, longest + 1)
        language = _LANGUAGE.fullmatch((token.info.split() or [""])[0])
        return f"{fence}{language[0] if language else ''}\n{text}\n{fence}"

    def table(self, tokens: list[Token], at: int) -> tuple[str, int]:
        rows: list[list[str]] = []
        rules: list[str] = []
        while tokens[at].type != "table_close":
            token = tokens[at]
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "th_open":
                align = _ALIGN.search(str(token.attrs.get("style", "")))
                rules.append(_RULES[align[1]] if align else "---")
            elif token.type == "inline":
                rows[-1].append(self.cell(token))
            at += 1
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join((lines[0], f"| {' | '.join(rules)} |", *lines[1:])), at + 1

    def cell(self, token: Token) -> str:
        return inline_text(token, self.place, self.dialect.code, cell=self.dialect)

    def inline(self, token: Token) -> str:
        text = inline_text(token, self.place, self.dialect.code)
        return _TASK.sub(r"[\1]", text, count=1) if self.items and _TASK.match(text) else text


def _item(lead: str, text: str) -> str:
    """An item with its marker; what is inside begins in column four, or behind a longer marker."""
    width = max(4, len(lead) + 1)
    lines = text.split("\n")
    indented = "\n".join(" " * width + line if line else "" for line in lines[1:])
    return f"{lead.ljust(width)}{lines[0]}".rstrip() + (f"\n{indented}" if lines[1:] else "")


def _joined(blocks: list[str], tight: bool) -> str:
    """The blocks of an item; those of a tight list follow its text at once where they can."""
    out = ""
    for number, block in enumerate(blocks):
        follows = tight and number == 1 and re.match(r"[-*`>|]|1[.)]", block)
        out += ("\n" if follows else "\n\n" if number else "") + block
    return out
