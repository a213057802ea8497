"""Make a wiki: what an audience may read -> articles -> a flavour's files -> a folder.

The folder is empty or was written by pmctl before, as its manifest says; nothing else in it is touched. No link is
followed in it: it may be a clone of what strangers write to.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pmctl import git
from pmctl.document.fields import path_of
from pmctl.errors import BadInput, EnvironmentProblem, Refused
from pmctl.files import read_kept, write_atomic
from pmctl.insight.publication import Broken, Publication, Publications
from pmctl.objects import blob_id
from pmctl.output.wiki import files as wiki_files
from pmctl.output.wiki.article import Article, Collection, article_of
from pmctl.output.wiki.attachments import Attachment
from pmctl.output.wiki.files import MANIFEST, Changes, Files, Manifest, digest_of, plan
from pmctl.output.wiki.flavours import FLAVOURS
from pmctl.processes import on_every_core
from pmctl.repository.workspace import Workspace

_ENOUGH_FOR_PROCESSES = 100


@dataclass(frozen=True, slots=True)
class Written:
    """What was done to a wiki. `commit` is the one that it became, "" for a folder and where nothing changed."""

    changes: Changes
    commit: str = ""


def collect(workspace: Workspace, found: Publications) -> Collection:
    """All that is to be shown, ready for a flavour. Raises EnvironmentProblem where there is no policy."""
    names = {person.handle: person.name for person in workspace.policy.people.values()}

    def portion(first: int, last: int) -> list[Article | Broken]:
        return [_article(one, names) for one in found.pages[first:last]]

    many, progress, made = len(found.pages), workspace.repo.progress, list[Article | Broken]()
    if many >= _ENOUGH_FOR_PROCESSES:
        made = on_every_core(portion, many, what="pages made", progress=progress)
    made += portion(len(made), many)
    broken = list(found.broken)
    broken += [one for one in made if isinstance(one, Broken)]
    articles = tuple(one for one in made if isinstance(one, Article))
    return Collection(articles, tuple(broken), source_of(workspace.repo))


def source_of(repo: git.Repository) -> str:
    """Where the pages come from, in words: the commit that is checked out."""
    commit = git.tip(repo)
    return f"commit {commit[:12]}" if commit else ""


def _article(publication: Publication, names: Mapping[str, str]) -> Article | Broken:
    try:
        shown = publication.shown()
    except BadInput as problem:
        return Broken(publication.id, path_of(publication.id), problem.message)
    return article_of(
        shown.document, publication.id, publication.folder, names=names, marks=shown.marks, approved=shown.approved
    )


def settled(files: Files, flavour: str, source: str, before: Manifest, there: Mapping[str, str], digits: int) -> bool:
    """Whether a wiki says all this already, and only the commit that it was made from is another.

    A commit that changes nothing that is shown must not become one in the wiki.
    """
    if flavour != before.flavour or not source or not before.source:
        return False
    old = dict(files)
    for path in FLAVOURS[flavour].stamped:
        content = files[path]
        if isinstance(content, bytes):
            old[path] = content.replace(source.encode(), before.source.encode())
    digests = {path: digest_of(content, digits) for path, content in old.items()}
    changes = plan(digests, before.files, there, force=False)
    return not changes.write and not changes.remove and not changes.kept


def build(files: Files, flavour: str, source: str, folder: Path, *, force: bool, dry_run: bool = False) -> Written:
    """Bring a folder to what the files say.

    Raises Refused when the folder holds something else, EnvironmentProblem when it cannot be written.
    """
    try:
        before = _manifest(folder, flavour, force=force)
        there = _there(folder, {*files, *before.files})
        if settled(files, flavour, source, before, there, 40):
            return Written(Changes((), (), (), before.files))
        digests = {path: digest_of(content) for path, content in files.items()}
        changes = plan(digests, before.files, there, force=force)
        if dry_run:
            return Written(changes)
        # Written first, so that a run that is cut off leaves nothing that looks like somebody else's.
        replaced = {path: there[path] for path in changes.write if there.get(path)}
        during = {**before.files, **changes.manifest, **replaced}
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder, MANIFEST, wiki_files.render(Manifest(flavour, "", during)))
        for path in changes.remove:
            _remove(folder, path)
        for path in changes.write:
            content = files[path]
            _write(folder, path, content.data() if isinstance(content, Attachment) else content)
        _write(folder, MANIFEST, wiki_files.render(Manifest(flavour, source, changes.manifest)))
    except OSError as error:
        raise EnvironmentProblem(f"cannot write {error.filename or folder}: {error.strerror}") from None
    return Written(changes)


def _manifest(folder: Path, flavour: str, *, force: bool) -> Manifest:
    """The manifest of a folder, an empty one for a folder that is empty or not there yet."""
    if folder.exists() and not folder.is_dir():
        raise Refused(f"{folder} is no folder", hint="-o DIR")
    holds = [name for name in os.listdir(folder) if name != ".git"] if folder.is_dir() else []  # noqa: PTH208  names
    if not holds:
        return Manifest()
    found = None
    with suppress(OSError):
        found = wiki_files.read_manifest(read_kept(folder / MANIFEST))
    if found is None:
        raise Refused(
            f"{folder} holds something else, and pmctl did not write it", hint="name an empty or a new folder"
        )
    if found.flavour != flavour and not force:
        raise Refused(
            f"{folder} holds the flavour {found.flavour}", hint="name another folder, or --force to replace it"
        )
    return found


def _there(folder: Path, paths: set[str]) -> dict[str, str]:
    """What lies at these paths: a digest, "" for what is no plain file in plain folders."""
    found: dict[str, str] = {}
    for path in paths:
        file = folder / path
        if _is_behind_link(folder, path):
            found[path] = ""
        elif file.is_symlink() or file.exists():
            try:
                found[path] = blob_id(read_kept(file), 40)
            except OSError:
                found[path] = ""
    return found


def _is_behind_link(folder: Path, path: str) -> bool:
    """Whether a folder on the way to a path is a link, or no folder."""
    for part in path.split("/")[:-1]:
        folder = folder / part
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            return True
    return False


def _write(folder: Path, path: str, data: bytes) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(target, data)
    target.chmod(0o644)


def _remove(folder: Path, path: str) -> None:
    """Remove a file, and the folders that it leaves empty."""
    target = folder / path
    target.unlink(missing_ok=True)
    for parent in target.parents:
        if parent == folder:
            return
        try:
            parent.rmdir()
        except OSError:
            return
