"""What is staged, from the index and not the work tree: documents, and the settings and templates beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pmctl import git
from pmctl.document.files import NOT_A_FILE
from pmctl.document.finding import Finding
from pmctl.document.reader import MAX_BYTES
from pmctl.insight.roots import Files, Roots, is_document
from pmctl.repository import index
from pmctl.repository.workspace import POSTMORTEMS, TEMPLATES, read_file
from pmctl.rules.bulk import Item

_KINDS = {"120000": "a symbolic link", "160000": "a submodule"}


def staged(repo: git.Repository, *, within: bool) -> Iterator[tuple[git.Repository, list[Item], Files]]:
    """The staged documents of each root that has any, or staged settings or templates; deletions are not checked.

    `within` asks for the root `repo` first, whatever is staged, and for those within it; otherwise it is every root of
    the repository. Raises EnvironmentProblem when git cannot read the index.
    """
    prefix = repo.prefix if within else ""
    roots = Roots(repo if within else None)
    found: dict[git.Repository, list[index.Staged]] = {repo: []} if within else {}
    for change in index.staged(repo.top, prefix):
        folder = os.path.dirname(os.path.join(repo.top, prefix, change.path))  # noqa: PTH118, PTH120  # as in `roots`
        root = None if change.removed else roots.around(folder)
        if root is not None:
            path = (prefix + change.path).removeprefix(root.prefix)
            if _is_postmortem(path) or path.startswith(TEMPLATES + "/") or path == git.SETTINGS_FILE:
                found.setdefault(root, []).append(replace(change, path=path))
    for root, changes in found.items():
        yield root, *_of_root(root, changes)


def _of_root(repo: git.Repository, changes: list[index.Staged]) -> tuple[list[Item], Files]:
    documents = [one for one in changes if _is_postmortem(one.path)]
    beside = index.entries(repo.top, repo.prefix, git.SETTINGS_FILE, TEMPLATES)
    regular = [one.new for one in documents if one.mode not in _KINDS]
    content = index.blobs(repo.top, [*regular, *beside.values()], MAX_BYTES)
    items = [_item(one, content) for one in documents]
    settings = beside.pop(git.SETTINGS_FILE, "")
    templates = {
        path: content[oid]
        for path, oid in sorted(beside.items())
        if path.endswith(".md") and path.count("/") == TEMPLATES.count("/") + 1
    }
    read = content[settings] if settings else read_file(repo.root / git.SETTINGS_FILE, git.SETTINGS_FILE)
    return items, Files(read, templates, _InIndex(repo))


def _is_postmortem(path: str) -> bool:
    return path.startswith(POSTMORTEMS + "/") and path.endswith(".md") and is_document(path)


def _item(change: index.Staged, content: dict[str, bytes]) -> Item:
    if change.mode in _KINDS:
        message = f"is {_KINDS[change.mode]}; a postmortem is a regular file"
        finding = Finding(NOT_A_FILE, message, change.path, fix="replace it by the file itself")
        return Item(change.path, None, finding=finding)
    return Item(change.path, content[change.new])


@dataclass
class _InIndex:
    """Answers whether the index holds a file or a folder. The index is listed when it is first asked."""

    repo: git.Repository
    known: set[str] | None = field(default=None, repr=False)

    def __call__(self, path: str) -> bool:
        if self.known is None:
            self.known = set()
            for name in index.entries(self.repo.top, self.repo.prefix):
                while name not in self.known:
                    self.known.add(name)
                    name = os.path.dirname(name)  # noqa: PTH120  # texts, as in `roots`
        return path.rstrip("/") in self.known
