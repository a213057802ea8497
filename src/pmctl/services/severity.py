"""How bad a severity is, over the words and numbers that different systems use."""

from __future__ import annotations

import re

# From worst to harmless; the position is the rank of words, the number that of SEV1, P2, S3, ...
_WORDS = (
    frozenset(("critical", "catastrophic", "emergency", "blocker", "page", "fatal")),
    frozenset(("major", "high", "severe", "urgent", "error")),
    frozenset(("moderate", "medium", "normal", "warning", "warn")),
    frozenset(("minor", "low")),
    frozenset(("trivial", "info", "informational", "cosmetic", "none", "maintenance", "notice")),
)
_NUMBERED = re.compile(r"(?:sev(?:erity)?|p(?:rio(?:rity)?)?|s|tier)?[ _-]?(\d)(?!\d)", re.IGNORECASE)

UNKNOWN = 9


def severity_rank(severity: str) -> int:
    """1 (worst: SEV0, SEV1, P1, critical) to 5, UNKNOWN (9) for words that say nothing to us."""
    text = severity.strip()
    if match := _NUMBERED.match(text):
        return min(max(int(match[1]), 1), 5)
    words = re.findall(r"[a-z]+", text.lower())
    ranks = [rank for rank, known in enumerate(_WORDS, 1) for word in words if word in known]
    return min(ranks, default=UNKNOWN)
