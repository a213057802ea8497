"""Create tickets for action items that have none, each exactly once, whatever is killed when.

    read -> announce (pushed before anybody else's) -> look up what was announced before -> create -> one commit

What was announced and is not known to be created is looked up by its marker first: by the run of the same clone at
once, by any other when the run that announced it must have ended. What cannot be found in a tracker whose search may
lag, and may have been asked for, is created by nobody until somebody says so (`resend`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pmctl import git
from pmctl.document.fields import ItemStatus
from pmctl.document.ticket import TicketFile, fitting_changes
from pmctl.errors import EnvironmentProblem, Hint, NotFound, PmctlError, Refused, advise
from pmctl.insight.catalog import catalog
from pmctl.insight.item_ticket import ItemTicket
from pmctl.insight.tickets import Tracked, chosen, may_have_ticket, told, tracked
from pmctl.repository.own_runs import Runs, only_run
from pmctl.repository.transaction import CommitResult
from pmctl.repository.workspace import Workspace
from pmctl.services.client import Declined
from pmctl.services.rehearsal import Sent
from pmctl.services.retrying import Uncertain
from pmctl.services.secrets import Secrets
from pmctl.services.ticket_settings import ticket_settings
from pmctl.services.tracker import Ticket, TicketSettings, Wanted
from pmctl.services.trackers import Opened, open_tracker
from pmctl.text import parse_utc, plural, single_line, utc
from pmctl.workflow.item_cells import Change
from pmctl.workflow.ticket_landing import ATTEMPTS, Hands, announce, land, together, with_cells
from pmctl.workflow.ticket_wanted import Problem, problem_of, wanted_of

LEASE = timedelta(minutes=15)
"""How long an announcement of another clone is left alone: a run asks its tracker for at most 5 minutes."""
_SKEW = timedelta(hours=1)  # by which clocks may differ when tickets are looked for that were created since


@dataclass(slots=True)
class Pushed:
    """What came of it. `made` and `found` are keys by item: created now, or by an earlier run that did not finish.

    `stopped` is what kept the run from asking for the rest.
    """

    made: dict[str, str] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    landed: CommitResult | None = None
    sent: list[Sent] = field(default_factory=list)
    skipped: int = 0
    stopped: PmctlError | None = None


def settings_of(workspace: Workspace) -> TicketSettings:
    """The `tickets` block. Raises EnvironmentProblem where there is none, or something is wrong with it."""
    block = workspace.settings.blocks.get("tickets")
    settings, wrong = ticket_settings(block)
    if wrong:
        told = tuple((f"pmctl.yaml:{one.line}: {one.message}", one.fix) for one in wrong)
        raise EnvironmentProblem("tickets in pmctl.yaml cannot be used", hint="correct it", details=told)
    if not workspace.policy.repository:
        raise EnvironmentProblem("the policy gives this repository no id, by which tickets are found again")
    if block is None:
        raise EnvironmentProblem("pmctl.yaml does not say where tickets go", hint=advise("set-tickets"))
    return settings


def push(
    repo: git.Repository, hands: Hands, words: Sequence[str], *, rehearsal: bool = False, resend: bool = False
) -> Pushed:
    """Create a ticket for every chosen open item that has none; `words` are items or postmortems, none for all.

    With `resend` also what an earlier run may have created and no search finds. Raises PmctlError where nothing can be
    done at all; what is wrong with single items is among the problems.
    """
    settings = settings_of(Workspace(repo))
    if rehearsal:
        return _rehearse(repo, hands, settings, words)
    with only_run(repo, "tickets") as runs, open_tracker(settings, hands.secrets, hands.say) as opened:
        done = Pushed()
        for _ in range(ATTEMPTS):
            together(repo, hands)
            workspace = Workspace(repo)
            done = Pushed()
            todo = _todo(workspace, hands, settings, words, runs, done)
            if not todo:
                return done
            wanted = [_wanted(workspace, opened, one, done) for one in todo]
            runs.doubt(_foreign(todo, runs))
            at = utc(hands.now())
            fresh = [
                TicketFile(one.item.id, settings.system, at, runs.own, one.file.since if one.file is not None else at)
                for one in todo
            ]
            if announce(repo, hands, _by_postmortem(todo, fresh)) is not None:
                return _create(repo, hands, opened, _Batch(todo, wanted, fresh, runs, resend), done)
            hands.say("somebody else landed something first: looking again")
        raise Refused("the remote moved on during each attempt; no ticket was created", hint=advise("sync-again"))


@dataclass(frozen=True, slots=True)
class _Batch:
    """Items, what their tickets shall say, and their announcements, in the same order; the runs of this clone."""

    items: Sequence[Tracked]
    wanted: Sequence[Wanted]
    files: Sequence[TicketFile]
    runs: Runs
    resend: bool = False


def _foreign(todo: Sequence[Tracked], runs: Runs) -> list[str]:
    """The items that another clone announced: it may have asked for their tickets."""
    return [one.item.id for one in todo if one.file is not None and one.file.run not in runs.ended]


def _rehearse(repo: git.Repository, hands: Hands, settings: TicketSettings, words: Sequence[str]) -> Pushed:
    """What would be sent, without announcing or sending anything."""
    done = Pushed()
    with open_tracker(settings, hands.secrets, hands.say, rehearsal=True) as opened:
        workspace = Workspace(repo)
        for one in _todo(workspace, hands, settings, words, Runs("", ()), done):
            wanted = _wanted(workspace, opened, one, done)
            try:
                opened.tracker.create(opened.desk, wanted)
            except (Uncertain, PmctlError) as problem:
                if not opened.sent:
                    raise problem from None
        done.sent = list(opened.sent or ())
    return done


def _todo(
    workspace: Workspace, hands: Hands, settings: TicketSettings, words: Sequence[str], runs: Runs, done: Pushed
) -> list[Tracked]:
    """The items that need a ticket and may have one; the others are counted or told."""
    found = []
    everything = catalog(workspace)
    times = Counter(item.id for summary in everything for item in summary.items)
    for one in tracked(workspace, chosen(everything, words, workspace)):
        name, item = one.summary.id, one.item
        problem = ""
        fix: Hint = ""
        if one.problem:
            problem, fix = f"its ticket file cannot be read: {one.problem}", advise("ticket-again")
        elif times[item.id] > 1:
            problem, fix = f"{item.id} stands in {times[item.id]} rows", "give one of them another id: pmctl edit"
        elif one.file is not None and not one.file.exists and one.file.system != settings.system:
            problem = f"its ticket was announced in {one.file.system}, and the settings name {settings.system}"
            fix = "set the settings back and push once more, or remove its file below .pmctl/tickets"
        elif one.file is not None and not one.file.exists and not _is_free(one.file, runs, hands.now()):
            problem = f"another run announced its ticket at {one.file.announced}"
            fix = "wait for it; if it was killed, push again 15 minutes later"
        elif one.file is not None and one.file.exists:
            done.skipped += 1
            continue
        elif item.ticket and one.file is None:
            if words:
                done.problems.append(
                    problem_of(one, f"its Ticket cell says {item.ticket} already", advise("adopt-tickets"))
                )
            else:
                done.skipped += 1
            continue
        elif not item.open and one.file is None:
            done.skipped += 1
            continue
        elif not may_have_ticket(workspace, one.summary, settings.audience):
            problem = f"{name} is {one.summary.visibility}, and the tracker is for {settings.audience}"
            fix = "name the team whose tracker it is: tickets: {audience: team:NAME}"
        if not problem:
            problem, fix = _unfit(workspace, hands, one)
        if problem:
            done.problems.append(problem_of(one, problem, fix))
        else:
            found.append(one)
    return found


def _is_free(file: TicketFile, runs: Runs, now: datetime) -> bool:
    """Whether the run that announced a ticket has ended for certain."""
    at = parse_utc(file.announced)
    return file.run in runs.ended or at is None or now - at > LEASE


def _unfit(workspace: Workspace, hands: Hands, one: Tracked) -> tuple[str, Hint]:
    """Why the Ticket cell could not be written afterwards: better known before anything is created."""
    from pmctl.policy.edits import Edit
    from pmctl.workflow.editing import refuse_edit

    try:
        before = workspace.read_at(one.summary.id)
        after = with_cells(workspace, before, one.item.id, Change(ticket="https://tracker.example/1"))
        refuse_edit(workspace, hands.by, one.summary.id, Edit(before, after))
    except PmctlError as problem:
        return problem.message, problem.hint
    return "", ""


def _wanted(workspace: Workspace, opened: Opened, one: Tracked, done: Pushed) -> Wanted:
    """What the ticket of an item shall say; an owner who has no account there is told."""
    wanted, problem = wanted_of(workspace, opened, one)
    done.problems += [problem] if problem is not None else []
    return wanted


def _by_postmortem(items: Iterable[Tracked], files: Iterable[TicketFile]) -> dict[str, list[TicketFile]]:
    found: dict[str, list[TicketFile]] = {}
    for one, file in zip(items, files, strict=True):
        found.setdefault(one.summary.id, []).append(file)
    return found


def _create(repo: git.Repository, hands: Hands, opened: Opened, batch: _Batch, done: Pushed) -> Pushed:
    """Look up what was announced before, create the rest, and land what came of it."""
    known, lost = _look_up(hands, opened, batch)
    tickets: dict[int, Ticket] = dict(known)
    void: list[int] = []  # announced, and certainly not created
    for number, (one, wanted) in enumerate(zip(batch.items, batch.wanted, strict=True)):
        if number in tickets:
            done.found[one.item.id] = tickets[number].key
            continue
        if done.stopped is not None:
            void += [number] if one.item.id not in batch.runs.doubtful else []
            continue
        if number in lost:
            done.problems.append(_unknown(opened, one, wanted))
            continue
        batch.runs.doubt((one.item.id,))
        try:
            tickets[number] = opened.tracker.create(opened.desk, wanted)
            done.made[one.item.id] = tickets[number].key
        except Declined as problem:
            void.append(number)
            done.problems.append(problem_of(one, problem.message, problem.hint))
        except PmctlError as problem:
            done.stopped = problem
            if isinstance(problem, Uncertain) or not isinstance(problem, (EnvironmentProblem, NotFound)):
                said = "whether its ticket was created is not known"
                done.problems.append(problem_of(one, said, advise("push-tickets")))
            else:
                void.append(number)
    done.landed = _land(repo, hands, opened, batch, tickets, void)
    batch.runs.settle(batch.items[number].item.id for number in (*tickets, *void))
    return done


def _unknown(opened: Opened, one: Tracked, wanted: Wanted) -> Problem:
    """What to say of a ticket that may have been created and is not found."""
    label = opened.tracker.label
    said = f"nobody knows whether {label} created its ticket, and its search does not show one yet"
    return problem_of(one, said, advise("resend-ticket", item=one.item.id, marker=wanted.marker))


def _look_up(hands: Hands, opened: Opened, batch: _Batch) -> tuple[dict[int, Ticket], frozenset[int]]:
    """The tickets that an earlier run announced and did create, by the item's place in the batch; and the places of
    those that may have been created all the same: they were asked for, and the tracker's search may not know them."""
    before = {number: one.file for number, one in enumerate(batch.items) if one.file is not None}
    if not before:
        return {}, frozenset()
    doubtful = {number for number in before if batch.items[number].item.id in batch.runs.doubtful}
    moments = [parse_utc(file.since) or hands.now() for file in before.values()]
    markers = {batch.wanted[number].marker: number for number in before}
    waited, pause = 0.0, 1.0
    while True:
        listed = opened.tracker.find(opened.desk, list(markers), min(moments) - _SKEW)
        found = {markers[marker]: ticket for marker, ticket in listed.items()}
        if doubtful <= found.keys() or waited >= opened.tracker.settles:
            lags = opened.tracker.settles and not batch.resend
            return found, frozenset(doubtful - found.keys() if lags else ())
        hands.say(f"{opened.tracker.label} may not show new tickets yet: looking again in {pause:.0f} s")
        hands.wait(pause)
        waited, pause = waited + pause, min(pause * 2, 8.0)


