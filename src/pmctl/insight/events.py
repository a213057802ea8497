"""Everything that happened, in the order in which it landed: the one source for feeds, notifications and metrics.

(repository, commit) -> Events. Computed from history alone, by the audit: what does not count there did not happen. So
every clone has the same events with the same ids. They are kept under the git directory for the next time, as the
audit's state is, and only what landed since is read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from pmctl import git
from pmctl.document.fields import ItemStatus
from pmctl.errors import EnvironmentProblem, NotFound
from pmctl.insight.event import Event, EventKind, event_id
from pmctl.insight.event_fold import Fold, Known, Telling
from pmctl.ledger import cache
from pmctl.ledger.audit import audit
from pmctl.ledger.report import Event as Audited
from pmctl.ledger.snapshot import Snapshots
from pmctl.object_reader import ObjectReader
from pmctl.objects import CorruptObject, MissingObject
from pmctl.text import parse_day

FORMAT = "pmctl-events-3"
_DONE = (EventKind.ITEM_COMPLETED, EventKind.ITEM_WONT_DO)


@dataclass(frozen=True, slots=True)
class Events:
    """pmctl events: what happened up to `tip`, in the order in which it landed.

    `incomplete` says why the history here does not tell all of it, "" when it does.
    """

    tip: str
    incomplete: str
    events: tuple[Event, ...]


def events(repo: git.Repository, revision: str = "HEAD") -> Events:
    """Everything that happened up to a commit.

    Raises EnvironmentProblem when there is no such commit. Of a history that is not all there, nothing is told: a part
    of it would be taken for the whole.
    """
    tip = git.resolve(repo.top, revision)
    lacking = git.is_shallow_or_partial(repo.common_dir)
    known = None if lacking else _load(repo)
    if known is not None and known.tip == tip:
        return Events(tip, "", tuple(known.fold.events))
    report = audit(repo, tip=tip, seen=())  # what this user remembers must not decide what happened
    if not report.complete:
        return Events(tip, report.incomplete, ())
    told = known.told if known is not None and known.mark == _mark(report.events[: known.told]) else 0
    fold = known.fold if known is not None and told else Fold()
    source = Snapshots(repo)
    try:
        with source.reader:
            newest = source.at(tip)
            source.follow_moves(newest)
            Telling(source, newest, fold).tell(report.events[told:])
    except (MissingObject, CorruptObject) as problem:
        return Events(tip, problem.message, ())
    _save(repo, _Known(tip, len(report.events), _mark(report.events), fold))
    return Events(tip, "", tuple(fold.events))


def since(found: Sequence[Event], repo: git.Repository, tip: str, mark: str) -> tuple[Event, ...]:
    """What happened after an event (by its id), or in what a commit does not hold.

    Raises NotFound for an id that no event has, EnvironmentProblem for a commit that is not there or no part of this
    history.
    """
    if mark.startswith("ev-"):
        at = next((number for number, event in enumerate(found) if event.id == mark), None)
        if at is None:
            raise NotFound(f"no event up to {tip[:12]} has the id {mark}", hint="leave --since out to see all of them")
        return tuple(found[at + 1 :])
    commit = git.resolve(repo.top, mark)
    with ObjectReader(repo.common_dir) as reader:
        later = reader.commit_ids(tip, (commit,))
        if later is None or not _holds(reader, tip, commit):
            raise EnvironmentProblem(
                f"{mark} is no part of the history of {tip[:12]}: it was rewritten, or is on another branch",
                hint="give the id of the last event that you have seen: it survives a rebase",
            )
    return after(found, later)


def after(found: Iterable[Event], commits: Iterable[str]) -> tuple[Event, ...]:
    """The events of these steps."""
    wanted = frozenset(commits)
    return tuple(event for event in found if event.commit in wanted)


def overdue(found: Iterable[Event], day: date) -> tuple[Event, ...]:
    """Which open items are overdue on a day, each since the day after it was due, the earliest first."""
    due: dict[tuple[str, str], Event] = {}
    facts: dict[tuple[str, str], dict[str, str]] = {}
    for event in found:
        key = (event.postmortem, event.subject)
        if event.kind is EventKind.DELETED:
            for gone in [one for one in due if one[0] == event.postmortem]:
                del due[gone]
        elif event.kind is EventKind.ITEM_ADDED:
            due[key] = event
            facts[key] = {name: str(value) for name, value in event.details.items()}
        elif event.kind is EventKind.ITEM_REMOVED:
            due.pop(key, None)
        elif key in due:
            _move(event, facts[key])
            if event.kind is EventKind.ITEM_DUE_MOVED:
                due[key] = event
    late = [_overdue(event, facts[key], day) for key, event in due.items()]
    return tuple(sorted((one for one in late if one is not None), key=lambda one: (one.at, one.id)))


def _move(event: Event, facts: dict[str, str]) -> None:
    """Bring what is known of an item up to an event."""
    if event.kind is EventKind.ITEM_DUE_MOVED:
        facts["due"] = str(event.details["to"])
    elif event.kind is EventKind.ITEM_ASSIGNED:
        facts["owner"] = str(event.details["to"])
    elif event.kind in _DONE:
        facts["status"] = ItemStatus.COMPLETED.value
    elif event.kind in (EventKind.ITEM_STARTED, EventKind.ITEM_REOPENED):
        facts["status"] = ItemStatus.IN_PROGRESS.value


def _overdue(event: Event, facts: dict[str, str], day: date) -> Event | None:
    last = parse_day(facts["due"])
    still = facts["status"] in (ItemStatus.OPEN, ItemStatus.IN_PROGRESS)
    if last is None or last >= day or not still:
        return None
    facts = {name: facts[name] for name in ("due", "owner", "text")}
    return replace(
        event,
        id=event_id(EventKind.ITEM_OVERDUE, event.postmortem, event.subject, facts["due"]),
        kind=EventKind.ITEM_OVERDUE,
        at=f"{last + timedelta(days=1)}T00:00:00Z",
        by="",
        details={**facts, "days": (day - last).days},
    )


def _holds(reader: ObjectReader, tip: str, commit: str) -> bool:
    """Whether a commit is part of the history of another."""
    return reader.commit_ids(commit, (tip,)) == []


def _mark(audited: Sequence[Audited]) -> str:
    """What the audit's events are recognised by: those that were told must be those that it has now."""
    lines = (f"{one.commit} {one.kind} {one.doc} {one.digest} {one.verdict} {one.by} {one.message}" for one in audited)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Known:
    """What was kept: the fold at `tip`, after so many of the audit's events, which had this mark."""

    tip: str
    told: int
    mark: str
    fold: Fold


