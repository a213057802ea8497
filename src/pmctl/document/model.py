"""The whole postmortem as pydantic models, for JSON out and for the published JSON Schemas.

    Document -> to_model -> Postmortem -> .model_dump_json(by_alias=True)

Importing this module loads pydantic; only commands that need it do. `FrontMatter` is made from the table in `fields`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal, get_origin

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from pmctl.document.actions import action_items
from pmctl.document.digest import content_digest
from pmctl.document.fields import (
    FIELDS,
    HANDLE,
    ID,
    MAX_HANDLE,
    MAX_ID,
    MAX_TEXT,
    TEMPLATE,
    EditorRole,
    ItemStatus,
    Kind,
    Priority,
)
from pmctl.document.fields import Field as FieldOfTable
from pmctl.document.finding import Severity
from pmctl.document.impact import measures
from pmctl.document.reader import Document
from pmctl.document.schema import check_front_matter, typed
from pmctl.document.timeline import entries
from pmctl.errors import BadInput, advise


def _whole(pattern: str) -> str:
    """A pattern for the whole text, in the notation of JSON Schema."""
    return f"^(?:{pattern.replace('?P<date>', '')})$"


Handle = Annotated[str, StringConstraints(pattern=_whole(HANDLE.pattern), max_length=MAX_HANDLE)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT)]
PostmortemId = Annotated[str, StringConstraints(pattern=_whole(ID.pattern), max_length=MAX_ID)]
TemplateName = Annotated[str, StringConstraints(pattern=_whole(TEMPLATE.pattern), max_length=MAX_ID)]
CustomScalar = str | bool | int | float | None


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)


class Incident(_Model):
    """A linked incident record."""

    source: Text
    id: Text
    url: str | None = None


_TYPES: dict[Kind, Callable[[FieldOfTable], Any]] = {
    Kind.ID: lambda field: PostmortemId,
    Kind.TEXT: lambda field: Text,
    Kind.TEXTS: lambda field: list[Text],
    Kind.HANDLE: lambda field: Handle,
    Kind.HANDLES: lambda field: list[Handle],
    Kind.EDITORS: lambda field: dict[Handle, EditorRole],
    Kind.CHOICE: lambda field: type(field.choices[0]),
    Kind.TIMESTAMP: lambda field: datetime,
    Kind.INCIDENTS: lambda field: list[Incident],
    Kind.TEMPLATE: lambda field: TemplateName,
    Kind.CUSTOM: lambda field: dict[str, CustomScalar | list[CustomScalar]],
}


def _member(field: FieldOfTable) -> tuple[Any, Any]:
    """The type and the default of a key: none, or an empty collection, for one that may be absent."""
    kind = _TYPES[field.kind](field)
    if field.required:
        return kind, Field(description=field.doc)
    collection = get_origin(kind) in (list, dict)
    return (kind if collection else kind | None), Field(
        get_origin(kind)() if collection else None, description=field.doc
    )


_MEMBERS: dict[str, Any] = {field.name: _member(field) for field in FIELDS}
FrontMatter = create_model("FrontMatter", __base__=_Model, __doc__="The front matter, typed.", **_MEMBERS)


class SectionModel(_Model):
    """A section of the body: its heading's text and level, and the Markdown under it, with LF line ends."""

    title: str
    level: int
    markdown: str


class TimelineEntryModel(_Model):
    """One timeline entry: the time as written and in UTC (null when it cannot be told)."""

    time: str
    at: datetime | None
    text: str
    who: str
    problem: str = ""


class ActionItemModel(_Model):
    """One action item; `priority` and `status` are null when they are none of the known words."""

    id: str
    description: str
    owner: str
    due: date | None
    priority: Priority | None
    status: ItemStatus | None
    ticket: str
    notes: str
    problems: list[str] = []


class ImpactMeasure(_Model):
    """One row of the Impact section's table."""

    type: str
    measurement: str


class Postmortem(_Model):
    """One postmortem, whole. `content` is the content digest of the document without its attachments."""

    schema_name: Literal["pmctl/postmortem/v1"] = Field(default="pmctl/postmortem/v1", alias="schema")
    path: str
    content: str
    front_matter: FrontMatter  # type: ignore[valid-type]  # made at run time, from the table of fields
    sections: list[SectionModel]
    timeline: list[TimelineEntryModel]
    action_items: list[ActionItemModel]
    impact: list[ImpactMeasure]


def to_model(doc: Document) -> Postmortem:
    """The document as a model. Raises BadInput, with every finding as a detail, when the front matter is not valid."""
    findings = [*doc.problems, *check_front_matter(doc)]
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise BadInput(
            f"{doc.path or 'the document'} has front matter that cannot be exported",
            hint=advise("validate-all"),
            details=tuple(f"{item.path}:{item.line}:{item.column}: {item.code} {item.message}" for item in errors),
        )
    return Postmortem(
        path=doc.path,
        content=content_digest(doc),
        front_matter=FrontMatter.model_validate(typed(doc)),
        sections=[
            SectionModel(title=item.title, level=item.level, markdown=item.text.replace("\r\n", "\n"))
            for item in doc.sections
        ],
        timeline=[
            TimelineEntryModel(time=entry.time, at=entry.at, text=entry.text, who=entry.who, problem=entry.problem)
            for entry in entries(doc)
        ],
        action_items=[
            ActionItemModel(
                id=item.id,
                description=item.description,
                owner=item.owner,
                due=item.due_date,
                priority=Priority(item.priority) if item.priority in tuple(Priority) else None,
                status=ItemStatus(item.status) if item.status in tuple(ItemStatus) else None,
                ticket=item.ticket,
                notes=item.notes,
                problems=list(item.problems),
            )
            for item in action_items(doc)
        ],
        impact=[ImpactMeasure(type=one.type, measurement=one.measurement) for one in measures(doc)],
    )
