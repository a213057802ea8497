"""git with the merge driver: merge, rebase, cherry-pick and stash, and what is left where the driver cannot work."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl.workflow import merge_driver
from tests.document.test_merge import BASE, LAST, SIX, put
from tests.merging import FILE, Branches

OURS, THEIRS, BOTH = SIX["same row, different columns"]
CLASH = put(("| @carol | 2024-01-22", "| @erin | 2024-01-22"))


@pytest.mark.parametrize("name", SIX)
def test_six_of_six_where_plain_git_fails(name: str, tmp_path: Path) -> None:
    ours, theirs, expected = SIX[name]
    plain = Branches.made(tmp_path / "plain", driver=False)
    plain.both(ours, theirs)
    assert plain.run("merge", "branch").returncode == 1, "git alone would do"
    made = Branches.made(tmp_path / "driver")
    made.both(ours, theirs)
    made.git("merge", "-q", "--no-edit", "branch")
    assert made.text == expected


@pytest.mark.parametrize("way", ["rebase", "cherry-pick", "stash", "revert"])
def test_every_way_in_which_git_merges(way: str, tmp_path: Path) -> None:
    made = Branches.made(tmp_path)
    if way == "stash":
        made.commit(THEIRS, "Theirs came first")
        made.file.write_text(BASE)
        made.git("stash", "-q")
        made.git("reset", "-q", "--hard", "HEAD~1")
        made.file.write_text(OURS)
        made.git("stash", "-q")
        made.commit(THEIRS, "Theirs")
        made.git("stash", "pop")
        assert made.text == BOTH
        return
    if way == "revert":
        made.commit(OURS, "Ours")
        made.commit(BOTH, "Both")
        made.git("revert", "--no-edit", "HEAD~1")
        assert made.text == THEIRS
        return
    made.both(OURS, THEIRS)
    made.git(way, "branch")
    assert made.text == BOTH


def test_a_conflict_names_both_people_whoever_wrote_last(tmp_path: Path) -> None:
    made = Branches.made(tmp_path)
    made.both(OURS, CLASH)
    made.git("switch", "-q", "branch")
    made.commit(CLASH.replace("was down.", "was slow."), "Jane's too")
    made.git("switch", "-q", "main")
    assert made.run("merge", "branch").returncode == 1
    assert "<<<<<<< HEAD (Jane Doe): Owner is @dave in AI-7f3k\n" in made.text
    assert ">>>>>>> branch (Bob Ray): Owner is @erin in AI-7f3k\n" in made.text
    assert "The payment API was slow.\n" in made.text
    assert made.git("diff", "--name-only", "--diff-filter=U") == FILE
    made.git("merge", "--abort")
    for way in ("rebase", "cherry-pick"):
        made.git("switch", "-q", "main")
        assert made.run(way, "branch" if way == "rebase" else "branch~1").returncode == 1
        assert "Owner is @dave in AI-7f3k\n" in made.text and "(Bob Ray): Owner is @erin" in made.text, way
        made.git(way, "--abort")


def test_conflicts_with_the_base_between_them_for_whom_git_is_set_so(tmp_path: Path) -> None:
    made = Branches.made(tmp_path)
    made.git("config", "merge.conflictStyle", "diff3")
    made.both(OURS, CLASH)
    assert made.run("merge", "branch").returncode == 1
    assert (
        "\n||||||| base\n| AI-7f3k | Monitor the pool | @carol | 2024-01-22 | HIGH | OPEN | | |\n=======\n" in made.text
    )


@pytest.mark.parametrize("command", ["exit 127;", "exit 2;", "kill -9 $$;", "exit 255;"])
def test_without_a_driver_that_works_git_merges_the_lines(command: str, tmp_path: Path) -> None:
    made = Branches.made(tmp_path, command=command)
    made.both(put(("SEV2", "SEV1"), ("Alert |", "Alarm |")), put(("was old.", "was older."), ("Alert |", "Page |")))
    assert made.run("merge", "branch").returncode == 1
    assert "severity: SEV1\n" in made.text and "was older.\n" in made.text
    assert "| 14:00 | Alarm |" in made.text and "| 14:00 | Page |" in made.text and made.text.count("<<<<<<<") == 1


def test_without_pmctl_on_path_git_merges_the_lines(tmp_path: Path) -> None:
    made = Branches.made(tmp_path)
    made.both(put(("SEV2", "SEV1")), put(("was old.", "was older.")))
    path = ":".join(part for part in made.environment["PATH"].split(":") if not Path(part, "pmctl").exists())
    done = made.run("merge", "--no-edit", "branch", env={"PATH": path})
    assert done.returncode == 0, done.stderr
    assert made.text == put(("SEV2", "SEV1"), ("was old.", "was older."))


@pytest.mark.parametrize(
    ("ours", "theirs", "kept"),
    [
        (b"\0\1ours", b"\0\1theirs", (b"ours",)),
        (BASE.replace("title", "<<<<<<< x\ntitle"), put((LAST, "")), (b"<<<<<<< x",)),
        (BASE.replace("id: 2024", ": [\nid: 2024"), put(("SEV2", "SEV1")), (b": [", b"SEV1")),
        (BASE.encode("utf-16"), put(("SEV2", "SEV1")), (b"\xff\xfe",)),
        (b"", put(("SEV2", "SEV1")), (b"SEV1",)),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_merged_as_git_does(
    ours: bytes | str, theirs: bytes | str, kept: tuple[bytes, ...], tmp_path: Path
) -> None:
    results = []
    for driver in (True, False):
        made = Branches.made(tmp_path / f"{driver}", driver=driver)
        made.both(ours, theirs)
        done = made.run("merge", "--no-edit", "branch")
        results.append((done.returncode, made.file.read_bytes(), made.git("ls-files", "--unmerged")))
        assert all(one in made.file.read_bytes() for one in kept)
    assert [one[0] for one in results] == [results[1][0]] * 2
    assert results[0] == results[1]


def test_files_removed_added_twice_and_renamed(tmp_path: Path) -> None:
    gone = Branches.made(tmp_path / "gone")
    gone.both(None, OURS)
    assert gone.run("merge", "branch").returncode == 1
    assert gone.text == OURS, "git keeps what one side still has"
    moved = Branches.made(tmp_path / "moved")
    moved.git("switch", "-q", "branch")
    moved.git("mv", FILE, "postmortems/2024/moved.md")
    moved.git("commit", "-qam", "Move it")
    moved.git("switch", "-q", "main")
    moved.commit(OURS, "Ours")
    moved.git("merge", "-q", "--no-edit", "branch")
    assert (moved.top / "postmortems/2024/moved.md").read_text() == OURS
    twice = Branches.made(tmp_path / "twice")
    other = "postmortems/2024/2024-02-01-other.md"
    for branch, text in (("branch", THEIRS), ("main", OURS)):
        twice.git("switch", "-q", branch)
        twice.commit(text, "Add", path=other)
    assert twice.run("merge", "branch").returncode == 1
    text = (twice.top / other).read_text()
    assert OURS.splitlines()[-14] in text and THEIRS.splitlines()[-14] in text


def test_a_folder_with_blanks_and_signs_has_the_driver_too(tmp_path: Path) -> None:
    made = Branches.made(tmp_path, driver=False)
    prefix = 'post "mortems" [x]*/\\sub/'
    repo = made.repo._replace(prefix=prefix)
    assert merge_driver.install(repo).startswith("merge driver installed")
    assert merge_driver.install(repo) == "merge driver is installed already"
    said = made.git("check-attr", "merge", "--", prefix + FILE)
    assert said.endswith(": merge: pmctl")
    assert made.git("check-attr", "merge", "--", FILE).endswith(": merge: unspecified")


def test_attributes_of_the_person_are_kept(tmp_path: Path) -> None:
    made = Branches.made(tmp_path, driver=False)
    place = made.top / ".git" / "info" / "attributes"
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"*.png binary")
    merge_driver.install(made.repo)
    assert place.read_bytes() == b"*.png binary\n/postmortems/**/*.md merge=pmctl\n"
