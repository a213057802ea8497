"""Attacks on state and content (16 to 28, 50), each beside the nearest legitimate act."""

from __future__ import annotations

import pytest

from pmctl.policy import act as acts

from .world import DOC, World, document

OTHER = "2024-02-01-other"
COPY = "2024-01-15-payment-api-outage-copy"


def only(world: World, code: str, commit: str) -> None:
    """Exactly one finding: this code, in this step."""
    assert world.found() == [(code, commit)]


@pytest.mark.parametrize("status", ["IN_REVIEW", "PUBLISHED", "ARCHIVED", "Published"])
def test_16_status_edited_by_hand(world: World, status: str) -> None:
    world.new()
    only(world, "AU301", world.edit("status: DRAFT", f"status: {status}"))


def test_16_a_document_that_begins_published(world: World) -> None:
    only(world, "AU301", world.new(status="PUBLISHED"))


def test_17_a_skipped_state(world: World) -> None:
    world.new()
    skipped = world.act(acts.PUBLISH, "jane", from_status="IN_REVIEW", to_status="PUBLISHED")
    only(world, "AU302", skipped)


def test_17_publishing_without_approvals(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    only(world, "AU309", world.act(acts.PUBLISH, "jane"))


def test_17_publishing_what_is_not_complete(world: World) -> None:
    world.new()
    world.edit("The connection pool was too small.", "<!-- why? -->")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    only(world, "AU311", world.act(acts.PUBLISH, "jane"))


def test_17_publishing_by_somebody_who_may_not(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    only(world, "AU308", world.act(acts.PUBLISH, "carol"))


def test_18_published_text_edited(world: World) -> None:
    world.published()
    only(world, "AU401", world.edit("too small", "fine"))


def test_18_published_text_edited_by_an_admin_without_a_record(world: World) -> None:
    world.published()
    only(world, "AU401", world.edit("too small", "fine", by="alice"))


def test_18_amended_by_somebody_who_is_no_admin(world: World) -> None:
    world.published()
    world.edit("too small", "fine", commit=False)
    only(world, "AU314", world.act(acts.AMEND, "jane"))


def test_18_amended_by_an_admin(world: World) -> None:
    world.published()
    world.edit("too small", "fine", commit=False)
    world.act(acts.AMEND, "alice")
    assert world.found() == []


def test_18_attachment_edited(world: World) -> None:
    world.write(f"postmortems/2024/{DOC}/graph.svg", "<svg/>")
    world.published()
    world.write(f"postmortems/2024/{DOC}/graph.svg", "<svg></svg>")
    only(world, "AU402", world.commit("Nicer", "jane"))


def test_18_attachment_added(world: World) -> None:
    world.published()
    world.write(f"postmortems/2024/{DOC}/late.txt", "more")
    only(world, "AU402", world.commit("More", "jane"))


def test_18_attachment_amended(world: World) -> None:
    world.published()
    world.write(f"postmortems/2024/{DOC}/late.txt", "more")
    world.act(acts.AMEND, "alice")
    assert world.found() == []


def test_19_author_changed_to_gain_rights(world: World) -> None:
    world.new(by="carol")
    taken = world.edit("author: carol", "author: bob", by="bob")
    found = world.found()
    assert ("AU403", taken) in found
    forged = world.act(acts.SUBMIT, "bob", reviewers=("alice",))
    assert ("AU303", forged) in world.found()


def test_20_evil_merge(world: World) -> None:
    world.published()
    world.git("switch", "-qc", "feature")
    world.new(OTHER)
    world.git("switch", "-q", "main")
    world.write("pmctl.yaml", "\n")
    world.commit("Touch", "jane")
    world.git("merge", "-q", "--no-ff", "--no-commit", "feature", by="bob")
    world.edit("too small", "fine", commit=False)
    evil = world.commit("Merge branch 'feature'", "bob")
    only(world, "AU401", evil)


def test_20_evil_merge_of_a_draft(world: World) -> None:
    world.new()
    world.git("switch", "-qc", "feature")
    world.edit("was down", "was entirely down")
    world.git("switch", "-q", "main")
    world.edit("came early", "came very early")
    world.git("merge", "-q", "--no-ff", "--no-commit", "feature", by="bob")
    world.edit("too small", "fine, blame the intern", commit=False)
    only(world, "AU702", world.commit("Merge branch 'feature'", "bob"))


def test_21_a_revert_that_restores_an_old_status(world: World) -> None:
    world.published()
    before = world.git("rev-parse", "HEAD~1")
    world.git("checkout", "-q", before, "--", world.file())
    only(world, "AU301", world.commit("Revert", "jane"))


def test_21_a_revert_of_the_whole_publication(world: World) -> None:
    published = world.published()
    world.git("revert", "--no-edit", published)
    assert set(world.found()) == {("AU205", world.head), ("AU301", world.head)}


def test_22_duplicate_id(world: World) -> None:
    world.new()
    world.write(world.file(OTHER), document(DOC))
    only(world, "AU503", world.commit("Copy", "jane"))


def test_23_rename(world: World) -> None:
    world.new()
    world.git("mv", world.file(), world.file(COPY))
    moved = world.commit("Rename", "jane")
    assert set(world.found()) == {("AU406", moved), ("AU503", moved)}


def test_23_moved_to_where_no_postmortem_lies(world: World) -> None:
    world.new()
    world.write("postmortems/2024/old/x.md", document(DOC))
    only(world, "AU502", world.commit("Keep a copy", "jane"))


def test_24_deleted_without_a_record(world: World) -> None:
    world.published()
    (world.root / world.file()).unlink()
    only(world, "AU406", world.commit("Delete", "alice"))


def test_24_deleted_by_somebody_who_is_no_admin(world: World) -> None:
    world.published()
    deleted = world.act(acts.DELETE, "jane")
    assert {commit for _, commit in world.found()} == {deleted}
    assert "AU314" in {code for code, _ in world.found()}


@pytest.mark.parametrize(
    "path", [f"Postmortems/2024/{DOC}.md", f"postmortems/2024/{DOC.upper()}.md", ".PMCTL/policy.yaml"]
)
def test_25_paths_that_differ_by_case(world: World, path: str) -> None:
    world.new()
    world.git("update-index", "--add", "--cacheinfo", f"100644,{world.git('rev-parse', 'HEAD:' + world.file())},{path}")
    world.git("commit", "-qm", "Shadow")
    only(world, "AU504", world.head)


@pytest.mark.parametrize("key", ["status", "reviewers", "editors"])
def test_26_text_smuggled_into_keys_that_the_digest_leaves_out(world: World, key: str) -> None:
    world.new(reviewers="[bob]", editors="{carol: comment}")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")
    old = next(line for line in world.text().split("\n") if line.startswith(key + ":"))
    forged = world.edit(old, f'{key}: {{note: "Bob is to blame for all of this"}}')
    assert forged in {commit for _, commit in world.found()}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: Payment", "status: PUBLISHED\ntitle: Payment"),
        ("---\n\n## Summary", "---\n---\nstatus: DRAFT\n---\n\n## Summary"),
        ("title: Payment API outage", "title: &a Payment API outage\ntags: [*a]"),
        ("title: Payment API outage", "title: !!python/none x"),
    ],
)
def test_27_what_two_parsers_read_differently(world: World, old: str, new: str) -> None:
    world.published()
    forged = world.edit(old, new)
    assert {commit for _, commit in world.found()} == {forged}
    assert {code for code, _ in world.found()} & {"AU405"}


