"""The main line of a history and its steps. (snapshots, graph, what is known) -> Lines -> steps, oldest first.

One step is one transaction: parent -> commit, whatever merged, squashed or rebased work it brings. Which parent of
a merge is the main line before it decides what counts as landed, and git says nothing about it: after a `git pull` the
old main line is the second parent, and whoever pushes a merge chooses the order. So the people who signed are asked.
Every record names, as its `base`, the newest commit of the protected branch that its signer had seen; a parent that
lacks what somebody saw there is not where the branch was.

The answer rests on the merge, its ancestors and its tree alone, so nothing that is pushed later changes it.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pmctl.ledger.commit_graph import Graph, Landed
from pmctl.ledger.deltas import Deltas
from pmctl.ledger.openpgp import Keyrings
from pmctl.ledger.snapshot import Snapshots
from pmctl.ledger.statement import Statement, read_statement
from pmctl.object_reader import ObjectReader
from pmctl.objects import Commit

_TOGETHER = 256  # records that are read ahead at a time


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction on the main line. `parent` is the main line before it ('' for a root commit), `sides`
    are the other parents of a merge."""

    commit: str
    parent: str
    sides: tuple[str, ...] = ()


@dataclass(slots=True)
class Lines:
    """Decides at every merge which parent continues the main line.

    `named` are, by commit, the paths of the records that have it as their base. `seen` are commits that whoever
    audits knows to have been on the main line, the most trusted first; `decided_by` are those of them without which it
    would be another one. `rivals` are, by merge, the witnesses of lines that contradict each other.
    """

    source: Snapshots
    graph: Graph
    deltas: Deltas
    keyrings: Keyrings
    named: Mapping[str, Iterable[str]]
    seen: Sequence[str] = ()
    decided_by: set[str] = field(default_factory=set)
    rivals: dict[str, tuple[Statement, ...]] = field(default_factory=dict)
    _known: list[tuple[int, str]] | None = None
    _bases: list[tuple[int, str]] | None = None
    _main: dict[str, str] = field(default_factory=dict)

    def main_line(self, tip: str, stop: Container[str] = ()) -> list[Step]:
        """The steps from the first commit, or behind the first one in `stop`, up to `tip`.

        Raises MissingObject, CorruptObject.
        """
        steps: list[Step] = []
        at = tip
        while at and at not in stop:
            main = self.main_parent(at)
            steps.append(Step(at, main, tuple(parent for parent in self.graph.parents(at) if parent != main)))
            at = main
        steps.reverse()
        return steps

    def main_parent(self, commit: str) -> str:
        """The parent of a commit that continues the main line; '' for a root."""
        parents = list(dict.fromkeys(self.graph.parents(commit)))
        if len(parents) < 2:
            return parents[0] if parents else ""
        if commit not in self._main:
            self._main[commit] = self._decided(commit, parents)
        return self._main[commit]

    def _decided(self, merge: str, parents: list[str]) -> str:
        parents = self._of_this_ledger(merge, parents) or parents
        known, by = self._seen_before(merge, parents)
        if by and (found := self._told(merge, parents)) not in known:
            self.decided_by |= by  # whoever does not know them finds another line
            return self._told(merge, known)
        return found if by else self._told(merge, parents)

    def _told(self, merge: str, parents: list[str]) -> str:
        """The parent that the history itself says."""
        for rule in (self._witnessed, self._newest_policy):
            if len(parents) > 1:
                parents = rule(merge, parents) or parents
        return parents[0]

    def _of_this_ledger(self, merge: str, parents: list[str]) -> list[str]:
        """The parents whose policy has the root of the merge's own: not one that another repository brings."""
        if len({self.source.at(parent).policy_id for parent in parents}) == 1:
            return parents
        roots = self.source.at(merge).claimed_roots()
        return [parent for parent in parents if self.source.at(parent).claimed_roots() & roots]

    def _seen_before(self, merge: str, parents: list[str]) -> tuple[list[str], set[str]]:
        """The parents that hold what whoever audits knows, and which of those commits tell them from the others."""
        if self._known is None:
            self._known = self._by_place(self.seen)
        by: set[str] = set()
        for commit in sorted(self._beside(self._known, merge, parents), key=self.seen.index):
            holding = [parent for parent in parents if self.graph.contains(parent, commit)]
            if holding and len(holding) < len(parents):
                by.add(commit)
                parents = holding
        return parents, by

    def _witnessed(self, merge: str, parents: list[str]) -> list[str]:
        """The parents that hold every base that the merge's records name; where two lines contradict each other, that
        of more signers."""
        if self._bases is None:
            self._bases = self._by_place(self.named)
        graph, bases = self.graph, self._beside(self._bases, merge, parents)
        found: dict[tuple[str, ...], list[Statement]] = {}
        for base in reversed(bases):
            holding = tuple(parent for parent in parents if graph.contains(parent, base))
            if 0 < len(holding) < len(parents) and holding not in found and (by := self._signed_in(merge, base)):
                found[holding] = by
        agreed = [parent for parent in parents if all(parent in holding for holding in found)]
        if agreed or not found:
            return agreed
        return self._more_signers(merge, parents, bases)

    def _by_place(self, commits: Iterable[str]) -> list[tuple[int, str]]:
        """The commits of this history, by the step of the trunk that contains them first."""
        return sorted((place, commit) for commit in commits if (place := self.graph.position(commit)) >= 0)

    def _beside(self, placed: list[tuple[int, str]], merge: str, parents: list[str]) -> list[str]:
        """Those up to a merge, oldest first, but for those that all its parents surely hold."""
        first = bisect_right(placed, (min(map(self.graph.reach, parents)), "~"))
        last = bisect_right(placed, (self.graph.position(merge), "~"))
        return [commit for _, commit in placed[first:last]]

    def _more_signers(self, merge: str, parents: list[str], bases: list[str]) -> list[str]:
        signers: dict[str, dict[str, Statement]] = defaultdict(dict)
        for base in bases:
            holding = [parent for parent in parents if self.graph.contains(parent, base)]
            if 0 < len(holding) < len(parents):
                for one in self._signed_in(merge, base):
                    for parent in holding:
                        signers[parent][one.act.by] = one
        self.rivals[merge] = tuple({one.digest: one for by in signers.values() for one in by.values()}.values())
        most = max(map(len, signers.values()))
        return [parent for parent in parents if len(signers[parent]) == most]

    def _signed_in(self, merge: str, base: str) -> list[Statement]:
        """The well-signed records that name this base, in the merge's own tree and in those of its parents.

        What a merge drops witnesses all the same: whoever drops a record must not profit from it.
        """
        policy, _ = self.source.at(merge).policy()
        if policy is None:
            return []
        found: dict[str, Statement] = {}
        for commit in (merge, *self.graph.parents(merge)):
            there = self.source.at(commit)
            for path in sorted(self.named[base]):
                one = read_statement(there, path, policy, self.keyrings)
                if one is not None and one.act.base == base:
                    found.setdefault(one.digest, one)
        return list(found.values())

    def _newest_policy(self, merge: str, parents: list[str]) -> list[str]:
        versions = [self.source.rank(parent) for parent in parents]
        return [parent for parent, version in zip(parents, versions, strict=True) if version == max(versions)]


