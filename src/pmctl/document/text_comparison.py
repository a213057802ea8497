"""Running text of two versions: which paragraphs changed, and in them which words. (texts, budget) -> TextChange.

White space and line breaks in a paragraph mean nothing, so that wrapping it anew is no change; in code every line
counts. Paragraphs that have little in common are another text, shown as one removed and one added.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pmctl.document.alignment import SAME, Budget, align
from pmctl.document.difference import Kind, Piece, TextChange, merged
from pmctl.document.structure import Block

# Scripts that write no spaces between words: each character is one.
_ALONE = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_WORD = re.compile(rf"\s+|[{_ALONE}]|[^\W{_ALONE}]+|[^\w\s]")
_OWN_LINE = re.compile(r"\s*(?:[-*+]\s|\d{1,9}[.)]\s|>|$)")
_MARKER = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)")
_ALIKE = 0.5  # of the words, for two paragraphs to be versions of one
_CODE = ("code", "html")  # blocks whose line breaks count
_LEAST = 10  # steps of the budget that a look at two paragraphs costs, however short
_WIDEST = 40  # paragraphs in a row that were all replaced, within which versions of one are looked for


class Passage(NamedTuple):
    """One block of running text: how it is compared and shown, the heading that it stands under, its kind."""

    text: str
    under: str
    kind: str


def passages(text: str, blocks: Iterable[Block], start: int, end: int) -> list[Passage]:
    """The blocks of a part of a document but for its tables; what the parser makes nothing of counts as well, such as
    a link's definition. `blocks` are those that lie in the part."""
    found: list[Passage] = []
    under, at = "", start
    for block in (*blocks, Block("end", end, end)):
        between = text[at : block.start].strip()
        if between and at < block.start:
            found.append(Passage(_plain(between), under, "text"))
        at = max(at, min(block.end, end))
        source = text[block.start : at]
        if block.kind == "heading":
            found.append(Passage(_plain(source), "", block.kind))
            under = " ".join(source.strip().strip("#").split())
        if block.kind in _CODE:
            found.append(Passage(source.replace("\r\n", "\n").strip("\n"), under, block.kind))
        elif block.kind not in ("table", "end", "heading"):
            found.append(Passage(_plain(_MARKER.sub("", source, count=1) if block.kind == "item" else source), under,
                                 block.kind))  # fmt: skip
    return found


def compare_passages(before: Sequence[Passage], after: Sequence[Passage], budget: Budget) -> tuple[TextChange, ...]:
    """What was removed, added and changed, in the order of reading."""
    old, new = ([(one.kind, one.text) for one in side] for side in (before, after))
    found: list[TextChange] = []
    for kind, start, end, new_start, new_end in align(old, new, budget):
        if kind != SAME:
            found += _replaced(before[start:end], after[new_start:new_end], budget)
    return tuple(found)


def compare_words(before: str, after: str, budget: Budget) -> tuple[Piece, ...]:
    """Two texts word by word; as a whole each, when they have little in common or the budget is spent."""
    old, new = _words(before), _words(after)
    if likeness(old, new) < _ALIKE:
        return merged([Piece("removed", before), Piece("added", after)])
    pieces: list[Piece] = []
    for kind, start, end, new_start, new_end in align(old, new, budget):
        same = "".join(new[new_start:new_end])
        if kind == SAME and (same.strip() or not pieces or end == len(old)):
            pieces.append(Piece("same", same))
            continue
        # A space between two changes is part of both: "the old" became "a new" as a whole.
        pieces += [Piece("removed", "".join(old[start:end])), Piece("added", same)]
    return _gathered(pieces)


def compare_lines(before: str, after: str, budget: Budget) -> tuple[Piece, ...]:
    """Two texts line by line, each with its line break."""
    old, new = (text.replace("\r\n", "\n").splitlines(keepends=True) for text in (before, after))
    pieces: list[Piece] = []
    for kind, start, end, new_start, new_end in align(old, new, budget):
        if kind == SAME:
            pieces.append(Piece("same", "".join(new[new_start:new_end])))
        else:
            pieces += [Piece("removed", "".join(old[start:end])), Piece("added", "".join(new[new_start:new_end]))]
    return merged(pieces)


