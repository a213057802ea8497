"""Who wrote what a step says of a postmortem: its commits, each with its own change. Step -> contributions.

A direct commit, a rebase or a squash is its author's. A merge is the work of the commits that it brings. Whoever merged
counts only for what they say themselves: a text that is neither what git makes of both sides nor what the merge driver
makes of them, an attachment of neither, an older version that one side had already changed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pmctl import git
from pmctl.document.merge import merge
from pmctl.document.merge_conflict import NotUnderstood
from pmctl.document.reader import Document, read
from pmctl.ledger.history import contains
from pmctl.ledger.snapshot import document_path
from pmctl.ledger.step import StepContext
from pmctl.ledger.tree_documents import REGULAR, TreeDocument
from pmctl.objects import Commit, Entry
from pmctl.policy.edits import Edit
from pmctl.policy.model import SIGNED


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one commit does to a postmortem. A conflict is resolved between several texts: `edits` has one against each,
    and whoever may have made one of them may have made the contribution."""

    commit: Commit
    edits: tuple[Edit, ...]


def contributions(
    step: StepContext, doc: str, old: TreeDocument | None, new: TreeDocument | None
) -> list[Contribution]:
    """What each commit of a step does to the postmortem that goes from `old` to `new`, the newest first."""
    if len(step.commit.parents) < 2:
        return [Contribution(step.commit, (edit(step, doc, old, new),))]
    return list(_of_merge(step, doc))


def edit(step: StepContext, doc: str, old: TreeDocument | None, new: TreeDocument | None) -> Edit:
    """The change between two versions of a postmortem in trees."""
    folders = [where.attachments if where is not None else None for where in (old, new)]
    return Edit(_document(step, doc, old), _document(step, doc, new), attachments=folders[0] != folders[1])


def _of_merge(step: StepContext, doc: str) -> Iterator[Contribution]:
    for commit in (step.commit, *step.merged):
        own = _at(step, commit.oid, doc)
        sides = [_at(step, parent, doc) for parent in commit.parents]
        if len(sides) > 1:
            edits = _own_words(step, commit, doc, own, sides)
            if edits:
                yield Contribution(commit, edits)
        elif own != (sides[0] if sides else None):
            yield Contribution(commit, (edit(step, doc, sides[0] if sides else None, own),))


def _own_words(
    step: StepContext, commit: Commit, doc: str, own: TreeDocument | None, sides: list[TreeDocument | None]
) -> tuple[Edit, ...]:
    """What whoever merged says beyond what git makes of the sides, against each text that it may be made from."""
    if all(side == own for side in sides):
        return ()
    files = [_Part(side.file if side else None, side.attachments if side else None) for side in sides]
    result = _Part(own.file if own else None, own.attachments if own else None)
    merges: list[Document | None] = []
    folders = True
    for base in _bases(step, commit):
        was = _at(step, base, doc) if base else None
        part = _Part(was.file if was else None, was.attachments if was else None)
        merged = _merged(step, part.file, [side.file for side in files])
        folders = _same_folder(step, part.folder, [side.folder for side in files], result.folder)
        if folders and _says(step, result.file, merged):
            return ()
        if folders and _says(step, result.file, _merged(step, part.file, [side.file for side in files], _by_meaning)):
            return ()
        if isinstance(merged, bytes):
            merges.append(read(merged, document_path(doc)))
        elif not isinstance(merged, _Conflict):
            merges.append(_document(step, doc, TreeDocument(merged, path=document_path(doc)) if merged else None))
    policy = step.state.policy
    if (policy is None or policy.edits != SIGNED) and not _is_evil(step, own, sides):
        return ()  # a conflict resolved line by line: not worth a warning, and a signature only where edits have one
    if merges:
        return tuple(Edit(before, _document(step, doc, own), attachments=not folders) for before in merges)
    return tuple(edit(step, doc, side, own) for side in sides if side != own)


class _Part(NamedTuple):
    file: Entry | None
    folder: Entry | None


def _merged(
    step: StepContext,
    base: Entry | None,
    sides: Sequence[Entry | None],
    by: Callable[[bytes, bytes, bytes], bytes | None] | None = None,
) -> Entry | bytes | _Conflict | None:
    """What git makes of one file on several sides: one of them, a text, nothing, or a conflict.

    `by` merges the texts, by lines unless it is given.
    """
    changed = list(dict.fromkeys(side for side in sides if side != base))
    if not changed:
        return base
    if len(changed) == 1:
        return changed[0]
    if base is None or base.mode != REGULAR:
        return _CONFLICT
    before = step.source.reader.blob(base.oid)
    text: bytes | None = None
    for side in changed:
        if side is None or side.mode != REGULAR:
            return _CONFLICT
        data = step.source.reader.blob(side.oid)
        text = data if text is None else (by or _merged_text)(before, text, data)
        if text is None:
            return _CONFLICT
    return text if text is not None else _CONFLICT


