"""Action items by name, and the life of one as history tells it.

(summaries, what was typed) -> the item; (repository, postmortem, item) -> who created it, and what moved since.

Only the commits that touched the postmortem's file are read, each held against the one before it, hermetically. What a
commit says of its author and its time is a claim; whether the change was allowed is the audit's business.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from pmctl import git
from pmctl.document.completeness import is_unwritten, section_texts, text_of
from pmctl.document.fields import ItemStatus, path_of
from pmctl.document.prompts import strip_comments
from pmctl.errors import NotFound, UsageProblem
from pmctl.insight.catalog import Item, Summary
from pmctl.insight.item_ticket import ItemTicket
from pmctl.policy.model import person_by_email
from pmctl.policy.state import FINAL
from pmctl.text import parse_day, single_line, utc

if TYPE_CHECKING:
    from pmctl.document.actions import ActionItem
    from pmctl.document.reader import Document
    from pmctl.ledger.snapshot import Snapshot
    from pmctl.repository.workspace import Workspace

_CLOSED = (ItemStatus.COMPLETED.value, ItemStatus.WONT_DO.value)
_MOST_SHOWN = 20


def named_item(everything: Sequence[Summary], wanted: str, postmortem: str = "") -> tuple[Summary, Item]:
    """The item that `wanted` names: its id, any part of that, or words of its text that only it has.

    With `postmortem` only that one is looked at. Raises NotFound for none, UsageProblem for several: an id that two
    postmortems have is told with both.
    """
    word = single_line(wanted).casefold().removeprefix("#")
    if not word:
        raise UsageProblem("an item is named by its id", hint="pmctl actions list; pmctl validate --fix gives ids")
    pairs = [
        (summary, item) for summary in everything if postmortem in ("", summary.id) for item in summary.items
    ]  # fmt: skip
    found = (
        [pair for pair in pairs if pair[1].id.casefold() == word]
        or [pair for pair in pairs if word in pair[1].id.casefold()]
        or [pair for pair in pairs if word in single_line(pair[1].description).casefold()]
    )
    if len(found) == 1:
        return found[0]
    if found and found[0][1].id and len({item.id.casefold() for _, item in found}) == 1:
        raise _several_times(found)
    if found:
        shown = tuple(f"{item.id or '(no id)'} of {one.id}: {item.description}" for one, item in found[:_MOST_SHOWN])
        more = (f"... and {len(found) - _MOST_SHOWN} more",) if len(found) > _MOST_SHOWN else ()
        raise UsageProblem(f"{wanted!r} fits {len(found)} action items", hint="type the id", details=(*shown, *more))
    broken = (f"it may be in {one.id}, which cannot be read: {one.problem}" for one in everything if one.problem)
    what = f"the id {wanted}" if word.startswith("ai-") else f"{wanted!r} in its id or text"
    raise NotFound(f"no action item has {what}", hint="pmctl actions list", details=tuple(broken))


def _several_times(same: Sequence[tuple[Summary, Item]]) -> UsageProblem:
    name = same[0][1].id
    places = tuple(f"{summary.path}:{item.line}: {item.description}" for summary, item in same)
    hint = "say which one: --postmortem ID; then give one of them another id"
    if len({summary.id for summary, _ in same}) == 1:
        hint = "give one of them another id: delete it, then pmctl validate --fix"
    return UsageProblem(f"{name} occurs {len(same)} times", hint=hint, details=places)


@dataclass(frozen=True, slots=True)
class ItemMove:
    """One cell of an item that a commit changed, or its appearance and disappearance: then `column` is "".

    `column` is one of `pmctl.document.actions.COLUMNS`, `before` and `after` its texts, owners without their @.
    """

    item: str
    column: str
    before: str
    after: str


_SHOWN = {
    "Action": "description", "Owner": "owner", "Due": "due", "Priority": "priority", "Status": "status",
    "Ticket": "ticket", "Notes": "notes", "Prevents": "prevents", "Kind": "kind",
}  # fmt: skip


def moves(before: Document | None, after: Document | None) -> tuple[ItemMove, ...]:
    """What a change of a postmortem does to its action items, by id: new ones, moved ones, removed ones.

    An id that stands twice is followed by its first row.
    """
    old, new = _by_id(before), _by_id(after)
    found = []
    for name, item in new.items():
        was = old.get(name)
        if was is None:
            found.append(ItemMove(name, "", "", item.description))
        for column, key in _SHOWN.items():
            texts = ("" if was is None else str(getattr(was, key)), str(getattr(item, key)))
            if texts[0] != texts[1] and not (was is None and column == "Action"):
                found.append(ItemMove(name, column, *texts))
    found += [ItemMove(name, "", item.description, "") for name, item in old.items() if name not in new]
    return tuple(found)


def _by_id(document: Document | None) -> dict[str, ActionItem]:
    from pmctl.document.actions import action_items

    if document is None or not document.readable:
        return {}
    found: dict[str, ActionItem] = {}
    for item in action_items(document):
        if item.id:
            found.setdefault(item.id, item)
    return found


@dataclass(frozen=True, slots=True)
class ItemStep:
    """One change in an item's life: `by` is a handle, or the e-mail address of one whom the policy does not know.

    `landed` is when the main line got it, as its commit claims: later than `at` for what came with a merge.
    """

    at: str
    landed: str
    by: str
    commit: str
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ItemHistory:
    """pmctl actions show: the life of an action item, from the commits that touched its postmortem.

    `created_at`, `created_by` and `created_commit` are "" when no commit has the item yet. `slips` counts how often the
    due day was moved later, `open_days` the days on which something was still to be done. `target` is the day by which
    the team wanted it, counted from its creation, "" where no such target is set, and `missed` says that it was not
    closed by then. `incomplete` says why part of the history is missing: then nothing rests on it, and what would be
    counted or judged is None. `tracked` is its ticket, None where nothing is known of one.
    """

    id: str
    postmortem: str
    path: str
    line: int
    description: str
    owner: str
    due: str
    priority: str
    status: str
    ticket: str
    notes: str
    prevents: str
    kind: str
    overdue: bool
    created_at: str
    created_by: str
    created_commit: str
    added_after_publication: bool | None
    owners: tuple[str, ...]
    due_days: tuple[str, ...]
    slips: int | None
    open_days: int | None
    closed_at: str
    target: str
    missed: bool | None
    context: tuple[str, ...]
    steps: tuple[ItemStep, ...]
    incomplete: str
    tracked: ItemTicket | None = None


def item_history(workspace: Workspace, summary: Summary, item: Item, day: date) -> ItemHistory:
    """The life of `item`, of the postmortem that `summary` is about, up to HEAD; `day` is today."""
    incomplete = git.is_shallow_or_partial(workspace.repo.common_dir)
    steps, late = ([], False) if incomplete else _steps(workspace, summary.id, item.id)
    created = next((one for one in steps if not one.column and one.after), None)
    owners = [one.after for one in steps if one.column == "Owner" and one.after]
    due_days = [one.after for one in steps if one.column == "Due" and one.after]
    closed, days = _open_days(steps, created, item, day)
    target = _target(workspace, item, created)
    missed = target and (day if item.open else _day_of(closed) or day) > target and item.status != ItemStatus.WONT_DO
    return ItemHistory(
        item.id, summary.id, summary.path, item.line, item.description, item.owner, item.due, item.priority,
        item.status, item.ticket, item.notes, item.prevents, item.kind, item.overdue(day),
        created.at if created else "", created.by if created else "", created.commit if created else "",
        None if incomplete else late, tuple(owners), tuple(due_days),
        None if incomplete else sum(map(_is_slip, steps)), None if incomplete else days, closed,
        target.isoformat() if target else "", None if incomplete else bool(missed),
        _context(workspace, summary), tuple(steps), incomplete,
    )  # fmt: skip


def _steps(workspace: Workspace, name: str, wanted: str) -> tuple[list[ItemStep], bool]:
    """Every change of an item in the order in which the main line got them, and whether the item was added to a
    postmortem that was published already."""
    steps: list[ItemStep] = []
    late = False
    for commit, landing, sides, after in _versions(workspace, name):
        for move in _moved(sides, after):
            if move.item.casefold() != wanted.casefold():
                continue
            if not move.column and move.after and not any(not one.column and one.after for one in steps):
                late = any(side is not None and side.status in FINAL for side in sides)
            steps.append(_step(workspace, commit, landing, move))
    return steps, late


def _moved(sides: Sequence[Document | None], after: Document | None) -> tuple[ItemMove, ...]:
    """What a commit does to action items: of a merge what none of its sides says, since the rest moved before."""
    first, *others = (moves(side, after) for side in sides)
    known = [{(move.item, move.column, move.after) for move in other} for other in others]
    return tuple(move for move in first if all((move.item, move.column, move.after) in there for there in known))


def _versions(
    workspace: Workspace, name: str
) -> Iterator[tuple[Snapshot, str, list[Document | None], Document | None]]:
    """Each commit that touched the file of `name`, in the order in which the main line got them, and the commit that
    brought it there: the file before it, at each parent, and after it."""
    head = workspace.head
    if not head.commit:
        return
    path = f":(literal){workspace.repo.prefix}{path_of(name)}"
    listed = git.run(
        workspace.repo.top, "rev-list", "--parents", "--topo-order", "--reverse", head.commit, "--", path
    ).text
    lines = [line.split() for line in listed.splitlines()]
    landings = _landings(workspace, head.commit, [commit for commit, *_ in lines])
    for commit, *parents in sorted(lines, key=lambda line: landings[line[0]][0]):
        here = head.source.at(commit)
        after = _document(here, name)
        sides = [_document(head.source.at(parent), name) for parent in parents] or [None]
        yield here, landings[commit][1], sides, after


def _landings(workspace: Workspace, tip: str, commits: Collection[str]) -> dict[str, tuple[int, str]]:
    """The step of the main line, that of first parents, which brought each commit: its number and its commit."""
    top = workspace.repo.top
    line = git.run(top, "rev-list", "--first-parent", "--reverse", tip).text.split()
    found = {commit: (number, commit) for number, commit in enumerate(line)}
    if all(commit in found for commit in commits):
        return found
    rows = (row.split() for row in git.run(top, "rev-list", "--parents", tip).text.splitlines())
    parents = {commit: before for commit, *before in rows}
    for number, step in enumerate(line):
        waiting = [*parents[step]]
        while waiting:
            commit = waiting.pop()
            if commit not in found:
                found[commit] = number, step
                waiting += parents[commit]
    return found


def _document(snapshot: Snapshot, name: str) -> Document | None:
    where = snapshot.document(name)
    return None if where is None else snapshot.source.documents.document(where)


def _step(workspace: Workspace, here: Snapshot, landing: str, move: ItemMove) -> ItemStep:
    reader = here.source.reader
    author = reader.commit(here.commit).author
    by = person_by_email(workspace.policy, author.email) or author.email or author.name
    at, landed = (
        utc(datetime.fromtimestamp(when, UTC)) for when in (author.when, reader.commit(landing).committer.when)
    )
    return ItemStep(at, landed, by, here.commit, move.column, move.before, move.after)


def _is_slip(step: ItemStep) -> bool:
    before, after = parse_day(step.before), parse_day(step.after)
    return step.column == "Due" and before is not None and after is not None and after > before


def _day_of(moment: str) -> date | None:
    return parse_day(moment[:10])


def _open_days(steps: Sequence[ItemStep], created: ItemStep | None, item: Item, day: date) -> tuple[str, int]:
    """When the item was closed last ("" while it is open), and on how many days it was open."""
    since = _day_of(created.at) if created else None
    closed, days = "", timedelta(0)
    for step in steps:
        if step.column != "Status":
            continue
        moment = _day_of(step.at) or day
        if step.after in _CLOSED:
            closed = step.at
            if since is not None:
                days += max(moment - since, timedelta(0))
            since = None
        elif since is None:
            since = moment
    if since is not None and item.open:
        days += max(day - since, timedelta(0))
    return "" if item.open else closed, days.days


def _target(workspace: Workspace, item: Item, created: ItemStep | None) -> date | None:
    begun = _day_of(created.at) if created else None
    days = workspace.item_targets.get(item.priority)
    return begun + timedelta(days=days) if begun is not None and days else None


def _context(workspace: Workspace, summary: Summary) -> tuple[str, ...]:
    """Three lines about the postmortem: what it is, what was affected and why, and how its summary begins."""
    marks = ", ".join(word for word in (summary.severity, summary.status) if word)
    causes = ", ".join((*summary.root_causes, *summary.contributing_factors))
    affected = (
        ("services", ", ".join(summary.services)), ("author", summary.author), ("causes", causes),
    )  # fmt: skip
    document = _document(workspace.head, summary.id)
    written = text_of("Summary", section_texts(document)) if document is not None and document.readable else None
    text = "" if written is None or is_unwritten(written) else single_line(strip_comments(written))
    return (
        f"{summary.title} ({marks})",
        "; ".join(f"{name}: {said}" for name, said in affected if said),
        text if len(text) <= 160 else text[:157].rsplit(" ", 1)[0] + " ...",
    )
