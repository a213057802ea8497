"""Attacks on the discussion of a postmortem: objections cut off, words put into mouths, threads that vanish."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from pmctl.document.comment import Message, MessageKind, message_id, written
from pmctl.policy import act as acts
from tests.attacks.conftest import Copy
from tests.attacks.gate import Gate, command
from tests.attacks.test_edits import commit_signed, signed
from tests.world import DOC, World

FOLDER = f".pmctl/comments/{DOC}"
AT = datetime(2024, 1, 16, 9, 0, tzinfo=UTC)


def message(
    by: str, text: str = "How many?", *, thread: str = "", kind: MessageKind = MessageKind.COMMENT, minute: int = 0
) -> Message:
    """One message; without a thread it begins one."""
    at = AT + timedelta(minutes=minute)
    own = message_id(at, by, f"{minute:06d}")
    return Message(own, thread or own, kind, by, at, text)


def path_of(one: Message) -> str:
    return f"{FOLDER}/{one.id}.md"


def put(world: World, one: Message, by: str = "") -> Message:
    """Write a message, and commit it as somebody."""
    world.write(path_of(one), written(one))
    world.commit(f"Comment on {DOC}", by or one.by)
    return one


def resolve(world: World, thread: Message, by: str, *, committer: str = "", minute: int = 9) -> Message:
    """Resolve a thread in somebody's name."""
    return put(world, message(by, "", thread=thread.id, kind=MessageKind.RESOLVE, minute=minute), committer)


def test_attack_96_publication_over_an_open_thread(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("bob"))
    gate = Gate(world)
    gate.command_refuses("jane", "publish", DOC, code="AU312")
    assert "AU312" not in command(world, "jane", "status", DOC).out
    assert "a discussion that bob began is open" in command(world, "jane", "status", DOC).out
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU312")
    gate.back()
    resolve(world, thread, "bob")
    world.act(acts.PUBLISH, "jane")
    gate.lands()
    gate.back()
    resolve(world, thread, "jane")  # the author may, too
    assert command(world, "jane", "publish", DOC).code == 0
    gate.lands()


def test_attack_96_reopened_before_the_publication(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("bob"))
    resolve(world, thread, "jane", minute=1)
    gate = Gate(world)
    put(world, message("bob", "", thread=thread.id, kind=MessageKind.REOPEN, minute=2))
    gate.lands()
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU312")


def test_attack_96_a_comment_makes_no_approval_stale(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("bob"))
    gate = Gate(world)
    assert [one.by for one in world.standing().state.counting(world.digest())] == ["bob"]
    resolve(world, thread, "bob")
    assert command(world, "jane", "publish", DOC).code == 0
    gate.lands()


def test_attack_96_beside_it_a_comment_from_another_line(stage: Copy) -> None:
    """Whoever published could not have seen it: where the lines meet it is said, and nobody is blamed."""
    world = stage("approved")
    world.git("checkout", "-q", "-b", "side")
    world.act(acts.PUBLISH, "jane")
    world.git("checkout", "-q", "main")
    put(world, message("bob"))
    gate = Gate(world)
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side", by="jane")
    gate.warns("AU312", layer="proved")


