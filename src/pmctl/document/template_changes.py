"""What a changed template asks beyond what it asked before. (templates before, after, who uses them) -> findings.

A postmortem records the name and version of its template, so a version should ask the same of all. What it asks more
than it did is not asked of postmortems that were there before (`template_past`), but only where the history is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pmctl.codes import Code
from pmctl.document.finding import Finding, Severity
from pmctl.document.template import Template, TemplateField
from pmctl.document.template_library import builtin
from pmctl.document.templates import BUILTIN_NAMES
from pmctl.errors import Hint, advise


def changed_in_place(
    before: Iterable[Template], after: Iterable[Template], users: Mapping[tuple[str, int], Sequence[str]]
) -> tuple[Finding, ...]:
    """Where templates ask for more, or are gone, under a name and version that postmortems record.

    `users` are the ids of those postmortems by name and version.
    """
    now = _by_reference(after)
    findings: list[Finding] = []
    for key, old in _by_reference(before).items():
        ids = users.get(key, ())
        if not ids:
            continue
        new = now.get(key)
        several = f"{len(ids)} postmortems were" if len(ids) > 1 else f"{ids[0]} was"
        if new is None:
            message = f"{old.reference} is gone, and {several} written with it: shallow clones cannot judge by it"
            fix: Hint = f"keep it as .pmctl/templates/{old.name}@{old.version}.md"
            findings.append(Finding("PM296", message, old.path, 0, 0, Severity.WARNING, fix))
            continue
        for line, change in stricter(old, new):
            message = f"{change}, and {several} written with this version"
            fix = advise("ask-in-next-version", template=new.name)
            findings.append(Finding("PM295", message, new.path, line, 1, fix=fix))
    return tuple(findings)


def stricter(before: Template, after: Template) -> list[tuple[int, str]]:
    """What `after` asks that `before` did not, as line and sentence."""
    known = {title.casefold() for title in before.required}
    found = [
        (section.declared or section.line, f"section {section.title!r} is required now")
        for section in after.sections
        if section.required and section.title.casefold() not in known
    ]
    fields = {field.name: field for field in before.fields}
    for field in after.fields:
        change = _stricter_field(fields.pop(field.name, None), field)
        if change:
            found.append((field.line, f"field {field.name!r} {change}"))
    found += [(after.line, f"field {name!r} is declared no more") for name in fields]
    return found


def _stricter_field(before: TemplateField | None, after: TemplateField) -> str:
    if after.required and (before is None or not before.required):
        return "is required now"
    if before is not None and before.kind != after.kind:
        return f"was of kind {before.kind} and is of kind {after.kind} now"
    lost = [choice for choice in before.choices if choice not in after.choices] if before is not None else []
    return f"has lost the choice {', '.join(lost)}" if lost else ""


def _by_reference(templates: Iterable[Template]) -> dict[tuple[str, int], Template]:
    """By name and version, those that are shipped with pmctl where an organisation has no version 1 of its own."""
    shipped = {(name, 1): builtin(name) for name in BUILTIN_NAMES}
    return shipped | {(template.name, template.version): template for template in templates}


CODES = (
    Code(
        "PM295", "template-changed-in-place", "A template asks more, under the same version, of postmortems that were"
        " written with it.",
        "A version says what was asked. The history keeps those that are there from being asked for more; a shallow"
        " clone, as CI services make, has none. Prompts, texts, descriptions and optional sections may change at any"
        " time; what is required, and the kinds and choices of fields, only with the next version.",
        "pmctl template new NAME --next, and change the new version.", "required: false becomes required: true",
    ),
    Code(
        "PM296", "template-version-gone", "A template that postmortems were written with is not there any more.",
        "The history still has it, so that they are judged as before; a shallow clone, as CI services make, has not.",
        "Keep the file as <name>@<version>.md.", "git rm .pmctl/templates/api.md",
    ),
)  # fmt: skip
