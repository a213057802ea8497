"""What each metric is: one table of definitions, each with its formula in words and the function that observes it.

docs/metrics.md and `pmctl metrics explain` say what stands here. How observations become a number follows from the
definition's kind. A change of any formula is a new VERSION.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from pmctl.document.fields import Status
from pmctl.insight import metrics_observations as seen
from pmctl.insight.metrics_observations import Observation, Question

VERSION = "pmctl-metrics-1"


class Kind(StrEnum):
    """How observations become a number."""

    COUNT = "count"  # how many
    TOTAL = "total"  # their sum
    SHARE = "share"  # per cent of those that are 1, of 1 and 0
    SPREAD = "spread"  # median and 90th percentile


class Definition(NamedTuple):
    """One metric. `counted` is the date by which it belongs to a period, `edges` what happens at the edges; `history`
    says that it rests on history, `incidents` that it needs a file of incidents."""

    name: str
    title: str
    unit: str
    kind: Kind
    formula: str
    counted: str
    edges: str
    observe: Callable[[Question], Iterator[Observation]]
    history: bool = True
    incidents: bool = False


_ADOPTED = "Postmortems from before pmctl (adopted) are left out: history does not know how they were made."
_GONE = "A deleted one counts nowhere and is named beside the answer; --at a commit before its deletion counts it."
_PHASE_EDGES = (
    "Without resolved_at, or with one that lies after the step, it is left out and counted as lacking. Of several"
    " rounds the first submission, the last approval before the first publication, and the first publication count;"
    " an amend or a reopening moves none of them."
)
_TARGET_EDGES = (
    "One that is not there yet counts as missed once the day of its target is over, and not before. Without resolved_at"
    " it is left out. Targets are those of pmctl.yaml in the same commit."
)
_CLOCK_EDGES = (
    "When either time is not in the front matter, or they are the wrong way round, it is left out and counted as"
    " lacking; adopted ones count, since these times come from the document."
)
_ITEM_EDGES = "An item without an id is not followed by history: completed, it counts as lacking."


def _phases() -> Sequence[Definition]:
    steps = (
        ("draft", "created", "its first commit"),
        ("complete", "submitted", "its first submission"),
        ("review", "approved", "its last approval"),
        ("publish", "published", "its first publication"),
    )
    found = []
    for target, step, words in steps:
        found.append(
            Definition(
                f"{target}_hours",
                f"Time to {target}",
                "hours",
                Kind.SPREAD,
                f"{words} minus resolved_at",
                step,
                f"{_PHASE_EDGES} {_ADOPTED}",
                seen.phase(step),
            )
        )
        found.append(
            Definition(
                f"{target}_on_target",
                f"Within the target: {target}",
                "%",
                Kind.SHARE,
                f"those with {words} within the target {target} after resolved_at / those whose target is over or met",
                "resolved_at",
                f"{_TARGET_EDGES} {_ADOPTED}",
                seen.on_target(target, step),
            )
        )
    return found


def _states() -> Sequence[Definition]:
    edges = "The state is that of the file at the commit, whatever the period; adopted ones count."
    counted = "first commit, else started_at, else the day in the id"
    return [
        Definition(
            name, title, "postmortems", Kind.COUNT, f"postmortems that are {state.value}", counted, edges,
            seen.in_state(state), False,
        )
        for name, title, state in (
            ("drafts", "Drafts", Status.DRAFT), ("in_review", "In review", Status.IN_REVIEW),
        )
    ]  # fmt: skip


DEFINITIONS: dict[str, Definition] = {
    one.name: one
    for one in (
        Definition(
            "created",
            "Postmortems created",
            "postmortems",
            Kind.COUNT,
            "drafts whose first commit is in the period",
            "first commit",
            f"{_ADOPTED} {_GONE} One that was deleted and made again counts from its new beginning.",
            seen.created,
        ),
        Definition(
            "published",
            "Postmortems published",
            "postmortems",
            Kind.COUNT,
            "postmortems that were published for the first time",
            "first publication",
            f"Published again after a reopening, it counts once. {_ADOPTED}",
            seen.published,
        ),
        *_states(),
        Definition(
            "required_missing",
            "Required but missing",
            "incidents",
            Kind.COUNT,
            "resolved incidents of the file for which the triage rules require a postmortem, and that none links to",
            "the incident's end",
            "Dismissed incidents and those that a rule skips are not required. Needs --incidents.",
            seen.missing,
            False,
            True,
        ),
        Definition(
            "required_documented",
            "Required and written",
            "%",
            Kind.SHARE,
            "required incidents that a postmortem links to / required incidents",
            "the incident's end",
            "A draft counts as written. Needs --incidents.",
            seen.required,
            False,
            True,
        ),
        Definition(
            "completion_rate",
            "Completion rate",
            "%",
            Kind.SHARE,
            "those of them that have been published / postmortems created in the period",
            "first commit",
            f"What was published once stays completed when it is amended, archived or reopened. {_ADOPTED}",
            seen.completion,
        ),
        Definition(
            "days_from_incident",
            "Days from incident to published",
            "days",
            Kind.SPREAD,
            "first publication minus resolved_at",
            "first publication",
            f"{_PHASE_EDGES} {_ADOPTED}",
            seen.from_incident,
        ),
        Definition(
            "days_from_draft",
            "Days from draft to published",
            "days",
            Kind.SPREAD,
            "first publication minus first commit",
            "first publication",
            _ADOPTED,
            seen.from_draft,
        ),
        *_phases(),
        Definition(
            "items_on_time",
            "Action items done on time",
            "%",
            Kind.SHARE,
            "items completed by the end of their due day / items completed, and open items whose due day is over",
            "due day",
            f"Decided against (WONT_DO) and open items that are not due yet count on neither side; the due day is the"
            f" present one, and slips are counted apart. Reopened and completed again, the last completion counts."
            f" {_ITEM_EDGES}",
            seen.items_on_time,
        ),
        Definition(
            "items_completed",
            "Action items completed",
            "items",
            Kind.COUNT,
            "items that are COMPLETED",
            "completion",
            _ITEM_EDGES,
            seen.items_closed(seen.DONE),
        ),
        Definition(
            "items_late",
            "Action items done late",
            "items",
            Kind.COUNT,
            "items completed after the end of their due day",
            "due day",
            _ITEM_EDGES,
            seen.items_late,
        ),
        Definition(
            "items_wont_do",
            "Action items decided against",
            "items",
            Kind.COUNT,
            "items that are WONT_DO",
            "decision",
            _ITEM_EDGES,
            seen.items_closed(seen.NOT_DONE),
        ),
        Definition(
            "items_open",
            "Action items open",
            "items",
            Kind.COUNT,
            "items that are OPEN or IN_PROGRESS",
            "when the item was added, else when its postmortem was, else the day of the incident",
            "The state is that of the commit, whatever the period.",
            seen.items_open,
            False,
        ),
        Definition(
            "items_overdue",
            "Action items overdue",
            "items",
            Kind.COUNT,
            "open items whose due day lies before the day of --on",
            "due day",
            "Due today is not overdue; without a due day an item is never overdue.",
            seen.items_overdue,
            False,
        ),
        Definition(
            "item_age_days",
            "Age of open items",
            "days",
            Kind.SPREAD,
            "the end of the day of --on minus when it was added",
            "when the item was added",
            "Whole days, never negative; items without an id are left out.",
            seen.item_age,
        ),
        Definition(
            "slips",
            "Due days moved later",
            "slips",
            Kind.COUNT,
            "moves of a due day to a later one",
            "the move",
            "A move to an earlier day, or from no day to one, is none.",
            seen.slips,
        ),
        Definition(
            "slip_days",
            "Days of a slip",
            "days",
            Kind.SPREAD,
            "the later due day minus the earlier one",
            "the move",
            "As for slips.",
            seen.slips,
        ),
        Definition(
            "reviews",
            "Reviews",
            "reviews",
            Kind.COUNT,
            "approvals and requests for changes",
            "the answer",
            "Approving anew after a change counts again. --by owner is by reviewer.",
            seen.reviews,
        ),
        Definition(
            "review_wait_hours",
            "Time until a review",
            "hours",
            Kind.SPREAD,
            "a reviewer's first answer minus when they were asked",
            "the answer",
            "An answer that nobody asked for is left out.",
            seen.review_wait,
        ),
        Definition(
            "reviews_waiting",
            "Reviews not answered",
            "reviews",
            Kind.COUNT,
            "questions to reviewers that are not answered in a round that still goes on",
            "the question",
            "What was withdrawn, sent back or published without the answer waits no more.",
            seen.reviews_waiting,
        ),
        Definition(
            "detect_minutes",
            "Time to detect",
            "minutes",
            Kind.SPREAD,
            "detected_at minus started_at",
            "started_at, else the day in the id",
            _CLOCK_EDGES,
            seen.response(0, 1),
            False,
        ),
        Definition(
            "acknowledge_minutes",
            "Time to acknowledge",
            "minutes",
            Kind.SPREAD,
            "acknowledged_at minus detected_at",
            "started_at, else the day in the id",
            _CLOCK_EDGES,
            seen.response(1, 2),
            False,
        ),
        Definition(
            "mitigate_minutes",
            "Time to mitigate",
            "minutes",
            Kind.SPREAD,
            "mitigated_at minus started_at",
            "started_at, else the day in the id",
            _CLOCK_EDGES,
            seen.response(0, 3),
            False,
        ),
        Definition(
            "resolve_minutes",
            "Time to resolve",
            "minutes",
            Kind.SPREAD,
            "resolved_at minus started_at",
            "started_at, else the day in the id",
            _CLOCK_EDGES,
            seen.response(0, 4),
            False,
        ),
        Definition(
            "impact_minutes",
            "Minutes of impact",
            "minutes",
            Kind.TOTAL,
            "the sum of resolved_at minus started_at",
            "started_at, else the day in the id",
            _CLOCK_EDGES,
            seen.response(0, 4),
            False,
        ),
    )
}
"""Every metric by its name, in the order in which they are shown."""
