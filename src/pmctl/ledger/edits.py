"""Edits of a document that no record states: who made them, and whether they might. The attributed layer."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import takewhile
from typing import TYPE_CHECKING

from pmctl.codes import Code
from pmctl.errors import advise
from pmctl.ledger import attribution
from pmctl.ledger.report import ATTRIBUTED, Event
from pmctl.ledger.tree_documents import REGULAR, FrontMatterFacts
from pmctl.objects import Commit
from pmctl.policy import act as acts
from pmctl.policy.state import FINAL, IN_REVIEW, PostmortemState

if TYPE_CHECKING:
    from pmctl.document.changes import Change
    from pmctl.ledger.documents import DocumentStep
    from pmctl.ledger.step_auditor import StepAuditor

_LIFECYCLE_LINE = re.compile(rb"^(?:status|reviewers):[^\n]*\n", re.MULTILINE)
_DESCRIBED = 8  # changes that one event describes


def check(
    judge: StepAuditor, turn: DocumentStep, state: PostmortemState, facts: FrontMatterFacts, earlier: FrontMatterFacts
) -> None:
    """Note what was edited and by whom, and report contributors who may not."""
    fold = judge.fold
    policy = fold.policy
    if policy is None or turn.old == turn.new:
        _only_writer(judge, turn)
        return
    found = _changes(judge, turn)
    if found is None:
        _only_writer(judge, turn)
        return
    kind, changes = found
    contributors = attribution.contributors(judge, turn.commit, turn.merged, turn.doc, turn.path)
    by = next((attribution.author_of(policy, one) for one in contributors), "")
    detail = _told(changes)
    when = datetime.fromtimestamp(turn.commit.committer.when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    fold.events.append(
        Event(turn.step.commit, kind, turn.doc, by, when, layer=ATTRIBUTED, policy=policy.version, detail=detail)
    )
    owners = _owners(judge, turn, changes) if kind == "tracking" else set()
    # What is bound is judged by its records: an amend names the admin, and anything else is a finding already.
    bound = kind == "edited" and state.status in FINAL and (turn.before is not None and turn.before.status in FINAL)
    seen: set[str] = set()
    for commit in contributors:
        people = attribution.names(policy, commit)
        if kind in ("created", "edited"):
            fold.writers.setdefault(turn.doc, set()).update(people)
        key = commit.author.email.lower()
        if bound or kind == "deleted":
            continue
        attribution.check_signature(judge, turn.step, commit, turn.doc)
        if key not in seen:
            seen.add(key)
            _contributor(judge, turn, commit, people, kind, _allowed(judge, turn, state, facts, earlier) | owners)
    _only_writer(judge, turn)


def _told(changes: tuple[Change, ...]) -> str:
    """The changes in one line: what happened to whole sections together, then the rest."""
    from pmctl.document.changes import ChangeKind

    rewritten = [one.key for one in changes if one.kind is ChangeKind.SECTION and one.key and one.before and one.after]
    rest = [one.describe() for one in changes if one.key not in rewritten or one.kind is not ChangeKind.SECTION]
    parts = [f"section {_shown(rewritten[0])}"] if len(rewritten) == 1 else []
    parts += [f"sections {', '.join(map(_shown, rewritten))}"] if len(rewritten) > 1 else []
    more = [f"and {len(rest) - _DESCRIBED} more"] if len(rest) > _DESCRIBED else []
    return "; ".join((*parts, *rest[:_DESCRIBED], *more))


def _shown(title: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in title[:60])


def _contributor(
    judge: StepAuditor, turn: DocumentStep, commit: Commit, people: set[str], kind: str, allowed: set[str]
) -> None:
    if people & allowed or (people and kind == "created"):
        return
    verb = {"created": "created", "tracking": "changed action items of", "access": "changed who may edit"}.get(
        kind, "edited"
    )
    who = attribution.shown_author(commit)
    if not people:
        message = f"{who} {verb} {turn.doc}, and nobody in the policy has that e-mail address"
        hint = advise("add-person")
        judge.fold.find(turn.step.commit, "AU701", message, doc=turn.doc, path=turn.path, hint=hint, attributed=True)
        return
    code = {"tracking": "AU703", "access": "AU704"}.get(kind, "AU702")
    message = f"{who} {verb} {turn.doc} without being its author, an editor or an admin"
    hint = "the author can make them an editor"
    judge.fold.find(turn.step.commit, code, message, doc=turn.doc, path=turn.path, hint=hint, attributed=True)


def _allowed(
    judge: StepAuditor, turn: DocumentStep, state: PostmortemState, facts: FrontMatterFacts, earlier: FrontMatterFacts
) -> set[str]:
    """Who may edit: the author, editors (as named before the step, or by its first version) and admins;
    reviewers while it is in review."""
    policy = judge.fold.policy
    allowed = {state.author, *(earlier.editors if turn.old is not None else facts.editors)}
    allowed |= set(policy.admins if policy is not None else ())
    before = turn.before.status if turn.before is not None else ""
    if IN_REVIEW in (state.status, before) or turn.records:
        allowed |= set(state.reviewers)
    return allowed - {""}


def _changes(judge: StepAuditor, turn: DocumentStep) -> tuple[str, tuple[Change, ...]] | None:
    """(kind, changes) of what a step did to a document beyond its lifecycle; None when nothing."""
    if turn.new is None:
        return "deleted", ()
    if turn.old is None:
        return "created", ()
    if {turn.old.file.mode, turn.new.file.mode} != {REGULAR} or turn.old.attachments != turn.new.attachments:
        return "edited", ()
    old, new = judge.documents.document(turn.old), judge.documents.document(turn.new)
    if _without_lifecycle(old.data) == _without_lifecycle(new.data):
        return None
    from pmctl.document.changes import ChangeKind, changes

    found = changes(old, new)
    found = tuple(
        one for one in found
        if one.kind is not ChangeKind.STATUS and not (one.kind is ChangeKind.ACCESS and one.key == "reviewers")
    )  # fmt: skip
    if not found:
        return None
    if any(one.is_content for one in found):
        return "edited", found
    if any(one.kind is ChangeKind.ACCESS for one in found):
        return "access", found
    return "tracking", found


def _without_lifecycle(data: bytes) -> tuple[bytes, bytes]:
    """The file without its one-line status and reviewers; only ever used to skip a comparison that is costly."""
    head, fence, body = data.partition(b"\n---")
    return _LIFECYCLE_LINE.sub(b"", head + b"\n"), fence + body


def _owners(judge: StepAuditor, turn: DocumentStep, changes: tuple[Change, ...]) -> set[str]:
    """The owner of the action items when all tracking changes of the step are about items of one person."""
    from pmctl.document.actions import action_items

    assert turn.old is not None  # noqa: S101  tracking changes have a before; for the type checker
    owned = {item.id: item.owner for item in action_items(judge.documents.document(turn.old))}
    owners = {owned.get(change.item, "") for change in changes}
    return owners if len(owners) == 1 else set()


def _only_writer(judge: StepAuditor, turn: DocumentStep) -> None:
    """Report approvals by the only person who wrote the content."""
    fold = judge.fold
    writers = fold.writers.get(turn.doc, set())
    if len(writers) != 1 or fold.policy is None or fold.policy.review.self_approval:
        return
    step = takewhile(lambda event: event.commit == turn.step.commit, reversed(fold.events))
    counted = {event.digest for event in step if event.verdict != "refused"}
    for one in turn.records:
        if one.act.act == acts.APPROVE and one.act.by in writers and one.digest in counted:
            message = f"{one.act.by} approves content that only {one.act.by} wrote, as far as the commits tell"
            fold.find(turn.step.commit, "AU708", message, doc=turn.doc, path=one.path, attributed=True)


_EDITOR = "The author can name the person among the editors, or take the edit over."

CODES = (
    Code(
        "AU701",
        "stranger",
        "Somebody edited whose e-mail address nobody in the policy has.",
        "Who edited is then not known.",
        "An admin adds the person or the address: pmctl people add.",
        "a commit from a private address",
    ),
    Code(
        "AU702",
        "may-not-edit",
        "Somebody edited a document without being its author, an editor, a reviewer or an admin.",
        "The author answers for the text.",
        _EDITOR,
        "a colleague rewrites the root cause",
    ),
    Code(
        "AU703",
        "may-not-track",
        "Somebody changed an action item of another person.",
        "The owner, the author, editors and admins keep items up to date.",
        _EDITOR,
        "closing somebody else's item",
    ),
    Code(
        "AU704",
        "may-not-share",
        "Somebody changed who may edit without being allowed to edit.",
        "Otherwise everybody could make themselves an editor.",
        "The author names the editors.",
        "editors: {mallory: edit} by mallory",
    ),
    Code(
        "AU708",
        "only-writer",
        "A reviewer approved content that only the same person wrote, as far as commits tell.",
        "That is a self-approval under another author's name.",
        "Let somebody else review it as well.",
        "bob writes the draft in jane's name and approves it",
    ),
)
