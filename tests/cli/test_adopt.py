"""`pmctl adopt` in real repositories: the plan, the commit, its undoing, and every kind of bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pmctl.workflow.demo import Stage, become
from tests.skips import NO_CORPUS

CORPUS = os.environ.get("PMCTL_CORPUS", "")
DOCUMENT = """\
# Queue outage

**Authors:** alice

## Executive summary

The queue stood still for half an hour because nobody saw the disk fill up over the weekend before.
Orders were accepted and answered late; none of them was lost, and all were worked off by noon.

![graph](img/graph.png) and [the other one](other.md)

## Timeline (UTC)

- 10:05 The alert for the age of the oldest message fired
- 10:30 A second disk was attached and the queue moved on

## Root cause analysis

The retention of one topic had been raised tenfold in spring. The disk was sized for the old value,
and its alert looked at inodes only. Both facts were known to different people.

## Follow-ups

- [x] Alert on free bytes
- [ ] Review the retention of every topic
"""
OTHER = (
    DOCUMENT.replace("Queue outage", "Cache outage")
    .replace("![graph](img/graph.png)", "Words")
    .replace("other.md", "queue.md")
)


class Home(Stage):
    """A repository with the policy of alice, and commands to run in it."""

    def pmctl(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "pmctl", "--no-input", *words], cwd=self.repository, env=self.environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + (done.stderr if code else "")

    def git(self, *words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=self.repository, env=self.environment, capture_output=True, text=True, check=True
        ).stdout

    def put(self, name: str, data: str | bytes) -> None:
        file = self.repository / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data if isinstance(data, bytes) else data.encode())

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "What we had")

    def plan(self, *words: str, code: int = 0) -> dict[str, dict[str, Any]]:
        answer = json.loads(self.pmctl("adopt", "--format", "json", *words, code=code).split("\nerror")[0])
        assert answer["schema"] == "pmctl/adopt/v1"
        return {one["source"]: one for one in answer["documents"]}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    stage = Home(tmp_path / "play", os.environ)
    stage.set_up()
    become(stage, "alice")
    stage.pmctl("init")
    return stage


def test_dry_run_is_the_default_and_changes_nothing(home: Home) -> None:
    home.put("docs/2024-01-15-queue.md", DOCUMENT)
    home.commit()
    before = home.git("rev-parse", "HEAD")
    (one,) = home.plan("docs").values()
    assert one["id"] == "2024-01-15-queue-outage" and one["path"] == "postmortems/2024/2024-01-15-queue-outage.md"
    assert {"what": "section", "value": "Summary", "from": "Executive summary"} in one["recognised"]
    assert any("Impact" in question for question in one["questions"]) and 0 < one["confidence"] <= 1
    assert "question" in home.pmctl("adopt", "docs")
    assert home.git("rev-parse", "HEAD") == before and home.git("status", "--porcelain") == ""


def test_write_moves_with_history_links_and_attachments_and_can_be_reverted(home: Home) -> None:
    home.put("docs/2024-01-15-queue.md", DOCUMENT)
    home.put("docs/2024-02-20-cache.md", OTHER.replace("queue.md", "2024-01-15-queue.md"))
    home.put("docs/img/graph.png", b"\x89PNG")
    home.commit()
    home.pmctl("adopt", "docs", "--write")
    new = "postmortems/2024/2024-01-15-queue-outage.md"
    text = (home.repository / new).read_text()
    assert "![graph](2024-01-15-queue-outage/img/graph.png)" in text
    assert (
        "(2024-01-15-queue-outage.md)" in (home.repository / "postmortems/2024/2024-02-20-cache-outage.md").read_text()
    )
    assert (home.repository / "postmortems/2024/2024-01-15-queue-outage/img/graph.png").read_bytes() == b"\x89PNG"
    assert not (home.repository / "docs/2024-01-15-queue.md").exists()
    assert home.git("log", "--follow", "--format=%s", "--", new).splitlines() == ["Adopt 2 postmortems", "What we had"]
    assert home.git("rev-list", "--count", "HEAD").strip() == "3"
    assert "alice" in text and "tags: [adopted]" in text
    home.pmctl("audit")
    home.git("revert", "--no-edit", "HEAD")
    assert home.git("diff", "HEAD~2", "--stat") == ""


def test_baseline_publishes_and_the_audit_is_clean(home: Home) -> None:
    home.put("docs/2024-01-15-queue.md", DOCUMENT)
    home.put("docs/img/graph.png", b"\x89PNG")
    home.commit()
    assert "--baseline" in home.pmctl("adopt", "docs", "--status", "PUBLISHED", code=2)
    home.pmctl("adopt", "docs", "--status", "PUBLISHED", "--baseline", "--write", "-m", "As found")
    assert "PUBLISHED" in home.pmctl("list")
    assert "0 proved violations" in home.pmctl("audit")
    new = home.repository / "postmortems/2024/2024-01-15-queue-outage.md"
    new.write_text(new.read_text().replace("half an hour", "an hour"))
    home.git("commit", "-qam", "Rewrite it")
    home.pmctl("audit", code=1)


def test_sources_elsewhere_are_copied_and_a_second_run_adds_only_what_is_new(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "their docs"
    folder.mkdir()
    (folder / "2024-01-15 queue outage.md").write_bytes(DOCUMENT.replace("\n", "\r\n").encode())
    home.pmctl("adopt", str(folder), "--write")
    assert (folder / "2024-01-15 queue outage.md").exists()
    data = (home.repository / "postmortems/2024/2024-01-15-queue-outage.md").read_bytes()
    assert b"\n" not in data.replace(b"\r\n", b"")
    (folder / "2024-02-20-cache.md").write_text(OTHER)
    states = [one["state"] for one in home.plan(str(folder)).values()]
    assert states == ["skipped", "adopt"]


def test_every_kind_of_bad_input_has_its_own_answer(home: Home) -> None:
    good = DOCUMENT.replace("img/graph.png", "https://example.com/graph.png")
    for name, data in {
        "empty.md": "", "binary.md": b"\x00\xff" * 99, "latin.md": "# Störung".encode("latin-1"),
        "huge.md": b"a" * (2**20 + 1),
        "README.md": "# Ours", "lunch.md": "# Lunch\n\nsalad\n", "2024-01-15-a.md": good, "2024-01-15-b.md": good,
        "toml.md": '+++\nx = "\n+++\n# Mail outage 2024-03-03\n\n## Summary\n\na\n\n## Impact\n\nb\n',
        "managed.md": "---\nid: 2024-01-15-x\ntitle: X\nstatus: DRAFT\nauthor: alice\n---\n\n## Summary\n",
    }.items():  # fmt: skip
        home.put(f"old/{name}", data)
    (home.repository / "old" / "link.md").symlink_to("2024-01-15-a.md")
    (home.repository / "old" / "loop").symlink_to(".")
    home.commit()
    found = home.plan("old", code=1)
    states = {name.removeprefix("old/"): one["state"] for name, one in found.items()}
    assert states == {
        "empty.md": "problem", "binary.md": "problem", "latin.md": "problem", "huge.md": "problem",
        "README.md": "skipped",
        "lunch.md": "skipped", "2024-01-15-a.md": "adopt", "2024-01-15-b.md": "adopt",
        "toml.md": "adopt", "managed.md": "skipped",
        "link.md": "skipped",
    }  # fmt: skip
    assert all(one["reason"] for one in found.values() if one["state"] != "adopt")
    assert [found[f"old/2024-01-15-{name}.md"]["id"] for name in "ab"] == [
        "2024-01-15-queue-outage",
        "2024-01-15-queue-outage-2",
    ]
    home.pmctl("adopt", "old", "--write", code=1)
    assert home.git("status", "--porcelain") == "" and (home.repository / "old/empty.md").exists()


def test_uncommitted_sources_and_missing_paths_are_refused_with_nothing_half_done(home: Home) -> None:
    home.put("docs/2024-01-15-queue.md", DOCUMENT)
    assert "not committed" in home.pmctl("adopt", "docs", "--write", code=1)
    assert (home.repository / "docs/2024-01-15-queue.md").exists() and not (home.repository / "postmortems").exists()
    assert home.plan("nowhere.md", code=1)["nowhere.md"]["reason"] == "does not exist"
    assert "DRAFT, PUBLISHED" in home.pmctl("adopt", "docs", "--status", "IN_REVIEW", code=2)


def test_several_incidents_are_reported_and_split(home: Home) -> None:
    part = "### Summary\n\nIt was slow, and then it was not.\n\n### Timeline\n\n- 10:00 a\n- 10:10 b\n\n"
    home.put(
        "all.md", f"# Incidents\n\nIntro.\n\n## 2023-03-01 Cache outage\n\n{part}## 2023-04-01 Search outage\n\n{part}"
    )
    home.commit()
    (one,) = home.plan("all.md").values()
    assert any("2 incidents" in question for question in one["questions"])
    home.pmctl("adopt", "all.md", "--split", "--write")
    assert home.git("ls-files", "all.md", "postmortems").split() == [
        "postmortems/2023/2023-03-01-cache-outage.md", "postmortems/2023/2023-04-01-search-outage.md",
    ]  # fmt: skip


@pytest.mark.skipif(not CORPUS, reason=NO_CORPUS)
def test_the_corpus_is_adopted_with_its_history(home: Home) -> None:
    for file in sorted(Path(CORPUS, "documents").rglob("*.md")):
        home.put(f"old/{file.parent.name}/{file.name}", file.read_bytes())
    home.commit()
    found = home.plan("old", "--write", "--status", "ARCHIVED", "--baseline", "-m", "As found")
    assert {one["state"] for one in found.values()} == {"adopt"} and len(found) >= 112
    assert "0 proved violations" in home.pmctl("audit")
    for path in home.git("ls-files", "postmortems").splitlines():
        assert len(home.git("log", "--follow", "--format=%h", "--", path).split()) == 2, path
