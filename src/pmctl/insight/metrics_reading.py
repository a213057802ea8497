"""The facts that metrics are made of, at any commit. (repository, revision) -> Facts.

What postmortems say is read from the commit itself, never from the work tree; when things happened is told by the
events of its history. Both are kept under the git directory, as the events are, and only files that changed are read
anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pmctl import git
from pmctl.document.fields import id_of
from pmctl.insight import metrics_facts as form
from pmctl.insight.metrics_facts import MOMENTS, Facts, Measured, MeasuredItem, Remark
from pmctl.insight.metrics_history import Life, Lives, lives_of
from pmctl.ledger import cache
from pmctl.ledger.tree_documents import REGULAR
from pmctl.policy.state import ARCHIVED, PUBLISHED
from pmctl.text import parse_utc

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.ledger.snapshot import Snapshot
    from pmctl.objects import Entry

FORMAT = "pmctl-metrics-1"
_ENOUGH_FOR_PROCESSES = 150
_Kept = dict[str, tuple[str, list[Any]]]
"""What the file of a postmortem says, with the object id that it was read from, by path."""


def facts(repo: git.Repository, revision: str = "HEAD") -> Facts:
    """Everything at a commit. Raises EnvironmentProblem when there is no such commit."""
    tip = git.resolve(repo.top, revision)
    lacking = git.is_shallow_or_partial(repo.common_dir)
    kept = None if lacking else _load(repo, tip)
    if kept is not None:
        return kept
    from pmctl.insight.events import events
    from pmctl.ledger.snapshot import Snapshots

    told = events(repo, tip)
    source = Snapshots(repo)
    with source.reader:
        snapshot = source.at(tip)
        files, remarks = _files(snapshot, _known_files(repo))
        at = int(source.reader.commit(tip).committer.when)
        found = _facts(snapshot, at, files, lives_of(told.events), remarks, told.incomplete)
    if not told.incomplete:
        _keep(repo, "metrics-files", files)
        _keep(repo, "metrics", form.to_plain(found))
    return found


def _load(repo: git.Repository, tip: str) -> Facts | None:
    """The facts that were kept, when they are those of this commit."""
    body = cache.kept(repo, "metrics", FORMAT)
    if body is None or not body.startswith(f'["{tip}"'.encode()):
        return None
    try:
        return form.from_plain(json.loads(body))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return None


def _known_files(repo: git.Repository) -> _Kept:
    """What was kept of files, at whichever commit."""
    try:
        kept = json.loads(cache.kept(repo, "metrics-files", FORMAT) or b"{}")
        return {str(path): (str(oid), list(row)) for path, (oid, row) in kept.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _keep(repo: git.Repository, what: str, value: object) -> None:
    cache.keep(repo, what, FORMAT, json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode())


def _files(snapshot: Snapshot, known: _Kept) -> tuple[_Kept, list[Remark]]:
    """What every postmortem of the commit says, and a remark on each that cannot be read."""
    entry = snapshot.entry("postmortems")
    listed = snapshot.source.trees.files(entry.oid) if entry is not None and entry.is_tree else ()
    there: dict[str, Entry] = {f"postmortems/{path}": one for path, one in listed if path.count("/") == 1}
    there = {path: one for path, one in there.items() if id_of(path) and one.mode == REGULAR}
    missing = [path for path, one in there.items() if known.get(path, ("",))[0] != one.oid]
    reader = snapshot.source.reader
    reader.fetch(there[path].oid for path in missing)
    data = [reader.blob(there[path].oid) for path in missing]
    rows = dict(zip(missing, _read_all(missing, data), strict=True))
    found: _Kept = {}
    remarks = []
    for path, one in there.items():
        row = rows[path] if path in rows else known[path][1]
        if len(row) == 1:
            remarks.append(Remark(id_of(path) or path, "", f"left out, since it cannot be read: {row[0]}"))
        found[path] = (one.oid, row)
    return found, remarks


def _read_all(paths: list[str], data: list[bytes]) -> list[list[Any]]:
    from pmctl.processes import on_every_core

    def portion(first: int, last: int) -> list[list[Any]]:
        return [_read(paths[number], data[number]) for number in range(first, last)]

    done = on_every_core(portion, len(paths)) if len(paths) >= _ENOUGH_FOR_PROCESSES else []
    return done + portion(len(done), len(paths))


def _read(path: str, data: bytes) -> list[Any]:
    """What one file says, as the first fields of Measured; of one that cannot be read the reason alone."""
    from pmctl.document.reader import read
    from pmctl.insight.item_changes import rows_of
    from pmctl.insight.summary import front_of

    document = read(data, path)
    one = front_of(document, path)
    if one.problem:
        return [one.problem]
    items = [
        (name, i.text, i.owner, i.due, i.priority, i.status, i.kind, i.prevents) for name, i in rows_of(document)
    ]  # fmt: skip
    return [
        one.id, one.title, one.status, one.author, one.severity, one.visibility, one.teams, one.services,
        one.root_causes, one.contributing_factors, _times(document), one.incidents, items, "adopted" in one.tags,
    ]  # fmt: skip


def _times(document: Document) -> list[int | None]:
    found = []
    for name in MOMENTS:
        said = document.meta.get(name)
        at = said if isinstance(said, datetime) else parse_utc(str(said)) if said else None
        found.append(int(at.timestamp()) if at is not None and at.tzinfo is not None else None)
    return found


def _facts(
    snapshot: Snapshot, at: int, files: _Kept, told: Lives, remarks: list[Remark], incomplete: str
) -> Facts:  # fmt: skip
    from pmctl.repository.settings import load_settings
    from pmctl.rules.settings_reading import parse_rule_settings

    settings, _ = load_settings(snapshot.regular_file(git.SETTINGS_FILE) or b"")
    rules, _ = parse_rule_settings(settings.blocks.get("rules"))
    targets = {name: int(span.total_seconds()) for name, span in rules.targets.items()}
    policy, _ = snapshot.policy()
    said = [*remarks, *told.remarks]
    made = []
    for _, row in files.values():
        if len(row) > 1:
            one = _joined(row, told.lives.get(row[0], Life()), known=not incomplete)
            made.append(one)
            said += _contradictions(one, told.lives.get(row[0], Life()), at)
    made.sort(key=lambda one: one.id)
    said.sort()
    return Facts(
        snapshot.commit, at, policy.version if policy is not None else 0, settings.time_zone, targets,
        settings.root_causes, tuple(made), tuple(sorted(told.deleted)), tuple(said), incomplete,
    )  # fmt: skip


def _joined(row: list[Any], life: Life, *, known: bool) -> Measured:
    """What a file says and what history tells, as one. Of an item without an id history can tell nothing."""
    *first, teams, services, causes, factors, times, incidents, items, adopted = row
    made = []
    for item in items:
        one = life.items.get(item[0])
        lived: tuple[Any, ...] = (None, None, item[3], (), 0)
        if one is not None:
            closed = None if item[5] in ("OPEN", "IN_PROGRESS") else one.closed
            lived = (one.added, closed, one.first_due, tuple(one.slips), one.reopened)
        made.append(MeasuredItem._make((*item, *lived)))
    final = first[2] in (PUBLISHED, ARCHIVED) and life.published is None
    lists: Iterable[Any] = (teams, services, causes, factors, times)
    linked, untold = tuple(map(tuple, incidents)), adopted or (final and known)
    lived = (life.created, life.submitted, life.approved, life.published, life.amended, life.reopened)
    return Measured._make((*first, *map(tuple, lists), linked, tuple(made), untold, *lived, tuple(life.reviews)))


def _contradictions(one: Measured, life: Life, at: int) -> list[Remark]:
    """What a file claims and history, or the file itself, contradicts."""
    found = []
    if life.status and one.status != life.status:
        found.append(f"its file says {one.status}, and the records of its history say {life.status}")
    if life.published is not None and one.resolved is not None and one.resolved > life.published:
        found.append("resolved_at lies after its publication")
    known = [(name, when) for name, when in zip(MOMENTS, one.times, strict=True) if when is not None]
    for (name, when), (after, then) in pairwise(known):
        if then < when:
            found.append(f"{after} lies before {name}; what lies between them is left out")
    found += [f"{name} lies after the commit that says so" for name, when in known if when > at + 86400]
    return [Remark(one.id, "", text) for text in found]
