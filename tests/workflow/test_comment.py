"""Comments and editors as acts: one file or one line, one commit, and a clear error for everything else."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pmctl.document.comment import MessageKind
from pmctl.document.fields import EditorRole
from pmctl.errors import BadInput, EnvironmentProblem, NotFound, Refused, UsageProblem
from pmctl.insight.discussion import find_thread, listed
from pmctl.insight.history import evidence, evidence_for_people, history
from pmctl.insight.validation import Selection, validations
from pmctl.output.html import to_html
from pmctl.output.json_export import to_json
from pmctl.output.markdown import to_markdown
from pmctl.policy import act as acts
from pmctl.surroundings import Surroundings
from pmctl.workflow import comment, editors
from pmctl.workflow.comment import Said, Speaker
from pmctl.workflow.done import Done
from pmctl.workflow.lifecycle import perform
from tests.team import Team

AT = datetime(2024, 1, 23, 9, 0, tzinfo=UTC)
TODAY = AT.date()


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A postmortem in review by bob."""
    team = Team.copy(tmp_path / "team")
    doc = team.workspace.ids()[0]
    perform(team.workspace, team.actor("jane"), acts.SUBMIT, doc, at=AT, reviewers=("bob",))
    return team


def doc_of(team: Team) -> str:
    return team.workspace.ids()[0]


def begin(team: Team, by: str, text: str = "How many?", **about: str) -> Said:
    signing = team.actor(by).signer.git_arguments()
    return comment.begin(team.workspace, Speaker(by, by), doc_of(team), text, signing, at=AT, **about)


def answer(team: Team, by: str, thread: str, kind: MessageKind = MessageKind.COMMENT, text: str = "Ten.") -> Said:
    signing = team.actor(by).signer.git_arguments()
    return comment.answer(team.workspace, Speaker(by, by), thread, kind, text, signing, at=AT)


def test_one_comment_is_one_file_in_one_signed_commit(team: Team) -> None:
    said = begin(team, "bob", "How many? @jane", section="impact", quote="45 minutes")
    assert team.git("show", "--name-status", "--format=", said.landed.oid) == f"A\t{said.landed.paths[0]}"
    assert team.git("log", "-1", "--format=%s%n%an <%ae>") == f"Comment on {doc_of(team)}\nBob Doe <bob@example.com>"
    assert "gpgsig" in team.git("cat-file", "commit", said.landed.oid)
    assert (said.section, said.quote, said.resolved) == ("Impact", "45 minutes", False)
    (thread,) = listed(team.workspace.head, [doc_of(team)])
    assert (thread.anchor, thread.now_in, thread.short) == ("current", "Impact", said.short)
    assert thread.addresses("jane")
    assert not thread.addresses("bob")


def test_what_is_staged_stays_staged(team: Team) -> None:
    (team.top / "other.txt").write_text("other")
    team.git("add", "other.txt")
    begin(team, "bob")
    assert team.git("status", "--porcelain") == "A  other.txt"


def test_a_message_sorts_behind_what_it_answers_whatever_the_clocks_say(team: Team) -> None:
    said = begin(team, "bob")
    for by in ("jane", "bob", "jane"):
        answer(team, by, said.short)
    (thread,) = listed(team.workspace.head, [doc_of(team)])
    assert [one.at[-3:-1] for one in thread.messages] == ["00", "01", "02", "03"]
    assert [one.by for one in thread.messages] == ["bob", "jane", "bob", "jane"]


def test_a_thread_is_named_by_any_part_of_any_message(team: Team) -> None:
    first, second = begin(team, "bob"), begin(team, "jane")
    reply = answer(team, "alice", first.thread)
    head = team.workspace.head
    for part in (first.short, first.thread, first.thread.upper(), f"{first.thread}.md", reply.message, "-alice-"):
        assert find_thread(head, part)[1].id == first.thread, part
    assert find_thread(head, "Z-jane")[1].id == second.thread
    with pytest.raises(NotFound, match="fits 2 threads") as caught:
        find_thread(head, "2024")
    assert caught.value.details == tuple(f"{one} of {doc_of(team)}" for one in sorted((first.thread, second.thread)))
    for nothing in ("", " ", "zzzzzzz", ".md"):
        with pytest.raises(NotFound, match="no thread"):
            find_thread(head, nothing)


