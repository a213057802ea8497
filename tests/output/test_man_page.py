"""The manual page: up to date, complete, and roff that nothing complains about."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pmctl.cli.command_tree import commands
from pmctl.output.man_page import _line, man_page

PAGE = Path(__file__).parents[2] / "docs/man/pmctl.1"


def test_the_page_is_up_to_date() -> None:
    """After a change: python -m tests.output.test_man_page"""
    assert PAGE.read_text(encoding="utf-8") == man_page(commands())


def test_every_command_and_option_is_in_it() -> None:
    page = man_page(commands())
    for command in commands().commands:
        assert f'.SS "pmctl {command.path}"' in page
        for one in command.parameters:
            for name in one.names:
                assert name.replace("-", r"\-") in page


def test_text_is_no_request() -> None:
    assert _line(".pmctl/site and `a-b` and \\n") == r"\&.pmctl/site and \fBa\-b\fR and \en"
    assert _line("'quoted'") == r"\&'quoted'"


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_groff_reads_it_without_a_warning() -> None:
    command = ["groff", "-man", "-Tutf8", "-ww", "-Kutf8", str(PAGE)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"pmctl approve" in done.stdout or b"approve" in done.stdout


if __name__ == "__main__":
    PAGE.write_text(man_page(commands()), encoding="utf-8")
