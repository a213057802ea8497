"""One postmortem in one step: its records applied, then its file held against the state that they add up to.

A mismatch is reported in the step that brings it, once; what an act that was refused has already explained is
not reported again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pmctl.codes import Code
from pmctl.errors import Hint, advise
from pmctl.ledger import edits
from pmctl.ledger.history import Step
from pmctl.ledger.tree_documents import REGULAR, FrontMatterFacts, TreeDocument
from pmctl.ledger.verified_records import VerifiedRecord
from pmctl.ledger.view import missing_sections
from pmctl.objects import Commit
from pmctl.policy import act as acts
from pmctl.policy.reading import printable
from pmctl.policy.state import DELETED, DRAFT, FINAL, IN_REVIEW, PostmortemState, View

if TYPE_CHECKING:
    from pmctl.ledger.step_auditor import StepAuditor

_NOTHING = FrontMatterFacts()


@dataclass(frozen=True, slots=True)
class DocumentStep:
    """What a step does to one postmortem: the document before and after, the state before, new records.

    `tree` is the pmctl root's tree after the step; `merged` are the commits that a merge brings. `first` is
    true in the step that brings the first policy, before which nothing was managed.
    """

    doc: str
    step: Step
    commit: Commit
    merged: tuple[Commit, ...]
    tree: str
    old: TreeDocument | None
    new: TreeDocument | None
    before: PostmortemState | None
    records: list[VerifiedRecord]
    first: bool = False

    @property
    def path(self) -> str:
        """Where the document lies, below the pmctl root."""
        return f"postmortems/{self.doc[:4]}/{self.doc}.md"


def judge(judge: StepAuditor, turn: DocumentStep) -> None:
    """Apply the records of a step to one postmortem, and report what its file says beyond them."""
    fold = judge.fold
    facts = judge.documents.facts(turn.new) if turn.new is not None else _NOTHING
    earlier = judge.documents.facts(turn.old) if turn.old is not None else _NOTHING
    state = fold.states.get(turn.doc) or PostmortemState(turn.doc)
    if turn.old is None and turn.new is not None:
        if state.status == DELETED:  # the id is used again: a new draft on the old chain
            state = replace(state, status=DRAFT, author="", reviewers=(), approvals=(), content="", landed=())
        state = replace(state, author=state.author or facts.author)
    elif not state.author and turn.new is not None:
        state = replace(state, author=facts.author)
    if turn.old is None and turn.new is None:
        _homeless(judge, turn)
        return
    refused: set[str] = set()
    for one in turn.records:
        following = judge.apply(turn.step.commit, one, state, _view(judge, turn, one, facts, earlier))
        if fold.events[-1].verdict == "refused":
            refused.add(one.act.to_status)
        state = following
    if turn.new is None:
        _deleted(judge, turn, state)
    else:
        state = _held_against(judge, turn, state, facts, earlier, refused)
    fold.states[turn.doc] = state
    if not turn.first:
        edits.check(judge, turn, state, facts, earlier)


def _view(
    judge: StepAuditor, turn: DocumentStep, one: VerifiedRecord, facts: FrontMatterFacts, earlier: FrontMatterFacts
) -> View:
    documents = judge.documents
    content = documents.digest(turn.new) if turn.new is not None else ""
    before = documents.digest(turn.old) if turn.old is not None else ""
    missing: tuple[str, ...] = ()
    if one.act.act == acts.PUBLISH and turn.new is not None and turn.new.file.mode == REGULAR:
        document = documents.document(turn.new)
        missing = missing_sections(document, judge.library.of(turn.tree), documents.sections(turn.new))
    return View(
        content=content,
        author=facts.author,
        editors=tuple(dict.fromkeys((*facts.editors, *earlier.editors))),
        missing=missing,
        landing=True,
        earlier=(before,),
        # Of a merge the way can be looked up, but it proves no more: an approval of anything else counts for nothing.
        rewritten=content != before,
    )


def _homeless(judge: StepAuditor, turn: DocumentStep) -> None:
    """Records about a postmortem that does not exist."""
    for one in turn.records:
        message = f"{one.act.act} by {one.act.by} is about {turn.doc}, which does not exist"
        judge.fold.find(turn.step.commit, "AU222", message, doc=turn.doc, path=one.path)
        judge.note(turn.step.commit, one, "refused")


def _deleted(judge: StepAuditor, turn: DocumentStep, state: PostmortemState) -> None:
    if state.status != DELETED:
        judge.fold.find(
            turn.step.commit,
            "AU406",
            f"{turn.doc} was deleted, renamed or moved without an admin's record",
            doc=turn.doc,
            path=turn.path,
            hint="bring it back: git checkout <commit before> -- <path>",
        )


def _held_against(
    judge: StepAuditor,
    turn: DocumentStep,
    state: PostmortemState,
    facts: FrontMatterFacts,
    earlier: FrontMatterFacts,
    refused: set[str],
) -> PostmortemState:
    """Report where the file and the state disagree; returns the state with what landed noted."""
    fold, commit = judge.fold, turn.step.commit
    assert turn.new is not None  # noqa: S101  the caller has looked
    before = turn.before or PostmortemState(turn.doc)
    changed = turn.old is None or turn.old != turn.new
    if facts.problem and turn.new.file.mode == REGULAR and changed:
        mild = state.status == DRAFT and before.status == DRAFT
        message = f"{turn.doc} cannot be read in one way only: {facts.problem}"
        fold.find(
            commit, "AU405", message, doc=turn.doc, path=turn.path, hint=advise("validate", id=turn.doc), warning=mild
        )
    if not facts.problem:
        if facts.id != turn.doc and changed and facts.id != earlier.id:
            message = f"the file of {turn.doc} says that it is {printable(facts.id) or 'nothing'}: a copy or a rename"
            fold.find(
                commit, "AU503", message, doc=turn.doc, path=turn.path, hint="give it an id of its own, or remove it"
            )
        _loose(judge, turn, state, facts, earlier)
        known = facts.status == earlier.status and before.status == state.status and not turn.first
        if facts.status != state.status and facts.status not in refused and not (known and turn.old is not None):
            message = f"{turn.doc} says {printable(facts.status) or 'no status'}, but its records say {state.status}"
            hint: Hint = f"set status back to {state.status}, and act through pmctl"
            fold.find(commit, "AU301", message, doc=turn.doc, path=turn.path, hint=hint)
        if facts.author != state.author and facts.author != earlier.author and turn.old is not None:
            message = (
                f"the author of {turn.doc} was changed from {printable(state.author)} to {printable(facts.author)}"
            )
            hint = advise("amend-on-record", id=turn.doc)
            fold.find(commit, "AU403", message, doc=turn.doc, path=turn.path, hint=hint)
        if state.status != DRAFT:
            dropped = [r for r in state.reviewers if r in earlier.reviewers and r not in facts.reviewers]
            if dropped:
                message = f"{', '.join(dropped)} was asked to review {turn.doc} and is no longer named as a reviewer"
                hint = "withdraw and submit it again to change who reviews"
                fold.find(commit, "AU318", message, doc=turn.doc, path=turn.path, hint=hint)
    if state.status in FINAL:
        _bound(judge, turn, state, before, refused)
    if state.status == IN_REVIEW:
        state = state.observe(judge.documents.digest(turn.new))
    return state


def _loose(
    judge: StepAuditor, turn: DocumentStep, state: PostmortemState, facts: FrontMatterFacts, earlier: FrontMatterFacts
) -> None:
    """Text where no approval would see it: in keys and cells that the content digest leaves out."""
    fold, commit = judge.fold, turn.step.commit
    for key in facts.loose:
        # A wrong status is reported as one, whatever it is.
        if key != "status" and (key not in earlier.loose or turn.old is None):
            message = f"{key} of {turn.doc} holds something else than handles, and no approval covers it"
            fold.find(commit, "AU404", message, doc=turn.doc, path=turn.path, hint=f"correct {key}")
    entered = turn.before is None or turn.before.status == DRAFT
    if state.status == DRAFT or turn.new is None or turn.old == turn.new:
        return
    problems = judge.documents.tracking_problems(turn.new)
    if problems and (entered or turn.old is None or not judge.documents.tracking_problems(turn.old)):
        message = f"{turn.doc}: {problems[0].message} (line {problems[0].line}), and no approval covers it"
        fold.find(commit, "AU404", message, doc=turn.doc, path=turn.path, hint=problems[0].fix, warning=True)


def _bound(
    judge: StepAuditor, turn: DocumentStep, state: PostmortemState, before: PostmortemState, refused: set[str]
) -> None:
    """Content of a published or archived postmortem must be what its records bind."""
    assert turn.new is not None  # noqa: S101  the caller has looked
    digest = judge.documents.digest(turn.new)
    if digest == state.content:
        return
    same = turn.old is not None and judge.documents.digest(turn.old) == digest
    if same and before.content == state.content and before.status in FINAL:
        return  # reported in the step that brought it
    if state.status in refused and any(one.act.content == digest for one in turn.records):
        return  # an amend that was not allowed says it already
    hint = advise("amend", id=turn.doc)
    if before.content != state.content and any(one.act.act == acts.PUBLISH for one in turn.records):
        code, message = "AU313", f"{turn.doc} is published with other content than the record says"
    elif turn.old is not None and turn.old.file == turn.new.file:
        code, message = "AU402", f"attachments of {turn.doc} were changed after it was published"
    else:
        code, message = "AU401", f"{turn.doc} was changed after it was published"
    judge.fold.find(turn.step.commit, code, message, doc=turn.doc, path=turn.path, hint=hint)


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
        "Text stands where no approval covers it: in reviewers, editors or a tracking cell.",
        "No approval covers lifecycle keys and tracking cells, so they may hold only what they are for.",
        "Move the text into a section.",
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
        "AU503",
        "other-id",
        "A document's id is not the one that its path says.",
        "Ids are unique and never change: this is a copy or a rename.",
        "Give the copy an id and a path of its own.",
        "id: 2024-01-15-a in postmortems/2024/2024-02-01-b.md",
    ),
)
