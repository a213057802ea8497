"""Where tokens come from: a variable, a file, a program of the team's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pmctl.errors import EnvironmentProblem, PmctlError, UsageProblem
from pmctl.services import secrets
from pmctl.services.secrets import from_environment

TOKEN = "s3cr3t-T0KEN-value"


def program(folder: Path, text: str) -> str:
    """A command that runs this Python text, with what it prints as the value."""
    file = folder / "tell me.py"
    file.write_text(text, encoding="utf-8")
    return f"{sys.executable} '{file}'"


def test_the_variable_comes_first(tmp_path: Path) -> None:
    command = program(tmp_path, "raise SystemExit(9)")
    assert from_environment({"A": f" {TOKEN}", "PMCTL_SECRET_COMMAND": command})("A") == f" {TOKEN}"


def test_a_file_may_be_a_link_and_loses_its_last_newline(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"two\nlines\r\n")
    (tmp_path / "link").symlink_to("real")
    assert from_environment({"A_FILE": str(tmp_path / "link")})("A") == "two\nlines"


def test_a_file_may_be_a_pipe() -> None:
    reading, writing = os.pipe()
    os.write(writing, TOKEN.encode())
    os.close(writing)
    assert from_environment({"A_FILE": f"/dev/fd/{reading}"})("A") == TOKEN
    os.close(reading)


def test_both_are_refused_without_showing_either(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="A and A_FILE are both set") as refused:
        from_environment({"A": TOKEN, "A_FILE": str(tmp_path)})("A")
    assert TOKEN not in str(refused.value)


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    for name in ("missing", ""):
        with pytest.raises(EnvironmentProblem, match=r"A_FILE: .* cannot be read"):
            from_environment({"A_FILE": str(tmp_path / name)})("A")
    (tmp_path / "large").write_bytes(b"x" * (secrets.LARGEST + 1))
    with pytest.raises(EnvironmentProblem, match="longer than 64 KB"):
        from_environment({"A_FILE": str(tmp_path / "large")})("A")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(EnvironmentProblem, match="not UTF-8"):
        from_environment({"A_FILE": str(tmp_path / "binary")})("A")


def test_the_program_gets_the_name_and_is_asked_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    text = f"import sys\nopen({str(log)!r}, 'a').write(sys.argv[1] + ';')\nprint('{TOKEN}-' + sys.argv[1])"
    value = from_environment({"PMCTL_SECRET_COMMAND": program(tmp_path, text)})
    assert (value("A"), value("B"), value("A")) == (f"{TOKEN}-A", f"{TOKEN}-B", f"{TOKEN}-A")
    assert log.read_text() == "A;B;"


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    text = "import sys\nprint('|'.join(sys.argv[1:]))"
    value = from_environment({"PMCTL_SECRET_COMMAND": f"{program(tmp_path, text)} $HOME ';' `id`"})
    assert value("A") == "$HOME|;|`id`|A"


@pytest.mark.parametrize("end", [0, 1])
def test_a_program_may_have_none(tmp_path: Path, end: int) -> None:
    assert from_environment({"PMCTL_SECRET_COMMAND": program(tmp_path, f"raise SystemExit({end})")})("A") == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"import sys\nprint('{TOKEN}', file=sys.stderr)\nraise SystemExit(2)", "ended with 2 for A"),
        (f"print('{TOKEN}')\nraise SystemExit(1)", "ended with 1 for A"),
        ("import sys\nsys.stdout.buffer.write(b'\\xff')", "not UTF-8"),
    ],
)
def test_a_program_that_fails_is_an_error_that_shows_nothing_of_it(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(EnvironmentProblem, match=said) as failed:
        from_environment({"PMCTL_SECRET_COMMAND": program(tmp_path, text)})("A")
    assert TOKEN not in f"{failed.value}{failed.value.hint}"


def test_a_program_that_never_ends_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "PATIENCE", 0.2)
    with pytest.raises(EnvironmentProblem, match="gave no answer"):
        from_environment({"PMCTL_SECRET_COMMAND": program(tmp_path, "import time\ntime.sleep(60)")})("A")


@pytest.mark.parametrize("command", ["/no/such/program", "'open"])
def test_a_command_that_is_none(command: str) -> None:
    with pytest.raises(PmctlError, match="PMCTL_SECRET_COMMAND"):
        from_environment({"PMCTL_SECRET_COMMAND": command})("A")


def test_nothing_is_set() -> None:
    assert from_environment({"A": "", "PMCTL_SECRET_COMMAND": " "})("A") == ""
