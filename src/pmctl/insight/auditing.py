"""An audit as a person or a CI job asks for it: which root is expected, and what changed since the last time.

The root comes from the command line, from PMCTL_TRUST_ROOT, or from what this user remembers of the clone, as ssh
remembers hosts; in CI, where nobody remembers, it has to be given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pmctl import git
from pmctl.document.finding import Severity
from pmctl.errors import EnvironmentProblem, UsageProblem, advise
from pmctl.ledger import trust
from pmctl.ledger.audit import Progress, audit
from pmctl.ledger.history import descendants
from pmctl.ledger.report import AuditFinding, Report
from pmctl.ledger.store import Store
from pmctl.object_reader import ObjectReader
from pmctl.objects import CorruptObject, MissingObject

ROOT_VARIABLE = "PMCTL_TRUST_ROOT"
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
    branch: str,
    environ: Mapping[str, str],
    root: str = "",
    reach: str = "",
    accept: bool = False,
    progress: Progress | None = None,
) -> Examined:
    """Audit `repo` up to HEAD, or the range `reach` ("A..B").

    `branch` is the protected branch, `root` the digest from the command line. `accept` remembers what is there
    now even when it contradicts what was seen before. Raises UsageProblem for a root or range that is none, and
    EnvironmentProblem in CI without a root.
    """
    given, source = _given_root(root, environ)
    base, tip = _range(reach)
    seen = trust.recall(repo)
    expected = given or (seen.root if seen is not None and not accept else "")
    report = audit(repo, tip=tip, base=base, root=expected or None, progress=progress)
    if not source and expected:
        source = "remembered from an earlier audit of this clone"
    if reach:
        return Examined(report, source)
    return _compared(repo, report, seen, source, branch, accept=accept)


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


def _range(reach: str) -> tuple[str | None, str]:
    if not reach:
        return None, "HEAD"
    base, dots, tip = reach.partition("..")
    if not dots or not base or tip.startswith("."):
        raise UsageProblem(f"--range {reach}: not a range", hint="write it as BASE..TIP, for example origin/main..HEAD")
    return base, tip or "HEAD"


def _compared(
    repo: git.Repository, report: Report, seen: trust.KnownRepository | None, source: str, branch: str, *, accept: bool
) -> Examined:
    """Hold a whole audit against what this user saw before, and remember it when nothing speaks against it."""
    published, shared = _published(repo, branch)
    # Branches come and go, and an old one has an old policy: only the protected branch is expected to grow.
    current = bool(published) and (published == report.tip or _holds(repo, report.tip, published))
    notes: list[str] = []
    found: tuple[AuditFinding, ...] = ()
    if seen is not None and not accept:
        known = {finding.code for finding in report.findings}
        view = replace(report, tip=published)
        found = tuple(
            one if shared or one.code == "AU106" else replace(one, severity=Severity.WARNING)
            for one in (trust.compare(repo, view, seen) if current else _other_root(report, seen))
            if not (one.code == "AU106" and "AU106" in known)
        )
    whole = replace(report, findings=(*found, *report.findings))
    if found:
        notes.append("when you know why it changed: pmctl audit --accept remembers what is there now")
    elif current and not any(finding.code == "AU106" for finding in report.findings):
        if seen is None and not source and report.root:
            source = "seen for the first time; remembered for this clone"
            notes.append("compare the root with the one that pmctl init printed: what is first seen is only trusted")
        try:
            trust.remember(repo, replace(report, tip=published))
        except OSError as error:
            notes.append(f"the root could not be remembered: {error.strerror}")
    return Examined(whole, source, tuple(notes))


def _other_root(report: Report, seen: trust.KnownRepository) -> tuple[AuditFinding, ...]:
    if not report.root or report.root == seen.root:
        return ()
    message = f"the first policy is {report.root}; until now it was {seen.root}"
    return (AuditFinding("AU106", message, hint="find out why before you trust anything in it"),)


def _holds(repo: git.Repository, tip: str, commit: str) -> bool:
    """Whether `commit` is in the history of `tip`, read without the repository's replace refs and grafts."""
    with ObjectReader(repo.common_dir) as reader:
        try:
            return bool(descendants(Store(reader), tip, commit))
        except (MissingObject, CorruptObject):
            return False


def _published(repo: git.Repository, branch: str) -> tuple[str, bool]:
    """The commit that the protected branch is known to have, and whether others have it too."""
    for ref, shared in ((f"refs/remotes/origin/{branch}", True), (f"refs/heads/{branch}", False)):
        found = git.run(repo.top, "rev-parse", "--verify", "--quiet", "--end-of-options", ref, check=False)
        if found.code == 0 and found.text:
            return found.text, shared
    return "", False
