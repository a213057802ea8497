"""One postmortem in one step: its records applied, then its file compared with the state that they add up to.

A mismatch is reported in the step that brings it, once; what an act that was refused has already explained is
not reported again.
"""

from __future__ import annotations

from dataclasses import replace

from pmctl.codes import Code
from pmctl.errors import advise
from pmctl.ledger import edits
from pmctl.ledger.document_step import DocumentStep
from pmctl.ledger.tree_documents import REGULAR
from pmctl.ledger.verified_records import VerifiedRecord
from pmctl.ledger.view import missing_sections, unbound
from pmctl.policy import act as acts
from pmctl.policy import lifecycle
from pmctl.policy.state import DELETED, DRAFT, FINAL, IN_REVIEW, PostmortemState, View
from pmctl.text import in_ascii


def check(one: DocumentStep) -> None:
    """Apply the records of a step to one postmortem, and report what its file says beyond them."""
    if one.old is None and one.new is None:
        _without_document(one)
        return
    states = one.step.state.states
    current = states.get(one.doc) or PostmortemState(one.doc)
    if one.old is None:
        if current.status == DELETED:  # the id is used again: a new draft on the old chain
            current = replace(current, status=DRAFT, author="", reviewers=(), approvals=(), content="", landed=())
        current = replace(current, author=current.author or one.facts.author)
    elif not current.author and one.new is not None:
        current = replace(current, author=one.facts.author)
    refused: set[str] = set()
    for record in one.records:
        current, allowed = _apply(one, record, current)
        if not allowed:
            refused.add(record.act.to_status)
    if one.new is None:
        _deleted(one, current)
    else:
        current = _compared(one, current, refused)
    states[one.doc] = current
    if one.facts.incidents != one.earlier.incidents:
        _linked(one)
    edits.check(one, current)


def _apply(one: DocumentStep, record: VerifiedRecord, current: PostmortemState) -> tuple[PostmortemState, bool]:
    """(the state after a record, True), or (the same state, False) and findings when the act was not allowed."""
    step, act = one.step, record.act
    assert step.state.policy is not None  # noqa: S101  records are read only under a policy
    view = _view(one, record)
    violations = lifecycle.check(act, current, step.state.policy, view)
    for found in violations:
        one.find(found.code, found.message, found.hint, path=record.path, attributed=found.attributed)
    current = replace(current, records=max(current.records, record.number))
    if any(not found.attributed for found in violations):
        step.note(record, "refused")
        return current, False
    step.note(record, "late" if lifecycle.is_late(act, current) else "ok")
    return lifecycle.advance(current, act, record.digest, step.commit.oid, author=view.author), True


def _view(one: DocumentStep, record: VerifiedRecord) -> View:
    documents = one.step.documents
    content = documents.digest(one.new) if one.new is not None else ""
    before = documents.digest(one.old) if one.old is not None else ""
    missing: tuple[str, ...] = ()
    not_covered = ""
    if record.act.act in (acts.SUBMIT, acts.PUBLISH) and one.new is not None and one.new.file.mode == REGULAR:
        not_covered = unbound(documents.binding_problems(one.new))
    if record.act.act == acts.PUBLISH and one.new is not None and one.new.file.mode == REGULAR:
        document = documents.document(one.new)
        missing = missing_sections(document, one.step.after.templates(), documents.sections(one.new))
    return View(
        content=content,
        author=one.facts.author,
        editors=tuple(dict.fromkeys((*one.facts.editors, *one.earlier.editors))),
        missing=missing,
        unbound=not_covered,
        landing=True,
        earlier=(before,),
        # Of a merge the way can be looked up, but it proves no more: an approval of anything else counts for nothing.
        rewritten=content != before,
    )


def _without_document(one: DocumentStep) -> None:
    """Records about a postmortem that does not exist."""
    for record in one.records:
        message = f"{record.act.act} by {record.act.by} is about {one.doc}, which does not exist"
        one.find("AU222", message, path=record.path)
        one.step.note(record, "refused")


