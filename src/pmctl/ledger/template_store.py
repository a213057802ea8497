"""The organisation's own templates in commits. (trees) -> templates, parsed once for each state of their folder."""

from __future__ import annotations

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
