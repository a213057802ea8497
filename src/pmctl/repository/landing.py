"""What an act became: the commit at HEAD compared with what was meant, and the way back.

A commit runs the person's hooks (pre-commit, prepare-commit-msg, commit-msg, post-commit) and git's filters. Any of
them may change what is committed; a record that was signed over one text would then stand beside another. The message
may be changed: nothing rests on it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pmctl import git
from pmctl.repository.journal import Journal

_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-index-change", "reference-transaction")


@dataclass(frozen=True, slots=True)
class Tip:
    """The commit at HEAD: what it changes against its only parent, as path -> (mode, blob), "" for a deletion."""

    oid: str
    parents: tuple[str, ...]
    changes: dict[str, tuple[str, str]]


def tip(repo: git.Repository) -> Tip | None:
    """The commit at HEAD; None before the first."""
    words = ("--root", "--always", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--format=%H %P")
    shown = git.run(repo.top, "diff-tree", *words, "HEAD", "--", check=False)
    if shown.code != 0:
        return None
    first, *rest = shown.stdout.split(b"\0")
    oid, *parents = first.decode().split()
    changes = {}
    for meta, path in zip(rest[::2], rest[1::2], strict=False):
        _, mode, _, new, kind = meta.decode().lstrip(":\n").split()
        changes[os.fsdecode(path)] = ("", "") if kind == "D" else (mode, new)
    return Tip(oid, tuple(parents), changes)


def head_and_branch(repo: git.Repository) -> tuple[str, str]:
    """The id of HEAD ('' before the first commit), and the full name of the branch that it is ('' for none)."""
    branch = git.run(repo.top, "symbolic-ref", "-q", "HEAD", check=False).text
    return git.head(repo.top), branch


def staged_entries(repo: git.Repository, paths: Sequence[str]) -> dict[str, str]:
    """What the index has of these files, as "<mode> <object id>"."""
    words = [f":(literal){repo.prefix}{path}" for path in paths]
    found = {}
    for entry in git.run(repo.top, "ls-files", "-s", "-z", "--", *words).stdout.split(b"\0")[:-1]:
        meta, _, path = entry.partition(b"\t")
        mode, oid, _ = meta.decode().split()
        found[os.fsdecode(path).removeprefix(repo.prefix)] = f"{mode} {oid}"
    return found


def differences(repo: git.Repository, journal: Journal, landed: Tip) -> tuple[str, ...]:
    """The paths at which a commit on top of `journal.head` is not the act: changed otherwise, left out, or added."""
    meant = {repo.prefix + one.path: one for one in journal.files}
    wrong = [path for path in landed.changes if path not in meant]
    same = []  # as in the parent: meant so, or left out
    for path, one in meant.items():
        if path not in landed.changes:
            same.append(path)
            continue
        mode, oid = landed.changes[path]
        if not one.fits(oid) or (mode and not mode.startswith("100")):
            wrong.append(path)
    if same:
        wrong += [path for path in not_as_meant(repo, journal, landed.oid) if path in same]
    return tuple(wrong)


def not_as_meant(repo: git.Repository, journal: Journal, commit: str) -> tuple[str, ...]:
    """The files of the act that are something else in `commit` than the act wrote."""
    paths = {repo.prefix + one.path: one for one in journal.files}
    listed = git.run(repo.top, "ls-tree", "-z", "--full-tree", commit, "--", *paths, check=False).stdout
    found = {}
    for entry in listed.split(b"\0")[:-1]:
        meta, _, path = entry.partition(b"\t")
        found[os.fsdecode(path)] = meta.decode().split()[2]
    return tuple(path for path, one in paths.items() if not one.fits(found.get(path, "")))


def is_the_act(repo: git.Repository, journal: Journal, commit: str) -> bool:
    """Whether `commit` is what git made of the act, altered on the way: on top of its parent, under its name."""
    shown = git.run(repo.top, "show", "-s", "--format=%P%x00%B", commit, "--", check=False).text
    parents, _, message = shown.partition("\0")
    return parents == journal.head and journal.message.split("\n", 1)[0] in message


def content(repo: git.Repository, commit: str, path: str) -> bytes | None:
    """What `commit` has at `path` below the pmctl root; None for nothing."""
    shown = git.run(repo.top, "cat-file", "blob", f"{commit}:{repo.prefix}{path}", check=False)
    return shown.stdout if shown.code == 0 else None


def move_back(repo: git.Repository, journal: Journal, oid: str) -> bool:
    """Set the branch from `oid` to where it was before the act; False when it is not there any more."""
    ref = (journal.branch,) if journal.branch else ("--no-deref", "HEAD")
    words = ("update-ref", "-m", "pmctl: the commit was not what was meant")
    to = (*ref, journal.head, oid) if journal.head else ("-d", *ref, oid)
    return git.run(repo.top, *words, *to, check=False).code == 0


def restore_others(repo: git.Repository, journal: Journal, oid: str, altered: Sequence[str]) -> None:
    """Put back what a hook changed of pmctl's own files beside the act, where it still is as the commit `oid` has it.

    Records are never changed, so whatever HEAD has of them is what has to be there.
    """
    own = {repo.prefix + one.path for one in journal.files}
    folder = f"{repo.prefix}.pmctl/"
    for path in altered if journal.head else ():
        if not path.startswith(folder) or path in own:
            continue
        words = ("diff", "--quiet", "--no-ext-diff", oid, "--", f":(literal){path}")
        before = ("cat-file", "-e", f"{journal.head}:{path}")
        if git.run(repo.top, *words, check=False).code == 0 and git.run(repo.top, *before, check=False).code == 0:
            put = ("restore", f"--source={journal.head}", "--staged", "--worktree", "--", f":(literal){path}")
            git.run(repo.top, *put, check=False, reading=False)


def blame(repo: git.Repository, journal: Journal, oid: str, altered: Sequence[str]) -> str:
    """Who altered the act, as the beginning of a sentence: a filter or a hook, and at which path."""
    path = altered[0] if altered else ""
    one = next((one for one in journal.files if repo.prefix + one.path == path), None)
    if one is not None and one.after is not None:
        words = ("hash-object", f"--path={path}", "--stdin")
        filtered = git.run(repo.top, *words, stdin=one.after, check=False, reading=False).text
        if not one.fits(filtered):
            return f"a filter of git's (.gitattributes, core.autocrlf) changes {path} on its way into the commit"
    hooks = _hooks(repo)
    who = f"the hook {' or '.join(hooks)}" if hooks else "a hook or another program"
    return f"{who} changed {path or 'what was committed'} on its way into the commit"


def _hooks(repo: git.Repository) -> list[str]:
    folder = Path(git.run(repo.top, "rev-parse", "--git-path", "hooks", check=False, reading=False).text)
    place = folder if folder.is_absolute() else repo.top / folder
    return [name for name in _HOOKS if os.access(place / name, os.X_OK)]
