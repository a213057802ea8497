"""The front matter of an adopted postmortem: what the document states, as far as it is certain."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from pmctl.adopt.incident_day import IncidentDay
from pmctl.adopt.item_tables import Ids
from pmctl.adopt.labels import LabelledValues
from pmctl.adopt.remarks import Remarks
from pmctl.adopt.source import SourceDocument
from pmctl.adopt.title import Title
from pmctl.document.dates import Moment, find_leading
from pmctl.document.fields import FIELDS
from pmctl.document.template_file import builtin
from pmctl.document.yaml_text import flow
from pmctl.document.zones import zone_of
from pmctl.text import utc

TAG = "adopted"
_RANGE_END = re.compile(r"(?:-|–|—|~|〜|\bto\b|\buntil\b|→)\s*(?P<end>(?:\d{4}-\d\d-\d\d[T ])?\d{1,2}:\d\d.*)$")


@dataclass(frozen=True, slots=True)
class Context:
    """What an adoption knows apart from the documents.

    `status` is what the documents get, `author` the handle of whoever adopts. `person` gives the handle of somebody
    whom the policy knows by a name, an e-mail or a handle, otherwise "". `severities` are those of the settings.
    """

    status: str
    author: str
    person: Callable[[str], str]
    severities: tuple[str, ...] = ()
    ids: Ids = field(default_factory=Ids)


@dataclass(frozen=True, slots=True)
class Identified:
    """A document with the values that it states, its title and the incident's day."""

    source: SourceDocument
    stated: LabelledValues
    title: Title
    day: IncidentDay


def front_values(document: Identified, postmortem: str, context: Context, remarks: Remarks) -> dict[str, object]:
    """The values of the new front matter."""
    title, day = document.title, document.day
    remarks.recognise("title", title.value, title.origin)
    remarks.recognise("date", day.value.isoformat(), day.origin)
    if title.certain < 1:
        remarks.questions.append(f"is the title right? it comes from {title.origin}")
    if day.certain < 0.6:
        remarks.questions.append(
            f"did the incident happen on {day.value.isoformat()}? that day comes from {day.origin}"
        )
    if day.others:
        remarks.questions.append(
            f"the incident's day is taken to be {day.value.isoformat()}, not {', '.join(day.others)}: is that right?"
        )
    return {
        "id": postmortem,
        "title": title.value,
        "status": context.status,
        **_people(document.stated, context, remarks),
        **_severity(document.stated.first("severity"), context.severities, remarks),
        **_services(document.stated.first("services"), remarks),
        **_times(document.stated, day.value, remarks),
        "tags": [TAG],
        "template": builtin("default").reference,
    }


def compose(source: SourceDocument, values: dict[str, object], body: str) -> str:
    """The text of the postmortem: front matter, body, and the source's own front matter word for word at the end."""
    newline = source.newline
    lines = ["---", *(f"{known.name}: {flow(values[known.name])}" for known in FIELDS if known.name in values), "---"]
    text = newline.join(lines) + newline * 2 + body.lstrip("\r\n")
    if source.front.text:
        fence = "```"
        while fence in source.front.text:
            fence += "`"
        if not text.endswith("\n"):
            text += newline
        kept = [f"{fence}{source.front.kind}", *source.front.text.splitlines(), fence]
        text += newline + "## Original Front Matter" + newline * 2 + newline.join(kept) + newline
    return text


def _people(stated: LabelledValues, context: Context, remarks: Remarks) -> dict[str, object]:
    found: dict[str, object] = {"author": context.author}
    authors = stated.people("author")
    known = [handle for name in authors if (handle := context.person(name))]
    if known:
        found["author"] = known[0]
        remarks.recognise("author", known[0], ", ".join(authors))
    elif authors:
        remarks.questions.append(
            f"written by {', '.join(authors[:5])}, who is not in the policy; "
            f"{context.author} is the author until you change it"
        )
    people = dict.fromkeys(handle for name in stated.people("participants") if (handle := context.person(name)))
    if people:
        found["participants"] = list(people)
        remarks.recognise("participants", ", ".join(people), "the people it names")
    return found


def _severity(stated: str, known: tuple[str, ...], remarks: Remarks) -> dict[str, object]:
    if not stated or len(stated) > 60:
        return {}
    value = stated
    if known:
        folded = {_letters(one): one for one in known}
        value = folded.get(_letters(re.split(r"[(（]", stated)[0]), "")
        if not value:
            remarks.questions.append(f"severity {stated!r} is not one of {', '.join(known)}: which one is it?")
            return {}
    remarks.recognise("severity", value, stated)
    return {"severity": value}


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _services(stated: str, remarks: Remarks) -> dict[str, object]:
    services = [one.strip(" `*_.") for one in stated.replace("、", ",").split(",")]
    clear = all(0 < len(one) <= 40 and not set("()[]（）<>;:") & set(one) for one in services)
    if not stated or len(services) > 12 or not clear:
        return {}
    remarks.recognise("services", ", ".join(services), "stated")
    return {"services": list(dict.fromkeys(services))}


def _times(stated: LabelledValues, day: date, remarks: Remarks) -> dict[str, object]:
    """started_at, detected_at, resolved_at, where day, time and zone are all stated and in order."""
    start, end = _span(stated.first("period"), day)
    start = _span(stated.first("start"), day)[0] or start
    end = _span(stated.first("end"), day)[0] or end
    detected = _span(stated.first("detected"), day)[0]
    if start and end and end < start:
        return {}
    found: dict[str, object] = {}
    for key, value in (("started_at", start), ("detected_at", detected), ("resolved_at", end)):
        if value is not None:
            found[key] = value
            remarks.recognise(key, utc(value), "stated with its time zone")
    return found


def _span(text: str, known: date) -> tuple[datetime | None, datetime | None]:
    """The moments in UTC at which a value begins and ends, each None unless day, time and zone are all certain."""
    begin = find_leading(text)
    if begin is None or begin.day is None or not begin.clock or begin.rough:
        return None, None
    day = begin.day.near(known)
    if day is None:
        return None, None
    behind = _RANGE_END.search(text)
    end = find_leading(behind["end"]) if behind else None
    end_day = (end.day.near(day) if end.day else day) if end else None
    return _in_utc(day, begin, begin.zone), _in_utc(end_day, end, end.zone or begin.zone) if end and end_day else None


def _in_utc(day: date, moment: Moment, zone_name: str) -> datetime | None:
    zone = zone_of(zone_name) if zone_name else None
    if zone is None or not moment.clock:
        return None
    try:
        clock = datetime.strptime(moment.clock, "%H:%M:%S" if moment.clock.count(":") == 2 else "%H:%M").time()
        return datetime.combine(day, clock, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
