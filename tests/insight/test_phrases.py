"""What is said in plain words: held against sentences that a person judged."""

from __future__ import annotations

import pytest

from pmctl.insight.phrases import says_none, stated
from tests.growth import assert_in_proportion

from .judged_sentences import NOT_STATED, STATED

RULES = {"C": "customer-impact", "D": "data-loss-or-security", "N": "near-miss"}


def test_precision_and_recall_over_the_judged_sentences() -> None:
    assert min(len(STATED), len(NOT_STATED)) >= 100
    missed = [text for rule, text in STATED if not stated([text], RULES[rule])]
    wrong = [text for text in NOT_STATED if any(stated([text], rule) for rule in RULES.values())]
    found = len(STATED) - len(missed)
    assert found / len(STATED) >= 0.95, missed
    assert found / (found + len(wrong)) >= 0.95, wrong


@pytest.mark.parametrize(
    ("text", "rule", "said"),
    [
        ("No data was lost. But customers could not pay.", "customer-impact", "customers could not"),
        ("No data was lost, but customers could not pay.", "data-loss-or-security", ""),
        ("We lost 3 minutes of\nwrites.", "data-loss-or-security", ""),  # a line is a statement of its own
        ("It was at v1.2.3. Users were affected at 10:02:17.", "customer-impact", "Users were affected"),
        ("Were users affected?", "customer-impact", ""),
    ],
)
def test_a_statement_is_judged_in_its_sentence_and_clause(text: str, rule: str, said: str) -> None:
    assert stated([text], rule) == said


def test_words_of_a_team_count_as_well_and_can_be_denied() -> None:
    assert stated(["The basket broke."], "customer-impact", ("basket",)) == "basket"
    assert stated(["The basket did not break."], "near-miss", ("basket",)) == "basket"
    assert stated(["No basket broke."], "customer-impact", ("basket",)) == ""


@pytest.mark.parametrize("part", ["users ", "errors for ", "lost two hours of ", "tokens of us were ", "could have "])
def test_long_texts_take_time_in_proportion(part: str) -> None:
    def work(text: str) -> None:
        for rule in RULES.values():
            stated([text], rule)

    assert_in_proportion(work, lambda count: part * count, 1_000)


@pytest.mark.parametrize(
    "text",
    [
        "No customer impact",
        "None",
        "No customers were affected.",
        "Customers were not affected",
        "no known impact",
        "No user-facing impact.",
        "Not customer facing",
        "Users weren't impacted",
        "0 customers affected",
        "There was no impact on customers.",
        "None - caught before release",
        "Internal only",
        "Unaffected",
        "No measurable customer impact was observed.",
        "no data loss. no downtime",
        "Nobody noticed",
        "Without any customer impact",
        "internal tools only",
        "Zero impact",
        "No impact to external users",
    ],
)
def test_an_impact_that_was_none(text: str) -> None:
    assert says_none(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No customer could pay",
        "No logins worked",
        "No orders for 20 minutes",
        "Nobody could log in",
        "All customers",
        "No impact, except for users in the EU",
        "Some users were not able to pay",
        "Customers could not see their invoices",
        "No customers were affected but 3 % of orders were lost",
        "none of the users could log in",
        "No checkout was possible. No data loss.",
        "Orders were not processed",
        "nothing worked",
        "5 % of users",
        "No payments went through; revenue loss of $5,000",
        "No payments went through and revenue loss",
        "No service for users",
        "Complete outage, no ETA",
        "No impact for two hours, then all users lost access",
        "Customers never noticed? They lost data",
    ],
)
def test_an_impact_in_negative_words_is_one(text: str) -> None:
    assert not says_none(text)
