"""Checking a template file: what it declares, its body, and whether it makes a postmortem. bytes -> findings.

With the repository around it also: whether a version still asks what it asked of postmortems that record it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pmctl.codes import Code
from pmctl.document.actions import COLUMNS, SECTION
from pmctl.document.finding import Finding, Severity
from pmctl.document.reader import Document, read, tables
from pmctl.document.structure import Span
from pmctl.document.template import Template
from pmctl.document.template_file import parse_template
from pmctl.document.templates import builtin_source
from pmctl.errors import PmctlError
from pmctl.insight.template_use import template_changes
from pmctl.repository.workspace import TEMPLATES, Workspace, template_files
from pmctl.services.draft import Draft
from pmctl.workflow import template_engine
from pmctl.workflow.draft import render
from pmctl.workflow.template import find, load

_NEEDED = ("Action", "Owner", "Due", "Priority", "Status")


def check_templates(workspace: Workspace, names: Sequence[str], against: str) -> tuple[list[Finding], int]:
    """What is wrong with the templates of the work tree, or with those of these names or paths, and how many they are.

    `against` is the revision whose versions must still ask the same of the postmortems that record them.
    Raises NotFound for an unknown name and EnvironmentProblem for an unknown revision.
    """
    own, problems = load(workspace.repo.root)
    files = template_files(workspace.repo.root)[0]
    changes = template_changes(workspace, files, against)
    paths = {*files, *(one.path for one in problems)}
    if names:
        wanted = {f"{TEMPLATES}/{_stem(name)}.md": _stem(name) for name in names}
        found = {path: find(name, own) for path, name in wanted.items() if path not in paths}
        paths = (paths & wanted.keys()) | {one.path for one in found.values()}
        shipped = {one.path for one in found.values()} - files.keys()
        files |= {path: builtin_source(path.removesuffix(".md")) for path in shipped}
    findings = [one for one in problems if one.path in paths]
    for path in sorted(paths & files.keys()):
        made = check(files[path], path, severities=workspace.settings.severities)
        findings += [one for one in made if one not in findings]
    findings += [one for one in changes if not names or one.path in paths]
    return sorted(findings, key=lambda one: (one.path, one.line, one.column)), len(paths)


def _stem(name: str) -> str:
    return name.removeprefix("./").removeprefix(f"{TEMPLATES}/").removesuffix(".md")


def check(data: bytes, path: str = "", *, severities: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Everything wrong with a template file: what it declares, its body, and whether it makes a postmortem.

    `severities` are those of the organisation, if it lists them.
    """
    template, problems = parse_template(data, path)
    if template is None:
        return problems
    document = read(data, path)
    findings = [*problems, *_check_conditions(template, document, severities), *_check_body(template, document)]
    wrong = _check_jinja(template, document)
    findings += wrong or _check_rendered(template)
    return tuple(sorted(findings, key=lambda one: (one.line, one.column)))


def _check_conditions(template: Template, document: Document, severities: Sequence[str]) -> list[Finding]:
    known = [severity.casefold() for severity in severities]
    strange = [one for one in template.applies.severity if known and one.casefold() not in known]
    line = document.front["applies_to"].key_line if strange else 1
    return [
        Finding(
            "PM288", f"severity {one!r} is none of those in pmctl.yaml, so no incident has it", template.path, line, 1,
            Severity.WARNING, f"write one of {', '.join(severities)}",
        )
        for one in strange
    ]  # fmt: skip


def _check_jinja(template: Template, document: Document) -> list[Finding]:
    """What is wrong in the Jinja of the body, and of the sections that only the front matter has."""
    parts = [(document.body, document.body_line)]
    in_body = {section.title.casefold() for section in document.sections}
    parts += [(one.content, one.line) for one in template.sections if one.title.casefold() not in in_body]
    return [
        Finding("PM290", one.message, template.path, first + one.line - 1, 1, fix=one.fix or template_engine.HINT)
        for text, first in parts
        for one in template_engine.problems(text)
    ]


def _check_rendered(template: Template) -> list[Finding]:
    try:
        rendered = [render(template, sample) for sample in _SAMPLES]
    except PmctlError as error:
        return [_render_finding(error, template)]
    sometimes = template_engine.conditional_titles(template.body)
    return [
        Finding(
            "PM294", f"required section {one.title!r} is missing for some incidents", template.path, one.line, 1,
            fix="declare it with required: false, or move it out of the condition",
        )
        for one in template.sections
        if one.required
        and (one.title.casefold() in sometimes or any(made.section(one.title) is None for made in rendered))
    ]  # fmt: skip


def _check_body(template: Template, document: Document) -> list[Finding]:
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
    return [*findings, *_check_comments(template, document)]


def _check_comments(template: Template, document: Document) -> list[Finding]:
    """Comments that take everything behind them away, and prompts that are none and would be published."""
    text, found = document.text, document.structure
    known = sorted((*found.code_blocks, *found.code_spans, *found.comments))
    never = [start for start, end in found.comments if not text[start:end].endswith("-->")]
    shown = [
        match.start()
        for match in re.compile(r"(?<!\\)<!--").finditer(text, document.body_start)
        if not _inside(match.start(), known)
    ]
    findings = []
    for start, message, fix in (
        *((one, "this comment is never closed", "end it with -->") for one in never),
        *((one, "this is no comment and would be published", "close it before the next blank line") for one in shown),
    ):
        line, column = document.position(start)
        findings.append(Finding("PM292", message, template.path, line, column, fix=fix))
    return findings


def _inside(offset: int, spans: Sequence[Span]) -> bool:
    return any(start <= offset < end for start, end in spans)


def _render_finding(error: PmctlError, template: Template) -> Finding:
    """A rendering error as a finding; the sandbox puts `path:line: ` before its message."""
    name = template.path or template.name
    line, message = 1, error.message
    if message.startswith(f"{name}:"):
        number, _, message = message[len(name) + 1 :].partition(": ")
        line = int(number) if number.isdigit() else 1
    details = f" ({'; '.join(error.lines[1:])})" if error.details else ""
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


CODES = (
    Code(
        "PM286", "template-section-order", "The body's sections stand in another order than the declared one.",
        "New postmortems follow the declared order, so the file shows something else than what it makes.",
        "Put the body's sections in the order of `sections`.", "sections: [Summary, Impact], and a body that begins"
        " with Impact",
    ),
    Code(
        "PM287", "template-without-prompt", "A section of a template has neither a prompt nor a text.",
        "It gives its writer nothing to start from.", "Ask the question that the section answers.",
        "- {title: Costs, required: true}",
    ),
    Code(
        "PM288", "template-condition", "A condition or a default of a template is malformed.",
        "`applies_to` holds lists of texts for severity, urgency and services; `defaults` holds visibility, tags,"
        " teams, severity or urgency. With a mistake among the conditions the template is taken only by its name.",
        "Write lists of texts, under these keys.", "applies_to: {severity: {is: SEV1}}",
    ),
    Code(
        "PM291", "template-columns", "The Action Items table of a template lacks a column.",
        "Without Action, Owner, Due, Priority and Status its rows can't be tracked.", "Add the columns.",
        "| Action | Who |",
    ),
    Code(
        "PM294", "template-conditional-section", "Jinja leaves a required section out for some incidents.",
        "Their postmortems could never be published.", "Make the section optional, or take the condition away.",
        "{% if severity == 'SEV1' %}\n## Impact\n{% endif %}",
    ),
)  # fmt: skip
