"""Front matter against the table of fields: every departure as a finding, and the values typed.

    Document -> check_front_matter -> findings (PM1xx), all of them at once
    Document -> typed -> Python values of what is well-formed

The schema is closed: an unknown key is a finding, and an organisation's own fields live under `fields`. The
vocabulary of `fields` is offered here as well, so that `schema.Status` reads as what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pmctl.codes import Code
from pmctl.document.fields import (
    FIELD,
    FIELDS,
    HANDLE,
    ID,
    ITEM_ID,
    LIFECYCLE_KEYS,
    MAX_HANDLE,
    MAX_ID,
    TEMPLATE,
    EditorRole,
    Field,
    ItemStatus,
    Kind,
    Priority,
    Status,
    Visibility,
    id_of,
    is_handle,
    is_id,
    path_of,
)
from pmctl.document.finding import Finding, Severity
from pmctl.document.strict_yaml import Node
from pmctl.errors import Hint, advise
from pmctl.text import lacks_offset, nearest, parse_utc

if TYPE_CHECKING:
    from pmctl.document.reader import Document

__all__ = [
    "FIELD",
    "FIELDS",
    "HANDLE",
    "ID",
    "ITEM_ID",
    "LIFECYCLE_KEYS",
    "MAX_HANDLE",
    "MAX_ID",
    "MAX_TEXT",
    "TEMPLATE",
    "EditorRole",
    "Field",
    "ItemStatus",
    "Kind",
    "Priority",
    "Status",
    "Visibility",
    "check_front_matter",
    "id_of",
    "is_handle",
    "is_id",
    "path_of",
    "plain_value",
    "typed",
]

# One line of front matter text, and entries of one list: far beyond real use, short of abuse.
MAX_TEXT = 500
MAX_ENTRIES = 200
_PERSON = advise("a-handle")
_HANDLES = {"teams": "write the team's handle, as in payments"}
_INCIDENT_KEYS = ("source", "id", "url")
_BREAK = re.compile("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Characters that reorder what a reader sees: embeddings, overrides, isolates; and invisible ones.
_DECEPTIVE = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff]")


def check_front_matter(doc: Document) -> list[Finding]:
    """Every departure of the front matter from the schema, in the order of the lines. Raises nothing.

    Works on what could be read when the YAML itself has problems; those are in `doc.problems`.
    """
    if not doc.front_start:
        return []
    checks = _Checks(doc.path)
    for key, node in doc.found.items():
        field = FIELD.get(key)
        if field is None:
            checks.unknown_key(key, node)
        elif node.value is not None:
            _CHECKS[field.kind](checks, field, node)
    if doc.found or not doc.problems:
        for field in FIELDS:
            absent = doc.found.get(field.name)
            if field.required and (absent is None or absent.value is None):
                line, column = (absent.key_line, absent.key_column) if absent else (1, 1)
                checks.add("PM102", f"{field.name} is missing", line, column, f"add `{field.name}: ...`; {field.doc}")
    checks.path_matches_id(doc)
    return sorted(checks.findings, key=lambda finding: (finding.line, finding.column))


def typed(doc: Document) -> dict[str, Any]:
    """The well-formed values by key: texts, tuples of texts, datetimes in UTC, dicts; nothing for a malformed one.

    Incidents are a tuple of dicts with source, id and url ("" when absent); custom fields keep YAML's types.
    """
    values: dict[str, Any] = {}
    for key, node in doc.front.items():
        field = FIELD.get(key)
        if field is None or node.value is None:
            continue
        checks = _Checks("")
        _CHECKS[field.kind](checks, field, node)
        if any(finding.severity is Severity.ERROR for finding in checks.findings):
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


def plain_value(key: str, node: Node) -> Any:
    """A field's value as nested lists and dicts of scalars.

    In a text field an unquoted number or boolean is the text as written: `severity: 1` is "1". Custom fields
    and unknown keys keep YAML's types.
    """
    field = FIELD.get(key)
    if field is None or field.kind is Kind.CUSTOM:
        return node.plain()
    return _texts(node)


def _texts(node: Node) -> Any:
    value = node.value
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_texts(item) for item in value]
    return None if value is None else node.raw


class _Checks:
    """The findings of one document so far, with a method for each kind of value."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.findings: list[Finding] = []

    def add(
        self, code: str, message: str, line: int, column: int, fix: Hint = "", severity: Severity = Severity.ERROR
    ) -> None:
        self.findings.append(Finding(code, message, self.path, line, column, severity, fix))

    def at(self, code: str, message: str, node: Node, fix: Hint = "") -> None:
        self.add(code, message, node.line, node.column, fix)

    def unknown_key(self, key: str, node: Node) -> None:
        meant = nearest(key, FIELD, 0.7)
        fix = f"did you mean {meant}?" if meant else "put the organisation's own fields under `fields:`"
        self.add("PM101", f"unknown key {_shown(key)}", node.key_line, node.key_column, fix)

    def path_matches_id(self, doc: Document) -> None:
        node = doc.found.get("id")
        if node is None or not is_id(node.raw) or "postmortems" not in doc.path.split("/")[:-1]:
            return
        expected = path_of(node.raw)
        if not f"/{doc.path}".endswith(f"/{expected}"):
            from shlex import quote

            fix = f"git mv {quote(doc.path)} {expected}; in a copy of another postmortem, write an id of its own"
            self.at("PM110", f"the id {node.raw} belongs to {expected}", node, fix)

    def text(self, field: Field, node: Node) -> bool:
        """Whether the value is one line of text; findings otherwise."""
        if isinstance(node.value, (dict, tuple)):
            self.at("PM103", f"{field.name} is not one text", node, f"write one text: {field.doc}")
            return False
        if node.value is None or not node.raw.strip():
            self.at("PM109", f"an empty text in {field.name}", node, "write it, or take it out")
            return False
        if _BREAK.search(node.raw):
            self.at("PM109", f"{field.name} is longer than one line", node, "keep to one line")
        elif len(node.raw) > MAX_TEXT:
            self.at("PM109", f"{len(node.raw)} characters in {field.name}, at most {MAX_TEXT}", node, "shorten it")
        elif match := _DECEPTIVE.search(node.raw):
            message = f"{field.name} holds the invisible character U+{ord(match.group()):04X}"
            self.at("PM116", message, node, "remove it")
        else:
            return True
        return False

    def items(self, field: Field, node: Node) -> tuple[Node, ...]:
        """The entries of a list; findings when it is none, too long or has an entry twice."""
        if not isinstance(node.value, tuple):
            hint = f"[{node.raw}]" if node.raw and "\n" not in node.raw else "[...]"
            self.at("PM103", f"{field.name} is not a list", node, f"write {field.name}: {hint}")
            return ()
        if len(node.value) > MAX_ENTRIES:
            self.at("PM109", f"{len(node.value)} entries in {field.name}, at most {MAX_ENTRIES}", node, "shorten it")
        seen: set[str] = set()
        for item in node.value:
            if item.raw and item.raw in seen:
                self.add(
                    "PM111",
                    f"{_shown(item.raw)} stands twice in {field.name}",
                    item.line,
                    item.column,
                    "keep one",
                    Severity.WARNING,
                )
            seen.add(item.raw)
        return node.value

    def texts(self, field: Field, node: Node) -> None:
        for item in self.items(field, node):
            self.text(field, item)

    def handle(self, field: Field, node: Node) -> None:
        if isinstance(node.value, (dict, tuple)):
            self.at("PM103", f"{field.name} is not one handle", node, "write one handle")
        elif node.value is None or not is_handle(node.raw):
            meant = node.raw.strip().removeprefix("@").casefold().replace("_", "-")
            fix = f"did you mean {meant}?" if is_handle(meant) else _HANDLES.get(field.name, _PERSON)
            self.at("PM105", f"{_shown(node.raw)} in {field.name} is not a handle (a-z, 0-9 and -)", node, fix)

    def handles(self, field: Field, node: Node) -> None:
        for item in self.items(field, node):
            self.handle(field, item)

    def editors(self, field: Field, node: Node) -> None:
        if not isinstance(node.value, dict):
            self.at("PM103", "editors is not a mapping", node, "write editors: {bob: edit, carol: comment}")
            return
        for handle, role in node.value.items():
            if not is_handle(handle):
                message = f"{_shown(handle)} in editors is not a handle (a-z, 0-9 and -)"
                self.add("PM105", message, role.key_line, role.key_column, _PERSON)
            if role.raw not in tuple(EditorRole):
                message = f"{_shown(role.raw)} is not what an editor may do: edit or comment"
                self.at("PM113", message, role, f"write {handle}: {nearest(role.raw, EditorRole, 0.7) or 'edit'}")

    def choice(self, field: Field, node: Node) -> None:
        if isinstance(node.value, (dict, tuple)):
            self.at("PM103", f"{field.name} is not one of {', '.join(field.choices)}", node, "write one of them")
        elif node.raw not in field.choices:
            meant = nearest(node.raw, field.choices, 0.7)
            fix: Hint = f"did you mean {meant}?" if meant else f"write one of {', '.join(field.choices)}"
            if field.name == "status" and meant != "DRAFT":
                fix = advise("status-by-acts")
            self.at("PM104", f"{field.name} {_shown(node.raw)} is not one of {', '.join(field.choices)}", node, fix)

    def identity(self, field: Field, node: Node) -> None:
        if not is_id(node.raw):
            message = f"{_shown(node.raw)} is not an id (YYYY-MM-DD-slug, at most {MAX_ID} characters)"
            self.at("PM106", message, node, "write the incident's date, then a slug of a-z, 0-9 and -")

    def timestamp(self, field: Field, node: Node) -> None:
        if isinstance(node.value, (dict, tuple)):
            self.at("PM103", f"{field.name} is not one time", node, "write 2024-01-15T14:00:00Z")
        elif parse_utc(node.raw) is not None:
            pass
        elif lacks_offset(node.raw):
            fix = f"write {node.raw}Z for UTC, or {node.raw}+02:00"
            self.at("PM108", f"{field.name} {_shown(node.raw)} has no offset from UTC", node, fix)
        else:
            message = f"{field.name} {_shown(node.raw)} is not an ISO 8601 time"
            self.at("PM107", message, node, _as_timestamp(node.raw))

    def incidents(self, field: Field, node: Node) -> None:
        for item in self.items(field, node):
            if not isinstance(item.value, dict):
                example = 'write {source: pagerduty, id: PT4KHLK, url: "https://..."}'
                self.at("PM112", "an incident is not a mapping", item, example)
                continue
            for key, value in item.value.items():
                if key not in _INCIDENT_KEYS:
                    message = f"unknown key {_shown(key)} of an incident"
                    self.add("PM112", message, value.key_line, value.key_column, "an incident has source, id and url")
                elif value.value is None and key == "url":
                    continue
                elif self.text(field, value) and key == "url" and not re.match(r"https?://[^\s]+\Z", value.raw):
                    self.at("PM112", f"{_shown(value.raw)} is not a web address", value, "write https://...")
            for key in ("source", "id"):
                if key not in item.value:
                    self.at("PM112", f"an incident without {key}", item, f"add {key}")

    def template(self, field: Field, node: Node) -> None:
        if not TEMPLATE.fullmatch(node.raw) or len(node.raw) > MAX_ID:
            self.at("PM114", f"{_shown(node.raw)} is not a template's name", node, "write name or name@version")

    def custom(self, field: Field, node: Node) -> None:
        if not isinstance(node.value, dict):
            self.at("PM103", "fields is not a mapping", node, 'write fields: {cost_center: "4711"}')
            return
        for key, value in node.value.items():
            place = Field(f"fields.{key}", Kind.TEXT, field.doc)
            entries = value.value if isinstance(value.value, tuple) else (value,)
            if isinstance(value.value, dict) or any(isinstance(entry.value, (dict, tuple)) for entry in entries):
                self.at("PM115", f"{_shown(place.name)} is nested", value, "write one value or a list of values")
                continue
            for entry in entries:
                if entry.value is not None and entry.raw:
                    self.text(place, entry)


_CHECKS: dict[Kind, Callable[[_Checks, Field, Node], object]] = {
    Kind.ID: _Checks.identity,
    Kind.TEXT: _Checks.text,
    Kind.TEXTS: _Checks.texts,
    Kind.HANDLE: _Checks.handle,
    Kind.HANDLES: _Checks.handles,
    Kind.EDITORS: _Checks.editors,
    Kind.CHOICE: _Checks.choice,
    Kind.TIMESTAMP: _Checks.timestamp,
    Kind.INCIDENTS: _Checks.incidents,
    Kind.TEMPLATE: _Checks.template,
    Kind.CUSTOM: _Checks.custom,
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
