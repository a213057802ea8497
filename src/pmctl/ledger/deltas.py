"""What single commits change, wherever they lie. (snapshots, graph) -> Deltas.of(commit) -> Delta.

Each commit is compared with one parent, the one that contains most of the trunk; of a merge only what no parent has is
its own. So a line costs what it changed, however much lies on the other lines that it merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pmctl.document.beside import Beside, folder_of
from pmctl.ledger import record
from pmctl.ledger.commit_graph import Graph
from pmctl.ledger.snapshot import Snapshots
from pmctl.ledger.trees import Difference
from pmctl.policy.model import POLICY_PATH

_TOGETHER = 128  # commits that are compared at a time
_WANTED = frozenset((".pmctl", "postmortems"))
_RECORDS = record.FOLDER + "/"
_COMMENTS = folder_of(Beside.COMMENTS) + "/"
_BESIDE = tuple(folder_of(one) + "/" for one in (Beside.TICKETS, Beside.MEETINGS, Beside.PUBLIC))


class Delta(NamedTuple):
    """The differences that one commit makes: records with their signatures, documents with attachments, messages of
    discussions, what else lies beside postmortems (tickets, meetings, public texts), the policy.

    `parent` is the commit that it was compared with, '' for a root.
    """

    parent: str
    records: tuple[Difference, ...] = ()
    documents: tuple[Difference, ...] = ()
    comments: tuple[Difference, ...] = ()
    beside: tuple[Difference, ...] = ()
    policy: bool = False

    @property
    def files(self) -> tuple[Difference, ...]:
        """All of them, apart from the policy."""
        return (*self.records, *self.documents, *self.comments, *self.beside)


class Deltas:
    """Reads what commits change; those that were read together are kept until they are asked for the last time."""

    def __init__(self, source: Snapshots, graph: Graph) -> None:
        self._source = source
        self._graph = graph
        self._kept: dict[str, Delta] = {}

    def of(self, commit: str) -> Delta:
        """What a commit changes. Raises MissingObject, CorruptObject."""
        found = self._kept.get(commit)
        if found is None:
            self.read((commit,))
            found = self._kept.pop(commit)
        return found

    def read(self, commits: Sequence[str]) -> None:
        """Compare many commits, each after its parents, and keep what they change."""
        graph, source = self._graph, self._source
        commits = [commit for commit in commits if commit not in self._kept]
        for first in range(0, len(commits), _TOGETHER):
            group = commits[first : first + _TOGETHER]
            parents = [max(graph.parents(commit), key=graph.reach, default="") for commit in group]
            trees = [
                (source.at(parent).tree if parent else "", source.at(commit).tree)
                for parent, commit in zip(parents, group, strict=True)
            ]
            found = source.trees.many(trees, "", _WANTED.__contains__)
            for commit, parent, differences in zip(group, parents, found, strict=True):
                self._kept[commit] = _delta(parent, self._own(commit, parent, differences))

    def forget(self, commits: Iterable[str]) -> None:
        """These commits are not asked for again."""
        for commit in commits:
            self._kept.pop(commit, None)

    def _own(self, commit: str, compared: str, differences: list[Difference]) -> list[Difference]:
        """The differences that are the commit's own: not what it merges, and not what another parent has."""
        others = [parent for parent in self._graph.parents(commit) if parent != compared]
        if not others or not differences:
            return differences
        merged = [self.of(oid) for oid in self._graph.only_in(others, compared)]
        brought = {(one.path, one.new) for delta in merged for one in delta.files}
        left = [one for one in differences if (one.path, one.new) not in brought]
        for parent in others if left else ():
            tree, entry = self._source.at(parent).tree, self._source.trees.entry
            left = [one for one in left if not tree or entry(tree, one.path) != one.new]
        return left


def _delta(parent: str, differences: list[Difference]) -> Delta:
    return Delta(
        parent,
        tuple(one for one in differences if one.path.startswith(_RECORDS)),
        tuple(one for one in differences if one.path.startswith("postmortems/")),
        tuple(one for one in differences if one.path.startswith(_COMMENTS)),
        tuple(one for one in differences if one.path.startswith(_BESIDE)),
        any(one.path == POLICY_PATH for one in differences),
    )
