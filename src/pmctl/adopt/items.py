"""Action items of every usual form -> the table that pmctl tracks them by.

Bullets, task lists and numbered lists become rows, with the whole text as the action; an owner, a due date, a status
or a ticket is filled in only where it is plainly stated. Tables get an ID column and the names of the columns that
pmctl knows; the names and values that they had stay readable. Prose stays prose.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from pmctl.adopt.blocks import Block, blocks, cell_text
from pmctl.document.action_problems import MAX_TRACKING
from pmctl.document.actions import COLUMNS, canonical
from pmctl.document.aliases import names
from pmctl.document.fields import ItemStatus
from pmctl.document.headings import plain
from pmctl.document.structure import TableLines
from pmctl.document.table import Table, build

STANDARD = ("ID", "Action", "Owner", "Due", "Priority", "Status", "Ticket", "Notes")
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
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
_ALIASES: dict[str, str] = {
    "ID": """id|#|no|no.|nr|number|番号|编号|序号""",
    "Action": """action|description|action item|action items|task|item|what|todo|follow-up|follow up|improvement
        |recommendation|activity|measure|work item|summary|title|details|action to take|corrective action|アクション
        |内容|対応内容|対策|項目|タスク|行动项|措施|改进措施|事项|行动|任务""",
    "Owner": """owner|owners|assignee|assigned to|responsible|who|dri|person|lead|owner(s)|assignees|担当|担当者|责任人
        |负责人|オーナー|verantwortlich|responsable""",
    "Due": """due|due date|deadline|when|eta|target date|by when|target|date|期限|期日|截止日期
        |截止时间|完成时间|計画日""",
    "Priority": """priority|prio|importance|urgency|優先度|优先级""",
    "Status": """status|state|done|done?|progress|ステータス|状態|状况|状态|进度""",
    "Ticket": """ticket|ticket link|issue|bug|link|tracking|jira|pr|issue link|reference
        |github issue|tracking issue|tracker
        |url|チケット|工单""",
    "Notes": """notes|note|comment|comments|remarks|備考|备注""",
}
_COLUMN_OF = {alias: column for column, text in _ALIASES.items() for alias in names(text)}
_STATUSES: dict[ItemStatus, str] = {
    ItemStatus.COMPLETED: """done|closed|complete|completed|resolved|fixed|finished|merged|shipped
        |deployed|x|yes|完了|済|済み|対応済み
        |対応済|已完成|完成|✅|☑|✔|:white_check_mark:|:heavy_check_mark:|✅ done|erledigt|terminé""",
    ItemStatus.OPEN: """open|todo|to do|to-do|new|pending|not started|backlog|planned|no|未着手
        |未対応|未|予定|待办|未开始|未完成|☐
        |⬜|offen|ouvert""",
    ItemStatus.IN_PROGRESS: """in progress|doing|wip|ongoing|started|in review|進行中|対応中|作業中
        |进行中|🚧|in arbeit|en cours""",
    ItemStatus.WONT_DO: """won't do|wontdo|wontfix|won't fix|cancelled|canceled|declined|rejected
        |見送り|対応しない|已取消""",
}
_STATUS_WORDS = {word: status for status, text in _STATUSES.items() for word in names(text)}


