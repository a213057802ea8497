"""What the audit would say about the commit being made, as far as the index shows. (index, HEAD) -> findings.

Advice for the checks of what is staged: only what is cheap to check, with the audit's codes. The audit has the last
word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pmctl import git
from pmctl.document.fields import path_of
from pmctl.document.finding import Finding, Severity
from pmctl.document.reader import MAX_BYTES, Document, read
from pmctl.errors import Hint, advise
from pmctl.insight.files_beside import staged_beside
from pmctl.insight.managed_paths import staged_paths
from pmctl.insight.message_files import staged_messages
from pmctl.ledger import record
from pmctl.ledger.current_state import current_state
from pmctl.ledger.paths import belongs_to
from pmctl.ledger.record import RecordProblem
from pmctl.policy import act as acts
from pmctl.policy import lifecycle
from pmctl.policy.act import Act
from pmctl.policy.edits import Edit, check_edit, needs_act
from pmctl.policy.model import POLICY_PATH, SIGNED, person_by_email
from pmctl.policy.permission import Violation
from pmctl.repository import index
from pmctl.repository.actor import git_config
from pmctl.repository.workspace import Workspace


@dataclass(slots=True)
class _Postmortem:
    """What is staged of one postmortem: its file, when that is, and files beside it."""

    file: index.Staged | None = None
    attached: index.Staged | None = None

    @property
    def path(self) -> str:
        """Where to point at."""
        staged = self.file or self.attached
        return staged.path if staged is not None else ""


def advice(repo: git.Repository, author: str = "") -> tuple[Finding, ...]:
    """What the audit would find in the staged changes; `author` is the e-mail address that git commits
    with, where the caller knows of another than the configured one."""
    workspace = Workspace(repo)
    if not workspace.head.commit:
        return ()
    changes = index.staged(repo.top, repo.prefix)
    found = staged_paths(repo, changes)
    postmortems: dict[str, _Postmortem] = {}
    signed_policy = any(
        parts.doc == acts.POLICY for one in changes if one.added and (parts := record.parse_path(one.path))
    )
    for change in changes:
        if change.path.startswith(record.FOLDER + "/"):
            if not change.added:
                said = "removed" if change.removed else "changed"
                found.append(_finding("AU205", f"a record is being {said}", change.path, "git restore --staged it"))
        elif change.path == POLICY_PATH:
            if not signed_policy:
                message = "the policy is changed without a signed record"
                found.append(_finding("AU102", message, change.path, advise("sign-instead")))
        elif change.path.startswith("postmortems/"):
            if not change.removed and change.mode not in ("100644", "100664"):
                continue  # said of its path already
            name, attachment = belongs_to(change.path)
            if name:
                one = postmortems.setdefault(name, _Postmortem())
                one.attached, one.file = (change, one.file) if attachment else (one.attached, change)
    beside = (*staged_messages(workspace, changes, author), *staged_beside(workspace, changes, author))
    return (*found, *_edits(workspace, postmortems, changes, author), *beside)


def _edits(
    workspace: Workspace, postmortems: dict[str, _Postmortem], changes: Iterable[index.Staged], author: str
) -> list[Finding]:
    """What of the staged edits is not allowed: the question that the audit asks, with the acts that are staged too."""
    head = workspace.head
    policy, _ = head.policy()
    if policy is None or not postmortems:
        return []
    done = _new_acts(workspace, changes)
    regular = [
        oid for one in postmortems.values() if one.file is not None
        for mode, oid in ((one.file.old_mode, one.file.old), (one.file.mode, one.file.new)) if mode.startswith("100")
    ]  # fmt: skip
    blobs = index.blobs(workspace.repo.top, regular, MAX_BYTES)
    who = person_by_email(policy, author or git_config(workspace.repo).get("user.email", ""))
    merging = (workspace.repo.git_dir / "MERGE_HEAD").exists()  # what the other side brings is not its committer's
    found = []
    for name, one in postmortems.items():
        before, after = _sides(workspace, name, one, blobs)
        if before is None and after is None:
            continue
        state = now = current_state(head, name).state
        for act, digest in done.get(name, ()):
            now = lifecycle.advance(now, act, digest, author=after.author if after is not None else "")
        bound = any(act.act in (acts.AMEND, acts.ADD_ITEM, acts.PUBLISH) for act, _ in done.get(name, ()))
        edit = Edit(before, after, attachments=one.attached is not None, bound=bound)
        violations: Iterable[Violation] = needs_act(edit, state, now)
        if not merging:
            violations = check_edit(edit, (who,) if who else (), state, policy, now)
        for violation in violations:
            mild = violation.attributed and policy.edits != SIGNED
            finding = _finding(violation.code, violation.message, one.path, violation.hint)
            found.append(finding._replace(severity=Severity.WARNING) if mild else finding)
    return found


def _sides(
    workspace: Workspace, name: str, one: _Postmortem, blobs: dict[str, bytes]
) -> tuple[Document | None, Document | None]:
    """The postmortem at HEAD and as it is staged; an attachment leaves the text as it was."""
    if one.file is None:
        data = workspace.head.regular_file(path_of(name))
        document = read(data, path_of(name)) if data is not None else None
        return document, document
    sides = (one.file.old, one.file.new)
    before, after = (read(blobs[oid], one.file.path) if oid in blobs else None for oid in sides)
    return before, after


def _new_acts(workspace: Workspace, changes: Iterable[index.Staged]) -> dict[str, list[tuple[Act, str]]]:
    """The acts that staged records state, by postmortem, in the order of their names; signatures are the audit's."""
    added = {one.path: one.new for one in changes if one.added and record.parse_path(one.path) is not None}
    blobs = index.blobs(workspace.repo.top, added.values(), MAX_BYTES)
    found: dict[str, list[tuple[Act, str]]] = {}
    for _, oid in sorted(added.items()):
        try:
            act = record.from_bytes(blobs[oid])
        except RecordProblem:
            continue
        found.setdefault(act.doc, []).append((act, record.digest(blobs[oid])))
    return found


def _finding(code: str, message: str, path: str, fix: Hint) -> Finding:
    return Finding(code, message, path, fix=fix)
