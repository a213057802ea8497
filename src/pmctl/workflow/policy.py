"""Changes of the policy: one signed step each.

The policy at HEAD -> new bytes -> parsed, compared, asked of `policy.change.check_change` (which the audit asks
too) -> record and signature -> one commit.

When the policy asks for several admins, the first one's change is a proposal: a signed record and the
proposed text in .pmctl/policy.proposed.yaml, while the policy itself stays as it is. The others sign the
same text, and the signature that completes it lands the policy, in one step. So no commit ever holds a
policy that too few have signed, whether branches are merged, squashed or rebased.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from pmctl import git
from pmctl.document.finding import Finding, Severity
from pmctl.errors import BadInput, Refused
from pmctl.insight.auditing import Examined
from pmctl.ledger import record
from pmctl.ledger.report import AuditFinding, Event
from pmctl.ledger.repository_step import unseen_records
from pmctl.ledger.signatures import key_problem, signer
from pmctl.policy import act as acts
from pmctl.policy import writing
from pmctl.policy.act import Act
from pmctl.policy.change import check_change, propose_policy
from pmctl.policy.differences import differences
from pmctl.policy.model import POLICY_PATH, Policy
from pmctl.policy.reading import parse_policy
from pmctl.repository.actor import Actor
from pmctl.repository.branches import branch_problem, branches
from pmctl.repository.records import record_writes, refusal, root_of, signed_base
from pmctl.repository.transaction import CommitResult, Write, commit
from pmctl.repository.workspace import Workspace
from pmctl.text import listed, utc

PROPOSED_PATH = ".pmctl/policy.proposed.yaml"


@dataclass(frozen=True, slots=True)
class Changed:
    """What a signed change of the policy did.

    `landed` is False while it waits for other admins: `missing` more of `candidates` have to sign. `facts` say
    what changes, `version` and `digest` are those of the policy that `by` signed, `committed` is the new commit.
    """

    version: int
    landed: bool
    missing: int
    candidates: tuple[str, ...]
    facts: tuple[str, ...]
    by: str
    digest: str
    committed: CommitResult

    @property
    def commit(self) -> str:
        """The full id of the new commit."""
        return self.committed.oid


@dataclass(frozen=True, slots=True)
class Proposal:
    """A policy that waits for signatures: its bytes, what they mean, and who has signed."""

    data: bytes
    policy: Policy
    signers: tuple[str, ...]


def change(
    workspace: Workspace,
    actor: Actor,
    data: bytes,
    *,
    at: datetime,
    note: str = "",
    also: Sequence[Write] = (),
    edited: bool = False,
    subject: str = "",
    base: str = "",
) -> Changed:
    """Sign `data` as the next version of the policy, and land it when that makes enough signatures.

    `subject` says what the change is, in the imperative, for the commit's first line.
    `also` are further files of the same step (an OpenPGP key), `edited` says that `data` stands in the work
    tree already. `base` is where the branch was when it was signed, for what was signed before.
    Raises Refused or BadInput with every reason; nothing is changed then.
    """
    old = workspace.policy
    new = _readable(data)
    require_admin(old, actor)
    waiting = proposal(workspace)
    records = signed_records(workspace, old) if waiting is not None and waiting.data == data else ()
    if any(act.by == actor.handle and act.content == new.digest for act in records):
        raise Refused(f"{actor.handle} has signed exactly this policy already", hint=_others(old, waiting))
    act = propose_policy(new, old, root_of(workspace), by=actor.handle, at=utc(at), note=note)
    act = replace(act, base=base or signed_base(workspace))
    violations = check_change(old, new, [*records, act])
    refusals = [violation for violation in violations if violation.code != "AU102"]
    if refusals:
        raise refusal(refusals)
    _refuse_unseen(workspace, old, new, act.base)
    complete = not violations
    writes = list(record_writes(actor, act, new.version, record.to_bytes(act)))
    if complete:
        writes.append(Write(POLICY_PATH, data))
        if workspace.head.file(PROPOSED_PATH) is not None:
            writes.append(Write(PROPOSED_PATH, None))
        writes += also
    else:
        _refuse_on_protected_branch(workspace, old)
        if waiting is None or waiting.data != data:
            writes.append(Write(PROPOSED_PATH, data))
            writes += also
        if edited:
            writes.append(Write(POLICY_PATH, workspace.head.file(POLICY_PATH)))
    signed = {record_.by for record_ in (*records, act) if record_.content == new.digest}
    landed = commit(
        workspace.repo,
        [write for write in writes if write.data is None or write.data != workspace.head.file(write.path)]
        if not edited
        else writes,
        _message(_subject(new.version, subject, signed - {actor.handle}, complete), new, differences(old, new), note),
        signing=actor.signer.git_arguments(),
        may_overwrite=edited,
    )
    return Changed(
        new.version,
        complete,
        max(0, old.policy_threshold - len(signed)),
        tuple(handle for handle in old.active_admins if handle not in signed),
        differences(old, new),
        actor.handle,
        new.digest,
        landed,
    )


def sign(workspace: Workspace, actor: Actor, *, at: datetime, note: str = "") -> Changed:
    """Sign the policy that stands in the work tree, or else the proposal that waits for signatures.

    Raises Refused when there is neither, and whatever `change` raises.
    """
    here = (workspace.repo.root / POLICY_PATH).read_bytes() if _is_file(workspace) else None
    if here is not None and here != workspace.head.file(POLICY_PATH):
        return change(workspace, actor, here, at=at, note=note, edited=True)
    waiting = proposal(workspace)
    if waiting is None:
        raise Refused(
            "there is no change of the policy to sign",
            hint=f"edit {POLICY_PATH} (with version: {workspace.policy.version + 1}) or use pmctl people, then sign",
        )
    return change(workspace, actor, waiting.data, at=at, note=note)


def proposal(workspace: Workspace) -> Proposal | None:
    """The proposal at HEAD that waits for signatures; None when there is none that follows the present policy."""
    data = workspace.head.file(PROPOSED_PATH)
    if data is None:
        return None
    policy, _ = parse_policy(data, PROPOSED_PATH)
    if policy is None or policy.version != workspace.policy.version + 1:
        return None  # overtaken by another change: `policy verify` says so
    signers = tuple(
        sorted({act.by for act in signed_records(workspace, workspace.policy) if act.content == policy.digest})
    )
    return Proposal(data, policy, signers)


def signed_records(workspace: Workspace, old: Policy) -> tuple[Act, ...]:
    """The policy records at HEAD that follow `old` and are well signed under it."""
    return tuple(act for act in signed_acts(workspace, old, acts.POLICY) if act.prev == old.digest)


def signed_acts(workspace: Workspace, policy: Policy, folder: str) -> tuple[Act, ...]:
    """The acts in a folder of the repository's records at HEAD that are well signed under `policy`."""
    found = []
    for path in workspace.head.paths(f"{record.FOLDER}/{folder}"):
        if record.parse_path(path) is None:
            continue
        data, signature = workspace.head.file(path), workspace.head.file(record.signature_path(path))
        if data is None or signature is None:
            continue
        try:
            act = record.from_bytes(data)
            who = signer(
                data,
                signature,
                policy,
                lambda file: [found for found in [workspace.head.file(file)] if found],
                by=act.by,
            )
        except BadInput:
            continue  # the audit reports it; it counts for nothing here
        if key_problem(who, act.by) is None:
            found.append(act)
    return tuple(found)


