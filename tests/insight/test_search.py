"""The order of a list, in each of the ways that it can be asked for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pmctl.insight.catalog import Summary
from pmctl.insight.search import ORDERS, Order

SEVERITIES = ("SEV1", "SEV2", "SEV3")


def one(day: str, title: str, status: str, severity: str, author: str) -> Summary:
    name = f"{day}-{title.lower()}"
    return Summary(f"postmortems/{name}.md", name, title=title, status=status, author=author, severity=severity)


ALL = [
    one("2024-01-01", "beta", "PUBLISHED", "SEV3", "jane"),
    one("2024-01-02", "Alpha", "DRAFT", "", "bob"),
    one("2024-01-03", "gamma", "IN_REVIEW", "sev1", "Alice"),
    one("2024-01-04", "Delta", "ARCHIVED", "unheard", "bob"),
]
CHANGED = {ALL[0].path: datetime(2024, 3, 1, tzinfo=UTC), ALL[2].path: datetime(2024, 2, 1, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("by", "titles"),
    [
        ("date", ["beta", "Alpha", "gamma", "Delta"]),
        ("severity", ["gamma", "beta", "Delta", "Alpha"]),
        ("status", ["Alpha", "gamma", "beta", "Delta"]),
        ("title", ["Alpha", "beta", "Delta", "gamma"]),
        ("author", ["gamma", "Alpha", "Delta", "beta"]),
        ("updated", ["gamma", "beta", "Alpha", "Delta"]),
    ],
)
def test_orders(by: str, titles: list[str]) -> None:
    order = Order(by, backwards=False, severities=SEVERITIES)
    found = sorted(ALL, key=lambda summary: order.key(summary, CHANGED.get(summary.path)))
    assert [summary.title for summary in found] == titles


def test_every_order_is_tried() -> None:
    assert set(ORDERS) == {"date", "severity", "status", "title", "author", "updated"}
