"""Front matter against the table of fields: every departure as a finding, and the values typed.

    Document -> check_front_matter -> findings (PM1xx), all of them at once
    Document -> typed -> Python values of what is well-formed

The schema is closed: an unknown key is a finding, and an organisation's own fields live under `fields`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pmctl.codes import Code
from pmctl.document.fields import (
    FIELD,
    FIELDS,
    MAX_ENTRIES,
    MAX_ID,
    MAX_TEXT,
    TEMPLATE,
    EditorRole,
    Field,
    Kind,
    is_handle,
    is_id,
    path_of,
    plain_value,
)
from pmctl.document.finding import Finding, Severity
from pmctl.document.invisible import first_invisible, name_of
from pmctl.document.node_reader import NodeReader
from pmctl.document.strict_yaml import Node
from pmctl.errors import Hint, advise
from pmctl.text import did_you_mean, lacks_offset, nearest, parse_utc

if TYPE_CHECKING:
    from pmctl.document.reader import Document


_PERSON = advise("a-handle")
_HANDLES = {"teams": "write the team's handle, as in payments"}
_INCIDENT_KEYS = ("source", "id", "url")
_BREAK = re.compile("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def check_front_matter(doc: Document) -> list[Finding]:
    """Every departure of the front matter from the schema, in the order of the lines. Raises nothing.

    Works on what could be read when the YAML itself has problems; those are in `doc.problems`.
    """
    if not doc.front_start:
        return []
    reader = NodeReader(doc.path, "PM103")
    for key, node in doc.found.items():
        field = FIELD.get(key)
        if field is None:
            fix = did_you_mean(key, FIELD, "put the organisation's own fields under `fields:`", 0.7)
            reader.add(node, f"unknown key {_shown(key)}", fix, code="PM101", at_key=True)
        elif node.value is not None:
            _CHECKS[field.kind](reader, field, node)
    if doc.found or not doc.problems:
        for field in FIELDS:
            absent = doc.found.get(field.name)
            if field.required and (absent is None or absent.value is None):
                fix = f"add `{field.name}: ...`; {field.doc}"
                reader.add(absent, f"{field.name} is missing", fix, code="PM102", at_key=True)
    _path_matches_id(reader, doc)
    return list(reader.sorted())


def typed(doc: Document) -> dict[str, Any]:
    """The well-formed values by key: texts, tuples of texts, datetimes in UTC, dicts; nothing for a malformed one.

    Incidents are a tuple of dicts with source, id and url ("" when absent); custom fields keep YAML's types.
    """
    values: dict[str, Any] = {}
    for key, node in doc.front.items():
        field = FIELD.get(key)
        if field is None or node.value is None:
            continue
        reader = NodeReader("", "PM103")
        _CHECKS[field.kind](reader, field, node)
        if reader.failed:
            continue
        value = plain_value(key, node)
        if field.kind is Kind.TIMESTAMP:
            value = parse_utc(value)
        elif field.kind is Kind.INCIDENTS:
            value = tuple({name: item.get(name) or "" for name in _INCIDENT_KEYS} for item in value)
        elif isinstance(value, list):
            value = tuple(value)
        values[key] = value
    return values


def _path_matches_id(reader: NodeReader, doc: Document) -> None:
    node = doc.found.get("id")
    if node is None or not is_id(node.raw) or "postmortems" not in doc.path.split("/")[:-1]:
        return
    expected = path_of(node.raw)
    if not f"/{doc.path}".endswith(f"/{expected}"):
        from shlex import quote

        fix = f"git mv {quote(doc.path)} {expected}; in a copy of another postmortem, write an id of its own"
        reader.add(node, f"the id {node.raw} belongs to {expected}", fix, code="PM110")


def _text(reader: NodeReader, field: Field, node: Node) -> bool:
    """Whether the value is one line of text; findings otherwise."""
    if isinstance(node.value, (dict, tuple)):
        reader.add(node, f"{field.name} is not one text", f"write one text: {field.doc}")
        return False
    if node.value is None or not node.raw.strip():
        reader.add(node, f"an empty text in {field.name}", "write it, or take it out", code="PM109")
        return False
    if _BREAK.search(node.raw):
        reader.add(node, f"{field.name} is longer than one line", "keep to one line", code="PM109")
    elif len(node.raw) > MAX_TEXT:
        reader.add(node, f"{len(node.raw)} characters in {field.name}, at most {MAX_TEXT}", "shorten it", code="PM109")
    elif (hidden := first_invisible(node.raw)) is not None:
        message = f"{field.name} holds the invisible character {name_of(node.raw[hidden])}"
        reader.add(node, message, "remove it", code="PM116")
    else:
        return True
    return False


def _items(reader: NodeReader, field: Field, node: Node) -> tuple[Node, ...]:
    """The entries of a list; findings when it is none, too long or has an entry twice."""
    if not isinstance(node.value, tuple):
        hint = f"[{node.raw}]" if node.raw and "\n" not in node.raw else "[...]"
        reader.add(node, f"{field.name} is not a list", f"write {field.name}: {hint}")
        return ()
    if len(node.value) > MAX_ENTRIES:
        reader.add(
            node, f"{len(node.value)} entries in {field.name}, at most {MAX_ENTRIES}", "shorten it", code="PM109"
        )
    seen: set[str] = set()
    # Who is asked decides what is published, so a slip in that list is more than a matter of taste.
    severity = Severity.ERROR if field.name == "reviewers" else Severity.WARNING
    for item in node.value:
        if item.raw and item.raw in seen:
            reader.add(
                item,
                f"{_shown(item.raw)} stands twice in {field.name}",
                "keep one",
                code="PM111",
                severity=severity,
            )
        seen.add(item.raw)
    return node.value


def _texts(reader: NodeReader, field: Field, node: Node) -> None:
    for item in _items(reader, field, node):
        _text(reader, field, item)


def _handle(reader: NodeReader, field: Field, node: Node) -> None:
    if isinstance(node.value, (dict, tuple)):
        reader.add(node, f"{field.name} is not one handle", "write one handle")
    elif node.value is None or not is_handle(node.raw):
        meant = node.raw.strip().removeprefix("@").casefold().replace("_", "-")
        fix = f"did you mean {meant}?" if is_handle(meant) else _HANDLES.get(field.name, _PERSON)
        reader.add(node, f"{_shown(node.raw)} in {field.name} is not a handle (a-z, 0-9 and -)", fix, code="PM105")


def _handles(reader: NodeReader, field: Field, node: Node) -> None:
    for item in _items(reader, field, node):
        _handle(reader, field, item)


def _editors(reader: NodeReader, field: Field, node: Node) -> None:
    if not isinstance(node.value, dict):
        reader.add(node, "editors is not a mapping", "write editors: {bob: edit, carol: comment}")
        return
    for handle, role in node.value.items():
        if not is_handle(handle):
            message = f"{_shown(handle)} in editors is not a handle (a-z, 0-9 and -)"
            reader.add(role, message, _PERSON, code="PM105", at_key=True)
        if role.raw not in tuple(EditorRole):
            message = f"{_shown(role.raw)} is not what an editor may do: edit or comment"
            reader.add(role, message, f"write {handle}: {nearest(role.raw, EditorRole, 0.7) or 'edit'}", code="PM113")


def _choice(reader: NodeReader, field: Field, node: Node) -> None:
    if isinstance(node.value, (dict, tuple)):
        reader.add(node, f"{field.name} is not one of {', '.join(field.choices)}", "write one of them")
    elif node.raw not in field.choices:
        meant = nearest(node.raw, field.choices, 0.7)
        fix: Hint = f"did you mean {meant}?" if meant else f"write one of {', '.join(field.choices)}"
        if field.name == "status" and meant != "DRAFT":
            fix = advise("status-by-acts")
        reader.add(node, f"{field.name} {_shown(node.raw)} is not one of {', '.join(field.choices)}", fix, code="PM104")


def _identity(reader: NodeReader, field: Field, node: Node) -> None:
    if not is_id(node.raw):
        message = f"{_shown(node.raw)} is not an id (YYYY-MM-DD-slug, at most {MAX_ID} characters)"
        reader.add(node, message, "write the incident's date, then a slug of a-z, 0-9 and -", code="PM106")


def _timestamp(reader: NodeReader, field: Field, node: Node) -> None:
    if isinstance(node.value, (dict, tuple)):
        reader.add(node, f"{field.name} is not one time", "write 2024-01-15T14:00:00Z")
    elif parse_utc(node.raw) is not None:
        pass
    elif lacks_offset(node.raw):
        fix = f"write {node.raw}Z for UTC, or {node.raw}+02:00"
        reader.add(node, f"{field.name} {_shown(node.raw)} has no offset from UTC", fix, code="PM108")
    else:
        message = f"{field.name} {_shown(node.raw)} is not an ISO 8601 time"
        reader.add(node, message, _as_timestamp(node.raw), code="PM107")


def _incidents(reader: NodeReader, field: Field, node: Node) -> None:
    for item in _items(reader, field, node):
        if not isinstance(item.value, dict):
            example = 'write {source: pagerduty, id: PT4KHLK, url: "https://..."}'
            reader.add(item, "an incident is not a mapping", example, code="PM112")
            continue
        for key, value in item.value.items():
            if key not in _INCIDENT_KEYS:
                message = f"unknown key {_shown(key)} of an incident"
                reader.add(value, message, "an incident has source, id and url", code="PM112", at_key=True)
            elif value.value is None and key == "url":
                continue
            elif _text(reader, field, value) and key == "url" and not re.match(r"https?://[^\s]+\Z", value.raw):
                reader.add(value, f"{_shown(value.raw)} is not a web address", "write https://...", code="PM112")
        for key in ("source", "id"):
            if key not in item.value:
                reader.add(item, f"an incident without {key}", f"add {key}", code="PM112")


def _template(reader: NodeReader, field: Field, node: Node) -> None:
    if not TEMPLATE.fullmatch(node.raw) or len(node.raw) > MAX_ID:
        reader.add(node, f"{_shown(node.raw)} is not a template's name", "write name or name@version", code="PM114")


def _custom(reader: NodeReader, field: Field, node: Node) -> None:
    if not isinstance(node.value, dict):
        reader.add(node, "fields is not a mapping", 'write fields: {cost_center: "4711"}')
        return
    for key, value in node.value.items():
        place = Field(f"fields.{key}", Kind.TEXT, field.doc)
        entries = value.value if isinstance(value.value, tuple) else (value,)
        if isinstance(value.value, dict) or any(isinstance(entry.value, (dict, tuple)) for entry in entries):
            reader.add(value, f"{_shown(place.name)} is nested", "write one value or a list of values", code="PM115")
            continue
        for entry in entries:
            if entry.value is not None and entry.raw:
                _text(reader, place, entry)


_CHECKS: dict[Kind, Callable[[NodeReader, Field, Node], object]] = {
    Kind.ID: _identity,
    Kind.TEXT: _text,
    Kind.TEXTS: _texts,
    Kind.HANDLE: _handle,
    Kind.HANDLES: _handles,
    Kind.EDITORS: _editors,
    Kind.CHOICE: _choice,
    Kind.TIMESTAMP: _timestamp,
    Kind.INCIDENTS: _incidents,
    Kind.TEMPLATE: _template,
    Kind.CUSTOM: _custom,
}


def _as_timestamp(text: str) -> str:
    """How to write a day and a time in another form; an example when they can't be told. UTC without a zone."""
    from pmctl.document.dates import find_leading
    from pmctl.document.zones import zone_of

    example = "write it as in 2024-01-15T14:00:00Z"
    bare = re.sub(r"(?<=\d)T(?=\d)", " ", text.strip()) if len(text) < 80 else ""
    moment = find_leading(bare)
    day = moment.day.near(None) if moment is not None and moment.day is not None else None
    if moment is None or day is None:
        return example
    rest = bare[moment.length :].strip(" ()")
    zone = zone_of(moment.zone or rest or "UTC")
    if not moment.clock or zone is None:
        return f"add the time of day, as in {day}T14:00:00Z" if not rest and zone else example
    from datetime import datetime, time

    at = datetime.combine(day, time.fromisoformat(moment.clock), zone)
    return f"write {at.isoformat().replace('+00:00', 'Z')}"


