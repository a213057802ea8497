"""What writing requests do: one commit of the person who asks, made by the functions that the command line calls.

Each function here makes the act that `writer.Writer` runs on the newest state, where what the client had seen is
compared, too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, datetime

from pmctl.document import edits
from pmctl.document.fields import path_of
from pmctl.document.reader import Document, read
from pmctl.errors import Refused, UsageProblem
from pmctl.policy.edits import Edit
from pmctl.policy.model import SIGNED
from pmctl.repository.transaction import Write, commit
from pmctl.repository.workspace import Workspace
from pmctl.server import models
from pmctl.server.writer import Author, Written

Act = Callable[[Workspace, str], Written]
Unchanged = Callable[[Workspace], None]
"""Raises when what the client had seen is not what is there any more."""

_BY_ACT = {"IN_REVIEW": "submit", "PUBLISHED": "publish", "ARCHIVED": "archive", "DRAFT": "withdraw or reopen"}


def new_postmortem(
    who: Author, body: models.NewPostmortem, today: date, readable: Callable[[], Collection[str]]
) -> Act:
    """Draft a postmortem. A refusal names none but those that are `readable`."""
    from pmctl.output.json_export import to_json
    from pmctl.services.draft import Draft
    from pmctl.workflow import create
    from pmctl.workflow.editing import refuse_edit

    if body.status != "DRAFT":
        raise refused_status(body.status, "a new postmortem is a DRAFT")

    def act(workspace: Workspace, note: str) -> Written:
        _refuse_signed(workspace)
        wish = create.NewPostmortem(
            title=body.title, author=who.handle, template=body.template, severity=body.severity, urgency=body.urgency,
            services=tuple(body.services), teams=tuple(body.teams), tags=tuple(body.tags),
        )  # fmt: skip
        front = {"incidents": [_incident(workspace, body.incidentId)]} if body.incidentId else {}
        try:
            created = create.plan(workspace, wish, Draft(front) if front else None, today=today)
        except Refused as error:
            raise discreet(error, workspace, readable()) from None
        document = read(created.data, created.path)
        if body.summary:
            document = edits.replace_section(document, "Summary", body.summary)
        to_json(document)  # what could not be answered must not land
        refuse_edit(workspace, who.handle, created.id, Edit(None, document))
        writes = tuple(Write(one.path, document.data) if one.path == created.path else one for one in created.writes)
        create.land(workspace, replace(created, data=document.data, writes=writes), who.arguments, note)
        return Written(created.id)

    return act


def changed_postmortem(who: Author, name: str, body: models.PostmortemChange, unchanged: Unchanged) -> Act:
    """Change front matter and sections."""
    if body.status is not None:
        raise refused_status(body.status, f"the status of {name} changes by a signed act alone")

    def act(workspace: Workspace, note: str) -> Written:
        unchanged(workspace)
        before = workspace.read_at(name)
        after = before
        for key in ("title", "severity", "urgency", "services", "teams", "tags"):
            value = getattr(body, key)
            if value is not None:
                after = edits.set_field(after, key, value)
        texts = {**({"Summary": body.summary} if body.summary is not None else {}), **body.sections}
        for title, text in texts.items():
            after = edits.replace_section(after, title, text)
        _land(workspace, who, name, before, after, note)
        return Written(name)

    return act


def new_item(who: Author, name: str, body: models.NewItem, today: date) -> Act:
    """Add an action item."""
    from pmctl.workflow import actions

    wish = actions.Change(
        body.description, body.ownerId.removeprefix("@"), body.dueDate.isoformat() if body.dueDate else None,
        body.priority.upper(), notes=body.notes or None,
    )  # fmt: skip

    def act(workspace: Workspace, note: str) -> Written:
        _refuse_signed(workspace)
        done = actions.add(workspace, who.handle, name, wish, who.arguments, today=today, note=note)
        return Written(name, done.items[0].item)

    return act


def changed_item(who: Author, name: str, item: str, body: models.ItemChange, unchanged: Unchanged) -> Act:
    """Change an action item."""
    from pmctl.workflow import actions

    wish = actions.Change(
        description=body.description, owner=body.ownerId, due=body.dueDate.isoformat() if body.dueDate else None,
        priority=body.priority, status=body.status, ticket=body.ticket, notes=body.notes,
    )  # fmt: skip

    def act(workspace: Workspace, note: str) -> Written:
        unchanged(workspace)
        _refuse_signed(workspace)
        actions.change(workspace, who.handle, item, wish, who.arguments, postmortem=name)
        return Written(name, item)

    return act


def new_comment(who: Author, name: str, body: models.NewComment, at: datetime) -> Act:
    """Begin a thread."""
    from pmctl.workflow.comment import Speaker, begin

    def act(workspace: Workspace, note: str) -> Written:
        _refuse_signed(workspace)
        said = begin(
            workspace, Speaker(who.handle, who.handle), name, body.text, who.arguments,
            at=at, section=body.section, quote=body.quote, note=note,
        )  # fmt: skip
        return Written(name, said.thread)

    return act


def discreet(error: Refused, workspace: Workspace, readable: Collection[str]) -> Refused:
    """The refusal, without what it says of postmortems that whoever asks may not know of."""
    if not any(name not in readable and name in error.message for name in workspace.ids()):
        return error
    return Refused("there is one already that you may not read", hint="ask an admin of the policy")


def refused_status(status: str, message: str) -> Refused:
    """The refusal of a status that only an act can give, with the act."""
    act = _BY_ACT.get(status.upper(), "")
    way = f"the act is `{act}`; it needs a person's signature: POST .../acts prepares it, or run it in a clone"
    return Refused(message, hint=way if act else "leave status out")


def _land(workspace: Workspace, who: Author, name: str, before: Document, after: Document, note: str) -> None:
    from pmctl.insight.readiness import refuse_new_errors
    from pmctl.workflow.editing import refuse_edit

    _refuse_signed(workspace)
    if after.data == before.data:
        raise Refused(f"{name} says that already")
    refuse_edit(workspace, who.handle, name, Edit(before, after))
    refuse_new_errors(workspace, before, after)
    told = f"{note}\n\n" if note else ""
    message = f"Edit {name}\n\n{told}Postmortem: {name}\n"
    commit(workspace.repo, [Write(path_of(name), after.data)], message, signing=who.arguments)


def _refuse_signed(workspace: Workspace) -> None:
    """A server cannot sign for a person: raise Refused where the policy asks for their signature on every edit."""
    if workspace.policy.edits == SIGNED:
        raise Refused(
            "the policy says edits: signed, and a server signs for nobody",
            hint="make the change in a clone, where your key is",
        )


def _incident(workspace: Workspace, text: str) -> Mapping[str, str]:
    """The incident as front matter has it. Raises UsageProblem for an id whose source nobody can know."""
    source, colon, number = text.partition(":")
    if colon and source and number:
        return {"source": source, "id": number}
    from pmctl.insight.catalog import catalog

    known = sorted({source for one in catalog(workspace) for source, _ in one.incidents})
    if len(known) != 1:
        there = f"incidents have the sources {', '.join(known)}" if known else "no incident is known yet"
        raise UsageProblem(f"incidentId {text}: of which source? {there}", hint=f"write SOURCE:{text}")
    return {"source": known[0], "id": text}
