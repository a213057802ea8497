"""Fixtures that read like a postmortem, and the corpus of real ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.skips import NO_CORPUS

OUTAGE = """\
---
id: 2024-01-15-payment-api-outage
title: Payment API outage
status: DRAFT                    # DRAFT | IN_REVIEW | PUBLISHED | ARCHIVED
author: jane
editors: {bob: edit, carol: comment}
reviewers: [alice]
participants: [jane, bob]
visibility: organization         # private | team | organization
teams: [payments]
services: [payment-api]
severity: SEV2                   # free text, validated against pmctl.yaml when it lists values
urgency: HIGH                    # HIGH | MEDIUM | LOW
incidents:
  - {source: pagerduty, id: PT4KHLK, url: "https://pagerduty.example/PT4KHLK"}
started_at: 2024-01-15T14:00:00Z
detected_at: 2024-01-15T14:00:00Z
acknowledged_at: 2024-01-15T14:03:00Z
mitigated_at: 2024-01-15T14:22:00Z
resolved_at: 2024-01-15T14:45:00Z
tags: [database, capacity]
root_causes: [capacity]          # the categories that trends are counted by
template: default
fields: {cost_center: "4711"}    # custom fields that the template declares
---

## Summary

The payment API was down for 45 minutes: its database connection pool was exhausted.

## Timeline

| Time | Event | Who |
|---|---|---|
| 14:00 | Monitoring alert for API latency | |
| 14:03 | Alert acknowledged | @jane |
| 14:22 | Pool size raised | @jane |

## Impact

| Impact Type | Measurement |
|---|---|
| Duration | 45 minutes |
| Failed Transactions | 2,347 |

## Root Cause

The pool held 50 connections; nobody had measured how many a campaign needs.

## Resolution

| Step | Action | Result |
|---|---|---|
| 1 | Raised the pool to 100 | Queue drained |

## Action Items

| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
|---|---|---|---|---|---|---|---|
| AI-7f3k | Add connection pool monitoring | @jane | 2024-01-22 | HIGH | OPEN | | |
| AI-9q2z | Set up alerts at 80 % usage \\| page at 95 % | @bob | 2024-01-29 | MEDIUM | IN_PROGRESS | OPS-12 | |

## Lessons Learned

What went well: the alert fired within 3 minutes.
"""


@pytest.fixture
def outage() -> bytes:
    """A complete, valid postmortem."""
    return OUTAGE.encode()


def corpus_documents() -> list[Path]:
    """The real postmortems that PMCTL_CORPUS points to; empty without it."""
    root = os.environ.get("PMCTL_CORPUS")
    return sorted(Path(root, "documents").rglob("*.md")) if root else []


@pytest.fixture(scope="session")
def corpus() -> list[Path]:
    """The corpus, or a skip that says how to get it."""
    found = corpus_documents()
    if not found:
        pytest.skip(NO_CORPUS)
    return found
