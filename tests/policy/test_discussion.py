"""Threads out of messages: what counts, in which order, and by whom. Held against a second telling of the rule."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from pmctl.document.comment import Message, MessageKind, message_id
from pmctl.policy.discussion import Rights, Thread, check_alteration, check_message, threads, unresolved
from pmctl.policy.state import DRAFT, IN_REVIEW
from tests.policy.levels import PARTS, POLICY, sample, standing

DOC = "2024-01-15-payment-api-outage"
AT = datetime(2024, 1, 17, 10, 0, tzinfo=UTC)
COMMENT, RESOLVE, REOPEN = MessageKind
RIGHTS = Rights(sample(IN_REVIEW), standing(IN_REVIEW), POLICY)


def said(by: str, kind: MessageKind = COMMENT, second: int = 0, thread: str = "", mark: str = "aaaaaa") -> Message:
    at = AT + timedelta(seconds=second)
    own = message_id(at, by, mark)
    return Message(own, thread or own, kind, by, at, "" if kind is not COMMENT else "Well?")


def one(*messages: Message, rights: Rights = RIGHTS) -> Thread:
    (found,) = threads(messages, rights)
    return found


def test_the_last_who_may_decides() -> None:
    first = said("rita")
    assert not one(first).resolved
    by_carol = said("carol", RESOLVE, 1, first.id)
    assert not one(first, by_carol).resolved
    assert one(first, by_carol).idle == (by_carol.id,)
    for by in ("rita", "jane", "edith", "ada"):
        found = one(first, by_carol, said(by, RESOLVE, 2, first.id))
        assert (found.resolved, found.resolved_by) == (True, by)
    settled = (first, said("jane", RESOLVE, 1, first.id))
    assert one(*settled, said("carol", REOPEN, 2, first.id)).resolved
    assert not one(*settled, said("rita", REOPEN, 2, first.id)).resolved
    assert one(*settled, said("rita", COMMENT, 2, first.id)).resolved, "a word after it opens nothing"
    assert one(*settled, said("rita", REOPEN, 2, first.id), said("ada", RESOLVE, 3, first.id)).resolved_by == "ada"


def test_a_reply_cannot_come_before_what_it_answers() -> None:
    first = said("rita", second=10)
    early = said("mallory", second=0, thread=first.id)
    found = one(early, first)
    assert [message.by for message in found.messages] == ["rita", "mallory"]
    assert found.writer == "rita"


def test_without_its_first_message_a_thread_is_still_its_writers() -> None:
    first = said("wanda")
    found = one(said("jane", second=1, thread=first.id))
    assert (found.writer, found.section, found.resolved) == ("wanda", "", False)
    assert one(said("jane", second=1, thread=first.id), said("wanda", RESOLVE, 2, first.id)).resolved


def test_whoever_began_it_counts_though_nobody_else_would_listen() -> None:
    assert len(unresolved(threads([said("nobody")], RIGHTS))) == 1  # an objection is not lost with a right


def test_a_right_that_is_lost_opens_what_rested_on_it() -> None:
    first = said("rita")
    messages = (first, said("edith", RESOLVE, 1, first.id))
    assert one(*messages).resolved
    without = Rights(RIGHTS.document, standing(DRAFT), POLICY)
    assert one(*messages, rights=without).resolved  # an editor of the draft, as its file says
    bare = Rights(None, standing(DRAFT), POLICY)
    assert not one(*messages, rights=bare).resolved


def test_the_order_of_files_makes_no_difference() -> None:
    chance = random.Random(5)
    for _ in range(300):
        first = said("rita", mark="000000")
        messages = [first]
        for number in range(1, chance.randint(2, 8)):
            by, kind = chance.choice(list(PARTS)), chance.choice(list(MessageKind))
            messages.append(said(by, kind, chance.randint(0, 5), first.id, f"{number:06d}"))
        expected = one(*messages)
        may = {"rita", "jane", "edith", "ada"}
        moves = sorted((m.at, m.id, m.kind) for m in messages if m.kind is not COMMENT and m.by in may)
        assert expected.resolved is (bool(moves) and moves[-1][2] is RESOLVE)
        chance.shuffle(messages)
        assert one(*messages) == expected


def test_who_is_told_what() -> None:
    def codes(message: Message, *who: str) -> set[str]:
        return {found.code for found in check_message(message, who, RIGHTS, DOC)}

    first = said("rita")
    assert codes(first, "rita") == set()
    assert codes(first, "jane") == {"AU711"}
    assert codes(first) == {"AU711"}
    assert codes(said("nobody"), "nobody") == {"AU712"}
    assert codes(said("sid"), "sid") == {"AU712"}
    assert codes(said("otto"), "otto") == set()
    assert codes(said("otto", RESOLVE, 1, first.id), "otto") == {"AU714"}
    assert codes(said("agnes", RESOLVE, 1, first.id), "agnes") == {"AU714"}, "an agent does not settle what people ask"
    assert codes(said("otto", RESOLVE, 1, said("otto").id), "otto") == set()
    assert codes(said("carol", RESOLVE, 1, first.id), "mallory") == {"AU711", "AU714"}


def test_who_may_alter_a_message() -> None:
    for who, fine in ((("rita",), True), (("ada",), True), (("jane",), False), ((), False), (("jane", "rita"), True)):
        assert (check_alteration("x.md", "rita", who, POLICY, "removed") == []) is fine
