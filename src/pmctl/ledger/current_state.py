"""Where one postmortem stands at a commit, quickly: what the command line asks before an act.

(snapshot, id) -> CurrentState. Only that postmortem's records are read and verified, from the tree of the commit, under
the policy of the commit, and folded as if they had landed together, by the audit's own fold. Where that is not certain
to be what the audit says, the audit is asked, which takes every step under the policy of its time: where a record does
not add up (it came late, its key is gone, an act was refused), where another policy of its time would have judged it
otherwise, and where history took a record away that the tree does not show any more (`ledger.traces`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from pmctl.errors import EnvironmentProblem, Hint, advise
from pmctl.ledger import record
from pmctl.ledger.history import ancestors
from pmctl.ledger.public_statement import sealed_by
from pmctl.ledger.record import RecordProblem
from pmctl.ledger.report import PROVED, Report
from pmctl.ledger.signatures import signer
from pmctl.ledger.snapshot import Snapshot
from pmctl.ledger.sshsig import SignatureProblem
from pmctl.ledger.template_store import bound_templates
from pmctl.ledger.traces import traces
from pmctl.ledger.tree_documents import REGULAR, FrontMatterFacts, TreeDocument
from pmctl.ledger.verified_records import VerifiedRecord, in_order
from pmctl.ledger.view import view_of
from pmctl.objects import Entry
from pmctl.policy import act as acts
from pmctl.policy import lifecycle
from pmctl.policy.change import statement
from pmctl.policy.model import ACTIVE, COMPROMISED, Policy
from pmctl.policy.state import DELETED, IN_REVIEW, PostmortemState, View

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.document.template import Template


class Ignored(NamedTuple):
    """What is wrong with a record, and what to do. It `counts` all the same when it only should not have landed so, or
    is `lost`: signed, and not there any more."""

    message: str
    hint: Hint = ""
    counts: bool = False
    lost: bool = False
    code: str = ""


@dataclass(frozen=True, slots=True)
class CurrentState:
    """A postmortem's state at a commit, with what the next record needs: the root's digest and a number.

    `ignored` says what is wrong with records in its folder, `left_out` which acts a merge left out, `late` which ones
    of this round came too late to take effect: a line for each. `incomplete` says why only a part of the history that
    decides was there.
    """

    state: PostmortemState
    policy: Policy
    root: str
    next_number: int
    ignored: tuple[Ignored, ...] = ()
    late: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    incomplete: str = ""

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
        view = view_of(document, content, templates=templates, unresolved=unresolved, binding=binding)
        return replace(view, left_out=self.left_out)


@dataclass(frozen=True, slots=True)
class _Moment:
    """The postmortem's part of one tree: the entries of its record folder, and its document."""

    records: dict[str, Entry]
    document: TreeDocument | None


def current_state(snapshot: Snapshot, doc: str, *, from_history: bool = False) -> CurrentState:
    """Where the postmortem `doc` stands at the snapshot.

    Who the author of a draft is, its file says, and only history proves: `from_history` asks that, and there is no
    author where it cannot say.

    Raises EnvironmentProblem when there is no valid policy, MissingObject or CorruptObject for a clone that
    lacks what it needs.
    """
    policy, problems = snapshot.policy()
    if policy is None:
        why = f": {problems[0].message}" if problems else ""
        raise EnvironmentProblem(
            f"there is no valid policy at {snapshot.commit[:12]}{why}", hint=advise("policy-verify")
        )
    quick, certain = _Reading(snapshot, doc, policy).current()
    if certain and not from_history:
        return quick
    report = report_of(snapshot)  # only the whole history knows what counted at its time
    state = report.states.get(doc)
    if state is None or not report.complete:
        author = "" if from_history else quick.state.author
        return replace(quick, state=replace(quick.state, author=author), incomplete=report.incomplete)
    ignored = ignored_in(report, doc)
    late = tuple(
        f"{event.kind} by {event.by} came too late to take effect" + (f": {event.note}" if event.note else "")
        for event in report.events
        if event.doc == doc and event.verdict == "late" and event.round >= state.round
    )
    missing = [one.act for one in report.lost if one.act is not None and one.act.doc == doc]
    return replace(
        quick,
        state=state,
        root=report.root,
        next_number=max(quick.next_number, state.next_number),
        ignored=ignored,
        late=late,
        left_out=tuple(sorted({f"{act.act} by {act.by}" for act in missing})),
    )


