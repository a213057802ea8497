"""public on the command line: a text by rule, what may not leave, and who may write it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pmctl.document.public_text import read_public, rendered_markdown, written
from tests.attacks.gate import command
from tests.world import BODY, DOC, World, document

PATH = f".pmctl/public/{DOC}.md"
SETTINGS = "services:\n  payment-api: {team: payments, public: Payments}\npublic: {terms: [Bluebird]}\n"
INTERNAL = BODY.replace(
    "The payment API was down for 45 minutes.",
    "Payments failed for 45 minutes. Jane Doe restarted payment-api on 10.1.2.3, see OPS-123.",
).replace("## Root Cause\n", "## Root Cause\n\n<!-- never public -->\n")
FRONT = {
    "started_at": "2024-01-15T14:00:00Z", "resolved_at": "2024-01-15T14:45:00Z", "services": "[payment-api]",
    "title": "Payments failed",
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("public") / "first")
    world.init()
    world.write("pmctl.yaml", SETTINGS)
    world.write(world.file(), document(body=INTERNAL, **FRONT))
    world.commit("Draft")
    assert command(world, "jane", "public", "draft", DOC).code == 0
    return world


def test_a_draft_says_by_rule_what_happened_and_nothing_internal(made: World) -> None:
    text, _, problems = read_public((made.root / PATH).read_bytes(), PATH)
    assert problems == () and text is not None
    assert (text.page, text.title, text.duration, text.status) == (
        "2024-01-15-payments-failed", "Payments failed", "45 minutes", "resolved"
    )  # fmt: skip
    assert text.services == ("Payments",)
    assert [one.title for one in text.parts] == [
        "What happened", "Impact", "How it was resolved", "What we are doing"
    ]  # fmt: skip
    happened = text.parts[0].text
    assert "Engineer A restarted Payments on a network address" in happened
    assert not any(word in happened for word in ("Jane", "10.1.2.3", "OPS-123", "payment-api"))
    assert "resolved at 14:45 UTC on January 15, 2024" in text.parts[2].text
    assert "@carol" not in text.parts[3].text and "- Monitor the pool" in text.parts[3].text
    assert made.git("log", "-1", "--format=%s") == f"Draft the public text of {DOC}"


def test_the_file_reads_back_and_what_was_allowed_is_never_rendered(made: World) -> None:
    data = (made.root / PATH).read_bytes()
    text = read_public(data, PATH)[0]
    assert text is not None and written(text) == data
    leaving = rendered_markdown(text).decode()
    assert "allowed" not in leaving and "page:" not in leaving and DOC not in leaving


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("Payments failed for", "Rajesh failed for"), "PM871"),
        (("title: Payments failed", "title: Falcon failed"), "PM871"),
        (("services: [Payments]", "services: [Ledger]"), "PM871"),
        (("page: \"2024-01-15-payments-failed\"", "page: \"2024-01-15-bluebird-failed\""), "PM871"),
        (("## Impact", "## Bluebird"), "PM871"),
        (("Payments failed for", "It used AKIAIOSFODNN7EXAMPLE for"), "PM872"),
        (("Payments failed for", "The connection pool was too small for"), "PM873"),
        (("status: resolved", "status: resolved\nallowed:\n  - {text: Falcon, reason: known, by: jane}"), "PM874"),
        (("status: resolved", "status: fixed"), "PM870"),
        (("status: resolved", "status: resolved\nnote: x"), "PM870"),
        (("## Impact", "<!-- jane -->\n\n## Impact"), "PM870"),
        (("## Impact", "![graph](https://example.com/x.png)\n\n## Impact"), "PM870"),
        (("## What happened", "Some words first.\n\n## What happened"), "PM870"),
        (("## Impact", "### Impact"), "PM870"),
    ],
)  # fmt: skip
def test_what_may_not_leave_is_said_with_its_place(made: World, change: tuple[str, str], code: str) -> None:
    file = made.root / PATH
    before = file.read_text()
    assert change[0] in before
    file.write_text(before.replace(*change))
    try:
        said = command(made, "jane", "public", "check", DOC, "--format", "json")
    finally:
        file.write_text(before)
    found = json.loads(said.out)["findings"]
    assert said.code == 1 and code in {one["code"] for one in found}
    assert all(one["line"] >= 1 and one["column"] >= 1 for one in found)


def test_a_person_allows_a_text_with_a_reason(made: World) -> None:
    file = made.root / PATH
    before = file.read_text()
    try:
        changed = before.replace("Payments failed for", "Rajesh & Falcon failed for")
        file.write_text(changed)
        asked = command(made, "jane", "public", "check", DOC)
        assert asked.code == 1 and 'allow it: - {text: "Rajesh"' in asked.out and f"{PATH}:" in asked.out
        allowed = "status: resolved\nallowed:\n" + "".join(
            f"  - {{text: {name}, reason: a customer said so, by: jane}}\n" for name in ("Rajesh", "Falcon", "pool")
        )
        file.write_text(changed.replace("status: resolved\n", allowed))
        said = command(made, "jane", "public", "check", DOC)
        assert said.code == 0, said.out
    finally:
        file.write_text(before)


def test_only_those_who_know_the_postmortem_write_it(made: World, tmp_path: Path) -> None:
    said = command(made, "jane", "public", "draft", DOC)
    assert said.code == 1 and "--again" in said.err
    (made.root / PATH).unlink()
    try:
        refused = command(made, "mallory", "public", "draft", DOC)
        assert refused.code == 1 and not (made.root / PATH).exists()
        said = command(made, "jane", "public", "check", DOC)
        assert said.code == 2 and "pmctl public draft" in said.err
    finally:
        made.git("checkout", "-q", "--", PATH)
