"""What a step does to the repository as a whole: the policy that it lands, baselines, waivers, moves of the root.

(StepContext, its records about the repository) -> the state with a new policy in force, with accepted findings, with
disputes between rival policies; everything that was not allowed becomes a finding.
"""

from __future__ import annotations

from dataclasses import replace

from pmctl.codes import Code
from pmctl.errors import advise
from pmctl.ledger import lost_records, record
from pmctl.ledger.audit_state import Acceptance, Dispute, SignedPolicy
from pmctl.ledger.report import IN_FORCE, Event
from pmctl.ledger.signatures import signer
from pmctl.ledger.snapshot import Snapshot
from pmctl.ledger.sshsig import SignatureProblem
from pmctl.ledger.statement import read_statement
from pmctl.ledger.step import StepContext
from pmctl.ledger.tree_documents import FrontMatterFacts
from pmctl.ledger.trees import Difference
from pmctl.ledger.verified_records import VerifiedRecord
from pmctl.objects import CorruptObject, MissingObject
from pmctl.policy import act as acts
from pmctl.policy import change, lifecycle
from pmctl.policy.act import Act
from pmctl.policy.model import COMPROMISED, POLICY_PATH, Policy
from pmctl.policy.permission import kind
from pmctl.policy.state import PostmortemState

_MOVES = ".pmctl/records/repository/"


def first_policy(step: StepContext, policy: Policy, records: list[VerifiedRecord]) -> bool:
    """Put the first policy in force; False, with a finding, when no admin of it signed it."""
    state = step.state
    signed = [one.act for one in records if one.act.act == acts.POLICY]
    violations = change.check_change(None, policy, signed)
    for violation in violations:
        if state.refused_policy != policy.digest:
            step.find(violation.code, violation.message, violation.hint, path=POLICY_PATH)
    state.refused_policy = policy.digest if violations else ""
    if violations:
        return False
    state.root = policy.digest
    _enact(step, policy, signed)
    return True


def next_policy(step: StepContext, policy: Policy) -> None:
    """Put the policy that a step brings in force for the steps after it, or say why not."""
    state = step.state
    old = state.policy
    assert old is not None  # noqa: S101  a first policy was put in force before
    violations = change.check_change(old, policy, state.waiting.values())
    for violation in violations:
        step.find(violation.code, violation.message, violation.hint, path=POLICY_PATH)
    if violations:
        return
    signed = [act for act in state.waiting.values() if act.content == policy.digest and act.by in old.admins]
    _check_revoked(step, old, policy, signed)
    _settle(step, policy, signed)
    _enact(step, policy, signed)
    lost_records.policy_enacted(state)


def repository_acts(step: StepContext, records: list[VerifiedRecord]) -> None:
    """Policy records wait for their policy; baselines, waivers and moves take effect with the last signature needed."""
    state = step.state
    policy = state.policy
    assert policy is not None  # noqa: S101  a first policy was put in force before
    for one in records:
        refused = kind(one.act, policy) if one.act.act == acts.POLICY else change.check_repository_act(one.act, policy)
        for violation in refused:
            step.find(violation.code, violation.message, violation.hint, path=one.path)
        if refused:
            step.note(one, "refused")
        elif one.act.act == acts.POLICY:
            _policy_record(step, one)
        elif one.act.act == acts.CHECKPOINT:
            step.note(one, "ok")
        else:
            step.note(one, _agreed(step, one, policy))


def check_move(step: StepContext, parent: str, differences: list[Difference]) -> None:
    """Whether a root that lies elsewhere than in the commit before was moved by as many admins as are needed."""
    source, state = step.source, step.state
    if len(source.places) < 2 or not parent:
        return
    place = source.place(step.commit.tree)
    old = source.place(source.reader.commit(parent).tree)
    if place == old:
        return
    shown = f"from {old or 'the top'} to {place or 'the top'}"
    if (old, place) not in state.moves:
        message = f"the pmctl root moved {shown}, and not enough admins signed that"
        step.find("AU614", message, advise("sign-move", new=place or "."))
    if source.trees.entry(step.commit.tree, f"{old}/{POLICY_PATH}".lstrip("/")) is not None:
        step.find("AU614", f"the pmctl root moved {shown}, and a policy is still in the old place", "remove it there")
    other = next((path for path, _, _ in differences if not path.startswith(_MOVES)), "")
    if other:
        step.find("AU614", f"the step that moves the root {shown} changes more than its place: {other}", path=other)


def known_policy(step: StepContext, digest: str) -> Policy | None:
    """A policy by its digest: one that was in force, or a rival of one."""
    known = step.state.policies.get(digest)
    return step.source.policy(known.file)[0] if known is not None else None


