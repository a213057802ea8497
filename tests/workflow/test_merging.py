"""pmctl merge: files that git left in conflict, and branches, where no driver is configured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pmctl.workflow import merging
from tests.document.test_merge import BASE, SIX, put
from tests.merging import FILE, Branches

OURS, THEIRS, BOTH = SIX["same row, different columns"]
CLASH = put(("| @carol | 2024-01-22", "| @erin | 2024-01-22"), ("was down.", "was slow."))


def branches(folder: Path, ours: bytes | str | None = OURS, theirs: bytes | str | None = THEIRS) -> Branches:
    """Two branches without a driver, at a pmctl root."""
    made = Branches.made(folder, driver=False)
    made.commit("version: 1\n", "Settings", path="pmctl.yaml")
    made.git("branch", "-f", "branch")
    made.both(ours, theirs)
    return made


def test_a_file_in_conflict_is_merged_and_staged(tmp_path: Path) -> None:
    made = branches(tmp_path)
    assert made.run("merge", "branch").returncode == 1
    done = made.pmctl("merge")
    assert (done.returncode, done.stdout) == (0, f"merged   {FILE}\n"), done.stderr
    assert done.stderr == "  next: git merge --continue\n"
    assert made.text == BOTH
    assert made.git("diff", "--cached", "--name-only") == FILE
    made.git("commit", "-q", "--no-edit")
    assert made.pmctl("merge").stdout == "nothing to merge\n"


def test_what_is_left_is_labelled_and_the_answer_is_no(tmp_path: Path) -> None:
    made = branches(tmp_path, theirs=CLASH)
    assert made.run("merge", "branch").returncode == 1
    done = made.pmctl("merge", FILE)
    assert done.returncode == 1
    assert "Owner is @dave in AI-7f3k" in done.stdout and "(Bob Ray): Owner is @erin in AI-7f3k" in done.stdout
    assert made.text.count("<<<<<<<") == 1 and "was slow." in made.text
    again = made.pmctl("merge", "--format", "json")
    answer = json.loads(again.stdout)
    assert answer["result"] == "conflicts" and answer["files"][0]["conflicts"][0]["what"] == "Owner of AI-7f3k"
    made.file.write_text(made.text.replace("@dave", "@frank"))
    done = made.pmctl("merge")
    assert "edited since the conflict" in done.stdout and "@frank" in made.text, "work by hand is never written over"
    made.git("checkout", "--merge", "--", FILE)
    assert made.pmctl("merge").returncode == 1
    made.file.write_text(BASE)
    assert "resolved by hand" in made.pmctl("merge").stdout and made.text == BASE


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_a_conflict_in_any_style_of_gits_is_untouched(style: str, tmp_path: Path) -> None:
    made = branches(tmp_path)
    made.git("config", "merge.conflictStyle", style)
    assert made.run("merge", "branch").returncode == 1
    assert made.pmctl("merge").returncode == 0
    assert made.text == BOTH


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (None, OURS, "only their side still has it"),
        (OURS, None, "only our side still has it"),
        (b"\0one", b"\0two", "merged by lines: our side cannot be read"),
        (BASE + "<<<<<<< x\n", BASE + ">>>>>>> x\n", "merged by lines"),
    ],
)
def test_what_cannot_be_merged_is_left_with_a_word(
    ours: bytes | str | None, theirs: bytes | str | None, said: str, tmp_path: Path
) -> None:
    made = branches(tmp_path, ours, theirs)
    assert made.run("merge", "branch").returncode == 1
    before = made.file.read_bytes() if made.file.exists() else None
    done = made.pmctl("merge")
    assert done.returncode == 1 and said in done.stdout, done.stdout + done.stderr
    assert (made.file.read_bytes() if made.file.exists() else None) == before


def test_other_files_are_left_to_git_and_named(tmp_path: Path) -> None:
    made = Branches.made(tmp_path, driver=False)
    made.commit("version: 1\n", "Settings", path="pmctl.yaml")
    made.git("branch", "-f", "branch")
    for branch, text in (("branch", "version: 1\nb: 1\n"), ("main", "version: 1\na: 1\n")):
        made.git("switch", "-q", branch)
        made.commit(text, "Other settings", path="pmctl.yaml")
        made.commit(THEIRS if branch == "branch" else OURS, "Text")
    assert made.run("merge", "branch").returncode == 1
    done = made.pmctl("-C", ".", "merge")
    assert done.returncode in (1, 2)
    made.git("checkout", "--ours", "pmctl.yaml")
    done = made.pmctl("merge")
    assert done.returncode == 1 and "left     pmctl.yaml: not a postmortem" in done.stdout and made.text == BOTH


@pytest.mark.parametrize("answer", ["text", "json"])
def test_what_was_merged_is_to_be_pushed(tmp_path: Path, answer: str) -> None:
    made = branches(tmp_path)
    made.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    done = made.pmctl("merge", "branch", "--format", answer)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)["next"] if answer == "json" else done.stderr
    assert "git push -u origin main" in said, said
    assert made.pmctl("merge", "branch", "--format", "json").stdout.count('"next": ""') == 1  # there is nothing new


def test_a_branch_is_merged_without_a_driver(tmp_path: Path) -> None:
    made = branches(tmp_path)
    assert made.run("merge", "branch").returncode == 1
    refused = made.pmctl("merge", "branch")
    assert refused.returncode == 1 and "a merge is under way" in refused.stderr
    made.git("merge", "--abort")
    done = made.pmctl("merge", "branch")
    assert done.returncode == 0, done.stderr
    assert made.text == BOTH
    assert made.git("rev-list", "--count", "--merges", "HEAD") == "1"
    assert made.pmctl("merge", "branch").stdout == "nothing to merge\n"
    assert made.pmctl("merge", "nowhere").returncode == 2
    made.git("branch", "-q", "other", "HEAD~1")
    clash = branches(tmp_path / "clash", theirs=CLASH)
    done = clash.pmctl("merge", "branch")
    assert done.returncode == 1 and ">>>>>>> branch (Bob Ray): Owner is @erin" in clash.text
    assert "(Bob Ray): Owner is @erin in AI-7f3k" in done.stdout and "git merge --abort" in done.stderr


def test_a_changed_file_in_the_way_is_kept(tmp_path: Path) -> None:
    made = branches(tmp_path)
    made.file.write_text(made.text + "uncommitted\n")
    done = made.pmctl("merge", "branch")
    assert done.returncode == 1 and "would be overwritten" in done.stderr
    assert made.text.endswith("uncommitted\n") and not merging.under_way(made.repo)


def test_check_changes_nothing(tmp_path: Path) -> None:
    made = branches(tmp_path)
    before = made.git("rev-parse", "HEAD"), made.git("status", "--porcelain"), made.git("count-objects", "-v")
    done = made.pmctl("merge", "--check", "branch")
    assert (done.returncode, done.stdout) == (0, f"merged   {FILE}\n"), done.stderr
    assert (made.git("rev-parse", "HEAD"), made.git("status", "--porcelain"), made.git("count-objects", "-v")) == before
    clash = branches(tmp_path / "clash", theirs=CLASH)
    done = clash.pmctl("merge", "--check", "branch")
    assert done.returncode == 1 and "branch (Bob Ray): Owner is @erin in AI-7f3k" in done.stdout
    gone = branches(tmp_path / "gone", theirs=None)
    assert "one side removed it" in gone.pmctl("merge", "--check", "branch").stdout
    assert made.pmctl("merge", "--check").returncode == 2
    assert made.pmctl("merge", "--check", FILE).returncode == 2
