"""What the audit would say about the commit being made, as far as the index shows. (index, HEAD) -> findings.

Advice for the checks of what is staged: only what is cheap to check, with the audit's codes. The audit has the last
word.
"""

from __future__ import annotations

from collections.abc import Iterable

from pmctl import git
from pmctl.document.digest import content_digest
from pmctl.document.fields import id_of, is_id, path_of
from pmctl.document.finding import Finding
from pmctl.document.reader import MAX_BYTES, read
from pmctl.errors import Hint, advise
from pmctl.insight.managed_paths import staged_paths
from pmctl.ledger import record
from pmctl.policy import act as acts
from pmctl.policy.model import POLICY_PATH
from pmctl.policy.state import FINAL
from pmctl.repository import index
from pmctl.repository.workspace import Workspace


def advice(repo: git.Repository) -> tuple[Finding, ...]:
    """What the audit would find in the staged changes."""
    workspace = Workspace(repo)
    if not workspace.head.commit:
        return ()
    changes = index.staged(repo.top, repo.prefix)
    new_acts = _new_acts(changes)
    documents = [change for change in changes if id_of(change.path) and not change.removed]
    sides = [side for one in documents for side in ((one.old_mode, one.old), (one.mode, one.new))]
    blobs = index.blobs(repo.top, [oid for mode, oid in sides if mode.startswith("1") and mode != "160000"], MAX_BYTES)
    found = staged_paths(repo, changes)
    for change in changes:
        if change.path.startswith(record.FOLDER + "/"):
            if not change.added:
                said = "removed" if change.removed else "changed"
                found.append(_finding("AU205", f"a record is being {said}", change, "git restore --staged it"))
        elif change.path == POLICY_PATH:
            if not any(act == acts.POLICY for act in new_acts.get(acts.POLICY, ())):
                message = "the policy is changed without a signed record"
                found.append(_finding("AU102", message, change, advise("sign-instead")))
        elif change.path.startswith("postmortems/"):
            found += _postmortem(workspace, change, new_acts, blobs)
    return tuple(found)


def _postmortem(
    workspace: Workspace, change: index.Staged, new_acts: dict[str, set[str]], blobs: dict[str, bytes]
) -> list[Finding]:
    if not change.removed and change.mode not in ("100644", "100664"):
        return []  # said of its path already
    name = id_of(change.path)
    if name is None:
        return _attachment(workspace, change, new_acts)
    done = new_acts.get(name, set())
    if change.removed:
        if acts.DELETE in done:
            return []
        return [_finding("AU406", f"{name} is being deleted or moved", change, advise("delete", id=name))]
    after = read(blobs[change.new], change.path)
    before = read(blobs[change.old], change.path) if change.old in blobs else None
    if not after.readable or (before is not None and not before.readable):
        return []  # validation says what is wrong with it
    was = before.status if before is not None else "DRAFT"
    if after.status != was and not done:
        fix = advise("leave-status", status=was, id=name)
        return [_finding("AU301", f"status was edited by hand: {was} -> {after.status}", change, fix)]
    if before is None or was not in FINAL or done & {acts.AMEND, acts.REOPEN}:
        return []
    if content_digest(before, ()) == content_digest(after, ()):
        return []  # action items move on after publication
    return [
        _finding("AU401", f"{name} is {was} and its content is changed", change, advise("amend-with-reason", id=name))
    ]


def _attachment(workspace: Workspace, change: index.Staged, new_acts: dict[str, set[str]]) -> list[Finding]:
    parts = change.path.split("/")
    owner = parts[2] if len(parts) > 3 else ""
    if not is_id(owner) or new_acts.get(owner, set()) & {acts.AMEND, acts.DELETE, acts.REOPEN}:
        return []
    document = workspace.head.file(path_of(owner))
    if document is None or read(document).status not in FINAL:
        return []
    message = f"an attachment of {owner}, which is published, is changed"
    return [_finding("AU402", message, change, advise("amend-with-reason", id=owner))]


def _new_acts(changes: Iterable[index.Staged]) -> dict[str, set[str]]:
    """The acts that staged records state, by postmortem, as their names say; signatures are the audit's."""
    found: dict[str, set[str]] = {}
    for change in changes:
        parts = record.parse_path(change.path) if change.added else None
        if parts is not None:
            found.setdefault(parts.doc, set()).add(parts.act)
    return found


def _finding(code: str, message: str, change: index.Staged, fix: Hint) -> Finding:
    return Finding(code, message, change.path, fix=fix)
