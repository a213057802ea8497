"""Reading what `pmctl.rules.settings` holds: from the `rules:` block of pmctl.yaml, and from command line options.

Whatever is wrong in the block is a finding with its place; the rest of the settings still counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from pmctl.codes import Code
from pmctl.document.finding import Finding, Severity
from pmctl.document.node_reader import NodeReader
from pmctl.document.strict_yaml import Node
from pmctl.errors import Hint, UsageProblem, advise
from pmctl.rules.settings import HOST, KEYS, PHRASE_FAMILIES, PLACE, TARGETS, RuleSettings, scanner_is_there
from pmctl.text import did_you_mean


def parse_rule_settings(node: Node | None, path: str = "pmctl.yaml") -> tuple[RuleSettings, tuple[Finding, ...]]:
    """Read the value of `rules:`. Returns settings that can be used in any case, and what was wrong."""
    reader = NodeReader(path, "PM260", blank_is_absent=True, lists_of_one=True)
    top = reader.mapping(node, "rules", KEYS)
    phrases = reader.mapping(top.get("phrases"), "rules.phrases", ("add", "remove"))
    added = reader.mapping(phrases.get("add"), "rules.phrases.add", PHRASE_FAMILIES)
    targets = reader.mapping(top.get("targets"), "rules.targets", TARGETS)
    settings = RuleSettings(
        select=_codes(reader, top.get("select")),
        ignore=_codes(reader, top.get("ignore")),
        severity=_severities(reader, top.get("severity")),
        paths=_paths(reader, top.get("paths")),
        phrases={family: reader.texts(words, f"rules.phrases.add.{family}") for family, words in added.items()},
        phrases_removed=reader.texts(phrases.get("remove"), "rules.phrases.remove"),
        targets={
            name: reader.duration(targets.get(name), f"rules.targets.{name}", timedelta(hours=hours))
            for name, hours in TARGETS.items()
        },
        internal=_hosts(reader, top.get("internal"), "rules.internal"),
        customers=_hosts(reader, top.get("customers"), "rules.customers"),
        detect_secrets=reader.flag(top.get("detect_secrets"), "rules.detect_secrets"),
    )
    if settings.detect_secrets and not scanner_is_there():
        message = "rules.detect_secrets is on, but the package is not installed here: only pmctl's own rules look"
        reader.add(top["detect_secrets"], message, "pip install 'pmctl[secrets]'", severity=Severity.WARNING)
    return settings, reader.sorted()


def code_list(codes: Iterable[str], *, option: str) -> tuple[str, ...]:
    """The codes and prefixes of a command line option such as `--select PM7,PM801`.

    Raises UsageProblem, which names all that are unknown and the nearest known ones.
    """
    wanted = [part.strip().upper() for text in codes for part in text.split(",") if part.strip()]
    problems = [problem for code in wanted if (problem := _unknown_code(code))]
    if problems:
        message, fix = problems[0]
        raise UsageProblem(f"{option}: {message}", hint=fix, details=tuple(problems[1:]))
    return tuple(wanted)


_LOOK_ALIKE = str.maketrans("OIl", "011")
"""Letters that are typed for the digits of a code."""


def _unknown_code(code: str) -> tuple[str, Hint] | None:
    """What is wrong with a code or prefix, and the fix; None when it names something."""
    from pmctl.rules.registry import is_known

    if code and is_known(code):
        return None
    from pmctl.codes import codes

    digits = code.translate(_LOOK_ALIKE)
    hint = f"did you mean {digits}?" if digits in codes() else did_you_mean(code, codes())
    return f"unknown code {code!r}", hint or advise("all-codes")


def _codes(reader: NodeReader, node: Node | None) -> tuple[str, ...]:
    good = []
    for item in reader.items(node, "a list of codes"):
        code = item.value.strip().upper() if isinstance(item.value, str) else ""
        problem = _unknown_code(code) if code else ("a code such as PM801 is expected", "")
        if problem:
            reader.add(item, *problem)
        else:
            good.append(code)
    return tuple(good)


def _paths(reader: NodeReader, node: Node | None) -> dict[str, tuple[str, ...]]:
    table = {}
    for pattern, codes in reader.mapping(node, "rules.paths").items():
        table[pattern] = _codes(reader, codes)
        if not re.fullmatch(PLACE, pattern):
            message = f"{pattern!r} fits no file: a path begins in the folder of {reader.path}"
            reader.add(codes, message, "write for example postmortems/2019/**", at_key=True)
    return table


def _hosts(reader: NodeReader, node: Node | None, what: str) -> tuple[str, ...]:
    good = []
    for item in reader.items(node, what):
        if isinstance(item.value, str) and re.fullmatch(HOST, item.value):
            good.append(item.value.casefold().lstrip(".@"))
        else:
            reader.add(item, f"{what} must be a list of host names or their endings", "write corp.example.com")
    return tuple(good)


def _severities(reader: NodeReader, node: Node | None) -> dict[str, Severity | None]:
    table: dict[str, Severity | None] = {}
    for key, value in reader.mapping(node, "rules.severity").items():
        code = key.upper()
        word = reader.choice(value, "severity", (*Severity, "off"))
        if problem := _unknown_code(code):
            reader.add(value, *problem, at_key=True)
        elif code in table:
            reader.add(value, f"the severity of {code} is set twice", "keep one of the two", at_key=True)
        elif word:
            table[code] = None if word == "off" else Severity(word)
    return table


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
