"""The company that the demo leaves behind: on whatever day, the audit passes it and what is late is late."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pmctl.document.finding import Severity
from pmctl.git import discover
from pmctl.insight.catalog import proved_catalog
from pmctl.insight.status_overview import answer
from pmctl.insight.validation import Selection, validations
from pmctl.ledger.audit import audit
from pmctl.repository.workspace import Workspace
from pmctl.workflow.demo_company import TEAMS, YOU, make
from tests.team import Team

DAYS = [
    datetime(2026, 1, 23, 9, tzinfo=UTC), datetime(2024, 2, 29, 0, 1, tzinfo=UTC),
    datetime(2028, 12, 31, 23, 59, tzinfo=UTC),
]  # fmt: skip


@pytest.fixture(params=DAYS, ids=lambda day: day.date().isoformat())
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Workspace, datetime]:
    (tmp_path / "home").mkdir()
    assert make(tmp_path, request.param, os.environ) == 12
    return Workspace(discover(tmp_path / "larkfield")), request.param


def test_the_audit_passes_and_nothing_lies_in_the_future(made: tuple[Workspace, datetime]) -> None:
    workspace, now = made
    report = audit(workspace.repo)
    assert report.findings == ()
    assert report.complete
    assert report.records == 40
    moments = [datetime.fromisoformat(event.at) for event in report.events if event.at]
    assert moments
    assert max(moments) <= now
    assert now - max(moments) < timedelta(days=10), "it looks as if somebody worked there this week"


def test_one_draft_is_not_ready_and_the_others_are_as_they_should_be(made: tuple[Workspace, datetime]) -> None:
    workspace, now = made
    (run,) = validations(workspace.repo.root, Selection(strict=True, now=now))
    found = [one for one in run.findings if not one.code.startswith("PM95") and one.severity is not Severity.HINT]
    assert {(one.code, one.severity.value) for one in found} == {("PM202", "error"), ("PM601", "warning")}
    assert {one.path.endswith("-card-payments-declined.md") for one in found} == {True}


def test_what_a_visitor_sees(made: tuple[Workspace, datetime]) -> None:
    workspace, now = made
    known = proved_catalog(workspace)
    assert [one.unproved for one in known if one.unproved or one.problem] == []
    assert Counter(one.status for one in known) == {"PUBLISHED": 8, "ARCHIVED": 1, "IN_REVIEW": 2, "DRAFT": 1}
    assert {one.severity for one in known} == {"SEV1", "SEV2", "SEV3"}
    assert {team for one in known for team in one.teams} == set(TEAMS)
    causes = Counter(cause for one in known for cause in workspace.read(one.id).meta["root_causes"])
    assert len([cause for cause, count in causes.items() if count > 1]) >= 3, "causes that come back"
    items = Counter(item.status for one in known for item in one.items)
    assert set(items) == {"OPEN", "IN_PROGRESS", "COMPLETED", "WONT_DO"}
    waiting = [one.kind for one in answer(workspace, YOU, now.date()).waiting_for_you]
    assert waiting == ["review", "overdue"]


def test_nothing_of_the_caller_is_in_it(crew: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = crew.top / "hooks"
    hooks.mkdir()
    (hooks / "reference-transaction").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "reference-transaction").chmod(0o755)
    config = crew.top / "mine"
    config.write_text(f"[core]\n\thooksPath = {hooks}\n[init]\n\tdefaultBranch = other\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_DIR", str(crew.top / ".git"))
    folder = crew.top / "play"
    (folder / "home").mkdir(parents=True)
    assert make(folder, DAYS[0], os.environ) == 12
    assert str(crew.top / "hooks") not in (folder / "larkfield/.git/config").read_text()
    assert (folder / "larkfield/.git/refs/heads/main").exists()
