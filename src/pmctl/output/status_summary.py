"""Where postmortems stand, as Markdown for the page of a CI job or a comment on a change. Values in, text out."""

from __future__ import annotations

from collections.abc import Sequence

from pmctl.insight.status_overview import of_items
from pmctl.insight.status_report import StatusReport
from pmctl.output.advice import words
from pmctl.output.job_summary import MOST_BYTES, cell, code, fitting
from pmctl.rules.completeness import EMPTY, MISSING
from pmctl.text import plural

_MOST = 10
"""Blockers of one postmortem that are listed."""
_GIVEN = {"valid": "approved", "stale": "approved an earlier text", "missing": "has not answered"}


def markdown(reports: Sequence[StatusReport], room: int = MOST_BYTES, *, of_change: bool = False) -> str:
    """A table with a row for each postmortem: its state, who approves it, what stands in the way, what to type.

    `of_change` says that they are those that a change is about, which is where the commands are to be typed.
    """
    title = "Postmortems of this change" if of_change else "Postmortems under way"
    if not reports:
        return f"### {title}\n\n{'It changes no postmortem.' if of_change else 'Nothing is waiting.'}\n"
    where = " Type the commands on the branch of the change." if of_change else ""
    head = f"### {title}\n\n{plural(len(reports), 'postmortem')}.{where}\n"
    titles = ("Postmortem", "State", "Approvals", "What stands in the way", "Next")
    rows = (f"| {' | '.join(_cells(one))} |" for one in reports)
    return fitting(head, titles, rows, len(reports), room)


def _cells(one: StatusReport) -> tuple[str, ...]:
    name = code(f"{one.repository}: {one.id}" if one.repository else one.id)
    title = f"{cell(one.title)}<br>{name}" if one.title else name
    state = f"{one.status}, round {one.round}" if one.round else one.status
    return title, cell(state), _approvals(one) or "-", _in_the_way(one) or "nothing", _step(one) or "-"


def _approvals(one: StatusReport) -> str:
    """Who was asked and what they said, and who else may take the next step."""
    asked = [f"{cell(given.handle)}: {_GIVEN[given.validity]}" for given in one.approvals]
    others = [who for who in one.whose_turn if who not in {given.handle for given in one.approvals}]
    waits = f"waits for {cell(', '.join(others))}" if others else ""
    return "<br>".join([*asked, *([waits] if waits else [])])


def _in_the_way(one: StatusReport) -> str:
    back = one.sent_back
    lines = [f"{cell(back.by)} asked for changes: {cell(back.reason)}"] if back is not None else []
    for blocker in one.blockers[:_MOST]:
        coded = blocker.line > 0 and blocker.code not in (MISSING, EMPTY)
        what = f"{blocker.code} {blocker.message} (line {blocker.line})" if coded else blocker.message
        lines.append(cell(what))
    more = len(one.blockers) - _MOST
    lines += [f"and {more} more"] if more > 0 else []
    items = of_items(one)
    return "<br>".join([*lines, *([cell(items)] if items and one.action_items.overdue else [])])


def _step(one: StatusReport) -> str:
    """The command to type as code, and what stands behind it as text."""
    said = words(one.next_step)
    command, gap, rest = said.partition("   (")
    if not command.startswith(("pmctl ", "git ")):
        return cell(said)
    return f"{code(command)} {cell('(' + rest)}" if gap else code(command)
