"""Create tickets for action items that have none, each exactly once, whatever is killed when.

    read -> announce (pushed before anybody else's) -> look up what was announced before -> create -> one commit

What was announced and is not known to be created is looked up by its marker first: by the run of the same clone at
once, by any other when the run that announced it must have ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pmctl import git
from pmctl.document.completeness import is_unwritten, section_texts, text_of
from pmctl.document.fields import ItemStatus
from pmctl.document.prompts import strip_comments
from pmctl.document.ticket import TicketFile, fitting_changes
from pmctl.errors import EnvironmentProblem, Hint, NotFound, PmctlError, Refused, advise
from pmctl.insight.catalog import catalog
from pmctl.insight.tickets import Tracked, chosen, may_have_ticket, tracked
from pmctl.policy.model import Policy
from pmctl.repository.own_runs import Runs, only_run
from pmctl.repository.transaction import CommitResult
from pmctl.repository.workspace import Workspace
from pmctl.services.client import Declined
from pmctl.services.rehearsal import Sent
from pmctl.services.retrying import Uncertain
from pmctl.services.ticket_settings import ticket_settings
from pmctl.services.ticket_text import Piece
from pmctl.services.tracker import Account, Ticket, TicketSettings, Wanted, marker_of
from pmctl.services.trackers import Opened, open_tracker
from pmctl.text import parse_utc, plural, single_line, utc
from pmctl.workflow.item_cells import Change
from pmctl.workflow.ticket_landing import ATTEMPTS, Hands, announce, land, together, with_cells

LEASE = timedelta(minutes=15)
"""How long an announcement of another clone is left alone: a run asks its tracker for at most 5 minutes."""
_SKEW = timedelta(hours=1)  # by which clocks may differ when tickets are looked for that were created since
_MOST_CONTEXT = 400


@dataclass(frozen=True, slots=True)
class Problem:
    """What somebody has to look at: about which item, what, and what to type."""

    item: str
    postmortem: str
    message: str
    fix: Hint = ""


@dataclass(slots=True)
class Pushed:
    """What came of it. `made` and `found` are keys by item: created now, or by an earlier run that did not finish."""

    made: dict[str, str] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    landed: CommitResult | None = None
    sent: list[Sent] = field(default_factory=list)
    skipped: int = 0


def settings_of(workspace: Workspace) -> TicketSettings:
    """The `tickets` block. Raises EnvironmentProblem where there is none, or something is wrong with it."""
    block = workspace.settings.blocks.get("tickets")
    settings, wrong = ticket_settings(block)
    if wrong:
        told = tuple((f"pmctl.yaml:{one.line}: {one.message}", one.fix) for one in wrong)
        raise EnvironmentProblem("tickets in pmctl.yaml cannot be used", hint="correct it", details=told)
    if block is None:
        raise EnvironmentProblem("pmctl.yaml does not say where tickets go", hint=advise("set-tickets"))
    return settings


def push(repo: git.Repository, hands: Hands, words: Sequence[str], *, rehearsal: bool = False) -> Pushed:
    """Create a ticket for every chosen open item that has none; `words` are items or postmortems, none for all.

    Raises PmctlError where nothing can be done at all; what is wrong with single items is among the problems.
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
            at = utc(hands.now())
            fresh = [TicketFile(one.item.id, settings.system, announced=at, run=runs.own) for one in todo]
            if announce(repo, hands, _by_postmortem(todo, fresh)) is not None:
                return _create(repo, hands, opened, _Batch(todo, wanted, fresh), done)
            hands.say("somebody else landed something first: looking again")
        raise Refused("the remote moved on during each attempt; no ticket was created", hint=advise("sync-again"))


@dataclass(frozen=True, slots=True)
class _Batch:
    """Items, what their tickets shall say, and their announcements, in the same order."""

    items: Sequence[Tracked]
    wanted: Sequence[Wanted]
    files: Sequence[TicketFile]


