"""Findings as text and as JSON."""

from __future__ import annotations

import json
import os
import unicodedata
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmctl.document.finding import Finding, Severity
from pmctl.output.findings import FORMATS, Report, render
from pmctl.output.terminal import width_of
from tests.growth import assert_in_proportion

FIX = "write 2024-01-22"
ERROR = Finding("PM508", "'soon' is not a date", "postmortems/2024/a.md", 3, 5, Severity.ERROR, FIX, 3, 9)
SAID = "'should have been' describes what did not happen"
WARNING = Finding("PM701", SAID, "b c,d.md", 2, 11, Severity.WARNING, "", 2, 27)
HINT = Finding("PM201", "the required section 'Impact' is missing", "postmortems/2024/a.md", 0, 0, Severity.HINT)
NASTY = "a\x1b[31m red\u202e\nsecond: %0A::error::x <b>|`"
HOSTILE = Finding("PM801", NASTY, "x\x07.md", 1, 1, Severity.ERROR, "fix\r\n::stop")
ALL = (ERROR, WARNING, HINT, HOSTILE)
SOURCES = {
    "postmortems/2024/a.md": b"one\ntwo\n| x soon | y |\n",
    "b c,d.md": b"x\nThe limit should have been raised.\n",
}

NUMBERS = ("line", "column", "end_line", "end_column")
JSON_SHAPE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["schema", "checked", "counts", "findings"],
    "properties": {
        "schema": {"const": "pmctl/findings/v1"},
        "checked": {"type": "integer", "minimum": 0},
        "counts": {
            "type": "object",
            "additionalProperties": False,
            "required": ["error", "warning", "hint"],
            "properties": {name: {"type": "integer"} for name in ("error", "warning", "hint")},
        },
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["code", "severity", "message", "fix", "path", "commit", *NUMBERS],
                "properties": {
                    "code": {"type": "string", "pattern": "^[A-Z]{2}[0-9]{3}$"},
                    "severity": {"enum": ["error", "warning", "hint"]},
                    **{name: {"type": "string"} for name in ("message", "fix", "path", "commit")},
                    **{name: {"type": "integer", "minimum": 0} for name in NUMBERS},
                },
            },
        },
    },
}


def test_one_line_for_each_and_counts_last():
    assert render(Report((ERROR, WARNING, HINT), paths=("postmortems/2024/a.md", "clean.md"))) == (
        "postmortems/2024/a.md:3:5: error: PM508 'soon' is not a date (fix: write 2024-01-22)\n"
        "b c,d.md:2:11: warning: PM701 'should have been' describes what did not happen\n"
        "postmortems/2024/a.md:1:1: hint: PM201 the required section 'Impact' is missing\n"
        "1 error, 1 warning, 1 hint in 2 of 3 files\n"
    )


def test_nothing_found():
    assert render(Report((), paths=("a.md",))) == "1 file checked, no findings\n"
    assert render(Report((), paths=("a.md", "b.md"))) == "2 files checked, no findings\n"


def test_a_terminal_gets_the_line_and_a_caret():
    assert render(Report((ERROR, WARNING), sources=SOURCES, width=80)) == (
        "postmortems/2024/a.md:3:5: error: PM508 'soon' is not a date (fix: write 2024-01-22)\n"
        " 3 | | x soon | y |\n"
        "   |     ^^^^\n"
        "b c,d.md:2:11: warning: PM701 'should have been' describes what did not happen\n"
        " 2 | The limit should have been raised.\n"
        "   |           ^^^^^^^^^^^^^^^^\n"
        "1 error, 1 warning in 2 of 2 files\n"
    )


def test_colour_changes_nothing_but_colour():
    import re

    plain = render(Report(ALL, sources=SOURCES, width=80))
    coloured = render(Report(ALL, sources=SOURCES, width=80, color=True))
    assert coloured != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_wide_characters_and_tabs_keep_the_caret_in_place():
    finding = Finding("PM802", "x", "a.md", 1, 6, Severity.WARNING, "", 1, 15)
    text = render(Report((finding,), sources={"a.md": "日本\tyz last week".encode()}, width=60))
    line, caret = text.split("\n")[1:3]
    assert line == " 1 | 日本 yz last week"
    assert caret == "   |        ^^^^^^^^^"


