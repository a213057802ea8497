"""What single commits change, wherever they lie. (snapshots, graph) -> Deltas.of(commit) -> Delta.

Each commit is compared with one parent, the one that contains most of the trunk; of a merge only what no parent has is
its own. So a line costs what it changed, however much lies on the other lines that it merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pmctl.ledger import record
from pmctl.ledger.commit_graph import Graph
from pmctl.ledger.snapshot import Snapshots
from pmctl.ledger.trees import Difference
from pmctl.policy.model import POLICY_PATH

_TOGETHER = 128  # commits that are compared at a time
_WANTED = frozenset((".pmctl", "postmortems"))
_RECORDS = record.FOLDER + "/"


class Delta(NamedTuple):
    """The differences that one commit makes: records with their signatures, documents with attachments, the policy.

    `parent` is the commit that it was compared with, '' for a root.
    """

    parent: str
    records: tuple[Difference, ...] = ()
    documents: tuple[Difference, ...] = ()
    policy: bool = False


class Deltas:
    """Reads what commits change; those that were read together are kept until they are asked for the last time."""

    def __init__(self, source: Snapshots, graph: Graph) -> None:
        self._source = source
        self._graph = graph
        self._kept: dict[str, Delta] = {}

    def of(self, commit: str) -> Delta:
        """What a commit changes. Raises MissingObject, CorruptObject."""
        return self._kept.get(commit) or self._compared((commit,))[0]

    def read(self, commits: Sequence[str]) -> None:
        """Compare many commits, and keep what they change."""
        commits = [commit for commit in commits if commit not in self._kept]
        for first in range(0, len(commits), _TOGETHER):
            group = commits[first : first + _TOGETHER]
            self._kept.update(zip(group, self._compared(group), strict=True))

    def forget(self, commits: Iterable[str]) -> None:
        """These commits are not asked for again."""
        for commit in commits:
            self._kept.pop(commit, None)

    def _compared(self, commits: Sequence[str]) -> list[Delta]:
        source, graph = self._source, self._graph
        parents = [max(graph.parents(commit), key=graph.reach, default="") for commit in commits]
        trees = [(source.at(parent).tree if parent else "", source.at(commit).tree)
                 for parent, commit in zip(parents, commits, strict=True)]  # fmt: skip
        found = source.trees.many(trees, "", _WANTED)
        return [
            _delta(parent, self._own(commit, parent, differences))
            for commit, parent, differences in zip(commits, parents, found, strict=True)
        ]

    def _own(self, commit: str, compared: str, differences: list[Difference]) -> list[Difference]:
        """The differences that are not what another parent has."""
        for parent in self._graph.parents(commit):
            if parent != compared and differences:
                tree, entry = self._source.at(parent).tree, self._source.trees.entry
                differences = [one for one in differences if not tree or entry(tree, one.path) != one.new]
        return differences


def _delta(parent: str, differences: list[Difference]) -> Delta:
    return Delta(
        parent,
        tuple(one for one in differences if one.path.startswith(_RECORDS)),
        tuple(one for one in differences if one.path.startswith("postmortems/")),
        any(one.path == POLICY_PATH for one in differences),
    )