def _load(repo: git.Repository) -> _Known | None:
    body = cache.kept(repo, "events", FORMAT)
    if body is None:
        return None
    try:
        value = json.loads(body)
        fold = Fold(
            [_restored(row) for row in value["events"]],
            {doc: Known(file, seen, tuple(teams)) for doc, (file, seen, teams) in value["documents"].items()},
            {str(key): int(count) for key, count in value["seen"].items()},
            str(value["walked"]),
            str(value["policy"]),
        )
        return _Known(str(value["tip"]), int(value["told"]), str(value["mark"]), fold)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _restored(row: list[Any]) -> Event:
    id_, kind, at, by, doc, subject, layer, visibility, teams, commit, landed_at, details = row
    told = {name: tuple(value) if isinstance(value, list) else value for name, value in details.items()}
    return Event(id_, EventKind(kind), at, by, doc, subject, layer, visibility, tuple(teams), commit, landed_at, told)


def _save(repo: git.Repository, known: _Known) -> None:
    fold = known.fold
    plain = {
        "tip": known.tip, "told": known.told, "mark": known.mark, "walked": fold.walked, "policy": fold.policy,
        "documents": fold.documents, "seen": fold.seen,
        "events": [[getattr(one, name) for name in Event.__slots__] for one in fold.events],
    }  # fmt: skip
    cache.keep(repo, "events", FORMAT, json.dumps(plain, ensure_ascii=True, separators=(",", ":")).encode())
