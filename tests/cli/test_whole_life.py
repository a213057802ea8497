"""From a real incident record to a published, audited postmortem, by three people with three keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pmctl.document import edits
from pmctl.document.prompts import is_empty
from pmctl.document.reader import read
from pmctl.workflow.demo import STORY, Run, Stage, become
from tests.skips import NO_CORPUS

CORPUS = os.environ.get("PMCTL_CORPUS", "")
RECORDS = {
    "pagerduty": ("incidents/pagerduty/get_incidents_id__response.json",
                  "incidents/pagerduty/get_incidents_id_log_entries__response.json",
                  "incidents/pagerduty/get_incidents_id_notes__response.json"),
    "statuspage": ("incidents/statuspage/zxl9k08m9xwf.json",),
}  # fmt: skip


def pmctl(stage: Stage, person: str, *words: str, code: int = 0) -> str:
    become(stage, person)
    done = subprocess.run(
        [sys.executable, "-m", "pmctl", "--no-input", *words], cwd=stage.repository, env=stage.environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def fill(stage: Stage, path: Path) -> None:
    """Write something into every section that is still a prompt, as the author."""
    document = read(path.read_bytes(), "draft.md")
    for section in document.sections:
        if not is_empty(section.text):
            continue
        text = f"What was learned about {section.title.lower()}."
        if section.title == "Action Items":
            text = (
                "| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |\n"
                "|---|---|---|---|---|---|---|---|\n"
                "| AI-7f3k | Alert at 80 % of the limit | @jane | 2030-01-22 | HIGH | OPEN | | |"
            )
        document = edits.replace_section(document, section.title, text)
    if not document.meta.get("resolved_at"):  # the record was of an incident that went on
        document = edits.set_field(document, "resolved_at", "2030-01-15T15:00:00Z")
    path.write_bytes(document.data)
    become(stage, "jane")
    subprocess.run(["git", "commit", "-qam", "Write it up"], cwd=stage.repository, env=stage.environment, check=True)


@pytest.mark.skipif(not CORPUS, reason=NO_CORPUS)
@pytest.mark.parametrize("source", sorted(RECORDS))
def test_real_record_is_published_and_the_audit_is_clean(source: str, tmp_path: Path) -> None:
    stage = Stage(tmp_path / "play", os.environ)
    stage.set_up()
    keys = tmp_path / "play" / "home" / "keys"
    pmctl(stage, "alice", "init")
    for handle in ("jane", "bob"):
        pmctl(stage, "alice", "people", "add", handle, "--name", handle.title(), "--email", f"{handle}@example.com",
              "--key", str(keys / f"{handle}.pub"))  # fmt: skip
    files = [word for name in RECORDS[source] for word in ("--from", str(Path(CORPUS) / name))]
    created = pmctl(stage, "jane", "new", "--allow-open", *files).strip()
    name = Path(created).stem
    fill(stage, stage.repository / created)
    pmctl(stage, "jane", "validate", name)
    pmctl(stage, "jane", "submit", name, "--reviewer", "bob", "--reviewer", "alice")
    pmctl(stage, "bob", "approve", name)
    pmctl(stage, "jane", "publish", name, code=1)
    pmctl(stage, "alice", "approve", name)
    pmctl(stage, "jane", "publish", name)
    report = json.loads(pmctl(stage, "bob", "audit", "--format", "json"))
    assert report["passed"] is True
    assert not any(report[layer][kind] for layer in ("proved", "attributed") for kind in ("violations", "warnings"))
    assert json.loads(pmctl(stage, "bob", "list", "--format", "json"))["postmortems"][0]["status"] == "PUBLISHED"


def test_demo_plays_to_its_end_and_catches_the_forged_edit(tmp_path: Path) -> None:
    """The command itself fails when a scene ends otherwise than the story says."""
    done = subprocess.run(
        [sys.executable, "-m", "pmctl", "demo", str(tmp_path / "demo")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("$ pmctl ") == sum(isinstance(scene, Run) for scene in STORY)
    assert "passed: 0 proved violations" in done.stdout
    assert "AU401" in done.stdout.rpartition("passed: 0 proved violations")[2], "the forged edit is caught"
    assert not (tmp_path / "demo" / "home" / ".ssh").exists(), "nothing but the stage was touched"
    assert (tmp_path / "demo" / "team" / ".git").is_dir(), "the folder is left to look around in"
    page = tmp_path / "demo" / "site" / "index.html"
    assert f"  {page}\n" in done.stdout
    assert len(list(page.parent.glob("postmortems/20*.html"))) == 12


def test_demo_refuses_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = subprocess.run(
        [sys.executable, "-m", "pmctl", "demo", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
