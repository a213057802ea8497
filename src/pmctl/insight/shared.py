"""Which public texts customers may read now, as the records say it, in exactly the bytes that were shared.

What the file says today does not matter: an edit that nobody shared, or a withdrawal, is not undone by whoever builds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pmctl.document.beside import Beside, path_of
from pmctl.document.public_text import PublicText, digest, read_public
from pmctl.document.reader import Document
from pmctl.errors import EnvironmentProblem, advise
from pmctl.ledger import record
from pmctl.ledger.current_state import current_state
from pmctl.ledger.history import ancestors
from pmctl.ledger.snapshot import Snapshot
from pmctl.policy import act as acts


class Shared(NamedTuple):
    """One public text in force; `edited` says that the file has another one, which nobody shared."""

    postmortem: str
    text: PublicText
    data: bytes
    document: Document
    at: str
    edited: bool


def shared_texts(snapshot: Snapshot) -> Iterator[Shared]:
    """The public texts in force at a snapshot. Raises EnvironmentProblem where the bytes of one cannot be found."""
    for doc in sorted(snapshot.names(record.FOLDER)):
        shares = [name for name in snapshot.records(doc) if f"-{acts.SHARE}-" in name and name.endswith(".json")]
        document = snapshot.document(doc) if shares else None
        if document is None:
            continue
        now = current_state(snapshot, doc)
        wanted = now.state.shared
        if not wanted or now.state.deleted:
            continue
        data = _version(snapshot, path_of(Beside.PUBLIC, doc), wanted)
        text = read_public(data)[0] if data is not None else None
        if data is None or text is None:
            message = f"the public text of {doc} that was shared is not in this clone's history"
            raise EnvironmentProblem(message, hint=advise("audit-says-why"))
        edited = digest(snapshot.regular_file(path_of(Beside.PUBLIC, doc)) or b"") != wanted
        parsed = snapshot.source.documents.document(document)
        yield Shared(doc, text, data, parsed, _when(snapshot, doc, now.state.shared_head), edited)


def _version(snapshot: Snapshot, path: str, wanted: str) -> bytes | None:
    """The newest version of a file, from the snapshot back through history, that has a digest."""
    source, seen = snapshot.source, set()
    source.reader.fetch_history(snapshot.commit, ())
    for commit in ancestors(source.reader, (snapshot.commit,), ()):
        there = source.at(commit.oid)
        entry = there.entry(path)
        if entry is None or entry.oid in seen:
            continue
        seen.add(entry.oid)
        data = there.regular_file(path)
        if data is not None and digest(data) == wanted:
            return data
    return None


def _when(snapshot: Snapshot, doc: str, head: str) -> str:
    """When the record with this digest claims to have been signed."""
    for name, entry in snapshot.records(doc).items():
        data = snapshot.source.reader.blob(entry.oid) if name.endswith(".json") else b""
        if data and record.digest(data) == head:
            return record.from_bytes(data).at
    return ""
