"""Jinja in a template's body, as far as a template needs it: values, conditions and loops over the incident's lists.

A repository's template is somebody else's program, so the language is closed twice: Jinja's immutable
sandbox runs it, and before that every construct that could grow without bounds or reach beyond the given
variables is refused by its syntax. What is left ends after a number of steps that the sizes below bound.
Values come out as Markdown that shows as written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from pmctl.codes import Code
from pmctl.document.markdown_text import inline
from pmctl.errors import BadInput
from pmctl.text import did_you_mean, single_line

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

VARIABLES = (
    "id", "title", "date", "author", "severity", "urgency", "services", "teams", "tags", "participants",
    "incidents", "started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at", "duration",
)  # fmt: skip
LISTS = ("services", "teams", "tags", "participants", "incidents")
FILTERS = ("capitalize", "count", "default", "first", "join", "last", "length", "lower", "title", "trim", "upper")
TESTS = ("defined", "in", "undefined")  # odd, even and divisibleby would format a text with %
MAX_BODY = 256 * 1024
MAX_OUTPUT = 1024 * 1024
MAX_ITEMS = 200
MAX_VALUE = 2000
MAX_LOOPS = 20
MAX_WORK = 20_000_000  # parts of expressions carried out, if every list were full: a few seconds
HINT = "pmctl explain PM290 lists what a template may use"

_HEADING = re.compile(r"^ {0,3}##[ \t]+(.+?)(?:[ \t]+#+)?[ \t\r]*$", re.MULTILINE)
# What Jinja calls a construct -> how it is written.
_WRITTEN = {
    "Include": "{% include %}", "Import": "{% import %}", "FromImport": "{% from %}", "Extends": "{% extends %}",
    "Block": "{% block %}", "Macro": "{% macro %}", "CallBlock": "{% call %}", "FilterBlock": "{% filter %}",
    "Assign": "{% set %}", "AssignBlock": "{% set %}", "With": "{% with %}", "Call": "a call", "Dict": "a mapping",
    "Getitem": "an index in brackets", "Mul": "*", "Div": "/", "FloorDiv": "//", "Mod": "%", "Pow": "**",
    "Neg": "-", "Pos": "+",
}  # fmt: skip


class Problem(NamedTuple):
    """What is wrong in a body: the line in it, from 1, and the fix when there is one to name."""

    line: int
    message: str
    fix: str = ""


def uses_jinja(body: str) -> bool:
    """Whether there is anything to expand; Jinja is imported only then."""
    return "{{" in body or "{%" in body or 0 <= body.find("{#") < body.rfind("#}")


def problems(body: str) -> tuple[Problem, ...]:
    """Everything that is wrong or not allowed in a body, as far as that shows without carrying it out."""
    from jinja2 import TemplateError

    if not uses_jinja(body):
        return ()
    if len(body) > MAX_BODY:
        return (Problem(1, f"a template with Jinja may be {MAX_BODY // 1024} KiB at most"),)
    try:
        return tuple(sorted(_refusals(_environment().parse(body))))
    except TemplateError as error:
        return (Problem(getattr(error, "lineno", None) or 1, str(error.message or error)),)
    except RecursionError:
        return (Problem(1, "an expression is nested too deeply"),)


def conditional_titles(body: str) -> frozenset[str]:
    """The second-level headings, in folded case, that only some branches of a body without `problems` write."""
    if not uses_jinja(body):
        return frozenset()
    try:
        anywhere, always = _titles(_environment().parse(body).body)
    except RecursionError:  # how deep is too deep depends on who asks
        return frozenset()
    return anywhere - always


def expand(body: str, values: Mapping[str, str | list[str]], *, path: str, first_line: int) -> str:
    """`body` with its Jinja carried out over `values` (those of VARIABLES; a missing one is empty).

    Raises BadInput with `path:line` for anything that is wrong or not allowed, all of it at once, and when the result
    is larger than MAX_OUTPUT characters. `first_line` is the line of the body in its file.
    """
    from jinja2 import TemplateError

    def refuse(found: Iterable[Problem]) -> NoReturn:
        first, *others = (f"{path}:{first_line + one.line - 1}: {_said(one)}" for one in found)
        raise BadInput(first, hint=HINT, details=tuple(others))

    wrong = problems(body)
    if wrong:
        refuse(wrong)
    known = {name: _limited(values.get(name, [] if name in LISTS else "")) for name in VARIABLES}
    size = 0
    parts: list[str] = []
    try:
        for part in _environment().from_string(body).generate(known):
            size += len(part)
            if size > MAX_OUTPUT:
                refuse([Problem(1, f"the template makes more than {MAX_OUTPUT // 1024} KiB of text")])
            parts.append(part)
    except TemplateError as error:
        refuse([Problem(_line_of(error), str(error.message or error))])
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError) as error:
        refuse([Problem(_line_of(error), str(error) or type(error).__name__)])
    return "".join(parts)


def _environment() -> ImmutableSandboxedEnvironment:
    """The sandbox. What a filter does not find, as the first of an empty list, is an empty text."""
    from jinja2 import Undefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        finalize=_shown, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False,
        undefined=Undefined,
    )  # fmt: skip
    environment.globals.clear()
    return environment


def _shown(value: object) -> str:
    from jinja2 import Undefined

    if isinstance(value, Undefined):
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(inline(str(item)) for item in value)
    if isinstance(value, (str, int, float)):
        return inline(str(value))
    raise ValueError(f"a value is not text or a number, but {type(value).__name__}")


def _said(problem: Problem) -> str:
    return f"{problem.message} ({problem.fix})" if problem.fix else problem.message


def _limited(value: str | list[str]) -> str | list[str]:
    return [item[:MAX_VALUE] for item in value[:MAX_ITEMS]] if isinstance(value, list) else value[:MAX_VALUE]


def _line_of(error: BaseException) -> int:
    """The template's line that an error of a running template comes from (Jinja maps its frames back)."""
    line, trace = getattr(error, "lineno", None) or 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return int(line)


