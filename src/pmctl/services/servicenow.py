"""ServiceNow: incidents of the Table API, with their journal (work notes and comments).

Shapes as in ServiceNow's public API reference. A field is text, or `{value, display_value}`, whose value is what the
table holds: numbers for states, UTC without a zone for times. Display values follow the language and the zone of
whoever asked, so times are taken from values where both are there.
"""

from __future__ import annotations

import re
from dataclasses import replace

from pmctl.errors import NotFound
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file
from pmctl.services.cursor import Cursor
from pmctl.services.html_text import from_html
from pmctl.services.instants import parse_instant
from pmctl.services.recognition import Recognition, candidates, parts_among, score_match
from pmctl.services.system import Api, System

_NUMBER = re.compile(r"INC\w*\d+", re.IGNORECASE)
_SYS_ID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_DONE = ("6", "7", "resolved", "closed", "closed complete")
_STATES = {"1": "New", "2": "In Progress", "3": "On Hold", "6": "Resolved", "7": "Closed", "8": "Canceled"}
_URGENCIES = {"1": "HIGH", "2": "MEDIUM", "3": "LOW"}
_RANKED = re.compile(r"([1-5])(?:\s*-\s*(.+))?")
_JOURNAL = ("work_notes", "comments")
# An entry of a journal that a record holds as text: "2024-06-18 06:20:11 - Jane Doe (Work notes)", then its lines.
_HEAD = re.compile(r"^(\d[\d./: T-]{8,22}(?: ?[AP]M)?) - (.+) \([^()\n]+\)[ \t\r]*$", re.MULTILINE)
# Between these marks a journal has HTML.
_HTML = re.compile(r"\[code\](.*?)\[/code\]", re.DOTALL)
_TEXTS = ("comments_and_work_notes", "work_notes", "comments")
_PAGE, _MOST_PAGES = 200, 50  # entries of the journal in one answer, and answers


def recognise(data: Cursor) -> Recognition:
    """Incidents of the table, and pages of the journal."""
    journal = (data.at("result"), data.at("journal"), data)
    return score_match(
        candidates(data, "result", "records"),
        ("number", "short_description", "opened_at|sys_created_on", "state|incident_state"),
        ("sys_id", "caller_id", "assignment_group", "cmdb_ci", "business_service", "close_code"),
        accept=lambda place: bool(_NUMBER.fullmatch(_plain(place.at("number")).text)),
        parts=parts_among(journal, _is_entry, "element_id"),
    )


def _is_entry(item: Cursor) -> bool:
    return _plain(item.at("element")).text in _JOURNAL and bool(item.at("sys_created_on"))


def _plain(place: Cursor) -> Cursor:
    """The value that the table holds."""
    return place.at("value") if place.mapping else place


