"""What an audit gives back: findings, events and where every postmortem stands. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field

from pmctl.document.finding import Severity
from pmctl.errors import Hint
from pmctl.policy.act import Act
from pmctl.policy.model import Policy
from pmctl.policy.state import PostmortemState

IN_FORCE = "policy in force"
"""The event of the step in which a policy came into force, beside those of the records that signed it."""
PROVED = "proved"
ATTRIBUTED = "attributed"


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """Something that was not allowed, or that cannot be known.

    `layer` is "proved" (it rests on signatures, records and content) or "attributed" (on who commits say
    they are from). `commit` is the step's full id, empty when it is about the clone; `doc` a postmortem's
    id; `path` the file below the pmctl root. `waived_by` names the admin who accepted it, by a waiver or a
    baseline, and `waived_note` the reason; a waived finding does not count.
    """

    code: str
    message: str
    commit: str = ""
    doc: str = ""
    path: str = ""
    severity: Severity = Severity.ERROR
    layer: str = PROVED
    hint: Hint = ""
    waived_by: str = ""
    waived_note: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """What a step did to one postmortem or to the repository.

    `kind` is an act of a record; created, edited, tracking, access, deleted for a change of a document; commented,
    resolved, reopened for a message of its discussion; or IN_FORCE.
    `by` is proved by the signature for records; for changes it is whom the commit names ('' unknown), for messages
    whom they say if the commit names them, too. `message` is a message's id,
    and its `content` the object id of its file.
    `verdict` is ok, late (kept without effect), waiting (for other admins' signatures when it landed), stale, refused,
    unmanaged or accepted (by a baseline).
    `record`, `digest` and `key` (fingerprint) are the evidence of a record; `detail` is one line for people.
    """

    commit: str
    kind: str
    doc: str
    by: str
    at: str
    verdict: str = "ok"
    layer: str = PROVED
    record: str = ""
    digest: str = ""
    key: str = ""
    key_id: str = ""
    content: str = ""
    policy: int = 0
    round: int = 0
    note: str = ""
    detail: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """Something signed that a step left out, and nobody has brought back: `path` and `oid` of the file.

    `step` is the commit that lacks it, `source` one that has it. A record has its `digest` and `act` unless it had
    landed before; `version` is the policy's.
    """

    path: str
    oid: str
    step: str
    source: str
    digest: str = ""
    act: Act | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Witness:
    """Whose record names the newest commit of the main line as where it was, and how many steps followed since."""

    by: str
    commit: str
    steps_ago: int


@dataclass(frozen=True, slots=True)
class Report:
    """The result of an audit of everything up to `tip` (or of `base`..`tip`).

    `complete` is False when part of the history could not be read; `incomplete` says why. `steps` counts
    the steps audited, `records` the signed records verified in them. `witness` is nobody while no record names a base,
    `lost` what is signed and missing. `decided_by` are the commits seen before without which the main line would be
    another one.
    """

    root: str
    tip: str
    base: str = ""
    policy: Policy | None = None
    events: tuple[Event, ...] = ()
    findings: tuple[AuditFinding, ...] = ()
    states: dict[str, PostmortemState] = field(default_factory=dict)
    complete: bool = True
    incomplete: str = ""
    steps: int = 0
    records: int = 0
    witness: Witness | None = None
    lost: tuple[Lost, ...] = ()
    decided_by: tuple[str, ...] = ()

    @property
    def violations(self) -> tuple[AuditFinding, ...]:
        """The findings that make the answer no: errors that nobody has waived."""
        return tuple(f for f in self.findings if f.severity is Severity.ERROR and not f.waived_by)

    @property
    def passed(self) -> bool:
        """True when everything was read and nothing counts against it."""
        return self.complete and not self.violations
