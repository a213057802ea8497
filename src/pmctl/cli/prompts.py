"""Questions to a person at a terminal. Every one of them has an option that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmctl.repository.workspace import Workspace


@dataclass(frozen=True, slots=True)
class NewAnswers:
    """What `pmctl new` asked for."""

    title: str
    severity: str
    urgency: str
    services: tuple[str, ...]


def ask_new(workspace: Workspace, title: str, severity: str, urgency: str, services: tuple[str, ...]) -> NewAnswers:
    """Ask for what a new postmortem lacks. Raises KeyboardInterrupt when the person leaves."""
    title = title or ask_text("Title (what happened, in a few words):", required=True)
    severities = workspace.settings.severities
    if not severity:
        severity = _ask_choice("Severity:", severities) if severities else ask_text("Severity (Enter for none):")
    urgency = urgency or _ask_choice("Urgency:", ("HIGH", "MEDIUM", "LOW"))
    if not services:
        named = ask_text("Affected services (comma-separated, Enter for none):")
        services = tuple(part.strip() for part in named.split(",") if part.strip())
    return NewAnswers(title, severity, urgency, services)


def ask_yes(question: str, *, default: bool = True) -> bool:
    """A yes-or-no question."""
    import questionary

    answer = questionary.confirm(question, default=default).unsafe_ask()
    return bool(answer)


def ask_many(question: str, choices: Mapping[str, str]) -> list[str]:
    """Any number of the choices, which are shown in words, by their names."""
    import questionary

    options = [questionary.Choice(shown, value=name) for name, shown in choices.items()]
    return [str(name) for name in questionary.checkbox(question, choices=options).unsafe_ask()]


def ask_path(question: str, example: str) -> str:
    """A path, '' for none; `example` shows how one looks."""
    import questionary

    return str(questionary.text(question, instruction=f"e.g. {example} ").unsafe_ask()).strip()


def ask_text(question: str, *, required: bool = False) -> str:
    """A line of text, never empty when it is `required`."""
    import questionary

    def check(text: str) -> bool | str:
        return bool(text.strip()) or not required or "please type something"

    return str(questionary.text(question, validate=check).unsafe_ask()).strip()


def _ask_choice(question: str, choices: tuple[str, ...]) -> str:
    import questionary

    none = "(none)"
    answer = str(questionary.select(question, choices=[*choices, none]).unsafe_ask())
    return "" if answer == none else answer
