"""The audit's events, told as what happened: one step after the other. (audit events, snapshots) -> events.

What an act did is in its record; what happened to action items is in the document before and after; what was said in
its message; the policy in the two versions of it. A step may bring a whole review at once, by a squash: then created
comes first, items next, acts and messages in the order in which the audit judged them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from pmctl.document.beside import Beside, path_of
from pmctl.document.comment import MessageKind, mentions, read_message
from pmctl.document.fields import Visibility
from pmctl.document.markdown_text import line
from pmctl.insight.event import Detail, Event, EventKind, event_id
from pmctl.insight.item_changes import ItemFacts, item_changes, items_of
from pmctl.ledger import record
from pmctl.ledger.paths import belongs_to
from pmctl.ledger.record import RecordProblem
from pmctl.ledger.report import IN_FORCE, PROVED
from pmctl.ledger.report import Event as Audited
from pmctl.ledger.snapshot import Snapshot, Snapshots
from pmctl.ledger.tree_documents import REGULAR, TreeDocument
from pmctl.ledger.trees import Difference
from pmctl.objects import Entry
from pmctl.policy import act as acts
from pmctl.policy.act import Act
from pmctl.policy.audience import said_visibility
from pmctl.policy.differences import differences
from pmctl.processes import counted
from pmctl.text import utc

_TOGETHER = 128  # steps that are compared at a time
_ACTS = {
    acts.SUBMIT: EventKind.SUBMITTED, acts.APPROVE: EventKind.APPROVED,
    acts.REQUEST_CHANGES: EventKind.CHANGES_REQUESTED, acts.WITHDRAW: EventKind.WITHDRAWN,
    acts.PUBLISH: EventKind.PUBLISHED, acts.AMEND: EventKind.AMENDED, acts.ARCHIVE: EventKind.ARCHIVED,
    acts.REOPEN: EventKind.REOPENED, acts.DELETE: EventKind.DELETED, acts.WAIVE: EventKind.FINDING_WAIVED,
    acts.BASELINE: EventKind.HISTORY_ACCEPTED, acts.MOVE: EventKind.ROOT_MOVED,
    acts.ENDORSE: EventKind.PUBLIC_APPROVED, acts.SHARE: EventKind.PUBLIC_SHARED,
    acts.UNSHARE: EventKind.PUBLIC_WITHDRAWN,
}  # fmt: skip
_SAID = {
    MessageKind.COMMENT: EventKind.COMMENTED, MessageKind.RESOLVE: EventKind.RESOLVED,
    MessageKind.REOPEN: EventKind.THREAD_REOPENED,
}  # fmt: skip
_LONGEST = 200  # characters of a message that an event tells
_EDITS = frozenset(("created", "edited", "tracking", "access", "deleted", acts.DELETE, acts.AMEND, acts.ADD_ITEM))
"""What the audit calls a change of a document that is no act, and the acts that change more than its lifecycle."""


class Known(NamedTuple):
    """A postmortem as the fold has come to it: its file, and who may see it."""

    file: str
    visibility: str
    teams: tuple[str, ...]


@dataclass(slots=True)
class Fold:
    """What is known after some of the audit's events: what they told, and what the next ones are compared with.

    `seen` counts, by id, what happened in the same way before: the same person may be given the same item twice.
    `walked` is the commit that documents were last looked at in, `policy` the one that the policy came into force in.
    """

    events: list[Event] = field(default_factory=list)
    documents: dict[str, Known] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    walked: str = ""
    policy: str = ""


class Telling:
    """Moves a fold forward. `newest` is the tip, in which records are looked for first: they stay where they are."""

    def __init__(self, source: Snapshots, newest: Snapshot, fold: Fold) -> None:
        self.source = source
        self.newest = newest
        self.fold = fold
        self._items: dict[str, dict[str, ItemFacts]] = {}

    def tell(self, audited: Sequence[Audited]) -> None:
        """Tell the events that follow those told before. Raises MissingObject, CorruptObject."""
        steps = [(commit, list(found)) for commit, found in groupby(audited, key=attrgetter("commit"))]
        self.source.reader.fetch(commit for commit, _ in steps)
        progress = self.source.repo.progress
        for first in counted(range(0, len(steps), _TOGETHER), "steps told", progress, len(steps)):
            group = steps[first : first + _TOGETHER]
            changed = self._changed([commit for commit, found in group if any(one.kind in _EDITS for one in found)])
            self._fetch_records(one for _, found in group for one in found if one.kind in _READ)
            self.source.reader.fetch(one.content for _, found in group for one in found if one.message)
            for commit, found in group:
                landed = self.source.reader.commit(commit).committer.when
                step = _Step(self, commit, utc(datetime.fromtimestamp(landed, UTC)), found)
                self.fold.events += step.told(changed.get(commit, ()))

    def _changed(self, commits: list[str]) -> dict[str, list[Difference]]:
        """The documents that changed in each of these steps since the one before it that was looked at."""
        if not commits:
            return {}
        before, *trees = (self._folder(commit) for commit in (self.fold.walked, *commits))
        pairs = list(zip((before, *trees), trees, strict=False))
        found = dict(zip(commits, self.source.trees.many(pairs, "postmortems/"), strict=True))
        self.source.reader.fetch(
            one.new.oid for step in found.values() for one in step if one.new is not None and one.path.endswith(".md")
        )
        self.fold.walked = commits[-1]
        return found

    def _fetch_records(self, audited: Iterable[Audited]) -> None:
        """Read the records of these acts ahead, from where they lie at the tip."""
        reader, folders = self.source.reader, self.newest.names(record.FOLDER)
        wanted = [(folders[one.doc], one.record.rpartition("/")[2]) for one in audited if one.doc in folders]
        reader.fetch(folder.oid for folder, _ in wanted)
        entries = (self.source.trees.entries(folder.oid).get(name) for folder, name in wanted)
        reader.fetch([entry.oid for entry in entries if entry is not None])

    def _folder(self, commit: str) -> str:
        return self.source.trees.folder(self.source.at(commit).tree, "postmortems") if commit else ""

    def items(self, doc: str) -> dict[str, ItemFacts]:
        """The items of a postmortem as they were told last."""
        if doc not in self._items:
            known = self.fold.documents.get(doc)
            where = TreeDocument(Entry(REGULAR, known.file)) if known is not None else None
            self._items[doc] = items_of(self.source.documents.document(where)) if where is not None else {}
        return self._items[doc]

    def read(self, doc: str, entry: Entry) -> dict[str, ItemFacts]:
        """The items of a new version, which is the known one from now on.

        Of one that cannot be read nothing is known: its items stay what they were, and nobody may be told of it.
        """
        document = self.source.documents.document(TreeDocument(entry))
        if not document.readable:
            before = self.fold.documents.get(doc)
            self._items[doc] = self.items(doc)
            self.fold.documents[doc] = Known(before.file if before else entry.oid, Visibility.PRIVATE.value, ())
            return self._items[doc]
        said, teams = said_visibility(document.meta.get("visibility")), document.meta.get("teams")
        visibility = said.value if said is not None else ""
        named = tuple(one for one in teams if isinstance(one, str)) if isinstance(teams, list) else ()
        self.fold.documents[doc] = Known(entry.oid, visibility, named)
        self._items[doc] = items_of(document)
        return self._items[doc]

    def forget(self, doc: str) -> None:
        """The postmortem is gone."""
        self.fold.documents.pop(doc, None)
        self._items.pop(doc, None)

    def act(self, audited: Audited) -> Act | None:
        """What a record says; None where it cannot be read any more."""
        data = self.newest.regular_file(audited.record)
        if data is None or record.digest(data) != audited.digest:
            data = self.source.at(audited.commit).regular_file(audited.record)
        try:
            return record.from_bytes(data) if data is not None else None
        except RecordProblem:
            return None


@dataclass(slots=True)
class _Step:
    """One step, in which something happened."""

    telling: Telling
    commit: str
    landed_at: str
    audited: list[Audited]

    def told(self, changed: Iterable[Difference]) -> Iterator[Event]:
        """What happened, postmortem by postmortem, the repository last."""
        # What only acts changed, in this step or since the last one that was looked at, has the items that it had.
        edited = {one.doc for one in self.audited if one.kind in _EDITS}
        documents: dict[str, Difference] = {}
        for change in changed:
            doc, attached = belongs_to(change.path)
            if doc in edited and not attached:
                documents[doc] = change
        about: dict[str, list[Audited]] = {}
        for one in self.audited:
            about.setdefault(one.doc, []).append(one)
        for doc in sorted((about.keys() | documents.keys()) - acts.REPOSITORY_FOLDERS):
            yield from self._document(doc, documents.get(doc), about.get(doc, []))
        for one in self.audited:
            if one.doc in acts.REPOSITORY_FOLDERS:
                yield from self._policy(one) if one.kind == IN_FORCE else self._act(one, "")

    def _document(self, doc: str, change: Difference | None, audited: list[Audited]) -> Iterator[Event]:
        """What happened to one postmortem: to its file and its items first, then what people did with it."""
        edits = [one for one in audited if one.kind in _EDITS and not one.digest]
        if change is not None and change.new is not None:
            before = self.telling.items(doc)
            after = self.telling.read(doc, change.new)
            for one in edits:
                if one.kind == "created":
                    yield self._event(EventKind.CREATED, one, doc, (doc,), counted=True)
            signed = (one for one in audited if one.kind == acts.ADD_ITEM and one.verdict == "ok")
            by = next(signed, None) or next(iter(edits or audited), None)
            for item in item_changes(before, after):
                key = (doc, item.item, item.before, item.after)
                yield self._event(item.kind, by, doc, key, counted=True, subject=item.item, details=item.details)
        for one in audited:
            yield from self._message(one) if one.message else self._act(one, doc)
        if change is not None and change.new is None:
            self.telling.forget(doc)

    def _act(self, one: Audited, doc: str) -> Iterator[Event]:
        """What an act did, when it took effect."""
        if one.verdict != "ok" or not one.digest:
            return
        kind = _ACTS.get(one.kind)
        details: dict[str, Detail] = {"note": one.note} if one.note else {}
        details |= {"round": one.round} if one.round else {}
        act = self.telling.act(one) if one.kind in _READ else None
        if act is not None and one.kind == acts.WAIVE:
            details |= {"finding": act.finding, "commit": act.commit}
            doc = act.about
        elif act is not None and one.kind == acts.MOVE:
            details |= {"from": act.old, "to": act.new}
        if kind is not None:
            yield self._event(kind, one, doc, (one.digest,), details=details)
        if act is not None and act.reviewers and one.kind in (acts.SUBMIT, acts.REQUEST_REVIEW):
            asked: dict[str, Detail] = {**details, "reviewers": act.reviewers}
            yield self._event(EventKind.REVIEW_REQUESTED, one, doc, (one.digest,), details=asked)

    def _message(self, one: Audited) -> Iterator[Event]:
        """What was said, once however often it was brought, and to whom. What does not count was not said."""
        telling = self.telling
        path = path_of(Beside.COMMENTS, one.doc, f"{one.message}.md")
        message, _ = read_message(telling.source.reader.blob(one.content), path)
        key = (one.doc, one.message)
        if one.verdict != "ok" or message is None or event_id(_SAID[message.kind], *key) in telling.fold.seen:
            return
        telling.fold.seen[event_id(_SAID[message.kind], *key)] = 1
        told: dict[str, Detail] = {"thread": message.thread, "message": message.id}
        said = (("section", message.section), ("quote", message.quote), ("text", message.text))
        told |= {name: line(text, _LONGEST) for name, text in said if text}
        yield self._event(_SAID[message.kind], one, one.doc, key, details=told)
        policy = telling.source.at(self.commit).policy()[0]
        for handle in dict.fromkeys(handle for handle, _ in mentions(message.text)):
            if policy is not None and handle in policy.people:
                yield self._event(EventKind.MENTIONED, one, one.doc, (*key, handle), subject=handle, details=told)

    def _policy(self, one: Audited) -> Iterator[Event]:
        """What a policy changed when it came into force."""
        source, fold = self.telling.source, self.telling.fold
        old = source.at(fold.policy).policy()[0] if fold.policy else None
        new = source.at(one.commit).policy()[0]
        fold.policy = one.commit
        if new is None:
            return
        said = differences(old, new) if old is not None else ()
        details: dict[str, Detail] = {"version": new.version, "changes": said}
        yield self._event(EventKind.POLICY_CHANGED, one, "", (one.content,), details=details)
        before, admins = (old.people, old.admins) if old is not None else ({}, ())
        for kind, handles in (
            (EventKind.PERSON_ADDED, [handle for handle in new.people if handle not in before]),
            (EventKind.PERSON_REMOVED, [handle for handle in before if handle not in new.people]),
            (EventKind.ADMIN_ADDED, [handle for handle in new.admins if handle not in admins]),
            (EventKind.ADMIN_REMOVED, [handle for handle in admins if handle not in new.admins]),
        ):
            for handle in handles:
                yield self._event(kind, one, "", (one.content, handle), subject=handle)

    def _event(
        self,
        kind: EventKind,
        by: Audited | None,
        doc: str,
        key: tuple[str | int, ...],
        *,
        counted: bool = False,
        subject: str = "",
        details: Any = None,
    ) -> Event:
        """One event. `key` tells it from all others; of what may happen twice alike (`counted`) with its number."""
        fold = self.telling.fold
        if counted:
            base = event_id(kind, *key)
            fold.seen[base] = number = fold.seen.get(base, 0) + 1
            key = (*key, number)
        known = fold.documents.get(doc, _NOBODYS)
        at, who, proved = (by.at, by.by, by.layer == PROVED) if by is not None else (self.landed_at, "", False)
        return Event(
            event_id(kind, *key), kind, at, who, doc, subject, "proved" if proved else "attributed",
            known.visibility, known.teams, self.commit, self.landed_at, dict(details or {}),
        )  # fmt: skip


_NOBODYS = Known("", "", ())
_READ = frozenset((acts.SUBMIT, acts.REQUEST_REVIEW, acts.WAIVE, acts.MOVE))
"""Acts whose records say more than the audit's events."""
