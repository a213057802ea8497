"""How a change that comes from incident records is shown, asked about, committed and told."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from pmctl.cli.answering import tell

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.workflow.imports import Plan


class How(NamedTuple):
    """How a plan is carried out: the command, who does it, what signs the commit, and what the person asked for."""

    act: str
    by: str
    signing: tuple[str, ...]
    format: str
    dry_run: bool
    ask: bool = False


def finish(session: Session, planned: Plan, subject: str, how: How) -> None:
    """Show a plan, ask when that is wanted, commit it and tell."""
    from pmctl.errors import UsageProblem, advise
    from pmctl.output.incidents import differences_text
    from pmctl.workflow.done import Done
    from pmctl.workflow.imports import land

    told = how.format == "json"  # then everything is in the answer
    if not told:
        _show_plan(session, planned)
    changes = planned.changes and not how.dry_run
    if changes and how.ask:
        if told or not session.interactive:
            raise UsageProblem("nothing was changed: there is no terminal to ask at", hint="--yes applies it")
        from pmctl.cli.prompts import ask_yes

        changes = ask_yes(f"Change {planned.id}?")
    landed = land(session.workspace, planned, subject, how.signing) if changes else None
    why_not = "dry run: nothing was changed" if planned.changes and how.dry_run else "nothing was changed"
    sentence = f"committed {landed.oid[:12]}" if landed else why_not if planned.changes else "nothing new"
    if not told:
        session.note(sentence)
        sentence = ""
    facts = [*differences_text(planned.differences).splitlines()]
    facts += [f"kept {line}" for line in differences_text(planned.kept).splitlines()]
    done = Done(
        act=how.act, id=planned.id, by=how.by, sentence=sentence, landed=landed,
        facts=tuple(facts) if told else (), warnings=planned.notes if told else (),
        next_step=advise("look-at-status", id=planned.id) if landed else "",
    )  # fmt: skip
    tell(session, done, how.format)


def _show_plan(session: Session, planned: Plan) -> None:
    from pmctl.output.incidents import differences_text

    sys.stdout.write(differences_text(planned.differences, color=session.colored))
    sys.stdout.flush()
    if planned.kept:
        session.note("kept as people wrote it:")
        sys.stdout.flush()
        session.result(differences_text(planned.kept, color=session.colored).rstrip("\n"))
    for note in planned.notes:
        session.warn(note)
