"""Acts that need a person's signature: the server makes the bytes, the person signs them, the server lands both.

    what is meant    -> the act, up to its signature  -> the bytes of its record, and nothing else
    bytes, signature -> the same act, as it says      -> one commit, when it makes the same bytes on the newest state

Nothing is kept in between, so that any of the servers may complete what another one prepared. All that the command line
asks of an act is asked both times, and the signature has to be of an active key of whoever the record names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pmctl import git
from pmctl.errors import BadInput, Refused
from pmctl.ledger import record
from pmctl.ledger.signatures import key_problem
from pmctl.ledger.signatures import signer as signer_of
from pmctl.output.answers_programs import LandedAct, PreparedAct
from pmctl.policy import act as acts
from pmctl.policy.act import ACTS, Act
from pmctl.repository.actor import Actor
from pmctl.repository.workspace import Workspace
from pmctl.server import models
from pmctl.server.writer import Author
from pmctl.text import parse_utc, plural
from pmctl.workflow import policy
from pmctl.workflow.done import Done
from pmctl.workflow.lifecycle import perform

COUNTS = timedelta(minutes=15)
"""How long a signature may take: what was prepared longer ago is prepared again."""
KINDS = tuple(spec.name for spec in ACTS.values() if spec.help and spec.name != acts.AMEND)
"""An amend signs what somebody's work tree holds, and so needs one."""
_AHEAD = timedelta(minutes=2)  # by which the clocks of two servers may differ
_AGAIN = "prepare it again, and sign that"


class _Taken(Exception):
    """The bytes that were to be signed."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data


@dataclass(frozen=True, slots=True)
class _Taking:
    """Signs nothing: it takes the bytes."""

    key: str = ""

    def sign(self, message: bytes, namespace: str) -> bytes:
        raise _Taken(message)

    def git_arguments(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class _Bringing:
    """Hands over a signature that was made elsewhere, for the bytes that it was made for and no others."""

    data: bytes
    signature: bytes
    arguments: tuple[str, ...]
    key: str = ""

    def sign(self, message: bytes, namespace: str) -> bytes:
        if message != self.data:
            raise Refused("what this act rests on has changed since it was prepared", hint=_AGAIN)
        return self.signature

    def git_arguments(self) -> tuple[str, ...]:
        return self.arguments


def prepared(workspace: Workspace, who: Author, name: str, body: models.WantedAct, at: datetime) -> PreparedAct:
    """The record of the act that is wanted, for its person to sign. Raises Refused as the act itself would."""
    return _prepared(
        at,
        lambda: perform(
            workspace, _actor(who, _Taking()), body.act, name,
            at=at, note=body.note, reviewers=body.reviewers, editors=body.editors,
        ),
    )  # fmt: skip


def completed(
    workspace: Workspace, who: Author, name: str, body: models.SignedAct, at: datetime
) -> tuple[LandedAct, bool]:
    """Land a signed act; also says whether it had landed already.

    Raises Refused for one that rests on another state than the newest, BadInput for a record or signature that does not
    count.
    """
    act, bringing = _signed(workspace, who, body, at)
    if act.doc != name or act.act not in (*KINDS, acts.REQUEST_REVIEW):
        raise BadInput(f"the record is no act on {name} that can be signed here: {act.act} of {act.doc}")
    if _landed(workspace, act, bringing.data):
        return LandedAct(act.act, name, act.by, f"{act.by} {ACTS[act.act].past} {name}", "", "", act.content, ""), True
    asks = act.act == acts.REQUEST_REVIEW
    done = perform(
        workspace, _actor(who, bringing), acts.SUBMIT if asks else act.act, name, at=_at(act), note=act.note,
        reviewers=act.reviewers, editors=act.editors if asks else (), base=act.base,
    )  # fmt: skip
    return _told(done), False


def prepared_policy(workspace: Workspace, who: Author, body: models.WantedPolicy, at: datetime) -> PreparedAct:
    """The record of the next version of the policy, for an admin to sign."""
    data = body.text.encode()
    return _prepared(at, lambda: policy.change(workspace, _actor(who, _Taking()), data, at=at, note=body.note))


def completed_policy(
    workspace: Workspace, who: Author, body: models.SignedPolicy, at: datetime
) -> tuple[LandedAct, bool]:
    """Land a signed version of the policy; see `completed`."""
    act, bringing = _signed(workspace, who, body, at)
    if act.act != acts.POLICY:
        raise BadInput(f"the record is none of the policy: {act.act} of {act.doc}")
    sentence = f"{act.by} signed version {act.policy} of the policy"
    if _landed(workspace, act, bringing.data):
        return LandedAct(act.act, acts.POLICY, act.by, sentence, "", "", act.content, ""), True
    data = body.text.encode()
    done = policy.change(workspace, _actor(who, bringing), data, at=_at(act), note=act.note, base=act.base)
    versions = str(done.version - 1), str(done.version) if done.landed else str(done.version - 1)
    told = LandedAct(
        act.act, acts.POLICY, act.by, f"{act.by} signed version {done.version} of the policy", *versions, done.digest,
        done.commit, [*done.facts, *([] if done.landed else [f"{plural(done.missing, 'signature')} still missing"])],
    )  # fmt: skip
    return told, False


def digest_of(text: str) -> str:
    """The name of a prepared record: its SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _prepared(at: datetime, run: Callable[[], object]) -> PreparedAct:
    try:
        run()
    except _Taken as taken:
        text = taken.data.decode()
        act = record.from_bytes(taken.data)
        until = (at + COUNTS).isoformat(timespec="seconds")
        return PreparedAct(act.act, act.doc, act.by, act.content, text, digest_of(text), record.NAMESPACE, until)
    raise AssertionError("no act is done without a signature")


