"""Two versions of a text -> the smallest edits of whole lines between them."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `text` in place of the characters from `start` to `end`. `line` is where it begins, from 1."""

    start: int
    end: int
    text: str
    line: int


def edits(before: str, after: str) -> tuple[Edit, ...]:
    """The edits that make `after` of `before`, in order and apart from each other. Lines that only differ are
    replaced one by one, so that one of them can be taken alone.
    """
    old, new = before.split("\n"), after.split("\n")
    old, new = [f"{line}\n" for line in old[:-1]] + old[-1:], [f"{line}\n" for line in new[:-1]] + new[-1:]
    first = 0
    while first < min(len(old), len(new)) and old[first] == new[first]:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
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
            found += [
                Edit(starts[i], starts[i + 1], new[j], i + 1) for i, j in zip(range(i1, i2), range(j1, j2), strict=True)
            ]
        else:
            found.append(Edit(starts[i1], starts[i2], "".join(new[j1:j2]), i1 + 1))
    return tuple(found)


def applied(text: str, changes: tuple[Edit, ...]) -> str:
    """The text after the edits."""
    for edit in sorted(changes, key=lambda one: one.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text
