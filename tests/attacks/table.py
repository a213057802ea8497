"""Write the table of attacks with their tests into docs/trust.md: `python -m tests.attacks.table`.

Which codes a test expects and which enforcement points it asks is read from the tests themselves.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "trust.md"
BEGIN, END = "<!-- attacks: begin (python -m tests.attacks.table) -->", "<!-- attacks: end -->"

ATTACKS = {
    "Approvals": (
        "self-approval", "one person with two keys or two handles", "a trailer without a record",
        "an unsigned record, an unknown key", "an approval replayed on another postmortem",
        "an approval from a fork or another repository", "an approval of an older round or digest",
        "an edit after the approval", "an approval that was taken back", "a reviewer dropped before publishing",
        "an approval by somebody who was not asked", "an approval deleted, a refusal hidden",
        "a signature made for another namespace", "the same statement re-armoured and counted twice",
        "a valid signature, but `by` is somebody else",
    ),
    "State and content": (
        "status edited by hand", "a state skipped, published without quorum",
        "published text or an attachment edited", "`author:` changed to gain rights", "an evil merge",
        "a revert or cherry-pick that restores an old status", "a duplicate id", "a rename, a copy", "a deletion",
        "paths that differ by case", "text smuggled into keys that the digest leaves out",
        "front matter that two parsers read differently", "`.gitattributes` that hide a difference",
    ),
    "Policy and identity": (
        "the policy edited by a non-admin", "keys swapped in the commit that uses them",
        "a rollback to an older, validly signed policy", "a record that relies on a policy of its own step",
        "the last admin removed, threshold 0", "a backdated commit with a retired key", "a revoked key used later",
        "author, committer and signer differ", "a homoglyph or zero-width handle",
        "wildcard or certificate principals", "a key from the verifier's own keyring",
        "a commit with two signatures or duplicate headers", "objects that crash git's own formatting",
    ),
    "History": (
        "a force-push, a truncation", "a new root commit", "a shallow clone, a forged .git/shallow",
        "replace refs, grafts", "a missing or corrupt object", "a weak hash", 'a violation "repaired" later',
        "a change on a side ref",
    ),
    "The tool itself": (
        "a symlink, submodule or executable at a document's path", "`..`, absolute or option-like ids and paths",
        "a hostile repository configuration", "hooks and fsmonitor run by reading commands",
        "option injection through revisions and ids", "GitPython's own advisories", "alias bombs, deep nesting",
        "huge files, huge scalars", "terminal escapes and bidi controls", "script and raw HTML on a page",
        "template injection", "requests to private addresses from URLs in the repository",
        "tokens in errors and remote URLs", "a race between check and commit", "two people acting at once",
        "a change that alters the verifier it is judged by", "settings or environment that switch checks off",
    ),
    "History, too": ("a merge whose first parent is not the main line",),
}  # fmt: skip

_LATER = {
    "Policy and identity, too": {
        72: "a policy change or a postmortem carried between repositories of the same founder",
        73: "a protected branch that does not exist, is misspelt or is not the server's HEAD",
        88: "a waiver that covers more than it names",
        90: "a removed admin's rival policy, merged with `-s ours`",
        92: "protection steered through unsigned settings",
        93: "a key revoked in one line that acts in another",
        95: "a baseline or waiver by one admin where the policy asks for two",
    },
    "History, too": {
        68: "merges with swapped parents that thread past a landed step",
        69: "`-s ours` that drops a refusal, an approval, a publication, a policy",
        70: "an octopus from an old base",
        71: "a criss-cross that brings an old state back",
        74: "names that could mean two commits",
        91: "a base that frames somebody else's line",
    },
    "The tool itself, too": {
        82: "a warm audit that says something else than a cold one",
        83: "a cache or trust store that is a pipe, a link, a folder, huge, deep or garbage",
        84: "a commit hook that rewrites what is being signed",
    },
    "State and content, too": {
        77: "rows, cells and characters that a host shows otherwise",
        78: "paths that look like ours",
        79: "pictures outside the postmortem's folder",
        80: "`.gitattributes` above a subfolder root, quoted, long",
        86: "conflict markers",
        87: "one incident, two postmortems",
    },
    "Rights and acts that meet": {
        75: "rights granted and used in one step",
        76: "reviewers or editors of a final document changed",
        81: "`edits: signed`: comments, order, quoted scalars over lines, merges",
        85: "status by hand, shown as published by list, show and export",
        89: "a right that the command line refuses and the audit passes, or the reverse",
        94: "an amend undone by a merge without a new line",
    },
    "Discussion": {
        96: "a publication over an open thread",
        97: "a thread resolved by somebody who may not",
        98: "a comment in another name, by somebody who may not, or that is none",
        99: "a thread deleted, changed or left out by a merge, then published",
    },
    "Sharing": {
        100: "a public text other than the one that is there is shared",
        101: "a share replayed on another postmortem",
        102: "a public text withdrawn twice, or shared by somebody who may not",
        103: "the chain of shares and withdrawals cut",
        104: "the settings of redaction changed by somebody who is no admin",
        105: "a file among the public texts that is none, or by somebody who may not write one",
        106: "a text that was withdrawn, or that nobody signed, is built",
        107: "a public text shared without the reviews of exactly this text, or with the sharer's own",
        108: "customers are told of another text, page or organisation than was signed, or nothing",
        109: "a statement for customers replayed on another postmortem, or for another page",
        110: "the chain of statements for customers cut, forked or begun anew",
        111: "a statement signed by a key that does not speak for the organisation, or for another purpose",
        112: "a page that is not what its statement says, a text withdrawn or unverifiable that is built as good",
    },
}
"""Attacks of the second hundred, by their numbers."""

_TEST = re.compile(r"test_attack_(\d{2,3})_")
_CODE = re.compile(r"AU[1-7][0-9]{2}\Z")
# What a test calls -> the enforcement points that it asks.
_POINTS = {
    "refuses": ("audit", "range", "server"),
    "warns": ("audit", "range", "server"),
    "whole": ("audit",),
    "audit": ("audit",),
    "codes": ("audit",),
    "found": ("audit",),
    "only": ("audit",),
    "reach": ("range",),
    "push": ("server",),
    "command_refuses": ("command",),
    "command": ("command",),
    "pmctl_here": ("command",),
}
_ORDER = ("audit", "range", "server", "command")


@dataclass(frozen=True)
class AttackTest:
    """One test of an attack: what it is called, the codes that it expects, the points that it asks."""

    number: int
    file: str
    name: str
    codes: tuple[str, ...]
    points: tuple[str, ...]


def found_tests() -> Iterator[AttackTest]:
    """Every test of an attack, in the order of the files."""
    for file in sorted(HERE.glob("test_*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in tree.body:
            match = _TEST.match(node.name) if isinstance(node, ast.FunctionDef) else None
            if match is None or not isinstance(node, ast.FunctionDef):
                continue
            codes, points = set(), set()
            for inner in ast.walk(node):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and _CODE.match(inner.value):
                    codes.add(inner.value)
                if isinstance(inner, ast.Call):
                    called = inner.func
                    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                    points |= set(_POINTS.get(name, ()))
            yield AttackTest(
                int(match[1]), file.name, node.name, tuple(sorted(codes)), tuple(p for p in _ORDER if p in points)
            )


def table() -> str:
    """The table as Markdown."""
    found: dict[int, list[AttackTest]] = {}
    for test in found_tests():
        found.setdefault(test.number, []).append(test)
    lines = ["| # | Attack | Codes | Asked at | Tests |", "|---|---|---|---|---|"]
    for chapter, number, attack in numbered():
        mine = found.get(number, [])
        codes = sorted({code for test in mine for code in test.codes})
        points = [point for point in _ORDER if any(point in test.points for test in mine)]
        names = "<br>".join(f"`{test.file}::{test.name}`" for test in mine)
        lines.append(
            f"| {number} | {chapter}: {attack} | {' '.join(codes) or 'refused'} "
            f"| {', '.join(points) or 'function'} | {names} |"
        )
    return "\n".join(lines) + "\n"


def numbered() -> Iterator[tuple[str, int, str]]:
    """(chapter, number, attack), by number."""
    number = 0
    for chapter, attacks in ATTACKS.items():
        for attack in attacks:
            number += 1
            yield chapter, number, attack
    yield from sorted(
        ((chapter, later, attack) for chapter, attacks in _LATER.items() for later, attack in attacks.items()),
        key=lambda row: row[1],
    )


def page(text: str) -> str:
    """The page with the table of now between its marks."""
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}\n\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
