"""Acts about the whole repository: a new version of the policy, a baseline, a waiver, a move, a checkpoint. Pure.

A policy is trusted because admins of the version before it signed it; the first one is signed by an admin
that it names itself, and its digest is the root that people compare out of band. Baselines, waivers and moves, too,
take effect when as many admins have signed the same statement as the policy asks for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from pmctl.codes import WAIVE, Code
from pmctl.errors import advise
from pmctl.policy import act as acts
from pmctl.policy.act import ACTS, ADMIN, WITNESS, Act
from pmctl.policy.model import ACTIVE, SERVICE, Policy
from pmctl.policy.permission import Violation, kind, needs_admin, needs_note


def propose_policy(new: Policy, old: Policy | None, root: str, *, by: str, at: str, note: str = "") -> Act:
    """The act by which `by` puts the policy `new` in force after `old` (None for the first).

    `root` is the digest of the first policy, '' when `new` is the first.
    """
    return _repository_act(
        acts.POLICY, by, at, note, new.version, root or new.digest, content=new.digest, prev=old.digest if old else ""
    )


def propose_baseline(
    policy: Policy,
    root: str,
    documents: tuple[tuple[str, str, str], ...],
    *,
    by: str,
    at: str,
    note: str,
    tip: str = "",
    dropped: Iterable[str] = (),
    prev: str = "",
) -> Act:
    """The act by which an admin accepts everything so far as found.

    `documents` holds (id, content digest, status) of every postmortem that is accepted. After history was rewritten,
    `tip` is the commit where it ended before, and `dropped` are the digests of records that are gone. `prev` is the
    digest of the first record of the baseline before.
    """
    return _repository_act(
        acts.BASELINE, by, at, note, policy.version, root,
        documents=tuple(sorted(documents)), tip=tip, dropped=tuple(sorted(dropped)), prev=prev,
    )  # fmt: skip


def propose_waiver(
    policy: Policy, root: str, finding: str, commit: str, *, about: str, covers: int, by: str, at: str, note: str
) -> Act:
    """The act by which an admin accepts findings: the first `covers` with the code `finding` in the step `commit` (a
    full id) about the postmortem `about` ('' for those about none)."""
    return _repository_act(
        acts.WAIVE, by, at, note, policy.version, root, finding=finding, commit=commit, about=about, covers=covers
    )


def propose_move(policy: Policy, root: str, old: str, new: str, *, by: str, at: str, note: str = "") -> Act:
    """The act by which an admin lets the pmctl root move from one folder of the repository to another ('' the top)."""
    return _repository_act(acts.MOVE, by, at, note, policy.version, root, old=old, new=new)


def propose_checkpoint(policy: Policy, root: str, *, by: str, at: str, note: str = "") -> Act:
    """The act by which an admin or a service states where the protected branch was; its base is all that it says."""
    return _repository_act(acts.CHECKPOINT, by, at, note, policy.version, root)


def statement(act: Act) -> str:
    """A digest of what an act says, apart from who says it, when and why: what several admins sign together."""
    said = (
        act.act, act.content, act.prev, act.finding, act.commit, act.about, act.covers, act.documents, act.tip,
        act.dropped, act.old, act.new,
    )  # fmt: skip
    return hashlib.sha256(repr(said).encode()).hexdigest()


def signers(act: Act, records: Iterable[Act], policy: Policy) -> tuple[str, ...]:
    """The admins of `policy` who signed what `act` says: its own signer and those of `records`, sorted."""
    said = statement(act)
    return tuple(sorted({one.by for one in (act, *records) if one.by in policy.admins and statement(one) == said}))


def check_change(old: Policy | None, new: Policy, records: Iterable[Act]) -> tuple[Violation, ...]:
    """Why `new` may not follow `old`; empty when it may.

    `records` are the policy acts of the step whose signatures hold: under `old`, or under `new` when it is
    the first policy.
    """
    previous = old.digest if old else ""
    judges = old or new
    signed = {
        record.by
        for record in records
        if record.content == new.digest
        and record.prev == previous
        and record.policy == new.version
        and record.by in judges.admins
    }
    if old is None:
        if signed:
            return ()
        message = "the first policy is not signed by an admin that it names"
        return (Violation("AU101", message, advise("sign-first-policy")),)
    found = []
    if new.version != old.version + 1:
        found.append(
            Violation(
                "AU103",
                f"the policy goes from version {old.version} to {new.version}",
                f"the next version is {old.version + 1}: change the present policy and sign it",
            )
        )
    if new.repository != old.repository:
        message = f"policy version {new.version} gives the repository another id"
        found.append(Violation("AU110", message, f'write repository: "{old.repository}", and sign again'))
    if len(signed) < old.policy_threshold:
        found.append(
            Violation(
                "AU102",
                f"policy version {new.version} is signed by {len(signed)} of {old.policy_threshold} admins needed",
                advise("sign-policy", admins=", ".join(old.active_admins)),
            )
        )
    return tuple(found)


class Revoked(NamedTuple):
    """What a version of the policy takes away from the one before: keys (by id) and admins (handles)."""

    keys: frozenset[str]
    admins: frozenset[str]

    def concerns(self, act: str, by: str, key: str) -> bool:
        """Whether a record of the kind `act`, signed by `by` with the key of this id, needs what was taken away."""
        return key in self.keys or (by in self.admins and ACTS[act].who == ADMIN)


def revoked(old: Policy, new: Policy) -> Revoked:
    """What `new` revokes. A record that the signers of `new` had not seen cannot rest on it any more."""
    active = {key_id for key_id, (_, key) in new.keys.items() if key.status == ACTIVE}
    before = {key_id for key_id, (_, key) in old.keys.items() if key.status == ACTIVE}
    return Revoked(frozenset(before - active), frozenset(old.admins) - frozenset(new.admins))


def check_rivals(
    present: Policy, present_signers: Iterable[str], rival: Policy, rival_signers: Iterable[str]
) -> tuple[Violation, ...]:
    """Why two completely signed successors of one policy contradict each other; empty when they are merely late.

    Admins who act at once on two clones are admins in both. Somebody whom one of them removes and who signed the other
    has written their own return.
    """
    strangers = {handle for handle in present_signers if handle not in rival.admins}
    strangers |= {handle for handle in rival_signers if handle not in present.admins}
    if not strangers:
        return ()
    names = ", ".join(sorted(strangers))
    both = sorted(set(present.admins) & set(rival.admins))
    message = (
        f"policy version {rival.version} was signed twice with different contents ({_short(present)} is in force, "
        f"{_short(rival)} is not), and {names} signed one and is no admin in the other"
    )
    hint = advise("settle-rivals", admins=", ".join(both)) if both else "compare with a clone that knows which is right"
    return (Violation("AU107", message, hint),)


def settles(signed_by: Iterable[str], present: Policy, rival: Policy) -> bool:
    """Whether these signers of a later version settle which of two rivals counts: people who are admins in both."""
    both = set(present.admins) & set(rival.admins)
    return len(both & set(signed_by)) >= max(present.policy_threshold, rival.policy_threshold)


def check_repository_act(act: Act, policy: Policy) -> tuple[Violation, ...]:
    """Why a baseline, a waiver, a move or a checkpoint is not allowed under `policy`; empty when it is.

    That enough admins have signed it is another question: `signers`.
    """
    spec = ACTS[act.act]
    found = kind(act, policy)
    actor = policy.people.get(act.by)
    witness = spec.who == WITNESS and actor is not None and actor.kind == SERVICE
    if act.by not in policy.admins and not witness and not found:
        found.append(needs_admin(act, policy))
    if spec.needs_note and not act.note.strip():
        found.append(needs_note(act))
    if act.act == acts.WAIVE and not waivable(act.finding):
        found.append(Violation("AU320", f"{act.finding} cannot be waived: it breaks the chain of trust"))
    return tuple(found)


_WAIVABLE_HISTORY = ("AU607", "AU610", "AU611", "AU612", "AU614", "AU615")


def waivable(code: str) -> bool:
    """False for findings that no signature inside this history can answer.

    Whoever waives is trusted because of the first policy (AU101, AU106), because no other policy has the same right
    (AU107), and because history is all there and was not replaced (AU6xx): a waiver of those would vouch for itself. A
    refused change of the policy (AU102 to AU105, AU110) never came into force, so an admin of the policy in force may
    waive it.
    """
    return code not in ("AU101", "AU106", "AU107") and (not code.startswith("AU6") or code in _WAIVABLE_HISTORY)


def _short(policy: Policy) -> str:
    return policy.digest[:19]


def _repository_act(kind: str, by: str, at: str, note: str, version: int, root: str, **what: Any) -> Act:
    values: dict[str, Any] = {"content": "", "prev": "", **what}
    return Act(
        act=kind, by=by, doc=ACTS[kind].folder, at=at, from_status="", to_status="", note=note, policy=version,
        root=root, round=0, **values,
    )  # fmt: skip


CODES = (
    Code(
        "AU101",
        "first-policy-unsigned",
        "The first policy is not signed by an admin whom it names.",
        "Everything else rests on it. This can't be waived.",
        "Sign it: pmctl init writes the record and the signature.",
        "policy.yaml without records/policy/0001-alice-5d1c0b6e.json",
    ),
    Code(
        "AU102",
        "policy-unsigned",
        "The policy was changed without the signatures of as many admins of the version before as it asks for. "
        "The change does not come into force.",
        "Whoever writes the policy decides whose approvals count.",
        "Put the file back, or let an admin sign the change: pmctl policy sign. " + WAIVE,
        "a member adds himself to admins",
    ),
    Code(
        "AU103",
        "policy-version",
        "The policy does not go from version n to n+1. The change does not come into force.",
        "An older version that was once signed would bring back keys that were taken out.",
        "Change the present policy, and let its version follow.",
        "version 2 again after version 3",
    ),
    Code(
        "AU107",
        "rival-policies",
        "A version of the policy was completely signed twice, and a signer of one is no admin in the other.",
        "An admin who was removed could sign a policy from before and be admin again. The one that landed first stays"
        " in force until it is settled. This can't be waived.",
        "As many people as the policy asks for, who are admins in both, sign the next version: pmctl policy sign. If"
        " there is nobody, it is settled out of band, like a root.",
        "version 4 without mallory, and another version 4 by mallory",
    ),
    Code(
        "AU110",
        "repository-id",
        "The policy gives the repository another id. The change does not come into force.",
        "The id tells two repositories of the same people apart; it stays what the first policy says.",
        "Put the id back. " + WAIVE,
        "a policy copied from another repository",
    ),
    Code(
        "AU320",
        "not-waivable",
        "A waiver is about a finding that can't be waived.",
        "Whoever waives is trusted because of the very thing that is in doubt.",
        "Repair the cause.",
        "waive AU106",
    ),
)
