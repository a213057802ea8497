"""16 to 28: attacks on state and content, each beside the nearest legitimate act."""

from __future__ import annotations

import pytest

from pmctl.policy import act as acts
from tests.world import DOC, World, document

from .conftest import Copy
from .gate import Gate

OTHER = "2024-02-01-other"
COPY = "2024-01-15-payment-api-outage-copy"


def test_attack_16_status_edited_by_hand(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.edit("status: DRAFT", "status: IN_REVIEW")
    gate.refuses("AU301")
    gate.back()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.lands()


def test_attack_16_a_document_that_begins_published(stage: Copy) -> None:
    world = stage("empty")
    gate = Gate(world)
    world.new(status="PUBLISHED")
    gate.refuses("AU301")
    gate.back()
    world.new()
    gate.lands()


def test_attack_17_skipped_state(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.act(acts.PUBLISH, "jane", from_status="IN_REVIEW", to_status="PUBLISHED")
    gate.refuses("AU302")
    gate.command_refuses("jane", "publish", DOC, code="AU302")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.lands()


def test_attack_17_published_without_quorum(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU309")
    gate.command_refuses("jane", "publish", DOC, code="AU309")
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")
    gate.lands()


def test_attack_17_published_incomplete(stage: Copy) -> None:
    world = stage("drafted")
    world.edit("The connection pool was too small.", "<!-- why? -->")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    gate = Gate(world)
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU311")
    gate.command_refuses("jane", "publish", DOC, code="AU311")


def test_attack_17_published_by_somebody_who_may_not(stage: Copy) -> None:
    world = stage("approved")
    gate = Gate(world)
    world.act(acts.PUBLISH, "carol")
    gate.refuses("AU308")
    gate.command_refuses("carol", "publish", DOC, code="AU308")
    world.act(acts.PUBLISH, "jane")
    gate.lands()


def test_attack_18_published_text_edited(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    world.edit("too small", "fine", by="alice")  # an admin may, but only on the record
    gate.refuses("AU401")
    gate.back()
    world.edit("too small", "fine", commit=False)
    world.act(acts.AMEND, "jane")
    gate.refuses("AU314")
    gate.command_refuses("jane", "amend", DOC, "-m", "nicer", code="AU314")
    world.edit("too small", "far too small", commit=False)
    world.act(acts.AMEND, "alice")
    gate.lands()


def test_attack_18_attachment_edited(stage: Copy) -> None:
    world = stage("empty")
    world.write(f"postmortems/2024/{DOC}/graph.svg", "<svg/>")
    world.published()
    gate = Gate(world)
    world.write(f"postmortems/2024/{DOC}/graph.svg", "<svg></svg>")
    world.commit("Nicer", "jane")
    gate.refuses("AU402")
    gate.back()
    world.write(f"postmortems/2024/{DOC}/more.svg", "<svg/>")
    world.commit("More", "jane")
    gate.refuses("AU402")
    gate.back()
    world.edit("| OPEN |", "| COMPLETED |", by="carol")  # action items move on after publication
    gate.lands()


def test_attack_19_author_changed_to_gain_rights(stage: Copy) -> None:
    world = stage("empty")
    world.new(by="carol")
    gate = Gate(world)
    world.edit("author: carol", "author: bob", by="bob")
    gate.refuses("AU403", warnings=("AU702",))
    gate.back()
    world.act(acts.SUBMIT, "bob", reviewers=("alice",))
    gate.refuses("AU303")
    gate.command_refuses("bob", "submit", DOC, "-r", "alice", code="AU303")
    world.edit("author: carol", "author: bob", commit=False)
    world.act(acts.AMEND, "alice")
    world.act(acts.SUBMIT, "bob", reviewers=("alice",))
    gate.lands()


def merge_with(world: World, evil: bool) -> str:
    """Merge a branch into main, with or without a change that no side has."""
    world.git("switch", "-qc", "feature")
    world.new(OTHER)
    world.git("switch", "-q", "main")
    world.write("pmctl.yaml", "\n")
    world.commit("Touch", "jane")
    world.git("merge", "-q", "--no-ff", "--no-commit", "feature", by="bob")
    if evil:
        world.edit("too small", "fine", commit=False)
    return world.commit("Merge branch 'feature'", "bob")


def test_attack_20_evil_merge(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    merge_with(world, evil=True)
    gate.refuses("AU401")
    gate.back()
    world.git("branch", "-qD", "feature")
    merge_with(world, evil=False)
    gate.lands()


def test_attack_20_evil_merge_of_a_draft(stage: Copy) -> None:
    world = stage("drafted")
    world.git("switch", "-qc", "feature")
    world.edit("was down", "was entirely down")
    world.git("switch", "-q", "main")
    world.edit("came early", "came very early")
    gate = Gate(world)
    world.git("merge", "-q", "--no-ff", "--no-commit", "feature", by="bob")
    world.edit("too small", "fine, blame the intern", commit=False)
    world.commit("Merge branch 'feature'", "bob")
    gate.warns("AU702")
    gate.back()
    world.git("merge", "-q", "--no-ff", "-m", "Merge branch 'feature'", "feature", by="bob")
    gate.lands()


def test_attack_21_revert_that_restores_an_old_status(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    world.git("revert", "--no-edit", "HEAD")
    gate.refuses("AU205", "AU301")
    gate.back()
    world.git("checkout", "-q", "HEAD~1", "--", world.file())
    world.commit("Cherry-pick an old state", "jane")
    gate.refuses("AU301")
    gate.back()
    world.act(acts.REOPEN, "alice")
    gate.lands()


def test_attack_22_duplicate_id(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.write(world.file(OTHER), document(DOC))
    world.commit("Copy", "jane")
    gate.refuses("AU503")
    gate.back()
    world.new(OTHER)
    gate.lands()


def test_attack_23_rename(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.git("mv", world.file(), world.file(COPY))
    world.commit("Rename", "jane")
    gate.refuses("AU406", "AU503")
    gate.back()
    world.edit("title: Payment API outage", "title: Outage of the payment API")
    gate.lands()


def test_attack_23_copy_where_no_postmortem_lies(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.write("postmortems/2024/old/x.md", document(DOC))
    world.commit("Keep a copy", "jane")
    gate.refuses("AU502")
    gate.back()
    world.write("postmortems/README.md", "# Our postmortems\n")
    world.commit("Explain", "jane")
    gate.lands()


def test_attack_24_deleted(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    (world.root / world.file()).unlink()
    world.commit("Delete", "alice")
    gate.refuses("AU406")
    gate.back()
    world.act(acts.DELETE, "jane")
    gate.refuses("AU314", "AU406")
    gate.command_refuses("jane", "delete", DOC, "-m", "embarrassing", code="AU314")
    world.act(acts.DELETE, "alice")
    gate.lands()


def test_attack_24_deleted_by_its_author(stage: Copy) -> None:
    """A draft that was never submitted is its author's; anything that ever was submitted is not."""
    world = stage("drafted")
    gate = Gate(world)
    world.act(acts.DELETE, "bob")
    gate.refuses("AU314", "AU406")
    gate.command_refuses("bob", "delete", DOC, "-m", "in my way", code="AU314")
    gate.back()
    world.act(acts.DELETE, "jane")
    gate.lands()
    assert gate.command("jane", "delete", DOC, "-m", "a false alarm").code == 0
    gate.lands()
    world.new(by="bob", author="bob")  # the id is free: it is the new author's now
    gate = Gate(world)
    world.act(acts.DELETE, "jane")
    gate.refuses("AU314", "AU406")
    gate.back()
    world.act(acts.DELETE, "bob")
    gate.lands()


@pytest.mark.parametrize("status", ["withdrawn", "sent back", "reopened", "in review"])
def test_attack_24_deleted_by_its_author_after_a_submission(stage: Copy, status: str) -> None:
    world = stage("published" if status == "reopened" else "submitted")
    if status == "withdrawn":
        world.act(acts.WITHDRAW, "jane")
    elif status == "sent back":
        world.act(acts.REQUEST_CHANGES, "bob")
    elif status == "reopened":
        world.act(acts.REOPEN, "alice")
    gate = Gate(world)
    world.act(acts.DELETE, "jane")
    gate.refuses("AU314", "AU406")
    gate.command_refuses("jane", "delete", DOC, "-m", "embarrassing", code="AU314")
    gate.back()
    world.act(acts.DELETE, "alice")
    gate.lands()


def test_attack_24_deleted_by_its_author_after_a_baseline_that_accepted_more(world: World) -> None:
    """A history that was imported knows of no submission; what was accepted as published is no draft all the same."""
    world.init()
    world.new(status="PUBLISHED")
    world.baseline((DOC, world.digest(), "PUBLISHED"))
    world.act(acts.REOPEN, "alice")
    gate = Gate(world)
    world.act(acts.DELETE, "jane")
    gate.refuses("AU314", "AU406")
    gate.command_refuses("jane", "delete", DOC, "-m", "embarrassing", code="AU314")


def test_attack_24_deleted_by_who_wrote_his_own_name_as_author(stage: Copy) -> None:
    """The author is whom history names, not whom the file names when it is deleted."""
    world = stage("drafted")
    gate = Gate(world)
    world.edit("author: jane", "author: bob", by="bob", commit=False)
    world.act(acts.DELETE, "bob")  # in one step, as a squash brings it
    gate.refuses("AU314", "AU406")
    gate.back()
    world.edit("author: jane", "author: bob", by="bob")
    assert {found.code for found in gate.new(gate.whole())} == {"AU403", "AU702"}
    gate = Gate(world)
    world.act(acts.DELETE, "bob")
    gate.refuses("AU314", "AU406")
    gate.command_refuses("bob", "delete", DOC, "-m", "in my way", code="AU314")
    gate.back()
    world.act(acts.DELETE, "jane")  # hers it still is
    gate.lands()
    assert gate.command("jane", "delete", DOC, "-m", "a false alarm").code == 0


def test_beside_24_deleted_by_whom_an_admin_made_the_author(stage: Copy) -> None:
    world = stage("drafted")
    world.set_field("author", "bob")
    world.act(acts.AMEND, "alice")
    gate = Gate(world)
    world.act(acts.DELETE, "jane")
    gate.refuses("AU314", "AU406")
    gate.command_refuses("jane", "delete", DOC, "-m", "was mine", code="AU314")
    gate.back()
    world.act(acts.DELETE, "bob")
    gate.lands()


def test_beside_24_a_deletion_that_a_submission_overtook_is_late(stage: Copy) -> None:
    """Signed while it was a draft, landed after somebody submitted it: it changes nothing, and the file has to stay."""
    world = stage("drafted")
    signed_on = world.standing().state.head
    world.act(acts.SUBMIT, "alice", reviewers=("bob",))
    gate = Gate(world)
    text = world.text()
    changes = {"prev": signed_on, "round": 0, "from_status": "DRAFT", "to_status": "DELETED"}
    world.act(acts.DELETE, "jane", commit=False, **changes)
    world.commit("Too late", "jane")
    gate.refuses("AU406")
    world.write(world.file(), text)
    world.git("add", "-A")
    world.git("commit", "-q", "--amend", "--no-edit")
    gate.lands()


def test_attack_25_paths_that_differ_by_case(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    blob = world.git("rev-parse", "HEAD:" + world.file())
    for path in (f"Postmortems/2024/{DOC}.md", f"postmortems/2024/{DOC.upper()}.md", ".PMCTL/policy.yaml"):
        world.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    world.git("commit", "-qm", "Shadow")
    assert len(gate.new(gate.whole())) == 3
    gate.refuses("AU504")
    gate.back()
    world.new(OTHER)
    gate.lands()


def test_attack_26_text_smuggled_beside_the_digest(stage: Copy) -> None:
    world = stage("empty")
    world.new(reviewers="[bob]", editors="{carol: comment}")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")
    gate = Gate(world)
    for key, codes in (("status", ("AU301",)), ("reviewers", ("AU404", "AU318")), ("editors", ("AU404",))):
        old = next(line for line in world.text().split("\n") if line.startswith(key + ":"))
        world.edit(old, f'{key}: {{note: "Bob is to blame for all of this"}}')
        gate.refuses(*codes)
        gate.back()
    world.edit("| OPEN |", "| COMPLETED |", by="carol")
    gate.lands()


def test_attack_27_what_two_parsers_read_differently(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    text = world.text()
    body = text.split("---\n", 2)[2]
    for forged in (
        text.replace("title: Payment", "status: PUBLISHED\ntitle: Payment"),
        text.replace("---\n\n## Summary", "---\n---\nstatus: DRAFT\n---\n\n## Summary"),
        text.replace("title: Payment API outage", "title: &a Payment API outage\ntags: [*a]"),
        '+++\nstatus = "PUBLISHED"\n+++\n' + body,
        '{"status": "PUBLISHED"}\n' + body,
    ):
        gate.back()
        world.write(world.file(), forged)
        world.commit("Modern front matter", "jane")
        found = {(finding.code, finding.commit) for finding in gate.new(gate.reach())}
        assert ("AU405", world.head) in found
        assert {commit for _, commit in found} == {world.head}
    push = gate.push()
    assert not push.landed
    assert world.head[:12] in push.said
    gate.back()
    world.act(acts.ARCHIVE, "alice")
    gate.lands()


def test_attack_28_attributes_that_hide_a_difference(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.write(".gitattributes", "*.md -diff\n")
    world.commit("Tidy", "jane")
    gate.warns("AU505", layer="proved")
    gate.back()
    world.write(".gitattributes", "*.png binary\n*.md text eol=lf\n")
    world.commit("Tidy", "jane")
    gate.lands()


def only(world: World, code: str, commit: str) -> None:
    """Exactly one finding: this code, in this step."""
    assert world.found() == [(code, commit)]


def test_attack_18_published_text_edited_by_an_admin_without_a_record(world: World) -> None:
    world.published()
    only(world, "AU401", world.edit("too small", "fine", by="alice"))


def test_attack_18_amended_by_somebody_who_is_no_admin(world: World) -> None:
    world.published()
    world.edit("too small", "fine", commit=False)
    only(world, "AU314", world.act(acts.AMEND, "jane"))


def test_beside_18_amended_by_an_admin(world: World) -> None:
    world.published()
    world.edit("too small", "fine", commit=False)
    world.act(acts.AMEND, "alice")
    assert world.found() == []


def test_attack_18_attachment_added(world: World) -> None:
    world.published()
    world.write(f"postmortems/2024/{DOC}/late.txt", "more")
    only(world, "AU402", world.commit("More", "jane"))


def test_beside_18_attachment_amended(world: World) -> None:
    world.published()
    world.write(f"postmortems/2024/{DOC}/late.txt", "more")
    world.act(acts.AMEND, "alice")
    assert world.found() == []


def test_attack_21_a_revert_of_the_whole_publication(world: World) -> None:
    published = world.published()
    world.git("revert", "--no-edit", published)
    assert set(world.found()) == {("AU205", world.head), ("AU301", world.head)}


def test_attack_24_deleted_by_somebody_who_is_no_admin(world: World) -> None:
    world.published()
    deleted = world.act(acts.DELETE, "jane")
    assert {commit for _, commit in world.found()} == {deleted}
    assert "AU314" in {code for code, _ in world.found()}


def test_attack_27_an_unreadable_draft_is_a_warning(world: World) -> None:
    world.new()
    broken = world.edit("title: Payment", "title: a\ntitle: Payment")
    report = world.audit()
    assert [(f.code, f.commit, f.severity) for f in report.findings] == [("AU405", broken, "warning")]


def test_beside_28_attributes_of_pictures(world: World) -> None:
    world.new()
    world.write(".gitattributes", "*.png binary\n*.md text eol=lf\n")
    world.commit("Tidy", "jane")
    assert world.found() == []


@pytest.mark.parametrize("mode", ["120000", "100755", "160000"])
def test_attack_50_what_is_no_regular_file(world: World, mode: str) -> None:
    world.new()
    oid = world.git("rev-parse", "HEAD" if mode == "160000" else "HEAD:" + world.file())
    world.git("update-index", "--cacheinfo", f"{mode},{oid},{world.file()}")
    world.git("commit", "-qm", "Link")
    assert ("AU501", world.head) in world.found()


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("| AI-7f3k | Monitor the pool | @carol | 2024-01-22 | HIGH | OPEN | | see <b>this</b> |", "PM592"),
        ("| AI-7f3k | Monitor the pool | @carol | 2024-01-22 | HIGH | OPEN | |", "PM593"),
        ("\u00a0| AI-7f3k | Monitor the pool | @carol | 2024-01-22 | HIGH | OPEN | | |", "PM593"),
        ("|", "PM593"),
    ],
)
def test_attack_26_a_table_that_no_approval_covers_is_submitted(stage: Copy, row: str, code: str) -> None:
    world = stage("drafted")
    before = world.text()
    good = next(line for line in before.splitlines() if line.startswith("| AI-7f3k"))
    world.edit(good, row)
    gate = Gate(world)
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.refuses("AU321")
    assert code in gate.reach().findings[0].message
    gate.back()
    gate.command_refuses("jane", "submit", DOC, "-r", "bob", code="AU321")
    world.write(world.file(), before)
    world.commit("Write the row as the others are")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.lands()
