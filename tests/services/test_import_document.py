"""An incident as the import document keeps it comes back as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmctl.errors import BadInput
from pmctl.services.draft import draft_from
from pmctl.services.import_document import ImportDocument, import_bytes, read_import
from pmctl.services.incident import Incident
from pmctl.text import clean

from .records import EXAMPLES, example

RECORDS = ["pagerduty.json", "incident-io.json", "opsknight-export.json", "statuspage.json", "generic.yaml",
           "grafana-irm.json", "firehydrant.json", "rootly.json", "github-issue.json", "alertmanager.json",
           "opsgenie.json"]  # fmt: skip


def imported(incident: Incident, people: dict[str, str]) -> ImportDocument:
    document = draft_from(incident, people).imported
    assert document is not None
    return document


@pytest.mark.parametrize("name", RECORDS)
def test_round_trip(name: str) -> None:
    incident = replace(example(name), warnings=(), unused=())
    people = [*incident.participants, *(item.owner for item in incident.action_items if item.owner)]
    before = imported(incident, {person.email: "someone" for person in people if person.email})
    after = read_import(import_bytes(before), "x")
    assert after.parts == (replace(incident, summary=clean(incident.summary)),)
    assert replace(after, parts=(), paths={}) == replace(before, parts=(), paths={})
    assert import_bytes(after) == import_bytes(before)


def test_addresses_of_strangers_are_left_out() -> None:
    incident = example("pagerduty.json")
    assert b"jane@example.com" not in import_bytes(imported(incident, {}))
    assert b"jane@example.com" in import_bytes(imported(incident, {"jane@example.com": "jane"}))


def test_the_import_document_holds_every_merged_incident() -> None:
    document = read_import(import_bytes(imported(example("pagerduty.json", "opsknight.json"), {})), "x")
    assert [part.id for part in document.parts] == ["PT7Q2ZC", "clr8x2k1p0001"]


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b"{", b'{"schema": "pmctl/import/v1"}', b"\xff", b"[" * 100_000,
     b'{"schema": "other", "fields": {}, "timeline": []}',
     b'{"schema": "pmctl/import/v1", "fields": {"a": 1}, "timeline": []}',
     b'{"schema": "pmctl/import/v1", "fields": {}, "timeline": [{"at": 1}]}'],
)  # fmt: skip
def test_a_damaged_import_document_is_a_clear_error(data: bytes) -> None:
    with pytest.raises(BadInput, match=r"^imports/x\.json: not"):
        read_import(data, "imports/x.json")


def test_the_examples_are_all_there() -> None:
    assert {name.split(".")[0] for name in RECORDS} <= {path.stem for path in EXAMPLES.iterdir()}
