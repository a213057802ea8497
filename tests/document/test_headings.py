"""Headings as teams write them, and what each of them stands for."""

from __future__ import annotations

import pytest

from pmctl.document.headings import bare, meaning, plain, same_wording, two_sections


@pytest.mark.parametrize(
    ("title", "section"),
    [
        ("Executive Summary", "Summary"),
        ("TL;DR", "Summary"),
        ("**What happened?**", "Summary"),
        ("1. Summary", "Summary"),
        ("📋 Summary", "Summary"),
        (":memo: Summary", "Summary"),
        ("Outage Description:", "Summary"),
        ("Timeline (all times PST) 7/5/2023 - 7/6/2023", "Timeline"),
        ("Chain of Events", "Timeline"),
        ("Timeline - UTC", "Timeline"),
        ("Impact & Metrics", "Impact"),
        ("Impact on paying customers", "Impact"),
        ("Root Cause(s)", "Root Cause"),
        ("5 Whys", "Root Cause"),
        ("What caused the incident?", "Root Cause"),
        ("Resolution and recovery", "Resolution"),
        ("Remediation", "Resolution"),
        ("Remediation (action items)", "Action Items"),
        ("Corrective and Preventative Measures", "Action Items"),
        ("Action Items / Next Steps", "Action Items"),
        ("Lessons Learnt", "Lessons Learned"),
        ("Key takeaways", "Lessons Learned"),
        ("Lead-up", "Contributing Factors"),
        ("How was it detected?", "Detection"),
        ("Investigation", "Response"),
        ("タイムライン", "Timeline"),
        ("根本原因分析", "Root Cause"),
        ("改进措施", "Action Items"),
        ("Maßnahmen", "Action Items"),
        ("Chronologie", "Timeline"),
        ("Metadata", "Metadata"),
    ],
)
def test_known_headings(title: str, section: str) -> None:
    found = meaning(title)
    assert found is not None and found.section == section


@pytest.mark.parametrize(
    ("title", "part"),
    [
        ("What went well?", "What went well"),
        ("What Didn't Go So Well?", "What could be improved"),
        ("What didn’t go well", "What could be improved"),
        ("What went poorly", "What could be improved"),
        ("Where did we get lucky?", "Where we got lucky"),
        ("運が良かったこと", "Where we got lucky"),
    ],
)
def test_parts_of_lessons_learned(title: str, part: str) -> None:
    found = meaning(title)
    assert found is not None and (found.section, found.part) == ("Lessons Learned", part)


@pytest.mark.parametrize(
    "title",
    [
        "Incident: the API was down",
        "FAQ",
        "The login service",
        "Involved parties",
        "Relevant commit history",
        "",
        "###",
    ],
)
def test_other_headings_mean_nothing(title: str) -> None:
    assert meaning(title) is None


def test_a_heading_of_two_sections_is_taken_for_the_first_and_named() -> None:
    found = meaning("Root Cause and Resolution")
    assert found is not None and found.section == "Root Cause"
    assert two_sections("Root Cause and Resolution") == ("Root Cause", "Resolution")
    assert two_sections("Resolution and recovery") == ()


def test_plain_and_bare() -> None:
    assert plain("**Bold** [link](http://x) `code` snake_case_name") == "Bold link code snake_case_name"
    assert bare("2) __Root cause__: ") == "root cause"
    assert same_wording("**Root cause**:", "Root Cause")
    assert not same_wording("3. Root cause", "Root Cause")
