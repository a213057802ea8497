"""What a template asks of a postmortem that was written with it, however it was changed since.

(templates now, the states of them that commits replaced) -> for a postmortem, the definitions that count

A postmortem records the name and version of its template. If the version asks more today than it did when the
postmortem was written, the postmortem is not asked for it; if it asks less, that counts for everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from pmctl.document.template import ANY_KIND, Template, TemplateField, parse_reference
from pmctl.document.templates import BUILTIN_NAMES

Reference = tuple[str, int]


class Replaced(NamedTuple):
    """The organisation's templates before a commit changed them.

    `holds` tells whether a postmortem, by its path, was there when they were replaced: then they count for it.
    """

    templates: tuple[Template, ...]
    holds: Callable[[str], bool]


class Definitions:
    """The organisation's templates, `own`, and what they were before, `past`, the oldest first."""

    def __init__(self, own: tuple[Template, ...], past: Sequence[Replaced]) -> None:
        self._own = own
        self._past = past
        self._turns: dict[Reference, list[tuple[Template, Replaced]]] = {}
        self._known: dict[tuple[Reference, tuple[bool, ...]], tuple[Template, ...]] = {}

    def of(self, recorded: object, path: str) -> tuple[Template, ...]:
        """The templates by which the postmortem at `path` is judged, that records `recorded` as its template.

        They are `own`, led by the definitions of its name and version that it has lived under, the oldest first, when
        there are others than that of today; or by the last one that there was, when there is none today.
        """
        reference = _reference(recorded)
        if reference is None or not self._past:
            return self._own
        if reference not in self._turns:
            self._turns[reference] = self._turns_of(reference)
        turns = self._turns[reference]
        key = reference, tuple(state.holds(path) for _, state in turns)
        if key not in self._known:
            self._known[key] = self._found(reference, [one for one, _ in turns], key[1])
        return self._known[key]

    def _turns_of(self, reference: Reference) -> list[tuple[Template, Replaced]]:
        """The past definitions that ask otherwise than the one behind them: to look for a postmortem costs most."""
        turns: list[tuple[Template, Replaced]] = []
        behind = definition(self._own, reference)
        for state in reversed(self._past):
            one = definition(state.templates, reference)
            if one is not None and (behind is None or _differ(one, behind)):
                turns.append((one, state))
            behind = one
        return turns[::-1]

    def _found(self, reference: Reference, ever: list[Template], lived: tuple[bool, ...]) -> tuple[Template, ...]:
        under = [one for one, there in zip(ever, lived, strict=True) if there]
        now = definition(self._own, reference)
        if now is not None:
            under.append(now)
        elif not under:
            under = ever[-1:]
        under = [one for number, one in enumerate(under) if all(_differ(one, other) for other in under[number + 1 :])]
        if not under or (now is not None and len(under) == 1):
            return self._own
        return (*under, *(one for one in self._own if (one.name, one.version) != reference))


def definition(own: Iterable[Template], reference: Reference) -> Template | None:
    """The template of this name and version, an organisation's own before a shipped one."""
    name, version = reference
    found = next((one for one in own if one.name == name and one.version == version), None)
    if found is None and version == 1 and name in BUILTIN_NAMES:
        from pmctl.document.template_library import builtin

        return builtin(name)
    return found


def unchanging(own: Iterable[Template], recorded: object) -> bool:
    """Whether the template asks just what the one that comes with pmctl does, so that no history need be looked at."""
    reference = _reference(recorded)
    if reference is None:
        return True
    shipped = definition((), reference)
    found = definition(own, reference)
    return shipped is not None and found is not None and not _differ(found, shipped)


def _reference(recorded: object) -> Reference | None:
    """The name and version that front matter says; the default template where nothing does."""
    return parse_reference(recorded or "default") if isinstance(recorded, str) else ("default", 1)


def _differ(one: Template, other: Template) -> bool:
    return one is not other and _demands(one) != _demands(other)


def _demands(template: Template) -> tuple[object, ...]:
    """What a template asks; prompts and descriptions ask nothing."""
    sections = ((one.title, one.required, one.default) for one in template.sections)
    return (*sections, *((one.name, one.kind, one.required, one.choices) for one in template.fields))


def joined(definitions: Sequence[Template]) -> Template:
    """What several definitions of one version, the oldest first, ask all of them.

    A section or field is required when each requires it. The oldest, which the postmortem was made from, gives the
    order and the texts; what came later is known, but not required.
    """
    first = definitions[0]
    if len(definitions) == 1:
        return first
    required = set.intersection(*({title.casefold() for title in one.required} for one in definitions))
    sections = list(first.sections)
    for later in definitions[1:]:
        place = 0
        for section in later.sections:
            titles = [one.title.casefold() for one in sections]
            if section.title.casefold() in titles:
                place = titles.index(section.title.casefold()) + 1
            else:
                sections.insert(place, section)
                place += 1
    asked = (replace(one, required=one.title.casefold() in required) for one in sections)
    return replace(first, sections=tuple(asked), fields=_joined_fields(definitions))


def _joined_fields(definitions: Sequence[Template]) -> tuple[TemplateField, ...]:
    names = dict.fromkeys(field.name for one in definitions for field in one.fields)
    return tuple(
        _joined_field([field for one in definitions for field in one.fields if field.name == name], len(definitions))
        for name in names
    )


def _joined_field(fields: Sequence[TemplateField], count: int) -> TemplateField:
    """What every declaration of a field accepts, of `count` definitions that may have it."""
    latest = fields[-1]
    return replace(
        latest,
        required=len(fields) == count and all(field.required for field in fields),
        kind=latest.kind if all(field.kind == latest.kind for field in fields) else ANY_KIND,
        choices=tuple(dict.fromkeys(choice for field in fields for choice in field.choices)),
    )
