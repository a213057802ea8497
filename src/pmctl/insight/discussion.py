"""What is said about postmortems, for people to read: threads at a commit, and where the text of each is now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pmctl.document import beside
from pmctl.document.anchor import AnchorState, Place, locate
from pmctl.document.beside import Beside
from pmctl.document.comment import NAME, Message, mentions
from pmctl.document.fields import is_id
from pmctl.document.finding import Finding
from pmctl.document.reader import Document
from pmctl.errors import NotFound
from pmctl.ledger.current_state import current_state, report_of
from pmctl.ledger.discussion import Discussion, discussion
from pmctl.ledger.snapshot import Snapshot
from pmctl.ledger.traces import traces
from pmctl.policy.discussion import Thread
from pmctl.text import near, utc

_DOUBTS = ("AU711", "AU713")
_SHOWN = 20  # candidates that an ambiguous name lists


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """One message of a thread. `counts` is false for a resolve or reopen by somebody who may not; `doubt` says who
    committed, changed or removed it in another's name, as far as commits tell."""

    id: str
    kind: str
    by: str
    at: str
    text: str
    mentions: tuple[str, ...]
    counts: bool
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class ListedThread:
    """One thread as it stands. `thread` is its id and `short` the least of it that names no other.

    `section` and `quote` are what it was begun about, empty for the whole postmortem; `anchor` says what became of that
    text (current, changed, moved, outdated), `now_in` and `line` where it is. `doubt` is that of the message which
    resolved it.
    """

    thread: str
    short: str
    postmortem: str
    section: str
    quote: str
    anchor: str
    now_in: str
    line: int
    writer: str
    began: str
    resolved: bool
    resolved_by: str
    messages: tuple[ListedMessage, ...]
    doubt: str = ""

    def addresses(self, handle: str) -> bool:
        """Whether somebody is mentioned in it."""
        return any(handle in one.mentions for one in self.messages)


@dataclass(frozen=True, slots=True)
class Discussions:
    """pmctl comment list: the threads about postmortems, the oldest first."""

    threads: tuple[ListedThread, ...]


def discussed(snapshot: Snapshot, doc: str) -> Discussion:
    """The threads of a postmortem at a snapshot; none where there is no policy that can be read.

    Raises MissingObject, CorruptObject.
    """
    if (
        not snapshot.commit
        or snapshot.policy()[0] is None
        or not snapshot.names(beside.folder_of(Beside.COMMENTS, doc))
    ):
        return Discussion()
    now = current_state(snapshot, doc)
    return discussion(snapshot, doc, now.state, now.policy)


def postmortems_discussed(snapshot: Snapshot) -> list[str]:
    """The ids of the postmortems that anything is said about, sorted."""
    names = snapshot.names(beside.folder_of(Beside.COMMENTS))
    return sorted(name for name in names if is_id(name) and snapshot.document(name) is not None)


def listed(snapshot: Snapshot, docs: Iterable[str]) -> tuple[ListedThread, ...]:
    """The threads of these postmortems at a snapshot."""
    short = short_names(snapshot)
    found = []
    for doc in docs:
        where = snapshot.document(doc)
        document = snapshot.source.documents.document(where) if where is not None else None
        threads = discussed(snapshot, doc).threads
        doubts = doubted(snapshot, doc) if threads else {}
        found += [_listed(doc, thread, document, short, doubts) for thread in threads]
    return tuple(found)


def doubted(snapshot: Snapshot, doc: str) -> dict[str, str]:
    """What the audit says against messages about a postmortem, by their paths: each is in another's name, or was
    changed or removed by somebody else, as far as commits tell.

    What was put right by removing or restoring it is not among them.
    """
    if not snapshot.commit or snapshot.policy()[0] is None:
        return {}
    found: dict[str, str] = {}
    for one in report_of(snapshot).findings:
        if one.doc != doc or one.code not in _DOUBTS or one.waived_by:
            continue
        stays = one.code == "AU711" or f"{one.path} was changed" in one.message
        if stays == (snapshot.entry(one.path) is not None):
            found[one.path] = f"{one.message}, as far as commits tell"
    return found


def removed(snapshot: Snapshot, docs: Iterable[str]) -> tuple[str, ...]:
    """Which messages about these postmortems somebody else than their writer took away, a sentence each."""
    found = ((path, said) for doc in docs for path, said in doubted(snapshot, doc).items())
    return tuple(said for path, said in found if snapshot.entry(path) is None)


