"""What two people changed in one place, and how it is written down: git's markers, labelled in words.

    pieces (lines and conflicts) + who wrote what -> lines

Git and editors find such conflicts by the marker at the beginning of a line; what follows it is for people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pmctl.text import safe

_LONGEST_LABEL = 120


class NotUnderstood(Exception):
    """What stands in the way of merging by meaning, in words; git's own merge is what remains."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One row, cell, key or paragraph that both sides changed differently.

    `what` names it; `ours_says` and `theirs_says` are what either side made of it, in words. The lines are what goes
    between the markers; `ours_written` and `theirs_written` are the line as that side wrote it, by which its writer is
    looked for.
    """

    what: str
    base: tuple[str, ...]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    ours_says: str
    theirs_says: str
    ours_written: str = ""
    theirs_written: str = ""


Piece = str | Conflict
"""A line without its newline, or a conflict in place of some."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The names of the two sides, and of the base; `ours_by` and `theirs_by` tell who wrote a line ("": not known)."""

    ours: str = "ours"
    theirs: str = "theirs"
    base: str = "base"
    ours_by: Callable[[str], str] = lambda line: ""
    theirs_by: Callable[[str], str] = lambda line: ""


@dataclass(frozen=True, slots=True)
class Told:
    """A conflict as people are told of it: where it begins in the file, what it is about, and both sides with names."""

    line: int
    what: str
    ours: str
    theirs: str


def lines_of(
    pieces: Iterable[Piece], labels: Labels, *, size: int = 7, with_base: bool = False
) -> tuple[list[str], list[Told]]:
    """The pieces as lines, conflicts between markers of `size` characters; and the conflicts for people."""
    written: list[str] = []
    told: list[Told] = []
    for piece in pieces:
        if isinstance(piece, str):
            written.append(piece)
            continue
        ours = _label(labels.ours, labels.ours_by(piece.ours_written or _first(piece.ours)), piece.ours_says)
        theirs = _label(
            labels.theirs, labels.theirs_by(piece.theirs_written or _first(piece.theirs)), piece.theirs_says
        )
        told.append(Told(len(written) + 1, piece.what, ours, theirs))
        written += ["<" * size + " " + ours, *piece.ours]
        if with_base:
            written += ["|" * size + " " + _one_line(labels.base), *piece.base]
        written += ["=" * size, *piece.theirs, ">" * size + " " + theirs]
    return written, told


def _first(lines: Sequence[str]) -> str:
    return next((line for line in lines if line.strip()), "")


def _label(side: str, by: str, says: str) -> str:
    name = _one_line(side, 40)
    return _one_line(f"{name} ({_one_line(by, 40)}): {says}" if by else f"{name}: {says}")


def _one_line(text: str, longest: int = _LONGEST_LABEL) -> str:
    """Anybody's words on one line of a file: nothing that a terminal or a reader of lines would obey."""
    plain = safe(" ".join(text.split()))
    return plain if len(plain) <= longest else plain[: longest - 3] + "..."
