"""Incident records, verdicts and planned changes as text for a terminal or a pipe. Returns strings, prints nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pmctl.insight.incidents import understood
from pmctl.insight.triage import Triage
from pmctl.insight.triggers import Verdict
from pmctl.output.similar import lines as alike
from pmctl.output.terminal import paint, table
from pmctl.services.incident import Incident
from pmctl.services.refresh import Difference
from pmctl.text import safe, utc

_VERDICTS = {Verdict.REQUIRED: "red bold", Verdict.RECOMMENDED: "yellow", Verdict.SKIP: "dim"}
_MARKS = {"+": "green", "~": "yellow", "-": "red", "=": "dim"}


def incident_text(incident: Incident, *, width: int = 0, color: bool = False) -> str:
    """What was understood of one record and from which path, then timeline, people, impact, follow-ups."""

    def block(title: str, heads: tuple[str, ...], rows: Sequence[Sequence[str]]) -> str:
        laid_out = table(heads, rows, width=width, color=color)
        return f"\n{paint(title, 'bold', color)}\n{laid_out}" if rows else ""

    fields = [
        (name, ", ".join(value) if isinstance(value, list) else value, path)
        for name, value, path in understood(incident)
    ]
    state = "resolved" if incident.resolved else "not resolved"
    state += f"; {incident.exempt_because}" if incident.exempt else ""
    head = safe(f"{incident.source}:{incident.id or '(no id)'}: {state}")
    events = [(utc(event.at), event.text, event.who, event.kind, event.path) for event in incident.events]
    people = [(person.name or person.handle, person.email, person.path) for person in incident.participants]
    impacts = [(row.kind, row.measurement, row.path) for row in incident.impacts]
    items = [
        (
            item.description,
            item.status,
            (item.owner.name or item.owner.email) if item.owner else "",
            item.due,
            item.path,
        )
        for item in incident.action_items
    ]
    return (
        f"{paint(head, 'bold', color)}\n"
        + table(("FIELD", "VALUE", "FROM"), fields, width=width, color=color)
        + block("Timeline", ("TIME", "EVENT", "WHO", "MOMENT", "FROM"), events)
        + block("Participants", ("NAME", "E-MAIL", "FROM"), people)
        + block("Impact", ("TYPE", "MEASUREMENT", "FROM"), impacts)
        + block("Action items", ("ACTION", "STATUS", "OWNER", "DUE", "FROM"), items)
        + (f"\n{safe('not used: ' + ', '.join(incident.unused))}\n" if incident.unused else "")
    )


def triage_text(answer: Triage, *, color: bool = False) -> str:
    """A verdict with its reasons, one a line; the postmortem that documents the incident; whether it is known."""
    incident = answer.incident
    verdict = paint(f"{answer.verdict.value:<11}", _VERDICTS.get(answer.verdict, ""), color)
    state = "" if incident.resolved else " (not resolved)"
    lines = [f"{verdict} {safe(f'{incident.source}:{incident.id}  {incident.title}{state}')}"]
    for reason in answer.reasons:
        note = f" (outweighed, {reason.verdict.value} otherwise)" if reason.outweighed else ""
        lines.append(safe(f"  {reason.rule}: {reason.because}{note}"))
    if not answer.reasons:
        lines.append("  no rule applies")
    if answer.postmortem:
        lines.append(safe(f"  written: {answer.postmortem}"))
    if answer.pattern:
        lines.append(f"  {answer.pattern}")
        lines += [f"    {line}" for line in alike(answer.similar)]
    return "\n".join(lines)


def differences_text(differences: Iterable[Difference], *, color: bool = False) -> str:
    """One line a difference: its mark, the place, what changes. Ends with a newline; "" for none."""
    lines = [
        f"{paint(one.mark, _MARKS.get(one.mark, ''), color)} {safe(f'{one.what}: {one.text}')}\n" for one in differences
    ]
    return "".join(lines)
