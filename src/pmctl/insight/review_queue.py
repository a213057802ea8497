"""What waits for a person's review, and what of theirs waits for others. (workspace at HEAD, handle) -> ReviewQueue.

What a queue says depends only on HEAD, so it is kept under the git directory with the objects that it was read from:
while nothing lands git is asked for three ids, and afterwards only what landed is read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple, TypeVar

from pmctl import git
from pmctl.document.actions import action_items
from pmctl.document.beside import Beside, folder_of
from pmctl.document.comment import writer_of
from pmctl.document.comparison import compare
from pmctl.document.difference_summary import summarised
from pmctl.document.fields import is_id, path_of
from pmctl.document.prompts import strip_comments
from pmctl.insight.discussion import discussed
from pmctl.insight.standing import Standing, standings
from pmctl.insight.versions import committed, last_approval, said_since, statements
from pmctl.ledger import cache
from pmctl.ledger.current_state import current_state
from pmctl.policy import act as acts
from pmctl.policy.model import POLICY_PATH, RECORDS
from pmctl.policy.state import DRAFT, IN_REVIEW
from pmctl.repository.workspace import POSTMORTEMS, Workspace
from pmctl.text import listed, plural

FORMAT = "pmctl-review-2"
_Row = TypeVar("_Row", "Waiting", "Own", "Returned")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A postmortem that waits for the person's review.

    `asked_by` asked for it at `asked_at`. `words`, `lines` and `action_items` say how much there is to read.
    `approved_at` is when the person approved an earlier text, "" for never; `changed` is what changed since, a line for
    each section and one for the discussion, and empty when nothing did. `open_threads` are not resolved yet.
    """

    postmortem: str
    title: str
    author: str
    asked_by: str
    asked_at: str
    round: int
    words: int
    lines: int
    action_items: int
    approved_at: str
    changed: tuple[str, ...]
    open_threads: int


@dataclass(frozen=True, slots=True)
class Own:
    """A postmortem of the person's that is in review since `since`: who has approved it, and who not yet.

    `open_threads` have to be resolved before it is published.
    """

    postmortem: str
    title: str
    since: str
    approved: tuple[str, ...]
    waiting_for: tuple[str, ...]
    open_threads: int


@dataclass(frozen=True, slots=True)
class Returned:
    """A postmortem of the person's that `by` sent back at `at`, with the reason."""

    postmortem: str
    title: str
    by: str
    at: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """pmctl review: what waits for a person's review, what of theirs waits for others, and what was sent back."""

    person: str
    waiting: tuple[Waiting, ...]
    own: tuple[Own, ...]
    returned: tuple[Returned, ...]


class _Rows(NamedTuple):
    """What was found about one postmortem."""

    waiting: tuple[Waiting, ...] = ()
    own: tuple[Own, ...] = ()
    returned: tuple[Returned, ...] = ()


def review_queue(workspace: Workspace, person: str) -> ReviewQueue:
    """The queue of a person, what waits longest first.

    Raises EnvironmentProblem when there is no policy or the history is not all there, MissingObject or CorruptObject
    for a damaged clone.
    """
    stamp = _stamp(workspace, person)
    kept = _load(workspace)
    if stamp and kept.get("stamp") == stamp and (known := _restored(kept.get("queue"), person)) is not None:
        return known
    before = kept.get("rows")
    before = before if isinstance(before, dict) else {}
    rows: dict[str, _Rows] = {}
    for name, found in sorted(_under_way(workspace).items()):
        key = _key(workspace, name, person)
        rows[key] = _rows_of(before.get(key)) or _read(workspace, name, person, found)
    queue = ReviewQueue(
        person,
        _in_order((one for row in rows.values() for one in row.waiting), "asked_at"),
        _in_order((one for row in rows.values() for one in row.own), "since"),
        _in_order((one for row in rows.values() for one in row.returned), "at"),
    )
    _save(workspace, stamp, queue, rows)
    return queue


def _in_order(found: Iterable[_Row], time: str) -> tuple[_Row, ...]:
    return tuple(sorted(found, key=lambda one: (getattr(one, time), one.postmortem)))


def _stamp(workspace: Workspace, person: str) -> str:
    """What the answer depends on: what is at HEAD, and who asks; "" without a policy."""
    prefix = workspace.repo.prefix
    paths = [prefix + path for path in (POLICY_PATH, RECORDS, POSTMORTEMS, folder_of(Beside.COMMENTS))]
    there = git.run(workspace.repo.top, "--no-replace-objects", "ls-tree", "-z", "HEAD", *paths, check=False)
    if there.code != 0 or POLICY_PATH.encode() not in there.stdout:
        return ""
    return hashlib.sha256(there.stdout + person.encode()).hexdigest()


