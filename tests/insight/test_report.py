"""The page for a meeting, and the folder for auditors, whose every line is checked again here."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from datetime import UTC, date
from pathlib import Path

import pytest

from pmctl.cli import main
from pmctl.insight.evidence import gathered
from pmctl.insight.metrics import MetricsQuery
from pmctl.insight.metrics_facts import Facts
from pmctl.insight.metrics_reading import facts
from pmctl.insight.report import MeetingReport, last_month, meeting_report
from pmctl.output import meeting_report as pages
from pmctl.output.evidence import Evidence, Line, controls, folder
from pmctl.policy import act as acts
from tests.insight.test_effectiveness import at, incident, item
from tests.world import DOC, World


def made(**asked: object) -> MeetingReport:
    there = (
        incident("2024-05-03", item("AI-1", due="2024-05-10"))._replace(
            title="A <b>pool</b>", published=at("2024-05-20")
        ),
        incident("2024-05-25", minutes=45), incident("2024-04-02", causes=("dns",)),
    )  # fmt: skip
    found = Facts("0" * 40, 0, 1, "UTC", {}, (), there)
    return meeting_report(found, MetricsQuery(date(2024, 6, 12), **asked), UTC, lambda name: None)  # type: ignore[arg-type]


def test_the_last_whole_month_against_as_many_days_before() -> None:
    found = made()
    assert (found.since, found.until, found.before_since) == ("2024-05-01", "2024-05-31", "2024-03-31")
    assert [one.id for one in found.published] == ["2024-05-03-x"]
    created = next(one for one in found.numbers if one.now.name == "created")
    assert (created.now.value, created.before.value) == (2, 1)
    assert [(one.owner, one.item, one.due) for one in found.overdue] == [("bob", "AI-1", "2024-05-10")]
    assert [one.minutes_since_due for one in found.repeats] == [45]
    assert any("AI-1" in one.text and one.about.startswith("cause") for one in found.suggestions)
    assert last_month(date(2024, 1, 1)) == (date(2023, 12, 1), date(2023, 12, 31))


def test_the_same_in_every_form() -> None:
    found = made()
    text, page = pages.markdown(found), pages.html(found)
    for said in ("2024-05-03-x", "AI-1", "45 minutes of impact since it was due"):
        assert said in text.replace("\\", "") and said in page
    assert "<b>pool" not in page and "<b>pool" not in text and "default-src 'none'" in page
    data = pages.pdf(found)
    assert data.startswith(b"%PDF-") and data == pages.pdf(found)


def test_nothing_happened() -> None:
    found = meeting_report(
        Facts("0" * 40, 0, 1, "UTC", {}, (), ()), MetricsQuery(date(2024, 6, 12)), UTC, lambda name: None
    )
    text = pages.markdown(found)
    assert "Nothing was published." in text and "Nothing is overdue." in text and "nan" not in text


def evidence(world: World, *wanted: str) -> dict[str, bytes]:
    there = facts(world.repo)
    found = gathered(world.repo, there, frozenset((DOC,)))
    told = Evidence(
        there.as_of, found.root, "2024-01-01", "2024-12-31", there.policy, found.namespace, "", "",
        tuple(Line(*one) for one in found.lines), found.copies, found.signers, found.violations,
    )  # fmt: skip
    return folder(told, [one for one in controls() if not wanted or one["id"] in wanted])


def rows(files: dict[str, bytes], name: str = "lines.csv") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[name].decode())))


def run(command: str, where: Path, repository: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GIT_DIR": str(repository / ".git")}
    return subprocess.run(
        ["sh", "-c", command], cwd=where, env=environment, capture_output=True, text=True, check=False
    )


def written(files: dict[str, bytes], place: Path) -> None:
    for path, data in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(data)


def test_every_line_is_checked_again_with_git_and_ssh_keygen(world: World, tmp_path: Path) -> None:
    world.published()
    world.edit("OPEN", "COMPLETED", by="carol")
    files = evidence(world)
    place = tmp_path / "evidence"
    written(files, place)
    lines = rows(files)
    assert [one["what"].split(":")[0] for one in lines if one["kind"] == "record"] == ["submit", "approve", "publish"]
    assert {one["kind"] for one in lines} == {"postmortem", "record", "item"}
    for one in lines:
        done = run(one["check"], place, world.path)
        assert done.returncode == 0, (one["check"], done.stderr)
        if one["kind"] == "record":
            assert "Good" in done.stdout and one["check"].startswith("ssh-keygen -Y verify")
    (copy, *_) = [path for path in place.glob(f"records/{DOC}/*.json") if "approve" in path.name]
    copy.write_bytes(copy.read_bytes().replace(b"bob", b"eve"))
    (approval,) = [one for one in lines if one["what"].startswith("approve")]
    assert run(approval["check"], place, world.path).returncode != 0
    assert files == evidence(world)


def test_exceptions_and_who_accepted_them(world: World) -> None:
    world.published()
    changed = world.edit("The connection pool", "Another pool", by="jane")
    (finding,) = {code for code, commit in world.found() if commit == changed}
    exceptions = [one for one in rows(evidence(world)) if one["kind"] == "exception"]
    assert exceptions[0]["verdict"] == "violation" and "1 violation" in evidence(world)["README.md"].decode()
    world.edit("Another pool", "The connection pool", commit=False)
    world.commit("Put it back")
    world.waive(finding, changed, note="agreed")
    (waived,) = [one for one in rows(evidence(world)) if one["kind"] == "exception" and one["commit"] == changed]
    assert waived["verdict"] == "waived" and "accepted by alice: agreed" in waived["what"]


def test_the_whole_folder_is_checked_again_in_a_fresh_clone(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Triage, acts, items, and an exception that was accepted; each line fails once what it checks is another."""
    world.published()
    changed = world.edit("The connection pool", "Another pool", by="jane")
    (code,) = {code for code, commit in world.found() if commit == changed}
    world.waive(code, changed, note="agreed")
    world.edit("OPEN", "COMPLETED", by="carol")
    records = tmp_path / "a record's.json"
    records.write_text(json.dumps([
        {"id": "A", "title": "Down", "status": "resolved", "urgency": "HIGH", "services": ["shop"],
         "started_at": "2024-01-15T14:00:00Z", "resolved_at": "2024-01-15T15:00:00Z"},
        {"id": "B", "title": "Later", "status": "resolved", "urgency": "HIGH", "services": ["shop"],
         "started_at": "2025-01-15T14:00:00Z", "resolved_at": "2025-01-15T15:00:00Z"},
    ]))  # fmt: skip
    monkeypatch.chdir(world.root)
    place = tmp_path / "evidence"
    words = ["report", "--evidence", "--from", "2024-01-01", "--to", "2024-12-31", "--on", "2025-06-01"]
    assert main([*words, "--incidents", str(records), "-o", str(place)]) == 0
    clone = tmp_path / "clone"
    world.git("clone", "-q", str(world.path), str(clone))
    lines = rows({"lines.csv": (place / "lines.csv").read_bytes()})
    assert [one["subject"] for one in lines if one["kind"] == "triage"] == ["generic:A"]
    (judged,) = [one for one in lines if one["kind"] == "triage"]
    assert judged["verdict"] == "required" and "high-urgency" in judged["what"]
    assert {one["kind"] for one in lines} == {"triage", "postmortem", "record", "item", "exception"}
    for one in lines:
        assert one["check"].startswith(("git ", "ssh-keygen ")), one["check"]
        done = run(one["check"], place, clone)
        assert done.returncode == 0, (one["check"], done.stderr)
    (accepted,) = [one for one in lines if one["verdict"] == "waived"]
    assert "records/waivers/" in accepted["check"] and "Good" in run(accepted["check"], place, clone).stdout
    for path in [*place.rglob("*.json"), *place.glob("postmortems/*.md")]:
        path.write_bytes(path.read_bytes().replace(b"2024", b"2023"))
    for one in lines:
        if one["kind"] != "item" and one["verdict"] not in ("violation", "warning"):
            assert run(one["check"], place, clone).returncode != 0, one["check"]
    (item_line, *_) = [one for one in lines if one["kind"] == "item"]
    other = item_line["check"].replace(item_line["subject"], "AI-none")
    assert run(other, place, clone).returncode != 0


@pytest.mark.parametrize("control", [one["id"] for one in controls()])
def test_each_control_has_its_lines_and_says_what_is_not_proved(world: World, control: str) -> None:
    world.published()
    (known,) = [one for one in controls() if one["id"] == control]
    files = evidence(world, control)
    assert {one["kind"] for one in rows(files)} <= set(known["lines"])
    (told,) = rows(files, "controls.csv")
    assert told["not_proved"] == known["not_proved"] and known["not_proved"] in files["README.md"].decode()
    assert int(told["lines"]) == len(rows(files))


def test_what_follows_the_publication_is_there_too(world: World) -> None:
    world.published()
    world.act(acts.ARCHIVE, "alice")
    assert [one["verdict"] for one in rows(evidence(world)) if one["kind"] == "record"] == ["ok"] * 4
