"""The vocabulary of a postmortem: its front matter's fields in one table, its choices, ids and paths.

`FIELDS` is the one description of the front matter: a new key is a new line there. The checks and the typed values
(`schema`), the pydantic model (`model`), the JSON Schema (`pmctl.output.schema_front_matter`) and the table in
docs/formats.md all follow from it, by what each of them knows about a `Kind`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pmctl.text import parse_day

if TYPE_CHECKING:
    from pmctl.document.strict_yaml import Node


class Status(StrEnum):
    """Where a postmortem stands in its life."""

    DRAFT = "DRAFT"
    IN_REVIEW = "IN_REVIEW"
    PUBLISHED = "PUBLISHED"
    ARCHIVED = "ARCHIVED"


class Priority(StrEnum):
    """How much an action item matters, and how urgent an incident was."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class ItemStatus(StrEnum):
    """Where an action item stands."""

    OPEN = "OPEN"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    WONT_DO = "WONT_DO"


class ItemKind(StrEnum):
    """What an action item is to do about what happened."""

    PREVENT = "prevent"
    DETECT = "detect"
    MITIGATE = "mitigate"
    PROCESS = "process"


class Visibility(StrEnum):
    """Who may see a postmortem."""

    PRIVATE = "private"
    TEAM = "team"
    ORGANIZATION = "organization"


class EditorRole(StrEnum):
    """What an editor may do."""

    EDIT = "edit"
    COMMENT = "comment"


class Kind(StrEnum):
    """What a field's value looks like."""

    ID = "id"
    TEXT = "text"
    TEXTS = "list of texts"
    HANDLE = "handle"
    HANDLES = "list of handles"
    EDITORS = "editors"
    CHOICE = "choice"
    TIMESTAMP = "timestamp"
    INCIDENTS = "incidents"
    TEMPLATE = "template"
    CUSTOM = "custom fields"


@dataclass(frozen=True, slots=True)
class Field:
    """One front matter key.

    `choices` are the allowed texts of a CHOICE. `lifecycle` marks the keys that the content digest leaves out.
    `doc` is one line for people and for the JSON Schema.
    """

    name: str
    kind: Kind
    doc: str
    required: bool = False
    choices: tuple[str, ...] = ()
    lifecycle: bool = False


# In the order in which a new document writes them.
FIELDS: tuple[Field, ...] = (
    Field("id", Kind.ID, "Date of the incident and a slug: YYYY-MM-DD-slug. Never changes.", required=True),
    Field("title", Kind.TEXT, "Clear, descriptive title.", required=True),
    Field("status", Kind.CHOICE, "Lifecycle state; only pmctl's acts change it.", True, tuple(Status), lifecycle=True),
    Field("author", Kind.HANDLE, "Handle of the person who answers for the document.", required=True),
    Field("editors", Kind.EDITORS, "Who may edit or comment: handle: edit | comment.", lifecycle=True),
    Field("reviewers", Kind.HANDLES, "Handles whose approval was asked for.", lifecycle=True),
    Field("participants", Kind.HANDLES, "Handles of the people who took part in the response."),
    Field("visibility", Kind.CHOICE, "Who may see it.", choices=tuple(Visibility)),
    Field("teams", Kind.HANDLES, "Teams that the postmortem belongs to."),
    Field("services", Kind.TEXTS, "Affected services."),
    Field("severity", Kind.TEXT, "Severity in the organisation's own words, such as SEV2."),
    Field("urgency", Kind.CHOICE, "Urgency of the incident.", choices=tuple(Priority)),
    Field("incidents", Kind.INCIDENTS, "Linked incident records: source, id, url."),
    Field("started_at", Kind.TIMESTAMP, "When the impact began."),
    Field("detected_at", Kind.TIMESTAMP, "When somebody or something noticed."),
    Field("acknowledged_at", Kind.TIMESTAMP, "When a responder took it on."),
    Field("mitigated_at", Kind.TIMESTAMP, "When the impact was contained."),
    Field("resolved_at", Kind.TIMESTAMP, "When the incident was over."),
    Field("tags", Kind.TEXTS, "Free labels."),
    Field("root_causes", Kind.TEXTS, "Categories of causes that trends are counted by."),
    Field("contributing_factors", Kind.TEXTS, "What made it worse or likelier, in the words of root_causes."),
    Field("template", Kind.TEMPLATE, "Template that it was written with: name or name@version."),
    Field("fields", Kind.CUSTOM, "Custom fields that the template declares."),
)
FIELD: Mapping[str, Field] = {field.name: field for field in FIELDS}
LIFECYCLE_KEYS = frozenset(field.name for field in FIELDS if field.lifecycle)

PAGE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:-[a-z0-9]+){1,12}"
"""The name of a public text's page: a day and words."""
HANDLE = re.compile(r"[a-z0-9][a-z0-9-]*")
MAX_HANDLE = 64
# One file.
MAX_BYTES = 1024 * 1024
# One line of front matter text, and entries of one list: far beyond real use, short of abuse.
MAX_TEXT = 500
MAX_ENTRIES = 200
ID = re.compile(r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})-[a-z0-9][a-z0-9-]*")
MAX_ID = 100
ITEM_ID = re.compile(r"AI-[A-Za-z0-9]{4,12}")
TEMPLATE = re.compile(r"[a-z0-9][a-z0-9-]*(?:@[A-Za-z0-9][A-Za-z0-9._-]*)?")


@lru_cache(maxsize=256)
def is_id(text: str) -> bool:
    """Whether `text` is a postmortem id: a real date, a slug, at most 100 characters."""
    match = ID.fullmatch(text)
    return match is not None and len(text) <= MAX_ID and parse_day(match["date"]) is not None


def is_handle(text: str) -> bool:
    """Whether `text` is a person's or team's handle."""
    return HANDLE.fullmatch(text) is not None and len(text) <= MAX_HANDLE


def path_of(postmortem: str) -> str:
    """The path, relative to the pmctl root, of the postmortem with this id. Raises ValueError for a bad id."""
    if not is_id(postmortem):
        raise ValueError(f"not a postmortem id: {postmortem!r}")
    return f"postmortems/{postmortem[:4]}/{postmortem}.md"


def id_of(path: str) -> str | None:
    """The id that belongs to a path relative to the pmctl root; None when no postmortem may lie there."""
    stem = path.rpartition("/")[2].removesuffix(".md")
    return stem if is_id(stem) and path == path_of(stem) else None


def plain_value(key: str, node: Node) -> Any:
    """A field's value as nested lists and dicts of scalars.

    In a text field an unquoted number or boolean is the text as written: `severity: 1` is "1". Custom fields
    and unknown keys keep YAML's types.
    """
    field = FIELD.get(key)
    return node.plain() if field is None or field.kind is Kind.CUSTOM else _texts(node)


def _texts(node: Node) -> Any:
    value = node.value
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_texts(item) for item in value]
    return None if value is None else node.raw
