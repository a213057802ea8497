"""Where one postmortem stands at a commit, quickly: what the command line asks before an act.

(snapshot, id) -> CurrentState. Only that postmortem's records are read and verified, from the tree of the
commit, under the policy of the commit; history is walked back to the submit only when approvals could have
become stale since. When a record does not add up that way (a key that is gone, an admin of former times, an act
that was refused), the audit is asked, which takes every step under the policy of its time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pmctl.errors import EnvironmentProblem, advise
from pmctl.ledger import record
from pmctl.ledger.history import main_parent
from pmctl.ledger.record import RecordProblem
from pmctl.ledger.report import PROVED
from pmctl.ledger.signatures import signer
from pmctl.ledger.snapshot import Snapshot
from pmctl.ledger.sshsig import SignatureProblem
from pmctl.ledger.tree_documents import REGULAR, FrontMatterFacts, TreeDocument
from pmctl.ledger.verified_records import VerifiedRecord, in_order
from pmctl.ledger.view import view_of
from pmctl.objects import Entry
from pmctl.policy import act as acts
from pmctl.policy import lifecycle
from pmctl.policy.model import ACTIVE, COMPROMISED, Policy
from pmctl.policy.state import DELETED, DRAFT, IN_REVIEW, PostmortemState, View

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.document.template import Template


@dataclass(frozen=True, slots=True)
class CurrentState:
    """A postmortem's state at a commit, with what the next record needs: the root's digest and a number.

    `ignored` says which records in its folder did not take effect, and why: a line for each.
    """

    state: PostmortemState
    policy: Policy
    root: str
    next_number: int
    ignored: tuple[str, ...] = ()

    def view(
        self,
        document: Document,
        content: str,
        *,
        templates: Iterable[Template] | None = (),
        unresolved: int = 0,
        binding: bool = False,
    ) -> View:
        """The document's side of a decision; `content` is its digest with attachments.

        Without `templates` (None) it is not asked whether the document is complete, without `binding` not whether its
        table of action items is in order.
        """
        return view_of(document, content, templates=templates, unresolved=unresolved, binding=binding)


@dataclass(frozen=True, slots=True)
class _Moment:
    """The postmortem's part of one tree: the entries of its record folder, and its document."""

    records: dict[str, Entry]
    document: TreeDocument | None


def current_state(snapshot: Snapshot, doc: str) -> CurrentState:
    """Where the postmortem `doc` stands at the snapshot.

    Raises EnvironmentProblem when there is no valid policy, MissingObject or CorruptObject for a clone that
    lacks what it needs.
    """
    policy, problems = snapshot.policy()
    if policy is None:
        why = f": {problems[0].message}" if problems else ""
        raise EnvironmentProblem(
            f"there is no valid policy at {snapshot.commit[:12]}{why}", hint=advise("policy-verify")
        )
    quick = _Reading(snapshot, doc, policy).current()
    if not quick.ignored:
        return quick
    # Something in its folder does not add up today: a key that is gone, an act that was refused. Only the whole
    # history knows what counted at its time.
    from pmctl.ledger.audit import audit

    report = audit(snapshot.source.repo, tip=snapshot.commit)
    state = report.states.get(doc)
    if state is None or not report.complete:
        return quick
    folder = f"{record.FOLDER}/{doc}/"
    ignored = tuple(
        f"{found.path}: {found.message}"
        for found in report.violations
        if found.path.startswith(folder) and found.layer == PROVED
    )
    return replace(quick, state=state, root=report.root, ignored=ignored)