def _rehearse(repo: git.Repository, hands: Hands, settings: TicketSettings, words: Sequence[str]) -> Pushed:
    """What would be sent, without announcing or sending anything."""
    done = Pushed()
    with open_tracker(settings, hands.secrets, hands.say, rehearsal=True) as opened:
        workspace = Workspace(repo)
        for one in _todo(workspace, hands, settings, words, Runs("", frozenset()), done):
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
    for one in tracked(workspace, chosen(catalog(workspace), words, workspace)):
        name, item = one.summary.id, one.item
        problem = ""
        fix: Hint = ""
        if one.problem:
            problem, fix = f"its ticket file cannot be read: {one.problem}", advise("ticket-again")
        elif one.file is not None and not one.file.exists and not _is_free(one.file, runs, hands.now()):
            problem = f"another run announced its ticket at {one.file.announced}"
            fix = "wait for it; if it was killed, push again 15 minutes later"
        elif one.file is not None and one.file.exists:
            done.skipped += 1
            continue
        elif item.ticket and one.file is None:
            if words:
                done.problems.append(
                    _problem(one, f"its Ticket cell says {item.ticket} already", advise("adopt-tickets"))
                )
            else:
                done.skipped += 1
            continue
        elif not item.open and one.file is None:
            done.skipped += 1
            continue
        elif not may_have_ticket(one.summary, settings.audience):
            problem = f"{name} is {one.summary.visibility}, and the tracker is for {settings.audience}"
            fix = "name the team whose tracker it is: tickets: {audience: team:NAME}"
        if not problem:
            problem, fix = _unfit(workspace, hands, one)
        if problem:
            done.problems.append(_problem(one, problem, fix))
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


def _problem(one: Tracked, message: str, fix: Hint = "") -> Problem:
    return Problem(one.item.id, one.summary.id, message, fix)


def account_of(opened: Opened, policy: Policy, handle: str) -> Account | None:
    """A person's account in the tracker, asked for once in a run; None where it has none that can be found."""
    tracker, desk = opened.tracker, opened.desk
    person = policy.people.get(handle)
    named = desk.settings.people.get(handle, "")
    if person is None or not (named or person.emails):
        return None
    if opened.sent is not None and not any(
        desk.service.headers.get(name) for name in ("Authorization", "PRIVATE-TOKEN")
    ):
        return Account(named or f"account of {person.emails[0]}")

    def ask() -> Account | None:
        for email in person.emails or ("",):
            found = tracker.account(desk, email, named)
            if found is not None:
                return found
        return None

    found: Account | None = desk.once(f"account {handle}", ask)
    return found


def _wanted(workspace: Workspace, opened: Opened, one: Tracked, done: Pushed) -> Wanted:
    """What the ticket of an item shall say."""
    settings, item = opened.desk.settings, one.item
    owner = None
    if item.owner and settings.direction("owner") != "off":
        owner = account_of(opened, workspace.policy, item.owner)
        if owner is None:
            label = opened.tracker.label
            done.problems.append(
                _problem(one, f"{label} has no account for {item.owner}", advise("name-account", who=item.owner))
            )
    due = item.due if item.due_date and settings.direction("due") != "off" and "due" in opened.tracker.fields else ""
    marker = marker_of(workspace.policy.repository, item.id)
    priority = item.priority if item.priority in ("HIGH", "MEDIUM", "LOW") else ""
    return Wanted(item.id, marker, item.description or item.id, _body(workspace, one), due, priority, owner)


def _body(workspace: Workspace, one: Tracked) -> list[list[Piece]]:
    """Where the item is from, how the postmortem's summary begins, and what the tracker may have no field for."""
    item, summary = one.item, one.summary
    base = workspace.settings.url
    link = f"{base.rstrip('/')}/{summary.id}/" if base else ""
    begin = [
        Piece(f"Action item {item.id} of the postmortem "),
        Piece(summary.title or summary.id, link),
        Piece(f" ({summary.id})."),
    ]
    facts = (("Owner", item.owner), ("due", item.due), ("priority", item.priority), ("prevents", item.prevents))
    line = ", ".join(f"{name} {said}" for name, said in facts if said)
    body = [begin]
    if context := _context(workspace, summary.id):
        body.append([Piece(context)])
    return [*body, [Piece(f"{line[:1].upper()}{line[1:]}.")]] if line else body


