"""The running text of a document, with everything blanked that its author did not say.

`prose(text, start)` returns a string of the same length as `text`, so that a match's offsets are offsets
in the document: front matter, code, quotations, link targets, URLs, HTML comments and tags, command lines
and table rules become NULs, emphasis marks become spaces, and NULs also stand between blocks, so that no
pattern runs from one paragraph, bullet or cell into the next.

`words(text)` is the cheap question before any pattern is compiled: the text's words, lower case, one
space between, NUL-free; a phrase that is not in it can't match.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache

_NUL = "\0"
_FAR = 1 << 62

_SKIP = r"""
  (?P<fence>^(?:[ \t]*(?:[-*+]|\d{1,9}[.)]|>)[ \t]+)*[ \t]*(?P<mark>`{3,}|~{3,})[^\n]*\n   # fenced code
     (?:.*?^[ \t>]*(?P=mark)[`~]*[ \t]*$|.*))
| <!--(?:.*?-->|.*)                                          # comments, prompts
| (?P<tick>`+)(?!`)(?:[^`\n]|\n(?!\s*\n)|(?!(?P=tick)(?!`))`)+?(?<!`)(?P=tick)(?!`)   # code spans
| ^[ ]{0,3}>[^\n]*                                           # block quotations
| ^[ \t]*[$][ ][^\n]*                                        # command lines
| (?<=\n\n)(?:(?:[ ]{4}|\t)[^\n]*\n?)+                       # indented code
| \]\([^)\n]*\)                                              # link targets
| ^[ ]{0,3}\[[^\]\n]+\]:[^\n]*                               # link definitions
| \b(?:https?|ftp|ssh|git)://[^\s)>\]|]+
| \bwww\.[^\s)>\]|]+
| </?[A-Za-z][^>\n]*>
| (?<![\w"])"(?=\S)(?:[^"\n|]|\n(?!\s*\n)){1,400}?(?<=\S)"(?!\w)     # quotations
| (?<!\w)“(?:[^”\n|]|\n(?!\s*\n)){1,600}?”
| (?<!\w)«(?:[^»\n|]|\n(?!\s*\n)){1,600}?»
| (?<!\w)‘(?=\S)(?:[^’\n|]|(?<=\w)’(?=\w)){1,300}?(?<=[\w.,!?])’(?!\w)
| (?<![\w'’)\]])'(?=\S)[^'\n|]{1,200}?(?<=[\w.,!?])'(?!\w)
| ^[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+[ \t:|-]*$              # a table's rule
"""

_BLOCK = re.compile(r"\n(?=[ \t]*(?:\n|[-*+][ \t]|\d{1,9}[.)][ \t]|\#{1,6}[ \t]|\|))")
_HEADING_END = re.compile(r"(?m)^(#{1,6}[ \t][^\n]*)\n")
_EMPHASIS = re.compile(r"[*~]|(?<!\w)_+|_+(?!\w)")
_LETTERS = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) in "'@")}
_LETTERS[ord("’")] = "'"


class Pattern:
    """A regular expression that is compiled when it is first needed: start-up is felt in every hook."""

    def __init__(self, source: str, flags: int = re.IGNORECASE) -> None:
        self.source = source
        self.flags = flags

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(self.source, self.flags)


_SKIPPED = Pattern(_SKIP, re.VERBOSE | re.MULTILINE | re.DOTALL)


def _blank(match: re.Match[str]) -> str:
    return _NUL * (match.end() - match.start())


def _without_newline(match: re.Match[str]) -> str:
    return match[1] + _NUL


@lru_cache(maxsize=4)
def prose(text: str, start: int = 0) -> str:
    """`text` with NULs for whatever is not prose, same length; nothing before `start` is prose."""
    body = _SKIPPED.compiled.sub(_blank, text[start:])
    body = _BLOCK.sub(_NUL, _HEADING_END.sub(_without_newline, body))
    if "\r" in body:
        body = body.replace("\r", " ")
    if "’" in body:
        body = body.replace("’", "'")
    return _NUL * start + _EMPHASIS.sub(lambda match: " " * (match.end() - match.start()), body)


@lru_cache(maxsize=4)
def words(text: str, start: int = 0) -> str:
    """The words of `text[start:]` in lower case, one space between and around: the prefilter's haystack."""
    return f" {' '.join(text[start:].lower().translate(_LETTERS).split())} "


@lru_cache(maxsize=4)
def skipped_spans(text: str, start: int = 0) -> tuple[tuple[int, int], ...]:
    """The spans of code (fenced, indented, in backticks) and comments: (start, end) offsets in `text`."""
    spans = []
    for match in _SKIPPED.compiled.finditer(text, start):
        head = match[0]
        if match["fence"] or match["tick"] or head.startswith(("<!--", "    ", "\t")):
            spans.append(match.span())
    return tuple(spans)


def is_skipped(spans: tuple[tuple[int, int], ...], offset: int) -> bool:
    """Whether an offset lies in one of the spans (sorted, not overlapping)."""
    from bisect import bisect_right

    index = bisect_right(spans, (offset, _FAR)) - 1
    return index >= 0 and spans[index][0] <= offset < spans[index][1]
