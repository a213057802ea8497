"""A rule's docstring as the documentation of its code."""

from __future__ import annotations

import re
from inspect import cleandoc

from pmctl.codes import Code
from pmctl.rules.registry import Rule, rules

_PART = re.compile(r"^(What it does|Why|Example|Fix):[ ]*\n?", re.MULTILINE)


def documentation(rule: Rule) -> Code:
    """The paragraphs of a rule's docstring, taken apart."""
    pieces = _PART.split(cleandoc(rule.documentation))
    parts = dict(zip(pieces[1::2], (cleandoc(piece.strip("\n")) for piece in pieces[2::2]), strict=True))
    return Code(
        rule.code,
        rule.name,
        pieces[0].strip(),
        why=" ".join(parts.get("Why", "").split()),
        fix="",
        example=parts.get("Example", ""),
        details=" ".join(parts.get("What it does", "").split()),
        corrected=parts.get("Fix", ""),
        rules=rule.family,
        fixable=rule.fixable,
        severities={"draft": str(rule.draft), "review": str(rule.review), "adopted": str(rule.adopted)},
    )


CODES = tuple(documentation(rule) for rule in rules().values())
