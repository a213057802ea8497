"""Action items of many postmortems as rows: for spreadsheets, for other programs, for pages in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pmctl.insight.item_search import Found
from pmctl.output.answers import ActionItem, ItemGroup, pick
from pmctl.text import harmless, plural, single_line

COLUMNS = (
    "id", "postmortem", "description", "owner", "due", "priority", "status", "ticket", "notes", "overdue", "prevents",
    "kind", "group",
)  # fmt: skip
"""The columns of a table for spreadsheets."""

# What Markdown, and the HTML in it, would read as something else than text.
_MARKUP = re.compile(r"([\\`*_\[\]<>|~#&!])")


def answers(found: Iterable[Found]) -> list[ActionItem]:
    """The items as `--format json` prints them."""
    return [
        pick(
            ActionItem,
            one.item,
            postmortem=one.summary.id,
            overdue=one.overdue,
            path=one.summary.path,
            repository=one.repository,
        )
        for one in found
    ]


def counted(groups: Mapping[str, Sequence[Found]]) -> list[ItemGroup]:
    """How many items each group has, how many of them are open, and how many overdue."""
    return [
        ItemGroup(name, len(found), sum(one.item.open for one in found), sum(one.overdue for one in found))
        for name, found in groups.items()
    ]


def rows(groups: Mapping[str, Sequence[Found]]) -> Iterator[dict[str, object]]:
    """The items one by one, each with the group that it is in."""
    for name, found in groups.items():
        for summary, item, overdue, repository in found:
            yield {
                "id": item.id, "postmortem": summary.id, "description": item.description, "owner": item.owner,
                "due": item.due, "priority": item.priority, "status": item.status, "ticket": item.ticket,
                "notes": item.notes, "overdue": overdue, "prevents": item.prevents, "kind": item.kind,
                "group": name, "path": summary.path, "line": item.line, "repository": repository,
            }  # fmt: skip


def heading(name: str, found: Sequence[Found]) -> str:
    """A group's name and counts: `jane: 3 action items, 1 overdue`."""
    return f"{name}: {plural(len(found), 'action item')}, {sum(one.overdue for one in found)} overdue"


def markdown(groups: Mapping[str, Sequence[Found]]) -> str:
    """A table, or a heading and a table for each group; texts of people are shown as the text that they are."""
    parts = []
    for name, found in groups.items():
        lines = [f"## {_cell(heading(name, found))}", ""] if name else []
        lines += ["| ID | Due | Status | Priority | Owner | Action | Postmortem |", "|---|---|---|---|---|---|---|"]
        for summary, item, overdue, _ in found:
            due = f"{item.due} (overdue)" if overdue else item.due
            cells = (item.id, due, item.status, item.priority, item.owner, item.description, summary.id)
            lines.append(f"| {' | '.join(map(_cell, cells))} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _cell(text: str) -> str:
    return _MARKUP.sub(r"\\\1", harmless(single_line(text)))
