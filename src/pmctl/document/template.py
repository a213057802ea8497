"""What a template of postmortems is: conditions, sections, custom fields; and whether a value fits a field.

Pure values. `pmctl.document.template_file` reads them from a file, `pmctl.document.template_library` finds
the one that a postmortem was written with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pmctl.document.templates import NAME

FIELD_KINDS = ("string", "number", "boolean", "date", "choice")
MAX_VERSION = 9999

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Conditions:
    """Which incidents a template is for. Every condition given must hold; one of its values is enough.

    Compared without regard to case; a service may end in `*`.
    """

    severity: tuple[str, ...] = ()
    urgency: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    def given(self) -> int:
        """How many conditions there are: the more, the more specific the template is."""
        return sum(1 for values in (self.severity, self.urgency, self.services) if values)

    def hold(self, severity: str, urgency: str, services: Iterable[str]) -> bool:
        """Whether an incident with these attributes meets every condition given."""
        return (
            _one_of(self.severity, (severity,))
            and _one_of(self.urgency, (urgency,))
            and _one_of(self.services, services)
        )


@dataclass(frozen=True, slots=True)
class TemplateSection:
    """A section of a template: `content` is what a new postmortem gets, `prompt` and `text` its two parts.

    `prompt` is the text of the HTML comments; `text` is what is left without them. `line` counts from 1 in
    the template's file.
    """

    title: str
    required: bool
    content: str = ""
    prompt: str = ""
    text: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class TemplateField:
    """A custom field, written under `fields` in a postmortem's front matter; `kind` is one of FIELD_KINDS."""

    name: str
    kind: str = "string"
    required: bool = False
    choices: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A template as declared. `body` is the file's text after the front matter, from line `body_line` on."""

    name: str
    version: int = 1
    description: str = ""
    applies: Conditions = Conditions()
    sections: tuple[TemplateSection, ...] = ()
    fields: tuple[TemplateField, ...] = ()
    defaults: Mapping[str, object] = field(default_factory=dict)
    body: str = ""
    body_line: int = 1
    path: str = ""

    @property
    def reference(self) -> str:
        """What a postmortem records: the name, with `@version` from version 2 on."""
        return self.name if self.version == 1 else f"{self.name}@{self.version}"

    @property
    def required(self) -> tuple[str, ...]:
        """Titles of the required sections, in order."""
        return tuple(section.title for section in self.sections if section.required)


def parse_reference(recorded: str) -> tuple[str, int] | None:
    """`security@2` -> ("security", 2), `security` -> ("security", 1); None when it is neither."""
    name, at, version = recorded.partition("@")
    if not NAME.fullmatch(name):
        return None
    if not at:
        return name, 1
    number = int(version) if re.fullmatch(r"[1-9][0-9]{0,3}", version) else 0
    return (name, number) if number else None


def field_problem(declared: TemplateField, value: object) -> str:
    """Why `value` (a plain front matter value) does not fit the custom field; "" when it does."""
    if value is None or value == "":
        return f"{declared.name} is required" if declared.required else ""
    match declared.kind:
        case "number":
            return "" if type(value) in (int, float) else f"{declared.name} must be a number"
        case "boolean":
            return "" if isinstance(value, bool) else f"{declared.name} must be true or false"
        case "date":
            return "" if _is_date(str(value)) else f"{declared.name} must be a date such as 2024-01-31"
        case "choice":
            if str(value) in declared.choices:
                return ""
            return f"{declared.name} must be one of {', '.join(declared.choices)}"
        case _:
            return "" if isinstance(value, str) else f'{declared.name} must be text; write it in quotes: "{value}"'


def _one_of(wanted: tuple[str, ...], given: Iterable[str]) -> bool:
    if not wanted:
        return True
    values = [value.casefold() for value in given]
    for pattern in (want.casefold() for want in wanted):
        if pattern.endswith("*") and any(value.startswith(pattern[:-1]) for value in values):
            return True
        if pattern in values:
            return True
    return False


def _is_date(text: str) -> bool:
    from datetime import date

    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
