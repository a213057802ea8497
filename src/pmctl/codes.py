"""What every finding code means: the texts behind `pmctl explain CODE` and docs/codes.md.

A code is one `Code` in the CODES of the module that reports it; a rule's is made from its docstring. Only who explains
needs them all, so the modules are imported when they are asked for, by name: this module lies below all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import NamedTuple

from pmctl.errors import NotFound
from pmctl.text import near

MODULES = (
    "document.action_problems",
    "document.comment",
    "document.conflicts",
    "document.files",
    "document.front_matter",
    "document.public_text",
    "document.reader",
    "document.schema",
    "document.strict_yaml",
    "document.template_file",
    "document.template_library",
    "document.template_parts",
    "rules.documentation",
    "rules.settings_reading",
    "rules.suppressions",
    "policy.change",
    "policy.discussion",
    "policy.edits",
    "policy.lifecycle",
    "policy.permission",
    "policy.in_order",
    "policy.reading",
    "policy.meeting_files",
    "policy.public_files",
    "policy.sharing",
    "policy.ticket_files",
    "repository.branches",
    "repository.settings",
    "ledger.attribution",
    "ledger.audit",
    "ledger.documents",
    "ledger.edits",
    "ledger.final_text",
    "ledger.landing",
    "ledger.lost_records",
    "ledger.messages",
    "ledger.new_records",
    "ledger.openpgp",
    "ledger.paths",
    "ledger.record",
    "ledger.repository_step",
    "ledger.side_lines",
    "ledger.signatures",
    "ledger.sshsig",
    "ledger.step_auditor",
    "ledger.trust",
    "document.merge_check",
    "insight.pre_receive",
    "insight.template_use",
    "insight.files_beside",
    "insight.public",
    "output.site.own_files",
    "workflow.template_check",
    "workflow.template_engine",
)
"""Every module that reports codes of its own; those that load quickly come first."""

ACT_AGAIN = "Do the act again with pmctl, which writes a new record; the old one stays until an admin waives it."
ASK = "Ask somebody who may, or change the policy first."
WAIVE = "It stays reported until an admin accepts it with a signed waiver."


class Code(NamedTuple):
    """The documentation of one code: what is found, why it matters, how it is fixed, and an example.

    Texts are Markdown. A rule has `details` beside the one sentence `what`, shows in `corrected` how its example reads
    afterwards instead of saying so in `fix`, and weighs its findings by the state of the document: `severities` maps
    draft, review and adopted to the severity there, and is empty for codes that weigh the same everywhere.
    """

    code: str
    name: str
    what: str
    why: str
    fix: str
    example: str
    details: str = ""
    corrected: str = ""
    rules: str = ""
    fixable: bool = False
    severities: Mapping[str, str] = MappingProxyType({})

    @property
    def family(self) -> str:
        """What the code is about, in one word: the rules' module, or the part of pmctl."""
        prefixes = {"AU": "audit", "PM19": "settings", "PM28": "templates", "PM29": "templates", "PM32": "discussion"}
        return self.rules or next(
            (name for prefix, name in prefixes.items() if self.code.startswith(prefix)), "reading"
        )

    def markdown(self) -> str:
        """The page that `pmctl explain` prints."""
        parts = [f"# {self.name} ({self.code})", self.what]
        if self.fixable:
            parts.append("`pmctl validate --fix` fixes what has one right answer.")
        if self.severities:
            parts.append(", ".join(f"{state}: {severity}" for state, severity in self.severities.items()))
        for title, text in (("What it does", self.details), ("Why", self.why)):
            if text:
                parts.append(f"## {title}\n\n{text}")
        for title, text in (("Example", self.example), ("Fix", self.corrected)):
            if text:
                parts.append(f"## {title}\n\n```markdown\n{text}\n```")
        if self.fix:
            parts.append(f"## Fix\n\n{self.fix}")
        return "\n\n".join(parts) + "\n"


@cache
def codes() -> Mapping[str, Code]:
    """Every code with its documentation, in order."""
    return MappingProxyType({one.code: one for one in sorted(_each())})


def explain(code: str) -> Code:
    """The documentation of a code or of its name. Raises NotFound with the nearest ones."""
    wanted = code.strip()
    for one in _each():
        if one.code == wanted.upper() or one.name == wanted.lower():
            return one
    begun = [known for known in codes() if wanted and known.startswith(wanted.upper())]
    names = [one.name for one in _each()]
    close = begun[:3] or near(wanted, names, likeness=0.75) or near(wanted.upper(), codes(), likeness=0.5)
    raise NotFound(
        f"no finding code {code!r}",
        hint=f"did you mean {', '.join(close)}?" if close else "`pmctl explain --all` lists every code",
    )


def _each() -> Iterator[Code]:
    for module in MODULES:
        yield from import_module(f"pmctl.{module}").CODES


def page() -> str:
    """docs/codes.md: every code by family, as `pmctl explain` has them."""
    lines = ["# Finding codes", "", "Made from the source; `pmctl explain CODE` prints more about each.", ""]
    families: dict[str, list[Code]] = {}
    for one in codes().values():
        families.setdefault(one.family, []).append(one)
    for family, members in families.items():
        lines += [f"## {family.replace('_', ' ').capitalize()}", "", "| Code | Name | Meaning |", "|---|---|---|"]
        lines += [f"| {one.code} | {one.name} | {_cell(one.what)} |" for one in members]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