def report_of(snapshot: Snapshot) -> Report:
    """What the audit says of the snapshot's commit, which is asked once."""
    from pmctl.ledger.audit import audit

    reports = snapshot.source.reports
    if snapshot.commit not in reports:
        reports[snapshot.commit] = audit(snapshot.source.repo, tip=snapshot.commit)
    return reports[snapshot.commit]


def ignored_in(report: Report, doc: str) -> tuple[Ignored, ...]:
    """What an audit found wrong with the records in the folder of a postmortem."""
    folder, lost = f"{record.FOLDER}/{doc}/", {one.path for one in report.lost}
    counting = {event.record for event in report.events if event.verdict == "ok"}
    return tuple(
        Ignored(
            found.message if found.path in found.message else f"{found.path}: {found.message}",
            found.hint or advise("audit-says-why"),
            found.path in counting | lost,
            found.path in lost,
            found.code,
        )
        for found in report.violations
        if found.path.startswith(folder) and found.layer == PROVED
    )


def judged_by(snapshot: Snapshot, state: PostmortemState, recorded: str) -> tuple[tuple[Template, ...], str]:
    """The organisation's templates by which a postmortem in review that records `recorded` is judged, and why it can't
    be ('' when it can)."""
    found = _template_file(snapshot, state.template) if state.template else None
    return bound_templates(recorded, state.template, found, snapshot.templates())


def version_with(snapshot: Snapshot, doc: str, content: str) -> Document | None:
    """The newest version of a postmortem in history that has this content digest; None when there is none."""
    source, seen = snapshot.source, set()
    for commit in _history(snapshot):
        document = source.at(commit).document(doc)
        if document is None or document in seen:
            continue
        seen.add(document)
        if source.documents.digest(document) == content:
            return source.documents.document(document)
    return None


def _history(snapshot: Snapshot) -> Iterator[str]:
    """The snapshot's commit and all before it."""
    reader = snapshot.source.reader
    reader.fetch_history(snapshot.commit, ())
    return (commit.oid for commit in ancestors(reader, (snapshot.commit,), ()))


def _template_file(snapshot: Snapshot, digest: str) -> bytes | None:
    """The template file with this digest, at the snapshot or anywhere in the history before it."""
    source = snapshot.source
    found = source.templates.with_digest(snapshot.template_folder, digest)
    if found is not None or not snapshot.commit:
        return found
    folders = (source.at(commit).template_folder for commit in _history(snapshot))
    versions = (source.templates.with_digest(folder, digest) for folder in dict.fromkeys(folders))
    return next((data for data in versions if data is not None), None)


