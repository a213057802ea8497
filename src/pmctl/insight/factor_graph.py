"""What hangs together: factors, services, items and incidents as a graph. Facts -> FactorGraph -> Graphviz."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pmctl.insight.metrics import MetricsQuery, chosen
from pmctl.insight.metrics_facts import Facts

NodeKind = Literal["item", "factor", "incident", "service"]
KINDS: tuple[NodeKind, ...] = ("item", "factor", "incident", "service")
"""The kinds of nodes, in the order in which they are drawn from left to right."""


@dataclass(frozen=True, slots=True)
class Node:
    """One thing; `weight` counts its edges, `minutes` is the impact of its incidents as far as they say."""

    id: str
    kind: NodeKind
    label: str
    weight: int
    minutes: float
    open: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """Between two nodes, by their ids: an item prevents a factor, a factor led to an incident, which hit a service; an
    incident led to an item that names no factor."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class FactorGraph:
    """pmctl metrics trends --graph: the factors with the most incidents first. Root causes and contributing factors are
    one kind, because what was the one in an incident is the other in the next."""

    as_of: str
    nodes: Sequence[Node]
    edges: Sequence[Edge]


def factor_graph(facts: Facts, query: MetricsQuery) -> FactorGraph:
    """The graph of the postmortems that fit the filters of a query, and whose incidents lie in its days."""
    facts = chosen(facts, query)
    first, last = str(query.since or ""), str(query.until or "~")
    labels: dict[tuple[NodeKind, str], str] = {}
    minutes: dict[tuple[NodeKind, str], float] = {}
    still: set[tuple[NodeKind, str]] = set()
    edges: dict[tuple[tuple[NodeKind, str], tuple[NodeKind, str]], None] = {}
    for one in facts.postmortems:
        if not first <= one.day <= last:
            continue
        incident: tuple[NodeKind, str] = ("incident", one.id)
        labels[incident] = one.title or one.id
        around: list[tuple[NodeKind, str]] = [incident]
        for cause in one.causes:
            factor: tuple[NodeKind, str] = ("factor", cause.casefold())
            labels.setdefault(factor, cause)
            edges[factor, incident] = None
            around.append(factor)
        for service in one.services:
            named: tuple[NodeKind, str] = ("service", service)
            labels.setdefault(named, service)
            edges[incident, named] = None
            around.append(named)
        for node in dict.fromkeys(around):
            minutes[node] = minutes.get(node, 0) + (one.minutes or 0)
        for item in one.items:
            node = ("item", f"{one.id} {item.id}")
            labels[node] = item.text
            if item.open:
                still.add(node)
            factor = ("factor", item.prevents.casefold())
            if item.prevents:
                labels.setdefault(factor, item.prevents)
            edges[node, factor if item.prevents else incident] = None
    weight: dict[tuple[NodeKind, str], int] = dict.fromkeys(labels, 0)
    for pair in edges:
        for node in pair:
            weight[node] += 1
    nodes = [
        Node(f"{kind}:{name}", kind, label, weight[kind, name], round(minutes.get((kind, name), 0), 1),
             (kind, name) in still)
        for (kind, name), label in labels.items()
    ]  # fmt: skip
    nodes.sort(key=lambda one: (KINDS.index(one.kind), -one.weight, -one.minutes, one.id))
    joined = sorted((f"{a[0]}:{a[1]}", f"{b[0]}:{b[1]}") for a, b in edges)
    return FactorGraph(facts.as_of, tuple(nodes), tuple(Edge(*pair) for pair in joined))


_SHAPES = {"item": "box", "factor": "ellipse", "incident": "note", "service": "component"}


def dot(graph: FactorGraph) -> str:
    """The graph for Graphviz; labels are quoted as JSON strings, which its language reads alike."""
    lines = ["digraph pmctl {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    for one in graph.nodes:
        dashed = ', style="dashed"' if one.open else ""
        lines.append(f'  {_quoted(one.id)} [label={_quoted(one.label)}, shape="{_SHAPES[one.kind]}"{dashed}];')
    lines += [f"  {_quoted(one.source)} -> {_quoted(one.target)};" for one in graph.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text.replace("\\", "/"), ensure_ascii=False)