@dataclass(slots=True)
class Ids:
    """Action item ids, the same for the same postmortem and text at every run, and each given once."""

    taken: set[str] = field(default_factory=set)

    def new(self, postmortem: str, text: str) -> str:
        """The id for an action of a postmortem."""
        for attempt in range(1000):
            seed = int.from_bytes(hashlib.sha256(f"{postmortem}\n{text}\n{attempt}".encode()).digest()[:8], "big")
            letters = "".join(_ALPHABET[seed // 36**place % 36] for place in range(4))
            if f"AI-{letters}" not in self.taken:
                self.taken.add(f"AI-{letters}")
                return f"AI-{letters}"
        raise ValueError("no free action item id")


@dataclass(frozen=True, slots=True)
class Found:
    """What a piece of an Action Items section became: its lines, how many items, and what a person should look at."""

    lines: tuple[str, ...]
    items: int
    without_status: int
    without_owner: int
    reasons: tuple[str, ...] = ()


def to_tables(lines: list[str], postmortem: str, ids: Ids, person: Callable[[str], str]) -> Found:
    """The action items in `lines` (no headings among them) as tables, everything else as it is.

    `person` gives the handle of somebody whom the policy knows by a name, an e-mail or a handle, otherwise "".
    """
    parts = blocks(lines)
    out: list[str] = []
    at = items = no_status = no_owner = 0
    reasons: list[str] = []
    row = 0
    while row < len(parts):
        block = parts[row]
        if block.kind == "table":
            changed, count, blank_status, blank_owner = _table(list(block.lines), postmortem, ids)
            if count:
                out += [*lines[at : block.first], *changed]
                at = block.last
                items, no_status, no_owner = items + count, no_status + blank_status, no_owner + blank_owner
            else:
                reasons.append("a table without a column for the action was left as it is")
        if block.kind != "item":
            row += 1
            continue
        end = row
        while end < len(parts) and parts[end].kind == "item":
            end += 1
        rows, why = _rows(parts[row:end], postmortem, ids, person)
        if rows:
            out += lines[at : block.first]
            if out and out[-1].strip():
                out.append("")
            out += rows.lines
            at = parts[end - 1].last
            if at < len(lines) and lines[at].strip():
                out.append("")
            items += rows.items
            no_status, no_owner = no_status + rows.without_status, no_owner + rows.without_owner
        elif why:
            reasons.append(why)
        row = end
    out += lines[at:]
    return Found(tuple(out), items, no_status, no_owner, tuple(dict.fromkeys(reasons)))


def _rows(found: list[Block], postmortem: str, ids: Ids, person: Callable[[str], str]) -> tuple[Found | None, str]:
    """A list as one table, or one table below each label when every item is a label with items below it."""
    if len(found) == 1 and _NOTHING.fullmatch(" ".join(found[0].lines).strip()):
        return None, ""
    labels = [_label(block) for block in found]
    if all(labels):
        lines: list[str] = []
        total = blank_status = blank_owner = 0
        for block, inner in zip(found, labels, strict=True):
            part, why = _rows(list(inner), postmortem, ids, person)
            if part is None:
                return None, why
            lines += [*([""] if lines else []), block.lines[0].strip(), "", *part.lines]
            total += part.items
            blank_status, blank_owner = blank_status + part.without_status, blank_owner + part.without_owner
        return Found(tuple(lines), total, blank_status, blank_owner), ""
    numbers = [int(block.number) for block in found if block.number]
    if numbers and (
        len(numbers) != len(found)
        or (len(set(numbers)) > 1 and numbers != list(range(numbers[0], numbers[0] + len(numbers))))
    ):
        return None, "a list whose numbers don't count up was left as it is"
    if numbers and numbers[0] > 1:
        return None, "a list that doesn't begin with 1 was left as it is"
    rows = []
    blank_status = blank_owner = 0
    for block in found:
        text = cell_text(block.lines)
        if text is None:
            return None, "a list with code, a quote or a table in it was left as it is"
        if not text:
            continue
        status = {"x": "COMPLETED", "X": "COMPLETED", " ": "OPEN"}.get(block.task, "")
        owner = _owner(text, person)
        due = match[1] if (match := _DUE.search(text)) and _is_date(match[1]) else ""
        tickets = set(_TICKET.findall(text))
        ticket = tickets.pop() if len(tickets) == 1 else ""
        cells = [ids.new(postmortem, text), text, owner, due, "", status, ticket, ""]
        rows.append("|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|")
        blank_status += not status
        blank_owner += not owner
    if not rows:
        return None, ""
    head = ["| " + " | ".join(STANDARD) + " |", "|" + "---|" * len(STANDARD)]
    return Found((*head, *rows), len(rows), blank_status, blank_owner), ""


def _label(block: Block) -> tuple[Block, ...]:
    """The items below an item that is only a label ("Prevention:", or bold); empty when it is an action itself."""
    first = block.lines[0].strip()
    if block.task or not (first.endswith((":", "：", ":**")) or re.fullmatch(r"\*\*[^*]+\*\*:?", first)):
        return ()
    inner = blocks(list(block.lines[1:]))
    return tuple(inner) if inner and all(one.kind == "item" for one in inner) else ()


def _owner(text: str, person: Callable[[str], str]) -> str:
    handles = {person(match["handle"] or match["name"].strip()) for match in _OWNER.finditer(text)}
    return f"@{handles.pop()}" if len(handles) == 1 and all(handles) else ""


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _table(lines: list[str], postmortem: str, ids: Ids) -> tuple[list[str], int, int, int]:
    """A table of action items with the columns that pmctl knows; 0 items when it isn't one.

    Returns the lines, how many items, how many without a status, and how many without an owner.
    """
    table = _parsed(lines)
    names = [plain(cell).casefold().strip(" *:") for cell in table.columns]
    meant = _columns(names)
    if "Action" not in meant.values() or len(table.columns) < 2:
        return lines, 0, 0, 0
    rows = [row for row in table.rows if any(cell.text for cell in row.cells)]
    if not rows:
        return lines, 0, 0, 0
    status = next((index for index, column in meant.items() if column == "Status"), None)
    known = {} if status is None else {row.line: _status(row.cells[status].text) for row in rows}
    rewrite = (
        status is not None
        and any(
            value and value != canonical(row.cells[status].text, ItemStatus)
            for row in rows
            if (value := known[row.line])
        )
        and all(not row.extra and not any(cell.missing for cell in row.cells) for row in table.rows)
    )
    new_names = []
    for index, cell in enumerate(table.columns):
        column = meant.get(index, "")
        if index == status and rewrite:
            new_names.append(f"Original {plain(cell) if plain(cell).isascii() else 'status'}")
        elif column and cell.casefold() not in {name.casefold() for name in COLUMNS[column]}:
            new_names.append(column)
        else:
            new_names.append(cell or ("Notes" if "Notes" not in meant.values() else " "))
    ticket = next((index for index, column in meant.items() if column == "Ticket"), None)
    if ticket is not None and not _fits_tracking(table, ticket):
        new_names[ticket] = (
            table.columns[ticket]
            if plain(table.columns[ticket]).casefold() not in ("ticket", "ticket link")
            else "References"
        )
    for column in ("Owner", "Due", "Notes"):
        place = next((index for index, name in meant.items() if name == column), None)
        if place is not None and not _fits_tracking(table, place):
            new_names[place] = f"Stated {column.casefold()}"
    with_id = "ID" in meant.values()
    out = []
    if _lost_names(table.columns, new_names):
        out += ["*Original columns: " + ", ".join(plain(cell) for cell in table.columns if cell) + "*", ""]
    extra = ["Status"] if rewrite else []
    out.append(
        "| "
        + " | ".join([*([] if with_id else ["ID"]), *(name.replace("|", "\\|") for name in new_names), *extra])
        + " |"
    )
    border = lines[1].strip()
    border = (border if border.startswith("|") else f"|{border}") + ("" if border.endswith("|") else "|")
    out.append(("" if with_id else "|---") + border + "---|" * len(extra))
    for line, row in zip(lines[2:], table.rows, strict=True):
        text = line.strip()
        text = text if text.startswith("|") else f"| {text}"
        text = text if text.endswith("|") and not text.endswith("\\|") else f"{text} |"
        filled = any(cell.text for cell in row.cells)
        action = next(index for index, column in meant.items() if column == "Action")
        mark = "" if with_id else f"| {ids.new(postmortem, row.cells[action].text) if filled else ''} "
        out.append(mark + text + (f" {known.get(row.line, '')} |" if rewrite else ""))
    no_status = sum(not (known.get(row.line) or (status is not None and row.cells[status].text)) for row in rows)
    owner = next((index for index, column in meant.items() if column == "Owner"), None)
    no_owner = len(rows) if owner is None else sum(not row.cells[owner].text for row in rows)
    return out, len(rows), no_status, no_owner


def _columns(names: list[str]) -> dict[int, str]:
    """Index -> the column of pmctl that it is; each column once, an exact name before an alias."""
    meant: dict[int, str] = {}
    for exact in (True, False):
        for index, name in enumerate(names):
            column = _COLUMN_OF.get(name) or _COLUMN_OF.get(re.sub(r"\s*\(.*\)$", "", name), "")
            is_exact = bool(column) and name in {alias.casefold() for alias in COLUMNS[column]}
            if column and index not in meant and column not in meant.values() and is_exact == exact:
                meant[index] = column
    if "Action" not in meant.values() and meant:
        unknown = [index for index in range(len(names)) if index not in meant]
        if len(unknown) == 1:
            meant[unknown[0]] = "Action"
    return meant


def _status(text: str) -> str:
    same = canonical(text, ItemStatus)
    if same in ItemStatus.__members__:
        return same
    return str(_STATUS_WORDS.get(plain(text).casefold().strip(" .*"), ""))


def _fits_tracking(table: Table, index: int) -> bool:
    """Whether every cell of a column is short plain text, as what no approval covers has to be."""
    return all(
        len(row.cells[index].text) <= MAX_TRACKING and not re.search(r"<[A-Za-z/!?]|!\[|\]\(", row.cells[index].text)
        for row in table.rows
    )


def _lost_names(before: tuple[str, ...], after: list[str]) -> bool:
    return any(old and plain(old).casefold() not in new.casefold() for old, new in zip(before, after, strict=True))


def _parsed(lines: list[str]) -> Table:
    text = "\n".join(lines)
    spans = []
    at = 0
    for line in lines:
        spans.append((at, at + len(line)))
        at += len(line) + 1
    return build(text, TableLines(1, tuple(spans)))
