"""The one table of rules: a rule is a function, its docstring and one `@rule(...)` line.

Adding a rule touches one family module and its fixture. The docstring is the documentation: a first
sentence, then the paragraphs `What it does:`, `Why:`, `Example:` (a fragment that is flagged) and
`Fix:` (the same fragment, corrected), from which `pmctl explain` and the rule list are made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from pmctl.document.finding import Finding, Severity
from pmctl.errors import Hint

if TYPE_CHECKING:
    from pmctl.document.reader import Document, Section
    from pmctl.rules.context import Context

    Check = Callable[[Document, Context], Iterable[Finding]]

ERROR, WARNING, HINT = Severity.ERROR, Severity.WARNING, Severity.HINT

FAMILIES = (
    "structure",
    "rendering",
    "front_matter",
    "timeline",
    "timeline_order",
    "future",
    "impact",
    "resolution",
    "action_items",
    "action_owners",
    "action_tracking",
    "action_aims",
    "lessons",
    "blameless",
    "writing",
    "sharing",
    "targets",
)
"""The modules that hold rules, in the order in which they run."""


class Rule(NamedTuple):
    """One rule. `draft`, `review` and `adopted` are the severities of its findings by the document's state:
    a draft, anything from IN_REVIEW on, and history that was brought under management as it stood.
    `ignorable` is False where an inline ignore would only hide what blocks publishing anyway.
    """

    code: str
    name: str
    family: str
    draft: Severity
    review: Severity
    adopted: Severity
    fixable: bool
    ignorable: bool
    documentation: str
    check: Check

    @property
    def summary(self) -> str:
        """The first sentence of the documentation."""
        return self.documentation.split("\n", 1)[0].strip()


_RULES: dict[str, Rule] = {}


def rule(
    code: str,
    name: str,
    *,
    draft: Severity = HINT,
    review: Severity = ERROR,
    adopted: Severity = HINT,
    fixable: bool = False,
    ignorable: bool = True,
) -> Callable[[Check], Check]:
    """Register a check under `code`. The check yields findings without code, path and severity: the
    engine fills them in. Raises ValueError for a code that is taken, a bug that any test run shows.
    """

    def register(check: Check) -> Check:
        if code in _RULES:
            raise ValueError(f"{code} is registered twice")
        family = check.__module__.rpartition(".")[2]
        _RULES[code] = Rule(code, name, family, draft, review, adopted, fixable, ignorable, check.__doc__ or "", check)
        return check

    return register


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by code, in the order of the codes. Loads the families on first use."""
    for family in FAMILIES:
        import_module(f"pmctl.rules.{family}")
    return MappingProxyType(dict(sorted(_RULES.items())))


def is_known(code: str) -> bool:
    """Whether a code or the beginning of one names anything; asks beyond the rules only where no rule has it."""
    from pmctl.codes import codes

    return any(one.startswith(code) for one in rules()) or any(one.startswith(code) for one in codes())


def found(doc: Document, start: int, end: int, message: str, fix: Hint = "") -> Finding:
    """A finding about `doc.text[start:end]`, offsets in characters; the engine fills in the rest."""
    line, column = doc.position(start)
    end_line, end_column = doc.position(max(start, end))
    return Finding("", message, "", line, column, fix=fix, end_line=end_line, end_column=end_column)


def heading(doc: Document, section: Section, message: str, fix: Hint = "") -> Finding:
    """A finding about a section's heading, its newline left out."""
    end = section.start + len(doc.text[section.start : section.content_start].rstrip())
    return found(doc, section.start, end, message, fix)


def found_at(line: int, column: int, message: str, fix: Hint = "", *, width: int = 0) -> Finding:
    """A finding at a line and column (both from 1; 0, 0 for the whole file), `width` characters wide."""
    end = (line, column + width) if width else (0, 0)
    return Finding("", message, "", line, column, fix=fix, end_line=end[0], end_column=end[1])
