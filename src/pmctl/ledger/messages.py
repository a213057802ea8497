"""Messages of discussions in one step: who put them there, changed or removed them, and whether they might.

The attributed layer: nothing here is signed by itself, so it rests on whom commits name, under `edits: signed` on
their signatures. What keeps a publication is asked here, too, of the one function that everybody asks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from pmctl.codes import Code
from pmctl.document.beside import Beside, folder_of, owner_of
from pmctl.document.comment import Message, MessageKind, no_beginning, read_message, writer_of
from pmctl.errors import advise
from pmctl.ledger import attribution
from pmctl.ledger.discussion import discussion
from pmctl.ledger.document_step import DocumentStep
from pmctl.ledger.record import FOLDER
from pmctl.ledger.report import ATTRIBUTED, Event
from pmctl.ledger.snapshot import Snapshot
from pmctl.ledger.step import StepContext
from pmctl.ledger.tree_documents import REGULAR
from pmctl.ledger.trees import Difference
from pmctl.ledger.verified_records import VerifiedRecord
from pmctl.objects import Commit, Entry
from pmctl.policy.discussion import Rights, check_alteration, check_message
from pmctl.policy.permission import Violation
from pmctl.policy.state import FINAL, PostmortemState
from pmctl.text import plural, utc

COMMENTS = folder_of(Beside.COMMENTS) + "/"
_IDLE = "AU714"  # resolved or reopened by somebody who may not: the thread stays as it was
_EVENTS = {
    MessageKind.COMMENT: ("commented", "in thread"),
    MessageKind.RESOLVE: ("resolved", "thread"),
    MessageKind.REOPEN: ("reopened", "thread"),
}


class _Contribution(NamedTuple):
    """What one commit does to one message's file."""

    commit: Commit
    change: Difference


def check(step: StepContext, differences: Iterable[Difference]) -> None:
    """Report what a step does to messages without a right to it, and what a merge leaves out."""
    here = [one for one in differences if one.path.startswith(COMMENTS)]
    policy = step.state.policy
    if policy is None or not (here or step.merged):
        return
    done = list(_contributions(step, here))
    landed = {one.path: one.new for one in here}
    for commit, doc in dict.fromkeys((commit, _doc_of(change.path)) for commit, change in done):
        attribution.check_signature(step, commit, doc, f"the discussion of {doc or 'postmortems'}")
    for commit, change in done:
        if change.old is not None:
            _altered(step, commit, change)
        elif landed.get(change.path) is not None:  # what became of it since is asked of each change
            _added(step, commit, change._replace(new=landed[change.path]))
    if step.merged:
        _left_out(step, here, done)
        _check_published(step)
    for path, _, new in here:
        if new is not None and step.state.gone.get(path) == new.oid:
            del step.state.gone[path]


def unresolved_when_published(one: DocumentStep, record: VerifiedRecord, current: PostmortemState) -> int:
    """How many threads were open when a publication was made, of those that are open where it lands.

    One that was begun on another line in the meantime could not be seen by whoever published. It is a warning: somebody
    should look at it.
    """
    step = one.step
    policy = step.state.policy
    assert policy is not None  # noqa: S101  records are read only under a policy
    still = {thread.id for thread in discussion(step.after, one.doc, current, policy).unresolved}
    if not still:
        return 0
    sides = list(_bringing(step, record.path)) or [step.after]
    seen = {thread.id for side in sides for thread in discussion(side, one.doc, current, policy).unresolved}
    _say_missed(step, one.doc, record.path, (still - seen) & _said_without(step, one.doc, record.path))
    return len(still & seen)


def _check_published(step: StepContext) -> None:
    """The same where the publication landed first and a merge brings the threads: which of the two lines is the main
    one depends on what whoever audits knows, and what is said must not."""
    policy = step.state.policy
    brought = {_doc_of(one.path) for commit in step.merged for one in step.lines.deltas.of(commit.oid).comments}
    for doc in sorted(brought - {""}):
        current = step.state.states.get(doc)
        if policy is None or current is None or current.status not in FINAL:
            continue
        name, after = (
            max((name for name in there.records(doc) if "-publish-" in name and name.endswith(".json")), default="")
            for there in (step.before, step.after)
        )
        if name and name == after:
            path = f"{FOLDER}/{doc}/{name}"
            still = {thread.id for thread in discussion(step.after, doc, current, policy).unresolved}
            open_here = {thread.id for thread in discussion(step.before, doc, current, policy).unresolved}
            _say_missed(step, doc, path, (still - open_here) & _said_without(step, doc, path))