def _deleted(one: DocumentStep, current: PostmortemState) -> None:
    if current.status != DELETED:
        message = f"{one.doc} was deleted, renamed or moved without an admin's record"
        one.find("AU406", message, "bring it back: git checkout <commit before> -- <path>")


def _compared(one: DocumentStep, current: PostmortemState, refused: set[str]) -> PostmortemState:
    """Report where the file and the state disagree; returns the state with what landed noted."""
    assert one.new is not None  # noqa: S101  the caller has looked
    facts, earlier = one.facts, one.earlier
    before = one.before or PostmortemState(one.doc)
    changed = one.old is None or one.old != one.new
    if facts.problem and one.new.file.mode == REGULAR and changed:
        mild = current.status == DRAFT and before.status == DRAFT
        message = f"{one.doc} cannot be read in one way only: {facts.problem}"
        one.find("AU405", message, advise("validate", id=one.doc), warning=mild)
    if not facts.problem:
        if facts.id != one.doc and changed and facts.id != earlier.id:
            message = f"the file of {one.doc} says that it is {in_ascii(facts.id) or 'nothing'}: a copy or a rename"
            one.find("AU503", message, "give it an id of its own, or remove it")
        _not_covered(one, current)
        known = facts.status == earlier.status and before.status == current.status and one.old is not None
        if facts.status != current.status and facts.status not in refused and not known:
            message = f"{one.doc} says {in_ascii(facts.status) or 'no status'}, but its records say {current.status}"
            one.find("AU301", message, f"set status back to {current.status}, and act through pmctl")
        if facts.author != current.author and facts.author != earlier.author and one.old is not None:
            message = f"the author of {one.doc} was changed from {in_ascii(current.author)} to {in_ascii(facts.author)}"
            one.find("AU403", message, advise("amend-on-record", id=one.doc))
        if current.status != DRAFT:
            dropped = [r for r in current.reviewers if r in earlier.reviewers and r not in facts.reviewers]
            if dropped:
                message = f"{', '.join(dropped)} was asked to review {one.doc} and is no longer named as a reviewer"
                one.find("AU318", message, "withdraw and submit it again to change who reviews")
    if current.status in FINAL:
        _bound(one, current, before, refused)
    if current.status == IN_REVIEW:
        current = current.observe(one.step.documents.digest(one.new))
    return current


def _linked(one: DocumentStep) -> None:
    """Report another postmortem about an incident that is linked in this step."""
    known = one.step.state.incidents
    for name in one.earlier.incidents:
        known[name] = [doc for doc in known.get(name, ()) if doc != one.doc]
        if not known[name]:
            del known[name]
    for name in one.facts.incidents:
        others = known.setdefault(name, [])
        if others and name not in one.earlier.incidents:
            message = f"{one.doc} is about {in_ascii(name)}, of which {others[0]} is the postmortem already"
            one.find("AU507", message, "keep one of the two, or take the incident out of the other", warning=True)
        others.append(one.doc)


def _not_covered(one: DocumentStep, current: PostmortemState) -> None:
    """Text where no approval would see it: in keys and cells that the content digest leaves out."""
    for key in one.facts.loose:
        # A wrong status is reported as one, whatever it is.
        if key != "status" and (key not in one.earlier.loose or one.old is None):
            message = f"{key} of {one.doc} holds something else than handles, and no approval covers it"
            one.find("AU404", message, f"correct {key}")
    if current.status == DRAFT or one.new is None or one.old == one.new:
        return
    documents = one.step.documents
    entered = one.before is None or one.before.status == DRAFT
    problems = documents.binding_problems(one.new)
    if problems and (entered or one.old is None or not documents.binding_problems(one.old)):
        first = problems[0]
        uncovered = ", and no approval covers it" if first.code.startswith("PM59") and first.code < "PM593" else ""
        message = f"{one.doc}: {first.message} (line {first.line}){uncovered}"
        one.find("AU404", message, first.fix, warning=True)


