"""The running text of a document, with everything blanked that its author did not say.

`without_code(text, start)` and `prose(text, start)` return strings of the same length as `text`, so that a
match's offsets are offsets in the document. In the first, code and HTML comments are NULs; in the second also front
matter, block quotes, command lines and table rules. What stands for a noun in its sentence (a code span, a quotation,
a URL) is a word of x's; brackets, link targets, tags and emphasis marks are spaces; letters are lower case; and NULs
stand between blocks, so that no pattern runs from one paragraph, bullet or cell into the next.

`mentions(text, start, needles)` is the cheap question before any pattern is compiled: what is not mentioned can't
match.

What is code and what is a comment, `document.markup` says. Every other kind of thing is blanked in a pass of its own,
which runs only when the text holds its first character at all: one pattern for everything took ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from pmctl.document.markup import markup

if TYPE_CHECKING:
    from pmctl.document.reader import Document

_NUL = "\0"
_NOUN = "\1"
"""Stands, while the passes run, for text that is skipped and is a noun in its sentence."""
_LETTERS = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) in "'@")}
_LETTERS[ord("’")] = "'"
_MARKS = {
    **dict.fromkeys(map(ord, "*~\r[]"), " "),
    ord("’"): "'",
    ord("|"): _NUL,
    ord(_NOUN): "x",
}


class Pattern:
    """A regular expression that is compiled when it is first needed: compiling all of them takes longer than a check.

    A text that mentions none of `needs`, or none of `also`, is not searched (see `mentions`). A source that begins with
    a literal is searched several times as fast as one that begins with a boundary or with alternatives: what leads up
    to it is looked for in the text before a match (`lead`), and belongs to what is found unless it is only a condition.
    """

    def __init__(
        self,
        source: str,
        flags: int = 0,
        needs: tuple[str, ...] = (),
        also: tuple[str, ...] = (),
        lead: Pattern | None = None,
        condition: Pattern | None = None,
    ) -> None:
        self.source = source
        self.flags = flags
        self.needs = needs
        self.also = also
        self.lead = lead
        self.condition = condition

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(self.source, self.flags)


def search(patterns: tuple[Pattern, ...], text: str, start: int = 0) -> Iterator[tuple[Pattern, re.Match[str]]]:
    """Every match in the prose of `text[start:]`, pattern by pattern, without regard to what leads up to it."""
    needles = _needles(patterns)
    if needles and not mentions(text, start, needles):
        return
    for pattern in patterns:
        if all(mentions(text, start, group) for group in (pattern.needs, pattern.also) if group):
            for match in pattern.compiled.finditer(prose(text, start)):
                yield pattern, match


@lru_cache(maxsize=64)
def _needles(patterns: tuple[Pattern, ...]) -> tuple[str, ...]:
    """What all of them need, to be asked at once; none when one of them needs nothing."""
    return tuple(need for one in patterns for need in one.needs) if all(one.needs for one in patterns) else ()


def word(
    text: str,
    rest: str,
    needs: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
    lead: Pattern | None = None,
    condition: Pattern | None = None,
) -> Pattern:
    """A pattern that begins with this whole word."""
    return Pattern(rf"{text}(?<!\w{text}){rest}", 0, needs or (f" {text} ",), also, lead, condition)


_PRE = Pattern(r"<pre\b[^>]{0,500}>(?:[\s\S]*?</pre>|[\s\S]*)")
# A line without a mark goes on with the quotation above it, unless it begins a block of its own.
_QUOTE = (
    r"^[ ]{0,3}>(?:[ \t>]*[^\s>#][^\n]*"
    r"(?:\n(?![ \t]*(?:\n|\Z|>|[-*+][ \t]|\d{1,9}[.)][ \t]|#{1,6}[ \t]|<|\||[-*_=]{3}|\0))[^\n]+)*|[^\n]*)"
)
# A character that is asked for first (one is found a hundred times as fast as several), texts of which one is there
# where the pass is needed, what is looked for, and what takes its place.
_PROSE_PASSES: tuple[tuple[str, tuple[str, ...], Pattern, str], ...] = (
    (">", ("\n>", "\n >", "\n  >", "\n   >"), Pattern(_QUOTE, re.MULTILINE), _NUL),
    ("<", ("<blockquote",), Pattern(r"<blockquote\b[^>]{0,500}>(?:[\s\S]*?</blockquote>|[\s\S]*)"), _NUL),
    ("$", ("$ ",), Pattern(r"^[ \t]*[$][ ][^\n]*", re.MULTILINE), _NUL),
    ("]", ("](",), Pattern(r"\]\([^)\n\[\]]*\)"), " "),
    ("]", ("]:",), Pattern(r"^[ ]{0,3}\[[^\]\n]+\]:[^\n]*", re.MULTILINE), _NUL),
    ("/", ("://",), Pattern(r"[A-Za-z][A-Za-z+.-]{1,12}://[^\s)>\]|]+"), _NOUN),
    (".", ("www.",), Pattern(r"www\.[^\s)>\]|]+"), _NOUN),
    ("<", ("<code", "<kbd", "<samp", "<q"), Pattern(r"<(code|kbd|samp|q)\b[^>\n]{0,200}>[^\n]{0,300}?</\1>"), _NOUN),
    ("<", ("<",), Pattern(r"</?[A-Za-z][^<>\n]{0,500}>"), " "),
    ('"', ('"',), Pattern(r'"(?<![\w"]")(?=\S)(?:[^"\n|]|\n(?!\s*\n)){1,400}?(?<=\S)"(?!\w)'), _NOUN),
    ("“", ("“",), Pattern(r"“(?:[^“”\n|]|\n(?!\s*\n)){1,600}?”"), _NOUN),
    ("«", ("«",), Pattern(r"«(?:[^«»\n|]|\n(?!\s*\n)){1,600}?»"), _NOUN),
    ("‘", ("‘",), Pattern(r"‘(?=\S)(?:[^‘’\n|]|(?<=\w)’(?=\w)){1,300}?(?<=[\w.,!?])’(?!\w)"), _NOUN),
    ("'", (" '", "('"), Pattern(r"(?<=[ (])'(?=\S)[^'\n|]{1,200}?(?<=[\w.,!?])'(?!\w)"), _NOUN),
    (
        "|",
        ("|-", "| -", "|:", "| :"),
        Pattern(r"^[ \t]*+\|?(?:[ \t]*+:?-++:?[ \t]*+\|)++[ \t:|-]*+$", re.MULTILINE),
        _NUL,
    ),
)
_BLOCK = Pattern(r"\n(?:[ \t\r]*\n)+|\n(?=[ \t]*(?:[-*+][ \t]|\d{1,9}[.)][ \t]|#{1,6}[ \t]|\|))")
_HEADING = Pattern(r"^#{1,6}[ \t][^\n]*(?P<end>\n\s*)", re.MULTILINE)
_UNDERSCORES = Pattern(r"(?<!_)_++(?!\w)|(?<!\w)_")


def _blank(match: re.Match[str]) -> str:
    return _NUL * (match.end() - match.start())


def _space(match: re.Match[str]) -> str:
    return " " * (match.end() - match.start())


def _noun(match: re.Match[str]) -> str:
    return _stand_in(match[0])


def _stand_in(text: str) -> str:
    """The mark of a noun, as long as the text and on as many lines."""
    return "\n".join([_NOUN * len(line) for line in text.split("\n")])


_FILL = {_NUL: _blank, " ": _space, _NOUN: _noun}


def _end_heading(match: re.Match[str]) -> str:
    return match[0][: -len(match["end"])] + _NUL * len(match["end"])


def _run(body: str) -> str:
    for character, needles, pattern, filler in _PROSE_PASSES:
        for needle in needles if character in body else ():
            if needle in body:
                body = pattern.compiled.sub(_FILL[filler], body)
                break
    return body


@lru_cache(maxsize=4)
def _marked(text: str, start: int) -> str:
    """`text` with NULs for blocks of code, comments and everything before `start`, and nouns for code spans."""
    found = markup(text, start)
    parts = [_NUL * start]
    at = start
    for first, last, span in sorted(
        [(*place, False) for place in (*found.blocks, *found.comments)] + [(*place, True) for place in found.spans]
    ):
        parts += (text[at:first], _stand_in(text[first:last]) if span else _NUL * (last - first))
        at = last
    body = "".join([*parts, text[at:]])
    return _PRE.compiled.sub(_blank, body) if "<" in body and "<pre" in body else body


@lru_cache(maxsize=4)
def without_code(text: str, start: int = 0) -> str:
    """`text` with NULs for code (fenced, indented, in backticks), comments and everything before `start`."""
    return _marked(text, start).replace(_NOUN, _NUL)


@lru_cache(maxsize=4)
def prose(text: str, start: int = 0) -> str:
    """`text` in lower case without whatever is not prose, same length; nothing before `start` is prose."""
    body = _run(_marked(text, start)[start:])
    body = _HEADING.compiled.sub(_end_heading, body)
    body = _BLOCK.compiled.sub(_blank, body).translate(_MARKS)
    if "_" in body:
        body = _UNDERSCORES.compiled.sub(_space, body)
    lower = body.lower()
    if len(lower) != len(body):  # a few capitals have a lower case of two characters
        lower = "".join(one if len(one.lower()) != 1 else one.lower() for one in body)
    return _NUL * start + lower


_TIMELINE = Pattern(r"\b(?:timeline|chronology|transcript|chat logs?|chain of events)\b", re.IGNORECASE)
_LUCK = Pattern(r"\b(?:luck|lucky|luckily|fortunate|fortunately|near[- ]miss(?:es)?)\b", re.IGNORECASE)
_REMEDIES = Pattern(
    r"\b(?:actions?|follow[- ]?ups?|next steps|to-?dos?|prevent\w*|remedia\w+|corrective|improvements?)\b",
    re.IGNORECASE,
)


def timelines(doc: Document) -> tuple[tuple[int, int], ...]:
    """The spans of the sections, of any level, that tell what was said and thought at the time: start, end."""
    return _titled(doc, _TIMELINE)


def lucky(doc: Document) -> tuple[tuple[int, int], ...]:
    """The spans of the sections, of any level, that weigh what was spared: start, end."""
    return _titled(doc, _LUCK)


def remedies(doc: Document) -> tuple[tuple[int, int], ...]:
    """The spans of the sections, of any level, that say what is going to be done: start, end."""
    return _titled(doc, _REMEDIES)


def _titled(doc: Document, title: Pattern) -> tuple[tuple[int, int], ...]:
    return tuple((one.start, one.end) for one in doc.headings if title.compiled.search(one.title))


@lru_cache(maxsize=4)
def written(text: str, start: int = 0) -> frozenset[str]:
    """What stands between white space in `text[start:]`, as written, each once: a quarter of it, in most documents."""
    return frozenset(text[start:].split())


@lru_cache(maxsize=4)
def vocabulary(text: str, start: int = 0) -> frozenset[str]:
    """The different words of `text[start:]`, lower case: asking for one takes no time, however long the text is."""
    return frozenset(_split_up(" ".join(written(text, start))))


def _split_up(text: str) -> list[str]:
    return text.lower().translate(_LETTERS).split()


_NEAR = 40
"""Characters between two words of one phrase, at most: a line break, an indentation, marks."""
_OFTEN = 50
"""Occurrences of a word from which on the whole text is normalised once instead of every place."""


def says(text: str, start: int, phrase: str) -> bool:
    """Whether a phrase occurs in `text[start:]`, lower case, anything but letters and digits being one space.

    A space at the phrase's begin or end stands for a word's. Looks around the phrase's longest word: normalising the
    whole text for every phrase, or even once, was a thirtieth of all that a document costs.
    """
    lower = _lower(text, start)
    word = max(phrase.split(), key=len)
    reach = len(phrase) + _NEAR
    at = lower.find(word) if "'" not in word and lower.count(word) < _OFTEN else -2
    while at >= 0:
        if phrase in f" {' '.join(_split_up(lower[max(0, at - reach) : at + reach]))} ":
            return True
        at = lower.find(word, at + 1)
    return at == -2 and phrase in f" {' '.join(_split_up(lower))} "


@lru_cache(maxsize=4)
def _lower(text: str, start: int) -> str:
    return text[start:].lower()


def mentions(text: str, start: int, needles: tuple[str, ...]) -> bool:
    """Whether one of the needles may occur: the cheap question before any pattern is compiled.

    A needle of several words is looked for from the beginning of its first word.
    """
    known = vocabulary(text, start)
    single, others = _sorted_out(needles)
    if not single.isdisjoint(known):
        return True
    for needle, whole, part in others:
        if whole <= known and part in _joined(text, start) and (not whole or says(text, start, needle)):
            return True
    return False


@lru_cache(maxsize=4)
def _joined(text: str, start: int) -> str:
    """The vocabulary with a space between and around: where a part of a word can be looked up."""
    return f" {' '.join(vocabulary(text, start))} "


@lru_cache(maxsize=256)
def _sorted_out(needles: tuple[str, ...]) -> tuple[frozenset[str], tuple[tuple[str, frozenset[str], str], ...]]:
    """` word ` as the word; the others each with its words but the last, and the last, which may be cut short."""
    single: set[str] = set()
    others = []
    for needle in needles:
        *whole, last = needle.split()
        if not whole and needle == f" {last} ":
            single.add(last)
        else:
            part = f"{' ' if whole or needle[0] == ' ' else ''}{last}{' ' if needle[-1] == ' ' else ''}"
            others.append((needle, frozenset(whole), part))
    return frozenset(single), tuple(others)
