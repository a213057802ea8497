"""Bring action items and their tickets into step, field by field; and take over tickets that exist already.

Of each field there are three values: what both sides had last, ours and theirs. The settings say which side decides;
where both may and both moved, nothing is decided: it is said, with what to type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pmctl import git
from pmctl.document.fields import ItemStatus
from pmctl.document.ticket import FIELDS, TicketFile
from pmctl.errors import NotFound, PmctlError, advise
from pmctl.insight.catalog import catalog
from pmctl.insight.tickets import Step, Tracked, Values, chosen, decide, tracked
from pmctl.policy.model import Policy
from pmctl.repository.own_runs import only_run
from pmctl.repository.transaction import CommitResult
from pmctl.repository.workspace import Workspace
from pmctl.services.client import Declined, Forbidden
from pmctl.services.rehearsal import Sent
from pmctl.services.tracker import Account, Moves, Ticket, Unfit
from pmctl.services.trackers import Opened, open_tracker
from pmctl.text import parse_day, plural
from pmctl.workflow.item_cells import Change
from pmctl.workflow.ticket_landing import Hands, land, together, with_cells
from pmctl.workflow.ticket_wanted import Problem, account_of, problem_of
from pmctl.workflow.tickets import known_ticket, read_known, settings_of

TAKE = ("ours", "theirs")


@dataclass(frozen=True, slots=True)
class Moved:
    """A field that was brought into step: `to` is "here" or "there"."""

    item: str
    postmortem: str
    field: str
    before: str
    after: str
    to: str


@dataclass(slots=True)
class Synced:
    """What came of it. `read` counts the tickets that were read; `stopped` is what kept the run from writing the rest
    in the tracker."""

    moved: list[Moved] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    read: int = 0
    landed: CommitResult | None = None
    sent: list[Sent] = field(default_factory=list)
    stopped: PmctlError | None = None


@dataclass(slots=True)
class _Plan:
    """What one item's sync comes to: what is written here and there, and what is agreed on if that works."""

    one: Tracked
    ticket: Ticket
    here: dict[str, str] = field(default_factory=dict)
    there: dict[str, str] = field(default_factory=dict)
    agreed: dict[str, str] = field(default_factory=dict)
    reason: str = ""


def sync_tickets(
    repo: git.Repository, hands: Hands, words: Sequence[str], *, take: str = "", rehearsal: bool = False
) -> Synced:
    """Bring the chosen items and their tickets into step, in one commit. `take` settles conflicts: ours or theirs.

    Raises PmctlError where nothing can be done at all; what concerns single items is among the problems.
    """
    settings = settings_of(Workspace(repo))
    done = Synced()
    with only_run(repo, "tickets"), open_tracker(settings, hands.secrets, hands.say, rehearsal=rehearsal) as opened:
        if not rehearsal:
            together(repo, hands)
        workspace = Workspace(repo)
        rows = _with_tickets(tracked(workspace, chosen(catalog(workspace), words, workspace)), opened, done)
        there = read_known(opened, [file for _, file in rows])
        done.read = len({ticket.id for ticket in there.values()})
        plans = []
        for one, file in rows:
            ticket = there.get(file.id)
            if ticket is None:
                said = f"{file.key} is gone from {opened.tracker.label}, or the token may not see it"
                done.problems.append(problem_of(one, said, advise("ticket-gone", item=one.item.id)))
                continue
            plans.append(_plan(workspace, hands, opened, one, file, ticket, take, done))
        plans = [plan for plan in plans if _writable(workspace, hands, plan, done)]
        for plan in plans:
            if done.stopped is None:
                _give(workspace, opened, plan, done)
        done.sent = list(opened.sent or ())
        if not rehearsal:
            done.landed = _land(repo, hands, opened, plans)
    return done


def _with_tickets(rows: Sequence[Tracked], opened: Opened, done: Synced) -> list[tuple[Tracked, TicketFile]]:
    """The items with a ticket in this tracker; what is wrong with the others is told."""
    found = []
    for one in rows:
        if one.problem:
            done.problems.append(
                problem_of(one, f"its ticket file cannot be read: {one.problem}", advise("ticket-again"))
            )
        elif one.file is None:
            continue
        elif not one.file.exists:
            done.problems.append(problem_of(one, "its ticket was announced and not created", advise("push-tickets")))
        elif one.file.system != opened.tracker.name:
            said = f"{one.file.key} is in {one.file.system}, and the settings name {opened.tracker.name}"
            done.problems.append(problem_of(one, said, "set the ticket in the Ticket cell anew, or the settings back"))
        else:
            found.append((one, one.file))
    return found


