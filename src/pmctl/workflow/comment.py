"""Say something about a postmortem: begin a thread, reply, resolve, reopen. Each act adds one file in one commit."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pmctl.document import beside
from pmctl.document.anchor import anchor
from pmctl.document.beside import Beside
from pmctl.document.comment import (
    Message,
    MessageKind,
    mention_finding,
    mentions,
    message_id,
    plain_text,
    written,
)
from pmctl.errors import Refused, UsageProblem, advise
from pmctl.insight.discussion import find_thread, short_names
from pmctl.ledger.current_state import current_state
from pmctl.policy.discussion import Rights, Thread, check_message
from pmctl.policy.model import SIGNED, Policy
from pmctl.repository.records import refusal
from pmctl.repository.transaction import CommitResult, Write, commit
from pmctl.repository.workspace import Workspace
from pmctl.surroundings import Surroundings
from pmctl.workflow.done import Done
from pmctl.workflow.editing import run_editor

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # without those that are taken for others
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)
_WORDS = {MessageKind.COMMENT: "reply", MessageKind.RESOLVE: "resolve", MessageKind.REOPEN: "reopen"}
_CUT = "# Above this line goes what you have to say; below it is only for you."


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks: `handle` in whose name, `committer` whom git names as the author ("" for nobody of the policy)."""

    handle: str
    committer: str


@dataclass(frozen=True, slots=True)
class Said:
    """What was said. `thread` and `message` are ids, `short` is the least of the thread's id that is enough; `resolved`
    is how the thread stands now."""

    postmortem: str
    thread: str
    short: str
    message: str
    kind: MessageKind
    by: str
    section: str
    quote: str
    landed: CommitResult
    resolved: bool
    warnings: tuple[str, ...] = ()
    may_resolve: bool = True

    @property
    def done(self) -> Done:
        """The same as every act tells it."""
        verb = {MessageKind.RESOLVE: "resolved", MessageKind.REOPEN: "reopened"}.get(self.kind, "commented in")
        about = f", {self.section}" if self.section else ""
        return Done(
            act=f"comment {_WORDS[self.kind]}" if self.message != self.thread else "comment add",
            id=self.postmortem, by=self.by, sentence=f"{verb} {self.short} of {self.postmortem}{about}",
            landed=self.landed, facts=(f"thread {self.thread}",), warnings=self.warnings,
            next_step="" if self.resolved or not self.may_resolve else advise("resolve-thread", thread=self.short),
        )  # fmt: skip


def begin(
    workspace: Workspace,
    who: Speaker,
    name: str,
    text: str,
    signing: Sequence[str],
    *,
    at: datetime,
    section: str = "",
    quote: str = "",
    note: str = "",
) -> Said:
    """Begin a thread about the postmortem `name`, a section of it, or words quoted from one.

    What is commented on is the last commit; `note` goes into the commit's message. Raises NotFound for a section or a
    quote that is not there, UsageProblem for nothing said or an unknown mention, Refused when `who` may not comment.
    """
    document = workspace.read_at(name)
    if quote and not section:
        raise UsageProblem("a quote is from a section", hint="name it: --section NAME")
    about = anchor(document, section, quote) if section else ("", "", "")
    own = message_id(at, who.handle, _mark())
    message = Message(own, own, MessageKind.COMMENT, who.handle, at, kept_text(workspace.policy, text), *about)
    return _land(workspace, who, name, message, signing, note=note)


def answer(
    workspace: Workspace, who: Speaker, part: str, kind: MessageKind, text: str, signing: Sequence[str], *, at: datetime
) -> Said:
    """Reply to the thread that `part` names, resolve it or reopen it; the last two need no text.

    Raises NotFound for no or several threads, Refused when `who` may not, or when the thread is so already.
    """
    name, thread = find_thread(workspace.head, part)
    if kind is not MessageKind.COMMENT and thread.resolved is (kind is MessageKind.RESOLVE):
        by = f" by {thread.resolved_by}" if thread.resolved else ""
        raise Refused(f"the thread {thread.id} is {'resolved' if thread.resolved else 'open'} already{by}")
    at = _behind(thread, at)
    own = message_id(at, who.handle, _mark())
    said = kept_text(workspace.policy, text, empty=kind is not MessageKind.COMMENT)
    message = Message(own, thread.id, kind, who.handle, at, said)
    return _land(workspace, who, name, message, signing, thread)


