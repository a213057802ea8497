"""Typed values from YAML nodes: every file that people write by hand is read with this.

    Node -> NodeReader -> text, number, list, mapping ...; what does not fit is a finding, and its default counts

A getter takes a node or None; None stands for a key that is absent, and gives the default without a finding. `what`
is the value's name in messages, such as `rules.targets`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pmctl.document.finding import Finding, Severity
from pmctl.document.strict_yaml import Node
from pmctl.errors import Hint
from pmctl.text import did_you_mean, in_ascii

DURATION = r"\s*(?:[0-9]{1,6}\s*(?:s|m|h|hours?)|[0-9]{1,4}\s*(?:d|days?|w|weeks?))\s*"
"""A length of time in one unit, at most two centuries: a date that it is added to stays in the calendar."""

DAYS = r"\s*(?!0+\D)[0-9]{1,4}\s*(?:d|days?|w|weeks?)\s*"
"""A length of time in whole days, at least one."""

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PARTS = re.compile(r"([0-9]+)\s*([smhdw])")


@dataclass(frozen=True, slots=True)
class NodeReader:
    """Reads the nodes of one file and collects what is wrong with them.

    `code` is that of the findings, `unknown` that of unknown keys where it is another one. With `blank_is_absent` a
    key without a value counts as absent; with `lists_of_one` a single value may stand in place of a list.
    """

    path: str
    code: str
    unknown: str = ""
    blank_is_absent: bool = False
    lists_of_one: bool = False
    findings: list[Finding] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether an error was found so far."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    def sorted(self) -> tuple[Finding, ...]:
        """What was found so far, from the top of the file to its end."""
        return tuple(sorted(self.findings, key=lambda one: (one.line, one.column)))

    def coded(self, code: str) -> NodeReader:
        """A reader that adds to the same findings under another code."""
        return replace(self, code=code)

    def add(
        self,
        node: Node | None,
        message: str,
        fix: Hint = "",
        *,
        code: str = "",
        severity: Severity = Severity.ERROR,
        at_key: bool = False,
    ) -> None:
        """Note a finding at a value or at its key; without a node, at the top of the file."""
        line, column = (1, 1) if node is None else (node.line, node.column)
        if node is not None and at_key and node.key_line:
            line, column = node.key_line, node.key_column
        self.findings.append(Finding(code or self.code, message, self.path, line, column, severity, fix))

    def add_at(
        self, line: int, message: str, fix: Hint = "", code: str = "", severity: Severity = Severity.ERROR
    ) -> None:
        """Note a finding about a whole line."""
        self.findings.append(Finding(code or self.code, message, self.path, line, 1, severity, fix))

    def mapping(self, node: Node | None, what: str, known: Collection[str] = ()) -> dict[str, Node]:
        """The members of a mapping; where there are `known` names only those of them that have a value."""
        if node is None or self._is_blank(node):
            return {}
        if not isinstance(node.value, dict):
            self.add(node, f"{what} must be a mapping", "write it as key: value")
            return {}
        return self.known(node.value, what, known) if known else node.value

    def known(self, members: Mapping[str, Node], what: str, names: Iterable[str]) -> dict[str, Node]:
        """The members whose names are among `names`; every other one is a finding."""
        names = tuple(names)
        for name, member in members.items():
            if name not in names:
                fix = did_you_mean(name, names, f"known: {', '.join(names)}")
                self.add(member, f"unknown key '{in_ascii(name)}' in {what}", fix, code=self.unknown, at_key=True)
        return {name: member for name, member in members.items() if name in names and not self._is_blank(member)}

    def items(self, node: Node | None, what: str) -> tuple[Node, ...]:
        """The entries of a list."""
        if node is None or self._is_blank(node):
            return ()
        if isinstance(node.value, tuple):
            return node.value
        if self.lists_of_one and not isinstance(node.value, dict):
            return (node,)
        self.add(node, f"{what} must be a list", f"write [{node.raw}]" if node.raw else "")
        return ()

    def entries(self, node: Node | None, what: str) -> Iterator[tuple[str, Node]]:
        """The texts of a list, each with its node."""
        for item in self.items(node, what):
            if isinstance(item.value, str) and item.value.strip():
                yield item.value, item
            else:
                fix = f'write it in quotes: "{item.raw}"' if item.raw else "write one text, or [one, another]"
                self.add(item, f"{what} must be a list of texts", fix)

    def texts(self, node: Node | None, what: str) -> tuple[str, ...]:
        """The texts of a list."""
        return tuple(text for text, _ in self.entries(node, what))

    def text(self, node: Node | None, what: str, default: str = "") -> str:
        """One text."""
        if node is None or self._is_blank(node):
            return default
        if isinstance(node.value, str):
            return node.value
        self.add(node, f"{what} must be text", f'write it in quotes: "{node.raw}"' if node.raw else "")
        return default

    def matching(self, node: Node | None, what: str, pattern: str, expected: str, default: str = "") -> str:
        """One text that matches a pattern from end to end; `expected` says what that looks like."""
        if node is None or self._is_blank(node):
            return default
        if isinstance(node.value, str) and re.fullmatch(pattern, node.value):
            return node.value
        self.add(node, f"{what} must be {expected}")
        return default

    def number(self, node: Node | None, what: str, default: int, low: int = 1, high: int = 10**6) -> int:
        """A whole number within its bounds."""
        if node is None or self._is_blank(node):
            return default
        if isinstance(node.value, int) and not isinstance(node.value, bool) and low <= node.value <= high:
            return node.value
        self.add(node, f"{what} must be a whole number from {low} to {high}", f"write for example {default}")
        return default

    def flag(self, node: Node | None, what: str, default: bool = False) -> bool:
        """True or false."""
        if node is None or self._is_blank(node):
            return default
        if isinstance(node.value, bool):
            return node.value
        self.add(node, f"{what} must be true or false", "write true or false, without quotes")
        return default

    def choice(self, node: Node | None, what: str, choices: Iterable[str], default: str = "") -> str:
        """One of the choices. `off` may be written as false, which is what some programs make of it."""
        if node is None or self._is_blank(node):
            return default
        names = tuple(choices)
        word = "off" if node.value is False else node.value
        if isinstance(word, str) and word in names:
            return word
        message = f"{what} must be one of {', '.join(names)}"
        self.add(node, message, did_you_mean(node.raw, names, "write one of them"))
        return default

    def duration(self, node: Node | None, what: str, default: timedelta, pattern: str = DURATION) -> timedelta:
        """A length of time: a number and s, m, h, d or w; with the pattern DAYS only the last two."""
        if node is None or self._is_blank(node):
            return default
        found = re.fullmatch(pattern, node.raw.lower()) and _PARTS.search(node.raw.lower())
        if found:
            return timedelta(**{_UNITS[found[2]]: int(found[1])})
        kind, examples = ("duration", "30m, 24h, 7d or 2w") if pattern == DURATION else ("number of days", "7d or 2w")
        self.add(node, f"{what} is not a {kind}: {node.raw!r}", f"write for example {examples}")
        return default

    def _is_blank(self, node: Node) -> bool:
        return self.blank_is_absent and node.value is None
