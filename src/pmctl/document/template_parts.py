"""The parts of a template's front matter that are lists: its sections and its custom fields.

Nodes of the front matter -> values, and findings for what is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pmctl.codes import Code
from pmctl.document.finding import Finding, Severity
from pmctl.document.reader import Document
from pmctl.document.strict_yaml import Node
from pmctl.document.structure import comment_spans, read_structure
from pmctl.document.template import FIELD_KINDS, TemplateField, TemplateSection
from pmctl.errors import Hint

_OF_A_SECTION = ("title", "required", "prompt", "text")
_OF_A_FIELD = ("kind", "required", "choices", "description")


@dataclass(slots=True)
class Notes:
    """Collects the findings of one file."""

    path: str
    findings: list[Finding]

    def add(self, code: str, node: Node | None, message: str, fix: Hint = "", *, at_key: bool = False) -> None:
        """Note an error at a value, or at its key."""
        line, column = (1, 1) if node is None else (node.line, node.column)
        if node is not None and at_key and node.key_line:
            line, column = node.key_line, node.key_column
        self.at(code, line, column, message, fix)

    def at(
        self, code: str, line: int, column: int, message: str, fix: Hint, severity: Severity = Severity.ERROR
    ) -> None:
        """Note a finding at a place."""
        self.findings.append(Finding(code, message, self.path, line, column, severity, fix))

    def sorted(self) -> tuple[Finding, ...]:
        """What was found, from the top of the file to its end."""
        return tuple(sorted(self.findings, key=lambda one: (one.line, one.column)))


def did_you_mean(word: str, known: tuple[str, ...]) -> str:
    """The known word that `word` was probably meant to be; all of them when none is near."""
    import difflib

    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"


def unknown_keys(given: Mapping[str, Node], known: tuple[str, ...], code: str, where: str, notes: Notes) -> None:
    """Note every key that is not known."""
    for key, node in given.items():
        if key not in known:
            notes.add(code, node, f"unknown key {key!r}{where}", did_you_mean(key, known), at_key=True)


def text_of(node: Node | None) -> str:
    """A text, "" for anything else."""
    return node.value if node is not None and isinstance(node.value, str) else ""


def texts(node: Node, what: str, code: str, notes: Notes) -> tuple[str, ...]:
    """A list of texts, or a single one; anything else is a finding and left out."""
    items = node.value if isinstance(node.value, tuple) else (node,)
    values = []
    for item in items:
        if isinstance(item.value, str) and item.value.strip():
            values.append(item.value.strip())
        else:
            fix = f'write it in quotes: "{item.raw}"' if item.raw else "write one text, or [one, another]"
            notes.add(code, item, f"{what} must be text or a list of texts", fix)
    return tuple(values)


def mapping(node: Node | None, what: str, code: str, notes: Notes) -> dict[str, Node]:
    """A mapping; anything else is a finding and counts as an empty one."""
    if node is None or node.value is None:
        return {}
    if isinstance(node.value, dict):
        return node.value
    notes.add(code, node, f"{what} must be a mapping", "write it as key: value")
    return {}


def sections(node: Node | None, document: Document, notes: Notes) -> tuple[TemplateSection, ...]:
    """The declared sections in their order, each with its content in the body or from its declaration.

    Without a declaration they are those of the body, all of them required.
    """
    bodies: dict[str, TemplateSection] = {}
    for heading in document.sections:
        if heading.title.casefold() in bodies:
            fix = "join the two, or give one of them another title"
            notes.at("PM284", heading.line, 1, f"section {heading.title!r} comes twice", fix)
            continue
        bodies[heading.title.casefold()] = _section(heading.title, True, heading.text.strip("\r\n"), heading.line)
    if node is None:
        return tuple(bodies.values())
    if not isinstance(node.value, tuple):
        notes.add("PM284", node, "sections must be a list", "write - {title: Summary, required: true}")
        return tuple(bodies.values())
    declared: dict[str, TemplateSection] = {}
    for item in node.value:
        section = _declared(item, bodies, notes)
        if section is None:
            continue
        if section.title.casefold() in declared:
            notes.add("PM284", item, f"section {section.title!r} is declared twice", "take one of the two out")
            continue
        declared[section.title.casefold()] = section
    for key, extra in bodies.items():
        if key not in declared and "{" not in extra.title:
            message = f"section {extra.title!r} is in the body but not declared"
            fix = f"add - {{title: {extra.title}, required: false}} to sections"
            notes.at("PM285", extra.line, 1, message, fix, Severity.WARNING)
    return tuple(declared.values())


def _section(title: str, required: bool, content: str, line: int) -> TemplateSection:
    spans = comment_spans(content)
    prompts = (content[start + 4 : end].removesuffix("-->").strip() for start, end in spans)
    text = "".join(
        content[end:start] for (_, end), (start, _) in zip(((0, 0), *spans), (*spans, (len(content), 0)), strict=True)
    )
    return TemplateSection(title, required, content, "\n\n".join(prompts), text.strip(), line)


def _declared(item: Node, bodies: dict[str, TemplateSection], notes: Notes) -> TemplateSection | None:
    entry = {"title": item} if isinstance(item.value, str) else item.value
    title = " ".join(text_of(entry.get("title")).split()) if isinstance(entry, dict) else ""
    if not isinstance(entry, dict) or not title or title.startswith("#"):
        notes.add("PM284", item, "a section needs a title", "write - {title: Summary, required: true}")
        return None
    unknown_keys(entry, _OF_A_SECTION, "PM284", " of a section", notes)
    required = _yes_or_no(entry.get("required"), "PM284", notes, otherwise=True)
    body = bodies.get(title.casefold())
    if body is not None:
        for key in ("prompt", "text"):
            if text_of(entry.get(key)):
                message = f"the body has section {title!r}, so that this {key} is not used"
                notes.add("PM284", entry[key], message, f"move it below ## {title}", at_key=True)
        return replace(body, title=title, required=required, declared=item.line)
    prompt, text = text_of(entry.get("prompt")).strip(), text_of(entry.get("text")).strip()
    if "-->" in prompt:
        notes.add("PM284", entry["prompt"], "a prompt can't hold -->, which ends it", "say it in words")
        prompt = prompt.replace("-->", "")
    if any(not text[start:end].endswith("-->") for start, end in comment_spans(text)):
        notes.add("PM292", entry["text"], "a comment in this text is never closed", "end it with -->")
        text = ""
    if any(heading.level <= 2 for heading in read_structure(text).headings):
        notes.add("PM284", entry["text"], "this text opens another section", "declare that one as well, or use ###")
        text = ""
    content = "\n\n".join(part for part in (f"<!-- {prompt} -->" if prompt else "", text) if part)
    return replace(_section(title, required, content, item.line), declared=item.line)


def _yes_or_no(node: Node | None, code: str, notes: Notes, *, otherwise: bool) -> bool:
    if node is None:
        return otherwise
    if isinstance(node.value, bool):
        return node.value
    notes.add(code, node, "required must be true or false", "write true or false, without quotes")
    return otherwise


def fields(node: Node | None, notes: Notes) -> tuple[TemplateField, ...]:
    """The custom fields, in their order."""
    found = []
    for name, entry in mapping(node, "fields", "PM289", notes).items():
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
            fix = f"write {suggested}" if (suggested := _field_name(name)) else "write it like cost_center"
            notes.add("PM289", entry, f"field {name!r} needs a name of a-z, 0-9 and _", fix, at_key=True)
            continue
        declared = _field(name, entry, notes)
        if declared is not None:
            found.append(declared)
    return tuple(found)


def _field_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_0123456789")[:64]


def _field(name: str, entry: Node, notes: Notes) -> TemplateField | None:
    if isinstance(entry.value, str):
        parts: dict[str, Node] = {"kind": entry}
    else:
        parts = mapping(entry, f"field {name}", "PM289", notes)
    unknown_keys(parts, _OF_A_FIELD, "PM289", f" of field {name}", notes)
    kind = text_of(parts.get("kind")) or "string"
    if kind not in FIELD_KINDS:
        notes.add("PM289", parts["kind"], f"unknown kind {kind!r} of field {name}", did_you_mean(kind, FIELD_KINDS))
        return None
    required = _yes_or_no(parts.get("required"), "PM289", notes, otherwise=False)
    choices = texts(parts["choices"], f"the choices of field {name}", "PM289", notes) if "choices" in parts else ()
    if (kind == "choice") != ("choices" in parts):
        message = f"field {name}: choices and kind: choice go together"
        notes.add("PM289", entry, message, f"write {name}: {{kind: choice, choices: [one, another]}}")
        return None
    if len(set(choices)) < len(choices):
        notes.add("PM289", parts["choices"], f"field {name} has a choice twice", "take one of the two out")
    if kind == "choice" and not choices:
        return None
    about = " ".join(text_of(parts.get("description")).split())
    return TemplateField(name, kind, required, tuple(dict.fromkeys(choices)), about, entry.key_line or entry.line)


CODES = (
    Code(
        "PM284", "template-section", "An entry of a template's sections is malformed, or a title comes twice.",
        "Required sections and their order are read from these entries.",
        "Write a title, or a mapping of title, required, prompt and text. Prompt and text stand here or in the body,"
        " not in both.", "sections: [{required: true}]",
    ),
    Code(
        "PM285", "template-undeclared-section", "The body of a template has a second-level heading that `sections`"
        " does not declare.",
        "Such a section is neither required nor optional, and its place is not fixed.",
        "Declare it in `sections`, or take it out of the body.", "## Costs",
    ),
    Code(
        "PM289", "template-field", "A custom field of a template is malformed.",
        "Values in postmortems are checked against its kind.",
        "Give it a kind (string, number, boolean, date, choice), and if need be required, choices and description.",
        "fields: {cost_center: {kind: money}}",
    ),
    Code(
        "PM292", "template-open-prompt", "A comment in a template has no end, or none that counts.",
        "One that begins its line swallows everything behind it; one within a line that is not closed before the next"
        " blank line is no comment, and would be published.", "Close it with -->.", "<!-- What happened?",
    ),
)  # fmt: skip
