"""A postmortem with everything that a page shows, and a site of pages made of it, for tests in a browser."""

from __future__ import annotations

from datetime import date

from jinja2 import Environment, PackageLoader, StrictUndefined

from pmctl.document.reader import Document, read
from pmctl.insight.history import Entry, PostmortemHistory
from pmctl.insight.past_versions import PastVersion
from pmctl.output.site.look import Frame, Link
from pmctl.output.site.postmortem_page import Around, Attachment, Related, page_values

TODAY = date(2024, 2, 3)
ID = "2024-01-15-payment-api-outage"
SOURCE = """---
id: 2024-01-15-payment-api-outage
title: Payment API refused payments after a pool was halved
status: PUBLISHED
author: jane
participants: [jane, bob]
services: [payment-api, checkout]
teams: [payments]
severity: SEV2
tags: [capacity, deploy]
started_at: 2024-01-15T14:00:00Z
detected_at: 2024-01-15T14:02:00Z
acknowledged_at: 2024-01-15T14:04:00Z
mitigated_at: 2024-01-15T14:38:00Z
resolved_at: 2024-01-15T14:45:00Z
incidents: [{source: pagerduty, id: PT4, url: "https://pd.example/PT4"}]
---

## Summary

On 15 January 2024 the payment API refused one payment in four for 45 minutes. Some 900 customers saw an error at
checkout. Raising the pool's limit brought it back; nobody was charged twice.

## Timeline

| Time (UTC) | Event | Who |
|---|---|---|
| 13:55 | Release 2024.3 goes out with a smaller default for the `pool` | @bob |
| 14:00 | First payments time out | |
| 14:02 | Alert *PaymentErrors* fires | |
| 14:04 | Jane acknowledges and opens the dashboard | @jane |
| 14:06 | Rolling back is considered; the release holds a [new schema](https://wiki.example/schema) as well | @bob |
| 14:09 | Two pods are restarted, without effect | @jane |
| 14:31 | Bob finds the pool exhausted on every pod | @bob |
| 14:38 | Limit of the pool raised from 10 to 40 by hand | @jane |
| 14:40 | Errors fall below 1 % | |
| 14:45 | All payments succeed, the incident is closed | @jane |
| ?? | Support publishes a notice | |

## Impact

| Impact Type | Measurement |
|---|---|
| Affected users | ~900 customers, from the access log |
| Failed requests | 2,347 of 61,000 |

## Root Cause

The release reset `pool.max` to the library's default of 10 connections. In the afternoon every pod needs some 30.

```mermaid
graph LR
  checkout --> api --> pool
```

## Action Items

| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
|---|---|---|---|---|---|---|---|
| AI-7f3k | Alert at 80 % of the pool | @carol | 2024-01-22 | HIGH | OPEN | https://jira.example/PAY-12 | |
| AI-8a1b | Load test with the **production** number of pods | @bob | 2024-03-01 | MEDIUM | IN_PROGRESS | | |
| AI-9c2d | Pin `pool.max` in the chart | @jane | 2024-01-18 | HIGH | COMPLETED | | |
| AI-4d5e | Move to another library | @bob | 2024-02-01 | LOW | WONT_DO | | Would not have helped here |

## Lessons Learned

- Alerts came early; the first guess was wrong for 25 minutes.
"""
_PROOF = {
    "record": f".pmctl/records/{ID}/01-0002-approve-bob.json", "digest": "sha256:" + "ab" * 32, "key": "SHA256:abc",
    "content": "sha256:" + "cd" * 32,
}  # fmt: skip
NAMES = {"jane": "Jane Doe", "bob": "Bob Ray", "carol": "Carol Xu"}


def document(source: str = SOURCE) -> Document:
    """The postmortem as a document."""
    return read(source.encode(), f"postmortems/2024/{ID}.md")


def history(*entries: Entry) -> PostmortemHistory:
    """What was done to it, with `entries` behind."""
    told = (
        Entry("a" * 40, "2024-01-16T09:00:00Z", "jane", "created", "ok", "", (), {}),
        Entry("b" * 40, "2024-01-17T09:00:00Z", "jane", "submit", "ok", "please look at the root cause", (), _PROOF),
        Entry("c" * 40, "2024-01-17T12:00:00Z", "bob", "approve", "ok", "", (), _PROOF),
        Entry("d" * 40, "2024-01-18T12:00:00Z", "jane", "publish", "ok", "", (), _PROOF),
    )
    return PostmortemHistory(ID, "root", "", (*told, *entries))


def around(**changes: object) -> Around:
    """What is known besides the text."""
    before = document(
        SOURCE.replace("in four", "in five").replace("| 14:09 | Two pods are restarted, without effect | @jane |\n", "")
    )
    known: dict[str, object] = {
        "names": NAMES, "approved": ("bob", "carol"), "history": history(),
        "versions": (PastVersion(history().events[1], before), PastVersion(history().events[3], document())),
        "related": (Related("Checkout slow during a sale", "postmortems/b.html", "same service: checkout"),),
        "attachments": (Attachment("pool.png", "files/pool.png", "24 KB"),),
    }  # fmt: skip
    return Around(**{**known, **changes})  # type: ignore[arg-type]  # as given by the test


FRAME = Frame(
    "Acme postmortems",
    (Link("Home", "index.html"), Link("Action items", "actions.html"), Link("Services", "services.html")),
    "For everybody in the organization.",
    "commit 0123456 on 3 February 2024",
)


def environment() -> Environment:
    """The templates as a site fills them in."""
    return Environment(
        loader=PackageLoader("pmctl.output", "site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(source: str = SOURCE, root: str = "../", **changes: object) -> str:
    """The page of the postmortem."""
    values = page_values(document(source), around(**changes), today=TODAY)
    template = environment().get_template("postmortem.html.j2")
    return template.render(site=FRAME, root=root, here="postmortems/a.html", page=values)
