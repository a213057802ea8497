"""The factor graph as one inline drawing: items, factors, incidents and services as columns with lines between them."""

from __future__ import annotations

from markupsafe import Markup

from pmctl.insight.factor_graph import KINDS, FactorGraph, Node
from pmctl.output.charts import Chart, data_table, drawing, element, words
from pmctl.text import plural

_MOST = 18  # nodes of a kind that are drawn; the table has all
_WIDE, _ROW, _BOX = 240, 30, 196
_HEADS = {"item": "Action items", "factor": "Factors", "incident": "Incidents", "service": "Services"}


def drawn(graph: FactorGraph) -> Chart:
    """The drawing, of each kind the nodes with the most lines, and a table of every node."""
    shown = {kind: [one for one in graph.nodes if one.kind == kind][:_MOST] for kind in KINDS}
    places = {
        one.id: (column * _WIDE, 30 + row * _ROW)
        for column, kind in enumerate(KINDS) for row, one in enumerate(shown[kind])
    }  # fmt: skip
    lines = [_line(places[one.source], places[one.target]) for one in graph.edges
             if one.source in places and one.target in places]  # fmt: skip
    boxes = [_box(one, *places[one.id]) for nodes in shown.values() for one in nodes]
    heads = [words(_head(graph, kind), column * _WIDE + 4, 16) for column, kind in enumerate(KINDS)]
    height = 40 + _ROW * max(map(len, shown.values()), default=0)
    told = f"{plural(len(graph.nodes), 'node')} and {plural(len(graph.edges), 'line')}; the table below has the same"
    rows = [
        (one.label, one.kind, str(one.weight), f"{one.minutes:g}", "open" if one.open else "") for one in graph.nodes
    ]
    table = data_table(("Name", "Kind", "Lines", "Minutes of impact", "State"), rows, "Factors and what hangs on them")
    return Chart(drawing("Factors", told, height, [*lines, *heads, *boxes], wide=_WIDE * len(KINDS)), table)


def _head(graph: FactorGraph, kind: str) -> str:
    count = sum(one.kind == kind for one in graph.nodes)
    return f"{_HEADS[kind]} ({count})" if count <= _MOST else f"{_HEADS[kind]} ({_MOST} of {count})"


def _line(start: tuple[float, float], end: tuple[float, float]) -> Markup:
    (x1, y1), (x2, y2) = sorted((start, end))
    return element("line", x1=x1 + _BOX, y1=y1 + 11, x2=x2, y2=y2 + 11, stroke="currentColor", stroke_opacity="0.25")


def _box(one: Node, x: float, y: float) -> Markup:
    label = one.label if len(one.label) <= 26 else one.label[:24].rstrip() + " …"
    frame = element(
        "rect", x=x, y=y, width=_BOX, height=22, rx=3, fill="none", stroke="currentColor",
        stroke_dasharray="4 3" if one.open else "none",
    )  # fmt: skip
    told = element("title", f"{one.label}{' (still open)' if one.open else ''}")
    return Markup("<g>{}{}{}</g>").format(told, frame, words(label, x + 6, y + 15))