def _plan(
    workspace: Workspace, hands: Hands, opened: Opened, one: Tracked, file: TicketFile, ticket: Ticket, take: str,
    done: Synced,
) -> _Plan:  # fmt: skip
    """Hold the three values of every field against each other."""
    tracker, settings = opened.tracker, opened.desk.settings
    plan = _Plan(one, ticket, agreed=dict(file.agreed))
    for name in (name for name in FIELDS if name in tracker.fields and settings.direction(name) != "off"):
        values = _values(workspace.policy, opened, one, file, ticket, name)
        if values is None:
            who = ticket.owner.name or ticket.owner.id if ticket.owner else ""
            said = f"{ticket.key} is assigned to {who}, whom the policy does not know"
            done.problems.append(problem_of(one, said, advise("name-account", who="HANDLE")))
            continue
        step = decide(values, settings.direction(name))
        if step is Step.CONFLICT and take:
            step = Step.GIVE if take == "ours" else Step.TAKE if values.theirs else Step.EMPTY
        _follow(hands, plan, name, values, step, done)
    return plan


def _values(policy: Policy, opened: Opened, one: Tracked, file: TicketFile, ticket: Ticket, name: str) -> Values | None:
    """The three values of a field, in words that compare; None when theirs has no meaning here."""
    tracker, settings, agreed = opened.tracker, opened.desk.settings, file.agreed.get(name)
    if name == "status":
        was = tracker.nearest(agreed, settings) if agreed is not None else None
        return Values(was, tracker.nearest(one.item.status, settings), ticket.status)
    if name == "due":
        return Values(
            agreed, one.item.due if parse_day(one.item.due) else "", ticket.due if parse_day(ticket.due) else ""
        )
    theirs = "" if ticket.owner is None else _handle_of(policy, opened, one, ticket.owner)
    return None if theirs is None else Values(agreed, one.item.owner, theirs)


def _handle_of(policy: Policy, opened: Opened, one: Tracked, account: Account) -> str | None:
    """Who has an account: by e-mail address, by the settings, or because it is the present owner's."""
    if account.email and account.email in policy.emails:
        return policy.emails[account.email]
    for handle, named in opened.desk.settings.people.items():
        if named.casefold() in (account.id.casefold(), account.name.casefold()):
            return handle
    for handle in dict.fromkeys((one.item.owner, (one.file.agreed.get("owner", "") if one.file else ""))):
        known = account_of(opened, policy, handle) if handle else None
        if known is not None and known.id == account.id:
            return handle
    return None


def _follow(hands: Hands, plan: _Plan, name: str, values: Values, step: Step, done: Synced) -> None:
    """Note what a field's step means for the plan, or what has to be said."""
    one, item = plan.one, plan.one.item
    full = getattr(item, name) if name != "status" else item.status
    if step is Step.SAME:
        plan.agreed[name] = full if values.ours == values.theirs else plan.agreed.get(name, full)
    elif step is Step.GIVE:
        plan.there[name] = full
    elif step is Step.EMPTY:
        said = f"{plan.ticket.key} has no {_WORDS[name]}, and {item.id} has {values.ours}"
        done.problems.append(problem_of(one, said, advise("fill-ticket", item=item.id)))
    elif step is Step.CONFLICT:
        was = f", agreed was {values.agreed or 'none'}" if values.agreed is not None else ""
        said = f"{_WORDS[name]} moved on both sides: {values.ours or 'none'} here, {values.theirs or 'none'} in"
        said += f" {plan.ticket.key}{was}"
        done.problems.append(problem_of(one, said, advise("take-side", item=item.id)))
    elif name == "status" and values.theirs == ItemStatus.WONT_DO and not item.notes:
        plan.reason = hands.ask(f"{plan.ticket.key} was closed as not planned. Why will {item.id} not be done?")
        if plan.reason:
            plan.here[name] = values.theirs
        else:
            said = f"{plan.ticket.key} was closed as not planned, and WONT_DO needs its reason"
            done.problems.append(problem_of(one, said, advise("say-why", item=item.id)))
    else:
        plan.here[name] = values.theirs


_WORDS = {"status": "status", "owner": "owner", "due": "due date"}


def _change(plan: _Plan) -> Change:
    return Change(
        status=plan.here.get("status"), owner=plan.here.get("owner"), due=plan.here.get("due"),
        notes=plan.reason or None, ticket=plan.ticket.url if _moved(plan) else None,
    )  # fmt: skip


def _moved(plan: _Plan) -> bool:
    """Whether the ticket has another address than before, and the cell still says the old one."""
    file = plan.one.file
    return file is not None and file.url != plan.ticket.url and plan.one.item.ticket in (file.url, file.key)


def _writable(workspace: Workspace, hands: Hands, plan: _Plan, done: Synced) -> bool:
    """Whether what is taken from there can be written here; otherwise it is told, and nothing of it happens."""
    from pmctl.policy.edits import Edit
    from pmctl.workflow.editing import refuse_edit

    try:
        before = workspace.read_at(plan.one.summary.id)
        after = with_cells(workspace, before, plan.one.item.id, _change(plan))
        if after.data != before.data:
            refuse_edit(workspace, hands.by, plan.one.summary.id, Edit(before, after))
    except PmctlError as problem:
        done.problems.append(problem_of(plan.one, problem.message, problem.hint))
        return False
    for name, value in plan.here.items():
        full = plan.one.item.status if name == "status" else getattr(plan.one.item, name)
        done.moved.append(Moved(plan.one.item.id, plan.one.summary.id, name, full, value, "here"))
        plan.agreed[name] = value
    return True