def lines_of(
    source: Snapshots,
    tip: str,
    keyrings: Keyrings,
    *,
    landed: Landed | None = None,
    named: Mapping[str, Iterable[str]] | None = None,
    seen: Sequence[str] = (),
) -> Lines | None:
    """What decides the main line up to `tip`; it goes on from what has `landed`, whose records `named` bases.

    None when `tip` does not contain the last step of `landed`. Raises MissingObject, CorruptObject.
    """
    graph = Graph(source.reader, tip, landed or Landed())
    if not graph.continues:
        return None
    deltas = Deltas(source, graph)
    beside = graph.beside_others()
    deltas.read(beside)
    found = bases_named(source, deltas, beside)
    before = named or {}
    merged = {**before, **{base: {*paths, *before.get(base, ())} for base, paths in found.items()}}
    return Lines(source, graph, deltas, keyrings, merged, seen)


def bases_named(source: Snapshots, deltas: Deltas, commits: Iterable[str]) -> Mapping[str, set[str]]:
    """The bases that records name which these commits bring, well signed or not, with the paths of the records."""
    brought = [
        (one.path, one.new.oid) for commit in commits for one in deltas.of(commit).records
        if one.new is not None and one.path.endswith(".json")
    ]  # fmt: skip
    found: dict[str, set[str]] = defaultdict(set)
    for first in range(0, len(brought), _TOGETHER):
        group = brought[first : first + _TOGETHER]
        source.reader.fetch(oid for _, oid in group)
        for path, oid in group:
            base = _base(source.reader, oid)
            if base:
                found[base].add(path)
    return found


def contains(reader: ObjectReader, tip: str, commit: str) -> bool:
    """Whether `commit` is `tip` or among its ancestors. Raises MissingObject, CorruptObject."""
    return tip == commit or any(commit in one.parents for one in ancestors(reader, (tip,), ()))


def merged_commits(reader: ObjectReader, step: Step, landed: Container[str]) -> Iterator[Commit]:
    """The commits that a merge brings: reachable from its side parents and not yet `landed`, newest first."""
    return ancestors(reader, step.sides, landed)


def ancestors(reader: ObjectReader, tips: Sequence[str], without: Container[str]) -> Iterator[Commit]:
    """The commits reachable from `tips`, themselves included; the walk ends at those in `without`."""
    waiting, seen = list(tips), set(tips)
    while waiting:
        oid = waiting.pop()
        if oid in without:
            continue
        commit = reader.commit(oid)
        yield commit
        for parent in commit.parents:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)


def _base(reader: ObjectReader, oid: str) -> str:
    """What a record says of its base; whether it is a record at all is asked where that matters."""
    try:
        value = json.loads(reader.blob(oid))
    except (ValueError, RecursionError):
        return ""
    base = value.get("base") if isinstance(value, dict) else None
    return base if isinstance(base, str) else ""