def excerpt(line: str, first: int, last: int, width: int) -> tuple[str, str]:
    """The source line and the carets that a terminal of this width gets, for a finding in columns first to last."""
    finding = Finding("PM508", "x", "a.md", 1, first + 1, Severity.ERROR, "", 1, last + 1)
    shown, caret = render(Report((finding,), sources={"a.md": line.encode()}, width=width)).split("\n")[1:3]
    assert shown.startswith(" 1 | ") and caret.startswith("   | ")
    return shown[5:], caret[5:]


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("filling", ["a", "日", "e\u0301", "a日 "])
def test_a_long_line_is_cut_around_the_finding(filling: str, width: int):
    """Both ends are marked, nothing wraps, and the carets stand under what is meant, whatever its letters' width."""
    before = filling * 300
    shown, caret = excerpt(f"{before} soon {filling * 300}", len(before) + 1, len(before) + 5, width)
    assert width_of(shown) <= width - 6
    assert shown[0] == shown[-1] == "…"
    at = width_of(shown.partition(" soon ")[0]) + 1
    assert caret == " " * at + "^^^^"


def test_a_cut_uses_the_room_of_a_short_side():
    assert excerpt("soon " + "b" * 99, 0, 4, 40) == ("soon " + "b" * 28 + "…", "^^^^")
    assert excerpt("a" * 99 + " soon", 100, 104, 40) == ("…" + "a" * 28 + " soon", " " * 30 + "^^^^")
    shown, caret = excerpt("x" * 99, 0, 99, 40)
    assert (shown, caret) == ("x" * 33 + "…", "^" * 34)


def test_a_cut_takes_no_letter_from_its_marks():
    line = "👩\u200d👩 e\u0301" * 60 + " soon"
    shown, _ = excerpt(line, len(line) - 4, len(line), 40)
    assert "\\u" not in shown
    assert not unicodedata.combining(shown[1])


def test_syllables_in_parts_are_as_wide_as_whole_ones():
    whole = "한국어"
    assert width_of(unicodedata.normalize("NFD", whole)) == width_of(whole) == 6


@given(st.text(max_size=120), st.integers(0, 119), st.integers(1, 30), st.integers(30, 90))
def test_no_line_wraps(line: str, first: int, length: int, width: int):
    line = line.replace("\n", "")
    finding = Finding("PM508", "x", "a.md", 1, first + 1, Severity.ERROR, "", 1, first + 1 + length)
    lines = render(Report((finding,), sources=lambda path: line, width=width)).split("\n")
    if line.strip():
        assert width_of(lines[1]) < width and width_of(lines[2]) < width
        assert "^" in lines[2]


def test_many_findings_in_one_long_line_take_time_in_proportion():
    def made(count: int) -> Report:
        findings = [
            Finding("PM802", "x", "a.md", 1, n * 12 + 3, Severity.HINT, "", 1, n * 12 + 12) for n in range(0, count, 80)
        ]
        return Report(findings, sources={"a.md": ("日 last week " * count).encode()}, width=80)

    assert render(made(8_000)).count("^^^^^^^^^") == 100
    assert_in_proportion(render, made, 40_000)


def test_lines_are_counted_as_the_reader_counts_them():
    """By line feeds alone: a form feed or U+2028 in a text with CRLF begins no line."""
    text = "one\x0cstill\u2028one\r\ntwo\r\nthe third\r\n"
    finding = Finding("PM508", "x", "a.md", 3, 5, Severity.ERROR, "", 3, 10)
    shown = render(Report((finding,), sources={"a.md": text.encode()}, width=60)).split("\n")[1:3]
    assert shown == [" 3 | the third", "   |     ^^^^^"]


