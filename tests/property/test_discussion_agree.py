"""What the command line allows in a discussion the audit passes, and what it refuses the audit reports: both ways.

Random people say, resolve and reopen things, and become commenters, of a postmortem that goes through its life. What
is refused is then done by hand, and the index, the audit and the command have to name the same codes. And what counts
as unresolved is the same for `publish` and for the audit of a publication by hand.

PMCTL_PROPERTY_EXAMPLES sets how many acts are tried (default: a few, always the same).
"""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pmctl.document import beside
from pmctl.document.beside import Beside
from pmctl.document.comment import Message, MessageKind, message_id, written
from pmctl.document.fields import EditorRole
from pmctl.errors import PmctlError, Refused
from pmctl.insight.discussion import discussed
from pmctl.insight.pre_commit import advice
from pmctl.ledger.audit import audit
from pmctl.policy import act as acts
from pmctl.policy.discussion import Thread
from pmctl.workflow import comment, editors
from pmctl.workflow.comment import Speaker
from pmctl.workflow.lifecycle import perform
from tests.team import PEOPLE, Team

EXAMPLES = int(os.environ.get("PMCTL_PROPERTY_EXAMPLES", "0")) or 40
AT = datetime(2024, 1, 23, 9, 0, tzinfo=UTC)


class Talk:
    """A team that talks; `now` goes on by a second with everything that is said."""

    def __init__(self, team: Team, chance: random.Random) -> None:
        self.team = team
        self.chance = chance
        self.doc = team.workspace.ids()[0]
        self.now = AT
        self.refused = 0

    def threads(self) -> tuple[Thread, ...]:
        return discussed(self.team.workspace.head, self.doc).threads

    def findings(self) -> list[tuple[str, str]]:
        report = audit(self.team.repo._replace(user_folder=None))
        assert report.complete
        return [(one.code, one.commit) for one in report.findings]

    def say(self) -> None:
        """Somebody says something, for once or in a thread; refused, they do it by hand, and it is taken back."""
        by, kind = self.chance.choice(PEOPLE), self.chance.choice(list(MessageKind))
        known = self.threads()
        thread = self.chance.choice(known).id if known and self.chance.random() < 0.8 else ""
        kind = kind if thread else MessageKind.COMMENT
        signing = self.team.actor(by).signer.git_arguments()
        self.now += timedelta(seconds=1)
        before = self.team.head
        try:
            if thread:
                comment.answer(self.team.workspace, Speaker(by, by), thread, kind, "Well.", signing, at=self.now)
            else:
                comment.begin(self.team.workspace, Speaker(by, by), self.doc, "Well?", signing, at=self.now)
        except Refused as problem:
            codes = [line.split(" ")[0] for line in problem.lines if line.startswith("AU")]
            if codes:  # not only so already
                self.by_hand(by, kind, thread, codes)
            assert self.team.head == before
        else:
            assert self.team.head != before

    def by_hand(self, by: str, kind: MessageKind, thread: str, codes: list[str]) -> None:
        before, was = self.team.head, len(self.findings())
        own = message_id(self.now, by, "zzzzzz")
        one = Message(own, thread or own, kind, by, self.now, "Well.")
        path, data = beside.stored(Beside.COMMENTS, self.doc, written(one), f"{own}.md")
        open_ones = len([each for each in self.threads() if not each.resolved])
        file = self.team.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        self.team.git("add", "-A")
        assert [found.code for found in advice(self.team.repo)] == codes
        landed = self.team.commit_all("By hand")
        assert self.findings()[was:] == [(code, landed) for code in codes]
        if kind is not MessageKind.COMMENT:
            assert len([each for each in self.threads() if not each.resolved]) == open_ones
        self.refused += 1
        self.team.git("reset", "-q", "--hard", before)

    def change_editors(self) -> None:
        by, whom = self.chance.choice(PEOPLE), self.chance.choice(PEOPLE)
        signing = self.team.actor(by).signer.git_arguments()
        try:
            if self.chance.random() < 0.5:
                editors.give(self.team.workspace, by, self.doc, whom, EditorRole.COMMENT, signing)
            else:
                editors.take(self.team.workspace, by, self.doc, whom, signing)
        except PmctlError:
            self.refused += 1

    def act(self, kind: str, by: str, reviewers: tuple[str, ...] = ()) -> bool:
        """An act of its life; whether it was done."""
        try:
            perform(
                self.team.workspace, self.team.actor(by), kind, self.doc, at=self.now, note="so", reviewers=reviewers
            )
        except Refused as problem:
            assert kind == acts.PUBLISH
            assert any("AU312" in line for line in problem.lines)
            return False
        return True


@pytest.mark.parametrize("seed", range(3))
def test_command_line_and_audit_agree_about_a_discussion(tmp_path: Path, seed: int) -> None:
    talk = Talk(Team.copy(tmp_path / "team"), random.Random(seed))
    life = ((acts.SUBMIT, "jane", ("bob",)), (acts.APPROVE, "bob", ()), (acts.PUBLISH, "jane", ()))
    published = False
    for kind, by, reviewers in (*life, ("", "", ())):
        for _ in range(EXAMPLES // 8):
            talk.say()
            if talk.chance.random() < 0.3:
                talk.change_editors()
        assert talk.findings() == []
        if kind:
            open_ones = [one for one in talk.threads() if not one.resolved]
            published = talk.act(kind, by, reviewers)
            assert published is (kind != acts.PUBLISH or not open_ones)
    for one in talk.threads() if not published else ():
        if not one.resolved:
            signing = talk.team.actor("jane").signer.git_arguments()
            resolve = MessageKind.RESOLVE
            comment.answer(talk.team.workspace, Speaker("jane", "jane"), one.id, resolve, "", signing, at=talk.now)
    assert published or talk.act(acts.PUBLISH, "jane")
    assert talk.findings() == []
    assert talk.refused, "nobody was refused anything"
