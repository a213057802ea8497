"""Whatever a file holds: no traceback, no hang, and every finding lies inside the file."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.document.reader import read
from pmctl.rules.credentials import redact
from pmctl.rules.engine import check
from pmctl.rules.fixes import fix
from pmctl.rules.prose import prose, without_code
from pmctl.rules.settings import RuleSettings
from tests.growth import assert_in_proportion
from tests.skips import NO_CORPUS

from .sample import CONTEXT, PATH, sample, source

EVERYTHING = CONTEXT._replace(settings=RuleSettings(internal=("corp.example",), customers=("customer.example",)))

PIECES = st.sampled_from(
    [
        *(
            "should have been",
            "We forgot",
            "obviously",
            "last week",
            "@jane",
            "@",
            "10.1.2.3",
            "password=",
            "AKIA",
            "://",
        ),
        *(
            "`",
            "```",
            "\n",
            "\n\n",
            "\r",
            "\r\n",
            "\t",
            "    code\n",
            "$ ls\n",
            "- ",
            "> ",
            '"',
            "'",
            "“",
            "<!--",
            "-->",
        ),
        *(
            "## ",
            "# ",
            "## Timeline\n",
            "## Impact\n",
            "| a | b |\n",
            "|---|---|\n",
            "| Time | Event |\n",
            "| 25:00 |\n",
        ),
        *("[a](b.md)", "![](", "](", "]: ", "<img", "***", "__", "~"),
        *("-----BEGIN ", "PRIVATE KEY-----", "İ", "\u2028", "ﬀ", "日本", "\U0001f600"),
    ]
)
TEXT = st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=200))


def inside(text: str, findings: object) -> None:
    lines = [*text.splitlines(), ""]
    for finding in findings:
        assert 0 <= finding.line <= len(lines) + 1
        assert finding.column >= 0
        if finding.end_line:
            assert (finding.end_line, finding.end_column) >= (finding.line, finding.column)
        assert finding.code
        assert finding.message


def judged(doc):
    """Every rule over a document, whose findings lie inside it."""
    inside(doc.text, check(doc, EVERYTHING))
    redact(doc.text)


@settings(max_examples=250, deadline=None)
@given(body=TEXT)
def test_any_body_is_judged(body):
    doc = read(
        f"---\nid: 2024-01-15-x\ntitle: t\nstatus: IN_REVIEW\nauthor: jane\n---\n{body}".encode("utf-8", "replace"),
        PATH,
    )
    inside(doc.text, check(doc, EVERYTHING))
    fix(doc, EVERYTHING)


@settings(max_examples=250, deadline=None)
@given(text=TEXT, start=st.integers(0, 20))
def test_masks_keep_the_length_and_the_letters(text, start):
    start = min(start, len(text))
    for masked in (without_code(text, start), prose(text, start)):
        assert len(masked) == len(text)
        assert set(masked[:start]) <= {"\0"}
    assert all(one in ("\0", other) for one, other in zip(without_code(text, start), text, strict=True))
    assert len(redact(text)) == len(text)


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_judged(data):
    doc = read(data, PATH)
    inside(doc.text, check(doc, EVERYTHING))


UNITS = [
    *(
        "a",
        "`",
        "``` ",
        '"',
        "'a ",
        "“",
        "<",
        "<!--",
        "[",
        "[a](",
        "![](",
        "](",
        "*",
        "_",
        "@a",
        "@a.",
        "a@b.",
        "| ",
        "|-",
    ),
    *("://", "://a:", "\n|", "\n- ", "\n    ", "1.", "10.", "a-", "eyJ", "eyJa.", "AKIA", "a.internal", "password="),
    *("should have ", "could also have ", "had a b been ", "the a b ", "we have had ", "last ", "who did ", "\n## a"),
    *("-----BEGIN PRIVATE KEY-----", "\n# Timeline"),
    *(
        "<img ",
        "<a ",
        "<code",
        "<pre>",
        "\n> a",
        "the the ",
        "our ",
        "a\n",
        "the engineer who ",
        "of course ",
        "no no ",
    ),
    *(
        "- a: b\n",
        "\n[x]: a",
        "why did the ",
        "be careful ",
        "had we not would ",
        "blame the a ",
        "curl -u ",
        "secret_",
    ),
]


@pytest.mark.parametrize("unit", UNITS)
def test_repetition_takes_time_in_proportion(unit):
    words = "We forgot it, obviously; had we been careful, human error last week could have been our fault."
    head = f"visibility: organization\n## Root Cause\n\n{words} "
    assert_in_proportion(judged, lambda size: sample(f"{head}{unit * (size // len(unit))}\n"), 12_000)


ROW = "| AI-7f3k | {action} | {owner} | {due} | HIGH | {status} | | |"
ITEMS = "## Action Items\n\n| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |\n" + "|---" * 8 + "|\n"
FINE = {"action": "Alert", "owner": "@jane", "due": "2999-01-22", "status": "OPEN"}
PLACES = {
    "heading": "## {}\n\nText.\n",
    "sub-heading": "## Timeline\n\n### {}\n\n| Time | Event |\n|---|---|\n| 14:00 | a |\n",
    "bold": "## Timeline\n\n**{}**\n\n| Time | Event |\n|---|---|\n| 14:00 | a |\n",
    "zone": "## Timeline\n\nAll times {} x\n\n| Time | Event |\n|---|---|\n| 14:00 | a |\n",
    "column": "## Timeline\n\n| Time {} x | Event |\n|---|---|\n| 14:00 | a |\n",
    "time": "## Timeline\n\n| Time | Event |\n|---|---|\n| {} | Restarted |\n",
    "list": "## Timeline\n\n- 14:00 {}\n",
    "impact": "## Impact\n\n{}\n\nThe outage lasted {}\n",
    "measure": "## Impact\n\n| Impact Type | Measurement |\n|---|---|\n| Duration | {} |\n",
    "section": "## Root Cause\n\nTBD {}\n",
    **{name: ITEMS + ROW.format(**{**FINE, name: "{}"}) + "\n" for name in FINE},
}


@pytest.mark.parametrize("place", sorted(PLACES))
@pytest.mark.parametrize(
    "unit", ["1", "a", "a ", "1 ", "a1-", "1:", "12:00-", "?", "- ", "](", "[a](", "*a", "(", "a.", "@a ", "PT "]
)
def test_repetition_in_any_place_takes_time_in_proportion(place, unit):
    assert_in_proportion(judged, lambda size: sample(PLACES[place].replace("{}", unit * (size // len(unit)))), 6_000)


@pytest.mark.parametrize(("first", "last"), [("0001-01-01", "0001-01-02"), ("9999-12-30", "9999-12-31")])
def test_the_ends_of_the_calendar_are_days_like_others(first, last):
    rows = "\n".join(
        f"| {time} | Restarted | |" for time in ("23:50", "24:00", "00:10", f"{last} 23:59", "Dec 31 25:00")
    )
    times = (
        f"started_at: {first}T00:00:00Z\ndetected_at: {first}T00:00:00Z\nmitigated_at:\nresolved_at: {last}T23:59:59Z\n"
    )
    text = sample(f"{times}## Timeline\n\n| Time | Event | Who |\n|---|---|---|\n{rows}\n").text
    doc = read(
        text.replace("2024-01-15-payment", f"{last}-payment").encode(), f"postmortems/{last[:4]}/{last}-payment.md"
    )
    inside(doc.text, check(doc, EVERYTHING))


ITEM = "## Action Items\n\n| ID | Action | Owner | Due | Priority | Status |\n|---|---|---|---|---|---|\n| AI-7f3k | "
IMPACT = "## Impact\n\n| Impact Type | Measurement |\n|---|---|\n| Duration | "
LONG = {
    "delimiters": ("## Summary\n\n|", "|-", ""),
    "rule of dashes": ("## Root Cause\n\n```\ncode\n```\n", "-  ", "x"),
    "quotes": ("## Root Cause\n\n```\ncode\n```\n", "> ", "x"),
    "spaces": ("## Root Cause\n\n", " ", "x"),
    "underscores": ("## Root Cause\n\nx ", "_", "x"),
    "digits": (IMPACT, "1", " |"),
    "spaces behind a number": (IMPACT + "5", " ", "x |"),
    "digits and dots": (IMPACT, "1.", " |"),
    "spaces before a duration": ("## Impact\n\nNo duration.\n", " ", "x"),
    "owners": (ITEM + "Alert at 80 % | ", "@", " | 2024-01-22 | HIGH | OPEN |"),
    "owners in words": (ITEM + "Alert at 80 % | ", "@a", " | 2024-01-22 | HIGH | OPEN |"),
    "letters on lines": ("## Root Cause\n\nPay attention.\n", "a\n", ""),
    "hyphens": ("## Root Cause\n\nPay attention.\n", "a-", ""),
    "articles": ("## Root Cause\n\nPay attention.\n", "the ", ""),
    "anchors": ("## Root Cause\n\n", "[a](#a) ", ""),
    "headings of one name": ("## Root Cause\n\n[a](#nowhere)\n\n", "### a\n\n", ""),
    "open targets": ("## Root Cause\n\n", "[a](<", ""),
    "open titles": ("## Root Cause\n\n", "[a](b (c", ""),
    "open images": ("## Root Cause\n\n", "<img ", ""),
    "open tags": ("## Root Cause\n\nPay attention. ", "<a ", ""),
    "keys": ("## Root Cause\n\n", "-----BEGIN PRIVATE KEY-----\n", ""),
    "secrets": ("## Root Cause\n\n", "password=abcdEFGH12345678 ", ""),
    "quotes in quotes": ("## Root Cause\n\n```\ncode\n```\n", ">", ""),
    "lists in lists": ("## Root Cause\n\n```\ncode\n```\n", "1) ", ""),
    "items without an owner": (ITEM.rpartition("| AI")[0], "a\n", ""),
    "open targets in an impact": ("## Impact\n\nx ", "[a](", ""),
    "addresses": ("visibility: organization\n## Root Cause\n\n", "10.1.2.3 ", ""),
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_text_takes_time_that_grows_with_its_length(name):
    """Each of these took minutes per megabyte once, because the time grew with the square of the length; one of them
    (two spaces behind each of thirty dashes) did not come to an end at all.
    """
    before, unit, behind = LONG[name]
    head, _, body = before.partition("## ")
    assert_in_proportion(judged, lambda size: sample(f"{head}## {body}{unit * (size // len(unit))}{behind}\n"), 60_000)


MOMENTS = st.sampled_from(
    [
        *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00"),
        *("2024-01-15T14:00:00Z", "2024-01-15T24:00:00Z", "2024-01-15T14:00:00+99:99", "0000-01-01T00:00:00Z"),
        *("14:00", "23:59", "00:00", "14:00 UTC-12", "2024-01-15 00:10", "9999-12-31", "0001-01-01", "99:99", ""),
    ]
)
AMOUNTS = st.sampled_from(["45 minutes", "99999999999999 days", "9" * 400 + " h", "9" * 5_000, "0.5 s", "1 h 30 min"])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(MOMENTS, min_size=5, max_size=5),
    st.lists(MOMENTS, min_size=1, max_size=4),
    AMOUNTS,
    st.sampled_from([datetime.min, datetime.max, datetime(2024, 6, 1)]).map(lambda moment: moment.replace(tzinfo=UTC)),
    st.sampled_from(["UTC", "UTC+14", "UTC-12", "Europe/Berlin"]),
)
def test_moments_at_the_ends_of_the_calendar_are_judged(fields, entries, amount, now, zone):
    keys = ("started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at")
    front = "".join(f"{key}: {value}\n" for key, value in zip(keys, fields, strict=True) if value)
    rows = "".join(f"| {entry} | Alert, resolved | @jane |\n" for entry in entries)
    doc = sample(
        f"{front}## Timeline\n\n| Time ({zone}) | Event | Who |\n|---|---|---|\n{rows}\n"
        f"## Impact\n\n| Impact Type | Measurement |\n|---|---|\n| Duration | {amount} |\n"
    )
    check(doc, EVERYTHING._replace(now=now, today=now.date(), strict=True))
    fix(doc, EVERYTHING)


def test_the_corpus_is_judged_without_a_crash():
    corpus = os.environ.get("PMCTL_CORPUS")
    if not corpus:
        pytest.skip(NO_CORPUS)
    head = source().partition("\n---\n")[0] + "\n---\n"
    files = sorted(Path(corpus, "documents").rglob("*.md"))
    assert len(files) > 100
    for file in files:
        judged(read(head.encode() + file.read_bytes(), PATH))
