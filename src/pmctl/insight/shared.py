"""Which public texts customers may read now, as the records say it, in exactly the bytes that were shared.

What the file says today does not matter: an edit that nobody shared, or a withdrawal, is not undone by whoever builds.
With each come the statements that customers were told of it, the newest of them verified.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from pmctl.document.beside import Beside, path_of
from pmctl.document.public_text import PublicText, digest, read_public, rendered_markdown
from pmctl.document.reader import Document
from pmctl.errors import EnvironmentProblem, Refused, advise
from pmctl.ledger import record
from pmctl.ledger.current_state import CurrentState, current_state
from pmctl.ledger.history import ancestors
from pmctl.ledger.public_statement import sealed_by
from pmctl.ledger.snapshot import Snapshot
from pmctl.policy import act as acts
from pmctl.policy.act import Act
from pmctl.policy.model import COMPROMISED, Policy
from pmctl.policy.public_statement import WITHDRAWN, Statement, from_text
from pmctl.policy.public_statement import digest as statement_digest
from pmctl.policy.state import PostmortemState


class Told(NamedTuple):
    """One statement for customers: what it says, its line as it is signed, and the signature."""

    says: Statement
    line: str
    seal: str


class Shared(NamedTuple):
    """One public text in force; `edited` says that the file has another one, which nobody shared. `told` are all
    statements about it, the oldest first; empty where nobody spoke for an organisation."""

    postmortem: str
    text: PublicText
    data: bytes
    document: Document
    at: str
    edited: bool
    told: tuple[Told, ...]


class Withdrawn(NamedTuple):
    """A public text that customers were told of, and then that it is withdrawn."""

    postmortem: str
    told: tuple[Told, ...]


def shared_texts(snapshot: Snapshot) -> Iterator[Shared | Withdrawn]:
    """The public texts at a snapshot that are in force, or that customers were told are withdrawn.

    Raises EnvironmentProblem where the bytes or a statement of one cannot be found, Refused where a statement is not
    one about it.
    """
    for doc in sorted(snapshot.names(record.FOLDER)):
        if any(f"-{acts.SHARE}-" in name and name.endswith(".json") for name in snapshot.records(doc)):
            found = shared_text(snapshot, doc)
            if found is not None:
                yield found


def shared_text(snapshot: Snapshot, doc: str) -> Shared | Withdrawn | None:
    """The same of one postmortem; None where customers have nothing of it and were told nothing."""
    document = snapshot.document(doc)
    if document is None:
        return None
    now = current_state(snapshot, doc)
    wanted, there = now.state.shared, _sharing_acts(snapshot, doc)
    stated = now.state.statement if now.policy.public.organization else ""
    if now.state.deleted or not (wanted or stated):
        return None
    told = _told(doc, stated, there, now.policy)
    if not wanted:
        return Withdrawn(doc, told)
    data = _version(snapshot, path_of(Beside.PUBLIC, doc), wanted)
    text = read_public(data)[0] if data is not None else None
    if data is None or text is None:
        message = f"the public text of {doc} that was shared is not in this clone's history"
        raise EnvironmentProblem(message, hint=advise("audit-says-why"))
    _refuse_other(doc, text, told)
    edited = digest(snapshot.regular_file(path_of(Beside.PUBLIC, doc)) or b"") != wanted
    parsed = snapshot.source.documents.document(document)
    return Shared(doc, text, data, parsed, _when(there, now.state), edited, told)


def is_told(snapshot: Snapshot, now: CurrentState) -> bool:
    """Whether customers can verify today that the public text in force is the organisation's, as the policy asks."""
    newest = now.state.statement
    if not now.policy.public.organization:
        return True
    said, there = from_text(newest), _sharing_acts(snapshot, now.state.id)
    return said is not None and said.says != WITHDRAWN and _speaking(newest, there, now.policy) is not None


def _sharing_acts(snapshot: Snapshot, doc: str) -> dict[str, Act]:
    """Every record that shared or withdrew the public text of a postmortem, by digest; nothing is verified here."""
    found = {}
    for name, entry in snapshot.records(doc).items():
        if name.endswith(".json") and any(f"-{one}-" in name for one in (acts.SHARE, acts.UNSHARE)):
            data = snapshot.source.reader.blob(entry.oid)
            with suppress(record.RecordProblem):
                found[record.digest(data)] = record.from_bytes(data)
    return found


def _when(there: dict[str, Act], state: PostmortemState) -> str:
    """When the text in force was shared, as the record claims."""
    if state.shared_head in there:
        return there[state.shared_head].at
    return max((act.at for act in there.values() if act.text == state.shared), default="")


def _speaking(statement: str, there: dict[str, Act], policy: Policy) -> Act | None:
    """The record that holds a statement with a signature of a key that still speaks for the organisation."""
    usable = {key.id for key in policy.public.keys if key.status != COMPROMISED}
    holding = (act for act in there.values() if act.statement == statement)
    return next((act for act in holding if sealed_by(act) in usable), None)


def _told(doc: str, newest: str, there: dict[str, Act], policy: Policy) -> tuple[Told, ...]:
    """The chain of statements up to the newest, whose signature vouches for all before it."""
    found: list[Told] = []
    act = _speaking(newest, there, policy) if newest else None
    if newest and act is None:
        message = f"no key that still speaks for {policy.public.organization} signed what customers are told of {doc}"
        raise Refused(message, hint=advise("share-public", id=doc))
    earlier = {statement_digest(one.statement): one for one in there.values()}
    while act is not None:
        said = from_text(act.statement)
        assert said is not None  # noqa: S101  the first is what the audit's fold took, the others what it names
        found.append(Told(said, act.statement, act.seal))
        act = earlier.pop(said.prev, None) if said.prev else None
        if act is None and said.prev:
            message = f"a statement that customers were told of {doc} is missing"
            raise EnvironmentProblem(message, hint=advise("audit-says-why"))
    return tuple(reversed(found))


def _refuse_other(doc: str, text: PublicText, told: tuple[Told, ...]) -> None:
    """Raise Refused when the newest statement is about something else than customers would see."""
    if told:
        says = told[-1].says
        if says.says == WITHDRAWN or (says.page, says.text) != (text.page, digest(rendered_markdown(text))):
            message = f"what customers were told of {doc} is not the text that is shared"
            raise Refused(message, hint=advise("share-or-audit", id=doc))


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
