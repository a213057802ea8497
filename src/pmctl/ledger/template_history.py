"""Templates that are no longer there, as the history up to a commit last had them. (repository, names) -> templates.

The command line asks this where the audit asks its own steps, so that a postmortem written with a template that was
changed, renamed or deleted since is judged by the template that it was written with.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmctl import git
from pmctl.errors import EnvironmentProblem
from pmctl.ledger.history import main_parent
from pmctl.ledger.store import Store
from pmctl.object_reader import ObjectReader
from pmctl.objects import CorruptObject, MissingObject
from pmctl.policy.model import POLICY_PATH

if TYPE_CHECKING:
    from pmctl.document.template import Template
    from pmctl.ledger.judge import Judge


def earlier_templates(
    repo: git.Repository, wanted: frozenset[tuple[str, int]], revision: str = "HEAD"
) -> list[Template]:
    """The latest definition of each name and version on the main line of `revision`.

    What a shallow clone lacks, and what was there before the first policy, is not found.
    """
    from pmctl.ledger.fold import Fold
    from pmctl.ledger.judge import Judge

    try:
        tip = git.resolve(repo.top, revision)
    except EnvironmentProblem:
        return []  # nothing is committed yet
    with ObjectReader(repo.common_dir) as reader:
        judge = Judge(Store(reader), repo.prefix, Fold())
        return judge.library.definitions(_folders(judge, tip), wanted)


def _folders(judge: Judge, tip: str) -> Iterator[str]:
    """The folders of templates along the main line, the newest first, each once in a row."""
    last = ""
    at = tip
    try:
        while at:
            commit = judge.reader.commit(at)
            tree = judge.root_tree(commit.tree)
            if not tree or judge.trees.entry(tree, POLICY_PATH) is None:
                return
            folder = judge.templates_folder(tree)
            if folder and folder != last:
                last = folder
                yield folder
            at = main_parent(commit.parents, judge.rank)
    except (MissingObject, CorruptObject):
        return