def test_resolve_and_reopen(team: Team) -> None:
    said = begin(team, "bob")
    done = answer(team, "jane", said.short, MessageKind.RESOLVE, "")
    assert done.resolved
    before = team.snapshot()
    with pytest.raises(Refused, match="resolved already by jane"):
        answer(team, "bob", said.short, MessageKind.RESOLVE)
    assert team.snapshot() == before
    assert answer(team, "alice", said.short).resolved, "a word more opens nothing"
    assert not answer(team, "bob", said.short, MessageKind.REOPEN, "Not yet.").resolved
    with pytest.raises(Refused, match="open already"):
        answer(team, "bob", said.short, MessageKind.REOPEN)


@pytest.mark.parametrize(
    ("text", "about", "kind", "said"),
    [
        ("", {}, UsageProblem, "nothing to say"),
        (" \n\t\n", {}, UsageProblem, "nothing to say"),
        ("@jnae?", {}, UsageProblem, "PM322 @jnae"),
        ("a \x1b[31mred\x1b[0m lie", {}, BadInput, "control"),
        ("an \u202eoverride", {}, BadInput, "U[+]202E"),
        ("---\nstatus: PUBLISHED\n---\n", {}, BadInput, "second front matter"),
        ("x" * 70_000, {}, BadInput, "limit"),
        ("Hm", {"section": "Impcat"}, NotFound, "no section"),
        ("Hm", {"section": "Impact", "quote": "a month"}, NotFound, "does not say"),
        ("Hm", {"quote": "45 minutes"}, UsageProblem, "from a section"),
    ],
)
def test_what_cannot_be_said(team: Team, text: str, about: dict[str, str], kind: type[Exception], said: str) -> None:
    before = team.snapshot()
    with pytest.raises(kind, match=said):
        begin(team, "bob", text, **about)
    assert team.snapshot() == before


def test_who_may_not_speak(team: Team) -> None:
    before = team.snapshot()
    signing = team.actor("bob").signer.git_arguments()
    for speaker, code in ((Speaker("jane", "bob"), "AU711"), (Speaker("bob", ""), "AU711")):
        with pytest.raises(Refused, match=code):
            comment.begin(team.workspace, speaker, doc_of(team), "Hm", signing, at=AT)
    with pytest.raises(Refused, match="AU712") as caught:
        begin(team, "carol")
    assert "become-commenter" in str(caught.value.hint)
    assert team.snapshot() == before


def test_editors_and_what_they_may(team: Team) -> None:
    signing = team.actor("jane").signer.git_arguments()

    def give(whom: str, role: EditorRole) -> Done:
        return editors.give(team.workspace, "jane", doc_of(team), whom, role, signing)

    with pytest.raises(Refused, match="AU322"):
        give("carol", EditorRole.EDIT)  # it is in review
    assert give("@carol", EditorRole.COMMENT).sentence == f"carol may comment on {doc_of(team)}"
    assert editors.listed(team.workspace, doc_of(team)).editors == (editors.Editor("carol", "comment"),)
    assert team.git("log", "-1", "--format=%s") == f"Let carol comment on {doc_of(team)}"
    begin(team, "carol")
    with pytest.raises(Refused, match="already"):
        give("carol", EditorRole.COMMENT)
    with pytest.raises(Refused, match="author"):
        give("jane", EditorRole.COMMENT)
    with pytest.raises(UsageProblem, match="not in the policy") as caught:
        give("carlo", EditorRole.COMMENT)
    assert caught.value.hint == "did you mean carol?"
    with pytest.raises(Refused, match="AU704"):
        editors.give(team.workspace, "bob", doc_of(team), "bob", EditorRole.COMMENT, signing)
    with pytest.raises(UsageProblem, match="no editor") as caught:
        editors.take(team.workspace, "jane", doc_of(team), "carlo", signing)
    assert caught.value.hint == "did you mean carol?"
    assert editors.take(team.workspace, "jane", doc_of(team), "carol", signing).commit == team.head
    assert "editors" not in team.workspace.read_at(doc_of(team)).front
    with pytest.raises(Refused, match="AU712"):
        begin(team, "carol")
    assert editors.listed(team.workspace, doc_of(team)).editors == ()


def test_the_end_of_time(team: Team) -> None:
    signing = team.actor("bob").signer.git_arguments()
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    said = comment.begin(team.workspace, Speaker("bob", "bob"), doc_of(team), "Late", signing, at=last)
    assert answer(team, "jane", said.short, MessageKind.RESOLVE, "").message.startswith("99991231T235959Z-jane-")


