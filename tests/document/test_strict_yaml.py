"""The strict subset against what a full YAML parser makes of the same text."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.document import strict_yaml
from pmctl.document.strict_yaml import Node, load

PLAIN_TYPES = st.recursive(
    st.one_of(st.text(max_size=10), st.booleans(), st.none(), st.integers(-(10**17), 10**17)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(min_size=1, max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


def raw(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: raw(value) for key, value in node.value.items()}
    if isinstance(node.value, tuple):
        return [raw(item) for item in node.value]
    return node.raw


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab:-[]{}#&*!|>'\"%@`\n\r \t?,~12.\u00e9", max_size=40))
def test_whatever_is_accepted_reads_as_a_full_parser_reads_it(text: str) -> None:
    parsed = load(text)
    if parsed.problems:
        assert all(problem.line >= 1 and problem.column >= 1 for problem in parsed.problems)
        return
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar as text
    expected = yaml.load(text, loader)  # noqa: S506  # it builds texts, lists and dicts only
    assert (raw(parsed.node) if parsed.node else None) == expected


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.text(min_size=1, max_size=8), PLAIN_TYPES, max_size=5),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_nodes_point_at_their_text(value: dict[str, Any], flow: bool, newline: str) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True, width=1000).replace("\n", newline)
    parsed = load(text, first_line=7, base=100)
    if parsed.problems or parsed.node is None:
        return

    def visit(node: Node) -> None:
        lines = text[: node.start - 100].split(newline)
        assert (node.line, node.column) == (len(lines) + 6, len(lines[-1]) + 1)
        source = text[node.start - 100 : node.end - 100]
        if isinstance(node.value, dict):
            for child in node.value.values():
                assert node.start <= child.key_start < child.start <= child.end <= node.end
                visit(child)
        elif isinstance(node.value, tuple):
            for child in node.value:
                visit(child)
        elif not node.quoted:
            assert source.split() == node.raw.split()

    visit(parsed.node)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("1.50", 1.5),
        ("True", "True"),
        ("yes", "yes"),
        ("on", "on"),
        ("012", "012"),
        ("0o17", "0o17"),
        ("0x1f", "0x1f"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("1e5", "1e5"),
        (".inf", ".inf"),
        ("+1", "+1"),
        ("-0", "-0"),
        ("9" * 30, "9" * 30),
        ("2024-01-15", "2024-01-15"),
        ("2024-01-15T14:00:00Z", "2024-01-15T14:00:00Z"),
        ("'true'", "true"),
        ('"12"', "12"),
    ],
)
def test_scalars_are_typed_without_guessing(text: str, value: object) -> None:
    parsed = load(f"key: {text}\n")
    assert parsed.problems == ()
    assert parsed.node is not None
    read_back = parsed.node.plain()["key"]
    assert (type(read_back), read_back) == (type(value), value)


def test_an_alias_bomb_is_refused_at_once() -> None:
    text = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)
    )
    assert {problem.code for problem in load(text).problems} == {"PM023"}


def test_duplicate_keys_name_both_lines() -> None:
    (problem,) = load("a: 1\nb:\n  c: 1\n  c: 2\n").problems
    assert (problem.code, problem.line, problem.column) == ("PM022", 4, 3)
    assert "line 3" in problem.message


def test_a_whole_file_may_begin_with_a_marker() -> None:
    assert load("---\na: 1\n", document_start=True).problems == ()
    assert [problem.code for problem in load("---\na: 1\n").problems] == ["PM027"]


def test_without_libyaml_the_pure_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'a: [x, "é😀", {b: 1}]  # c\nlist:\n  - one\n  - two\n\n# end\ntext: |\n  lines\n'
    fast = load(text)
    monkeypatch.setattr("pmctl.document.strict_yaml._LOADER", yaml.SafeLoader)
    slow = load(text)
    assert fast.node is not None
    assert slow.node is not None
    assert slow.node.plain() == fast.node.plain()


@given(st.text("a\r\n", max_size=20))
def test_line_starts_and_positions_agree(text: str) -> None:
    starts = strict_yaml.line_starts(text)
    for offset in range(len(text) + 1):
        line, column = strict_yaml.position(text, offset)
        inside = offset > 0 and text[offset - 1 : offset + 1] == "\r\n"  # between the two nothing can be
        assert inside or starts[line - 1] == offset - column + 1
