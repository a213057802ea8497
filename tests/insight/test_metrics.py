"""Metrics: a second computation agrees, the worked example of the documentation holds, and nothing is made up."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pmctl.errors import UsageProblem
from pmctl.insight.metrics import Metrics, MetricsQuery, Number, label, metrics, periods
from pmctl.insight.metrics_definitions import DEFINITIONS, VERSION, Kind
from pmctl.insight.metrics_facts import Facts, Measured, MeasuredItem, Review
from pmctl.insight.metrics_incidents import required
from pmctl.insight.metrics_reading import facts
from pmctl.output import metrics as output
from pmctl.policy import act as acts
from pmctl.services.registry import read_incidents
from tests.insight.recount import recount
from tests.world import DOC, World

PAGE = (Path(__file__).parents[2] / "docs/metrics.md").read_text()
ON = date(2024, 2, 1)
EXAMPLES = int(os.environ.get("PMCTL_PROPERTY_EXAMPLES", "0")) or 4


def asked(world: World, on: date = ON, **more: object) -> Metrics:
    return metrics(facts(world.repo), MetricsQuery(on, **more), UTC)  # type: ignore[arg-type]


def number(found: Metrics, name: str, group: str = "", period: str = "all") -> Number:
    (one,) = [
        one for part in found.groups if part.name == group for span in part.periods if span.label == period
        for one in span.numbers if one.name == name
    ]  # fmt: skip
    return one


# A second computation


def live(world: World, chance: random.Random) -> None:
    """Some steps of a team's life: drafts, reviews, items that move, a deletion."""
    states: dict[str, str] = {}
    for count in range(16):
        free = [name for name, state in states.items() if state != "gone"]
        doc = chance.choice(free) if free and chance.random() < 0.75 else ""
        if not doc:
            doc = f"2024-01-{10 + count:02d}-case-{count}"
            times = {"started_at": f"2024-01-{10 + count:02d}T10:00:00Z"}
            for name in ("detected_at", "acknowledged_at", "mitigated_at"):
                if chance.random() < 0.7:  # not always in their order
                    times[name] = f"2024-01-{10 + count:02d}T10:{chance.randrange(60):02d}:00Z"
            if chance.random() < 0.8:
                times["resolved_at"] = f"2024-01-{10 + count:02d}T1{chance.randrange(1, 6)}:30:00Z"
            if chance.random() < 0.6:
                times["incidents"] = f"[{{source: generic, id: I-{chance.randrange(6)}{count}}}]"
            world.new(doc, **times)
            states[doc] = "DRAFT"
        elif states[doc] == "DRAFT":
            if chance.random() < 0.15:
                world.act(acts.DELETE, "alice", doc)
                states[doc] = "gone"
            else:
                world.act(acts.SUBMIT, "jane", doc, reviewers=chance.choice([("bob",), ("bob", "carol")]))
                states[doc] = "IN_REVIEW"
        elif states[doc] == "IN_REVIEW":
            kind = chance.choice([acts.REQUEST_CHANGES, acts.WITHDRAW, acts.PUBLISH])
            if kind == acts.PUBLISH:
                for who in world.standing(doc).state.reviewers:
                    world.act(acts.APPROVE, who, doc)
            world.act(kind, "bob" if kind == acts.REQUEST_CHANGES else "jane", doc)
            states[doc] = "PUBLISHED" if kind == acts.PUBLISH else "DRAFT"
        if states[doc] != "gone":
            moved(world, doc, chance)
        world.clock += chance.randrange(3600, 5 * 86400)


def moved(world: World, doc: str, chance: random.Random) -> None:
    row = next(line for line in world.text(doc).splitlines() if line.startswith("| AI-"))
    cells = row.split(" | ")
    cells[3] = f"2024-0{chance.choice('12')}-{chance.randrange(10, 28)}"
    cells[5] = chance.choice(["OPEN", "IN_PROGRESS", "COMPLETED", "WONT_DO"])
    if cells[5] == "WONT_DO":
        cells[6:] = ["", "no use |"]
    if " | ".join(cells) != row:
        world.edit(row, " | ".join(cells), doc, by="carol")


def exported(chance: random.Random) -> list[dict[str, object]]:
    """Incident records of every kind that the triggers tell apart by urgency, length and state; some are linked."""
    found: list[dict[str, object]] = []
    for number in range(70):
        start = datetime(2024, 1, chance.randrange(1, 29), 9, tzinfo=UTC)
        end = start + timedelta(minutes=chance.choice([20, 59, 60, 61, 300, 40 * 1440]))
        found.append({
            "id": f"I-{number}", "title": "A queue", "services": ["queue"], "started_at": start.isoformat(),
            "urgency": chance.choice(["HIGH", "LOW", "LOW"]),
            **({"status": "resolved", "resolved_at": end.isoformat()} if chance.random() < 0.8 else {"status": "open"}),
        })  # fmt: skip
    return found


