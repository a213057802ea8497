"""metrics --incidents and what a terminal shows: which incidents lack a postmortem, and how they are told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pmctl.cli import main
from tests.drafts import SHOP, Team

BAD = {**SHOP, "urgency": "HIGH"}


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    """A repository with a policy; the commands run in its folder."""
    made = Team(tmp_path / "team")
    monkeypatch.chdir(made.root)
    monkeypatch.setenv("PMCTL_NOW", "2025-06-01T00:00:00Z")
    return made


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., str]:
    """A function that writes a record file and returns its path."""

    def write(value: object, name: str = "record.json") -> str:
        path = tmp_path / name
        path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        return str(path)

    return write


def answered(capsys: pytest.CaptureFixture[str], *files: str, code: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answer, and its numbers by name."""
    capsys.readouterr()
    words = [word for file in files for word in ("--incidents", file)]
    assert main(["metrics", *words, "--format", "json"]) == code
    found = json.loads(capsys.readouterr().out)
    return found, {one["name"]: one for one in found["groups"][0]["periods"][0]["numbers"]}


def missing(numbers: dict[str, Any]) -> list[str]:
    return [name for name, _ in numbers["required_missing"]["behind"]]


def test_required_and_missing_with_the_digest_of_the_file(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = record(BAD)
    found, numbers = answered(capsys, path)
    own = hashlib.sha256(Path(path).read_bytes()).digest()
    assert found["incidents"] == hashlib.sha256(own).hexdigest() and found["incident_count"] == 1
    assert missing(numbers) == [f"generic:{SHOP['id']}"] and numbers["required_documented"]["value"] == 0
    assert main(["metrics", "--incidents", path]) == 0
    assert found["incidents"][:12] in capsys.readouterr().err
    _, without = answered(capsys)
    assert without["required_missing"]["value"] is None


def test_covered_and_dismissed_incidents_are_not_missing(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = record(BAD)
    assert main(["incident", "triage", path, "--create"]) == 0
    _, numbers = answered(capsys, path)
    assert missing(numbers) == [] and numbers["required_documented"]["value"] == 100
    other = record({**BAD, "id": "other"}, "other.json")
    assert missing(answered(capsys, path, other)[1]) == ["generic:other"]
    assert main(["incident", "dismiss", "generic:other", "--because", "no-learning", "-m", "a drill"]) == 0
    assert missing(answered(capsys, path, other)[1]) == []


def test_an_empty_export_and_one_that_cannot_be_read(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    found, numbers = answered(capsys, record([]))
    assert found["incident_count"] == 0 and numbers["required_missing"]["value"] == 0
    assert numbers["required_documented"]["value"] is None
    assert main(["metrics", "--incidents", record(b"{not json")]) == 2
    assert "record.json" in capsys.readouterr().err
    assert main(["metrics", "--incidents", "nowhere.json"]) == 2
    assert "nowhere.json" in capsys.readouterr().err


def test_one_id_in_two_systems_is_two_incidents_and_the_order_of_files_changes_no_digest(
    team: Team, record: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.cli.play import EXAMPLES

    theirs = json.loads((EXAMPLES / "incidents/pagerduty.json").read_text())
    named = theirs["incident"]["id"] if "incident" in theirs else theirs["id"]
    ours, second = record({**BAD, "id": named}), str(EXAMPLES / "incidents/pagerduty.json")
    found, numbers = answered(capsys, ours, second)
    assert found["incident_count"] == 2
    assert {f"generic:{named}", f"pagerduty:{named}"} >= set(missing(numbers)) >= {f"generic:{named}"}
    assert answered(capsys, second, ours)[0]["incidents"] == found["incidents"]


@pytest.mark.parametrize(("name", "hint"), [("resolve_minute", "mean resolve_minutes?"), ("mttr", "lists them")])
def test_a_metric_that_there_is_not(team: Team, capsys: pytest.CaptureFixture[str], name: str, hint: str) -> None:
    assert main(["metrics", "explain", name]) == 2
    assert hint in capsys.readouterr().err
