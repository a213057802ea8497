"""pmctl.yaml: what a team sets for its repository. Bytes in, Settings and findings out.

Settings say how pmctl helps: which template, which checks, which targets. They never weaken what the
audit proves; who may do what stands in the policy alone. Blocks that belong to one package (rules,
triggers) are handed over as they were parsed, and that package reads them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from pmctl.codes import Code
from pmctl.document import strict_yaml
from pmctl.document.finding import Finding
from pmctl.document.templates import NAME

CURRENT_VERSION = 1

DEFAULT_SETTINGS = b"""\
# Settings of pmctl for this repository. Who may do what is in .pmctl/policy.yaml.
version: 1

# The template of `pmctl new`: a built-in one (default, lightweight, security, near-miss) or the name of a
# file in .pmctl/templates/.
template: default

# The severities that your team uses, worst first. Without the list any text is allowed.
# severities: [SEV1, SEV2, SEV3, SEV4]

# The branch whose history is the audit trail.
protected_branch: main

# Checks: see `pmctl explain CODE`. Codes may be given by their beginning: PM7 is all of blameless language.
# Targets say how long after the end of an incident each step is expected.
rules:
  ignore: []
  severity: {}
  targets: {draft: 24h, complete: 48h, review: 7d, publish: 14d}
"""

# Top-level keys and the shape that each must have.
_KEYS: Mapping[str, type] = {
    "version": int,
    "template": str,
    "severities": tuple,
    "protected_branch": str,
    "visibility": str,
    "rules": dict,
    "triggers": dict,
    "integrations": dict,
    "publishing": dict,
}
_SHAPES = {int: "a number", str: "text", tuple: "a list", dict: "a mapping"}
_VISIBILITIES = ("private", "team", "organization")
BRANCH = r"(?![-/.])(?!.*(?:\.\.|//|/\.|@\{|\.lock(?:/|$)|[/.]$))[^\x00-\x20\x7f~^:?*\[\\]+"
"""What git takes for the name of a branch (git-check-ref-format)."""


class Settings(NamedTuple):
    """What pmctl.yaml says. `blocks` holds the parsed mappings that other packages read, by their key."""

    template: str = "default"
    severities: tuple[str, ...] = ()
    protected_branch: str = "main"
    visibility: str = "organization"
    blocks: Mapping[str, strict_yaml.Node] = MappingProxyType({})


def load_settings(data: bytes, path: str = "pmctl.yaml") -> tuple[Settings, tuple[Finding, ...]]:
    """Read the settings; whatever is wrong is a finding with its line, and that key keeps its default."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Settings(), (
            Finding("PM001", "the settings are not UTF-8", path, line, 1, fix="save the file as UTF-8"),
        )
    parsed = strict_yaml.load(text, path=path, document_start=True)
    findings = list(parsed.problems)
    node = parsed.node
    if node is None or not isinstance(node.value, dict):  # nothing but comments, or nothing that can be read
        return Settings(), tuple(findings)
    good: dict[str, strict_yaml.Node] = {}
    for key, value in node.value.items():
        shape = _KEYS.get(key)
        if shape is None:
            close = difflib.get_close_matches(key, _KEYS, 1)
            fix = f"did you mean {close[0]}?" if close else f"known keys: {', '.join(_KEYS)}"
            findings.append(
                Finding("PM191", f"unknown setting {key!r}", path, value.key_line, value.key_column, fix=fix)
            )
        elif value.value is None:
            continue  # a key whose whole content is commented out
        elif not isinstance(value.value, shape) or isinstance(value.value, bool):
            message = f"{key} must be {_SHAPES[shape]}"
            findings.append(Finding("PM190", message, path, value.line, value.column))
        else:
            good[key] = value
    findings.extend(_check_values(good, path))
    plain = {key: value.plain() for key, value in good.items()}
    settings = Settings(
        template=plain.get("template", "default"),
        severities=tuple(str(item) for item in plain.get("severities", ()) if _is_severity(item)),
        protected_branch=plain.get("protected_branch", "main"),
        visibility=plain.get("visibility", "organization"),
        blocks={key: value for key, value in good.items() if isinstance(value.value, dict)},
    )
    return settings, tuple(findings)


def _check_values(good: dict[str, strict_yaml.Node], path: str) -> list[Finding]:
    """Findings about values of the right shape. A text that can't be used is taken out of `good`."""
    findings: list[Finding] = []
    version = good.get("version")
    if version is not None and version.value != CURRENT_VERSION:
        message = f"version {version.value} of the settings is not known to this pmctl"
        findings.append(Finding("PM192", message, path, version.line, version.column, fix="upgrade pmctl"))
    for key, fits, message in (
        ("visibility", "|".join(_VISIBILITIES), f"visibility must be one of {', '.join(_VISIBILITIES)}"),
        ("template", NAME.pattern, "template must be the name of a template: a-z, 0-9 and -"),
        ("protected_branch", BRANCH, "protected_branch must be the name of a branch"),
    ):
        node = good.get(key)
        if node is not None and not re.fullmatch(fits, str(node.value)):
            findings.append(Finding("PM190", message, path, node.line, node.column))
            del good[key]
    severities = good.get("severities")
    if severities is not None and isinstance(severities.value, tuple):
        findings += [
            Finding("PM190", "a severity must be text", path, item.line, item.column)
            for item in severities.value
            if not _is_severity(item.value)
        ]
    return findings


def _is_severity(value: object) -> bool:
    """Whether a value of the list can stand in a postmortem: a word, or a number as in `severities: [1, 2, 3]`."""
    return bool(value.strip()) if isinstance(value, str) else isinstance(value, int) and not isinstance(value, bool)


CODES = (
    Code(
        "PM190", "malformed-setting", "A value in pmctl.yaml has another shape than its setting.",
        "A value that cannot be used is left out, and the setting's default counts instead.",
        "Write the shape that the message names; the settings' schema lists every key.", "severities: SEV1",
    ),
    Code(
        "PM191", "unknown-setting-key", "pmctl.yaml has a key that is no setting.",
        "A misspelt setting changes nothing, and looks as if it did.",
        "Correct the spelling, or take the key out.", "tempalte: default",
    ),
    Code(
        "PM192", "settings-version", "The settings are of a version that this pmctl does not know.",
        "Keys may mean something else in another version.", "Upgrade pmctl, or write version: 1.", "version: 7",
    ),
)  # fmt: skip
