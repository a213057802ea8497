"""The pmctl root as one commit has it: the one way to read policy, documents, records and templates from history.

(repository, commit) -> Snapshot. The command line, the hooks and the audit all ask it, so that what is computed before
an act is what the audit computes after it. Everything is read hermetically, by object id, through one process of git.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmctl import git
from pmctl.document import beside
from pmctl.document.beside import Beside, is_single
from pmctl.document.digest import Attachment
from pmctl.document.finding import Finding
from pmctl.ledger import record
from pmctl.ledger.template_store import TemplateStore
from pmctl.ledger.tree_documents import REGULAR, Documents, TreeDocument
from pmctl.ledger.trees import Trees
from pmctl.object_reader import ObjectReader
from pmctl.objects import Entry
from pmctl.policy import act as acts
from pmctl.policy.model import POLICY_PATH, Policy
from pmctl.policy.reading import parse_policy

if TYPE_CHECKING:
    from pmctl.document.template import Template
    from pmctl.ledger.report import Report

_FILES = ("100644", "100755", "120000")


class Snapshots:
    """Gives out snapshots of one repository, and remembers what several of them share.

    It lives for one command or one audit. `reader` is given by whoever reads from elsewhere than the repository's own
    objects.
    """

    def __init__(self, repo: git.Repository, reader: ObjectReader | None = None) -> None:
        self.repo = repo
        self.reader = reader or ObjectReader(repo.common_dir)
        self.trees = Trees(self.reader)
        self.documents = Documents(self.reader, self.trees)
        self.templates = TemplateStore(self.reader, self.trees)
        self.reports: dict[str, Report] = {}  # of the audits that were asked where records did not add up, by commit
        self.answers: dict[str, object] = {}  # what others have worked out and ask again, by what and which commit
        self.places: tuple[str, ...] = (repo.prefix.strip("/"),)
        """Where the pmctl root lies in the repository, and where it lay before it was moved there, newest first."""
        self._policies: dict[str, tuple[Policy | None, tuple[Finding, ...]]] = {}

    def at(self, commit: str) -> Snapshot:
        """The snapshot of the commit with this full id."""
        return Snapshot(self, self.root(self.reader.commit(commit).tree), commit)

    def root(self, tree: str) -> str:
        """The tree of the pmctl root in a commit's tree, '' where there is none."""
        place = self.place(tree)
        return self.trees.folder(tree, place) if place else tree

    def place(self, tree: str) -> str:
        """Which of `places` the root lies in, in a commit's tree: the newest that holds a policy."""
        if len(self.places) > 1:
            for place in self.places:
                if self.trees.entry(tree, f"{place}/{POLICY_PATH}" if place else POLICY_PATH) is not None:
                    return place
        return self.places[0]

    def follow_moves(self, newest: Snapshot) -> None:
        """Look for the root where it lay before, too, as the records of moves in a commit say: unproved, a hint where
        to look. The audit reports a root that changes its place without enough signatures."""
        moves: dict[str, str] = {}
        for name, entry in newest.records(acts.REPOSITORY).items():
            named = record.parse_path(f"{record.FOLDER}/{acts.REPOSITORY}/{name}")
            if named is None or named.act != acts.MOVE or entry.mode != REGULAR:
                continue
            try:
                act = record.from_bytes(self.reader.blob(entry.oid))
            except record.RecordProblem:
                continue  # the audit reports it
            moves[act.new] = act.old
        places = list(self.places)
        while (before := moves.get(places[-1])) is not None and before not in places:
            places.append(before)
        self.places = tuple(places)

    def policy(self, oid: str) -> tuple[Policy | None, tuple[Finding, ...]]:
        """The policy in the file with this object id, and what is wrong with it."""
        if oid not in self._policies:
            self._policies[oid] = parse_policy(self.reader.blob(oid))
        return self._policies[oid]

    def rank(self, commit: str) -> int:
        """The version of the policy in a commit; 0 without one that can be read."""
        policy, _ = self.at(commit).policy()
        return policy.version if policy is not None else 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The pmctl root in one commit. `tree` is the object id of its folder, '' where the commit has none.

    Paths are relative to the pmctl root. Whatever reads raises MissingObject or CorruptObject.
    """

    source: Snapshots
    tree: str = ""
    commit: str = ""

    def entry(self, path: str) -> Entry | None:
        """What lies at a path, None for nothing."""
        return self.source.trees.entry(self.tree, path) if self.tree else None

    def file(self, path: str) -> bytes | None:
        """The bytes of the file at a path, whatever its mode; None when there is none."""
        entry = self.entry(path)
        return self.source.reader.blob(entry.oid) if entry is not None and entry.mode in _FILES else None

    def regular_file(self, path: str) -> bytes | None:
        """The bytes of the file at a path; None when there is none, or it is a link or executable."""
        entry = self.entry(path)
        return self.source.reader.blob(entry.oid) if entry is not None and entry.mode == REGULAR else None

    def names(self, folder: str) -> dict[str, Entry]:
        """What a folder holds, by name; empty when there is no such folder."""
        entry = self.entry(folder)
        return self.source.trees.entries(entry.oid) if entry is not None and entry.is_tree else {}

    def paths(self, folder: str) -> list[str]:
        """The paths of all files below a folder, in git's order."""
        entry = self.entry(folder)
        below = self.source.trees.files(entry.oid) if entry is not None and entry.is_tree else ()
        return [f"{folder}/{path}" for path, _ in below]

    def policy(self) -> tuple[Policy | None, tuple[Finding, ...]]:
        """The policy and what is wrong with it; (None, ()) where there is no regular file of that name."""
        entry = self.entry(POLICY_PATH)
        return self.source.policy(entry.oid) if entry is not None and entry.mode == REGULAR else (None, ())

    @property
    def policy_id(self) -> str:
        """The object id of what lies in the policy's place, '' for nothing."""
        entry = self.entry(POLICY_PATH)
        return entry.oid if entry is not None else ""

    def claimed_roots(self) -> frozenset[str]:
        """The digests of the first policy as the records of the present policy say it: claims, which the audit proves.

        A record that cannot be read claims nothing.
        """
        policy, _ = self.policy()
        if policy is None:
            return frozenset()
        roots = set()
        for name, entry in self.records(acts.POLICY).items():
            if name.startswith(f"{policy.version:04d}-") and name.endswith(".json"):
                try:
                    act = record.from_bytes(self.source.reader.blob(entry.oid))
                except record.RecordProblem:
                    continue
                if act.content == policy.digest:
                    roots.add(act.root)
        return frozenset(roots)

    @property
    def is_managed(self) -> bool:
        """Whether there is a policy, good or not."""
        return self.entry(POLICY_PATH) is not None

    def document(self, doc: str) -> TreeDocument | None:
        """The postmortem with this id and its attachments, by object id; None when there is none."""
        path = document_path(doc)
        file = self.entry(path)
        return TreeDocument(file, self.entry(attachments_path(doc)), path) if file is not None else None

    def attachments(self, doc: str) -> tuple[Attachment, ...]:
        """The attachments of a postmortem, by path below its folder, sorted."""
        return tuple(sorted(self.source.documents.attachments(self.entry(attachments_path(doc)))))

    def digest(self, doc: str) -> str:
        """The content digest of a postmortem: what an approval binds; '' when there is none."""
        document = self.document(doc)
        return self.source.documents.digest(document) if document is not None else ""

    def records(self, doc: str) -> dict[str, Entry]:
        """The records and signatures about a postmortem (or in a folder of the repository's records), by name."""
        return self.names(f"{record.FOLDER}/{doc}")

    def beside(self, kind: Beside, doc: str) -> dict[str, bytes]:
        """The regular files of a kind that lie beside a postmortem, by name; a kind with one file each has it at ""."""
        if is_single(kind):
            data = self.regular_file(beside.path_of(kind, doc))
            return {} if data is None else {"": data}
        entries = self.names(beside.folder_of(kind, doc))
        return {name: self.source.reader.blob(one.oid) for name, one in entries.items() if one.mode == REGULAR}

    def paths_beside(self, doc: str) -> list[str]:
        """The paths of everything that lies beside a postmortem."""
        single = [beside.path_of(kind, doc) for kind in Beside if is_single(kind)]
        folders = [path for kind in Beside if not is_single(kind) for path in self.paths(beside.folder_of(kind, doc))]
        return [*(path for path in single if self.entry(path) is not None), *folders]

    def template_files(self) -> dict[str, bytes]:
        """The files of the organisation's templates, by path."""
        return self.source.templates.files(self.template_folder)

    def templates(self) -> tuple[Template, ...]:
        """The organisation's templates, by which the audit asks whether a postmortem is complete."""
        return self.source.templates.templates(self.template_folder)

    def template_digests(self) -> dict[str, str]:
        """The digests of the organisation's template files, each with the object id of their folder."""
        folder = self.template_folder
        return dict.fromkeys(self.source.templates.digests(folder).values(), folder)

    def judging_template(self, recorded: str) -> str:
        """The digest of the template of the organisation's own by which a postmortem that records this one is judged
        here; '' when it is one that comes with pmctl."""
        return self.source.templates.judging(recorded, self.template_folder)

    @property
    def template_folder(self) -> str:
        """The object id of the folder of templates, '' for none."""
        return self.source.templates.folder(self.tree)

    def key_files(self, newest: Snapshot) -> Callable[[str], Sequence[bytes]]:
        """Reads key files as they are here and in the newest commit: a key that was extended since counts again."""

        def versions(path: str) -> list[bytes]:
            trees = {one.tree: one for one in (self, newest)}
            found = [one.regular_file(path) for one in trees.values()]
            return [data for data in found if data is not None]

        return versions


def head(repo: git.Repository) -> Snapshot:
    """What is committed: the snapshot of HEAD, with nothing in it before the first commit."""
    source = Snapshots(repo)
    commit = git.tip(repo)
    return source.at(commit) if commit else Snapshot(source)


def document_path(doc: str) -> str:
    """Where the postmortem with this id lies."""
    return f"postmortems/{doc[:4]}/{doc}.md"


def attachments_path(doc: str) -> str:
    """The folder of a postmortem's attachments."""
    return f"postmortems/{doc[:4]}/{doc}"