def _shown(place: Cursor) -> Cursor:
    """What people see; an id of another record is nothing to see."""
    if place.mapping:
        return place.at("display_value") if place.at("display_value").text else Cursor(None, place.path)
    return Cursor(None, place.path) if _SYS_ID.fullmatch(place.text) else place


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with its journal."""
    number = _plain(record.at("number"))
    found.text("id", number)
    found.text("title", _shown(record.at("short_description")))
    described = _shown(record.at("description"))
    found.text("summary", described, value=_read(described.text))
    state = record.at("state") if record.at("state") else record.at("incident_state")
    held = _plain(state).text
    found.text("status", _shown(state), value=_STATES.get(_shown(state).text) or _shown(state).text)
    _ranks(found, record)
    for key, field in (("business_service", "services"), ("cmdb_ci", "services"), ("assignment_group", "teams")):
        found.name(field, _shown(record.at(key)))
    found.name("tags", _shown(record.at("category")))
    numeric = held in _STATES
    for field, keys in (("started_at", ("work_start", "opened_at", "sys_created_on")), ("detected_at", ("opened_at",))):
        found.moment(field, *(_time(record.at(key), numeric) for key in keys if record.at(key)))
    for key in ("assigned_to", "opened_by", "resolved_by", "caller_id"):
        found.person(record.at(key), name=_shown(record.at(key)).text)
    resolved = held.lower() in _DONE or _shown(state).text.lower() in _DONE
    for part in parts:
        for item in part.each():
            if _plain(item.at("element_id")).text in ("", _plain(record.at("sys_id")).text):
                _entry(found, item, numeric)
    for key in _TEXTS:
        _journal(found, record, record.at(key))
    if resolved:
        _end(found, record, numeric)
    code = _shown(record.at("close_code")).text
    if "duplicate" in code.lower() or _shown(record.at("parent_incident")).text:
        other = _shown(record.at("parent_incident")).text or "another incident"
        found.exempt("merged", f"it was closed as a part of {other}")
    return resolved


def _ranks(found: Assembly, record: Cursor) -> None:
    """Priority before severity, as "1 - Critical" or by its number; the urgency in our words."""
    for key in ("priority", "severity"):
        place = record.at(key)
        shown = _shown(place).text
        found.text("severity", place, value=f"P{shown}" if shown.isdigit() else shown)
    match = _RANKED.fullmatch(_plain(record.at("urgency")).text or _shown(record.at("urgency")).text)
    if match:
        found.text("urgency", record.at("urgency"), value=_URGENCIES.get(match[1], ""))


def _time(place: Cursor, utc: bool) -> Cursor:
    """A time of the table, in UTC where the record shows that it holds values and not what somebody sees."""
    held = _plain(place)
    utc = utc or place.mapping
    read = parse_instant(held.value)
    return replace(held, value=f"{held.text}Z") if utc and read.at is not None and not read.zoned else held


def _end(found: Assembly, record: Cursor, numeric: bool) -> None:
    at = next((record.at(key) for key in ("resolved_at", "closed_at") if record.at(key)), Cursor(None))
    found.moment("resolved_at", _time(at, numeric))
    notes = _shown(record.at("close_notes")).text
    who = _shown(record.at("resolved_by")).text
    if notes and at:
        found.event(_time(at, numeric), notes, who=who, kind="resolved", path=record.at("close_notes").path)


def _entry(found: Assembly, item: Cursor, numeric: bool) -> None:
    by = _shown(item.at("sys_created_by")).text
    who = found.person(item, email=by) if "@" in by else found.person(item, handle=by)
    said = _read(_shown(item.at("value")).text or item.at("value").text)
    at = _time(item.at("sys_created_on"), numeric)
    found.event(at, said, who=who, path=item.path, entry=_plain(item.at("sys_id")).text)


def _read(text: str) -> str:
    return _HTML.sub(lambda match: from_html(match[1]), text)


def _journal(found: Assembly, record: Cursor, place: Cursor) -> None:
    """The entries of a journal that is a text; one without a head has the time at which the record was changed."""
    text = _shown(place).text or _plain(place).text
    heads = list(_HEAD.finditer(text))
    for head, following in zip(heads, [*heads[1:], None], strict=False):
        said = text[head.end() : following.start() if following else len(text)].strip()
        who = found.person(place, name=head[2].strip())
        found.event(Cursor(head[1].strip(), place.path), _read(said), who=who, path=place.path)
    if text and not heads:
        changed = record.at("sys_updated_on")
        found.event(_time(changed, _plain(record.at("state")).text in _STATES), _read(text), path=place.path)
        if changed:
            found.warn(f"{place.path} has no time; took that of the last change")


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The incident by its number or sys_id, with its journal (pages by offset)."""
    what, table = f"incident {incident}", "/api/now/table"
    field = "sys_id" if _SYS_ID.fullmatch(incident) else "number"
    shape = {"sysparm_display_value": "all", "sysparm_exclude_reference_link": "true"}
    answer = service.get(
        f"{table}/incident", what, {**shape, "sysparm_query": f"{field}={incident}", "sysparm_limit": 1}
    )
    found = answer.at("result")
    if not isinstance(found, list) or not found:
        raise NotFound(f"ServiceNow has no {what}", hint="check its number")
    identity = _plain(Cursor(found[0]).at("sys_id")).text
    query = f"element_id={identity}^elementINwork_notes,comments^ORDERBYsys_created_on"
    entries: list[object] = []
    for page in range(_MOST_PAGES):
        paging = {"sysparm_limit": _PAGE, "sysparm_offset": page * _PAGE}
        listed = service.get(f"{table}/sys_journal_field", what, {"sysparm_query": query, **paging}).at("result")
        entries += listed if isinstance(listed, list) else []
        if not isinstance(listed, list) or len(listed) < _PAGE:
            break
    return [as_file("incident.json", {"result": found}), as_file("journal.json", {"journal": entries})]


SYSTEM = System(
    name="servicenow",
    label="ServiceNow",
    recognise=recognise,
    read=read,
    identity="",  # a field may be text or an object, and entries name the sys_id
    lists=("result", "records", "journal"),
    api=Api(
        credential="SERVICENOW_TOKEN",
        address="SERVICENOW_URL",  # every instance has its own
        headers={"Authorization": "Bearer {token}", "Accept": "application/json"},
        also={"SERVICENOW_USER": False},
        login="SERVICENOW_USER",
        fetch=fetch,
    ),
)
