"""Bring back what was signed and is missing: records, the policy, postmortems that a merge left out. One commit.

The audit says what is lost and which commit has it; the bytes are read there and written as they were. What they
state counts from here on, so a postmortem whose records then say another status gets it in the same commit.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pmctl import git
from pmctl.document.edits import set_field
from pmctl.document.reader import Document, read
from pmctl.ledger import record
from pmctl.ledger.audit import audit
from pmctl.ledger.current_state import current_state
from pmctl.ledger.report import Lost
from pmctl.ledger.snapshot import Snapshot, Snapshots, attachments_path, document_path
from pmctl.policy.act import REPOSITORY_FOLDERS
from pmctl.policy.model import POLICY_PATH
from pmctl.policy.state import DRAFT, FINAL, PostmortemState
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
    sources: dict[str, list[str]] = {}
    for one in lost:
        named = record.parse_path(one.path.removesuffix(".sig"))
        if named is not None and named.doc not in REPOSITORY_FOLDERS:
            sources.setdefault(named.doc, []).append(one.source)
    for doc in sorted(sources):
        if workspace.head.document(doc) is None:
            writes.update((write.path, write) for write in _document(workspace.head.source.at(sources[doc][-1]), doc))
    if not writes:
        return ""
    writes.update((write.path, write) for write in _texts(workspace.repo, sources, tuple(writes.values())))
    number, verb = plural(len(lost), "signed file"), "was" if len(lost) == 1 else "were"
    landed = commit(workspace.repo, list(writes.values()), f"Bring back {number} that {verb} left out")
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


def _texts(repo: git.Repository, sources: Mapping[str, Sequence[str]], writes: Sequence[Write]) -> Iterable[Write]:
    """What else the documents need once the records are back: their status, their reviewers, the text that is bound."""
    after = Snapshots(repo).at(_as_committed(repo, writes))
    for doc, commits in sorted(sources.items()):
        state, where = current_state(after, doc).state, after
        if after.document(doc) is None:
            continue
        if state.status in FINAL and after.digest(doc) not in (state.content, state.open):
            bound = (after.source.at(commit) for commit in reversed(commits))
            where = next((one for one in bound if one.digest(doc) == state.content), after)
        for write in _document(where, doc):
            data = write.data or b""
            if write.path == document_path(doc):
                data = _as_recorded(read(data), state)
            if after.regular_file(write.path) != data:
                yield Write(write.path, data)


def _as_recorded(document: Document, state: PostmortemState) -> bytes:
    """The document with the status and reviewers that the records say."""
    if not document.readable:
        return document.data
    changed = document if document.status == state.status else set_field(document, "status", state.status)
    named = tuple(document.meta.get("reviewers") or ())
    known = (*state.reviewers, *state.late_asked)
    wanted = [handle for handle in named if state.status == DRAFT or handle in known]
    wanted += [handle for handle in state.reviewers if handle not in wanted]
    if wanted != list(named):
        changed = set_field(changed, "reviewers", wanted)
    return changed.data


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
