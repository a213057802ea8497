"""The lifecycle of a postmortem: which act is allowed when, and what it does to the state.

(act, state, policy, view) -> violations; (state, act) -> next state. Pure. The command line asks before
it writes a record and the audit asks when a record lands, so both give the same answer.

A record is judged on the state that it was signed on, which its `prev` names. It takes effect when nothing that it
rests on has changed since; otherwise it came late: it is kept and shown, and changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from pmctl.codes import Code
from pmctl.errors import Hint, advise
from pmctl.policy import act as acts
from pmctl.policy import in_order, permission, sharing
from pmctl.policy.act import ACTS, Act
from pmctl.policy.approvals import approval_gaps
from pmctl.policy.model import Policy
from pmctl.policy.permission import Violation
from pmctl.policy.state import (
    ARCHIVED,
    DRAFT,
    FINAL,
    IN_REVIEW,
    PUBLISHED,
    Approval,
    PostmortemState,
    View,
)

_SHARING = (acts.SHARE, acts.UNSHARE, acts.ENDORSE)


class Applied(NamedTuple):
    """What became of a record: the state after it, `verdict` ok, late or refused, and why it was refused."""

    state: PostmortemState
    verdict: str
    violations: tuple[Violation, ...] = ()


def anchor(kind: str, status: str, state: PostmortemState) -> str:
    """The digest of the record that an act of this kind, from this status, has to name now: what it rests on.

    Text of a final postmortem rests on the record that bound it last, a submission and a new author on the one that
    set status or author last, a public text on the one that shared or withdrew one last or that ended the round of
    review, everything else on the one that moved the status last.
    """
    if kind in (acts.AMEND, acts.ADD_ITEM) and status in FINAL:
        return state.content_head
    if kind in _SHARING:
        return state.shared_head
    return state.draft_head if kind in (acts.SUBMIT, acts.AMEND) else state.head


def propose(
    kind: str,
    state: PostmortemState,
    policy: Policy,
    root: str,
    *,
    by: str,
    at: str,
    content: str,
    note: str = "",
    base: str = "",
    reviewers: tuple[str, ...] = (),
    author: str = "",
    editors: tuple[str, ...] = (),
    template: str = "",
    was: str = "",
    text: str = "",
    settings: str = "",
    salt: str = "",
    statement: str = "",
    seal: str = "",
) -> Act:
    """The act `kind` that would follow `state`: from, to, prev, round, approvals and what it replaces filled in.

    `content` is the document's content digest, `root` the digest of the first policy, `at` an ISO 8601 time
    in UTC, `base` the newest commit of the protected branch that the actor has. `author`, `editors` and `template` are
    those of the document, for a submission (`editors` those who become it, for a request); `was` is the open text that
    an amend settles, when there is one; the others are a share's. Nothing is checked here; ask
    `check` with the result.
    """
    final = kind == acts.AMEND and state.status in FINAL
    given = state.counting(content) if kind == acts.PUBLISH else ()
    mine = [a for a in state.approvals if a.by == by and not a.replaced] if kind == acts.APPROVE else []
    return Act(
        act=kind,
        by=by,
        doc=state.id,
        at=at,
        content=content,
        from_status=state.status,
        to_status=ACTS[kind].moves.get(state.status, ""),
        note=note,
        policy=policy.version,
        prev=anchor(kind, state.status, state),
        root=root,
        round=state.round + 1 if kind == acts.SUBMIT else state.round,
        base=base,
        reviewers=reviewers,
        author=(state.author or author) if kind == acts.SUBMIT else "",
        editors=tuple(sorted(editors)) if "editors" in ACTS[kind].keys else (),
        template=template if kind == acts.SUBMIT else "",
        replaces=tuple(sorted(a.record for a in mine if a.content != content)),
        was=(was or state.content) if final else "",
        approvals=tuple(sorted(a.record for a in given)),
        text=text,
        settings=settings,
        salt=salt,
        statement=statement,
        seal=seal,
    )


def check(act: Act, state: PostmortemState, policy: Policy, view: View) -> tuple[Violation, ...]:
    """Why `act` is not allowed on a postmortem in `state` under `policy`; empty when it is.

    Signatures and keys are the caller's business: `act.by` is taken as proved. All reasons are returned. Before it is
    written an act must not be late either.
    """
    if not ACTS[act.act].moves:
        return (Violation("AU302", f"{act.act} is not an act on a postmortem"),)
    late = is_late(act, state)
    signed_on = state.at(act.prev) if late else state
    if signed_on is None or (late and not view.landing):
        return (_does_not_follow(act, state),)
    wrong = _order(act, signed_on)
    if any(violation.code == "AU302" for violation in wrong):
        return tuple(wrong)
    found = [*wrong, *permission.kind(act, policy), *permission.entitled(act, signed_on, policy, view)]
    if ACTS[act.act].needs_note and not act.note.strip():
        found.append(permission.needs_note(act))
    found.extend(permission.author_named(act, signed_on, view))
    if not late and not (view.landing and overtaken(act, state, policy)):
        found.extend(permission.content(act, state, policy, view))
        found.extend(sharing.public_text_bound(act, state, policy, view))
        found.extend(in_order.nothing_left_out(act, state, view))
        found.extend(in_order.text_in_force(act, state, view))
    if not view.landing and act.content != view.content:
        found.append(Violation("AU313", f"{act.act} names other content than the document has now"))
    return tuple(found)


def is_late(act: Act, state: PostmortemState) -> bool:
    """True when something that `act` rests on has changed since it was signed."""
    if act.prev != anchor(act.act, act.from_status, state):
        return True
    # Of a text that is neither the one in force nor the one that a merge left open nobody can say what became of it.
    return (
        act.act == acts.AMEND and state.status in FINAL and act.was not in (state.content, state.open or state.content)
    )


def overtaken(act: Act, state: PostmortemState, policy: Policy) -> bool:
    """True for a publication that all approved who were asked at first, and that lacks only people asked since; or
    that rests on an approval which its giver has taken back since."""
    if act.act != acts.PUBLISH:
        return False
    named = [a for a in state.approvals if a.record in act.approvals and a.content == act.content]
    if len(named) < len(act.approvals):
        return False
    if not approval_gaps(state, policy, tuple(a for a in named if not a.replaced)):
        return any(a.replaced for a in named)
    by = {a.by for a in named}
    first = tuple(handle for handle in state.reviewers if handle in state.asked or handle in by)
    return not approval_gaps(replace(state, reviewers=first), policy, tuple(named))


def apply(act: Act, digest: str, state: PostmortemState, policy: Policy, view: View, commit: str = "") -> Applied:
    """`state` after the record `digest` of `act` has landed in `commit`: the one fold of audit and command line."""
    violations = check(act, state, policy, view)
    if any(not violation.attributed for violation in violations):
        return Applied(state, "refused", violations)
    if is_late(act, state) or overtaken(act, state, policy):
        return Applied(_too_late(act, state, digest), "late", violations)
    return Applied(advance(state, act, digest, commit, author=view.author), "ok", violations)


def advance(state: PostmortemState, act: Act, digest: str, commit: str = "", *, author: str = "") -> PostmortemState:
    """`state` after an allowed `act` in time whose record has `digest` and landed in `commit`.

    `author` is the author whom the document names, for an amend of a draft.
    """
    if act.act == acts.APPROVE:
        approval = Approval(act.by, digest, act.content, act.at, act.note, commit)
        mine = set(act.replaces)
        others = (
            replace(a, replaced=True) if a.record in mine and a.by == act.by and a.content != act.content else a
            for a in state.approvals
        )
        return replace(state, approvals=(*others, approval))
    if act.act == acts.REQUEST_REVIEW:
        return _remember(
            replace(
                state,
                reviewers=tuple(dict.fromkeys((*state.reviewers, *act.reviewers))),
                editors=tuple(dict.fromkeys((*state.editors, *act.editors))),
            ),
            state.head,
            state,
        )
    if act.act in (acts.AMEND, acts.ADD_ITEM):
        moved = _moved(state, act, commit)
        if state.status in FINAL:
            bound = (*state.bound, act.content)
            moved = replace(moved, content=act.content, content_head=digest, open="", bound=bound)
        else:
            moved = replace(moved, author=author or state.author, draft_head=digest)
        return _remember(moved, digest, state)
    if act.act == acts.ENDORSE:
        given = Approval(act.by, digest, act.text, act.at, act.note, commit)
        return replace(state, endorsed=(*state.endorsed, given))
    if act.act in _SHARING:
        said = act.statement or state.statement
        told = replace(state, shared=act.text, shared_head=digest, endorsed=(), statement=said)
        return _remember(told, digest, state)
    moved = replace(_moved(state, act, commit), status=act.to_status, head=digest, draft_head=digest)
    if act.act != acts.ARCHIVE:  # which leaves what customers read as it is
        shared = "" if act.act == acts.DELETE else state.shared
        moved = replace(moved, shared_head=digest, shared=shared, endorsed=())
    if act.act == acts.SUBMIT:
        asked = tuple(dict.fromkeys(act.reviewers))
        moved = replace(
            moved, round=act.round, author=act.author, editors=act.editors, template=act.template, asked=asked,
            reviewers=asked, late_asked=(), approvals=(), landed=(),
        )  # fmt: skip
    if act.act == acts.PUBLISH:
        moved = replace(moved, content=act.content, content_head=digest, bound=(act.content,))
    elif act.to_status not in FINAL:
        moved = replace(moved, content="", content_head="", open="", bound=())
    return _remember(moved, digest, state)


def accept(
    state: PostmortemState,
    digest: str,
    content: str,
    status: str,
    *,
    editors: tuple[str, ...] = (),
    reviewers: tuple[str, ...] = (),
) -> PostmortemState:
    """`state` after a baseline with `digest` that accepts the postmortem as found: this content, this status.

    `editors` and `reviewers` are those whom it names then.
    """
    accepted = replace(
        state, status=status, content=content if status in FINAL else "", head=digest, draft_head=digest,
        content_head=digest if status in FINAL else "", shared_head=digest, endorsed=(),
        open="", bound=(content,), editors=editors, asked=reviewers,
        reviewers=reviewers, approvals=(), landed=(), last_act=acts.BASELINE,
    )  # fmt: skip
    return _remember(accepted, digest, state)


def begin_again(state: PostmortemState) -> PostmortemState:
    """A deleted postmortem whose id is used again: a new draft on the old chain."""
    fresh = replace(state, status=DRAFT, author="", editors=(), asked=(), reviewers=(), approvals=(), landed=())
    return _remember(fresh, state.head, state)


def _moved(state: PostmortemState, act: Act, commit: str) -> PostmortemState:
    return replace(state, moved_by=act.by, moved_at=act.at, moved_in=commit, last_act=act.act)


def _remember(state: PostmortemState, digest: str, before: PostmortemState) -> PostmortemState:
    """The state with a note of itself for whatever will say that it follows the record `digest`."""
    return replace(state, after={**(before.after or {"": before.past}), digest: state.past})


def _too_late(act: Act, state: PostmortemState, digest: str) -> PostmortemState:
    """The same state; what rests on the record is late as well, and is judged as if it had been in time."""
    signed_on = state.at(act.prev)
    if act.act in (acts.APPROVE, acts.ENDORSE) or signed_on is None:
        return state
    would_be = advance(signed_on, act, digest).past
    if act.act == acts.REQUEST_REVIEW:
        asked = tuple(dict.fromkeys((*state.late_asked, *act.reviewers, *act.editors)))
        late = state.after[act.prev].late
        return replace(state, late_asked=asked, after={**state.after, act.prev: would_be._replace(late=late)})
    text = state.status in FINAL and act.act in (acts.AMEND, acts.ADD_ITEM)
    bound = (*state.bound, act.content) if text else state.bound
    return replace(state, bound=bound, after={**state.after, digest: would_be._replace(late=True)})


def _does_not_follow(act: Act, state: PostmortemState) -> Violation:
    return Violation(
        "AU210",
        f"{act.act} does not follow the last record of {state.id}",
        "somebody acted in between, or the record belongs to another history: act again on the present state",
    )


def _order(act: Act, signed_on: PostmortemState) -> list[Violation]:
    """Wrong state, wrong round."""
    to_status = ACTS[act.act].moves.get(signed_on.status)
    if to_status is None:
        message = f"{act.act} is not possible while {signed_on.id} is {signed_on.status}"
        return [Violation("AU302", message, _way_out(signed_on))]
    if act.act in (acts.AMEND, acts.ADD_ITEM, *_SHARING) and signed_on.status in FINAL:
        # Whether it was archived meanwhile makes no difference to the text.
        right = act.from_status in FINAL and act.to_status == act.from_status
    else:
        right = act.from_status == signed_on.status and act.to_status == to_status
    if not right:
        claimed = f"{act.from_status or '?'} -> {act.to_status or '?'}"
        return [Violation("AU302", f"{act.act} claims {claimed}, but it leads {signed_on.status} -> {to_status}")]
    expected = signed_on.round + 1 if act.act == acts.SUBMIT else signed_on.round
    if act.round != expected:
        return [Violation("AU317", f"{act.act} says round {act.round}, but this is round {expected}")]
    return []


def _way_out(state: PostmortemState) -> Hint:
    """What can be done instead in this state."""
    ways = {
        DRAFT: advise("in-draft", id=state.id),
        IN_REVIEW: advise("in-review", id=state.id),
        PUBLISHED: advise("in-published", id=state.id),
        ARCHIVED: advise("in-archived", id=state.id),
    }
    return ways.get(state.status, "it was deleted")


CODES = (
    Code(
        "AU210",
        "does-not-follow",
        "A record does not follow the last record that moved the postmortem.",
        "It was made for an older state: another round, or somebody acted in between.",
        "Look at the present state (pmctl status ID) and act on it.",
        "an approval from before a withdrawal",
    ),
    Code(
        "AU302",
        "not-possible-now",
        "The act is not possible in the state in which the postmortem is.",
        "States are passed in order; none is skipped.",
        "pmctl status ID says what is possible.",
        "publish of a draft",
    ),
    Code(
        "AU313",
        "published-other-content",
        "The document says something else than what its record binds.",
        "The record is what was approved; readers see the document.",
        "Publish exactly what was approved.",
        "an edit in the commit that publishes",
    ),
    Code(
        "AU317",
        "other-round",
        "A record names another round of review than the present one.",
        "Approvals of an earlier round do not count in the next.",
        "Act again.",
        "round 1 after the second submit",
    ),
)
