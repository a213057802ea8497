"""Which files are checked, and in which pmctl root each lies: a repository may hold several, even nested ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pmctl import git
from pmctl.document.fields import path_of
from pmctl.repository.workspace import POSTMORTEMS, Workspace
from pmctl.rules.bulk import Item
from pmctl.rules.collect import collect

_DEEPEST = 2
"""Slashes in a postmortem's path, postmortems/<year>/<id>.md. What lies deeper are attachments."""


@dataclass(frozen=True, slots=True)
class Files:
    """What documents are checked against besides people: settings, templates by path, and which files exist.

    `exists` is asked for a path relative to the pmctl root.
    """

    settings: bytes
    templates: Mapping[str, bytes]
    exists: Callable[[str], bool]


class Roots:
    """The pmctl roots around folders. Every folder is looked at once.

    `here` is the root around the folder that pmctl was started in, None when there is none.
    """

    def __init__(self, here: git.Repository | None) -> None:
        self._known: dict[str, git.Repository | None] = {}
        if here is not None:
            self._known[os.fspath(here.root)] = here

    def around(self, folder: str) -> git.Repository | None:
        """The nearest folder upwards with pmctl.yaml, up to the top of its git repository; None without one.

        `folder` is absolute. Raises EnvironmentProblem when git refuses to look.
        """
        if folder in self._known:
            return self._known[folder]
        above = os.path.dirname(folder)  # noqa: PTH120  # texts: a thousand Path objects take too long
        found = None
        if os.path.isfile(os.path.join(folder, git.SETTINGS_FILE)):  # noqa: PTH113, PTH118  # as above
            found = git.discover(Path(folder))
        elif above != folder and not os.path.lexists(os.path.join(folder, ".git")):  # noqa: PTH118  # as above
            found = self.around(above)
        self._known[folder] = found
        return found


def every_root(folder: Path) -> list[git.Repository]:
    """All roots of the repository around a folder that git knows of and that are on the disk, sorted by place."""
    from pmctl.repository.index import files_named

    places = git.find_work_tree(folder)
    if places is None:
        return []
    top, git_dir, common_dir = places[0].resolve(), *places[1:]
    there = sorted(path for path in files_named(top, git.SETTINGS_FILE) if (top / path).is_file())
    return [git.Repository(top, path.removesuffix(git.SETTINGS_FILE), git_dir, common_dir) for path in there]


def everything(repo: git.Repository) -> list[Item]:
    """Every postmortem of the work tree."""
    folder = repo.root / POSTMORTEMS
    found = collect([folder], repo.root) if folder.exists() else ()
    return [Item(one.path, one.data, finding=one.finding) for one in found]


def named(here: git.Repository | None, start: str, what: Iterable[str]) -> dict[git.Repository | None, list[Item]]:
    """The files that paths and ids stand for, by the root that each lies in; None is for those outside of every root.

    `start` is the folder, without symbolic links, that paths begin at. What lies in no root counts for `here`. Raises
    NotFound for an id that fits nothing or several.
    """
    base = Path(start) if here is None else here.root
    paths = []
    for word in what:
        if here is None or is_path(start, word):
            paths.append(Path(start, word))
        else:
            paths.append(here.root / path_of(Workspace(here).find(word)))
    roots = Roots(here)
    groups: dict[git.Repository | None, list[Item]] = {}
    known: dict[str, tuple[str, list[Item]]] = {}  # of each folder: what stands before its files' names, and its root's
    explicit: set[str] = set()
    for found in collect(paths, base):
        file = found.path if found.path.startswith("/") else f"{base}/{found.path}"
        folder, _, name = file.rpartition("/")
        if folder not in known:
            place = os.path.normpath(folder)
            repo = roots.around(place)
            if repo is not None and not is_below(place, repo.root):
                place = os.path.realpath(place)  # a symbolic link leads into the root
            repo = repo or here
            shown = _shown(place, repo.root if repo else base, repo.top if repo else base)
            known[folder] = shown, groups.setdefault(repo, [])
        before, items = known[folder]
        path = before + name
        if not is_document(path):
            explicit = explicit or {os.path.normpath(one) for one in paths}
            if os.path.normpath(file) not in explicit:
                continue  # an attachment in a folder that was named
        items.append(Item(path, found.data, finding=found.finding._replace(path=path) if found.finding else None))
    return {repo: items for repo, items in groups.items() if items}


def is_path(start: str, word: str) -> bool:
    """Whether a word, seen from the folder `start`, names a file or a folder rather than an id."""
    direct = Path(start, word)
    return direct.exists() or direct.is_symlink() or "/" in word or word.endswith(".md")


def is_document(path: str) -> bool:
    """False for what lies in a postmortem's own folder: its attachments. `path` is behind the root."""
    return not path.startswith(POSTMORTEMS + "/") or path.count("/") <= _DEEPEST


def is_below(file: str, folder: str | os.PathLike[str]) -> bool:
    """Whether an absolute path is a folder or lies below it."""
    base = os.fspath(folder).rstrip("/")
    return file == base or file.startswith(base + "/")


def _shown(folder: str, root: Path, top: Path) -> str:
    """What stands before the names of a folder's files: relative to the root within the repository, else whole."""
    if not is_below(folder, top):
        return f"{folder.rstrip('/')}/"
    shown = Path(os.path.relpath(folder, root)).as_posix()
    return "" if shown == "." else f"{shown}/"
