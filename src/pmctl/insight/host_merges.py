"""What merges say that neither of their sides does. (repository, HEAD or a range) -> findings.

Hosts run no merge driver, and put lines together silently. Asked of merges only, and of the postmortems in them that
differ from every side: `git diff-tree -c` names these without reading a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pmctl import git
from pmctl.document.finding import Finding, Severity
from pmctl.document.merge_check import merge_faults
from pmctl.document.reader import Document, read
from pmctl.errors import UsageProblem, advise

_DOCUMENT = re.compile(r"postmortems/[0-9]{4}/[^/]+\.md")


def host_merge_findings(repo: git.Repository, reach: str = "") -> list[Finding]:
    """What is wrong with the merge at HEAD, or with the merges of a range A..B; warnings.

    Raises UsageProblem for what is no range, and EnvironmentProblem for unknown commits.
    """
    merges = _merges(repo, reach) if reach else ("HEAD",)
    return [one for merge in merges for one in _of_merge(repo, merge)]


def _merges(repo: git.Repository, reach: str) -> list[str]:
    first, dots, last = reach.partition("..")
    if not dots or not first or last.startswith("."):
        raise UsageProblem(f"--range {reach}: not of the form A..B", hint="give two commits: --range origin/main..HEAD")
    ends = git.resolve(repo.top, first), git.resolve(repo.top, last or "HEAD")
    return git.run(repo.top, "rev-list", "--merges", "--reverse", ends[1], f"^{ends[0]}").text.split()


def _of_merge(repo: git.Repository, merge: str) -> Iterator[Finding]:
    listed = git.run(repo.top, "rev-list", "--no-walk", "--parents", merge, "--", check=False).text.split()
    if len(listed) < 3:
        return
    commit, *parents = listed
    place = f":(literal,top){repo.prefix}postmortems"
    words = ("diff-tree", "-c", "-r", "-z", "--name-only", "--no-commit-id", "--no-renames", commit, "--", place)
    names = git.run(repo.top, *words, check=False).stdout.decode("utf-8", "surrogateescape")
    base = ""
    for name in filter(None, names.split("\0")):
        path = name.removeprefix(repo.prefix)
        if not _DOCUMENT.fullmatch(path):
            continue
        base = base or git.run(repo.top, "merge-base", *parents, check=False).text
        yield from _of_file(repo, path, commit, parents, base)


def _of_file(repo: git.Repository, path: str, commit: str, parents: list[str], base: str) -> Iterator[Finding]:
    result = _document(repo, commit, path)
    sides = [found for parent in parents if (found := _document(repo, parent, path)) is not None]
    if result is None or len(sides) < 2:
        return
    for fault in merge_faults(_document(repo, base, path) if base else None, sides, result):
        message = f"{fault.message} (merge {commit[:12]})"
        fix = advise("compare-merge", commit=commit[:12], path=path)
        yield Finding(fault.code, message, path, fault.line, 1, Severity.WARNING, fix)


def _document(repo: git.Repository, commit: str, path: str) -> Document | None:
    """A postmortem as it is in a commit; None when it is not there, or cannot be read in one right way."""
    found = git.run(repo.top, "cat-file", "blob", f"{commit}:{repo.prefix}{path}", check=False)
    doc = read(found.stdout, path) if found.code == 0 else None
    return doc if doc is not None and doc.readable else None
