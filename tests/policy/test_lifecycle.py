"""The fold by itself, without git: what was allowed where it was signed lands whatever it meets, and nothing else does.

PMCTL_PROPERTY_EXAMPLES sets how many lives are tried (10,000 take about a minute).
"""

from __future__ import annotations

import hashlib
import os
import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmctl.ledger import record
from pmctl.ledger.signatures import Signer
from pmctl.ledger.verified_records import VerifiedRecord, in_order
from pmctl.policy import act as acts
from pmctl.policy import lifecycle
from pmctl.policy.act import ACTS, Act
from pmctl.policy.model import Key, Person, Policy, ReviewRules
from pmctl.policy.state import DRAFT, FINAL, IN_REVIEW, PUBLISHED, Past, PostmortemState, View

EXAMPLES = int(os.environ.get("PMCTL_PROPERTY_EXAMPLES", "0")) or 300
DOC = "2024-01-15-payment-api-outage"
ROOT = "sha256:" + "a" * 64
KINDS = (*(name for name, spec in ACTS.items() if spec.moves), acts.SUBMIT, acts.APPROVE, acts.APPROVE, acts.PUBLISH)
PEOPLE = ("jane", "alice", "bob", "carol", "dave")
TEXTS = tuple("sha256:" + hashlib.sha256(text.encode()).hexdigest() for text in ("one", "two", "three"))
POLICY = Policy(
    version=1,
    people={
        name: Person(name, name, (f"{name}@example.com",), (Key(f"ssh-ed25519 {name}"),))
        for name in PEOPLE
    },
    teams={},
    admins=("alice",),
    review=ReviewRules(approvals=None),
)  # fmt: skip
START = PostmortemState(DOC, author="jane")


def made(kind: str, by: str, state: PostmortemState, content: str, note: str, *people: str) -> Act:
    """The act as the command line would propose it."""
    asks = kind in (acts.SUBMIT, acts.REQUEST_REVIEW)
    bound = {"text": TEXTS[0], "settings": TEXTS[1]} if kind in (acts.SHARE, acts.ENDORSE) else {}
    bound |= {"salt": "5a" * 32} if kind == acts.SHARE else {}
    return lifecycle.propose(
        kind, state, POLICY, ROOT, by=by, at="2024-01-17T10:00:00Z", content=content, note=note, **bound,
        reviewers=people if asks else (), author="jane",
        editors=("dave",) if kind == acts.REQUEST_REVIEW and "dave" in people else (),
    )  # fmt: skip


def allowed(act: Act, state: PostmortemState) -> bool:
    return not lifecycle.check(act, state, POLICY, View(act.content, state.author))


def landed(act: Act, state: PostmortemState) -> lifecycle.Applied:
    view = View(act.content, state.author, landing=True, rewritten=True)
    return lifecycle.apply(act, record.digest(record.to_bytes(act)), state, POLICY, view)


def some_act(rng: random.Random, state: PostmortemState, note: str) -> Act:
    people = rng.sample(PEOPLE[1:], rng.randint(1, 3))
    return made(rng.choice(KINDS), rng.choice(PEOPLE), state, rng.choice(TEXTS), note, *people)


def life(rng: random.Random, state: PostmortemState, length: int, name: str) -> tuple[PostmortemState, list[Act]]:
    """A line of acts each of which was allowed."""
    done = []
    for number in range(length):
        tries = (some_act(rng, state, f"{name} {number}") for _ in range(15))
        act = next((act for act in tries if allowed(act, state)), None)
        if act is not None:
            after = landed(act, state)
            assert after.verdict == "ok", act
            state = after.state
            done.append(act)
    return state, done


