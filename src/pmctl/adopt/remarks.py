"""What a person should know about an adoption, gathered while a document is converted."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Recognised:
    """One thing that was recognised: what it is, its value, and where it was found or what it said before."""

    what: str
    value: str
    origin: str


@dataclass(slots=True)
class Remarks:
    """What was recognised, what was kept as it was, and what a person should decide.

    `left_as_text` counts the sections that should be tables but hold nothing certain enough for one.
    """

    recognised: list[Recognised] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    left_as_text: int = 0

    def recognise(self, what: str, value: str, origin: str) -> None:
        """Add one thing that was recognised."""
        self.recognised.append(Recognised(what, value, origin))

    def extend(self, other: Remarks) -> None:
        """Add the remarks of one step of the conversion."""
        self.recognised += other.recognised
        self.kept += other.kept
        self.questions += other.questions
        self.left_as_text += other.left_as_text
