"""Fenced code in text that people wrote elsewhere: where it begins, where it ends, and what its lines are.

text -> runs of lines, each prose or code. A fence is found as Markdown defines it (CommonMark 0.31, section 4.5), and
also as people type it into chats and notes: behind other words ("Ran: ```sh"), behind the bullet of a list, and closed
at the end of the last line of code. What nothing closes goes on to the end of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

_AT_START = re.compile(r"(?P<before>[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?)(?P<run>`{3,}|~{3,})(?P<rest>.*)")
_TICKS_OR_ESCAPE = re.compile(r"\\.|(`+)")
_TICKS = re.compile(r"`+")
_WORD = re.compile(r"[\w+#.-]*")
# What may stand behind a fence: the language and its options, nothing that could be markup.
_INFO = re.compile(r"[\w+#.{}=\"' :,/()-]*")


class Run(NamedTuple):
    """Lines of prose, or (`fenced`) lines of code with the language and options that its fence names."""

    fenced: bool
    lines: list[str]
    info: str = ""
    fence: str = "```"

    @property
    def source(self) -> str:
        """Code as Markdown, in the fence that it had where that holds it; prose as it is."""
        if not self.fenced:
            return "\n".join(self.lines)
        mark, length = self.fence[0], len(self.fence)
        inside = (len(line.strip()) for line in self.lines if set(line.strip()) == {mark})
        fence = mark * max(length, 1 + max(inside, default=0))
        return "\n".join((fence + self.info, *self.lines, fence))


class _Opening(NamedTuple):
    """The beginning of a fence: what stands before it, its run, what stands behind, and whether Markdown sees it."""

    before: str
    run: str
    rest: str
    regular: bool


def runs(text: str) -> list[Run]:
    """The text in runs of prose and fenced code, in order; together they say all that it says."""
    lines = text.split("\n")
    longest = _longest_closings(lines)
    found: list[Run] = []
    at = 0
    while at < len(lines):
        opening = _opening(lines[at])
        end = _end(lines, at, opening, longest) if opening else None
        if opening is None or end is None:
            _add_prose(found, lines[at])
            at += 1
            continue
        if not opening.regular and opening.before.strip():
            _add_prose(found, opening.before.rstrip())
        last, behind = end
        code = [_without_indent(line, len(opening.before) if opening.regular else 0) for line in lines[at + 1 : last]]
        first, info = _first_line(opening, closed_inside=behind is not None)
        code[:0] = first
        at = last + 1
        if behind is not None:
            kept, rest = behind
            code += [_without_indent(kept, len(opening.before) if opening.regular else 0)] if kept.strip() else []
            if rest.strip():
                at = last
                lines[last] = rest
        found.append(Run(True, code, info, opening.run))
    return found


def _add_prose(found: list[Run], line: str) -> None:
    if not found or found[-1].fenced:
        found.append(Run(False, []))
    found[-1].lines.append(line)


def _opening(line: str) -> _Opening | None:
    if "```" not in line and "~~~" not in line:
        return None
    match = _AT_START.fullmatch(line)
    if match and (match["run"][0] == "~" or "`" not in match["rest"]):
        return _Opening(match["before"], match["run"], match["rest"].strip(), regular=True)
    at = 0
    while tick := _TICKS_OR_ESCAPE.search(line, at):
        at = tick.end()
        if tick[1] is None:
            continue
        length = len(tick[1])
        close = next((other for other in _TICKS.finditer(line, at) if len(other[0]) == length), None)
        if close is not None:
            at = close.end()
        elif length >= 3:
            return _Opening(line[: tick.start()], tick[1], line[tick.end() :], regular=False)
    return None


def _end(
    lines: Sequence[str], at: int, opening: _Opening, longest: Sequence[dict[str, int]]
) -> tuple[int, tuple[str, str] | None] | None:
    """The line that closes a fence and, where it closes within that line, what stands before and behind it there.

    None when nothing does and the fence is one only in the eyes of people.
    """
    run = opening.run
    if opening.regular and longest[at + 1].get(run[0], 0) >= len(run):
        return next(number for number in range(at + 1, len(lines)) if _closes(lines[number], run)), None
    for number in range(at + 1, len(lines)) if run[0] == "`" else ():
        if _closes(lines[number], run):
            return number, None
        line = lines[number]
        close = next((tick for tick in _TICKS.finditer(line) if len(tick[0]) == len(run)), None)
        if close is not None:
            if not opening.regular and not line[: close.start()].strip() and _WORD.fullmatch(line[close.end() :]):
                return None  # another fence opens there
            return number, (line[: close.start()], line[close.end() :])
    return (len(lines), None) if opening.regular else None


def _first_line(opening: _Opening, *, closed_inside: bool) -> tuple[list[str], str]:
    """What stands behind a fence: the first line of code, or the language and its options."""
    rest = opening.rest
    if _WORD.fullmatch(rest.strip()):
        return [], rest.strip()
    if not opening.regular or closed_inside:
        return [rest], ""
    if _INFO.fullmatch(rest):
        return [], rest
    return [], "".join(takewhile(lambda each: _WORD.fullmatch(each) is not None, rest))


def _closes(line: str, run: str) -> bool:
    bare = line.strip()
    return len(bare) >= len(run) and set(bare) == {run[0]}


def _longest_closings(lines: Sequence[str]) -> list[dict[str, int]]:
    """For each line the longest run, by its character, among the lines from it on that are nothing but a run."""
    longest: list[dict[str, int]] = [{}]
    for line in reversed(lines):
        bare = line.strip()
        known = longest[-1]
        if len(bare) >= 3 and bare[0] in "`~" and len(set(bare)) == 1 and len(bare) > known.get(bare[0], 0):
            known = {**known, bare[0]: len(bare)}
        longest.append(known)
    longest.reverse()
    return longest


def _without_indent(line: str, indent: int) -> str:
    """A line of code without the white space that its fence is indented by."""
    return line[len(line[:indent]) - len(line[:indent].lstrip(" \t")) :]
