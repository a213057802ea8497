"""What is said fits what is there: each sentence beside the case in which it would be wrong."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pmctl.policy import act as acts
from pmctl.policy.change import propose_move
from tests.clones import Clones, base
from tests.world import AT, DOC, World

from .conftest import Copy
from .gate import Gate, command

MARKERS = "<<<<<<< HEAD\nThe pool.\n=======\nThe disk.\n>>>>>>> side\n"


def test_attachments_are_named_only_where_they_changed(stage: Copy) -> None:
    """A record that binds another text than the file holds, which nobody touched in this step."""
    world = stage("published")
    gate = Gate(world)
    world.act(acts.AMEND, "alice", content="sha256:" + "1" * 64)
    gate.refuses("AU401")
    assert "attachments" not in gate.whole().violations[0].message
    gate.back()
    world.write(f"{world.file().removesuffix('.md')}/graph.txt", "up\n")
    world.commit("Add a graph")
    gate.refuses("AU402")


def test_an_act_about_all_is_named_in_words(stage: Copy) -> None:
    team = Clones(stage("drafted"))
    alice = team.of("alice")
    said = command(alice, "alice", "policy", "checkpoint")
    assert said.code == 0, said
    alice.change_policy(publishers=("admins",), base=base(alice))
    team.act(acts.SUBMIT, "alice", reviewers=("bob",))
    shown = command(alice, "alice", "status")
    told = shown.out + shown.err
    for words in ("your checkpoint;", "your change of the policy;", f"your submit of {DOC};"):
        assert words in told, told


def test_conflict_markers_are_said_while_the_merge_is_open_and_after(stage: Copy) -> None:
    world = stage("drafted")
    world.edit("The connection pool was too small.", MARKERS, commit=False)
    found = command(world, "jane", "validate", DOC).out
    assert "PM008" in found and "was committed" not in found and "nobody decided between them" in found


def test_an_export_of_conflict_markers_says_so(stage: Copy) -> None:
    world = stage("published")
    clean = command(world, "jane", "export", DOC, "--to", "md")
    assert "conflict" not in clean.err
    world.edit("The connection pool was too small.", MARKERS)
    for form in ("md", "html", "json"):
        said = command(world, "jane", "export", DOC, "--to", form)
        assert "holds the conflict marker <<<<<<<" in said.err, said.err
        assert said.code == (2 if form == "json" else 0)  # data for programs is whole, or it is none
    assert "holds the conflict marker" in command(world, "jane", "export", DOC, "--to", "html").out
    assert "holds the conflict marker" in command(world, "jane", "show", DOC).err


def test_beside_it_markers_in_a_block_of_code_are_an_example(stage: Copy) -> None:
    world = stage("drafted")
    world.edit("The connection pool was too small.", f"```\n{MARKERS}```")
    assert "conflict" not in command(world, "jane", "export", DOC, "--to", "md").err


def test_a_root_beside_is_named(tmp_path: Path) -> None:
    world = World(tmp_path / "repo", prefix="docs/")
    world.init()
    (world.path / "src").mkdir()
    said = command(replace(world, prefix="src/"), "jane", "list")
    assert said.code == 2 and "init" not in said.err and "pmctl -C " in said.err and "docs" in said.err
    (world.path / "docs").rename(world.path / "elsewhere")
    world.commit("Move it")
    (world.path / "elsewhere" / "pmctl.yaml").unlink()
    assert "pmctl init" in command(replace(world, prefix="src/"), "jane", "list").err


@pytest.mark.parametrize("names", ['[bob, "bob"]', "[bob, bob]"])
def test_a_reviewer_who_stands_there_twice(stage: Copy, names: str) -> None:
    world = stage("drafted")
    world.edit("author: jane\n", f"author: jane\nreviewers: {names}\n")
    checked = command(world, "jane", "validate", DOC)
    assert checked.code == 1 and "PM111" in checked.out, checked
    said = command(world, "jane", "submit", DOC, "--reviewer", "bob")
    assert said.code == 1 and "PM111" in said.err, said


def test_beside_it_a_tag_that_stands_there_twice_is_a_warning(stage: Copy) -> None:
    world = stage("drafted")
    world.edit("author: jane\n", "author: jane\nreviewers: [bob]\ntags: [a, a]\n")
    checked = command(world, "jane", "validate", DOC)
    assert checked.code == 0 and "PM111" in checked.out, checked


def test_edit_names_attachments_that_it_leaves_out(stage: Copy) -> None:
    world = stage("drafted")
    script = world.path.parent / "editor"
    script.write_text("#!/bin/sh\nsed -i 's/too small/much too small/' \"$1\"\n")
    script.chmod(0o755)
    folder = world.file().removesuffix(".md")
    world.write(f"{folder}/graph.png", "up\n")
    said = command(world, "jane", "edit", DOC, EDITOR=str(script))
    assert said.code == 0 and "not committed: graph.png" in said.err, said
    world.commit("Add the graph")
    script.write_text("#!/bin/sh\nsed -i 's/much too small/too small/' \"$1\"\n")
    said = command(world, "jane", "edit", DOC, EDITOR=str(script))
    assert said.code == 0 and "graph.png" not in said.err, said


def test_what_was_seen_of_a_root_goes_with_it(tmp_path: Path) -> None:
    """An audit after a signed move knows what was audited in the old place; before anything moved nothing is older."""
    world = World(tmp_path / "repo", prefix="docs/")
    world.init()
    world.new()
    assert "seen for the first time" in command(world, "jane", "audit").out
    world.put_record(propose_move(world.repository_standing()[0], world.first, "docs", "notes", by="alice", at=AT), 1)
    world.commit("Let it move", "alice")
    world.git("mv", "docs", "notes")
    moved = replace(world, prefix="notes/")
    moved.commit("Move it", "alice")
    told = command(moved, "jane", "audit")
    assert told.code == 0 and "remembered from an earlier audit" in told.out, told
    # Another history in the new place, which says that it came from the old one: another root is seen.
    subprocess.run(["git", "checkout", "-q", "--orphan", "other"], cwd=world.path, check=True)
    subprocess.run(["git", "rm", "-rqf", "."], cwd=world.path, check=True)
    other = World(world.path, prefix="notes/")
    other.write("pmctl.yaml", "")
    other.land_policy(other.make_policy(1, repository="0" * 32), by="alice")
    forged = propose_move(other.repository_standing()[0], other.first, "docs", "notes", by="alice", at=AT)
    other.put_record(forged, 1)
    other.commit("Say that it moved", "alice")
    other.git("branch", "-f", "main", "HEAD")
    other.git("switch", "-q", "main")
    told = command(other, "jane", "audit")
    assert told.code == 1 and "AU106" in told.out, told


def test_rules_of_validation_changed_by_somebody_who_is_no_admin(stage: Copy) -> None:
    """A warning, in every report; and nothing that the audit proves rests on it."""
    world = stage("approved")
    gate = Gate(world)
    world.write("pmctl.yaml", "rules:\n  ignore: [PM201, PM202, PM208]\n")
    world.commit("Ignore more", "jane")
    gate.warns("AU715")
    gate.back()
    world.write("pmctl.yaml", "rules:\n  ignore: [PM201]\n")
    world.commit("Ignore more", "alice")  # an admin
    gate.lands()
    gate = Gate(world)
    world.write("pmctl.yaml", "template: lightweight\nrules:\n  ignore: [PM201]\n")
    world.commit("Begin with another template", "jane")  # no rule is another one
    gate.lands()


_RULES = "rules:\n  ignore: [PM201]\n"


@pytest.mark.parametrize(
    "text",
    [
        _RULES + "rules:\n  ignore: [PM2]\n",  # most readers of YAML take the last
        "rules:\n  ignore: [PM2]\n" + _RULES,
        "rules: {ignore: [PM201], ignore: [PM2]}\n",
        _RULES + "template: default\ntemplate: lightweight\n",
        _RULES + "<<: {rules: {ignore: [PM2]}}\n",
        "template: &a lightweight\n" + _RULES,
        _RULES + "---\nrules:\n  ignore: [PM2]\n",
        _RULES + "template: [\n",
        _RULES + "template: \udcff\n",  # no UTF-8
        _RULES + "# \x07\n",
    ],
)
def test_rules_that_cannot_be_read_for_certain(text: str, stage: Copy) -> None:
    """What this reader takes of them may be as before: another one takes something else."""
    world = stage("approved")
    world.write("pmctl.yaml", _RULES)
    world.commit("Ignore one", "alice")
    gate = Gate(world)
    world.write("pmctl.yaml", text.encode("utf-8", "surrogateescape"))
    world.commit("Change something", "jane")
    gate.warns("AU715")
    gate.back()
    world.write("pmctl.yaml", text.encode("utf-8", "surrogateescape"))
    world.commit("Change something", "alice")  # an admin
    gate.lands()
    gate = Gate(world)
    if text.startswith(_RULES + "template: default"):
        world.write("pmctl.yaml", _RULES + "template: default\n")
        world.commit("Say it once", "jane")  # puts it right: the rules are what they were
        gate.lands()


def test_settings_written_otherwise(stage: Copy) -> None:
    """A mark at the beginning, a line `---`, comments and nothing at all: no rule is another one."""
    world = stage("approved")
    world.write("pmctl.yaml", _RULES)
    world.commit("Ignore one", "alice")
    gate = Gate(world)
    for text in (
        "\ufeff" + _RULES,
        "---\n" + _RULES,
        "# Ours\n" + _RULES + "# until then\n",
        "'template': x\n" + _RULES,
    ):
        world.write("pmctl.yaml", text)
        world.commit("Write it otherwise", "jane")
        gate.lands()


def test_settings_that_become_a_link(stage: Copy) -> None:
    world = stage("approved")
    gate = Gate(world)
    (world.root / "pmctl.yaml").rename(world.root / "elsewhere.yaml")
    (world.root / "pmctl.yaml").symlink_to("elsewhere.yaml")
    world.commit("Keep the settings elsewhere", "jane")
    assert "AU715" in {one.code for one in gate.new(gate.whole())}


def test_settings_weaken_nothing_that_is_proved(stage: Copy) -> None:
    """What is not bound is refused by the audit, whatever validation is told to pass over."""
    world = stage("drafted")
    world.write("pmctl.yaml", "rules:\n  ignore: [PM208, PM590, PM591, PM592, PM593, PM594, PM2]\n")
    world.commit("Ignore nearly all", "alice")
    world.edit("The connection pool was", "The connection\u200b pool was")
    gate = Gate(world)
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.refuses("AU321")


def test_settings_where_edits_are_signed(stage: Copy) -> None:
    world = stage("drafted")
    world.change_policy(edits="signed")
    gate = Gate(world)
    world.write("pmctl.yaml", "template: lightweight\n")
    world.commit("Begin with another template", "jane")
    gate.warns("AU715")
    gate.back()
    world.write("pmctl.yaml", "template: lightweight\n")
    world.git("add", "-A")
    key = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={world.people['jane'].key}")
    world.git(*key, "commit", "-q", "-S", "-m", "Begin with another template", by="jane")
    gate.lands()
