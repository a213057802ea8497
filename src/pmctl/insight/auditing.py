"""An audit as a person or a CI job asks for it: which root is expected, and what changed since the last time.

The root comes from the command line, from PMCTL_TRUST_ROOT, or from what this user remembers of the clone, as ssh
remembers hosts; in CI, where nobody remembers, it has to be given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from pmctl import git
from pmctl.document.finding import Severity
from pmctl.errors import EnvironmentProblem, UsageProblem, advise
from pmctl.insight.ranges import ends_of
from pmctl.ledger import trust
from pmctl.ledger.audit import Progress, audit
from pmctl.ledger.report import AuditFinding, Report
from pmctl.ledger.snapshot import Snapshots
from pmctl.objects import CorruptObject, MissingObject
from pmctl.repository.branches import protection_problem
from pmctl.text import in_ascii

ROOT_VARIABLE = "PMCTL_TRUST_ROOT"
_ROOT_CHANGED = "AU106"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class Examined:
    """A report, where its root came from (a phrase for people), and what to tell beside it."""

    report: Report
    source: str
    notes: tuple[str, ...] = ()


def examine(
    repo: git.Repository,
    *,
    environ: Mapping[str, str],
    root: str = "",
    reach: str = "",
    head: str = "",
    accept: bool = False,
    progress: Progress | None = None,
) -> Examined:
    """Audit `repo` up to HEAD, or the range `reach` ("A..B").

    `root` is the digest from the command line, `head` the branch that the server's HEAD names, where only the caller
    knows it (in CI). `accept` remembers what is there now even when it contradicts what was seen before. Raises
    UsageProblem for a root or range that is none, and EnvironmentProblem in CI without a root.
    """
    given, source = _given_root(root, environ)
    base, tip = ends_of(reach) if reach else (None, "HEAD")
    seen = trust.recall(repo) or trust.recall(repo, _earlier_places(repo, tip))
    lost = trust.damaged(repo) if seen is None else ""
    expected = given or (seen.root if seen is not None and not accept else "")
    found = audit(repo, tip=tip, base=base, root=expected or None, progress=progress, seen=() if accept else None)
    report = _of_the_protected_branch(repo, found, head)
    if not source and expected:
        source = "remembered from an earlier audit of this clone"
    if reach:
        return Examined(report, source)
    examined = _compared(repo, report, seen, source, accept=accept)
    if lost:
        note = f"what was remembered of this clone cannot be read ({lost}): it counts as seen for the first time"
        examined = replace(examined, notes=(note, *examined.notes))
    return examined


def _earlier_places(repo: git.Repository, tip: str) -> tuple[str, ...]:
    """Where the pmctl root lay before it was moved, as records say: whoever audited it there has seen this one."""
    source = Snapshots(repo)
    with source.reader, suppress(MissingObject, CorruptObject, EnvironmentProblem):
        source.follow_moves(source.at(git.resolve(repo.top, tip)))
    return source.places[1:]


def in_ci(environ: Mapping[str, str]) -> bool:
    """Whether this runs in a CI job: the variable CI is set, as all the usual services do."""
    return environ.get("CI", "").lower() not in ("", "0", "false")


def _given_root(root: str, environ: Mapping[str, str]) -> tuple[str, str]:
    given, source = (root, "given with --root") if root else (environ.get(ROOT_VARIABLE, ""), f"from {ROOT_VARIABLE}")
    if given and not _DIGEST.match(given):
        raise UsageProblem(f"{given[:80]!r} is no trust root", hint=advise("a-root"))
    if not given and in_ci(environ):
        raise EnvironmentProblem(
            "in CI the trust root has to be given: a fresh clone remembers nothing",
            hint=f"set {ROOT_VARIABLE}=sha256:... in the job, from a place that the change under review can't alter",
        )
    return given, source if given else ""


def _of_the_protected_branch(repo: git.Repository, report: Report, head: str) -> Report:
    """The report, with what speaks against the branch that the policy at its tip protects."""
    if report.policy is None:
        return report
    branch = report.policy.branch
    problem = protection_problem(repo, branch)
    if head and head != branch:
        message = f"the policy protects {in_ascii(branch)}, but HEAD of the server is {in_ascii(head)}"
        problem = message, advise("policy-branch")
    if problem is None:
        return report
    return replace(report, findings=(AuditFinding("AU613", problem[0], hint=problem[1]), *report.findings))


def _compared(
    repo: git.Repository, report: Report, seen: trust.KnownRepository | None, source: str, *, accept: bool
) -> Examined:
    """Compare a whole audit with what this user saw before, and remember it when nothing contradicts that."""
    published, shared = _published(repo, report.policy.branch) if report.policy is not None else ("", False)
    # Branches come and go, and an old one has an old policy: only the protected branch is expected to grow.
    current = bool(published) and (published == report.tip or trust.is_part(repo, report.tip, published))
    view = replace(report, tip=published)
    if seen is not None and not accept:
        contradictions = trust.compare(repo, view, seen) if current else _other_root(report, seen)
        found = _new_findings(report, contradictions, shared)
        if found:
            note = "when you know why it changed: pmctl audit --accept remembers what is there now"
            return Examined(replace(report, findings=(*found, *report.findings)), source, (note,))
    if not current or _has_another_root(report):
        return Examined(report, source)
    notes = []
    if seen is None and not source and report.root:
        source = "seen for the first time; remembered for this clone"
        notes.append("compare the root with the one that pmctl init printed: what is first seen is only trusted")
    try:
        trust.remember(repo, view)
    except OSError as error:
        notes.append(f"the root could not be remembered: {error.strerror}")
    return Examined(report, source, tuple(notes))


def _new_findings(report: Report, found: tuple[AuditFinding, ...], shared: bool) -> tuple[AuditFinding, ...]:
    """The findings that the report does not have; warnings where only this clone has the branch."""
    return tuple(
        one if shared or one.code == _ROOT_CHANGED else replace(one, severity=Severity.WARNING)
        for one in found
        if not (one.code == _ROOT_CHANGED and _has_another_root(report))
    )


def _has_another_root(report: Report) -> bool:
    return any(finding.code == _ROOT_CHANGED for finding in report.findings)


def _other_root(report: Report, seen: trust.KnownRepository) -> tuple[AuditFinding, ...]:
    if not report.root or report.root == seen.root:
        return ()
    message = f"the first policy is {report.root}; until now it was {seen.root}"
    return (AuditFinding(_ROOT_CHANGED, message, hint="find out why before you trust anything in it"),)


def _published(repo: git.Repository, branch: str) -> tuple[str, bool]:
    """The commit that the protected branch is known to have, and whether others have it too."""
    for ref, shared in ((f"refs/remotes/origin/{branch}", True), (f"refs/heads/{branch}", False)):
        found = git.run(repo.top, "rev-parse", "--verify", "--quiet", "--end-of-options", ref, check=False)
        if found.code == 0 and found.text:
            return found.text, shared
    return "", False
