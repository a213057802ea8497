"""Two versions of a text -> the smallest edits between them, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters from `start` to `end` by `text`. `line` is where it begins, from 1."""

    start: int
    end: int
    text: str
    line: int


def edits(before: str, after: str) -> tuple[Edit, ...]:
    """The edits that turn `before` into `after`, in order, none touching another. Changed lines are edited one by one,
    so that each can be applied alone, and only where they differ, so that a cursor in them stays where it is.
    """
    old, new = before.split("\n"), after.split("\n")
    old, new = [f"{line}\n" for line in old[:-1]] + old[-1:], [f"{line}\n" for line in new[:-1]] + new[-1:]
    first = _shared(old, new)
    last = _shared(old[first:][::-1], new[first:][::-1])
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    matcher = SequenceMatcher(None, old[first : len(old) - last], new[first : len(new) - last], autojunk=False)
    found = []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            continue
        i1, i2, j1, j2 = i1 + first, i2 + first, j1 + first, j2 + first
        if i2 - i1 == j2 - j1:
            found += [_edit(starts[i], old[i], new[i - i1 + j1], i + 1) for i in range(i1, i2)]
        else:
            found.append(_edit(starts[i1], "".join(old[i1:i2]), "".join(new[j1:j2]), i1 + 1))
    return tuple(found)


def _edit(start: int, old: str, new: str, line: int) -> Edit:
    """The edit of what differs; what both begin and end with is left alone. Never between a CR and its LF, where
    the protocol has no position.
    """
    first = _shared(old, new)
    first -= old[:first].endswith("\r")
    rest, instead = old[first:], new[first:]
    last = _shared(rest[::-1], instead[::-1])
    last -= rest[len(rest) - last :].startswith("\n") and rest[: len(rest) - last].endswith("\r")
    return Edit(start + first, start + len(old) - last, new[first : len(new) - last], line)


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    """How many lines, or characters, two sequences have in common at their beginning."""
    return next(
        (at for at, (one, two) in enumerate(zip(left, right, strict=False)) if one != two), min(len(left), len(right))
    )


def in_whole_lines(text: str, edit: Edit) -> Edit:
    """The same edit, of whole lines if it would begin or end within a line that holds more than ASCII.

    Not every editor counts in the units that were agreed on: ALE takes UTF-16 for bytes, lsp-mode up to 8 for
    characters. Where a line begins all agree, so that none of them writes into the middle of a word.
    """
    start = text.rfind("\n", 0, edit.start) + 1
    stop = edit.end
    if stop and text[stop - 1] != "\n":
        stop = text.find("\n", stop) + 1 or len(text)
    if text[start:stop].isascii():
        return edit
    return Edit(start, stop, text[start : edit.start] + edit.text + text[edit.end : stop], edit.line)


def applied(text: str, changes: tuple[Edit, ...]) -> str:
    """The text after the edits."""
    for edit in sorted(changes, key=lambda one: one.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text
