"""The `meetings` block: what is wrong is said with what was meant, and the schema agrees."""

from __future__ import annotations

import pytest
import yaml
from jsonschema import Draft7Validator

from pmctl.insight.meeting_settings import MeetingSettings, meeting_settings, minutes_of
from pmctl.output.schemas import published
from pmctl.repository.settings import load_settings


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("{for: 45m, calendar: mail, video: 'https://meet.example.com/a'}", ""),
        ("{for: 1h30m}", ""),
        ("{calender: mail}", "did you mean calendar?"),
        ("{calendar: mial}", "did you mean mail?"),
        ("{for: soon}", "write 45m or 1h"),
        ("{video: 'http://meet.example.com'}", "write an https address, meet, zoom, or none"),
        ("{calendar: google, video: meet}", ""),
        ("{calendar: mail, video: zoom}", ""),
        ("{calendar: mail, video: meet}", "set calendar: google, or video: zoom"),
        ("{video: meet}", "set calendar: google, or video: zoom"),
    ],
)
def test_what_is_wrong_is_said(block: str, said: str) -> None:
    text = f"version: 1\nmeetings: {block}\n"
    settings, found = load_settings(text.encode())
    assert found == ()
    _, wrong = meeting_settings(settings.blocks["meetings"])
    assert [str(one.fix) for one in wrong] == ([said] if said else [])
    assert Draft7Validator(published()["settings"]()).is_valid(yaml.safe_load(text)) is not bool(said)


def test_lengths() -> None:
    assert [minutes_of(one) for one in ("15m", "2h", "1h5m", "14m", "121m", "3h", "1h99m", "m", "")] == [
        15, 120, 65, None, None, None, None, None, None,
    ]  # fmt: skip
    assert meeting_settings(None) == (MeetingSettings(45, "none", "none"), ())
