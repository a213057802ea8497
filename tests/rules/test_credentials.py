"""Credentials in a text: found wherever the body begins, and taken out without moving a line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.rules.credentials import assigned, private_keys, redact, tokens

PIECES = (
    "---\ntitle: x\n---\n", "Authorization: Bearer abcDEF0123456789abcDEF0123456789\n", "bearer", "Basic", "basic ",
    "dXNlcjpwYXNzd29yZA==", " ", "\n", "'", "ghp_" + "a1" * 18, "password=", "Tr0ub4dor3x", "İ",
    "https://jane:s3cr3tpass@db.example.com/", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n",
    "-----END RSA PRIVATE KEY-----\n", "curl -u jane:", "AKIA" + "Z7" * 8, "x",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_tokens_are_the_same_wherever_the_body_begins(text: str) -> None:
    starts = [number + 1 for number, character in enumerate(text) if character == "\n"]
    for body in starts:
        assert list(tokens(text, body)) == list(tokens(text))


@given(st.lists(st.sampled_from([*PIECES, "password=Tr0ub4dor3x"]), max_size=12).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_what_is_redacted_keeps_its_lines_and_nothing_is_left(text: str) -> None:
    shown = redact(text)
    assert [len(line) for line in shown.split("\n")] == [len(line) for line in text.split("\n")]
    assert not list(tokens(shown))
    assert "=Tr0ub4dor3x" not in shown


def test_values_are_found_by_the_name_that_they_are_given_to() -> None:
    text = "DB_PASSWORD = 'Tr0ub4dor3x' and mysql -pTr0ub4dor3y"
    assert [(name, text[start:end]) for name, start, end in assigned(text)] == [
        ("DB_PASSWORD", "Tr0ub4dor3x"), ("-p", "Tr0ub4dor3y"),
    ]  # fmt: skip
    assert [name for name, _, _ in assigned(text, commands=False)] == ["DB_PASSWORD"]
    assert [name for name, _, _ in assigned(text, names=False)] == ["-p"]


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----", [(0, 27, 55)]),
        ("-----BEGIN PRIVATE KEY-----\nx", [(0, 27, 27)]),
        ("-----BEGIN PRIVATE KEY----- -----BEGIN EC PRIVATE KEY-----", [(0, 27, 27), (28, 58, 58)]),
        ("-----END PRIVATE KEY-----", []),
    ],
)
def test_a_private_key_ends_where_it_says(text: str, ends: list[tuple[int, int, int]]) -> None:
    assert list(private_keys(text)) == ends