def _enact(step: StepContext, policy: Policy, signed: list[Act]) -> None:
    state, entry = step.state, step.after.entry(POLICY_PATH)
    assert entry is not None  # noqa: S101  the policy was read from there
    previous = state.policy.digest if state.policy is not None else ""
    names = tuple(sorted({act.by for act in signed}))
    state.policies[policy.digest] = SignedPolicy(previous, entry.oid, names, in_force=True)
    at = max(act.at for act in signed)
    enacted = Event(step.commit.oid, IN_FORCE, acts.POLICY, ", ".join(names), at, content=policy.digest)
    state.events.append(replace(enacted, policy=policy.version))
    state.waiting = {digest: act for digest, act in state.waiting.items() if act.content != policy.digest}
    state.enact(policy, step.after.regular_file(POLICY_PATH) or b"")


def _check_revoked(step: StepContext, old: Policy, new: Policy, signed: list[Act]) -> None:
    """Report records that rest on what `new` takes away and that none of its signers had seen."""
    gone = change.revoked(old, new)
    if not (gone.keys or gone.admins):
        return
    seen = [_seen_from(step, base) for base in {act.base for act in signed}]
    for event in step.state.events:
        # What policies said of each other is settled by the chain: each names the one before it.
        if not event.digest or event.verdict != "ok" or event.kind == acts.POLICY:
            continue
        if not gone.concerns(event.kind, event.by, event.key_id):
            continue
        if any(_holds(one, event.record, event.digest) for one in seen):
            continue
        if _is_compromised(step, new, event):
            continue  # reported as such (see AuditState.conclusions)
        what = "the key" if event.key_id in gone.keys else "the admin"
        message = (
            f"{event.kind} by {event.by} of {event.commit[:12]} rests on {what} that policy version {new.version}"
            " revokes, and nobody who signed that had seen it"
        )
        hint = advise("waive-if-signed", by=event.by, code="AU223", commit=step.commit.oid[:12])
        step.find(
            "AU223", message, hint, doc=event.doc if event.doc not in acts.REPOSITORY_FOLDERS else "", path=event.record
        )


def _is_compromised(step: StepContext, new: Policy, event: Event) -> bool:
    """Whether a policy says that the key behind a record was compromised when the record landed."""
    _, key = new.keys.get(event.key_id, ("", None))
    line = step.state.line
    return key is not None and key.status == COMPROMISED and line.get(key.since, 0) <= line.get(event.commit, 0)


def unseen_records(head: Snapshot, base: Snapshot, old: Policy, new: Policy) -> list[str]:
    """The paths of records in `head` that `new` would condemn, because they rest on what it takes away from `old` and
    are not in `base`, where its signer says that the protected branch is: what `pmctl` asks before it signs."""
    gone = change.revoked(old, new)
    people = {old.keys[key][0] for key in gone.keys} | gone.admins
    found = []
    for path in head.paths(record.FOLDER):
        named = record.parse_path(path)
        if named is None or named.by not in people or named.act == acts.POLICY or base.entry(path) == head.entry(path):
            continue
        data, signature = head.regular_file(path), head.regular_file(record.signature_path(path))
        try:
            who = signer(data or b"", signature or b"", old, head.key_files(head), by=named.by)
        except SignatureProblem:
            continue  # the audit reports it
        if gone.concerns(named.act, named.by, who.key.id):
            found.append(path)
    return found


def _seen_from(step: StepContext, base: str) -> Snapshot:
    """What somebody had seen who signed at `base`; the commit before the step where the base says nothing."""
    if not base:
        return step.before
    try:
        return step.source.at(base)
    except (MissingObject, CorruptObject):  # of a history that was rewritten since
        return step.before


def _holds(snapshot: Snapshot, path: str, digest: str) -> bool:
    data = snapshot.regular_file(path)
    return data is not None and record.digest(data) == digest


def _agreed(step: StepContext, one: VerifiedRecord, policy: Policy) -> str:
    """Count a signature of a baseline, a waiver or a move; with the last one that is needed it takes effect."""
    state = step.state
    said = change.statement(one.act)
    agreeing = {digest: act for digest, act in state.waiting.items() if change.statement(act) == said}
    if said in state.effective:
        return "late"
    state.waiting[one.digest] = one.act
    names = change.signers(one.act, agreeing.values(), policy)
    if len(names) < policy.policy_threshold:
        return "waiting"
    state.effective.add(said)
    for digest in (*agreeing, one.digest):
        del state.waiting[digest]
    if one.act.act == acts.MOVE:
        state.moves.add((one.act.old, one.act.new))
        return "ok"
    number = state.line[step.commit.oid]
    notes = dict.fromkeys(act.note for act in (*agreeing.values(), one.act))
    digests = (*(digest for digest, act in agreeing.items() if act.by in names), one.digest)
    state.acceptances.append(
        Acceptance(
            ", ".join(names), "; ".join(notes), digests, number,
            one.act.finding, one.act.commit, one.act.about, one.act.covers,
        )
    )  # fmt: skip
    state.dropped.update(one.act.dropped)
    for doc, content, status in one.act.documents:
        document = state.documents.get(doc)
        current = state.states.get(doc) or PostmortemState(doc)
        facts = step.documents.facts(document) if document else FrontMatterFacts()
        current = replace(current, author=current.author or facts.author)
        state.states[doc] = lifecycle.accept(
            current, one.digest, content, status, editors=facts.editors, reviewers=facts.reviewers
        )
    return "ok"