def _land(
    repo: git.Repository,
    hands: Hands,
    opened: Opened,
    batch: _Batch,
    tickets: Mapping[int, Ticket],
    void: Sequence[int],
) -> CommitResult | None:
    """One commit: tickets and cells, without the announcements that came to nothing."""
    files: dict[str, list[TicketFile]] = {}
    cells: dict[str, dict[str, Change]] = {}
    gone: dict[str, list[str]] = {}
    for number, one in enumerate(batch.items):
        name = one.summary.id
        if number in tickets:
            ticket = tickets[number]
            files.setdefault(name, []).append(
                known_ticket(
                    opened, batch.files[number], ticket, _first_agreed(one, opened, ticket, batch.wanted[number])
                )
            )
            cells.setdefault(name, {})[one.item.id] = Change(ticket=ticket.url)
        elif number in void:
            gone.setdefault(name, []).append(one.item.id)
    what = f"Track {plural(len(tickets), 'action item')} in {opened.tracker.label}"
    if not tickets:
        what = f"Take back the announcement of {plural(len(void), 'ticket')}"
    return land(repo, hands, what, files, gone, cells)


def _first_agreed(one: Tracked, opened: Opened, ticket: Ticket, wanted: Wanted) -> dict[str, str]:
    """What both sides have when a ticket is new: it was created of what the item says."""
    agreed = {"status": ItemStatus.OPEN.value}
    if wanted.owner is not None:
        agreed["owner"] = one.item.owner
    if wanted.due:
        agreed["due"] = wanted.due
    return agreed


