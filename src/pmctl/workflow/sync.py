"""Bring a branch and its remote together: fetch, merge by meaning, check, push, and again when somebody was faster.

    fetch -> merge or rebase with the driver -> what the audit says of what arrived and of what would land -> push

What was committed is never lost: a merge that cannot be made by itself is git's ordinary merge state, with words. A
merge that another push overtook is taken back before the next attempt, so that one sync leaves one merge.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pmctl import git
from pmctl.errors import EnvironmentProblem, Hint, Refused, advise
from pmctl.insight.pre_push import Pushed, pushed_reports
from pmctl.ledger.audit import audit, failing
from pmctl.ledger.report import AuditFinding
from pmctl.repository.bases import REMOTE
from pmctl.repository.transaction import locked
from pmctl.repository.workspace import Workspace
from pmctl.text import plural
from pmctl.workflow.merging import FileMerge, Outcome, refuse_under_way, run_merge, under_way, unmerged

ATTEMPTS = 200
# Seconds between two attempts. Short, since whoever lost has more to do than who won: a long wait would let the one who
# is always faster win again.
_LONGEST_WAIT = 1.0
_FASTER = re.compile(
    r"fetch first|non-fast-forward|stale info|remote ref updated|cannot lock ref|failed to update ref"
    r"|incorrect old value|reference already exists"
)


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a branch goes: the remote, the branch there, and the ref that remembers it here; `set` if git knows it."""

    remote: str
    branch: str
    ref: str
    set: bool


@dataclass(frozen=True, slots=True)
class Synced:
    """What came of a sync: whether all is pushed, commits received and sent, attempts, findings, and what is left.

    `head` is what is checked out then, `tip` what the remote had when it was fetched last.
    """

    result: Literal["synced", "conflicts", "violations"]
    branch: str
    remote: str
    head: str
    tip: str = ""
    received: int = 0
    sent: int = 0
    attempts: int = 1
    files: tuple[FileMerge, ...] = ()
    arrived: tuple[AuditFinding, ...] = ()
    own: tuple[AuditFinding, ...] = ()
    next: Hint = ""


def sync(
    workspace: Workspace,
    signing: Sequence[str],
    *,
    rebase: bool = False,
    attempts: int = ATTEMPTS,
    wait: Callable[[float], None],
    say: Callable[[str], None],
) -> Synced:
    """Bring the branch that is checked out and its remote together.

    `wait` passes the seconds between two attempts, `say` tells the person what is waited for. Raises Refused when
    something stands in the way (uncommitted changes, a merge under way, a server that says no) and EnvironmentProblem
    when there is no remote or it does not answer. Nothing that was committed is lost then.
    """
    repo = workspace.repo
    branch = git.run(repo.top, "symbolic-ref", "--short", "-q", "HEAD", check=False).text
    if not branch:
        raise Refused("HEAD is detached: there is no branch to bring together", hint="git switch BRANCH")
    refuse_under_way(repo)
    upstream = upstream_of(repo, branch)
    begun = git.head(repo.top)
    known = tip_of(repo, upstream.ref)
    state = Synced("synced", branch, f"{upstream.remote}/{upstream.branch}", begun)
    for attempt in range(1, attempts + 1):
        state = _attempt(workspace, upstream, replace(state, attempts=attempt), signing, begun, rebase=rebase)
        if state.result == "conflicts":
            return state
        if state.result == "violations" or push_head(repo, upstream) is None:
            return replace(state, arrived=_arrived(workspace, upstream, state, known))
        if attempt == attempts:
            break
        take_back(repo, begun, state.head)
        seconds = random.uniform(0.05, _LONGEST_WAIT)  # noqa: S311  only so that clones differ
        say(f"somebody was faster: trying again in {seconds:.1f} s ({attempt + 1} of {attempts})")
        wait(seconds)
    raise Refused(
        f"{state.remote} moved on during each of {attempts} attempts; your commits are here and not there",
        hint=advise("sync-again"),
    )


def abort(repo: git.Repository) -> str:
    """Give up a merge or rebase that waits for a person; returns a sentence. Raises Refused when there is none."""
    name = under_way(repo)
    if name not in ("merge", "rebase"):
        raise Refused("no merge or rebase is under way", hint="")
    git.run(repo.top, name, "--abort", reading=False)
    return f"the {name} was given up: everything is as it was before"


def upstream_of(repo: git.Repository, branch: str) -> Upstream:
    """What a branch is brought together with. Raises EnvironmentProblem when there is no remote, or too many."""
    remote = git.run(repo.top, "config", "--get", f"branch.{branch}.remote", check=False).text
    merged = git.run(repo.top, "config", "--get", f"branch.{branch}.merge", check=False).text
    remotes = git.run(repo.top, "remote", check=False).text.split("\n")
    if remote and remote in remotes and merged.startswith("refs/heads/"):
        name = merged.removeprefix("refs/heads/")
        return Upstream(remote, name, f"refs/remotes/{remote}/{name}", set=True)
    chosen = git.run(repo.top, "config", "--get", REMOTE, check=False).text
    known = [one for one in remotes if one]
    found = next((one for one in (chosen, "origin") if one in known), known[0] if len(known) == 1 else "")
    if not known:
        raise EnvironmentProblem("this clone has no remote", hint="git remote add origin URL")
    if not found:
        raise EnvironmentProblem(f"which of the remotes {', '.join(known)}?", hint="git config pmctl.remote NAME")
    return Upstream(found, branch, f"refs/remotes/{found}/{branch}", set=False)