def _policy_record(step: StepContext, one: VerifiedRecord) -> None:
    """A signature of a policy: of the next one, of one that is in force already, or of a rival of that."""
    state = step.state
    assert state.policy is not None  # noqa: S101  see repository_acts
    if one.act.content in state.policies:  # of the first policy, or one signature more than was needed
        step.note(one, "late" if step.before.tree else "ok")
        return
    state.waiting[one.digest] = one.act
    if one.act.prev == state.policy.digest:
        step.note(one, "ok")
        return
    step.note(one, "late")


def look_for_rivals(step: StepContext) -> None:
    """Report policies on merged lines that as many admins signed as another one that follows the same policy and is in
    force: a merge that leaves them out, or only their signatures, cannot hide them."""
    state = step.state
    seen: set[str] = set()
    for one in step.merged:
        there = step.source.at(one.oid)
        entry = there.entry(POLICY_PATH)
        if entry is None or entry.is_tree or entry.oid in seen:
            continue
        seen.add(entry.oid)
        rival, _ = step.source.policy(entry.oid)
        if rival is not None and rival.digest not in state.policies:
            _compare_with_present(step, there, rival, entry.oid)


def _compare_with_present(step: StepContext, there: Snapshot, rival: Policy, file: str) -> None:
    """Report a policy of a merged line, when it is signed there and another one stands in its place."""
    state = step.state
    paths = [path for path in there.paths(f"{record.FOLDER}/{acts.POLICY}") if path.endswith(".json")]
    for digest, present in list(state.policies.items()):
        before, in_force = known_policy(step, present.previous), known_policy(step, digest)
        if not present.in_force or before is None or in_force is None or in_force.version != rival.version:
            continue
        read = (read_statement(there, path, before, step.keyrings) for path in paths)
        signed = [
            one for one in read
            if one is not None and one.act.content == rival.digest and one.act.prev == before.digest
            and one.act.by in before.admins
        ]  # fmt: skip
        names = {one.act.by for one in signed}
        if len(names) < before.policy_threshold:
            continue
        state.policies[rival.digest] = SignedPolicy(before.digest, file, tuple(sorted(names)), in_force=False)
        for violation in change.check_rivals(in_force, present.signers, rival, names):
            step.find(violation.code, violation.message, violation.hint, path=signed[0].path)
            state.disputes.append(Dispute(step.commit.oid, signed[0].path, digest, rival.digest))


def _settle(step: StepContext, new: Policy, signed: list[Act]) -> None:
    """Close the disputes that this version settles: people who are admins in both rivals signed it."""
    state = step.state
    names = sorted({act.by for act in signed})
    for number, dispute in enumerate(state.disputes):
        present, rival = known_policy(step, dispute.in_force), known_policy(step, dispute.rival)
        if dispute.settled_by or present is None or rival is None or not change.settles(names, present, rival):
            continue
        state.disputes[number] = dispute._replace(settled_by=", ".join(names), version=new.version)


CODES = (
    Code(
        "AU223",
        "revoked-unseen",
        "A record rests on a key or an admin that a policy revoked, and those who signed that policy had not seen it.",
        "A revocation holds for everything that its signers did not know; otherwise a key that was taken away could"
        " sign on an old branch and be merged around the revocation.",
        "Ask whoever signed it; an admin then accepts it: pmctl waive AU223 COMMIT -m REASON. If the policy is not"
        " pushed yet: drop its commit, fetch, and sign it again on top of what has landed.",
        "an approval on a branch, with a key that main has revoked since",
    ),
    Code(
        "AU614",
        "root-moved",
        "The folder that holds pmctl's files moved to another place of the repository, and not as many admins signed"
        " that as the policy asks for, or the step that moved it changed more.",
        "A second root with another policy could take the place of the first.",
        "Let admins sign the move: pmctl policy move NEW; then move the folder in a step of its own.",
        "git mv incidents docs/incidents",
    ),
)
