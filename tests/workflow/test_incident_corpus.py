"""Every real incident record of the corpus gives a draft that validates but for its prompts."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from pmctl.document.prompts import is_empty
from pmctl.insight.validation import Selection, validations
from pmctl.services.draft import draft_from
from pmctl.services.incident import Incident
from pmctl.services.registry import read_incidents
from pmctl.workflow.create import NewPostmortem, plan, write_only
from tests.drafts import NOW, Team
from tests.skips import NO_CORPUS

CORPUS = Path(os.environ.get("PMCTL_CORPUS", "")) / "incidents"
pytestmark = pytest.mark.skipif(not os.environ.get("PMCTL_CORPUS"), reason=NO_CORPUS)


def read(paths: Iterable[Path]) -> tuple[Incident, ...]:
    return read_incidents([(path.name, path.read_bytes()) for path in paths], now=NOW)


def drafted(team: Team, incidents: Iterable[Incident]) -> list[str]:
    """Their drafts in the work tree, each checked; returns the ids."""
    found = []
    for incident in incidents:
        created = plan(team.workspace, NewPostmortem(author="jane"), draft_from(incident, {}), today=date(2024, 1, 20))
        write_only(team.workspace, created)
        found.append(created.id)
    return found


# What the default settings may say about a fresh draft, none of it more than a hint: prompts that are still there,
# the source's own wording in the summary, entries after the end and no end at all, where the record says so, and the
# targets of drafts that are begun years after the incident.
EXPECTED = {"PM202", "PM801", "PM802", "PM306", "PM156", "PM951", "PM952"}


def check(team: Team, names: Iterable[str]) -> None:
    """No error and no warning, and hints about the prompts and what the record itself lacks."""
    (run,) = validations(team.root, Selection(now=NOW))
    assert [finding for finding in run.findings if finding.severity != "hint"] == []
    assert {finding.code for finding in run.findings} <= EXPECTED
    assert {finding.message.split("'")[1] for finding in run.findings if finding.code == "PM202"} <= {
        "Summary", "Impact", "Root Cause", "Resolution", "Action Items",
    }  # fmt: skip
    for name in names:
        document = team.workspace.read(name)
        assert not document.problems
        assert not is_empty(document.section("Timeline").text), name  # type: ignore[union-attr]


def test_all_incidents_of_the_status_page(team: Team) -> None:
    incidents = read(sorted((CORPUS / "statuspage").glob("*.json")))
    assert len(incidents) == 64
    names = drafted(team, incidents)
    assert len(set(names)) == 64
    check(team, names)


@pytest.mark.parametrize("parts", [("", "_log_entries", "_notes", "_alerts"), ("",), ("", "_log_entries")])
def test_the_published_examples_of_pagerduty(team: Team, parts: tuple[str, ...]) -> None:
    names = drafted(team, read(CORPUS / f"pagerduty/get_incidents_id{part}__response.json" for part in parts))
    assert len(names) == 1
    check(team, names)


def test_the_published_list_of_pagerduty(team: Team) -> None:
    incidents = read([CORPUS / "pagerduty/get_incidents__response.json"])
    check(team, drafted(team, incidents))


def test_the_records_of_incident_io(team: Team) -> None:
    incidents = read([CORPUS / "incident-io/incidents.json"])
    assert incidents
    check(team, drafted(team, incidents[:1]))
