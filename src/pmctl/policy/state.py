"""Where a postmortem stands: the fold of its records so far. Values only; `policy.lifecycle` moves them.

The fold is over registers: status, author, editors, reviewers and content. Each record says by `prev` on which one it
rests, so that acts which do not touch each other's registers both hold, whichever lands first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

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

    `record` is the record's digest, `content` the digest that it binds, `commit` the step that brought it (empty when
    not yet known). `replaced` says that the same person has taken it back by approving another content.
    """

    by: str
    record: str
    content: str
    at: str = ""
    note: str = ""
    commit: str = ""
    replaced: bool = False


class Leaving(NamedTuple):
    """What customers would get of a public text: the name of its page, and the digest of the Markdown that leaves."""

    page: str
    text: str


class Past(NamedTuple):
    """What a postmortem was right after one of its records: an act that names the record was signed on this.

    `late` says that the record itself came late: then this never was, and what follows it is late as well.
    """

    status: str
    round: int
    author: str
    editors: tuple[str, ...]
    reviewers: tuple[str, ...]
    late: bool = False


@dataclass(frozen=True, slots=True)
class PostmortemState:
    """One postmortem after some of its records.

    `head` is the digest of the record that moved the status last, `draft_head` of the one that set status or author,
    `content_head` of the one that bound the content; a record's `prev` names one of them. `author`, `editors` and
    `template` are as the last submit binds them, the author before the first one whom the document's first version
    names, or an amend since. `asked` are the reviewers whom the submit names, `reviewers` those and all asked since,
    `late_asked` those who were asked too late. `content` is the digest that a published or archived postmortem is
    bound to, `open` that of a text which a merge of two amends left in its place, `bound` all that
    records have bound since it was published, in time or late. `landed` are the contents that the document has had
    since the submit. `shared` is the digest of the public text in force, `shared_head` that of the record that shared
    or withdrew one last, `endorsed` the approvals since then of public texts, `statement` the newest that customers
    were told. `after` has what was after each record that others may follow. `records` counts the records
    that took effect or were only late. `moved_by`, `moved_at` and `moved_in` (a commit) describe the last move;
    claims, for people.
    """

    id: str
    status: str = DRAFT
    round: int = 0
    head: str = ""
    draft_head: str = ""
    content_head: str = ""
    author: str = ""
    editors: tuple[str, ...] = ()
    template: str = ""
    asked: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    late_asked: tuple[str, ...] = ()
    approvals: tuple[Approval, ...] = ()
    content: str = ""
    open: str = ""
    bound: tuple[str, ...] = ()
    landed: tuple[str, ...] = ()
    records: int = 0
    moved_by: str = ""
    moved_at: str = ""
    moved_in: str = ""
    last_act: str = ""
    shared: str = ""
    shared_head: str = ""
    endorsed: tuple[Approval, ...] = ()
    statement: str = ""
    after: Mapping[str, Past] = field(default_factory=dict)

    @property
    def next_number(self) -> int:
        """The number of the next record's file name."""
        return self.records + 1

    @property
    def deleted(self) -> bool:
        """True after a delete record until the id is used again."""
        return self.status == DELETED

    @property
    def past(self) -> Past:
        """This state as what follows it needs to know it."""
        return Past(self.status, self.round, self.author, self.editors, self.reviewers)

    def at(self, digest: str) -> PostmortemState | None:
        """The state on which an act was signed that names this record; None when the record is not known."""
        past = self.after.get(digest) if self.after or digest else self.past
        if past is None:
            return None
        return replace(
            self, status=past.status, round=past.round, author=past.author, editors=past.editors,
            asked=past.reviewers, reviewers=past.reviewers, approvals=(), content="", open="", landed=(),
        )  # fmt: skip

    def counting(self, content: str) -> tuple[Approval, ...]:
        """The approvals of the current round that hold for this content."""
        return tuple(a for a in self.approvals if a.content == content and not a.replaced)

    def observe(self, content: str) -> PostmortemState:
        """The same state after a step in which the document had this content digest."""
        return self if content in self.landed else replace(self, landed=(*self.landed, content))


@dataclass(frozen=True, slots=True)
class View:
    """The document's side of a judgement, as plain data: what an act is about to bind.

    `content` is the content digest, `author` and `editors` (those with the right to edit) come from the front matter
    and are claims until a submit binds them; `missing` names required sections and custom fields that nobody has
    written, `unresolved` counts open discussions. `unbound` says why a digest would not cover what readers see,
    `template` why the postmortem can't be judged by the template that the submit names, `rows` what an act that adds
    items changes besides ("" when all is well), `left_out` which signed acts about it a merge left out that are not
    back. `public` are the public texts that are there, by their digests (None: not asked), `sealed_by` the key that
    signed the statement of a share ("" for none that holds). `writers` are the people who
    wrote the content as far as commits tell.

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
    template: str = ""
    rows: str = ""
    public: Mapping[str, Leaving | None] | None = None
    sealed_by: str = ""
    left_out: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    landing: bool = False
    earlier: tuple[str, ...] = ()
    rewritten: bool = False
