"""What waits for whom, and what changed since they approved it."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pmctl import git
from pmctl.document.comment import Message, MessageKind, message_id, written
from pmctl.errors import EnvironmentProblem, NotFound
from pmctl.insight.review_queue import ReviewQueue, review_queue
from pmctl.insight.reviewing import reviewing
from pmctl.insight.versions import approved, in_work_tree, last_approval, staged
from pmctl.policy import act as acts
from pmctl.repository.workspace import Workspace
from tests.world import AT, DOC, World


def queue(world: World, person: str) -> ReviewQueue:
    return review_queue(Workspace(world.repo), person)


def submitted(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))


def test_an_empty_repository_waits_for_nobody(world: World) -> None:
    assert queue(world, "bob") == ReviewQueue("bob", (), (), ())


def test_who_is_asked_and_who_waits(world: World) -> None:
    submitted(world)
    world.act(acts.REQUEST_REVIEW, "jane", reviewers=("carol",))
    (mine,) = queue(world, "carol").waiting
    assert (mine.postmortem, mine.author, mine.asked_by, mine.asked_at, mine.round) == (DOC, "jane", "jane", AT, 1)
    assert (mine.action_items, mine.approved_at, mine.changed) == (1, "", ())
    assert mine.words > 50
    assert mine.lines > 20
    (own,) = queue(world, "jane").own
    assert (own.approved, own.waiting_for) == ((), ("bob", "carol"))
    world.act(acts.APPROVE, "bob")
    assert queue(world, "bob").waiting == ()
    (own,) = queue(world, "jane").own
    assert (own.approved, own.waiting_for) == (("bob",), ("carol",))
    assert queue(world, "alice") == ReviewQueue("alice", (), (), ())


def test_an_edit_brings_it_back_with_what_changed(world: World) -> None:
    submitted(world)
    world.act(acts.APPROVE, "bob")
    world.edit("45 minutes.", "45 long minutes.")
    (mine,) = queue(world, "bob").waiting
    assert (mine.approved_at, mine.changed) == (AT, ("Summary: 1 word added",))


def say(world: World, by: str, minute: int, *, thread: str = "", kind: MessageKind = MessageKind.COMMENT) -> Message:
    at = datetime(2024, 1, 17, 9, minute, tzinfo=UTC)
    own = message_id(at, by, f"{minute:06d}")
    one = Message(own, thread or own, kind, by, at, "Why?")
    world.write(f".pmctl/comments/{DOC}/{own}.md", written(one))
    world.commit("Comment", by)
    return one


def test_what_is_said_is_counted_and_told(world: World) -> None:
    submitted(world)
    thread = say(world, "bob", 1)
    assert queue(world, "bob").waiting[0].open_threads == 1
    assert queue(world, "jane").own[0].open_threads == 1
    world.act(acts.APPROVE, "bob")
    answer = say(world, "jane", 0, thread=thread.id)  # her clock is late; bob has not seen it
    assert queue(world, "bob").waiting == ()  # no comment makes an approval stale
    world.edit("45 minutes.", "45 long minutes.")
    (mine,) = queue(world, "bob").waiting
    assert mine.changed == ("Summary: 1 word added", "Discussion: 1 new message by jane")
    found = reviewing(Workspace(world.repo), DOC, "bob")
    assert (found.said_since, [one.thread for one in found.threads]) == ((answer.id,), [thread.id])
    close = say(world, "jane", 3, thread=thread.id, kind=MessageKind.RESOLVE)
    (mine,) = queue(world, "bob").waiting
    assert (mine.changed[1], mine.open_threads) == ("Discussion: 2 new messages by jane", 0)
    found = reviewing(Workspace(world.repo), DOC, "bob")
    assert (found.said_since, len(found.threads)) == ((answer.id, close.id), 1)  # resolved since: shown
    world.act(acts.APPROVE, "bob")
    found = reviewing(Workspace(world.repo), DOC, "bob")
    assert (found.said_since, found.threads) == ((), ())


def test_what_is_said_since_a_comment_without_an_approval(world: World) -> None:
    submitted(world)
    thread = say(world, "bob", 1)
    other = say(world, "jane", 2)
    found = reviewing(Workspace(world.repo), DOC, "bob")
    assert (found.said_since, [one.thread for one in found.threads]) == ((other.id,), [thread.id, other.id])
    found = reviewing(Workspace(world.repo), DOC, "carol")
    assert (found.said_since, len(found.threads)) == ((), 2)


def test_a_second_round_compares_with_the_first(world: World) -> None:
    submitted(world)
    world.act(acts.APPROVE, "bob")
    world.act(acts.WITHDRAW, "jane")
    assert queue(world, "bob").waiting == ()
    world.edit("| 14:00 | Alert | @jane |", "| 14:00 | Alert | @jane |\n| 14:45 | Over | |")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    (mine,) = queue(world, "bob").waiting
    assert (mine.round, mine.changed) == (2, ("Timeline: 1 row added",))


def test_what_was_sent_back_waits_for_its_author(world: World) -> None:
    submitted(world)
    world.act(acts.REQUEST_CHANGES, "bob", note="say more")
    (back,) = queue(world, "jane").returned
    assert (back.postmortem, back.by, back.at, back.reason) == (DOC, "bob", AT, "say more")
    assert queue(world, "bob") == ReviewQueue("bob", (), (), ())
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    assert queue(world, "jane").returned == ()


def test_a_draft_that_says_it_is_in_review_waits_for_nobody(world: World) -> None:
    world.new(status="IN_REVIEW", reviewers="[bob]")
    assert queue(world, "bob").waiting == ()


def test_an_approval_that_is_not_bobs_changes_nothing(world: World) -> None:
    submitted(world)
    world.act(acts.APPROVE, "bob", key="mallory")
    (mine,) = queue(world, "bob").waiting
    assert mine.approved_at == ""


@pytest.mark.parametrize("spoilt", [b"", b"x", b"{}", b"\xff" * 100])
def test_what_was_kept_is_read_strictly(world: World, spoilt: bytes) -> None:
    submitted(world)
    before = queue(world, "bob")
    (file,) = (world.path / ".git" / "pmctl").glob("review-*.json")
    good = file.read_bytes()
    for data in (spoilt, good.replace(b"Payment", b"Pwnment"), good[:-1]):
        file.write_bytes(data)
        assert queue(world, "bob") == before
    file.write_bytes(good)
    assert queue(world, "bob") == before
    assert queue(world, "jane").person == "jane"


def test_reading_compares_with_what_was_approved(world: World) -> None:
    submitted(world)
    first = reviewing(Workspace(world.repo), DOC, "bob")
    assert (first.asked, first.approved, first.before, first.difference) == (True, False, "", None)
    assert first.content == world.digest()
    world.act(acts.APPROVE, "bob")
    same = reviewing(Workspace(world.repo), DOC, "bob")
    assert same.approved
    assert same.difference is not None
    assert (same.before, [one.title for one in same.difference.sections]) == ("what bob approved", [])
    world.edit("45 minutes.", "50 minutes.")
    changed = reviewing(Workspace(world.repo), DOC, "bob")
    assert not changed.approved
    assert changed.difference is not None
    assert [one.title for one in changed.difference.sections] == ["Summary"]
    assert not reviewing(Workspace(world.repo), DOC, "alice").may_decide


def test_reading_compares_with_where_somebody_commented(world: World) -> None:
    submitted(world)
    world.write(f".pmctl/comments/{DOC}/20240117T100000Z-bob-7f3kq2.md", "---\n---\n")
    world.commit("Comment", "bob")
    world.edit("45 minutes.", "50 minutes.")
    found = reviewing(Workspace(world.repo), DOC, "bob")
    assert found.before == "when bob commented"
    assert found.difference is not None
    assert [one.title for one in found.difference.sections] == ["Summary"]
    assert reviewing(Workspace(world.repo), DOC, "carol").before == ""


def test_the_approved_text_with_its_attachments_is_found_wherever_it_was(world: World) -> None:
    world.new()
    world.write(f"postmortems/2024/{DOC}/a.png", b"1")
    world.commit("Attach")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    world.write(f"postmortems/2024/{DOC}/a.png", b"2")
    world.commit("Attach another")
    version = approved(Workspace(world.repo), DOC, "bob")
    assert version.files != in_work_tree(Workspace(world.repo), DOC).files
    assert version.files.keys() == {"a.png"}
    assert staged(Workspace(world.repo), DOC).files == in_work_tree(Workspace(world.repo), DOC).files


def test_what_a_squash_left_out_is_said(world: World) -> None:
    world.git("checkout", "-q", "-b", "work")
    submitted(world)
    world.act(acts.APPROVE, "bob")
    world.edit("45 minutes.", "50 minutes.")
    world.git("checkout", "-q", "main")
    world.git("merge", "-q", "--squash", "work")
    world.commit("Squash")
    found = last_approval(Workspace(world.repo), DOC, "bob")
    assert found is not None
    assert found.version is None
    with pytest.raises(EnvironmentProblem, match="not in the history here: a squash merge"):
        approved(Workspace(world.repo), DOC, "bob")
    (mine,) = queue(world, "bob").waiting
    assert mine.changed == ("the text that you approved is not in the history here",)


def test_a_shallow_clone_says_so(world: World, tmp_path: Path) -> None:
    submitted(world)
    world.act(acts.APPROVE, "bob")
    world.edit("45 minutes.", "50 minutes.")
    target = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{world.path}", str(target)], check=True)
    with pytest.raises(EnvironmentProblem, match="this is a shallow clone"):
        approved(Workspace(git.discover(target)), DOC, "bob")


def test_who_never_approved_is_told(world: World) -> None:
    submitted(world)
    with pytest.raises(NotFound, match="carol has not approved"):
        approved(Workspace(world.repo), DOC, "carol")