def test_attack_96_on_the_line_that_is_merged(stage: Copy) -> None:
    world = stage("approved")
    gate = Gate(world)
    world.git("checkout", "-q", "-b", "side")
    put(world, message("bob"))
    world.act(acts.PUBLISH, "jane")
    world.git("checkout", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side", by="jane")
    gate.refuses("AU312")


def test_attack_97_what_was_said_in_another_name_is_marked(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("carol"))
    resolve(world, thread, "carol", committer="bob")
    doubt = "a message says that it is by carol, and its commit is by bob, as far as commits tell"
    for words in (("comment", "list", DOC), ("show", DOC, "--comments"), ("status", DOC)):
        assert doubt in command(world, "jane", *words).out, words
    assert "resolved by carol (doubted, see below)" in command(world, "jane", "comment", "list", DOC).out
    (row,) = json.loads(command(world, "jane", "comment", "list", "--format", "json").out)["threads"]
    assert doubt in row["doubt"] and [bool(one["doubt"]) for one in row["messages"]] == [False, True]


def test_attack_97_a_thread_that_was_removed_is_said(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("carol"))
    (world.root / path_of(thread)).unlink()
    world.commit("Tidy up", "bob")
    for words in (("comment", "list", DOC), ("show", DOC, "--comments"), ("status", DOC)):
        said = command(world, "jane", *words)
        assert "was removed by bob" in said.out + said.err, words


def test_beside_97_what_its_writer_said_is_not_doubted(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("carol"))
    resolve(world, thread, "carol")
    other = put(world, message("bob", minute=3))
    (world.root / path_of(other)).unlink()
    world.commit("It was a slip", "bob")
    text = (world.root / path_of(thread)).read_text()
    (world.root / path_of(thread)).unlink()
    world.commit("Tidy up", "bob")
    world.write(path_of(thread), text)
    world.commit("Put it back", "carol")
    forged = put(world, message("carol", "Fine", minute=5), "bob")
    (world.root / path_of(forged)).unlink()
    world.commit("carol did not say that", "alice")
    for words in (("comment", "list", DOC), ("show", DOC, "--comments"), ("status", DOC)):
        said = command(world, "jane", *words)
        assert "as far as commits tell" not in said.out + said.err, words
    assert "resolved by carol\n" in command(world, "jane", "comment", "list", DOC).out


def test_attack_97_a_thread_resolved_by_somebody_who_may_not(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("bob"))
    gate = Gate(world)
    gate.command_refuses("carol", "comment", "resolve", thread.id, code="AU714")  # carol owns an action item
    resolve(world, thread, "carol")
    gate.warns("AU714")
    gate.back()
    resolve(world, thread, "carol")
    landed = world.head
    world.act(acts.PUBLISH, "jane")
    found = {(one.code, one.commit) for one in gate.new(gate.whole())}
    assert found == {("AU714", landed), ("AU312", world.head)}
    assert "AU312" in gate.push().said
    assert "may not, and it does not count" in command(world, "jane", "comment", "list", DOC).out
    for by in ("bob", "jane", "alice"):  # who began it, the author, an admin
        gate.back()
        resolve(world, thread, by)
        gate.lands()
        assert "resolved by" in command(world, "jane", "comment", "list", DOC).out


def test_attack_97_by_a_stranger_to_the_policy(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("bob"))
    gate = Gate(world)
    resolve(world, thread, "mallory")
    gate.warns("AU711", "AU714")
    assert command(world, "jane", "publish", DOC).code == 1


def test_attack_97_an_editor_who_may_only_comment(stage: Copy) -> None:
    world = stage("approved")
    world.set_field("editors", {"carol": "comment"})
    world.commit("Let carol comment", "jane")
    thread = put(world, message("bob"))
    gate = Gate(world)
    resolve(world, thread, "carol")
    gate.warns("AU714")
    gate.back()
    put(world, message("carol", "Me too.", thread=thread.id, minute=1))
    gate.lands()


def test_attack_98_a_comment_in_another_name(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    gate.command_refuses("carol", "comment", "add", DOC, "-m", "Fine by me", "--as", "bob", code="AU711")
    put(world, message("bob", "Fine by me."), "carol")
    gate.warns("AU711")
    gate.back()
    put(world, message("carol", "Fine by me."))
    gate.lands()
    gate.back()
    world.write(path_of(message("bob")), written(message("bob")))  # a squash that names whose words it brings
    world.commit("Squash\n\nCo-authored-by: Bob <bob@example.com>", "jane")
    gate.lands()


def test_attack_98_a_resolve_in_the_reviewers_name(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("bob"))
    gate = Gate(world)
    resolve(world, thread, "bob", committer="carol")
    gate.warns("AU711")
    overview = command(world, "carol", "status")
    assert f"{DOC}: the discussion: " in overview.err and "IN_REVIEW !" in overview.out
    gate.back()
    resolve(world, thread, "bob")
    overview = command(world, "carol", "status")
    assert "the discussion: " not in overview.err and "!" not in overview.out


def test_attack_98_under_signed_edits(stage: Copy) -> None:
    world = stage("approved")
    world.change_policy(edits="signed")
    gate = Gate(world)
    one = message("bob")
    for by, code in (("carol", "AU711"), ("bob", "")):
        world.write(path_of(one), written(one))
        commit_signed(world, by)
        if code:
            gate.refuses(code, layer="attributed")
        else:
            gate.lands()
        gate.back()
    put(world, one)  # in bob's name, and not by his key
    gate.refuses("AU705", layer="attributed")
    gate.back()
    world.write(path_of(one), written(one))
    world.git("add", "-A")
    own = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={world.people['carol'].key}"]
    world.git(*own, "commit", "-q", "-S", "-m", "Bob says", by="bob")
    gate.refuses("AU706", layer="attributed")


def test_attack_98_a_comment_by_somebody_who_may_not(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    gate.command_refuses("bob", "comment", "add", DOC, "-m", "Well", code="AU712")  # nobody has asked him
    put(world, message("bob"))
    gate.warns("AU712")
    gate.back()
    world.set_field("editors", {"bob": "comment"})
    world.commit("Let bob comment", "jane")
    put(world, message("bob"))
    gate.lands()


def test_attack_99_a_thread_deleted_and_published(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("bob"))
    gate = Gate(world)
    (world.root / path_of(thread)).unlink()
    removed = world.commit("Tidy up", "jane")
    gate.warns("AU713")
    world.act(acts.PUBLISH, "jane")
    assert {(one.code, one.commit) for one in gate.new(gate.whole())} == {("AU713", removed)}
    for by in ("bob", "alice"):  # its writer, and an admin
        gate.back()
        (world.root / path_of(thread)).unlink()
        world.commit("Tidy up", by)
        gate.lands()


def test_attack_99_words_changed(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("bob"))
    gate = Gate(world)
    path = world.root / path_of(thread)
    before = path.read_text()
    path.write_text(before.replace("How many?", "All fine."))
    world.commit("Correct", "jane")
    gate.warns("AU713")
    path.write_text(before)
    world.commit("As it was", "carol")  # nobody is blamed who puts it right
    assert [one.code for one in gate.new(gate.whole())] == ["AU713"]
    gate.back()
    path.write_text(before.replace("How many?", "How many, and where?"))
    world.commit("Say it better", "bob")
    gate.lands()


def test_attack_99_brought_back_by_anybody(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("bob"))
    (world.root / path_of(thread)).unlink()
    world.commit("Tidy up", "jane")
    gate = Gate(world)
    put(world, thread, "carol")
    gate.lands()


@pytest.mark.parametrize("how", ["ours", "theirs"])
def test_attack_99_left_out_by_a_merge(stage: Copy, how: str) -> None:
    """`-s ours` drops what the side says; the other way round what main says."""
    world = stage("approved")
    world.git("checkout", "-q", "-b", "side")
    if how == "ours":
        put(world, message("bob"))
    world.edit_file("side.txt", "side")
    world.git("checkout", "-q", "main")
    if how == "theirs":
        put(world, message("bob"))
    world.edit_file("main.txt", "main")
    gate = Gate(world)
    world.git("merge", "-q", "--no-ff", "-m", "Merge", *(["-s", "ours"] if how == "ours" else []), "side")
    if how == "theirs":
        world.git("rm", "-q", "-r", "--ignore-unmatch", ".pmctl/comments")
        world.git("commit", "-q", "--amend", "--no-edit")
    gate.warns("AU713")
    gate.back()
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    gate.lands()


def test_attack_99_a_merge_after_its_writer_removed_it(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("bob"))
    world.git("checkout", "-q", "-b", "side")
    (world.root / path_of(thread)).unlink()
    world.commit("I found it", "bob")
    world.git("checkout", "-q", "main")
    world.edit_file("main.txt", "main")
    gate = Gate(world)
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    gate.lands()


BAD = {
    "1 MB": (f"{FOLDER}/{message('bob').id}.md", b"x" * 1_000_000),
    "no front matter": (f"{FOLDER}/{message('bob').id}.md", b"Well, well.\n"),
    "another name": (f"{FOLDER}/hello.md", written(message("bob"))),
    "no postmortem": (f".pmctl/comments/2024-01-15-nothing/{message('bob').id}.md", written(message("bob"))),
    "a folder too deep": (f"{FOLDER}/more/{message('bob').id}.md", written(message("bob"))),
    "bytes": (f"{FOLDER}/{message('bob').id}.md", b"---\n\xff\xfe\n---\n"),
    "in the wrong name": (f"{FOLDER}/{message('bob').id}.md", written(message("bob")).replace(b"by: bob", b"by: jane")),
}


@pytest.mark.parametrize("what", BAD)
def test_attack_98_what_is_no_message(stage: Copy, what: str) -> None:
    world = stage("approved")
    gate = Gate(world)
    path, data = BAD[what]
    world.write(path, data)
    staged = command(world, "bob", "validate", "--staged") if world.git("add", "-A") == "" else None
    assert staged is not None
    assert "AU710" in staged.out
    world.commit("A comment", "bob")
    gate.warns("AU710")
    said = command(world, "jane", "validate")
    assert {"bytes": "PM001", "no front matter": "PM010"}.get(what, "PM320") in said.out
    listed = command(world, "jane", "comment", "list")
    assert listed.out == ""
    assert what in ("no postmortem", "a folder too deep") or "warning: .pmctl" in listed.err
    assert command(world, "jane", "publish", DOC).code == 0  # it is no thread, and keeps nobody
    gate.back()
    put(world, message("bob"))
    gate.lands()


def test_attack_98_a_link_among_the_messages(stage: Copy) -> None:
    world = stage("approved")
    gate = Gate(world)
    (world.root / FOLDER).mkdir(parents=True)
    (world.root / path_of(message("bob"))).symlink_to("/etc/passwd")
    world.commit("A comment", "bob")
    gate.warns("AU710")
    assert "PM030" in command(world, "jane", "validate").out
    assert "root:" not in command(world, "jane", "comment", "list").out


def test_attack_96_merge_of_signed_lines(stage: Copy) -> None:
    """Comments of two people on two lines merge without a conflict, under signed edits, too."""
    world = stage("approved")
    world.change_policy(edits="signed")
    gate = Gate(world)
    for name, by in (("one", "bob"), ("two", "jane")):
        world.git("checkout", "-q", "-b", name, "main")
        one = message(by, minute=1 if by == "bob" else 2)
        world.write(path_of(one), written(one))
        commit_signed(world, by)
    world.git("checkout", "-q", "main")
    for name in ("one", "two"):
        signed(world, "alice", "merge", "-q", "--no-ff", "-S", "-m", f"Merge {name}", name)
    gate.lands()
    assert "2 threads, 2 unresolved" in command(world, "jane", "comment", "list").err


def test_attack_99_a_discussion_goes_with_its_postmortem(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("bob"))
    gate = Gate(world)
    assert command(world, "alice", "delete", DOC, "-m", "A duplicate").code == 0
    assert not (world.root / path_of(thread)).exists()
    gate.lands()
    assert command(world, "jane", "comment", "list").err.startswith("0 threads")


def test_attack_97_a_thread_whose_beginning_its_writer_removed(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("bob"))
    put(world, message("jane", "Ten.", thread=thread.id, minute=1))
    gate = Gate(world)
    world.git("rm", "-q", path_of(thread))
    world.commit("Take it back", "bob")
    put(world, message("jane", "Or eleven?", thread=thread.id, minute=2))
    gate.lands()
    said = command(world, "jane", "validate")
    assert said.code == 0 and "PM323" in said.out + said.err
    assert thread.id[-6:] in command(world, "jane", "comment", "list", DOC).out.split()
    assert command(world, "jane", "comment", "reply", thread.id, "-m", "so?").code == 0
    assert command(world, "jane", "publish", DOC).code == 1
    assert command(world, "jane", "comment", "resolve", thread.id[-6:]).code == 0
    assert command(world, "jane", "publish", DOC).code == 0
    gate.lands()


def test_attack_98_a_message_in_a_thread_that_never_began(stage: Copy) -> None:
    world = stage("approved")
    gate = Gate(world)
    thread = message("bob")
    reply = message("carol", "Me too.", thread=thread.id, minute=1)
    world.write(path_of(reply), written(reply))
    world.git("add", "-A")
    hook = command(world, "carol", "hook", "pre-commit")
    assert "AU710" in hook.out + hook.err
    world.commit("Comment", "carol")
    gate.warns("AU710")
    assert command(world, "jane", "comment", "resolve", thread.id[-6:]).code == 0
    assert command(world, "jane", "publish", DOC).code == 0


def test_attack_97_a_resolve_that_is_older_than_its_thread(stage: Copy) -> None:
    world = stage("approved")
    thread = put(world, message("bob", minute=5))
    resolve(world, thread, "jane", minute=1)
    gate = Gate(world)
    listed = command(world, "jane", "comment", "list", DOC).out
    assert "older than its thread, and it does not count" in listed and "  open" in listed
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU312")
    gate.back()
    resolve(world, thread, "jane", minute=5)
    assert command(world, "jane", "publish", DOC).code == 0
    gate.lands()


@pytest.mark.parametrize("deleted_first", [True, False])
def test_attack_98_beside_it_a_comment_that_met_a_deletion(stage: Copy, deleted_first: bool) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.git("checkout", "-q", "-b", "side")
    sides = [lambda: world.act(acts.DELETE, "jane"), lambda: put(world, message("carol"))]
    sides[not deleted_first]()
    world.git("checkout", "-q", "main")
    sides[deleted_first]()
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side", by="carol")
    gate.lands()
    said = command(world, "jane", "validate")
    assert said.code == 0, said
    assert "was deleted on the record" in said.out + said.err and "git rm .pmctl/comments/" in said.out + said.err
    gone = Gate(world)
    put(world, message("carol", minute=1))
    gone.warns("AU710")
    assert "deleted before" in gone.whole().findings[-1].message
    gone.back()
    world.git("rm", "-q", path_of(message("carol")))
    world.commit("Delete what is left over", "carol")
    gone.lands()
    assert "PM320" not in command(world, "jane", "validate").out


def test_attack_98_beside_it_a_squash_that_names_its_co_author(stage: Copy) -> None:
    world = stage("approved")
    gate = Gate(world)
    world.git("checkout", "-q", "-b", "side")
    put(world, message("bob"))
    world.git("checkout", "-q", "main")
    world.git("merge", "-q", "--squash", "side", by="jane")
    hook = command(world, "jane", "hook", "pre-commit")
    assert (hook.code, "AU711" in hook.out + hook.err) == (0, False)
    world.commit("Squash\n\nCo-authored-by: Bob <bob@example.com>", "jane")
    gate.lands()
    other = message("carol", minute=1)
    world.write(path_of(other), written(other))
    world.git("add", "-A")
    hook = command(world, "jane", "hook", "pre-commit")
    assert "AU711" in hook.out + hook.err  # nobody squashes this one


def test_what_is_said_next_is_what_may_be_done(stage: Copy) -> None:
    world = stage("submitted")
    thread = put(world, message("jane"))
    said = command(world, "bob", "comment", "reply", thread.id, "-m", "Ten.")
    assert said.code == 0 and "comment resolve" not in said.err
    assert "comment resolve" in command(world, "jane", "comment", "reply", thread.id, "-m", "So?").err
    said = command(world, "bob", "approve", DOC)
    assert "pmctl publish" not in said.err and f"pmctl comment list {DOC} --unresolved" in said.err, said
    world.git("reset", "-q", "--hard", "HEAD~1")
    assert command(world, "jane", "comment", "resolve", thread.id, "-m", "Fine.").code == 0
    assert f"pmctl publish {DOC}" in command(world, "bob", "approve", DOC).err
