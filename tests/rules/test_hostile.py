"""Whatever a file holds: no traceback, no hang, and every finding lies inside the file."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.document.reader import read
from pmctl.rules.engine import check
from pmctl.rules.fixes import fix
from pmctl.rules.prose import prose, without_code
from pmctl.rules.settings import RuleSettings
from pmctl.rules.sharing import redact

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
def test_repetition_takes_no_time(unit):
    body = unit * (30_000 // len(unit))
    words = "We forgot it, obviously; had we been careful, human error last week could have been our fault."
    doc = sample(f"visibility: organization\n## Root Cause\n\n{words} {body}\n")
    begun = time.process_time()
    check(doc, EVERYTHING)
    redact(doc.text)
    assert time.process_time() - begun < 1.5


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
def test_repetition_in_any_place_takes_no_time(place, unit):
    doc = sample(PLACES[place].replace("{}", unit * (12_000 // len(unit))))
    begun = time.process_time()
    inside(doc.text, check(doc, EVERYTHING))
    assert time.process_time() - begun < 3


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


def test_the_corpus_is_judged_without_a_crash():
    corpus = os.environ.get("PMCTL_CORPUS")
    if not corpus:
        pytest.skip("PMCTL_CORPUS names no corpus")
    head = source().partition("\n---\n")[0] + "\n---\n"
    files = sorted(Path(corpus, "documents").rglob("*.md"))
    assert len(files) > 100
    for file in files:
        doc = read(head.encode() + file.read_bytes(), PATH)
        begun = time.process_time()
        inside(doc.text, check(doc, EVERYTHING))
        assert time.process_time() - begun < 5
