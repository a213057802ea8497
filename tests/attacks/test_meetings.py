"""Attacks on the meetings about postmortems: files that are none, and hands that may not write them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pmctl.document.meeting import MAX_BYTES, Meeting, written
from tests.attacks.conftest import Copy
from tests.attacks.gate import Gate
from tests.world import DOC, World

PATH = f".pmctl/meetings/{DOC}/k3x9p2.yaml"
MEETING = Meeting(
    "k3x9p2", datetime(2024, 1, 22, 14, 0, tzinfo=UTC), 45, "Europe/Berlin", "jane",
    ("jane", "bob", "guest@example.org"), datetime(2024, 1, 18, 9, 0, tzinfo=UTC),
    link="https://meet.example.com/room",
)  # fmt: skip
KEPT = replace(MEETING, calendar="google", room="meet", account="pm@example.com")


def put(world: World, data: bytes = written(MEETING), by: str = "jane", path: str = PATH) -> None:
    """Commit a file as somebody."""
    world.write(path, data)
    world.commit("Plan a meeting", by)


@pytest.mark.parametrize("by", ["jane", "bob", "carol", "alice"])  # author, reviewer, owner of an item, admin
def test_those_who_take_part_may_plan_one(stage: Copy, by: str) -> None:
    world = stage("published")
    gate = Gate(world)
    put(world, written(KEPT), by)
    gate.lands()
    put(world, written(replace(MEETING, cancelled=True, sequence=1)), by)
    gate.lands()
    assert [one.code for one in gate.whole().findings] == []
    (world.root / PATH).unlink()
    world.commit("Remove it", by)
    gate.lands()


def test_a_stranger_may_not_plan_one_nor_call_it_off(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    put(world, by="mallory")
    gate.warns("AU701")
    gate.back()
    put(world)
    gate = Gate(world)
    put(world, written(replace(MEETING, cancelled=True, sequence=1)), "mallory")
    gate.warns("AU701")
    gate.back()
    (world.root / PATH).unlink()
    world.commit("Remove it", "mallory")
    gate.warns("AU701")


def test_somebody_from_another_team_may_not(stage: Copy) -> None:
    world = stage("drafted")
    world.edit("carol", "jane")
    gate = Gate(world)
    put(world, by="carol")
    gate.warns("AU718")


@pytest.mark.parametrize(
    ("path", "data"),
    [
        (PATH, b""),
        (PATH, b"{}"),
        (PATH, b"\xff\xfe"),
        (PATH, written(MEETING) + b"# hidden words\n"),
        (PATH, written(MEETING) + b"note: hidden\n"),
        (PATH, written(MEETING) + b"minutes: 60\n"),
        (PATH, written(MEETING).replace(b"minutes: 45", b"minutes: 450")),
        (PATH, written(MEETING).replace(b"minutes: 45", b'minutes: "45"')),
        (PATH, written(MEETING).replace(b"https://", b"javascript:")),
        (PATH, written(MEETING).replace(b"guest@example.org", b"guest@example.org\\nBcc: all@example.org")),
        (PATH, written(MEETING).replace(b"2024-01-22T14", b"2024-13-22T14")),
        (PATH, written(MEETING).replace(b"2024-01-22T14:00:00Z", b"2024-01-22T15:00:00+01:00")),
        (PATH, written(MEETING).replace(b'  - "bob"\n', b'  - "jane"\n')),
        (PATH, written(MEETING).replace(b"calendar: none", b"calendar: nine")),
        (PATH, written(MEETING).replace(b'  - "jane"\n', b"  - &a jane\n")),
        (PATH, written(MEETING) + b" " * MAX_BYTES),
        (PATH, written(MEETING).replace(b"calendar: none", b"calendar: google")),
        (PATH, written(MEETING) + written(KEPT).partition(b"cancelled: false\n")[2]),
        (PATH, written(KEPT).replace(b"room: meet", b"room: jitsi")),
        (PATH, written(KEPT).replace(b"calendar: google", b"calendar: mail")),
        (PATH, written(KEPT).replace(b'zoom: ""', b'zoom: "85746065"')),
        (PATH, written(KEPT).replace(b"pm@example.com", b"pm@example.com\\nBcc: all@example.org")),
        (PATH, written(KEPT).replace(b'run: ""', b'run: "0123456789abcdef"')),
        (PATH, written(KEPT).replace(b'announced: ""', b"announced: soon")),
        (PATH, written(KEPT) + b'start_url: "https://us02web.zoom.us/s/1?zak=x"\n'),
        (PATH, written(replace(KEPT, room="zoom"))),
        (PATH, written(replace(KEPT, room="zoom", zoom="../meetings/1"))),
        (PATH.replace("k3x9p2.yaml", "notes.md"), b"# Notes"),
        (PATH.replace("k3x9p2", "K3X9P2"), written(MEETING)),
        (PATH.replace(f"{DOC}/", f"{DOC}/deeper/"), written(MEETING)),
        (PATH.replace(DOC, "2024-01-15-nothing"), written(MEETING)),
        (".pmctl/meetings/README.md", b"hello"),
    ],
)  # fmt: skip
def test_what_is_no_meeting_is_said(stage: Copy, path: str, data: bytes) -> None:
    world = stage("published")
    gate = Gate(world)
    put(world, data, "alice", path)
    gate.warns("AU717")
    gate.back()
    put(world)
    gate.lands()


def test_a_link_is_no_meeting(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    (world.root / PATH).parent.mkdir(parents=True)
    (world.root / PATH).symlink_to("/etc/passwd")
    world.commit("A link", "jane")
    gate.warns("AU717")


def test_where_edits_are_signed_an_unsigned_meeting_is_an_error(stage: Copy) -> None:
    world = stage("published")
    world.change_policy(edits="signed")
    gate = Gate(world)
    put(world)
    gate.refuses("AU705", layer="attributed")


def test_a_meeting_makes_no_approval_stale(stage: Copy) -> None:
    world = stage("approved")
    gate = Gate(world)
    put(world)
    gate.lands()
    world.act("publish", "jane")
    gate.lands()


def test_a_merge_is_judged_by_who_wrote_it_and_not_by_who_merges(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    world.git("switch", "-q", "-c", "side")
    put(world, by="mallory")
    world.git("switch", "-q", "main")
    world.edit_file("README.md", "hello\n")
    world.git("merge", "-q", "--no-edit", "side", by="alice")
    gate.warns("AU701")
