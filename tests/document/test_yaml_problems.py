"""What a parser says of broken YAML and JSON reaches people in plain words."""

from __future__ import annotations

import json

import pytest

from pmctl.document.reader import read
from pmctl.text import json_problem

PARSERS = ("while parsing", "did not find", "context", "token", "node content", "Expecting", "delimiter", "Extra data")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("tags: [a, b", "a comma or the closing ] is missing"),
        ("fields: {a: 1", "a comma or the closing } is missing"),
        ("title: a: b", "a colon stands where none may"),
        ("title: @jane", "no value begins with the character here"),
        ("title: 'open", "quotes are opened and not closed"),
        ('title: "a\\q"', "what follows the backslash is no character that YAML knows"),
        ("word\ntitle: x", "a colon is missing behind the key"),
    ],
)
def test_yaml(line: str, words: str) -> None:
    document = read(f"---\nid: 2024-01-15-x\n{line}\n---\n\n## Summary\n".encode(), "x.md")
    message = document.problems[0].message
    assert message == f"not readable as YAML: {words}"
    assert document.problems[0].fix


@pytest.mark.parametrize(
    "text", ["", "{", '{"a": }', "{a: 1}", '{"a" 1}', "[1 2]", "[1,]", "1 2", '"a\nb"', '"\\q"', '"a']
)
def test_json(text: str) -> None:
    with pytest.raises(json.JSONDecodeError) as raised:
        json.loads(text)
    words = json_problem(raised.value.msg)
    assert words != raised.value.msg and not any(part in words for part in PARSERS)
