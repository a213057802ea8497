"""Metrics as they leave: OpenMetrics as its official parser reads it, pages without anything active in them."""

from __future__ import annotations

from datetime import UTC, date

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from pmctl.insight.metrics import Metrics, MetricsQuery, metrics
from pmctl.insight.metrics_definitions import DEFINITIONS, Kind
from pmctl.output import metrics as output
from pmctl.output.openmetrics import to_openmetrics
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
