"""Who may change what in a postmortem without an act: one table, one function. Pure.

    (before, after, who, state, policy) -> violations

The command line asks before an editor opens and before it commits, the hooks before git does, the language server
while somebody types, and the audit when an edit has landed. So whatever one of them refuses all report, and whatever
one allows all pass. docs/trust.md has the table in words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from pmctl.codes import Code
from pmctl.document.changes import Change, ChangeKind, changes
from pmctl.document.fields import EditorRole
from pmctl.errors import Hint, advise
from pmctl.policy.model import AGENT, SERVICE, Policy
from pmctl.policy.permission import Violation
from pmctl.policy.state import DELETED, DRAFT, FINAL, IN_REVIEW, PostmortemState
from pmctl.text import in_ascii

if TYPE_CHECKING:
    from pmctl.document.reader import Document


_EDITOR = "The author can name the person among the editors, or take the edit over."


class Right(StrEnum):
    """What somebody needs to make a change."""

    CREATE = "create"
    TEXT = "text"
    TRACKING = "tracking"
    EDITORS = "editors"
    COMMENT = "comment"
    RESOLVE = "resolve"
    MEET = "meet"
    PUBLIC = "public"


@dataclass(frozen=True)
class Edit:
    """A postmortem before and after a change; None stands for no document. `attachments` says whether those differ.

    `bound` is true when records state the text as it is afterwards: then they answer for it, not whoever commits it.
    """

    before: Document | None
    after: Document | None
    attachments: bool = False
    bound: bool = False

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What the change does to the file."""
        return changes(self.before, self.after)


def check_edit(
    edit: Edit, who: Collection[str], state: PostmortemState, policy: Policy, now: PostmortemState | None = None
) -> tuple[Violation, ...]:
    """Why `who` may not change a postmortem like this; empty when they may.

    `who` are the handles of those who made the change together: mostly one, none for a stranger. `state` is where the
    postmortem stands before the change, `now` where it stands with the acts that come along with it, when any do.
    All reasons are returned: first what only an act may change, then what other people may.
    """
    now = now or state
    return (*needs_act(edit, state, now), *needs_right(edit, who, state, policy, now))


def needs_act(edit: Edit, state: PostmortemState, now: PostmortemState) -> list[Violation]:
    """What is changed that changes by signed acts only, whoever asks: status, author, who takes part, final text."""
    before, after = edit.before, edit.after
    if after is None:
        hint = advise("delete", id=state.id)
        return [] if now.deleted else [Violation("AU406", f"{state.id} is being deleted or moved", hint)]
    found = []
    if after.readable:
        was = before.status if before is not None else DRAFT
        if after.status not in (was, now.status):
            hint = advise("leave-status", status=now.status, id=state.id)
            found.append(Violation("AU301", f"the status is changed by hand: {was} -> {after.status or 'none'}", hint))
        if before is not None and now.author and after.author not in (before.author, now.author):
            message = f"the author is changed from {now.author} to {after.author or 'nobody'}"
            found.append(Violation("AU403", message, advise("amend-on-record", id=state.id)))
        found += who_takes_part(_people(after), _people(before) if before is not None else None, state, now)
    if _stages(state, now) <= set(FINAL) and not edit.bound:
        text = any(change.is_content for change in edit.changes)
        if text or edit.attachments:
            code, what = ("AU401", "its content changes") if text else ("AU402", "its attachments change")
            message = f"{state.id} is {now.status}: {what} only on the record"
            found.append(Violation(code, message, advise("amend-with-reason", id=state.id)))
    return found


def needs_right(
    edit: Edit, who: Collection[str], state: PostmortemState, policy: Policy, now: PostmortemState
) -> list[Violation]:
    """What is changed that none of `who` may change. Rests on who commits say that they are from."""
    found: dict[Right, Violation] = {}
    for right, owner in rights_needed(edit, state, now):
        able = who_may(right, edit.before, state, policy, now, owner=owner)
        if not any(handle in able for handle in who):
            found.setdefault(right, refused(right, who, able, state.id, policy))
            if not who:
                break  # a stranger is told once
    return list(found.values())