class _Reading:
    """The records of one postmortem as they are read, each once, at the newest commit and at those before it."""

    def __init__(self, snapshot: Snapshot, doc: str, policy: Policy) -> None:
        self.snapshot = snapshot
        self.doc = doc
        self.policy = policy
        self.known: dict[str, VerifiedRecord | str] = {}

    def current(self) -> CurrentState:
        now = _moment(self.snapshot, self.doc)
        state, ignored = self._applied([(self._records(now), None)], now)
        if state.status == IN_REVIEW and state.approvals:
            steps, seen = [], set()
            for moment in self._since_submit(now, state):
                new = [one for one in self._records(moment) if one.digest not in seen]
                seen |= {one.digest for one in new}
                steps.append((new, moment.document))
            state, ignored = self._applied(steps, now)
        bad = tuple(f"{name}: {why}" for name, why in self.known.items() if isinstance(why, str))
        numbers = [named.number for name in now.records if (named := self._named(name)) is not None]
        root = root_of(self.snapshot, self.policy) or self.policy.digest
        return CurrentState(state, self.policy, root, max(numbers, default=0) + 1, (*bad, *ignored))

    def _applied(
        self, steps: list[tuple[list[VerifiedRecord], TreeDocument | None]], now: _Moment
    ) -> tuple[PostmortemState, tuple[str, ...]]:
        """The state that the records add up to, and which of them did not count."""
        documents = self.snapshot.source.documents
        facts = documents.facts(now.document) if now.document is not None else FrontMatterFacts()
        state = PostmortemState(self.doc, author=facts.author)
        ignored = []
        for records, document in steps:
            for one in records:
                if one.act.act == acts.BASELINE:
                    state = _accepted(state, one)
                    continue
                view = View(one.act.content, state.author, facts.editors, landing=True)
                reasons = lifecycle.check(one.act, state, self.policy, view)
                if reasons:
                    ignored.append(f"{one.path}: {reasons[0].message}")
                else:
                    state = lifecycle.advance(state, one.act, one.digest, author=state.author)
            if document is not None and state.status == IN_REVIEW:
                state = state.observe(documents.digest(document))
        if state.status == DELETED and now.document is not None:
            state = replace(state, status=DRAFT, reviewers=(), approvals=(), content="")
        return state, tuple(ignored)

    def _since_submit(self, now: _Moment, state: PostmortemState) -> list[_Moment]:
        """The moments on the main line from the one that brought the submit up to now, oldest first."""
        moments = [now]
        submitted = next(
            one.path for one in self.known.values() if isinstance(one, VerifiedRecord) and one.digest == state.submit
        )
        name = submitted.rpartition("/")[2]
        source = self.snapshot.source
        at, last = self.snapshot.commit, ""
        while at:
            snapshot = source.at(at)
            if snapshot.tree != last:
                last = snapshot.tree
                moment = _moment(snapshot, self.doc)
                if name not in moment.records:
                    break
                if moment != moments[-1]:
                    moments.append(moment)
            at = main_parent(source.reader.commit(at).parents, source.rank)
        moments.reverse()
        return moments

    def _records(self, moment: _Moment) -> list[VerifiedRecord]:
        ordered = in_order(self._verified(self.doc, moment.records))
        accepting = self._verified(acts.BASELINE, self.snapshot.records(acts.BASELINE))
        for baseline in sorted(accepting, key=lambda one: one.number):
            if any(doc == self.doc for doc, _, _ in baseline.act.documents):
                # Everything that does not follow a baseline was there before it.
                after = _followers(ordered, baseline.digest)
                at = next((index for index, one in enumerate(ordered) if one.digest in after), len(ordered))
                ordered.insert(at, baseline)
        return ordered

    def _verified(self, folder: str, entries: dict[str, Entry]) -> list[VerifiedRecord]:
        """The records in one folder that are well formed and well signed; the others are noted with the reason."""
        found = []
        for name, entry in entries.items():
            if not name.endswith(".json") or entry.mode != REGULAR:
                continue
            path = f"{record.FOLDER}/{folder}/{name}"
            if path not in self.known:
                self.known[path] = self._one(path, entry, entries.get(name + ".sig"))
            one = self.known[path]
            if isinstance(one, VerifiedRecord):
                found.append(one)
        return found

    def _one(self, path: str, entry: Entry, signature: Entry | None) -> VerifiedRecord | str:
        reader = self.snapshot.source.reader
        data = reader.blob(entry.oid)
        try:
            act = record.from_bytes(data)
            number = record.check_path(path, act, data).number
            if signature is None:
                return "it is not signed"
            key_files = self.snapshot.key_files(self.snapshot)
            who = signer(data, reader.blob(signature.oid), self.policy, key_files, by=act.by)
        except (RecordProblem, SignatureProblem) as problem:
            return problem.message
        if who.lapsed and who.key.status == ACTIVE:
            return who.lapsed
        if who.handle != act.by or who.key.status == COMPROMISED:
            return "it is signed by somebody else or with a compromised key"
        return VerifiedRecord(act, record.digest(data), path, number, who)

    def _named(self, name: str) -> record.RecordPath | None:
        return record.parse_path(f"{record.FOLDER}/{self.doc}/{name}")


def root_of(snapshot: Snapshot, policy: Policy) -> str:
    """The digest of the repository's first policy as the records of the present one say it; '' when none does.

    The audit proves the root; an act only writes it down.
    """
    for name, entry in snapshot.records(acts.POLICY).items():
        if name.startswith(f"{policy.version:04d}-") and name.endswith(".json"):
            try:
                act = record.from_bytes(snapshot.source.reader.blob(entry.oid))
            except RecordProblem:
                continue
            if act.content == policy.digest:
                return act.root
    return ""


def _moment(snapshot: Snapshot, doc: str) -> _Moment:
    return _Moment(snapshot.records(doc), snapshot.document(doc))


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