def _say_missed(step: StepContext, doc: str, path: str, missed: Collection[str]) -> None:
    if missed:
        message = f"{plural(len(missed), 'discussion')} on {doc} began on another line before it was published here"
        step.find("AU312", message, "read it, and reopen or amend if it matters", doc=doc, path=path, warning=True)


def _said_without(step: StepContext, doc: str, path: str) -> set[str]:
    """The threads in which something was said where the publication in the record at `path` was not."""
    found: list[tuple[str, Entry | None]] = []
    if step.before.tree and step.before.entry(path) is None:
        folder = f"{COMMENTS}{doc}"
        found += [(f"{folder}/{name}", entry) for name, entry in step.before.names(folder).items()]
    for commit in step.merged:
        if step.source.at(commit.oid).entry(path) is None:
            found += [(one.path, one.new) for one in step.lines.deltas.of(commit.oid).comments]
    blobs = ((name, entry) for name, entry in found if entry is not None and entry.mode == REGULAR)
    read = (read_message(step.source.reader.blob(entry.oid), name)[0] for name, entry in blobs if _doc_of(name) == doc)
    return {message.thread for message in read if message is not None}


def _bringing(step: StepContext, path: str) -> Iterator[Snapshot]:
    """The commits of a merge that brought a file which no parent of theirs has."""
    for commit in step.merged:
        snapshot = step.source.at(commit.oid)
        if snapshot.entry(path) is not None and all(
            step.source.at(parent).entry(path) is None for parent in commit.parents
        ):
            yield snapshot


def _contributions(step: StepContext, here: list[Difference]) -> Iterator[_Contribution]:
    """What each commit of a step does to messages, the oldest first."""
    if len(step.commit.parents) < 2:
        yield from (_Contribution(step.commit, one) for one in here)
        return
    for commit in (*reversed(step.merged), *((step.commit,) if here else ())):
        yield from (_Contribution(commit, one) for one in step.lines.deltas.of(commit.oid).comments)


def _added(step: StepContext, commit: Commit, change: Difference) -> None:
    """Report a message that cannot be one, is by somebody else, or by somebody who may not speak."""
    path, _, new = change
    doc = _doc_of(path)
    if new is None or step.state.gone.get(path) == new.oid:
        return  # it is back as it was, whoever brought it
    if _is_deleted(step, doc) and step.after.document(doc) is None:
        if step.source.at(commit.oid).document(doc) is None:
            said = "it is about a postmortem that was deleted before"
            step.find("AU710", said, f"delete the file: git rm {path}", doc=doc, path=path, attributed=True)
        return  # whoever wrote it on a line that still had the postmortem could not know
    message = _read(step, path, new, doc)
    policy = step.state.policy
    if message is None or policy is None:
        return
    names = attribution.names(policy, commit)
    found = check_message(message, names, _rights(step, doc), doc)
    kind, detail = _EVENTS[message.kind]
    step.state.events.append(
        Event(
            step.commit.oid, kind, doc, message.by if message.by in names else "", utc(message.at),
            "refused" if any(one.code == _IDLE for one in found) else "ok", ATTRIBUTED, content=new.oid,
            policy=policy.version, detail=f"{detail} {message.thread}", message=message.id,
        )
    )  # fmt: skip
    first = f"{COMMENTS}{doc}/{message.thread}.md"
    places = (step.after, step.before, step.source.at(commit.oid))
    if first not in step.state.gone and all(there.entry(first) is None for there in places):
        gone = no_beginning(message.thread, path)
        step.find("AU710", gone.message, gone.fix, doc=doc, path=path, attributed=True)
    _report(step, commit, found, doc, path)


