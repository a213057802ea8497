"""The one function that judges edits, held against the table of rights written down a second time."""

from __future__ import annotations

import os
import random
from dataclasses import replace

import pytest

from pmctl.document.reader import read
from pmctl.errors import Advice
from pmctl.policy.edits import Edit, People, Right, check_edit, refused, rights_needed, who_may, who_takes_part
from pmctl.policy.model import RETIRED, Key
from pmctl.policy.state import ARCHIVED, DELETED, DRAFT, FINAL, IN_REVIEW, PUBLISHED, PostmortemState
from tests.policy.edit_cases import (
    ASKED_IN_A_DRAFT,
    DOC,
    REVIEWERS,
    ROLES,
    STATES,
    WANTED,
    Wanted,
    expected,
    policy,
    several,
    state,
    text,
)

EXAMPLES = int(os.environ.get("PMCTL_PROPERTY_EXAMPLES", "0")) or 600
PATH = f"postmortems/2024/{DOC}.md"


def codes(edit: Edit, who: str, before: PostmortemState, now: PostmortemState | None = None) -> set[str]:
    return {one.code for one in check_edit(edit, (who,) if who else (), before, policy(), now)}


def change(status: str, *changes: Wanted) -> Edit:
    before = after = text(status)
    for one in changes:
        after = one.make(after)
    return Edit(read(before.encode(), PATH), read(after.encode(), PATH))


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("who", ROLES)
def test_every_cell_of_the_table(who: str, status: str) -> None:
    for one in (*WANTED, *(REVIEWERS if status != DRAFT else (ASKED_IN_A_DRAFT,))):
        edit = change(status, one)
        assert codes(edit, who, state(status)) == expected((one,), ROLES[who], status), f"{who}: {one.name} in {status}"


def test_generated_changes_are_judged_as_the_table_says() -> None:
    chance = random.Random(7)
    for _ in range(EXAMPLES):
        status, who = chance.choice(STATES), chance.choice(list(ROLES))
        changes = several(chance, status)
        names = [one.name for one in changes]
        assert codes(change(status, *changes), who, state(status)) == expected(changes, ROLES[who], status), names


@pytest.mark.parametrize("status", STATES)
def test_nothing_changed_needs_no_right(status: str) -> None:
    assert codes(change(status), "frank", state(status)) == set()
    assert codes(change(status), "", state(status)) == set()


@pytest.mark.parametrize(("who", "allowed"), [("jane", True), ("frank", True), ("bot", True), ("ci", False)])
def test_who_may_begin_a_postmortem(who: str, allowed: bool) -> None:
    new = Edit(None, read(text(DRAFT).encode(), PATH))
    assert codes(new, who, PostmortemState(DOC)) == (set() if allowed else {"AU702"})
    assert codes(new, "", PostmortemState(DOC)) == {"AU701"}
    assert "AU301" in codes(Edit(None, read(text(PUBLISHED).encode(), PATH)), "jane", PostmortemState(DOC))


@pytest.mark.parametrize("status", STATES)
def test_attachments_are_text(status: str) -> None:
    same = read(text(status).encode(), PATH)
    edit = Edit(same, same, attachments=True)
    assert codes(edit, "jane", state(status)) == ({"AU402"} if status in FINAL else set())
    assert codes(edit, "frank", state(status)) == ({"AU402"} if status in FINAL else {"AU702"})
    both = Edit(same, change(status, WANTED[0]).after, attachments=True)
    assert codes(both, "jane", state(status)) == ({"AU401"} if status in FINAL else set())


def test_deleting_is_an_act() -> None:
    gone = Edit(read(text(DRAFT).encode(), PATH), None)
    assert codes(gone, "alice", state(DRAFT)) == {"AU406"}
    assert codes(gone, "frank", state(DRAFT), PostmortemState(DOC, status=DELETED)) == set()


