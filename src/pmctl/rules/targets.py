"""Targets: how soon after the incident's end a postmortem was begun, completed, reviewed and published.

The dates come from the history of the repository, never from the document; the time allowed from pmctl.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding
from pmctl.rules.registry import HINT, found_at, rule

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context


@rule("PM951", "draft-late", review=HINT)
def draft_late(doc: Document, context: Context) -> Iterable[Finding]:
    """The draft was started late.

    What it does:
        Compares the first commit of the postmortem with `resolved_at` (24 hours by default).

    Why:
        Chat logs scroll away and memories settle: after a day the timeline is a reconstruction.

    Example:
        resolved_at: 2024-01-15T14:45:00Z, first commit on 2024-01-18

    Fix:
        pmctl new --from incident.json, on the day of the incident
    """
    return _late(doc, context, "draft", "created", "the draft was started")


@rule("PM952", "completion-late", review=HINT)
def completion_late(doc: Document, context: Context) -> Iterable[Finding]:
    """The draft was submitted for review late, or is still being written.

    What it does:
        Compares the submit with `resolved_at` (48 hours by default).

    Why:
        The details that make the analysis are fresh for two days.

    Example:
        resolved_at: 2024-01-15T14:45:00Z, submitted on 2024-01-22

    Fix:
        pmctl submit ID --reviewer HANDLE
    """
    return _late(doc, context, "complete", "submitted", "the draft was completed")


@rule("PM953", "review-late", review=HINT)
def review_late(doc: Document, context: Context) -> Iterable[Finding]:
    """The review took too long, or is still going on.

    What it does:
        Compares the last approval with `resolved_at` (a week by default).

    Why:
        A review that drags on is one that nobody does; ask somebody else.

    Example:
        resolved_at: 2024-01-15T14:45:00Z, approved on 2024-02-05

    Fix:
        pmctl status ID says whose approval is missing
    """
    return _late(doc, context, "review", "approved", "the review was completed")


@rule("PM954", "publication-late", review=HINT)
def publication_late(doc: Document, context: Context) -> Iterable[Finding]:
    """The postmortem was published late, or is not published yet.

    What it does:
        Compares the publication with `resolved_at` (two weeks by default).

    Why:
        Others can only learn from what they can read.

    Example:
        resolved_at: 2024-01-15T14:45:00Z, published on 2024-03-01

    Fix:
        pmctl status ID says what blocks it
    """
    return _late(doc, context, "publish", "published", "the postmortem was published")


def _late(doc: Document, context: Context, target: str, date: str, what: str) -> Iterable[Finding]:
    """The finding of one target, when its time was exceeded or has passed without the event."""
    from pmctl.rules.front_matter import incident_times

    if context.history is None:
        return
    resolved = incident_times(doc).get("resolved_at")
    allowed = context.settings.targets.get(target)
    if resolved is None or allowed is None:
        return
    done: datetime | None = getattr(context.history, date)
    moment = done or context.now
    if moment is None or moment - resolved <= allowed:
        return
    took = _spoken(moment - resolved)
    if done:
        message = f"{what} {took} after the incident was resolved, the target is {_spoken(allowed)}"
    else:
        message = f"{took} since the incident was resolved, and not yet: {what}; the target was {_spoken(allowed)}"
    node = doc.front.get("resolved_at")
    yield found_at(node.line if node else 0, node.column if node else 0, message)


def _spoken(span: timedelta) -> str:
    """A span in whole days from two days on, otherwise in hours."""
    hours = int(span.total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
