"""Metrics as they leave: OpenMetrics as its official parser reads it, pages without anything active in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from pmctl.insight.metrics import Metrics, MetricsQuery, metrics
from pmctl.insight.metrics_definitions import DEFINITIONS, Kind
from pmctl.insight.metrics_facts import Remark
from pmctl.output import metrics as output
from pmctl.output.openmetrics import to_openmetrics
from pmctl.output.terminal import table, width_of
from tests.insight.test_metrics import example


def found(**asked: object) -> Metrics:
    facts = example()
    named = [one._replace(teams=('a "b"\\c\nd',)) for one in facts.postmortems]
    return metrics(facts._replace(postmortems=tuple(named)), MetricsQuery(date(2024, 3, 1), **asked), UTC)  # type: ignore[arg-type]


def test_openmetrics_is_what_its_official_parser_reads() -> None:
    answer = found()
    families = {one.name: one for one in text_string_to_metric_families(to_openmetrics(answer))}
    (info,) = families.pop("pmctl_answer").samples
    assert info.labels["as_of"] == answer.as_of and info.labels["on"] == "2024-03-01"
    numbers = {one.name: one for one in answer.groups[0].periods[0].numbers}
    assert len(families) == len(DEFINITIONS)
    for name, definition in DEFINITIONS.items():
        (family,) = [one for key, one in families.items() if key.startswith(f"pmctl_{name}") and
                     key.removeprefix(f"pmctl_{name}") in ("", "_percent", "_days", "_hours", "_minutes")]  # fmt: skip
        assert family.type == "gauge"
        quantile = "0.5" if definition.kind is Kind.SPREAD else None
        values = [one.value for one in family.samples if one.labels.get("quantile") == quantile]
        assert values == ([] if numbers[name].value is None else [numbers[name].value]), name


def test_labels_come_back_as_they_are() -> None:
    families = text_string_to_metric_families(to_openmetrics(found(by="team", period="month")))
    labels = {one.labels.get("team") for family in families for one in family.samples if family.name != "pmctl_answer"}
    assert labels == {'a "b"\\c\nd'}


def test_the_page_has_every_number_and_a_policy_of_its_own() -> None:
    answer = found(period="month", since=date(2024, 1, 1))
    page = output.html(answer)
    assert "default-src 'none'" in page and "<script" not in page and page.count("<svg") == 5
    assert page.count("<figcaption>") == 5 and "<figcaption>Completion rate (%) by month</figcaption>" in page
    for one in answer.groups[0].periods[0].numbers:
        assert (f">{one.title}</th>" in page) is not DEFINITIONS[one.name].incidents
        assert output.said(one) in page
    assert output.year(answer).svg.count("<g>") == 6


def test_sparklines_and_what_is_left_out_at_a_terminal() -> None:
    heads, rows = output.table(found(period="month", since=date(2024, 1, 1)), plain=True)
    assert heads[-1] == "BY MONTH"
    created = next(row for row in rows if row[0] == "Postmortems created")
    assert created[1] == "3" and len(created[3]) == 3 and created[3].isascii()
    assert "Required but missing" not in {row[0] for row in rows}


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize(
    "asked", [{"period": "week", "since": date(2023, 1, 1)}, {"by": "team", "period": "month"}, {}]
)
def test_every_table_fits_its_terminal_in_ascii_too(width: int, asked: dict[str, Any]) -> None:
    """A row is no wider than the terminal, drawings degrade to ASCII, and what is not drawn is said."""
    made, left_out = output.blocks(found(**asked), plain=True, width=width)
    for block in made:
        lines = table(block.heads, block.rows, width=width).splitlines()
        assert lines and max(map(width_of, lines)) <= width, lines
        assert all(cell.isascii() for row in block.rows for cell in row[1:])
    drawn = {len(row[-1]) for block in made for row in block.rows if block.heads[-1].startswith("BY ")}
    assert not drawn or len(drawn) == 1
    spans = len(found(**asked).groups[0].periods) - 1
    cut = bool(drawn) and max(drawn) < spans
    assert (f"last {max(drawn)} of {spans}" in left_out) if cut else left_out == ""
    blocks, _ = output.blocks(found(**asked), plain=False, width=width)
    assert [block.rows for block in blocks] != [block.rows for block in made] or not drawn


def test_short_values_say_how_many_they_rest_on() -> None:
    numbers = {one.name: one for one in found().groups[0].periods[0].numbers}
    assert output.brief(numbers["created"]) == output.said(numbers["created"])
    assert output.brief(numbers["resolve_minutes"]) == output.said(numbers["resolve_minutes"]).split(" (")[0] + (
        f" ({numbers['resolve_minutes'].count})"
    )
    days = replace(numbers["draft_hours"], value=72.0, p90=None, count=3)
    assert output.brief(days) == "3 days (3)" and output.brief(replace(days, value=None)) == "-"


def test_remarks_that_differ_in_their_times_alone_are_one_line() -> None:
    told = [
        Remark("2024-01-01-a", "", "submitted is claimed for 2024-01-02T10:00:00Z, before what it rests on"),
        Remark("2024-01-01-b", "", "submitted is claimed for 2024-02-03T11:00:00Z, before what it rests on"),
        Remark("2024-01-01-c", "AI-1", "resolved_at lies after its publication"),
    ]  # fmt: skip
    answer = replace(found(), remarks=tuple(told), deleted=("2023-12-31-x",))
    lines = output.remark_kinds(answer)
    assert len(output.remarks(answer)) == 4 and len(lines) == 3
    assert lines[0] == "deleted, and counted nowhere: 2023-12-31-x"
    assert lines[1].startswith("2024-01-01-a: ") and lines[1].endswith("(and 1 other like it)")
    assert lines[2] == "AI-1 of 2024-01-01-c: resolved_at lies after its publication"