def _signed(workspace: Workspace, who: Author, body: models.SignedAct, now: datetime) -> tuple[Act, _Bringing]:
    """What a signed record says, which counts now. Raises BadInput or Refused when it does not."""
    data, signature = body.record.encode(), body.signature.encode()
    act = record.from_bytes(data)
    if act.by != who.handle:
        raise Refused(f"the record is by {act.by}, and this token is {who.handle}'s", hint="each signs their own acts")
    found = signer_of(
        data, signature, workspace.policy, lambda file: [one for one in [workspace.head.file(file)] if one], by=act.by
    )
    if problem := key_problem(found, act.by):
        raise problem
    if not _landed(workspace, act, data):
        if not -_AHEAD <= now - _at(act) <= COUNTS:
            raise Refused(f"this act was prepared at {act.at}, which is too long ago", hint=_AGAIN)
        if act.base and not _is_behind(workspace, act.base):
            raise Refused("this act was prepared on a history that is not this branch's", hint=_AGAIN)
    return act, _Bringing(data, signature, who.arguments)


def _is_behind(workspace: Workspace, base: str) -> bool:
    words = ("merge-base", "--is-ancestor", "--end-of-options", base, "HEAD")
    return git.run(workspace.repo.top, *words, check=False).code == 0


def _landed(workspace: Workspace, act: Act, data: bytes) -> bool:
    """Whether exactly this record is there: its sender did not hear of it, and asks again."""
    paths = workspace.head.paths(f"{record.FOLDER}/{act.doc}")
    return any(path.endswith(f"-{record.mark(data)}.json") and workspace.head.file(path) == data for path in paths)


def _actor(who: Author, signer: _Taking | _Bringing) -> Actor:
    return Actor(who.handle, who.name, who.email, signer)


def _at(act: Act) -> datetime:
    found = parse_utc(act.at)
    if found is None:
        raise BadInput(f"the record's time is none: {act.at}")
    return found


def _told(done: Done) -> LandedAct:
    return LandedAct(
        done.act, done.id, done.by, done.sentence, done.before, done.after, done.digest, done.commit, done.facts
    )
