"""One postmortem in one step: its records applied, then its file compared with the state that they add up to.

A mismatch is reported in the step that brings it, once; what an act that was refused has already explained is
not reported again.
"""

from __future__ import annotations

from dataclasses import replace

from pmctl.codes import Code
from pmctl.document import beside, public_text
from pmctl.document.beside import Beside
from pmctl.errors import advise
from pmctl.ledger import attribution, edits, final_text, lost_records, messages
from pmctl.ledger.document_step import DocumentStep
from pmctl.ledger.merges import contributions
from pmctl.ledger.public_statement import leaving, sealed_by
from pmctl.ledger.template_store import bound_templates
from pmctl.ledger.tree_documents import REGULAR
from pmctl.ledger.verified_records import VerifiedRecord, in_order
from pmctl.ledger.view import missing_sections, unbound
from pmctl.policy import act as acts
from pmctl.policy import lifecycle
from pmctl.policy.edits import People, who_takes_part
from pmctl.policy.state import DELETED, DRAFT, FINAL, IN_REVIEW, Leaving, PostmortemState, View
from pmctl.text import in_ascii


def check(one: DocumentStep) -> None:
    """Apply the records of a step to one postmortem, and report what its file says beyond them."""
    states = one.step.state.states
    current = states.get(one.doc) or PostmortemState(one.doc)
    back = any(record.path in one.step.back for record in one.records)
    if one.old is None and one.new is None and current.status != DELETED and not back:
        _without_document(one)
        return
    if one.old is None and one.new is not None:
        if current.status == DELETED:
            current = lifecycle.begin_again(current)
        current = replace(current, author=current.author or one.facts.author)
    elif not current.author and one.new is not None:
        current = replace(current, author=one.facts.author)
    verdicts: dict[str, list[VerifiedRecord]] = {"ok": [], "late": [], "refused": []}
    for record in in_order(one.records, one.facts.status):
        current, verdict = _apply(one, record, current)
        verdicts[verdict].append(record)
    if one.new is not None:
        current = _compared(one, current, verdicts)
    elif one.old is not None:
        _deleted(one, current)
    states[one.doc] = current
    if one.facts.incidents != one.earlier.incidents:
        _linked(one)
    edits.check(one, current)


def _apply(one: DocumentStep, record: VerifiedRecord, current: PostmortemState) -> tuple[PostmortemState, str]:
    """The state after a record, and whether it took effect, came late or was refused, with findings."""
    step, act = one.step, record.act
    assert step.state.policy is not None  # noqa: S101  records are read only under a policy
    current = final_text.opened_aside(one, act, current)
    view = _view(one, record, current)
    applied = lifecycle.apply(act, record.digest, current, step.state.policy, view, step.commit.oid)
    for found in applied.violations:
        one.find(found.code, found.message, found.hint, path=record.path, attributed=found.attributed)
    step.note(record, applied.verdict)
    return replace(applied.state, records=max(current.records, record.number)), applied.verdict


def _view(one: DocumentStep, record: VerifiedRecord, current: PostmortemState) -> View:
    documents, kind = one.step.documents, record.act.act
    content = documents.digest(one.new) if one.new is not None else ""
    before = documents.digest(one.old) if one.old is not None else ""
    missing: tuple[str, ...] = ()
    not_covered = template = rows = ""
    unresolved = 0
    if one.new is not None and one.new.file.mode == REGULAR:
        if kind in (acts.SUBMIT, acts.PUBLISH):
            not_covered = unbound(documents.binding_problems(one.new))
        if kind == acts.SUBMIT:
            template = _wrong_template(one, record.act.template)
        elif kind == acts.PUBLISH:
            missing, template = _completeness(one, current)
            unresolved = messages.unresolved_when_published(one, record, current)
        elif kind == acts.ADD_ITEM:
            rows = final_text.beyond_rows(one, record.act, current)
    return View(
        content=content,
        author=_author_bound(one, record, content),
        editors=_claimed_editors(one, record, current),
        missing=missing,
        unresolved=unresolved,
        unbound=not_covered,
        template=template,
        rows=rows,
        public=_public_texts(one) if kind in (acts.SHARE, acts.ENDORSE) else None,
        sealed_by=sealed_by(record.act),
        left_out=lost_records.left_out(one.step, one.doc, kind),
        landing=True,
        earlier=(before, *_on_the_way(one, record, current)),
        rewritten=content != before,
    )


def _public_texts(one: DocumentStep) -> dict[str, Leaving | None]:
    """The public texts that the postmortem has after a step, before it, and on what a merge brings, by digest."""
    step, path = one.step, beside.path_of(Beside.PUBLIC, one.doc)
    snapshots = (step.after, step.before, *(step.source.at(commit.oid) for commit in step.merged))
    found = (snapshot.regular_file(path) for snapshot in snapshots if snapshot.tree)
    return {public_text.digest(data): leaving(data) for data in dict.fromkeys(found) if data is not None}


def _on_the_way(one: DocumentStep, record: VerifiedRecord, current: PostmortemState) -> tuple[str, ...]:
    """The content that an approval binds, when the document had it on a side that a merge brings, or had brought before
    the approval was brought back."""
    approved = record.act.content
    if record.act.act != acts.APPROVE or approved in current.landed:
        return ()
    documents = one.step.documents
    back = one.step.back.get(record.path)
    commits = (*(commit.oid for commit in one.step.merged), *((back,) if back else ()))
    sides = (one.step.source.at(commit).document(one.doc) for commit in commits)
    return (approved,) if any(documents.digest(side) == approved for side in sides if side is not None) else ()


