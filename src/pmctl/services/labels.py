"""Labels of trackers, in which teams write what an issue has no field for: `service: api`, `team/db`, `sev1`."""

from __future__ import annotations

import re

from pmctl.services.assembly import Assembly
from pmctl.services.cursor import Cursor

_SERVICE = re.compile(r"(?:service|svc|component|comp|app|area|system)s?\s*[:/=]+\s*(.+)", re.IGNORECASE)
_TEAM = re.compile(r"(?:team|squad|group)\s*[:/=]+\s*(.+)", re.IGNORECASE)
_SEVERITY = re.compile(r"(?:severity|sev|impact)\s*[:/=]+\s*(.+)|(sev(?:erity)?[ -]?\d|s\d|p\d)", re.IGNORECASE)
_PRIORITY = re.compile(r"(?:priority|prio)\s*[:/=]+\s*(.+)", re.IGNORECASE)
_URGENCY = re.compile(r"urgency\s*[:/=]+\s*(high|medium|low)", re.IGNORECASE)


def read_label(found: Assembly, place: Cursor) -> None:
    """Fill what a label says; one without a prefix that is known is a tag."""
    text = place.text
    if match := _SERVICE.fullmatch(text):
        found.name("services", place, match[1])
    elif match := _TEAM.fullmatch(text):
        found.name("teams", place, match[1])
    elif match := _URGENCY.fullmatch(text):
        found.text("urgency", place, value=match[1].upper())
    elif match := _SEVERITY.fullmatch(text):
        found.text("severity", place, value=match[1] or match[2])
    elif match := _PRIORITY.fullmatch(text):
        found.text("severity", place, value=match[1])
    else:
        found.name("tags", place)
