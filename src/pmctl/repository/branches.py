"""Which branch is protected, and whether it is really there. (repository, policy's branch) -> Branches -> why not.

The policy names the branch whose history is the audit trail. A branch that does not exist, is misspelt or is not the
one that the server's HEAD names would be a trail that nobody writes, so every point that checks a history asks here.
`protection_problem` is quick where all is well; GitPython is loaded only to say what is wrong, and by `init`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pmctl import git
from pmctl.codes import Code
from pmctl.errors import EnvironmentProblem, Hint, advise
from pmctl.repository.git_settings import GitSettings, git_settings, remote_names
from pmctl.text import in_ascii, near

if TYPE_CHECKING:
    from git import Remote, Repo

REMOTE = "pmctl.remote"
"""git's setting for the remote that holds the protected branch; all remotes without it."""

CODE = "AU613"


@dataclass(frozen=True, slots=True)
class RemoteBranches:
    """What this clone has of one remote: its branches by short name, which one its HEAD names ('' unknown), and whether
    all of them are fetched (a single-branch clone has only some)."""

    names: frozenset[str]
    head: str = ""
    all: bool = True


@dataclass(frozen=True, slots=True)
class Branches:
    """The branches that a clone knows, by short name. `current` is checked out, '' for a detached HEAD."""

    local: frozenset[str]
    remotes: Mapping[str, RemoteBranches]
    current: str = ""

    @property
    def names(self) -> frozenset[str]:
        """All of them, here and at remotes."""
        return self.local.union(*(one.names for one in self.remotes.values()))


def branches(repo: git.Repository) -> Branches:
    """What git knows of branches, read by GitPython. Raises EnvironmentProblem when it cannot open the repository."""
    from git import Repo
    from git.exc import GitError

    try:
        with Repo(repo.top) as opened:
            current = "" if opened.head.is_detached else opened.active_branch.name
            wanted = _setting(opened, REMOTE)
            remotes = {
                remote.name: _remote(opened, remote) for remote in opened.remotes if not wanted or remote.name == wanted
            }
            return Branches(frozenset(head.name for head in opened.heads), remotes, current)
    except (GitError, OSError, ValueError) as error:
        raise EnvironmentProblem(f"the branches of {repo.top} cannot be read: {error}") from None


def branch_to_protect(known: Branches) -> str:
    """The branch that a new policy protects: the one that the remote's HEAD names, else the one checked out.

    Raises EnvironmentProblem when neither says one.
    """
    first = sorted(known.remotes, key=lambda name: (name != "origin", name))
    found = next((known.remotes[name].head for name in first if known.remotes[name].head), known.current)
    if not found:
        raise EnvironmentProblem(
            "HEAD is detached, and no remote says which branch is its main one",
            hint="git switch to the branch that is to be protected, then run pmctl init again",
        )
    return found


def protection_problem(repo: git.Repository, branch: str) -> tuple[str, Hint] | None:
    """Why `branch`, which the policy protects, cannot be the audit trail of this clone, and what to do; None if it can.

    None, too, where a clone cannot know: nothing but a commit was fetched, or not all branches were.
    """
    patterns = (f"refs/heads/{branch}", f"refs/remotes/origin/{branch}", "refs/remotes/*/HEAD")
    listed = git.run(repo.top, "for-each-ref", "--format=%(refname) %(symref)", *patterns, check=False).text
    refs = dict(line.partition(" ")[::2] for line in listed.split("\n") if line)
    heads = {ref.removesuffix("/HEAD"): target for ref, target in refs.items() if target}
    if (
        branch
        and not refs.keys().isdisjoint(patterns[:2])
        and heads.items() <= {(place, f"{place}/{branch}") for place in heads}
    ):
        return None
    return branch_problem(branch, branches(repo))


