"""Reading a template file: bytes -> `Template` and everything wrong with it, as findings with a place.

The front matter declares, the body holds the sections with default text, and prompts as HTML comments. The
body may use Jinja; headings made by Jinja belong to no declared section until it is rendered.
"""

from __future__ import annotations

from functools import cache, lru_cache

from pmctl.codes import Code
from pmctl.document.fields import FIELD
from pmctl.document.finding import Finding
from pmctl.document.reader import read
from pmctl.document.strict_yaml import Node
from pmctl.document.template import MAX_VERSION, Conditions, Template
from pmctl.document.template_parts import Notes, fields, mapping, sections, text_of, texts, unknown_keys
from pmctl.document.templates import BUILTIN_NAMES, EARLIER_VERSIONS, NAME, builtin_source
from pmctl.errors import Hint, advise

DEFAULTABLE = ("visibility", "tags", "teams", "severity", "urgency")

_KEYS = ("name", "version", "description", "applies_to", "defaults", "sections", "fields")
_CONDITIONS = ("severity", "urgency", "services")
# What to do about a file that is no document, where that differs from what a postmortem needs.
_FIXES: dict[str, Hint] = {
    "PM003": "a template is a page or two of text",
    "PM010": advise("begin-template"),
    "PM021": "write name: and the template's name",
}


@lru_cache(maxsize=64)  # the same file stands in the work tree and in commit after commit
def parse_template(data: bytes, path: str = "") -> tuple[Template | None, tuple[Finding, ...]]:
    """The template that a file declares, and everything wrong with it, by place.

    None when it can't be read at all. Otherwise what is wrong is left out, so that one mistake in a template
    does not hide the rest of it.
    """
    document = read(data, path)
    problems = [problem._replace(fix=_FIXES.get(problem.code, problem.fix)) for problem in document.problems]
    notes = Notes(path, problems)
    if not document.readable:
        return None, notes.sorted()
    front = document.front
    unknown_keys(front, _KEYS, "PM283", "", notes)
    name = text_of(front.get("name"))
    if not NAME.fullmatch(name):
        notes.add("PM281", front.get("name"), "a template needs a name of a-z, 0-9 and -", "write name: my-template")
        return None, notes.sorted()
    template = Template(
        name=name,
        version=_version(front.get("version"), notes),
        description=_description(front.get("description"), notes),
        applies=_conditions(front.get("applies_to"), notes),
        sections=sections(front.get("sections"), document, notes),
        fields=fields(front.get("fields"), notes),
        defaults=_defaults(front.get("defaults"), notes),
        body=document.body,
        body_line=document.body_line,
        path=path,
        line=front["name"].line,
    )
    stem = path.rpartition("/")[2].removesuffix(".md")
    if stem and stem not in (template.name, f"{template.name}@{template.version}"):
        notes.add(
            "PM281",
            front.get("name"),
            f"the file is called {stem}.md but declares {template.reference}",
            f"rename it to {template.name}.md, or {template.name}@{template.version}.md for a version that is kept",
        )
    return template, notes.sorted()


@cache
def builtin(stem: str) -> Template:
    """A template that comes with pmctl, by the name of its file (`default`, or `default@1` for an earlier version).

    Raises KeyError when there is none.
    """
    template, _ = parse_template(builtin_source(stem), f"{stem}.md")
    if template is None:  # the package's own file; a test parses each of them
        raise KeyError(stem)
    return template


def builtin_versions(name: str) -> tuple[Template, ...]:
    """Every version of a template that comes with pmctl, the latest first."""
    if name not in BUILTIN_NAMES:
        return ()
    return builtin(name), *(builtin(stem) for stem in EARLIER_VERSIONS if stem.partition("@")[0] == name)


def _version(node: Node | None, notes: Notes) -> int:
    if node is None:
        return 1
    if isinstance(node.value, bool) or not isinstance(node.value, int) or not 1 <= node.value <= MAX_VERSION:
        notes.add("PM282", node, f"version must be a whole number from 1 to {MAX_VERSION}", "write version: 1")
        return 1
    return node.value


def _description(node: Node | None, notes: Notes) -> str:
    if node is not None and node.value is not None and not isinstance(node.value, str):
        notes.add("PM283", node, "description must be text", "write one line, in quotes if need be")
    return " ".join(text_of(node).split())


def _conditions(node: Node | None, notes: Notes) -> Conditions:
    """The conditions. With a mistake among them there are none, so that the template is taken only by its name:
    left out alone, the wrong one would make it fit more incidents than it is for.
    """
    before = len(notes.findings)
    found: dict[str, tuple[str, ...]] = {}
    given = mapping(node, "applies_to", "PM288", notes)
    unknown_keys(given, _CONDITIONS, "PM288", " of applies_to", notes)
    for key in _CONDITIONS:
        if key in given:
            found[key] = texts(given[key], f"applies_to.{key}", "PM288", notes)
    urgencies = FIELD["urgency"].choices
    if any(value.upper() not in urgencies for value in found.get("urgency", ())):
        notes.add("PM288", given["urgency"], f"an urgency is one of {', '.join(urgencies)}", "write one of them")
    return Conditions(**found) if len(notes.findings) == before else Conditions()


def _defaults(node: Node | None, notes: Notes) -> dict[str, object]:
    found: dict[str, object] = {}
    given = mapping(node, "defaults", "PM288", notes)
    unknown_keys(given, DEFAULTABLE, "PM288", " of defaults", notes)
    for key in DEFAULTABLE:
        value = given.get(key)
        if value is None:
            continue
        choices = FIELD[key].choices
        if key in ("tags", "teams"):
            found[key] = texts(value, f"defaults.{key}", "PM288", notes)
        elif not isinstance(value.value, str):
            notes.add("PM288", value, f"defaults.{key} must be text", "write it in quotes")
        elif choices and value.value not in choices:
            notes.add("PM288", value, f"defaults.{key} must be one of {', '.join(choices)}", "write one of them")
        else:
            found[key] = value.value
    return found


CODES = (
    Code(
        "PM281", "template-name", "A template's name is not a-z, 0-9 and -, its file is called otherwise, or is no file"
        " that can be read.",
        "Postmortems record the name, and the file is found by it: <name>.md, or <name>@<version>.md for an older"
        " version that is kept for the postmortems written with it. Links and folders are not read.",
        "Rename the template or its file, so that the two agree.", "name: Our Template",
    ),
    Code(
        "PM282", "template-version", "A template's version is no whole number from 1.",
        "A postmortem is judged by the version that it was written with.",
        "Write a whole number; pmctl template new NAME --next raises it and keeps the present file.",
        "version: 1.2",
    ),
    Code(
        "PM283", "template-unknown-key", "The front matter of a template has a key that it does not know.",
        "It knows name, version, description, applies_to, defaults, sections and fields; anything else is ignored.",
        "Correct the spelling, or take the key out.", "section: [Summary]",
    ),
)  # fmt: skip
