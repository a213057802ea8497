"""Days as a person types them."""

from __future__ import annotations

from datetime import date

from pmctl.errors import UsageProblem


def parse_day(text: str, option: str) -> date | None:
    """'2024-01-15' -> that day, '' -> None.

    Raises UsageProblem that names the option otherwise.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageProblem(f"{option} {text}: not a day", hint="write it as 2024-01-15") from None
