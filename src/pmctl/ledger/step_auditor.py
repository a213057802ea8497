"""One step, judged: (fold, step) -> fold with the step's events and findings.

Order within a step: the records it brings are verified under the policy at the parent and applied in the order
in which they follow each other; then the documents must agree with the states; then the people whom commits
name are compared with who may edit; at last a new policy comes into force for the steps after.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pmctl.codes import Code
from pmctl.ledger import attribution, documents, paths, template_store
from pmctl.ledger.audit_state import Acceptance, AuditState
from pmctl.ledger.history import Step
from pmctl.ledger.report import Event
from pmctl.ledger.signatures import ReadFile
from pmctl.ledger.store import Store
from pmctl.ledger.template_store import TEMPLATES, TemplateStore
from pmctl.ledger.tree_documents import REGULAR, Documents, TreeDocument
from pmctl.ledger.trees import Difference, Trees
from pmctl.ledger.verified_records import VerificationContext, VerifiedRecord, incoming
from pmctl.ledger.verifying import Verifications
from pmctl.objects import Commit
from pmctl.policy import act as acts
from pmctl.policy import change, lifecycle
from pmctl.policy.model import POLICY_PATH, Policy
from pmctl.policy.reading import SIZE_LIMIT, parse_policy
from pmctl.policy.state import PostmortemState, View

_RECORDS = ".pmctl/records/"
_WANTED = frozenset((".pmctl", "postmortems", ".gitattributes"))


@dataclass(frozen=True, slots=True)
class Prepared:
    """Steps that follow each other, the pmctl root's tree before each and after the last, and what each changes.

    `trees` is empty when nothing was read ahead.
    """

    steps: Sequence[Step]
    trees: tuple[str, ...] = ()
    differences: Sequence[list[Difference]] = ()


class StepAuditor:
    """Moves an AuditState forward, step by step. Holds the readers; all knowledge is in the fold.

    `newest` is the pmctl root's tree at the tip, for key files only.
    """

    def __init__(
        self, reader: Store, prefix: str, fold: AuditState, verifications: Verifications | None = None
    ) -> None:
        self.reader = reader
        self.prefix = prefix.strip("/")
        self.fold = fold
        self.verifications = verifications or Verifications()
        self.trees = Trees(reader)
        self.documents = Documents(reader, self.trees)
        self.library = TemplateStore(reader, self.trees)
        self._policies: dict[str, Policy | None] = {}
        self.newest = ""

    def resume(self, fold: AuditState) -> None:
        """Go on from a fold that was judged before."""
        self.fold = fold

    def root_tree(self, tree: str) -> str:
        """The tree of the pmctl root below a commit's tree; '' when there is none."""
        return self.trees.folder(tree, self.prefix) if self.prefix else tree

    def read_file(self, tree: str, path: str) -> bytes | None:
        """A file below the pmctl root's tree, None when there is no regular file by that name."""
        entry = self.trees.entry(tree, path) if tree else None
        return self.reader.blob(entry.oid) if entry is not None and entry.mode == REGULAR else None

    def key_files(self, tree: str) -> ReadFile:
        """Key files as they are beside a policy and at the tip (a key that was extended since counts again)."""

        def versions(path: str) -> list[bytes]:
            found = [self.read_file(one, path) for one in dict.fromkeys((tree, self.newest)) if one]
            return [data for data in found if data is not None]

        return versions

    def rank(self, commit: str) -> int:
        """The version of the policy file in a commit's tree; 0 without one that can be read."""
        tree = self.root_tree(self.reader.commit(commit).tree)
        entry = self.trees.entry(tree, POLICY_PATH) if tree else None
        if entry is None or entry.mode != REGULAR:
            return 0
        policy = self._policy(entry.oid, self.reader.blob(entry.oid))
        return policy.version if policy is not None else 0

    def prepare(self, steps: Sequence[Step]) -> Prepared:
        """Read what steps that follow each other bring, all of it together, and have signatures verified ahead.

        Without a policy in force the steps are looked at one by one when they are judged.
        Raises MissingObject, CorruptObject.
        """
        if self.fold.policy is None or not steps:
            return Prepared(steps)
        if self.prefix:
            self.reader.fetch(self.reader.commit(step.commit).tree for step in steps)
        first = steps[0].parent
        trees = [self.root_tree(self.reader.commit(commit).tree) for commit in (first, *(s.commit for s in steps))]
        differences = self.trees.many(list(pairwise(trees)), "", _WANTED)
        self.reader.fetch(
            new.oid for step in differences for path, _, new in step if new is not None and _is_read(path)
        )
        if self.verifications.running:
            self.verifications.ahead([pair for step in differences for pair in self._signed(step)])
        return Prepared(steps, tuple(trees), differences)

    def judge(self, prepared: Prepared) -> None:
        """Judge steps that follow each other. Raises MissingObject, CorruptObject."""
        done = 0
        while done < len(prepared.steps) and self.fold.policy is None:
            self._step(prepared.steps[done], None)
            done += 1
        if done or not prepared.trees:
            prepared = self.prepare(prepared.steps[done:])
        for step, before, found in zip(prepared.steps, prepared.trees, prepared.differences, strict=False):
            self._step(step, found if before == self.fold.tree else None)

    def _signed(self, differences: list[Difference]) -> Iterator[tuple[bytes, bytes]]:
        """The new records of a step that come with a signature, as far as they have been read ahead."""
        new = {path: entry.oid for path, _, entry in differences if entry is not None and path.startswith(_RECORDS)}
        for path, oid in new.items():
            if path + ".sig" in new:
                data, signature = self.reader.peek(oid), self.reader.peek(new[path + ".sig"])
                if data is not None and signature is not None:
                    yield data, signature

    def _step(self, step: Step, differences: list[Difference] | None) -> None:
        """Judge one step, whose differences to the tree before are given when a policy is in force."""
        fold = self.fold
        commit = self.reader.commit(step.commit)
        tree = self.root_tree(commit.tree)
        merged = attribution.merged(self.reader, step, fold) if step.sides else ()
        managed = fold.policy is not None
        if managed or (tree and self.trees.entry(tree, POLICY_PATH) is not None):
            fold.line[step.commit] = len(fold.line)
            attribution.check_commit(fold, step, commit, merged, self)
            before = fold.tree if managed else ""
            if tree != before:
                if differences is None:
                    differences = self.trees.differences(before, tree, "", _WANTED)
                self._changes(step, commit, merged, before, tree, differences)
                fold.tree = tree if fold.policy is not None else ""
            attribution.check_trailers(fold, commit)
        fold.landed.add(step.commit)
        fold.landed.update(one.oid for one in merged)

    def _changes(
        self,
        step: Step,
        commit: Commit,
        merged: tuple[Commit, ...],
        before: str,
        tree: str,
        differences: list[Difference],
    ) -> None:
        fold = self.fold
        records = [one for one in differences if one.path.startswith(_RECORDS)]
        policy, data = self._arriving(step.commit, differences)
        first = fold.policy is None
        if first and policy is None:
            return
        judging = fold.policy or policy
        assert judging is not None  # noqa: S101  one of the two is there; for the type checker
        basis = VerificationContext(
            judging, fold.root, None if first else policy, lambda path: self.read_file(before or tree, path),
            self.key_files(before or tree), first, self.verifications.verify, self.verifications.keyrings,
        )  # fmt: skip
        arrived = incoming(fold, step.commit, self.reader, records, basis)
        fold.verified += len(arrived)
        if first:
            assert policy is not None  # noqa: S101  returned above otherwise
            if not self._first(step.commit, policy, data, arrived):
                fold.records.clear()
                return
        if before and any(path.startswith(TEMPLATES) for path, _, _ in differences):
            template_store.check_versions(self, step.commit, before, tree)
        touched = self._held(differences, tree)
        repository = [one for one in arrived if one.act.doc in acts.REPOSITORY_FOLDERS]
        by_doc: dict[str, list[VerifiedRecord]] = {}
        for one in arrived:
            if one not in repository:
                by_doc.setdefault(one.act.doc, []).append(one)
        accepted = {doc for one in repository for doc, _, _ in one.act.documents}
        docs = sorted(touched.keys() | by_doc.keys() | accepted)
        states = {doc: fold.states.get(doc) for doc in docs}
        self._repository_acts(step.commit, repository)
        for doc in docs:
            turn = documents.DocumentStep(
                doc, step, commit, merged, tree, touched[doc] if doc in touched else fold.held.get(doc),
                fold.held.get(doc), states[doc], by_doc.get(doc, []),
            )  # fmt: skip
            documents.judge(self, turn)
        paths.check(self, step.commit, differences)
        if not first and policy is not None:
            self._next_policy(step.commit, policy, data)

    def _arriving(self, commit: str, differences: list[Difference]) -> tuple[Policy | None, bytes]:
        """The policy that a step brings, when it is one that can be read and differs from the one in force."""
        fold = self.fold
        found = next((one for one in differences if one.path == POLICY_PATH), None)
        if found is None:
            return None, b""
        if found.new is None:
            hint = "put the policy back as it was"
            fold.find(commit, "AU105", "the policy was deleted; it stays in force", path=POLICY_PATH, hint=hint)
            return None, b""
        if found.new.mode != REGULAR:
            fold.find(commit, "AU109", "the policy is not a regular file", path=POLICY_PATH)
            return None, b""
        data = self.reader.blob(found.new.oid)
        policy = self._policy(found.new.oid, data)
        if policy is None:
            if fold.refused_policy != found.new.oid:
                problem = next(p for p in parse_policy(data[: SIZE_LIMIT + 1])[1] if p.severity == "error")
                where = f" (line {problem.line})" if problem.line else ""
                fold.find(commit, "AU104", f"the policy is not valid: {problem.message}{where}", path=POLICY_PATH)
            fold.refused_policy = found.new.oid
            return None, b""
        if fold.policy is not None and policy.digest == fold.policy.digest:
            return None, b""
        return policy, data

    def _first(self, commit: str, policy: Policy, data: bytes, arrived: list[VerifiedRecord]) -> bool:
        """Put the first policy in force; False, with a finding, when no admin of it signed it."""
        fold = self.fold
        signed = [one for one in arrived if one.act.act == acts.POLICY]
        violations = change.check_change(None, policy, [one.act for one in signed])
        for violation in violations:
            if fold.refused_policy != policy.digest:
                fold.find(commit, violation.code, violation.message, path=POLICY_PATH, hint=violation.hint)
        fold.refused_policy = policy.digest if violations else ""
        if violations:
            return False
        fold.root = policy.digest
        fold.enact(policy, data)
        return True

    def _next_policy(self, commit: str, policy: Policy, data: bytes) -> None:
        fold = self.fold
        violations = change.check_change(fold.policy, policy, fold.waiting)
        for violation in violations:
            fold.find(commit, violation.code, violation.message, path=POLICY_PATH, hint=violation.hint)
        if not violations:
            fold.enact(policy, data)

    def _repository_acts(self, commit: str, arrived: list[VerifiedRecord]) -> None:
        fold = self.fold
        assert fold.policy is not None  # noqa: S101  a first policy was put in force before
        for one in arrived:
            refused = one.act.act != acts.POLICY and change.check_repository_act(one.act, fold.policy)
            for violation in refused or ():
                fold.find(commit, violation.code, violation.message, path=one.path, hint=violation.hint)
            self.note(commit, one, "refused" if refused else "ok")
            if refused:
                continue
            if one.act.act == acts.POLICY:
                fold.waiting.append(one.act)
                continue
            step = fold.line[commit]
            acceptance = Acceptance(one.act.by, one.act.note, one.digest, step, one.act.finding, one.act.commit)
            fold.acceptances.append(acceptance)
            for doc, content, status in one.act.documents:
                held = fold.held.get(doc)
                state = fold.states.get(doc) or PostmortemState(doc)
                author = state.author or (self.documents.facts(held).author if held else "")
                fold.states[doc] = lifecycle.accept(replace(state, author=author), one.digest, content, status)

    def apply(self, commit: str, one: VerifiedRecord, state: PostmortemState, view: View) -> PostmortemState:
        """The state after a record, or the same state and findings when the act was not allowed."""
        fold = self.fold
        assert fold.policy is not None  # noqa: S101  records are read only under a policy
        violations = lifecycle.check(one.act, state, fold.policy, view)
        for found in violations:
            fold.find(
                commit, found.code, found.message, doc=one.act.doc, path=one.path, hint=found.hint,
                attributed=found.attributed,
            )  # fmt: skip
        state = replace(state, records=max(state.records, one.number))
        if any(not found.attributed for found in violations):
            self.note(commit, one, "refused")
            return state
        self.note(commit, one, "late" if lifecycle.is_late(one.act, state) else "ok")
        return lifecycle.advance(state, one.act, one.digest, commit, author=view.author)

    def note(self, commit: str, one: VerifiedRecord, verdict: str) -> None:
        """Put a record among the events."""
        act = one.act
        self.fold.events.append(
            Event(
                commit,
                act.act,
                act.doc,
                act.by,
                act.at,
                verdict,
                record=one.path,
                digest=one.digest,
                key=one.signer.fingerprint,
                key_id=one.signer.key.id,
                content=act.content,
                policy=act.policy,
                round=act.round,
                note=act.note,
            )
        )

    def _held(self, differences: list[Difference], tree: str) -> dict[str, TreeDocument | None]:
        """Bring `fold.held` up to the new tree; returns what the changed postmortems were before."""
        fold = self.fold
        changed: dict[str, TreeDocument | None] = {}
        folders = set()
        for path, _, new in differences:
            doc, attachment = paths.belongs_to(path)
            if not doc:
                continue
            changed.setdefault(doc, fold.held.get(doc))
            if attachment:
                folders.add(doc)
                fold.folders.add(doc)
            elif new is None:
                fold.held.pop(doc, None)
            else:
                old = fold.held.get(doc)
                fold.held[doc] = TreeDocument(new, old.attachments if old else None)
                if old is None and doc in fold.folders:
                    folders.add(doc)
        for doc in folders & fold.held.keys():
            folder = self.trees.entry(tree, f"postmortems/{doc[:4]}/{doc}")
            fold.held[doc] = TreeDocument(fold.held[doc].file, folder)
        return changed

    def _policy(self, oid: str, data: bytes) -> Policy | None:
        if oid not in self._policies:
            self._policies[oid] = parse_policy(data)[0]
        return self._policies[oid]


def _is_read(path: str) -> bool:
    """Whether a new file at this path will be read: records, the policy, documents; not attachments."""
    return path.startswith((_RECORDS, POLICY_PATH)) or path.endswith(".md")


CODES = (
    Code(
        "AU105",
        "policy-deleted",
        "The policy was deleted. It stays in force.",
        "Removing the rules must not end them.",
        "Put it back: git checkout COMMIT -- .pmctl/policy.yaml",
        "git rm .pmctl/policy.yaml",
    ),
    Code(
        "AU109",
        "policy-not-a-file",
        "The policy is a link, a submodule or executable.",
        "What it says could then change without a change of history.",
        "Make it a regular file again.",
        ".pmctl/policy.yaml -> /etc/policy.yaml",
    ),
)