def _author_bound(one: DocumentStep, record: VerifiedRecord, content: str) -> str:
    """The author whom the document names; for an amend, only when the amend is of what the document says.

    Otherwise whoever merges could write any name into what an admin has signed.
    """
    if record.act.act != acts.AMEND or record.act.content == content:
        return one.facts.author
    documents = one.step.documents
    sides = (one.step.source.at(parent).document(one.doc) for parent in one.step.commit.parents)
    signed = (side for side in sides if side is not None and documents.digest(side) == record.act.content)
    return next((documents.facts(side).author for side in signed), "")


def _claimed_editors(one: DocumentStep, record: VerifiedRecord, current: PostmortemState) -> tuple[str, ...]:
    """Who may edit a draft, by its front matter before the step (of a new one, in it).

    Whoever became an editor in the step itself may act in it when somebody who could grant that has signed in it.
    """
    if one.old is None:
        return one.facts.editors
    claimed, by = one.earlier.editors, record.act.by
    policy = one.step.state.policy
    if record.act.act != acts.SUBMIT or by in claimed or by not in one.facts.editors or policy is None:
        return claimed
    entitled = {current.author or one.earlier.author, *claimed, *policy.admins} - {by}
    signed = {other.act.by for other in one.records}
    signed |= {
        attribution.signed_by(one.step, each.commit) for each in contributions(one.step, one.doc, one.old, one.new)
    }
    return (*claimed, by) if signed & entitled else claimed


def _wrong_template(one: DocumentStep, digest: str) -> str:
    """Why a submission can't be judged by the template with this digest; '' when it can."""
    step, recorded = one.step, one.facts.template
    own = {step.after.judging_template(recorded), step.before.judging_template(recorded)}
    if digest in own:
        return ""
    for commit in step.merged:  # only a side may have had it
        snapshot = step.source.at(commit.oid)
        step.state.templates |= snapshot.template_digests()
        own.add(snapshot.judging_template(recorded))
    if not digest:
        return "" if "" in own else f"the organisation has a template {recorded or 'default'} of its own"
    return bound_templates(recorded, digest, step.template(digest), ())[1]


def _completeness(one: DocumentStep, current: PostmortemState) -> tuple[tuple[str, ...], str]:
    """What a publication lacks by the template that its submit names, and why it can't be judged by that one."""
    assert one.new is not None  # noqa: S101  the caller has looked
    step, digest, recorded = one.step, current.template, one.facts.template
    templates, problem = bound_templates(recorded, digest, step.template(digest), step.after.templates())
    if problem:
        return (), problem
    document = step.documents.document(one.new)
    return missing_sections(document, templates, step.documents.sections(one.new)), ""


def _without_document(one: DocumentStep) -> None:
    """Records about a postmortem that does not exist."""
    for record in one.records:
        message = f"{record.act.act} by {record.act.by} is about {one.doc}, which does not exist"
        one.find("AU222", message, path=record.path)
        one.step.note(record, "refused")


def _deleted(one: DocumentStep, current: PostmortemState) -> None:
    if current.status != DELETED:
        message = f"{one.doc} was deleted, renamed or moved without a signed record"
        one.find("AU406", message, "bring it back: git checkout <commit before> -- <path>")


def _compared(
    one: DocumentStep, current: PostmortemState, verdicts: dict[str, list[VerifiedRecord]]
) -> PostmortemState:
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
        _status(one, current, before, verdicts)
        if facts.author != current.author and facts.author != earlier.author and one.old is not None:
            message = f"the author of {one.doc} was changed from {in_ascii(current.author)} to {in_ascii(facts.author)}"
            one.find("AU403", message, advise("amend-on-record", id=one.doc))
        _people(one, current, before)
    refused = {record.act.to_status for record in verdicts["refused"]}
    if current.status in FINAL:
        current = final_text.check(one, current, before, refused, verdicts)
    if current.status == IN_REVIEW:
        current = current.observe(one.step.documents.digest(one.new))
    return current


def _status(
    one: DocumentStep,
    current: PostmortemState,
    before: PostmortemState,
    verdicts: dict[str, list[VerifiedRecord]],
) -> None:
    """The status in the front matter must be what the records add up to."""
    said = one.facts.status
    known = said == one.earlier.status and before.status == current.status and one.old is not None
    if said == current.status or known or any(record.act.to_status == said for record in verdicts["refused"]):
        return
    message = f"{one.doc} says {in_ascii(said) or 'no status'}, but its records say {current.status}"
    late = [record.act for record in verdicts["late"] if record.act.to_status == said]
    if late:
        message += f": {late[0].act} by {late[0].by} came too late"
    # What git makes of two sides by itself is nobody's claim; where both moved the status, somebody has chosen.
    merged = bool(one.step.merged) and any(act.from_status == before.status == current.status for act in late)
    one.find("AU301", message, f"set status back to {current.status}, and act through pmctl", warning=merged)


def _people(one: DocumentStep, current: PostmortemState, before: PostmortemState) -> None:
    """Reviewers and editors of a postmortem that is more than a draft are those whom its records name."""
    earlier = People(one.earlier.reviewers, one.earlier.editors) if one.old is not None else None
    for found in who_takes_part(People(one.facts.reviewers, one.facts.editors), earlier, before, current):
        one.find(found.code, found.message, found.hint)


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
        "A postmortem was deleted, renamed or moved without the signed record of somebody who may.",
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
