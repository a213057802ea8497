"""Which templates there are, an organisation's own and those shipped, and what each asks of a postmortem.

Rules and the audit call `requirements` with the `template` value that a postmortem records. Changing a
template never breaks postmortems written with an earlier version of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from pmctl.codes import Code
from pmctl.document.finding import Finding
from pmctl.document.template import Template, TemplateField, parse_reference
from pmctl.document.template_file import parse_template
from pmctl.document.template_past import joined
from pmctl.document.templates import BUILTIN_NAMES, MAX_TEMPLATES, builtin_source


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a postmortem must hold: required titles, all titles in order, custom fields.

    `texts` are, for required sections that begin with a text besides prompts, their title in folded case and that
    text: a section that still holds only it is empty. `exact` is False when the recorded version is not there any
    more; `hint` then says what stands in for it.
    """

    required: tuple[str, ...]
    titles: tuple[str, ...]
    fields: tuple[TemplateField, ...]
    texts: tuple[tuple[str, str], ...] = ()
    exact: bool = True
    hint: str = ""


def parse_templates(files: Mapping[str, bytes]) -> tuple[tuple[Template, ...], tuple[Finding, ...]]:
    """The templates of some files by path, and what is wrong. A broken one does not keep the others from being used."""
    found: dict[tuple[str, int], Template] = {}
    findings: list[Finding] = []
    for number, path in enumerate(sorted(files)):
        if number >= MAX_TEMPLATES:
            message = (
                f"{MAX_TEMPLATES} templates are read, in the order of their names: not this one and those behind it"
            )
            findings.append(Finding("PM281", message, path, 1, 1, fix="remove templates that nobody uses"))
            break
        template, problems = parse_template(files[path], path)
        findings += problems
        if template is None:
            continue
        key = (template.name, template.version)
        if key in found:
            message = f"{found[key].path} declares {template.reference} already"
            fix = "give one of them another name or version"
            findings.append(Finding("PM293", message, path, template.line, 1, fix=fix))
            continue
        found[key] = template
    return tuple(found.values()), tuple(findings)


def requirements(recorded: str, own: Iterable[Template] = ()) -> Requirements:
    """What the template that a postmortem records asks of it; `own` are the organisation's templates.

    Of several definitions of the recorded version, the oldest first, what all of them ask counts.
    A postmortem is never judged by another version: when the recorded one is gone, also from the history,
    the nearest one stands in with those of its required sections that the default template requires too, and none
    of its custom fields. An unknown template asks what the default template asks.
    """
    reference = parse_reference(recorded or "default")
    mine = tuple(own)
    candidates = [] if reference is None else _versions(reference[0], mine)
    standard = builtin("default")
    if reference is None or not candidates:
        return Requirements(
            standard.required,
            tuple(section.title for section in standard.sections),
            (),
            exact=False,
            hint=f"there is no template {recorded!r}; what the default template requires is asked for",
        )
    name, version = reference
    nearest = min(candidates, key=lambda template: (abs(template.version - version), template.version))
    exact = [one for one in candidates if one.version == version]
    if exact:
        nearest = joined(exact)
    titles = tuple(section.title for section in nearest.sections)
    if exact:
        texts = tuple((one.title.casefold(), one.default) for one in nearest.sections if one.required and one.default)
        return Requirements(nearest.required, titles, nearest.fields, texts)
    return Requirements(
        tuple(title for title in nearest.required if title in standard.required),
        titles,
        (),
        exact=False,
        hint=f"there is no version {version} of template {name}; version {nearest.version} stands in for it",
    )


def choose(
    own: Iterable[Template],
    *,
    severity: str = "",
    urgency: str = "",
    services: Iterable[str] = (),
    fallback: str = "default",
) -> Template:
    """The template that fits an incident best: the one with the most conditions, all of which hold.

    A template without conditions is only taken as the `fallback` (the settings' choice). On a tie the
    name decides, so that everybody gets the same one. Only the latest version of a template is offered.
    """
    latest = latest_versions(own)
    named = tuple(services)
    fitting = [t for t in latest.values() if t.applies.given() and t.applies.hold(severity, urgency, named)]
    if fitting:
        return min(fitting, key=lambda template: (-template.applies.given(), template.name))
    return latest.get(fallback) or latest["default"]


def latest_versions(own: Iterable[Template]) -> dict[str, Template]:
    """By name, the latest version of each template, an organisation's own before a shipped one."""
    found = {name: builtin(name) for name in BUILTIN_NAMES}
    mine: dict[str, Template] = {}
    for template in own:
        if template.name not in mine or template.version > mine[template.name].version:
            mine[template.name] = template
    return found | mine


@cache
def builtin(name: str) -> Template:
    """One of BUILTIN_NAMES as shipped with the package; KeyError for any other name."""
    template, _ = parse_template(builtin_source(name), f"{name}.md")
    if template is None:  # the package's own file; a test parses each of them
        raise KeyError(name)
    return template


def _versions(name: str, own: Iterable[Template]) -> list[Template]:
    """Every version of a template that is there; a shipped one counts as the first, unless there is an own first."""
    mine = [template for template in own if template.name == name]
    shipped = name in BUILTIN_NAMES and all(template.version != 1 for template in mine)
    return [*mine, builtin(name)] if shipped else mine


CODES = (
    Code(
        "PM293", "template-twice", "Two files declare the same name and version of a template.",
        "Only the first one counts.", "Raise the version of the newer one.", "two files with name: lightweight",
    ),
)  # fmt: skip
