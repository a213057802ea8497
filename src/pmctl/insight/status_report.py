"""What stands between a postmortem and its next state, whose turn it is, and the command that moves it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Literal, Protocol

from pmctl.document.actions import action_items
from pmctl.document.fields import Status, path_of
from pmctl.document.reader import Document
from pmctl.document.template_library import Requirements, requirements
from pmctl.errors import EnvironmentProblem, Hint, advise
from pmctl.insight.incidents import unresolved_incidents
from pmctl.insight.public_standing import public_facts
from pmctl.insight.readiness import judged_as_submitted, not_ready
from pmctl.insight.standing import ALTERED, lost_of, marks, standing_of
from pmctl.ledger import record
from pmctl.ledger.current_state import CurrentState, current_state, judged_by
from pmctl.ledger.discussion import discussion
from pmctl.ledger.snapshot import Snapshot
from pmctl.ledger.tree_documents import facts_of
from pmctl.policy import act as acts
from pmctl.policy import permission
from pmctl.policy.approvals import Gap, approval_gaps
from pmctl.policy.lifecycle import propose
from pmctl.policy.state import IN_REVIEW, PostmortemState, View
from pmctl.repository.workspace import Workspace
from pmctl.rules.context import Context

Validity = Literal["valid", "stale", "missing"]


UNRESOLVED = "AU312"


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing that is missing before the next state, and the fix. `code` is that of the finding, "" where there is
    none; `who` are the people who can close it; `line` counts from 1 and is 0 where it is about no line."""

    message: str
    fix: Hint = ""
    who: tuple[str, ...] = ()
    code: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class AskedApproval:
    """A reviewer who was asked, and whether their approval holds for the content that is there: `digest` is the content
    that they approved last and `at` when; both are "" while the approval is missing."""

    handle: str
    validity: Validity
    digest: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class SentBack:
    """Who asked for changes, when and with which words; `answered` says that the text has changed since. `reviewers`
    are those who were asked in that round."""

    by: str
    at: str
    reason: str
    answered: bool
    reviewers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OverdueItem:
    """An action item that is open after its due day; `days` is for how long."""

    id: str
    description: str
    owner: str
    due: str
    days: int


