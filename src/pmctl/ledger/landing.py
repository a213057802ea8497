"""What a record witnesses by its base, when it lands. (step, record) -> findings, and who witnessed last.

`base` is where the protected branch was when the record was signed, as far as its signer had it. It is part of
what lies before the step, or the signer's word is not true of this history: a finding about that record alone, whose
act counts all the same. When the branch goes round what the signer saw, nothing is lost as long as all of it is signed.
"""

from __future__ import annotations

from pmctl.codes import WAIVE, Code
from pmctl.ledger import side_lines
from pmctl.ledger.audit_state import AuditState
from pmctl.ledger.report import Witness
from pmctl.ledger.step import StepContext
from pmctl.ledger.verified_records import VerifiedRecord
from pmctl.policy.model import Policy


def check(step: StepContext, one: VerifiedRecord, policy: Policy) -> None:
    """Hold a record's base against the history that it lands in."""
    state, base = step.state, one.act.base
    if not base:
        return
    if base not in state.landed:
        _outside(step, one)
    elif not state.landed.is_on_trunk(base):
        _bypassed(step, one, policy)
    elif state.witness is None or state.landed.step[base] >= state.landed.step[state.witness[1]]:
        state.witness = one.act.by, base


def last_witness(state: AuditState) -> Witness | None:
    """Whose signature names the newest commit of the main line, and how many steps ago that was."""
    if state.witness is None:
        return None
    by, commit = state.witness
    return Witness(by, commit, len(state.landed.trunk) - 1 - state.landed.step[commit])


def _outside(step: StepContext, one: VerifiedRecord) -> None:
    named = one.act.base[:12]
    message = f"{one.act.act} by {one.act.by} says that the branch was at {named}, which is no part of its history"
    rivals = [other for other in step.lines.rivals.get(step.commit.oid, ()) if other.act.base != one.act.base]
    if rivals:
        others = ", ".join(f"{other.act.by} at {other.act.base[:12]}" for other in rivals)
        message += f"; this merge joins lines that contradict each other, the other one is witnessed by {others}"
    hint = "ask who signed what they saw, and fetch before you act; the act itself counts"
    step.find("AU611", message, hint, doc=one.act.doc, path=one.path)


def _bypassed(step: StepContext, one: VerifiedRecord, policy: Policy) -> None:
    """Report what nobody signed on the line that the signer had seen and the main line goes round."""
    state, line = step.state, []
    at = one.act.base
    while at and not state.landed.is_on_trunk(at):
        line.append(at)
        at = step.lines.main_parent(at)
    line.reverse()
    before = {doc: known.status for doc, known in state.states.items()}
    found = [*side_lines.unsigned_texts(step, policy, line, before), *side_lines.unsigned_moves(step, policy, line)]
    for change in found:
        key = f"{change.commit} {change.what}"
        if key not in state.bypassed:
            state.bypassed.add(key)
            message = (
                f"{one.act.by} signed when {change.commit[:12]} was on the branch, which changed {change.what} without"
                " a record, and the history goes round it"
            )
            hint = f"look at it: git show {change.commit[:12]}; find out who merged the branch as a side"
            step.find("AU612", message, hint, doc=change.doc, path=one.path)


CODES = (
    Code(
        "AU611",
        "base-outside",
        "A record names a commit as where the protected branch was, and the history that it lands in does not"
        " contain that commit.",
        "Either its signer had another history, or this one was replaced. The act counts; what it says about the branch"
        " does not.",
        "Ask its signer, and compare their clone with the server. " + WAIVE,
        "an approval that was signed on top of a commit which never reached main",
    ),
    Code(
        "AU612",
        "bypassed",
        "Somebody signed when the protected branch held a change that nobody signed, and its history goes round that"
        " change now.",
        "A merge that makes the branch look like a side line hides what landed on it.",
        "Look at the change and at the merge. " + WAIVE,
        "published text edited and put back on main; then main is merged as the second parent of an older line",
    ),
)