lives = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@given(st.integers(0, 2**32))
@lives
def test_what_was_allowed_where_it_was_signed_lands_on_another_line(seed: int) -> None:
    """Two lines from one state: landing after the other, each act takes effect or is late, and is never refused."""
    rng = random.Random(seed)
    start, _ = life(rng, START, rng.randrange(12), "before")
    main, _ = life(rng, start, rng.randint(1, 5), "main")
    _, side = life(rng, start, rng.randint(1, 5), "side")
    state, late = main, set()
    for act in side:
        digest = record.digest(record.to_bytes(act))
        after = landed(act, state)
        assert after.verdict in ("ok", "late"), (after.violations, act)
        if after.verdict == "late":
            late.add(digest)
            assert replace(after.state, after={}, late_asked=(), bound=()) == replace(
                state, after={}, late_asked=(), bound=()
            )
        assert not (act.prev in late and after.verdict == "ok"), "what follows a late record is late"
        state = after.state


@given(st.integers(0, 2**32))
@lives
def test_what_the_command_line_refuses_takes_no_effect(seed: int) -> None:
    rng = random.Random(seed)
    state, _ = life(rng, START, rng.randrange(12), "before")
    tries = [some_act(rng, state, "now") for _ in range(40)]
    fine = [act for act in tries if allowed(act, state)]
    act = rng.choice(fine or tries)
    changes: list[dict[str, object]] = [
        {}, {"by": rng.choice(PEOPLE)}, {"round": act.round + 1}, {"from_status": rng.choice((PUBLISHED, DRAFT))},
        {"to_status": IN_REVIEW}, {"note": ""}, {"prev": rng.choice([*state.after, ROOT])},
    ]  # fmt: skip
    changes += {
        acts.PUBLISH: [{"approvals": (ROOT,)}, {"approvals": ()}],
        acts.APPROVE: [{"replaces": (ROOT,)}],
        acts.SUBMIT: [{"author": "bob"}],
        acts.AMEND: [{"was": ROOT}],
    }.get(act.act, [])
    act = replace(act, **rng.choice(changes))  # type: ignore[arg-type]  # fields of an act, by name
    reasons = lifecycle.check(act, state, POLICY, View(act.content, state.author))
    serious = [found for found in reasons if found.code not in ("AU304", "AU316")]  # a matter of the document
    after = landed(act, state)
    assert (after.verdict == "ok") == (not serious), (reasons, after)
    if serious:
        assert replace(after.state, after={}, late_asked=(), bound=()) == replace(
            state, after={}, late_asked=(), bound=()
        )


def played(*steps: tuple[str, str]) -> PostmortemState:
    state = START
    for number, (kind, by) in enumerate(steps):
        state = landed(made(kind, by, state, TEXTS[0], str(number), "bob"), state).state
    return state


PUBLISHED_STATE = played((acts.SUBMIT, "jane"), (acts.APPROVE, "bob"), (acts.PUBLISH, "jane"))


def test_what_a_record_rests_on() -> None:
    archived = landed(made(acts.ARCHIVE, "alice", PUBLISHED_STATE, TEXTS[0], ""), PUBLISHED_STATE).state
    assert archived.head != archived.content_head == PUBLISHED_STATE.head
    amend = made(acts.AMEND, "alice", archived, TEXTS[1], "why")
    assert (amend.prev, amend.was) == (PUBLISHED_STATE.head, TEXTS[0])
    amended = landed(amend, archived).state
    assert (amended.head, amended.content_head) == (archived.head, record.digest(record.to_bytes(amend)))
    assert made(acts.REOPEN, "alice", amended, TEXTS[1], "").prev == archived.head
    renamed = landed(made(acts.AMEND, "alice", START, TEXTS[0], "another author"), START).state
    assert (renamed.head, made(acts.SUBMIT, "jane", renamed, TEXTS[0], "").prev) == ("", renamed.draft_head)
    assert made(acts.DELETE, "alice", renamed, TEXTS[0], "").prev == ""


