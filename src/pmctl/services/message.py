"""What leaves for people: one message, whatever it is sent by. Values only; each channel's module lays it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pmctl.errors import EnvironmentProblem


@dataclass(frozen=True, slots=True)
class Message:
    """One message, in plain text that is escaped where it is laid out.

    `id` is the same whenever it is sent again. `reason` is why somebody gets it, in one line; `lines` say more, each
    one thing. The others are facts of the postmortem that it is about, "" where there is none. `day` is when it is
    sent, YYYY-MM-DD. `events` are what happened, for programs. `invitation` is an iCalendar text that goes
    along with a mail, by its `method`.
    """

    id: str
    reason: str
    day: str
    lines: tuple[str, ...] = ()
    postmortem: str = ""
    title: str = ""
    state: str = ""
    severity: str = ""
    duration: str = ""
    impact: str = ""
    summary: str = ""
    approved: str = ""
    url: str = ""
    events: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    invitation: str = field(default="", repr=False)
    method: str = ""

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What is seen at one glance, with labels; what is not known is left out."""
        named = (
            ("State", self.state), ("Severity", self.severity), ("Duration", self.duration), ("Impact", self.impact),
            ("Approved by", self.approved),
        )  # fmt: skip
        return [(label, text) for label, text in named if text]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a service answered to a message that it took; `place` is where it can be found and changed later."""

    answer: str
    place: Mapping[str, str] = field(default_factory=dict)


class NotTaken(EnvironmentProblem):
    """A service that certainly did not take a message, and says why."""


def cut(text: str, most: int) -> str:
    """Text of at most so many characters, which says that it goes on."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def listed(lines: Sequence[str], most: int) -> list[str]:
    """The first lines, and how many more there are."""
    return [*lines[:most], f"and {len(lines) - most} more"] if len(lines) > most else list(lines)


def variable_part(name: str) -> str:
    """A channel's name as part of a variable's: pay-ops -> PAY_OPS."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name.upper())
