"""Find the files to check and read them: each one yields its bytes, or the finding that says why not.

One bad file never keeps the others from being checked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pmctl.document.files import Unreadable, finding_of, read_regular
from pmctl.document.finding import Finding

_SKIPPED_FOLDERS = frozenset({".git", ".pmctl", "node_modules", ".venv", "__pycache__"})
_LOCK = ".#"
"""How the name of a link begins by which Emacs marks a file with unsaved changes."""


class Collected(NamedTuple):
    """One file to check: `path` with forward slashes, relative to the root when it lies below it, and either its
    bytes or the finding that says why there are none.
    """

    path: str
    data: bytes | None
    finding: Finding | None = None


def collect(paths: Iterable[Path], root: Path) -> Iterator[Collected]:
    """Every file that the paths name: files as they are, folders with the Markdown files below them.

    Below `postmortems/` only `<year>/<id>.md` counts; Markdown files in a postmortem's own folder are its
    attachments. What else lies at such a path (a folder, a link) is said. A file that is named twice is read once.
    """
    # Texts, not Path objects: those cost a noticeable part of a run over a thousand files.
    base = os.path.abspath(root)  # noqa: PTH100  # Path.resolve would follow symbolic links
    seen: set[str] = set()
    for path in paths:
        for file in _files(os.fspath(path), base):
            name = _name(file, base)
            if name not in seen:
                seen.add(name)
                yield _read(file, name)


def _read(file: str, name: str) -> Collected:
    try:
        return Collected(name, read_regular(file))
    except Unreadable as problem:
        return Collected(name, None, finding_of(problem, name))


def _files(path: str, base: str) -> Iterator[str]:
    """The files that one argument stands for. A folder that can't be listed stands for itself, to be reported."""
    if os.path.islink(path) or not os.path.isdir(path):  # noqa: PTH112, PTH114  # texts, see collect
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
        below = _name(folder, base).split("/")
        managed = below[0] == "postmortems"
        leaf = managed and len(below) >= 2
        folders = []
        for entry in listed:
            if entry.is_dir(follow_symlinks=False) and not (leaf and entry.name.endswith(".md")):
                if entry.name not in _SKIPPED_FOLDERS and not leaf:
                    folders.append(entry.path)
            elif entry.name.endswith(".md"):
                if not entry.name.startswith(_LOCK):
                    yield entry.path
            elif managed and not leaf and entry.is_symlink() and entry.is_dir():
                yield entry.path  # a year's folder that stands elsewhere: not followed, but said
        stack.extend(reversed(folders))


def _name(file: str, base: str) -> str:
    """The path relative to the root when it lies below it, otherwise as given."""
    absolute = os.path.abspath(file)  # noqa: PTH100  # Path.resolve would follow symbolic links
    if absolute == base:
        return "."
    if absolute.startswith(base.rstrip("/") + "/"):
        return absolute[len(base.rstrip("/")) + 1 :]
    return Path(file).as_posix()
