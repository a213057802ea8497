"""What `review` prints and asks: the queue of a person, one postmortem, and the decision about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from pmctl.errors import PmctlError
from pmctl.output import terminal
from pmctl.output.advice import words
from pmctl.policy.act import APPROVE, REQUEST_CHANGES
from pmctl.text import parse_utc, plural, safe

if TYPE_CHECKING:
    from datetime import datetime

    from pmctl.cli.session import Session
    from pmctl.insight.review_queue import Own, Returned, ReviewQueue, Waiting
    from pmctl.insight.reviewing import Reviewing


def tell_queue(session: Session, found: ReviewQueue, at: datetime) -> None:
    """Print what waits for a person, and what of theirs waits for others."""
    for heading, lines in (
        (f"{plural(len(found.waiting), 'postmortem')} to review", [_waiting(one, at) for one in found.waiting]),
        ("sent back to you", [_returned(one, at) for one in found.returned]),
        ("yours, in review", [_own(one, at) for one in found.own]),
    ):  # fmt: skip
        if lines:
            session.result(terminal.paint(heading, "bold", session.colored))
            for each in lines:
                for line in each:
                    session.result(safe(line))
    if not (found.waiting or found.own or found.returned):
        session.note(f"nothing waits for {found.person}, and nothing of theirs is in review")


def _waiting(one: Waiting, at: datetime) -> Iterator[str]:
    yield f"  {one.postmortem}  {one.title}"
    yield f"    by {one.author}, asked by {one.asked_by}{_ago(one.asked_at, at)}, round {one.round}"
    yield f"    {plural(one.words, 'word')}, {plural(one.lines, 'line')}, {plural(one.action_items, 'action item')}" + (
        f", {plural(one.open_threads, 'open thread')}" if one.open_threads else ""
    )
    if one.approved_at:
        yield f"    since you approved it{_ago(one.approved_at, at)}:" + (
            "" if one.changed else " the text is the same"
        )
        yield from (f"      {line}" for line in one.changed)
    yield f"    pmctl review {one.postmortem}"


def _returned(one: Returned, at: datetime) -> Iterator[str]:
    yield f"  {one.postmortem}  {one.title}"
    yield f"    {one.by} requested changes{_ago(one.at, at)}: {one.reason}"
    yield f"    pmctl edit {one.postmortem}"


def _own(one: Own, at: datetime) -> Iterator[str]:
    yield f"  {one.postmortem}  {one.title}"
    if one.waiting_for:
        yield f"    waits for {', '.join(one.waiting_for)}{_ago(one.since, at)}"
    if one.open_threads:
        said = f"{plural(one.open_threads, 'open thread')}: pmctl comment list {one.postmortem} --unresolved"
        yield f"    {'' if one.waiting_for else 'everybody has approved it; '}{said}"
    elif not one.waiting_for:
        yield f"    everybody has approved it: pmctl publish {one.postmortem}"


def _ago(when: str, at: datetime) -> str:
    """` 2 days ago (2024-01-20)`; times are what people claim, so one may be to come."""
    moment = parse_utc(when)
    if moment is None:
        return ""
    ago = f" {terminal.duration(at - moment)} ago" if at - moment >= timedelta(minutes=1) else ""
    return f"{ago} ({moment.date().isoformat()})"


def tell_one(session: Session, found: Reviewing) -> None:
    """Print a postmortem as its reviewer reads it: what changed since they looked at it last, or all of it, and what is
    said about it."""
    _tell_text(session, found)
    if found.threads:
        from pmctl.cli.comment import show_threads

        session.result(terminal.paint("\nDiscussion", "bold", session.colored))
        show_threads(session, found.threads, named=False, new=found.said_since)


def _tell_text(session: Session, found: Reviewing) -> None:
    if found.difference is None:
        from pmctl.insight.standing import shown
        from pmctl.output.markdown import marked

        workspace = session.workspace
        one = shown(workspace.head, workspace.read_at(found.id), found.id)
        source, body = (marked(text, one.marks) for text in (one.document.text, one.document.body))
        facts = (("id", found.id), ("status", found.status), ("author", one.document.author))
        text = terminal.postmortem(source, body, facts, width=session.width, color=session.colored)
        session.result(text.rstrip("\n"))
        attached = [item.path for item in workspace.head.attachments(found.id)]
        if attached:
            session.result(safe(f"attachments: {', '.join(attached)}"))
        return
    from pmctl.output.comparison import Answer
    from pmctl.output.comparison_text import to_text

    answer = Answer(found.id, found.before, "what is to be reviewed", found.difference)
    session.result(to_text(answer, width=min(session.width, 100), color=session.colored).rstrip("\n"))


def tell_what_next(session: Session, found: Reviewing) -> None:
    """Say what can be decided, with the commands to type."""
    if found.approved:
        session.note(f"{found.reviewer} has approved exactly this text")
    elif not found.may_decide:
        why = f"its status is {found.status}" if found.asked else f"{found.reviewer} was not asked for a review"
        session.note(f"there is nothing to decide: {why}; pmctl status {found.id}")
    else:
        session.note(f"to approve exactly this text: pmctl approve {found.id}")
        session.note(f"to send it back: pmctl request-changes {found.id} -m REASON")
    if found.may_decide:
        session.note(f"to comment: pmctl comment add {found.id} --section NAME -m TEXT")
    if found.difference is not None:
        session.note(f"the whole text: pmctl show {found.id} --at HEAD")


def decide(session: Session, found: Reviewing, handle: str) -> None:
    """Ask for the decision at a terminal, and sign it: of the text that was shown, and of no other."""
    import questionary

    approve, refuse, say, later = "Approve exactly this text", "Request changes", "Comment", "Later"
    choices = [approve, refuse, say, later]
    while (chosen := questionary.select("Your review:", choices=choices, default=later).unsafe_ask()) == say:
        _comment(session, found, handle)
    if chosen == approve:
        _sign(session, found, APPROVE, "", handle)
    elif chosen == refuse:
        reason = questionary.text("What has to change?", validate=lambda text: bool(text.strip())).unsafe_ask()
        _sign(session, found, REQUEST_CHANGES, str(reason).strip(), handle)
    else:
        session.note(f"nothing was signed; pmctl review {found.id} asks again")


def _comment(session: Session, found: Reviewing, handle: str) -> None:
    """Begin a thread about the whole postmortem or one of its sections; the text is typed here or in the editor."""
    import questionary

    from pmctl.cli.answering import tell
    from pmctl.cli.comment import speaker
    from pmctl.cli.session import now
    from pmctl.repository.workspace import Workspace
    from pmctl.workflow import comment

    workspace = Workspace(session.repo)  # as it stands now: somebody may have pulled in the meantime
    sections = [one.title for one in workspace.read_at(found.id).sections if one.title]
    choices = [questionary.Choice(safe(title) or "The whole postmortem", value=title) for title in ("", *sections)]
    section = str(questionary.select("What is it about?", choices=choices).unsafe_ask())

    def sound(text: str) -> bool | str:
        try:
            return not text.strip() or bool(comment.kept_text(workspace.policy, text))
        except PmctlError as problem:
            return f"{problem.message}; {words(problem.hint)}"

    text = str(questionary.text("What do you say? (Enter opens your editor)", validate=sound).unsafe_ask())
    if not text.strip():
        text = comment.typed(session.surroundings, [found.id, *([section] if section else [])])
    who = speaker(session, handle)
    said = comment.begin(workspace, who, found.id, text, session.signing(), at=now(), section=section)
    tell(session, said.done)


def _sign(session: Session, found: Reviewing, kind: str, note: str, handle: str) -> None:
    from pmctl.cli.session import now
    from pmctl.repository.workspace import Workspace
    from pmctl.workflow.lifecycle import perform

    workspace = Workspace(session.repo)  # as it stands now: somebody may have pulled in the meantime
    done = perform(
        workspace, session.actor(handle), kind, found.id, at=now(), note=note, expected=found.content
    )  # fmt: skip
    session.result(done.sentence)
    for line in done.facts:
        session.note(f"  {line}")
    if done.next_step:
        session.note(f"  next: {words(done.next_step)}")
