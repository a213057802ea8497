"""`pmctl explain CODE`: one shape for the documentation of every code, wherever it is found.

Rules document themselves in their docstrings; the reader (`pmctl.document.codes`), settings and templates
(`pmctl.document.codes_configuration`) and the audit (`pmctl.ledger.codes`) keep tables; the few codes about checking
itself are below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module

from pmctl.errors import NotFound
from pmctl.rules.registry import Rule, rules
from pmctl.text import near, single_line


@dataclass(frozen=True, slots=True)
class RuleDoc:
    """The documentation of one code. `severities` maps a state (draft, review, adopted) to the severity there;
    empty for codes that weigh the same everywhere. Texts are Markdown; `example` and `fix` are shown as source,
    `mend` says in words what to do where there is no text to show.
    """

    code: str
    name: str
    summary: str
    what: str = ""
    why: str = ""
    example: str = ""
    fix: str = ""
    family: str = ""
    fixable: bool = False
    severities: Mapping[str, str] = field(default_factory=dict)
    mend: str = ""

    def markdown(self) -> str:
        """The page that `pmctl explain` prints."""
        parts = [f"# {self.name} ({self.code})", self.summary]
        if self.fixable:
            parts.append("`pmctl validate --fix` mends what has one right answer.")
        if self.severities:
            parts.append(", ".join(f"{state}: {severity}" for state, severity in self.severities.items()))
        for title, text in (("What it does", self.what), ("Why", self.why)):
            if text:
                parts.append(f"## {title}\n\n{text}")
        for title, text in (("Example", self.example), ("Fix", self.fix)):
            if text:
                parts.append(f"## {title}\n\n```markdown\n{text}\n```")
        if self.mend:
            parts.append(f"## Fix\n\n{self.mend}")
        return "\n\n".join(parts) + "\n"


_OWN = (
    RuleDoc(
        "PM260",
        "unknown-setting",
        "The rules' settings name something that does not exist or can't be read.",
        "Checks the `rules:` part of pmctl.yaml and the codes given on the command line.",
        "A misspelt code silently selects or ignores nothing.",
        "rules:\n  ignore: [PM8O2]",
        "rules:\n  ignore: [PM802]",
        "settings",
    ),
    RuleDoc(
        "PM261",
        "unused-ignore",
        "An inline ignore hides nothing.",
        "Reports ignore comments whose rule ran and found nothing there.",
        "What was ignored has been mended, and the comment would hide the next, different one.",
        "<!-- pmctl: ignore PM802 the customer's own words -->\nThe deploy began at 14:02 UTC on 2024-01-15.",
        "The deploy began at 14:02 UTC on 2024-01-15.",
        "structure",
    ),
    RuleDoc(
        "PM262",
        "ignore-without-reason",
        "An inline ignore gives no reason.",
        "Requires a few words after the code.",
        "Whoever reads the file next must be able to tell whether the exception still holds.",
        "<!-- pmctl: ignore PM802 -->",
        "<!-- pmctl: ignore PM802 the customer's own words -->",
        "structure",
    ),
    RuleDoc(
        "PM263",
        "bad-ignore",
        "A pmctl comment is no valid ignore.",
        "Reports comments that begin with `pmctl:` but are not `ignore CODE reason`, name an unknown code, or a"
        " code that can't be ignored (what keeps a file from being read, what blocks publishing).",
        "A comment that does nothing looks as if it did.",
        "<!-- pmctl: ignroe PM802 the customer's own words -->",
        "<!-- pmctl: ignore PM802 the customer's own words -->",
        "structure",
    ),
)
_TABLES = ("pmctl.document.codes", "pmctl.document.codes_configuration", "pmctl.ledger.codes")
_PART = re.compile(r"^(What it does|Why|Example|Fix):[ ]*\n?", re.MULTILINE)


@cache
def known_codes() -> tuple[str, ...]:
    """Every documented code, sorted."""
    codes = {*rules(), *(doc.code for doc in _OWN)}
    for module in _TABLES:
        codes.update(_table(module))
    return tuple(sorted(codes))


def explain(code: str) -> RuleDoc:
    """The documentation of a code or of its name. Raises NotFound with the nearest ones."""
    wanted = code.strip()
    every = rules()
    rule = every.get(wanted.upper()) or next((one for one in every.values() if one.name == wanted.lower()), None)
    if rule:
        return rule_doc(rule)
    for doc in _OWN:
        if wanted.upper() == doc.code or wanted.lower() == doc.name:
            return doc
    for module in _TABLES:
        for known, entry in _table(module).items():
            if wanted.upper() == known or wanted.lower() == getattr(entry, "name", None):
                return _from_table(known, entry)
    close = near(wanted, known_codes(), likeness=0.5)
    raise NotFound(
        f"no finding code {code!r}",
        hint=f"did you mean {', '.join(close)}?" if close else "`pmctl explain --all` lists every code",
    )


def every_doc() -> tuple[RuleDoc, ...]:
    """The documentation of all codes, sorted by code."""
    return tuple(explain(code) for code in known_codes())


@cache
def rule_doc(rule: Rule) -> RuleDoc:
    """A rule's docstring, taken apart."""
    text = _dedent(rule.documentation)
    pieces = _PART.split(text)
    parts = dict(zip(pieces[1::2], (piece.strip("\n") for piece in pieces[2::2]), strict=True))
    return RuleDoc(
        rule.code,
        rule.name,
        pieces[0].strip(),
        single_line(_dedent(parts.get("What it does", ""))),
        single_line(_dedent(parts.get("Why", ""))),
        _dedent(parts.get("Example", "")),
        _dedent(parts.get("Fix", "")),
        rule.family,
        rule.fixable,
        {"draft": str(rule.draft), "review": str(rule.review), "adopted": str(rule.adopted)},
    )


def _dedent(text: str) -> str:
    """Take off the common indentation of all lines but an unindented first one."""
    import inspect

    return inspect.cleandoc(text)


@cache
def _table(module: str) -> Mapping[str, object]:
    """The `CODES` of a module, {} when this installation has none."""
    try:
        table = import_module(module).CODES
    except (ImportError, AttributeError):
        return {}
    return table if isinstance(table, Mapping) else {}


def _from_table(code: str, entry: object) -> RuleDoc:
    """A table's entry, which is a RuleDoc-like value or a plain sentence, as a RuleDoc."""
    if isinstance(entry, str):
        return RuleDoc(code, code.lower(), entry)
    if isinstance(entry, tuple) and not hasattr(entry, "what"):
        name, summary, what, why, example, fix = [*map(str, entry), "", "", "", "", "", ""][:6]
    else:
        parts = ("name", "summary", "what", "why", "example", "fix")
        name, summary, what, why, example, fix = (str(getattr(entry, part, "") or "") for part in parts)
    if not summary:
        summary, what = what, ""
    return RuleDoc(code, name or code.lower(), summary, what, why, example, family=_family(code), mend=fix)


def _family(code: str) -> str:
    prefixes = {"AU": "audit", "PM19": "settings", "PM28": "templates", "PM29": "templates"}
    return next((family for prefix, family in prefixes.items() if code.startswith(prefix)), "reading")
