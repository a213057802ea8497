"""tickets on the command line, against trackers that live in the test."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.attacks.gate import Said, command
from tests.services.trackers import TOKEN, GitHub, serving
from tests.workflow.test_tickets import GITHUB, ROW, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with serving(GitHub()) as tracker:
        made = Desk(tmp_path, tracker, GITHUB, ROW.replace("@carol", "@jane"))
        environ = {"GITHUB_API_URL": tracker.base, "GITHUB_TOKEN": TOKEN, "PMCTL_NOW": "2024-01-23T09:00:00Z"}
        with patch.dict(os.environ, environ):
            yield made


def typed(desk: Desk, *words: str) -> Said:
    said = command(desk.world, "jane", *words)
    assert TOKEN not in said.out + said.err
    return said


def test_the_life_of_a_ticket(desk: Desk) -> None:
    said = typed(desk, "tickets", "push")
    assert said.code == 0, said.err
    assert said.out == "1 ticket for action items\n"
    assert "AI-7f3k is acme/ops#1" in said.err
    issue = desk.tracker.issues[1]  # type: ignore[attr-defined]
    issue |= {
        "state": "closed",
        "state_reason": "completed",
        "pulls": [("https://github.example/acme/pay/pull/7", "merged")],
    }
    live = typed(desk, "tickets", "status", "--live").out
    assert "closed (completed)" in live
    assert "#7 merged" in live
    assert "closed" not in typed(desk, "tickets", "status").out
    answer = json.loads(typed(desk, "tickets", "sync", "--format", "json").out)
    assert answer["schema"] == "pmctl/act/v1"
    assert answer["facts"] == ["AI-7f3k: status OPEN -> COMPLETED, here"]
    assert f".pmctl/tickets/{answer['id']}/AI-7f3k.json" in answer["paths"]
    status = json.loads(typed(desk, "tickets", "status", "--format", "json").out)["items"][0]
    assert (status["ticket"], status["state"], status["changes"][0]["state"]) == (
        "acme/ops#1",
        "closed (completed)",
        "merged",
    )
    shown = typed(desk, "actions", "show", "7f3k").out
    assert "ticket acme/ops#1: closed (completed)" in shown
    assert "merged  https://github.example/acme/pay/pull/7" in shown
    assert "not asked" in shown
    issue["pulls"] = [("https://github.example/acme/pay/pull/8", "open")]
    live = json.loads(typed(desk, "actions", "show", "7f3k", "--live", "--format", "json").out)["tracked"]
    assert (live["asked"], live["ticket"], live["changes"][0]["state"]) == (True, "acme/ops#1", "open")
    assert live == json.loads(typed(desk, "tickets", "status", "--live", "--format", "json").out)["items"][0]
    assert "not asked" not in typed(desk, "actions", "show", "7f3k", "--live").out
    assert json.loads(typed(desk, "actions", "show", "7f3k", "--format", "json").out)["tracked"]["asked"] is False
    assert "tickets: GitHub, with a token" in typed(desk, "doctor").out
    assert typed(desk, "audit", "--root", desk.world.first).code == 0
    assert typed(desk, "validate").code == 0


def test_what_somebody_has_to_look_at_is_exit_code_one(desk: Desk) -> None:
    typed(desk, "tickets", "push")
    desk.tracker.issues[1] |= {"state": "closed", "state_reason": "not_planned"}  # type: ignore[attr-defined]
    said = typed(desk, "tickets", "sync")
    assert said.code == 1
    assert "pmctl actions set AI-7f3k --status WONT_DO --notes WHY" in said.err
    (desk.world.root / next((desk.world.root / ".pmctl/tickets").rglob("*.json"))).write_text("{}")
    assert "PM840" in typed(desk, "validate").out
    assert typed(desk, "tickets", "push", "--dry-run").code == 0
