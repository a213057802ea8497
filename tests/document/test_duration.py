"""Durations in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pmctl.document.duration import duration_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (60, "1 minute"),
        (45 * 60, "45 minutes"),
        (45 * 60 + 59, "45 minutes"),
        (3600, "1 hour"),
        (3900, "1 hour 5 minutes"),
        (2 * 86400 + 3 * 3600 + 59 * 60, "2 days 3 hours"),
        (86400 + 60, "1 day"),
        (400 * 86400, "400 days"),
        (-1, ""),
    ],
)
def test_a_duration_reads_like_a_person_would_say_it(seconds: float, text: str) -> None:
    assert duration_text(timedelta(seconds=seconds)) == text
