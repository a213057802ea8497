"""Action items of every usual form -> the tables that pmctl tracks them by.

Bullets, task lists and numbered lists become rows, with the whole text as the action; an owner, a due date, a status
or a ticket is filled in only where it is plainly stated. Prose stays prose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby

from pmctl.adopt.blocks import Block, blocks, cell_text
from pmctl.adopt.item_tables import Ids, ItemTables, status_of, tracked_table
from pmctl.text import parse_day

STANDARD = ("ID", "Action", "Owner", "Due", "Priority", "Status", "Ticket", "Notes")
_NOTHING = re.compile(
    r"(?:none|n/?a|nothing|no action items?|tbd|todo|to be (?:defined|determined|added|done)|-+|なし|无|特になし)[.!]?",
    re.IGNORECASE,
)
_DUE = re.compile(r"\b(?:due(?: date)?|by|until|deadline|eta)\b[:\s]*(?:on\s+)?(\d{4}-\d{2}-\d{2})\b", re.IGNORECASE)
_OWNER = re.compile(
    r"(?:\b(?:owner|assignee|assigned to|responsible|dri)\b\s*(?:is|:|-)?\s*"
    r"|(?:^|[\s(\[]))@(?P<handle>[A-Za-z0-9][A-Za-z0-9-]*)\b"
    r"|\b(?:owner|assignee|assigned to|dri)\s*:\s*(?P<name>[^,;|()\[\]<>]{2,40})",
    re.IGNORECASE,
)
_TICKET = re.compile(
    r"https?://[^\s<>()\[\]|\"']+/(?:issues?|pull|merge_requests|browse|work_items|issue|stories|tasks?)/[A-Za-z0-9#_-]+"
)


def to_tables(lines: list[str], postmortem: str, ids: Ids, person: Callable[[str], str]) -> ItemTables:
    """The action items in `lines` (no headings among them) as tables, everything else as it is.

    `person` gives the handle of somebody whom the policy knows by a name, an e-mail or a handle, otherwise "".
    """
    made = ItemTables()
    at = 0
    before = ""
    for is_list, group in groupby(blocks(lines), key=lambda block: block.kind == "item"):
        parts = list(group)
        if is_list and before.endswith((":", "：")) and all(len(_words(block)) < 3 for block in parts):
            continue  # names, listed by the sentence above them
        if is_list:
            first, last = parts[0].first, max(parts[-1].last, parts[-1].first + 1)  # an empty bullet is a line, too
            part = _list_table(parts, postmortem, ids, person)
            if part.items:
                made.lines += lines[at:first]
                if made.lines and made.lines[-1].strip():
                    made.lines.append("")
                if last < len(lines) and lines[last].strip():
                    part.lines.append("")
                at = last
            made.add(part)
            continue
        before = "\n".join(parts[-1].lines).rstrip()
        for block in parts:
            if block.kind == "table":
                tracked = tracked_table(block.lines, postmortem, ids)
                if tracked is None:
                    made.reasons.append("a table without a column for the action was left as it was")
                else:
                    made.lines += lines[at : block.first]
                    made.add(tracked)
                    at = block.last
    made.lines += lines[at:]
    return made


def _words(block: Block) -> list[str]:
    """An item's words; an item with a box is an action whatever it says."""
    return ["[ ]"] * 3 if block.task else " ".join(block.lines).split()


def _list_table(found: Sequence[Block], postmortem: str, ids: Ids, person: Callable[[str], str]) -> ItemTables:
    """A list as one table, or one table below each label when every item is a label with items below it."""
    items = [block for block in found if "".join(block.lines).strip() not in ("", "[ ]", "[x]", "[X]")]
    if not items or (len(items) == 1 and _NOTHING.fullmatch(" ".join(items[0].lines).strip())):
        return ItemTables()
    labelled = [(block.lines[0].strip(), _items_below(block)) for block in items]
    if all(below for _, below in labelled):
        return _labelled_tables(labelled, postmortem, ids, person)
    if reason := _numbers_problem(found):
        return ItemTables(reasons=[reason])
    made = ItemTables(["| " + " | ".join(STANDARD) + " |", "|" + "---|" * len(STANDARD)])
    for block in items:
        text = cell_text(block.lines)
        if text is None:
            return ItemTables(reasons=["a list with code, a quote or a table in it was left as it was"])
        if text:
            made.add(_row(text, block.task, postmortem, ids, person))
    return made if made.items else ItemTables()


def _labelled_tables(
    labelled: list[tuple[str, tuple[Block, ...]]], postmortem: str, ids: Ids, person: Callable[[str], str]
) -> ItemTables:
    made = ItemTables()
    for label, below in labelled:
        part = _list_table(below, postmortem, ids, person)
        if not part.items:
            return part
        made.lines += [*([""] if made.lines else []), label, ""]
        made.add(part)
    return made


def _row(text: str, task: str, postmortem: str, ids: Ids, person: Callable[[str], str]) -> ItemTables:
    status = {"x": "COMPLETED", "X": "COMPLETED", " ": "OPEN"}.get(task, "") or _leading_status(text)
    owner = _owner(text, person)
    due = match[1] if (match := _DUE.search(text)) and parse_day(match[1]) else ""
    tickets = set(_TICKET.findall(text))
    ticket = tickets.pop() if len(tickets) == 1 else ""
    cells = [ids.new(postmortem, text), text, owner, due, "", status, ticket, ""]
    line = "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"
    return ItemTables([line], 1, int(not status), int(not owner))


def _leading_status(text: str) -> str:
    """The status that a mark in front of an item says, such as ✅; words are the item's own."""
    mark = text.split(maxsplit=1)[0]
    return status_of(mark) if not any(character.isalnum() for character in mark) else ""


def _items_below(block: Block) -> tuple[Block, ...]:
    """The items below an item that is only a label ("Prevention:", or bold); empty when it is an action itself."""
    first = block.lines[0].strip()
    if block.task or not (first.endswith((":", "：", ":**")) or re.fullmatch(r"\*\*[^*]+\*\*:?", first)):
        return ()
    inner = blocks(block.lines[1:])
    return tuple(inner) if all(one.kind == "item" for one in inner) else ()


def _numbers_problem(found: Sequence[Block]) -> str:
    """Why a numbered list is no list of action items; "" when nothing speaks against it."""
    numbers = [int(block.number) for block in found if block.number]
    if not numbers:
        return ""
    counted = list(range(numbers[0], numbers[0] + len(numbers)))
    if len(numbers) != len(found) or (len(set(numbers)) > 1 and numbers != counted):
        return "a list whose numbers don't count up was left as it was"
    return "a list that doesn't begin with 1 was left as it was" if numbers[0] > 1 else ""


def _owner(text: str, person: Callable[[str], str]) -> str:
    handles = {person(match["handle"] or match["name"].strip()) for match in _OWNER.finditer(text)}
    return f"@{handles.pop()}" if len(handles) == 1 and all(handles) else ""
