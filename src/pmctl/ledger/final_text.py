"""What a published or archived postmortem says in one step, held against what its records bind.

A text that nobody signed is a finding. Of two amends that meet the first is in force, and the text that the merge made
of both is open: shown, and settled by an amend that names it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import reduce

from pmctl.codes import WAIVE, Code
from pmctl.document.digest import digests_without_last_rows
from pmctl.errors import advise
from pmctl.ledger.document_step import DocumentStep
from pmctl.ledger.tree_documents import TreeDocument
from pmctl.ledger.verified_records import VerifiedRecord
from pmctl.policy import act as acts
from pmctl.policy.act import Act
from pmctl.policy.state import FINAL, PostmortemState


def check(
    one: DocumentStep,
    current: PostmortemState,
    before: PostmortemState,
    refused: set[str],
    landed: list[VerifiedRecord],
) -> PostmortemState:
    """Report content that no record binds; returns the state with the text that a merge left open.

    `refused` are the states to which acts would have led that were not allowed, `landed` the records of the step that
    were, in time or late.
    """
    assert one.new is not None  # noqa: S101  the caller has looked
    documents = one.step.documents
    digest = documents.digest(one.new)
    if digest == current.content:
        return replace(current, open="") if current.open else current
    if digest == current.open:
        return current  # reported in the step that brought it
    same = one.old is not None and documents.digest(one.old) == digest
    if same and before.content == current.content and before.status in FINAL:
        return current  # reported in the step that brought it
    if current.status in refused and any(record.act.content == digest for record in one.records):
        return current  # an amend that was not allowed says it already
    if _is_merged(one, digest, landed):
        message = f"{one.doc} holds a text that a merge made of two amends; the one that landed first is in force"
        one.find("AU407", message, advise("settle", id=one.doc), warning=True)
        return replace(current, open=digest)
    if before.content != current.content and any(record.act.act == acts.PUBLISH for record in one.records):
        code, message = "AU313", f"{one.doc} is published with other content than the record says"
    elif one.old is None or one.old.file != one.new.file:
        code, message = "AU401", f"{one.doc} was changed after it was published"
    elif one.old.attachments != one.new.attachments:
        code, message = "AU402", f"attachments of {one.doc} were changed after it was published"
    else:
        code, message = "AU401", f"{one.doc} holds another text than its records bind since this step"
    one.find(code, message, advise("amend", id=one.doc))
    return current


def beyond_rows(one: DocumentStep, act: Act, current: PostmortemState) -> str:
    """What an act that adds action items changes besides; '' when it only appends rows to the table."""
    assert one.new is not None  # noqa: S101  the caller has looked
    added = {record.digest for record in one.records if record.act.act == acts.ADD_ITEM}
    if any(record.act.act == acts.AMEND and record.act.prev in added for record in one.records):
        return ""  # a squash: an admin has signed all of what stands there now
    documents = one.step.documents
    attachments = documents.attachments(one.new.attachments)
    digests = digests_without_last_rows(documents.document(one.new), attachments)
    if act.content in digests and current.content in digests[digests.index(act.content) + 1 :]:
        return ""
    return "without the new rows it is not what was approved"


def _is_merged(one: DocumentStep, digest: str, landed: list[VerifiedRecord]) -> bool:
    """Whether what stands there is made of texts that were signed at once: each line is from one of the sides, and no
    line that all sides have is gone."""
    met = [record.act for record in landed if record.act.act in (acts.AMEND, acts.ADD_ITEM)]
    if not met or one.old is None or one.new is None:
        return False
    if any(act.content == digest for act in met):
        return True  # one side whole
    step = one.step
    sides = [step.source.at(parent).document(one.doc) for parent in step.commit.parents]
    texts = [_lines(one, side) for side in sides if side is not None]
    own = _lines(one, one.new)
    # Added up, since what both sides add may have blank lines in common.
    return len(texts) > 1 and own <= reduce(Counter.__add__, texts) and reduce(Counter.__and__, texts) <= own


def _lines(one: DocumentStep, where: TreeDocument) -> Counter[object]:
    """The lines of a document's file and its attachments, each as often as it is there."""
    documents = one.step.documents
    lines: Counter[object] = Counter(documents.document(where).data.splitlines())
    lines.update(documents.attachments(where.attachments))
    return lines


_BACK = "Put it back as it was. " + WAIVE

CODES = (
    Code(
        "AU401",
        "published-text-changed",
        "A published or archived postmortem was changed without a record for it.",
        "Readers rely on what was approved.",
        "An admin amends it: pmctl amend ID -m TEXT. Or: " + _BACK,
        "a sentence removed after publication",
    ),
    Code(
        "AU402",
        "attachment-changed",
        "An attachment of a published or archived postmortem was added, changed or removed.",
        "Graphs and screenshots are part of what was approved.",
        "An admin amends it: pmctl amend ID -m TEXT.",
        "a graph replaced after publication",
    ),
    Code(
        "AU407",
        "text-open",
        "Two people changed a published postmortem at once, and the merge made one text of both that nobody signed."
        " The text that landed first is in force; what stands in the file is open.",
        "Each of the two signed what they saw. A merge can undo one of them without a new line.",
        "An admin reads it and signs it: pmctl amend ID -m TEXT shows the difference to the text in force.",
        "two amends on two branches, merged",
    ),
)
