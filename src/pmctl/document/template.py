"""What a template of postmortems is: conditions, sections, custom fields; and whether a value fits a field.

Pure values. `pmctl.document.template_file` reads them from a file, `pmctl.document.template_library` finds
the one that a postmortem was written with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from pmctl.document.templates import NAME
from pmctl.text import parse_day

FIELD_KINDS = ("string", "number", "boolean", "date", "choice")
MAX_VERSION = 9999

Reference = tuple[str, int]
"""A template's name and version."""

_EXPECTED = {
    "string": ("text", '"some text"'),
    "number": ("a number", "12.5"),
    "boolean": ("true or false", "true"),
    "date": ("a date such as 2024-01-31", "2024-01-31"),
    "choice": ("one of its choices", ""),
}
_JINJA = re.compile(r"\{[{%#]")


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
    the template's file; `declared` is the line in its front matter, 0 without one.
    """

    title: str
    required: bool
    content: str = ""
    prompt: str = ""
    text: str = ""
    line: int = 0
    declared: int = field(default=0, compare=False)

    @property
    def default(self) -> str:
        """The text with its white space collapsed, when it says something and is the same for every postmortem.

        Headings, empty tables and Jinja say nothing.
        """
        return _default(self.content)


@lru_cache(maxsize=256)
def _default(content: str) -> str:
    from pmctl.document.prompts import is_empty, plain_text

    return plain_text(content) if not _JINJA.search(content) and not is_empty(content) else ""


@dataclass(frozen=True, slots=True)
class TemplateField:
    """A custom field, written under `fields` in a postmortem's front matter; `kind` is one of FIELD_KINDS.

    `line` counts from 1 in the template's file.
    """

    name: str
    kind: str = "string"
    required: bool = False
    choices: tuple[str, ...] = ()
    description: str = ""
    line: int = field(default=0, compare=False)

    @property
    def expected(self) -> str:
        """What a value looks like, in a few words."""
        return " | ".join(self.choices) if self.choices else _EXPECTED[self.kind][0]

    @property
    def example(self) -> str:
        """A value as it is written in front matter."""
        from pmctl.document.yaml_text import scalar

        return scalar(self.choices[0]) if self.choices else _EXPECTED[self.kind][1]


@dataclass(frozen=True, slots=True)
class Template:
    """A template as declared. `body` is the file's text after the front matter, from line `body_line` on; `line` is
    that of its name."""

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
    line: int = 1

    @property
    def reference(self) -> str:
        """What a postmortem records: `name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def required(self) -> tuple[str, ...]:
        """Titles of the required sections, in order."""
        return tuple(section.title for section in self.sections if section.required)


def parse_reference(recorded: str) -> Reference | None:
    """`security@2` -> ("security", 2), `security` -> ("security", 1); None when it is neither.

    A postmortem that names no version is asked what version 1 asks: every later version may ask for more.
    """
    name, at, version = recorded.partition("@")
    if not NAME.fullmatch(name):
        return None
    if not at:
        return name, 1
    number = int(version) if re.fullmatch(r"[1-9][0-9]{0,3}", version) else 0
    return (name, number) if number else None


def recorded_reference(value: object) -> Reference | None:
    """The name and version that a postmortem's `template` means; the default template when it says nothing."""
    return parse_reference(value or "default") if isinstance(value, str) else ("default", 1)


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
            return "" if parse_day(str(value)) else f"{declared.name} must be a date such as 2024-01-31"
        case "choice":
            if _written(value) in declared.choices:
                return ""
            return f"{declared.name} must be one of {', '.join(declared.choices)}"
        case _:
            if isinstance(value, str):
                return ""
            written = _written(value)
            return f"{declared.name} must be text" + (f'; write it in quotes: "{written}"' if written else "")


def field_value(declared: TemplateField, text: str) -> object:
    """What somebody who types `text` for the field means: a number or a boolean where it is one, else the text."""
    from pmctl.document.strict_yaml import resolve

    word = text.strip().lower()
    if declared.kind == "boolean":
        return {"true": True, "yes": True, "false": False, "no": False}.get(word, text)
    if declared.kind == "number":
        value = resolve(word)
        return value if type(value) in (int, float) else text
    return text if declared.kind == "string" else text.strip()


def _written(value: object) -> str:
    """A scalar as it stands in front matter, "" for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else ""


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