def test_an_unreadable_file_is_text() -> None:
    for status, who, said in ((DRAFT, "jane", set()), (DRAFT, "frank", {"AU702"}), (PUBLISHED, "alice", {"AU401"})):
        broken = Edit(read(text(status).encode(), PATH), read(b"---\nid: [\n---\n", PATH))
        assert codes(broken, who, state(status)) == said
        back = Edit(broken.after, broken.before)
        assert codes(back, who, state(status)) == said


def test_a_record_answers_for_the_text_that_it_binds_and_for_no_comment() -> None:
    edit = change(PUBLISHED, WANTED[0])
    bound = Edit(edit.before, edit.after, bound=True)
    assert codes(bound, "frank", state(PUBLISHED)) == set()
    assert codes(Edit(edit.before, edit.before, attachments=True, bound=True), "frank", state(PUBLISHED)) == set()
    comment = next(one for one in WANTED if one.name == "comment")
    with_comment = change(PUBLISHED, WANTED[0], comment)
    bound = Edit(with_comment.before, with_comment.after, bound=True)
    assert codes(bound, "frank", state(PUBLISHED)) == {"AU702"}
    assert codes(bound, "alice", state(PUBLISHED)) == set()


def test_acts_in_the_same_change_carry_what_they_state() -> None:
    """A squash brings a draft's edits, its submission and more in one step."""
    before, after = text(DRAFT), text(IN_REVIEW).replace("45 minutes", "50 minutes")
    edit = Edit(read(before.encode(), PATH), read(after.encode(), PATH))
    assert codes(edit, "jane", state(DRAFT), state(IN_REVIEW)) == set()
    assert codes(edit, "bob", state(DRAFT), state(IN_REVIEW)) == set()  # asked in the same breath, and in review
    assert codes(edit, "frank", state(DRAFT), state(IN_REVIEW)) == {"AU702"}
    back = PostmortemState(DOC, author="jane", editors=("erin", "bot"), reviewers=("bob",), round=1)
    reviewed = Edit(edit.before, read(after.replace("IN_REVIEW", DRAFT).encode(), PATH))
    assert codes(reviewed, "bob", state(DRAFT), back) == set()  # the round began and ended in this step
    lifecycle_only = Edit(edit.before, read(text(IN_REVIEW).encode(), PATH))
    assert codes(lifecycle_only, "frank", state(DRAFT), state(IN_REVIEW)) == set()
    archived = Edit(read(text(PUBLISHED).encode(), PATH), read(text(ARCHIVED).encode(), PATH))
    assert codes(archived, "frank", state(PUBLISHED), state(ARCHIVED)) == set()


def test_people_who_made_a_change_together_may_what_one_of_them_may() -> None:
    edit = change(DRAFT, WANTED[0], next(one for one in WANTED if one.name == "carol's item"))
    assert check_edit(edit, ("frank", "jane"), state(DRAFT), policy()) == ()
    assert [one.code for one in check_edit(edit, ("frank", "carol"), state(DRAFT), policy())] == ["AU702"]


def test_a_stranger_is_told_once() -> None:
    edit = change(DRAFT, WANTED[0], next(one for one in WANTED if one.name == "jane's item"))
    assert [one.code for one in check_edit(edit, (), state(DRAFT), policy())] == ["AU701"]
    assert [one.code for one in check_edit(edit, ("frank",), state(DRAFT), policy())] == ["AU702", "AU703"]


def test_the_author_is_whom_records_name_before_the_file() -> None:
    edit = change(IN_REVIEW, WANTED[0])
    other = replace(state(IN_REVIEW), author="frank")
    assert codes(edit, "frank", other) == set()
    assert codes(edit, "jane", other) == {"AU702"}


def test_editors_in_review_are_whom_records_name_and_not_the_file() -> None:
    edit = change(IN_REVIEW, WANTED[0])
    other = replace(state(IN_REVIEW), editors=("frank",))
    assert codes(edit, "frank", other) == set()
    assert codes(edit, "erin", other) == {"AU702"}
    assert codes(edit, "erin", other, state(IN_REVIEW)) == set()  # a record of this very step makes her one


