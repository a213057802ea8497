"""Merge by meaning without a configured driver: files in conflict, or a whole branch; and what is left to people.

    the index's three versions of a file, or a branch -> merged files, and conflicts labelled in words

A host's merge button runs no driver. Here the same merge is made for a request that it calls conflicted, in a clone or
in CI. A file that somebody has begun to resolve by hand is never written to.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pmctl import git
from pmctl.document.merge_conflict import Told
from pmctl.errors import EnvironmentProblem, Hint, NotFound, Refused, advise
from pmctl.files import replace_file
from pmctl.workflow.merge_driver import (
    MARKER_SIZE,
    MergedFile,
    Sides,
    merged_by_lines,
    merged_file,
    sides_under_way,
    with_driver,
)  # fmt: skip

_POSTMORTEM = re.compile(r"postmortems/.+\.md")
_MARKER = re.compile(rb"^([<|>])\1{6,} .*$", re.MULTILINE)
_BEGIN = re.compile(r"<{7,} (.*)")
_END = re.compile(r">{7,} (.*)")
_REGULAR = ("100644", "100755")
_UNDER_WAY = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}


@dataclass(frozen=True, slots=True)
class FileMerge:
    """One file of a merge: merged, in conflict (and where), or left alone (and why), and what to type."""

    path: str
    state: Literal["merged", "conflict", "left"]
    conflicts: tuple[Told, ...] = ()
    reason: str = ""
    fix: Hint = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a merge: "merged", "conflicts", or "nothing" to do; the files; and what to type next."""

    result: Literal["merged", "conflicts", "nothing"]
    files: tuple[FileMerge, ...] = ()
    next: Hint = ""


_Stages = Mapping[int, tuple[str, str]]


def resolve(repo: git.Repository, environ: Mapping[str, str], only: Sequence[str] = ()) -> Outcome:
    """Merge the postmortems that git left in conflict, or those of them that are named by their path below the root.

    Raises NotFound for a named file without a conflict.
    """
    found = unmerged(repo)
    unknown = [path for path in only if path not in found]
    if unknown:
        raise NotFound(f"{unknown[0]} is not in conflict", details=tuple(found))
    files = [
        _resolve_one(repo, environ, path, stages)
        if path in only or (not only and _POSTMORTEM.fullmatch(path.removeprefix(repo.prefix)))
        else FileMerge(
            path, "left", reason="not named" if only else "not a postmortem", fix=advise("git-add", path=path)
        )
        for path, stages in found.items()
    ]
    if not found:
        return Outcome("nothing", (), _next_step(repo))
    still = unmerged(repo)
    return Outcome(
        "conflicts" if still else "merged", tuple(files), advise("merge-rest") if still else _next_step(repo)
    )


def unmerged(repo: git.Repository) -> dict[str, _Stages]:
    """The paths that the index holds several versions of, from the top of the repository: stage -> (mode, blob)."""
    listed = git.run(repo.top, "ls-files", "--unmerged", "-z").stdout.decode("utf-8", "surrogateescape")
    found: dict[str, dict[int, tuple[str, str]]] = {}
    for entry in filter(None, listed.split("\0")):
        facts, _, path = entry.partition("\t")
        mode, oid, stage = facts.split(" ")
        found.setdefault(path, {})[int(stage)] = (mode, oid)
    return dict(found)


def under_way(repo: git.Repository) -> str:
    """Which of git's operations has begun and not ended here: merge, rebase, cherry-pick or revert; "" for none."""
    return next((name for place, name in _UNDER_WAY.items() if (repo.git_dir / place).exists()), "")


def _next_step(repo: git.Repository) -> Hint:
    name = under_way(repo)
    return advise("git-continue", what=name) if name else ""


