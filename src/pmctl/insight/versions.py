"""Versions of a postmortem to compare: the work tree, the index, any commit, and the text that somebody approved.

(workspace, id) -> Version. Nothing is written, and nothing of the repository is run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from pmctl import git
from pmctl.document.beside import Beside, folder_of
from pmctl.document.comment import writer_of
from pmctl.document.fields import is_id, path_of
from pmctl.document.reader import MAX_BYTES, Document, read
from pmctl.errors import EnvironmentProblem, NotFound, advise
from pmctl.ledger import record
from pmctl.ledger.openpgp import Keyrings
from pmctl.ledger.snapshot import Snapshot
from pmctl.ledger.statement import Statement, read_statement
from pmctl.ledger.tree_documents import TreeDocument
from pmctl.policy import act as acts
from pmctl.policy.state import IN_REVIEW
from pmctl.repository import index
from pmctl.repository.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Version:
    """One version. `label` is what people call it; `document` is None where there is no such postmortem; `files` are
    its attachments, a digest by path."""

    label: str
    document: Document | None
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Approved:
    """What somebody signed last: the record, and the text that it binds, None where history does not hold it."""

    statement: Statement
    version: Version | None


def find(workspace: Workspace, part: str) -> str:
    """The id that `part` names; a whole id need not be in the work tree. Raises NotFound with the candidates."""
    return part if is_id(part) else workspace.find(part)


def in_work_tree(workspace: Workspace, name: str) -> Version:
    """The postmortem as its file says it now. Raises BadInput when it is no regular file."""
    there = (workspace.repo.root / path_of(name)).exists() or (workspace.repo.root / path_of(name)).is_symlink()
    document = workspace.read(name) if there else None
    return Version("the work tree", document, workspace.attached_files(name))


def staged(workspace: Workspace, name: str) -> Version:
    """The postmortem as the index has it. Raises EnvironmentProblem while a conflict is not resolved."""
    repo, path = workspace.repo, path_of(name)
    index.staged(repo.top, repo.prefix + path)
    listed = index.entries(repo.top, repo.prefix, path, path.removesuffix(".md"))
    folder = path.removesuffix(".md") + "/"
    oid = listed.pop(path, "")
    data = index.blobs(repo.top, [oid], MAX_BYTES)[oid] if oid else b""
    reader = workspace.head.source.reader
    files = {one.removeprefix(folder): reader.sha256(blob) for one, blob in listed.items()}
    return Version("what is staged", read(data, path) if oid else None, files)


def committed(workspace: Workspace, name: str, revision: str) -> Version:
    """The postmortem in a commit. Raises EnvironmentProblem when there is no such commit."""
    if revision == "HEAD" and not workspace.head.commit:
        return Version("HEAD", None)
    return _version(workspace.at(revision), name, revision)


def last_approval(workspace: Workspace, name: str, handle: str) -> Approved | None:
    """The last approval of a person, of any round, whether it still counts or not; None without one.

    Raises EnvironmentProblem when there is no policy, MissingObject or CorruptObject for a damaged clone.
    """
    theirs = [one for one in statements(workspace, name, (acts.APPROVE,)) if one.act.by == handle]
    if not theirs:
        return None
    statement = theirs[-1]
    where = version_with(workspace, name, statement.act.content)
    if where is None:
        return Approved(statement, None)
    documents = workspace.head.source.documents
    files = {item.path: item.sha256 for item in documents.attachments(where.attachments)}
    return Approved(statement, Version(f"what {handle} approved", documents.document(where), files))


def statements(workspace: Workspace, name: str, kinds: Collection[str]) -> list[Statement]:
    """The well-signed records of these acts on a postmortem at HEAD, in the order of their numbers.

    Raises EnvironmentProblem when there is no policy, MissingObject or CorruptObject for a damaged clone.
    """
    head, policy = workspace.head, workspace.policy
    found: list[tuple[int, str, str, Statement]] = []
    with Keyrings() as keyrings:
        for file in head.records(name):
            path = f"{record.FOLDER}/{name}/{file}"
            named = record.parse_path(path)
            if named is None or named.act not in kinds:
                continue
            one = read_statement(head, path, policy, keyrings)
            if one is not None and one.act.doc == name:
                found.append((named.number, one.act.at, one.digest, one))
    return [one for *_, one in sorted(found, key=lambda each: each[:3])]


def approved(workspace: Workspace, name: str, handle: str) -> Version:
    """The text that a person approved last. Raises NotFound without an approval, EnvironmentProblem when the history
    here does not hold the text."""
    found = last_approval(workspace, name, handle)
    if found is None:
        hint = advise("compare-commits", id=name)
        raise NotFound(f"{handle} has not approved {name}, as far as signed records at HEAD say", hint=hint)
    if found.version is None:
        lacking = git.is_shallow_or_partial(workspace.repo.common_dir)
        why = f"this is a {lacking}" if lacking else "a squash merge may have left it out"
        hint = "git fetch --unshallow brings the rest" if lacking else advise("compare-commits", id=name)
        raise EnvironmentProblem(f"the text that {handle} approved is not in the history here: {why}", hint=hint)
    return found.version


def last_comment(workspace: Workspace, name: str, handle: str) -> Version | None:
    """The postmortem as it was when a person's newest comment landed, by the name of its file; None without one."""
    path = _newest_comment(workspace, name, handle)
    snapshot = _landed(workspace, path) if path else None
    return _version(snapshot, name, f"when {handle} commented") if snapshot is not None else None


