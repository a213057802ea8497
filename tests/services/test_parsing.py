"""Files that are empty, broken, hostile or too large."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pmctl.errors import BadInput
from pmctl.services import parsing
from pmctl.services.parsing import load_files, parse_all
from pmctl.services.registry import read_records

from .records import NOW


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "x.json: the file is empty"),
        (b" \n\t ", "x.json: the file is empty"),
        (b"\xef\xbb\xbf", "x.json: the file is empty"),
        (b'{"title": "a', "x.json:1:11: the JSON ends in the middle"),
        (b'{"incident": {"id": 1},\n', "x.json:2:1: the JSON ends in the middle"),
        (b'{"title": tru}', "x.json:1:11: not valid JSON"),
        (b'{"a": 1} {"b": 2}', "x.json:1:10: not valid JSON: there is more behind the end of the value"),
        (b'{"title": "\xff"}', "x.json: not UTF-8 text: byte 12"),
        (b'{"title": "a\x00"}', "NUL"),
        (b"<!DOCTYPE html><html>Sign in</html>", "HTML page"),
        (b"[" * 100_000, "nested more than 64 levels"),
        (b"[" * 70 + b"]" * 70, "nested more than 64 levels"),
        (b'{"n": ' + b"9" * 5000 + b"}", "too many digits"),
        (b"[" + b"0," * 2_000_001 + b"0]", "more than 2,000,000 values"),
    ],
)
def test_bad_files_are_one_clear_error(data: bytes, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_all("x.json", data)
    assert said in caught.value.message


def test_a_hundred_megabytes_are_refused_without_being_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "_decode", lambda *_: pytest.fail("parsed"))
    with pytest.raises(BadInput, match="100 MB is too large"):
        parse_all("big.json", bytes(100_000_000))


@pytest.mark.parametrize(
    "data",
    [
        b'{"title": "x"}',
        b'\xef\xbb\xbf{"title": "x"}',
        '{"title": "x"}'.encode("utf-16"),
        b'{"title": "first", "title": "x"}',
        b"title: x\n",
        b"# by hand\ntitle: 'x'\n",
    ],
)
def test_marks_encodings_duplicates_and_yaml_are_read(data: bytes) -> None:
    assert parse_all("record", data)[0].at("title").text == "x"


def test_nan_is_no_text_and_said() -> None:
    data = (
        b'{"source": "generic", "id": "A", "title": "x", "severity": NaN, "status": -Infinity, "started_at": Infinity}'
    )
    read = parse_all("x.json", data)[0]
    assert [read.at(key).text for key in ("severity", "status", "started_at")] == ["", "", ""]
    incident = read_records([("x.json", data)], now=NOW)
    assert "$.severity (nan): not a value for severity, left out" in incident.warnings
    assert any(warning.startswith("$.started_at ('inf'): not a time") for warning in incident.warnings)


@pytest.mark.parametrize(
    "text", ["a: &x [1]\nb: *x\n", "a: !!python/object:os.system {}\n", "a: [1\n", "a: 1\na: 2\n", "a\tb: [\n"]
)
def test_yaml_beyond_the_strict_subset_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_all("x.yaml", text.encode())
    assert caught.value.message.startswith("x.yaml:")


def test_files_are_loaded_by_name_and_from_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"{}")
    assert load_files([str(path), "-"], io.BytesIO(b"[]")) == [(str(path), b"{}"), ("standard input", b"[]")]


def test_a_missing_file_and_a_folder_are_clear_errors(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read: No such file"):
        load_files([str(tmp_path / "none.json")])
    with pytest.raises(BadInput, match="cannot be read"):
        load_files([str(tmp_path)])
    with pytest.raises(BadInput, match="standard input is not available"):
        load_files(["-"])
