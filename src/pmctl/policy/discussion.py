"""The threads of a postmortem: messages -> Thread, and who may say what. Pure.

What stands in files is folded in the order that the messages claim. A thread is resolved by the last message that
resolves or reopens it and is by somebody who may; one by anybody else is shown, and does not count. Who really wrote a
message is another question, which the audit asks of commits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from pmctl.codes import Code
from pmctl.document.comment import Message, MessageKind, writer_of
from pmctl.document.reader import Document
from pmctl.errors import advise
from pmctl.policy.edits import Right, refused, who_may
from pmctl.policy.model import Policy
from pmctl.policy.permission import Violation
from pmctl.policy.state import PostmortemState


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread. `section`, `quote` and `block` are what it is about, empty for the whole postmortem.

    `messages` are in order, the first one missing when somebody has removed it. `writer` began it. `settled` is the
    last message that counts and resolved or reopened it; `idle` are the ids of those that do not count.
    """

    id: str
    writer: str
    section: str
    quote: str
    block: str
    messages: tuple[Message, ...]
    settled: Message | None = None
    idle: tuple[str, ...] = ()

    @property
    def resolved(self) -> bool:
        """Whether nothing is left to be said."""
        return self.settled is not None and self.settled.kind is MessageKind.RESOLVE

    @property
    def resolved_by(self) -> str:
        """Who resolved it, "" for nobody."""
        return self.settled.by if self.settled is not None and self.resolved else ""

    @property
    def began(self) -> datetime:
        """When it began, as its first message claims."""
        return self.messages[0].at


@dataclass(frozen=True, slots=True)
class Rights:
    """Who may take part in the discussion of one postmortem as it stands.

    `document` is what it says. Where the step that brings a message changes that, `changed` is what it says after it:
    whoever becomes a participant may speak at once, and decides about nobody's thread yet.
    """

    document: Document | None
    state: PostmortemState
    policy: Policy
    changed: Document | None = None

    def comment(self) -> tuple[str, ...]:
        """Everybody who may comment."""
        versions = dict.fromkeys((self.document, self.changed or self.document))
        able = (who_may(Right.COMMENT, one, self.state, self.policy) for one in versions)
        return tuple(dict.fromkeys(handle for handles in able for handle in handles))

    def resolve(self, thread: str, *, past: bool = False) -> tuple[str, ...]:
        """Everybody who may resolve and reopen the thread with this id; with `past` also those who left since."""
        document = self.document or self.changed
        return who_may(Right.RESOLVE, document, self.state, self.policy, owner=writer_of(thread), past=past)


def threads(messages: Iterable[Message], rights: Rights) -> tuple[Thread, ...]:
    """The threads of one postmortem, the oldest first."""
    grouped: dict[str, list[Message]] = {}
    for message in sorted(messages, key=lambda one: one.order):
        grouped.setdefault(message.thread, []).append(message)
    found = (_thread(name, said, rights) for name, said in grouped.items())
    return tuple(sorted(found, key=lambda one: (one.began, one.id)))


def _thread(name: str, said: list[Message], rights: Rights) -> Thread:
    # Whoever writes a reply cannot put it before the message that it answers.
    said.sort(key=lambda one: (not one.is_first, one.order))
    first = said[0]
    moves = [one for one in said if one.kind is not MessageKind.COMMENT]
    # When somebody leaves, what they had settled does not open again; that they settle more is the audit's to report.
    may = frozenset(rights.resolve(name, past=True)) if moves else frozenset()
    counting = [one for one in moves if one.by in may]
    return Thread(
        name,
        writer_of(name),
        first.section if first.is_first else "",
        first.quote if first.is_first else "",
        first.block if first.is_first else "",
        tuple(said),
        counting[-1] if counting else None,
        tuple(one.id for one in moves if one.by not in may),
    )


def unresolved(found: Iterable[Thread]) -> tuple[Thread, ...]:
    """The threads that keep a postmortem from being published."""
    return tuple(thread for thread in found if not thread.resolved)


def check_message(message: Message, who: Collection[str], rights: Rights, doc: str) -> list[Violation]:
    """Why a new message may not be there; `who` are the people whom its commit names.

    The command line asks before it commits, hooks and the audit afterwards.
    """
    found = []
    if message.by not in who:
        found.append(not_by_its_writer(message.by, who))
    if message.kind is MessageKind.COMMENT:
        able = rights.comment()
        right = Right.COMMENT
    else:
        able = rights.resolve(message.thread)
        right = Right.RESOLVE
    if message.by not in able:
        found.append(refused(right, (message.by,), able, doc, rights.policy))
    return found


def not_by_its_writer(by: str, who: Collection[str]) -> Violation:
    """What is said of a message that is committed by somebody else than it says."""
    people = " and ".join(sorted(who)) or "somebody whom the policy does not know"
    message = f"a message says that it is by {by}, and its commit is by {people}"
    return Violation("AU711", message, "everybody comments in their own name", attributed=True)


def check_alteration(path: str, writer: str, who: Collection[str], policy: Policy, verb: str) -> list[Violation]:
    """Why a message may not be changed or removed by `who`; `verb` says what happens to it: changed, removed."""
    if any(handle in policy.present and (handle == writer or handle in policy.admins) for handle in who):
        return []
    people = " and ".join(sorted(who)) or "somebody whom the policy does not know"
    message = f"{path} was {verb} by {people}; only {writer or 'its writer'} and admins may"
    return [Violation("AU713", message, advise("restore-message", path=path), attributed=True)]


CODES = (
    Code(
        "AU711",
        "message-by-another",
        "A message of a discussion is committed by somebody else than it says, as far as commits tell.",
        "Anybody could put words into somebody's mouth, or resolve an objection in another's name.",
        "Its writer says it again, and an admin removes the file. Name those whose messages a squash brings as"
        " co-authors.",
        "by: bob in a commit of mallory's",
    ),
    Code(
        "AU713",
        "message-altered",
        "A message of a discussion was changed or removed by somebody who is neither its writer nor an admin, or left"
        " out by a merge.",
        "An objection must not vanish, nor say something else than its writer said.",
        "Put it back: git checkout COMMIT -- PATH.",
        "an open thread deleted before the publication",
    ),
)
