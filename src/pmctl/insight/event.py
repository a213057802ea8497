"""What happened, as one type: every notification, feed, webhook and metric is made from these. Values only.

docs/events.md describes the kinds and their details; both follow from the table here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Detail = str | int | tuple[str, ...]


class EventKind(StrEnum):
    """What can happen. The order is that of docs/events.md."""

    CREATED = "created"
    SUBMITTED = "submitted"
    REVIEW_REQUESTED = "review-requested"
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes-requested"
    WITHDRAWN = "withdrawn"
    PUBLISHED = "published"
    AMENDED = "amended"
    ARCHIVED = "archived"
    REOPENED = "reopened"
    DELETED = "deleted"
    PUBLIC_APPROVED = "public-approved"
    PUBLIC_SHARED = "public-shared"
    PUBLIC_WITHDRAWN = "public-withdrawn"
    COMMENTED = "commented"
    MENTIONED = "mentioned"
    RESOLVED = "resolved"
    THREAD_REOPENED = "thread-reopened"
    ITEM_ADDED = "item-added"
    ITEM_ASSIGNED = "item-assigned"
    ITEM_DUE_MOVED = "item-due-moved"
    ITEM_STARTED = "item-started"
    ITEM_COMPLETED = "item-completed"
    ITEM_WONT_DO = "item-wont-do"
    ITEM_REOPENED = "item-reopened"
    ITEM_REMOVED = "item-removed"
    ITEM_OVERDUE = "item-overdue"
    POLICY_CHANGED = "policy-changed"
    PERSON_ADDED = "person-added"
    PERSON_REMOVED = "person-removed"
    ADMIN_ADDED = "admin-added"
    ADMIN_REMOVED = "admin-removed"
    FINDING_WAIVED = "finding-waived"
    HISTORY_ACCEPTED = "history-accepted"
    ROOT_MOVED = "root-moved"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in one step of the protected branch.

    `id` stays the same in every clone and when history is squashed or rebased. `at` is when it happened, as whoever did
    it claims; `commit` is the step that brought it, `landed_at` that commit's time. `layer` says whether `by` is proved
    by a signature, or attributed, as far as commits tell ("" when they name nobody of the policy). `subject` is the
    action item or person that it is about, "" for the postmortem itself; `postmortem` is "" for the repository.
    `visibility` and `teams` are the postmortem's, after the step: who may be told.
    """

    id: str
    kind: EventKind
    at: str
    by: str
    postmortem: str
    subject: str
    layer: Literal["proved", "attributed"]
    visibility: str
    teams: tuple[str, ...]
    commit: str
    landed_at: str
    details: Mapping[str, Detail] = field(default_factory=dict)


def event_id(kind: EventKind, *parts: str | int) -> str:
    """The id of what these parts name: 24 hexadecimal digits of their SHA-256."""
    text = json.dumps([kind.value, *parts], ensure_ascii=True, separators=(",", ":"))
    return f"ev-{hashlib.sha256(text.encode()).hexdigest()[:24]}"
