"""The reasons for which a test may be skipped where everything that the tests need is installed, and why.

With PMCTL_SKIPS=listed, as `.ci/run` sets it, any other reason fails the run: a missing browser, an extra that was
not installed and a fixture that went away would otherwise turn tests off without anybody seeing it. The hooks of
pytest that see to it stand here too, where they load nothing of pmctl's.
"""

from __future__ import annotations

import os

import pytest

NO_CORPUS = "PMCTL_CORPUS is not set: no folder of real postmortems and incident records"
NO_MKDOCS = "mkdocs is not installed"
NO_HUGO = "hugo is not installed"

# Not allowed: pages must have been seen in a browser where the run is to count.
NO_CHROMIUM = "no Chromium on this machine"

ALLOWED = {
    NO_CORPUS: "the corpus is other people's text and not part of the repository",
    "root may read everything": "the permission bits that the test sets mean nothing to root",
    "nothing is read-only for root": "the permission bits that the test sets mean nothing to root",
    "installs packages; set PMCTL_NETWORK=1 to try it": "the test run itself stays off the network",
    "PMCTL_JUNIT_SCHEMAS names no copies of JUnit schemas": "no package ships them under a free licence",
    "this git makes no sha256 repositories": "git older than 2.42 calls them an experiment and may lack them",
    "groff is not installed": "the page is compared as text in any case; groff only reads it",
    "this system has no /dev/full": "macOS has none",
}


def unlisted(reasons: list[str]) -> list[str]:
    """The reasons that are not allowed, sorted, each once."""
    return sorted({reason for reason in reasons if reason not in ALLOWED})


_SKIPPED: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note why a test was skipped."""
    _note_skip(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note why a whole module was skipped."""
    _note_skip(report)


def _note_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and isinstance(report.longrepr, tuple):
        _SKIPPED.append(report.longrepr[2].removeprefix("Skipped: "))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run in which something was skipped for a reason that nobody listed."""
    if os.environ.get("PMCTL_SKIPS") == "listed" and unlisted(_SKIPPED) and exitstatus == 0:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which reasons are not in tests/skips.py."""
    if os.environ.get("PMCTL_SKIPS") == "listed":
        for reason in unlisted(_SKIPPED):
            terminalreporter.write_line(f"skipped for a reason that tests/skips.py does not list: {reason}", red=True)
