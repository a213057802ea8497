"""What people write and settings name, however odd: safe in every tracker, said, with what to do."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pmctl.errors import PmctlError
from pmctl.output.advice import words
from pmctl.services.secrets import from_environment
from pmctl.services.ticket_settings import ticket_settings
from pmctl.services.trackers import TRACKERS, open_tracker
from tests.services.trackers import Fault, serving
from tests.workflow.test_ticket_faults import creates
from tests.workflow.test_tickets import ROW, Desk
from tests.workflow.test_tickets_elsewhere import SETTINGS

NAMES = tuple(sorted(SETTINGS))
HOSTILE = "/close \u202egnp.exe @team <!channel> ![x](http://e.example/x) {color:red}x{color} [~jane] h1. #1 <!-- -->"
LONG = "many words and " * 40


def strings(value: Any) -> Iterator[str]:
    """Every text in a body."""
    if isinstance(value, dict):
        yield from (one for inner in value.values() for one in strings(inner))
    elif isinstance(value, list):
        yield from (one for inner in value for one in strings(inner))
    elif isinstance(value, str):
        yield value


@pytest.fixture
def serve() -> Iterator[Any]:
    with ExitStack() as stack:
        yield lambda kind: stack.enter_context(serving(kind()))


@pytest.mark.parametrize("name", NAMES)
def test_hostile_and_long_text_and_an_owner_whom_nobody_knows(serve: Any, tmp_path: Path, name: str) -> None:
    kind, settings = SETTINGS[name]
    title = json.dumps(HOSTILE, ensure_ascii=False)
    rows = ROW.replace("@carol", "@alice").replace("Monitor the pool", HOSTILE)
    rows += ROW.replace("@carol", "@jane").replace("AI-7f3k", "AI-2222").replace("Monitor the pool", LONG)
    desk = Desk(tmp_path, serve(kind), settings, rows, title=title)
    desk.set("The payment API was down for 45 minutes.", f"{HOSTILE} The payment API was down.\n   /label ~x\n/close")
    done = desk.push()
    assert sorted(done.made) == ["AI-2222", "AI-7f3k"], done.problems
    (problem,) = done.problems
    assert "no account for alice" in problem.message
    assert "people: {alice:" in words(problem.fix)
    bodies = [one.body for one in desk.tracker.requests if one.body]
    sent = [text for body in bodies for text in strings(body) if "query" not in body or text != body["query"]]
    assert not any(unicodedata.category(letter) == "Cf" for text in sent for letter in text), (
        "nothing turns text around"
    )
    lines = [line for text in sent if "\n" in text for line in text.split("\n")]
    assert name == "asana" or not any(re.match(r"\s*/\w", line) for line in lines), "notes of Asana run nothing"
    assert getattr(desk.tracker, "ran", []) == []
    marked = [text for text in sent if "Action item" in text]
    if name in ("github", "gitlab", "linear"):
        assert not any(re.search(r"@\w|(?<!\\)!?\[x\]\(|(?<!\\)<!channel", text) for text in marked)
    titles = {str(one.get("title", one.get("summary", one.get("name")))) for one in desk.tracker.issues.values()}  # type: ignore[attr-defined]
    assert all(0 < len(one) <= 250 and one.isprintable() for one in titles)
    desk.clean()


@pytest.mark.parametrize("name", NAMES)
def test_an_account_that_the_settings_name_and_there_is_none(serve: Any, tmp_path: Path, name: str) -> None:
    kind, settings = SETTINGS[name]
    without = re.sub(r", people: \{[^}]*\}", "", settings)
    desk = Desk(
        tmp_path, serve(kind), without.replace("}\n", ", people: {jane: no-body}}\n"), ROW.replace("carol", "jane")
    )
    done = desk.push()
    (problem,) = done.problems
    assert re.search("account|assign", problem.message), problem
    assert problem.fix
    assert done.stopped is None


@pytest.mark.parametrize("name", NAMES)
def test_without_a_token_or_with_one_that_is_none(name: str) -> None:
    from pmctl.repository.settings import load_settings

    loaded, _ = load_settings(SETTINGS[name][1].encode())
    settings, wrong = ticket_settings(loaded.blocks["tickets"])
    assert not wrong
    api = TRACKERS[name].api
    for token in ("", "two words", "t\u00f6ken", "a\nb: c"):
        known = from_environment({api.credential: token, api.address: "https://tracker.example"})
        with pytest.raises(PmctlError) as caught, open_tracker(settings, known):
            pass
        said = f"{caught.value.message} {words(caught.value.hint)}"
        assert api.credential in said
        assert not token or token not in said


def test_a_state_that_linear_has_not(serve: Any, tmp_path: Path) -> None:
    kind, settings = SETTINGS["linear"]
    named = settings.replace("}\n", ", states: {COMPLETED: Shipped}}\n")
    desk = Desk(tmp_path, serve(kind), named, ROW.replace("carol", "jane"))
    desk.push()
    desk.set("| OPEN |", "| COMPLETED |")
    (problem,) = desk.sync().problems
    assert "no state of the type completed called Shipped" in problem.message
    assert "tickets.states" in words(problem.fix)


@pytest.mark.parametrize("name", [one for one in NAMES if one != "jira"])
def test_a_marker_in_what_people_wrote_is_not_taken_for_the_tickets_own(serve: Any, tmp_path: Path, name: str) -> None:
    kind, settings = SETTINGS[name]
    desk = Desk(tmp_path, serve(kind), settings, ROW.replace("carol", "jane"))
    root = desk.repo_workspace().policy.repository
    desk.set("The payment API was down for 45 minutes.", f"Its marker was pmctl:{root[:32]}:AI-2222 .")
    desk.tracker.faults.append(Fault("POST", "", after=True, when=creates))
    desk.push()
    assert list(desk.push().found) == ["AI-7f3k"]
    assert len(desk.tracker.issues) == 1  # type: ignore[attr-defined]
