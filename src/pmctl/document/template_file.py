"""Reading a template file: bytes -> `Template` and everything wrong with it, as findings with a place.

The front matter declares, the body holds the sections with default text, and prompts as HTML comments. The
body may use Jinja; headings made by Jinja belong to no declared section until it is rendered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pmctl.document.finding import Finding, Severity
from pmctl.document.prompts import strip_comments
from pmctl.document.reader import Document, read
from pmctl.document.strict_yaml import Node
from pmctl.document.template import FIELD_KINDS, MAX_VERSION, Conditions, Template, TemplateField, TemplateSection
from pmctl.document.templates import NAME

DEFAULTABLE = ("visibility", "tags", "teams", "severity", "urgency")

_KEYS = ("name", "version", "description", "applies_to", "defaults", "sections", "fields")
_CONDITIONS = ("severity", "urgency", "services")
_FIXES = dict.fromkeys(
    ("PM010", "PM021"), "begin with `---`, name, description, sections and `---`; `pmctl template new` starts one"
)
"""The mends of the reader that would make a postmortem of a template."""
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)


def parse_template(data: bytes, path: str = "") -> tuple[Template | None, tuple[Finding, ...]]:
    """The template that a file declares, and everything wrong with it.

    None when it can't be read at all. Otherwise what is wrong is left out, so that one mistake in a template
    does not hide the rest of it.
    """
    document = read(data, path)
    notes = _Notes(path, [one._replace(fix=_FIXES.get(one.code, one.fix)) for one in document.problems])
    if not document.readable:
        return None, tuple(notes.findings)
    front = document.front
    name = _text(front.get("name"))
    if not NAME.fullmatch(name):
        notes.add("PM281", front.get("name"), "a template needs a name of a-z, 0-9 and -", "write name: my-template")
        return None, tuple(notes.findings)
    for key, node in front.items():
        if key not in _KEYS:
            notes.add("PM283", node, f"unknown key {key!r}", _did_you_mean(key, _KEYS), at_key=True)
    template = Template(
        name=name,
        version=_version(front.get("version"), notes),
        description=" ".join(_text(front.get("description")).split()),
        applies=_conditions(front.get("applies_to"), notes),
        sections=_sections(front.get("sections"), document, notes),
        fields=_fields(front.get("fields"), notes),
        defaults=_defaults(front.get("defaults"), notes),
        body=document.body,
        body_line=document.body_line,
        path=path,
    )
    stem = path.rpartition("/")[2].removesuffix(".md")
    if stem and stem not in (template.name, f"{template.name}@{template.version}"):
        notes.add(
            "PM281",
            front.get("name"),
            f"the file is called {stem}.md but declares {template.reference}",
            f"rename it to {template.name}.md, or {template.name}@{template.version}.md for a version that is kept",
        )
    return template, tuple(notes.findings)


@dataclass(slots=True)
class _Notes:
    """Collects the findings of one file."""

    path: str
    findings: list[Finding]

    def add(self, code: str, node: Node | None, message: str, fix: str = "", *, at_key: bool = False) -> None:
        line, column = (1, 1) if node is None else (node.line, node.column)
        if node is not None and at_key and node.key_line:
            line, column = node.key_line, node.key_column
        self.findings.append(Finding(code, message, self.path, line, column, Severity.ERROR, fix))


def _did_you_mean(word: str, known: tuple[str, ...]) -> str:
    import difflib

    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"


def _text(node: Node | None) -> str:
    return node.value if node is not None and isinstance(node.value, str) else ""


def _version(node: Node | None, notes: _Notes) -> int:
    if node is None:
        return 1
    if isinstance(node.value, bool) or not isinstance(node.value, int) or not 1 <= node.value <= MAX_VERSION:
        notes.add("PM282", node, f"version must be a whole number from 1 to {MAX_VERSION}", "write version: 1")
        return 1
    return node.value


def _strings(node: Node, what: str, code: str, notes: _Notes) -> tuple[str, ...]:
    """A list of texts, or a single one; anything else is a finding and left out."""
    items = node.value if isinstance(node.value, tuple) else (node,)
    values = []
    for item in items:
        if isinstance(item.value, str) and item.value.strip():
            values.append(item.value.strip())
        else:
            notes.add(code, item, f"{what} must be text or a list of texts")
    return tuple(values)


def _mapping(node: Node | None, what: str, code: str, notes: _Notes) -> dict[str, Node]:
    if node is None or node.value is None:
        return {}
    if isinstance(node.value, dict):
        return node.value
    notes.add(code, node, f"{what} must be a mapping")
    return {}


def _conditions(node: Node | None, notes: _Notes) -> Conditions:
    found: dict[str, tuple[str, ...]] = {}
    for key, value in _mapping(node, "applies_to", "PM288", notes).items():
        if key in _CONDITIONS:
            found[key] = _strings(value, f"applies_to.{key}", "PM288", notes)
        else:
            notes.add("PM288", value, f"unknown condition {key!r}", _did_you_mean(key, _CONDITIONS), at_key=True)
    return Conditions(**found)


def _defaults(node: Node | None, notes: _Notes) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in _mapping(node, "defaults", "PM288", notes).items():
        if key not in DEFAULTABLE:
            notes.add("PM288", value, f"{key!r} can't have a default", _did_you_mean(key, DEFAULTABLE), at_key=True)
        elif key in ("tags", "teams"):
            found[key] = _strings(value, f"defaults.{key}", "PM288", notes)
        elif isinstance(value.value, str):
            found[key] = value.value
        else:
            notes.add("PM288", value, f"defaults.{key} must be text")
    return found


def _sections(node: Node | None, document: Document, notes: _Notes) -> tuple[TemplateSection, ...]:
    """The declared sections in their order, each with its content in the body or from its declaration."""
    bodies: dict[str, TemplateSection] = {}
    for heading in document.sections:
        if heading.title.casefold() in bodies:
            notes.findings.append(
                Finding("PM284", f"section {heading.title!r} comes twice", notes.path, heading.line, 1)
            )
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
            notes.add("PM284", item, f"section {section.title!r} is declared twice")
            continue
        declared[section.title.casefold()] = section
    for key, extra in bodies.items():
        if key not in declared and "{" not in extra.title:
            notes.findings.append(
                Finding(
                    "PM285", f"section {extra.title!r} is in the body but not declared", notes.path, extra.line, 1,
                    Severity.WARNING, f"add - {{title: {extra.title}, required: false}} to sections",
                )
            )  # fmt: skip
    return tuple(declared.values())


def _section(title: str, required: bool, content: str, line: int) -> TemplateSection:
    prompt = "\n\n".join(match.strip() for match in _COMMENT.findall(content))
    return TemplateSection(title, required, content, prompt, strip_comments(content).strip(), line)


def _declared(item: Node, bodies: dict[str, TemplateSection], notes: _Notes) -> TemplateSection | None:
    if isinstance(item.value, str):
        entry: dict[str, Node] = {"title": item}
    else:
        entry = _mapping(item, "a section", "PM284", notes)
    title = " ".join(_text(entry.get("title")).split())
    if not title or title.startswith("#"):
        notes.add("PM284", item, "a section needs a title", "write - {title: Summary, required: true}")
        return None
    for key, value in entry.items():
        if key not in ("title", "required", "prompt", "text"):
            known = ("title", "required", "prompt", "text")
            notes.add("PM284", value, f"unknown key {key!r} of a section", _did_you_mean(key, known), at_key=True)
    required = True
    if "required" in entry:
        if isinstance(entry["required"].value, bool):
            required = entry["required"].value
        else:
            notes.add("PM284", entry["required"], "required must be true or false")
    body = bodies.get(title.casefold())
    if body is not None:
        return TemplateSection(title, required, body.content, body.prompt, body.text, body.line)
    prompt, text = _text(entry.get("prompt")).strip(), _text(entry.get("text")).strip()
    if "-->" in prompt:
        notes.add("PM284", entry["prompt"], "a prompt can't hold -->, which ends it")
        prompt = prompt.replace("-->", "")
    content = "\n\n".join(part for part in (f"<!-- {prompt} -->" if prompt else "", text) if part)
    return TemplateSection(title, required, content, prompt, text, item.line)


def _fields(node: Node | None, notes: _Notes) -> tuple[TemplateField, ...]:
    found = []
    for name, entry in _mapping(node, "fields", "PM289", notes).items():
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
            notes.add("PM289", entry, f"field {name!r} needs a name of a-z, 0-9 and _", at_key=True)
            continue
        declared = _field(name, entry, notes)
        if declared is not None:
            found.append(declared)
    return tuple(found)


def _field(name: str, entry: Node, notes: _Notes) -> TemplateField | None:
    if isinstance(entry.value, str):
        parts: dict[str, Node] = {"kind": entry}
    else:
        parts = _mapping(entry, f"field {name}", "PM289", notes)
    kind = _text(parts.get("kind")) or "string"
    known = ("kind", "required", "choices", "description")
    for key, value in parts.items():
        if key not in known:
            notes.add("PM289", value, f"unknown key {key!r} of field {name}", _did_you_mean(key, known), at_key=True)
    if kind not in FIELD_KINDS:
        notes.add("PM289", parts["kind"], f"unknown kind {kind!r} of field {name}", _did_you_mean(kind, FIELD_KINDS))
        return None
    required = parts["required"].value if "required" in parts else False
    if not isinstance(required, bool):
        notes.add("PM289", parts["required"], "required must be true or false")
        required = False
    choices = _strings(parts["choices"], "choices", "PM289", notes) if "choices" in parts else ()
    if (kind == "choice") != bool(choices):
        notes.add("PM289", entry, f"field {name}: choices and kind: choice go together", "write both or neither")
        return None
    return TemplateField(name, kind, required, choices, " ".join(_text(parts.get("description")).split()))