def where_it_is(repo: git.Repository, settings: GitSettings | None = None) -> Hint:
    """What a person should know of where HEAD is after a commit of theirs: on no branch, or not at its remote yet.

    '' when everybody who fetches has it, and when there is nobody to push to. `settings` are git's, where they are
    known.
    """
    alone = settings is not None and not any(name.startswith(("branch.", "remote.")) for name, _ in settings)
    if alone and not git.is_detached(repo):
        return ""
    form = "--format=%(HEAD)%(refname:lstrip=2)%00%(upstream:short)%00%(upstream:track,nobracket)"
    here = git.run(repo.top, "for-each-ref", "--points-at=HEAD", form, "refs/heads", check=False).text.splitlines()
    current = next((line[1:] for line in here if line.startswith("*")), "")
    if not current:
        return advise("keep-detached", commit=git.head(repo.top)[:12])
    name, upstream, track = current.split("\0")
    if not upstream or track == "gone":
        remotes = remote_names(git_settings(repo) if settings is None else settings)
        remote = "origin" if "origin" in remotes else next(iter(sorted(remotes)), "")
        return advise("push-new-branch", remote=remote, branch=name) if remote else ""
    if "behind" in track:
        return advise("sync", upstream=upstream)
    return advise("push", upstream=upstream, branch=name) if track else ""


def branch_problem(branch: str, known: Branches) -> tuple[str, Hint] | None:
    """The same, of the branches that are known."""
    shown = in_ascii(branch)
    if not branch:
        return "the policy names no protected branch", advise("policy-branch")
    if branch in known.names:
        for name, one in known.remotes.items():
            if one.head in one.names and one.head != branch:  # else what is known of its HEAD is out of date
                message = f"the policy protects {shown}, but HEAD of {name} is {in_ascii(one.head)}"
                return message, advise("policy-branch-head", remote=name)
        return None
    complete = all(one.all for one in known.remotes.values())
    if not known.names or not complete:
        return None
    close = near(branch, known.names, likeness=0.5)
    where = f"here or at {', '.join(sorted(known.remotes))}" if known.remotes else "here"
    meant = f"; did you mean {' or '.join(map(in_ascii, close))}?" if close else ""
    return f"the policy protects {shown}, and there is no such branch {where}{meant}", advise("policy-branch")


def _remote(opened: Repo, remote: Remote) -> RemoteBranches:
    from git import RemoteReference

    names, head = set(), ""
    prefix = f"refs/remotes/{remote.name}/"
    for reference in RemoteReference.iter_items(opened, remote=remote):
        short = reference.path.removeprefix(prefix)
        if short == "HEAD":
            target = _target(reference)
            head = target.removeprefix(prefix) if target.startswith(prefix) and not _is_work_tree(remote) else ""
        else:
            names.add(short)
    with opened.config_reader() as config:
        section = f'remote "{remote.name}"'
        fetched = config.get_values(section, "fetch") if config.has_option(section, "fetch") else ()
    whole = any(str(one).lstrip("+").startswith("refs/heads/*:") for one in fetched)
    return RemoteBranches(frozenset(names), head, whole)


def _is_work_tree(remote: Remote) -> bool:
    """Whether a remote is somebody's work tree on this machine, whose HEAD says only what is checked out there."""
    place = remote.url.removeprefix("file://")
    return place.startswith(("/", ".")) and Path(remote.repo.working_dir, place, ".git").exists()


def _target(reference: object) -> str:
    """The full name that a symbolic reference leads to, '' for one that holds a commit."""
    from git import SymbolicReference

    assert isinstance(reference, SymbolicReference)  # noqa: S101  for the type checker: imported late
    try:
        return str(reference.reference.path)
    except (TypeError, ValueError):
        return ""


def _setting(opened: Repo, name: str) -> str:
    section, _, option = name.rpartition(".")
    with opened.config_reader() as config:
        return str(config.get_value(section, option)) if config.has_option(section, option) else ""


CODES = (
    Code(
        CODE,
        "protected-branch",
        "The branch that the policy protects does not exist, or is not the one that the server's HEAD names.",
        "What lands on another branch would be judged by nobody, and people who clone would look at something else than"
        " what is audited.",
        "An admin names the right one: pmctl policy branch NAME. When the server's HEAD changed: git remote set-head"
        " origin --auto.",
        "branch: mian",
    ),
)
