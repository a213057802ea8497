"""What is missing or wrong on this machine and in this repository, each with its fix."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pmctl import git
from pmctl.document.finding import Severity
from pmctl.errors import EnvironmentProblem, Hint, PmctlError, advise
from pmctl.ledger.traces import traces
from pmctl.policy.model import POLICY_PATH
from pmctl.policy.reading import parse_policy
from pmctl.repository.branches import branch_problem, branches
from pmctl.repository.workspace import Workspace, read_file
from pmctl.surroundings import Surroundings
from pmctl.text import did_you_mean


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, and what to do about it."""

    subject: str
    mark: Literal["ok", "note", "BAD"]
    message: str
    fix: Hint = ""

    @property
    def failed(self) -> bool:
        """Whether something has to be fixed before pmctl can do its work."""
        return self.mark == "BAD"


@dataclass(frozen=True, slots=True)
class Checks:
    """pmctl doctor: what is missing or wrong on this machine and in this repository."""

    checks: tuple[Check, ...]


def diagnose(directory: Path, surroundings: Surroundings) -> list[Check]:
    """Every check, in the order in which they build on each other; none of them raises."""
    checks = [_python(), _git(), _openssh()]
    if any(check.failed for check in checks):
        return checks
    try:
        repo = git.discover(directory, below=True)
    except PmctlError as error:
        return [*checks, Check("repository", "BAD", error.message, error.hint)]
    checks.append(Check("repository", "ok", str(repo.root)))
    workspace = Workspace(repo)
    steps: tuple[tuple[str, Callable[[Workspace], Check]], ...] = (
        ("settings", _settings),
        ("policy", _policy),
        ("branch", _branch),
        ("identity", lambda workspace: _identity(workspace, surroundings)),
        ("history", _history),
        ("records", _records),
        ("journal", _journal),
        ("merges", _merges),
        ("tickets", lambda workspace: _tickets(workspace, surroundings)),
    )
    for subject, step in steps:
        try:
            checks.append(step(workspace))
        except PmctlError as error:
            checks.append(Check(subject, "BAD", "; ".join(error.lines), error.hint))
    return checks


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("python", "ok", version)


def _git() -> Check:
    try:
        version = git.version()
    except PmctlError as error:
        return Check("git", "BAD", error.message, error.hint)
    shown = ".".join(map(str, version))
    if version < git.OLDEST_GIT:
        return Check("git", "BAD", f"{shown} is too old", "install git 2.34 or newer")
    return Check("git", "ok", shown)


def _openssh() -> Check:
    from pmctl.repository.signing import openssh

    name, too_old = openssh()
    if not name or shutil.which("ssh-keygen") is None:
        return Check("openssh", "BAD", "ssh-keygen is not installed", "install OpenSSH 8.2 or newer")
    if too_old:
        return Check("openssh", "BAD", f"{name} is too old", "install OpenSSH 8.2 or newer")
    return Check("openssh", "ok", name)


def _settings(workspace: Workspace) -> Check:
    """The settings, what their blocks say, and the templates that they name."""
    from pmctl.document.templates import BUILTIN_NAMES
    from pmctl.insight.validation import Selection, context_of

    settings = workspace.settings
    wrong = [one for one in context_of(workspace, Selection())[1] if one.severity is Severity.ERROR]
    if wrong:
        said = "; ".join(f"{one.path}:{one.line}: {one.code} {one.message}" for one in wrong)
        return Check("settings", "BAD", said, wrong[0].fix or "correct it")
    known = (*BUILTIN_NAMES, *(template.name for template in workspace.own_templates))
    if settings.template not in known:
        message = f"there is no template {settings.template}; pmctl new takes default instead"
        fix = did_you_mean(settings.template, known, f"write one of {', '.join(dict.fromkeys(known))}")
        return Check("settings", "BAD", message, fix)
    return Check("settings", "ok", f"template {settings.template}")


