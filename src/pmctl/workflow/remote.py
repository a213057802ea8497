"""Acts on a postmortem or the policy by way of a server: it makes the bytes, they are signed here, it lands them.

What comes back to be signed is held against what was asked for and against this clone, so that a server cannot have
anything else signed: the act, whose it is, of which repository, and the text that it is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pmctl.errors import BadInput, Refused
from pmctl.ledger import record
from pmctl.policy import act as acts
from pmctl.policy.act import Act
from pmctl.policy.model import POLICY_PATH
from pmctl.policy.reading import parse_policy
from pmctl.repository.actor import Actor
from pmctl.repository.records import root_of
from pmctl.repository.workspace import Workspace
from pmctl.services.address import segment
from pmctl.services.client import Service
from pmctl.services.cursor import Cursor
from pmctl.text import single_line
from pmctl.workflow.done import Done

_PULL = "git pull, read what is there now, and do it again"


def act_remotely(
    workspace: Workspace, actor: Actor, service: Service, kind: str, name: str, *, note: str = "",
    reviewers: Sequence[str] = (), editors: Sequence[str] = (),
) -> Done:  # fmt: skip
    """Do the act `kind` on the postmortem `name`, as this clone has it.

    Raises Refused when the server has another text, BadInput when it asks for a signature under something else.
    """
    if kind == acts.AMEND:
        raise Refused("an amend signs what your clone holds, so it is committed there", hint="leave --remote out")
    path = f"/api/postmortems/{segment(name)}/acts"
    wanted: dict[str, object] = {"act": kind, "note": note}
    wanted |= {"reviewers": list(reviewers), "editors": list(editors)}
    asked = service.post(path, f"postmortem {name}", wanted)
    data, act = _read(asked.value)
    kinds = (kind, acts.REQUEST_REVIEW) if kind == acts.SUBMIT else (kind,)
    _refuse_other(workspace, actor, act, kinds, name, note)
    named = {handle.removeprefix("@") for handle in reviewers}
    if named and set(act.reviewers) != named:
        raise BadInput(f"the server asks for a signature that names other reviewers: {', '.join(act.reviewers)}")
    if act.content != workspace.head.digest(name):
        raise Refused(f"the server has another text of {name} than this clone", hint=_PULL)
    signed = {"record": data.decode(), "signature": actor.signer.sign(data, record.NAMESPACE).decode()}
    return _done(service.put(f"{path}/{_digest(asked.value)}", f"act on {name}", signed).value)


def sign_policy_remotely(workspace: Workspace, actor: Actor, service: Service, *, note: str = "") -> Done:
    """Sign the policy that stands in the work tree as its next version."""
    data = workspace.repo.root.joinpath(POLICY_PATH).read_bytes()
    new, _ = parse_policy(data, POLICY_PATH)
    if new is None or data == workspace.head.file(POLICY_PATH):
        raise Refused(f"{POLICY_PATH} holds no new version to sign", hint="edit it, with the next version")
    text = data.decode()
    asked = service.post("/api/policy/acts", "policy", {"text": text, "note": note})
    record_data, act = _read(asked.value)
    _refuse_other(workspace, actor, act, (acts.POLICY,), acts.POLICY, note)
    if act.content != new.digest or act.prev != workspace.policy.digest:
        raise Refused("the server has another policy in force than this clone", hint=_PULL)
    signature = actor.signer.sign(record_data, record.NAMESPACE).decode()
    signed = {"record": record_data.decode(), "signature": signature, "text": text}
    return _done(service.put(f"/api/policy/acts/{_digest(asked.value)}", "change of the policy", signed).value)


def _read(answer: object) -> tuple[bytes, Act]:
    """The record that is to be signed. Raises BadInput for what is none."""
    text = Cursor(answer).at("record").value
    data = text.encode() if isinstance(text, str) else b""
    return data, record.from_bytes(data)


def _digest(answer: object) -> str:
    return segment(Cursor(answer).at("digest").text)


def _refuse_other(
    workspace: Workspace, actor: Actor, act: Act, kinds: Sequence[str], doc: str, note: str
) -> None:  # fmt: skip
    if act.root != root_of(workspace):
        raise Refused("the server serves another repository than this clone", hint="check --remote")
    if act.act not in kinds or (act.doc, act.by, act.note) != (doc, actor.handle, note):
        raise BadInput(f"the server asks for a signature that was not meant: {act.act} of {act.doc} by {act.by}")


def _done(answer: Any) -> Done:
    told = Cursor(answer)
    facts = [single_line(one.text) for one in told.at("facts").each()]
    given: Mapping[str, str] = {name: single_line(told.at(name).text) for name in _TOLD}
    landed = [f"landed by the server as commit {given['commit'][:12]}"] if given["commit"] else []
    return Done(
        act=given["act"], id=given["id"], by=given["by"], sentence=given["sentence"], before=given["before"],
        after=given["after"], digest=given["digest"], next_step="git pull brings it here",
        facts=(*landed, *facts),
    )  # fmt: skip


_TOLD = ("act", "id", "by", "sentence", "before", "after", "digest", "commit")
