"""The versions of a postmortem that people submitted, published or amended, of those that an audience may read.

(publication) -> versions, oldest first. Each is the text that a signed record binds, never what stood in a commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pmctl.document.fields import Visibility
from pmctl.document.reader import Document
from pmctl.insight.history import Entry
from pmctl.insight.publication import Publication, readers_of_version
from pmctl.insight.versions import version_with
from pmctl.ledger.tree_documents import TreeDocument
from pmctl.objects import CorruptObject, MissingObject
from pmctl.policy import act as acts
from pmctl.policy.audience import may_read
from pmctl.repository.workspace import Workspace

_KINDS = (acts.SUBMIT, acts.PUBLISH, acts.AMEND)
_UNPROVED = ("refused", "violation")


@dataclass(frozen=True, slots=True)
class PastVersion:
    """A text and the last act in a row that binds it; `files` are its attachments, a digest by path."""

    entry: Entry
    document: Document
    files: dict[str, str] = field(default_factory=dict)


def past_versions(one: Publication) -> tuple[PastVersion, ...]:
    """Each version that its audience may read; acts one after the other on the same text are one version.

    What the history here does not hold is left out.
    """
    workspace = one.source.workspace
    bound = list(_bound(one))
    if len({content for content, _ in bound}) < 2:
        return ()
    policy, default = workspace.policy, Visibility(workspace.settings.visibility)
    documents = workspace.head.source.documents
    found = []
    for content, entry in bound:
        try:
            where = _where(workspace, one.id, content, entry.commit)
            if where is None:
                continue
            document = documents.document(where)
            files = {item.path: item.sha256 for item in documents.attachments(where.attachments)}
        except (MissingObject, CorruptObject):
            continue
        if may_read(readers_of_version(document, one.standing, default), one.source.audience, policy):
            found.append(PastVersion(entry, document, files))
    return tuple(found)


def _bound(one: Publication) -> Iterator[tuple[str, Entry]]:
    """The content of each version with the last act that binds it."""
    last: tuple[str, Entry] | None = None
    for entry in one.history().events:
        content = str(entry.evidence.get("content") or "")
        if not content or entry.verdict in _UNPROVED or entry.what.partition(" ")[0] not in _KINDS:
            continue
        if last is not None and last[0] != content:
            yield last
        last = content, entry
    if last is not None:
        yield last


def _where(workspace: Workspace, name: str, content: str, commit: str) -> TreeDocument | None:
    """Where the text lies: as a rule in the commit that brought the record."""
    source = workspace.head.source
    where = source.at(commit).document(name)
    if where is not None and source.documents.digest(where) == content:
        return where
    return version_with(workspace, name, content)
