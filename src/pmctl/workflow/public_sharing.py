"""Share a postmortem's public text, and withdraw it: a signed record in one commit, as for every act.

A share binds exactly the bytes of `.pmctl/public/<id>.md`, the settings that they were checked by, and the content of
the postmortem with a salt, so that a public statement can commit to it without a word of it.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

from pmctl.document import beside
from pmctl.document.beside import Beside
from pmctl.document.fields import path_of
from pmctl.document.public_text import digest
from pmctl.errors import NotFound, Refused, advise
from pmctl.git import SETTINGS_FILE
from pmctl.insight.public import check
from pmctl.ledger import record
from pmctl.ledger.current_state import CurrentState, current_state
from pmctl.output.findings import one_line
from pmctl.policy import act as acts
from pmctl.policy import lifecycle
from pmctl.policy.act import Act
from pmctl.repository.actor import Actor
from pmctl.repository.records import record_writes, refusal, signed_base
from pmctl.repository.transaction import commit
from pmctl.repository.workspace import Workspace
from pmctl.text import plural, utc
from pmctl.workflow.done import Done


def share(workspace: Workspace, actor: Actor, name: str, *, at: datetime, note: str = "") -> Done:
    """Let customers read the public text that is committed. Raises Refused with every reason."""
    path, now = beside.path_of(Beside.PUBLIC, name), current_state(workspace.head, name)
    data = workspace.head.regular_file(path)
    if data is None:
        raise NotFound(f"{path} is not in the last commit", hint=advise("draft-public", id=name))
    if now.state.shared == digest(data):
        raise Refused(f"{name} is shared with exactly this public text already")
    settings = workspace.settings.public
    act = _proposed(
        workspace, actor, now, acts.SHARE, at, note, text=digest(data), settings=settings.digest,
        salt=secrets.token_hex(32),
    )  # fmt: skip
    _refuse(workspace, now, act, (act.text,))
    found = check(data, path, workspace.read_at(name), workspace.policy, settings).findings
    if found:
        details = tuple(one_line(one) for one in found)
        message = f"the public text of {name} may not leave yet: {plural(len(found), 'place')} to decide about"
        raise Refused(message, hint=advise("check-public", id=name), details=details)
    return _land(workspace, actor, now, act, ("customers may read it; nobody can call a copy back",))


def unshare(workspace: Workspace, actor: Actor, name: str, *, at: datetime, note: str) -> Done:
    """Withdraw the public text. Raises Refused with every reason."""
    now = current_state(workspace.head, name)
    act = _proposed(workspace, actor, now, acts.UNSHARE, at, note)
    _refuse(workspace, now, act, None)
    return _land(workspace, actor, now, act, ("copies that somebody has kept cannot be called back",))


def _proposed(
    workspace: Workspace, actor: Actor, now: CurrentState, kind: str, at: datetime, note: str, *, text: str = "",
    settings: str = "", salt: str = "",
) -> Act:  # fmt: skip
    return lifecycle.propose(
        kind, now.state, workspace.policy, now.root, by=actor.handle, at=utc(at),
        content=workspace.head.digest(now.state.id), note=note, base=signed_base(workspace), text=text,
        settings=settings, salt=salt,
    )  # fmt: skip


def _refuse(workspace: Workspace, now: CurrentState, act: Act, public: tuple[str, ...] | None) -> None:
    """Raise Refused when the act is not allowed: the audit asks the same."""
    document = workspace.read_at(act.doc)
    view = replace(now.view(document, act.content, templates=None), public=public)
    if violations := lifecycle.check(act, now.state, workspace.policy, view):
        raise refusal(violations)


def _land(workspace: Workspace, actor: Actor, now: CurrentState, act: Act, facts: tuple[str, ...]) -> Done:
    done = "Share" if act.act == acts.SHARE else "Withdraw"
    message = f"{done} the public text of {act.doc}\n\n" + (f"{act.note}\n\n" if act.note else "")
    landed = commit(
        workspace.repo,
        record_writes(actor, act, now.next_number, record.to_bytes(act)),
        f"{message}Postmortem: {act.doc}\nAct: {act.act}\nContent: {act.content}\n",
        signing=actor.signer.git_arguments(),
        # What is signed is the last commit; whoever acts has read the work tree, so they have to be the same.
        unchanged=(path_of(act.doc), beside.path_of(Beside.PUBLIC, act.doc), SETTINGS_FILE),
    )
    return Done(
        act=f"public {act.act}", id=act.doc, by=act.by, sentence=f"{act.by} {acts.ACTS[act.act].past} {act.doc}",
        landed=landed, before=act.from_status, after=act.to_status, digest=act.text or act.content, facts=facts,
    )  # fmt: skip