def _resolve_one(repo: git.Repository, environ: Mapping[str, str], path: str, stages: _Stages) -> FileMerge:
    if 1 not in stages and len(stages) == 2:
        return FileMerge(path, "left", reason="both sides added it", fix=advise("git-add", path=path))
    if len(stages) < 3:
        kept = "our side" if 2 in stages else "their side" if 3 in stages else "neither side"
        return FileMerge(path, "left", reason=f"only {kept} still has it", fix=advise("keep-or-remove", path=path))
    if any(mode not in _REGULAR for mode, _ in stages.values()):
        return FileMerge(path, "left", reason="not a regular file", fix=advise("git-add", path=path))
    base, ours, theirs = (_blob(repo, stages[number][1]) for number in (1, 2, 3))
    merged = merged_file(base, ours, theirs, path, repo.top, lambda: sides_under_way(repo.top, environ))
    place = repo.top / path
    try:
        there = place.read_bytes()
    except OSError:
        return FileMerge(path, "left", reason="it is not in the work tree", fix=advise("keep-or-remove", path=path))
    if not _is_untouched(repo, there, (base, ours, theirs), merged):
        if _MARKER.search(there):
            return FileMerge(path, "left", reason="edited since the conflict", fix=advise("conflict-again", path=path))
        return FileMerge(path, "left", reason="resolved by hand", fix=advise("git-add", path=path))
    if merged.reason and not merged.clean:
        return FileMerge(
            path, "conflict", told_in(there), f"merged by lines: {merged.reason}", advise("git-add", path=path)
        )
    try:
        replace_file(place, merged.data, scratch=repo.git_dir)
    except OSError as error:
        raise EnvironmentProblem(f"{path} cannot be written: {error.strerror}") from None
    if merged.clean:
        git.run(repo.top, "add", "--", f":(literal){path}", reading=False)
        return FileMerge(path, "merged", reason=f"by lines: {merged.reason}" if merged.reason else "")
    return FileMerge(path, "conflict", merged.told, fix=advise("choose", path=path))


def _blob(repo: git.Repository, oid: str) -> bytes:
    return git.run(repo.top, "cat-file", "blob", oid).stdout


def _is_untouched(repo: git.Repository, there: bytes, versions: tuple[bytes, bytes, bytes], merged: MergedFile) -> bool:
    """Whether the file is as a merge left it: one side, or both between markers, whatever these are labelled with."""
    if there in (*versions[1:], merged.data):
        return True
    bare = _bare(there)
    if bare == _bare(merged.data):
        return True
    return any(_bare(text) == bare for text in _by_lines(repo, versions))


def _by_lines(repo: git.Repository, versions: tuple[bytes, bytes, bytes]) -> Iterator[bytes]:
    """git's own merge, in each of its styles."""
    with tempfile.TemporaryDirectory(prefix="pmctl-merge-") as folder:
        names = []
        for name, data in zip(("base", "ours", "theirs"), versions, strict=True):
            Path(folder, name).write_bytes(data)
            names.append(str(Path(folder, name)))
        for style in ("merge", "diff3", "zdiff3"):
            setting = ("-c", f"merge.conflictStyle={style}")
            words = (*setting, "merge-file", "-p", "-q", names[1], names[0], names[2])
            yield git.run(repo.top, *words, check=False).stdout


def _bare(data: bytes) -> bytes:
    """A file without what stands behind its markers, and with one kind of line end."""
    return _MARKER.sub(lambda match: match[1] * MARKER_SIZE, data.replace(b"\r\n", b"\n"))


def told_in(data: bytes) -> tuple[Told, ...]:
    """The conflicts that the lines of a file show, for people."""
    found = []
    begun = (0, "")
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if match := _BEGIN.fullmatch(line):
            begun = (number, match[1])
        elif (match := _END.fullmatch(line)) and begun[0]:
            what = begun[1].partition(": ")[2]
            found.append(Told(begun[0], what, begun[1], match[1]))
            begun = (0, "")
    return tuple(found)


def merge_branch(repo: git.Repository, branch: str, signing: Sequence[str] = ()) -> Outcome:
    """Merge a branch into what is checked out, with the driver, as one commit.

    Raises Refused while another merge is under way or when git will not begin (a changed file would be overwritten),
    and EnvironmentProblem for an unknown branch.
    """
    refuse_under_way(repo)
    git.resolve(repo.top, branch)
    return run_merge(repo, ("merge", "--no-edit", *(("-S",) if signing else ("--no-gpg-sign",)), branch), signing)


def refuse_under_way(repo: git.Repository) -> None:
    """Raise Refused while a merge, rebase, cherry-pick or revert waits for its end."""
    if name := under_way(repo):
        raise Refused(f"a {name} is under way", hint=advise("finish-merge", what=name))


