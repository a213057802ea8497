"""The report for a meeting as Markdown, one HTML page, and PDF. MeetingReport -> text, bytes."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pmctl.document.markdown_text import inline
from pmctl.insight.report import MeetingReport
from pmctl.insight.trends import Trend
from pmctl.output.charts import Chart, Point, bars, data_table, number
from pmctl.output.metrics import said
from pmctl.output.trends import parts, repeat_line
from pmctl.output.trends import said as said_of


def title(found: MeetingReport) -> str:
    """What it is called."""
    return f"Postmortems from {found.since} to {found.until}"


def rests_on(found: MeetingReport) -> str:
    """What it rests on, in a sentence."""
    why = found.incomplete
    missing = f" The history is not all there ({why}): what rests on it is missing." if why else ""
    return (
        f"As of {found.as_of[:12]}, on {found.on} ({found.time_zone}), policy {found.policy_version},"
        f" {found.definitions}; compared with the days from {found.before_since} to the day before"
        f" {found.since}.{missing}"
    )


def _sections(found: MeetingReport) -> list[tuple[str, str, list[str]]]:
    """(heading, what it says when there is nothing, lines) of everything that is a list."""
    published = [
        f"{one.id}: {one.title}" + (f" ({one.severity})" if one.severity else "")
        + (f", {number(one.minutes)} minutes of impact" if one.minutes is not None else "")
        for one in found.published
    ]  # fmt: skip
    overdue = [
        f"{one.owner or 'nobody'}: {one.item} {one.text} (due {one.due}, {one.postmortem})" for one in found.overdue
    ]  # fmt: skip
    return [
        ("Published", "Nothing was published.", published),
        ("Overdue, by owner", "Nothing is overdue.", overdue),
        ("Repeats", "No factor came back while an item was open.", [repeat_line(one) for one in found.repeats]),
        ("What to do", "No trend asks for anything.", [f"{one.about}: {one.text}" for one in found.suggestions]),
    ]  # fmt: skip


def _numbers(found: MeetingReport) -> list[list[str]]:
    return [[one.now.title, said(one.now), said(one.before)] for one in found.numbers]


def markdown(found: MeetingReport) -> str:
    """The report as Markdown."""
    out = [f"# {title(found)}", "", rests_on(found), "", "## Numbers", "", "| Metric | Now | Before |", "|---|---|---|"]
    out += [f"| {' | '.join(row)} |" for row in _numbers(found)]
    for heading, nothing, lines in _sections(found):
        out += ["", f"## {heading}", "", *([f"- {inline(line)}" for line in lines] or [nothing])]
    for heading, trends in parts(found.trends):
        if shown := [one for one in trends if one.count][:5]:
            out += ["", f"## {heading}", "", *(f"- {inline(one.name)}: {said_of(one)}" for one in shown)]
    if found.remarks:
        out += ["", "## What does not add up", ""]
        out += [f"- {inline(f'{one.item} {one.postmortem}: {one.text}'.strip())}" for one in found.remarks[:20]]
        out += [f"- and {len(found.remarks) - 20} more: pmctl metrics --format json"] if len(found.remarks) > 20 else []
    return "\n".join(out) + "\n"


def html(found: MeetingReport) -> str:
    """The report as one page, with its trends drawn."""
    from pmctl.output.standalone import standalone

    page = [
        Markup("<p>{}</p>").format(rests_on(found)),
        Markup("<h2>Numbers</h2>"),
        data_table(("Metric", "Now", "Before"), _numbers(found)),
    ]
    for heading, nothing, lines in _sections(found):
        page += [Markup("<h2>{}</h2>").format(heading), _list(lines) if lines else Markup("<p>{}</p>").format(nothing)]
    for heading, trends in parts(found.trends):
        if shown := [one for one in trends if one.count][:8]:
            page += [Markup("<h2>{}</h2>").format(heading), _drawn(heading, shown).figure]
    if found.remarks:
        told = [f"{one.item} {one.postmortem}: {one.text}".strip() for one in found.remarks]
        page += [Markup("<h2>What does not add up</h2>"), _list(told)]
    return standalone(title(found), page)


def _drawn(heading: str, shown: Sequence[Trend]) -> Chart:
    """How often each came up, and before; the table has everything that is known of it."""
    points = [
        Point(one.name, float(one.count), f"{one.count}, before {one.before}", note=said_of(one)) for one in shown
    ]  # fmt: skip
    rows = [
        (one.name, str(one.count), str(one.before), one.change, "" if one.minutes is None else number(one.minutes),
         str(one.guessed or ""))
        for one in shown
    ]  # fmt: skip
    table = data_table((heading, "Times", "Before", "Change", "Minutes of impact", "Guessed"), rows)
    return Chart(bars(heading, points).svg, table)


def _list(lines: Sequence[str]) -> Markup:
    return Markup("<ul>{}</ul>").format(Markup("").join(Markup("<li>{}</li>").format(line) for line in lines))


def pdf(found: MeetingReport) -> bytes:
    """The report on paper; the same bytes for the same report."""
    from pmctl.output.pdf import plain_pdf

    text = markdown(found).split("\n", 2)[2]
    return plain_pdf(title(found), text, label="Report", version=found.as_of[:12], day=found.until)
