"""Jinja in a template's body, as far as a template needs it: values, conditions and loops over the incident's lists.

A repository's template is somebody else's program, so the language is closed twice: Jinja's immutable
sandbox runs it, and before that every construct that could grow without bounds or reach beyond the given
variables is refused by its syntax. What is left ends after a number of steps that the sizes below bound.
Values come out as Markdown that shows as written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NoReturn

from pmctl.errors import BadInput
from pmctl.workflow.markdown_text import inline

if TYPE_CHECKING:
    from jinja2 import nodes

VARIABLES = (
    "id", "title", "date", "author", "severity", "urgency", "services", "teams", "tags", "participants",
    "incidents", "started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at", "duration",
)  # fmt: skip
LISTS = ("services", "teams", "tags", "participants", "incidents")
FILTERS = ("capitalize", "count", "default", "first", "join", "last", "length", "lower", "title", "trim", "upper")
MAX_BODY = 256 * 1024
MAX_OUTPUT = 1024 * 1024
MAX_ITEMS = 200
MAX_VALUE = 2000
MAX_LOOPS = 20
_HINT = f"a template may use {{{{ }}}}, {{% if %}} and {{% for %}} with {', '.join(VARIABLES)}"


def uses_jinja(body: str) -> bool:
    """Whether there is anything to expand; Jinja is imported only then."""
    return "{{" in body or "{%" in body


def expand(body: str, values: Mapping[str, str | list[str]], *, path: str, first_line: int) -> str:
    """`body` with its Jinja carried out over `values` (those of VARIABLES; a missing one is empty).

    Raises BadInput with `path:line` for anything that is wrong or not allowed, and when the result is larger
    than MAX_OUTPUT characters. `first_line` is the line of the body in its file.
    """
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(line: int, message: str) -> NoReturn:
        raise BadInput(f"{path}:{first_line + max(line, 1) - 1}: {message}", hint=_HINT)

    def shown(value: object) -> str:
        if isinstance(value, (list, tuple)):
            return ", ".join(inline(str(item)) for item in value)
        if isinstance(value, (str, int, float)):
            return inline(str(value))
        raise ValueError(f"a value is not text or a number, but {type(value).__name__}")

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, finalize=shown, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, autoescape=False,
    )  # fmt: skip
    known = {name: _limited(values.get(name, [] if name in LISTS else "")) for name in VARIABLES}
    environment.globals.clear()
    if len(body) > MAX_BODY:
        refuse(1, f"a template with Jinja may be {MAX_BODY // 1024} KiB at most")
    try:
        for line, message in _refusals(environment.parse(body)):
            refuse(line, message)
        size = 0
        parts: list[str] = []
        for part in environment.from_string(body).generate(known):
            size += len(part)
            if size > MAX_OUTPUT:
                refuse(1, f"the template makes more than {MAX_OUTPUT // 1024} KiB of text")
            parts.append(part)
    except TemplateError as error:
        refuse(getattr(error, "lineno", None) or _line_of(error), str(error.message or error))
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        refuse(_line_of(error), str(error) or type(error).__name__)
    return "".join(parts)


def _limited(value: str | list[str]) -> str | list[str]:
    return [item[:MAX_VALUE] for item in value[:MAX_ITEMS]] if isinstance(value, list) else value[:MAX_VALUE]


def _line_of(error: BaseException) -> int:
    """The template's line that an error of a running template comes from (Jinja maps its frames back)."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _refusals(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    """Line and reason of every construct that is not in the closed language."""
    from jinja2 import nodes

    allowed = (
        nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name, nodes.Const,
        nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
        nodes.CondExpr, nodes.Concat, nodes.Add, nodes.Sub, nodes.Getattr, nodes.List, nodes.Tuple,
    )  # fmt: skip
    loops = 0

    def walk(node: nodes.Node, names: frozenset[str], depth: int) -> Iterator[tuple[int, str]]:
        nonlocal loops
        inner, inside = names, depth
        if not isinstance(node, allowed):
            yield node.lineno, f"{type(node).__name__.lower()} is not allowed in a template"
            return
        if isinstance(node, nodes.Name) and node.name not in names:
            yield node.lineno, f"unknown variable {node.name!r}"
        elif isinstance(node, nodes.Getattr) and not (
            isinstance(node.node, nodes.Name) and node.node.name == "loop" and not node.attr.startswith("_")
        ):
            yield node.lineno, "only loop.index and its like have attributes"
        elif isinstance(node, nodes.Filter):
            if node.name not in FILTERS:
                yield node.lineno, f"filter {node.name!r} is not allowed; these are: {', '.join(FILTERS)}"
            if node.name == "join" and not isinstance(node.node, nodes.Name):
                yield node.lineno, "join goes directly on a variable"
        elif isinstance(node, nodes.For):
            loops += 1
            if not isinstance(node.iter, nodes.Name) or node.iter.name not in LISTS or node.recursive:
                yield node.lineno, f"a loop goes over one of {', '.join(LISTS)}"
            if not isinstance(node.target, nodes.Name):
                yield node.lineno, "a loop has one variable"
            else:
                inner = names | {node.target.name, "loop"}
            if depth >= 2 or loops > MAX_LOOPS:
                yield node.lineno, f"at most two loops in each other, and {MAX_LOOPS} in all"
            inside = depth + 1
        for child in node.iter_child_nodes():
            yield from walk(child, inner, inside)

    yield from walk(tree, frozenset(VARIABLES), 0)
