"""The Impact's figures and the Resolution's steps as people write them."""

from __future__ import annotations

import pytest

from pmctl.rules.engine import check

from .sample import CONTEXT, sample


def found(fragment: str) -> list[tuple[str, str, str]]:
    findings = check(sample(fragment), CONTEXT)
    return [(one.code, one.message, one.fix) for one in findings if one.code.startswith("PM4")]


def measured(name: str, value: str, more: str = "| Affected customers | about 2,300 |") -> str:
    return f"## Impact\n\n| Impact Type | Measurement |\n|---|---|\n| {name} | {value} |\n{more}\n"


@pytest.mark.parametrize(
    "value",
    ["45 minutes", "45m", "0h45", "00:45:00", "0:45", "PT45M", "45 minutes (14:00-14:45 UTC)", "22 minutes",
     "~50 minutes", "3 hours degraded, 45 minutes down", "under an hour", "45-50 minutes", "14:00 to 14:45"],
)  # fmt: skip
def test_durations_that_agree_or_say_nothing(value):
    assert found(measured("Duration", value)) == []


@pytest.mark.parametrize("value", ["1h45", "2.5 hours", "three hours", "1 week", "1:45:00", "~2 hours", "50 minutes"])
@pytest.mark.parametrize(
    "name", ["Duration", "**Duration:**", "Total downtime", "Duration of the outage", "Time to resolve"]
)
def test_durations_that_do_not(name, value):
    assert found(measured(name, value)) == [
        (
            "PM402",
            f"the duration {value!r} does not agree with the 45 minutes from started_at to resolved_at",
            "write 45 minutes, or correct the times",
        )
    ]


@pytest.mark.parametrize("name", ["Customer-facing duration", "Degraded", "Time to mitigate", "Outages this year"])
def test_other_measures_are_not_the_duration(name):
    assert found(measured(name, "3 hours")) == []


@pytest.mark.parametrize(
    "line", ["Duration: 3 hours", "- **Duration:** 3 hours", "* **Duration** – 3 hours", "The outage lasted 3 hours."]
)
def test_durations_in_the_text(line):
    assert [(code, message[:22]) for code, message, _ in found(f"## Impact\n\n{line}\n\n2,300 users.\n")] == [
        ("PM402", "the duration '3 hours'")
    ]
    summary = "## Summary\n\nThe outage lasted three hours; 2,300 payments failed.\n"
    assert [code for code, _, _ in found(summary)] == ["PM402"]


@pytest.mark.parametrize(
    "text",
    ["None.", "No customer impact.", "Nobody noticed.", "No packages were compromised.", "One customer was affected.",
     "Half of the requests failed.", "Two services were down for half an hour.", "Payments failed from 14:00 to 14:45.",
     "データ損失: なし", "Down from 2024-01-15 to 2024-01-17.", "About 3 % of all requests failed."],
)  # fmt: skip
def test_what_is_a_figure(text):
    assert found(f"## Impact\n\n{text}\n") == []


@pytest.mark.parametrize(
    "text",
    ["Many customers could not pay.", "Users saw HTTP 500.", "EC2 and S3 were unreachable.", "See #123 and OPS-12.",
     "On 2024-01-15 payments failed.", "The `db-1` host was down.", "See [the graph](https://graphs.example/d/1)."],
)  # fmt: skip
def test_what_is_none(text):
    assert found(f"## Impact\n\n{text}\n") == [
        (
            "PM401",
            "the Impact holds no figure",
            "say how long, how many customers, how many requests; 'none' is an answer",
        )
    ]


@pytest.mark.parametrize(
    "value",
    ["", "TBD", "**TBD**", "?", "—", "xx users", "to be determined", "[number]", "unknown", "TBD - ask finance"],
)
def test_open_measurements(value):
    message = "there is no measurement for 'Affected customers'"
    assert found(measured("Affected customers", value, more="| Duration | 45 minutes |")) == [
        ("PM403", message, "measure it, or say 'none'")
    ]
    assert [code for code, _, _ in found(measured("Affected customers", value, more=""))] == ["PM403"], "said once"


@pytest.mark.parametrize("value", ["none", "0", "n/a", "about 2,300"])
def test_measurements(value):
    assert found(measured("Affected customers", value, more="| Duration | 45 minutes |")) == []


def test_tables_that_measure_nothing_are_left_aside():
    owners = "| Service | Owner |\n|---|---|\n| checkout | |\n"
    matrix = "| Region | Errors | Users |\n|---|---|---|\n| EU | 3 | |\n"
    assert found(f"## Impact\n\n2,300 users.\n\n{owners}\n{matrix}") == []


def steps(*rows: str) -> list[tuple[str, str, str]]:
    return found("## Resolution\n\n| Step | Action | Result |\n|---|---|---|\n" + "\n".join(rows) + "\n")


def test_steps_without_action_or_result():
    assert steps("| 1 | Enlarged the pool | TBD |", "| 2 | | |") == [
        ("PM411", "the step has no result", "say what came of it, even if it was nothing"),
        ("PM411", "the step has no action", "say what was done"),
        ("PM411", "the step has no result", "say what came of it, even if it was nothing"),
    ]
    assert steps("| 1 | Enlarged the pool | Nothing changed |", "| 3 | Restarted the pods | Back at 20 ms |") == []


def test_steps_out_of_order():
    assert steps("| 2 | Enlarged the pool | a |", "| 1 | Restarted the pods | b |") == [
        ("PM412", "step 1 is below step 2", "number the steps 1, 2, 3")
    ]
