"""Moves an AuditState forward, step by step: (state, step) -> state with the step's events and findings.

Order within a step: the records it brings are verified under the policy at the parent and applied in the order
in which they follow each other; then the documents must agree with the states; then the people whom commits
name are compared with who may edit; at last a new policy comes into force for the steps after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

from pmctl.codes import Code
from pmctl.document.lookalikes import is_ours
from pmctl.errors import advise
from pmctl.ledger import (
    attribution,
    documents,
    files_beside,
    lost_records,
    messages,
    paths,
    repository_step,
    side_lines,
)
from pmctl.ledger.audit_state import AuditState
from pmctl.ledger.document_step import DocumentStep
from pmctl.ledger.history import Lines, Step, merged_commits
from pmctl.ledger.new_records import Rules, new_records
from pmctl.ledger.record import FOLDER
from pmctl.ledger.snapshot import Snapshot, attachments_path, document_path
from pmctl.ledger.step import StepContext
from pmctl.ledger.template_store import TEMPLATES
from pmctl.ledger.tree_documents import REGULAR, TreeDocument
from pmctl.ledger.trees import Difference
from pmctl.ledger.verified_records import VerifiedRecord
from pmctl.policy import act as acts
from pmctl.policy.model import POLICY_PATH, Policy

_RECORDS = FOLDER + "/"


class StepAuditor:
    """Audits steps one after the other. Holds the readers; everything that is known is in `state`."""

    def __init__(self, lines: Lines, newest: Snapshot, state: AuditState) -> None:
        self.source = lines.source
        self.lines = lines
        self.newest = newest
        self.state = state
        self._refused: object = None  # what a first policy rested on that did not come into force

    def audit(self, steps: Sequence[Step]) -> None:
        """Audit steps that follow each other; what they bring is read together. Raises MissingObject, CorruptObject."""
        done = 0
        while done < len(steps) and self.state.policy is None:
            self._step(steps[done], None)
            done += 1
        steps = steps[done:]
        for step, found in zip(steps, self._differences(steps) if steps else (), strict=True):
            self._step(step, found)

    def _may_begin(self, after: Snapshot) -> bool:
        """Whether a first policy may come into force: nothing did with what it rests on as it was a step before."""
        folder = after.names(".pmctl")
        resting = ({**folder, "records": None}, after.entry(f"{_RECORDS}{acts.POLICY}"))
        refused, self._refused = self._refused, resting
        return resting != refused

    def _differences(self, steps: Sequence[Step]) -> list[list[Difference]]:
        """What each step changes; the new files that will be looked at are read ahead."""
        reader = self.source.reader
        commits = [steps[0].parent, *(step.commit for step in steps)]
        if self.source.repo.prefix:
            reader.fetch(reader.commit(commit).tree for commit in commits)
        trees = [self.source.at(commit).tree for commit in commits]
        found = self.source.trees.many(list(pairwise(trees)), "", is_ours)
        reader.fetch(new.oid for step in found for path, _, new in step if new is not None and _is_read(path))
        return found

    def _step(self, step: Step, differences: list[Difference] | None) -> None:
        """Audit one step; its differences to the tree before are given when a policy is in force."""
        state, reader = self.state, self.source.reader
        after = self.source.at(step.commit)
        merged = tuple(merged_commits(reader, step, state.landed)) if step.sides else ()
        managed = state.policy is not None
        if managed or after.is_managed:
            state.line[step.commit] = len(state.line)
            before = Snapshot(self.source, state.tree if managed else "")
            context = StepContext(
                state, reader.commit(step.commit), merged, before, after, self.newest, self.lines.keyrings, self.lines
            )
            policy = state.policy
            attribution.check_commits(context)
            statuses = side_lines.statuses_before(context)
            if after.tree != before.tree:
                if differences is None:
                    new = after.tree if self._may_begin(after) else ""
                    differences = self.source.trees.differences("", new, "", is_ours)
                _check_changes(context, differences)
                state.tree = after.tree if state.policy is not None else ""
            elif merged:
                messages.check(context, ())
            if state.policy is not None:
                repository_step.check_move(context, step.parent, differences or [])
            if self.source.repo.prefix:
                paths.check_above(context, step.parent if managed else "")
            attribution.check_trailers(context)
            if merged and policy is not None:
                repository_step.look_for_rivals(context)
                lost_records.check_merged(context, policy, differences or ())
                side_lines.check_merged(context, state.policy or policy, statuses)
        state.landed.add(step.commit, (one.oid for one in merged))
        self.lines.deltas.forget((step.commit, *(one.oid for one in merged)))


def _check_changes(step: StepContext, differences: list[Difference]) -> None:
    """Everything that a step changes below the pmctl root."""
    state = step.state
    arriving = _arriving_policy(step, differences)
    first = state.policy is None
    policy = state.policy or arriving
    if policy is None:
        return
    changed = [one for one in differences if one.path.startswith(_RECORDS)]
    known = partial(repository_step.known_policy, step)
    records = new_records(step, changed, Rules(policy, None if first else arriving, first, known))
    if first and not repository_step.first_policy(step, policy, records):
        state.records.clear()
        return
    if any(path.startswith(TEMPLATES) for path, _, _ in differences):
        state.templates |= step.after.template_digests()
        if step.before.tree:
            _check_templates(step)  # by what postmortems recorded before the step
            attribution.check_templates(step)
    if step.before.tree:
        attribution.check_settings(step)
    documents_before = _update_documents(step, differences)
    about_repository = [one for one in records if one.act.doc in acts.REPOSITORY_FOLDERS]
    by_doc: dict[str, list[VerifiedRecord]] = {}
    for one in records:
        if one not in about_repository:
            by_doc.setdefault(one.act.doc, []).append(one)
    accepted = {doc for one in about_repository for doc, _, _ in one.act.documents}
    docs = sorted(documents_before.keys() | by_doc.keys() | accepted)
    states = {doc: state.states.get(doc) for doc in docs}
    repository_step.repository_acts(step, about_repository)
    for doc in docs:
        new = state.documents.get(doc)
        old = documents_before.get(doc, new)
        documents.check(DocumentStep(step, doc, old, new, states[doc], by_doc.get(doc, [])))
    paths.check(step, differences)
    messages.check(step, differences)
    files_beside.check(step, differences)
    if not first and arriving is not None:
        repository_step.next_policy(step, arriving)


def _arriving_policy(step: StepContext, differences: list[Difference]) -> Policy | None:
    """The policy that a step brings, when it is one that can be read and differs from the one in force."""
    state = step.state
    found = next((one for one in differences if one.path == POLICY_PATH), None)
    if found is None:
        return None
    if found.new is None:
        message = "the policy was deleted; it stays in force"
        step.find("AU105", message, "put the policy back as it was", path=POLICY_PATH)
        return None
    if found.new.mode != REGULAR:
        step.find("AU109", "the policy is not a regular file", path=POLICY_PATH)
        return None
    policy, problems = step.after.policy()
    if policy is None:
        if state.refused_policy != found.new.oid:
            problem = next(one for one in problems if one.severity == "error")
            where = f" (line {problem.line})" if problem.line else ""
            step.find("AU104", f"the policy is not valid: {problem.message}{where}", path=POLICY_PATH)
        state.refused_policy = found.new.oid
        return None
    if state.policy is not None and policy.digest == state.policy.digest:
        return None
    return policy


def _check_templates(step: StepContext) -> None:
    """Report versions of templates that ask for other things than before the step, where postmortems recorded them."""
    from pmctl.document.template_library import broken_versions

    facts = ((doc, step.documents.facts(document)) for doc, document in step.state.documents.items())
    recorded = ((doc, one.template) for doc, one in facts if not one.problem)
    for broken in broken_versions(step.before.templates(), step.after.templates(), recorded):
        message = f"template {broken.before.reference}{':' if broken.now else ''} {broken.message}"
        hint = advise("put-version-back", template=broken.before.name)
        step.find("AU506", message, hint, path=broken.file)


def _update_documents(step: StepContext, differences: list[Difference]) -> dict[str, TreeDocument | None]:
    """Bring the state's documents up to the new tree; returns what the changed postmortems were before."""
    state = step.state
    changed: dict[str, TreeDocument | None] = {}
    folders = set()
    for path, _, new in differences:
        doc, attachment = paths.belongs_to(path)
        if not doc:
            continue
        old = state.documents.get(doc)
        changed.setdefault(doc, old)
        if attachment:
            folders.add(doc)
            state.folders.add(doc)
        elif new is None:
            state.documents.pop(doc, None)
        else:
            state.documents[doc] = TreeDocument(new, old.attachments if old else None, document_path(doc))
            if old is None and doc in state.folders:
                folders.add(doc)
    for doc in folders & state.documents.keys():
        folder = step.after.entry(attachments_path(doc))
        state.documents[doc] = replace(state.documents[doc], attachments=folder)
    return changed


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
    Code(
        "AU506",
        "template-version-changed",
        "A version of a template asks for something else than before, or is gone, while postmortems record it.",
        "A postmortem is judged by the version that it records; a change of what that version asks would change the"
        " judgement of what was written, reviewed and published under it. Prompts, texts, descriptions and optional"
        " sections may change at any time.",
        "Put the version back as it was, and start the next one: pmctl template new NAME --next. Or an admin accepts"
        " the finding with a signed waiver.",
        "required: false becomes required: true in a template that postmortems were written with",
    ),
)
