"""An incident as the import document keeps it comes back as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pmctl.services.draft import draft_values
from pmctl.services.refresh import imported_parts
from pmctl.services.stored import restored, stored
from pmctl.services.text import clean

from .records import EXAMPLES, example

RECORDS = ["pagerduty.json", "incident-io.json", "opsknight-export.json", "statuspage.json", "generic.yaml",
           "grafana-irm.json", "firehydrant.json", "rootly.json", "github-issue.json", "alertmanager.json",
           "opsgenie.json"]  # fmt: skip


@pytest.mark.parametrize("name", RECORDS)
def test_round_trip(name: str) -> None:
    incident = replace(example(name), warnings=())
    known = {person.email.lower() for person in incident.participants}
    known |= {item.owner.email.lower() for item in incident.action_items if item.owner}
    value = json.loads(json.dumps(stored(incident, known)))
    assert restored(value, "x") == replace(incident, summary=clean(incident.summary))


def test_addresses_of_strangers_are_left_out() -> None:
    incident = example("pagerduty.json")
    assert "jane@example.com" not in json.dumps(stored(incident, ()))
    assert "jane@example.com" in json.dumps(stored(incident, {"jane@example.com"}))


def test_the_import_document_holds_every_merged_incident() -> None:
    incident = example("pagerduty.json", "opsknight.json")
    document = dict(draft_values(incident, {}).provenance)
    assert [part.id for part in imported_parts(document, "x")] == ["PT7Q2ZC", "clr8x2k1p0001"]


def test_the_examples_are_all_there() -> None:
    assert {name.split(".")[0] for name in RECORDS} <= {path.stem for path in EXAMPLES.iterdir()}
