"""Where one postmortem stands at a commit, quickly: what the command line asks before an act.

(repository, id, commit) -> CurrentState. Only that postmortem's records are read and verified, from the tree of the
commit, under the policy of the commit; history is walked back to the submit only when approvals could have
become stale since. When a record does not add up that way (a key that is gone, an admin of former times, an act
that was refused), the audit is asked, which judges every step under the policy of its time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pmctl import git
from pmctl.errors import EnvironmentProblem, advise
from pmctl.ledger import record
from pmctl.ledger.history import main_parent
from pmctl.ledger.record import RecordProblem
from pmctl.ledger.signatures import signer
from pmctl.ledger.sshsig import SignatureProblem
from pmctl.ledger.store import Store
from pmctl.ledger.tree_documents import REGULAR, Documents, TreeDocument
from pmctl.ledger.trees import Entry, Trees
from pmctl.ledger.verified_records import VerifiedRecord, in_order
from pmctl.ledger.view import view_of
from pmctl.object_reader import ObjectReader
from pmctl.policy import act as acts
from pmctl.policy import lifecycle
from pmctl.policy.model import ACTIVE, COMPROMISED, POLICY_PATH, Policy
from pmctl.policy.reading import parse_policy
from pmctl.policy.state import DELETED, DRAFT, IN_REVIEW, PostmortemState, View

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.document.template import Template


@dataclass(frozen=True, slots=True)
class CurrentState:
    """A postmortem's state at `tip`, with what the next record needs: the root's digest and a number.

    `ignored` says which records in its folder did not take effect, and why: a line for each.
    """

    state: PostmortemState
    policy: Policy
    root: str
    tip: str
    next_number: int
    ignored: tuple[str, ...] = ()

    def view(
        self, document: Document, content: str, *, templates: Iterable[Template] | None = (), unresolved: int = 0
    ) -> View:
        """The document's side of a judgement; `content` is its digest with attachments.

        Without `templates` (None) it is not asked whether the document is complete.
        """
        return replace(view_of(document, templates=templates, unresolved=unresolved), content=content)


@dataclass(frozen=True, slots=True)
class _Moment:
    """The postmortem's part of one tree: the entries of its record folder, and its document."""

    records: dict[str, Entry]
    held: TreeDocument | None


def current_state(repo: git.Repository, doc: str, revision: str = "HEAD") -> CurrentState:
    """Where the postmortem `doc` stands at `revision`.

    Raises EnvironmentProblem when there is no valid policy, MissingObject or CorruptObject for a clone that
    lacks what it needs.
    """
    tip = git.resolve(repo.top, revision)
    with ObjectReader(repo.common_dir) as reader:
        quick = _Quick(Store(reader), repo.prefix.strip("/"), doc).at(tip)
    if not quick.ignored:
        return quick
    # Something in its folder does not add up today: a key that is gone, an act that was refused. Only the whole
    # history knows what counted at its time.
    from pmctl.ledger.audit import audit

    report = audit(repo, tip=tip)
    state = report.states.get(doc)
    return replace(quick, state=state, root=report.root) if state is not None and report.complete else quick


