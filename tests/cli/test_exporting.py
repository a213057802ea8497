"""export: the form by the file's name, and options that would do nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.cli.play import ID, Play

At = Callable[[str], Play]


@pytest.mark.parametrize(("file", "begins"), [("x.html", "<!doctype html>"), ("x.MD", "---"), ("x.json", "{")])
def test_the_form_by_the_name_of_the_file(play: At, file: str, begins: str) -> None:
    draft = play("draft")
    draft.do("jane", f"pmctl export {ID} -o {file}")
    assert (draft.root / file).read_text().lower().startswith(begins)


def test_a_pdf_names_the_version_of_its_text(play: At) -> None:
    draft = play("draft")
    draft.do("jane", f"pmctl export {ID} -o x.pdf --evidence")
    head = draft.do("jane", "git rev-parse HEAD").strip()
    assert f"version {head[:12]}" in _text(draft.root / "x.pdf")
    path = draft.root / f"postmortems/2024/{ID}.md"
    path.write_text(path.read_text() + "\nOne more line.\n")
    draft.do("jane", f"pmctl export {ID} -o x.pdf")
    assert "version not committed" in _text(draft.root / "x.pdf")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", "say which postmortem"),
        ("--all -o out", "--all needs a form and a folder"),
        ("--all --to md", "--all needs a form and a folder"),
        ("--all --to md -o pmctl.yaml", "pmctl.yaml is no folder"),
        ("--all --to md -o out --status DRAFTY", "--status DRAFTY: no such status"),
    ],
)
def test_all_need_a_folder(play: At, options: str, said: str) -> None:
    draft = play("draft")
    before = draft.snapshot()
    done = draft.run("jane", f"pmctl export {options}")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert draft.snapshot() == before


def test_all_that_fit_become_files(play: At) -> None:
    published = play("published")
    published.do("jane", 'pmctl new "Second thing" --severity SEV3')
    second = next(path.stem for path in (published.root / "postmortems").rglob("*second-thing.md"))
    published.do("jane", "pmctl export --all --to md -o out")
    out = published.root / "out"
    assert sorted(path.name for path in out.iterdir()) == sorted([f"{ID}.md", f"{second}.md"])
    said = published.run("jane", "pmctl export --all --to html -o pages --status PUBLISHED")
    assert [path.name for path in (published.root / "pages").iterdir()] == [f"{ID}.html"]
    assert "wrote 1 file to pages" in said.stderr


def test_one_that_cannot_be_made_is_told_of_and_the_others_are_written(play: At) -> None:
    draft = play("draft")
    path = draft.root / f"postmortems/2024/{ID}.md"
    path.with_name("2024-01-16-other.md").write_text(
        path.read_text().replace(ID, "2024-01-16-other").replace("## Summary", "## Summary\n\n\U00013000\n", 1)
    )
    done = draft.run("jane", "pmctl export --all --to pdf -o out")
    assert done.returncode == 2
    assert "error: 2024-01-16-other: no font on this machine has" in done.stderr
    assert [file.name for file in (draft.root / "out").iterdir()] == [f"{ID}.pdf"]


def _text(file: Path) -> str:
    return " ".join(page.extract_text() for page in PdfReader(file).pages).replace("\u200b", "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", "say which form"),
        ("-o x.doc", "x.doc does not say which form"),
        ("--to pdfx", "--to pdfx: not one of"),
        ("--to md --evidence", "--evidence has no meaning for md"),
        ("-o x.html --no-front-matter", "--front-matter has no meaning for html"),
        ("-o x.html --fonts .", "--fonts has no meaning for html"),
        ("--all -o out --to md", "--all and an id"),
        ("-o x.md --status DRAFT", "filters choose among all postmortems"),
        ("-o x.pdf --fonts nowhere", "--fonts nowhere: there is no such folder"),
    ],
)
def test_what_would_be_guessed_or_ignored_is_refused(play: At, options: str, said: str) -> None:
    draft = play("draft")
    before = draft.snapshot()
    done = draft.run("jane", f"pmctl export {ID} {options}")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert draft.snapshot() == before


def test_action_items_as_lines(play: At) -> None:
    lines = play("draft").do("jane", "pmctl actions list --format jsonl").splitlines()
    assert lines and all(line.startswith('{"id":"AI-') for line in lines)
