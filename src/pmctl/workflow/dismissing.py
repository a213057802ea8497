"""Dismiss an incident: decide on the record that no postmortem will be written about it. One file, one commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pmctl.document.yaml_text import flow
from pmctl.errors import Refused, UsageProblem
from pmctl.insight.catalog import catalog
from pmctl.insight.dismissals import REASONS, Dismissal, dismissal_path, dismissals
from pmctl.repository.transaction import CommitResult, Write, commit
from pmctl.repository.workspace import Workspace
from pmctl.services.registry import system_by_name
from pmctl.text import clean, did_you_mean, utc


def plan_dismissal(
    workspace: Workspace, by: str, reference: str, why: str, *, covered_by: str, reason: str, now: datetime
) -> Dismissal:
    """The decision of `by` about SOURCE:ID; nothing is written.

    `covered_by` is the postmortem, or an unambiguous part of its id, for the reason covered-by. Raises UsageProblem
    for words that are none, NotFound for a postmortem that is not there, Refused for somebody whom the policy does not
    know and for an incident that has a postmortem or was dismissed.
    """
    source, colon, incident = (part.strip() for part in reference.partition(":"))
    if not colon or not incident or not source:
        raise UsageProblem(
            f"{reference[:80]!r} names no incident", hint="write SOURCE:ID, for example pagerduty:PT7Q2ZC"
        )
    name = system_by_name(source).name
    if why not in REASONS:
        words = f"one of {', '.join(REASONS)}"
        raise UsageProblem(f"--because {why or '...'}: not a reason", hint=did_you_mean(why, REASONS, words))
    if bool(covered_by) != (why == "covered-by"):
        raise UsageProblem(
            "--because covered-by needs the postmortem" if not covered_by else f"--because {why} takes no postmortem",
            hint=f'pmctl incident dismiss {reference} --because covered-by ID -m "why"',
        )
    if not reason.strip():
        raise UsageProblem("a dismissal says why", hint='add -m "why"')
    if by not in workspace.policy.people:
        raise Refused(
            f"{by or 'somebody unknown to the policy'} may not dismiss incidents", hint="ask an admin to add you"
        )
    covering = workspace.find(covered_by) if covered_by else ""
    for summary in catalog(workspace):
        if (name, incident) in summary.incidents and summary.id != covering:
            raise Refused(f"{name}:{incident} has a postmortem: {summary.id}", hint=f"pmctl show {summary.id}")
    for one in dismissals(workspace.head)[0]:
        if (one.source, one.id) == (name, incident):
            raise Refused(f"{name}:{incident} is dismissed already: {one.because}")
    return Dismissal(name, incident, why, " ".join(clean(reason).split()), by, utc(now), covering)


def land_dismissal(workspace: Workspace, decision: Dismissal, signing: Sequence[str]) -> CommitResult:
    """Write and commit the decision."""
    values = {
        "source": decision.source,
        "id": decision.id,
        "because": decision.why,
        "covered_by": decision.covered_by,
        "reason": decision.reason,
        "by": decision.by,
        "at": decision.at,
    }
    text = "".join(f"{key}: {flow(value)}\n" for key, value in values.items() if value)
    write = Write(dismissal_path(decision.source, decision.id), text.encode())
    return commit(
        workspace.repo, [write], f"Dismiss {decision.source}:{decision.id}\n\n{decision.reason}\n", signing=signing
    )
