"""A complete postmortem that no rule objects to, and a way to change parts of it."""

from __future__ import annotations

import re
from datetime import date

from pmctl.document.reader import Document, read
from pmctl.rules.context import Context, PeopleView

PATH = "postmortems/2024/2024-01-15-payment-api-outage.md"

FIELDS = {
    "id": "2024-01-15-payment-api-outage",
    "title": "Payment API outage",
    "status": "IN_REVIEW",
    "author": "jane",
    "reviewers": "[alice]",
    "participants": "[jane, bob]",
    "visibility": "team",
    "teams": "[payments]",
    "services": "[payment-api]",
    "severity": "SEV2",
    "urgency": "HIGH",
    "started_at": "2024-01-15T14:00:00Z",
    "detected_at": "2024-01-15T14:00:00Z",
    "mitigated_at": "2024-01-15T14:22:00Z",
    "resolved_at": "2024-01-15T14:45:00Z",
}

SECTIONS = {
    "Summary": "On 2024-01-15 the payment API was down for 45 minutes; about 2,300 payments failed.",
    "Timeline": """\
| Time (UTC) | Event | Who |
|---|---|---|
| 14:00 | Alert for elevated latency | |
| 14:22 | Pool enlarged to 100 | @jane |
| 14:45 | Error rate back below 0.1 %, incident resolved | @bob |""",
    "Impact": """\
| Impact Type | Measurement |
|---|---|
| Duration | 45 minutes |
| Affected customers | about 2,300 |""",
    "Root Cause": "The pool held at most 50 connections, and the traffic had grown from 30 to 48 at the same time.",
    "Resolution": """\
| Step | Action | Result |
|---|---|---|
| 1 | Enlarged the pool to 100 | Waiting payments went through |""",
    "Action Items": """\
| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
|---|---|---|---|---|---|---|---|
| AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |""",
}

PEOPLE = PeopleView(
    {"jane": "Jane Doe", "bob": "Bob Stone", "alice": "Alice Field"},
    frozenset({"payments"}),
    frozenset({"jane@example.com", "bob@example.com", "alice@example.com"}),
)

CONTEXT = Context(
    people=PEOPLE, severities=("SEV1", "SEV2", "SEV3"), today=date(2024, 1, 17), exists=lambda path: path == PATH
)


def source(fragment: str = "", *, only: bool = False) -> str:
    """The sample with the fragment's front matter lines and sections in place of its own.

    A fragment begins with `key: value` lines, which may be none, and goes on with `## Section` blocks. With `only` the
    sections are the fragment's alone.
    """
    head, _, body = fragment.strip("\n").partition("## ") if "## " in fragment else (fragment, "", "")
    fields = {**FIELDS, **dict(line.split(":", 1) for line in head.splitlines() if ":" in line)}
    blocks = re.split(r"(?m)^## ", body) if body else []
    given = [(title.strip(), text.strip("\n")) for title, _, text in (block.partition("\n") for block in blocks)]
    sections = [] if only else [pair for pair in SECTIONS.items() if pair[0] not in dict(given)]
    front = "".join(f"{key}: {value.strip()}\n" for key, value in fields.items())
    order = [*SECTIONS, "Lessons Learned"]
    merged = given if only else sorted([*sections, *given], key=lambda pair: _place(pair[0], order))
    return f"---\n{front}---\n" + "".join(f"\n## {title}\n\n{text}\n" for title, text in merged)


def _place(title: str, order: list[str]) -> int:
    return order.index(title) if title in order else len(order)


def sample(fragment: str = "", path: str = PATH, *, only: bool = False) -> Document:
    """The sample, changed by the fragment, as a document."""
    return read(source(fragment, only=only).encode(), path)
