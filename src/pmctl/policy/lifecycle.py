"""The lifecycle of a postmortem: which act is allowed when, and what it does to the state.

(act, state, policy, view) -> violations; (state, act) -> next state. Pure. The command line asks before
it writes a record and the audit asks when a record lands, so both give the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pmctl.codes import Code
from pmctl.errors import Hint, advise
from pmctl.policy import act as acts
from pmctl.policy import permission
from pmctl.policy.act import ACTS, Act
from pmctl.policy.model import Policy
from pmctl.policy.permission import Violation
from pmctl.policy.state import ARCHIVED, DRAFT, FINAL, IN_REVIEW, PUBLISHED, Approval, PostmortemState, View


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
) -> Act:
    """The act `kind` that would follow `state`: from, to, prev, round and approvals filled in.

    `content` is the document's content digest, `root` the digest of the first policy, `at` an ISO 8601 time
    in UTC, `base` the newest commit of the protected branch that the actor has. `author` and `editors` are those of
    the document, for a submission. Nothing is checked here; ask `check` with the result.
    """
    approvals: tuple[str, ...] = ()
    if kind == acts.PUBLISH:
        approvals = tuple(sorted(approval.record for approval in state.counting(content)))
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
        prev=state.head,
        root=root,
        round=state.round + 1 if kind == acts.SUBMIT else state.round,
        base=base,
        reviewers=reviewers,
        author=author if kind == acts.SUBMIT else "",
        editors=editors if kind == acts.SUBMIT else (),
        was=state.content if kind == acts.AMEND and state.status in FINAL else "",
        approvals=approvals,
    )


def check(act: Act, state: PostmortemState, policy: Policy, view: View) -> tuple[Violation, ...]:
    """Why `act` is not allowed on a postmortem in `state` under `policy`; empty when it is.

    Signatures and keys are the caller's business: `act.by` is taken as proved. All reasons are returned.
    """
    spec = ACTS[act.act]
    if not spec.moves:
        return (Violation("AU302", f"{act.act} is not an act on a postmortem"),)
    found: list[Violation] = []
    if not (view.landing and is_late(act, state)):
        found.extend(_order(act, state, spec.moves))
        if any(violation.code == "AU302" for violation in found):
            return tuple(found)
    found.extend(permission.entitled(act, state, policy, view))
    if spec.needs_note and not act.note.strip():
        found.append(permission.needs_note(act))
    if "reviewers" in spec.keys:
        found.extend(permission.reviewers(act, state, policy, view))
    elif act.act == acts.APPROVE:
        found.extend(permission.approval(act, state, view))
    elif act.act == acts.PUBLISH:
        found.extend(permission.publication(act, state, policy, view))
    if act.act in (acts.SUBMIT, acts.PUBLISH):
        found.extend(permission.binding(act, state, view))
    if not view.landing and act.content != view.content:
        found.append(Violation("AU313", f"{act.act} names other content than the document has now"))
    return tuple(found)


def is_late(act: Act, state: PostmortemState) -> bool:
    """True when `act` was made in good order but another one of the same round landed first.

    Two people act on two branches and both are merged: a second approval after the publication, a second
    request for changes, the same publication twice. Such an act is kept and changes nothing.
    """
    if act.round != state.round or not state.submit:
        return False
    if act.act in (acts.APPROVE, acts.REQUEST_CHANGES):
        return act.prev == state.submit and state.status != IN_REVIEW and act.from_status == IN_REVIEW
    if act.act == acts.PUBLISH:
        return act.prev == state.submit and state.status in FINAL and act.content == state.content
    if act.act == acts.SUBMIT:
        same = act.prev == state.submit_prev and set(act.reviewers) <= set(state.reviewers)
        return same and state.status == IN_REVIEW
    return False


def advance(state: PostmortemState, act: Act, digest: str, commit: str = "", *, author: str = "") -> PostmortemState:
    """`state` after an allowed `act` whose record has `digest` and landed in `commit`.

    `author` is the document's author after the step; an amend or the first record takes it over.
    """
    if is_late(act, state):
        return state
    if act.act == acts.APPROVE:
        approval = Approval(act.by, digest, act.content, act.at, act.note, commit)
        others = tuple(a for a in state.approvals if a.by != act.by or a.content != act.content)
        return replace(state, approvals=(*others, approval))
    if act.act == acts.REQUEST_REVIEW:
        return replace(state, reviewers=tuple(dict.fromkeys((*state.reviewers, *act.reviewers))))
    moved = replace(
        state, status=act.to_status, head=digest, moved_by=act.by, moved_at=act.at, moved_in=commit, last_act=act.act
    )
    if act.act == acts.SUBMIT:
        return replace(
            moved,
            round=act.round,
            submit=digest,
            submit_prev=act.prev,
            reviewers=tuple(dict.fromkeys(act.reviewers)),
            approvals=(),
            landed=(),
            content="",
            author=state.author or author,
        )
    if act.act == acts.AMEND and author:
        moved = replace(moved, author=author)
    if act.to_status in FINAL:
        return replace(moved, content=state.content if act.act == acts.ARCHIVE else act.content)
    return replace(moved, content="")


def accept(state: PostmortemState, digest: str, content: str, status: str) -> PostmortemState:
    """`state` after a baseline with `digest` that accepts the postmortem as found: this content, this status."""
    return replace(state, status=status, content=content, head=digest, approvals=(), landed=(), last_act=acts.BASELINE)


def _order(act: Act, state: PostmortemState, possible: Mapping[str, str]) -> list[Violation]:
    """Wrong state, wrong predecessor, wrong round."""
    to_status = possible.get(state.status)
    if to_status is None:
        message = f"{act.act} is not possible while {state.id} is {state.status}"
        return [Violation("AU302", message, _way_out(state))]
    if act.from_status != state.status or act.to_status != to_status:
        claimed = f"{act.from_status or '?'} -> {act.to_status or '?'}"
        return [Violation("AU302", f"{act.act} claims {claimed}, but it leads {state.status} -> {to_status}")]
    found = []
    if act.prev != state.head:
        found.append(
            Violation(
                "AU210",
                f"{act.act} does not follow the last record of {state.id}",
                "somebody acted in between, or the record belongs to an older round: act again on the present state",
            )
        )
    expected = state.round + 1 if act.act == acts.SUBMIT else state.round
    if act.round != expected:
        found.append(Violation("AU317", f"{act.act} says round {act.round}, but this is round {expected}"))
    return found


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
