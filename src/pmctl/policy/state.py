"""Where a postmortem stands: the fold of its records so far. Values only; `policy.lifecycle` moves them."""

from __future__ import annotations

from dataclasses import dataclass, replace

DRAFT = "DRAFT"
IN_REVIEW = "IN_REVIEW"
PUBLISHED = "PUBLISHED"
ARCHIVED = "ARCHIVED"
DELETED = "DELETED"

FINAL = (PUBLISHED, ARCHIVED)
"""States in which the content is bound and changes only on the record."""


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's approval in the current round.

    `record` is the record's digest, `content` the digest that it binds, `commit` the step that brought it
    (empty when not yet known). `stale` says that another content landed after it; that is never undone.
    """

    by: str
    record: str
    content: str
    at: str = ""
    note: str = ""
    commit: str = ""
    stale: bool = False


@dataclass(frozen=True, slots=True)
class PostmortemState:
    """One postmortem after some of its records.

    `head` is the digest of the record that moved the state last, `submit` that of the last submit (kept
    after the review ended, so that an approval that was under way is recognised), `submit_prev` what that
    submit followed. `author` is whom the first step of the document named, or an amend since. `content`
    is the digest that a published or archived postmortem is bound to. `landed` are the contents that the
    document has had since the submit. `records` counts the records that took effect or were only late.
    `moved_by`, `moved_at` and `moved_in` (a commit) describe the last move; claims, for people.
    """

    id: str
    status: str = DRAFT
    round: int = 0
    head: str = ""
    submit: str = ""
    submit_prev: str = ""
    author: str = ""
    reviewers: tuple[str, ...] = ()
    approvals: tuple[Approval, ...] = ()
    content: str = ""
    landed: tuple[str, ...] = ()
    records: int = 0
    moved_by: str = ""
    moved_at: str = ""
    moved_in: str = ""
    last_act: str = ""

    @property
    def next_number(self) -> int:
        """The number of the next record's file name."""
        return self.records + 1

    @property
    def deleted(self) -> bool:
        """True after a delete record until the id is used again."""
        return self.status == DELETED

    def counting(self, content: str) -> tuple[Approval, ...]:
        """The approvals of the current round that count for this content: exact and never stale."""
        return tuple(a for a in self.approvals if a.content == content and not a.stale)

    def observe(self, content: str) -> PostmortemState:
        """The same state after a step in which the document had this content digest.

        Approvals of anything else become stale for good, so that changing A -> B -> A revives none.
        """
        landed = self.landed if content in self.landed else (*self.landed, content)
        if landed is self.landed and all(a.stale or a.content == content for a in self.approvals):
            return self
        approvals = tuple(a if a.stale or a.content == content else replace(a, stale=True) for a in self.approvals)
        return replace(self, landed=landed, approvals=approvals)


@dataclass(frozen=True, slots=True)
class View:
    """The document's side of a judgement, as plain data: what an act is about to bind.

    `content` is the content digest, `author` and `editors` (those with the right to edit) come from the
    front matter, `missing` names required sections and custom fields that nobody has written, `unresolved` counts
    open discussions. `unbound` says why a digest would not cover what readers see ("" when it does). `writers` are
    the people who wrote the content as far as commits tell.

    The audit also says what the document was while an act was under way: `earlier` holds digests that it
    had on the way, and `rewritten` is true when the step that brings the act changes the document too, so
    that a squash may hide versions in between. Both stay empty before an act is written.
    """

    content: str
    author: str = ""
    editors: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unresolved: int = 0
    unbound: str = ""
    writers: tuple[str, ...] = ()
    landing: bool = False
    earlier: tuple[str, ...] = ()
    rewritten: bool = False
