"""Metrics as OpenMetrics text, for Prometheus to scrape from a file or a pipe. Metrics -> text.

Source: the OpenMetrics specification 1.0 (prometheus/OpenMetrics): families are gauges, since every number is a state
of a commit; label values escape backslash, quote and newline; the text ends with `# EOF`. Nothing is written for a
value that nobody can say.
"""

from __future__ import annotations

from pmctl.insight.metrics import ALL, Metrics, Number
from pmctl.insight.metrics_definitions import DEFINITIONS, Definition, Kind

MEDIA_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_UNITS = {"days": "days", "hours": "hours", "minutes": "minutes", "%": "percent"}


def to_openmetrics(found: Metrics) -> str:
    """The whole answer; groups and periods are labels."""
    lines = [
        "# TYPE pmctl_answer info", "# HELP pmctl_answer What the numbers rest on.",
        "pmctl_answer_info" + _labels({
            "as_of": found.as_of, "on": found.on, "time_zone": found.time_zone, "definitions": found.definitions,
            "policy_version": str(found.policy_version), "incidents": found.incidents,
            "incomplete": found.incomplete,
        }) + " 1",
    ]  # fmt: skip
    for definition in DEFINITIONS.values():
        name = _family(definition)
        lines += [f"# TYPE {name} gauge", f"# HELP {name} {_help(definition)}"]
        for group in found.groups:
            for period in group.periods:
                one = next(one for one in period.numbers if one.name == definition.name)
                labels = {found.by: group.name} if found.by else {}
                labels |= {"period": period.label} if period.label != ALL else {}
                lines += [f"{name}{_labels(labels | extra)} {value!r}" for extra, value in _values(definition, one)]
    return "\n".join(lines) + "\n# EOF\n"


def _family(one: Definition) -> str:
    unit = _UNITS.get(one.unit, "")
    return f"pmctl_{one.name}" + ("" if not unit or one.name.endswith(unit) else f"_{unit}")


def _values(definition: Definition, one: Number) -> list[tuple[dict[str, str], float]]:
    if one.value is None:
        return []
    if definition.kind is not Kind.SPREAD:
        return [({}, one.value)]
    high = [] if one.p90 is None else [({"quantile": "0.9"}, one.p90)]
    return [({"quantile": "0.5"}, one.value), *high]


def _help(one: Definition) -> str:
    return f"{one.title}: {one.formula}.".replace("\\", "\\\\").replace("\n", " ").replace('"', '\\"')


def _labels(values: dict[str, str]) -> str:
    said = ",".join(f'{name}="{_escaped(value)}"' for name, value in values.items() if value)
    return f"{{{said}}}" if said else ""


def _escaped(value: str) -> str:
    plain = value.encode("utf-8", "replace").decode()
    return plain.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", " ").replace('"', '\\"')
