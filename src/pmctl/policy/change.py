"""Acts about the whole repository: a new version of the policy, a baseline, a waiver. Pure.

A policy is trusted because admins of the version before it signed it; the first one is signed by an admin
that it names itself, and its digest is the root that people compare out of band.
"""

from __future__ import annotations

from collections.abc import Iterable

from pmctl.codes import WAIVE, Code
from pmctl.errors import advise
from pmctl.policy import act as acts
from pmctl.policy.act import Act
from pmctl.policy.model import Policy
from pmctl.policy.permission import Violation, needs_admin, needs_note


def propose_policy(new: Policy, old: Policy | None, root: str, *, by: str, at: str, note: str = "") -> Act:
    """The act by which `by` puts the policy `new` in force after `old` (None for the first).

    `root` is the digest of the first policy, '' when `new` is the first.
    """
    return _repository_act(
        acts.POLICY, by, at, note, new.version, root or new.digest, content=new.digest, prev=old.digest if old else ""
    )


def propose_baseline(
    policy: Policy, root: str, documents: tuple[tuple[str, str, str], ...], *, by: str, at: str, note: str
) -> Act:
    """The act by which an admin accepts everything so far as found.

    `documents` holds (id, content digest, status) of every postmortem that is accepted.
    """
    return _repository_act(acts.BASELINE, by, at, note, policy.version, root, documents=tuple(sorted(documents)))


def propose_waiver(policy: Policy, root: str, finding: str, commit: str, *, by: str, at: str, note: str) -> Act:
    """The act by which an admin accepts the finding `finding` (a code) of the step `commit` (a full id)."""
    return _repository_act(acts.WAIVE, by, at, note, policy.version, root, finding=finding, commit=commit)


def check_change(old: Policy | None, new: Policy, records: Iterable[Act]) -> tuple[Violation, ...]:
    """Why `new` may not follow `old`; empty when it may.

    `records` are the policy acts of the step whose signatures hold: under `old`, or under `new` when it is
    the first policy.
    """
    previous = old.digest if old else ""
    judges = old or new
    signers = {
        record.by
        for record in records
        if record.content == new.digest
        and record.prev == previous
        and record.policy == new.version
        and record.by in judges.admins
    }
    if old is None:
        if signers:
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
    if len(signers) < old.policy_threshold:
        found.append(
            Violation(
                "AU102",
                f"policy version {new.version} is signed by {len(signers)} of {old.policy_threshold} admins needed",
                advise("sign-policy", admins=", ".join(old.active_admins)),
            )
        )
    return tuple(found)


def check_repository_act(act: Act, policy: Policy) -> tuple[Violation, ...]:
    """Why a baseline or a waiver is not allowed under `policy`; empty when it is."""
    found = []
    if act.by not in policy.admins:
        found.append(needs_admin(act, policy))
    if not act.note.strip():
        found.append(needs_note(act))
    if act.act == acts.WAIVE and not waivable(act.finding):
        found.append(Violation("AU320", f"{act.finding} cannot be waived: it breaks the chain of trust"))
    return tuple(found)


def waivable(code: str) -> bool:
    """False for findings that no signature inside this history can answer.

    Whoever waives is trusted because of the first policy (AU101, AU106) and because history is all there
    and was not replaced (AU6xx): a waiver of those would vouch for itself. A refused change of the policy
    (AU102 to AU105) never came into force, so an admin of the policy in force may waive it.
    """
    return code not in ("AU101", "AU106") and (not code.startswith("AU6") or code in ("AU607", "AU610"))


def _repository_act(
    kind: str,
    by: str,
    at: str,
    note: str,
    version: int,
    root: str,
    *,
    content: str = "",
    prev: str = "",
    finding: str = "",
    commit: str = "",
    documents: tuple[tuple[str, str, str], ...] = (),
) -> Act:
    return Act(
        act=kind,
        by=by,
        doc=acts.ACTS[kind].folder,
        at=at,
        content=content,
        from_status="",
        to_status="",
        note=note,
        policy=version,
        prev=prev,
        root=root,
        round=0,
        finding=finding,
        commit=commit,
        documents=documents,
    )


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
        "AU320",
        "not-waivable",
        "A waiver is about a finding that can't be waived.",
        "Whoever waives is trusted because of the very thing that is in doubt.",
        "Repair the cause.",
        "waive AU106",
    ),
)
