"""A new postmortem: what is known stands where it belongs, and can't break anything around it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.document.actions import action_items
from pmctl.document.fields import FIELDS
from pmctl.document.markdown_text import cell_text, paragraph
from pmctl.document.prompts import is_empty, strip_comments
from pmctl.document.reader import Document, read
from pmctl.document.template import Template
from pmctl.document.template_file import builtin, parse_template
from pmctl.document.templates import BUILTIN_NAMES
from pmctl.document.timeline import entries
from pmctl.errors import BadInput
from pmctl.services.draft import Draft, draft_from
from pmctl.services.import_document import TimelineRow
from pmctl.services.registry import read_records
from pmctl.workflow.draft import render

FRONT: dict[str, object] = {
    "status": "DRAFT",
    "title": "Payment API outage",
    "id": "2024-01-15-payment-api-outage",
    "author": "jane",
    "services": ["payment-api"],
    "severity": "",
    "teams": [],
    "resolved_at": datetime(2024, 1, 15, 14, 45, tzinfo=UTC),
}


STARTED = {**FRONT, "started_at": datetime(2024, 1, 15, 14, 0, tzinfo=UTC)}
EXAMPLES = Path(__file__).parents[2] / "examples" / "incidents"


def made(template: Template, draft: Draft) -> Document:
    document = render(template, draft)
    assert document.problems == ()
    assert read(document.data).text == document.text
    return document


def row(clock: str, event: str, who: str = "") -> TimelineRow:
    return TimelineRow(datetime.fromisoformat(f"2024-01-15T{clock}Z"), event, who)


def own(text: str) -> Template:
    template, _ = parse_template(text.encode(), ".pmctl/templates/own.md")
    assert template is not None
    return template


@pytest.mark.parametrize("name", BUILTIN_NAMES)
def test_without_values_only_prompts_are_left(name: str) -> None:
    document = made(builtin(name), Draft(FRONT))
    assert [section.title for section in document.sections if not is_empty(section.text)] == []
    assert document.meta["template"] == f"{name}@1"


def test_front_matter_has_the_known_values_in_the_order_of_the_format() -> None:
    document = made(builtin("default"), Draft(FRONT))
    order = [known.name for known in FIELDS]
    assert list(document.front) == sorted(document.front, key=order.index)
    assert set(document.front) == {"id", "title", "status", "author", "services", "resolved_at", "template"}
    assert document.meta["resolved_at"] == "2024-01-15T14:45:00Z"


def test_a_template_gives_defaults_that_a_value_overrides() -> None:
    assert made(builtin("security"), Draft(FRONT)).meta["visibility"] == "private"
    assert made(builtin("security"), Draft({**FRONT, "visibility": "team"})).meta["visibility"] == "team"


def test_custom_fields_are_written_and_the_missing_ones_named_in_a_comment() -> None:
    document = made(builtin("security"), Draft({**FRONT, "fields": {"personal_data": True}}))
    assert document.meta["fields"] == {"personal_data": True, "attack_vector": None, "disclosed_on": None}
    told = "  disclosed_on:  # a date such as 2024-01-31: The day on which those affected were told\n"
    assert told in document.text
    assert "  personal_data: true\n" in document.text
    assert "# true or false, required: " in made(builtin("security"), Draft(FRONT)).text


def test_tags_of_a_template_stay_beside_those_that_are_given() -> None:
    assert made(builtin("near-miss"), Draft({**FRONT, "tags": ["db", "near-miss"]})).meta["tags"] == ["near-miss", "db"]


def test_a_row_that_waits_for_its_value_is_filled_and_empty_rows_make_room() -> None:
    template = own(
        "---\nname: own\n---\n## Timeline\n\n| Time | Event | Who |\n|-|-|-|\n| | | |\n| | | |\n\n"
        "## Impact\n\n| Impact Type | Measurement |\n|-|-|\n| duration | |\n| Users | ask support |\n| Revenue | |\n"
    )
    draft = Draft(STARTED, timeline=(row("14:00", "Alert"),), impact=(("Duration", "5 | 6"), ("Users", "12")))
    document = made(template, draft)
    assert "| Time | Event | Who |\n|-|-|-|\n| 14:00 | Alert | |\n\n## Impact" in document.text
    assert document.text.endswith("| duration | 5 \\| 6 |\n| Users | ask support |\n| Revenue | |\n| Users | 12 |\n")


def test_tables_and_summary_are_filled() -> None:
    draft = Draft(
        STARTED,
        summary="It broke.\n\nThen it was fixed.",
        timeline=(
            row("14:00", "Alert | loud", "@jane"),
            row("14:30", "Tried a restart"),
            TimelineRow(datetime(2024, 1, 16, 0, 5, tzinfo=UTC), "Over"),
            TimelineRow(datetime(2024, 1, 16, 0, 10, tzinfo=UTC), "Slept"),
        ),
        impact=(("Duration", "45 minutes"),),
        action_items=({"ID": "AI-7f3k", "Action": "Alert on it", "Owner": "@jane", "Status": "OPEN"},),
    )
    document = made(builtin("default"), draft)
    assert [(e.time, e.text, e.who) for e in entries(document)] == [
        ("14:00", "Alert | loud", "@jane"),
        ("14:30", "Tried a restart", ""),
        ("2024-01-16 00:05", "Over", ""),
        ("00:10", "Slept", ""),
    ]
    assert [item.id for item in action_items(document)] == ["AI-7f3k"]
    filled = [section.title for section in document.sections if not is_empty(section.text)]
    assert filled == ["Summary", "Timeline", "Impact", "Action Items"]
    summary = document.section("Summary")
    assert summary is not None
    assert strip_comments(summary.text).strip() == "It broke.\n\nThen it was fixed."


def test_without_a_start_the_first_time_has_its_date() -> None:
    document = made(builtin("default"), Draft(FRONT, timeline=(row("14:00", "Alert"), row("14:01", "Fixed"))))
    assert [entry.time for entry in entries(document)] == ["2024-01-15 14:00", "14:01"]


@pytest.mark.parametrize(
    "names", [("pagerduty.json",), ("grafana-irm.json",), ("firehydrant.json", "firehydrant-events.json")]
)
def test_a_timeline_is_read_back_as_it_was_recorded(names: tuple[str, ...]) -> None:
    incident = read_records([(name, (EXAMPLES / name).read_bytes()) for name in names])
    draft = draft_from(incident, {})
    found = entries(made(builtin("default"), replace(draft, front={**FRONT, **draft.front})))
    assert [entry.at for entry in found] == [event.at.replace(second=0) for event in incident.events]
    assert [entry.text for entry in found] == [" ".join(event.text.split()) for event in incident.events]
    assert not any(entry.problem for entry in found)


def test_a_template_without_the_table_gets_one() -> None:
    template = own("---\nname: own\n---\n## Timeline\n\nTell it.\n\n### Notes\n\nx\n")
    document = made(template, Draft(STARTED, timeline=(row("14:00", "Alert"),)))
    assert "Tell it.\n\n| Time (UTC) | Event | Who |\n|---|---|---|\n| 14:00 | Alert | |\n\n### Notes" in document.text


def test_columns_go_by_other_names_and_what_has_none_is_not_lost() -> None:
    template = own(
        "---\nname: own\n---\n## Timeline (all UTC)\n\n| When | What |\n|-|-|\n\n"
        "## Impact\n\n| Metric | Value |\n|-|-|\n\n"
        "## Action Items\n\n| Task | Owner | Due Date | Priority | Status |\n|-|-|-|-|-|\n"
    )
    item = {
        "ID": "AI-7f3k",
        "Action": "Alert",
        "Owner": "@jane",
        "Due": "2024-02-01",
        "Ticket": "OPS-1",
        "Status": "OPEN",
    }
    draft = Draft(STARTED, timeline=(row("14:00", "Alert", "@bob"),), impact=(("Duration", "5"),), action_items=(item,))
    text = made(template, draft).text
    assert "| When | What |\n|-|-|\n| 14:00 | Alert (@bob) |\n" in text
    assert "| Metric | Value |\n|-|-|\n| Duration | 5 |\n" in text
    assert "|-|-|-|-|-|\n| Alert (OPS-1) | @jane | 2024-02-01 | | OPEN |\n" in text


@pytest.mark.parametrize(
    ("heading", "column"), [("Timeline", "Time (CET)"), ("Timeline (CET)", "Time"), ("Timeline", "Time (Mars/Base)")]
)
def test_times_name_their_zone_in_a_table_of_another_one(heading: str, column: str) -> None:
    template = own(f"---\nname: own\n---\n## {heading}\n\n| {column} | Event |\n|-|-|\n")
    at = datetime(2024, 1, 15, 23, 30, tzinfo=UTC)
    document = made(template, Draft(FRONT, timeline=(TimelineRow(at, "Alert"),)))
    (entry,) = entries(document)
    assert (entry.time, entry.at) == ("2024-01-15 23:30 UTC", at)


def test_rows_follow_the_columns_of_the_template() -> None:
    template = own("---\nname: own\n---\n## Timeline\n\n| Who | Phase | TIME | Event |\n|-|-|-|-|\n")
    document = made(template, Draft(STARTED, timeline=(row("14:00", "Alert", "@bob"),)))
    assert "| @bob | | 14:00 | Alert |\n" in document.text


def test_sections_come_in_the_declared_order_and_text_of_one_s_own_stays() -> None:
    template = own(
        "---\nname: own\nversion: 2\nsections: [Summary, {title: New, prompt: How?}, Timeline]\n---\n"
        "Before.\n\n## Timeline\n\nt\n\n## Extra\n\ne\n\n## Summary\n\ns\n"
    )
    document = made(template, Draft(FRONT))
    assert [section.title for section in document.sections] == ["Summary", "New", "Timeline", "Extra"]
    assert document.body.lstrip().startswith("Before.\n\n## Summary")
    assert "## New\n\n<!-- How? -->" in document.text
    assert document.meta["template"] == "own@2"


def test_jinja_fills_values_that_cannot_break_out() -> None:
    template = own(
        "---\nname: own\n---\n## Summary\n\n<!-- {{ title }} -->\n{{ title }}, {{ duration }}, {{ date }}\n\n"
        "{% if severity == 'SEV1' %}\n## Customers\n\n{% for name in services %}\n- {{ name }}\n{% endfor %}\n"
        "{% endif %}\n"
    )
    hostile = "x --> <script> {{ 7 * 7 }} `|` # y"
    front = {**FRONT, "title": hostile, "severity": "SEV1", "started_at": "2024-01-15T14:00:00Z"}
    document = made(template, Draft(front))
    assert [section.title for section in document.sections] == ["Summary", "Customers"]
    assert "45 minutes, 2024-01-15" in document.text
    assert "49" not in document.body
    assert "- payment-api\n" in document.text
    assert document.body.count("-->") == 1
    assert [s.title for s in made(template, Draft(FRONT)).sections] == ["Summary"]


def test_wrong_jinja_is_reported_at_its_line() -> None:
    with pytest.raises(BadInput, match=r"own\.md:6: unknown variable 'nope'"):
        render(own("---\nname: own\n---\n## Summary\n\n{{ nope }}\n"), Draft(FRONT))


WORDS = st.text(max_size=40) | st.sampled_from(
    [
        "## Impact",
        "---",
        "```",
        "<!--",
        "-->",
        "| a |",
        "a\n# b\n---\nc",
        "\\|",
        "`x",
        "- - - #",
        "[a]: b",
        "\\",
        "&#124;",
    ]
)


@settings(max_examples=80, deadline=None)
@given(WORDS, WORDS, WORDS, st.lists(WORDS, max_size=3))
def test_no_value_changes_the_structure(title: str, summary: str, event: str, services: list[str]) -> None:
    draft = Draft(
        {**STARTED, "title": title, "services": services},
        summary=paragraph(summary),
        timeline=(row("14:00", cell_text(event), "@jane"), row("14:01", "next", "@bob")),
        impact=((cell_text(event), cell_text(summary)),),
    )
    document = made(builtin("default"), draft)
    assert [s.title for s in document.sections] == [s.title for s in builtin("default").sections]
    assert [(e.time, e.who) for e in entries(document)] == [("14:00", "@jane"), ("14:01", "@bob")]
    assert document.title == re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]", " ", title)
