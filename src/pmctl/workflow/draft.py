"""A template and what is known about an incident -> the bytes of a new postmortem.

What is known goes into the front matter, the summary and the tables; everything else stays the template's text and
prompts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pmctl.document.fields import FIELDS
from pmctl.document.reader import Document, read
from pmctl.document.template import Template, TemplateField
from pmctl.document.timeline import timeline_section
from pmctl.document.yaml_text import flow
from pmctl.errors import BadInput
from pmctl.services.draft import Draft
from pmctl.text import in_utc, utc
from pmctl.workflow.draft_tables import Edit, content_end, row_edits, timeline_edits
from pmctl.workflow.template_engine import LISTS, VARIABLES, expand, uses_jinja
from pmctl.workflow.timeline_code import with_code

_REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def render(template: Template, draft: Draft, path: str = "") -> Document:
    """The new postmortem, in UTF-8 with LF line ends.

    Raises BadInput, with the template's path and line, when the template's Jinja is wrong, and when the
    result could not be read back.
    """
    head = _front_matter(template, draft.front)
    empty = read((head + "\n" + _body(template, draft.front)).encode("utf-8"), template.path)
    document = with_code(read(_filled(empty, draft).encode("utf-8"), path), draft.timeline)
    problems = [problem for problem in document.problems if problem.severity == "error"]
    if problems:
        raise BadInput(
            f"template {template.reference} does not make a readable postmortem",
            hint=f"pmctl template check {template.name}",
            details=tuple(f"{problem.code} {problem.message}" for problem in problems),
        )
    return document


def _front_matter(template: Template, front: Mapping[str, object]) -> str:
    given = {key: value for key, value in front.items() if not _is_blank(value)}
    values = {**template.defaults, **given, "template": template.reference}
    if "tags" in template.defaults and "tags" in given:
        values["tags"] = list(dict.fromkeys((*_items(template.defaults["tags"]), *_items(given["tags"]))))
    lines = ["---"]
    for known in FIELDS:
        value = values.get(known.name)
        if known.name == "fields":
            lines += _fields(template.fields, value)
        elif not _is_blank(value):
            lines.append(f"{known.name}: {flow(_cleaned(value))}")
    lines.append("---")
    return "\n".join(lines) + "\n"


def _fields(declared: Sequence[TemplateField], given: object) -> list[str]:
    """The custom fields; those that nobody has filled in yet have a comment on what is wanted."""
    values = dict(given) if isinstance(given, Mapping) else {}
    lines = ["fields:"] if values or declared else []
    for one in declared:
        if one.name in values:
            lines.append(f"  {one.name}: {flow(_cleaned(values.pop(one.name)))}")
            continue
        wanted = ", ".join(filter(None, (one.expected, "required" if one.required else "")))
        lines.append(f"  {one.name}:  # {wanted}{f': {one.description}' if one.description else ''}")
    lines += [f"  {flow(_cleaned(str(name)))}: {flow(_cleaned(value))}" for name, value in values.items()]
    return lines


def _items(value: object) -> Iterable[object]:
    return value if isinstance(value, (list, tuple)) else ()


def _cleaned(value: object) -> object:
    """The value without characters that front matter refuses; whole seconds, because no source means more."""
    if isinstance(value, str):
        return _REFUSED.sub(" ", value)
    if isinstance(value, Mapping):
        return {_cleaned(str(key)): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    if isinstance(value, datetime):
        return in_utc(value).replace(microsecond=0)
    return value


def _is_blank(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, (list, tuple, Mapping)) and not value)


def _body(template: Template, front: Mapping[str, object]) -> str:
    """The template's body with its Jinja carried out and its sections in the declared order."""
    raw = template.body.replace("\r\n", "\n")
    variables = _variables(front)

    def expanded(text: str, first_line: int) -> str:
        if not uses_jinja(text):
            return text
        return expand(text, variables, path=template.path or template.name, first_line=first_line)

    written = _parsed(raw)
    in_body = {section.title.casefold() for section in written.sections}
    document = _parsed(expanded(raw, template.body_line)) if uses_jinja(raw) else written
    places = {section.title.casefold(): index for index, section in enumerate(template.sections)}
    chunks: list[tuple[int, str]] = []
    place = -1
    first = document.sections[0].start if document.sections else len(document.text)
    preamble = document.text[document.body_start : first].strip("\n")
    for section in document.sections:
        place = places.get(section.title.casefold(), place)
        chunks.append((place, document.text[section.start : section.end].strip("\n")))
    for index, declared in enumerate(template.sections):
        if declared.title.casefold() not in in_body:
            content = expanded(declared.content, declared.line)
            chunks.append((index, f"## {declared.title}\n\n{content}".strip("\n")))
    chunks.sort(key=lambda chunk: chunk[0])
    return "\n\n".join(part for part in (preamble, *(text for _, text in chunks)) if part) + "\n"


def _parsed(body: str) -> Document:
    return read(f"---\nid: x\n---\n{body}".encode())


def _variables(front: Mapping[str, object]) -> dict[str, str | list[str]]:
    """The closed set of values that a template may use, all of them texts or lists of texts."""
    found: dict[str, str | list[str]] = {}
    for name in VARIABLES:
        value = front.get(name)
        if name in LISTS:
            items = value if isinstance(value, (list, tuple)) else ()
            found[name] = [str(item.get("id", "")) if isinstance(item, Mapping) else str(item) for item in items]
        elif isinstance(value, datetime):
            found[name] = utc(value)
        else:
            found[name] = "" if value is None else str(value)
    found["date"] = str(front.get("id", ""))[:10]
    found["duration"] = _duration(str(found["started_at"]), str(found["resolved_at"]))
    return found


def _duration(start: str, end: str) -> str:
    from pmctl.output.terminal import duration

    try:
        span = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    except (ValueError, TypeError):
        return ""
    return duration(span) if span.total_seconds() >= 0 else ""


def _filled(document: Document, draft: Draft) -> str:
    """The document's text with the known values in their sections. Edits go from the end to the start."""
    edits: list[Edit] = []
    section = document.section("Summary")
    if section is not None and draft.summary:
        end = content_end(document, section)
        edits.append((end, end, f"\n\n{draft.summary}"))
    section = timeline_section(document)
    if section is not None and draft.timeline:
        started = draft.front.get("started_at")
        day = started.date() if isinstance(started, datetime) else None
        edits += timeline_edits(document, section, draft.timeline, day)
    rows = {
        "Impact": [{"Impact Type": kind, "Measurement": measure} for kind, measure in draft.impact],
        "Action Items": [dict(item) for item in draft.action_items],
    }
    for title, filled in rows.items():
        section = document.section(title)
        if section is not None and filled:
            edits += row_edits(document, section, title, filled)
    text = document.text
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text
