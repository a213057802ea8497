"""Messages of a chat as rows of a postmortem's timeline: those that people marked, or those of a time.

Messages + the postmortem -> a plan, as for refreshing from an incident. What is there already is not added again, and
the rows are the team's from then on: no refresh touches them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from pmctl.document import edits
from pmctl.document.reader import Document
from pmctl.document.timeline import entries
from pmctl.errors import BadInput, UsageProblem
from pmctl.policy.state import IN_REVIEW
from pmctl.repository.workspace import Workspace
from pmctl.services.draft import cuts, timeline_row
from pmctl.services.instants import parse_instant
from pmctl.services.refresh import Difference, comparable
from pmctl.services.slack import Message, chosen
from pmctl.text import utc
from pmctl.workflow.import_timeline import brief
from pmctl.workflow.imports import Plan, read_imported
from pmctl.workflow.timeline_code import section_text, with_code
from pmctl.workflow.timeline_rows import merge_entries

_MOST_ROWS = 500  # more than this is a chat and no timeline


def plan_chat(
    workspace: Workspace,
    by: str,
    name: str,
    messages: Sequence[Message],
    *,
    reactions: Sequence[str] = (),
    since: str = "",
    until: str = "",
) -> Plan:
    """What adding the chosen messages would change in the postmortem `name`; nothing is written.

    `since` and `until` are times, or HH:MM (UTC) of the incident's day. Raises UsageProblem when nothing says which
    messages to take, BadInput when that takes none or far too many, and Refused as refreshing does.
    """
    old = read_imported(workspace, name, by, "change the timeline of")
    start = parse_instant(old.document.meta.get("started_at")).at
    first, last = _time(since, "--from", start), _time(until, "--to", start)
    if not reactions and first is None and last is None:
        raise UsageProblem(
            "nothing says which messages to take: a chat is no timeline",
            hint="--reaction NAME takes those that people marked, --from TIME --to TIME those of a time",
            details=(f"reactions in the files: {_reactions(messages)}",),
        )
    found = chosen(messages, reactions, first, last)
    if not found:
        raise BadInput(
            f"none of {len(messages)} messages fits",
            hint="give another --reaction, --from or --to",
            details=(f"reactions in the files: {_reactions(messages)}", _span(messages)),
        )
    if len(found) > _MOST_ROWS:
        raise BadInput(
            f"{len(found)} messages fit, more than a timeline should hold ({_MOST_ROWS})",
            hint="choose them by a --reaction, or by a shorter time",
        )
    return _plan(workspace, name, old.document, messages, found)


def _plan(
    workspace: Workspace, name: str, before: Document, messages: Sequence[Message], found: Sequence[Message]
) -> Plan:
    people = workspace.policy.people.values()
    handles = {email.lower(): person.handle for person in people for email in person.emails}
    there, code = {comparable(entry.text) for entry in entries(before)}, section_text(before)
    rows, told, named = [], [], []
    for message in found:
        handle = handles.get(message.email.lower(), "") if message.email else ""
        row = timeline_row(message.at, message.text, f"@{handle}" if handle else message.who)
        if handle and handle not in named:
            named.append(handle)
        if row.event and (comparable(row.event) not in there or not all(block in code for block in row.code)):
            rows.append(row)
            told.append(Difference("+", "timeline", f"{utc(row.at)}  {brief(row.event)}"))
    document = with_code(merge_entries(before, before, add=rows), rows) if rows else before
    present = document.meta.get("participants")
    taken = [str(one) for one in present] if isinstance(present, list | tuple) else []
    gained = [handle for handle in named if handle not in taken]
    if gained:
        document = edits.set_field(document, "participants", [*taken, *gained])
        told.append(Difference("+", "participants", ", ".join(gained)))
    counted = f"{len(found)} of {len(messages)} messages fit, {len(rows)} are new"
    notes = [words for message in found for words in cuts(message.at, message.text)]
    if before.status == IN_REVIEW and told:
        notes.append("it is in review: approvals given so far no longer count for the changed content")
    return Plan(
        name, before, document, differences=tuple(told), kept=(), imported=None, had_import=False,
        changes=bool(told), notes=tuple(notes), counted=counted,
    )  # fmt: skip


def _time(text: str, option: str, start: datetime | None) -> datetime | None:
    """The moment that an option names; HH:MM is that of the incident's day."""
    if not text:
        return None
    day = f"{start:%Y-%m-%d}" if start is not None and len(text) <= 5 and ":" in text else ""
    read = parse_instant(f"{day} {text}".strip()).at
    if read is None:
        needs = "" if start is not None else ", with its date, because the postmortem has no started_at"
        raise UsageProblem(f"{option} {text}: not a time", hint=f"write it as 14:05 or 2024-01-15T14:05Z{needs}")
    return read


def _reactions(messages: Sequence[Message]) -> str:
    counts = Counter(name for message in messages for name in message.reactions)
    return ", ".join(f"{name} ({count})" for name, count in counts.most_common(12)) or "none"


def _span(messages: Sequence[Message]) -> str:
    return (
        f"the messages are from {utc(messages[0].at)} to {utc(messages[-1].at)}" if messages else "there is no message"
    )