def _under_way(workspace: Workspace) -> dict[str, Standing]:
    """The postmortems that are in review, or drafts that acts were done on, with where they stand."""
    _ = workspace.policy  # without one there is nobody to ask
    names = [name for name, entry in workspace.head.names(RECORDS).items() if entry.is_tree and is_id(name)]
    found = standings(workspace, names) if names else {}
    return {
        name: one
        for name, one in found.items()
        if one.status in (DRAFT, IN_REVIEW) and workspace.head.document(name) is not None
    }


def _key(workspace: Workspace, name: str, person: str) -> str:
    """What the rows about a postmortem depend on."""
    head, path = workspace.head, path_of(name)
    said = folder_of(Beside.COMMENTS, name)
    entries = (head.entry(one) for one in (POLICY_PATH, f"{RECORDS}/{name}", path, path.removesuffix(".md"), said))
    return " ".join((person, name, *(entry.oid if entry is not None else "-" for entry in entries)))


def _read(workspace: Workspace, name: str, person: str, found: Standing) -> _Rows:
    """What is to be said about one postmortem."""
    if found.status == IN_REVIEW and found.author != person and person not in found.reviewers:
        return _Rows()
    state = current_state(workspace.head, name).state
    document = workspace.read_at(name)
    if state.status == DRAFT:
        author = state.author or document.author
        if author != person or state.last_act != acts.REQUEST_CHANGES:
            return _Rows()
        refusals = [one.act for one in statements(workspace, name, (acts.REQUEST_CHANGES,))]
        reason = next((one.note for one in reversed(refusals) if one.by == state.moved_by), "")
        return _Rows(returned=(Returned(name, document.title, state.moved_by, state.moved_at, reason),))
    left = tuple(handle for handle in found.reviewers if handle not in found.approved)
    said = len(discussed(workspace.head, name).unresolved)
    own = (Own(name, document.title, state.moved_at, found.approved, left, said),) if found.author == person else ()
    if person not in left:
        return _Rows(own=own)
    return _Rows(tuple(_waiting(workspace, name, person, state.round, found.author, said)), own)


def _waiting(
    workspace: Workspace, name: str, person: str, turn: int, author: str, open_threads: int
) -> Iterator[Waiting]:
    now = committed(workspace, name, "HEAD")
    if now.document is None:
        return
    asked = [
        one.act
        for one in statements(workspace, name, (acts.SUBMIT, acts.REQUEST_REVIEW))
        if one.act.round == turn and person in one.act.reviewers
    ]
    approved = last_approval(workspace, name, person)
    changed: tuple[str, ...] = ()
    if approved is not None and approved.version is None:
        changed = ("the text that you approved is not in the history here",)
    elif approved is not None and approved.version is not None:
        before = approved.version
        changed = summarised(compare(before.document, now.document, before.files, now.files))
    said = said_since(workspace, name, person, approved) if approved is not None else None
    if said:
        writers = listed(list(dict.fromkeys(writer_of(one) for one in said)))
        changed += (f"Discussion: {plural(len(said), 'new message')} by {writers}",)
    body = strip_comments(now.document.body)
    yield Waiting(
        name, now.document.title, author, asked[0].by if asked else author, asked[0].at if asked else "", turn,
        len(body.split()), sum(bool(line.strip()) for line in body.splitlines()), len(action_items(now.document)),
        approved.statement.act.at if approved is not None else "", changed, open_threads,
    )  # fmt: skip


def _load(workspace: Workspace) -> dict[str, Any]:
    body = cache.kept(workspace.repo, "review", FORMAT)
    try:
        value = json.loads(body) if body is not None else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _save(workspace: Workspace, stamp: str, queue: ReviewQueue, rows: Mapping[str, _Rows]) -> None:
    plain = {key: [[asdict(one) for one in part] for part in row] for key, row in rows.items()}
    body = json.dumps({"stamp": stamp, "queue": asdict(queue), "rows": plain}, ensure_ascii=True)
    cache.keep(workspace.repo, "review", FORMAT, body.encode())


def _restored(value: object, person: str) -> ReviewQueue | None:
    """A queue as it was kept, None when it is not what was written."""
    if not isinstance(value, dict) or value.get("person") != person:
        return None
    found = _rows_of([value.get(name) for name in ("waiting", "own", "returned")])
    return ReviewQueue(person, *found) if found is not None else None


def _rows_of(value: object) -> _Rows | None:
    if not isinstance(value, list) or len(value) != 3:
        return None
    try:
        waiting, own, returned = value
        return _Rows(_listed(Waiting, waiting), _listed(Own, own), _listed(Returned, returned))
    except (ValueError, TypeError, KeyError):
        return None


def _listed(kind: type[_Row], values: Any) -> tuple[_Row, ...]:
    found = []
    for value in values:
        given: dict[str, Any] = {}
        for one in fields(kind):
            given[one.name] = tuple(value[one.name]) if isinstance(value[one.name], list) else value[one.name]
        found.append(kind(**given))
    return tuple(found)
