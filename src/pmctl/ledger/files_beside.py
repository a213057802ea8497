"""Tickets, meetings and public texts in one step: whether their files are what they seem, and who wrote them.

The attributed layer, as for the tracking cells of items and for comments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from types import ModuleType

from pmctl.document.beside import Beside, folder_of
from pmctl.document.reader import Document
from pmctl.ledger import attribution
from pmctl.ledger.snapshot import Snapshot
from pmctl.ledger.step import StepContext
from pmctl.ledger.tree_documents import REGULAR
from pmctl.ledger.trees import Difference
from pmctl.objects import Commit
from pmctl.policy import meeting_files, public_files, ticket_files
from pmctl.policy.permission import Violation
from pmctl.policy.state import PostmortemState

_KINDS = {Beside.TICKETS: ticket_files, Beside.MEETINGS: meeting_files, Beside.PUBLIC: public_files}


def check(step: StepContext, differences: Iterable[Difference]) -> None:
    """Report files that are not what lies there, and those that somebody wrote or removed without a right to it."""
    listed = list(differences)
    for kind, rules in _KINDS.items():
        folder = folder_of(kind) + "/"
        _check(step, {one.path: one for one in listed if one.path.startswith(folder)}, kind, rules)


def _check(step: StepContext, here: dict[str, Difference], kind: Beside, rules: ModuleType) -> None:
    place_of = rules.place_of
    policy = step.state.policy
    if policy is None or not here:
        return
    for path, (_, _, new) in here.items():
        if new is not None:
            doc = place_of(path)[0]
            data = step.source.reader.blob(new.oid) if new.mode == REGULAR else None
            _report(step, rules.check_form(path, data, _document(step, step.after, doc)), doc, path)
    told: set[tuple[str, str]] = set()
    for commit, paths in _contributions(step, here):
        names = attribution.names(policy, commit)
        for doc in dict.fromkeys(place_of(path)[0] for path in paths):
            attribution.check_signature(step, commit, doc, f"the {kind} of {doc or 'postmortems'}")
        for path in paths:
            doc = place_of(path)[0]
            state = step.state.states.get(doc) or PostmortemState(doc)
            before = _document(step, step.before, doc) if step.before.tree else None
            after = _document(step, step.after, doc) or _document(step, step.source.at(commit.oid), doc)
            if state.deleted or not doc or (commit.author.email, doc) in told:
                continue
            found = rules.check_right(path, before, after, names, state, policy)
            if found:
                told.add((commit.author.email, doc))
            who = attribution.shown_author(commit)
            _report(step, [replace(one, message=f"{who}: {one.message}") for one in found], doc, path)


def _contributions(step: StepContext, here: dict[str, Difference]) -> Iterator[tuple[Commit, list[str]]]:
    """Each commit of a step with the files that it changes, of those that the step changes, the oldest first."""
    if len(step.commit.parents) < 2:
        yield step.commit, list(here)
        return
    for commit in (*reversed(step.merged), step.commit):
        changed = step.lines.deltas.of(commit.oid).beside
        yield commit, [one.path for one in changed if one.path in here]


def _document(step: StepContext, snapshot: Snapshot, doc: str) -> Document | None:
    there = snapshot.document(doc) if doc and snapshot.tree else None
    return step.documents.document(there) if there is not None else None


def _report(step: StepContext, found: Iterable[Violation], doc: str, path: str) -> None:
    for one in found:
        step.find(one.code, one.message, one.hint, doc=doc, path=path, attributed=True)
