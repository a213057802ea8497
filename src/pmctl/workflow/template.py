"""An organisation's templates: listing, showing and starting them.

Templates and files come in as values, so that the index and a commit are read the same way as the work tree; `load`
is the one function here that touches the disk.
Nothing here writes: `new` and `following` return what the caller commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pmctl.document.finding import Finding
from pmctl.document.reader import read
from pmctl.document.template import MAX_VERSION, Template
from pmctl.document.template_file import builtin_versions, parse_template
from pmctl.document.template_library import parse_templates, versions
from pmctl.document.templates import BUILTIN_NAMES, NAME, builtin_source
from pmctl.errors import BadInput, NotFound, Refused, UsageProblem
from pmctl.repository.workspace import TEMPLATES, template_files


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of `template list`; `path` is "" for a template that is shipped with pmctl."""

    name: str
    version: int
    description: str
    applies: str
    required: tuple[str, ...]
    path: str


def load(root: Path) -> tuple[tuple[Template, ...], tuple[Finding, ...]]:
    """The templates in `.pmctl/templates` of the work tree under `root`, and what is wrong with them.

    A broken one does not keep the others from being used.
    """
    files, unreadable = template_files(root)
    templates, problems = parse_templates(files)
    return templates, (*unreadable, *problems)


def listing(own: Iterable[Template]) -> tuple[Listed, ...]:
    """Every template and version that there is, an organisation's own first, then those shipped."""
    mine = sorted(own, key=lambda template: (template.name, -template.version))
    taken = {template.reference for template in mine}
    every = (one for name in BUILTIN_NAMES for one in builtin_versions(name))
    shipped = [replace(one, path="") for one in every if one.reference not in taken]
    return tuple(
        Listed(t.name, t.version, t.description, describe_conditions(t), t.required, t.path) for t in (*mine, *shipped)
    )


def describe_conditions(template: Template) -> str:
    """Which incidents a template is for, in one line; "" when it is only taken by name."""
    conditions = template.applies
    parts = (
        ("severity", conditions.severity), ("urgency", conditions.urgency), ("service", conditions.services),
    )  # fmt: skip
    return "; ".join(f"{name} {' or '.join(values)}" for name, values in parts if values)


def find(name: str, own: Iterable[Template]) -> Template:
    """The template that `name` or `name@version` means; without a version the latest one.

    Raises NotFound, with the nearest names in `details`.
    """
    wanted, _, version = name.partition("@")
    mine = tuple(own)
    candidates = versions(wanted, mine)
    if version:
        candidates = [template for template in candidates if str(template.version) == version]
    if candidates:
        return max(candidates, key=lambda template: template.version)
    import difflib

    known = sorted({template.name for template in mine} | set(BUILTIN_NAMES))
    near = difflib.get_close_matches(wanted, known, n=3) or known
    raise NotFound(f"no template {name!r}", hint="pmctl template list", details=tuple(near))


def source(name: str, own: Iterable[Template], files: Mapping[str, bytes]) -> bytes:
    """The file of a template as it is, for `template show`; `files` are the organisation's, by path.

    Raises NotFound.
    """
    template = find(name, own)
    return (
        files[template.path]
        if template.path.startswith(TEMPLATES)
        else builtin_source(template.path.removesuffix(".md"))
    )


def new(
    name: str, own: Iterable[Template], files: Mapping[str, bytes], root: Path, *, base: str = "default"
) -> tuple[str, bytes]:
    """Path and bytes of a new template called `name` that starts as a copy of `base`, with version 1.

    Raises UsageProblem for a bad name and Refused when there is one of that name.
    """
    if not NAME.fullmatch(name):
        raise UsageProblem(f"{name!r} can't name a template", hint="use a-z, 0-9 and -, as in api-outage")
    mine = tuple(own)
    path = f"{TEMPLATES}/{name}.md"
    if any(template.name == name for template in mine) or (root / path).exists():
        raise Refused(
            f"there is a template {name!r} already",
            hint=f"pmctl template new {name} --next starts its next version and keeps this one",
        )
    return path, _renamed(source(base, mine, files), base, name, 1)


def following(
    name: str, own: Iterable[Template], files: Mapping[str, bytes], committed: Mapping[str, bytes] | None = None
) -> tuple[int, dict[str, bytes]]:
    """The number of the next version of a template, and the files that start it: path -> bytes.

    The present version stays, as <name>@<version>.md, for the postmortems written with it: as it is in `committed`,
    by path, so that what was changed since goes into the next version.
    Raises NotFound, and Refused when the present version has such a file already or is the last that can be.
    """
    mine = tuple(own)
    present = find(name, mine)
    data = source(present.reference, mine, files)
    number = present.version + 1
    if number > MAX_VERSION:
        raise Refused(
            f"{name} has {MAX_VERSION} versions, which are the most there can be", hint="start a new template"
        )
    if present.path.startswith(TEMPLATES) and present.path != f"{TEMPLATES}/{present.name}.md":
        fix = f"rename it to {present.name}.md first: git mv {present.path} {TEMPLATES}/{present.name}.md"
        raise Refused(f"the latest version of {present.name} is kept as {present.path}", hint=fix)
    writes = {f"{TEMPLATES}/{present.name}.md": _renamed(data, name, present.name, number)}
    if present.path.startswith(TEMPLATES):
        before = (committed or {}).get(present.path, data)
        template, _ = parse_template(before, present.path)
        same = template is not None and template.reference == present.reference
        kept = f"{TEMPLATES}/{present.name}@{present.version}.md"
        if kept in files:
            raise Refused(f"{kept} is there already", hint="pmctl template check says which of the two counts")
        writes[kept] = before if same else data
    return number, writes


def _renamed(data: bytes, base: str, name: str, version: int) -> bytes:
    """A template's file under another name and version, everything else as it is."""
    document = read(data)
    if not document.readable:
        raise BadInput(f"template {base!r} can't be read", hint=f"pmctl template check {base}")
    named = document.front["name"]
    edits = [(named.start, named.end, name)]
    if "version" in document.front:
        edits.append((document.front["version"].start, document.front["version"].end, str(version)))
    elif version != 1:
        edits.append((named.key_start, named.key_start, f"version: {version}{document.newline}"))
    text = document.text
    for start, end, value in sorted(edits, reverse=True):
        text = text[:start] + value + text[end:]
    return text.encode("utf-8")


def summary(findings: Iterable[Finding]) -> tuple[str, ...]:
    """A line for each file that something is wrong with, for commands that are about something else."""
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.path, []).append(finding)
    lines = []
    for path, found in by_path.items():
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        first = f"{path}:{found[0].line or 1}:{found[0].column or 1}: {found[0].code} {found[0].message}"
        lines.append(f"{first}{more} (pmctl template check)")
    return tuple(lines)