class _Conflict:
    """Sides that git does not put together by itself."""


_CONFLICT = _Conflict()


def _says(step: StepContext, result: Entry | None, merged: Entry | bytes | _Conflict | None) -> bool:
    if isinstance(merged, bytes):
        return result is not None and result.mode == REGULAR and step.source.reader.blob(result.oid) == merged
    return result == merged


def _same_folder(step: StepContext, base: Entry | None, sides: Sequence[Entry | None], result: Entry | None) -> bool:
    """Whether the attachments are what git makes of the sides, file by file."""
    changed = {side for side in sides if side != base}
    if len(changed) < 2:
        return result == (changed.pop() if changed else base)
    before, after = _files(step, base), _files(step, result)
    parts = [_files(step, side) for side in sides]
    for path in {name for files in (before, after, *parts) for name in files}:
        merged = _merged(step, before.get(path), [files.get(path) for files in parts])
        if not _says(step, after.get(path), merged):
            return False
    return True


def _files(step: StepContext, folder: Entry | None) -> dict[str, Entry]:
    if folder is None:
        return {}
    return dict(step.source.trees.files(folder.oid)) if folder.is_tree else {"": folder}


def _merged_text(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """The text that git merges from two sides; None when they conflict, or are no text."""
    with tempfile.TemporaryDirectory(prefix="pmctl-merge-") as folder:
        for name, data in (("base", base), ("ours", ours), ("theirs", theirs)):
            (Path(folder) / name).write_bytes(data)
        done = git.run(Path(folder), "merge-file", "-p", "-q", "ours", "base", "theirs", check=False)
    return done.stdout if done.code == 0 else None


def _by_meaning(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """The text that the merge driver makes of two sides: every cell and key of it is from one of them."""
    try:
        merged = merge(base, ours, theirs)
    except NotUnderstood:
        return None
    return None if merged.conflicts else merged.written()[0]


def _is_evil(step: StepContext, own: TreeDocument | None, sides: list[TreeDocument | None]) -> bool:
    """Whether a merge has a line that no side has, or lacks one that all have; attachments, whether they are of one."""

    def lines(where: TreeDocument | None) -> set[bytes]:
        if where is None or where.file.mode != REGULAR:
            return set()
        return {line.strip() for line in step.source.reader.blob(where.file.oid).splitlines()}

    if own is not None and own.attachments not in [side.attachments if side else None for side in sides]:
        return True
    texts, result = [lines(side) for side in sides], lines(own)
    return bool(result - set().union(*texts)) or bool(set.intersection(*texts) - result)


def _bases(step: StepContext, commit: Commit) -> list[str]:
    """The commits that git would merge the parents from: their newest common ancestors; "" when there is none.

    Ancestors are followed until they meet the main line, on which every commit has all those before it.
    """
    ways = [_until_line(step, parent) for parent in commit.parents]
    found: list[str] = []
    for off, at in ways[1:]:
        common = off & ways[0][0]
        meeting = min(at, ways[0][1])[1]
        parents = {parent for one in common for parent in step.source.reader.commit(one).parents}
        newest = [one for one in sorted(common) if one not in parents]
        if meeting:
            newest = [one for one in newest if not contains(step.source.reader, meeting, one)]
            if not any(contains(step.source.reader, one, meeting) for one in newest):
                newest.append(meeting)
        found += newest
    return list(dict.fromkeys(found)) or [""]


def _until_line(step: StepContext, tip: str) -> tuple[set[str], tuple[int, str]]:
    """(the ancestors of a commit beside the main line, itself included, and where they meet that line at the newest).

    A place on the line is its number and its commit; (-1, "") when it is never met.
    """
    waiting, seen, at = [tip], {tip}, (-1, "")
    off: set[str] = set()
    while waiting:
        oid = waiting.pop()
        place = step.state.line.get(oid, -1)
        if place >= 0 and oid != step.commit.oid:
            at = max(at, (place, oid))
            continue
        off.add(oid)
        for parent in step.source.reader.commit(oid).parents:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return off, at


def _at(step: StepContext, commit: str, doc: str) -> TreeDocument | None:
    return step.source.at(commit).document(doc)


def _document(step: StepContext, doc: str, where: TreeDocument | None) -> Document | None:
    if where is None:
        return None
    if where.file.mode != REGULAR:
        return read(f"{where.file.mode} {where.file.oid}".encode(), where.path)  # a link, say: there is nothing to read
    return step.documents.document(where)
