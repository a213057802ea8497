"""What happened, as sentences that people are told. (event) -> text on one line, without anything that is live."""

from __future__ import annotations

from pmctl.document.markdown_text import line
from pmctl.insight.event import Event, EventKind

_LONGEST = 200
_ACTS = {
    EventKind.CREATED: "begun", EventKind.SUBMITTED: "submitted for review", EventKind.APPROVED: "approved",
    EventKind.WITHDRAWN: "withdrawn from review", EventKind.PUBLISHED: "published", EventKind.AMENDED: "amended",
    EventKind.ARCHIVED: "archived", EventKind.REOPENED: "opened again", EventKind.DELETED: "deleted",
    EventKind.CHANGES_REQUESTED: "sent back for changes", EventKind.PUBLIC_APPROVED: "public text approved",
    EventKind.PUBLIC_SHARED: "public text shared with customers", EventKind.PUBLIC_WITHDRAWN: "public text withdrawn",
}  # fmt: skip
_ITEMS = {
    EventKind.ITEM_STARTED: "is in progress", EventKind.ITEM_COMPLETED: "is done",
    EventKind.ITEM_WONT_DO: "will not be done", EventKind.ITEM_REOPENED: "is open again",
    EventKind.ITEM_REMOVED: "was removed",
}  # fmt: skip
_PEOPLE = {
    EventKind.PERSON_ADDED: "is in the policy now", EventKind.PERSON_REMOVED: "is out of the policy",
    EventKind.ADMIN_ADDED: "is an admin now", EventKind.ADMIN_REMOVED: "is no admin any more",
}  # fmt: skip
RANK = (
    EventKind.DELETED, EventKind.PUBLISHED, EventKind.AMENDED, EventKind.ARCHIVED, EventKind.REOPENED,
    EventKind.CHANGES_REQUESTED, EventKind.APPROVED, EventKind.SUBMITTED, EventKind.REVIEW_REQUESTED,
    EventKind.WITHDRAWN, EventKind.PUBLIC_WITHDRAWN, EventKind.PUBLIC_SHARED, EventKind.PUBLIC_APPROVED,
    EventKind.CREATED,
)  # fmt: skip
"""Which of several things that happened at once is told first."""


def sentence(event: Event) -> str:
    """What happened, as a sentence that needs no other: "published by alice: the note"."""
    kind = event.kind
    if kind in _ACTS:
        return _with(_by(_ACTS[kind], event), event, "note")
    if kind is EventKind.REVIEW_REQUESTED:
        return _by(f"review asked of {_text(event, 'reviewers')}", event)
    if kind in (EventKind.COMMENTED, EventKind.MENTIONED, EventKind.RESOLVED, EventKind.THREAD_REOPENED):
        return _said(event)
    if kind in _PEOPLE:
        return f"{event.subject} {_PEOPLE[kind]}"
    if kind.value.startswith("item-"):
        return _item(event)
    told = {
        EventKind.POLICY_CHANGED: "changes", EventKind.FINDING_WAIVED: "finding", EventKind.HISTORY_ACCEPTED: "note",
        EventKind.ROOT_MOVED: "to",
    }  # fmt: skip
    return _with(_by(kind.value.replace("-", " "), event), event, told.get(kind, "note"))


def to_person(event: Event, title: str, *, asked: str) -> str:
    """Why one person is told of it: what somebody wants of them. `asked` is their handle."""
    by = event.by or "somebody"
    if event.kind is EventKind.REVIEW_REQUESTED:
        return f"{by} asks for your review of {title}"
    if event.kind is EventKind.MENTIONED:
        return f"{by} mentions you in {title}: {_text(event, 'text')}"
    if event.kind is EventKind.CHANGES_REQUESTED:
        return _with(f"{by} asks for changes in {title}", event, "note")
    if event.kind in (EventKind.ITEM_ADDED, EventKind.ITEM_ASSIGNED):
        what = _text(event, "text")
        due = f", due {_text(event, 'due')}" if event.details.get("due") else ""
        return f"{event.subject} of {title} is yours{f': {what}' if what else ''}{due}"
    return f"{title}: {sentence(event)}" if asked else sentence(event)


def _said(event: Event) -> str:
    who = event.by or "somebody"
    where = f" on {_text(event, 'section')}" if event.details.get("section") else ""
    verb = {
        EventKind.COMMENTED: "comments", EventKind.RESOLVED: "resolves a thread",
        EventKind.THREAD_REOPENED: "opens a thread again",
    }.get(event.kind, f"mentions {event.subject}")  # fmt: skip
    return _with(f"{who} {verb}{where}", event, "text")


def _item(event: Event) -> str:
    name, kind = event.subject, event.kind
    if kind is EventKind.ITEM_ADDED:
        owner = f" for {_text(event, 'owner')}" if event.details.get("owner") else ""
        return _with(f"new action item {name}{owner}", event, "text")
    if kind is EventKind.ITEM_ASSIGNED:
        return f"{name} is {_text(event, 'to') or 'nobody'}'s now"
    if kind is EventKind.ITEM_DUE_MOVED:
        return f"{name} is due {_text(event, 'to') or 'on no day'}, not {_text(event, 'from') or 'on no day'}"
    if kind is EventKind.ITEM_OVERDUE:
        return _with(f"{name} is overdue since {_text(event, 'due')}", event, "text")
    return _with(_by(f"{name} {_ITEMS[kind]}", event), event, "reason" if kind is EventKind.ITEM_WONT_DO else "text")


def _by(what: str, event: Event) -> str:
    return f"{what} by {event.by}" if event.by else what


def _with(what: str, event: Event, name: str) -> str:
    told = _text(event, name)
    return f"{what}: {told}" if told else what


def _text(event: Event, name: str) -> str:
    value = event.details.get(name, "")
    return line(", ".join(value) if isinstance(value, tuple) else str(value), _LONGEST)
