"""Where postmortems stand, as text for people: what waits for the one who asks comes first. Values in, text out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pmctl.errors import Hint
from pmctl.insight.status_overview import Figures, StatusReports, Waiting, of_items, short
from pmctl.insight.status_report import AskedApproval, StatusReport
from pmctl.output import terminal
from pmctl.output.advice import with_values, words
from pmctl.rules.completeness import EMPTY, MISSING
from pmctl.text import plural, short_ids

_FEW = 3  # lines of a reason that are shown where others stand beside it
_LINES = 12  # and where it is about one postmortem
_LABEL = 11  # columns in front of what stands beside a label

STYLES: terminal.Styles = {
    "STATUS": lambda cell: terminal.STATUS_STYLES.get(cell, "red" if cell.endswith("!") else ""),
}


def report(found: StatusReport, yours: Hint, *, width: int = 0, color: bool = False) -> str:
    """Where one postmortem stands: who sent it back and why, what is known, what is missing, and what is next.

    `yours` is the step that waits for the one who asks, "" when none does.
    """
    lines = []
    if (back := found.sent_back) is not None:
        day = f" on {back.at[:10]}" if back.at else ""
        changed = "; the text has changed since" if back.answered else ""
        lines.append(terminal.folded(f"{back.by} asked for changes{day}{changed}:", width))
        lines += [terminal.folded(f"  {line}", width, 2) for line in _reason(back.reason, _LINES, found.id)]
        lines.append("")
    which = f" (round {found.round})" if found.round else ""
    state = terminal.folded(f"{found.id}: {found.status}{which}", width, 2)
    style = terminal.STATUS_STYLES.get(found.status, "")
    lines.append(state.replace(found.status, terminal.paint(found.status, style, color)) if style else state)
    lines += [terminal.folded(f"  {_approval(one)}", width, 4) for one in found.approvals]
    for one in found.blockers:
        coded = one.line > 0 and one.code not in (MISSING, EMPTY)  # those name their section, which says enough
        what = f"{one.code} {one.message} (line {one.line})" if coded else one.message
        fix = f" ({words(one.fix)})" if one.fix else ""
        lines.append(terminal.folded(f"  - {what}{fix}", width, 4))
    facts = [*found.facts, *([of_items(found)] if found.action_items.total else [])]
    lines += [terminal.folded(f"  {fact}", width, 4) for fact in facts]
    if yours or found.next_step:
        label = "your turn" if yours else "next"
        lines.append(terminal.folded(f"{label}: {words(yours or found.next_step)}", width, 2))
    return "\n".join(lines)


def waiting(entries: Sequence[Waiting], you: str, known: Iterable[str], *, width: int = 0, color: bool = False) -> str:
    """What waits for a person, an entry each with the command for it; "" when nothing does.

    Where a line is wider than the terminal, the `known` ids become as short as they may be typed.
    """
    if not entries:
        return ""
    told = [line for entry in entries for line in _entry(entry, {})]
    if width and max(map(terminal.width_of, told)) > width:
        ids = short_ids(known)
        told = [line for entry in entries for line in _entry(entry, ids)]
    head = terminal.paint(f"waiting for you, {you}:", "bold", color)
    return "\n".join([head, *(terminal.folded(line, width, _LABEL) for line in told)])


def rows(found: Sequence[StatusReport], *, with_next: bool, with_place: bool) -> tuple[list[str], list[list[str]]]:
    """The table of what waits for others: its headers and its rows."""
    heads = ["ID", "STATUS", "WAITS FOR"]
    cells = [[one.id, f"{one.status} !" if one.unproved or one.doubts else one.status, short(one)] for one in found]
    if with_next:
        heads.append("NEXT")
        cells = [[*row, words(one.next_step)] for row, one in zip(cells, found, strict=True)]
    if with_place:
        heads.insert(0, "REPOSITORY")
        cells = [[one.repository, *row] for row, one in zip(cells, found, strict=True)]
    return heads, cells


def figures(one: Figures) -> str:
    """The four numbers that matter, in a line: what is being written, in review, still to be done, and overdue."""
    still = plural(one.items_open, "open action item")
    return f"{plural(one.drafts, 'draft')}, {one.in_review} in review, {still}, {one.items_overdue} overdue"


def notes(found: StatusReports) -> list[str]:
    """What is to be known beside the answer: acts that are not pushed, and a HEAD that is on no branch."""
    told = [
        f"not pushed yet: your {one.named}{_in(one.repository)}; git push, and merge it when it is"
        " on a branch of its own"
        for one in found.unlanded
        if not one.dropped
    ]
    told += [
        f"left out of the history here: your {one.named}{_in(one.repository)}; pmctl doctor --fix brings it back"
        for one in found.unlanded
        if one.dropped
    ]
    told += [
        f"HEAD is detached{_in(place)}: a commit made now would be on no branch; git switch BRANCH first"
        for place in found.detached
    ]
    told += [
        f"{one.id}{_in(one.repository)}: {doubt}"
        for one in found.postmortems
        for doubt in one.doubts
        if doubt not in one.facts
    ]
    return told


def _in(place: str) -> str:
    return f" in {place}" if place else ""


def _entry(one: Waiting, ids: Mapping[str, str]) -> list[str]:
    name = ids.get(one.postmortem, one.postmortem)
    subject = f"{one.item} of {name}" if one.item else name
    fix = words(with_values(one.fix, ids))
    lines = [f"  {one.kind:<{_LABEL - 2}}{subject}{_in(one.repository)}: {one.message}"]
    lines += [f"{'':{_LABEL}}> {line}" for line in _reason(one.reason, _FEW, name)]
    return [*lines, f"{'':{_LABEL}}{fix}"] if fix else lines


def _reason(text: str, most: int, name: str) -> list[str]:
    """The first lines of what somebody wrote, and where the rest is."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    more = len(lines) - most
    return lines if more <= 0 else [*lines[:most], f"... and {plural(more, 'more line')}: pmctl log {name}"]


def _approval(one: AskedApproval) -> str:
    if one.validity == "valid":
        return f"{one.handle}: approved this content"
    if one.validity == "stale":
        return f"{one.handle}: approved an earlier content ({one.digest[:19]}...), which is stale now"
    return f"{one.handle}: was asked, has not answered"
