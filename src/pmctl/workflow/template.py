"""An organisation's templates: finding, listing, showing, starting and checking them.

Files come in as bytes by path, so that the index and a commit are read the same way as the work tree; `load`
is the one function here that touches the disk. Nothing here writes: `new` returns what the caller commits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pmctl.document.actions import COLUMNS, SECTION
from pmctl.document.finding import Finding, Severity
from pmctl.document.markup import comment_spans
from pmctl.document.reader import read
from pmctl.document.table import tables
from pmctl.document.template import Template
from pmctl.document.template_file import parse_template
from pmctl.document.template_library import builtin, parse_templates
from pmctl.document.templates import BUILTIN_NAMES, NAME, builtin_source
from pmctl.errors import BadInput, NotFound, PmctlError, Refused, UsageProblem
from pmctl.workflow.draft import Draft, render
from pmctl.workspace import TEMPLATES, template_files

FOLDER = TEMPLATES
_NEEDED = ("Action", "Owner", "Due", "Priority", "Status")


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
    taken = {(template.name, template.version) for template in mine}
    shipped = [replace(builtin(name), path="") for name in BUILTIN_NAMES if (name, 1) not in taken]
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
    candidates = [template for template in mine if template.name == wanted]
    if wanted in BUILTIN_NAMES and all(template.version != 1 for template in candidates):
        candidates.append(builtin(wanted))
    if version:
        candidates = [template for template in candidates if str(template.version) == version]
    if candidates:
        return max(candidates, key=lambda template: template.version)
    import difflib

    known = sorted({template.name for template in mine} | set(BUILTIN_NAMES))
    near = difflib.get_close_matches(wanted, known, n=3) or known
    raise NotFound(f"no template {name!r}", hint="pmctl template list", details=tuple(near))


def source(name: str, own: Iterable[Template], root: Path) -> bytes:
    """The file of a template as it is, for `template show`. Raises NotFound."""
    template = find(name, own)
    if not template.path.startswith(FOLDER):
        return builtin_source(template.name)
    try:
        return (root / template.path).read_bytes()
    except OSError as error:
        raise NotFound(f"{template.path} cannot be read: {error.strerror}", hint="pmctl template list") from error


def new(name: str, own: Iterable[Template], root: Path, *, base: str = "default") -> tuple[str, bytes]:
    """Path and bytes of a new template called `name` that starts as a copy of `base`, with version 1.

    Raises UsageProblem for a bad name and Refused when there is one of that name.
    """
    if not NAME.fullmatch(name):
        raise UsageProblem(f"{name!r} can't name a template", hint="use a-z, 0-9 and -, as in api-outage")
    mine = tuple(own)
    path = f"{FOLDER}/{name}.md"
    if any(template.name == name for template in mine) or (root / path).exists():
        raise Refused(f"there is a template {name!r} already", hint=f"edit {path}, and raise its version")
    document = read(source(base, mine, root))
    if not document.readable:
        raise BadInput(f"template {base!r} can't be read", hint=f"pmctl template check {base}")
    edits = [(document.front["name"], name)]
    if "version" in document.front:
        edits.append((document.front["version"], "1"))
    text = document.text
    for node, value in sorted(edits, key=lambda edit: edit[0].start, reverse=True):
        text = text[: node.start] + value + text[node.end :]
    return path, text.encode("utf-8")


def check(data: bytes, path: str = "") -> tuple[Finding, ...]:
    """Everything wrong with a template file: what it declares, its body, and whether it makes a postmortem."""
    template, problems = parse_template(data, path)
    if template is None:
        return problems
    findings = [*problems, *_check_body(template, data)]
    try:
        rendered = [render(template, sample) for sample in _SAMPLES]
    except PmctlError as error:
        findings.append(_render_finding(error, template))
        return tuple(findings)
    findings += [
        Finding(
            "PM294", f"required section {title!r} is missing for some incidents", path, 1, 1,
            fix="declare it with required: false, or move it out of the condition",
        )
        for title in template.required
        if any(read(made).section(title) is None for made in rendered)
    ]  # fmt: skip
    return tuple(findings)


def _check_body(template: Template, data: bytes) -> list[Finding]:
    document = read(data, template.path)
    findings = []
    declared = [section.title.casefold() for section in template.sections]
    written = [s for s in document.sections if s.title.casefold() in declared]
    order = [declared.index(section.title.casefold()) for section in written]
    for before, after, section in zip(order, order[1:], written[1:], strict=False):
        if after < before:
            findings.append(
                Finding("PM286", f"section {section.title!r} comes later here than sections declares", template.path,
                        section.line, 1, Severity.WARNING, "put the sections in one order in both places")
            )  # fmt: skip
            break
    findings += [
        Finding(
            "PM287", f"section {empty.title!r} has neither a prompt nor a text", template.path, empty.line, 1,
            Severity.HINT, "write a question as <!-- How was it noticed? -->",
        )
        for empty in template.sections
        if not empty.prompt and not empty.text
    ]  # fmt: skip
    items = document.section(SECTION)
    for table in tables(document, items) if items else ():
        missing = [name for name in _NEEDED if table.column(*COLUMNS[name]) is None]
        if missing:
            message = f"the {SECTION} table lacks {', '.join(missing)}"
            fix = f"write | {' | '.join(COLUMNS)} |"
            findings.append(Finding("PM291", message, template.path, table.line, 1, fix=fix))
    for start, end in comment_spans(document.body):
        if not document.body[start:end].endswith("-->"):
            line, column = document.position(document.body_start + start)
            message = "this comment is never closed"
            findings.append(Finding("PM292", message, template.path, line, column, fix="end it with -->"))
    return findings


def _render_finding(error: PmctlError, template: Template) -> Finding:
    """A rendering error as a finding; the sandbox puts `path:line: ` before its message."""
    name = template.path or template.name
    line, message = 1, error.message
    if message.startswith(f"{name}:"):
        number, _, message = message[len(name) + 1 :].partition(": ")
        line = int(number) if number.isdigit() else 1
    details = f" ({'; '.join(error.details)})" if error.details else ""
    return Finding("PM290", message + details, template.path, line, 1, fix=error.hint)


# A new postmortem about which little is known, and one about which much is.
_SAMPLES = (
    Draft({"id": "2024-01-15-example", "title": "Example", "status": "DRAFT", "author": "jane"}),
    Draft(
        {
            "id": "2024-01-15-example", "title": "Example | with <marks>", "status": "DRAFT", "author": "jane",
            "participants": ["jane", "bob"], "teams": ["payments"], "services": ["payment-api", "checkout"],
            "severity": "SEV1", "urgency": "HIGH", "tags": ["database"],
            "incidents": [{"source": "pagerduty", "id": "PT4KHLK"}],
            "started_at": "2024-01-15T14:00:00Z", "resolved_at": "2024-01-15T14:45:00Z",
        }
    ),
)  # fmt: skip