def _context(workspace: Workspace, name: str) -> str:
    """The first sentences of a postmortem's summary, as plain text."""
    document = workspace.read_at(name)
    text = text_of("Summary", section_texts(document)) if document.readable else None
    if text is None or is_unwritten(text):
        return ""
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", strip_comments(text))
    plain = single_line(re.sub(r"[*`]|(?<!\w)_|_(?!\w)", "", plain.strip().split("\n\n")[0]))
    if len(plain) <= _MOST_CONTEXT:
        return plain
    cut = plain[:_MOST_CONTEXT]
    end = max(cut.rfind(". "), cut.rfind("! "), cut.rfind("? "))
    return cut[: end + 1] if end > 100 else cut.rsplit(" ", 1)[0] + " ..."


def _by_postmortem(items: Iterable[Tracked], files: Iterable[TicketFile]) -> dict[str, list[TicketFile]]:
    found: dict[str, list[TicketFile]] = {}
    for one, file in zip(items, files, strict=True):
        found.setdefault(one.summary.id, []).append(file)
    return found


def _create(repo: git.Repository, hands: Hands, opened: Opened, batch: _Batch, done: Pushed) -> Pushed:
    """Look up what was announced before, create the rest, and land what came of it."""
    known = _look_up(hands, opened, batch, done)
    tickets: dict[int, Ticket] = dict(known)
    void: list[int] = []  # announced, and certainly not created
    stopped: PmctlError | None = None
    for number, (one, wanted) in enumerate(zip(batch.items, batch.wanted, strict=True)):
        if number in tickets:
            done.found[one.item.id] = tickets[number].key
            continue
        if stopped is not None:
            void += [number] if one.file is None else []
            continue
        try:
            tickets[number] = opened.tracker.create(opened.desk, wanted)
            done.made[one.item.id] = tickets[number].key
        except Declined as problem:
            void.append(number)
            done.problems.append(_problem(one, problem.message, problem.hint))
        except PmctlError as problem:
            stopped = problem
            uncertain = isinstance(problem, Uncertain) or not isinstance(problem, (EnvironmentProblem, NotFound))
            if uncertain:
                done.problems.append(
                    _problem(one, f"{problem.message}; whether it was created is not known", advise("push-tickets"))
                )
            else:
                void.append(number)
                done.problems.append(_problem(one, problem.message, problem.hint))
    if stopped is not None:
        left = len(batch.items) - len(tickets) - len([number for number in void if number in tickets])
        hands.say(f"stopped: {stopped.message}; {plural(left, 'item')} without a ticket")
    done.landed = _land(repo, hands, opened, batch, tickets, void)
    return done


def _look_up(hands: Hands, opened: Opened, batch: _Batch, done: Pushed) -> dict[int, Ticket]:
    """The tickets that an earlier run announced and did create, by the item's place in the batch."""
    before = {number: one.file for number, one in enumerate(batch.items) if one.file is not None}
    if not before:
        return {}
    moments = [parse_utc(file.announced) or hands.now() for file in before.values()]
    markers = {batch.wanted[number].marker: number for number in before}
    waited, pause = 0.0, 1.0
    while True:
        found = opened.tracker.find(opened.desk, list(markers), min(moments) - _SKEW)
        if len(found) == len(markers) or waited >= opened.tracker.settles:
            return {markers[marker]: ticket for marker, ticket in found.items()}
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
        file, system=opened.tracker.name, announced="", run="", id=ticket.id, key=ticket.key, url=ticket.url,
        agreed=dict(agreed), state=state, changes=fitting_changes(ticket.changes),
    )  # fmt: skip
