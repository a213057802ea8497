"""What incident records say in words: harm to customers, lost data, near misses, false alarms.

Precision first: a sentence that denies or only wonders ("no data loss", "checking whether users are
affected") does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_SLUG = re.compile(r"[^a-z0-9]+")
_SENTENCE_END = re.compile(r"[.;!?\n]")

# Ours, in the plain words of incident records; the settings add a team's own.
_PHRASES: dict[str, tuple[str, ...]] = {
    "customer-impact": (
        r"(?:customer|user|client|subscriber|merchant)s?[ -](?:impact|facing)(?:ing)?",
        r"(?:customer|user|client|subscriber|merchant)s? (?:(?:are|were|have been|is|was) )?"
        r"(?:affected|impacted|unable|could not|cannot|can't|couldn't)",
        r"affect(?:ed|s|ing) (?:\S+ ){0,3}(?:customer|user|client|subscriber|merchant)s?",
        r"outages?",
        r"downtime",
        r"sla breach(?:ed)?",
    ),
    "data-loss-or-security": (
        r"data[ -]?loss",
        r"(?:data|records|messages|orders|backups?) (?:(?:was|were|has been|have been|is|are) )?"
        r"(?:lost|leaked|corrupted|exposed|stolen)",
        r"lost (?:\S+ ){0,2}(?:data|records|messages|orders)",
        r"data[ -](?:breach|leak|corruption|exposure)(?:e?s)?",
        r"security[ -](?:incident|breach|vulnerability|hole|compromise|issue)s?",
        r"unauthori[sz]ed access",
        r"(?:credential|secret|token|key|password|account)s? (?:(?:was|were|has been|have been|got) )?"
        r"(?:leaked|exposed|compromised|stolen)",
        r"ransomware|malware|exfiltrat(?:ed|ion)|account takeover|intrusion",
    ),
    "near-miss": (r"near[ -]miss(?:es)?", r"close call", r"narrowly avoided"),
    "false-positive": (
        r"false[ -](?:positive|alarm)s?(?! rate)",
        r"not (?:a real|an actual|a real production) incident",
        r"test (?:incident|alert)",
    ),
}
_EXACT_TAGS = {
    "data-loss-or-security": ("security", "data-loss", "dataloss", "privacy", "breach"),
    "customer-impact": ("customer-impact", "customer-facing", "customer-impacting", "outage"),
    "near-miss": ("near-miss",),
    "false-positive": ("false-positive", "false-alarm", "drill", "test", "exercise", "not-planned", "declined",
                       "canceled", "cancelled", "duplicate", "invalid"),
}  # fmt: skip
# "no data loss", "without customer impact", "checking whether users are affected" claim the opposite or nothing.
_DENIAL = re.compile(
    r"(?:\b(?:no|not|without|zero|never|nor|neither|none|if|whether|unclear|avoid(?:ed|s|ing)?|prevent(?:ed|s|ing)?|"
    r"rul(?:ed|es|ing) out|risk of|potential(?:ly)?|possible|possibly)|n't)(?:\s+[\w'-]+){0,4}\s*$",
    re.IGNORECASE,
)


def slug(text: str) -> str:
    """Lower case words joined by dashes, for comparing names of services, tags and states."""
    return _SLUG.sub("-", text.lower()).strip("-")


def tagged(tags: Iterable[str], rule: str) -> str:
    """The tag that says it, or ""."""
    return next((tag for tag in tags if slug(tag) in _EXACT_TAGS[rule]), "")


def stated(texts: Iterable[str], rule: str, words: tuple[str, ...] = ()) -> str:
    """The first phrase in these texts that says it and is not denied, or "". `words` are further phrases."""
    pattern = _pattern(rule, words)
    for text in texts:
        for match in pattern.finditer(text):
            before = _SENTENCE_END.split(text[max(0, match.start() - 80) : match.start()])[-1]
            if not _DENIAL.search(before):
                return match[0]
    return ""


@lru_cache(maxsize=32)
def _pattern(rule: str, words: tuple[str, ...]) -> re.Pattern[str]:
    phrases = (*_PHRASES[rule], *(re.escape(word) for word in words))
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE)
