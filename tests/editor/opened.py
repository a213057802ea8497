"""Sheets without an editor or a repository: a text with a | where the cursor is."""

from __future__ import annotations

from pmctl.document.reader import read
from pmctl.editor.open_documents import Kind, OpenDocument
from pmctl.editor.positions import positions
from pmctl.rules.context import Context
from tests.rules.sample import CONTEXT, PATH

CURSOR = "‸"


def opened(
    text: str, context: Context = CONTEXT, encoding: str = "utf-16", kind: Kind = Kind.POSTMORTEM
) -> OpenDocument:
    document = read(text.encode("utf-8"), PATH)
    return OpenDocument(PATH, kind, document, context._replace(own_templates=()), positions(text, encoding))


def at_cursor(text: str, context: Context = CONTEXT) -> tuple[OpenDocument, int]:
    """The open document of a text without its cursor mark, and the mark's offset."""
    assert text.count(CURSOR) == 1
    return opened(text.replace(CURSOR, ""), context), text.index(CURSOR)
