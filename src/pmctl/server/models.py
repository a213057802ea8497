"""The bodies of requests. A field that is not here is refused, and so is more text than anybody would write."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pmctl.text import safe, safe_block


def _plain(text: str) -> str:
    """Raise ValueError for a line with control or deceiving characters, line breaks among them."""
    if safe(text) != text:
        raise ValueError(f"not one line without control characters: {safe(text)[:100]}")
    return text


def _honest(text: str) -> str:
    """Raise ValueError for lines with control or deceiving characters; a CRLF is a line break."""
    plain = text.replace("\r\n", "\n")
    if safe_block(plain) != plain:
        raise ValueError(f"there are control or deceiving characters in it: {safe_block(plain)[:100]}")
    return text


Line = Annotated[str, Field(max_length=500), AfterValidator(_plain)]
Lines = Annotated[str, AfterValidator(_honest)]
Text = Annotated[Lines, Field(max_length=100_000)]
Names = Annotated[list[Line], Field(max_length=100)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewPostmortem(_Body):
    """A draft to be created. `incidentId` is SOURCE:ID, or the id alone where all incidents have one source."""

    title: Annotated[Line, Field(min_length=1)]
    incidentId: Line | None = None  # noqa: N815  the field's published name
    summary: Text | None = None
    status: Line = "DRAFT"
    severity: Line = ""
    urgency: Line = ""
    services: Names = []
    teams: Names = []
    tags: Names = []
    template: Line = ""


class PostmortemChange(_Body):
    """What shall be different in a postmortem; what is left out stays. `sections` are texts by the section's title."""

    title: Annotated[Line, Field(min_length=1)] | None = None
    summary: Text | None = None
    status: Line | None = None
    severity: Line | None = None
    urgency: Line | None = None
    services: Names | None = None
    teams: Names | None = None
    tags: Names | None = None
    sections: Annotated[dict[Line, Text], Field(max_length=50)] = {}


class NewItem(_Body):
    """An action item. `ownerId` is a handle of the policy, `priority` HIGH, MEDIUM or LOW."""

    description: Annotated[Lines, Field(min_length=1, max_length=2000)]
    ownerId: Line  # noqa: N815  the field's published name
    dueDate: Annotated[date | None, Field(strict=False)] = None  # noqa: N815  as published
    priority: Line
    notes: Annotated[Lines, Field(max_length=2000)] = ""


class ItemChange(_Body):
    """What shall be different in an action item; what is left out stays."""

    description: Annotated[Lines, Field(min_length=1, max_length=2000)] | None = None
    ownerId: Line | None = None  # noqa: N815  as published
    dueDate: Annotated[date | None, Field(strict=False)] = None  # noqa: N815  as published
    priority: Line | None = None
    status: Line | None = None
    ticket: Line | None = None
    notes: Annotated[Lines, Field(max_length=2000)] | None = None


class NewComment(_Body):
    """The beginning of a thread: about the whole postmortem, a section, or words that are quoted from one."""

    text: Annotated[Lines, Field(min_length=1, max_length=20_000)]
    section: Line = ""
    quote: Annotated[Lines, Field(max_length=500)] = ""


class WantedAct(_Body):
    """An act to be prepared. Only a submit has `reviewers`; `editors` are for a postmortem in review."""

    act: Literal["submit", "approve", "request-changes", "withdraw", "publish", "archive", "reopen", "delete"]
    note: Annotated[Lines, Field(max_length=2000)] = ""
    reviewers: Names = []
    editors: Names = []


class SignedAct(_Body):
    """A prepared record, byte for byte, and the armored signature over it."""

    record: Annotated[str, Field(max_length=70_000)]
    signature: Annotated[str, Field(max_length=20_000)]


class WantedPolicy(_Body):
    """The text of the policy's next version, whole."""

    text: Annotated[str, Field(max_length=500_000)]
    note: Annotated[Lines, Field(max_length=2000)] = ""


class SignedPolicy(SignedAct):
    """A prepared record of the policy, its signature, and the text that it is about."""

    text: Annotated[str, Field(max_length=500_000)]