def test_the_hint_names_who_may_and_how_to_become_one() -> None:
    (said,) = check_edit(change(DRAFT, WANTED[0]), ("frank",), state(DRAFT), policy())
    assert said.attributed
    assert dict(said.hint[1]) == {"id": DOC, "people": "jane, erin, bot, alice", "who": "frank"}
    assert rights_needed(change(DRAFT, WANTED[0]), state(DRAFT), state(DRAFT)) == [(Right.TEXT, "")]
    assert who_may(Right.TEXT, change(DRAFT).before, state(IN_REVIEW), policy()) == ("jane", "erin", "alice", "bob")


def test_what_was_wrong_before_is_not_said_again() -> None:
    before = text(PUBLISHED).replace("45 minutes", "50 minutes")
    edit = Edit(read(text(PUBLISHED).encode(), PATH), read(before.encode(), PATH))
    assert codes(edit, "jane", state(DRAFT)) == set()


def test_nothing_is_gained_on_the_way_through_an_unreadable_file() -> None:
    broken = read(b"---\nid: [\n---\n", PATH)
    assert codes(Edit(broken, read(text(PUBLISHED).encode(), PATH)), "jane", state(DRAFT)) == {"AU301"}
    other = read(text(DRAFT, author="frank").encode(), PATH)
    assert codes(Edit(broken, other), "jane", state(DRAFT)) == {"AU403"}


def test_rights_are_those_before_the_change_and_of_acts_in_it() -> None:
    edit = change(DRAFT, WANTED[0])
    draft, frank = state(DRAFT), replace(state(DRAFT), author="frank")
    assert codes(edit, "jane", draft, frank) == set()
    assert codes(edit, "frank", draft, frank) == {"AU702"}
    unknown = PostmortemState(DOC)
    assert codes(edit, "frank", unknown, frank) == set()
    assert codes(edit, "jane", unknown) == set()
    assert who_may(Right.TEXT, None, unknown, policy()) == ("alice",)
    assert who_may(Right.TEXT, None, replace(unknown, author="ghost"), policy()) == ("alice",)


def test_a_round_that_ended_leaves_no_rights_behind() -> None:
    edit = change(DRAFT, WANTED[0])
    back = replace(state(DRAFT), round=1, reviewers=("bob",), editors=("frank",))
    assert codes(edit, "bob", back) == {"AU702"}
    assert codes(edit, "frank", back) == {"AU702"}
    sent_back = replace(state(DRAFT), round=1, editors=("frank",))
    assert codes(edit, "bob", state(IN_REVIEW), sent_back) == set()  # in review when the step began
    assert codes(edit, "frank", replace(state(IN_REVIEW), editors=()), sent_back) == {"AU702"}
    in_review = change(IN_REVIEW, WANTED[0])
    named = replace(state(IN_REVIEW), editors=("frank",))
    assert codes(in_review, "frank", named, replace(named, editors=())) == set()


def test_services_and_agents_stay_what_they_are_whatever_they_are_named() -> None:
    served = replace(state(IN_REVIEW), editors=("ci",))
    assert codes(change(IN_REVIEW, WANTED[0]), "ci", served) == {"AU702"}
    more = next(one for one in WANTED if one.name == "editor added")
    assert codes(change(DRAFT, more), "bot", replace(state(DRAFT), author="bot")) == {"AU704"}


def test_a_publication_answers_for_the_text_that_it_brings() -> None:
    edit = change(IN_REVIEW, WANTED[0])
    bound = Edit(edit.before, edit.after, bound=True)
    assert codes(bound, "frank", state(IN_REVIEW), state(PUBLISHED)) == set()
    assert codes(edit, "frank", state(IN_REVIEW), state(PUBLISHED)) == {"AU702"}


