"""What templates were before commits changed them. (repository, revision) -> the replaced states, the oldest first.

The command line asks this where the audit knows it from its own steps, so that a postmortem is asked for no more than
when it was written, and for the same after its template was renamed or deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from pmctl import git
from pmctl.document.template_past import Replaced
from pmctl.errors import EnvironmentProblem
from pmctl.ledger.history import main_parent
from pmctl.ledger.snapshot import Snapshots
from pmctl.ledger.template_store import TEMPLATES
from pmctl.objects import CorruptObject, MissingObject
from pmctl.policy.model import POLICY_PATH

_POSTMORTEMS = "postmortems"


def replaced(repo: git.Repository, revision: str = "HEAD") -> tuple[Replaced, ...]:
    """What the organisation's templates were, the oldest state first; the last is that of `revision` itself, which
    those of the work tree or the index may replace.

    What a shallow clone lacks, and what was there before the first policy, is not found.
    """
    try:
        tip = git.resolve(repo.top, revision)
    except EnvironmentProblem:
        return ()  # nothing is committed yet
    source = Snapshots(repo)
    with source.reader:
        past = _Past(repo, source)
        found = []
        with suppress(MissingObject, CorruptObject):
            for folder, tree in past.folders(tip):
                files = past.trees.files(postmortems) if (postmortems := past.trees.folder(tree, _POSTMORTEMS)) else ()
                there = frozenset(f"{_POSTMORTEMS}/{path}" for path, _ in files)
                found.append(Replaced(past.library.templates(folder), there.__contains__))
        return tuple(reversed(found))


class _Past:
    """One repository's templates, read from its objects."""

    def __init__(self, repo: git.Repository, source: Snapshots) -> None:
        self.repo = repo
        self.source = source
        self.reader = source.reader
        self.trees = source.trees
        self.library = source.templates

    def folders(self, tip: str) -> Iterator[tuple[str, str]]:
        """Each folder of templates that was replaced, and the pmctl root's tree that replaced it, the newest first."""
        tree = self._root(tip)
        if not self._is_managed(tree):
            return
        yield self.library.folder(tree), tree
        for commit, parent in self._changes(tip):
            before = self._root(parent)
            if not self._is_managed(before):
                return
            yield self.library.folder(before), self._root(commit)

    def _root(self, commit: str) -> str:
        tree = self.reader.commit(commit).tree
        return self.trees.folder(tree, self.repo.prefix.rstrip("/")) if self.repo.prefix else tree

    def _is_managed(self, tree: str) -> bool:
        return bool(tree) and self.trees.entry(tree, POLICY_PATH) is not None

    def _changes(self, tip: str) -> Iterator[tuple[str, str]]:
        """The commits of the main line that change templates, each with the one before it, the newest first.

        git names them in a few milliseconds along first parents, which are the main line unless a merge brings a
        newer policy from elsewhere: then each commit is looked at.
        """
        prefix = self.repo.prefix
        listed = git.run(
            self.repo.top, "log", "--first-parent", "--diff-merges=first-parent", "--no-renames", "--name-only",
            "--format=%x00%H %P", tip, "--", *(f":(literal){prefix}{path}" for path in (TEMPLATES, POLICY_PATH)),
        ).text  # fmt: skip
        found = []
        for entry in listed.split("\0")[1:]:
            head, *paths = filter(None, entry.split("\n"))
            commit, *parents = head.split()
            if len(parents) > 1 and prefix + POLICY_PATH in paths:
                yield from self._every_change(tip)
                return
            if parents and any(path != prefix + POLICY_PATH for path in paths):
                found.append((commit, parents[0]))
        yield from found

    def _every_change(self, tip: str) -> Iterator[tuple[str, str]]:
        at = tip
        while parent := main_parent(self.reader.commit(at).parents, self.source.rank):
            if self.library.folder(self._root(parent)) != self.library.folder(self._root(at)):
                yield at, parent
            at = parent