def known_ticket(opened: Opened, file: TicketFile, ticket: Ticket, agreed: Mapping[str, str]) -> TicketFile:
    """The file of a ticket that was read or created."""
    state = "".join(letter for letter in single_line(ticket.state) if letter.isprintable())[:100]
    return replace(
        file, system=opened.tracker.name, announced="", run="", since="", id=ticket.id, key=ticket.key, url=ticket.url,
        agreed=dict(agreed), state=state, changes=fitting_changes(ticket.changes),
    )  # fmt: skip


def read_known(opened: Opened, files: Sequence[TicketFile]) -> dict[str, Ticket]:
    """The tickets of these files as they are now, with what is linked to them, by the id that the file has; those that
    are gone or forbidden are left out. One that moved is found where it is."""
    tracker, desk = opened.tracker, opened.desk
    found = tracker.read(desk, [file.id for file in files]) if files else {}
    if tracker.follow is not None:
        for file in files:
            if file.id not in found and (now := tracker.follow(desk, file.url)) not in ("", file.id):
                found.update((file.id, ticket) for ticket in tracker.read(desk, [now]).values())
    if tracker.changes is not None:
        return {one: replace(ticket, changes=tracker.changes(desk, ticket)) for one, ticket in found.items()}
    return found


def read_live(
    workspace: Workspace, secrets: Secrets, say: Callable[[str], None], rows: Sequence[Tracked]
) -> list[ItemTicket]:
    """The items with what the tracker says of their tickets now. Nothing is written."""
    settings = settings_of(workspace)
    with open_tracker(settings, secrets, say) as opened:
        tracker = opened.tracker
        ours = [
            one.file for one in rows if one.file is not None and one.file.exists and one.file.system == tracker.name
        ]
        there = read_known(opened, ours)
        found = []
        for one in rows:
            file = one.file
            if file is None or not file.exists or file.system != tracker.name:
                found.append(told(one))
                continue
            ticket = there.get(file.id)
            if ticket is None:
                gone = f"{file.key} is gone from {tracker.label}, or the token may not see it"
                found.append(replace(told(one), problem=gone, asked=True))
                continue
            now = told(replace(one, file=known_ticket(opened, file, ticket, file.agreed)))
            found.append(replace(now, asked=True))
    return found