def right_to_write(
    right: Right, doc: str, document: Document | None, who: Collection[str], state: PostmortemState, policy: Policy
) -> list[Violation]:
    """Why none of `who` may write or remove a file beside the postmortem `document`; empty when one of them may."""
    if document is None:
        return []
    able = who_may(right, document, state, policy)
    return [] if any(handle in able for handle in who) else [refused(right, who, able, doc, policy)]


def who_may(
    right: Right,
    before: Document | None,
    state: PostmortemState,
    policy: Policy,
    now: PostmortemState | None = None,
    *,
    owner: str = "",
    past: bool = False,
) -> tuple[str, ...]:
    """Everybody who has a right on the postmortem that says `before`: the table of rights.

    Whoever left, all their keys out of use, has none any more. With `past` they are among the answer all the same: for
    what was done already, perhaps while they were here.
    `owner` is whom the action item belongs to, or who began the thread that is to be resolved. Rights are those before
    the change; one that a signed act of the same change grants counts as well, because the act is judged by itself.
    """
    now = now or state
    if right is Right.CREATE:
        return tuple(
            handle for handle in policy.people if _kind(policy, handle) != SERVICE and handle in policy.present
        )
    author = state.author or now.author or (before.author if before is not None else "")
    stages = _stages(state, now)
    writers = (author, *_editors(before, state, now), *policy.admins)
    named: tuple[str, ...]
    if right is Right.EDITORS:
        named = (author, *policy.admins)
    elif right is Right.RESOLVE:
        named = (owner, *writers)
    elif right in (Right.COMMENT, Right.MEET):
        named = (*writers, *state.reviewers, *now.reviewers, *_involved(before))
    elif right is Right.PUBLIC:
        named = (*writers, *state.reviewers, *now.reviewers)
    elif right is Right.TRACKING:
        named = (owner, *writers, *(handle for handle in policy.people if _kind(policy, handle) == SERVICE))
    elif stages <= set(FINAL):
        named = policy.admins
    elif IN_REVIEW in stages:
        named = (*writers, *state.reviewers, *now.reviewers)
    else:
        named = writers
    here = policy.people if past else policy.present
    able = dict.fromkeys(handle for handle in named if handle in here)
    return tuple(handle for handle in able if _fit(policy, handle, right, stages, owner))


def _fit(policy: Policy, handle: str, right: Right, stages: set[str], owner: str) -> bool:
    """Whether this kind of account may have a right: services move items and write nothing, agents write drafts and
    comments, and resolve only what they began themselves."""
    kind = _kind(policy, handle)
    if kind == SERVICE:
        return right is Right.TRACKING
    if kind == AGENT:
        own = right is Right.RESOLVE and handle == owner
        return own or right in (Right.TRACKING, Right.COMMENT) or (right is Right.TEXT and DRAFT in stages)
    return True


def _involved(document: Document | None) -> Iterator[str]:
    """Whom a postmortem's file names, in whatever part: they may all have a say in it."""
    if document is None:
        return
    for key in ("reviewers", "participants", "editors"):
        named = document.meta.get(key)
        yield from (str(handle) for handle in named) if isinstance(named, list | tuple | dict) else ()
    from pmctl.document.actions import action_items  # with it comes the Markdown parser

    yield from (item.owner for item in action_items(document))


def _kind(policy: Policy, handle: str) -> str:
    return policy.people[handle].kind


def _stages(state: PostmortemState, now: PostmortemState) -> set[str]:
    """The states that the postmortem passes in the change; a new round of review means that it was a draft."""
    reviewed = {DRAFT, IN_REVIEW} if now.round > state.round else set()
    return {state.status, now.status} | reviewed


