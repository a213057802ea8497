"""The settings of triage: which rules count for what, and their thresholds.

Read from the `triggers` block of pmctl.yaml:

    triggers:
      longer_than: 1h              # rule long-duration
      auto_resolved_within: 5m     # rule auto-resolved
      recurring: {count: 2, within: 90d}
      several_teams: 2
      high_severities: [SEV1, SEV2]     # default: what ranks as the two worst levels
      words: {customer-impact: [checkout], data-loss-or-security: [pii]}     # in addition to ours
      rules: {novel: off, several-teams: required}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from pmctl.document.finding import Finding
from pmctl.document.strict_yaml import Node


class Verdict(StrEnum):
    """Whether an incident needs a postmortem. OFF is only a setting: the rule is not asked."""

    REQUIRED = "required"
    RECOMMENDED = "recommended"
    SKIP = "skip"
    OFF = "off"


# Rule -> what it says unless the settings say otherwise.
RULES: Mapping[str, Verdict] = MappingProxyType(
    {
        "high-urgency": Verdict.REQUIRED,
        "customer-impact": Verdict.REQUIRED,
        "data-loss-or-security": Verdict.REQUIRED,
        "long-duration": Verdict.REQUIRED,
        "recurring": Verdict.RECOMMENDED,
        "near-miss": Verdict.RECOMMENDED,
        "novel": Verdict.RECOMMENDED,
        "several-teams": Verdict.RECOMMENDED,
        "false-positive": Verdict.SKIP,
        "documented": Verdict.SKIP,
        "auto-resolved": Verdict.SKIP,
    }
)
WORD_RULES = ("customer-impact", "data-loss-or-security", "near-miss", "false-positive")

_LENGTH = re.compile(r"(\d{1,6})\s*(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class TriggerSettings:
    """Thresholds and weights of the rules. `words` are further phrases for the rules of WORD_RULES."""

    longer_than: timedelta = timedelta(hours=1)
    auto_resolved_within: timedelta = timedelta(minutes=5)
    recurring_count: int = 2
    recurring_within: timedelta = timedelta(days=90)
    several_teams: int = 2
    high_severities: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: Mapping[str, Verdict] = field(default_factory=dict)

    def verdict(self, rule: str) -> Verdict:
        """What a rule says when it applies."""
        return self.rules.get(rule, RULES[rule])


def trigger_settings(block: Node | None, path: str = "pmctl.yaml") -> tuple[TriggerSettings, tuple[Finding, ...]]:
    """Read the `triggers` block. What is wrong is a finding with its line, and keeps its default."""
    settings = TriggerSettings()
    findings: list[Finding] = []
    for key, node in _members(block).items():
        if key not in _READERS:
            known = ", ".join(_READERS)
            message = f"unknown setting {key!r} in triggers"
            findings.append(Finding("PM191", message, path, node.key_line, node.key_column, fix=f"use one of: {known}"))
            continue
        try:
            settings = replace(settings, **_READERS[key](node))
        except ValueError as error:
            findings.append(Finding("PM190", f"triggers.{key}: {error}", path, node.line, node.column))
    return settings, tuple(findings)


def _members(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _length(node: Node) -> timedelta:
    match = _LENGTH.fullmatch(str(node.value).strip())
    if match is None:
        raise ValueError(f"{node.value!r} is no length of time (write 30m, 1h, 90d)")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _count(node: Node) -> int:
    if isinstance(node.value, bool) or not isinstance(node.value, int) or not 1 <= node.value <= 1000:
        raise ValueError(f"{node.value!r} is no number from 1 to 1000")
    return node.value


def _texts(node: Node) -> tuple[str, ...]:
    items = node.value if isinstance(node.value, tuple) else None
    if items is None or not all(isinstance(item.value, str) and item.value.strip() for item in items):
        raise ValueError("must be a list of texts")
    return tuple(str(item.value) for item in items)


def _recurring(node: Node) -> dict[str, Any]:
    members = _members(node)
    if set(members) - {"count", "within"} or not members:
        raise ValueError("must be {count: NUMBER, within: LENGTH}")
    found: dict[str, Any] = {}
    if "count" in members:
        found["recurring_count"] = _count(members["count"])
    if "within" in members:
        found["recurring_within"] = _length(members["within"])
    return found


def _words(node: Node) -> dict[str, Any]:
    members = _members(node)
    if unknown := set(members) - set(WORD_RULES):
        raise ValueError(f"no rule {min(unknown)!r} looks for words; those that do: {', '.join(WORD_RULES)}")
    return {"words": {rule: _texts(words) for rule, words in members.items()}}


def _rules(node: Node) -> dict[str, Any]:
    weights: dict[str, Verdict] = {}
    for rule, value in _members(node).items():
        if rule not in RULES:
            raise ValueError(f"there is no rule {rule!r}; the rules are: {', '.join(RULES)}")
        text = "off" if value.value is False else str(value.value)
        if text not in set(Verdict):
            raise ValueError(f"{rule}: {text!r} is none of {', '.join(Verdict)}")
        weights[rule] = Verdict(text)
    return {"rules": weights}


_READERS: Mapping[str, Callable[[Node], dict[str, Any]]] = {
    "longer_than": lambda node: {"longer_than": _length(node)},
    "auto_resolved_within": lambda node: {"auto_resolved_within": _length(node)},
    "recurring": _recurring,
    "several_teams": lambda node: {"several_teams": _count(node)},
    "high_severities": lambda node: {"high_severities": _texts(node)},
    "words": _words,
    "rules": _rules,
}
