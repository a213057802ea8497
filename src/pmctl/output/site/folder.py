"""The folder that a site is written to: what pmctl wrote there is known by a marker file, and nothing else is touched.

A page is written anew only when what it is made of has changed; a file in one step; what is not part of the site any
more is removed, unless somebody has changed it. A path that holds something else is never written to.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from pmctl import __version__, git
from pmctl.errors import EnvironmentProblem, UsageProblem
from pmctl.files import read_object, write_atomic

MARKER = ".pmctl-site.json"
_FORMAT = "pmctl-site-1"
_LEFT_ALONE = frozenset((".git", ".gitignore", ".nojekyll", "CNAME"))


class File(NamedTuple):
    """A file as it was written: SHA-256 in hex, size, and its time in nanoseconds."""

    digest: str
    size: int
    changed: int


class Kept(NamedTuple):
    """What was written for one page: the key of what it was made of, its files, what was said about it, and the words
    that a search finds it by, with spaces between."""

    key: str
    files: dict[str, File]
    said: tuple[str, ...] = ()
    words: str = ""


@dataclass
class Folder:
    """The folder, and what was written there for each page, by the page's path. `terms` are those of each postmortem
    with the key of what they were read from, by id; `figures` are those of the first page, with theirs."""

    path: Path
    pages: dict[str, Kept] = field(default_factory=dict)
    terms: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    figures: tuple[str, tuple[tuple[str, str], ...]] = ("", ())
    _dropped: dict[str, File] = field(default_factory=dict)

    def is_current(self, name: str, key: str) -> bool:
        """Whether a page was made of the same, and its files are as they were written."""
        kept = self.pages.get(name)
        return kept is not None and kept.key == key and all(self._is_as_written(*one) for one in kept.files.items())

    def _is_as_written(self, path: str, file: File) -> bool:
        try:
            there = os.lstat(f"{self.path}/{path}")
        except OSError:
            return False
        return (there.st_size, there.st_mtime_ns) == (file.size, file.changed)

    def claim(self, names: list[str]) -> None:
        """Note that these pages will be written, before the first is: whoever is interrupted can begin again.

        Raises EnvironmentProblem, and nothing was written, when a path holds what pmctl did not write.
        """
        new = [name for name in names if name not in self.pages]
        foreign = [name for name in new if os.path.lexists(self.path / name)]
        if foreign:
            raise EnvironmentProblem(
                f"{self.path / foreign[0]} is in the way: pmctl did not write it",
                hint="remove it, or name another folder: -o DIR",
                details=tuple(str(self.path / one) for one in foreign[1:20]),
            )
        self.pages.update({name: Kept("", {}) for name in new})
        if new:
            self.save()

    def write(self, page: str, files: list[tuple[str, bytes]]) -> dict[str, File]:
        """Write the files of a page; one that has the same content already stays as it is."""
        known = self.pages[page].files if page in self.pages else {}
        own = page.removesuffix(".html") + "/"
        found = {}
        for path, data in files:
            digest = hashlib.sha256(data).hexdigest()
            before = known.get(path)
            if before is None or before.digest != digest or not self._is_as_written(path, before):
                if before is None and not path.startswith(own) and path != page and os.path.lexists(self.path / path):
                    raise EnvironmentProblem(f"{self.path / path} is in the way: pmctl did not write it")
                self._write(path, data)
            there = os.lstat(self.path / path)
            found[path] = File(digest, there.st_size, there.st_mtime_ns)
        return found

    def _write(self, path: str, data: bytes) -> None:
        target = self.path / path
        for step in PurePosixPath(path).parents:
            if step.parts and (self.path / step).is_symlink():
                raise EnvironmentProblem(f"{self.path / step} is a symbolic link", hint="remove it")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(target, data, mode=0o666)
        except OSError as error:
            raise EnvironmentProblem(f"cannot write {target}: {error.strerror}") from None

    def note(self, name: str, kept: Kept) -> None:
        """Note what was written for a page; files that it does not have any more are removed by `keep_only`."""
        self._dropped.update(self.pages[name].files)
        self.pages[name] = kept

    def keep_only(self, names: set[str]) -> tuple[int, list[str]]:
        """Remove the files of all other pages, and those that pages do not have any more; returns how many, and which
        stay because somebody has changed them."""
        wanted = {path for name in names for path in self.pages[name].files}
        gone = [name for name in self.pages if name not in names]
        old = {**self._dropped, **{path: file for name in gone for path, file in self.pages[name].files.items()}}
        removed, left = self.remove({path: file for path, file in old.items() if path not in wanted})
        self._dropped.clear()
        for name in gone:
            del self.pages[name]
        return removed, left

    def remove(self, files: dict[str, File]) -> tuple[int, list[str]]:
        """Remove these files where they are as they were written, and folders that become empty."""
        removed, left = 0, []
        for path, file in files.items():
            target = self.path / path
            if not os.path.lexists(target):
                continue
            folders = [self.path / step for step in PurePosixPath(path).parents if step.parts]
            if any(step.is_symlink() for step in folders) or not _is_the_same(target, file):
                left.append(path)
                continue
            target.unlink()
            removed += 1
            with suppress(OSError):  # one that is not empty stays
                for step in folders:
                    step.rmdir()
        return removed, left

    def save(self) -> None:
        """Write down what is there."""
        content = {
            "format": _FORMAT, "version": __version__, "pages": self.pages,
            "terms": {name: [key, "\n".join(found)] for name, (key, found) in self.terms.items()},
            "figures": self.figures,
        }  # fmt: skip
        try:
            told = json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")  # no markup, even by mistake
            write_atomic(self.path / MARKER, told.encode(), mode=0o666)
        except OSError as error:
            raise EnvironmentProblem(f"cannot write {self.path / MARKER}: {error.strerror}") from None


def _is_the_same(target: Path, file: File) -> bool:
    """Whether it still is a file with the content that was written."""
    if target.is_symlink() or not target.is_file():
        return False
    with target.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == file.digest


def refuse_in_repository(repo: git.Repository, path: Path) -> None:
    """Raise UsageProblem for a folder of the work tree that git does not ignore: what is generated is not committed to
    the branch that people work on."""
    place = path.resolve()
    inside = any(place == folder or folder in place.parents for folder in (repo.git_dir, repo.common_dir))
    in_tree = not inside and (place == repo.top or repo.top in place.parents)
    ignored = in_tree and git.run(repo.top, "check-ignore", "-q", f"{place}/", check=False).code == 0
    if inside or (in_tree and not ignored):
        hint = f"name a folder outside of {repo.top}, or add it to .gitignore first"
        raise UsageProblem(f"{path} is inside of the repository", hint=hint)


def open_folder(path: Path) -> Folder:
    """The folder at `path`, made when there is none.

    Raises EnvironmentProblem when it is no folder, or holds something else than a site that pmctl wrote.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        there = {one.name for one in path.iterdir()}
    except FileExistsError:
        raise EnvironmentProblem(f"{path} is no folder", hint="-o DIR") from None
    except OSError as error:
        raise EnvironmentProblem(f"cannot use {path}: {error.strerror}", hint="-o DIR") from None
    kept = read_object(path / MARKER)
    if kept.get("format") != _FORMAT:
        if there - _LEFT_ALONE:
            hint = "give a folder that is empty, or not there yet: -o DIR"
            raise EnvironmentProblem(f"{path} holds something else than a site that pmctl wrote", hint=hint)
        return Folder(path)
    pages, terms, current = kept.get("pages"), kept.get("terms"), kept.get("version") == __version__
    return Folder(
        path,
        _restored(pages if isinstance(pages, dict) else {}, current=current),
        _restored_terms(terms if isinstance(terms, dict) and current else {}),
        _restored_figures(kept.get("figures") if current else None),
    )


def _restored_figures(value: object) -> tuple[str, tuple[tuple[str, str], ...]]:
    match value:
        case [str(key), [*rows]]:
            return key, tuple((str(row[0]), str(row[1])) for row in rows if isinstance(row, list) and len(row) == 2)
    return "", ()


def _restored_terms(terms: dict[str, Any]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The terms of a marker file, one a line as they were written."""
    found = {}
    for name, entry in terms.items():
        match entry:
            case [str(key), str(lines)]:
                found[name] = (key, tuple(lines.split("\n")) if lines else ())
    return found


def _restored(pages: dict[str, Any], *, current: bool) -> dict[str, Kept]:
    """The pages of a marker file; one with a path that leaves the folder was not written by pmctl."""
    found = {}
    for name, entry in pages.items():
        try:
            key, files, said, words = entry
            told = {str(path): File(str(one[0]), int(one[1]), int(one[2])) for path, one in files.items()}
        except (TypeError, ValueError, AttributeError, IndexError):
            continue
        if all(_is_inside(path) for path in (name, *told)):
            found[name] = Kept(str(key) if current else "", told, tuple(map(str, said)), str(words))
    return found


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\\" not in path and "\0" not in path
