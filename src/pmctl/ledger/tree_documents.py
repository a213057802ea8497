"""What the audit needs to know of a document, by object id: read once, remembered. (blob) -> FrontMatterFacts.

The document's own reader and digest decide; nothing here parses. The command line asks the same functions,
so that a digest computed before an act is the one that the audit computes after it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TypeVar

from pmctl.document.digest import Attachment, canonical_json, content_digest, metadata
from pmctl.document.fields import EditorRole, Status, is_handle
from pmctl.document.finding import Finding
from pmctl.document.incidents import linked_incidents
from pmctl.document.reader import MAX_BYTES, Document, read
from pmctl.ledger.trees import Trees
from pmctl.object_reader import ObjectReader
from pmctl.objects import Entry

_K = TypeVar("_K")
_V = TypeVar("_V")

REGULAR = "100644"
_PARSED = 128  # documents: each is asked for several times in a row
_REMEMBERED = 65536  # facts and digests
_BODIES = 256  # bodies whose sections are remembered: postmortems that are under way at one time


@dataclass(frozen=True, slots=True)
class TreeDocument:
    """A document in a tree: its own entry, that of its folder of attachments, and where it lies."""

    file: Entry
    attachments: Entry | None = None
    path: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class FrontMatterFacts:
    """What the front matter says; empty values when the document cannot be read (`problem` says why).

    `template` is the template that it records, `incidents` are the linked ones in `document.incidents`' form; `loose`
    names the keys that no approval covers and that hold something else than they may.
    """

    id: str = ""
    status: str = ""
    author: str = ""
    editors: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    problem: str = ""
    template: str = ""
    loose: tuple[str, ...] = ()
    incidents: tuple[str, ...] = ()


class Documents:
    """Facts and digests of documents by object id."""

    def __init__(self, reader: ObjectReader, trees: Trees) -> None:
        self._reader = reader
        self._trees = trees
        self._documents: dict[str, Document] = {}
        self._facts: dict[str, FrontMatterFacts] = {}
        self._digests: dict[TreeDocument, str] = {}
        self._hashes: dict[str, str] = {}
        self._contents: dict[tuple[str, bytes], str] = {}
        self._tidy: dict[str, bool] = {}
        self._sections: dict[str, dict[str, str]] = {}

    def document(self, where: TreeDocument) -> Document:
        """The document, parsed. Raises MissingObject, CorruptObject."""
        found = self._documents.get(where.file.oid)
        if found is None:
            data = self._reader.blob(where.file.oid)
            if len(data) > MAX_BYTES:  # no digest of the beginning may stand for two files
                data = data[:MAX_BYTES] + f"\n{where.file.oid}".encode()
            found = read(data, where.path)
            _remember(self._documents, where.file.oid, found, _PARSED)
        return found

    def facts(self, where: TreeDocument) -> FrontMatterFacts:
        """What the front matter says."""
        found = self._facts.get(where.file.oid)
        if found is None:
            if where.file.mode != REGULAR:
                return FrontMatterFacts(problem="it is not a regular file")
            found = facts_of(self.document(where))
            _remember(self._facts, where.file.oid, found)
        return found

    def digest(self, where: TreeDocument) -> str:
        """The content digest, attachments included; of an unreadable document, of its bytes."""
        found = self._digests.get(where)
        if found is None:
            if where.file.mode != REGULAR:
                return f"irregular:{where.file.mode}:{where.file.oid}"
            found = self._digest(self.document(where), self.attachments(where.attachments))
            _remember(self._digests, where, found)
        return found

    def binding_problems(self, where: TreeDocument) -> list[Finding]:
        """What keeps an approval from binding what people read (see document.binding)."""
        document = self.document(where)
        body = _hash(document.id + document.body)
        if self._tidy.get(body):  # a function of the id and the body; only the lines depend on what is above it
            return []
        from pmctl.document.binding import binding_problems  # with it comes the Markdown parser

        found = binding_problems(document)
        _remember(self._tidy, body, not found)
        self.sections(where)  # a publication asks for them, of another version with the body that is read now
        return found

    def sections(self, where: TreeDocument) -> dict[str, str]:
        """The texts of the sections by title (without regard to case). A function of the body alone."""
        document = self.document(where)
        body = _hash(document.body)
        found = self._sections.get(body)
        if found is None:
            from pmctl.document.completeness import section_texts

            found = section_texts(document)
            _remember(self._sections, body, found, _BODIES)
        return found

    def _digest(self, document: Document, attachments: list[Attachment]) -> str:
        """The content digest, worked out once for all versions that differ in their lifecycle keys only.

        It is a function of the id, the other keys, the body and the attachments (see document.digest).
        """
        if not document.readable:
            return content_digest(document, attachments)
        body = _hash(document.body)
        same = (body, hashlib.sha256(canonical_json([document.id, metadata(document), attachments])).digest())
        found = self._contents.get(same)
        if found is None:
            found = content_digest(document, attachments)
            _remember(self._contents, same, found)
        return found

    def attachments(self, folder: Entry | None) -> list[Attachment]:
        """What lies at a document's place for attachments, in git's order; mostly a folder."""
        if folder is None:
            return []
        if not folder.is_tree:
            return [Attachment("", folder.mode, folder.oid)]
        found = []
        for path, entry in self._trees.files(folder.oid):
            known = self._hashes.get(entry.oid)
            if known is None:
                # A submodule, and a folder too deep to be read, have no content here: their ids stand for them, and
                # the mode is a finding.
                opaque = entry.mode in ("160000", "40000")
                known = hashlib.sha256(entry.oid.encode()).hexdigest() if opaque else self._reader.sha256(entry.oid)
                _remember(self._hashes, entry.oid, known)
            found.append(Attachment(path, entry.mode, known))
        return found


def facts_of(document: Document) -> FrontMatterFacts:
    """Facts of a parsed document."""
    if not document.readable:
        first = document.problems[0]
        return FrontMatterFacts(
            problem=f"{first.code} {first.message}" + (f" (line {first.line})" if first.line else "")
        )
    editors = document.meta.get("editors")
    template = document.meta.get("template")
    reviewers = document.meta.get("reviewers")
    fine = {
        "status": document.status in tuple(Status),
        "editors": editors is None
        or (isinstance(editors, dict) and all(is_handle(h) and r in tuple(EditorRole) for h, r in editors.items())),
        "reviewers": reviewers is None
        or (isinstance(reviewers, list | tuple) and all(isinstance(r, str) and is_handle(r) for r in reviewers)),
    }
    return FrontMatterFacts(
        id=document.id,
        status=document.status,
        author=document.author,
        editors=tuple(h for h, role in editors.items() if role == "edit") if isinstance(editors, dict) else (),
        reviewers=tuple(r for r in reviewers if isinstance(r, str)) if isinstance(reviewers, list | tuple) else (),
        template=template if isinstance(template, str) else "",
        loose=tuple(key for key, good in fine.items() if not good),
        incidents=linked_incidents(document),
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _remember(memory: dict[_K, _V], key: _K, value: _V, limit: int = _REMEMBERED) -> None:
    if len(memory) >= limit:
        del memory[next(iter(memory))]
    memory[key] = value
