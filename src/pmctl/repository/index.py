"""What is staged: the index that git uses now, and the content of what it holds.

While git commits it names its index by GIT_INDEX_FILE (`git commit --only` has one of its own), and that one counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pmctl import git
from pmctl.errors import EnvironmentProblem


@dataclass(frozen=True, slots=True)
class Staged:
    """One path that differs between HEAD and the index: modes as six digits and object ids, zeros where it is not."""

    path: str
    old_mode: str
    mode: str
    old: str
    new: str

    @property
    def added(self) -> bool:
        """True when HEAD does not have it."""
        return not self.old_mode.strip("0")

    @property
    def removed(self) -> bool:
        """True when the index does not have it."""
        return not self.mode.strip("0")


def staged(top: Path, prefix: str = "") -> tuple[Staged, ...]:
    """What differs between HEAD (nothing, before the first commit) and the index below `prefix`, by path behind it.

    A file of which only the intent to add is staged (`git add -N`) has no content there yet: a commit leaves it out.

    Raises EnvironmentProblem for files whose conflicts are not resolved: the index holds no one content of them.
    """
    words = ("diff-index", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--ita-invisible-in-index")
    listed = git.run(top, *words, "HEAD", "--", *_below(prefix), index=True, check=False)
    if listed.code != 0:
        empty = git.run(top, "hash-object", "-t", "tree", "--stdin").text
        listed = git.run(top, *words, empty, "--", *_below(prefix), index=True)
    parts = listed.stdout.split(b"\0")
    found = []
    conflicts = []
    for meta, path in zip(parts[::2], parts[1::2], strict=False):
        old_mode, mode, old, new, kind = meta.decode().removeprefix(":").split()
        name = _text(path).removeprefix(prefix)
        if kind == "U":
            conflicts.append(name)
        else:
            found.append(Staged(name, old_mode, mode, old, new))
    if conflicts:
        raise EnvironmentProblem(
            "what is staged has conflicts that are not resolved",
            hint="resolve them, then git add the files",
            details=tuple(dict.fromkeys(conflicts)),
        )
    return tuple(found)


def entries(top: Path, prefix: str, *paths: str) -> dict[str, str]:
    """The regular files that the index holds at or below `paths`, all below `prefix` when none are given.

    Paths, here and in the answer, are those behind `prefix`; the values are object ids.
    """
    found = files(top, prefix, *paths)
    return {path: oid for path, (mode, oid) in found.items() if mode.startswith("100")}


def files(top: Path, prefix: str, *paths: str) -> dict[str, tuple[str, str]]:
    """Mode and object id of all that the index holds at or below `paths`, links and submodules included."""
    below = [word for path in paths or ("",) for word in _below(prefix + path)]
    found = {}
    for entry in git.run(top, "ls-files", "-s", "-z", "--", *below, index=True).stdout.split(b"\0")[:-1]:
        meta, _, path = entry.partition(b"\t")
        mode, oid, _ = meta.decode().split()
        found[_text(path).removeprefix(prefix)] = (mode, oid)
    return found


def files_named(top: Path, name: str) -> tuple[str, ...]:
    """Where the index holds files of this name, in any folder."""
    listed = git.run(top, "ls-files", "-z", "--", f":(top,glob)**/{name}", index=True).stdout
    return tuple(_text(path) for path in listed.split(b"\0")[:-1])


def blobs(top: Path, oids: Iterable[str], most: int) -> dict[str, bytes]:
    """The content of blobs by their full ids, each read up to one byte more than `most`.

    Raises EnvironmentProblem when one cannot be read.
    """
    wanted = dict.fromkeys(oids)
    if not wanted:
        return {}
    found = {}
    with git.start(top, "cat-file", "--batch") as process:
        asking, answer = process.stdin, process.stdout
        assert asking is not None and answer is not None  # noqa: S101  # for the type checker: both are pipes
        for oid in wanted:
            try:
                asking.write(f"{oid}\n".encode())
                asking.flush()
            except OSError:
                break  # git has ended
            header = answer.readline().split()
            if len(header) != 3 or header[1] != b"blob":
                break
            found[oid] = answer.read(min(int(header[2]), most + 1))
            left = int(header[2]) - len(found[oid]) + 1  # a line break follows
            while left and (skipped := answer.read(min(left, 1 << 20))):
                left -= len(skipped)
    missing = next((oid for oid in wanted if oid not in found), "")
    if missing:
        raise EnvironmentProblem(f"git cannot read the object {missing}", hint="git fsck says what is damaged")
    return found


def _below(path: str) -> tuple[str, ...]:
    """The pathspec of a file or folder, none for the top."""
    return (f":(literal){path.rstrip('/')}",) if path else ()


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