@pytest.mark.parametrize(
    ("earlier", "named", "before", "now", "said"),
    [
        # Submitted by somebody who could not bind the editors: a claim of the draft. A reviewer has to be asked.
        (People((), ("erin",)), People(("bob",), ("erin",)), DRAFT, {"reviewers": ("bob",)}, []),
        (People(("frank",)), People(("bob", "frank")), DRAFT, {"reviewers": ("bob",)}, ["AU322"]),
        (People(), People(("bob",), ("erin",)), DRAFT, {"reviewers": ("bob",)}, ["AU322"]),
        (None, People(("bob",), ("erin",)), DRAFT, {"reviewers": ("bob",)}, ["AU322"]),
        (People(("frank",)), People(("bob", "frank")), DELETED, {"reviewers": ("bob",)}, ["AU322"]),
        # Said in the step that brought it, and not again.
        (People(("frank",)), People(("frank",)), IN_REVIEW, {}, []),
        (People(), People(), IN_REVIEW, {"reviewers": ("bob",)}, []),
        (People(("bob",)), People(), IN_REVIEW, {"reviewers": ("bob",)}, ["AU318"]),
        (People(("bob",)), People(("bob", "carol")), IN_REVIEW, {"reviewers": ("bob",), "late_asked": ("carol",)}, []),
        (None, People(("bob",)), IN_REVIEW, {"reviewers": ("bob",)}, []),
        (None, People(("frank",)), IN_REVIEW, {"reviewers": ("bob",)}, ["AU318", "AU322"]),
    ],
)
def test_who_takes_part_is_on_record(
    earlier: People | None, named: People, before: str, now: dict[str, tuple[str, ...]], said: list[str]
) -> None:
    asked = PostmortemState(DOC, status=IN_REVIEW, round=1, **now)
    was = replace(asked, status=before) if before == IN_REVIEW else PostmortemState(DOC, status=before)
    assert [one.code for one in who_takes_part(named, earlier, was, asked)] == said
    assert list(who_takes_part(named, earlier, was, replace(asked, status=DRAFT))) == []


def test_reviewers_that_are_no_list_are_nobody() -> None:
    loose = read(text(IN_REVIEW, reviewers="bob").encode(), PATH)
    assert "AU318" in codes(Edit(change(IN_REVIEW).before, loose), "jane", state(IN_REVIEW))


def test_an_author_is_changed_only_where_there_was_one() -> None:
    new = Edit(None, read(text(DRAFT).encode(), PATH))
    assert codes(new, "jane", PostmortemState(DOC), replace(state(DRAFT), author="frank")) == set()
    author = next(one for one in WANTED if one.name == "author")
    assert codes(change(DRAFT, author), "jane", PostmortemState(DOC)) == set()
    assert codes(change(DRAFT, author), "jane", state(DRAFT)) == {"AU403"}


@pytest.mark.parametrize("status", STATES)
def test_whoever_left_has_no_right_and_whoever_never_had_a_key_keeps_theirs(status: str) -> None:
    before, here = read(text(status).encode(), PATH), policy()
    gone = {handle: one._replace(keys=(Key(f"ssh-ed25519 {handle}", RETIRED),)) for handle, one in here.people.items()}
    left = replace(here, people=gone)
    for right in Right:
        assert who_may(right, before, state(status), here, owner="carol")
        assert who_may(right, before, state(status), left, owner="carol") == ()
        if right is not Right.CREATE:
            past = who_may(right, before, state(status), left, owner="carol", past=True)
            assert past == who_may(right, before, state(status), here, owner="carol")


