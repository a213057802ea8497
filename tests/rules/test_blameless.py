"""Blameless wording: what is flagged, and its nearest innocent neighbours."""

from __future__ import annotations

import pytest

from pmctl.rules.engine import check
from pmctl.rules.settings import RuleSettings

from .sample import CONTEXT, sample


def flagged(text: str, section: str = "Root Cause", settings: RuleSettings | None = None) -> list[tuple[str, str]]:
    """(code, words) of the blameless findings about a text."""
    doc = sample(f"## {section}\n\n{text}\n")
    context = CONTEXT._replace(settings=settings) if settings else CONTEXT
    lines = doc.text.split("\n")
    return [
        (one.code, lines[one.line - 1][one.column - 1 : one.end_column - 1 if one.end_line == one.line else None])
        for one in check(doc, context)
        if one.code.startswith("PM7")
    ]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("The limit ought to have been raised.", "PM701", "ought to have been"),
        ("It could easily have been prevented.", "PM701", "could easily have been prevented"),
        ("A canary would have caught it.", "PM701", "would have caught"),
        ("If only we had tested it.", "PM701", "If only we had"),
        ("Had we not been watching, it would have gone on.", "PM701", "Had we"),
        ("We could have rolled back at 14:05.", "PM701", "could have rolled"),
        ("The team failed to check the replica.", "PM702", "failed to check"),
        ("We overlooked the second pool.", "PM702", "overlooked"),
        ("The on-call engineer did not follow the runbook.", "PM702", "did not follow"),
        ("@bob forgot the flag.", "PM702", "forgot"),
        ("Nobody noticed the graph.", "PM702", "Nobody noticed"),
        ("Jane missed the page.", "PM702", "missed"),
        ("It was operator error.", "PM703", "operator error"),
        ("Caused by a mistake made by an engineer.", "PM703", "mistake made by an engineer"),
        ("This was negligent.", "PM704", "negligent"),
        ("The developers should know better.", "PM704", "should know better"),
        ("Of course, the disk filled up.", "PM705", "Of course"),
        ("It was clear that the queue was full.", "PM705", "It was clear that"),
        ("Find out whose fault it was.", "PM706", "whose fault"),
        ("Why did the engineer restart it?", "PM706", "Why did the engineer"),
        ("The culprit was an intern.", "PM708", "culprit was an intern"),
        ("The engineer was to blame.", "PM708", "The engineer was to blame"),
        ("Engineers need to be more careful.", "PM709", "be more careful"),
        ("Retrain the team.", "PM709", "Retrain the team"),
        ("Remind everyone to read it.", "PM709", "Remind everyone"),
    ],
)
def test_flagged(text, code, words):
    assert (code, words) in flagged(text)


@pytest.mark.parametrize(
    "text",
    [
        "The health check failed to reach the pod.",
        "The default was 50, and fault tolerance was off.",
        "It ended in a segmentation fault after a page fault.",
        "We should have a runbook for this.",
        "Each service should have automated tests.",
        "The pods should have been able to start.",
        "An attacker could have read the file.",
        "The customers would have had delays.",
        "It works if only one node is left.",
        "We had 3 nodes. They had the old image.",
        "Customers did not receive their mail.",
        "The job never ran because the queue was full.",
        "We missed our SLO for January.",
        "The alert was easily missed.",
        "The user error rate rose to 4 %.",
        "It was not human error.",
        "The prompt is there to prevent human error.",
        "It would not have been noticed without the alert.",
        "I would have gone there next.",
        "Only one should have existed, and the servers should have synchronized clocks.",
        "Lazy loading and the lazy-loaded extension were off.",
        "Clearly state the goal; the page is easily accessible.",
        "There was nothing obviously wrong in the logs.",
        "We simply restart the pod.",
        "Git blame shows when the line changed.",
        "The culprit was a slow query.",
        "We do not blame the engineer.",
        "The lock is released with care.",
        "Retrain the model every night.",
        "The scheduler is topology-aware.",
    ],
)
def test_innocent(text):
    assert flagged(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "```\nwe forgot to check, human error\n```",
        "The log said `operator error: should have been caught`.",
        "> We forgot to check, obviously.",
        'The customer wrote: "it was human error, you should have tested".',
        "See [the report](https://example.com/human-error/should-have-been).",
        "See https://example.com/human-error for more.",
        "<!-- we forgot to check -->",
        "$ echo we forgot to check",
        "Output:\n\n    human error\n",
    ],
)
def test_what_nobody_said_is_skipped(text):
    assert flagged(text) == []


def test_a_pattern_does_not_run_across_blocks():
    assert flagged("- decided by the team\n- failed to start again") == []
    assert flagged("Made by the team\n\nfailed to check anything") == []


def test_a_pattern_runs_across_a_wrapped_line_and_emphasis():
    assert [code for code, _ in flagged("The limit should\nhave been **raised**.")] == ["PM701"]
    assert [code for code, _ in flagged("We *forgot* the flag.")] == ["PM702"]


def test_names_are_welcome_in_the_timeline_and_not_near_causes():
    head = "| Time (UTC) | Event | Who |\n|---|---|---|\n"
    rows = "| 14:00 | @jane restarted the pod | @jane |\n| 14:45 | Resolved | @bob |"
    assert flagged(head + rows, "Timeline") == []
    assert flagged("@jane restarted it, as Bob Stone had asked.") == [("PM707", "@jane"), ("PM707", "Bob Stone")]
    assert flagged("The package @scope/name was pinned; ask team@example.com.") == []


def test_a_first_name_that_is_a_word_is_no_name():
    assert flagged("The fields of alice.example.com; a stone in the field.") == []


def test_the_organisation_adds_and_removes_phrases():
    own = RuleSettings(phrases={"hindsight": ("as any fool can see",)}, phrases_removed=("of course",))
    assert flagged("As any fool can see, it was full.", settings=own) == [("PM705", "As any fool can see")]
    assert flagged("Of course it was full.", settings=own) == []
    assert flagged("Of course it was full.") == [("PM705", "Of course")]