class _Reading:
    """The records of one postmortem as they are read, each once, at the newest commit and at those before it."""

    def __init__(self, snapshot: Snapshot, doc: str, policy: Policy) -> None:
        self.snapshot = snapshot
        self.doc = doc
        self.policy = policy
        self.root = root_of(snapshot, policy) or policy.digest
        self.traces = traces(snapshot)
        self.known: dict[str, VerifiedRecord | str] = {}

    def current(self) -> tuple[CurrentState, bool]:
        """What the records add up to, and whether the order in which they landed makes no difference to it."""
        now = _moment(self.snapshot, self.doc)
        state, ignored, certain = self._folded(self._records(now), now)
        bad = tuple(Ignored(f"{name}: {why}") for name, why in self.known.items() if isinstance(why, str))
        numbers = [named.number for name in now.records if (named := self._named(name)) is not None]
        current = CurrentState(state, self.policy, self.root, max(numbers, default=0) + 1, (*bad, *ignored))
        return current, certain and not current.ignored and not self._lost()

    def _lost(self) -> bool:
        """Whether history took away a record that matters here, or cannot be asked."""
        return self.traces is None or self.traces.removed_of(self.doc) or self.traces.removed_of(acts.BASELINE)

    def _policies(self, one: VerifiedRecord) -> list[Policy]:
        """The policies apart from the present one that a record may have landed under."""
        if self.traces is None:
            return []
        versions = [self.snapshot.source.policy(oid)[0] for oid in sorted(self.traces.policies)]
        return [
            version for version in versions
            if version is not None and one.act.policy <= version.version <= self.policy.version
            and version.digest != self.policy.digest
        ]  # fmt: skip

    def _too_early(self, one: VerifiedRecord) -> bool:
        """Whether a record came in one step with the policy that it rests on."""
        before = self.traces.arrived.get(one.path) if self.traces is not None else None
        policy = self.snapshot.source.policy(before)[0] if before else None
        return policy is not None and policy.version < one.act.policy

    def _folded(self, records: list[VerifiedRecord], now: _Moment) -> tuple[PostmortemState, tuple[Ignored, ...], bool]:
        """The state that the records add up to, which of them did not count, and whether that is certain."""
        documents = self.snapshot.source.documents
        facts = documents.facts(now.document) if now.document is not None else FrontMatterFacts()
        state = PostmortemState(self.doc, author=facts.author)
        # Whether somebody was asked in time, and who was an editor or asked when somebody acted, only history knows.
        asking = {one.act.prev for one in records if one.act.act == acts.REQUEST_REVIEW}
        still = (acts.REQUEST_REVIEW, acts.APPROVE, acts.ENDORSE)
        moving = {one.act.prev for one in records if one.act.act not in still}
        ignored, certain = [], not asking & moving
        for one in records:
            if one.act.act == acts.BASELINE:
                state = _accepted(state, one, facts)
                continue
            view = View(
                one.act.content, facts.author, facts.editors, landing=True, rewritten=True, sealed_by=sealed_by(one.act)
            )
            applied = lifecycle.apply(one.act, one.digest, state, self.policy, view)
            certain &= one.act.act != acts.ARCHIVE or one.act.content == state.content
            certain &= one.signer.key.status == ACTIVE and not self._too_early(one)
            certain = certain and all(
                _signs(one, policy) and lifecycle.apply(one.act, one.digest, state, policy, view).verdict == "ok"
                for policy in self._policies(one)
            )
            state = applied.state
            rests_on_order = {acts.SUBMIT: (facts.author, *self.policy.admins), acts.APPROVE: state.asked}
            certain &= applied.verdict == "ok" and one.act.by in rests_on_order.get(one.act.act, (one.act.by,))
            if applied.verdict == "refused":
                ignored.append(Ignored(f"{one.path}: {applied.violations[0].message}"))
        # The id may be used again, or a merge may have kept what was deleted.
        certain &= state.status != DELETED or now.document is None
        if state.status == IN_REVIEW:
            certain &= state.template == self.snapshot.judging_template(facts.template)
        return state, tuple(ignored), certain

    def _records(self, moment: _Moment) -> list[VerifiedRecord]:
        accepting = self._verified(acts.BASELINE, self.snapshot.records(acts.BASELINE))
        about = [
            one for one in completing(accepting, self.policy) if any(doc == self.doc for doc, _, _ in one.act.documents)
        ]
        # What does not follow a baseline was there before it: of what could come next, a baseline comes last.
        return in_order([*self._verified(self.doc, moment.records), *about])

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
            if act.root != self.root:
                return "it was signed for another repository"
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


def completing(records: Iterable[VerifiedRecord], policy: Policy) -> list[VerifiedRecord]:
    """The records with which a baseline, waiver or move has as many signatures as the policy asks for."""
    names: dict[str, set[str]] = {}
    found = []
    for one in sorted(records, key=lambda one: (one.number, one.path)):
        signed = names.setdefault(statement(one.act), set())
        missing = len(signed) < policy.policy_threshold
        signed |= {one.act.by} & set(policy.admins)
        if missing and len(signed) >= policy.policy_threshold:
            found.append(one)
    return found


def _signs(one: VerifiedRecord, policy: Policy) -> bool:
    """Whether the key behind a record was in use by its signer under another policy."""
    handle, key = policy.keys.get(one.signer.key.id, ("", None))
    return key is not None and handle == one.act.by and key.status == ACTIVE


def _moment(snapshot: Snapshot, doc: str) -> _Moment:
    return _Moment(snapshot.records(doc), snapshot.document(doc))


def _accepted(state: PostmortemState, one: VerifiedRecord, facts: FrontMatterFacts) -> PostmortemState:
    content, status = next((content, status) for doc, content, status in one.act.documents if doc == state.id)
    return lifecycle.accept(state, one.digest, content, status, editors=facts.editors, reviewers=facts.reviewers)
