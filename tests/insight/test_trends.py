"""Trends: counts against the days before, guesses that are marked, graphs that anybody can draw."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, date

import pytest

from pmctl.errors import UsageProblem
from pmctl.insight.factor_graph import dot, factor_graph
from pmctl.insight.metrics import MetricsQuery
from pmctl.insight.metrics_facts import Facts, Measured, MeasuredItem
from pmctl.insight.metrics_reading import facts
from pmctl.insight.trends import Suggestion, Trends, kind_of, trends
from pmctl.insight.trends_suggested import suggested
from pmctl.output import trends as output
from pmctl.output.factor_drawing import drawn
from tests.insight.test_effectiveness import at, incident, item
from tests.insight.test_similar import made as alike
from tests.world import World


def of(*made: Measured, **asked: object) -> Facts:
    return Facts("0" * 40, 0, 1, "UTC", {}, (), made)


def counted(there: Facts, **asked: object) -> Trends:
    query = MetricsQuery(date(2024, 6, 30), **asked)  # type: ignore[arg-type]
    return trends(there, query, UTC, lambda name: None)


def test_counts_against_as_many_days_before() -> None:
    busy = [incident(f"2024-06-{day:02d}", causes=("Pool",)) for day in range(1, 13)]
    there = of(incident("2024-02-01"), incident("2024-05-20", causes=("dns",)), *busy)
    found = counted(there, since=date(2024, 6, 1))
    assert (found.since, found.until, found.before_since, found.postmortems) == (
        "2024-06-01",
        "2024-06-30",
        "2024-05-02",
        12,
    )
    assert [(one.name, one.count, one.before, one.change) for one in found.root_causes] == [
        ("Pool", 12, 0, "more"), ("dns", 0, 1, "too few to say"),
    ]  # fmt: skip
    assert found.root_causes[0].minutes == 360 and len(found.root_causes[0].ids) == 12
    assert [one.name for one in found.services] == ["api"]


def test_one_more_is_too_few_to_say_and_nothing_is_nothing() -> None:
    found = counted(of(incident("2024-06-01"), incident("2024-06-02"), incident("2024-02-15")))
    assert found.root_causes[0].change == "too few to say"
    busy = [incident(f"2024-06-{day:02d}", causes=("Pool",)) for day in range(1, 13)]
    young = counted(of(*busy), since=date(2024, 6, 1))
    assert (young.root_causes[0].before, young.root_causes[0].change) == (0, "too few to say")  # none known before
    empty = counted(of())
    assert empty.postmortems == 0 and empty.teams == () and "none" in output.text(empty, plain=True)
    with pytest.raises(UsageProblem, match="lies after"):
        counted(of(), since=date(2024, 7, 1), until=date(2024, 6, 1))


def test_kinds_of_items_are_guessed_and_marked_so() -> None:
    def one(text: str, kind: str = "") -> tuple[str, bool]:
        return kind_of(MeasuredItem("AI-1", text, "", "", "", "OPEN", kind, ""))

    assert one("Alert at 80 % of the pool") == ("detect", True)
    assert one("Alert at 80 % of the pool", "prevent") == ("prevent", False)
    assert one("Write a runbook") == ("process", True) and one("Talk") == ("(none)", False)
    found = counted(of(incident("2024-06-01", item("AI-1")._replace(text="Add an alert"))))
    assert [(one.name, one.guessed) for one in found.item_kinds] == [("detect", 1)]
    assert "1 guessed from the words" in output.text(found, plain=True)


def test_team_rates() -> None:
    now = [incident(f"2024-06-{day:02d}")._replace(teams=("pay",), published=at("2024-06-29")) for day in range(1, 11)]
    before = [incident(f"2024-03-{day:02d}")._replace(teams=("pay",)) for day in range(1, 11)]
    (team,) = counted(of(*now, *before)).teams
    assert (team.team, team.rate, team.rate_before, team.change) == ("pay", 100, 0, "more")


def test_root_causes_are_suggested_from_what_is_alike(world: World) -> None:
    alike(world)
    suggest = suggested(world.repo, facts(world.repo))
    assert suggest("2024-02-20-pool-again") == Suggestion("2024-02-20-pool-again", ("capacity",), ("2024-01-10-pool",))
    assert suggest("2024-01-10-pool") is None


def test_the_graph() -> None:
    graph = factor_graph(of(
        incident("2024-01-01", item("AI-1")._replace(text='say "no"\\\n'), causes=("Pool", "dns")),
        incident("2024-02-01", item("AI-2")._replace(prevents="")),
    ), MetricsQuery(date(2024, 6, 30)))  # fmt: skip
    assert [(one.id, one.weight) for one in graph.nodes if one.kind == "factor"] == [
        ("factor:pool", 3),
        ("factor:dns", 1),
    ]
    joined = {(one.source, one.target) for one in graph.edges}
    assert ("item:2024-01-01-x AI-1", "factor:pool") in joined  # Pool and pool are one
    assert ("item:2024-02-01-x AI-2", "incident:2024-02-01-x") in joined
    text = dot(graph)
    assert text.count("->") == len(graph.edges)
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tsvg"], input=text, text=True, check=True, capture_output=True)
    svg = drawn(graph).svg
    assert svg.count("<line ") == len(graph.edges) and svg.count("<rect ") == len(graph.nodes)
    assert not re.search(r"style=|<script", svg)
    assert drawn(factor_graph(of(), MetricsQuery(date(2024, 6, 30)))).svg.startswith("<svg")
