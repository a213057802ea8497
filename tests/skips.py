"""The reasons for which a test may be skipped where everything that the tests need is installed, and why.

With PMCTL_SKIPS=listed, as `.ci/run` sets it, any other reason fails the run: a missing browser, an extra that was
not installed and a fixture that went away would otherwise turn tests off without anybody seeing it.
"""

from __future__ import annotations

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
    "this system has no /dev/full": "macOS has none",
}


def unlisted(reasons: list[str]) -> list[str]:
    """The reasons that are not allowed, sorted, each once."""
    return sorted({reason for reason in reasons if reason not in ALLOWED})
