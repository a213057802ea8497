"""How a command that writes tells what it did: one answer, for people and for programs, with what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import choose_format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pmctl.cli.session import Session
    from pmctl.errors import Hint
    from pmctl.output.act_answer import Act
    from pmctl.services.rehearsal import Sent
    from pmctl.workflow.done import Done


def _checked(value: str) -> str:
    return choose_format(value)


ActFormat = Annotated[
    str,
    typer.Option("--format", metavar="text|json", help="How the answer is printed.", callback=_checked),
]
"""The option of every command that writes; a format that there is not is refused before anything is written."""


def tell(session: Session, done: Done, format: str = "text") -> None:
    """Say what was done. With `json` that is all there is: the facts, warnings and next steps are in the answer."""
    if format == "json":
        session.json("act", answer(session, done))
        return
    from pmctl.output.advice import words
    from pmctl.text import safe

    if done.sentence:
        session.result(safe(done.sentence))
    for fact in done.facts:
        session.note(f"  {fact}")
    for warning in done.warnings:
        session.warn(warning)
    if done.next_step:
        session.note(f"  next: {words(done.next_step)}")
    if not session.quiet and (where := _where(session, done)):
        session.note(f"  {words(where)}")


def print_sent(session: Session, sent: Sequence[Sent]) -> None:
    """Print requests that were not sent. They hold no headers, and so no token."""
    import json

    from pmctl.text import visible

    for one in sent:
        session.result(visible(f"{one.method} {one.url}"))
        if one.body is not None:
            session.result(visible(json.dumps(one.body, indent=2, ensure_ascii=False)))


def answer(session: Session, done: Done) -> Act:
    """What was done, as JSON says it."""
    from pmctl.ledger.record import FOLDER
    from pmctl.output.act_answer import Act, NextStep
    from pmctl.output.advice import argv, words

    steps = [step for step in (done.next_step, _where(session, done)) if step]
    return Act(
        act=done.act, id=done.id, by=done.by, before=done.before, after=done.after, commit=done.commit,
        paths=done.paths, digest=done.digest, message=done.sentence, facts=done.facts, warnings=done.warnings,
        records=[path for path in done.paths if path.startswith(f"{FOLDER}/") and path.endswith(".json")],
        next=[NextStep(argv(step), words(step)) for step in steps],
    )  # fmt: skip


def _where(session: Session, done: Done) -> Hint:
    """What to type so that others get the commit; '' when nothing was committed or they have it."""
    from pmctl.repository.branches import where_it_is

    return where_it_is(session.repo, session.workspace.git_settings) if done.commit else ""
