"""Everyday words of German, which writes nouns with a capital wherever they stand and joins them to new ones.

word as it is written -> whether it is one. A capital is allowed to a noun of the list, and to what is joined of nouns
of the list alone; an adjective or verb with a capital may be somebody's name.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import NamedTuple

_ENDINGS = frozenset((
    "", "e", "en", "er", "es", "em", "n", "s", "t", "st", "te", "ten", "tet", "et", "est", "end", "ende", "enden",
    "endem", "ender", "endes", "ere", "eren", "erer", "eres", "ste", "sten", "ster", "stes", "ern", "in", "innen",
    "ung", "ungen", "lich", "liche", "lichen", "bar", "baren",
))  # fmt: skip
_NOUN_ENDINGS = frozenset(("", "e", "en", "er", "es", "n", "s", "ern", "in", "innen"))
_JOINTS = ("", "s", "es", "n", "en")
_SHORTEST = 3


class _Words(NamedTuple):
    """Words as they are listed, in lower case: whole ones and stems, nouns apart."""

    words: frozenset[str]
    stems: frozenset[str]
    nouns: frozenset[str]
    noun_stems: frozenset[str]


def is_german(word: str, *, begins: bool) -> bool:
    """Whether a word is an everyday one, with the capital that it has; `begins`: it begins a sentence."""
    plain, known = word.lower(), _known()
    if word not in (plain, plain.capitalize()):
        return False
    if _is_noun(plain, known) or (word != plain and _is_joined(plain, known, 3)):
        return True
    other = plain in known.words or _inflected(plain, known.stems, _ENDINGS)
    return other and (word == plain or begins)


def _is_noun(plain: str, known: _Words) -> bool:
    return plain in known.nouns or _inflected(plain, known.noun_stems, _NOUN_ENDINGS)


def _is_joined(plain: str, known: _Words, most: int) -> bool:
    """Whether a word consists of nouns of the list, the last of them perhaps inflected."""
    if most > 1:
        for cut in range(_SHORTEST, len(plain) - _SHORTEST + 1):
            first, rest = plain[:cut], plain[cut:]
            joined = any(
                first.endswith(joint) and first[: len(first) - len(joint)] in (known.nouns | known.noun_stems)
                for joint in _JOINTS
            )
            if joined and (_is_noun(rest, known) or _is_joined(rest, known, most - 1)):
                return True
    return False


def _inflected(plain: str, stems: frozenset[str], endings: frozenset[str]) -> bool:
    return any(plain[:cut] in stems and plain[cut:] in endings for cut in range(max(2, len(plain) - 6), len(plain) + 1))


@cache
def _known() -> _Words:
    text = resources.files("pmctl.rules").joinpath("vocabulary", "de.txt").read_text("utf-8")
    listed = [word for line in text.splitlines() if not line.startswith("#") for word in line.split()]

    def some(*, nouns: bool, stems: bool) -> frozenset[str]:
        return frozenset(
            word.rstrip("~").lower() for word in listed if word[0].isupper() is nouns and word.endswith("~") is stems
        )

    return _Words(
        some(nouns=False, stems=False), some(nouns=False, stems=True), some(nouns=True, stems=False),
        some(nouns=True, stems=True),
    )  # fmt: skip
