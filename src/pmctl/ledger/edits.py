"""Edits of a document that no record states: who made them, and whether they might. The attributed layer."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import takewhile
from typing import TYPE_CHECKING

from pmctl.codes import Code
from pmctl.errors import advise
from pmctl.ledger import attribution
from pmctl.ledger.document_step import DocumentStep
from pmctl.ledger.report import ATTRIBUTED, Event
from pmctl.ledger.tree_documents import REGULAR
from pmctl.objects import Commit
from pmctl.policy import act as acts
from pmctl.policy.state import FINAL, IN_REVIEW, PostmortemState
from pmctl.text import safe, utc

if TYPE_CHECKING:
    from pmctl.document.changes import Change

_LIFECYCLE_LINE = re.compile(rb"^(?:status|reviewers):[^\n]*\n", re.MULTILINE)
_DESCRIBED = 8  # changes that one event describes


def check(one: DocumentStep, current: PostmortemState) -> None:
    """Note what was edited and by whom, and report contributors who may not."""
    step = one.step
    policy = step.state.policy
    found = _changes(one) if policy is not None and one.old != one.new else None
    if policy is None or found is None:
        _only_writer(one)
        return
    kind, changes = found
    contributors = attribution.contributors(step, one.doc)
    by = next((attribution.author_of(policy, commit) for commit in contributors), "")
    when = utc(datetime.fromtimestamp(step.commit.committer.when, UTC))
    step.state.events.append(
        Event(
            step.commit.oid, kind, one.doc, by, when, layer=ATTRIBUTED, policy=policy.version, detail=_summary(changes)
        )
    )  # fmt: skip
    owners = _owners(one, changes) if kind == "tracking" else set()
    # Bound content is a matter of its records: an amend names the admin, and anything else is a finding already.
    bound = kind == "edited" and current.status in FINAL and (one.before is not None and one.before.status in FINAL)
    seen: set[str] = set()
    for commit in contributors:
        people = attribution.names(policy, commit)
        if kind in ("created", "edited"):
            step.state.writers.setdefault(one.doc, set()).update(people)
        key = commit.author.email.lower()
        if bound or kind == "deleted":
            continue
        attribution.check_signature(step, commit, one.doc)
        if key not in seen:
            seen.add(key)
            _contributor(one, commit, people, kind, _allowed(one, current) | owners)
    _only_writer(one)


def _summary(changes: tuple[Change, ...]) -> str:
    """The changes in one line: what happened to whole sections together, then the rest."""
    from pmctl.document.changes import ChangeKind

    rewritten = [one.key for one in changes if one.kind is ChangeKind.SECTION and one.key and one.before and one.after]
    rest = [one.describe() for one in changes if one.key not in rewritten or one.kind is not ChangeKind.SECTION]
    parts = [f"section {_shown(rewritten[0])}"] if len(rewritten) == 1 else []
    parts += [f"sections {', '.join(map(_shown, rewritten))}"] if len(rewritten) > 1 else []
    more = [f"and {len(rest) - _DESCRIBED} more"] if len(rest) > _DESCRIBED else []
    return "; ".join((*parts, *rest[:_DESCRIBED], *more))


def _shown(title: str) -> str:
    return safe(title[:60])


def _contributor(one: DocumentStep, commit: Commit, people: set[str], kind: str, allowed: set[str]) -> None:
    if people & allowed or (people and kind == "created"):
        return
    verb = {"created": "created", "tracking": "changed action items of", "access": "changed who may edit"}.get(
        kind, "edited"
    )
    who = attribution.shown_author(commit)
    if not people:
        message = f"{who} {verb} {one.doc}, and nobody in the policy has that e-mail address"
        one.find("AU701", message, advise("add-person"), attributed=True)
        return
    code = {"tracking": "AU703", "access": "AU704"}.get(kind, "AU702")
    message = f"{who} {verb} {one.doc} without being its author, an editor or an admin"
    one.find(code, message, "the author can make them an editor", attributed=True)


def _allowed(one: DocumentStep, current: PostmortemState) -> set[str]:
    """Who may edit: the author, editors (as named before the step, or by its first version) and admins;
    reviewers while it is in review."""
    policy = one.step.state.policy
    allowed = {current.author, *(one.earlier.editors if one.old is not None else one.facts.editors)}
    allowed |= set(policy.admins if policy is not None else ())
    before = one.before.status if one.before is not None else ""
    if IN_REVIEW in (current.status, before) or one.records:
        allowed |= set(current.reviewers)
    return allowed - {""}


def _changes(one: DocumentStep) -> tuple[str, tuple[Change, ...]] | None:
    """(kind, changes) of what a step did to a document beyond its lifecycle; None when nothing."""
    if one.new is None:
        return "deleted", ()
    if one.old is None:
        return "created", ()
    if {one.old.file.mode, one.new.file.mode} != {REGULAR} or one.old.attachments != one.new.attachments:
        return "edited", ()
    old, new = one.step.documents.document(one.old), one.step.documents.document(one.new)
    if _without_lifecycle(old.data) == _without_lifecycle(new.data):
        return None
    from pmctl.document.changes import ChangeKind, changes

    found = tuple(
        change for change in changes(old, new)
        if change.kind is not ChangeKind.STATUS and not (change.kind is ChangeKind.ACCESS and change.key == "reviewers")
    )  # fmt: skip
    if not found:
        return None
    if any(change.is_content for change in found):
        return "edited", found
    if any(change.kind is ChangeKind.ACCESS for change in found):
        return "access", found
    return "tracking", found


def _without_lifecycle(data: bytes) -> tuple[bytes, bytes]:
    """The file without its one-line status and reviewers; only ever used to skip a comparison that is costly."""
    head, fence, body = data.partition(b"\n---")
    return _LIFECYCLE_LINE.sub(b"", head + b"\n"), fence + body


def _owners(one: DocumentStep, changes: tuple[Change, ...]) -> set[str]:
    """The owner of the action items when all tracking changes of the step are about items of one person."""
    from pmctl.document.actions import action_items

    assert one.old is not None  # noqa: S101  tracking changes have a before; for the type checker
    owned = {item.id: item.owner for item in action_items(one.step.documents.document(one.old))}
    owners = {owned.get(change.item, "") for change in changes}
    return owners if len(owners) == 1 else set()


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
