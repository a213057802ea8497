"""The running text of a document, with everything blanked that its author did not say.

`without_code(text, start)` and `prose(text, start)` return strings of the same length as `text`, so that a
match's offsets are offsets in the document. In the first, code and HTML comments are NULs; in the second also front
matter, quotations, link targets, URLs, tags, command lines and table rules, emphasis marks are spaces, letters are
lower case, and NULs stand between blocks, so that no pattern runs from one paragraph, bullet or cell into the next.

`words(text)` is the cheap question before any pattern is compiled: the text's words, lower case, one space
between; a phrase that is not in it can't match.

Each kind of thing is blanked in its own pass, and a pass runs only when the text holds its first character at all:
one pattern for everything took ten times as long.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmctl.document.reader import Document

_NUL = "\0"
_LETTERS = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) in "'@")}
_LETTERS[ord("’")] = "'"
_MARKS = {ord("*"): " ", ord("~"): " ", ord("\r"): " ", ord("’"): "'"}


class Pattern:
    """A regular expression that is compiled when it is first needed: start-up is felt in every hook."""

    def __init__(self, source: str, flags: int = 0) -> None:
        self.source = source
        self.flags = flags

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(self.source, self.flags)


_BLOCK_PASSES: tuple[tuple[tuple[str, ...], Pattern], ...] = (
    (
        ("```", "~~~"),
        Pattern(
            r"^[ \t]*+(?:(?:[-*+]|\d{1,9}[.)]|>)[ \t]++)*+[ \t>]*+(?P<mark>`{3,}|~{3,})[^\n]*(?:\n|\Z)"
            r"(?:[\s\S]*?^[ \t>]*(?P=mark)[`~]*[ \t\r]*$|[\s\S]*)",
            re.MULTILINE,
        ),
    ),
    (("<!--",), Pattern(r"<!--(?:[\s\S]*?-->|[\s\S]*)")),
    (("\n    ", "\n\t"), Pattern(r"(?<=\n\n)(?:(?:[ ]{4}|\t)[^\n]*\n?)+")),
)
_PROSE_PASSES: tuple[tuple[tuple[str, ...], Pattern], ...] = (
    (("\n>", "\n >", "\n  >", "\n   >"), Pattern(r"^[ ]{0,3}>[^\n]*", re.MULTILINE)),
    (("$ ",), Pattern(r"^[ \t]*[$][ ][^\n]*", re.MULTILINE)),
    (("](",), Pattern(r"\]\([^)\n\[\]]*\)")),
    (("]:",), Pattern(r"^[ ]{0,3}\[[^\]\n]+\]:[^\n]*", re.MULTILINE)),
    (("://",), Pattern(r"[A-Za-z][A-Za-z+.-]{1,12}://[^\s)>\]|]+")),
    (("www.",), Pattern(r"www\.[^\s)>\]|]+")),
    (("<",), Pattern(r"</?[A-Za-z][^<>\n]*>")),
    (('"',), Pattern(r'"(?<![\w"]")(?=\S)(?:[^"\n|]|\n(?!\s*\n)){1,400}?(?<=\S)"(?!\w)')),
    (("“",), Pattern(r"“(?:[^“”\n|]|\n(?!\s*\n)){1,600}?”")),
    (("«",), Pattern(r"«(?:[^«»\n|]|\n(?!\s*\n)){1,600}?»")),
    (("‘",), Pattern(r"‘(?=\S)(?:[^‘’\n|]|(?<=\w)’(?=\w)){1,300}?(?<=[\w.,!?])’(?!\w)")),
    ((" '", "('"), Pattern(r"(?<=[ (])'(?=\S)[^'\n|]{1,200}?(?<=[\w.,!?])'(?!\w)")),
    (("|-", "| -", "|:", "| :"), Pattern(r"^[ \t]*+\|?(?:[ \t]*+:?-++:?[ \t]*+\|)++[ \t:|-]*+$", re.MULTILINE)),
)
_BLOCK = Pattern(r"\n(?:[ \t\r]*\n)+|\n(?=[ \t]*(?:[-*+][ \t]|\d{1,9}[.)][ \t]|#{1,6}[ \t]|\|))")
_HEADING = Pattern(r"^#{1,6}[ \t][^\n]*(?P<end>\n\s*)", re.MULTILINE)
_UNDERSCORES = Pattern(r"(?<!_)_++(?!\w)|(?<!\w)_")


def _blank(match: re.Match[str]) -> str:
    return _NUL * (match.end() - match.start())


def _end_heading(match: re.Match[str]) -> str:
    return match[0][: -len(match["end"])] + _NUL * len(match["end"])


def _run(passes: tuple[tuple[tuple[str, ...], Pattern], ...], body: str) -> str:
    for needles, pattern in passes:
        for needle in needles:
            if needle in body:
                body = pattern.compiled.sub(_blank, body)
                break
    return body


_TICKS = Pattern(r"`+")
_BLANK_LINE = Pattern(r"\n[ \t\r]*\n")


def _without_spans(body: str) -> str:
    """Blank the code spans: a run of backticks up to the next run of the same length in the same paragraph.

    By hand, because a pattern that looks for the same run again takes quadratic time on a line of backticks.
    """
    ends = [match.start() for match in _BLANK_LINE.compiled.finditer(body)] + [len(body)]
    runs = [match.span() for match in _TICKS.compiled.finditer(body)]
    places: dict[int, list[int]] = {}
    for start, end in runs:
        places.setdefault(end - start, []).append(start)
    parts: list[str] = []
    done = 0
    for start, end in runs:
        if start < done:
            continue
        same = places[end - start]
        following = bisect_right(same, start)
        if following == len(same) or same[following] > ends[bisect_right(ends, start)]:
            continue
        stop = same[following] + end - start
        parts += (body[done:start], _NUL * (stop - start))
        done = stop
    return "".join([*parts, body[done:]])


@lru_cache(maxsize=4)
def without_code(text: str, start: int = 0) -> str:
    """`text` with NULs for code (fenced, indented, in backticks), comments and everything before `start`."""
    body = _run(_BLOCK_PASSES, text[start:])
    if "`" in body:
        body = _without_spans(body)
    return _NUL * start + body


@lru_cache(maxsize=4)
def prose(text: str, start: int = 0) -> str:
    """`text` in lower case with NULs for whatever is not prose, same length; nothing before `start` is prose."""
    body = _run(_PROSE_PASSES, without_code(text, start)[start:])
    body = _HEADING.compiled.sub(_end_heading, body)
    body = _BLOCK.compiled.sub(_blank, body).translate(_MARKS)
    if "_" in body:
        body = _UNDERSCORES.compiled.sub(lambda match: " " * (match.end() - match.start()), body)
    lower = body.lower()
    if len(lower) != len(body):  # a few capitals have a lower case of two characters
        lower = "".join(one if len(one.lower()) != 1 else one.lower() for one in body)
    return _NUL * start + lower


_TIMELINE = Pattern(r"\b(?:timeline|chronology|transcript|chat log|chain of events)\b", re.IGNORECASE)


def timelines(doc: Document) -> tuple[tuple[int, int], ...]:
    """The spans of the sections, of any level, that tell what was said and thought at the time: start, end."""
    return tuple((one.start, one.end) for one in doc.headings if _TIMELINE.compiled.search(one.title))


@lru_cache(maxsize=4)
def _word_list(text: str, start: int) -> list[str]:
    return text[start:].lower().translate(_LETTERS).split()


@lru_cache(maxsize=4)
def words(text: str, start: int = 0) -> str:
    """The words of `text[start:]` in lower case, one space between and around: the prefilter's haystack."""
    return f" {' '.join(_word_list(text, start))} "


@lru_cache(maxsize=4)
def vocabulary(text: str, start: int = 0) -> frozenset[str]:
    """The different words of `words`: asking it for one takes no time, however long the text is."""
    return frozenset(_word_list(text, start))


def mentions(text: str, start: int, needles: tuple[str, ...]) -> bool:
    """Whether one of the needles occurs: ` word ` is asked of the vocabulary, anything else of all the words."""
    known = vocabulary(text, start)
    single, others = _sorted_out(needles)
    if not single.isdisjoint(known):
        return True
    return any(whole <= known and needle in words(text, start) for needle, whole in others)


@lru_cache(maxsize=256)
def _sorted_out(needles: tuple[str, ...]) -> tuple[frozenset[str], tuple[tuple[str, frozenset[str]], ...]]:
    """The single words among needles; and the others, each with its words but the last, which may be cut short."""
    single = [needle for needle in needles if needle == f" {needle.strip()} " and " " not in needle.strip()]
    others = [(needle, frozenset(needle.split()[:-1])) for needle in needles if needle not in single]
    return frozenset(needle.strip() for needle in single), tuple(others)