def _bound(one: DocumentStep, current: PostmortemState, before: PostmortemState, refused: set[str]) -> None:
    """Content of a published or archived postmortem must be what its records bind."""
    assert one.new is not None  # noqa: S101  the caller has looked
    documents = one.step.documents
    digest = documents.digest(one.new)
    if digest == current.content:
        return
    same = one.old is not None and documents.digest(one.old) == digest
    if same and before.content == current.content and before.status in FINAL:
        return  # reported in the step that brought it
    if current.status in refused and any(record.act.content == digest for record in one.records):
        return  # an amend that was not allowed says it already
    if before.content != current.content and any(record.act.act == acts.PUBLISH for record in one.records):
        code, message = "AU313", f"{one.doc} is published with other content than the record says"
    elif one.old is not None and one.old.file == one.new.file:
        code, message = "AU402", f"attachments of {one.doc} were changed after it was published"
    else:
        code, message = "AU401", f"{one.doc} was changed after it was published"
    one.find(code, message, advise("amend", id=one.doc))


_BACK = "Put it back as it was. The finding stays until an admin accepts it with a signed waiver."

CODES = (
    Code(
        "AU222",
        "nothing-there",
        "A record is about a postmortem that does not exist.",
        "Nothing can be approved before it is there.",
        "Create the postmortem first.",
        "approve of a deleted document",
    ),
    Code(
        "AU301",
        "status-without-record",
        "The status in the front matter is not what the records add up to.",
        "A status is a claim; the signed records are what happened.",
        "Set the status back, and act through pmctl.",
        "status: PUBLISHED written by hand",
    ),
    Code(
        "AU318",
        "reviewer-dropped",
        "Somebody who was asked to review is no longer named as a reviewer.",
        "Dropping a critic must not look as if nobody had asked.",
        "Withdraw and submit again to change who reviews.",
        "reviewers: [bob, carol] -> [bob] during the review",
    ),
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
        "AU403",
        "author-changed",
        "The author was changed without an admin's record.",
        "The author submits and publishes: whoever becomes it gains rights.",
        "An admin puts it on record: pmctl amend ID -m TEXT.",
        "author: jane -> author: bob",
    ),
    Code(
        "AU404",
        "text-out-of-sight",
        "What people read is not what approvals bind: text in reviewers, editors or a tracking cell, a table of action "
        "items that is not the one that readers see, an invisible character, a picture from elsewhere.",
        "No approval covers lifecycle keys, tracking cells and other folders, so they may hold only what they are for.",
        "pmctl validate ID says where; move text into a section, and pictures into the postmortem's folder.",
        "reviewers: {note: it was Bob's fault}",
    ),
    Code(
        "AU405",
        "two-readings",
        "The document can't be read in one way only: duplicate keys, a second front matter, "
        "anchors, bytes that are not UTF-8. A warning while it is a draft.",
        "Two programs would show two different documents, and one of them was approved.",
        "pmctl validate ID says where.",
        "status: DRAFT and status: PUBLISHED in one front matter",
    ),
    Code(
        "AU406",
        "deleted-without-record",
        "A postmortem was deleted, renamed or moved without an admin's record.",
        "What happened must not vanish quietly.",
        "Bring it back, or let an admin delete it through pmctl.",
        "git rm",
    ),
    Code(
        "AU507",
        "incident-shared",
        "Two postmortems are about the same incident.",
        "Readers find one of two accounts, and trends count the incident twice.",
        "Keep one of the two, or take the incident out of the other one's `incidents`.",
        "incidents: [{source: pagerduty, id: Q1}] in two postmortems",
    ),
    Code(
        "AU503",
        "other-id",
        "A document's id is not the one that its path says.",
        "Ids are unique and never change: this is a copy or a rename.",
        "Give the copy an id and a path of its own.",
        "id: 2024-01-15-a in postmortems/2024/2024-02-01-b.md",
    ),
)
