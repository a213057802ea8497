"""Streams that are closed or full, and limits of the machine: the exit code still tells the truth."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.play import FILE, Play

At = Callable[[str], Play]
PMCTL = f"{sys.executable} -m pmctl"  # a process of its own: what it inherits is the point

full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")


def test_closed_standard_output_is_an_error_and_nothing_is_done(play: At) -> None:
    team = play("team")
    before = team.snapshot()
    for line in (f"{PMCTL} validate >&-", f'{PMCTL} new "Payments failed" >&-'):
        done = team.run("jane", line)
        assert (done.returncode, done.stdout) == (2, ""), line
        assert "error: standard output is closed" in done.stderr and "hint:" in done.stderr
    assert team.run("jane", f"{PMCTL} validate >&- 2>&-").returncode == 2
    assert team.snapshot() == before


def test_closed_standard_error_sends_no_error_to_standard_output(play: At) -> None:
    team = play("team")
    done = team.run("jane", f"{PMCTL} show nothing-like-it 2>&-")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")
    assert team.run("jane", f"{PMCTL} validate <&- 2>&-").stdout == "0 files checked, no findings\n"


@full
def test_full_standard_output(play: At) -> None:
    draft = play("draft")
    for words in (f"validate {FILE}", "validate --format json", "explain PM701", "--version"):
        done = draft.run("jane", f"{PMCTL} {words} > /dev/full")
        assert done.returncode == 2, words
        assert "No space left" in done.stderr and "Traceback" not in done.stderr


@full
def test_full_standard_error(play: At) -> None:
    draft = play("draft")
    for words in ("show nothing-like-it", "nonsense", "validate --nonsense"):
        assert draft.run("jane", f"{PMCTL} {words} 2> /dev/full").returncode == 2, words
    assert draft.run("jane", f"{PMCTL} list 2> /dev/full").returncode == 0


def test_a_parent_that_ignores_the_end_of_its_children(play: At) -> None:
    """The exit code of git is lost then, and pmctl would take every failure of git for success."""
    draft = play("draft")
    start = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    line = f'{sys.executable} -c "{start}" {PMCTL}'
    done = draft.run("jane", f"{line} -C .. list")
    assert done.returncode == 2 and "is not inside a git repository" in done.stderr, done.stderr
    assert draft.run("jane", f"{line} validate").returncode == draft.run("jane", f"{PMCTL} validate").returncode


def test_too_few_open_files(play: At) -> None:
    done = play("draft").run("jane", f"ulimit -n 7; exec {PMCTL} validate")
    assert done.returncode != 0 and done.stdout == ""
    if "error: Too many open files" in done.stderr:  # else the interpreter itself could not start
        assert "hint: allow more open files: ulimit -n" in done.stderr