def _editors(before: Document | None, state: PostmortemState, now: PostmortemState) -> tuple[str, ...]:
    """Who may edit: as the front matter names them while it is a draft, as records bind them from then on."""
    bound = (*(() if state.status == DRAFT else state.editors), *(() if now.status == DRAFT else now.editors))
    return (*editors_of(before), *bound) if DRAFT in _stages(state, now) else bound


def editors_of(document: Document | None) -> tuple[str, ...]:
    """Whom the front matter gives the right to edit."""
    named = document.meta.get("editors") if document is not None else None
    return tuple(handle for handle, role in named.items() if role == EditorRole.EDIT) if isinstance(named, dict) else ()


def rights_needed(edit: Edit, state: PostmortemState, now: PostmortemState) -> list[tuple[Right, str]]:
    """The rights that a change takes, each once; the right to an action item with the item's owner."""
    if edit.after is None:
        return []  # deleting is an act
    if edit.before is None:
        return [(Right.CREATE, "")]
    return list(dict.fromkeys(_rights(edit, state, now)))


def _rights(edit: Edit, state: PostmortemState, now: PostmortemState) -> Iterator[tuple[Right, str]]:
    stages = _stages(state, now)
    by_act = edit.bound or stages <= set(FINAL)  # what a digest covers; a record answers for it, or has to
    if edit.attachments and not by_act:
        yield Right.TEXT, ""
    for change in edit.changes:
        if change.kind is ChangeKind.TRACKING:
            yield Right.TRACKING, change.owner
        elif change.kind is ChangeKind.ACCESS and change.key == "editors":
            yield Right.EDITORS, ""
        elif change.kind is ChangeKind.STATUS or (change.kind is ChangeKind.ACCESS and stages != {DRAFT}):
            pass  # acts change these (see `needs_act`)
        elif change.kind is ChangeKind.LAYOUT or not by_act:
            yield Right.TEXT, ""


class People(NamedTuple):
    """Whom a version of a postmortem's file names."""

    reviewers: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()


def who_takes_part(
    named: People, earlier: People | None, state: PostmortemState, now: PostmortemState
) -> Iterator[Violation]:
    """Reviewers and editors of a postmortem that is more than a draft are those whom its records name.

    Nobody's name is added to what others approved, and none is taken away. Who was asked too late may stand there.
    `earlier` are those whom the file named before the change, None when there was none.
    """
    if now.status == DRAFT:
        return
    went_on = earlier is not None and state.status not in (DRAFT, DELETED)
    before = earlier or People()
    for word, there, was, proved, proved_before in (
        ("reviewer", named.reviewers, before.reviewers, now.reviewers, state.reviewers),
        ("editor", named.editors, before.editors, now.editors, state.editors),
    ):
        dropped = set(proved) - set(there)
        added = set(there) - set(proved) - set(now.late_asked)
        if went_on:  # reported in the step that brought it
            dropped -= set(proved_before) - set(was)
            added -= set(was) - set(proved_before)
        elif word == "editor":  # named in the draft while somebody else submitted it: a claim, and no right follows
            added -= set(was)
        if dropped:
            message = f"{', '.join(sorted(dropped))} is {word} of {now.id} by its records and no longer named there"
            yield Violation("AU318", message, "put the names back; withdraw and submit it again to change them")
        if added:
            names = ", ".join(in_ascii(name) for name in sorted(added))
            message = f"{now.id} names {names} as {word}, and no record does"
            yield Violation("AU322", message, "take the names out; pmctl submit asks people on the record")


def _people(document: Document) -> People:
    named = document.meta.get("reviewers")
    reviewers = tuple(str(handle) for handle in named) if isinstance(named, list | tuple) else ()
    return People(reviewers, editors_of(document))


_DONE = {
    Right.CREATE: ("AU702", "create"),
    Right.TEXT: ("AU702", "edit"),
    Right.TRACKING: ("AU703", "change action items of"),
    Right.EDITORS: ("AU704", "change who may edit"),
    Right.COMMENT: ("AU712", "comment on"),
    Right.RESOLVE: ("AU714", "resolve this thread of"),
    Right.MEET: ("AU718", "plan a meeting about"),
    Right.PUBLIC: ("AU721", "write the public text of"),
}


