"""What the audit would say of a push, before it is made. Refs about to be pushed -> reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pmctl import git
from pmctl.ledger.audit import audit
from pmctl.ledger.report import Report


class Pushed(NamedTuple):
    """One line of what git feeds to pre-push: names, and full ids (zeros where there is nothing)."""

    local_ref: str
    local: str
    remote_ref: str
    remote: str


def pushed_reports(repo: git.Repository, lines: Iterable[Pushed], branch: str) -> Iterator[tuple[str, bool, Report]]:
    """(remote ref, is it the protected branch, report) for every branch that gets commits.

    A branch is audited from where it left the protected one. What the remote has and this clone does not is not
    audited here; git asks to fetch first.
    """
    for line in lines:
        protected = line.remote_ref == f"refs/heads/{branch}"
        if not line.local.strip("0") or not line.remote_ref.startswith("refs/heads/"):
            continue
        base = line.remote if protected and line.remote.strip("0") else ""
        if base and git.run(repo.top, "cat-file", "-e", base + "^{commit}", check=False).code != 0:
            continue
        if not base and not protected:
            base = _fork_point(repo, line.local, branch)
        yield line.remote_ref, protected, audit(repo, tip=line.local, base=base or None)


def _fork_point(repo: git.Repository, tip: str, branch: str) -> str:
    for ref in (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"):
        found = git.run(repo.top, "merge-base", ref, tip, check=False)
        if found.code == 0 and found.text:
            return found.text
    return ""
