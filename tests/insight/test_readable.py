"""Who may not read a postmortem learns nothing of it from any number: answers are as if it were not there."""

from __future__ import annotations

import json
from datetime import UTC, date
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.insight.effectiveness import SUBJECTS, effectiveness
from pmctl.insight.factor_graph import factor_graph
from pmctl.insight.metrics import GROUPS, PERIODS, MetricsQuery, metrics
from pmctl.insight.metrics_facts import Facts, Measured, MeasuredItem, Remark, Review
from pmctl.insight.report import meeting_report
from pmctl.insight.similar import similar
from pmctl.insight.similar_terms import terms
from pmctl.insight.trends import trends
from pmctl.output.answers import plain
from tests.insight.test_similar import made as alike
from tests.world import World

DAY = 86400
BEGIN = 1704067200  # 2024-01-01
ON = date(2024, 6, 12)
words = st.sampled_from(("pool", "dns", "Pool", "capacity"))
moments = st.one_of(st.none(), st.integers(BEGIN, BEGIN + 160 * DAY))
items = st.builds(
    MeasuredItem, st.sampled_from(("AI-AAAA", "AI-BBBB")), st.just("Add a test"), st.sampled_from(("bob", "carol")),
    st.sampled_from(("2024-02-01", "2024-05-20", "")), st.just("HIGH"),
    st.sampled_from(("OPEN", "COMPLETED", "WONT_DO")), st.sampled_from(("", "prevent")), words, moments, moments,
    st.just(""), st.just(()), st.just(0),
)  # fmt: skip
few = st.lists(words, max_size=2, unique=True).map(tuple)


@st.composite
def postmortems(draw: st.DrawFn, name: str) -> Measured:
    times = tuple(draw(moments) for _ in range(5))
    reviews = (Review("bob", draw(moments), draw(moments), "approved"),)
    return Measured(
        name, name, "PUBLISHED", "jane", draw(st.sampled_from(("SEV1", "SEV2"))), "", draw(few), draw(few), draw(few),
        draw(few), times, (), tuple(draw(st.lists(items, max_size=2))), False, *(draw(moments) for _ in range(4)),
        reviews=reviews,
    )  # fmt: skip


def of(made: tuple[Measured, ...], hidden: bool) -> Facts:
    remarks = tuple(Remark(one.id, "", "does not add up") for one in made)
    deleted = ("2024-01-09-deleted",) if hidden else ()
    return Facts("0" * 40, BEGIN, 1, "UTC", {"publish": 14 * DAY}, (), made, deleted, remarks)


def answers(facts: Facts, query: MetricsQuery) -> str:
    """Every answer that is made of facts."""
    found = [metrics(facts, query, UTC), trends(facts, query, UTC, lambda name: None), factor_graph(facts, query)]
    found += [effectiveness(facts, query, UTC, by) for by in SUBJECTS]
    found.append(meeting_report(facts, query, UTC, lambda name: None))
    return json.dumps([plain(one) for one in found])


@settings(deadline=None, max_examples=25)
@given(
    st.tuples(*(postmortems(f"2024-0{month}-10-seen") for month in (1, 3, 5))),
    st.tuples(*(postmortems(f"2024-0{month}-11-hidden") for month in (1, 4))),
    st.sampled_from(("", *GROUPS)), st.sampled_from(("", *PERIODS)), st.sampled_from(((), ("pool",))),
)  # fmt: skip
def test_what_may_not_be_read_changes_no_byte(
    seen: tuple[Measured, ...], hidden: tuple[Measured, ...], by: str, period: str, team: tuple[str, ...]
) -> None:
    ids = frozenset(one.id for one in seen)
    query = MetricsQuery(ON, by=by, period=period, team=team, readable=ids)
    everything = tuple(sorted((*seen, *hidden), key=lambda one: one.id))
    assert answers(of(everything, hidden=True), query) == answers(of(seen, hidden=False), query)


def test_every_answer_heeds_the_filters() -> None:
    both = tuple(
        Measured(f"2024-05-0{at}-{team}", "", "DRAFT", "jane", "SEV1", "", (team,), (team,), ("pool",), (),
                 (BEGIN + at * DAY, None, None, None, None), (), (MeasuredItem(
                     f"AI-{at}", "", "bob", "2024-02-01", "HIGH", "COMPLETED", "", "pool", BEGIN, BEGIN + 9 * DAY),))
        for at, team in enumerate(("pay", "web"), 1)
    )  # fmt: skip
    for chosen in ({"team": ("pay",)}, {"service": ("pay",)}):
        said = answers(of(both, hidden=False), MetricsQuery(ON, **chosen))  # type: ignore[arg-type]
        assert "2024-05-01-pay" in said and "2024-05-02-web" not in said


def test_likeness_is_ranked_as_if_the_others_were_not_there(world: World, tmp_path: Path) -> None:
    alike(world)
    asked = terms("Connection pool", "the connection pool of the api ran out", ("api",))
    ids = frozenset(("2024-01-10-pool", "2024-01-12-dns", "2024-02-20-pool-again", "2024-02-21-other"))
    world.new("2024-03-01-secret", services="[api]", root_causes="[capacity]")
    world.new("2024-03-02-secret", services="[other]", root_causes="[capacity]")
    assert similar(world.repo, asked, most=50).documents > len(ids)
    alone = World(tmp_path / "alone")
    alone.init()
    alike(alone)
    seen, there = similar(world.repo, asked, most=50, readable=ids), similar(alone.repo, asked, most=50, readable=ids)
    assert seen.similar == there.similar and seen.documents == there.documents == len(ids)
    assert seen.similar
