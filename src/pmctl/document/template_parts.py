"""The parts of a template's front matter that are lists: its sections and its custom fields.

Nodes of the front matter -> values, and findings for what is left out.
"""

from __future__ import annotations

import re
from dataclasses import replace

from pmctl.codes import Code
from pmctl.document.finding import Severity
from pmctl.document.node_reader import NodeReader
from pmctl.document.reader import Document
from pmctl.document.strict_yaml import Node
from pmctl.document.structure import comment_spans, read_structure
from pmctl.document.template import FIELD_KINDS, TemplateField, TemplateSection
from pmctl.text import single_line

_OF_A_SECTION = ("title", "required", "prompt", "text")
_OF_A_FIELD = ("kind", "required", "choices", "description")


def sections(node: Node | None, document: Document, reader: NodeReader) -> tuple[TemplateSection, ...]:
    """The declared sections in their order, each with its content in the body or from its declaration.

    Without a declaration they are those of the body, all of them required.
    """
    bodies: dict[str, TemplateSection] = {}
    for heading in document.sections:
        if heading.title.casefold() in bodies:
            fix = "join the two, or give one of them another title"
            reader.add_at(heading.line, f"section {heading.title!r} comes twice", fix)
            continue
        bodies[heading.title.casefold()] = _section(heading.title, True, heading.text.strip("\r\n"), heading.line)
    if node is None:
        return tuple(bodies.values())
    if not isinstance(node.value, tuple):
        reader.add(node, "sections must be a list", "write - {title: Summary, required: true}")
        return tuple(bodies.values())
    declared: dict[str, TemplateSection] = {}
    for item in node.value:
        section = _declared(item, bodies, reader)
        if section is None:
            continue
        if section.title.casefold() in declared:
            reader.add(item, f"section {section.title!r} is declared twice", "take one of the two out")
            continue
        declared[section.title.casefold()] = section
    for key, extra in bodies.items():
        if key not in declared and "{" not in extra.title:
            message = f"section {extra.title!r} is in the body but not declared"
            fix = f"add - {{title: {extra.title}, required: false}} to sections"
            reader.add_at(extra.line, message, fix, "PM285", Severity.WARNING)
    return tuple(declared.values())


def _section(title: str, required: bool, content: str, line: int) -> TemplateSection:
    spans = comment_spans(content)
    prompts = (content[start + 4 : end].removesuffix("-->").strip() for start, end in spans)
    text = "".join(
        content[end:start] for (_, end), (start, _) in zip(((0, 0), *spans), (*spans, (len(content), 0)), strict=True)
    )
    return TemplateSection(title, required, content, "\n\n".join(prompts), text.strip(), line)


def _declared(item: Node, bodies: dict[str, TemplateSection], reader: NodeReader) -> TemplateSection | None:
    given = {"title": item} if isinstance(item.value, str) else item.value
    named = given.get("title") if isinstance(given, dict) else None
    title = single_line(named.value) if named is not None and isinstance(named.value, str) else ""
    if not isinstance(given, dict) or not title or title.startswith("#"):
        reader.add(item, "a section needs a title", "write - {title: Summary, required: true}")
        return None
    entry = reader.known(given, "a section", _OF_A_SECTION)
    required = reader.flag(entry.get("required"), "required", default=True)
    prompt, text = (reader.text(entry.get(key), key).strip() for key in ("prompt", "text"))
    body = bodies.get(title.casefold())
    if body is not None:
        for key, unused in (("prompt", prompt), ("text", text)):
            if unused:
                message = f"the body has section {title!r}, so that this {key} is not used"
                reader.add(entry[key], message, f"move it below ## {title}", at_key=True)
        return replace(body, title=title, required=required, declared=item.line)
    if "-->" in prompt:
        reader.add(entry["prompt"], "a prompt can't hold -->, which ends it", "say it in words")
        prompt = prompt.replace("-->", "")
    if any(not text[start:end].endswith("-->") for start, end in comment_spans(text)):
        reader.add(entry["text"], "a comment in this text is never closed", "end it with -->", code="PM292")
        text = ""
    if any(heading.level <= 2 for heading in read_structure(text).headings):
        reader.add(entry["text"], "this text opens another section", "declare that one as well, or use ###")
        text = ""
    content = "\n\n".join(part for part in (f"<!-- {prompt} -->" if prompt else "", text) if part)
    return replace(_section(title, required, content, item.line), declared=item.line)


def fields(node: Node | None, reader: NodeReader) -> tuple[TemplateField, ...]:
    """The custom fields, in their order."""
    found = []
    for name, entry in reader.mapping(node, "fields").items():
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
            fix = f"write {suggested}" if (suggested := _field_name(name)) else "write it like cost_center"
            reader.add(entry, f"field {name!r} needs a name of a-z, 0-9 and _", fix, at_key=True)
            continue
        declared = _field(name, entry, reader)
        if declared is not None:
            found.append(declared)
    return tuple(found)


def _field_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_0123456789")[:64]


def _field(name: str, entry: Node, reader: NodeReader) -> TemplateField | None:
    parts = {"kind": entry} if isinstance(entry.value, str) else reader.mapping(entry, f"field {name}", _OF_A_FIELD)
    kind = reader.choice(parts["kind"], f"the kind of field {name}", FIELD_KINDS) if "kind" in parts else "string"
    if not kind:
        return None
    required = reader.flag(parts.get("required"), "required")
    choices = tuple(choice.strip() for choice in reader.texts(parts.get("choices"), f"the choices of field {name}"))
    if (kind == "choice") != ("choices" in parts):
        message = f"field {name}: choices and kind: choice go together"
        reader.add(entry, message, f"write {name}: {{kind: choice, choices: [one, another]}}")
        return None
    if len(set(choices)) < len(choices):
        reader.add(parts["choices"], f"field {name} has a choice twice", "take one of the two out")
    if kind == "choice" and not choices:
        return None
    about = single_line(reader.text(parts.get("description"), "description"))
    return TemplateField(name, kind, required, tuple(dict.fromkeys(choices)), about, entry.key_line or entry.line)


CODES = (
    Code(
        "PM285", "template-undeclared-section", "The body of a template has a second-level heading that `sections`"
        " does not declare.",
        "Such a section is neither required nor optional, and its place is not fixed.",
        "Declare it in `sections`, or take it out of the body.", "## Costs",
    ),
    Code(
        "PM292", "template-open-prompt", "A comment in a template has no end, or none that counts.",
        "One that begins its line swallows everything behind it; one within a line that is not closed before the next"
        " blank line is no comment, and would be published.", "Close it with -->.", "<!-- What happened?",
    ),
)  # fmt: skip
