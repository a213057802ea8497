"""The endpoints for what needs a person's signature: an act is prepared, signed where the person is, and completed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Response

from pmctl.output.answers_programs import LandedAct, PreparedAct
from pmctl.policy.model import POLICY_PATH
from pmctl.repository.workspace import Workspace
from pmctl.server import models, signed_acts
from pmctl.server.asking import AGAIN, Asking, Who
from pmctl.server.service import Problem
from pmctl.server.shelf import Page, page
from pmctl.server.writer import Written

router = APIRouter()
_Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="The digest that the act was prepared with.")]


@router.post("/api/postmortems/{id}/acts", summary="Prepare an act")
async def prepare_act(who: Who, id: str, body: models.WantedAct) -> Response:  # noqa: A002  # the path's own word
    """The exact bytes that you have to sign, when the act is allowed: sign them where your key is, and PUT both to
    `acts/{digest}`. Nothing is written yet."""
    name, author, at = await who.find(id), who.author, who.service.now()
    return await _prepare(who, lambda workspace: signed_acts.prepared(workspace, author, name, body, at))


@router.put("/api/postmortems/{id}/acts/{digest}", status_code=201, responses=AGAIN, summary="Complete an act")
async def complete_act(who: Who, id: str, digest: _Digest, body: models.SignedAct) -> Response:  # noqa: A002  # above
    """Land a prepared act with its signature: 201, or 200 when it had landed already. 409 when what it rests on has
    changed since it was prepared."""
    name, author = await who.find(id), who.author
    return await _complete(
        who, digest, body, lambda workspace: signed_acts.completed(workspace, author, name, body, who.service.now())
    )


@router.get("/api/policy", summary="The policy")
async def get_policy(who: Who) -> Response:
    """The policy in force, whole, and its version."""
    policy = who.view.workspace.policy
    text = (who.view.workspace.head.file(POLICY_PATH) or b"").decode()
    return who.answer(page({"version": policy.version, "digest": policy.digest, "text": text}))


@router.post("/api/policy/acts", summary="Prepare a change of the policy")
async def prepare_policy(who: Who, body: models.WantedPolicy) -> Response:
    """The exact bytes that an admin has to sign for the policy's next version."""
    author, at = who.author, who.service.now()
    return await _prepare(who, lambda workspace: signed_acts.prepared_policy(workspace, author, body, at))


@router.put("/api/policy/acts/{digest}", status_code=201, responses=AGAIN, summary="Complete a change of the policy")
async def complete_policy(who: Who, digest: _Digest, body: models.SignedPolicy) -> Response:
    """Land a signed version of the policy."""
    author = who.author
    return await _complete(
        who, digest, body, lambda workspace: signed_acts.completed_policy(workspace, author, body, who.service.now())
    )


async def _prepare(who: Asking, make: Callable[[Workspace], PreparedAct]) -> Response:
    def now() -> PreparedAct:
        who.service.writer.look()  # what is signed should be the newest
        with who.service.shelf.standing:  # never of what another request has committed and not pushed yet
            return make(Workspace(who.service.repo))

    return who.answer(page(asdict(await asyncio.to_thread(now))))


async def _complete(
    who: Asking, digest: str, body: models.SignedAct, land: Callable[[Workspace], tuple[LandedAct, bool]]
) -> Response:
    if signed_acts.digest_of(body.record) != digest:
        raise Problem(422, "the record is not the one of this address", "send it byte for byte", "bad_input")

    def act(workspace: Workspace, note: str) -> Written:
        told, again = land(workspace)
        return Written(told.id, again=again, page=page(asdict(told)))

    def told(workspace: Workspace, written: Written) -> Page:
        if written.page is None:
            raise AssertionError("an act tells what it did")
        return written.page

    done = await who.land(act, told)
    return who.answer(done.page or page({}), 200 if done.again else 201)
