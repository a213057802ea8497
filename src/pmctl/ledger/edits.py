"""Edits of a document that no record states: who made them, and whether they might. The attributed layer."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import takewhile

from pmctl.codes import Code
from pmctl.document.changes import Change, ChangeKind
from pmctl.ledger import attribution, merges
from pmctl.ledger.document_step import DocumentStep
from pmctl.ledger.merges import Contribution
from pmctl.ledger.report import ATTRIBUTED, Event
from pmctl.ledger.tree_documents import REGULAR
from pmctl.policy import act as acts
from pmctl.policy.edits import Edit, Right, needs_right, rights_needed
from pmctl.policy.state import FINAL, PostmortemState
from pmctl.text import safe, utc

_LIFECYCLE_LINE = re.compile(rb"^(?:status: [A-Z_]+|reviewers: \[[a-z0-9, -]*\])\n", re.MULTILINE)
_DESCRIBED = 8  # changes that one event describes


def check(one: DocumentStep, current: PostmortemState) -> None:
    """Note what was edited and by whom, and report contributors who may not."""
    step = one.step
    policy = step.state.policy
    found = _described(one, current) if policy is not None and one.old != one.new else None
    if policy is None or found is None:
        _only_writer(one)
        return
    kind, changes = found
    done = merges.contributions(step, one.doc, one.old, one.new)
    by = next((attribution.author_of(policy, each.commit) for each in done), "")
    when = utc(datetime.fromtimestamp(step.commit.committer.when, UTC))
    step.state.events.append(
        Event(
            step.commit.oid, kind, one.doc, by, when, layer=ATTRIBUTED, policy=policy.version, detail=_summary(changes)
        )
    )  # fmt: skip
    told: set[tuple[str, str]] = set()
    for each in done:
        _contribution(one, each, current, told)
    _only_writer(one)


def _contribution(
    one: DocumentStep, contribution: Contribution, current: PostmortemState, told: set[tuple[str, str]]
) -> None:
    """Report what a commit changes without a right to it; `told` is what was said of whom already."""
    step, commit, policy = one.step, contribution.commit, one.step.state.policy
    assert policy is not None  # noqa: S101  the caller has looked
    people = attribution.names(policy, commit)
    state = one.before or PostmortemState(one.doc)
    bound = current.status in FINAL and one.new is not None and step.documents.digest(one.new) == current.content
    edits = [replace(edit, bound=bound) for edit in contribution.edits]
    rights = [rights_needed(edit, state, current) for edit in edits]
    if not all(rights):
        return  # acts did it, and their records answer for it
    if any(right in (Right.CREATE, Right.TEXT) for right, _ in rights[0]):
        step.state.writers.setdefault(one.doc, set()).update(people)
    attribution.check_signature(step, commit, one.doc)
    answers = [needs_right(edit, people, state, policy, current) for edit in edits]
    for violation in min(answers, key=len):
        if (commit.author.email.lower(), violation.code) in told:
            continue
        told.add((commit.author.email.lower(), violation.code))
        message = f"{attribution.shown_author(commit)}: {violation.message}"
        one.find(violation.code, message, violation.hint, attributed=True)


def _summary(changes: tuple[Change, ...]) -> str:
    """The changes in one line: what happened to whole sections together, then the rest."""
    rewritten = [one.key for one in changes if one.kind is ChangeKind.SECTION and one.key and one.before and one.after]
    rest = [one.describe() for one in changes if one.key not in rewritten or one.kind is not ChangeKind.SECTION]
    parts = [f"section {_shown(rewritten[0])}"] if len(rewritten) == 1 else []
    parts += [f"sections {', '.join(map(_shown, rewritten))}"] if len(rewritten) > 1 else []
    more = [f"and {len(rest) - _DESCRIBED} more"] if len(rest) > _DESCRIBED else []
    return "; ".join((*parts, *rest[:_DESCRIBED], *more))


def _shown(title: str) -> str:
    return safe(title[:60])


def _described(one: DocumentStep, current: PostmortemState) -> tuple[str, tuple[Change, ...]] | None:
    """(kind, changes) of what a step did to a document beyond its lifecycle; None when nothing."""
    if one.new is None:
        return "deleted", ()
    if one.old is None:
        return "created", ()
    if {one.old.file.mode, one.new.file.mode} != {REGULAR} or one.old.attachments != one.new.attachments:
        return "edited", ()
    old, new = one.step.documents.document(one.old), one.step.documents.document(one.new)
    if one.records and _without_lifecycle(old.data) == _without_lifecycle(new.data):
        return None
    edit = Edit(old, new)
    found = edit.changes
    if not rights_needed(edit, one.before or PostmortemState(one.doc), current) and not any(
        change.is_content for change in found
    ):
        return None
    found = tuple(change for change in found if change.kind is not ChangeKind.STATUS)
    kinds = {change.kind for change in found}
    if kinds == {ChangeKind.TRACKING}:
        return "tracking", found
    return ("access" if kinds <= {ChangeKind.TRACKING, ChangeKind.ACCESS} else "edited"), found


def _without_lifecycle(data: bytes) -> tuple[bytes, bytes]:
    """The file without a plain status and reviewers; only ever used to skip a comparison that is costly."""
    head, fence, body = data.partition(b"\n---")
    return _LIFECYCLE_LINE.sub(lambda line: line[0][:6] if line[0][:1] == b"s" else b"", head + b"\n"), fence + body


def _only_writer(one: DocumentStep) -> None:
    """Report approvals by the only person who wrote the content."""
    state = one.step.state
    writers = state.writers.get(one.doc, set())
    if len(writers) != 1 or state.policy is None or state.policy.review.self_approval:
        return
    events = takewhile(lambda event: event.commit == one.step.commit.oid, reversed(state.events))
    counted = {event.digest for event in events if event.verdict != "refused"}
    for record in one.records:
        by = record.act.by
        if record.act.act == acts.APPROVE and by in writers and record.digest in counted:
            message = f"{by} approves content that only {by} wrote, as far as the commits tell"
            one.find("AU708", message, path=record.path, attributed=True)


CODES = (
    Code(
        "AU708",
        "only-writer",
        "A reviewer approved content that only the same person wrote, as far as commits tell.",
        "That is a self-approval under another author's name.",
        "Let somebody else review it as well.",
        "bob writes the draft in jane's name and approves it",
    ),
)