@pytest.mark.parametrize("status", STATES)
def test_who_may_discuss_a_postmortem_resolve_a_thread_and_plan_a_meeting(status: str) -> None:
    before = read(text(status, participants="[frank]").encode(), PATH)
    asked = replace(state(status), reviewers=("bob",))
    everybody = {"jane", "erin", "alice", "bob", "dan", "carol", "frank"}  # frank took part, carol owns an item
    assert set(who_may(Right.COMMENT, before, asked, policy())) == everybody | {"bot"}
    assert set(who_may(Right.MEET, before, asked, policy())) == everybody
    named = replace(asked, reviewers=("bob", "ci", "bot"), editors=("erin",))
    unnamed = read(text(status, reviewers="[]").encode(), PATH)
    assert {"bob", "bot"} <= set(who_may(Right.COMMENT, unnamed, named, policy(), replace(named, reviewers=())))
    assert "bob" in who_may(Right.COMMENT, None, named, policy(), replace(named, reviewers=()))
    assert set(who_may(Right.RESOLVE, before, asked, policy(), owner="frank")) == {"jane", "erin", "alice", "frank"}
    assert "bot" in who_may(Right.RESOLVE, before, asked, policy(), owner="bot")  # what it began itself
    assert "bot" not in who_may(Right.MEET, before, asked, policy(), owner="bot")
    assert "bot" not in who_may(Right.EDITORS, before, replace(asked, author="bot"), policy(), owner="bot")


def test_who_is_asked_by_an_act_of_the_same_change_may_comment_at_once() -> None:
    before = change(DRAFT).before
    assert "frank" not in who_may(Right.COMMENT, before, state(DRAFT), policy())
    for asked in ({"reviewers": ("frank",)}, {"editors": ("frank",)}):
        now = replace(state(IN_REVIEW), **asked)
        assert "frank" in who_may(Right.COMMENT, before, state(DRAFT), policy(), now)


def test_an_editor_whom_a_submit_binds_may_have_written_what_it_brings() -> None:
    edit = Edit(read(text(DRAFT).encode(), PATH), change(IN_REVIEW, WANTED[0]).after)
    bound = replace(state(IN_REVIEW), editors=("erin", "bot", "frank"))
    assert "AU702" not in codes(edit, "frank", state(DRAFT), bound)
    assert "AU702" in codes(edit, "frank", state(DRAFT), state(IN_REVIEW))


def test_a_section_that_is_headed_like_the_key_is_text() -> None:
    before = text(DRAFT) + "\n## editors\n\nNobody yet.\n"
    edit = Edit(read(before.encode(), PATH), read(before.replace("Nobody", "Somebody").encode(), PATH))
    assert rights_needed(edit, state(DRAFT), state(DRAFT)) == [(Right.TEXT, "")]


def test_what_is_missing_is_named_in_words() -> None:
    before = change(DRAFT).before
    bare = read(text(DRAFT).replace("status: DRAFT\nauthor: jane\n", "").encode(), PATH)
    status, author = check_edit(Edit(before, bare), ("jane",), state(DRAFT), policy())
    assert status.message.endswith("DRAFT -> none")
    assert author.message == "the author is changed from jane to nobody"
    other = read(text("X", author="frank").encode(), PATH)
    status, author = check_edit(Edit(before, other), ("jane",), state(DRAFT), policy())
    assert status.message.endswith("DRAFT -> X")
    assert author.message == "the author is changed from jane to frank"


@pytest.mark.parametrize(
    ("right", "able", "advice"),
    [
        (Right.TEXT, ("jane",), "become-editor"),
        (Right.COMMENT, ("jane",), "become-commenter"),
        (Right.MEET, ("jane",), "become-commenter"),
        (Right.TRACKING, ("jane",), "ask-them"),
        *((right, (), None) for right in (Right.TEXT, Right.COMMENT, Right.TRACKING)),
    ],
)
def test_whoever_is_refused_is_told_how_it_can_be_done(right: Right, able: tuple[str, ...], advice: str | None) -> None:
    said = refused(right, ("frank", "unknown"), able, DOC, policy())
    assert (said.hint.name if isinstance(said.hint, Advice) else None) == advice


def test_whoever_left_is_told_that_they_left() -> None:
    here = policy()
    gone = here.people["frank"]._replace(keys=(Key("ssh-ed25519 frank", RETIRED),))
    said = refused(Right.TEXT, ("frank",), ("jane",), DOC, replace(here, people={**here.people, "frank": gone}))
    assert "frank left, and no key in the policy is in use" in said.message
    assert isinstance(said.hint, Advice)
    assert said.hint.name == "key-again"