def _refusals(tree: nodes.Template) -> Iterator[Problem]:
    """Every construct that is not in the closed language."""
    from jinja2 import nodes

    allowed = (
        nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name, nodes.Const,
        nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
        nodes.CondExpr, nodes.Concat, nodes.Add, nodes.Sub, nodes.Getattr, nodes.List, nodes.Tuple,
    )  # fmt: skip
    loops = work = 0

    def walk(node: nodes.Node, names: frozenset[str], depth: int) -> Iterator[Problem]:
        nonlocal loops, work
        inner, inside = names, depth
        work += MAX_ITEMS**depth
        if not isinstance(node, allowed):
            kind = type(node).__name__
            yield Problem(node.lineno, f"{_WRITTEN.get(kind, kind.lower())} is not allowed in a template")
            return
        if isinstance(node, nodes.Name) and node.name not in names:
            yield Problem(node.lineno, f"unknown variable {node.name!r}", did_you_mean(node.name, names))
        elif isinstance(node, nodes.Getattr):
            owner = node.node.name if isinstance(node.node, nodes.Name) else ""
            if owner != "loop" or node.attr.startswith("_"):
                yield Problem(node.lineno, f"{owner}.{node.attr} is not allowed: only loop has attributes")
                return
        elif isinstance(node, nodes.Filter):
            if node.name not in FILTERS:
                yield Problem(node.lineno, f"filter {node.name!r} is not allowed", did_you_mean(node.name, FILTERS))
            if node.name == "join" and not isinstance(node.node, nodes.Name):
                yield Problem(node.lineno, "join goes directly on a variable")
        elif isinstance(node, nodes.Test) and node.name not in TESTS:
            yield Problem(node.lineno, f"test {node.name!r} is not allowed", f"known are {', '.join(TESTS)}")
        elif isinstance(node, nodes.For):
            loops += 1
            if not isinstance(node.iter, nodes.Name) or node.iter.name not in LISTS or node.recursive:
                yield Problem(node.lineno, f"a loop goes over one of {', '.join(LISTS)}")
            if not isinstance(node.target, nodes.Name):
                yield Problem(node.lineno, "a loop has one variable")
            else:
                inner = names | {node.target.name, "loop"}
            if depth >= 2 or loops > MAX_LOOPS:
                yield Problem(node.lineno, f"at most two loops in each other, and {MAX_LOOPS} in all")
                return
            inside = depth + 1
        for child in node.iter_child_nodes():
            yield from walk(child, inner, inside)

    yield from walk(tree, frozenset(VARIABLES), 0)
    if work > MAX_WORK:
        yield Problem(1, "the loops have too much in them: long lists would keep them busy for minutes")


def _titles(tree: Iterable[nodes.Node]) -> tuple[frozenset[str], frozenset[str]]:
    """The headings that some of these nodes write, and those that they write whatever the values are."""
    from jinja2 import nodes

    anywhere: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()
    for node in tree:
        if isinstance(node, nodes.Output):
            data = "".join(one.data for one in node.nodes if isinstance(one, nodes.TemplateData))
            written = frozenset(single_line(title.casefold()) for title in _HEADING.findall(data))
            anywhere, always = anywhere | written, always | written
        elif isinstance(node, nodes.If):
            branches = [_titles(branch) for branch in (node.body, *(one.body for one in node.elif_), node.else_)]
            anywhere = anywhere.union(*(some for some, _ in branches))
            always |= branches[0][1].intersection(*(every for _, every in branches))
        elif isinstance(node, nodes.For):
            anywhere = anywhere.union(_titles(node.body)[0], _titles(node.else_)[0])
    return anywhere, always


CODES = (
    Code(
        "PM290", "template-does-not-render", "The body's Jinja is wrong, or asks for something that it may not do.",
        "`pmctl new` could not make a postmortem from it. A template may use {{ }}, {% if %} and {% for %} over the"
        " variables id, title, date, author, severity, urgency, services, teams, tags, participants, incidents,"
        " started_at, detected_at, acknowledged_at, mitigated_at, resolved_at and duration; the filters capitalize,"
        " count, default, first, join, last, length, lower, title, trim and upper; and, in a loop, loop.index and its"
        " like. Loops go over services, teams, tags, participants or incidents, two deep at most.",
        "Correct the expression that the message names. Braces that are no Jinja go between {% raw %} and"
        " {% endraw %}.", "{{ title ",
    ),
)  # fmt: skip
