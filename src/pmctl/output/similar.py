"""Postmortems that are like one, as lines of text. Values in, strings out."""

from __future__ import annotations

from collections.abc import Iterable

from pmctl.insight.similar import Alike, reasons
from pmctl.text import listed, safe


def lines(found: Iterable[Alike]) -> list[str]:
    """Each hit with its open items first, then why."""
    told = []
    for one in found:
        told.append(safe(f"{one.id}: {one.title}"))
        for item in one.open_items:
            due = f", due {item.due}" if item.due else ""
            told.append(safe(f"  still open: {item.id or '(no id)'} {item.text} ({item.owner or 'nobody'}{due})"))
        told.append(safe(f"  both have: {listed(list(reasons(one)))}"))
    return told
