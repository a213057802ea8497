"""Reading a template file: bytes -> `Template` and everything wrong with it, as findings with a place.

The front matter declares, the body holds the sections with default text, and prompts as HTML comments. The
body may use Jinja; headings made by Jinja belong to no declared section until it is rendered.
"""

from __future__ import annotations

from functools import cache, lru_cache

from pmctl.codes import Code
from pmctl.document.fields import FIELD
from pmctl.document.finding import Finding
from pmctl.document.node_reader import NodeReader
from pmctl.document.reader import read
from pmctl.document.strict_yaml import Node
from pmctl.document.template import MAX_VERSION, Conditions, Template
from pmctl.document.template_parts import fields, sections
from pmctl.document.templates import BUILTIN_NAMES, EARLIER_VERSIONS, NAME, builtin_source
from pmctl.errors import Hint, advise
from pmctl.text import single_line

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
    reader = NodeReader(path, "PM283", blank_is_absent=True, lists_of_one=True, findings=problems)
    if not document.readable:
        return None, reader.sorted()
    front = reader.known(document.front, "a template", _KEYS)
    name = document.front["name"].value if "name" in front else ""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        message, fix = "a template needs a name of a-z, 0-9 and -", "write name: my-template"
        reader.add(document.front.get("name"), message, fix, code="PM281")
        return None, reader.sorted()
    template = Template(
        name=name,
        version=reader.coded("PM282").number(front.get("version"), "version", 1, 1, MAX_VERSION),
        description=single_line(reader.text(front.get("description"), "description")),
        applies=_conditions(front.get("applies_to"), reader.coded("PM288")),
        sections=sections(front.get("sections"), document, reader.coded("PM284")),
        fields=fields(front.get("fields"), reader.coded("PM289")),
        defaults=_defaults(front.get("defaults"), reader.coded("PM288")),
        body=document.body,
        body_line=document.body_line,
        path=path,
        line=front["name"].line,
    )
    stem = path.rpartition("/")[2].removesuffix(".md")
    if stem and stem not in (template.name, f"{template.name}@{template.version}"):
        message = f"the file is called {stem}.md but declares {template.reference}"
        fix = f"rename it to {template.name}.md, or {template.name}@{template.version}.md for a version that is kept"
        reader.add(front["name"], message, fix, code="PM281")
    return template, reader.sorted()


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


def _conditions(node: Node | None, reader: NodeReader) -> Conditions:
    """The conditions. With a mistake among them there are none, so that the template is taken only by its name:
    left out alone, the wrong one would make it fit more incidents than it is for.
    """
    before = len(reader.findings)
    given = reader.mapping(node, "applies_to", _CONDITIONS)
    found = {key: _words(value, f"applies_to.{key}", reader) for key, value in given.items()}
    urgencies = FIELD["urgency"].choices
    if any(value.upper() not in urgencies for value in found.get("urgency", ())):
        reader.add(given["urgency"], f"an urgency is one of {', '.join(urgencies)}", "write one of them")
    return Conditions(**found) if len(reader.findings) == before else Conditions()


def _defaults(node: Node | None, reader: NodeReader) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in reader.mapping(node, "defaults", DEFAULTABLE).items():
        what, choices = f"defaults.{key}", FIELD[key].choices
        if key in ("tags", "teams"):
            found[key] = _words(value, what, reader)
        elif given := reader.choice(value, what, choices) if choices else reader.text(value, what):
            found[key] = given
    return found


def _words(node: Node, what: str, reader: NodeReader) -> tuple[str, ...]:
    return tuple(word.strip() for word in reader.texts(node, what))


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
    Code(
        "PM284", "template-section", "An entry of a template's sections is malformed, or a title comes twice.",
        "Required sections and their order are read from these entries.",
        "Write a title, or a mapping of title, required, prompt and text. Prompt and text stand here or in the body,"
        " not in both.", "sections: [{required: true}]",
    ),
    Code(
        "PM289", "template-field", "A custom field of a template is malformed.",
        "Values in postmortems are checked against its kind.",
        "Give it a kind (string, number, boolean, date, choice), and if need be required, choices and description.",
        "fields: {cost_center: {kind: money}}",
    ),
)  # fmt: skip
