"""Attacks on the tickets of action items: files that are none, and hands that may not write them."""

from __future__ import annotations

import pytest

from pmctl.document.ticket import MAX_BYTES, SCHEMA, TicketFile, written
from tests.attacks.conftest import Copy
from tests.attacks.gate import Gate
from tests.world import DOC, World

PATH = f".pmctl/tickets/{DOC}/AI-7f3k.json"
TICKET = TicketFile(
    "AI-7f3k", "jira", id="10001", key="OPS-12", url="https://acme.example/browse/OPS-12",
    agreed={"status": "OPEN", "owner": "carol", "due": "2024-01-22"}, state="To Do",
)  # fmt: skip
ANNOUNCED = TicketFile("AI-7f3k", "jira", announced="2024-01-17T10:00:00Z", run="0123456789abcdef")


def put(world: World, data: bytes = written(TICKET), by: str = "carol", path: str = PATH) -> None:
    """Commit a file as somebody."""
    world.write(path, data)
    world.commit("Link a ticket", by)


@pytest.mark.parametrize("by", ["carol", "jane", "alice"])  # the owner, the author, an admin
def test_those_who_may_move_an_item_may_write_of_its_ticket(stage: Copy, by: str) -> None:
    world = stage("published")
    gate = Gate(world)
    put(world, written(ANNOUNCED), by)
    put(world, by=by)
    gate.lands()
    assert [one.code for one in gate.whole().findings] == []
    (world.root / PATH).unlink()
    world.commit("Unlink it", by)
    gate.lands()


def test_a_reviewer_and_a_stranger_may_not(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    put(world, by="bob")
    gate.warns("AU703")
    gate.back()
    put(world, by="mallory")
    gate.warns("AU701")
    gate.back()
    put(world)
    gate = Gate(world)
    (world.root / PATH).unlink()
    world.commit("Unlink it", "bob")
    gate.warns("AU703")


@pytest.mark.parametrize(
    ("path", "data"),
    [
        (PATH, b"{}"),
        (PATH, b"\xff\xfe"),
        (PATH, b"[" * 10_000),
        (PATH, written(TICKET).replace(b'"state"', b'"note": "hidden",\n  "state"')),
        (PATH, written(TICKET).replace(b'"state": "To Do"', b'"state": "To Do", "state": "Done"')),
        (PATH, written(TICKET) + b"\n" + b" " * 100),
        (PATH, written(TICKET).replace(b"https://", b"javascript:")),
        (PATH, written(TICKET).replace(b"To Do", b"To\\u202eDo")),
        (PATH, written(TICKET).replace(b"AI-7f3k", b"AI-q2m8")),
        (PATH, written(TICKET)[:-2] + b" " * MAX_BYTES + b"}\n"),
        (PATH.replace("AI-7f3k", "AI-q2m8"), written(TICKET).replace(b"AI-7f3k", b"AI-q2m8")),
        (PATH.replace("AI-7f3k.json", "notes.md"), b"# Notes"),
        (PATH.replace(f"{DOC}/", f"{DOC}/deeper/"), written(TICKET)),
        (PATH.replace(DOC, "2024-01-15-nothing"), written(TICKET)),
        (".pmctl/tickets/README.md", b"hello"),
    ],
)  # fmt: skip
def test_what_is_no_ticket_is_said(stage: Copy, path: str, data: bytes) -> None:
    world = stage("published")
    gate = Gate(world)
    put(world, data, "alice", path)
    gate.warns("AU716")
    gate.back()
    put(world)
    gate.lands()


def test_a_link_is_no_ticket(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    (world.root / PATH).parent.mkdir(parents=True)
    (world.root / PATH).symlink_to("/etc/passwd")
    world.commit("A link", "carol")
    gate.warns("AU716")


def test_where_edits_are_signed_an_unsigned_ticket_is_an_error(stage: Copy) -> None:
    world = stage("published")
    world.change_policy(edits="signed")
    gate = Gate(world)
    put(world)
    gate.refuses("AU705", layer="attributed")


def test_a_merge_is_judged_by_who_wrote_it_and_not_by_who_merges(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    world.git("switch", "-q", "-c", "side")
    put(world)
    world.git("switch", "-q", "main")
    world.edit_file("README.md", "hello\n")
    world.git("merge", "-q", "--no-edit", "side", by="bob")
    gate.lands()
    gate.back()
    world.git("branch", "-q", "-D", "side")
    world.git("switch", "-q", "-c", "side")
    put(world, by="bob")
    world.git("switch", "-q", "main")
    world.edit_file("README.md", "hello\n")
    world.git("merge", "-q", "--no-edit", "side", by="alice")
    gate.warns("AU703")


def test_the_schema_and_the_reader_agree() -> None:
    assert SCHEMA == "pmctl/ticket/v1"
    assert written(TICKET).isascii()
