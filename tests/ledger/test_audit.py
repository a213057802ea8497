"""The audit over honest histories: whatever people do on an ordinary day gives no finding."""

from __future__ import annotations

from pathlib import Path

from pmctl.policy import act as acts
from pmctl.policy.model import Key
from pmctl.policy.state import ARCHIVED, DRAFT, IN_REVIEW, PUBLISHED
from tests.world import DOC, World, document


def test_a_whole_life_is_clean(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
    world.act(acts.APPROVE, "bob")
    world.act(acts.REQUEST_CHANGES, "carol")
    world.edit("too small", "far too small")
    world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
    world.act(acts.APPROVE, "bob")
    world.act(acts.APPROVE, "carol")
    world.act(acts.PUBLISH, "jane")
    world.edit("early", "very early", commit=False)
    world.act(acts.AMEND, "alice")
    world.act(acts.ARCHIVE, "alice")
    report = world.audit()
    assert report.findings == ()
    assert report.passed
    assert report.states[DOC].status == ARCHIVED
    assert report.states[DOC].round == 2
    assert report.records == 10
    assert world.standing().state.status == ARCHIVED


def clean(world: World) -> None:
    """The audit finds nothing, and the quick answer agrees with it."""
    report = world.audit()
    assert [(f.code, f.message) for f in report.findings] == []
    assert report.complete
    for doc, state in report.states.items():
        if state.status == "DELETED":
            continue
        quick = world.standing(doc).state
        assert (quick.status, quick.round, quick.head) == (state.status, state.round, state.head)
        if state.status == IN_REVIEW:  # afterwards nobody asks which approvals count
            assert {a.record for a in quick.approvals if not a.replaced} == {
                a.record for a in state.approvals if not a.replaced
            }


def review_on_a_branch(world: World) -> None:
    """A whole review that happens on a feature branch, with an edit that makes the first approval stale."""
    world.git("switch", "-qc", "feature")
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    world.edit("too small", "far too small")
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")
    world.git("switch", "-q", "main")


def test_a_branch_with_a_whole_review_may_be_merged(world: World) -> None:
    review_on_a_branch(world)
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "feature", by="carol")
    clean(world)
    assert world.audit().states[DOC].status == PUBLISHED


def test_a_branch_with_a_whole_review_may_be_squashed(world: World) -> None:
    review_on_a_branch(world)
    world.git("merge", "-q", "--squash", "feature")
    world.commit("Payment API outage (#12)", "jane")
    clean(world)
    assert world.audit().states[DOC].status == PUBLISHED


def test_a_branch_with_a_whole_review_may_be_rebased(world: World) -> None:
    review_on_a_branch(world)
    world.new("2024-02-01-other", by="bob")
    world.git("switch", "-q", "feature")
    world.git("rebase", "-q", "main")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--ff-only", "feature")
    clean(world)
    assert world.audit().states[DOC].status == PUBLISHED


def test_two_reviewers_may_approve_at_once_on_two_branches(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
    for handle in ("bob", "carol"):
        world.git("switch", "-qc", handle, "main")
        world.act(acts.APPROVE, handle)
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "bob", by="bob")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "carol", by="carol")
    world.act(acts.PUBLISH, "jane")
    clean(world)


def test_an_approval_that_arrives_after_an_edit_is_stale_and_no_finding(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.git("switch", "-qc", "bob")
    world.act(acts.APPROVE, "bob")
    world.git("switch", "-q", "main")
    world.edit("too small", "far too small")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "bob", by="bob")
    clean(world)
    assert world.audit().states[DOC].counting(world.digest()) == ()


def test_an_approval_that_arrives_after_the_publication_is_kept(world: World) -> None:
    world.change_policy(review=world.policy.review._replace(approvals=1))
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
    world.git("switch", "-qc", "carol")
    world.act(acts.APPROVE, "carol")
    world.git("switch", "-q", "main")
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "carol", by="carol")
    clean(world)
    assert [e.verdict for e in world.audit().events if e.by == "carol"] == ["late"]


def test_refusing_and_approving_at_once_ends_in_a_draft(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
    world.git("switch", "-qc", "carol")
    world.act(acts.APPROVE, "carol")
    world.git("switch", "-q", "main")
    world.act(acts.REQUEST_CHANGES, "bob")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "carol", by="carol")
    clean(world)
    assert world.audit().states[DOC].status == DRAFT


def test_git_pull_on_main_swaps_the_parents_and_is_fine(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.git("branch", "theirs")
    world.act(acts.APPROVE, "bob")
    world.git("switch", "-q", "theirs")
    world.change_policy(teams={"payments": ("jane", "bob")})
    world.new("2024-02-01-other", by="bob")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge branch 'main' of server", "theirs", by="jane")
    world.act(acts.PUBLISH, "jane")
    clean(world)


def test_a_merge_by_somebody_who_is_no_editor_is_fine(world: World) -> None:
    world.new()
    world.git("switch", "-qc", "top")
    world.edit("was down", "was entirely down")
    world.git("switch", "-q", "main")
    world.edit("came early", "came very early")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "top", by="bob")
    clean(world)


