"""Paths that the audit would not take, before it has to: (what is staged, or all that the index holds) -> findings.

Links, submodules and executables among postmortems, paths that can be taken for managed ones, attachments that are one
file on some systems, .gitattributes that hide differences. The same codes as the audit's.
"""

from __future__ import annotations

from collections.abc import Iterable

from pmctl import git
from pmctl.document.attributes import hiding_lines
from pmctl.document.finding import Finding, Severity
from pmctl.document.lookalikes import folded, is_ours, same_on_disk, taken_for
from pmctl.document.reader import MAX_BYTES
from pmctl.ledger.paths import belongs_to
from pmctl.repository import index
from pmctl.text import in_ascii

_KINDS = {"120000": "a symbolic link", "160000": "a submodule", "100755": "executable"}
_ATTRIBUTES = ".gitattributes"


def held_paths(repo: git.Repository) -> list[Finding]:
    """What is wrong with the paths that the index of a repository holds below its pmctl root."""
    top = [name for name in sorted(one.name for one in repo.root.iterdir()) if is_ours(name)]
    files = index.files(repo.top, repo.prefix, *top) if top else {}
    found = path_findings([(path, mode) for path, (mode, _) in files.items()])
    attributes = {path: oid for path, (mode, oid) in files.items() if _is_attributes(path) and mode[:3] == "100"}
    found += _hidden(repo, {**attributes, **_above(repo)})
    return found + _same_names(files)


def staged_paths(repo: git.Repository, changes: Iterable[index.Staged]) -> list[Finding]:
    """What is wrong with the paths of these changes, all below the pmctl root, and of .gitattributes above it."""
    present = [one for one in changes if not one.removed]
    found = path_findings([(one.path, one.mode) for one in present])
    attributes = {one.path: one.new for one in present if _is_attributes(one.path) and one.mode[:3] == "100"}
    if repo.prefix:
        changed = {one.path for one in index.staged(repo.top) if _is_attributes(one.path)}
        above = {path: oid for path, oid in _above(repo).items() if _from_top(repo, path) in changed}
        attributes = {**attributes, **above}
    found += _hidden(repo, attributes)
    docs = {doc for doc, attachment in (belongs_to(one.path) for one in present) if attachment}
    folders = [f"postmortems/{doc[:4]}/{doc}" for doc in sorted(docs)]
    return found + (_same_names(index.files(repo.top, repo.prefix, *folders)) if folders else [])


def path_findings(files: Iterable[tuple[str, str]]) -> list[Finding]:
    """What is wrong with these paths below the pmctl root, given with their modes."""
    found = []
    for path, mode in files:
        if taken := taken_for(path):
            message = f"{in_ascii(path)} can be taken for {taken}, which it is not"
            found.append(Finding("AU504", message, path, fix="remove or rename it"))
        elif path.startswith("postmortems/") and mode in _KINDS:
            message = f"this is {_KINDS[mode]}, not a regular file"
            fix = "replace it by a regular file without the executable bit: chmod -x FILE, then git add FILE"
            found.append(Finding("AU501", message, path, fix=fix))
    return found


def _same_names(files: Iterable[str]) -> list[Finding]:
    found = []
    seen: dict[tuple[str, str], str] = {}
    for path in files:
        doc, attachment = belongs_to(path)
        name = path.split("/", 3)[-1]
        other = seen.setdefault((doc, same_on_disk(name)), name) if attachment else name
        if other != name:
            message = f"the attachments {in_ascii(other)} and {in_ascii(name)} are one file on some systems"
            found.append(Finding("AU504", message, path, fix="rename one of them"))
    return found


def _hidden(repo: git.Repository, files: dict[str, str]) -> list[Finding]:
    found = []
    contents = index.blobs(repo.top, files.values(), MAX_BYTES) if files else {}
    for path, oid in files.items():
        folder = path.rpartition("/")[0]
        if path.startswith("../"):
            inside = repo.prefix.rstrip("/").split("/")
            folder = "../" + "/".join(inside[len(inside) - path.count("/") :])
        for hidden in hiding_lines(contents[oid], folder)[:1]:
            message = f"{in_ascii(hidden.pattern)} {hidden.attribute}: changes of managed files would not be shown"
            fix = "remove that line"
            found.append(Finding("AU505", message, path, hidden.line, 1, Severity.WARNING, fix))
    return found


def _above(repo: git.Repository) -> dict[str, str]:
    """The .gitattributes files above the pmctl root that the index holds, by path as seen from the root."""
    folders = repo.prefix.rstrip("/").split("/") if repo.prefix else []
    places = {
        "/".join((*folders[:depth], _ATTRIBUTES)): "../" * (len(folders) - depth) for depth in range(len(folders))
    }
    held = index.files(repo.top, "", *places) if places else {}
    return {places[path] + _ATTRIBUTES: oid for path, (mode, oid) in held.items() if mode[:3] == "100"}


def _from_top(repo: git.Repository, path: str) -> str:
    """A path as seen from the pmctl root, above it, as seen from the top of the repository."""
    folders = repo.prefix.rstrip("/").split("/")
    return "/".join((*folders[: len(folders) - path.count("../")], _ATTRIBUTES))


def _is_attributes(path: str) -> bool:
    return folded(path.rpartition("/")[2]) == _ATTRIBUTES
