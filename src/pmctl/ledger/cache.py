"""What was judged before, kept under the git directory. (repository, fold) <-> one authenticated file.

The file is untrusted: whoever can write to the repository can write it. It counts only with a keyed hash
(HMAC-SHA256) under a secret of this user that lies outside every repository, for this version of pmctl and
this pmctl root, and the audit uses it only when the main line runs through the commit that it ends at. Anything
else is ignored, and the history is judged again. Writing it may fail silently: it only saves time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from pmctl import __version__
from pmctl.document.finding import Severity
from pmctl.errors import read_hint
from pmctl.files import write_atomic
from pmctl.git import Repository
from pmctl.ledger.audit_state import Acceptance, AuditState
from pmctl.ledger.memory import no_collection
from pmctl.ledger.report import AuditFinding, Event
from pmctl.ledger.tree_documents import TreeDocument
from pmctl.ledger.trees import Entry
from pmctl.ledger.trust import user_folder
from pmctl.policy.act import Act
from pmctl.policy.reading import parse_policy
from pmctl.policy.state import Approval, PostmortemState

FORMAT = "pmctl-fold-5"
_APPROVALS = [field.name for field in fields(PostmortemState)].index("approvals")
_LARGEST = 256 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Known:
    """A fold as it was after the step `tip`."""

    tip: str
    fold: AuditState


def load(repo: Repository) -> Known | None:
    """The fold of an earlier audit by this user; None when there is none that counts."""
    try:
        data = _file(repo).read_bytes()
    except OSError:
        return None
    secret = _secret(create=False)
    if secret is None or len(data) > _LARGEST:
        return None
    mark, _, body = data.partition(b"\n")
    if not hmac.compare_digest(mark, _mark(secret, repo, body)):
        return None
    try:
        with no_collection():
            value = json.loads(body)
            return Known(value["tip"], _fold(value["fold"]))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None


def save(repo: Repository, tip: str, fold: AuditState) -> None:
    """Keep a fold for the next audit; does nothing when it cannot be written."""
    secret = _secret(create=True)
    if secret is None:
        return
    body = json.dumps({"tip": tip, "fold": _plain(fold)}, ensure_ascii=True, separators=(",", ":")).encode()
    path = _file(repo)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, _mark(secret, repo, body) + b"\n" + body)


def _file(repo: Repository) -> Path:
    name = hashlib.sha256(repo.prefix.encode()).hexdigest()[:12]
    return repo.state_dir / f"audit-{name}.json"


def _mark(secret: bytes, repo: Repository, body: bytes) -> bytes:
    head = json.dumps([FORMAT, __version__, repo.prefix]).encode() + b"\n"
    return hmac.new(secret, head + body, hashlib.sha256).hexdigest().encode()


def _secret(*, create: bool) -> bytes | None:
    path = user_folder() / "cache.key"
    try:
        found = path.read_bytes()
        if len(found) == 32:
            return found
    except OSError:
        pass
    if not create:
        return None
    fresh = secrets.token_bytes(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(path, fresh)
    except OSError:
        return None
    return fresh


def _row(value: Any) -> list[Any]:
    return [getattr(value, name) for name in value.__dataclass_fields__]


def _plain(fold: AuditState) -> dict[str, Any]:
    return {
        "root": fold.root,
        "policy": fold.policy_bytes.decode("utf-8") if fold.policy is not None else None,
        "states": [
            [_row(replace(state, approvals=())), [_row(one) for one in state.approvals]]
            for state in fold.states.values()
        ],
        "held": {doc: [*held.file, *(held.attachments or ())] for doc, held in fold.held.items()},
        "records": fold.records,
        "acts": {doc: sorted(kinds) for doc, kinds in fold.acts.items()},
        "writers": {doc: sorted(people) for doc, people in fold.writers.items()},
        "waiting": [_row(act) for act in fold.waiting],
        "compromised": fold.compromised,
        "acceptances": [_row(one) for one in fold.acceptances],
        "events": [_row(one) for one in fold.events],
        "findings": [_row(one) for one in fold.findings],
        "line": list(fold.line),
        "landed": sorted(fold.landed - fold.line.keys()),
        "folders": sorted(fold.folders),
        "lapsed": fold.lapsed,
        "refused_policy": fold.refused_policy,
        "tree": fold.tree,
        "verified": fold.verified,
    }


def _fold(value: dict[str, Any]) -> AuditState:
    fold = AuditState(root=value["root"])
    if value["policy"] is not None:
        fold.policy_bytes = value["policy"].encode("utf-8")
        fold.policy = parse_policy(fold.policy_bytes)[0]
        if fold.policy is None:
            raise ValueError("the policy cannot be read")
    for row, approvals in value["states"]:
        row[_APPROVALS] = [Approval(*one) for one in approvals]
        fitting: list[Any] = [tuple(one) if isinstance(one, list) else one for one in row]
        state = PostmortemState(*fitting)
        fold.states[state.id] = state
    for doc, entry in value["held"].items():
        fold.held[doc] = TreeDocument(Entry(*entry[:2]), Entry(*entry[2:]) if len(entry) > 2 else None)
    fold.records = value["records"]
    fold.acts = {doc: set(kinds) for doc, kinds in value["acts"].items()}
    fold.writers = {doc: set(people) for doc, people in value["writers"].items()}
    fold.waiting = [Act(*_tuples(row)) for row in value["waiting"]]
    fold.compromised = value["compromised"]
    fold.acceptances = [Acceptance(*row) for row in value["acceptances"]]
    fold.events = [Event(*row) for row in value["events"]]
    fold.findings = [
        replace(AuditFinding(*row), severity=Severity(row[5]), hint=read_hint(row[7])) for row in value["findings"]
    ]
    fold.line = {commit: number for number, commit in enumerate(value["line"])}
    fold.landed = set(value["landed"]) | fold.line.keys()
    fold.folders = set(value["folders"])
    fold.lapsed = value["lapsed"]
    fold.refused_policy, fold.tree, fold.verified = value["refused_policy"], value["tree"], value["verified"]
    return fold


def _tuples(row: list[Any]) -> list[Any]:
    """JSON's lists as the tuples that they were."""
    return [tuple(tuple(i) if isinstance(i, list) else i for i in one) if isinstance(one, list) else one for one in row]