def said_since(workspace: Workspace, name: str, handle: str, approval: Approved | None) -> tuple[str, ...] | None:
    """The ids of what others have said about a postmortem since a person approved it last, or else commented on it.

    None when they did neither. What landed together with what the person did counts as known to them.
    """
    path = approval.statement.path if approval is not None else _newest_comment(workspace, name, handle)
    if not path:
        return None
    there = workspace.head.names(folder_of(Beside.COMMENTS, name))
    if not there:
        return ()
    snapshot = _landed(workspace, path)
    known = snapshot.names(folder_of(Beside.COMMENTS, name)) if snapshot is not None else {}
    new = (file.removesuffix(".md") for file in sorted(there.keys() - known.keys()))
    return tuple(one for one in new if writer_of(one) not in ("", handle))


def _newest_comment(workspace: Workspace, name: str, handle: str) -> str:
    """The path of a person's newest comment on a postmortem, by the name of its file; "" without one."""
    folder = folder_of(Beside.COMMENTS, name)
    theirs = [file for file in workspace.head.names(folder) if writer_of(file.removesuffix(".md")) == handle]
    return f"{folder}/{max(theirs)}" if theirs else ""


def _landed(workspace: Workspace, path: str) -> Snapshot | None:
    """The first commit up to HEAD that has a file."""
    for commit in reversed(list(_commits(workspace, path))):
        snapshot = workspace.head.source.at(commit)
        if snapshot.entry(path) is not None:
            return snapshot
    return None


def version_with(workspace: Workspace, name: str, content: str) -> TreeDocument | None:
    """The newest version of a postmortem, up to HEAD, that has this content digest; None when history has none.

    One in review comes before others: the digest leaves the status out, and approvals are given in review.
    """
    source = workspace.head.source
    source.follow_moves(workspace.head)
    seen = set()
    found: TreeDocument | None = None
    for commit in (workspace.head.commit, *_commits(workspace, path_of(name), path_of(name).removesuffix(".md"))):
        where = source.at(commit).document(name) if commit else None
        if where is None or where in seen:
            continue
        seen.add(where)
        if source.documents.digest(where) == content:
            found = found or where
            if source.documents.facts(where).status == IN_REVIEW:
                return where
    return found


def _commits(workspace: Workspace, *paths: str) -> Iterator[str]:
    """The commits up to HEAD that change these paths, newest first. git only says where to look: what is there is
    read, and hashed, by `Snapshot`."""
    folders = (f"{place}/" if place else "" for place in workspace.head.source.places)
    places = (f":(literal){folder}{path}" for folder in folders for path in paths)
    listed = git.run(
        workspace.repo.top, "rev-list", "--full-history", "--topo-order", "HEAD", "--", *places, check=False
    )
    yield from listed.text.split() if listed.code == 0 else ()


def _version(snapshot: Snapshot, name: str, label: str) -> Version:
    where = snapshot.document(name)
    files = {item.path: item.sha256 for item in snapshot.attachments(name)}
    return Version(label, snapshot.source.documents.document(where) if where is not None else None, files)
