"""What was signed and is missing after a step. (step) -> AU205, which goes when its bytes are back.

Whatever any parent of a merge holds that is well signed, records and the policy, is in the result: who takes one
side of a merge must not lose what the other side decided. Three things are excused: what its signer did again, what
belongs to another repository that was merged in, and what a signed baseline says was dropped.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from pmctl.codes import WAIVE, Code
from pmctl.errors import advise
from pmctl.ledger import record
from pmctl.ledger.audit_state import AuditState
from pmctl.ledger.report import Lost
from pmctl.ledger.side_lines import policy_acts
from pmctl.ledger.statement import Statement, read_statement
from pmctl.ledger.step import StepContext
from pmctl.ledger.trees import Difference
from pmctl.ledger.verified_records import VerifiedRecord
from pmctl.objects import Entry
from pmctl.policy import change
from pmctl.policy.act import Act
from pmctl.policy.in_order import MOVING_NOTHING
from pmctl.policy.model import POLICY_PATH, Policy

CODE = "AU205"


def changed(step: StepContext, difference: Difference) -> bool:
    """Report a well-signed record, or its signature, that a step changes or removes; False when it was none."""
    path, old, new = difference
    assert old is not None  # noqa: S101  the caller has looked
    if not _counted(step, path):
        return False
    verb = "removed" if new is None else "changed"
    lost = Lost(path, old.oid, step.commit.oid, step.state.landed.tip)
    _lose(step, lost, f"the record {path} was {verb}", folder_of(path))
    return True


def back_again(step: StepContext, difference: Difference) -> bool:
    """Report no more what is back as it was lost; True when it had landed before, and is not read as something new."""
    lost = step.state.lost.get(difference.path)
    if lost is None or difference.new is None or difference.new.oid != lost.oid:
        return False
    _found(step.state, lost)
    if lost.act is not None:
        step.back[lost.path] = lost.source
    return lost.act is None


def done_again(step: StepContext, landed: list[VerifiedRecord]) -> None:
    """Report no more what its signer has done again, or what is back under another name."""
    for lost in list(step.state.lost.values()):
        for one in landed:
            if one.digest == lost.digest or (lost.act is not None and _same_act(one.act, lost.act)):
                _found(step.state, lost)


def check_merged(step: StepContext, policy: Policy, differences: Iterable[Difference]) -> None:
    """Report what the sides of a merge hold and its result does not.

    `policy` is the one before the step, `differences` are those that the step makes.
    """
    brought = {(one.path, one.new) for one in differences}
    for one, source, entry in _missing(step, policy, brought):
        lost = Lost(one.path, entry.oid, step.commit.oid, source, one.digest, one.act)
        message = f"{one.act.act} by {one.act.by}, signed in {source[:12]}, is missing after this merge"
        _lose(step, lost, message, folder_of(one.path))
    _check_policy(step, policy)


def left_out(step: StepContext, doc: str, kind: str) -> tuple[str, ...]:
    """For an act of this kind, the acts about a postmortem that a merge left out and that are not back."""
    if kind in MOVING_NOTHING:
        return ()
    lost = [one.act for one in step.state.lost.values() if one.act is not None]
    if step.merged and step.state.policy is not None:
        lost += [one.act for one, _, _ in _missing(step, step.state.policy, ())]
    return tuple(sorted({f"{act.act} by {act.by}" for act in lost if act.doc == doc}))


def _missing(
    step: StepContext, policy: Policy, brought: Container[tuple[str, Entry | None]]
) -> Iterator[tuple[Statement, str, Entry]]:
    """The signed records that the merged commits brought and the merge does not hold, with where they are."""
    state, told = step.state, set(step.state.lost)
    for commit in reversed(step.merged):
        for path, _, new in step.lines.deltas.of(commit.oid).records:
            if new is None or not path.endswith(".json") or path in told:
                continue
            if (path, new) in brought or step.after.entry(path) == new:
                continue
            one = read_statement(step.source.at(commit.oid), path, policy, step.keyrings)
            if one is None or not one.active or one.act.root != state.root:
                continue  # nobody's, or of another repository
            if one.digest in state.records or one.digest in state.dropped or _again(step, one, policy):
                continue
            told.add(path)
            yield one, commit.oid, new


def _again(step: StepContext, lost: Statement, policy: Policy) -> bool:
    """Whether the signer of a record has done the same again in what the step leads to."""
    act = lost.act
    for name in step.after.records(act.doc):
        named = record.parse_path(f"{record.FOLDER}/{act.doc}/{name}")
        if named is not None and (named.act, named.by) == (act.act, act.by):
            other = read_statement(step.after, f"{record.FOLDER}/{act.doc}/{name}", policy, step.keyrings)
            if other is not None and _same_act(other.act, act):
                return True
    return False


def _same_act(one: Act, other: Act) -> bool:
    return (one.by, one.act, one.doc, one.prev) == (other.by, other.act, other.doc, other.prev)


def _check_policy(step: StepContext, policy: Policy) -> None:
    """Report a signed version of the policy on a side that is newer than the one after the merge."""
    now = step.state.policy or policy
    signed = {policy.digest: policy}
    for commit in reversed(step.merged):
        if not step.lines.deltas.of(commit.oid).policy:
            continue
        snapshot = step.source.at(commit.oid)
        new, _ = snapshot.policy()
        if new is None or new.version <= policy.version or POLICY_PATH in step.state.lost:
            continue
        for old in list(signed.values()):
            if not change.check_change(old, new, policy_acts(step, snapshot, old, new)):
                signed[new.digest] = new
        if new.digest in signed and new.version > now.version:
            lost = Lost(POLICY_PATH, snapshot.policy_id, step.commit.oid, commit.oid, version=new.version)
            message = f"policy version {new.version}, signed in {commit.oid[:12]}, is missing after this merge"
            _lose(step, lost, message, "")


def policy_enacted(state: AuditState) -> None:
    """Report a lost policy no more when one of its version or a newer one is in force."""
    lost = state.lost.get(POLICY_PATH)
    if lost is not None and state.policy is not None and state.policy.version >= lost.version:
        _found(state, lost)


def folder_of(record_path: str) -> str:
    """The folder of a record's path: a postmortem's id, or the name for repository-wide records."""
    return record_path.removeprefix(record.FOLDER + "/").partition("/")[0]


def _counted(step: StepContext, path: str) -> bool:
    """Whether the file at a path before the step is a record that counted, or its signature."""
    of_record = path.removesuffix(".sig")
    data = step.before.regular_file(of_record)
    return data is not None and step.state.records.get(record.digest(data)) == of_record


def _lose(step: StepContext, lost: Lost, message: str, doc: str) -> None:
    step.state.lost[lost.path] = lost
    step.find(CODE, message, advise("bring-back", commit=lost.source[:12], path=lost.path), doc=doc, path=lost.path)


def _found(state: AuditState, lost: Lost) -> None:
    del state.lost[lost.path]
    state.findings = [one for one in state.findings if (one.code, one.commit, one.path) != (CODE, lost.step, lost.path)]


CODES = (
    Code(
        CODE,
        "record-lost",
        "A signed record, its signature or a signed version of the policy was changed or removed, or a merge left it"
        " out. Reported until it is back.",
        "Records are append-only: an approval that disappears, or a refusal, changes what was decided.",
        "pmctl doctor --fix brings it back; or git checkout COMMIT -- PATH, or its signer acts again. " + WAIVE,
        "git rm 0003-request-changes-bob-5d1c0b6e.json, or git merge -s ours of a branch that holds it",
    ),
)
