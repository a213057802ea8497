"""Draft the postmortems that triage asks for: one new file and one commit each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pmctl.errors import EnvironmentProblem, PmctlError
from pmctl.insight.triage import Triage
from pmctl.insight.triggers import Verdict
from pmctl.repository.workspace import Workspace
from pmctl.services.draft import draft_values
from pmctl.workflow.create import NewPostmortem, land, plan
from pmctl.workflow.imports import people_by_email


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

    One that cannot be drafted does not keep the others from it. Raises EnvironmentProblem when git or the
    disk forbids writing at all.
    """
    people = people_by_email(workspace.policy)
    made: list[Drafted] = []
    for answer in answers:
        if answer.verdict is not Verdict.REQUIRED or answer.postmortem:
            made.append(Drafted(answer))
        elif not answer.incident.resolved and not allow_open:
            made.append(Drafted(answer, problem="it is not resolved yet; --allow-open drafts it"))
        else:
            try:
                created = plan(
                    workspace, NewPostmortem(author=author), draft_values(answer.incident, people), today=today
                )
                land(workspace, created, signing)
            except EnvironmentProblem:
                raise
            except PmctlError as error:
                made.append(Drafted(answer, problem=error.message))
            else:
                made.append(Drafted(replace(answer, postmortem=created.id), created.path))
    return made