def test_a_submit_binds_author_editors_and_template() -> None:
    act = replace(made(acts.SUBMIT, "alice", START, TEXTS[0], "", "bob"), editors=("dave",), template=TEXTS[2])
    state = landed(act, START).state
    assert (state.author, state.editors, state.template, state.asked) == ("jane", ("dave",), TEXTS[2], ("bob",))
    for by, reason in (("dave", []), ("carol", ["AU303"])):
        view = View(TEXTS[0], "jane", ("carol",))  # what the front matter says makes no difference any more
        found = lifecycle.check(made(acts.WITHDRAW, by, state, TEXTS[0], ""), state, POLICY, view)
        assert [one.code for one in found] == reason
    assert [one.code for one in landed(replace(act, author="alice"), START).violations] == ["AU403"]


def test_an_open_text_is_settled_by_an_amend_that_names_it() -> None:
    state = replace(PUBLISHED_STATE, open=TEXTS[1])
    for was, verdict in ((TEXTS[0], "ok"), (TEXTS[1], "ok"), (TEXTS[2], "late")):
        act = replace(made(acts.AMEND, "alice", state, TEXTS[2], "why"), was=was)
        after = landed(act, state)
        assert (after.verdict, after.state.open) == (verdict, "" if verdict == "ok" else TEXTS[1])


def test_an_archived_text_is_amended_by_who_saw_it_published() -> None:
    act = made(acts.AMEND, "alice", PUBLISHED_STATE, TEXTS[1], "why")
    archived = landed(made(acts.ARCHIVE, "alice", PUBLISHED_STATE, TEXTS[0], ""), PUBLISHED_STATE).state
    after = landed(act, archived)
    assert (after.verdict, after.state.status, after.state.content) == ("ok", "ARCHIVED", TEXTS[1])
    later = made(acts.AMEND, "alice", archived, TEXTS[1], "why")
    assert (later.from_status, landed(later, archived).verdict) == ("ARCHIVED", "ok")
    wrong = replace(later, to_status=DRAFT)
    assert [one.code for one in landed(wrong, archived).violations] == ["AU302"]


def test_a_publication_is_overtaken_by_who_was_asked_and_by_what_was_taken_back() -> None:
    state = played((acts.SUBMIT, "jane"), (acts.APPROVE, "bob"))
    publish = made(acts.PUBLISH, "jane", state, TEXTS[0], "")
    asked = landed(made(acts.REQUEST_REVIEW, "jane", state, TEXTS[0], "", "carol"), state).state
    assert landed(publish, asked).verdict == "late"
    assert landed(replace(publish, approvals=()), asked).verdict == "refused"
    assert landed(replace(publish, approvals=(*publish.approvals, ROOT)), asked).verdict == "refused"
    again = landed(made(acts.APPROVE, "bob", state, TEXTS[1], "fixed"), state).state
    assert landed(publish, again).verdict == "late"
    same = replace(made(acts.APPROVE, "bob", state, TEXTS[0], "still"), replaces=publish.approvals)
    assert landed(publish, landed(same, state).state).verdict == "ok"


def test_who_was_asked_too_late_is_kept_in_mind() -> None:
    state = played((acts.SUBMIT, "jane"), (acts.APPROVE, "bob"))
    ask = made(acts.REQUEST_REVIEW, "jane", state, TEXTS[0], "", "carol", "dave")
    hers = made(acts.APPROVE, "carol", landed(ask, state).state, TEXTS[0], "")
    done = landed(ask, landed(made(acts.PUBLISH, "jane", state, TEXTS[0], ""), state).state)
    assert (done.verdict, done.state.reviewers, done.state.late_asked) == ("late", ("bob",), ("carol", "dave"))
    assert landed(hers, done.state).verdict == "late"
    assert landed(made(acts.APPROVE, "alice", state, TEXTS[0], ""), done.state).verdict == "refused"


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"round": 2}, ["AU317"]),
        ({"from_status": DRAFT}, ["AU302"]),
        ({"to_status": DRAFT}, ["AU302"]),
        ({"by": "carol"}, ["AU308"]),
        ({"approvals": ()}, ["AU309"]),
        ({"approvals": (ROOT,)}, ["AU310", "AU309"]),
        ({"prev": ROOT}, ["AU210"]),
    ],
)
def test_a_publication_that_was_changed(change: dict[str, object], codes: list[str]) -> None:
    state = played((acts.SUBMIT, "jane"), (acts.APPROVE, "bob"))
    act = replace(made(acts.PUBLISH, "jane", state, TEXTS[0], ""), **change)  # type: ignore[arg-type]  # by name
    for landing in (False, True):
        view = View(act.content, "jane", landing=landing)
        assert [one.code for one in lifecycle.check(act, state, POLICY, view)] == codes