def test_editors_and_reviewers_may_edit_and_owners_may_track(world: World) -> None:
    world.new(editors="{bob: edit}")
    world.edit("was down", "was entirely down", by="bob")
    world.act(acts.SUBMIT, "bob", reviewers=("alice",))
    world.edit("came early", "came very early", by="alice")
    world.edit("| OPEN |", "| IN_PROGRESS |", by="carol")
    world.act(acts.APPROVE, "alice")
    world.act(acts.PUBLISH, "jane")
    world.edit("| IN_PROGRESS |", "| COMPLETED |", by="carol")
    clean(world)


def test_tracking_after_the_approval_keeps_it(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    world.edit("| OPEN |", "| IN_PROGRESS |", by="carol")
    world.act(acts.PUBLISH, "jane")
    clean(world)


def test_withdraw_reopen_and_request_review(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.WITHDRAW, "jane")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.REQUEST_REVIEW, "jane", reviewers=("carol",))
    world.act(acts.APPROVE, "bob")
    world.act(acts.APPROVE, "carol")
    world.act(acts.PUBLISH, "jane")
    world.act(acts.REOPEN, "alice")
    world.edit("was down", "was entirely down")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    clean(world)
    assert world.audit().states[DOC].status == IN_REVIEW


def test_an_admin_deletes_and_the_id_may_be_used_again(world: World) -> None:
    world.published()
    world.act(acts.DELETE, "alice")
    world.new(by="bob")
    clean(world)
    assert world.audit().states[DOC].author == "bob"


def test_a_rotated_key_a_new_address_and_a_person_who_left(world: World) -> None:
    world.published()
    people = dict(world.policy.people)
    spare = Key(world.people["spare"].public)
    people["bob"] = people["bob"]._replace(
        emails=("bob@new.example", "bob@example.com"),
        keys=(*[k._replace(status="retired") for k in people["bob"].keys], spare),
    )  # fmt: skip
    people["carol"] = people["carol"]._replace(keys=tuple(k._replace(status="retired") for k in people["carol"].keys))
    world.change_policy(people=people)
    world.new("2024-02-01-other", by="jane")
    world.act(acts.SUBMIT, "jane", "2024-02-01-other", reviewers=("bob",))
    world.act(acts.APPROVE, "bob", "2024-02-01-other", key="spare")
    world.act(acts.PUBLISH, "jane", "2024-02-01-other")
    clean(world)


def test_an_author_is_changed_on_the_record(world: World) -> None:
    world.new()
    world.edit("author: jane", "author: carol", commit=False)
    world.act(acts.AMEND, "alice")
    world.act(acts.SUBMIT, "carol", reviewers=("jane",))
    clean(world)
    assert world.audit().states[DOC].author == "carol"


def test_a_subfolder_of_a_larger_repository(tmp_path: Path) -> None:
    world = World(tmp_path / "mono", prefix="docs/postmortems-of-us")
    world.path.mkdir()
    (world.path / "main.c").write_text("int main(void) { return 0; }\n")
    (world.path / "postmortems").mkdir()
    (world.path / "postmortems" / "2020").symlink_to("..")
    world.init()
    world.published()
    clean(world)
    assert world.audit().states[DOC].status == PUBLISHED


def test_an_imported_history_is_accepted_by_a_baseline(tmp_path: Path) -> None:
    world = World(tmp_path / "old")
    world.path.mkdir()
    world.git("init", "-q", "-b", "main")
    world.write(world.file(), document(status="PUBLISHED"))
    world.commit("Write it down", "mallory")
    world.init()
    assert [f.code for f in world.audit().violations] == ["AU301"]
    world.baseline((DOC, world.digest(), "PUBLISHED"))
    report = world.audit()
    assert report.passed
    assert [(f.code, f.waived_by) for f in report.findings] == [("AU301", "alice")]
    assert report.states[DOC].status == PUBLISHED
    assert world.standing().state.status == PUBLISHED
    world.act(acts.ARCHIVE, "alice")
    assert world.audit().passed
    assert world.standing().state.status == ARCHIVED


def test_a_cherry_picked_fix_and_a_reverted_draft_edit(world: World) -> None:
    world.new()
    fix = world.edit("was down", "was entirely down")
    world.git("revert", "--no-edit", fix)
    world.git("switch", "-qc", "other", "HEAD~1")
    late = world.edit("came early", "came very early")
    world.git("switch", "-q", "main")
    world.git("cherry-pick", late, by="carol", env={"GIT_AUTHOR_NAME": "Jane", "GIT_AUTHOR_EMAIL": "jane@example.com"})
    clean(world)


def test_two_admins_sign_one_policy(world: World) -> None:
    world.change_policy(admins=("alice", "bob"), policy_threshold=2)
    world.change_policy(also=("bob",), teams={"payments": ("jane",)})
    clean(world)
    assert world.audit().policy.version == 3
