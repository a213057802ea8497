"""Jinja of a repository's template: what it may do, and that nothing else gets through or runs long."""

from __future__ import annotations

import re

import pytest

from pmctl.codes import explain
from pmctl.errors import BadInput
from pmctl.workflow.template_engine import FILTERS, LISTS, MAX_BODY, VARIABLES, conditional_titles, expand, uses_jinja
from tests.growth import assert_in_proportion

VALUES: dict[str, str | list[str]] = {"title": "Outage", "services": ["api", "web"], "severity": "SEV1", "tags": []}


def run(body: str) -> str:
    return expand(body, VALUES, path="t.md", first_line=10)


def test_values_conditions_and_loops() -> None:
    body = "{{ title|upper }}\n{% for s in services %}\n- {{ loop.index }} {{ s }}\n{% else %}\nnone\n{% endfor %}\n"
    assert run(body) == "OUTAGE\n- 1 api\n- 2 web\n"
    assert run("{% if severity in ['SEV1'] and not tags %}yes{% endif %}") == "yes"
    assert run("{{ services }} {{ services|join(' / ') }} {{ author or 'nobody' }}") == "api, web api / web nobody"
    assert run("{% raw %}{{ x }}{% endraw %}") == "{{ x }}"
    assert run("{# a note #}{{ tags|first }}{{ tags|last|upper }}.") == "."


def test_only_marks_of_jinja_call_for_it() -> None:
    assert uses_jinja("{{ a") and uses_jinja("{% a")
    assert uses_jinja("a {# b\n #} c")
    assert not uses_jinja("{a} %} }} #} ## Heading {#anchor}")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("a\n{{ nope }}", 11),
        ("{{ title", 10),
        ("a\n\n{% if %}", 12),
        ("{{ ''.__class__.__mro__ }}", 10),
        ("{{ title.upper }}", 10),
        ("{{ title['upper'] }}", 10),
        ("{{ title() }}", 10),
        ("{{ title|attr('upper') }}", 10),
        ("{{ title|format(1) }}", 10),
        ("{% set x = 1 %}", 10),
        ("{% macro m() %}{% endmacro %}", 10),
        ("{% include '/etc/passwd' %}", 10),
        ("{% import 'x' as x %}", 10),
        ("{% extends 'x' %}", 10),
        ("{% for i in range(99999999) %}{% endfor %}", 10),
        ("{% for c in title %}{% endfor %}", 10),
        ("{% for s in services recursive %}{% endfor %}", 10),
        ("{{ 'a' * 999999999 }}", 10),
        ("{{ 9 ** 999999999 }}", 10),
        ("{{ self }}", 10),
        ("{% if '%999999999d' is odd %}{% endif %}", 10),
        ("{% if 7 is divisibleby 0 %}{% endif %}", 10),
        ("{% if title is sameas title %}{% endif %}", 10),
        ("{{ services[0] }}", 10),
        ("{{ {'a': 1} }}", 10),
        ("{{ title - 1 }}", 10),
        ("{{ loop }}", 10),
        ("{% for s in services %}{{ loop.__class__ }}{% endfor %}", 10),
        ("{% for s in services %}\n{{ loop }}{% endfor %}", 11),
        ("x\n{{ 1 + title }}", 11),
        ("{{ config }}{{ cycler }}{{ lipsum }}", 10),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", 10),
        ("{{ title|join(title)|join(title) }}", 10),
        ("x" * MAX_BODY + "{{ title }}", 10),
    ],
)
def test_everything_else_is_refused_at_its_line(body: str, line: int) -> None:
    with pytest.raises(BadInput) as caught:
        run(body)
    assert caught.value.message.startswith(f"t.md:{line}: ")


def test_everything_wrong_is_said_at_once_with_what_was_probably_meant() -> None:
    with pytest.raises(BadInput) as caught:
        run("{{ tilte }}\n{{ services|jion(',') }}\n{{ fields.cost }}{% include 'x' %}")
    assert (caught.value.message, *caught.value.details) == (
        "t.md:10: unknown variable 'tilte' (did you mean title?)",
        "t.md:11: filter 'jion' is not allowed (did you mean join?)",
        "t.md:12: fields.cost is not allowed: only loop has attributes",
        "t.md:12: {% include %} is not allowed in a template",
    )


def test_the_documentation_lists_what_is_allowed() -> None:
    text = explain("PM290").fix + explain("PM290").why
    assert [name for name in (*VARIABLES, *FILTERS, *LISTS) if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize(
    ("body", "titles"),
    [
        ("## A\n{% if title %}\n## B\n{% endif %}\n", {"b"}),
        ("{% if title %}\n## A\n## B\n{% elif id %}\n## A\n{% else %}\n## a ##\n{% endif %}\n", {"b"}),
        ("{% for s in services %}\n## A\n{% endfor %}\n## B\n", {"a"}),
        ("{% if title %}\n## A\n{% endif %}\n## A\n", set()),
    ],
)
def test_headings_that_only_some_branches_write(body: str, titles: set[str]) -> None:
    assert conditional_titles(body) == titles


def test_a_loop_that_would_take_minutes_is_refused() -> None:
    inner = "{% if title in title %}{% endif %}" * 500
    with pytest.raises(BadInput, match="too much"):
        run(f"{{% for a in services %}}{{% for b in tags %}}{inner}{{% endfor %}}{{% endfor %}}")


def test_the_largest_loops_end_soon() -> None:
    values: dict[str, str | list[str]] = {"services": ["x" * 5000] * 5000, "tags": ["y"] * 5000}

    def work(loops: str) -> None:
        assert expand(loops, values, path="t.md", first_line=1) == ""

    loop = "{% for a in services %}{% for b in tags %}{% endfor %}{% endfor %}"
    assert_in_proportion(work, lambda count: loop * count, 5)
    loud = "{% for a in services %}{% for b in services %}{{ a }}{% endfor %}{% endfor %}"
    with pytest.raises(BadInput, match="more than 1024 KiB"):
        expand(loud, values, path="t.md", first_line=1)