def run_merge(repo: git.Repository, words: Sequence[str], signing: Sequence[str] = ()) -> Outcome:
    """Let git merge or rebase with the driver. Raises Refused with git's words when it does not begin."""
    before = git.head(repo.top)
    with tempfile.TemporaryDirectory(prefix="pmctl-merge-") as folder:
        arguments = (*signing, *with_driver(Path(folder)), *words)
        done = git.run(repo.top, *arguments, env={"GIT_EDITOR": "true"}, check=False, reading=False)
    if done.code == 0:
        return Outcome("merged" if git.head(repo.top) != before else "nothing")
    found = unmerged(repo)
    if not found:
        if under_way(repo) and words[0] == "rebase":
            git.run(repo.top, "rebase", "--abort", check=False, reading=False)
        problem = git.failure(words, done)
        raise Refused(problem.message, hint=problem.hint, details=problem.details)
    return Outcome(
        "conflicts", tuple(_left(repo, path, stages) for path, stages in found.items()), advise("merge-rest")
    )


def _left(repo: git.Repository, path: str, stages: _Stages) -> FileMerge:
    """A file that git left in conflict after the driver had seen it."""
    if len(stages) < 3 and 1 in stages:
        kept = "our side" if 2 in stages else "their side" if 3 in stages else "neither side"
        return FileMerge(path, "conflict", (), f"only {kept} still has it", advise("keep-or-remove", path=path))
    try:
        told = told_in((repo.top / path).read_bytes())
    except OSError:
        told = ()
    return FileMerge(path, "conflict", told, fix=advise("choose", path=path))


def check_branch(repo: git.Repository, branch: str) -> Outcome:
    """Whether a branch merges into what is checked out, without merging it: the files that both sides changed.

    Reads commits only. Raises EnvironmentProblem for an unknown branch, and when the two have nothing in common.
    """
    ours, theirs = git.resolve(repo.top, "HEAD"), git.resolve(repo.top, branch)
    base = git.run(repo.top, "merge-base", ours, theirs, check=False).text
    if not base:
        raise EnvironmentProblem(f"HEAD and {branch} have no commit in common", hint="fetch the whole history")
    changed = [_changed(repo, base, tip) for tip in (ours, theirs)]
    sides = Sides("HEAD", branch, ours, theirs)
    files = []
    for path in sorted(changed[0].keys() & changed[1].keys()):
        one, two = changed[0][path], changed[1][path]
        if one[1:] != two[1:]:
            files.append(_checked(repo, path, one, two, lambda: sides))
    left = [one for one in files if one.state != "merged"]
    return Outcome("conflicts" if left else "merged" if files else "nothing", tuple(files))


_Change = tuple[str, str, str]
"""Blob before, mode and blob after; zeros where there is none."""


def _changed(repo: git.Repository, base: str, tip: str) -> dict[str, _Change]:
    """What differs between two commits, by path."""
    listed = git.run(repo.top, "diff-tree", "-r", "-z", "--no-renames", base, tip).stdout
    fields = iter(filter(None, listed.decode("utf-8", "surrogateescape").split("\0")))
    found = {}
    for facts in fields:
        _, mode, old, new, _ = facts.removeprefix(":").split(" ")
        found[next(fields)] = (old, mode, new)
    return found


def _checked(repo: git.Repository, path: str, ours: _Change, theirs: _Change, sides: Callable[[], Sides]) -> FileMerge:
    if not all(blob.strip("0") for blob in (ours[0], ours[2], theirs[2])):
        reason = "both sides added it" if not ours[0].strip("0") else "one side removed it, the other changed it"
        return FileMerge(path, "conflict", (), reason)
    if any(mode not in _REGULAR for mode in (ours[1], theirs[1])):
        return FileMerge(path, "conflict", (), "not a regular file")
    base, mine, yours = (_blob(repo, oid) for oid in (ours[0], ours[2], theirs[2]))
    if re.fullmatch(re.escape(repo.prefix) + _POSTMORTEM.pattern, path):
        merged = merged_file(base, mine, yours, path, repo.top, sides)
        told = merged.told or told_in(merged.data) if not merged.clean else ()
        return FileMerge(path, "merged" if merged.clean else "conflict", told, merged.reason)
    data, clean = merged_by_lines(base, mine, yours, repo.top, sides=sides())
    return FileMerge(path, "merged" if clean else "conflict", () if clean else told_in(data))
