"""What the records and the policy went through on the way to a commit, which its tree alone does not show.

(snapshot) -> Traces: records that some commit took away or changed, every version of the policy, and records that came
in together with another policy. Whoever reads where a postmortem stands from one tree has to know them: what was signed
and reverted still counts, and what was signed under another policy is judged by that one. What was found up to one
commit is kept under the git directory, so that the next question is about the commits since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pmctl import __version__
from pmctl.document.beside import Beside, folder_of
from pmctl.files import make_folder, read_object, write_atomic
from pmctl.ledger import record
from pmctl.ledger.snapshot import Snapshot
from pmctl.policy.model import POLICY_PATH

_ADDED = "A"
_COMMENTS = folder_of(Beside.COMMENTS) + "/"


@dataclass(slots=True)
class Traces:
    """What lies behind the tree of a commit.

    `removed` are the paths of records, of their signatures, and of messages of discussions that a commit before lacks
    or has otherwise than one of its parents; `policies` the object ids of all files that were the policy. `arrived`
    has, for a record that came in one step with another policy, the object id of the policy before.
    """

    removed: set[str] = field(default_factory=set)
    policies: set[str] = field(default_factory=set)
    arrived: dict[str, str] = field(default_factory=dict)

    def removed_of(self, doc: str) -> bool:
        """Whether a record about this postmortem was taken away or changed."""
        folder = f"{record.FOLDER}/{doc}/"
        return any(path.startswith(folder) for path in self.removed)


def traces(snapshot: Snapshot) -> Traces | None:
    """The traces up to the snapshot's commit; None where git cannot say, as in a clone that is not whole."""
    source, tip = snapshot.source, snapshot.commit
    known = source.answers.get(f"traces {tip}")
    if not isinstance(known, Traces):
        source.follow_moves(snapshot)
        found, kept = _load(snapshot)
        if kept != tip:
            new = source.reader.commit_ids(tip, (kept,) if kept else ())
            if kept and (new is None or not any(kept in source.reader.commit(one).parents for one in new)):
                found, new = Traces(), source.reader.commit_ids(tip, ())  # what was kept is of another branch
            if new is None:
                return None
            _read(snapshot, new, found)
            _save(snapshot, found)
        known = source.answers[f"traces {tip}"] = found
    return known


@dataclass(frozen=True, slots=True)
class _Change:
    """One file in which a commit differs from a parent: how (A added, D deleted, M changed, T of another kind), the
    object ids before and after, and its path below the pmctl root."""

    how: str
    old: str
    new: str
    path: str


def _read(snapshot: Snapshot, commits: list[str], found: Traces) -> None:
    for changes in _changes(snapshot, commits):
        before = next((one.old for one in changes if one.path == POLICY_PATH), "")
        added = {(one.path, one.new) for one in changes if one.how == _ADDED}
        for one in changes:
            if one.path == POLICY_PATH:
                found.policies |= {oid for oid in (one.old, one.new) if oid.strip("0")}
            elif one.how != _ADDED:
                if (one.path, one.old) not in added:  # else the root moved
                    found.removed.add(one.path)
            elif before.strip("0") and not one.path.startswith(_COMMENTS):
                found.arrived[one.path] = before


def _changes(snapshot: Snapshot, commits: list[str]) -> Iterator[list[_Change]]:
    """The changes of records, messages and policy between each commit and each of its parents."""
    source = snapshot.source
    places = [f"{place}/" if place else "" for place in source.places]
    folders = [place + name for place in places for name in (f"{record.FOLDER}/", _COMMENTS, POLICY_PATH)]
    fields = iter(source.reader.raw_differences(commits, folders))
    changes: list[_Change] = []
    for text in fields:
        if not text.startswith(":"):  # the next commit, or the next parent of the same
            yield changes
            changes = []
            continue
        _, _, old, new, how = text.split(" ")
        path = next(fields, "")
        place = next((place for place in places if path.startswith(f"{place}.pmctl/")), "")
        changes.append(_Change(how[:1], old, new, path.removeprefix(place)))
    yield changes


def _load(snapshot: Snapshot) -> tuple[Traces, str]:
    """What was kept, and the commit that it ends at; nothing where it is not what was written."""
    match read_object(_file(snapshot)):
        case {
            "version": str(version), "tip": str(tip), "removed": list(removed), "policies": list(policies),
            "arrived": dict(arrived),
        } if version == __version__ and all(
            isinstance(one, str) for one in (*removed, *policies, *arrived.values())
        ):  # fmt: skip
            return Traces(set(removed), set(policies), arrived), tip
    return Traces(), ""


def _save(snapshot: Snapshot, found: Traces) -> None:
    """Keep what was found in one step; a read-only git directory only means that nothing is kept."""
    target = _file(snapshot)
    plain = {
        "version": __version__, "tip": snapshot.commit, "removed": sorted(found.removed),
        "policies": sorted(found.policies), "arrived": found.arrived,
    }  # fmt: skip
    with suppress(OSError):
        make_folder(target.parent, target.parent.parent)
        write_atomic(target, json.dumps(plain).encode())


def _file(snapshot: Snapshot) -> Path:
    repo = snapshot.source.repo
    return repo.state_dir / f"traces-{hashlib.sha256(repo.prefix.encode()).hexdigest()[:12]}.json"
