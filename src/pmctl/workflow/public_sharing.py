"""Approve, share and withdraw a postmortem's public text: a signed record in one commit, as for every act.

A share binds exactly the bytes of `.pmctl/public/<id>.md`, the settings that they were checked by, and the content of
the postmortem with a salt, so that a public statement can commit to it without a word of it. Where the policy names an
organisation, the record holds what customers are told, signed with the organisation's own key.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

from pmctl.document import beside
from pmctl.document.beside import Beside
from pmctl.document.fields import path_of
from pmctl.document.public_text import digest
from pmctl.errors import Hint, NotFound, Refused, advise
from pmctl.git import SETTINGS_FILE
from pmctl.insight.public import check
from pmctl.insight.shared import is_told
from pmctl.ledger import record
from pmctl.ledger.current_state import CurrentState, current_state
from pmctl.ledger.public_statement import leaving, sealed_by
from pmctl.output.findings import one_line
from pmctl.policy import act as acts
from pmctl.policy import lifecycle
from pmctl.policy.act import Act
from pmctl.policy.public_statement import NAMESPACE, statement_of
from pmctl.policy.state import Leaving
from pmctl.repository.actor import Actor
from pmctl.repository.organization import speak
from pmctl.repository.records import record_writes, refusal, signed_base
from pmctl.repository.transaction import commit
from pmctl.repository.workspace import Workspace
from pmctl.surroundings import Surroundings
from pmctl.text import plural, utc
from pmctl.workflow.done import Done


def approve(workspace: Workspace, actor: Actor, name: str, *, at: datetime, note: str = "") -> Done:
    """Sign that customers may read exactly the public text that is committed. Raises Refused with every reason."""
    now = current_state(workspace.head, name)
    data = _committed(workspace, name)
    if any(one.by == actor.handle and one.content == digest(data) for one in now.state.endorsed):
        raise Refused(f"{actor.handle} has approved exactly this public text of {name} already")
    act = _checked(workspace, actor, now, acts.ENDORSE, at, note, data)
    after = lifecycle.advance(now.state, act, "")
    given = {one.by for one in after.endorsed if one.content == act.text}
    missing = max(0, workspace.policy.public.reviews - len(given))
    verb = "is" if missing == 1 else "are"
    facts = (f"{plural(missing, 'more review')} of this text {verb} needed",) if missing else ()
    return _land(workspace, actor, now, act, facts, "" if missing else advise("share-public", id=name))


def share(
    workspace: Workspace, actor: Actor, name: str, surroundings: Surroundings, *, at: datetime, note: str = ""
) -> Done:
    """Let customers read the public text that is committed. Raises Refused with every reason."""
    now = current_state(workspace.head, name)
    data = _committed(workspace, name)
    if now.state.shared == digest(data) and is_told(workspace.head, now):
        raise Refused(f"{name} is shared with exactly this public text already")
    act = _checked(workspace, actor, now, acts.SHARE, at, note, data)
    act = _sealed(workspace, act, now, leaving(data), surroundings)
    _refuse(workspace, now, act, data)
    return _land(workspace, actor, now, act, ("customers may read it; nobody can call a copy back",))


def unshare(
    workspace: Workspace, actor: Actor, name: str, surroundings: Surroundings, *, at: datetime, note: str
) -> Done:
    """Withdraw the public text. Raises Refused with every reason."""
    now = current_state(workspace.head, name)
    act = _proposed(workspace, actor, now, acts.UNSHARE, at, note)
    _refuse(workspace, now, act, None, sealed=False)
    act = _sealed(workspace, act, now, None, surroundings)
    _refuse(workspace, now, act, None)
    left = "build the pages again, and take it from where else it was put: status page, links (pmctl public links)"
    return _land(workspace, actor, now, act, (left, "copies that somebody has kept cannot be called back"))


def _committed(workspace: Workspace, name: str) -> bytes:
    """The public text of the last commit."""
    path = beside.path_of(Beside.PUBLIC, name)
    data = workspace.head.regular_file(path)
    if data is None:
        raise NotFound(f"{path} is not in the last commit", hint=advise("draft-public", id=name))
    return data


def _checked(
    workspace: Workspace, actor: Actor, now: CurrentState, kind: str, at: datetime, note: str, data: bytes
) -> Act:
    """The act on this public text, when it is allowed and nothing in the text is left to decide about."""
    name, settings = now.state.id, workspace.settings.public
    salt = secrets.token_hex(32) if kind == acts.SHARE else ""
    act = _proposed(workspace, actor, now, kind, at, note, text=digest(data), settings=settings.digest, salt=salt)
    _refuse(workspace, now, act, data, sealed=False)
    path = beside.path_of(Beside.PUBLIC, name)
    found = check(data, path, workspace.read_at(name), workspace.policy, settings).findings
    if found:
        details = tuple(one_line(one) for one in found)
        message = f"the public text of {name} may not leave yet: {plural(len(found), 'place')} to decide about"
        raise Refused(message, hint=advise("check-public", id=name), details=details)
    return act


def _proposed(
    workspace: Workspace, actor: Actor, now: CurrentState, kind: str, at: datetime, note: str, *, text: str = "",
    settings: str = "", salt: str = "",
) -> Act:  # fmt: skip
    return lifecycle.propose(
        kind, now.state, workspace.policy, now.root, by=actor.handle, at=utc(at),
        content=workspace.head.digest(now.state.id), note=note, base=signed_base(workspace), text=text,
        settings=settings, salt=salt,
    )  # fmt: skip


def _sealed(
    workspace: Workspace, act: Act, now: CurrentState, leaves: Leaving | None, surroundings: Surroundings
) -> Act:
    """The act with what customers are told, signed for the organisation, where the policy names one."""
    rules, before = workspace.policy.public, now.state.statement
    if not rules.organization or (leaves is None and not before):
        return act
    said = statement_of(act, rules.organization, before, leaves or Leaving("", ""))
    return replace(act, statement=said, seal=speak(rules, said.encode(), NAMESPACE, surroundings).decode("ascii"))


def _refuse(workspace: Workspace, now: CurrentState, act: Act, data: bytes | None, *, sealed: bool = True) -> None:
    """Raise Refused when the act is not allowed: the audit asks the same.

    Before it is `sealed` nothing is asked of what customers are told: no key is touched for what is refused anyway.
    """
    document = workspace.read_at(act.doc)
    public = {digest(data): leaving(data)} if data is not None else None
    view = replace(now.view(document, act.content, templates=None), public=public, sealed_by=sealed_by(act))
    policy = workspace.policy
    if not sealed:
        policy = replace(policy, public=policy.public._replace(keys=(), organization=""))
    if violations := lifecycle.check(act, now.state, policy, view):
        raise refusal(violations)


_DONE = {acts.SHARE: "Share", acts.UNSHARE: "Withdraw", acts.ENDORSE: "Approve"}
_COMMANDS = {acts.ENDORSE: "approve"}


def _land(
    workspace: Workspace, actor: Actor, now: CurrentState, act: Act, facts: tuple[str, ...], next_step: Hint = ""
) -> Done:
    message = f"{_DONE[act.act]} the public text of {act.doc}\n\n" + (f"{act.note}\n\n" if act.note else "")
    landed = commit(
        workspace.repo,
        record_writes(actor, act, now.next_number, record.to_bytes(act)),
        f"{message}Postmortem: {act.doc}\nAct: {act.act}\nContent: {act.content}\n",
        signing=actor.signer.git_arguments(),
        # What is signed is the last commit; whoever acts has read the work tree, so they have to be the same.
        unchanged=(path_of(act.doc), beside.path_of(Beside.PUBLIC, act.doc), SETTINGS_FILE),
    )
    return Done(
        act=f"public {_COMMANDS.get(act.act, act.act)}", id=act.doc, by=act.by,
        sentence=f"{act.by} {acts.ACTS[act.act].past} {act.doc}", landed=landed, before=act.from_status,
        after=act.to_status, digest=act.text or act.content, facts=facts, next_step=next_step,
    )  # fmt: skip