def _policy(workspace: Workspace) -> Check:
    policy = workspace.policy
    file = workspace.repo.root / POLICY_PATH
    if not file.exists():
        message = f"{POLICY_PATH} is not in the work tree; the one that is committed counts"
        return Check("policy", "BAD", message, f"git restore {POLICY_PATH}")
    wrong = [one for one in parse_policy(read_file(file, POLICY_PATH))[1] if one.severity is Severity.ERROR]
    if wrong:
        said = "; ".join(f"line {one.line}: {one.message}" for one in wrong)
        return Check("policy", "BAD", f"{POLICY_PATH} in the work tree cannot be read: {said}", "correct or restore it")
    people = "1 person" if len(policy.people) == 1 else f"{len(policy.people)} people"
    if len(policy.people) == 1:
        fix = advise("add-reviewer")
        return Check("policy", "note", f"version {policy.version}, {people}: nobody else can approve", fix)
    return Check("policy", "ok", f"version {policy.version}, {people}, admins {', '.join(policy.admins)}")


def _branch(workspace: Workspace) -> Check:
    branch = workspace.policy.branch
    problem = branch_problem(branch, branches(workspace.repo))
    if problem is not None:
        return Check("branch", "BAD", *problem)
    return Check("branch", "ok", f"{branch} is protected")


def _identity(workspace: Workspace, surroundings: Surroundings) -> Check:
    from pmctl.repository.actor import git_config, identify, require_identity

    require_identity(git_config(workspace.repo))
    actor = identify(workspace.repo, workspace.policy, surroundings)
    return Check("identity", "ok", f"you are {actor.handle} <{actor.email}>")


def _history(workspace: Workspace) -> Check:
    lacking = git.is_shallow_or_partial(workspace.repo.common_dir)
    if lacking:
        return Check("history", "note", f"this is a {lacking}: an audit is incomplete here", "git fetch --unshallow")
    return Check("history", "ok", "complete")


def _records(workspace: Workspace) -> Check:
    """Whether what was signed is all there; only where something was ever taken away the audit is asked what counts."""
    found = traces(workspace.head) if workspace.head.commit else None
    if found is None:
        return Check("records", "note", "what was signed before cannot be read here", "git fetch --unshallow")
    if found.removed:
        from pmctl.ledger.audit import audit

        lost = audit(workspace.repo).lost
        if lost:
            more = f", and {len(lost) - 1} more" if len(lost) > 1 else ""
            message = f"what was signed is missing since {lost[0].step[:12]}: {lost[0].path}{more}"
            return Check("records", "BAD", message, advise("doctor-fix-lost"))
    return Check("records", "ok", "none is missing")


def _merges(workspace: Workspace) -> Check:
    from pmctl.repository.merge_setting import merge_setting

    setting = merge_setting(workspace.repo)
    if not setting.complete:
        lacking = "the merge driver, and no attribute that names it" if setting.driver else "no merge driver"
        message = f"this clone has {lacking}: git merges postmortems line by line"
        return Check("merges", "note", message, advise("install-hooks"))
    if shutil.which("pmctl") is None:
        return Check("merges", "note", "the merge driver is not found: pmctl is not on PATH", "add its folder to PATH")
    return Check("merges", "ok", "postmortems are merged by meaning")


def _tickets(workspace: Workspace, surroundings: Surroundings) -> Check:
    """Where action items are tracked, and what is missing for it; the tracker is not asked."""
    from pmctl.insight.tickets import setting_problems
    from pmctl.services.secrets import from_environment

    try:
        system, problems = setting_problems(workspace, from_environment(surroundings.environ))
    except EnvironmentProblem:  # of the whole file, which is told above
        return Check("tickets", "note", "pmctl.yaml cannot be read", "correct the settings first")
    if not system:
        return Check("tickets", "ok", "pmctl.yaml names no tracker")
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        return Check(
            "tickets", "note", f"{system}: {problems[0]}{more}", "docs/tickets.md says what each tracker needs"
        )
    return Check("tickets", "ok", f"{system}, with a token")


def _journal(workspace: Workspace) -> Check:
    from pmctl.repository.transaction import interrupted

    if interrupted(workspace.repo):
        return Check("acts", "BAD", "an act was killed half way", advise("doctor-fix"))
    return Check("acts", "ok", "none is half done")
