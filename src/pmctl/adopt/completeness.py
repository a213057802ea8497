"""Nothing is dropped: the check that every line of a source is still there in what it became.

The words of a line are its runs of letters and digits, without regard to case; markup (`#`, `*`, `|`, list marks,
fences, escapes) does not count. A line is still there when one line of the result holds its words in their order. Each
word of the result answers for one word of the source only, so a line that stands twice must be found twice. A line
without words, such as an emoji alone, must be found as it is; rules and table borders are markup.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+")
_MARKUP_LINE = re.compile(r"[\s\-=*_|:#>`~+.\\\[\](){}<>/,;!\"'$%&^?@]*")
# What a site's editor puts into a heading so that it can be linked to.
_ANCHOR = re.compile(r"""<a(?:\s+(?:href=["']#[^"'>]*["']|(?:id|name)=["'][^"'>]*["']))+\s*>\s*</a>""")
# Where a link to a heading of its own leads: it follows the heading, whose words are there.
_TO_HEADING = re.compile(r"\]\(#[^\s()]*\)")
# The number of an ordered list's item is its mark.
_MARK = re.compile(r"\s*(?:>\s*)*(?:[-*+]\s+|\d{1,9}[.)]\s+)+(?:\[[ xX]\]\s+)?")


def words(line: str) -> tuple[str, ...]:
    """The words of a line, in order and in lower case, without the mark of a list item."""
    line = _ANCHOR.sub("", line) if "<a" in line else line
    line = _TO_HEADING.sub("]", line) if "](#" in line else line
    mark = _MARK.match(line)
    return tuple(_WORD.findall(line[mark.end() if mark else 0 :].casefold()))


def missing_lines(source: str, result: str) -> tuple[str, ...]:
    """The lines of `source` that are not in the text that it became; empty when nothing was dropped.

    Of lines that stand twice and are found once as they were, the first or the last may be the one that was changed.
    """
    lines = source.splitlines()
    return _missing(lines, range(len(lines)), result) and _missing(lines, range(len(lines))[::-1], result)


def _missing(source: Sequence[str], order: Sequence[int], result: str) -> tuple[str, ...]:
    """The lines that are missing, when of equal ones those that come first in `order` are found as they were."""
    lines = result.splitlines()
    unused: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, line in enumerate(lines):
        unused[words(line)].append(index)
    missing: list[str] = []
    changed: list[int] = []
    used: set[int] = set()
    for number in order:
        line = source[number]
        wanted = words(line)
        if not wanted:
            if not _MARKUP_LINE.fullmatch(line) and not _inside(line, lines):
                missing.append(line)
        elif unused[wanted]:
            used.add(unused[wanted].pop(0))
        else:
            changed.append(number)
    if changed:
        hosts = [_WORD.findall(line.casefold()) for index, line in enumerate(lines) if index not in used]
        missing.extend(_unhosted([source[number] for number in sorted(changed)], [host for host in hosts if host]))
    return tuple(missing)


def _inside(line: str, lines: Sequence[str]) -> bool:
    """Whether a line without words, such as one of emoji, stands in one of the lines; white space doesn't count."""
    marks = "".join(line.split())
    return any(marks in "".join(candidate.split()) for candidate in lines)


def _unhosted(changed: Sequence[str], hosts: list[list[str]]) -> list[str]:
    """The changed lines that no line of the result holds; several may share one, each behind the one before."""
    reached = [0] * len(hosts)
    last = 0
    missing = []
    for line in changed:
        wanted = words(line)
        for candidate in (last, *range(last + 1, len(hosts)), *range(last)):
            end = _subsequence(wanted, hosts[candidate], reached[candidate]) if hosts else -1
            if end >= 0:
                reached[candidate] = end
                last = candidate
                break
        else:
            missing.append(line)
    return missing


def _subsequence(wanted: Sequence[str], host: Sequence[str], start: int) -> int:
    """Behind the last of `wanted` in `host` when all of them are found in order from `start` on; -1 otherwise."""
    at = start
    for word in wanted:
        try:
            at = host.index(word, at) + 1
        except ValueError:
            return -1
    return at
