"""What a record says, typed: one act of one person on one postmortem or on the repository; and the table of all acts.

Bytes become an Act in `ledger.record`; rules about acts live in `policy.lifecycle` (postmortems) and
`policy.change` (the policy itself).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from pmctl.policy.state import ARCHIVED, DELETED, DRAFT, FINAL, IN_REVIEW, PUBLISHED

SUBMIT = "submit"
REQUEST_REVIEW = "request-review"
APPROVE = "approve"
REQUEST_CHANGES = "request-changes"
WITHDRAW = "withdraw"
PUBLISH = "publish"
AMEND = "amend"
ADD_ITEM = "add-item"
ARCHIVE = "archive"
REOPEN = "reopen"
DELETE = "delete"
POLICY = "policy"
BASELINE = "baseline"
WAIVE = "waive"
MOVE = "move"
CHECKPOINT = "checkpoint"
SHARE = "share"
UNSHARE = "unshare"
ENDORSE = "endorse"  # of a public text

REPOSITORY = "repository"  # the folder of records about the whole repository; no postmortem has this id


class ActSpec(NamedTuple):
    """What is true of every act of one kind. A new act is one row below, and in `lifecycle` what only it checks.

    `past` completes "jane ... 2024-01-15-payment"; `who` is one of the roles below. `moves` leads from each state in
    which the act is possible to the next one; it is empty for an act about the repository, whose records lie under
    `folder`. `keys` are what its record holds beyond the common keys. `help` and `more` describe it to whoever can ask
    for it by name.
    """

    name: str
    past: str
    who: str
    moves: Mapping[str, str] = MappingProxyType({})
    needs_note: bool = False
    keys: frozenset[str] = frozenset()
    folder: str = ""
    help: str = ""
    more: str = ""


AUTHOR, REVIEWER, PUBLISHER, ADMIN, WITNESS = "author", "reviewer", "publisher", "admin", "witness"
ANYBODY = "anybody"
"""Whoever of the policy signs."""

_REVIEWERS = frozenset(("reviewers", "editors"))

ACTS: dict[str, ActSpec] = {
    spec.name: spec
    for spec in (
        ActSpec(
            SUBMIT, "submitted", AUTHOR, {DRAFT: IN_REVIEW}, keys=_REVIEWERS | {"author", "template"},
            help="ask for review: DRAFT -> IN_REVIEW",
            more="On a postmortem in review it asks further reviewers. In a later round the same people are asked"
            " again, unless others are named.",
        ),
        ActSpec(REQUEST_REVIEW, "asked for review of", AUTHOR, {IN_REVIEW: IN_REVIEW}, keys=_REVIEWERS),
        ActSpec(
            APPROVE, "approved", REVIEWER, {IN_REVIEW: IN_REVIEW}, keys=frozenset(("replaces",)),
            help="sign exactly this content",
            more="An edit afterwards makes the approval stale.",
        ),
        ActSpec(
            REQUEST_CHANGES, "requested changes to", REVIEWER, {IN_REVIEW: DRAFT}, needs_note=True,
            help="send it back: IN_REVIEW -> DRAFT",
            more="Its author reads the reason, edits and submits again.",
        ),
        ActSpec(
            WITHDRAW, "withdrew", AUTHOR, {IN_REVIEW: DRAFT},
            help="take your own submission back: IN_REVIEW -> DRAFT",
        ),
        ActSpec(
            PUBLISH, "published", PUBLISHER, {IN_REVIEW: PUBLISHED}, keys=frozenset(("approvals",)),
            help="IN_REVIEW -> PUBLISHED",
            more="Possible when every reviewer has approved exactly this content and it is complete.",
        ),
        # On a draft an amend puts another author on record; on a final postmortem it binds new content.
        ActSpec(
            AMEND, "amended", ADMIN, {state: state for state in (DRAFT, *FINAL)}, needs_note=True,
            keys=frozenset(("was",)),
            help="change published content, on the record (admins)",
            more="Edit the file first, then amend: the changes of the work tree are committed with the signed record.",
        ),
        ActSpec(ADD_ITEM, "added an action item to", AUTHOR, {state: state for state in FINAL}),
        ActSpec(ARCHIVE, "archived", ADMIN, {PUBLISHED: ARCHIVED}, help="PUBLISHED -> ARCHIVED (admins)"),
        ActSpec(
            REOPEN, "reopened", ADMIN, dict.fromkeys(FINAL, DRAFT), needs_note=True,
            help="PUBLISHED or ARCHIVED -> DRAFT (admins)",
            more="A new round of review begins.",
        ),
        ActSpec(
            DELETE, "deleted", ADMIN, dict.fromkeys((DRAFT, IN_REVIEW, *FINAL), DELETED), needs_note=True,
            help="remove a postmortem, on the record (admins)",
            more="Its attachments and discussion go with it. History keeps all. An author deletes a draft never"
            " submitted.",
        ),
        # What customers may read: neither the postmortem's status nor its text changes.
        ActSpec(
            SHARE, "shared the public text of", PUBLISHER, {state: state for state in FINAL},
            keys=frozenset(("text", "settings", "salt", "statement", "seal")),
        ),
        ActSpec(
            UNSHARE, "withdrew the public text of", PUBLISHER, {state: state for state in FINAL}, needs_note=True,
            keys=frozenset(("statement", "seal")),
        ),
        ActSpec(
            ENDORSE, "approved the public text of", ANYBODY, {state: state for state in FINAL},
            keys=frozenset(("text", "settings")),
        ),
        ActSpec(POLICY, "signed", ADMIN, folder=POLICY),
        ActSpec(
            BASELINE, "accepted", ADMIN, needs_note=True,
            keys=frozenset(("documents", "dropped", "tip")), folder=BASELINE,
        ),
        ActSpec(
            WAIVE, "waived", ADMIN, needs_note=True,
            keys=frozenset(("finding", "commit", "about", "covers")), folder=REPOSITORY,
        ),
        ActSpec(MOVE, "moved", ADMIN, keys=frozenset(("old", "new")), folder=REPOSITORY),
        # It says where main was, and changes nothing: the signature is a witness.
        ActSpec(CHECKPOINT, "witnessed", WITNESS, folder=REPOSITORY),
    )
}  # fmt: skip
"""Every act by name."""

REPOSITORY_FOLDERS = frozenset(spec.folder for spec in ACTS.values() if spec.folder)


@dataclass(frozen=True, slots=True)
class Act:
    """One statement. Digests are "sha256:<hex>"; `at` is an ISO 8601 claim that decides nothing.

    `base` is the newest commit of the protected branch that the actor had seen, empty when none was known.
    `content` is the content digest that the act binds (of policy.yaml for a policy act); `from_status` and
    `to_status` are lifecycle states, empty for acts about the repository; `policy` is the version that the
    actor saw (the new version for a policy act); `prev` is the digest of the record that it rests on (see
    `lifecycle.anchor`), empty for the first; `root` is the digest of the repository's first policy; `round` counts
    submissions from 1.

    Extras: `reviewers` and `editors` (submit, request-review), `author` and `template` (submit: who the author is, and
    the digest of the template that it is judged by), `replaces` (approve: digests of the signer's earlier approvals),
    `approvals` (publish: digests of the records it rests on), `was` (amend: the content that it replaces), `finding`,
    `commit`, `about` (a postmortem's id or empty) and `covers` (a count) of a waiver, `documents` (baseline: id,
    content digest, status), `tip` (baseline: the commit whose history it stands for), `dropped` (digests of records),
    `old` and `new` (move: the pmctl root's folder in the repository, '' for its top), `text`, `settings` and `salt`
    (share, endorse: the digests of the public text and of the settings that it was checked by; share: 64 random hex
    digits, with which a public statement commits to `content`), `statement` and `seal` (share, unshare: what customers
    are told that the organisation says, and its signature; empty where the policy names no organisation).
    """

    act: str
    by: str
    doc: str
    at: str
    content: str
    from_status: str
    to_status: str
    note: str
    policy: int
    prev: str
    root: str
    round: int
    base: str = ""
    reviewers: tuple[str, ...] = ()
    author: str = ""
    editors: tuple[str, ...] = ()
    template: str = ""
    replaces: tuple[str, ...] = ()
    was: str = ""
    approvals: tuple[str, ...] = ()
    finding: str = ""
    commit: str = ""
    about: str = ""
    covers: int = 0
    documents: tuple[tuple[str, str, str], ...] = ()
    tip: str = ""
    dropped: tuple[str, ...] = ()
    old: str = ""
    new: str = ""
    text: str = ""
    settings: str = ""
    salt: str = ""
    statement: str = ""
    seal: str = ""
