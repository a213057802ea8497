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

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from pmctl.document.finding import Finding
from pmctl.document.node_reader import NodeReader
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
        "unknown-length": Verdict.RECOMMENDED,
        "false-positive": Verdict.SKIP,
        "documented": Verdict.SKIP,
        "dismissed": Verdict.SKIP,
        "merged": Verdict.SKIP,
        "test": Verdict.SKIP,
        "planned": Verdict.SKIP,
        "auto-resolved": Verdict.SKIP,
    }
)
WORD_RULES = ("customer-impact", "data-loss-or-security", "near-miss", "false-positive")

KEYS = ("longer_than", "auto_resolved_within", "recurring", "several_teams", "high_severities", "words", "rules")
MOST = 1000
"""The largest number that a threshold may be."""


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
    reader = NodeReader(path, "PM190", "PM191", blank_is_absent=True)
    usual = TriggerSettings()
    top = reader.mapping(block, "triggers", KEYS)
    recurring = reader.mapping(top.get("recurring"), "triggers.recurring", ("count", "within"))
    words = reader.mapping(top.get("words"), "triggers.words", WORD_RULES)
    rules = reader.mapping(top.get("rules"), "triggers.rules", RULES)
    if "recurring" in top and top["recurring"].value == {}:
        reader.add(top["recurring"], "triggers.recurring must be {count: NUMBER, within: DURATION}")

    settings = TriggerSettings(
        longer_than=reader.duration(top.get("longer_than"), "triggers.longer_than", usual.longer_than),
        auto_resolved_within=reader.duration(
            top.get("auto_resolved_within"), "triggers.auto_resolved_within", usual.auto_resolved_within
        ),
        recurring_count=reader.number(
            recurring.get("count"), "triggers.recurring.count", usual.recurring_count, 1, MOST
        ),
        recurring_within=reader.duration(recurring.get("within"), "triggers.recurring.within", usual.recurring_within),
        several_teams=reader.number(top.get("several_teams"), "triggers.several_teams", usual.several_teams, 1, MOST),
        high_severities=reader.texts(top.get("high_severities"), "triggers.high_severities"),
        words={rule: reader.texts(node, f"triggers.words.{rule}") for rule, node in words.items()},
        rules={
            rule: Verdict(word)
            for rule, node in rules.items()
            if (word := reader.choice(node, f"triggers.rules.{rule}", Verdict))
        },
    )
    return settings, reader.sorted()