def _shown(text: str) -> str:
    """A value in a message: quoted, on one line, shortened."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


CODES = (
    Code(
        "PM101", "unknown-key", "A key that the schema does not know.",
        "A misspelt key would silently not count.",
        "Correct the spelling, or put the organisation's own fields under `fields:`.", "titel: Payment API outage",
    ),
    Code(
        "PM102", "missing-key", "A required key is missing or has no value.",
        "Every postmortem has an id, a title, a status and an author.", "Add the key.", "title:",
    ),
    Code(
        "PM103", "wrong-kind", "A value is not of its field's kind: a list where one text belongs, or the other way.",
        "It would be read as something else or not at all.", "Write the value in the form that the message shows.",
        "reviewers: alice",
    ),
    Code(
        "PM104", "not-a-choice", "A value is none of those that the field allows.",
        "Lists, filters and the lifecycle know these words only.", "Write one of the words in the message.",
        "status: In review",
    ),
    Code(
        "PM105", "bad-handle", "A person or team is not written as a handle.",
        "Handles are how the policy knows people; look-alike letters are excluded.",
        "Write the handle: small letters, digits and dashes, without @.", "author: Jane Doe",
    ),
    Code(
        "PM106", "bad-id", "The id is not a date and a slug, or names a day that does not exist.",
        "The file's place follows from the id.", "Write YYYY-MM-DD-slug, at most 100 characters.",
        "id: 2024-13-01-outage",
    ),
    Code(
        "PM107", "bad-timestamp", "A time is not an ISO 8601 timestamp.", "Durations and order are computed from it.",
        "Write 2024-01-15T14:00:00Z.", "started_at: Jan 15, 2 pm",
    ),
    Code(
        "PM108", "timestamp-without-offset", "A timestamp does not say how far from UTC it is.",
        "People in two places would read two different moments.", "Add Z, or an offset such as +02:00.",
        "started_at: 2024-01-15T14:00",
    ),
    Code(
        "PM109", "bad-text", "A text is empty, longer than one line or too long.",
        "Front matter texts are shown in lists and on one line.", "Shorten it, or move it into a section.",
        "title: \"\"",
    ),
    Code(
        "PM110", "path-not-of-id", "The file does not lie where its id belongs.",
        "The path is a function of the id, so that no postmortem can stand in for another.",
        "Rename the file; an id never changes.", "postmortems/2024/2024-01-15-b.md with id: 2024-01-15-a",
    ),
    Code(
        "PM111", "twice-in-list", "An entry stands twice in one list.", "It is counted once and looks like a slip.",
        "Keep one.", "tags: [database, database]",
    ),
    Code(
        "PM112", "bad-incident", "A linked incident lacks its source or id, has another key, or no web address as url.",
        "The link is how an import is refreshed.", "Write {source: pagerduty, id: PT4KHLK, url: \"https://...\"}.",
        "incidents: [PT4KHLK]",
    ),
    Code(
        "PM113", "bad-editor-role", "An editor's permission is neither edit nor comment.",
        "Nobody could tell what the person may do.", "Write edit or comment.", "editors: {bob: write}",
    ),
    Code(
        "PM114", "bad-template-name", "The template is not a name, or a name and a version.",
        "The name finds the template's required sections.", "Write name or name@version.", "template: My template",
    ),
    Code(
        "PM115", "nested-custom-field", "A custom field holds more than one value or a list of values.",
        "Custom fields are columns, not documents.", "Write one value or a flat list.", "fields: {costs: {eu: 3}}",
    ),
    Code(
        "PM116", "deceptive-character", "A text holds a character that is invisible or changes the order of others.",
        "What reviewers see would not be what is stored.", "Remove it.", "title: Pay\\u200bment API outage",
    ),
)  # fmt: skip
