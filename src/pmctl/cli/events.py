"""events."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import choose_format, chosen_day

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.insight.event import Event
    from pmctl.insight.events import Events

_FORMATS = ("text", "jsonl", "json")


def events(
    ctx: typer.Context,
    since: Annotated[
        str, typer.Option("--since", metavar="REV", help="Only what came after this event (its id) or commit.")
    ] = "",
    range: Annotated[str, typer.Option("--range", metavar="A..B", help="Only what landed after A, up to B.")] = "",
    on: Annotated[
        str, typer.Option("--on", metavar="DATE", help="Also which items are overdue on this day, and since when.")
    ] = "",
    format: Annotated[
        str, typer.Option("--format", metavar="text|jsonl|json", help="How the answer is printed.")
    ] = "text",
) -> None:
    """What happened, in the order in which it landed on the protected branch, the oldest first.

    Computed from history alone: every clone has the same events, with ids that survive a squash and a rebase. An act is
    told when its signed record counts. Exit code 2 when the history is not all there.
    """
    from pmctl.errors import UsageProblem
    from pmctl.insight import events as insight
    from pmctl.insight.ranges import ends_of

    session: Session = ctx.obj
    choose_format(format, _FORMATS)
    day = chosen_day(on, "--on")
    if since and range:
        raise UsageProblem("--since and --range both say where to begin", hint="give one of them")
    begin, tip = (since, "HEAD") if not range else ends_of(range)
    found = insight.events(session.repo, tip)
    late = insight.overdue(found.events, day) if day is not None else ()
    told = (*found.events, *late)
    if begin and not found.incomplete:
        told = insight.since(told, session.repo, found.tip, begin)
        if not begin.startswith("ev-"):  # an item is overdue on that day, whenever it was written down
            told = (*(one for one in told if one not in late), *late)
    _print(session, insight.Events(found.tip, found.incomplete, told), format)
    if found.incomplete:
        fix = (
            "git fetch --unshallow brings the rest" if "clone" in found.incomplete else "git fsck shows what is damaged"
        )
        session.warn(f"the history is incomplete ({found.incomplete}), and a part would be taken for the whole: {fix}")
        raise typer.Exit(2)


def _print(session: Session, found: Events, format: str) -> None:
    if format == "json":
        session.json("events", found)
    elif format == "jsonl":
        from pmctl.output.events import to_jsonl
        from pmctl.text import visible

        text = to_jsonl(found.events)
        sys.stdout.write(visible(text) if sys.stdout.isatty() else text)
    else:
        rows = [(one.at, one.kind, _who(one), one.postmortem or "(repository)", _what(one)) for one in found.events]
        session.table(("AT", "EVENT", "BY", "POSTMORTEM", "WHAT"), rows)
        if not rows and not found.incomplete:
            session.note("nothing happened")


def _who(event: Event) -> str:
    return event.by or ("" if event.kind == "item-overdue" else "?")


def _what(event: Event) -> str:
    """The subject and the details in a few words."""
    told = event.details
    if "from" in told:
        said = f"{told['from'] or 'nothing'} -> {told['to'] or 'nothing'}"
    else:
        chosen = ("text", "reviewers", "due", "people", "reason", "changes", "finding", "note")
        values = (told[name] for name in chosen if told.get(name))
        said = "; ".join(", ".join(one) if isinstance(one, tuple) else str(one) for one in values)
    said = said or str(told.get("thread", ""))
    return f"{event.subject}: {said}" if event.subject and said else event.subject or said