def told(snapshot: Snapshot, doc: str) -> tuple[str, ...]:
    """What is to be known about the discussion of a postmortem before anybody relies on it, a sentence each.

    The audit, which knows, is asked only where somebody has said something: elsewhere its time would be for nothing.
    """
    folder = beside.folder_of(Beside.COMMENTS, doc)
    if not snapshot.names(folder):
        gone = traces(snapshot)
        if gone is not None and not any(path.startswith(f"{folder}/") for path in gone.removed):
            return ()
    return tuple(f"the discussion: {said}" for said in doubted(snapshot, doc).values())


def unreadable(snapshot: Snapshot, docs: Iterable[str]) -> tuple[Finding, ...]:
    """What is wrong with the files of messages about these postmortems, as committed; some of them do not count."""
    return tuple(problem for doc in docs for problem in discussed(snapshot, doc).problems)


def place_of(thread: Thread, document: Document | None) -> Place:
    """Where the text that a thread is about is in this version of the postmortem."""
    if document is None:
        return Place(AnchorState.OUTDATED, thread.section)
    return locate(document, thread.section, thread.quote, thread.block)


def short_names(snapshot: Snapshot) -> dict[str, str]:
    """The ids of all messages at a snapshot, each with the six letters at its end where no other has them."""
    names = [name for _, name in _names(snapshot)]
    ends: dict[str, int] = {}
    for name in names:
        ends[name[-6:]] = ends.get(name[-6:], 0) + 1
    return {name: name[-6:] if ends[name[-6:]] == 1 else name for name in names}


def _short_name(thread: str, known: dict[str, str]) -> str:
    """The same for a thread whose first message is gone."""
    return thread if any(name.endswith(thread[-6:]) for name in known) else thread[-6:]


def find_thread(snapshot: Snapshot, part: str) -> tuple[str, Thread]:
    """(postmortem, thread) that `part` names: a thread's id, that of any of its messages, or any part of one.

    Raises NotFound with the candidates.
    """
    wanted = part.strip().removesuffix(".md").lower()
    names = [(doc, name) for doc, name in _names(snapshot) if wanted and wanted in name.lower()]
    whole = [(doc, name) for doc, name in names if name.lower() == wanted]
    found: dict[tuple[str, str], Thread] = {}
    threads: dict[str, tuple[Thread, ...]] = {}
    for doc in () if names or not wanted else postmortems_discussed(snapshot):  # its first message may be gone
        threads[doc] = discussed(snapshot, doc).threads
        names += [(doc, thread.id) for thread in threads[doc] if wanted in thread.id.lower()]
    for doc, name in whole or names:
        if doc not in threads:
            threads[doc] = discussed(snapshot, doc).threads
        for thread in threads[doc]:
            if name == thread.id or any(one.id == name for one in thread.messages):
                found[doc, thread.id] = thread
    if len(found) == 1:
        ((doc, _), thread), *_ = found.items()
        return doc, thread
    if found:
        details = tuple(f"{name} of {doc}" for doc, name in found)
        more = (f"... and {len(details) - _SHOWN} more",) if len(details) > _SHOWN else ()
        raise NotFound(
            f"{part!r} fits {len(found)} threads", hint="type more of the id", details=(*details[:_SHOWN], *more)
        )
    close = near(wanted, (name[-6:] for _, name in _names(snapshot)))
    details = tuple(f"did you mean {name}?" for name in close)
    raise NotFound(f"there is no thread {part!r}", hint="pmctl comment list shows them all", details=details)


def _names(snapshot: Snapshot) -> Iterable[tuple[str, str]]:
    for doc in postmortems_discussed(snapshot):
        for name in snapshot.names(beside.folder_of(Beside.COMMENTS, doc)):
            if name.endswith(".md") and NAME.fullmatch(name.removesuffix(".md")):
                yield doc, name.removesuffix(".md")


def _listed(
    doc: str, thread: Thread, document: Document | None, short: dict[str, str], doubts: dict[str, str]
) -> ListedThread:
    place = place_of(thread, document)
    said = {one.id: doubts.get(beside.path_of(Beside.COMMENTS, doc, f"{one.id}.md"), "") for one in thread.messages}
    return ListedThread(
        thread.id,
        short.get(thread.id) or _short_name(thread.id, short),
        doc,
        thread.section,
        thread.quote,
        place.state.value,
        place.section,
        place.line,
        thread.writer,
        utc(thread.began),
        thread.resolved,
        thread.resolved_by,
        tuple(_message(one, thread, said[one.id]) for one in thread.messages),
        said.get(thread.settled.id, "") if thread.settled is not None else "",
    )


def _message(one: Message, thread: Thread, doubt: str) -> ListedMessage:
    named = tuple(dict.fromkeys(handle for handle, _ in mentions(one.text)))
    return ListedMessage(one.id, one.kind.value, one.by, utc(one.at), one.text, named, one.id not in thread.idle, doubt)
