"""Surgical edits: each changes only the bytes it is about, and proves it.

    Document, what to change -> new text -> read again -> compared with the intention -> new Document

An edit builds the new text by replacing one span, reads it like any document and compares front matter, outline
and every table with what they should have become. If hostile or merely unlucky text would change anything else
(a pipe, a fence, a line that turns into a heading), the edit raises BadInput and nothing has happened. Comments, key
order, quotes, line endings, a byte order mark, alignment and a missing final newline survive because nobody touches
them. This module is where callers find them all.
"""

from pmctl.document.field_edits import remove_field, set_field
from pmctl.document.section_edits import append_section, replace_section, set_body_text
from pmctl.document.table_edits import add_column, append_column, append_row, remove_row, set_cell

__all__ = [
    "add_column",
    "append_column",
    "append_row",
    "append_section",
    "remove_field",
    "remove_row",
    "replace_section",
    "set_body_text",
    "set_cell",
    "set_field",
]