def likeness(before: Sequence[str], after: Sequence[str]) -> float:
    """How much two texts have in common, from 0 to 1: words, whatever their order."""
    old, new = (Counter(word for word in side if not word.isspace()) for side in (before, after))
    every = old.total() + new.total()
    return 2 * (old & new).total() / every if every else 1.0


def words_of(text: str) -> list[str]:
    """The words and marks of a text, without the space between them."""
    return [word for word in _words(text) if not word.isspace()]


def _replaced(before: Sequence[Passage], after: Sequence[Passage], budget: Budget) -> list[TextChange]:
    """Paragraphs in place of others: those that are versions of each other together, in order."""
    found: list[TextChange] = []
    added: list[TextChange] = []
    at = 0
    for new in after:
        version = _version_of(new, before, at, budget)
        if version is None:
            added.append(_whole("added", new))
            continue
        found += [*(_whole("removed", one) for one in before[at:version]), *added]
        found.append(_changed(before[version], new, budget))
        at, added = version + 1, []
    return [*found, *(_whole("removed", one) for one in before[at:]), *added]


def _version_of(new: Passage, before: Sequence[Passage], first: int, budget: Budget) -> int | None:
    """Which of the paragraphs from `first` on the new one is a version of: the first that has enough in common."""
    words: list[str] = []
    for at in range(first, min(first + _WIDEST, len(before))):
        old = before[at]
        if old.kind != new.kind or not budget.spend(_LEAST + (len(old.text) + len(new.text)) // 4):
            continue
        words = words or _words(new.text)
        if likeness(_words(old.text), words) >= _ALIKE:
            return at
    return None


def _changed(old: Passage, new: Passage, budget: Budget) -> TextChange:
    code = new.kind in _CODE
    compare = compare_lines if code else compare_words
    return TextChange("changed", new.under, compare(old.text, new.text, budget), code)


def _whole(kind: Kind, one: Passage) -> TextChange:
    pieces = (Piece("added" if kind == "added" else "removed", one.text),)
    return TextChange(kind, one.under, pieces, one.kind in _CODE)


def _plain(source: str) -> str:
    """A paragraph without its line breaks, but for those that part the entries of a nested list or quotation."""
    lines: list[str] = []
    for line in source.splitlines():
        words = " ".join(line.split())
        if lines and lines[-1] and not _OWN_LINE.match(line):
            lines[-1] += f" {words}"
        elif words or (lines and lines[-1]):
            lines.append(words)
    return "\n".join(lines).strip("\n")


def _words(text: str) -> list[str]:
    found = _WORD.findall(text)
    if text.isascii():
        return found
    words: list[str] = []
    for word in found:  # what changes the letter before it stays with it
        if (words and unicodedata.category(word[0])[0] in "M") or word[0] == "\u200d":
            words[-1:] = [words[-1] + word] if words else [word]
        else:
            words.append(word)
    return words


def _gathered(pieces: list[Piece]) -> tuple[Piece, ...]:
    """What was removed and added between two things that stayed, each as one piece, the removed first."""
    found: list[Piece] = []
    removed = added = ""
    for one in (*pieces, Piece("same", "")):
        if one.kind == "removed":
            removed += one.text
        elif one.kind == "added":
            added += one.text
        else:
            found += [Piece("removed", removed), Piece("added", added), one]
            removed = added = ""
    return _with_the_space_behind(merged(found))


def _with_the_space_behind(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """The same pieces, where words alone came or went with the space behind them rather than the one before."""
    found = list(pieces)
    for at in range(1, len(found) - 1):
        before, one, behind = found[at - 1 : at + 2]
        if before.kind == behind.kind == "same" and one.text[:1] == behind.text[:1] == " ":
            found[at - 1 : at + 2] = [
                Piece("same", before.text + " "), Piece(one.kind, one.text[1:] + " "), Piece("same", behind.text[1:]),
            ]  # fmt: skip
    return tuple(one for one in found if one.text)
