"""Bring back what was signed and is missing: records, the policy, postmortems that a merge left out. One commit.

The audit says what is lost and which commit has it; the bytes are read there and written as they were. What they
state counts from here on, so a postmortem whose records then say another status gets it in the same commit.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from pmctl import git
from pmctl.document.edits import set_field
from pmctl.document.reader import read
from pmctl.ledger import record
from pmctl.ledger.audit import audit
from pmctl.ledger.current_state import current_state
from pmctl.ledger.report import Lost
from pmctl.ledger.snapshot import Snapshot, Snapshots, attachments_path, document_path
from pmctl.policy.act import REPOSITORY_FOLDERS
from pmctl.policy.model import POLICY_PATH
from pmctl.repository.transaction import Write, commit
from pmctl.repository.workspace import Workspace
from pmctl.text import plural

_NOBODY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "pmctl"), ("EMAIL", "pmctl@localhost"))
}


def bring_back(workspace: Workspace) -> str:
    """Commit what is lost at HEAD as it was; a sentence about it, '' when nothing is.

    Raises Refused when the work tree has changes there, EnvironmentProblem when git cannot commit.
    """
    if not workspace.head.is_managed:
        return ""
    lost = audit(workspace.repo).lost
    writes = {write.path: write for one in lost for write in _files(workspace.head, one)}
    docs = {one.act.doc for one in lost if one.act is not None} - REPOSITORY_FOLDERS
    for doc in sorted(docs):
        if workspace.head.document(doc) is None:
            sources = [one.source for one in lost if one.act is not None and one.act.doc == doc]
            writes.update((write.path, write) for write in _document(workspace.head.source.at(sources[-1]), doc))
    if not writes:
        return ""
    writes.update((write.path, write) for write in _statuses(workspace.repo, docs, tuple(writes.values())))
    number = plural(len(lost), "signed file")
    landed = commit(workspace.repo, list(writes.values()), f"Bring back {number} that were left out")
    return f"brought back {number} left out before, in commit {landed.oid[:12]}"


def _files(head: Snapshot, lost: Lost) -> Iterable[Write]:
    """What was lost, with the signature of a record that never landed."""
    source = head.source.at(lost.source)
    for path in (lost.path, record.signature_path(lost.path)) if lost.act is not None else (lost.path,):
        data = source.regular_file(path)
        if data is not None and (path != POLICY_PATH or lost.version):
            yield Write(path, data)


def _document(source: Snapshot, doc: str) -> Iterable[Write]:
    for path in (document_path(doc), *source.paths(attachments_path(doc))):
        data = source.regular_file(path)
        if data is not None:
            yield Write(path, data)


def _statuses(repo: git.Repository, docs: Iterable[str], writes: Sequence[Write]) -> Iterable[Write]:
    """The documents whose status or reviewers are others once the records are back."""
    after = Snapshots(repo).at(_as_committed(repo, writes))
    for doc in sorted(docs):
        data = after.regular_file(document_path(doc))
        if data is None:
            continue
        document, state = read(data), current_state(after, doc).state
        changed = document
        if document.readable and document.status != state.status:
            changed = set_field(changed, "status", state.status)
        named = tuple(document.meta.get("reviewers") or ()) if document.readable else state.reviewers
        if not set(state.reviewers) <= set(named):
            changed = set_field(changed, "reviewers", list(dict.fromkeys((*named, *state.reviewers))))
        if changed.data != document.data:
            yield Write(document_path(doc), changed.data)


def _as_committed(repo: git.Repository, writes: Sequence[Write]) -> str:
    """A commit that no branch has, of HEAD and these writes."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index"), **_NOBODY}
        git.run(repo.top, "read-tree", "HEAD", env=env)
        for write in writes:
            if write.data is not None:
                oid = git.run(repo.top, "hash-object", "-w", "--stdin", stdin=write.data).text
                entry = f"100644,{oid},{repo.prefix}{write.path}"
                git.run(repo.top, "update-index", "--add", "--cacheinfo", entry, env=env)
        tree = git.run(repo.top, "write-tree", env=env).text
        return git.run(repo.top, "commit-tree", "-p", "HEAD", "-m", "What would be", tree, env=env).text
