"""The lifecycle of a postmortem: which act is allowed when, and what it does to the state.

(act, state, policy, view) -> violations; (state, act) -> next state. Pure. The command line asks before
it writes a record and the audit asks when a record lands, so both give the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pmctl.errors import Hint, advise
from pmctl.policy import act as acts
from pmctl.policy.act import ACTS, ADMIN, AUTHOR, PUBLISHER, Act
from pmctl.policy.approvals import approval_gaps
from pmctl.policy.model import Policy
from pmctl.policy.state import ARCHIVED, DRAFT, FINAL, IN_REVIEW, PUBLISHED, Approval, PostmortemState, View


@dataclass(frozen=True, slots=True)
class Violation:
    """One reason why an act is not allowed: a code of the audit, a sentence, and the next step.

    `attributed` is true when the reason rests on who commits say they are from, not on signatures.
    """

    code: str
    message: str
    hint: Hint = ""
    attributed: bool = False


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
    reviewers: tuple[str, ...] = (),
) -> Act:
    """The act `kind` that would follow `state`: from, to, prev, round and approvals filled in.

    `content` is the document's content digest, `root` the digest of the first policy, `at` an ISO 8601 time
    in UTC. Nothing is checked here; ask `check` with the result.
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
        reviewers=reviewers,
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
    found.extend(_standing(act, state, policy, view))
    if spec.needs_note and not act.note.strip():
        found.append(needs_note(act))
    if "reviewers" in spec.keys:
        found.extend(_reviewers(act, state, policy, view))
    elif act.act == acts.APPROVE:
        found.extend(_approval(act, state, view))
    elif act.act == acts.PUBLISH:
        found.extend(_publication(act, state, policy, view))
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


def _standing(act: Act, state: PostmortemState, policy: Policy, view: View) -> list[Violation]:
    """Is the actor somebody who may do this?"""
    author = state.author or view.author
    admin = act.by in policy.admins
    who = ACTS[act.act].who
    if who == ADMIN:
        return [] if admin else [needs_admin(act, policy)]
    if who == AUTHOR:
        if admin or act.by == author or act.by in view.editors:
            return []
        message = f"{act.act} needs the author, an editor or an admin, and {act.by} is none of them"
        return [Violation("AU303", message, _ask((author, *view.editors)))]
    if who == PUBLISHER:
        roles = {"author": (author,), "editors": view.editors, "admins": policy.admins}
        publishers = [handle for role in policy.publishers for handle in roles.get(role, ())]
        if act.by in publishers:
            return []
        return [Violation("AU308", f"{act.by} may not publish {state.id}", _ask(tuple(publishers)))]
    found = []
    own_work = act.act == acts.APPROVE and act.by == author and not policy.review.self_approval
    if own_work:
        hint = advise("ask-somebody-else", id=state.id)
        found.append(Violation("AU306", f"{act.by} is the author of {state.id} and may not approve it", hint))
    if act.by not in state.reviewers:
        hint = "" if own_work else advise("author-asks", id=state.id, reviewer=act.by)
        found.append(Violation("AU305", f"{act.by} was not asked to review {state.id}", hint))
    return found


def _reviewers(act: Act, state: PostmortemState, policy: Policy, view: View) -> list[Violation]:
    """Are the people asked ones who can answer?"""
    found = []
    author = state.author or view.author
    for handle in act.reviewers:
        person = policy.people.get(handle)
        if person is None:
            found.append(Violation("AU315", f"reviewer {handle} is not in the policy", advise("people")))
        elif not person.active_keys:
            found.append(Violation("AU315", f"reviewer {handle} has no active key and could not sign an approval"))
        elif handle == author and not policy.review.self_approval:
            message = f"{handle} is the author of {state.id} and may not review it"
            found.append(Violation("AU306", message, "ask somebody else: --reviewer HANDLE"))
    asked = len(set(act.reviewers) | (set(state.reviewers) if act.act == acts.REQUEST_REVIEW else set()))
    needed = max(1, policy.review.minimum, policy.review.approvals or 0)
    if asked < needed:
        noun = "reviewer" if needed == 1 else "reviewers"
        found.append(Violation("AU315", f"the policy asks for at least {needed} {noun}", "add --reviewer HANDLE"))
    return found


def _approval(act: Act, state: PostmortemState, view: View) -> list[Violation]:
    """Does an approval bind what the document says?"""
    found = []
    known = act.content == view.content
    if view.landing:
        known = known or view.rewritten or act.content in view.earlier or act.content in state.landed
    if not known:
        message = f"{act.by} approved other content than {state.id} has or had in this round"
        found.append(Violation("AU304", message, "read it again and approve what is there now"))
    if not view.landing and any(a.by == act.by for a in state.counting(view.content)):
        found.append(Violation("AU316", f"{act.by} has approved exactly this content already"))
    if view.writers == (act.by,):
        message = f"{act.by} approves content that only {act.by} wrote, as far as the commits tell"
        found.append(Violation("AU708", message, attributed=True))
    return found


def _publication(act: Act, state: PostmortemState, policy: Policy, view: View) -> list[Violation]:
    """Is what gets published approved, complete and undisputed?"""
    found = []
    counting = state.counting(act.content)
    known = {approval.record for approval in counting}
    if set(act.approvals) - known:
        found.append(
            Violation(
                "AU310",
                f"publish of {state.id} rests on approvals that do not count: stale, unknown or of other content",
                advise("status", id=state.id),
            )
        )
    named = tuple(approval for approval in counting if approval.record in act.approvals)
    found.extend(Violation("AU309", gap.message, gap.hint) for gap in approval_gaps(state, policy, named))
    if view.missing:
        found.append(
            Violation(
                "AU311",
                f"{state.id} is not complete: {', '.join(view.missing)} missing or empty",
                advise("fill-in", id=state.id),
            )
        )
    if view.unresolved:
        count = "1 discussion is" if view.unresolved == 1 else f"{view.unresolved} discussions are"
        found.append(Violation("AU312", f"{count} unresolved on {state.id}"))
    return found


def needs_admin(act: Act, policy: Policy) -> Violation:
    """What is said to somebody who is no admin and does what only admins may."""
    return Violation("AU314", f"{act.act} needs an admin, and {act.by} is none", _ask(policy.admins))


def needs_note(act: Act) -> Violation:
    """What is said when the reason of an act is missing."""
    return Violation("AU319", f"{act.act} needs a reason", "say why with -m TEXT")


def _way_out(state: PostmortemState) -> Hint:
    """What can be done instead in this state."""
    ways = {
        DRAFT: advise("in-draft", id=state.id),
        IN_REVIEW: advise("in-review", id=state.id),
        PUBLISHED: advise("in-published", id=state.id),
        ARCHIVED: advise("in-archived", id=state.id),
    }
    return ways.get(state.status, "it was deleted")


def _ask(handles: tuple[str, ...]) -> str:
    names = ", ".join(dict.fromkeys(handle for handle in handles if handle))
    return f"ask one of: {names}" if names else ""
