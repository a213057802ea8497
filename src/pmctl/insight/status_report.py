"""What stands between a postmortem and its next state, whose turn it is, and the command that moves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from pmctl.document.actions import action_items
from pmctl.document.fields import Status, is_id, path_of
from pmctl.document.reader import Document
from pmctl.document.template import Template
from pmctl.document.template_library import Requirements, requirements
from pmctl.errors import Hint, NotFound, advise
from pmctl.insight.catalog import Summary, proved_catalog
from pmctl.insight.incidents import unresolved_incidents
from pmctl.insight.readiness import judged_as_submitted, not_ready
from pmctl.insight.unlanded import UnlandedAct
from pmctl.ledger.current_state import CurrentState, current_state, judged_by
from pmctl.ledger.discussion import discussion
from pmctl.ledger.tree_documents import facts_of
from pmctl.policy.approvals import Gap, approval_gaps
from pmctl.policy.state import FINAL, IN_REVIEW
from pmctl.repository.workspace import Workspace
from pmctl.rules.completeness import EMPTY, MISSING
from pmctl.rules.context import Context


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing that is missing before the next state, and the fix. `who` is whose turn it is."""

    message: str
    fix: Hint = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Where a postmortem stands and what is next."""

    id: str
    status: str
    round: int
    facts: tuple[str, ...]
    blockers: tuple[Blocker, ...]
    next_step: Hint

    @property
    def short(self) -> str:
        """The blockers in a few words."""
        if not self.blockers:
            return "nothing"
        first = self.blockers[0].message
        return first if len(self.blockers) == 1 else f"{first}, and {len(self.blockers) - 1} more"


@dataclass(frozen=True, slots=True)
class StatusReports:
    """pmctl status: what stands between each postmortem and its next state, and which of your acts main lacks."""

    postmortems: tuple[StatusReport, ...]
    unlanded: tuple[UnlandedAct, ...] = ()


def status_report(workspace: Workspace, name: str, today: date) -> StatusReport:
    """The status of one postmortem at HEAD; a change that is only in the work tree is a blocker.

    Raises NotFound when the postmortem is not in the repository at all.
    """
    path = path_of(name)
    if workspace.head.file(path) is None:
        fix = f"git add {path} && git commit -m 'Draft {name}'"
        return StatusReport(name, "DRAFT", 0, (), (Blocker("it is not committed yet", fix),), fix)
    document = workspace.read_at(name)
    if not document.readable:
        problem = document.problems[0]
        message = f"{path}:{problem.line}:{problem.column}: {problem.code} {problem.message}"
        step = advise("validate", id=name)
        return StatusReport(name, document.status or "?", 0, (), (Blocker(message, problem.fix),), step)
    now = current_state(workspace.head, name)
    blockers = [*_work_tree(workspace, name), *_mismatch(document, now)]
    status = now.state.status
    asked, unjudged, templates = _asked(workspace, document), "", None
    if status == IN_REVIEW:  # it is judged by what it was submitted with
        recorded = facts_of(document).template
        templates, unjudged = judged_by(workspace.head, now.state, recorded)
        asked = requirements(recorded, templates)
    facts = [*((f"template: {asked.hint}",) if asked.hint else ()), *now.late, *_items(document, today)]
    step = advise("log", id=name) if status in FINAL else ""
    if status in FINAL:
        facts += [one.message for one in _open_threads(workspace, now)]
    if status == IN_REVIEW:
        content = workspace.head.digest(name)
        facts = [*_approvals(now, content), *facts]
        gaps = approval_gaps(now.state, now.policy, now.state.counting(content))
        blockers += [Blocker(gap.message, gap.hint, ", ".join(gap.waiting_for)) for gap in gaps]
        blockers += [Blocker(unjudged, advise("submit-again", id=name))] if unjudged else []
        blockers += [
            *_open_incidents(workspace, name, document),
            *_unready(document, _judge(workspace, today, templates)),
        ]
        step = _step_in_review(name, now, content, gaps, ready=not blockers)
        threads = _open_threads(workspace, now)
        step = advise("resolve-threads", id=name) if threads and not blockers else step
        blockers += threads
    elif status == Status.DRAFT:
        facts += [
            f"{one.message}; it has to be settled before it is published" for one in _open_threads(workspace, now)
        ]
        facts += [
            f"{one.message}; it has to be before it is published" for one in _open_incidents(workspace, name, document)
        ]
        missing = _unready(document, _judge(workspace, today))
        blockers += missing
        step = advise("edit", id=name) if missing else advise("submit", id=name)
    return StatusReport(name, status, now.state.round, tuple(facts), tuple(blockers), step)


def _step_in_review(name: str, now: CurrentState, content: str, gaps: Sequence[Gap], *, ready: bool) -> Hint:
    waiting = {handle for gap in gaps for handle in gap.waiting_for}
    if gaps:
        counting = now.state.counting(content)
        waiting |= {approval.by for approval in now.state.approvals} - {approval.by for approval in counting}
    if waiting:
        return advise("approve-as", id=name, people=" or ".join(sorted(waiting)))
    return advise("publish", id=name) if ready else advise("edit", id=name)


def status_reports(workspace: Workspace, today: date) -> list[StatusReport]:
    """The status of every postmortem that is a draft or in review, newest incident first."""
    waiting = (Status.DRAFT.value, Status.IN_REVIEW.value)
    context = _judge(workspace, today)
    return [
        _safely(workspace, summary, today, context)
        for summary in proved_catalog(workspace)
        if summary.problem or summary.unproved or summary.status in waiting
    ]


def _safely(workspace: Workspace, summary: Summary, today: date, context: Context) -> StatusReport:
    if summary.problem or not is_id(summary.id):
        problem = summary.problem or f"{summary.path} has no valid id"
        return StatusReport(summary.id, "?", 0, (), (Blocker(problem),), advise("validate", id=summary.path))
    if summary.status == Status.DRAFT and not summary.unproved:
        return _draft(workspace, summary.id, today, context)
    try:
        return status_report(workspace, summary.id, today)
    except NotFound as error:
        return StatusReport(summary.id, summary.status, 0, (), (Blocker(error.message, error.hint),), error.hint)


def _draft(workspace: Workspace, name: str, today: date, context: Context) -> StatusReport:
    """The status of a draft from its file alone: an overview of many asks git nothing about each of them."""
    document = workspace.read(name)
    missing = tuple(_unready(document, context))
    step = advise("edit", id=name) if missing else advise("submit", id=name)
    return StatusReport(name, document.status, 0, tuple(_items(document, today)), missing, step)


def _work_tree(workspace: Workspace, name: str) -> list[Blocker]:
    path = path_of(name)
    file = workspace.repo.root / path
    if not file.is_file():
        return [Blocker(f"{path} is missing in the work tree", f"git restore {path}")]
    if file.read_bytes() != workspace.head.file(path):
        return [Blocker(f"{path} has changes that are not committed", f"git commit -m 'Edit {name}' -- {path}")]
    return []


def _mismatch(document: Document, now: CurrentState) -> list[Blocker]:
    blockers = [Blocker(f"a record does not count: {line}", advise("audit-says-why")) for line in now.ignored]
    if document.status != now.state.status:
        message = f"the file says {document.status}, the signed records say {now.state.status}"
        blockers.append(Blocker(message, f"put status back to {now.state.status}; acts change it"))
    if now.state.open:
        message = "two amends met, and a merge made one text of both that nobody signed"
        blockers.append(Blocker(message, advise("settle", id=now.state.id)))
    return blockers


def _approvals(now: CurrentState, content: str) -> list[str]:
    counting = now.state.counting(content)
    lines = []
    for handle in now.state.reviewers:
        theirs = [approval for approval in now.state.approvals if approval.by == handle]
        if any(approval in counting for approval in theirs):
            lines.append(f"{handle}: approved this content")
        elif theirs:
            lines.append(f"{handle}: approved an earlier content ({theirs[-1].content[:19]}...), which is stale now")
        else:
            lines.append(f"{handle}: was asked, has not answered")
    return lines


def _unready(document: Document, context: Context) -> list[Blocker]:
    """What validation would call an error once it is submitted."""
    return [
        Blocker(one.message if one.code in (MISSING, EMPTY) else f"{one.code} {one.message} (line {one.line})", one.fix)
        for one in not_ready(document, context)
    ]


def _judge(workspace: Workspace, today: date, templates: tuple[Template, ...] | None = None) -> Context:
    return judged_as_submitted(workspace, datetime.combine(today, time(), UTC), templates)


def _asked(workspace: Workspace, document: Document) -> Requirements:
    """What the template that the document records asks of it."""
    recorded = document.meta.get("template")
    return requirements(recorded if isinstance(recorded, str) else "", workspace.own_templates)


def _open_incidents(workspace: Workspace, name: str, document: Document) -> list[Blocker]:
    fix = advise("when-resolved", id=name)
    return [
        Blocker(f"{incident} was not resolved when its record was read", fix)
        for incident in unresolved_incidents(workspace, name, document)
    ]


def _open_threads(workspace: Workspace, now: CurrentState) -> list[Blocker]:
    """What keeps it from being published, thread by thread."""
    name = now.state.id
    found = discussion(workspace.head, name, now.state, now.policy).unresolved
    about = (f" on {thread.section}" if thread.section else "" for thread in found)
    return [
        Blocker(
            f"a discussion{where} that {thread.writer} began is open", advise("resolve-thread", thread=thread.id[-6:])
        )
        for thread, where in zip(found, about, strict=True)
    ]


def _items(document: Document, today: date) -> list[str]:
    items = action_items(document)
    if not items:
        return []
    open_items = [item for item in items if item.is_open]
    late = [item.id for item in open_items if item.overdue(today)]
    line = f"{len(open_items)} of {len(items)} action items open"
    return [line + (f", overdue: {', '.join(late)}" if late else "")]