@pytest.mark.parametrize("seed", range(EXAMPLES))
def test_a_second_computation_straight_from_git_agrees(world: World, seed: int) -> None:
    live(world, random.Random(seed))
    records = exported(random.Random(seed))
    again = recount(world.root, ON, records)
    there, end = facts(world.repo), datetime(2024, 2, 1, 23, 59, 59, tzinfo=UTC)
    files = [("export.json", json.dumps(records).encode())]
    needed = required(world.repo, there, read_incidents(files, now=end, whole=True), files, end)
    found = metrics(there, MetricsQuery(ON), UTC, needed)
    for name in DEFINITIONS:
        one = number(found, name)
        assert sorted(one.behind) == sorted(again.get(name, [])), name
    assert number(found, "created").value and number(found, "required_missing").value
    assert seed or set(again) >= {
        name for name in DEFINITIONS if name.endswith(("_minutes", "_on_target", "_documented"))
    }


def test_the_same_bytes_in_every_clone_and_from_what_was_kept(world: World, tmp_path: Path) -> None:
    live(world, random.Random(9))
    first = output.csv(asked(world, period="week"))
    assert output.csv(asked(world, period="week")) == first  # from what was kept
    shutil.rmtree(world.path / ".git/pmctl", ignore_errors=True)
    assert output.csv(asked(world, period="week")) == first
    world.git("clone", "-q", str(world.path), str(tmp_path / "clone"))
    clone = World(tmp_path / "clone")
    assert output.csv(asked(clone, period="week")) == first


def test_numbers_of_an_earlier_commit_do_not_change(world: World) -> None:
    world.published()
    before = world.head
    old = output.csv(metrics(facts(world.repo), MetricsQuery(ON), UTC))
    world.new("2024-01-20-another")
    world.edit("OPEN", "COMPLETED", by="carol")
    assert output.csv(metrics(facts(world.repo, before), MetricsQuery(ON), UTC)) == old
    assert number(asked(world), "created").value == 2


# What is written in the documentation


