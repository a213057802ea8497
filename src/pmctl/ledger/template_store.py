"""The organisation's own templates in commits. (trees) -> templates, parsed once for each state of their folder.

A submit binds the digest of the template that the postmortem is judged by, or none for one that comes with pmctl; its
bytes are found by that digest anywhere in history.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pmctl.ledger.trees import Trees
from pmctl.object_reader import ObjectReader

if TYPE_CHECKING:
    from pmctl.document.template import Template

TEMPLATES = ".pmctl/templates"
_REGULAR = ("100644", "100755")


class TemplateStore:
    """Templates by the object id of their folder. Raises MissingObject and CorruptObject, as its readers do."""

    def __init__(self, reader: ObjectReader, trees: Trees) -> None:
        self._reader = reader
        self._trees = trees
        self._known: dict[str, tuple[Template, ...]] = {}
        self._digests: dict[str, dict[str, str]] = {}

    def folder(self, tree: str) -> str:
        """The object id of the folder of templates below the pmctl root's tree; '' when there is none."""
        return self._trees.folder(tree, TEMPLATES)

    def templates(self, folder: str) -> tuple[Template, ...]:
        """The templates in the folder with this object id ('' for none)."""
        if not folder:
            return ()
        if folder not in self._known:
            from pmctl.document.template_library import parse_templates

            self._known[folder] = parse_templates(self.files(folder))[0]
        return self._known[folder]

    def files(self, folder: str) -> dict[str, bytes]:
        """The template files in the folder with this object id ('' for none), by path below the pmctl root."""
        return {
            f"{TEMPLATES}/{path}": self._reader.blob(entry.oid)
            for path, entry in (self._trees.entries(folder).items() if folder else ())
            if path.endswith(".md") and entry.mode in _REGULAR
        }

    def digests(self, folder: str) -> Mapping[str, str]:
        """The digest of each template file in the folder with this object id, by path."""
        if folder not in self._digests:
            self._digests[folder] = {path: template_digest(data) for path, data in self.files(folder).items()}
        return self._digests[folder]

    def with_digest(self, folder: str, digest: str) -> bytes | None:
        """The template file in the folder that has this digest."""
        path = next((path for path, known in self.digests(folder).items() if known == digest), "")
        return self.files(folder)[path] if path else None

    def judging(self, recorded: str, folder: str) -> str:
        """The digest of the file in the folder that a postmortem with this `template` is judged by; '' when none of
        the organisation's own is."""
        from pmctl.document.template_library import nearest

        chosen = nearest(recorded, self.templates(folder))
        return self.digests(folder).get(chosen.path, "") if chosen is not None else ""


def template_digest(data: bytes) -> str:
    """The digest of a template's file, as a submit names it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def bound_templates(
    recorded: str, digest: str, found: bytes | None, own: Iterable[Template]
) -> tuple[tuple[Template, ...], str]:
    """The organisation's templates to judge a postmortem by that records `recorded`, when its submit binds `digest`.

    `found` is the file with that digest, `own` are the templates of now. With the answer comes what keeps the
    postmortem from being judged, '' for nothing.
    """
    from pmctl.document.template_file import parse_template
    from pmctl.document.template_library import nearest

    if not digest:
        given = nearest(recorded, ()) or nearest(recorded, own) is None
        return (), "" if given else f"it records {recorded}, and was submitted with a template that comes with pmctl"
    template = parse_template(found, "")[0] if found is not None else None
    if template is None:
        return (), "the file that its submit names is nowhere in the history"
    if nearest(recorded, (template,)) is not template:
        return (), f"it records {recorded or 'default'}, and was submitted with {template.reference}"
    return (template,), ""
