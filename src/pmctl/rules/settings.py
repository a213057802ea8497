"""The `rules:` part of pmctl.yaml: which rules run, how much they weigh, and what they look for.

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

Whatever is wrong here is a finding with its place; the rest of the settings still counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from pmctl.codes import Code
from pmctl.document.finding import Finding, Severity
from pmctl.errors import Hint, UsageProblem, advise

if TYPE_CHECKING:
    from pmctl.document.strict_yaml import Node

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

_KEYS = (
    "select",
    "ignore",
    "severity",
    "paths",
    "phrases",
    "targets",
    "internal",
    "customers",
    "detect_secrets",
)
HOST = r"[.@]?\w(?:[\w-]*\w)?(?:\.\w(?:[\w-]*\w)?)*"
"""A host name or the ending of one, as in corp.example, .corp.example or @customer.example."""
PLACE = r"(?!/|\.{1,2}(?:/|$)|.*/\.{1,2}(?:/|$)).+"
"""A path below the folder of pmctl.yaml, or a pattern for some."""

_DURATION = re.compile(r"(\d{1,4})\s*(h|hours?|d|days?|w|weeks?)")
_HOURS = {"h": 1, "d": 24, "w": 168}


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
        return frozenset(" ".join(phrase.casefold().split()) for phrase in self.phrases_removed)

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


def parse_rule_settings(node: Node | None, path: str = "pmctl.yaml") -> tuple[RuleSettings, tuple[Finding, ...]]:
    """Read the value of `rules:`. Returns settings that can be used in any case, and what was wrong."""
    if node is None or node.value is None:
        return RuleSettings(), ()
    reader = _Reader(path)
    settings = reader.settings(node)
    return settings, tuple(reader.findings)


def code_list(codes: Iterable[str], *, option: str) -> tuple[str, ...]:
    """The codes and prefixes of a command line option such as `--select PM7,PM801`.

    Raises UsageProblem, which names all that are unknown and the nearest known ones.
    """
    wanted = [part.strip().upper() for text in codes for part in text.split(",") if part.strip()]
    problems = [problem for code in wanted if (problem := _unknown_code(code))]
    if problems:
        message, fix = problems[0]
        details = tuple(problems[1:])
        raise UsageProblem(f"{option}: {message}", hint=fix, details=details)
    return tuple(wanted)


def _unknown_code(code: str) -> tuple[str, Hint] | None:
    """What is wrong with a code or prefix, and the fix; None when it names something."""
    from pmctl.rules.registry import is_known

    if code and is_known(code):
        return None
    from pmctl.codes import codes
    from pmctl.text import did_you_mean

    return f"unknown code {code!r}", did_you_mean(code, codes()) or advise("all-codes")


class _Reader:
    """Walks the YAML nodes of `rules:` and collects findings on the way."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.findings: list[Finding] = []

    def problem(self, node: Node, message: str, fix: Hint = "", *, key: bool = False) -> None:
        line, column = (node.key_line, node.key_column) if key else (node.line, node.column)
        self.findings.append(Finding("PM260", message, self.path, line, column, Severity.ERROR, fix))

    def settings(self, node: Node) -> RuleSettings:
        values: dict[str, object] = {}
        for key, value in self.mapping(node, "rules"):
            if key not in _KEYS:
                self.problem(value, f"unknown setting rules.{key}", _did_you_mean(key, _KEYS), key=True)
            elif key in ("select", "ignore"):
                values[key] = self.codes(value)
            elif key == "severity":
                values[key] = self.severities(value)
            elif key == "paths":
                values[key] = self.paths(value)
            elif key == "phrases":
                self.phrases(value, values)
            elif key == "targets":
                values[key] = self.targets(value)
            elif key == "detect_secrets":
                values[key] = self.scanner(value)
            else:
                values[key] = self.hosts(value, f"rules.{key}")
        return RuleSettings(**values)  # type: ignore[arg-type]  # each value was built for its field above

    def mapping(self, node: Node, name: str) -> Iterator[tuple[str, Node]]:
        if isinstance(node.value, dict):
            yield from node.value.items()
        elif node.value is not None:
            self.problem(node, f"{name} must be a mapping")

    def strings(self, node: Node, name: str) -> Iterator[str]:
        for item in self.items(node):
            if isinstance(item.value, str) and item.value.strip():
                yield item.value
            else:
                self.problem(item, f"{name} must be a list of words")

    def items(self, node: Node) -> tuple[Node, ...]:
        if isinstance(node.value, tuple):
            return node.value
        return () if node.value is None else (node,)

    def codes(self, node: Node) -> tuple[str, ...]:
        good = []
        for item in self.items(node):
            code = item.value.strip().upper() if isinstance(item.value, str) else ""
            problem = _unknown_code(code) if code else ("a code such as PM801 is expected", "")
            if problem:
                self.problem(item, *problem)
            else:
                good.append(code)
        return tuple(good)

    def scanner(self, node: Node) -> bool:
        if not isinstance(node.value, bool):
            self.problem(node, "rules.detect_secrets must be true or false")
        elif node.value and not scanner_is_there():
            message = "rules.detect_secrets is on, but the package is not installed here: only pmctl's own rules look"
            place = (self.path, node.line, node.column)
            fix = "pip install 'pmctl[secrets]'"
            self.findings.append(Finding("PM260", message, *place, Severity.WARNING, fix))
        return node.value is True

    def paths(self, node: Node) -> dict[str, tuple[str, ...]]:
        table = {}
        for pattern, codes in self.mapping(node, "rules.paths"):
            table[pattern] = self.codes(codes)
            if not re.fullmatch(PLACE, pattern):
                message = f"{pattern!r} fits no file: a path begins in the folder of {self.path}"
                self.problem(codes, message, "write for example postmortems/2019/**", key=True)
        return table

    def hosts(self, node: Node, name: str) -> tuple[str, ...]:
        good = []
        for item in self.items(node):
            if isinstance(item.value, str) and re.fullmatch(HOST, item.value):
                good.append(item.value.casefold().lstrip(".@"))
            else:
                self.problem(item, f"{name} must be a list of host names or their endings", "write corp.example.com")
        return tuple(good)

    def severities(self, node: Node) -> dict[str, Severity | None]:
        table: dict[str, Severity | None] = {}
        names = (*(str(severity) for severity in Severity), "off")
        for key, value in self.mapping(node, "rules.severity"):
            code = key.upper()
            problem = _unknown_code(code)
            word = value.value if isinstance(value.value, str) else "off" if value.value is False else ""
            if problem:
                self.problem(value, *problem, key=True)
            elif word not in names:
                self.problem(value, f"severity must be one of {', '.join(names)}")
            elif code in table:
                self.problem(value, f"the severity of {code} is set twice", "keep one of the two", key=True)
            else:
                table[code] = None if word == "off" else Severity(word)
        return table

    def phrases(self, node: Node, values: dict[str, object]) -> None:
        for key, value in self.mapping(node, "rules.phrases"):
            if key == "remove":
                values["phrases_removed"] = tuple(self.strings(value, "rules.phrases.remove"))
            elif key == "add":
                added: dict[str, tuple[str, ...]] = {}
                for family, words in self.mapping(value, "rules.phrases.add"):
                    if family in PHRASE_FAMILIES:
                        added[family] = tuple(self.strings(words, f"rules.phrases.add.{family}"))
                    else:
                        fix = _did_you_mean(family, PHRASE_FAMILIES)
                        self.problem(words, f"unknown kind of phrase {family!r}", fix, key=True)
                values["phrases"] = added
            else:
                self.problem(value, f"unknown setting rules.phrases.{key}", "use add or remove", key=True)

    def targets(self, node: Node) -> dict[str, timedelta]:
        table = {name: timedelta(hours=hours) for name, hours in TARGETS.items()}
        for key, value in self.mapping(node, "rules.targets"):
            found = _DURATION.fullmatch(str(value.value).strip().lower())
            if key not in TARGETS:
                self.problem(value, f"unknown target {key!r}", _did_you_mean(key, tuple(TARGETS)), key=True)
            elif not found:
                self.problem(value, f"{value.raw!r} is not a duration", "write for example 24h, 7d or 2w")
            else:
                table[key] = timedelta(hours=int(found[1]) * _HOURS[found[2][0]])
        return table


def _did_you_mean(word: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"one of {', '.join(known)}"


CODES = (
    Code(
        "PM260",
        "unknown-setting",
        "The rules' settings name something that does not exist or can't be read.",
        "A misspelt code silently selects or ignores nothing.",
        "",
        "rules:\n  ignore: [PM8O2]",
        details="Checks the `rules:` part of pmctl.yaml and the codes given on the command line.",
        corrected="rules:\n  ignore: [PM802]",
        rules="settings",
    ),
)
