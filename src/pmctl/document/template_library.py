"""Which templates there are, an organisation's own and those that come with pmctl, and what each version asks.

A postmortem records `name@version` and is asked what that version asks, so a version must ask the same for ever.
Prompts, texts, descriptions and optional sections may change under it: they ask nothing. `differences` compares the
rest, for every check that keeps a version from changing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pmctl.codes import Code
from pmctl.document.finding import Finding
from pmctl.document.template import Reference, Template, TemplateField, parse_reference, recorded_reference
from pmctl.document.template_file import builtin, builtin_versions, parse_template
from pmctl.document.templates import BUILTIN_NAMES, MAX_TEMPLATES


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a postmortem must hold: required titles, all titles in order, custom fields.

    `texts` are, for required sections that begin with a text besides prompts, their title in folded case and that
    text: a section that still holds only it is empty. `hint` says what stands in for the recorded version when that is
    not there, and is "" when it is.
    """

    required: tuple[str, ...]
    titles: tuple[str, ...]
    fields: tuple[TemplateField, ...]
    texts: tuple[tuple[str, str], ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a version of a template asks differently than before, in words, and where the template says so.

    `now` is None when the version is not there any more; `path` and `line` are then those of its former file.
    """

    before: Template
    now: Template | None
    line: int
    message: str

    @property
    def reference(self) -> Reference:
        """The version."""
        return self.before.name, self.before.version

    @property
    def file(self) -> str:
        """The organisation's file that differs, or that is gone (what comes with pmctl has no folder)."""
        return self.now.path if self.now is not None and "/" in self.now.path else self.before.path


def parse_templates(files: Mapping[str, bytes]) -> tuple[tuple[Template, ...], tuple[Finding, ...]]:
    """The templates of some files by path, and what is wrong. A broken one does not keep the others from being used."""
    found: dict[Reference, Template] = {}
    findings: list[Finding] = []
    for number, path in enumerate(sorted(files)):
        if number >= MAX_TEMPLATES:
            message = f"only the first {MAX_TEMPLATES} templates, by name, are read: not this one and those after it"
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


def versions(name: str, own: Iterable[Template]) -> list[Template]:
    """Every version of a template that there is, an organisation's own before the same one that comes with pmctl."""
    mine = [template for template in own if template.name == name]
    taken = {template.version for template in mine}
    return [*mine, *(shipped for shipped in builtin_versions(name) if shipped.version not in taken)]


def nearest(recorded: str, own: Iterable[Template]) -> Template | None:
    """The template that a postmortem is judged by which records this one: that version, else the one nearest to it
    (the lower of two); None for a name that nobody knows. `own` are the organisation's templates."""
    reference = parse_reference(recorded or "default")
    candidates = [] if reference is None else versions(reference[0], own)
    if reference is None or not candidates:
        return None
    version = reference[1]
    return min(candidates, key=lambda template: (abs(template.version - version), template.version))


def requirements(recorded: str, own: Iterable[Template] = ()) -> Requirements:
    """What the template that a postmortem records asks of it; `own` are the organisation's templates.

    When the recorded version is not there, the version nearest to it stands in (the lower of two), with those of its
    required sections that the default template requires too, and none of its custom fields: what else it asks may be
    new in it. For a name that nobody knows, the default template's required sections are asked for.
    """
    reference, chosen = parse_reference(recorded or "default"), nearest(recorded, own)
    if reference is None or chosen is None:
        standard = builtin("default")
        hint = f"there is no template {recorded!r}; what the default template requires is asked for"
        return Requirements(standard.required, _titles(standard), (), hint=hint)
    name, version = reference
    if chosen.version == version:
        written = ((one.title.casefold(), one.default) for one in chosen.sections if one.required)
        texts = tuple((title, text) for title, text in written if text)
        return Requirements(chosen.required, _titles(chosen), chosen.fields, texts)
    required = tuple(title for title in chosen.required if title in builtin("default").required)
    hint = f"there is no version {version} of template {name}; version {chosen.version} stands in for it"
    return Requirements(required, _titles(chosen), (), hint=hint)


def choose(
    own: Iterable[Template],
    *,
    severity: str = "",
    urgency: str = "",
    services: Iterable[str] = (),
    fallback: str = "default",
) -> Template:
    """The template that fits an incident best: the one with the most conditions, all of which hold.

    A template without conditions, as those that come with pmctl, is only taken as the `fallback` (the settings'
    choice). On a tie the name decides, so that everybody gets the same one. Only the latest version of a template is
    offered.
    """
    latest = _latest(own)
    named = tuple(services)
    fitting = [t for t in latest.values() if t.applies.given() and t.applies.hold(severity, urgency, named)]
    if fitting:
        return min(fitting, key=lambda template: (-template.applies.given(), template.name))
    name = fallback if fallback in latest or fallback in BUILTIN_NAMES else "default"
    return latest.get(name) or builtin(name)


def latest_versions(own: Iterable[Template]) -> dict[str, Template]:
    """By name, the latest version of each template; of one that an organisation has itself, its own latest."""
    mine = _latest(own)
    return {name: builtin(name) for name in BUILTIN_NAMES if name not in mine} | mine


def _latest(own: Iterable[Template]) -> dict[str, Template]:
    return {one.name: one for one in sorted(own, key=lambda template: template.version)}


def differences(before: Iterable[Template], after: Iterable[Template]) -> list[Difference]:
    """What each version that was there `before` (an organisation's own templates) asks differently `after`.

    A template that comes with pmctl counts where the organisation has none of that name and version. Optional sections
    and fields may be added at any time; everything else that a postmortem is held to is compared, less as well as more.
    """
    now = _by_reference(after)
    found = []
    for key, old in _by_reference(before).items():
        new = now.get(key)
        if new is None:
            found.append(Difference(old, None, 0, "is gone"))
        else:
            found += [Difference(old, new, line, message) for line, message in _changes(old, new)]
    return found


def broken_versions(
    before: Iterable[Template], after: Iterable[Template], recorded: Iterable[tuple[str, object]]
) -> list[Difference]:
    """The differences in versions that postmortems record; the message then says which postmortems.

    `recorded` are ids with what each says of its template. It is not looked at when the templates ask the same.
    """
    found = differences(before, after)
    users: dict[Reference | None, list[str]] = {}
    for name, value in recorded if found else ():
        users.setdefault(recorded_reference(value), []).append(name)
    return [
        replace(one, message=f"{one.message}, and {_written_with(users[one.reference])} this version")
        for one in found
        if one.reference in users
    ]


def _written_with(ids: list[str]) -> str:
    return f"{ids[0]} was written with" if len(ids) == 1 else f"{len(ids)} postmortems were written with"


def _by_reference(own: Iterable[Template]) -> dict[Reference, Template]:
    mine = tuple(own)
    names = dict.fromkeys((*BUILTIN_NAMES, *(template.name for template in mine)))
    return {(one.name, one.version): one for name in names for one in versions(name, mine)}


def _changes(before: Template, after: Template) -> Iterator[tuple[int, str]]:
    """Line in the template's file and sentence."""
    was = {title.casefold(): title for title in before.required}
    required = {section.title.casefold(): section for section in after.sections if section.required}
    for key, section in required.items():
        if key not in was:
            yield section.declared or section.line, f"section {section.title!r} is required now"
    for key, title in was.items():
        if key not in required:
            yield after.line, f"section {title!r} is no longer required"
    kept = [key for key in was if key in required]
    if kept != [key for key in required if key in was]:
        yield after.line, "the required sections stand in another order"
    fields = {field.name: field for field in before.fields}
    for field in after.fields:
        if change := _field_change(fields.pop(field.name, None), field):
            yield field.line, f"field {field.name!r} {change}"
    for name in fields:
        yield after.line, f"field {name!r} is no longer declared"


def _field_change(before: TemplateField | None, after: TemplateField) -> str:
    if before is None:
        return "is required now" if after.required else ""
    if before.required != after.required:
        return "is required now" if after.required else "is no longer required"
    if before.kind != after.kind:
        return f"was of kind {before.kind} and is of kind {after.kind} now"
    lost = [choice for choice in before.choices if choice not in after.choices]
    new = [choice for choice in after.choices if choice not in before.choices]
    if lost:
        return f"has lost the choice {', '.join(lost)}"
    return f"has a new choice, {', '.join(new)}" if new else ""


def _titles(template: Template) -> tuple[str, ...]:
    return tuple(section.title for section in template.sections)


CODES = (
    Code(
        "PM293", "template-twice", "Two files declare the same name and version of a template.",
        "Only the first one counts.", "Raise the version of the newer one.", "two files with name: lightweight",
    ),
)  # fmt: skip