def test_lines_behind_a_private_key_are_the_right_ones():
    key = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"
    finding = Finding("PM508", "x", "a.md", 5, 5, Severity.ERROR, "", 5, 10)
    text = render(Report((finding,), sources={"a.md": f"one\n{key}\nthe fifth\n".encode()}, width=60))
    assert " 5 | the fifth\n" in text


def test_control_characters_never_reach_the_terminal():
    for width in (0, 80):
        text = render(Report((HOSTILE,), sources={"x\x07.md": b"\x1b]0;title\x07 red"}, width=width))
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text
        assert text.count("\n") == (4 if width else 2)


def test_the_source_line_never_shows_a_secret():
    secret = "ghp_" + "a1B2" * 9
    finding = Finding("PM901", "this looks like a secret", "a.md", 1, 5, Severity.ERROR, "", 1, 5 + len(secret))
    text = render(Report((finding,), sources={"a.md": f"key {secret}!".encode()}, width=90))
    assert secret not in text
    assert " 1 | key " + "*" * len(secret) + "!" in text


def test_lines_end_where_an_editor_ends_them():
    finding = Finding("PM802", "x", "a.md", 2, 1, Severity.HINT, "", 2, 5)
    text = render(Report((finding,), sources={"a.md": "one \u2028 \x0c more\r\nlast week\r\n".encode()}, width=60))
    assert text.split("\n")[1] == " 2 | last week"


@pytest.mark.parametrize("line", ["We should have done it.\n", "日", "x"])
def test_thousands_of_findings_in_a_large_file_take_time_in_proportion(line):
    def made(count):
        data = (line * (60 * count // len(line))).encode()
        lines = data.count(b"\n")
        findings = [
            Finding("PM701", "x", "a.md", n % lines + 1 if lines else 1, 4 if lines else n + 1, Severity.HINT, "")
            for n in range(count)
        ]
        return Report(findings, sources={"a.md": data}, width=100)

    text = render(made(1_000))
    assert text.count("^\n") == 1_000
    assert max(width_of(shown) for shown in text.split("\n")) <= 100
    assert_in_proportion(render, made, 2_500)


def test_a_line_that_is_not_there_is_not_shown():
    beyond = Finding("PM508", "x", "a.md", 99, 302, Severity.ERROR, "", 99, 306)
    assert render(Report((beyond,), sources={"a.md": b"one\n"}, width=60)).count("\n") == 2
    assert render(Report((beyond,), sources=lambda path: None, width=60)).count("\n") == 2


def test_json_holds_everything_and_fits_its_shape():
    data = json.loads(render(Report(ALL, paths=("clean.md",)), "json"))
    jsonschema.validate(data, JSON_SHAPE)
    assert data["counts"] == {"error": 2, "warning": 1, "hint": 1}
    assert data["checked"] == 4
    assert data["findings"][0] == {
        "code": "PM508",
        "severity": "error",
        "message": "'soon' is not a date",
        "fix": "write 2024-01-22",
        "path": "postmortems/2024/a.md",
        "line": 3,
        "column": 5,
        "end_line": 3,
        "end_column": 9,
        "commit": "",
    }


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_takes_anything_and_ends_with_a_newline(name):
    for findings in ((), ALL, (Finding("AU301", "no path"),)):
        text = render(Report(findings, paths=("clean.md",)), name)
        assert text.endswith("\n")
        assert "\x1b" not in text


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_takes_a_file_name_that_is_no_text(name):
    path = os.fsdecode(b"postmortems/2024/\xff \xc3\xbc.md")
    finding = Finding("PM802", f"like {path}", path, 1, 1, Severity.HINT)
    text = render(Report((finding,), paths=(path,), sources={path: b"x"}, width=80), name)
    assert text.encode("utf-8", "backslashreplace")
    if name == "sarif":
        result = json.loads(text)["runs"][0]["results"][0]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert unquote_to_bytes(uri) == os.fsencode(path)


def test_only_errors_fail():
    assert Report((ERROR,)).failed
    assert not Report((WARNING, HINT)).failed