def test_a_publication_that_names_what_was_taken_back_although_others_are_enough() -> None:
    policy = replace(POLICY, review=ReviewRules(approvals=1))
    state = landed(made(acts.SUBMIT, "jane", START, TEXTS[0], "", "bob", "carol"), START).state
    for by in ("bob", "carol"):
        state = landed(made(acts.APPROVE, by, state, TEXTS[0], by), state).state
    publish = made(acts.PUBLISH, "jane", state, TEXTS[0], "")
    state = landed(made(acts.APPROVE, "bob", state, TEXTS[1], "fixed"), state).state
    view = View(TEXTS[0], "jane", landing=True)
    assert lifecycle.apply(publish, ROOT, state, policy, view).verdict == "late"
    fresh = made(acts.PUBLISH, "jane", state, TEXTS[0], "")
    assert lifecycle.apply(fresh, ROOT, state, policy, view).verdict == "ok"


def test_an_approval_takes_back_what_it_names() -> None:
    state = played((acts.SUBMIT, "jane"), (acts.APPROVE, "bob"))
    other = made(acts.APPROVE, "bob", state, TEXTS[1], "this one, too")
    assert other.replaces == tuple(one.record for one in state.approvals)
    after = landed(replace(other, replaces=()), state).state
    assert [len(after.counting(text)) for text in TEXTS] == [1, 1, 0]
    assert [len(landed(other, state).state.counting(text)) for text in TEXTS] == [0, 1, 0]


def test_the_first_submit_puts_the_claimed_author_on_record() -> None:
    unknown = replace(START, author="")
    act = made(acts.SUBMIT, "jane", unknown, TEXTS[0], "", "bob")
    view = View(act.content, "jane", landing=True)
    state = lifecycle.apply(act, ROOT, unknown, POLICY, view).state
    assert (state.status, state.author) == (IN_REVIEW, "jane")


def test_a_late_act_asks_nothing_of_the_content_of_now() -> None:
    """A publication and a second approval, both signed before the review ended and began again."""
    state = played((acts.SUBMIT, "jane"), (acts.APPROVE, "bob"))
    again = made(acts.APPROVE, "bob", state, TEXTS[1], "fixed")
    publish = made(acts.PUBLISH, "jane", state, TEXTS[0], "")
    now = landed(made(acts.WITHDRAW, "jane", state, TEXTS[0], ""), state).state
    now = landed(made(acts.SUBMIT, "jane", now, TEXTS[1], "", "carol"), now).state
    assert [landed(act, now).verdict for act in (again, publish)] == ["late", "late"]


def test_an_admin_publishes_for_an_author_without_a_key() -> None:
    state = played((acts.SUBMIT, "jane"), (acts.APPROVE, "bob"))
    policy = replace(POLICY, publishers=("author",))
    act = made(acts.PUBLISH, "alice", state, TEXTS[0], "")
    view = View(act.content, "jane")
    assert [one.code for one in lifecycle.check(act, state, policy, view)] == ["AU308"]
    gone = replace(policy, people={name: one for name, one in POLICY.people.items() if name != "jane"})
    assert lifecycle.check(act, state, gone, view) == ()


def test_a_record_that_names_nothing_known_is_refused() -> None:
    for kind, by in ((acts.ARCHIVE, "alice"), (acts.AMEND, "alice"), (acts.REOPEN, "alice")):
        act = replace(made(kind, by, PUBLISHED_STATE, TEXTS[1], "why"), prev=ROOT)
        assert [one.code for one in landed(act, PUBLISHED_STATE).violations] == ["AU210"]


