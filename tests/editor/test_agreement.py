"""What an editor shows is what `pmctl validate` says of the same text."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("lsprotocol", reason="the language server needs the extra lsp")

from pmctl.document.finding import Severity
from pmctl.editor.diagnostics import diagnostics
from pmctl.editor.open_documents import OpenDocuments
from pmctl.insight.validation import Selection, validations
from pmctl.output.advice import words
from tests.rules.sample import source
from tests.skips import NO_CORPUS

SETTINGS = """\
version: 1
severities: [SEV1, SEV2]
rules:
  ignore: [PM803]
  severity: {PM705: error, PM202: hint}
  paths: {"postmortems/2023/**": [PM7]}
"""
HEADS = (
    "status: DRAFT\nauthor: jane\n",
    "status: IN_REVIEW\nauthor: jane\nreviewers: [bob]\nseverity: SEV9\n",
    "status: PUBLISHED\nauthor: nobody\ntemplate: cellar\n",
    "status: DRAFT\nauthor: jane\ntags: [adopted]\n",
)
ROOT_CAUSE = """\
## Root Cause

It was obviously too small for 45 minutes. 🦆 Bob should have known.

<!-- pmctl: ignore PM701 quoted from the call -->
Bob should have known that 100 is too few. <!-- pmctl: ignore PM704 -->
"""


def agree(root: Path) -> set[str]:
    """Hold the two against each other for every file; returns the codes that were met, with their severities."""
    checked = validations(root, Selection())[0].checked
    assert checked
    documents, met = OpenDocuments(), set()
    for one in checked:
        text = (root / one.path).read_bytes().decode("utf-8")
        opened = documents.open((root / one.path).as_uri(), text, "utf-16")
        assert opened.findings == one.findings, one.path
        if one.path.startswith("postmortems/2023/"):
            assert not [f.code for f in one.findings if f.code.startswith("PM7")], "by path"
        shown = diagnostics(opened)
        assert [(d.code, int(d.severity or 0)) for d in shown] == [
            (f.code, {Severity.ERROR: 1, Severity.WARNING: 2, Severity.HINT: 3}[f.severity]) for f in one.findings
        ]
        for diagnostic, finding in zip(shown, one.findings, strict=True):
            start = opened.positions.offset(diagnostic.range.start)
            assert start == opened.positions.place(max(finding.line, 1), finding.column), (one.path, finding)
            assert diagnostic.message.startswith(finding.message)
            assert words(finding.fix) in diagnostic.message
        met |= {f"{finding.code} {finding.severity}" for finding in one.findings}
    return met


def write(root: Path, path: str, text: str, *, newline: str = "\n", mark: str = "") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes((mark + text.replace("\n", newline)).encode())


def test_states_settings_and_ignores(repository: Path) -> None:
    """By state, adopted or not, by settings and path, with ignores, on any line ends."""
    (repository / "pmctl.yaml").write_text(SETTINGS)
    body = source(ROOT_CAUSE).partition("\n---\n")[2]
    for number, head in enumerate(HEADS):
        for year in (2023, 2024):
            for kind, (newline, mark) in enumerate((("\n", ""), ("\r\n", ""), ("\n", "\ufeff"), ("\r\n", "\ufeff"))):
                name = f"{year}-01-15-n{number}-{kind}"
                own = body.replace("AI-7f3k", f"AI-{number:02}{year % 10}{kind}")  # the editor sees one file alone
                text = f"---\nid: {name}\ntitle: Outage 🦆\n{head}---\n{own}"
                write(repository, f"postmortems/{year}/{name}.md", text, newline=newline, mark=mark)
    write(repository, "postmortems/README.md", "# Notes\n")
    write(repository, "postmortems/2024/notes.md", "no front matter\n")
    write(repository, "postmortems/2024/2024-01-15-broken.md", "---\nid: [\n---\n")
    met = agree(repository)
    assert {"PM701 hint", "PM701 warning"} <= met, "by state"
    assert {"PM705 error"} <= met, "by the settings"
    assert {"PM261 warning", "PM262 error"} <= met, "an ignore of nothing, and one without a reason"
    assert {"PM010 error", "PM020 error"} <= met, "what can't be read"


def test_real_documents(repository: Path) -> None:
    """Every document of the corpus, in turn as each state and with each kind of line end."""
    corpus = os.environ.get("PMCTL_CORPUS")
    if not corpus:
        pytest.skip(NO_CORPUS)
    (repository / "pmctl.yaml").write_text(SETTINGS)
    files = sorted(Path(corpus, "documents").rglob("*.md"))
    assert files
    for number, file in enumerate(files):
        name = f"{2023 + number % 2}-01-15-n{number}"
        text = file.read_text("utf-8", errors="replace").replace("\r\n", "\n")
        head = f"---\nid: {name}\ntitle: Outage\n{HEADS[number // 2 % len(HEADS)]}---\n\n"
        write(repository, f"postmortems/{name[:4]}/{name}.md", head + text, newline="\r\n" if number % 3 else "\n")
    assert len(agree(repository)) > 20
