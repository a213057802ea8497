"""Where everything stands, and what of it waits for one person. (repository, person, day) -> StatusReports.

An overview of many asks git little about each: a draft that was never in review is judged by its file alone, and what
is published is counted from the catalog. `thorough` reads the records of everything, for programs that want them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date
from typing import Literal

from pmctl.document.beside import Beside, folder_of
from pmctl.document.fields import Status, is_id, path_of
from pmctl.errors import Hint, NotFound, advise
from pmctl.git import is_detached
from pmctl.insight.catalog import Summary, proved_catalog
from pmctl.insight.discussion import told
from pmctl.insight.ranges import changed_postmortems
from pmctl.insight.status_report import (
    Blocker,
    ItemCount,
    StatusReport,
    counted,
    judged,
    missed_targets,
    owners,
    status_report,
    step_of_draft,
    unready,
)
from pmctl.insight.unlanded import UnlandedAct, unlanded_acts
from pmctl.ledger import record
from pmctl.ledger.current_state import current_state
from pmctl.ledger.snapshot import Snapshot
from pmctl.ledger.tree_documents import facts_of
from pmctl.policy import act as acts
from pmctl.policy.state import DELETED
from pmctl.repository.workspace import Workspace
from pmctl.rules.context import Context
from pmctl.text import plural

Kind = Literal["review", "changes", "answer", "publish", "submit", "overdue", "finish"]
_ORDER: tuple[Kind, ...] = ("review", "changes", "answer", "publish", "submit", "overdue", "finish")
ASIDE: frozenset[Kind] = frozenset(("answer", "overdue"))
"""What is to be done about a part of a postmortem, and is not its next step."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for a person.

    `kind` says what they are to do: review, make the changes that were asked for, answer an open thread, publish,
    submit, close an overdue action item, or finish a draft. `by` is who asks, and `reason` their words in full; `item`
    and `due` are those of an action item. `repository` is what -C named, "" where only one is read.
    """

    kind: Kind
    postmortem: str
    title: str
    message: str
    fix: Hint
    by: str = ""
    reason: str = ""
    item: str = ""
    due: str = ""
    repository: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """The four numbers that matter, of every postmortem of the work tree: those that are being written and reviewed,
    and what action items are still to be done and overdue. `metrics` has them by the same names."""

    drafts: int
    in_review: int
    items_open: int
    items_overdue: int


@dataclass(frozen=True, slots=True)
class StatusReports:
    """pmctl status: what waits for you, where each postmortem stands, and what the remote's protected branch lacks.

    `you` is the person of the policy by --as, your key or your e-mail, "" for nobody known; `unlanded` are your acts
    that are not pushed; `detached` names the repositories whose HEAD is on no branch ("" for the only one). `figures`
    are there where nothing was asked for by name.
    """

    you: str
    waiting_for_you: tuple[Waiting, ...]
    postmortems: tuple[StatusReport, ...]
    unlanded: tuple[UnlandedAct, ...] = ()
    detached: tuple[str, ...] = ()
    figures: Figures | None = None


def answer(workspace: Workspace, you: str, today: date, name: str = "", *, thorough: bool = False) -> StatusReports:
    """Where the postmortem `name` stands, or all that are under way or have items to be done, and what of it waits for
    `you`. Raises as `status_report` does, and EnvironmentProblem when there is no policy."""
    figures = None
    if name:
        one = status_report(workspace, name, today)
        doubts = told(workspace.head, name)
        facts = (*one.facts, *doubts, *missed_targets(workspace, name, today))
        reports = [replace(one, facts=facts, doubts=doubts)]
    else:
        summaries = proved_catalog(workspace)
        reports = _reports(workspace, summaries, today, thorough=thorough)
        figures = _figures(summaries, today)
    missing = unlanded_acts(workspace, you) if you else ()
    return StatusReports(
        you, waiting_for(you, reports), tuple(reports),
        tuple(one for one in missing if not name or one.postmortem == name),
        ("",) if is_detached(workspace.repo) else (), figures,
    )  # fmt: skip


def _figures(summaries: Iterable[Summary], today: date) -> Figures:
    states = {Status.DRAFT: 0, Status.IN_REVIEW: 0}
    still = late = 0
    for one in summaries:
        if one.problem:
            continue
        if one.status in states:
            states[Status(one.status)] += 1
        for item in one.items:
            if item.open:
                still += 1
                late += item.overdue(today)
    return Figures(states[Status.DRAFT], states[Status.IN_REVIEW], still, late)


def answer_of_change(workspace: Workspace, you: str, today: date, reach: str) -> StatusReports:
    """Where the postmortems stand of which a range changes something, also those that it deletes.

    Raises as `changed_postmortems` does, and EnvironmentProblem when there is no policy.
    """
    context = judged(workspace, today)
    reports = tuple(
        status_report(workspace, name, today, context) if workspace.head.file(path_of(name)) else _gone(workspace, name)
        for name in changed_postmortems(workspace.repo, reach)
    )
    return StatusReports(you, waiting_for(you, reports), reports)


def _gone(workspace: Workspace, name: str) -> StatusReport:
    """The status of a postmortem whose file HEAD does not have: deleted by a signed record, or only removed."""
    if current_state(workspace.head, name).state.deleted:
        return StatusReport(name, DELETED, path=path_of(name))
    gone = Blocker("its file is removed, and no signed record deletes it", advise("audit-says-why"))
    return StatusReport(name, "?", path=path_of(name), blockers=(gone,), next_step=gone.fix)


def status_reports(workspace: Workspace, today: date, *, thorough: bool = False) -> list[StatusReport]:
    """The status of every postmortem that is a draft or in review, and of what is published with items still to be
    done; the newest incident first, what is published last, those with the most overdue items first."""
    return _reports(workspace, proved_catalog(workspace), today, thorough=thorough)


def _reports(
    workspace: Workspace, summaries: Iterable[Summary], today: date, *, thorough: bool
) -> list[StatusReport]:  # fmt: skip
    context = judged(workspace, today)
    under_way, published = [], []
    for summary in summaries:
        if summary.problem or summary.unproved or summary.status in (Status.DRAFT, Status.IN_REVIEW):
            under_way.append(_safely(workspace, summary, today, context, thorough=thorough))
        elif summary.status == Status.PUBLISHED and any(item.open for item in summary.items):
            published.append(_published(workspace, summary, today, context, thorough=thorough))
    return under_way + sorted(published, key=lambda one: -len(one.action_items.overdue))


def waiting_for(person: str, reports: Iterable[StatusReport]) -> tuple[Waiting, ...]:
    """What of it waits for a person: first what others wait for."""
    found = [one for report in reports for one in _of(person, report)] if person else []
    return tuple(sorted(found, key=lambda one: _ORDER.index(one.kind)))


def _of(person: str, report: StatusReport) -> Iterator[Waiting]:
    name, title, place = report.id, report.title, report.repository
    mine = next((one for one in report.approvals if one.handle == person), None)
    if report.status == Status.IN_REVIEW and mine is not None and mine.validity != "valid":
        again = mine.validity == "stale"
        asked = "the text has changed since you approved it" if again else f"{report.author} asks for your review"
        fix = advise("read-it-and-approve", id=name)
        yield Waiting("review", name, title, asked, fix, report.author, repository=place)
    publishes = report.status == Status.IN_REVIEW and person in report.whose_turn and mine is None
    if (person in owners(report) or publishes) and (kind := _step(report)) is not None:
        yield _own(kind, report)
    for thread in report.threads:
        if person in thread.who:
            yield Waiting("answer", name, title, thread.message, thread.fix, repository=place)
    for item in report.action_items.overdue:
        if item.owner == person:
            since = f"{item.description} ({plural(item.days, 'day')} overdue)"
            fix = advise("complete-item", item=item.id) if item.id else advise("give-ids", id=name)
            yield Waiting("overdue", name, title, since, fix, item=item.id, due=item.due, repository=place)


def _step(report: StatusReport) -> Kind | None:
    """What whoever wrote the postmortem is to do now; None while it waits for others, or is done."""
    if report.sent_back is not None:
        return "changes"
    if report.status == Status.DRAFT:
        return "finish" if report.blockers else "submit"
    if report.status == Status.IN_REVIEW and not report.blockers:
        return "publish"
    waits = any(one.code == "AU309" for one in report.blockers) or all(one in report.threads for one in report.blockers)
    return "finish" if report.status == Status.IN_REVIEW and not waits else None


def _own(kind: Kind, report: StatusReport) -> Waiting:
    back = report.sent_back
    messages = {
        "publish": "everybody who was asked has approved it",
        "submit": "your draft is complete",
        "finish": f"{'your draft' if report.status == Status.DRAFT else 'it'} is not ready: {short(report)}",
    }
    message = messages.get(kind, "")
    if back is not None:
        message = f"{back.by} asked for changes" + (", and the text has changed since" if back.answered else "")
    by, reason = (back.by, back.reason) if back else ("", "")
    return Waiting(kind, report.id, report.title, message, report.next_step, by, reason, repository=report.repository)


def short(report: StatusReport) -> str:
    """What a postmortem waits for, in a few words."""
    back, items = report.sent_back, report.action_items
    if report.status == Status.PUBLISHED and not report.blockers:
        return of_items(report)
    messages = [f"{back.by} asked for changes"] if back else []
    messages += [one.message for one in report.blockers]
    if not messages:
        return "nothing" + (f"; {of_items(report)}" if items.overdue else "")
    return messages[0] if len(messages) == 1 else f"{messages[0]}, and {len(messages) - 1} more"


def of_items(report: StatusReport) -> str:
    """The action items in a few words, "" when there are none."""
    items = report.action_items
    if not items.total:
        return ""
    late = f", overdue: {', '.join(one.id or '(no id)' for one in items.overdue)}" if items.overdue else ""
    return f"{items.open} of {items.total} action items open{late}"


def _safely(workspace: Workspace, summary: Summary, today: date, context: Context, *, thorough: bool) -> StatusReport:
    if summary.problem or not is_id(summary.id):
        problem = Blocker(summary.problem or f"{summary.path} has no valid id")
        step = advise("validate", id=summary.path)
        return StatusReport(summary.id, "?", path=summary.path, blockers=(problem,), next_step=step)
    said = summary.id in workspace.head.names(folder_of(Beside.COMMENTS))
    simple = summary.status == Status.DRAFT and not summary.unproved and not said
    if simple and not _has_been_reviewed(workspace.head, summary.id, thorough=thorough):
        return _draft(workspace, summary, today, context)
    try:
        found = status_report(workspace, summary.id, today, context)
        return replace(found, doubts=told(workspace.head, summary.id)) if said else found
    except NotFound as error:
        blocker = Blocker(error.message, error.hint)
        return StatusReport(summary.id, summary.status, path=summary.path, blockers=(blocker,), next_step=error.hint)


def _has_been_reviewed(head: Snapshot, name: str, *, thorough: bool) -> bool:
    """Whether the newest record about a draft asks for changes, by its name; to be `thorough`, whether there is any."""
    if name not in head.names(record.FOLDER):
        return False
    parts = [record.parse_path(f"{record.FOLDER}/{name}/{file}") for file in head.records(name)]
    known = [part for part in parts if part is not None]
    last = max((part.number for part in known), default=0)
    return thorough or any(part.number == last and part.act == acts.REQUEST_CHANGES for part in known)


def _draft(workspace: Workspace, summary: Summary, today: date, context: Context) -> StatusReport:
    """The status of a draft from its file alone: an overview of many asks git nothing about each of them."""
    document = workspace.read(summary.id)
    found = StatusReport(
        summary.id, document.status, summary.title, summary.path, author=summary.author,
        editors=facts_of(document).editors, action_items=_items(summary, today),
    )  # fmt: skip
    missing = unready(document, context, owners(found))
    step = step_of_draft(summary.id, None, ready=not missing)
    return replace(found, blockers=missing, whose_turn=owners(found), next_step=step)


def _published(
    workspace: Workspace, summary: Summary, today: date, context: Context, *, thorough: bool
) -> StatusReport:
    step = advise("items-of", id=summary.id)
    if thorough:
        return replace(status_report(workspace, summary.id, today, context), next_step=step)
    return StatusReport(
        summary.id, summary.status, summary.title, summary.path, author=summary.author,
        action_items=_items(summary, today), next_step=step,
    )  # fmt: skip


def _items(summary: Summary, today: date) -> ItemCount:
    return counted(((item, item.open) for item in summary.items), today)


def together(parts: Sequence[tuple[str, StatusReports]]) -> StatusReports:
    """The answers about several repositories as one, each row with its repository's name; what waits comes first by its
    kind."""
    waiting = [replace(one, repository=name) for name, part in parts for one in part.waiting_for_you]
    return StatusReports(
        " or ".join(dict.fromkeys(part.you for _, part in parts if part.you)),
        tuple(sorted(waiting, key=lambda one: _ORDER.index(one.kind))),
        tuple(replace(one, repository=name) for name, part in parts for one in part.postmortems),
        tuple(replace(one, repository=name) for name, part in parts for one in part.unlanded),
        tuple(name for name, part in parts if part.detached),
        _sum([part.figures for _, part in parts if part.figures is not None]),
    )


def _sum(parts: Sequence[Figures]) -> Figures | None:
    added = [sum(column) for column in zip(*map(astuple, parts), strict=True)]
    return Figures(*added) if added else None
