"""Charts: what is drawn is the values, says so to everybody, and nothing from a document can leave it."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from pmctl.output import charts
from pmctl.output.charts import TOO_FEW, Chart, Point

SVG = "{http://www.w3.org/2000/svg}"
POINTS = (Point("payments", 4, parts=(1, 3)), Point("search", None), Point("web", 0, parts=(0, 0)))
KINDS = {
    "columns": lambda points: charts.columns("The year", points, points, ("postmortems", "minutes")),
    "bars": lambda points: charts.bars("Causes", points),
    "stacked": lambda points: charts.stacked("Items", points, ("open", "done")),
    "dots": lambda points: charts.dots("Ratios", points, mark=1),
    "sparkline": lambda points: charts.sparkline("Days", points),
}


def drawn(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(str(chart.svg))  # noqa: S314  # our own drawing


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("points", [POINTS, (), (Point("only", 0),), (Point("<b>\u202ex</b>", 1, "a & b"),)])
def test_every_drawing_is_well_formed_named_and_has_its_values_as_a_table(kind, points):
    chart = KINDS[kind](points)
    root = drawn(chart)
    assert root[0].tag == f"{SVG}title" and root[1].tag == f"{SVG}desc"
    assert root.get("role") == "img" and root.get("aria-label") == root[0].text
    assert "style=" not in chart.svg and "\u202e" not in chart.figure and "<b>" not in chart.figure
    table = ElementTree.fromstring(str(chart.table))  # noqa: S314  # our own table
    assert len(table.findall("tbody/tr")) == len(points)
    assert KINDS[kind](points) == chart


def test_bars_are_as_long_as_their_values_and_begin_at_the_zero_line():
    root = drawn(charts.bars("Causes", [Point("a", 4), Point("b", 1), Point("c", 0)]))
    rects = root.findall(f".//{SVG}rect")
    zero = root.find(f"{SVG}line")
    assert zero is not None and {one.get("x") for one in rects} == {zero.get("x1")}
    long, short, none = (float(one.get("width", "")) for one in rects)
    assert long == pytest.approx(4 * short, abs=0.3) and none == 0


def test_what_is_too_long_is_cut_with_a_mark_and_whole_in_the_table():
    long = Point("service " * 9, 4, "4 of them, " * 9)
    root = drawn(charts.bars("Causes", [long]))
    label, value = (text.text or "" for text in root.iter(f"{SVG}text"))
    assert label.endswith(" …") and value.endswith(" …")
    end = next(float(text.get("x", "")) for text in root.iter(f"{SVG}text") if text.text == value)
    assert end + len(value) * 6 < 640 and long.text in charts.bars("Causes", [long]).table


def test_too_few_to_say_is_an_outline_with_these_words_and_no_bar():
    root = drawn(charts.bars("Causes", [Point("search", None)]))
    (outline,) = root.findall(f".//{SVG}rect")
    assert outline.get("fill") == "none" and outline.get("stroke-dasharray")
    assert TOO_FEW in [text.text for text in root.iter(f"{SVG}text")]


def test_an_interval_reaches_from_its_low_end_to_its_high_end():
    root = drawn(charts.dots("Ratio", [Point("pool", 1.0, low=0.5, high=2.0)]))
    line = root.findall(f".//{SVG}line")[-1]
    dot = root.find(f".//{SVG}circle")
    zero = float(root.findall(f"{SVG}line")[0].get("x1", ""))
    assert dot is not None
    low, at, high = (float(one or "") - zero for one in (line.get("x1"), dot.get("cx"), line.get("x2")))
    assert at == pytest.approx(2 * low, abs=0.3) and high == pytest.approx(2 * at, abs=0.3)


def test_a_sparkline_breaks_where_nothing_can_be_said():
    points = [Point("1", 1), Point("2", 2), Point("3", None), Point("4", 1), Point("5", 0)]
    assert len(drawn(charts.sparkline("Days", points)).findall(f"{SVG}polyline")) == 2


def test_lines_for_a_terminal_degrade_to_ascii():
    assert charts.bar_lines(POINTS, 4) == ["payments  ████ 4", f"search    {TOO_FEW}", "web       0"]
    assert charts.bar_lines([Point("a", 100), Point("b", 1)], 4, plain=True) == ["a  #### 100", "b  # 1"]
    assert charts.spark_text([0, 1, 2, None, 4]) == "▁▃▅ █"
    assert charts.spark_text([0, 4], plain=True) == "_#" and charts.spark_text([]) == ""
    assert charts.draws_blocks("utf-8") and not charts.draws_blocks("ascii") and not charts.draws_blocks(None)
