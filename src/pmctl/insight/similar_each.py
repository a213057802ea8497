"""For each of many postmortems the few that are most like it: from terms alone, in time that grows with their number.
Pure and deterministic.

`similar` answers one question well, from an index of every postmortem; here all are asked at once, and only among
those that are given: what a reader may not read has no part in a rank or a reason. So only terms are looked at that few
share, of which there are at most _POSTINGS places to go to, and of each postmortem its _ASKED most telling ones.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pmctl.insight.similar_terms import as_written, in_words, terms

KEPT = 40
"""Terms of a postmortem that are worth keeping."""
_ASKED = 16
_POSTINGS = 32  # postmortems beyond which a term does not tell them apart
_SHARE, _FEW = 0.4, 4  # of all postmortems, beyond which it does not either; so many always count
_WORDS = 3  # that two share, when they share nothing that somebody chose and no error
_REASONS = 4
_KINDS = {"cause": 2.0, "error": 2.0, "service": 1.5}


class Like(NamedTuple):
    """One postmortem that is like another: its id, and the terms that both have, the most telling first."""

    id: str
    shared: tuple[str, ...]


def telling(title: str, text: str, services: Iterable[str], causes: Iterable[str]) -> tuple[str, ...]:
    """The terms of a postmortem that may tell what it is like: the heaviest, of equal ones the longest."""
    weights = terms(title, text, services, causes)
    return tuple(sorted(weights, key=lambda name: (-weights[name], -len(name), name))[:KEPT])


def likest(held: Mapping[str, Sequence[str]], most: int) -> dict[str, tuple[Like, ...]]:
    """The likest of each, by id, the first one first; `held` are the terms of each (see `telling`)."""
    frequency = Counter(term for found in held.values() for term in found)
    limit = min(_POSTINGS, max(_FEW, int(len(held) * _SHARE)))
    tells = {
        term: math.log(len(held) / count + 1) * _KINDS.get(_kind(term), 1.0)
        for term, count in frequency.items()
        if 2 <= count <= limit
    }
    where: dict[str, list[str]] = {}
    for name in sorted(held):
        for term in held[name]:
            if term in tells:
                where.setdefault(term, []).append(name)
    return {name: _likest_of(name, found, tells, where, most) for name, found in held.items()}


def _likest_of(
    name: str, found: Sequence[str], tells: Mapping[str, float], where: Mapping[str, list[str]], most: int
) -> tuple[Like, ...]:
    asked = sorted((term for term in found if term in tells), key=lambda term: (-tells[term], term))[:_ASKED]
    scores: dict[str, float] = {}
    shared: dict[str, list[str]] = {}
    for term in asked:
        for other in where[term]:
            scores[other] = scores.get(other, 0.0) + tells[term]
            shared.setdefault(other, []).append(term)
    fit = [other for other in scores if other != name and _is_more_than_chance(shared[other])]
    best = sorted(fit, key=lambda other: (-round(scores[other], 6), other))[:most]
    return tuple(Like(other, tuple(shared[other][:_REASONS])) for other in best)


def _is_more_than_chance(shared: Sequence[str]) -> bool:
    kinds = {_kind(term) for term in shared}
    return len(shared) >= _WORDS or (len(shared) > 1 and bool(kinds & {"cause", "error"}))


def _kind(term: str) -> str:
    kind, colon, _ = term.partition(":")
    return kind if colon and kind in _KINDS else ""


def said(like: Like, text: str) -> Iterator[str]:
    """The shared terms as people read them, in the words of this text."""
    return in_words(as_written(like.shared, text))
