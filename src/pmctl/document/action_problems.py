"""What is wrong with the table of action items as something that an approval binds. Document -> findings.

Submitting and publishing refuse every one of these, and the audit reports them: readers have to see what the content
digest covers, and cells that it leaves out hold nothing but short plain text.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from pmctl.codes import Code
from pmctl.document.action_table import SECTION, ActionTable, Broken, action_table
from pmctl.document.actions import is_action_table
from pmctl.document.finding import Finding
from pmctl.document.invisible import first_invisible, name_of
from pmctl.document.reader import tables

if TYPE_CHECKING:
    from pmctl.document.reader import Document

MAX_TRACKING = 300

# Text in a tracking cell that would not be rendered as the plain text it is.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_LINK = re.compile(r"\[[^\]]*\]\((https?://[^()\s]+)\)")
_MARKUP = re.compile(r"<[A-Za-z/!?]|!\[|\]\(|\[\^")
_LABEL = re.compile(r"\[((?:\\.|[^\[\]\\])+)\]")


def action_problems(doc: Document) -> list[Finding]:
    """Everything about the table that keeps an approval from binding what readers see."""
    if (broken := unread_items(doc)) is not None:
        return [broken]
    table = action_table(doc.text, doc.body_start)
    return _tracking_problems(doc, table) if isinstance(table, ActionTable) else []


def unread_items(doc: Document) -> Finding | None:
    """What keeps the section from being read as the one table that it holds; None when it is read whole."""
    table = action_table(doc.text, doc.body_start)
    if isinstance(table, Broken):
        message = f"{table.message}; as it is, every cell counts as reviewed text"
        fix = f"keep one table in {SECTION}, and other text without |"
        return Finding("PM593", message, doc.path, table.line, 1, fix=fix)
    if (line := _differently_read(doc, table)) is not None:
        message = f"readers do not see the table of {SECTION} that approvals bind"
        fix = f"write ## {SECTION} and the table without indentation, blank lines around both"
        return Finding("PM594", message, doc.path, line, 1, fix=fix)
    return None


def _differently_read(doc: Document, table: ActionTable | None) -> int | None:
    """The line of a table that the Markdown parser and the line grammar do not both see; None when they agree."""
    section = doc.section(SECTION)
    if table is None:
        return next((found.line for found in tables(doc, section) if is_action_table(found)), None) if section else None
    within = range(section.content_start, section.end) if section else range(0)
    seen = [lines.spans for lines in doc.structure.tables if lines.spans[0][0] in within]
    if seen != [tuple((line.start, line.end) for line in (table.header, table.delimiter, *table.rows))]:
        return table.header.number
    return None


def _tracking_problems(doc: Document, table: ActionTable) -> list[Finding]:
    """What keeps a tracking cell from being short plain text, as content that no approval covers has to be."""
    problems = []
    for row in table.rows:
        for index, name in table.tracking.items():
            text = row.cells[index]
            if len(text) > MAX_TRACKING:
                code, message = "PM590", f"{len(text)} characters in {name}, at most {MAX_TRACKING}"
                fix = "move the text into a section; this cell is not covered by approvals"
            elif hidden := _invisible(text):
                code, message = "PM591", f"{name} holds the invisible character {name_of(hidden)}"
                fix = "remove it"
            elif _MARKUP.search(text) or _is_reference(text, doc.text):
                code, message = "PM592", f"{name} holds markup; it is shown as plain text"
                link = _LINK.fullmatch(text) if name == "Ticket" else None
                fix = f"write {link[1]}" if link else "write plain text; a ticket is a key or an address"
            else:
                continue
            column = doc.text.index(text, row.start) - row.start + 1
            problems.append(Finding(code, message, doc.path, row.number, column, fix=fix))
    return problems


def _is_reference(cell: str, text: str) -> bool:
    """Whether brackets in a cell are a link, since the document defines their label."""
    labels = [f"[{_folded(label[1])}]:" for label in _LABEL.finditer(cell)]
    return bool(labels) and any(label in _folded(text) for label in labels)


def _folded(text: str) -> str:
    """Text as labels of links are compared."""
    return " ".join(text.casefold().split())


def _invisible(text: str) -> str:
    """The first character of a cell that nobody would see, as itself or as an HTML reference; "" without."""
    shown = unescape(text) if "&" in text else text
    control = _CONTROL.search(shown)
    at = control.start() if control else first_invisible(shown)
    return "" if at is None else shown[at]


CODES = (
    Code(
        "PM590", "tracking-cell-too-long", "A tracking cell of an action item is longer than 300 characters.",
        "Approvals do not cover Owner, Due, Priority, Status, Ticket and Notes: nothing to be argued belongs there.",
        "Move the text into a section.", "a story in Notes",
    ),
    Code(
        "PM591", "tracking-cell-character", "A tracking cell holds a control or invisible character.",
        "It can hide text or change what a reader sees, without any approval.", "Remove it.", "@ja\\u202ene",
    ),
    Code(
        "PM592", "tracking-cell-markup", "A tracking cell holds HTML, an image or a link in Markdown.",
        "Tracking cells are shown as plain text.", "Write plain text; a ticket is a key or an address.",
        "[OPS-1](https://tracker.example/OPS-1)",
    ),
    Code(
        "PM593", "action-table-broken", "The section Action Items holds a | outside of the rows of its one table.",
        "Approvals leave the tracking cells of that table out. Which lines it has follows from a few rules that any "
        "reader can apply (docs/formats.md); where they are broken, every cell counts as reviewed text.",
        "Keep one table there; every row begins and ends with | and has as many cells as the header.",
        "a second table, or a row without its last |",
    ),
    Code(
        "PM594", "action-table-unseen", "Readers do not see the table of action items that approvals bind.",
        "Markdown takes its lines for something else, such as a part of a list or of HTML.",
        "Write the heading and the table without indentation, with blank lines around both.", "a table inside <pre>",
    ),
)  # fmt: skip