def refused(right: Right, who: Collection[str], able: Collection[str], doc: str, policy: Policy) -> Violation:
    """What is said to people who lack a right that the people in `able` have."""
    code, verb = _DONE[right]
    if not who:
        message = f"somebody whom the policy does not know may not {verb} {doc}"
        return Violation("AU701", message, advise("add-person"), attributed=True)
    message = f"{' and '.join(who)} may not {verb} {doc}"
    people = ", ".join(able)
    hint: Hint = ""
    left = [handle for handle in who if handle in policy.people and policy.people[handle].has_left]
    if left:
        message += f": {' and '.join(left)} left, and no key in the policy is in use"
        hint = advise("key-again", who=left[0])
    elif people and right is Right.TEXT:
        hint = advise("become-editor", id=doc, people=people, who=next(iter(who)))
    elif people and right in (Right.COMMENT, Right.MEET):
        hint = advise("become-commenter", id=doc, who=next(iter(who)))
    elif people:
        hint = advise("ask-them", people=people)
    return Violation(code, message, hint, attributed=True)


CODES = (
    Code(
        "AU318",
        "person-dropped",
        "Somebody whom the records name as a reviewer or an editor is no longer named as such.",
        "Dropping a critic must not look as if nobody had asked.",
        "Put the names back. Withdraw and submit again to change who reviews.",
        "reviewers: [bob, carol] -> [bob] during the review",
    ),
    Code(
        "AU322",
        "person-without-record",
        "A postmortem in review or later names a reviewer or an editor whom no record names.",
        "It would look as if somebody had been asked, or had approved, who never was.",
        "Take the name out. pmctl submit asks further reviewers on the record.",
        "reviewers: [bob] -> [bob, carol] after the publication",
    ),
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
        "Somebody edited a document without being its author, an editor, a reviewer or an admin, or has left: none of"
        " their keys is in use.",
        "The author answers for the text.",
        _EDITOR,
        "a colleague rewrites the root cause",
    ),
    Code(
        "AU703",
        "may-not-track",
        "Somebody changed an action item of another person.",
        "Its owner, the author, editors, admins and services keep it up to date. Reviewers do not: no approval covers"
        " these cells, so that nobody would see the change.",
        _EDITOR,
        "closing somebody else's item",
    ),
    Code(
        "AU704",
        "may-not-share",
        "Somebody changed who may edit without being the author or an admin.",
        "Otherwise everybody could make themselves an editor.",
        "The author names the editors.",
        "editors: {mallory: edit} by mallory",
    ),
    Code(
        "AU712",
        "may-not-comment",
        "Somebody commented who is not the author, an editor of either level, a reviewer, a participant, the owner of"
        " an action item or an admin, or who has left.",
        "The discussion is between those who answer for the postmortem.",
        "The author can give the right to comment at any time: pmctl editors add ID HANDLE --comment.",
        "a comment by somebody from another team",
    ),
    Code(
        "AU714",
        "may-not-resolve",
        "Somebody resolved or reopened a thread that they did not begin, and is not the author, an editor or an admin."
        " It does not count.",
        "Whoever is asked something must not close the question for those who answer for the text.",
        "Ask somebody who may; the thread stays as it was.",
        "a participant resolves the reviewer's objection",
    ),
    Code(
        "AU718",
        "may-not-meet",
        "Somebody planned, moved or cancelled a meeting about a postmortem who may not comment on it, or is an agent.",
        "People are invited in somebody's name, and a meeting must not be called off by a stranger.",
        "The author can give the right to comment at any time: pmctl editors add ID HANDLE --comment.",
        "a meeting cancelled by somebody from another team",
    ),
    Code(
        "AU721",
        "may-not-write-public",
        "A public text was written or removed by somebody who is no author, editor, reviewer or admin.",
        "What customers will read is prepared by people who know what happened.",
        _EDITOR,
        "a public text changed by somebody from another team",
    ),
)
