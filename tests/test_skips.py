"""A skip for a reason that nobody listed fails the run that asks for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.skips import ALLOWED, NO_CORPUS, unlisted

HOOKS = """
from tests.skips import pytest_collectreport, pytest_runtest_logreport, pytest_sessionfinish, pytest_terminal_summary
"""


def test_only_reasons_that_are_not_listed_count() -> None:
    assert unlisted([NO_CORPUS, "no browser", "no browser", *ALLOWED]) == ["no browser"]


@pytest.mark.parametrize(
    ("reason", "mode", "workers", "code"),
    [("no browser", "listed", 1, 1), (NO_CORPUS, "listed", 0, 0), ("no browser", "", 0, 0)],
)
def test_the_run_fails_for_a_reason_that_is_not_listed(
    tmp_path: Path, reason: str, mode: str, workers: int, code: int
) -> None:
    (tmp_path / "conftest.py").write_text(HOOKS)
    (tmp_path / "test_one.py").write_text(
        f"import pytest\n\n\ndef test_skips():\n    pytest.skip({reason!r})\n\n\ndef test_passes():\n    assert 1\n"
    )
    top = str(Path(__file__).parents[1])
    environment = os.environ | {"PMCTL_SKIPS": mode, "PYTHONPATH": top, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    plugins = ["-p", "no:cacheprovider", "-p", "xdist"]
    command = [sys.executable, "-m", "pytest", "-q", *plugins, "-n", str(workers), str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert ("does not list" in done.stdout) == bool(code)