def _read(step: StepContext, path: str, entry: Entry, doc: str) -> Message | None:
    """The message in a file; None, with a finding, when it is none that counts."""
    hint = advise("write-message")
    problem = ""
    if not doc or not path.endswith(".md"):
        problem = "it does not lie where a message does"
    elif entry.mode != REGULAR:
        problem = "it is not a regular file"
    elif step.after.document(doc) is None:
        problem = f"there is no {doc}"
    if problem:
        step.find("AU710", f"no message: {problem}", hint, doc=doc, path=path, attributed=True)
        return None
    message, findings = read_message(step.source.reader.blob(entry.oid), path)
    for one in findings:
        said = f"{one.message} (line {one.line})"
        step.find("AU710", said, one.fix or hint, doc=doc, path=path, attributed=True)
    return message


def _altered(step: StepContext, commit: Commit, change: Difference) -> None:
    """Report a message that somebody else changed or removed."""
    path, old, new = change
    policy = step.state.policy
    if old is None or policy is None:
        return
    owned = owner_of(path)
    doc = owned.doc if owned is not None else ""
    if new is not None and step.state.gone.get(path) == new.oid:
        return  # it is as it was
    if new is None and _is_deleted(step, doc):
        return  # it went with its postmortem
    verb = "removed" if new is None else "changed"
    writer = writer_of(owned.name.removesuffix(".md")) if owned is not None else ""
    found = check_alteration(path, writer, attribution.names(policy, commit), policy, verb) if writer else []
    _report(step, commit, found, doc, path)
    if new is None or found:
        step.state.gone.setdefault(path, old.oid)
    if new is not None and not found:
        _read(step, path, new, doc)


def _left_out(step: StepContext, here: list[Difference], done: list[_Contribution]) -> None:
    """Report messages that a parent of a merge holds, that nobody removed, and that its result lacks."""
    removed = {one.change.path for one in done if one.change.new is None}
    brought = {one.change.path: one.change.new for one in done if one.change.new is not None}
    lacking = {one.path: one.old for one in here if one.new is None}
    lacking |= {path: entry for path, entry in brought.items() if step.after.entry(path) is None}
    for path, entry in lacking.items():
        owned = owner_of(path)
        if path in removed or path in step.state.gone or owned is None or entry is None or _is_deleted(step, owned.doc):
            continue
        writer = writer_of(owned.name.removesuffix(".md"))
        message = f"{path}, a message by {writer or 'somebody'}, is missing after this merge"
        step.find("AU713", message, "merge again, and keep it", doc=owned.doc, path=path, attributed=True)
        step.state.gone[path] = entry.oid


def _doc_of(path: str) -> str:
    """The postmortem that a file among the messages is about, '' for none."""
    owned = owner_of(path)
    return owned.doc if owned is not None else ""


def _is_deleted(step: StepContext, doc: str) -> bool:
    """Whether a postmortem was deleted on the record."""
    state = step.state.states.get(doc)
    return state is not None and state.deleted


def _rights(step: StepContext, doc: str) -> Rights:
    """Who may speak: by what the postmortem said before the step and where it stands after the step's acts."""
    policy = step.state.policy
    assert policy is not None  # noqa: S101  the callers have looked
    versions = (one.document(doc) if one.tree else None for one in (step.before, step.after))
    before, after = (step.documents.document(where) if where is not None else None for where in versions)
    return Rights(before, step.state.states.get(doc) or PostmortemState(doc), policy, after)


def _report(step: StepContext, commit: Commit, found: Iterable[Violation], doc: str, path: str) -> None:
    for one in found:
        message = f"{attribution.shown_author(commit)}: {one.message}"
        step.find(one.code, message, one.hint, doc=doc, path=path, attributed=True)


CODES = (
    Code(
        "AU710",
        "no-message",
        "A file among the messages of discussions is none: it cannot be read as one, does not lie where one does, is no"
        " regular file, is about a postmortem that is not there, or answers in a thread that never began.",
        "What cannot be read in one way only is read by nobody, and an objection in it would not count.",
        "Its writer says it again through pmctl comment, and removes the file.",
        "a message of 1 MB",
    ),
)
