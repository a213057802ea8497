"""Metrics for people and for programs: terminal, CSV, Markdown, one HTML page. Metrics -> text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pmctl.document.markdown_text import inline
from pmctl.insight.metrics import ALL, Group, Metrics, Number
from pmctl.insight.metrics_definitions import DEFINITIONS, Definition
from pmctl.output.charts import TOO_FEW, Chart, Point, bar_lines, bars, columns, data_table, number, spark_text
from pmctl.output.rows import to_csv
from pmctl.text import harmless, plural

COLUMNS = (
    "group", "period", "since", "until", "metric", "unit", "value", "p90", "count", "lacking", "as_of", "on",
    "policy_version", "definitions", "incidents",
)  # fmt: skip
_NOTHING = "-"
_HOURS = 48
_BESIDE_DRAWING = 66
"""Columns of a terminal that the other columns take, beside a drawing of periods."""
_LEAST_DRAWN = 6
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:T[0-9:]+Z)?")


def rests_on(found: Metrics) -> str:
    """What the numbers rest on, in a line."""
    told = [
        f"as of {found.as_of[:12]}", f"on {found.on} ({found.time_zone})", f"policy {found.policy_version}",
        found.definitions, plural(found.postmortems, "postmortem"), plural(found.action_items, "action item"),
    ]  # fmt: skip
    if found.adopted:
        told.append(f"{found.adopted} of them from before pmctl")
    if found.incidents:
        told.append(f"{plural(found.incident_count, 'incident')} in files {found.incidents[:12]}")
    return ", ".join(told)


def said(one: Number) -> str:
    """A number with its unit, and what is beside it."""
    if one.value is None:
        return _NOTHING
    value = number(one.value)
    if one.unit == "%":
        return f"{value} % of {one.count}"
    if one.unit not in ("days", "hours", "minutes"):
        return value
    if one.name == "impact_minutes":
        return f"{value} minutes"
    value, high, unit = _readable_span(one)
    return f"{value} {unit} ({f'p90 {high}' if high else f'p90 {TOO_FEW}'}, {one.count})"


def _readable_span(one: Number) -> tuple[str, str, str]:
    """A median and a 90th percentile ("" without) in a unit that people read: more than two days are no hours."""
    value, high = one.value or 0.0, one.p90
    days = one.unit == "hours" and max(value, high or 0.0) > _HOURS
    shown = [None if each is None else each / 24 if days else each for each in (value, high)]
    median, ninth = ("" if each is None else number(each) for each in shown)
    return median, ninth, "days" if days else one.unit


def brief(one: Number) -> str:
    """A number with its unit and how many it rests on, where there is no room for more."""
    if one.value is None or one.unit not in ("days", "hours", "minutes") or one.name == "impact_minutes":
        return said(one)
    value, _, unit = _readable_span(one)
    return f"{value} {unit} ({one.count})"


@dataclass(frozen=True, slots=True)
class Block:
    """A table for a terminal, and what it is about ("" for everything)."""

    name: str
    heads: list[str]
    rows: list[list[str]]


def blocks(found: Metrics, *, plain: bool, width: int) -> tuple[list[Block], str]:
    """The tables of a terminal that is so wide, one for each group; and what was left out, "" when nothing was."""
    spans = len(found.groups[0].periods) - 1 if found.groups else 0
    shown = min(spans, max(width - _BESIDE_DRAWING, _LEAST_DRAWN)) if spans > 1 else 0
    made = []
    for group in found.groups:
        part = replace(found, groups=(replace(group, periods=group.periods[: spans + 1]),))
        heads, rows = table(part, plain=plain, most=shown or spans)
        first = 1 if found.by else 0
        made.append(Block(group.name, heads[first:], [row[first:] for row in rows]))
    rest = f"drawn are the last {shown} of {spans} {found.period}s: --format csv has all" if 0 < shown < spans else ""
    return made, rest


def table(found: Metrics, *, plain: bool, most: int = 0) -> tuple[list[str], list[list[str]]]:
    """The headers and rows for a terminal: one row a number, with a sparkline of its periods (with `most`, of the last
    ones, beside shorter values); of groups one row each group and number."""
    heads = ["METRIC", "VALUE", "LACKING"]
    drawn = bool(found.period) and len(found.groups[0].periods) > 2 if found.groups else False
    if drawn:
        heads.append(f"BY {found.period.upper()}")
    if found.by:
        heads.insert(0, found.by.upper())
    tell = brief if drawn and most else said
    rows = []
    for group in found.groups:
        whole, *spans = group.periods
        spans = spans[-most:] if most else spans
        for at, one in enumerate(whole.numbers):
            if DEFINITIONS[one.name].incidents and not found.incidents:
                continue
            if not one.count and found.by:
                continue
            row = [one.title, tell(one), str(len(one.lacking)) if one.lacking else ""]
            if drawn:
                row.append(spark_text([span.numbers[at].value for span in spans], plain=plain))
            rows.append([group.name, *row] if found.by else row)
    return heads, rows


def rows(found: Metrics) -> Iterator[dict[str, object]]:
    """One row a group, period and metric, for spreadsheets; a value that nobody can say is empty."""
    for group in found.groups:
        for period in group.periods:
            for one in period.numbers:
                yield {
                    "group": group.name, "period": period.label, "since": period.since, "until": period.until,
                    "metric": one.name, "unit": one.unit, "value": one.value, "p90": one.p90, "count": one.count,
                    "lacking": len(one.lacking), "as_of": found.as_of, "on": found.on,
                    "policy_version": found.policy_version, "definitions": found.definitions,
                    "incidents": found.incidents,
                }  # fmt: skip


def csv(found: Metrics) -> str:
    """The rows as CSV."""
    return to_csv(COLUMNS, rows(found))


def markdown(found: Metrics) -> str:
    """A table a group, and below what it rests on."""
    out = ["# Metrics", "", f"As {rests_on(found)[3:]}.", ""]
    for group in found.groups:
        labels = [period.label for period in group.periods]
        if group.name:
            out += [f"## {inline(group.name)}", ""]
        out += [f"| Metric | {' | '.join(labels)} |", "|---" * (len(labels) + 1) + "|"]
        out += [*(f"| {' | '.join(row)} |" for row in _cells(found, group)), ""]
    out += [f"- {inline(remark)}" for remark in remarks(found)]
    return "\n".join(out).rstrip() + "\n"


def _cells(found: Metrics, group: Group) -> list[list[str]]:
    """A row for each number that can be asked, with its value in all of the time and in each period."""
    return [
        [one.title, said(one), *(brief(span.numbers[at]) for span in group.periods[1:])]
        for at, one in enumerate(group.periods[0].numbers)
        if found.incidents or not DEFINITIONS[one.name].incidents
    ]


def remarks(found: Metrics) -> list[str]:
    """What does not add up or was left out, as sentences."""
    told = [f"deleted, and counted nowhere: {name}" for name in found.deleted]
    for one in found.remarks:
        what = f"{one.item} of {one.postmortem}" if one.item else one.postmortem
        told.append(f"{what}: {one.text}")
    return told


def remark_kinds(found: Metrics) -> list[str]:
    """The same in one line for each kind: remarks that differ in their times alone are one."""
    kinds: dict[str, list[str]] = {}
    for line, what in zip(remarks(found), (*found.deleted, *(one.text for one in found.remarks)), strict=True):
        kind = "deleted" if what in found.deleted else _TIME.sub("<time>", what)
        kinds.setdefault(kind, []).append(line)
    return [
        told[0] if len(told) == 1 else f"{told[0]} (and {plural(len(told) - 1, 'other')} like it)"
        for told in kinds.values()
    ]


def html(found: Metrics) -> str:
    """One page that needs nothing else, with every number as a table and what goes well as a drawing."""
    from markupsafe import Markup

    from pmctl.output.standalone import standalone

    parts = [Markup("<p>{}.</p>").format(f"As {rests_on(found)[3:]}")]
    for group in found.groups:
        if group.name:
            parts.append(Markup("<h2>{}</h2>").format(group.name))
        parts += [chart.named(name) for name, chart in charts(found, group)]
        table = data_table(["Metric", *(period.label for period in group.periods)], _cells(found, group))
        if len(group.periods) > 1:
            frame = Markup('<div class="wide" role="region" tabindex="0" aria-label="{}">{}</div>')
            table = frame.format(harmless(f"{group.name} by {found.period}".strip()), table)
        parts.append(table)
    if told := remarks(found):
        items = Markup("").join(Markup("<li>{}</li>").format(one) for one in told)
        parts.append(Markup("<h2>What does not add up</h2><ul>{}</ul>").format(items))
    return standalone("Metrics", parts)


_DRAWN = ("created", "completion_rate", "days_from_incident", "items_on_time", "resolve_minutes")


def charts(found: Metrics, group: Group) -> list[tuple[str, Chart]]:
    """Drawings of a group by their names: its periods as columns, or its shares as bars where there are no periods."""
    whole, *spans = group.periods
    if not spans:
        shares = [one for one in whole.numbers if one.unit == "%" and one.count]
        points = [Point(one.title, one.value, said(one)) for one in shares]
        return [("Shares", bars("Shares", points, ("metric", "%")))] if shares else []
    found_ = []
    for at, one in enumerate(whole.numbers):
        if one.name in _DRAWN:
            points = [_point(span.label.removeprefix("20"), span.numbers[at]) for span in spans[-24:]]
            unit = "" if one.unit in one.title.casefold() else f" ({one.unit})"
            name = f"{one.title}{unit} by {found.period}"
            found_.append((name, columns(one.title, points, heads=(f"{one.title} ({one.unit})", ""))))
    return found_


def _point(label: str, one: Number) -> Point:
    return Point(label, one.value, "" if one.value is None else number(one.value), note=said(one))


def year(found: Metrics) -> Chart:
    """The months of an answer with --period month as small columns: postmortems created above, minutes of impact below
    the line."""
    spans = [span for group in found.groups for span in group.periods if span.label != ALL][-12:]
    at = {one.name: number_ for number_, one in enumerate(spans[0].numbers)} if spans else {}
    up = [_point(span.label, span.numbers[at["created"]]) for span in spans]
    down = [
        Point(span.label, span.numbers[at["impact_minutes"]].value or 0.0) for span in spans
    ]  # fmt: skip
    return columns("The year", up, down, ("postmortems created", "minutes of impact"))


def explained(one: Definition) -> list[str]:
    """A definition, for people."""
    return [
        f"{one.name}: {one.title}", f"  formula  {one.formula}", f"  unit     {one.unit} ({_KINDS[one.kind.value]})",
        f"  counted  in the period of: {one.counted}", f"  edges    {one.edges}",
    ]  # fmt: skip


_KINDS = {
    "count": "how many", "total": "their sum", "share": "a share of all of them",
    "spread": "median and 90th percentile",
}  # fmt: skip


def behind_lines(one: Number, most: int = 0) -> Sequence[str]:
    """The ids behind a number, each with its value, and those that were left out."""
    listed = sorted(one.behind, key=lambda each: (-each[1], each[0]))
    told = [f"{name}  {number(value)}" for name, value in (listed[:most] if most else listed)]
    return [*told, *(f"{name}  lacks a time" for name in one.lacking)]


def share_bars(found: Metrics, name: str, *, plain: bool) -> list[str]:
    """One metric by group as bars for a terminal."""
    points = []
    for group in found.groups:
        one = next(one for one in group.periods[0].numbers if one.name == name)
        points.append(Point(group.name, one.value, said(one)))
    return bar_lines(points, plain=plain)


def definitions_page() -> str:
    """All definitions as Markdown: the part of docs/metrics.md that follows from the table."""
    parts = []
    for one in DEFINITIONS.values():
        rests = " Needs `--incidents`." if one.incidents else "" if one.history else " Needs no history."
        parts.append(
            f"### {one.name}\n\n{one.title}, in {one.unit}: {_KINDS[one.kind.value]}.{rests}\n\n"
            f"- Formula: {one.formula}.\n"
            f"- Counted in the period of: {one.counted}.\n- Edges: {one.edges}\n"
        )
    return "\n".join(parts)
