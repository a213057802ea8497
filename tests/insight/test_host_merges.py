"""Merges as a host's button makes them: what neither side says is found; what a person or the driver merges is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl.errors import UsageProblem
from pmctl.insight.host_merges import host_merge_findings
from tests.document.test_merge import A_ROW, BASE, LAST, SIX, put
from tests.merging import FILE, Branches

GONE = put((LAST, ""))


def merged(folder: Path, ours: str, theirs: str, result: str, base: str = BASE) -> Branches:
    """A repository whose HEAD is a merge of the two that says `result`."""
    made = Branches.made(folder, driver=False, base=base.encode())
    made.commit("version: 1\n", "Settings", path="pmctl.yaml")
    made.git("branch", "-f", "branch")
    made.both(ours, theirs)
    made.git("merge", "-q", "--no-commit", "-s", "ours", "branch")
    made.file.write_text(result)
    made.git("commit", "-qam", "Merge")
    return made


SEVERE = put(("SEV2", "SEV1"))


@pytest.mark.parametrize(
    ("ours", "theirs", "result", "said"),
    [
        (GONE, GONE.replace("SEV2", "SEV1"), SEVERE, [("PM041", "AI-9h5n")]),
        (put(("| 15:00 | Recovered | @bob |\n", "")), put(("| 15:00 | Recovered | @bob |\n", ""), ("SEV2", "SEV1")),
         SEVERE, [("PM041", "15:00 | Recovered | @bob")]),
        (put(("@carol", "@dave")), put(("@carol", "@erin")), put(("@carol", "@frank")), [("PM042", "'@frank'")]),
        (SEVERE, put(("SEV2", "SEV3")), put(("SEV2", "SEV4")), [("PM042", "severity")]),
        (SEVERE, put(("database]", "database, night]")), put(("database]", "database, day]")), [("PM042", '"day"')]),
        (put((LAST, LAST + A_ROW)), SEVERE, put(("SEV2", "SEV1"), ("was old", "was new")), [("PM043", "AI-1aaa")]),
        (SEVERE, put(("was old", "was new")), put(("SEV2", "SEV1"), (LAST, "")), [("PM043", "AI-9h5n")]),
    ],
)  # fmt: skip
def test_what_neither_side_says_is_found(
    ours: str, theirs: str, result: str, said: list[tuple[str, str]], tmp_path: Path
) -> None:
    made = merged(tmp_path, ours, theirs, result)
    found = host_merge_findings(made.repo)
    assert [one.code for one in found] == [code for code, _ in said]
    for one, (_, words) in zip(found, said, strict=True):
        assert words in one.message and one.path == FILE and one.severity.value == "warning"
    shown = made.pmctl("validate")
    assert all(code in shown.stdout for code, _ in said)


@pytest.mark.parametrize("name", SIX)
def test_what_the_driver_merges_is_no_finding(name: str, tmp_path: Path) -> None:
    ours, theirs, result = SIX[name]
    assert host_merge_findings(merged(tmp_path, ours, theirs, result).repo) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "result"),
    [
        (put(("@carol", "@dave")), put(("@carol", "@erin")), put(("@carol", "@erin"))),
        (put(("was down.", "failed.")), put(("was down.", "broke.")), put(("was down.", "failed and broke."))),
        (GONE, put(("@jane | 2024-02-10", "@jane | 2024-03-10")), put(("@jane | 2024-02-10", "@jane | 2024-03-10"))),
        ("---\nbroken: [\n", SEVERE, "---\nbroken: ]\n"),
    ],
)
def test_a_conflict_that_a_person_resolved_is_no_finding(ours: str, theirs: str, result: str, tmp_path: Path) -> None:
    assert host_merge_findings(merged(tmp_path, ours, theirs, result).repo) == []


def test_only_merges_are_looked_at_and_of_a_range_all(tmp_path: Path) -> None:
    made = merged(tmp_path, GONE, GONE.replace("SEV2", "SEV1"), SEVERE)
    made.commit(GONE, "Put it right")
    assert host_merge_findings(made.repo) == []
    first = made.git("rev-list", "--max-parents=0", "HEAD")
    assert [one.code for one in host_merge_findings(made.repo, f"{first}..HEAD")] == ["PM041"]
    assert "PM041" in made.pmctl("validate", "--range", f"{first}..").stdout
    for wrong in ("HEAD", "..HEAD", "a...b"):
        with pytest.raises(UsageProblem):
            host_merge_findings(made.repo, wrong)
    assert made.pmctl("validate", "--range", "HEAD").returncode == 2
    assert made.pmctl("validate", "--range", f"{first}..", "--staged").returncode == 2
