"""What is checked, and by which settings."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pmctl.errors import EnvironmentProblem, UsageProblem
from pmctl.insight.validation import Selection, validation

from ..rules.sample import source

FILE = "postmortems/2024/2024-01-15-payment-api-outage.md"


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A repository whose pmctl root is a subfolder with settings of its own."""
    (tmp_path / "docs" / FILE).parent.mkdir(parents=True)
    (tmp_path / "docs" / FILE).write_text(source("urgency: VERY"))
    (tmp_path / "docs/pmctl.yaml").write_text("rules: {ignore: [PM104]}\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def test_a_file_is_judged_by_the_settings_around_it(top: Path) -> None:
    """Named from the top of a repository, as hooks do, or from inside of its root: the same settings count."""
    for directory, path in (
        (top, f"docs/{FILE}"),
        (top / "docs", FILE),
        (top / "docs/postmortems", f"2024/{FILE[17:]}"),
    ):
        run = validation(directory, Selection((path,)))
        assert run.root == (top / "docs").resolve()
        assert [item.path for item in run.items] == [FILE]
        assert "PM104" not in [finding.code for finding in run.findings]


def test_a_file_outside_of_every_repository(tmp_path: Path) -> None:
    """The default rules count."""
    (tmp_path / "x.md").write_text(source("urgency: VERY"))
    run = validation(tmp_path, Selection(("x.md",)))
    assert "PM104" in [finding.code for finding in run.findings]


def test_nothing_named_outside_of_every_repository(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem):
        validation(tmp_path, Selection())


@pytest.mark.parametrize("selection", [{"select": ("PM999",)}, {"ignore": ("nonsense",)}])
def test_unknown_codes(top: Path, selection: dict[str, tuple[str, ...]]) -> None:
    """A misspelt code on the command line is refused, not ignored."""
    with pytest.raises(UsageProblem, match="unknown code"):
        validation(top / "docs", Selection((), **selection))