def test_unsigned_words_where_edits_are_signed(team: Team) -> None:
    team.git("checkout", "-q", "main")
    (team.top / ".pmctl/policy.yaml").write_text(
        (team.top / ".pmctl/policy.yaml").read_text().replace("edits: attributed", "edits: signed")
    )
    team.commit_all("By hand")
    before = team.snapshot()
    with pytest.raises(Refused, match="AU705"):
        comment.begin(team.workspace, Speaker("bob", "bob"), doc_of(team), "Hm", (), at=AT)
    assert team.snapshot() == before
    begin(team, "bob")


def test_what_is_said_in_the_editor(team: Team, tmp_path: Path) -> None:
    script = tmp_path / "edit"
    script.write_text('#!/bin/sh\nprintf "Well, @jane.\\n" > "$1.new"; cat "$1" >> "$1.new"; mv "$1.new" "$1"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    around = Surroundings({"EDITOR": str(script), "PATH": "/usr/bin:/bin"}, tmp_path, False)
    assert comment.typed(around, ["bob: How many?"]).strip() == "Well, @jane."
    with pytest.raises(EnvironmentProblem, match="editor") as caught:
        comment.typed(replace(around, environ={}), [])
    assert "-m TEXT" in str(caught.value.hint)


def test_it_leaves_with_the_evidence_and_nothing_else(team: Team) -> None:
    said = begin(team, "bob", "A secret word: plugh", section="Impact")
    document = team.workspace.read_at(doc_of(team))
    proof = evidence(team.repo, doc_of(team))
    (thread,) = proof["discussion"]
    assert (thread["thread"], thread["messages"][0]["text"]) == (said.thread, "A secret word: plugh")

    def page(**more: object) -> str:
        return to_html(document, today=TODAY, names={}, read_attachment=lambda _: None, **more)  # type: ignore[arg-type]

    assert "plugh" in page(evidence=evidence_for_people(proof))
    assert "plugh" in to_json(document, proof)
    for plain in (page(), to_json(document), to_markdown(document)):
        assert "plugh" not in plain


def test_the_log_says_what_was_said_when(team: Team) -> None:
    said = begin(team, "bob")
    answer(team, "jane", said.short, MessageKind.RESOLVE, "")
    events = [(one.who, one.what, one.verdict) for one in history(team.repo, doc_of(team)).events][-2:]
    assert events == [
        ("bob", f"commented in thread {said.thread}", "ok"), ("jane", f"resolved thread {said.thread}", "ok"),
    ]  # fmt: skip


def test_validation_reads_every_message(team: Team) -> None:
    said = begin(team, "bob")
    file = team.top / said.landed.paths[0]
    plain = file.read_text()

    def found() -> list[tuple[str, str]]:
        (run,) = validations(team.top, Selection(now=AT))
        return [(one.code, one.path) for one in run.findings if one.path.startswith(".pmctl/comments")]

    assert found() == []
    for old, new, code in (("kind:", "kidn:", "PM320"), ("How", "@jnae", "PM322"), ("How", "H\u202eow", "PM208")):
        file.write_text(plain.replace(old, new))
        assert (code, said.landed.paths[0]) in found()
    file.write_bytes(b"x" * 1_000_000)
    assert found() == [("PM320", said.landed.paths[0])]
    file.write_text(plain)
    (team.top / ".pmctl/comments/notes.txt").write_text("x")
    assert found() == [("PM320", ".pmctl/comments/notes.txt")]


def test_what_is_published_can_still_be_discussed(team: Team) -> None:
    doc = doc_of(team)
    perform(team.workspace, team.actor("bob"), acts.APPROVE, doc, at=AT)
    perform(team.workspace, team.actor("jane"), acts.PUBLISH, doc, at=AT + timedelta(minutes=1))
    said = begin(team, "bob", "Did the action item help?")
    assert not listed(team.workspace.head, [doc])[0].resolved
    assert answer(team, "jane", said.short, MessageKind.RESOLVE, "").resolved


def test_words_that_stand_only_in_a_comment_of_the_text_cannot_be_quoted(team: Team) -> None:
    text = team.path(doc_of(team))
    file = team.top / text
    file.write_text(file.read_text().replace("## Impact\n", "## Impact\n\n<!-- how many customers -->\n", 1))
    team.commit_all("Prompt")
    with pytest.raises(NotFound, match="does not say"):
        begin(team, "bob", section="impact", quote="how many customers")
