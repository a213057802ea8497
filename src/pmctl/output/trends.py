"""Trends and effects for people: terminal and Markdown. Values in, text out."""

from __future__ import annotations

from collections.abc import Sequence

from pmctl.document.markdown_text import inline
from pmctl.insight.effectiveness import Effect, Effectiveness, Repeat
from pmctl.insight.trends import TeamRate, Trend, Trends
from pmctl.output.charts import Point, bar_lines, number
from pmctl.output.metrics import policy_said
from pmctl.text import listed, plural, safe

_MOST = 10


def parts(found: Trends) -> list[tuple[str, Sequence[Trend]]]:
    """The lists of an answer by their headings."""
    return [
        ("Root causes", found.root_causes), ("Contributing factors", found.contributing_factors),
        ("Services", found.services), ("Kinds of action items", found.item_kinds),
    ]  # fmt: skip


def said(one: Trend) -> str:
    """A trend's numbers in words."""
    minutes = f", {number(one.minutes)} minutes of impact" if one.minutes is not None else ""
    guessed = f", {one.guessed} guessed from the words" if one.guessed else ""
    return f"{one.count}, before {one.before} ({one.change}){minutes}{guessed}"


def text(found: Trends, *, plain: bool) -> str:
    """The answer for a terminal, with bars."""
    lines = [_span(found)]
    for heading, trends in parts(found):
        lines += ["", f"{heading}:"]
        points = [Point(safe(one.name), float(one.count), said(one)) for one in trends[:_MOST]]
        lines += [f"  {line}" for line in bar_lines(points, 12, plain=plain)] or ["  none"]
        if len(trends) > _MOST:
            lines.append(f"  and {len(trends) - _MOST} more: --format json")
    told = [f"  {safe(one.team)}: {rate(one)}" for one in found.teams]
    nothing = "  not known here" if found.incomplete else "  none"
    lines += ["", "Published, of those begun:", *(told or [nothing])]
    for one in found.suggestions:
        words = f"{one.postmortem}: root_causes: [{', '.join(one.root_causes)}]? as {listed(list(one.like[:3]))}"
        lines.append(safe(words))
    rest = len(found.without_causes) - len(found.suggestions)
    if rest:
        lines.append(f"{plural(rest, 'more postmortem')} without root causes, for which nothing can be suggested")
    return "\n".join(lines) + "\n"


def rests_on(found: Trends | Effectiveness) -> str:
    """What the answer rests on, in a line."""
    told = f"as of {found.as_of[:12]}, on {found.on}, {policy_said(found.policy_version)}, {found.definitions}"
    return f"{told}, INCOMPLETE: {found.incomplete}" if found.incomplete else told


def _span(found: Trends) -> str:
    return (
        f"{found.since} to {found.until}: {plural(found.postmortems, 'incident')}, against as many days from"
        f" {found.before_since}"
    )


def rate(one: TeamRate) -> str:
    """A team's rate in words."""
    now = f"{number(one.rate)} % of {one.of}" if one.rate is not None else "none begun"
    before = f"{number(one.rate_before)} % of {one.of_before}" if one.rate_before is not None else "none begun"
    return f"{now}, before {before} ({one.change})"


def markdown(found: Trends) -> str:
    """The answer as Markdown."""
    out = [f"{_span(found)}; {rests_on(found)}."]
    for heading, trends in parts(found):
        out += ["", f"### {heading}", "", *(f"- {inline(one.name)}: {said(one)}" for one in trends[:_MOST])]
        out += [] if trends else ["None."]
    out += ["", "### Teams", "", *(f"- {inline(one.team)}: {rate(one)}" for one in found.teams)]
    for one in found.suggestions:
        causes = ", ".join(map(inline, one.root_causes))
        out.append(f"- {one.postmortem} has no root causes; like {listed(list(one.like[:3]))}: {causes}?")
    return "\n".join(out) + "\n"


def effects_text(found: Effectiveness) -> str:
    """Effects and repeats for a terminal."""
    lines = [f"incidents since {found.since or '(none)'}, up to {found.on}"]
    lines += [safe(line) for one in found.effects for line in effect_lines(one)]
    if found.incomplete:
        lines.append("when items were completed is not known here")
    elif not found.effects:
        lines.append(f"no {found.by} has a completed action item against it yet")
    lines += [safe(repeat_line(one)) for one in found.repeats]
    if found.undated:
        lines.append(f"history does not know when these were completed: {safe(listed(list(found.undated)))}")
    return "\n".join(lines) + "\n"


def effect_lines(one: Effect) -> list[str]:
    """An effect in words: the counts, the ratio with its interval, what came back."""
    ratio = "no rate before" if one.ratio is None else f"rate ratio {one.ratio:.2f}"
    high = "no end" if one.high is None else f"{one.high:.2f}"
    interval = f"{ratio}, 95 % from {one.low:.2f} to {high}" if one.low is not None else "nothing to compare"
    lines = [
        f"{one.subject}: {one.verdict}",
        f"  {one.before} in {number(one.days_before)} days before {one.completed_on}, {one.after} in"
        f" {number(one.days_after)} days after: {interval}",
    ]
    if one.came_back:
        lines.append(f"  came back: {', '.join(one.came_back)}")
    if one.open_items:
        lines.append(f"  still open: {', '.join(one.open_items)}")
    return lines


def repeat_line(one: Repeat) -> str:
    """A repeat in words."""
    cost = (
        "an unknown length" if one.minutes_since_due is None else f"{number(one.minutes_since_due)} minutes of impact"
    )
    due = f"{cost} since it was due on {one.due}" if one.due else "it has no due day"
    state = "is open" if one.open else "was open"
    times = plural(len(one.incidents), "time")
    who = one.owner or "nobody"
    return f"{one.subject} came {times} while {one.item} of {one.postmortem} ({who}) {state}: {due}"