def rows_of(heading: str) -> list[list[str]]:
    part = PAGE.split(f"#### {heading}\n", 1)[1].split("\n#", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def at(said: str) -> int | None:
    return int(datetime.fromisoformat(f"{said}:00+00:00").timestamp()) if said else None


def example() -> Facts:
    """The facts that the worked example of docs/metrics.md states in its tables."""
    items: dict[str, list[MeasuredItem]] = {}
    for doc, name, due, status, added, closed, slipped in rows_of("Its action items"):
        slips = ((at(added) or 0, int(slipped)),) if slipped else ()
        items.setdefault(doc, []).append(
            MeasuredItem(name, "", "carol", due, "HIGH", status, "", "", at(added), at(closed), due, slips)
        )
    reviews = {doc: (Review(who, at(asked_), at(answered), "approved" if answered else ""),)
               for doc, who, asked_, answered in rows_of("Its reviews")}  # fmt: skip
    made = []
    for doc, *times, created, submitted, approved, published, status in rows_of("Its postmortems"):
        adopted = created == "(adopted)"
        history = [None if adopted else at(one) for one in (created, submitted, approved, published)]
        made.append(Measured(
            doc, doc, status, "jane", "SEV1", "", (), (), (), (), tuple(map(at, times)), (),
            tuple(items.get(doc, ())), adopted, *history, reviews=reviews.get(doc, ()),
        ))  # fmt: skip
    targets = {"draft": 24 * 3600, "complete": 48 * 3600, "review": 7 * 86400, "publish": 14 * 86400}
    return Facts("0" * 40, 0, 1, "UTC", targets, (), tuple(made))


def test_the_worked_example_of_the_documentation() -> None:
    found = metrics(example(), MetricsQuery(date(2024, 3, 1)), UTC)
    stated = {row[0]: row[1:] for row in rows_of("Its numbers")}
    computed = {
        one.name: [output.said(one), str(len(one.lacking) or "")]
        for one in found.groups[0].periods[0].numbers
        if not DEFINITIONS[one.name].incidents
    }
    assert {name: row[:2] for name, row in stated.items()} == computed


def test_every_definition_stands_in_the_documentation() -> None:
    assert output.definitions_page() in PAGE and VERSION in PAGE


# Edges


def test_nothing_is_made_up_where_there_is_nothing(world: World) -> None:
    found = asked(world)
    for one in found.groups[0].periods[0].numbers:
        kind = DEFINITIONS[one.name].kind
        assert one.value == (0 if kind is Kind.COUNT and not DEFINITIONS[one.name].incidents else None), one.name
    assert asked(world, by="team").groups == ()
    for shown in (output.csv(found), output.markdown(found), output.html(found)):
        assert "nan" not in shown.casefold()


def test_a_period_without_data_days_the_wrong_way_round_and_too_many_periods(world: World) -> None:
    world.published()
    empty = asked(world, since=date(2030, 1, 1), until=date(2030, 2, 1))
    assert number(empty, "created").value == 0 and number(empty, "completion_rate").value is None
    with pytest.raises(UsageProblem, match="lies after"):
        asked(world, since=date(2024, 2, 1), until=date(2024, 1, 1))
    with pytest.raises(UsageProblem, match="more than"):
        asked(world, period="week", since=date(1900, 1, 1))


def test_half_a_history_gives_no_number_that_rests_on_it(world: World, tmp_path: Path) -> None:
    world.published(started_at="2024-01-15T10:00:00Z", resolved_at="2024-01-15T11:00:00Z")
    world.git("clone", "-q", "--depth", "1", f"file://{world.path}", str(tmp_path / "shallow"))
    found = asked(World(tmp_path / "shallow"))
    assert "shallow" in found.incomplete
    for one in found.groups[0].periods[0].numbers:
        assert not DEFINITIONS[one.name].history or one.value is None, one.name
    assert number(found, "resolve_minutes").value == 60


def test_claims_that_history_contradicts_are_said_and_do_not_count(world: World) -> None:
    world.new(started_at="2024-01-15T10:00:00Z", resolved_at="2024-01-15T09:00:00Z")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",), at="2031-01-01T00:00:00Z")
    world.act(acts.APPROVE, "bob", at="2001-01-01T00:00:00Z")
    world.act(acts.PUBLISH, "jane")
    found = asked(world)
    said = " ".join(one.text for one in found.remarks)
    assert "submitted is claimed for 2031-01-01" in said and "approved is claimed for 2001-01-01" in said
    assert "resolved_at lies before started_at" in said
    assert number(found, "resolve_minutes").lacking == (DOC,) and number(found, "resolve_minutes").value is None
    (wait,) = [value for _, value in number(found, "review_wait_hours").behind]
    assert 0 <= wait < 1


def test_what_was_amended_reopened_or_deleted(world: World) -> None:
    world.published()
    world.act(acts.REOPEN, "alice")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.new("2024-01-20-gone")
    world.act(acts.DELETE, "alice", "2024-01-20-gone")
    found = asked(world)
    assert number(found, "published").count == 1 and number(found, "completion_rate").value == 100
    assert number(found, "created").count == 1 and found.deleted == ("2024-01-20-gone",)
    assert number(found, "reviews_waiting").count == 1


def test_days_begin_where_the_team_is() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    item = MeasuredItem("AI-1", "", "bob", "2024-06-30", "HIGH", "COMPLETED", "", "", 0, at("2024-06-30T22:30"))
    one = Measured("2024-06-01-a", "", "DRAFT", "jane", "", "", (), (), (), (), (None,) * 5, (), (item,))
    there = Facts("0" * 40, 0, 1, "Europe/Berlin", {}, (), (one,))
    found = [number(metrics(there, MetricsQuery(ON), zone), "items_on_time").value for zone in (UTC, berlin)]
    assert found == [100, 0]  # half past midnight in Berlin


def test_who_may_read_what() -> None:
    everything = example()
    (first, *_) = [one.id for one in everything.postmortems]
    found = metrics(everything, MetricsQuery(ON, readable=frozenset((first,))), UTC)
    assert found.postmortems == 1
    assert {name for one in found.groups[0].periods[0].numbers for name, _ in one.behind} <= {
        first, *(f"{first} {item.id}" for one in everything.postmortems for item in one.items)
    }  # fmt: skip


def test_groups_and_periods(world: World) -> None:
    world.new("2024-01-10-a", teams="[pay, web]", services="[api]", severity="SEV1", root_causes="[capacity]")
    world.new("2024-01-11-b", teams="[web]", severity="SEV2")
    found = asked(world, by="team")
    assert [(one.name, number(found, "created", one.name).value) for one in found.groups] == [
        ("pay", 1), ("web", 2)
    ]  # fmt: skip
    assert {one.name for one in asked(world, by="cause").groups} == {"capacity", "(none)"}
    assert "carol" in {one.name for one in asked(world, by="owner").groups}
    assert number(asked(world, team=("pay",)), "created").value == 1
    spans = [span.label for span in asked(world, period="week", since=date(2024, 1, 9)).groups[0].periods]
    assert spans == ["all", "2024-W02", "2024-W03", "2024-W04", "2024-W05"]
    assert [label(date(2024, 12, 31), one) for one in ("week", "month", "quarter")] == [
        "2025-W01",
        "2024-12",
        "2024-Q4",
    ]
    query = MetricsQuery(date(2024, 3, 15), since=date(2024, 1, 20), period="month")
    assert periods(example(), query, UTC) == [
        ("2024-01", date(2024, 1, 20), date(2024, 1, 31)), ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2024-03", date(2024, 3, 1), date(2024, 3, 15)),
    ]  # fmt: skip


def test_hostile_names_stay_names(world: World) -> None:
    world.new("2024-01-10-a", teams='["<script>alert(1)</script>", "=cmd()"]')
    found = asked(world, by="team")
    assert "<script>" not in output.html(found) and re.search(r"^'=cmd", output.csv(found), re.MULTILINE)
