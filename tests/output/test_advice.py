"""Every advice that the source gives has its words and the values that they need, and every row is used."""

from __future__ import annotations

import ast
import re
import string
from collections import defaultdict
from pathlib import Path

import pytest

import pmctl
from pmctl.errors import Advice, advise, read_hint
from pmctl.output.advice import COMMANDS, WORDS, argv, in_words, with_fix, words
from pmctl.policy.act import ACTS

SOURCE = Path(pmctl.__file__).parent


def given() -> dict[str, set[frozenset[str]]]:
    """Advice by name -> the sets of values with which the source gives it."""
    found: dict[str, set[frozenset[str]]] = defaultdict(set)
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "advise":
                assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno}: name the advice in full"
                found[str(node.args[0].value)].add(frozenset(str(keyword.arg) for keyword in node.keywords))
    return found


def places(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def test_every_advice_has_words_and_the_values_that_they_need() -> None:
    assert given() == {name: {places(text)} for name, text in WORDS.items()}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_can_be_run_is_the_one_that_its_words_name(name: str) -> None:
    line = " ".join(COMMANDS[name])
    assert line in WORDS[name].replace("'", "")
    assert argv(advise(name, **dict.fromkeys(places(WORDS[name]), "x"))) == re.sub(r"{\w+}", "x", line).split()


def test_without_a_command_nothing_can_be_run() -> None:
    assert argv("edit it") == argv(advise("become-editor", people="jane", id="x", who="bob")) == []


def test_advice_becomes_words_wherever_it_stands() -> None:
    hint = advise("amend", id="2024-01-15-payment")
    assert words(hint) == "an admin can pmctl amend 2024-01-15-payment"
    assert words("edit it") == "edit it"
    assert with_fix("its text was changed", hint) == f"its text was changed (fix: {words(hint)})"
    assert with_fix("its text was changed", "") == "its text was changed"
    assert in_words({"rows": ({"fix": hint},), "count": 1}) == {"rows": [{"fix": words(hint)}], "count": 1}


def test_advice_survives_json() -> None:
    hint = Advice("amend", (("id", "x"),))
    assert read_hint(["amend", [["id", "x"]]]) == hint
    assert read_hint("edit it") == "edit it"


def test_braces_in_a_value_stay() -> None:
    assert words(advise("amend", id="{id} {0.__class__}")) == "an admin can pmctl amend {id} {0.__class__}"


def test_every_act_that_words_name_exists() -> None:
    assert {"submit", "approve", "amend"} <= ACTS.keys()
