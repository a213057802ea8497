"""How meetings are planned unless a command says otherwise: the `meetings` block of pmctl.yaml as values.

meetings: {for: 45m, calendar: google, video: meet}
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pmctl.document.finding import Finding
from pmctl.document.meeting import CALENDARS, LINK, LONGEST, ROOMS, SHORTEST
from pmctl.document.node_reader import NodeReader
from pmctl.document.strict_yaml import Node

KEYS = ("for", "calendar", "video")
VIDEO_WORDS = ("none", *ROOMS)
MINUTES = r"(?:[0-9]{1,3}m|[0-9]h(?:[0-9]{1,2}m)?)"
USUAL = 45
NEEDS_GOOGLE = "set calendar: google, or video: zoom"


@dataclass(frozen=True, slots=True)
class MeetingSettings:
    """`minutes` that one takes; `calendar` says who invites; `video` is a room's address, who makes one, or none."""

    minutes: int = USUAL
    calendar: str = "none"
    video: str = "none"


def meeting_settings(node: Node | None, path: str = "pmctl.yaml") -> tuple[MeetingSettings, tuple[Finding, ...]]:
    """Read the block; whatever is wrong is a finding, and keeps its default."""
    reader = NodeReader(path, "PM190", "PM191", blank_is_absent=True)
    top = reader.mapping(node, "meetings", KEYS)
    length = reader.text(top.get("for"), "meetings.for", f"{USUAL}m")
    minutes = minutes_of(length)
    if minutes is None:
        reader.add(top.get("for"), f"meetings.for is no length of {SHORTEST} to {LONGEST} minutes", "write 45m or 1h")
    calendar = reader.choice(top.get("calendar"), "meetings.calendar", CALENDARS, "none")
    video = reader.text(top.get("video"), "meetings.video", "none")
    if not is_video(video):
        reader.add(
            top.get("video"),
            f"meetings.video is no room: {video[:60]!r}",
            "write an https address, meet, zoom, or none",
        )
        video = "none"
    elif video == "meet" and calendar != "google":
        reader.add(top.get("video"), "meetings.video: Meet makes rooms for events of Google Calendar", NEEDS_GOOGLE)
    return MeetingSettings(minutes or USUAL, calendar, video), reader.sorted()


def minutes_of(text: str) -> int | None:
    """Minutes from 45m, 1h or 1h30m; None for what is none, or shorter or longer than a meeting is."""
    if not re.fullmatch(MINUTES, text):
        return None
    hours, _, rest = text.removesuffix("m").rpartition("h")
    found = int(hours or 0) * 60 + int(rest or 0)
    return found if SHORTEST <= found <= LONGEST else None


def is_video(text: str) -> bool:
    """Whether that says where people meet."""
    return text in VIDEO_WORDS or LINK.fullmatch(text) is not None
