"""Draft the postmortems that triage asks for: one new file and one commit each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pmctl.errors import EnvironmentProblem, PmctlError
from pmctl.insight.triage import Triage
from pmctl.insight.triggers import Verdict
from pmctl.repository.workspace import Workspace
from pmctl.workflow.create import NewPostmortem, draft_of, land, plan


@dataclass(frozen=True, slots=True)
class Drafted:
    """One answer of triage, now with its postmortem where one was drafted at `path`; `problem` says why not."""

    answer: Triage
    path: str = ""
    problem: str = ""


def draft_required(
    workspace: Workspace,
    answers: Iterable[Triage],
    author: str,
    signing: Sequence[str],
    *,
    today: date,
    allow_open: bool = False,
) -> list[Drafted]:
    """Draft every postmortem that is required and not written, with `author` as its author.

    When one cannot be drafted, the others still are. Raises EnvironmentProblem when git or the disk forbids
    writing at all.
    """
    made: list[Drafted] = []
    for answer in answers:
        if answer.verdict is not Verdict.REQUIRED or answer.postmortem:
            made.append(Drafted(answer))
        elif not answer.incident.resolved and not allow_open:
            made.append(Drafted(answer, problem="it is not resolved yet; --allow-open drafts it"))
        else:
            try:
                draft = draft_of(workspace, answer.incident)
                created = plan(workspace, NewPostmortem(author=author), draft, today=today)
                land(workspace, created, signing)
            except EnvironmentProblem:
                raise
            except PmctlError as error:
                made.append(Drafted(answer, problem=error.message))
            else:
                made.append(Drafted(replace(answer, postmortem=created.id), created.path))
    return made
