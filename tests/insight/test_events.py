"""What happened, from history alone: every kind, the same everywhere, with ids that outlive a squash and a rebase."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pmctl import git
from pmctl.document.comment import Message, MessageKind, message_id, written
from pmctl.errors import EnvironmentProblem, NotFound
from pmctl.insight.event import Event, EventKind
from pmctl.insight.events import events, overdue, since
from pmctl.policy import act as acts
from pmctl.policy.model import Key, Person
from tests.clones import Clones
from tests.world import DOC, World, actor

ITEM = "| AI-7f3k | Monitor the pool | @carol | 2024-01-22 | HIGH | OPEN | | |"


def happened(world: World, *, kinds: str = "") -> list[Event]:
    """The events at HEAD, those of some kinds when they are named."""
    found = events(world.repo)
    assert found.incomplete == ""
    wanted = kinds.split()
    return [one for one in found.events if not wanted or one.kind in wanted]


def told(found: list[Event]) -> list[str]:
    return [" ".join(filter(None, (one.kind, one.by, one.subject))) for one in found if one.postmortem]


def forget(world: World) -> None:
    shutil.rmtree(world.path / ".git" / "pmctl", ignore_errors=True)


def published(world: World) -> None:
    """One postmortem from its draft to its publication."""
    world.new(visibility="team", teams="[payments]")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.REQUEST_CHANGES, "bob", note="say more")
    world.edit("The connection pool", "The whole connection pool")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.REQUEST_REVIEW, "jane", reviewers=("carol",))
    world.act(acts.APPROVE, "bob")
    world.act(acts.APPROVE, "carol")
    world.act(acts.PUBLISH, "jane")


def test_the_life_of_a_postmortem(world: World) -> None:
    published(world)
    world.act(acts.ARCHIVE, "alice")
    world.act(acts.REOPEN, "alice", note="wrong cause")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.WITHDRAW, "jane")
    world.act(acts.DELETE, "alice", note="twice")
    found = happened(world)
    assert told(found) == [
        "created jane", "item-added jane AI-7f3k", "submitted jane", "review-requested jane", "changes-requested bob",
        "submitted jane", "review-requested jane", "review-requested jane", "approved bob", "approved carol",
        "published jane", "archived alice", "reopened alice", "submitted jane", "review-requested jane",
        "withdrawn jane", "deleted alice",
    ]  # fmt: skip
    asked = [one.details["reviewers"] for one in found if one.kind is EventKind.REVIEW_REQUESTED]
    assert asked[:3] == [("bob",), ("bob",), ("carol",)]
    (refused,) = [one for one in found if one.kind is EventKind.CHANGES_REQUESTED]
    assert refused.details == {"note": "say more", "round": 1}
    assert {(one.visibility, one.teams) for one in found if one.postmortem} == {("team", ("payments",))}
    assert len({one.id for one in found}) == len(found)
    commits = world.git("rev-list", "--reverse", "HEAD").split()
    assert [one.commit for one in found] == sorted((one.commit for one in found), key=commits.index)
    assert [one.layer for one in found if one.postmortem][:3] == ["attributed", "attributed", "proved"]


def test_the_life_of_an_item(world: World) -> None:
    world.new()
    for old, new in (
        ("@carol | 2024", "@bob | 2024"), ("2024-01-22", "2024-02-01"), ("| OPEN |", "| IN_PROGRESS |"),
        ("| IN_PROGRESS |", "| COMPLETED |"), ("| COMPLETED |", "| OPEN |"), ("| OPEN | | |", "| WONT_DO | | no use |"),
        ("@bob | 2024", "@carol | 2024"), ("@carol | 2024", "@bob | 2024"),
    ):  # fmt: skip
        world.edit(old, new, by="bob")
    line = next(one for one in world.text().splitlines() if one.startswith("| AI-7f3k"))
    world.edit(line, line + "\n| AI-9x2m | Raise the limit | @bob | | LOW | Done | | |")
    world.edit(line + "\n", "")
    found = [one for one in happened(world) if one.subject.startswith("AI-")]
    assert [(one.kind.value, one.subject, one.by) for one in found] == [
        ("item-added", "AI-7f3k", "jane"), ("item-assigned", "AI-7f3k", "bob"), ("item-due-moved", "AI-7f3k", "bob"),
        ("item-started", "AI-7f3k", "bob"), ("item-completed", "AI-7f3k", "bob"), ("item-reopened", "AI-7f3k", "bob"),
        ("item-wont-do", "AI-7f3k", "bob"), ("item-assigned", "AI-7f3k", "bob"), ("item-assigned", "AI-7f3k", "bob"),
        ("item-added", "AI-9x2m", "jane"), ("item-removed", "AI-7f3k", "jane"),
    ]  # fmt: skip
    assert found[2].details == {"from": "2024-01-22", "to": "2024-02-01"}
    assert found[6].details["reason"] == "no use"
    assert len({one.id for one in found}) == len(found)  # given to bob twice: two events
    assert {one.layer for one in found} == {"attributed"}


def test_an_item_added_to_what_is_published_is_proved(world: World) -> None:
    published(world)
    line = next(one for one in world.text().splitlines() if one.startswith("| AI-7f3k"))
    world.edit(line, line + "\n| AI-9x2m | Raise the limit | @bob | 2024-02-01 | LOW | OPEN | | |", commit=False)
    world.act(acts.ADD_ITEM, "jane")
    assert world.audit().passed
    last = happened(world)[-1]
    assert (last.kind.value, last.subject, last.by, last.layer) == ("item-added", "AI-9x2m", "jane", "proved")


def say(
    world: World, by: str, text: str = "", *, thread: str = "", kind: MessageKind = MessageKind.COMMENT, **options: str
) -> Message:
    """Put a message of a discussion into the repository; `committer` is somebody else than `by`."""
    number = sum(1 for _ in (world.root / ".pmctl").glob("comments/*/*"))
    at = datetime(2024, 1, 17, 10, tzinfo=UTC) + timedelta(minutes=number)
    own = message_id(at, by, f"{number:06d}")
    one = Message(own, thread or own, kind, by, at, text)
    world.write(f".pmctl/comments/{DOC}/{own}.md", written(one))
    world.commit("Comment", options.get("committer", by))
    return one


def discussed(world: World) -> Message:
    """A thread of a postmortem in review, that is resolved, reopened and resolved."""
    thread = say(world, "bob", "Until when, @jane and @carol?\n\nAsk @jane, not `@alice` nor @nobody.")
    say(world, "jane", "Until *noon*.", thread=thread.id)
    for kind in (MessageKind.RESOLVE, MessageKind.REOPEN, MessageKind.RESOLVE):
        say(world, "jane", "", thread=thread.id, kind=kind)
    return thread


DISCUSSED = [
    "commented bob", "mentioned bob jane", "mentioned bob carol", "commented jane",
    "resolved jane", "thread-reopened jane", "resolved jane",
]  # fmt: skip
TALK = "commented mentioned resolved thread-reopened"


def test_what_is_said_and_to_whom(world: World) -> None:
    world.new(visibility="private")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    thread = discussed(world)
    found = happened(world, kinds=TALK)
    assert told(found) == DISCUSSED
    assert found[1].details == {
        "thread": thread.id, "message": thread.id,
        "text": "Until when, @jane and @carol? Ask @jane, not `@alice` nor @nobody.",
    }  # fmt: skip
    assert {(one.layer, one.visibility, one.details["thread"]) for one in found} == {
        ("attributed", "private", thread.id)
    }
    assert found[0].at == "2024-01-17T10:00:00Z"
    assert len({one.id for one in found}) == len(found)
    say(world, "bob", "long " * 100)
    assert len(str(happened(world)[-1].details["text"])) <= 200


def test_a_message_that_does_not_count_or_is_by_another(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    thread = say(world, "bob", "Until when?")
    say(world, "carol", thread=thread.id, kind=MessageKind.RESOLVE)  # who owns an item and may not
    world.write(f".pmctl/comments/{DOC}/20240117T100000Z-bob-abcdef.md", "no message")
    world.commit("Comment", "bob")
    assert told(happened(world, kinds=TALK)) == ["commented bob"]
    say(world, "jane", thread=thread.id, kind=MessageKind.RESOLVE, committer="carol")
    assert told(happened(world, kinds=TALK)) == ["commented bob", "resolved"]


def test_a_message_is_told_once(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    thread = say(world, "bob", "Until when?")
    path = f".pmctl/comments/{DOC}/{thread.id}.md"
    before = happened(world, kinds=TALK)
    (world.root / path).unlink()
    world.commit("Take it back", "bob")
    world.write(path, written(replace(thread, text="Since when, @carol?")))
    world.commit("Say it otherwise", "bob")
    found = happened(world, kinds=TALK)
    assert found == before
    forget(world)
    assert happened(world, kinds=TALK) == found


def test_policy_changes(world: World) -> None:
    dave = Person("dave", "Dave Roe", ("dave@example.com",), (Key(actor("dave").public),))
    assert world.policy is not None
    world.change_policy(people={**world.policy.people, "dave": dave}, admins=("alice", "dave"))
    left = {handle: one for handle, one in world.policy.people.items() if handle != "carol"}
    world.change_policy(people=left, admins=("alice",))
    found = [(one.kind.value, one.subject) for one in happened(world) if one.details.get("version") != 1]
    assert found[-6:] == [
        ("policy-changed", ""), ("person-added", "dave"), ("admin-added", "dave"),
        ("policy-changed", ""), ("person-removed", "carol"), ("admin-removed", "dave"),
    ]  # fmt: skip
    assert {one.by for one in happened(world, kinds="policy-changed person-added")} == {"alice"}


def test_a_record_that_does_not_count_is_no_event(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "carol")  # who was not asked
    world.act(acts.APPROVE, "bob", key="mallory")  # with a key that is not his
    world.act(acts.APPROVE, "bob", unsigned=True)
    assert told(happened(world)) == [
        "created jane", "item-added jane AI-7f3k", "submitted jane", "review-requested jane",
    ]  # fmt: skip
    world.act(acts.APPROVE, "bob")
    assert told(happened(world))[-1] == "approved bob"


def test_a_late_act_is_no_event(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.git("branch", "beside")
    world.act(acts.WITHDRAW, "jane")
    world.git("checkout", "-q", "beside")
    world.act(acts.REQUEST_CHANGES, "bob")
    world.git("checkout", "-q", "main")
    world.git("merge", "-q", "--no-edit", "-X", "ours", "beside")
    assert [one.kind.value for one in happened(world)][-1] == "withdrawn"


def ids(world: World) -> list[str]:
    return [one.id for one in happened(world)]


def test_ids_survive_a_squash_and_a_rebase(world: World) -> None:
    world.git("checkout", "-q", "-b", "work")
    published(world)
    discussed(world)
    straight = ids(world)
    assert told(happened(world, kinds=TALK)) == DISCUSSED
    world.git("checkout", "-q", "main")
    world.git("merge", "-q", "--squash", "work")
    world.commit("Squash")
    squashed = happened(world)
    assert set(straight) == {one.id for one in squashed}
    assert len({one.commit for one in squashed}) == 2
    assert [one.kind.value for one in squashed if one.postmortem][:2] == ["created", "item-added"]
    world.git("checkout", "-q", "work")
    world.git("commit", "-q", "--amend", "--no-edit")
    world.git("rebase", "-q", "--onto", world.git("rev-list", "--max-parents=0", "HEAD"), "HEAD~14", "--force-rebase")
    assert ids(world) == straight


def test_every_clone_tells_the_same(world: World) -> None:
    clones = Clones(world)
    clones.of("jane").new()
    clones.push("jane")
    clones.pull("bob")
    clones.of("bob").edit(ITEM, ITEM.replace("OPEN", "COMPLETED"), by="carol")
    clones.act(acts.SUBMIT, "jane", reviewers=("bob",))
    clones.push("jane")
    clones.pull("bob")
    clones.push("bob")
    clones.pull("jane")
    there = [events(clones.of(who).repo) for who in ("jane", "bob")]
    fresh = events(clones.fresh().repo)
    assert there == [fresh, fresh]
    assert "item-completed carol AI-7f3k" in told(list(fresh.events))


def test_kept_events_go_on_as_if_told_anew(world: World) -> None:
    published(world)
    before = happened(world)
    world.edit(ITEM, ITEM.replace("2024-01-22", "2024-02-02"))
    world.new("2024-02-01-other")
    world.act(acts.SUBMIT, "jane", "2024-02-01-other", reviewers=("bob",))
    warm = happened(world)
    assert warm[: len(before)] == before
    assert happened(world) == warm
    forget(world)
    assert happened(world) == warm
    world.git("reset", "-q", "--hard", "HEAD~3")
    assert happened(world) == before


@pytest.mark.parametrize("spoilt", [b"", b"x", b"{}", b"\xff" * 100])
def test_what_was_kept_is_read_strictly(world: World, spoilt: bytes) -> None:
    world.new()
    before = happened(world)
    (file,) = (world.path / ".git" / "pmctl").glob("events-*.json")
    mark, _, body = file.read_bytes().partition(b"\n")
    forged = json.loads(body)
    forged["events"][-1][3] = "mallory"
    for data in (spoilt, mark + b"\n" + json.dumps(forged).encode(), mark + b"\n" + body[:-1]):
        file.write_bytes(data)
        assert happened(world) == before
    file.unlink()
    file.symlink_to("/dev/zero")
    assert happened(world) == before


def test_since_an_event_or_a_commit(world: World) -> None:
    world.new()
    mark = world.head
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    found = happened(world)
    assert [one.kind.value for one in since(found, world.repo, world.head, mark)] == [
        "submitted", "review-requested", "approved",
    ]  # fmt: skip
    assert [one.kind.value for one in since(found, world.repo, world.head, found[-2].id)] == ["approved"]
    assert since(found, world.repo, world.head, "HEAD") == ()
    world.git("checkout", "-q", "--orphan", "other")
    stray = world.commit("Elsewhere")
    world.git("checkout", "-q", "main")
    with pytest.raises(EnvironmentProblem, match="no part of the history"):
        since(found, world.repo, world.head, stray)
    with pytest.raises(EnvironmentProblem, match="no commit named"):
        since(found, world.repo, world.head, "nowhere")
    with pytest.raises(NotFound, match="has the id"):
        since(found, world.repo, world.head, "ev-" + "0" * 24)


def test_since_a_commit_beside_the_main_line(world: World) -> None:
    world.new()
    world.git("checkout", "-q", "-b", "beside")
    side = world.edit(ITEM, ITEM.replace("OPEN", "COMPLETED"))
    world.git("checkout", "-q", "main")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.git("merge", "-q", "--no-edit", "beside")
    found = happened(world)
    later = since(found, world.repo, world.head, side)
    assert [one.kind.value for one in later] == ["submitted", "review-requested", "item-completed"]


def test_overdue_since(world: World) -> None:
    world.new()
    first = happened(world)
    assert overdue(first, date(2024, 1, 22)) == ()
    (late,) = overdue(first, date(2024, 1, 25))
    assert (late.kind.value, late.at, late.subject) == ("item-overdue", "2024-01-23T00:00:00Z", "AI-7f3k")
    assert late.details == {"due": "2024-01-22", "owner": "carol", "text": "Monitor the pool", "days": 3}
    assert overdue(first, date(2024, 1, 30))[0].id == late.id
    world.edit("2024-01-22", "2024-01-24")
    (moved,) = overdue(happened(world), date(2024, 1, 25))
    assert (moved.at, moved.id == late.id) == ("2024-01-25T00:00:00Z", False)
    world.edit("| OPEN |", "| COMPLETED |")
    assert overdue(happened(world), date(2024, 1, 30)) == ()
    world.edit("| COMPLETED |", "| OPEN |")
    assert len(overdue(happened(world), date(2024, 1, 30))) == 1
    world.act(acts.DELETE, "alice")
    assert overdue(happened(world), date(2024, 1, 30)) == ()


def test_a_shallow_clone_says_that_it_is_incomplete(world: World, tmp_path: Path) -> None:
    published(world)
    world.git("clone", "-q", "--depth", "3", f"file://{world.path}", str(tmp_path / "shallow"))
    found = events(git.discover(tmp_path / "shallow"))
    assert "shallow clone" in found.incomplete
    assert found.events == ()


def test_what_cannot_be_read_tells_nothing_and_nobody(world: World) -> None:
    world.new(visibility="organization")
    world.edit("title:", "title: a\ntitle:", by="bob")
    world.edit("title: a\ntitle:", "title:", by="bob")
    assert told(happened(world)) == ["created jane", "item-added jane AI-7f3k"]
    world.edit("title:", "title: a\ntitle:", by="bob")
    world.act(acts.DELETE, "alice")
    assert [(one.kind.value, one.visibility) for one in happened(world)][-1] == ("deleted", "private")


def test_items_that_cannot_be_told_apart_are_not_followed(world: World) -> None:
    world.write(World.file(), world_document(ITEM + "\n" + ITEM))
    world.commit("Draft")
    assert [one.kind.value for one in happened(world) if one.postmortem] == ["created"]


def world_document(items: str) -> str:
    from tests.world import document

    return document().replace(ITEM, items)


def test_a_folder_below_the_top(tmp_path: Path) -> None:
    world = World(tmp_path / "repo", prefix="docs/incidents")
    world.init()
    published(world)
    below = told(happened(world))
    other = World(tmp_path / "top")
    other.init()
    published(other)
    assert below == told(happened(other))


def test_every_event_can_be_copied_with_other_details(world: World) -> None:
    world.new()
    one = happened(world)[-1]
    assert replace(one, details={"a": 1}).details == {"a": 1}
    assert one.details["text"] == "Monitor the pool"
    assert DOC in {event.postmortem for event in happened(world)}
