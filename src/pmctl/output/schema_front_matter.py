"""The JSON Schema of a postmortem's front matter as people write it: which keys, which values, what they mean.

Built from the table of fields that the checks follow; a test holds the schema and the checks together. What a schema
cannot say is left to the checks: that a date exists, that a path belongs to its id.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pmctl.document.fields import (
    FIELDS,
    HANDLE,
    MAX_ENTRIES,
    MAX_HANDLE,
    MAX_ID,
    MAX_TEXT,
    TEMPLATE,
    EditorRole,
    Field,
    Kind,
)

Schema = dict[str, Any]

_MONTH_AND_DAY = "(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_HOURS, _MINUTES = "(?:[01][0-9]|2[0-3])", "[0-5][0-9]"
# One line with something on it, and nothing that deceives: the characters that `schema` refuses.
_LINE = r"^(?!\s*$)[^\n\r\u000b\u000c\u001c-\u001e\u0085\u200b\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]+$"

# An unquoted number or a truth value in a text field is the text as it is written.
_TEXT: Schema = {"type": ["string", "number", "boolean"], "maxLength": MAX_TEXT, "pattern": _LINE}
_HANDLE: Schema = {
    "type": ["string", "integer", "boolean"],
    "maxLength": MAX_HANDLE,
    "pattern": f"^{HANDLE.pattern}$",
    "minimum": 0,
    "examples": ["jane"],
}
_SCALAR: Schema = {**_TEXT, "type": [*_TEXT["type"], "null"], "pattern": f"^$|{_LINE}"}
_INCIDENT: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["source", "id"],
    "properties": {
        "source": {**_TEXT, "description": "The system that keeps the record, such as pagerduty."},
        "id": {**_TEXT, "description": "The record's id there."},
        "url": {
            "type": ["string", "null"],
            "maxLength": MAX_TEXT,
            "pattern": r"^https?://[^\s\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]+$",
            "description": "The record's web address.",
        },
    },
}


def _list(entry: Schema) -> Schema:
    return {"type": "array", "items": entry, "maxItems": MAX_ENTRIES}


_KINDS: dict[Kind, Callable[[Field], Schema]] = {
    Kind.ID: lambda field: {
        "type": "string",
        "maxLength": MAX_ID,
        "pattern": f"^(?!0000)[0-9]{{4}}-{_MONTH_AND_DAY}-[a-z0-9][a-z0-9-]*$",
        "examples": ["2024-01-15-payment-api-outage"],
    },
    Kind.TEXT: lambda field: _TEXT,
    Kind.TEXTS: lambda field: _list(_TEXT),
    Kind.HANDLE: lambda field: _HANDLE,
    # Who is asked decides what is published, so nobody is asked twice (see document.schema).
    Kind.HANDLES: lambda field: {**_list(_HANDLE), **({"uniqueItems": True} if field.name == "reviewers" else {})},
    Kind.EDITORS: lambda field: {
        "type": "object",
        "propertyNames": {"pattern": _HANDLE["pattern"], "maxLength": MAX_HANDLE},
        "additionalProperties": {"enum": list(EditorRole)},
    },
    Kind.CHOICE: lambda field: {"enum": list(field.choices)},
    Kind.TIMESTAMP: lambda field: {
        "type": "string",
        "pattern": f"^(?!0000)[0-9]{{4}}-{_MONTH_AND_DAY}[Tt ]{_HOURS}:{_MINUTES}(?::{_MINUTES})?(?:[.,][0-9]{{1,9}})?"
        f"[ ]?(?:[Zz]|[+-]{_HOURS}(?::?{_MINUTES})?)$",
        "examples": ["2024-01-15T14:00:00Z"],
    },
    Kind.INCIDENTS: lambda field: _list(_INCIDENT),
    Kind.TEMPLATE: lambda field: {
        "type": ["string", "integer", "boolean"],
        "maxLength": MAX_ID,
        "pattern": f"^{TEMPLATE.pattern}$",
        "minimum": 0,
        "examples": ["default"],
    },
    Kind.CUSTOM: lambda field: {
        "type": "object",
        "additionalProperties": {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]},
    },
}


def front_matter_schema() -> Schema:
    """The schema, draft 2020-12. A key without a value counts as absent."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pmctl/front-matter/v1",
        "description": "The front matter of a postmortem.",
        "type": "object",
        "additionalProperties": False,
        "required": [field.name for field in FIELDS if field.required],
        "properties": {field.name: _property(field) for field in FIELDS},
    }


def _property(field: Field) -> Schema:
    schema = _KINDS[field.kind](field)
    if not field.required:
        schema = _or_nothing(schema)
    return {"description": field.doc, **schema}


def _or_nothing(schema: Schema) -> Schema:
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": [*types, "null"]}
