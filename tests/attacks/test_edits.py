"""Attacks on who may edit what, and on what people are shown: rights, signed edits, files that claim too much."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.attacks.conftest import Copy
from tests.attacks.gate import Gate, command
from tests.world import DOC, World

FOLDER = World.file().removesuffix(".md")


def signed(world: World, by: str, *words: str) -> str:
    """Let somebody commit (or merge) with their own signature."""
    own = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={world.people[by].key}"]
    world.git(*own, *words, by=by)
    return world.head


def commit_signed(world: World, by: str, message: str = "Edit") -> str:
    world.git("add", "-A")
    return signed(world, by, "commit", "-q", "-S", "-m", message)


def signed_world(stage: Copy) -> World:
    world = stage("drafted")
    world.change_policy(edits="signed")
    return world


def test_attack_89_a_reviewer_moves_somebody_elses_item(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    gate.command_refuses("bob", "actions", "set", "AI-7f3k", "--status", "COMPLETED", code="AU703")
    world.edit("| OPEN |", "| COMPLETED |", by="bob")
    gate.warns("AU703")
    gate.back()
    world.edit("| OPEN |", "| COMPLETED |", by="carol")  # whose item it is
    gate.lands()
    gate.back()
    world.edit("too small", "far too small", by="bob")  # a reviewer may word it better: approvals show that
    gate.lands()
    gate.back()
    assert command(world, "carol", "actions", "set", "AI-7f3k", "--status", "COMPLETED").code == 0
    gate.lands()


def test_attack_89_a_comment_by_somebody_who_may_not_edit(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    world.edit("author: jane", "# bob was drunk\nauthor: jane", by="bob")
    gate.warns("AU702")
    gate.back()
    world.edit("author: jane", "# moved from the wiki\nauthor: jane", by="alice")
    gate.lands()


LAYOUT: dict[str, Callable[[str], str]] = {
    "comment": lambda text: text.replace("author: jane\n", "author: jane # not really\n"),
    "order of keys": lambda text: text.replace("status: DRAFT\nauthor: jane\n", "author: jane\nstatus: DRAFT\n"),
    "quoted over lines": lambda text: text.replace("title: Payment API outage", 'title: "Payment API\n  outage"'),
    "line ends": lambda text: text.replace("\n", "\r\n"),
    "padding": lambda text: text.replace("| AI-7f3k |", "|   AI-7f3k |"),
    "text": lambda text: text.replace("too small", "far too small"),
}


@pytest.mark.parametrize("how", LAYOUT)
def test_attack_81_every_byte_is_signed(stage: Copy, how: str) -> None:
    world = signed_world(stage)
    gate = Gate(world)
    text = LAYOUT[how](world.text())
    assert text != world.text()
    for by, code in (("jane", "AU705"), ("bob", "AU702"), ("jane", "")):
        world.write(world.file(), text)
        if code == "AU705":
            world.commit("Edit")
            gate.refuses("AU705", layer="attributed")
        elif code:
            commit_signed(world, by)
            gate.refuses("AU702", layer="attributed")
        else:
            commit_signed(world, by)
            gate.lands()
        gate.back()


def test_attack_81_attachments_are_signed(stage: Copy) -> None:
    world = signed_world(stage)
    gate = Gate(world)
    world.write(f"{FOLDER}/graph.txt", "up\n")
    world.commit("A graph")
    gate.refuses("AU705", layer="attributed")
    gate.back()
    world.write(f"{FOLDER}/graph.txt", "up\n")
    commit_signed(world, "jane")
    gate.lands()


def branches(world: World, *edits: tuple[str, str]) -> list[str]:
    """One branch for each edit, all from here, each commit signed by the author; main stays where it is."""
    names = []
    for number, (old, new) in enumerate(edits):
        world.git("checkout", "-q", "-b", f"side-{number}", "main")
        world.edit(old, new, commit=False)
        commit_signed(world, "jane")
        names.append(f"side-{number}")
    world.git("checkout", "-q", "main")
    return names


SUMMARY, ROOT, LESSON = (
    ("45 minutes.", "46 minutes."),
    ("too small", "far too small"),
    ("Alerts came", "The alerts came"),
)


@pytest.mark.parametrize("sides", [2, 3])
def test_attack_81_evil_and_octopus_merges(stage: Copy, sides: int) -> None:
    world = signed_world(stage)
    gate = Gate(world)
    names = branches(world, *(SUMMARY, ROOT, LESSON)[:sides])
    merge = ["merge", "-q", "--no-ff", "-m", "Merge", *names]
    if sides == 2:
        world.git("merge", "-q", names[0])
        merge = ["merge", "-q", "--no-ff", "-m", "Merge", names[1]]
    merged = world.git(*merge, by="bob", check=False)
    if "conflict" in merged.lower() or world.git("status", "--porcelain"):
        pytest.skip("this git merges no file that several branches of an octopus changed")
    gate.lands()  # whoever merged says nothing of their own, and a server's merge button signs with no key of ours
    clean = world.head
    gate.back()
    for by, code in (("bob", "AU702"), ("jane", "")):
        world.git("reset", "-q", "--hard", clean)
        world.edit("Raised the pool", "Raised Bob's pool", commit=False)
        world.git("add", "-A")
        signed(world, by, "commit", "-q", "-S", "--amend", "--no-edit", "--reset-author")
        signed_merge = world.head
        if code:
            gate.refuses("AU702", layer="attributed")
        else:
            gate.lands()
            gate.back()
    world.git("reset", "-q", "--hard", signed_merge)
    world.git("commit", "-q", "--amend", "--no-edit", "--no-gpg-sign", "--reset-author", by="jane")
    gate.refuses("AU705", layer="attributed")


@pytest.mark.parametrize("side", ["old", "theirs"])
def test_attack_81_an_old_version_is_brought_back_by_a_merge(stage: Copy, side: str) -> None:
    """No line is new: the merge takes one side whole, and what the other had signed is undone."""
    world = signed_world(stage)
    fork = world.head
    world.edit(*ROOT, commit=False)
    commit_signed(world, "jane")
    gate = Gate(world)
    world.git("checkout", "-q", "-b", "side", fork)
    if side == "theirs":
        world.edit(*SUMMARY, commit=False)
    else:
        world.write("README.md", "unrelated\n")
    commit_signed(world, "jane")
    world.git("checkout", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side", by="bob")
    gate.lands()
    clean = world.head
    gate.back()
    world.git("reset", "-q", "--hard", clean)
    world.git("checkout", "-q", "side", "--", world.file())
    world.git("commit", "-q", "--amend", "--no-edit", by="bob")
    gate.refuses("AU705", "AU702", layer="attributed")


def test_attack_85_status_by_hand_is_shown_as_what_it_is(stage: Copy) -> None:
    world = stage("drafted")
    world.edit("status: DRAFT", "status: PUBLISHED\nreviewers: [bob, carol]")
    listed = command(world, "jane", "list")
    assert " DRAFT !" in listed.out
    assert "PUBLISHED" not in listed.out
    assert "the file says PUBLISHED, its signed records say DRAFT" in listed.err
    assert command(world, "jane", "list", "--status", "PUBLISHED").out == ""
    (row,) = json.loads(command(world, "jane", "list", "--format", "json").out)["postmortems"]
    assert (row["status"], row["reviewers"]) == ("DRAFT", [])
    assert "the file says PUBLISHED" in row["unproved"]
    assert "the file says PUBLISHED, the signed records say DRAFT" in command(world, "jane", "status", DOC).out
    assert "PUBLISHED" in command(world, "jane", "actions", "list").err
    for words in (("show", DOC), ("export", DOC, "--to", "md"), ("export", DOC, "--to", "html", "--evidence")):
        said = command(world, "jane", *words)
        assert "Reviewed and final" not in said.out
        assert "the file says PUBLISHED, its signed records say DRAFT" in said.out
        assert "status: PUBLISHED" not in said.out
        assert "Approved by" not in said.out
    shown = json.loads(command(world, "jane", "export", DOC, "--to", "json").out)
    front = shown["front_matter"]
    assert (front["status"], front["reviewers"], shown["approved"]) == ("DRAFT", [], [])
    assert "the file says PUBLISHED" in shown["unproved"][0]


def test_attack_85_published_text_that_was_changed_is_marked(stage: Copy) -> None:
    world = stage("published")
    world.edit("too small", "Bob's fault")
    for words in (("list",), ("show", DOC), ("export", DOC, "--to", "html"), ("export", DOC, "--to", "json")):
        said = command(world, "jane", *words)
        assert "the text is not the one that was published and signed" in said.out + said.err
    assert "Approved by" not in command(world, "jane", "export", DOC, "--to", "html").out
    stands = command(world, "jane", "status", DOC).out
    assert "bob: approved an earlier content" in stands
    assert f"pmctl amend {DOC} -m TEXT; or put the signed text back" in stands
    (now,) = json.loads(command(world, "jane", "status", DOC, "--format", "json").out)["postmortems"]
    assert [one["validity"] for one in now["approvals"]] == ["stale"]
    assert now["approvals"][0]["digest"] != now["content"]
    assert [one["code"] for one in now["blockers"]] == ["AU401"]
    assert "the text is not the one that was published" in now["unproved"]
    assert f"{DOC}  PUBLISHED !  the text is not the one" in command(world, "jane", "status").out
    world.git("reset", "-q", "--hard", "HEAD~1")
    world.edit("too small", "Bob's fault", commit=False)  # only in the work tree
    assert "the text is not the one" in command(world, "jane", "list").err
    assert "the text is not the one" in command(world, "jane", "show", DOC).out


def test_beside_85_what_records_prove_is_shown_without_a_mark(stage: Copy) -> None:
    world = stage("published")
    for _ in range(2):  # the second time from what is kept
        listed = command(world, "jane", "list")
        assert " PUBLISHED " in listed.out
        assert listed.err == ""
    page = command(world, "jane", "export", DOC, "--to", "html").out
    assert "Reviewed and final" in page
    assert "<dt>Approved by</dt><dd>Bob Doe</dd>" in page
    shown = json.loads(command(world, "jane", "show", DOC, "--format", "json").out)
    assert (shown["front_matter"]["status"], shown["approved"]) == ("PUBLISHED", ["bob"])
    assert "unproved" not in shown
    (now,) = json.loads(command(world, "jane", "status", DOC, "--format", "json").out)["postmortems"]
    assert [one["validity"] for one in now["approvals"]] == ["valid"]
    assert (now["blockers"], now["unproved"]) == ([], "")
    assert f"{DOC}  PUBLISHED  1 of" in command(world, "jane", "status").out
    world.edit("| OPEN |", "| COMPLETED |", by="carol")
    assert command(world, "jane", "list").err == ""


def test_beside_85_a_store_that_somebody_wrote_is_no_proof(stage: Copy) -> None:
    world = stage("drafted")
    world.edit("status: DRAFT", "status: PUBLISHED")
    command(world, "jane", "list")
    for file in (world.path / ".git/pmctl").glob("*.json"):
        file.write_text('{"version": "x", "stamp": 1, "shown": [], "entries": {"a": [1]}}')
    assert " DRAFT !" in command(world, "jane", "list").out
