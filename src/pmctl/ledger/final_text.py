"""What a published or archived postmortem says in one step, held against what its records bind.

A text that nobody signed is a finding. Of two amends that meet the first is in force, and the text that a merge made of
both, in the step in which the late one arrives, is open: shown, and settled by an amend that names it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
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

_TEXT = (acts.AMEND, acts.ADD_ITEM)
"""Acts that bind another text of what is published."""


def check(
    one: DocumentStep,
    current: PostmortemState,
    before: PostmortemState,
    refused: set[str],
    verdicts: Mapping[str, list[VerifiedRecord]],
) -> PostmortemState:
    """Report content that no record binds; returns the state with the text that a merge left open.

    `refused` are the states to which acts would have led that were not allowed, `verdicts` the records of the step by
    what became of them.
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
    if _is_merged(one, digest, current, _unsettled(one, verdicts)):
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


def opened_aside(one: DocumentStep, act: Act, current: PostmortemState) -> PostmortemState:
    """The state with the text that `act` settles as the open one, when it was left open on a side that the step brings.

    Whoever merges main into an older line gets two amends, and what settled them, in one step.
    """
    if act.act != acts.AMEND or current.status not in FINAL or act.was in ("", current.content, current.open):
        return current
    met = [record for record in one.records if record.act.act in _TEXT and record.act != act]
    return replace(current, open=act.was) if _is_merged(one, act.was, current, met) else current


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


def _is_merged(one: DocumentStep, digest: str, current: PostmortemState, met: list[VerifiedRecord]) -> bool:
    """Whether what stands there is made of texts that were signed at once, the one in force and those that came late:
    each line is from one of them, and no line that all of them have is gone."""
    if not met or one.new is None:
        return False
    if any(record.act.content == digest for record in met):
        return True  # one side whole
    followed = {record.act.prev for record in met}
    contents = {current.content, *(record.act.content for record in met if record.digest not in followed)}
    versions = _versions(one, {digest, *contents})
    if len(contents) < 2 or not contents <= versions.keys():
        return False
    # Versions of one content differ in what it leaves out, and that may come from any of them. The sides are added up,
    # since what both add may have blank lines in common.
    most = reduce(Counter.__add__, (reduce(Counter.__or__, versions[content]) for content in contents))
    least = reduce(Counter.__and__, (lines for content in contents for lines in versions[content]))
    return any(least <= own <= most for own in versions[digest])


def _unsettled(one: DocumentStep, verdicts: Mapping[str, list[VerifiedRecord]]) -> list[VerifiedRecord]:
    """The amends that came late in this step, but for those that whoever signed the text in force had seen."""

    def saw(record: VerifiedRecord, late: VerifiedRecord) -> bool:
        there = (one.step.source.at(commit.oid) for commit in one.step.merged)
        return all(commit.entry(late.path) is not None for commit in there if commit.entry(record.path) is not None)

    in_force = [record for record in verdicts["ok"] if record.act.act in _TEXT]
    late = [record for record in verdicts["late"] if record.act.act in _TEXT]
    return [each for each in late if not any(saw(record, each) for record in in_force)]


def _versions(one: DocumentStep, contents: set[str]) -> dict[str, list[Counter[object]]]:
    """The lines of each version of the postmortem, in this step and what it joins, that has one of these contents."""
    step = one.step
    commits = dict.fromkeys((step.commit.oid, *step.commit.parents, *(commit.oid for commit in step.merged)))
    there = dict.fromkeys(where for oid in commits if (where := step.source.at(oid).document(one.doc)) is not None)
    found: dict[str, list[Counter[object]]] = {}
    for where in there:
        digest = step.documents.digest(where)
        if digest in contents:
            found.setdefault(digest, []).append(_lines(one, where))
    return found


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