def problems(workspace: Workspace) -> tuple[Finding, ...]:
    """What is wrong with the policy in the work tree and with a proposal; empty when nothing is."""
    found: list[Finding] = []
    if not _is_file(workspace):
        found.append(Finding("AU105", "the policy is not there", POLICY_PATH, fix="git restore it"))
    else:
        data = (workspace.repo.root / POLICY_PATH).read_bytes()
        policy, findings = parse_policy(data, POLICY_PATH)
        found += findings
        if policy is not None and data != workspace.head.file(POLICY_PATH):
            found += _unsigned(workspace, policy)
    proposed = workspace.head.file(PROPOSED_PATH)
    if proposed is not None and proposal(workspace) is None:
        message = "this proposal does not follow the policy in force any more"
        found.append(
            Finding("AU103", message, PROPOSED_PATH, severity=Severity.WARNING, fix="git rm it, and propose it again")
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the policy is well written, and whether enough admins signed every version of it.

    `written` is what is wrong with the file, `chain` the versions in the history, `broken` what the audit finds about
    them (waived findings included), `waiting` a proposal and `missing` the admins who have not signed it.
    """

    audited: Examined
    written: tuple[Finding, ...]
    chain: tuple[Event, ...]
    broken: tuple[AuditFinding, ...]
    waiting: Proposal | None
    missing: tuple[str, ...]

    @property
    def violations(self) -> tuple[AuditFinding, ...]:
        """What nobody waived."""
        return tuple(one for one in self.broken if not one.waived_by and one.severity is Severity.ERROR)

    @property
    def passed(self) -> bool:
        """True when nothing speaks against the policy."""
        wrong = any(one.severity is Severity.ERROR for one in self.written)
        return self.audited.report.complete and not wrong and not self.violations

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        report = self.audited.report
        return {
            "passed": self.passed,
            "root": report.root,
            "root_source": self.audited.source,
            "version": report.policy.version if report.policy else 0,
            "signatures": [
                {"version": e.policy, "by": e.by, "commit": e.commit, "key": e.key, "verdict": e.verdict}
                for e in self.chain
            ],
            "problems": [
                *(
                    {"code": f.code, "message": f.message, "path": f.path, "line": f.line, "fix": f.fix}
                    for f in self.written
                ),
                *({"code": f.code, "message": f.message, "commit": f.commit, "fix": f.hint} for f in self.violations),
            ],
            "waiting_for": self.missing,
        }


def verification(workspace: Workspace, audited: Examined) -> Verification:
    """Check the policy of the work tree, and of every step in the history that was audited."""
    report = audited.report
    waiting = proposal(workspace)
    admins = workspace.policy.active_admins if waiting else ()
    return Verification(
        audited,
        problems(workspace),
        tuple(event for event in report.events if event.kind == "policy"),
        tuple(one for one in report.findings if one.code.startswith("AU1") or one.doc == "policy"),
        waiting,
        tuple(handle for handle in admins if waiting and handle not in waiting.signers),
    )


def name_branch(workspace: Workspace, actor: Actor, branch: str, *, at: datetime, note: str = "") -> Changed:
    """Sign the next version of the policy, which protects another branch.

    Raises Refused when there is no such branch, or when it is not the one that the remote's HEAD names.
    """
    require_admin(workspace.policy, actor)
    if branch == workspace.policy.branch:
        raise Refused(f"{branch} is protected already")
    problem = branch_problem(branch, branches(workspace.repo))
    if problem is not None:
        raise Refused(problem[0].replace("the policy protects", "the policy would protect"), hint="name the right one")
    data = writing.set_branch(workspace.head.file(POLICY_PATH) or b"", branch)
    data = writing.set_version(data, workspace.policy.version + 1)
    return change(workspace, actor, data, at=at, note=note, subject=f"Protect the branch {branch}")


def require_admin(policy: Policy, actor: Actor) -> None:
    """Raise Refused unless the actor is an admin of `policy`."""
    if actor.handle not in policy.admins:
        raise Refused(
            f"AU102 a change of the policy needs an admin, and {actor.handle} is none",
            hint=f"ask one of: {', '.join(policy.active_admins)}",
        )


def _readable(data: bytes) -> Policy:
    policy, findings = parse_policy(data, POLICY_PATH)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if policy is None or errors:
        first = errors[0]
        lines = tuple(f"{f.path}:{f.line}:{f.column}: {f.code} {f.message}" for f in errors)
        raise Refused("this policy cannot come into force", hint=first.fix or "correct it, then sign", details=lines)
    return policy


def _unsigned(workspace: Workspace, policy: Policy) -> list[Finding]:
    expected = workspace.policy.version + 1
    if policy.version != expected:
        message = f"the policy in the work tree says version {policy.version}; the next version is {expected}"
        return [Finding("AU103", message, POLICY_PATH, fix=f"write version: {expected}")]
    message = "the policy in the work tree is edited and not signed"
    return [Finding("AU102", message, POLICY_PATH, fix="an admin runs: pmctl policy sign")]


def _refuse_unseen(workspace: Workspace, old: Policy, new: Policy, base: str) -> None:
    """Raise Refused when the audit would condemn records here, because the revocation is signed before they landed."""
    if not base:
        return
    found = unseen_records(workspace.head, workspace.at(base), old, new)
    if found:
        what = "a record here" if len(found) == 1 else f"{len(found)} records here"
        raise Refused(
            f"AU223 this revokes what {what} rest{'s' if len(found) == 1 else ''} on, and {old.branch} has not seen it",
            hint=f"land what was signed on {old.branch} first (git push, git fetch), then revoke",
            details=tuple(found),
        )


def _refuse_on_protected_branch(workspace: Workspace, old: Policy) -> None:
    """A proposal can be given up only by dropping its branch, so it begins on one of its own."""
    here = git.run(workspace.repo.top, "symbolic-ref", "--quiet", "HEAD", check=False).text
    if here == f"refs/heads/{old.branch}":
        raise Refused(
            f"the policy asks for {old.policy_threshold} admins, so a change of it begins as a proposal on a branch",
            hint=f"git switch -c policy-{old.version + 1}, run the command again, "
            "and let the others run pmctl policy sign there; the last signature lands the policy in one step",
        )


def _subject(version: int, what: str, others: Set[str], complete: bool) -> str:
    """The first line of the commit: what the change is, or what its signature does when others have signed it."""
    if complete:
        if others:
            return f"Bring policy {version} into force, signed before by {listed(sorted(others))}"
        return f"{what} (policy {version})" if what else f"Change the policy to version {version}"
    if others:
        return f"Sign the proposed policy {version}"
    return f"Propose policy {version}" + (f": {what[0].lower()}{what[1:]}" if what else "")


def _message(subject: str, new: Policy, facts: Sequence[str], note: str) -> str:
    lines = [subject, ""]
    lines += [note, ""] if note else []
    lines += [f"- {fact}" for fact in facts[:50]]
    lines += [f"- and {len(facts) - 50} more changes"] if len(facts) > 50 else []
    return "\n".join([*lines, "", "Act: policy", f"Content: {new.digest}"]) + "\n"


def _others(old: Policy, waiting: Proposal | None) -> str:
    signed = waiting.signers if waiting else ()
    left = [handle for handle in old.active_admins if handle not in signed]
    return f"waiting for one of: {', '.join(left)} (pmctl policy sign)" if left else ""


def _is_file(workspace: Workspace) -> bool:
    path = workspace.repo.root / POLICY_PATH
    return path.is_file() and not path.is_symlink()
