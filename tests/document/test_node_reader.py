"""Typed values from YAML nodes: what fits is returned, what does not is one finding, and the default counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pmctl.document import strict_yaml
from pmctl.document.node_reader import NodeReader
from pmctl.document.strict_yaml import Node


def member(text: str) -> Node:
    """The value of the only key of a mapping."""
    node = strict_yaml.load(f"key: {text}\n").node
    assert node is not None and isinstance(node.value, dict)
    return node.value["key"]


def said(reader: NodeReader) -> list[str]:
    return [finding.message for finding in reader.findings]


def test_what_fits_is_read_without_a_finding() -> None:
    reader = NodeReader("a.yaml", "PM190")
    assert reader.text(member("words"), "x") == "words"
    assert reader.texts(member("[a, b]"), "x") == ("a", "b")
    assert reader.number(member("7"), "x", 1, 1, 9) == 7
    assert reader.flag(member("true"), "x") is True
    assert (
        reader.choice(member("off"), "x", ("on", "off")) == reader.choice(member("false"), "x", ("on", "off")) == "off"
    )
    assert reader.matching(member("ab"), "x", "[ab]+", "letters") == "ab"
    assert reader.duration(member("2 Weeks"), "x", timedelta()) == timedelta(weeks=2)
    assert reader.duration(member("1h"), "x", timedelta()) == timedelta(hours=1)
    assert set(reader.mapping(member("{a: 1, b: 2}"), "x", ("a", "b"))) == {"a", "b"}
    assert not reader.failed


def test_what_does_not_fit_is_a_finding_and_the_default_counts() -> None:
    reader = NodeReader("a.yaml", "PM190", "PM191")
    assert reader.text(member("7"), "x", "usual") == "usual"
    assert reader.texts(member("[a, 7]"), "x") == ("a",)
    assert reader.items(member("a"), "x") == ()
    assert reader.number(member("true"), "x", 1) == 1
    assert reader.number(member("10"), "x", 1, 1, 9) == 1
    assert reader.flag(member("no"), "x", True) is True
    assert reader.choice(member("ON"), "x", ("on", "off"), "off") == "off"
    assert reader.duration(member("soon"), "x", timedelta(1)) == timedelta(1)
    assert reader.mapping(member("[a]"), "x") == {}
    assert list(reader.mapping(member("{a: 1, teh: 2}"), "x", ("a", "the"))) == ["a"]
    assert len(reader.findings) == 10
    assert reader.findings[6].fix == "did you mean on?"
    last = reader.findings[-1]
    assert (last.code, last.column, last.message, last.fix) == (
        "PM191",
        13,
        "unknown key 'teh' in x",
        "did you mean the?",
    )


@pytest.mark.parametrize("text", ["", "null"])
def test_a_key_without_a_value_counts_as_absent_only_where_it_may(text: str) -> None:
    forgiving = NodeReader("a.yaml", "PM190", blank_is_absent=True)
    assert forgiving.choice(member(text), "x", ("a",), "a") == "a"
    assert forgiving.number(member(text), "x", 1) == 1
    assert forgiving.findings == []
    strict = NodeReader("a.yaml", "PM190")
    assert strict.choice(member(text), "x", ("a",), "a") == "a"
    assert strict.items(member(text), "x") == ()
    assert said(strict) == ["x must be one of a", "x must be a list"]


def test_a_single_value_counts_as_a_list_only_where_it_may() -> None:
    assert NodeReader("a.yaml", "PM190", lists_of_one=True).texts(member("one"), "x") == ("one",)
    reader = NodeReader("a.yaml", "PM190", lists_of_one=True)
    assert reader.texts(member("{a: b}"), "x") == ()
    assert said(reader) == ["x must be a list"]


def test_readers_of_several_codes_share_their_findings() -> None:
    reader = NodeReader("a.yaml", "PM283")
    reader.coded("PM288").flag(member("7"), "second")
    reader.add(None, "first")
    assert [(finding.code, finding.message) for finding in reader.sorted()] == [
        ("PM283", "first"),
        ("PM288", "second must be true or false"),
    ]


def test_a_key_that_looks_like_another_shows_what_it_is() -> None:
    node = strict_yaml.load("\u0430dmins: [jane]\n").node
    reader = NodeReader("a.yaml", "AU104")
    reader.mapping(node, "the policy", ("admins",))
    assert said(reader) == ["unknown key '\\u0430dmins' in the policy"]
