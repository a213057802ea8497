"""Datadog (API v2, JSON:API): incidents, their timeline cells, todos and impacts.

Shapes as in Datadog's public API reference and its clients: attributes hold the times, and under `fields` what the
organisation made of its incidents, each as `{type, value}`. People are related resources under `included`.
"""

from __future__ import annotations

from contextlib import suppress

from pmctl.errors import EnvironmentProblem, NotFound
from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file
from pmctl.services.cursor import Cursor
from pmctl.services.recognition import Part, Recognition, candidates, parts_among, score_match
from pmctl.services.system import Api, System

_KINDS = ("incident_timeline_cells", "incident_todos", "incident_impacts")
_DONE = ("resolved", "completed")
_PEOPLE = ("commander_user", "declared_by_user", "created_by_user")
_SHORT = 60  # characters; a longer root cause is an account of it and no word to count by


def recognise(data: Cursor) -> Recognition:
    """Datadog incidents, and lists of what belongs to one."""
    lists = (data, data.at("data"), data.at("included"))
    parts = [*parts_among(lists, lambda item: item.at("type").text in _KINDS)]
    parts += [Part(data.at("included"))] if data.at("included").list and data.at("included") else []
    return score_match(
        candidates(data),
        ("id", "attributes"),
        ("type", "relationships"),
        accept=_is_ours,
        parts=tuple(parts),
    )


def _is_ours(place: Cursor) -> bool:
    said = place.at("attributes")
    known = said.at("fields").mapping or said.has("public_id") or said.has("customer_impacted")
    return place.at("type").text == "incidents" and bool(said.at("title") and said.at("created")) and known


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with its cells and todos. The impact on customers is the start, where there was one."""
    said, fields = record.at("attributes"), record.at("attributes", "fields")
    found.text("id", record.at("id"))
    number = said.at("public_id")
    found.text("name", fields.at("slug", "value"))
    found.text("name", number, value=f"#{number.text}" if number.text else "")
    found.text("title", said.at("title"))
    found.text("status", said.at("state"), fields.at("state", "value"))
    found.text("severity", said.at("severity"), fields.at("severity", "value"))
    for key, field in (("services", "services"), ("teams", "teams")):
        for value in _values(fields.at(key, "value")):
            found.name(field, value)
    _summary(found, fields)
    resolved = (said.at("state").text or fields.at("state", "value").text).lower() in _DONE
    found.moment("started_at", said.at("customer_impact_start"))
    found.moment("detected_at", said.at("detected"), said.at("declared"))
    found.moment("mitigated_at", said.at("customer_impact_end"))
    if resolved:
        found.moment("resolved_at", said.at("resolved"))
    _impact(found, said)
    if said.at("is_test").value is True:
        found.exempt("test", "it was a test")
    _people(found, record, parts)
    for part in parts:
        for item in part.each():
            _entry(found, item)
    if found.known("started_at") is None:
        found.start_from_creation(said.at("detected"), "detection") if said.at("detected") else None
        found.start_from_creation(said.at("created"))
    return resolved


def _impact(found: Assembly, said: Cursor) -> None:
    """Whether customers were hit, which also a record without a scope says, and what hit them."""
    impacted = said.at("customer_impacted")
    if impacted.value is False:
        return
    scope = said.at("customer_impact_scope")
    found.impact("Customer impact", scope.text, scope)
    begun = said.at("customer_impact_start")
    if impacted.value is True or begun:
        found.impact("Customers impacted", "yes", impacted if impacted else begun)


def _values(place: Cursor) -> tuple[Cursor, ...]:
    return (place,) if place.text else tuple(place.each())


def _summary(found: Assembly, fields: Cursor) -> None:
    """The summary; a root cause of a few words is one to count by, a longer one is told there."""
    summary, cause = fields.at("summary", "value"), fields.at("root_cause", "value")
    if cause.text and len(cause.text) <= _SHORT:
        found.name("root_causes", cause)
        found.text("summary", summary)
    elif cause.text:
        found.text("summary", summary, cause, value=f"{summary.text}\n\nRoot cause: {cause.text}".strip())
    else:
        found.text("summary", summary)


def _people(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> None:
    known = {
        item.at("id").text: item.at("attributes")
        for part in parts
        for item in part.each()
        if item.at("type").text == "users"
    }
    for key in _PEOPLE:
        user = known.get(record.at("relationships", key, "data", "id").text)
        if user is not None:
            found.person(user, name=user.at("name").text, email=user.at("email").text)


def _entry(found: Assembly, item: Cursor) -> None:
    said, kind = item.at("attributes"), item.at("type").text
    if kind == "incident_timeline_cells":
        text = said.at("content").first("content", "message").text
        found.event(said.first("display_time", "created"), text, path=item.path, entry=item.at("id").text)
    elif kind == "incident_todos":
        done = bool(said.at("completed"))
        named = next((one.text or one.first("name", "handle", "email").text for one in said.at("assignees").each()), "")
        owner = (
            found.person(said, email=named.lstrip("@")) if "@" in named.lstrip("@") else found.person(said, name=named)
        )
        status = "COMPLETED" if done else "OPEN"
        found.action(item, said.at("content").text, status=status, owner=owner, due=said.at("due_date").day)
    elif kind == "incident_impacts":
        found.moment("started_at", said.at("start_at"))
        found.impact("Impact", said.at("description").text, said.at("description"))


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The incident with its people, and its todos and timeline as far as they are given out."""
    path, what = f"/api/v2/incidents/{segment(incident)}", f"incident {incident}"
    record = service.get(path, what, {"include": "users"})
    files = [("incident.json", record.data)]
    for name in ("relationships/todos", "impacts"):
        with suppress(NotFound):
            listed = service.get(f"{path}/{name}", what).at("data")
            files.append(
                as_file(f"{name.rpartition('/')[2]}.json", {"data": listed if isinstance(listed, list) else []})
            )
    # Not every organisation is given its timeline, and the incident is worth having without it.
    with suppress(NotFound, EnvironmentProblem):
        cells = service.get(f"{path}/timeline", what).at("data")
        files.append(as_file("timeline.json", {"data": cells if isinstance(cells, list) else []}))
    return files


SYSTEM = System(
    name="datadog",
    label="Datadog",
    recognise=recognise,
    read=read,
    lists=("data", "included"),
    api=Api(
        credential="DATADOG_TOKEN",
        address="DATADOG_URL",  # every region has its own
        default_address="https://api.datadoghq.com",
        headers={"DD-APPLICATION-KEY": "{token}", "DD-API-KEY": "{DATADOG_API_KEY}"},
        also={"DATADOG_API_KEY": True},
        fetch=fetch,
        account=("/api/v2/current_user", "data", "attributes", "name"),
    ),
)
