"""Examples and small builders for the tests of incident sources."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from pmctl.services.incident import Incident
from pmctl.services.registry import read_records

EXAMPLES = Path(__file__).parents[2] / "examples" / "incidents"
NOW = datetime(2025, 6, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    """A time written as in the front matter."""
    return datetime.fromisoformat(text)


def example(*names: str, source: str | None = None) -> Incident:
    """The incident in these files of examples/incidents."""
    return read_records([(name, (EXAMPLES / name).read_bytes()) for name in names], source, now=NOW)


def record(value: object, *more: object, source: str | None = None) -> Incident:
    """The incident in these JSON values, one file each."""
    files = [(f"{n}.json", json.dumps(v).encode()) for n, v in enumerate((value, *more))]
    return read_records(files, source, now=NOW)


def rows(incident: Incident) -> list[tuple[str, str, str, str]]:
    """The timeline as (time, text, who, kind)."""
    return [(f"{e.at:%H:%M}", e.text, e.who, e.kind) for e in incident.events]
