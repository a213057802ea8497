"""Which texts are checked, by what, and that no text of any kind is too much."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("lsprotocol", reason="the language server needs the extra lsp")
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.editor import actions, completion, diagnostics, hovers
from pmctl.editor.open_documents import Kind, OpenDocument, OpenDocuments, file_of
from tests.editor.opened import opened
from tests.rules.sample import source
from tests.skips import NO_CORPUS


def everything(page: OpenDocument, offset: int) -> None:
    """Ask for all there is."""
    diagnostics.diagnostics(page)
    hovers.hover(page, offset)
    completion.completion(page, offset)
    actions.code_actions(page, offset, offset + 5, uri="file:///x.md")


PIECES = (
    "---\n", "status: ", "[", "{", "## ", "## Timeline\n", "| a | b |\n|---|---|\n", "|", "@", "```\n", "\r\n", "\r",
    "<!-- pmctl: ignore PM", "\u2028", "🦆", "\ufeff", "\x00", "- ", "&a *a", "obviously ", "'",
)  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 2000), st.sampled_from(PIECES)), max_size=6), st.integers(0, 2500))
@settings(max_examples=60, deadline=None)
def test_damaged_texts(damage: list[tuple[int, str]], offset: int) -> None:
    """A postmortem in the middle of being typed, at any cursor."""
    text = source("## Root Cause\n\nBob obviously should have known.\n")
    for place, piece in damage:
        text = text[:place] + piece + text[place + 1 :]
    page = opened(text)
    everything(page, min(offset, len(page.document.text)))


def test_real_documents() -> None:
    """Every document of the corpus, as if it were one of ours."""
    corpus = os.environ.get("PMCTL_CORPUS")
    if not corpus:
        pytest.skip(NO_CORPUS)
    files = sorted(Path(corpus, "documents").rglob("*.md"))[:40]
    assert files
    for file in files:
        text = file.read_text("utf-8", errors="replace")
        for head in ("", "---\nid: 2024-01-15-x\ntitle: X\nstatus: DRAFT\nauthor: jane\n---\n\n"):
            page = opened(head + text)
            everything(page, len(page.document.text) // 2)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a/b%20c.md", "/a/b c.md"),
        ("file://localhost/a.md", "/a.md"),
        ("file:///a%FF.md", "/a\udcff.md"),
        ("file:///a%00.md", None),
        ("untitled:Untitled-1", None),
        ("git:/a.md?ref", None),
        ("file://server/share/a.md", None),
        ("file://[", None),
        ("", None),
    ],
)
def test_files_of_uris(uri: str, path: str | None) -> None:
    assert file_of(uri) == (Path(path) if path else None)


def test_kinds(repository: Path) -> None:
    """A file's place decides; elsewhere its front matter does."""

    def kind(path: str, text: str = "") -> Kind:
        return OpenDocuments().open((repository / path).as_uri(), text, "utf-16").kind

    assert kind("postmortems/2024/anything.md") is Kind.POSTMORTEM
    assert kind("postmortems/2031/2031-01-01-new-folder.md") is Kind.POSTMORTEM
    assert kind("postmortems/2024/2024-01-15-x/notes.md") is Kind.OTHER
    assert kind("pmctl.yaml") is Kind.SETTINGS
    assert kind("sub/pmctl.yaml") is Kind.OTHER
    assert kind(".pmctl/templates/cellar.md") is Kind.TEMPLATE
    assert kind("drafts/x.md", "---\nid: 2024-01-15-x\n---\n") is Kind.POSTMORTEM
    assert kind("drafts/x.md", "---\nid: 17\ntitle: A blog post\n---\n") is Kind.OTHER


def test_a_repository_reached_by_a_link(repository: Path, tmp_path: Path) -> None:
    """The folder may be opened by another name; the path is that below the root all the same."""
    (tmp_path / "alias").symlink_to(repository)
    page = OpenDocuments().open((tmp_path / "alias/postmortems/2024/2024-01-15-x.md").as_uri(), "", "utf-16")
    assert page.path == "postmortems/2024/2024-01-15-x.md"


def test_the_context_is_kept_until_it_is_forgotten(repository: Path) -> None:
    """Typing doesn't read the settings again; saving does."""
    documents = OpenDocuments()
    uri = (repository / "postmortems/2024/2024-01-15-x.md").as_uri()
    assert documents.open(uri, "", "utf-16").context.severities == ("SEV1", "SEV2")
    (repository / "pmctl.yaml").write_text("severities: [A]\n")
    assert documents.open(uri, "", "utf-16").context.severities == ("SEV1", "SEV2")
    documents.forget()
    assert documents.open(uri, "", "utf-16").context.severities == ("A",)
