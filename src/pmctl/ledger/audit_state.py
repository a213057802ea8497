"""What the audit carries from step to step: the policy in force, every postmortem's state, what was found.

One mutable value that `ledger.step_auditor` moves forward; `ledger.cache` writes it down and reads it back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pmctl.document.fields import is_id
from pmctl.document.finding import Severity
from pmctl.errors import Hint, advise
from pmctl.ledger.commit_graph import Landed
from pmctl.ledger.report import ATTRIBUTED, PROVED, AuditFinding, Event, Lost
from pmctl.ledger.tree_documents import TreeDocument
from pmctl.policy.act import Act
from pmctl.policy.change import waivable
from pmctl.policy.model import ACTIVE, COMPROMISED, SIGNED, Policy
from pmctl.policy.state import PostmortemState


class Acceptance(NamedTuple):
    """A signed acceptance of findings: a waiver, or a baseline, which accepts all those of the steps before its own.

    A waiver is for the first `covers` findings `code` of the step `commit` about the postmortem `about` ('' for those
    about none); of a baseline these are empty. `by` are the admins who signed it and `digests` their records; `step`
    is where the last of them landed.
    """

    by: str
    note: str
    digests: tuple[str, ...]
    step: int
    code: str = ""
    commit: str = ""
    about: str = ""
    covers: int = 0

    def is_for(self, finding: AuditFinding) -> bool:
        """Whether it accepts findings like this one: all of them for a baseline."""
        about = finding.doc if is_id(finding.doc) else ""
        return not self.commit or (self.code, self.commit, self.about) == (finding.code, finding.commit, about)


class SignedPolicy(NamedTuple):
    """A version of the policy that enough admins signed. `previous` is the digest of the one before ('' for the first),
    `file` the object id of its file; one that is not `in_force` is a rival of one that is."""

    previous: str
    file: str
    signers: tuple[str, ...]
    in_force: bool


class Dispute(NamedTuple):
    """Two policies with the same right, by their digests: the finding in `commit` about the record at `path`.

    `settled_by` are the people whose later version, `version`, settled it; '' while it is open.
    """

    commit: str
    path: str
    in_force: str
    rival: str
    settled_by: str = ""
    version: int = 0


@dataclass(slots=True)
class AuditState:
    """Everything known after the last step audited.

    `root` is the digest of the first policy, '' before there is one. `states` and `documents` are by postmortem,
    `records` maps a record's digest to its path, `acts` a postmortem to the acts that it has records of, good or not.
    `waiting` are records of policies, baselines, waivers and moves, by digest, which take effect together with
    others; `effective` are the statements that did, `moves` the folders that the root may move between. `policies`
    are all that enough admins signed, by digest: one that was in force, or a rival of one, with its `disputes`.
    `compromised` maps a key to the commit since which it counts as such. `line` are the commits of the steps in
    order; `landed` are all steps since the first commit, and the commits that they brought. `writers` are who changed a
    postmortem's content, `folders` the ids that have attachments, `templates` the digests of the organisation's
    template files, each with the folder that has it. `incidents` are the postmortems by the incident that they
    link. `lapsed` says of records, by digest, why the OpenPGP key behind them may not be used any more. `bases` are
    the paths of the records that name a commit as their base, `witness` who named the newest one of the main line,
    and which. `lost` is what is signed and missing, by path, `dropped` the digests of records that a baseline gives
    up, `bypassed` what was reported of lines that the main line goes round. `decided_by` are commits seen before
    without which the main line would be another one. `gone` are messages of discussions that were removed, or changed
    by somebody who may not, by path with the object id that they had.
    """

    root: str = ""
    policy: Policy | None = None
    policy_bytes: bytes = b""
    states: dict[str, PostmortemState] = field(default_factory=dict)
    documents: dict[str, TreeDocument] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=dict)
    acts: dict[str, set[str]] = field(default_factory=dict)
    writers: dict[str, set[str]] = field(default_factory=dict)
    waiting: dict[str, Act] = field(default_factory=dict)
    effective: set[str] = field(default_factory=set)
    moves: set[tuple[str, str]] = field(default_factory=set)
    policies: dict[str, SignedPolicy] = field(default_factory=dict)
    disputes: list[Dispute] = field(default_factory=list)
    compromised: dict[str, str] = field(default_factory=dict)
    acceptances: list[Acceptance] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    findings: list[AuditFinding] = field(default_factory=list)
    line: dict[str, int] = field(default_factory=dict)
    landed: Landed = field(default_factory=Landed)
    folders: set[str] = field(default_factory=set)
    templates: dict[str, str] = field(default_factory=dict)
    lapsed: dict[str, str] = field(default_factory=dict)
    bases: dict[str, list[str]] = field(default_factory=dict)
    witness: tuple[str, str] | None = None
    lost: dict[str, Lost] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    bypassed: set[str] = field(default_factory=set)
    decided_by: set[str] = field(default_factory=set)
    incidents: dict[str, list[str]] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    refused_policy: str = ""
    tree: str = ""
    verified: int = 0

    def find(
        self,
        commit: str,
        code: str,
        message: str,
        *,
        doc: str = "",
        path: str = "",
        hint: Hint = "",
        attributed: bool = False,
        warning: bool = False,
    ) -> None:
        """Note a finding; one that is only attributed is a warning unless the policy says `edits: signed`."""
        signed = self.policy is not None and self.policy.edits == SIGNED
        mild = warning or (attributed and not signed)
        self.findings.append(
            AuditFinding(
                code,
                message,
                commit,
                doc,
                path,
                Severity.WARNING if mild else Severity.ERROR,
                ATTRIBUTED if attributed else PROVED,
                hint,
            )
        )

    def enact(self, policy: Policy, data: bytes) -> None:
        """Put a policy in force for the steps that follow."""
        self.policy, self.policy_bytes, self.refused_policy = policy, data, ""
        for key_id, (_, key) in policy.keys.items():
            if key.status == COMPROMISED:
                self.compromised.setdefault(key_id, key.since)

    def conclusions(self) -> tuple[list[Event], list[AuditFinding]]:
        """Events and findings as they stand in the light of everything that landed later.

        Records by a key that was later marked as compromised become findings from the named commit on, and
        what admins accepted carries their names.
        """
        tainted = self._tainted()
        findings = self.findings + [
            AuditFinding(
                "AU220",
                f"{event.kind} by {event.by} is signed with a key that is compromised since an earlier step",
                event.commit,
                event.doc,
                event.record,
                hint=advise("waive-if-signed", by=event.by, code="AU220", commit=event.commit[:12]),
            )
            for event in tainted.values()
        ]
        lapsed = {event.digest: event for event in self.events if self._is_lapsed(event)}
        findings += [
            AuditFinding(
                "AU216",
                f"{event.kind} by {event.by} counts no longer: {self.lapsed[event.digest]}",
                event.commit,
                event.doc,
                event.record,
                hint="land the extended key, or an admin retires the key: what it signed before that stays",
            )
            for event in lapsed.values()
        ]
        tainted = {**tainted, **lapsed}
        standing = [one for one in self.acceptances if tainted.keys().isdisjoint(one.digests)]
        left = [one.covers for one in standing]
        return self.events, [self._accepted(finding, standing, left) for finding in findings]

    def _is_lapsed(self, event: Event) -> bool:
        """Whether a record's key has expired or is revoked, and no policy since has put it out of use."""
        if event.digest not in self.lapsed or self.policy is None:
            return False
        owner = self.policy.keys.get(event.key_id)
        return owner is not None and owner[1].status == ACTIVE

    def _tainted(self) -> dict[str, Event]:
        """Records by compromised keys that landed in or after the step named, by digest."""
        since: dict[str, int] = {}
        for key_id, commit in self.compromised.items():
            # A commit that is no step of the main line can't be placed: then every record of the key counts.
            since[key_id] = self.line.get(commit, 0)
        if not since:
            return {}
        return {
            event.digest: event
            for event in self.events
            if event.digest and event.key_id in since and self.line.get(event.commit, 0) >= since[event.key_id]
        }

    def _accepted(self, finding: AuditFinding, acceptances: list[Acceptance], left: list[int]) -> AuditFinding:
        """The finding as it stands. `left` counts down how many more each waiver covers."""
        if finding.code == "AU107":
            return self._settled(finding)
        if not waivable(finding.code) or finding.commit not in self.line:
            return finding
        step = self.line[finding.commit]
        for number, one in enumerate(acceptances):
            if one.step <= step or not one.is_for(finding) or (one.commit and not left[number]):
                continue
            left[number] -= 1
            return replace(finding, waived_by=one.by, waived_note=one.note)
        return finding

    def _settled(self, finding: AuditFinding) -> AuditFinding:
        for one in self.disputes:
            if (one.commit, one.path) == (finding.commit, finding.path) and one.settled_by:
                return replace(
                    finding, waived_by=one.settled_by, waived_note=f"settled by policy version {one.version}"
                )
        return finding
