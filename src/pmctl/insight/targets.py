"""The target that comes next for each postmortem under way: late, or to be met within a day, and whose turn it is.

(ends of incidents, status reports, moment) -> targets. The overview, `status ID` and reminders say the same, by one
rule. What was missed long ago, or with a step that is done, nobody can change: `status ID` has it, by the rules of
validation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pmctl.document.fields import Status
from pmctl.errors import EnvironmentProblem
from pmctl.insight.milestones import milestones
from pmctl.insight.status_report import StatusReport
from pmctl.repository.workspace import Workspace
from pmctl.rules.settings_reading import parse_rule_settings
from pmctl.text import parse_utc, utc

SOON = timedelta(days=1)
FORGOTTEN = timedelta(days=31)
"""After this long a target is a figure, and nobody is asked for it any more."""
_STEPS = {"complete": "complete and submitted", "review": "reviewed", "publish": "published"}


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be done by when: complete, review or publish, `until` a moment in UTC.

    `late` says that it can no longer be met, `who` whose turn it is. `repository` is what -C named, "" where only one
    is read.
    """

    postmortem: str
    title: str
    step: str
    until: str
    late: bool
    who: tuple[str, ...]
    repository: str = ""


def next_targets(
    workspace: Workspace, ended: Mapping[str, str], reports: Iterable[StatusReport], moment: datetime
) -> tuple[Target, ...]:
    """The targets that are late or near, the earliest first; none in a clone whose history does not tell the dates.

    `ended` says when the incident of a postmortem was resolved.
    """
    allowed = parse_rule_settings(workspace.settings.blocks.get("rules"))[0].targets
    near = [_next(one, parse_utc(ended.get(one.id, "")), allowed, moment) for one in reports]
    found = [one for one in near if one is not None]
    if not found:
        return ()
    try:
        landed = milestones(workspace.repo, workspace.head.commit)()
    except EnvironmentProblem:
        return ()
    return tuple(
        sorted((one for one in found if one.postmortem in landed), key=lambda one: (one.until, one.postmortem))
    )


def _next(
    one: StatusReport, ended: datetime | None, allowed: Mapping[str, timedelta], moment: datetime
) -> Target | None:
    """The target of the step that comes next, from a day before it until a month after it."""
    reviewed = "review" if one.blockers else "publish"
    step = "complete" if one.status == Status.DRAFT else reviewed if one.status == Status.IN_REVIEW else ""
    if ended is None or step not in allowed or not 1 < ended.year < 9000:
        return None
    until = ended + allowed[step]
    if not until - SOON <= moment <= until + FORGOTTEN:
        return None
    return Target(one.id, one.title, step, utc(until), moment > until, one.whose_turn)


def sentence(one: Target) -> str:
    """What is or was to be done by when: `is to be reviewed by 14:45 UTC`."""
    day, clock = one.until[:10], one.until[11:16]
    return (
        f"was to be {_STEPS[one.step]} by {day} {clock} UTC"
        if one.late
        else f"is to be {_STEPS[one.step]} by {clock} UTC"
    )
