"""Find the files to check and read them: each one yields its bytes, or the finding that says why not.

Nothing here follows a symbolic link, waits for a pipe or reads more than the limit of a document; one bad
file never keeps the others from being checked.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pmctl.document.finding import Finding
from pmctl.document.reader import MAX_BYTES

NOT_A_FILE = "PM030"
UNREADABLE = "PM031"

_SKIPPED_FOLDERS = frozenset({".git", ".pmctl", "node_modules", ".venv", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Collected:
    """One file to check: `path` with forward slashes, relative to the root when it lies below it, and either its
    bytes or the finding that says why there are none.
    """

    path: str
    data: bytes | None
    finding: Finding | None = None


def collect(paths: Iterable[Path], root: Path) -> Iterator[Collected]:
    """Every file that the paths name: files as they are, folders with the Markdown files below them.

    Below `postmortems/` only `<year>/<id>.md` counts; Markdown files in a postmortem's own folder are its
    attachments. A file that is named twice is read once.
    """
    seen: set[str] = set()
    for path in paths:
        for file in _files(path, root):
            name = _name(file, root)
            if name not in seen:
                seen.add(name)
                yield read_file(file, name)


def read_file(file: Path, name: str) -> Collected:
    """Read one file without following a symbolic link, at most one byte more than a document may have."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        return Collected(name, None, _refusal(file, name, problem))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return Collected(name, None, _not_a_file(name, "not a regular file"))
        data = os.read(handle, MAX_BYTES + 1)
        while len(data) <= MAX_BYTES and (more := os.read(handle, MAX_BYTES + 1 - len(data))):
            data += more
    except OSError as problem:
        return Collected(name, None, _refusal(file, name, problem))
    finally:
        os.close(handle)
    return Collected(name, data)


def _files(path: Path, root: Path) -> Iterator[Path]:
    """The files that one argument stands for. A folder that can't be listed stands for itself, to be reported."""
    if path.is_symlink() or not path.is_dir():
        yield path
        return
    stack = [path]
    while stack:
        folder = stack.pop()
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            yield folder
            continue
        folders = []
        for entry in listed:
            if entry.is_dir(follow_symlinks=False):
                below = _name(folder, root).split("/")
                if entry.name not in _SKIPPED_FOLDERS and not (below[0] == "postmortems" and len(below) >= 2):
                    folders.append(Path(entry.path))
            elif entry.name.endswith(".md"):
                yield Path(entry.path)
        stack.extend(reversed(folders))


def _name(file: Path, root: Path) -> str:
    """The path relative to the root when it lies below it, otherwise as given."""
    absolute = os.path.abspath(file)  # noqa: PTH100  # Path.resolve would follow symbolic links
    base = os.path.abspath(root)  # noqa: PTH100  # as above
    if absolute == base:
        return "."
    if absolute.startswith(base.rstrip("/") + "/"):
        return absolute[len(base.rstrip("/")) + 1 :]
    return file.as_posix()


def _refusal(file: Path, name: str, problem: OSError) -> Finding:
    if file.is_symlink():
        return _not_a_file(name, "a symbolic link")
    if isinstance(problem, FileNotFoundError):
        return Finding(UNREADABLE, "there is no such file", name)
    return Finding(UNREADABLE, f"can't be read: {problem.strerror or problem}", name, fix="check its permissions")


def _not_a_file(name: str, what: str) -> Finding:
    return Finding(NOT_A_FILE, f"{what}; a postmortem is a regular file", name, fix="replace it by the file itself")
