"""Where the records of linked incidents come from, and how a change that follows from them is shown, asked about,
committed and told."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from pmctl.cli.answering import tell

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.services.incident import Incident
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
    facts = [planned.counted] if planned.counted else []
    facts += [*differences_text(planned.differences).splitlines()]
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
    if planned.counted:
        session.note(planned.counted)
    for note in planned.notes:
        session.warn(note)


def fetched(session: Session, name: str, linked: Sequence[str]) -> list[Incident]:
    """The linked incidents as their systems have them now. Raises UsageProblem when none can be fetched."""
    from pmctl.cli.session import now
    from pmctl.errors import UsageProblem
    from pmctl.services.fetch import fetch_reference, parse_reference
    from pmctl.services.registry import read_incidents

    hint = f"pmctl incident refresh {name} --from FILE"
    if not linked:
        raise UsageProblem(f"{name} names no incident", hint=f"pmctl incident link {name} --from FILE")
    with_api = [reference for reference in linked if parse_reference(reference) is not None]
    if not with_api:
        raise UsageProblem(f"{', '.join(linked)} cannot be fetched", hint=f"give its record: {hint}")
    for reference in linked:
        if reference not in with_api:
            session.note(f"{reference} cannot be fetched and stays as imported")
    files = [fetch_reference(reference, session.secrets, session.note) for reference in with_api]
    return [record for one in files for record in read_incidents(one, now=now(), lacking=session.warn)]
