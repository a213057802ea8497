"""What templates were before commits changed them. (repository, revision) -> the replaced states, the oldest first.

The command line asks this where the audit knows it from its own steps, so that a postmortem is asked for no more than
when it was written, and for the same after its template was renamed or deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from pmctl import git
from pmctl.document.template_past import Replaced
from pmctl.errors import EnvironmentProblem
from pmctl.ledger.history import main_parent
from pmctl.ledger.view import TEMPLATES
from pmctl.object_reader import ObjectReader
from pmctl.objects import CorruptObject, MissingObject
from pmctl.policy.model import POLICY_PATH

if TYPE_CHECKING:
    from pmctl.ledger.judge import Judge

POSTMORTEMS = "postmortems"


def replaced(repo: git.Repository, revision: str = "HEAD") -> tuple[Replaced, ...]:
    """What the organisation's templates were, the oldest state first; the last is that of `revision` itself, which
    those of the work tree or the index may replace.

    What a shallow clone lacks, and what was there before the first policy, is not found.
    """
    try:
        tip = git.resolve(repo.top, revision)
    except EnvironmentProblem:
        return ()  # nothing is committed yet
    from pmctl.ledger.fold import Fold
    from pmctl.ledger.judge import Judge
    from pmctl.ledger.store import Store

    with ObjectReader(repo.common_dir) as reader:
        judge = Judge(Store(reader), repo.prefix, Fold())
        found = []
        with suppress(MissingObject, CorruptObject):
            for folder, tree in _folders(judge, repo, tip):
                postmortems = judge.trees.entry(tree, POSTMORTEMS)
                files = judge.trees.files(postmortems.oid) if postmortems is not None and postmortems.is_tree else ()
                there = frozenset(f"{POSTMORTEMS}/{path}" for path, _ in files)
                found.append(Replaced(judge.library.templates(folder), there.__contains__))
        return tuple(reversed(found))


def _folders(judge: Judge, repo: git.Repository, tip: str) -> Iterator[tuple[str, str]]:
    """Each folder of templates that was replaced, and the pmctl root's tree that replaced it, the newest first."""
    tree = judge.root_tree(judge.reader.commit(tip).tree)
    if not tree or judge.trees.entry(tree, POLICY_PATH) is None:
        return
    yield judge.templates_folder(tree), tree
    for commit, parent in _changes(judge, repo, tip):
        before = judge.root_tree(judge.reader.commit(parent).tree)
        if not before or judge.trees.entry(before, POLICY_PATH) is None:
            return
        yield judge.templates_folder(before), judge.root_tree(judge.reader.commit(commit).tree)


def _changes(judge: Judge, repo: git.Repository, tip: str) -> Iterator[tuple[str, str]]:
    """The commits of the main line that change templates, each with the one before it, the newest first.

    git names them in a few milliseconds along first parents, which are the main line unless a merge brings a newer
    policy from elsewhere: then each commit is looked at.
    """
    folders = [f":(literal){repo.prefix}{path}" for path in (TEMPLATES, POLICY_PATH)]
    listed = git.run(
        repo.top, "log", "--first-parent", "--diff-merges=first-parent", "--no-renames", "--name-only",
        "--format=%x00%H %P", tip, "--", *folders,
    ).text  # fmt: skip
    found = []
    for entry in listed.split("\0")[1:]:
        head, *paths = filter(None, entry.split("\n"))
        commit, *parents = head.split()
        if len(parents) > 1 and repo.prefix + POLICY_PATH in paths:
            yield from _every_change(judge, tip)
            return
        if parents and any(path != repo.prefix + POLICY_PATH for path in paths):
            found.append((commit, parents[0]))
    yield from found


def _every_change(judge: Judge, tip: str) -> Iterator[tuple[str, str]]:
    at, commit = tip, judge.reader.commit(tip)
    while parent := main_parent(commit.parents, judge.rank):
        before = judge.reader.commit(parent)
        folders = [judge.templates_folder(judge.root_tree(one.tree)) for one in (before, commit)]
        if folders[0] != folders[1]:
            yield at, parent
        at, commit = parent, before