class _Quick:
    """One question's readers."""

    def __init__(self, reader: Store, prefix: str, doc: str) -> None:
        self.reader = reader
        self.prefix = prefix
        self.doc = doc
        self.trees = Trees(reader)
        self.documents = Documents(reader, self.trees)
        self.known: dict[str, VerifiedRecord | str] = {}
        self.newest = ""

    def at(self, tip: str) -> CurrentState:
        tree = self.newest = self._tree(tip)
        data = self._file(tree, POLICY_PATH)
        policy, problems = parse_policy(data) if data is not None else (None, ())
        if policy is None:
            why = f": {problems[0].message}" if problems else ""
            raise EnvironmentProblem(f"there is no valid policy at {tip[:12]}{why}", hint=advise("policy-verify"))
        now = self._moment(tree)
        moments = [now]
        records = self._records(tree, now, policy)
        state, ignored = self._fold([(records, None)], now, policy)
        if state.status == IN_REVIEW and state.approvals:
            moments = self._since_submit(tip, now, state)
            steps, seen = [], set()
            for moment in moments:
                new = [one for one in self._records(tree, moment, policy) if one.digest not in seen]
                seen |= {one.digest for one in new}
                steps.append((new, moment.held))
            state, ignored = self._fold(steps, now, policy)
        bad = tuple(f"{name}: {why}" for name, why in self.known.items() if isinstance(why, str))
        numbers = [parsed.number for name in now.records if (parsed := self._parsed(name)) is not None]
        return CurrentState(state, policy, self._root(tree, policy), tip, max(numbers, default=0) + 1, (*bad, *ignored))

    def _fold(
        self, steps: list[tuple[list[VerifiedRecord], TreeDocument | None]], now: _Moment, policy: Policy
    ) -> tuple[PostmortemState, tuple[str, ...]]:
        facts = self.documents.facts(now.held) if now.held is not None else None
        state = PostmortemState(self.doc, author=facts.author if facts is not None else "")
        ignored = []
        for records, held in steps:
            for one in records:
                if one.act.act == acts.BASELINE:
                    state = _accepted(state, one)
                    continue
                view = View(one.act.content, state.author, facts.editors if facts is not None else (), landing=True)
                reasons = lifecycle.check(one.act, state, policy, view)
                if reasons:
                    ignored.append(f"{one.path}: {reasons[0].message}")
                else:
                    state = lifecycle.advance(state, one.act, one.digest, author=state.author)
            if held is not None and state.status == IN_REVIEW:
                state = state.observe(self.documents.digest(held))
        if state.status == DELETED and now.held is not None:
            state = replace(state, status=DRAFT, reviewers=(), approvals=(), content="")
        return state, tuple(ignored)

    def _since_submit(self, tip: str, now: _Moment, state: PostmortemState) -> list[_Moment]:
        """The moments on the main line from the one that brought the submit up to now, oldest first."""
        moments = [now]
        submitted = next(
            one.path for one in self.known.values() if isinstance(one, VerifiedRecord) and one.digest == state.submit
        )
        name = submitted.rpartition("/")[2]
        at = tip
        last = ""
        while at:
            commit = self.reader.commit(at)
            tree = self._tree(at)
            if tree != last:
                last = tree
                moment = self._moment(tree)
                if name not in moment.records:
                    break
                if moment != moments[-1]:
                    moments.append(moment)
            at = main_parent(commit.parents, self._rank)
        moments.reverse()
        return moments

    def _records(self, tree: str, moment: _Moment, policy: Policy) -> list[VerifiedRecord]:
        found = []
        for name, entry in moment.records.items():
            if not name.endswith(".json") or entry.mode != REGULAR:
                continue
            if name not in self.known:
                self.known[name] = self._record(tree, name, entry, moment.records.get(name + ".sig"), policy)
            one = self.known[name]
            if isinstance(one, VerifiedRecord):
                found.append(one)
        ordered = in_order(found)
        for baseline in self._baselines(tree, policy):
            # Everything that does not follow a baseline was there before it.
            after = _followers(ordered, baseline.digest)
            at = next((index for index, one in enumerate(ordered) if one.digest in after), len(ordered))
            ordered.insert(at, baseline)
        return ordered

    def _record(
        self, tree: str, name: str, entry: Entry, signature: Entry | None, policy: Policy
    ) -> VerifiedRecord | str:
        path = f"{record.FOLDER}/{self.doc}/{name}"
        return self._verified(tree, path, entry, signature, policy)

    def _verified(
        self, tree: str, path: str, entry: Entry, signature: Entry | None, policy: Policy
    ) -> VerifiedRecord | str:
        data = self.reader.blob(entry.oid)
        try:
            act = record.from_bytes(data)
            number = record.check_path(path, act).number
            if signature is None:
                return "it is not signed"
            who = signer(
                data, self.reader.blob(signature.oid), policy, lambda file: self._versions(tree, file), by=act.by
            )
        except (RecordProblem, SignatureProblem) as problem:
            return problem.message
        if who.lapsed and who.key.status == ACTIVE:
            return who.lapsed
        if who.handle != act.by or who.key.status == COMPROMISED:
            return "it is signed by somebody else or with a compromised key"
        return VerifiedRecord(act, record.digest(data), path, number, who)

    def _baselines(self, tree: str, policy: Policy) -> list[VerifiedRecord]:
        """Baselines that accept this postmortem as found."""
        folder = self.trees.entry(tree, f"{record.FOLDER}/{acts.BASELINE}")
        if folder is None or not folder.is_tree:
            return []
        entries = self.trees.entries(folder.oid)
        found = []
        for name, entry in entries.items():
            path = f"{record.FOLDER}/{acts.BASELINE}/{name}"
            if name.endswith(".json") and entry.mode == REGULAR:
                if path not in self.known:
                    self.known[path] = self._verified(tree, path, entry, entries.get(name + ".sig"), policy)
                one = self.known[path]
                if isinstance(one, VerifiedRecord) and any(doc == self.doc for doc, _, _ in one.act.documents):
                    found.append(one)
        return sorted(found, key=lambda one: one.number)

    def _root(self, tree: str, policy: Policy) -> str:
        """The digest of the first policy, as the record of the present one names it; of itself when it is the first."""
        folder = self.trees.entry(tree, f"{record.FOLDER}/{acts.POLICY}")
        for name, entry in self.trees.entries(folder.oid).items() if folder is not None and folder.is_tree else ():
            if name.startswith(f"{policy.version:04d}-") and name.endswith(".json"):
                try:
                    act = record.from_bytes(self.reader.blob(entry.oid))
                except RecordProblem:
                    continue
                if act.content == policy.digest:
                    return act.root
        return policy.digest

    def _moment(self, tree: str) -> _Moment:
        folder = self.trees.entry(tree, f"{record.FOLDER}/{self.doc}")
        file = self.trees.entry(tree, f"postmortems/{self.doc[:4]}/{self.doc}.md")
        attachments = self.trees.entry(tree, f"postmortems/{self.doc[:4]}/{self.doc}") if file is not None else None
        return _Moment(
            self.trees.entries(folder.oid) if folder is not None and folder.is_tree else {},
            TreeDocument(file, attachments) if file is not None else None,
        )

    def _tree(self, commit: str) -> str:
        tree = self.reader.commit(commit).tree
        entry = self.trees.entry(tree, self.prefix) if self.prefix else Entry("40000", tree)
        return entry.oid if entry is not None and entry.is_tree else ""

    def _file(self, tree: str, path: str) -> bytes | None:
        entry = self.trees.entry(tree, path) if tree else None
        return self.reader.blob(entry.oid) if entry is not None and entry.mode == REGULAR else None

    def _versions(self, tree: str, path: str) -> list[bytes]:
        """The key file in a tree and the newest one."""
        found = [self._file(one, path) for one in dict.fromkeys((tree, self.newest))]
        return [data for data in found if data is not None]

    def _rank(self, commit: str) -> int:
        data = self._file(self._tree(commit), POLICY_PATH)
        policy = parse_policy(data)[0] if data is not None else None
        return policy.version if policy is not None else 0

    def _parsed(self, name: str) -> record.RecordPath | None:
        return record.parse_path(f"{record.FOLDER}/{self.doc}/{name}")


def _accepted(state: PostmortemState, one: VerifiedRecord) -> PostmortemState:
    content, status = next((content, status) for doc, content, status in one.act.documents if doc == state.id)
    return lifecycle.accept(state, one.digest, content, status)


def _followers(records: list[VerifiedRecord], digest: str) -> set[str]:
    """The digests of the records that follow `digest`, directly or through others."""
    found = {digest}
    for one in records:  # in order, so that whoever is followed comes first
        if one.act.prev in found:
            found.add(one.digest)
    return found - {digest}