def _give(workspace: Workspace, opened: Opened, plan: _Plan, done: Synced) -> None:
    """Write there what is to be written there, a field at a time; what is refused is told and stays as it was."""
    one = plan.one
    before = {
        "status": plan.ticket.status,
        "due": plan.ticket.due,
        "owner": plan.ticket.owner.name if plan.ticket.owner else "",
    }
    for name, value in plan.there.items():
        moves = Moves(status=opened.tracker.nearest(value, opened.desk.settings) if name == "status" else None)
        if name == "due":
            moves = Moves(due=value)
        elif name == "owner":
            account = account_of(opened, workspace.policy, value) if value else Account("")
            if account is None:
                said = f"{opened.tracker.label} has no account for {value}"
                done.problems.append(problem_of(one, said, advise("name-account", who=value)))
                continue
            moves = Moves(owner=account)
        try:
            opened.tracker.update(opened.desk, plan.ticket, moves)
        except (Unfit, Declined, NotFound, Forbidden) as problem:
            done.problems.append(problem_of(one, problem.message, problem.hint))
        except PmctlError as problem:
            done.stopped = problem  # what was written before is kept; the next run reads whether this was done
            return
        else:
            done.moved.append(Moved(one.item.id, one.summary.id, name, before[name], value, "there"))
            plan.agreed[name] = value


def _land(repo: git.Repository, hands: Hands, opened: Opened, plans: Sequence[_Plan]) -> CommitResult | None:
    files: dict[str, list[TicketFile]] = {}
    cells: dict[str, dict[str, Change]] = {}
    for plan in plans:
        name, file = plan.one.summary.id, plan.one.file
        if file is None:
            continue
        known = known_ticket(opened, file, plan.ticket, plan.agreed)
        if plan.there:  # its word for the status is another one now
            known = replace(known, state=known.state if "status" not in plan.there else file.state)
        files.setdefault(name, []).append(known)
        if plan.here or _moved(plan):
            cells.setdefault(name, {})[plan.one.item.id] = _change(plan)
    what = f"Bring {plural(len(plans), 'action item')} and {opened.tracker.label} into step"
    return land(repo, hands, what, files, {}, cells)


@dataclass(slots=True)
class Adopted:
    """What came of it. `taken` are keys by item."""

    taken: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    landed: CommitResult | None = None


def adopt_tickets(repo: git.Repository, hands: Hands, words: Sequence[str]) -> Adopted:
    """Take over the tickets that Ticket cells name already, so that a sync keeps them in step. Cells stay as they are.

    Fields in which both sides have the same are agreed on; of the others the next sync says what is different.
    """
    settings = settings_of(Workspace(repo))
    done = Adopted()
    with only_run(repo, "tickets"), open_tracker(settings, hands.secrets, hands.say) as opened:
        together(repo, hands)
        workspace = Workspace(repo)
        rows = tracked(workspace, chosen(catalog(workspace), words, workspace))
        taken = {one.file.id for one in rows if one.file is not None and one.file.exists}
        named = {}
        for one in rows:
            free = one.item.ticket and (one.file is None or not one.file.exists) and not one.problem
            if free and (found := _resolved(opened, one, done)):
                named[one.item.id] = one, found
        there = opened.tracker.read(opened.desk, [found for _, found in named.values()]) if named else {}
        files: dict[str, list[TicketFile]] = {}
        for one, found in named.values():
            ticket = there.get(found)
            if ticket is None:
                said = f"{one.item.ticket} is not in {opened.tracker.label}, or the token may not see it"
                done.problems.append(problem_of(one, said))
            elif ticket.id in taken:
                done.problems.append(problem_of(one, f"{ticket.key} is the ticket of another item already"))
            else:
                taken.add(ticket.id)
                agreed = _agreed_already(workspace.policy, opened, one, ticket)
                file = known_ticket(opened, TicketFile(one.item.id, settings.system), ticket, agreed)
                files.setdefault(one.summary.id, []).append(file)
                done.taken[one.item.id] = ticket.key
        what = f"Take over {plural(len(done.taken), 'ticket')} in {opened.tracker.label}"
        done.landed = land(repo, hands, what, files, {}, {})
    return done


def _resolved(opened: Opened, one: Tracked, done: Adopted) -> str:
    """The lasting id that a Ticket cell names; "" where it names none of this tracker."""
    try:
        found = opened.tracker.resolve(opened.desk, one.item.ticket)
    except (NotFound, Declined, Forbidden) as problem:
        done.problems.append(problem_of(one, problem.message, problem.hint))
        return ""
    if not found:
        done.problems.append(problem_of(one, f"{one.item.ticket} is no ticket of this {opened.tracker.label}"))
    return found


def _agreed_already(policy: Policy, opened: Opened, one: Tracked, ticket: Ticket) -> Mapping[str, str]:
    empty = TicketFile(one.item.id, opened.tracker.name)
    found = {}
    for name in opened.tracker.fields:
        values = _values(policy, opened, one, empty, ticket, name)
        if values is not None and values.ours == values.theirs:
            found[name] = one.item.status if name == "status" else values.ours
    return found
