"""What the `rules:` part of pmctl.yaml says: which rules run, how much they weigh, and what they look for.

    rules:
      select: [PM]                     # codes or prefixes; everything by default
      ignore: [PM803]
      severity: {PM801: error, PM7: warning, PM205: "off"}
      paths: {"postmortems/2019/**": [PM3, PM5]}    # a folder stands for all in it
      phrases:
        add: {hindsight: ["as everyone knows"]}
        remove: ["of course"]
      targets: {draft: 24h, complete: 48h, review: 7d, publish: 14d}
      internal: [corp.example.com]     # host name endings that must not be published
      customers: [customer.example]    # e-mail domains of customers; by default every foreign one
      detect_secrets: true             # also run the detect-secrets package, when it is installed

`pmctl.rules.settings_reading` reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from pmctl.document.finding import Severity
from pmctl.text import single_line

PHRASE_FAMILIES = (
    "counterfactual",
    "omission",
    "human-error",
    "character",
    "hindsight",
    "who-and-why",
    "blame-word",
    "vague-action",
)
TARGETS = {"draft": 24, "complete": 48, "review": 7 * 24, "publish": 14 * 24}
"""The targets' names and default hours after the incident was resolved."""

KEYS = ("select", "ignore", "severity", "paths", "phrases", "targets", "internal", "customers", "detect_secrets")
HOST = r"[.@]?\w(?:[\w-]*\w)?(?:\.\w(?:[\w-]*\w)?)*"
"""A host name or the ending of one, as in corp.example, .corp.example or @customer.example."""
PLACE = r"(?!/|\.{1,2}(?:/|$)|.*/\.{1,2}(?:/|$)).+"
"""A path below the folder of pmctl.yaml, or a pattern for some."""


@dataclass(frozen=True)
class RuleSettings:
    """Settings of the rules. Codes may be prefixes (`PM7` is every blameless rule); the longest wins."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity | None] = field(default_factory=dict)
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    phrases_removed: tuple[str, ...] = ()
    targets: Mapping[str, timedelta] = field(
        default_factory=lambda: {name: timedelta(hours=hours) for name, hours in TARGETS.items()}
    )
    internal: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    detect_secrets: bool = False

    @cached_property
    def _path_patterns(self) -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
        return tuple((re.compile(_glob(pattern), re.DOTALL), codes) for pattern, codes in self.paths.items())

    @cached_property
    def removed(self) -> frozenset[str]:
        """The phrases to let pass, case-folded."""
        return frozenset(single_line(phrase.casefold()) for phrase in self.phrases_removed)

    def selection(self, path: str) -> Callable[[str], bool]:
        """Whether a code is selected, and ignored neither everywhere nor for this file."""
        more = [code for pattern, codes in self._path_patterns if pattern.fullmatch(path) for code in codes]
        select, ignored = self.select, (*self.ignore, *more)
        return lambda code: (not select or code.startswith(select)) and not code.startswith(ignored)

    def digest_source(self) -> object:
        """Plain JSON data that changes whenever a setting does: part of a cache key."""
        return [
            self.select,
            self.ignore,
            sorted((code, str(severity)) for code, severity in self.severity.items()),
            sorted((pattern, list(codes)) for pattern, codes in self.paths.items()),
            sorted((family, list(added)) for family, added in self.phrases.items()),
            self.phrases_removed,
            sorted((name, target.total_seconds()) for name, target in self.targets.items()),
            self.internal,
            self.customers,
            self.detect_secrets and scanner_is_there(),
        ]


def scanner_is_there() -> bool:
    """Whether the detect-secrets package is installed (asked without loading it: that takes a quarter of a second)."""
    from importlib.util import find_spec

    return find_spec("detect_secrets") is not None


def _glob(pattern: str) -> str:
    """A path pattern as a regular expression: `*` within a folder, `**` across folders, a folder for all in it.

    What stands in front of the last `**`, and within each part in front of the last `*`, is taken where it first
    fits and not tried again (an atomic group), because a later place would leave less for the star behind it. So a
    pattern of many stars takes no time, whatever the path.
    """
    first, *others = re.split(r"((?:\A|(?<=/))\*\*/|\*\*)", pattern.rstrip("/"))
    source = _part(first, last=not others)
    for number in range(0, len(others), 2):
        stars = r"(?:[^/]+/)*" if others[number] == "**/" else ".*"
        last = number == len(others) - 2
        part = _part(others[number + 1], last=last)
        source += stars + part if last else f"(?>{stars}?{part})"
    return f"{source}(?:/.*)?"


def _part(text: str, *, last: bool) -> str:
    """The part of a pattern between two `**`; `last` when none follows."""
    first, *others = (re.escape(word).replace(r"\?", "[^/]") for word in text.split("*"))
    if not others:
        return first
    *between, final = others
    if not last:
        between, final = others, ""
    return first + "".join(f"(?>[^/]*?{word})" for word in between) + (f"[^/]*{final}" if last else "")
