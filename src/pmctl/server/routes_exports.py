"""What leaves whole: one postmortem in every form of `pmctl export`, and the numbers for Prometheus."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Response

from pmctl.output.exports import FORMS
from pmctl.server.asking import Asking, Who
from pmctl.server.shelf import Page

router = APIRouter()
_Form = Annotated[str, Path(pattern=f"^({'|'.join(FORMS)})$", description=f"One of {', '.join(FORMS)}.")]


_LEAVES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {form.media_type: {} for form in FORMS.values()}}
}


@router.get(
    "/api/postmortems/{id}/exports/{form}", summary="Export a postmortem", response_class=Response, responses=_LEAVES
)
async def export(
    who: Who,
    id: str,  # noqa: A002  # the path's own word
    form: _Form,
    evidence: Annotated[bool, Query(description="With who approved what; not of Markdown.")] = False,
) -> Response:
    """One postmortem as Markdown, a self-contained HTML page, a PDF or JSON; state, author and reviewers as proved."""
    name = who.view.find(id)
    data = await asyncio.to_thread(_made, who, name, form, evidence)
    found = Page(data, f'"{hashlib.sha256(data).hexdigest()[:32]}"')
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{form}"', "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
    }  # fmt: skip
    answer = who.answer(found)
    answer.headers.update(headers)
    if answer.status_code == 200:
        kind = FORMS[form].media_type
        answer.headers["content-type"] = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    return answer


@router.get("/metrics", summary="Numbers for Prometheus", response_class=Response)
async def openmetrics(who: Who) -> Response:
    """The numbers of `/api/metrics` over what you may read, as OpenMetrics; Prometheus sends the token, too."""
    return Response(await asyncio.to_thread(_numbers, who), media_type=_media_type())


def _made(who: Asking, name: str, form: str, evidence: bool) -> bytes:
    from pmctl.insight.history import evidence as collect
    from pmctl.insight.standing import shown
    from pmctl.output.exports import Material

    service = who.service
    with service.shelf.standing:  # attachments are read from the work tree, where others' writes land
        workspace = who.view.workspace
        found = shown(workspace.head, workspace.read_at(name), name)
        material = Material(
            found.document, service.today, lambda: workspace.policy,
            service.repo.root / found.document.path.removesuffix(".md"),
            collect(service.repo, name) if evidence else None, marks=found.marks, approved=found.approved,
            version=workspace.head.commit[:12],
        )  # fmt: skip
        return FORMS[form].make(material)


def _numbers(who: Asking) -> str:
    from pmctl.insight.metrics import MetricsQuery, metrics
    from pmctl.insight.metrics_reading import facts
    from pmctl.output.openmetrics import to_openmetrics

    found = facts(who.service.repo, "HEAD")
    query = MetricsQuery(who.service.today, None, None, "", "", readable=frozenset(who.view.pages))
    return to_openmetrics(metrics(found, query, ZoneInfo(found.time_zone)))


def _media_type() -> str:
    from pmctl.output.openmetrics import MEDIA_TYPE

    return MEDIA_TYPE
