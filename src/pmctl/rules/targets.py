"""Targets: how soon after the incident's end a postmortem was begun, completed, reviewed and published.

The dates come from the history of the repository, never from the document; the time allowed from pmctl.yaml. Of what
has not happened yet only the next step is asked for, until a month after its target. What nobody can change any more
is no finding of a validation: `engine.missed_targets` has all of it, for whoever shows where one postmortem stands.
History that was adopted is not held against anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding
from pmctl.errors import Hint, advise
from pmctl.rules.front_matter import incident_times
from pmctl.rules.registry import HINT, found_at, rule

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context


@rule("PM951", "draft-late", review=HINT)
def draft_late(doc: Document, context: Context) -> Iterable[Finding]:
    """The draft was started late.

    What it does:
        Compares the first commit of the postmortem with `resolved_at` (24 hours by default). Nobody can change that any
        more, so `pmctl status ID` says it, and `pmctl validate` does not.

    Why:
        Chat logs scroll away and memories settle: after a day the timeline is a reconstruction.

    Example:
        resolved_at: 2024-01-15T14:45:00Z, first commit on 2024-01-18

    Fix:
        pmctl new --from incident.json, on the day of the incident
    """
    return _late(doc, context, "draft", "the draft was started")


@rule("PM952", "completion-late", review=HINT)
def completion_late(doc: Document, context: Context) -> Iterable[Finding]:
    """The draft was submitted for review late, or is still being written.

    What it does:
        Compares the first submit with `resolved_at` (48 hours by default). `pmctl validate` says it of a draft until a
        month after the target, `pmctl status ID` always.

    Why:
        The details that make the analysis are fresh for two days.

    Example:
        resolved_at: 2024-01-15T14:45:00Z, submitted on 2024-01-22

    Fix:
        pmctl submit ID --reviewer HANDLE
    """
    return _late(
        doc, context, "complete", "the draft was completed", "the draft is not completed",
        advise("finish-and-submit", id=doc.id),
    )  # fmt: skip


@rule("PM953", "review-late", review=HINT)
def review_late(doc: Document, context: Context) -> Iterable[Finding]:
    """The review took too long, or is still going on.

    What it does:
        Compares the last approval with `resolved_at` (a week by default). `pmctl validate` says it of a review that is
        still going on, until a month after the target; `pmctl status ID` always.

    Why:
        A review that drags on is one that nobody does; ask somebody else.

    Example:
        resolved_at: 2024-01-15T14:45:00Z, approved on 2024-02-05

    Fix:
        pmctl status ID says whose approval is missing
    """
    return _late(
        doc, context, "review", "the review was completed", "the review is not completed",
        advise("whose-turn", id=doc.id),
    )  # fmt: skip


@rule("PM954", "publication-late", review=HINT)
def publication_late(doc: Document, context: Context) -> Iterable[Finding]:
    """The postmortem was published late, or is not published yet.

    What it does:
        Compares the publication with `resolved_at` (two weeks by default). `pmctl validate` says it of what could be
        published, until a month after the target; `pmctl status ID` always.

    Why:
        Others can only learn from what they can read.

    Example:
        resolved_at: 2024-01-15T14:45:00Z, published on 2024-03-01

    Fix:
        pmctl status ID says what blocks it
    """
    return _late(
        doc, context, "publish", "the postmortem was published", "the postmortem is not published",
        advise("what-blocks", id=doc.id),
    )  # fmt: skip


_TIMELY = timedelta(days=30)
"""How long after its target a step is asked for in every validation; then it is a figure, not a reminder."""

_STEPS = {"draft": "created", "complete": "submitted", "review": "approved", "publish": "published"}
"""The targets in the order of a postmortem's life, and the date of the history that each is held against."""


def _late(
    doc: Document, context: Context, target: str, was_done: str, is_not_done: str = "", fix: Hint = ""
) -> Iterable[Finding]:
    """The finding of one target, when its time was exceeded or has passed without the step, which is the next one."""
    history = context.history
    if history is None or context.adopted:
        return
    resolved = incident_times(doc).get("resolved_at")
    allowed = context.settings.targets.get(target)
    done: datetime | None = getattr(history, _STEPS[target])
    moment = done or context.now
    if resolved is None or allowed is None or moment is None or moment - resolved <= allowed:
        return
    if not context.look_back and (done or moment - resolved - allowed > _TIMELY):
        return
    following = next((step for step, date in _STEPS.items() if not getattr(history, date)), "")
    if not done and (not is_not_done or target != following):
        return
    took = f"more than {_spoken(moment - resolved)} after the incident was resolved; the target is {_spoken(allowed)}"
    node = doc.front.get("resolved_at")
    place = (node.line, node.column) if node else (0, 0)
    yield found_at(*place, f"{was_done} {took}") if done else found_at(*place, f"{is_not_done} {took}", fix)


def _spoken(span: timedelta) -> str:
    """A span in whole days from two days on, otherwise in hours."""
    hours = int(span.total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
