"""What a new ticket says of an action item: title, context, owner, due date, priority. (item, tracker) -> Wanted"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pmctl.document.completeness import is_unwritten, section_texts, text_of
from pmctl.document.prompts import strip_comments
from pmctl.errors import Hint, advise
from pmctl.insight.card import page_url
from pmctl.insight.tickets import Tracked
from pmctl.policy.model import Policy
from pmctl.repository.workspace import Workspace
from pmctl.services.ticket_text import Piece
from pmctl.services.tracker import Account, Wanted, marker_of
from pmctl.services.trackers import Opened
from pmctl.text import single_line

_MOST_CONTEXT = 400


@dataclass(frozen=True, slots=True)
class Problem:
    """What somebody has to look at: about which item, what, and what to type."""

    item: str
    postmortem: str
    message: str
    fix: Hint = ""


def problem_of(one: Tracked, message: str, fix: Hint = "") -> Problem:
    """A problem with an item."""
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


def wanted_of(workspace: Workspace, opened: Opened, one: Tracked) -> tuple[Wanted, Problem | None]:
    """What the ticket of an item shall say, and what is wrong with its owner."""
    settings, item = opened.desk.settings, one.item
    owner, problem = None, None
    if item.owner and settings.direction("owner") != "off":
        owner = account_of(opened, workspace.policy, item.owner)
        if owner is None:
            label = opened.tracker.label
            problem = problem_of(
                one, f"{label} has no account for {item.owner}", advise("name-account", who=item.owner)
            )
    due = item.due if item.due_date and settings.direction("due") != "off" and "due" in opened.tracker.fields else ""
    marker = marker_of(workspace.policy.repository, item.id)
    priority = item.priority if item.priority in ("HIGH", "MEDIUM", "LOW") else ""
    wanted = Wanted(item.id, marker, item.description or item.id, _body(workspace, one), due, priority, owner)
    return wanted, problem


def _body(workspace: Workspace, one: Tracked) -> list[list[Piece]]:
    """Where the item is from, how the postmortem's summary begins, and what the tracker may have no field for."""
    item, summary = one.item, one.summary
    begin = [
        Piece(f"Action item {item.id} of the postmortem "),
        Piece(summary.title or summary.id, page_url(workspace.settings.url, summary.id)),
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
