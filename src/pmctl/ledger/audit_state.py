"""What the audit carries from step to step: the policy in force, every postmortem's state, what was found.

One mutable value that `ledger.step_auditor` moves forward; `ledger.cache` writes it down and reads it back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pmctl.document.finding import Severity
from pmctl.errors import Hint
from pmctl.ledger.report import ATTRIBUTED, PROVED, AuditFinding, Event
from pmctl.ledger.tree_documents import TreeDocument
from pmctl.policy.act import Act
from pmctl.policy.change import waivable
from pmctl.policy.model import ACTIVE, COMPROMISED, SIGNED, Policy
from pmctl.policy.state import PostmortemState


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An admin's signed acceptance of findings: a waiver of `code` in the step `commit`, or a baseline, which
    accepts every finding of the steps before its own (then both are empty). `step` is where it landed."""

    by: str
    note: str
    digest: str
    step: int
    code: str = ""
    commit: str = ""


@dataclass(slots=True)
class AuditState:
    """Everything known after the last step audited.

    `root` is the digest of the first policy, '' before there is one. `states` and `documents` are by postmortem,
    `records` maps a record's digest to its path, `acts` a postmortem to the acts that it has records of, good or not.
    `waiting` are policy records whose policy has not landed. `compromised` maps a key to the commit since which it
    counts as such. `line` are the commits of the steps in order, `landed` all commits that they brought. `writers` are
    who changed a postmortem's content, `folders` the ids that have attachments, `templates` the digests of the
    organisation's template files, each with the folder that has it. `incidents` are the postmortems by the incident
    that they link. `lapsed` says of records, by digest, why the OpenPGP key behind them may not be used any more.
    """

    root: str = ""
    policy: Policy | None = None
    policy_bytes: bytes = b""
    states: dict[str, PostmortemState] = field(default_factory=dict)
    documents: dict[str, TreeDocument] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=dict)
    acts: dict[str, set[str]] = field(default_factory=dict)
    writers: dict[str, set[str]] = field(default_factory=dict)
    waiting: list[Act] = field(default_factory=list)
    compromised: dict[str, str] = field(default_factory=dict)
    acceptances: list[Acceptance] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    findings: list[AuditFinding] = field(default_factory=list)
    line: dict[str, int] = field(default_factory=dict)
    landed: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    templates: dict[str, str] = field(default_factory=dict)
    lapsed: dict[str, str] = field(default_factory=dict)
    incidents: dict[str, list[str]] = field(default_factory=dict)
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
        self.policy, self.policy_bytes, self.waiting, self.refused_policy = policy, data, [], ""
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
                hint="check it with the person, and accept it with a waiver or act again",
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
        accepted = [a for a in self.acceptances if a.digest not in tainted]
        return self.events, [self._accepted(finding, accepted) for finding in findings]

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

    def _accepted(self, finding: AuditFinding, acceptances: list[Acceptance]) -> AuditFinding:
        if not waivable(finding.code) or finding.commit not in self.line:
            return finding
        step = self.line[finding.commit]
        for acceptance in acceptances:
            named = acceptance.code == finding.code and acceptance.commit == finding.commit
            if acceptance.step > step and (named or not acceptance.commit):
                return replace(finding, waived_by=acceptance.by, waived_note=acceptance.note)
        return finding