def tip_of(repo: git.Repository, ref: str) -> str:
    return git.run(repo.top, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", check=False).text


def _attempt(
    workspace: Workspace,
    upstream: Upstream,
    state: Synced,
    signing: Sequence[str],
    begun: str,
    *,
    rebase: bool,
) -> Synced:
    """Fetch, merge and check. The state is "synced" when nothing is left but to push."""
    repo = workspace.repo
    git.run(repo.top, "fetch", "--quiet", upstream.remote, env={"GIT_TERMINAL_PROMPT": "0"}, reading=False)
    tip = tip_of(repo, upstream.ref)
    ahead, behind = _apart(repo, begun, tip)
    if behind:
        outcome = _bring_in(repo, upstream, ahead, signing, rebase=rebase)
        if outcome.result == "conflicts":
            step = advise("sync-conflicts", what="rebase" if rebase else "merge")
            return replace(state, result="conflicts", received=behind, files=outcome.files, next=step)
    head = git.head(repo.top)
    sent = _apart(repo, head, tip)[0]
    own = _own(workspace, upstream, head, tip) if sent else ()
    state = replace(state, head=head, received=behind, sent=sent, tip=tip, own=own)
    if any(failing(one) for one in own) and upstream.branch == workspace.policy.branch:
        return replace(state, result="violations", sent=0, next=advise("not-pushed"))
    return state


def _apart(repo: git.Repository, ours: str, theirs: str) -> tuple[int, int]:
    """How many commits each of the two has that the other lacks."""
    if not ours or not theirs:
        listed = git.run(repo.top, "rev-list", "--count", ours or theirs, check=False).text
        count = int(listed) if listed.isdigit() else 0
        return (count, 0) if ours else (0, count)
    left, right = git.run(repo.top, "rev-list", "--left-right", "--count", f"{ours}...{theirs}").text.split()
    return int(left), int(right)


def _bring_in(repo: git.Repository, upstream: Upstream, ahead: int, signing: Sequence[str], *, rebase: bool) -> Outcome:
    """Merge what arrived, or put our commits on top of it. Raises Refused for uncommitted changes in the way."""
    how = "-S" if signing else "--no-gpg-sign"
    with locked(repo):
        if not ahead:
            return run_merge(repo, ("merge", "--ff-only", "--quiet", upstream.ref))
        dirty = git.run(repo.top, "status", "--porcelain", "--untracked-files=no").text
        if dirty:
            count = len(dirty.split("\n"))
            raise Refused(
                f"{plural(count, 'file')} with uncommitted changes: merging could mix them with what arrived",
                hint="commit them first (git commit, pmctl edit), or set them aside: git stash",
            )
        if rebase:
            return run_merge(repo, ("rebase", "--quiet", how, upstream.ref), signing)
        message = f"Merge {upstream.remote}/{upstream.branch}"
        return run_merge(repo, ("merge", "--quiet", "--no-edit", "-m", message, how, upstream.ref), signing)


def _arrived(workspace: Workspace, upstream: Upstream, state: Synced, known: str) -> tuple[AuditFinding, ...]:
    """What the audit says of what others landed since this clone fetched last.

    Asked last: nothing rests on it, and between the fetch and the push every second counts.
    """
    if not known or known == state.tip or upstream.branch != workspace.policy.branch:
        return ()
    return tuple(one for one in audit(workspace.repo, tip=state.tip, base=known).findings if not one.waived_by)


def _own(workspace: Workspace, upstream: Upstream, head: str, tip: str) -> tuple[AuditFinding, ...]:
    """What the audit would say of what is to be pushed: the same question as pre-push."""
    line = Pushed(head, head, f"refs/heads/{upstream.branch}", tip or "0" * len(head))
    reports = pushed_reports(workspace.repo, [line], workspace.policy.branch)
    return tuple(one for _, _, report in reports for one in report.findings if not one.waived_by)


def push_head(repo: git.Repository, upstream: Upstream) -> str | None:
    """Push HEAD; what git says when somebody was faster, else None. Raises Refused when the server says no."""
    if git.head(repo.top) == tip_of(repo, upstream.ref):
        return None
    words = ("push", "--porcelain", *(() if upstream.set else ("--set-upstream",)), upstream.remote)
    target = f"HEAD:refs/heads/{upstream.branch}"
    done = git.run(repo.top, *words, target, env={"GIT_TERMINAL_PROMPT": "0"}, check=False, reading=False)
    if done.code == 0:
        return None
    said = done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")
    if _FASTER.search(said):
        return said
    remote = tuple(line.removeprefix("remote:").strip() for line in said.split("\n") if line.startswith("remote:"))
    refused = [line for line in said.split("\n") if line.startswith("!")]
    if refused:
        reason = refused[0].rpartition("\t")[2].strip("[] ")
        raise Refused(
            f"{upstream.remote} refused {upstream.branch}: {reason}",
            details=tuple(line for line in remote if line),
            hint="your commits are here; push a branch instead: git push REMOTE HEAD:refs/heads/NAME",
        )
    problem = git.failure(words, done)
    raise EnvironmentProblem(problem.message, hint=problem.hint, details=problem.details)


def take_back(repo: git.Repository, begun: str, made: str) -> None:
    """Take back the merge of an attempt that was overtaken, if nothing else has moved HEAD since."""
    with locked(repo):
        if begun and git.head(repo.top) == made != begun and not unmerged(repo):
            git.run(repo.top, "reset", "--keep", "--quiet", begun, reading=False)