def test_27_an_unreadable_draft_is_a_warning(world: World) -> None:
    world.new()
    broken = world.edit("title: Payment", "title: a\ntitle: Payment")
    report = world.audit()
    assert [(f.code, f.commit, f.severity) for f in report.findings] == [("AU405", broken, "warning")]


@pytest.mark.parametrize("line", ["*.md -diff", "postmortems/** binary", ".pmctl/records/** linguist-generated=true"])
def test_28_attributes_that_hide_a_difference(world: World, line: str) -> None:
    world.new()
    world.write(".gitattributes", line + "\n")
    only(world, "AU505", world.commit("Tidy", "jane"))


def test_28_attributes_of_pictures(world: World) -> None:
    world.new()
    world.write(".gitattributes", "*.png binary\n*.md text eol=lf\n")
    world.commit("Tidy", "jane")
    assert world.found() == []


@pytest.mark.parametrize("mode", ["120000", "100755", "160000"])
def test_50_what_is_no_regular_file(world: World, mode: str) -> None:
    world.new()
    oid = world.git("rev-parse", "HEAD" if mode == "160000" else "HEAD:" + world.file())
    world.git("update-index", "--cacheinfo", f"{mode},{oid},{world.file()}")
    world.git("commit", "-qm", "Link")
    assert ("AU501", world.head) in world.found()
