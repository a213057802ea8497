"""The whole postmortem as pydantic models, for JSON out and for the published JSON Schemas.

    Document -> to_model -> Postmortem -> .model_dump_json(by_alias=True)

Importing this module loads pydantic; only commands that need it do. `FrontMatter` mirrors the table in `fields`, and a
test holds the two together.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from pmctl.document.actions import action_items
from pmctl.document.digest import content_digest
from pmctl.document.fields import (
    HANDLE,
    ID,
    MAX_HANDLE,
    MAX_ID,
    TEMPLATE,
    EditorRole,
    ItemStatus,
    Priority,
    Status,
    Visibility,
)
from pmctl.document.finding import Severity
from pmctl.document.reader import Document
from pmctl.document.schema import MAX_TEXT, check_front_matter, typed
from pmctl.document.table import tables
from pmctl.document.timeline import entries
from pmctl.errors import BadInput, advise

SCHEMA = "pmctl/postmortem/v1"


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


class FrontMatter(_Model):
    """The front matter, typed; the fields and their meaning are those of `fields.FIELDS`."""

    id: PostmortemId
    title: Text
    status: Status
    author: Handle
    editors: dict[Handle, EditorRole] = {}
    reviewers: list[Handle] = []
    participants: list[Handle] = []
    visibility: Visibility | None = None
    teams: list[Handle] = []
    services: list[Text] = []
    severity: Text | None = None
    urgency: Priority | None = None
    incidents: list[Incident] = []
    started_at: datetime | None = None
    detected_at: datetime | None = None
    acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    tags: list[Text] = []
    root_causes: list[Text] = []
    template: TemplateName | None = None
    fields: dict[str, CustomScalar | list[CustomScalar]] = {}


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
    front_matter: FrontMatter
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
        impact=_impact(doc),
    )


def _impact(doc: Document) -> list[ImpactMeasure]:
    """The rows of the Impact section's two-column tables."""
    section = doc.section("Impact")
    if section is None:
        return []
    found: list[ImpactMeasure] = []
    for table in tables(doc, section):
        kind, measure = table.column("Impact Type", "Type", "Impact"), table.column("Measurement", "Measure", "Value")
        if kind is None or measure is None:
            continue
        found.extend(
            ImpactMeasure(type=row.cells[kind].text, measurement=row.cells[measure].text)
            for row in table.rows
            if row.cells[kind].text or row.cells[measure].text
        )
    return found


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `Postmortem` as it is exported."""
    schema = Postmortem.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **_without_title(schema)}


def _without_title(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "title"}