@dataclass(frozen=True, slots=True)
class ItemCount:
    """How many action items there are, how many are still to be done, and those of them that are overdue."""

    total: int = 0
    open: int = 0
    overdue: tuple[OverdueItem, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Where a postmortem stands and what is next.

    `content` is the digest of the content that is there, `whose_turn` are the people who can take the next step, and
    `editors` those who may edit besides the author. `threads` are the open ones of its discussion while it may still be
    published. `repository` is what -C named, "" where only one is read.
    `unproved` says what the file says and no signed record proves, as `list` does; `doubts` which messages of its
    discussion somebody else than their writer wrote, changed or removed, as far as commits tell: one of them may have
    resolved it.
    """

    id: str
    status: str
    title: str = ""
    path: str = ""
    round: int = 0
    author: str = ""
    editors: tuple[str, ...] = ()
    content: str = ""
    approvals: tuple[AskedApproval, ...] = ()
    sent_back: SentBack | None = None
    blockers: tuple[Blocker, ...] = ()
    threads: tuple[Blocker, ...] = ()
    facts: tuple[str, ...] = ()
    action_items: ItemCount = ItemCount()
    whose_turn: tuple[str, ...] = ()
    next_step: Hint = ""
    repository: str = ""
    unproved: str = ""
    doubts: tuple[str, ...] = ()


class _AnyItem(Protocol):
    """What is counted of an action item, wherever it was read."""

    @property
    def id(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def due(self) -> str: ...
    @property
    def due_date(self) -> date | None: ...
    def overdue(self, today: date) -> bool: ...


def status_report(workspace: Workspace, name: str, today: date, context: Context | None = None) -> StatusReport:
    """The status of one postmortem at HEAD; a change that is only in the work tree is a blocker.

    `context` is what postmortems are judged by, for whoever asks about several. Raises NotFound when the postmortem is
    not in the repository at all.
    """
    path = path_of(name)
    if workspace.head.file(path) is None:
        fix = f"git add {path} && git commit -m 'Draft {name}'"
        return StatusReport(
            name, "DRAFT", path=path, blockers=(Blocker("it is not committed yet", fix),), next_step=fix
        )
    document = workspace.read_at(name)
    if not document.readable:
        problem = document.problems[0]
        blocker = Blocker(f"{path}:{problem.line}:{problem.column}: {problem.code} {problem.message}", problem.fix)
        step = advise("validate", id=name)
        return StatusReport(name, document.status or "?", path=path, blockers=(blocker,), next_step=step)
    now = current_state(workspace.head, name)
    about = facts_of(document)
    content = workspace.head.digest(name)
    stands = standing_of(workspace.head, name, now.state, lost_of(now))
    found = StatusReport(
        name, now.state.status, document.title, path, now.state.round,
        author=now.state.author or about.author,
        editors=about.editors if now.state.status == Status.DRAFT else now.state.editors,
        content=content,
        approvals=_approvals(now.state, content),
        blockers=(*_work_tree(workspace, name), *_mismatch(document, now, altered=stands.altered)),
        facts=(*_partly_known(now), *now.late),
        action_items=counted(((one, one.is_open) for one in action_items(document)), today),
        unproved="; ".join(marks(document.status, document.author, about.reviewers, stands, altered=stands.altered)),
    )  # fmt: skip
    context = context or judged(workspace, today)
    if found.status == IN_REVIEW:
        found = _in_review(workspace, found, now, document, context)
    elif found.status == Status.DRAFT:
        found = _draft(workspace, found, now, document, context)
    else:
        asked = _hint(_asked(workspace, document))
        told = tuple(one.message for one in _open_threads(workspace, found, now))
        public = public_facts(workspace, now)
        found = replace(found, facts=(*asked, *found.facts, *public, *told), next_step=advise("log", id=name))
    lost = any(one.lost for one in now.ignored)
    return replace(found, next_step=advise("doctor-fix-lost")) if lost else found


def _in_review(
    workspace: Workspace, found: StatusReport, now: CurrentState, document: Document, context: Context
) -> StatusReport:
    recorded = facts_of(document).template
    templates, unjudged = judged_by(workspace.head, now.state, recorded)  # it is judged by what it was submitted with
    gaps = approval_gaps(now.state, now.policy, now.state.counting(found.content))
    again = Blocker(unjudged, advise("submit-again", id=found.id), owners(found), "AU326") if unjudged else None
    blockers = (
        *found.blockers,
        *(Blocker(gap.message, gap.hint, gap.waiting_for, "AU309") for gap in gaps),
        *([again] if again else []),
        *_open_incidents(workspace, found, document),
        *unready(document, context._replace(own_templates=templates), owners(found)),
    )
    threads = _open_threads(workspace, found, now)
    waiting = _awaited(now, found.content, gaps)
    if waiting:
        turn, step = waiting, advise("approve-as", id=found.id, people=" or ".join(waiting))
    elif not set(blockers) <= set(_mismatch(document, now)):  # what is only wrong on record does not stop it
        turn, step = owners(found), advise("edit", id=found.id)
    elif threads:
        turn, step = owners(found), advise("resolve-threads", id=found.id)
    else:
        turn, step = _publishers(now, found), advise("publish", id=found.id)
    facts = (*_hint(requirements(recorded, templates)), *found.facts)
    blockers = (*blockers, *threads)
    return replace(found, blockers=blockers, threads=threads, facts=facts, whose_turn=turn, next_step=step)


def _draft(
    workspace: Workspace, found: StatusReport, now: CurrentState, document: Document, context: Context
) -> StatusReport:
    open_incidents = _open_incidents(workspace, found, document)
    told = tuple(f"{one.message}; it has to be before it is published" for one in open_incidents)
    open_threads = _open_threads(workspace, found, now)
    told += tuple(f"{one.message}; it has to be resolved before it is published" for one in open_threads)
    missing = unready(document, context, owners(found))
    back = _sent_back(workspace.head, now.state, found.content)
    return replace(
        found, blockers=(*found.blockers, *missing), threads=open_threads, sent_back=back, whose_turn=owners(found),
        facts=(*_hint(_asked(workspace, document)), *found.facts, *told),
        next_step=step_of_draft(found.id, back, ready=not missing),
    )  # fmt: skip


def step_of_draft(name: str, back: SentBack | None, *, ready: bool) -> Hint:
    """What its author does next with a draft: edit it, or submit it, to those who sent it back where somebody did."""
    if back is None:
        return advise("submit", id=name) if ready else advise("edit", id=name)
    again = " ".join(f"--reviewer {handle}" for handle in back.reviewers or (back.by,))
    ready = ready and back.answered
    return (
        advise("submit-to", id=name, reviewers=again)
        if ready
        else advise("edit-and-submit-to", id=name, reviewers=again)
    )


def missed_targets(workspace: Workspace, name: str, today: date) -> tuple[str, ...]:
    """The targets that a postmortem has missed, however long ago, a sentence each; none in an incomplete clone."""
    from pmctl.insight.milestones import milestones
    from pmctl.rules.engine import missed_targets as missed

    document = workspace.read(name)
    try:
        history = milestones(workspace.repo, workspace.head.commit)().get(name)
    except EnvironmentProblem:
        return ()
    if history is None or not document.readable:
        return ()
    return tuple(
        f"{one.code} {one.message}" for one in missed(document, judged(workspace, today)._replace(history=history))
    )


def judged(workspace: Workspace, today: date) -> Context:
    """What postmortems are judged by on that day."""
    return judged_as_submitted(workspace, datetime.combine(today, time(), UTC))


def owners(found: StatusReport) -> tuple[str, ...]:
    """Who writes the postmortem: its author and those who may edit."""
    return tuple(dict.fromkeys(handle for handle in (found.author, *found.editors) if handle))


def counted(items: Iterable[tuple[_AnyItem, bool]], today: date) -> ItemCount:
    """Action items, each with whether it is open, in numbers; and those that are overdue one by one."""
    known = list(items)
    late = tuple(
        OverdueItem(one.id, one.description, one.owner, one.due, (today - one.due_date).days)
        for one, _ in known
        if one.overdue(today) and one.due_date is not None
    )
    return ItemCount(len(known), sum(is_open for _, is_open in known), late)


def unready(document: Document, context: Context, who: tuple[str, ...]) -> tuple[Blocker, ...]:
    """What validation would call an error once it is submitted."""
    return tuple(Blocker(one.message, one.fix, who, one.code, one.line) for one in not_ready(document, context))


def _awaited(now: CurrentState, content: str, gaps: Sequence[Gap]) -> tuple[str, ...]:
    """Whose approval is waited for, and who approved another content than the one that is there."""
    if not gaps:
        return ()
    given = {approval.by for approval in now.state.counting(content)}
    waiting = {handle for gap in gaps for handle in gap.waiting_for}
    return tuple(sorted(waiting | {approval.by for approval in now.state.approvals} - given))


def _publishers(now: CurrentState, found: StatusReport) -> tuple[str, ...]:
    """Who may publish: of those who wrote it, or anybody else when none of them may."""
    view = View(found.content, found.author, found.editors)

    def may(handle: str) -> bool:
        act = propose(acts.PUBLISH, now.state, now.policy, now.root, by=handle, at="", content=found.content)
        return not permission.entitled(act, now.state, now.policy, view) and not permission.kind(act, now.policy)

    return tuple(filter(may, owners(found))) or tuple(filter(may, now.policy.people))


def _approvals(state: PostmortemState, content: str) -> tuple[AskedApproval, ...]:
    if state.status == Status.DRAFT:
        return ()
    counting = {approval.by: approval for approval in state.counting(content)}
    last = {approval.by: approval for approval in state.approvals}
    found = []
    for handle in state.reviewers:
        given = counting.get(handle) or last.get(handle)
        validity: Validity = "valid" if handle in counting else "stale" if given else "missing"
        found.append(
            AskedApproval(handle, validity, given.content, given.at) if given else AskedApproval(handle, validity)
        )
    return tuple(found)


def _sent_back(head: Snapshot, state: PostmortemState, content: str) -> SentBack | None:
    """Who sent the draft back last, unless it was withdrawn, reopened or never in review."""
    if state.last_act != acts.REQUEST_CHANGES:
        return None
    for name, entry in head.records(state.id).items():
        parts = record.parse_path(f"{record.FOLDER}/{state.id}/{name}")
        if parts is not None and parts.act == acts.REQUEST_CHANGES and name.endswith(".json"):
            data = head.source.reader.blob(entry.oid)
            if record.digest(data) == state.head:  # which is verified
                act = record.from_bytes(data)
                return SentBack(act.by, act.at, act.note, act.content != content, state.reviewers)
    return None


def _work_tree(workspace: Workspace, name: str) -> list[Blocker]:
    path = path_of(name)
    file = workspace.repo.root / path
    if not file.is_file():
        return [Blocker(f"{path} is missing in the work tree", f"git restore {path}")]
    if file.read_bytes() != workspace.head.file(path):
        return [Blocker(f"{path} has changes that are not committed", f"git commit -m 'Edit {name}' -- {path}")]
    return []


def _mismatch(document: Document, now: CurrentState, *, altered: bool = False) -> list[Blocker]:
    blockers = []
    for one in now.ignored:
        message = one.message if one.counts else f"a record does not count: {one.message}"
        blockers.append(Blocker(message, one.hint or advise("audit-says-why"), code=one.code))
    if document.status != now.state.status:
        message = f"the file says {document.status}, the signed records say {now.state.status}"
        blockers.append(Blocker(message, f"put status back to {now.state.status}; acts change it", code="AU301"))
    if now.state.open:
        message = "two amends met, and a merge made one text of both that nobody signed"
        blockers.append(Blocker(message, advise("settle", id=now.state.id), now.policy.admins, "AU407"))
    elif altered:
        blockers.append(Blocker(ALTERED, advise("amend-or-restore", id=now.state.id), now.policy.admins, "AU401"))
    return blockers


def _partly_known(now: CurrentState) -> tuple[str, ...]:
    return (f"INCOMPLETE: {now.incomplete}; this is what the records here add up to",) if now.incomplete else ()


def _open_threads(workspace: Workspace, found: StatusReport, now: CurrentState) -> tuple[Blocker, ...]:
    """What is said and not resolved, thread by thread: it keeps the postmortem from being published."""
    threads = discussion(workspace.head, found.id, now.state, now.policy).unresolved
    return tuple(
        Blocker(
            f"a discussion{f' on {thread.section}' if thread.section else ''} that {thread.writer} began is open",
            advise("resolve-thread", thread=thread.id[-6:]),
            tuple(dict.fromkeys((*owners(found), thread.writer))),
            UNRESOLVED,
        )
        for thread in threads
    )


def _asked(workspace: Workspace, document: Document) -> Requirements:
    """What the template that the document records asks of it."""
    return requirements(facts_of(document).template, workspace.own_templates)


def _hint(asked: Requirements) -> tuple[str, ...]:
    return (f"template: {asked.hint}",) if asked.hint else ()


def _open_incidents(workspace: Workspace, found: StatusReport, document: Document) -> list[Blocker]:
    fix = advise("when-resolved", id=found.id)
    return [
        Blocker(f"{incident} was not resolved when its record was read", fix, owners(found))
        for incident in unresolved_incidents(workspace, found.id, document)
    ]