def test_a_state_knows_what_was_after_each_record() -> None:
    assert PUBLISHED_STATE.after[""] == Past(DRAFT, 0, "jane", (), ())
    assert [past.status for past in PUBLISHED_STATE.after.values()] == [DRAFT, IN_REVIEW, PUBLISHED]
    assert PUBLISHED_STATE.at(ROOT) is None
    submitted = PUBLISHED_STATE.at(list(PUBLISHED_STATE.after)[1])
    assert submitted is not None and (submitted.status, submitted.reviewers) == (IN_REVIEW, ("bob",))


def test_a_reopened_postmortem_binds_no_content() -> None:
    reopened = landed(made(acts.REOPEN, "alice", PUBLISHED_STATE, TEXTS[0], "why"), PUBLISHED_STATE).state
    assert (reopened.content, reopened.content_head, reopened.status) == ("", "", DRAFT)
    assert reopened.status not in FINAL


def verified(act: Act, number: int = 1) -> VerifiedRecord:
    signer = Signer(act.by, Key("ssh-ed25519 x"), "x")
    return VerifiedRecord(act, record.digest(record.to_bytes(act)), "", number, signer)


def test_the_order_of_what_lands_at_once() -> None:
    """Each after those that it follows; of the rest requests, approvals, texts, refusals, publications."""
    submit = made(acts.SUBMIT, "jane", START, TEXTS[0], "", "bob")
    state = landed(submit, START).state
    ask = made(acts.REQUEST_REVIEW, "jane", state, TEXTS[0], "", "carol")
    approve = made(acts.APPROVE, "bob", state, TEXTS[0], "")
    publish = made(acts.PUBLISH, "jane", landed(approve, state).state, TEXTS[0], "")
    refuse = made(acts.REQUEST_CHANGES, "bob", state, TEXTS[0], "no")
    everything = [verified(act) for act in (publish, refuse, approve, ask, submit)]

    def order(status: str) -> list[str]:
        return [one.act.act for one in in_order(everything, status)]

    first = [acts.SUBMIT, acts.REQUEST_REVIEW, acts.APPROVE]
    assert order("") == [*first, acts.REQUEST_CHANGES, acts.PUBLISH]
    assert order(DRAFT) == [*first, acts.REQUEST_CHANGES, acts.PUBLISH]
    assert order(PUBLISHED) == [*first, acts.PUBLISH, acts.REQUEST_CHANGES]


def test_texts_go_before_what_ends_them() -> None:
    amend = made(acts.AMEND, "alice", PUBLISHED_STATE, TEXTS[1], "why")
    again = made(acts.AMEND, "alice", landed(amend, PUBLISHED_STATE).state, TEXTS[2], "why")
    reopen = made(acts.REOPEN, "alice", PUBLISHED_STATE, TEXTS[0], "why")
    ordered = in_order([verified(act) for act in (reopen, again, amend)], DRAFT)
    assert [one.act.note for one in ordered] == ["why"] * 3
    assert [one.act for one in ordered] == [amend, again, reopen]


@pytest.mark.parametrize("named", [("carol",), ("bob",)])
def test_approvals_are_taken_back_by_their_giver_only(named: tuple[str, ...]) -> None:
    state = landed(made(acts.SUBMIT, "jane", START, TEXTS[0], "", "bob", "carol"), START).state
    for by in ("bob", "carol"):
        state = landed(made(acts.APPROVE, by, state, TEXTS[0], by), state).state
    other = {one.by: one.record for one in state.approvals}
    act = replace(made(acts.APPROVE, "bob", state, TEXTS[1], "fixed"), replaces=tuple(other[name] for name in named))
    after = landed(act, state)
    assert after.verdict == ("ok" if named == ("bob",) else "refused")
    assert [one.by for one in after.state.counting(TEXTS[0])] == (["carol"] if named == ("bob",) else ["bob", "carol"])
