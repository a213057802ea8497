"""Make repositories to measure on: N postmortems of about 6 KB with front matter and tables."""

from __future__ import annotations

import random
import subprocess
from datetime import date, timedelta
from pathlib import Path

_TEXT = (
    "the connection pool of the payment service was exhausted while traffic from a campaign arrived and the "
    "dashboard showed rising latency before the alert fired so the on-call engineer raised the limit and "
    "restarted three pods which brought the queue down again within minutes of the first page"
)
_WORDS = _TEXT.split()


def prose(rng: random.Random, words: int) -> str:
    """A paragraph of about so many words, wrapped."""
    text = " ".join(rng.choice(_WORDS) for _ in range(words)).capitalize() + "."
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) > 100:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return "\n".join([*lines, line])


def postmortem(number: int, items_each: int = 1) -> tuple[str, str]:
    """(id, text) of the number-th generated postmortem: a complete draft that validates."""
    rng = random.Random(number)
    day = date(2020, 1, 1) + timedelta(days=number % 2000)
    name = f"{day}-generated-incident-{number}"
    timeline = "\n".join(
        f"| 14:{minute:02d} | {prose(rng, 9)[:-1].replace(chr(10), ' ')} | @alice |" for minute in range(0, 40, 4)
    )
    items = "\n".join(
        f"| AI-{number * items_each + step:06d} | Add an alert at 80 % pool usage, step {step} | @alice "
        f"| {day + timedelta(days=7)} | HIGH | {_status(number + step, items_each)} | | |"
        for step in range(items_each)
    )
    text = f"""---
id: {name}
title: Generated incident {number}
status: DRAFT
author: alice
services: [payment-api, checkout]
severity: SEV2
urgency: HIGH
started_at: {day}T14:00:00Z
detected_at: {day}T14:00:00Z
resolved_at: {day}T14:40:00Z
tags: [database, capacity]
template: default
---

## Summary

{prose(rng, 60)}

## Timeline

All times in UTC.

| Time | Event | Who |
|---|---|---|
{timeline}

## Impact

| Impact Type | Measurement |
|---|---|
| Duration | 40 minutes |
| Failed transactions | {rng.randrange(100, 9000)} |

## Root Cause

{prose(rng, 160)}

## Resolution

| Step | Action | Result |
|---|---|---|
| 1 | Raised the connection pool to 100 | Queue drained within 3 minutes |

{prose(rng, 80)}

## Action Items

| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
|---|---|---|---|---|---|---|---|
{items}

## Lessons Learned

### What went well

- {prose(rng, 20)}

### What could be improved

- {prose(rng, 25)}

### Where we got lucky

- {prose(rng, 15)}

## Contributing Factors

{prose(rng, 150)}

## Detection

{prose(rng, 70)}

## Response

{prose(rng, 90)}
"""
    return name, text


def _status(place: int, items_each: int) -> str:
    """Where there are many items, one in twenty is open."""
    return "OPEN" if items_each == 1 or place % 20 == 0 else "COMPLETED"


def write_postmortems(root: Path, count: int, items_each: int = 1) -> list[str]:
    """Write `count` postmortems below `root` at their paths; returns the ids."""
    names = []
    for number in range(count):
        name, text = postmortem(number, items_each)
        path = root / "postmortems" / name[:4] / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        names.append(name)
    return names


def git(root: Path, *arguments: str) -> None:
    """Run git in `root`, silently; raises when it fails."""
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)
