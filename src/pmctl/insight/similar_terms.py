"""What a text is about, as weighted terms for ranking: words, services, causes, masked error signatures. Pure.

A term is a word in a plain form, `service:NAME`, `cause:NAME`, or `error:SIGNATURE`: what stands in code or looks like
the name of an error, with numbers, ids and hosts masked, so that one failure has one signature on every host.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

_WORD = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")
_CODE = re.compile(r"`([^`\n]{4,160})`")
_NAMED = re.compile(
    r"\b(?:[A-Z][a-z0-9]+){1,5}(?:Error|Exception|Timeout|Fault|Failure|BackOff|Killed)\b"  # OutOfMemoryError
    r"|\bE[A-Z]{5,14}\b"  # ECONNREFUSED
    r"|\b(?:HTTP|status|code|error)[ :]+[1-5][0-9]{2}\b"
    r"|\b[A-Z]{3,}(?:_[A-Z0-9]+){1,5}\b"  # CONNECTION_RESET
)
_MASKS = (
    (re.compile(r"\b(?:[0-9a-f]{8}-[0-9a-f-]{20,}|[0-9a-f]{7,64}|0x[0-9a-f]+)\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]+)?\b|\b[\w-]+(?:\.[\w-]+){2,}(?::[0-9]+)?\b"), "<host>"),
    (re.compile(r"[0-9]+(?:[.,][0-9]+)*"), "0"),
)
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", "e"), ("s", ""))
_HANDLE = re.compile(r"(?<![\w./@-])@[a-z0-9][a-z0-9_-]*")  # a person, and not what happened
_KINDS = ("service:", "cause:", "error:")
_MOST = 60_000  # characters of a document that are read: what follows is a log
STOP = frozenset(
    """
    a about action actions after again all also an and any are as at be because been before being but by can cause
    caused causes cest cet com could date detection did do does done down due during each est event events for from
    github had has have how html http https i if impact improved in incident incidents into is issue issues it item
    items its later learned lesson lessons lucky made more mortem most no not of off on one only open or org other
    our out over own owner pdt post post-mortem postmortem prevent priority pst resolution response resulted root
    several should since so some status such summary team teams than that the their them then there these they this
    those through time timeline to too under until up us use used using utc very via was we well went were what when
    where which while who why will with within would www you your
    """.split()  # noqa: SIM905  # words, not code
)


def masked(text: str) -> str:
    """An error's text without what differs from one time to the next: ids, hosts, numbers; case does not count."""
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return " ".join(text.casefold().split())


def signatures(text: str) -> set[str]:
    """The masked error signatures of a text: what it has in code, and names of errors."""
    return {masked(one) for one in (*_CODE.findall(text), *_NAMED.findall(text))}


def words(text: str) -> Counter[str]:
    """How often each word of a text occurs, in a plain form, without those that every postmortem has; of scripts
    without spaces, pairs of characters."""
    found: Counter[str] = Counter()
    for word, times in Counter(_WORD.findall(_HANDLE.sub(" ", text.casefold()))).items():
        if not word.isascii():
            for at in range(len(word) - 1):
                found[word[at : at + 2]] += times
        elif len(word) > 2 and word not in STOP:
            found[_plain(word)] += times
    return found


def _plain(word: str) -> str:
    if len(word) > 4:
        for ending, instead in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) + len(instead) >= 3 and not word.endswith("ss"):
                return word[: -len(ending)] + instead
    return word


def as_written(shared: Sequence[str], text: str) -> tuple[str, ...]:
    """Terms that this text has too, its words as it writes them; without words that a service or cause among them
    says already."""
    chosen = " ".join(one.partition(":")[2] for one in shared if one.startswith(_KINDS))
    said = {*words(chosen), *chosen.split()}
    spelled: dict[str, str] = {}
    for word, _ in sorted(Counter(_WORD.findall(text.casefold())).items(), key=lambda one: (-one[1], one[0])):
        spelled.setdefault(_plain(word), word)
    return tuple(spelled.get(one, one) for one in shared if one not in said)


def in_words(shared: Iterable[str]) -> Iterator[str]:
    """Terms as people read them: `cause pool exhausted`, `failover`."""
    for term in shared:
        yield term.replace(":", " ", 1) if term.startswith(_KINDS) else term


def _without_comments(text: str) -> str:
    """A text without what stands in comments: a template's prompts, which every draft has."""
    before, *rest = text.split("<!--")
    return " ".join((before, *(part.partition("-->")[2] for part in rest)))


WEIGHTS: Mapping[str, float] = {"title": 4.0, "service": 3.0, "cause": 5.0, "error": 2.0}
"""How often one occurrence counts: a chosen title, service or cause says more than a word of prose."""


def terms(title: str, text: str, services: Iterable[str] = (), causes: Iterable[str] = ()) -> dict[str, float]:
    """The terms of a document with their weights, each at least 1."""
    text = _without_comments(text[:_MOST])
    weighted: dict[str, float] = dict(words(text))
    groups = (
        ("title", sorted(words(title).elements())), ("service", [f"service:{one.casefold()}" for one in services]),
        ("cause", [f"cause:{one.casefold()}" for one in causes]),
        ("error", [f"error:{one}" for one in sorted(signatures(text))]),
    )  # fmt: skip
    for group, names in groups:
        for name in names:
            weighted[name] = weighted.get(name, 0) + WEIGHTS[group]
    return weighted