def typed(surroundings: Surroundings, about: Sequence[str]) -> str:
    """What the person types in their editor; `about` are lines that tell them what they answer.

    Raises EnvironmentProblem when there is no editor.
    """
    with tempfile.TemporaryDirectory(prefix="pmctl-comment-") as folder:
        file = Path(folder) / "COMMENT.md"
        file.write_text("\n".join(("", "", _CUT, *(f"# {line}" for line in about), "")), encoding="utf-8")
        run_editor(file, surroundings, "the comment", "give the text: -m TEXT")
        said = file.read_bytes().decode("utf-8", "surrogateescape")
    return said.partition(_CUT)[0]


def _behind(thread: Thread, at: datetime) -> datetime:
    """The time of a new message: behind all of its thread, whatever the clocks of the others said."""
    last = max(one.at for one in thread.messages)
    return max(at, last + timedelta(seconds=1) if last < _LATEST else last)


def _mark() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(6))


def kept_text(policy: Policy, text: str, *, empty: bool = False) -> str:
    """The text as it is kept. Raises UsageProblem for none, and for an `@name` that is nobody of the policy."""
    plain = plain_text(text)
    if not plain.strip() and not empty:
        raise UsageProblem("there is nothing to say", hint="give the text: -m TEXT")
    people = frozenset(policy.people)
    wrong = [mention_finding(handle, people) for handle, _ in mentions(plain) if handle not in people]
    if wrong:
        details = tuple((one.message, one.fix) for one in wrong[1:])
        raise UsageProblem(f"{wrong[0].code} {wrong[0].message}", hint=wrong[0].fix, details=details)
    return plain if plain.strip() else ""


def _land(
    workspace: Workspace,
    who: Speaker,
    name: str,
    message: Message,
    signing: Sequence[str],
    thread: Thread | None = None,
    note: str = "",
) -> Said:
    now = current_state(workspace.head, name)
    rights = Rights(workspace.read_at(name), now.state, now.policy)
    violations = check_message(message, (who.committer,) if who.committer else (), rights, name)
    if violations:
        raise refusal(violations)
    if now.policy.edits == SIGNED and not signing:
        raise Refused(
            "AU705 the policy says edits: signed, and git is not set to sign commits with your key of the policy",
            hint="with an SSH key: git config gpg.format ssh, and git config user.signingkey PATH; with an OpenPGP key:"
            " git config --unset gpg.format",
        )
    path, data = beside.stored(Beside.COMMENTS, name, written(message), f"{message.id}.md")
    verb = {MessageKind.RESOLVE: "Resolve a thread of", MessageKind.REOPEN: "Reopen a thread of"}.get(
        message.kind, "Comment on"
    )
    landed = commit(
        workspace.repo,
        [Write(path, data)],
        f"{verb} {name}\n\n{f'{note}{chr(10) * 2}' if note else ''}Postmortem: {name}\nThread: {message.thread}\n",
        signing=signing,
    )
    short = short_names(workspace.head).get(message.thread, message.thread[-6:])
    first = thread.messages[0] if thread is not None else message
    resolved = message.kind is MessageKind.RESOLVE or (
        message.kind is MessageKind.COMMENT and thread is not None and thread.resolved
    )
    return Said(
        name, message.thread, short, message.id, message.kind, message.by, first.section, first.quote, landed, resolved,
        tuple(f"@{handle} left, and will not read it" for handle in _left(now.policy, message.text)),
        message.by in rights.resolve(message.thread),
    )  # fmt: skip


def _left(policy: Policy, text: str) -> list[str]:
    """Who is addressed and has left, each once."""
    return [handle for handle in dict.fromkeys(name for name, _ in mentions(text)) if handle not in policy.present]
