"""One step of the main line while it is audited: what was before it, what is after it, and what is found.

(AuditState, history.Step, snapshots before and after) -> StepContext, to which every check adds events and findings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile

from pmctl.errors import Hint
from pmctl.ledger.audit_state import AuditState
from pmctl.ledger.history import Lines
from pmctl.ledger.openpgp import Keyrings
from pmctl.ledger.report import AuditFinding, Event
from pmctl.ledger.signatures import ReadFile
from pmctl.ledger.snapshot import Snapshot, Snapshots
from pmctl.ledger.tree_documents import Documents
from pmctl.ledger.verified_records import VerifiedRecord
from pmctl.objects import Commit


@dataclass(frozen=True, slots=True)
class StepContext:
    """One step under audit.

    `state` is what all steps before it add up to; checks move it forward. `merged` are the commits that a merge
    brings. `before` is empty in the step that brings the first policy, before which nothing was managed. `newest` is
    the tip of the history, which only key files are read from. `lines` are all lines up to there. `back` has, by path,
    the commit that had a record which a merge left out and this step brings back.
    """

    state: AuditState
    commit: Commit
    merged: tuple[Commit, ...]
    before: Snapshot
    after: Snapshot
    newest: Snapshot
    keyrings: Keyrings
    lines: Lines
    back: dict[str, str] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[AuditFinding, ...]:
        """What was found in this step so far, the last first."""
        return tuple(takewhile(lambda one: one.commit == self.commit.oid, reversed(self.state.findings)))

    @property
    def source(self) -> Snapshots:
        """Reads any other commit."""
        return self.after.source

    @property
    def documents(self) -> Documents:
        """Reads documents."""
        return self.after.source.documents

    @property
    def key_files(self) -> ReadFile:
        """Reads key files as they were before the step, where there was a policy."""
        return (self.before if self.before.tree else self.after).key_files(self.newest)

    def template(self, digest: str) -> bytes | None:
        """The file of the organisation's template with this digest, wherever it was in the history so far."""
        folder = self.state.templates.get(digest, "")
        return self.source.templates.with_digest(folder, digest) if folder else None

    def find(
        self,
        code: str,
        message: str,
        hint: Hint = "",
        *,
        doc: str = "",
        path: str = "",
        attributed: bool = False,
        warning: bool = False,
    ) -> None:
        """Report a finding of this step."""
        self.state.find(
            self.commit.oid, code, message, doc=doc, path=path, hint=hint, attributed=attributed, warning=warning
        )

    def note(self, record: VerifiedRecord, verdict: str) -> None:
        """Put a record among the events."""
        act = record.act
        self.state.events.append(
            Event(
                self.commit.oid,
                act.act,
                act.doc,
                act.by,
                act.at,
                verdict,
                record=record.path,
                digest=record.digest,
                key=record.signer.fingerprint,
                key_id=record.signer.key.id,
                content=act.content,
                policy=act.policy,
                round=act.round,
                note=act.note,
            )
        )
