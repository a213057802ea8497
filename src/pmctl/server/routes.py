"""The endpoints. Each reads a view, or makes an act and lands it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from pmctl.errors import EnvironmentProblem
from pmctl.repository.workspace import Workspace
from pmctl.server import acts, models
from pmctl.server.asking import AGAIN, Asking, Key, Match, Who, seen
from pmctl.server.service import Problem
from pmctl.server.shelf import Page, page, whole
from pmctl.server.writer import Written

router = APIRouter()
_Many = Annotated[list[str] | None, Query(max_length=50)]
_SIZE, _LARGEST = 50, 200
_KEPT = 2000  # different lists of one reader


@router.get("/api/postmortems", summary="List postmortems")
async def list_postmortems(
    who: Who,
    status: _Many = None,
    author: _Many = None,
    service: _Many = None,
    team: _Many = None,
    severity: _Many = None,
    tag: _Many = None,
    since: date | None = None,
    until: date | None = None,
    limit: Annotated[int, Query(ge=1, le=_LARGEST)] = _SIZE,
    after: Annotated[str, Query(max_length=120)] = "",
) -> Response:
    """The postmortems that you may read, newest incident first. `after` is the last id of the page before."""
    view = who.view
    key = (*(tuple(one or ()) for one in (status, author, service, team, severity, tag)), since, until, limit, after)
    if key not in view.lists:
        from pmctl.insight.search import Query as Question

        fields = dict(zip(("status", "author", "service", "team", "severity", "tag"), key, strict=False))
        asked = Question(**fields, since=since, until=until)  # type: ignore[arg-type]  # tuples of text, by their names
        names = [name for name, one in view.pages.items() if asked.fits(one.summary)]
        if after:
            order = list(view.pages)
            begun = set(order[: order.index(after) + 1]) if after in order else {one for one in order if one >= after}
            names = [name for name in names if name not in begun]
        shown = names[:limit]
        if len(view.lists) >= _KEPT:
            view.lists.clear()
        last = shown[-1] if len(names) > limit else ""
        view.lists[key] = (page({"postmortems": [view.rows[name] for name in shown], "more": bool(last)}), last)
    found, last = view.lists[key]
    if not last:
        return who.answer(found)
    url = who.request.url.include_query_params(after=last)
    return who.answer(found, Link=f'<{url.path}?{url.query}>; rel="next"')


@router.post("/api/postmortems", status_code=201, responses=AGAIN, summary="Create a postmortem")
async def create_postmortem(who: Who, body: models.NewPostmortem, key: Key = "") -> Response:
    """Draft a postmortem; you are its author."""
    known = (await asyncio.to_thread(who.service.shelf.view, who.token.handle)).pages
    done = await who.land(acts.new_postmortem(who.author, body, who.service.today, lambda: known), _whole, key)
    return who.made(done, done.page or who.view.postmortem(done.postmortem), f"/api/postmortems/{done.postmortem}")


@router.get("/api/postmortems/{id}", summary="Get a postmortem")
async def get_postmortem(who: Who, id: str) -> Response:  # noqa: A002  # the path's own word
    """One postmortem whole, by its id, a part of it, or its incident."""
    view = who.view
    return who.answer(view.postmortem(view.find(id)))


@router.patch("/api/postmortems/{id}", summary="Update a postmortem")
async def change_postmortem(
    who: Who,
    id: str,  # noqa: A002  # the path's own word
    body: models.PostmortemChange,
    match: Match = "",
) -> Response:
    """Change front matter and sections. Its status changes by acts alone: 409 says which."""
    name = await who.find(id)
    author = who.author
    if body.status is not None:
        raise acts.refused_status(body.status, f"the status of {name} changes by a signed act alone")
    if not match:
        seen(match, who.known.postmortem(name))
    check = _unchanged(match, lambda workspace: whole(workspace, name))
    done = await who.land(acts.changed_postmortem(author, name, body, check), _whole)
    return who.answer(done.page or who.view.postmortem(name))


@router.get("/api/postmortems/{id}/action-items", summary="List action items")
async def list_items(who: Who, id: str) -> Response:  # noqa: A002  # the path's own word
    """The action items of a postmortem."""
    view = who.view
    return who.answer(page({"action_items": _items(who, view.find(id))}))


@router.post("/api/postmortems/{id}/action-items", status_code=201, responses=AGAIN, summary="Add an action item")
async def add_item(who: Who, id: str, body: models.NewItem, key: Key = "") -> Response:  # noqa: A002  # as above
    """Add an action item; after publication it needs a signature, and so a clone."""
    name = await who.find(id)
    done = await who.land(acts.new_item(who.author, name, body, who.service.today), _written_item, key)
    path = f"/api/postmortems/{done.postmortem}/action-items/{done.item}"
    return who.made(done, done.page or _item(who, done.postmortem, done.item), path)


@router.get("/api/postmortems/{id}/action-items/{item}", summary="Get an action item")
async def get_item(who: Who, id: str, item: str) -> Response:  # noqa: A002  # as above
    """One action item."""
    return who.answer(_item(who, who.view.find(id), item))


@router.patch("/api/postmortems/{id}/action-items/{item}", summary="Update an action item")
async def change_item(
    who: Who,
    id: str,  # noqa: A002  # the path's own word
    item: str,
    body: models.ItemChange,
    match: Match = "",
) -> Response:
    """Change an action item: its owner may move its status, due day, ticket and notes, whatever state it is in."""
    name = await who.find(id)
    author = who.author
    if not match:
        seen(match, _item(who, name, item))
    check = _unchanged(match, lambda workspace: _item_of(whole(workspace, name), name, item))
    done = await who.land(acts.changed_item(author, name, item, body, check), _written_item)
    return who.answer(done.page or _item(who, name, item))


@router.get("/api/postmortems/{id}/comments", summary="List discussions")
async def list_comments(who: Who, id: str) -> Response:  # noqa: A002  # as above
    """The threads of a postmortem."""
    from pmctl.insight.discussion import listed

    view = who.view
    threads = listed(view.workspace.head, (view.find(id),))
    return who.answer(page({"threads": [asdict(one) for one in threads]}))


@router.post("/api/postmortems/{id}/comments", status_code=201, responses=AGAIN, summary="Begin a discussion")
async def add_comment(who: Who, id: str, body: models.NewComment, key: Key = "") -> Response:  # noqa: A002  above
    """Begin a thread about a postmortem, a section, or words quoted from one."""
    name = await who.find(id)
    done = await who.land(acts.new_comment(who.author, name, body, who.service.now()), _thread, key)
    return who.made(
        done, done.page or page({"postmortem": name, "thread": done.item}), f"/api/postmortems/{name}/comments"
    )


@router.get("/api/postmortems/{id}/status", summary="Where a postmortem stands")
async def get_status(who: Who, id: str) -> Response:  # noqa: A002  # as above
    """Its state, what blocks the next step, and whose turn it is."""
    from pmctl.insight.status_report import status_report

    view = who.view
    return who.answer(page(_plain(status_report(view.workspace, view.find(id), who.service.today))))


@router.get("/api/postmortems/{id}/history", summary="The history of a postmortem")
async def get_history(who: Who, id: str) -> Response:  # noqa: A002  # as above
    """Who did what when, with the verdict on every step."""
    view = who.view
    name = view.find(id)
    return who.answer(page(_plain(view.pages[name].source.histories(name))))


@router.get("/api/events", summary="What happened")
async def list_events(
    who: Who, since: Annotated[str, Query(max_length=100)] = "", limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Response:
    """What happened to postmortems that you may read, in the order in which it landed; `since` is an event's id."""
    found = _events(who, since)
    shown = found[:limit]
    if len(shown) == len(found):
        return who.answer(page({"events": shown, "more": False}))
    url = who.request.url.include_query_params(since=shown[-1]["id"])
    return who.answer(page({"events": shown, "more": True}), Link=f'<{url.path}?{url.query}>; rel="next"')


@router.get("/api/events/stream", summary="What happens, as it happens", response_class=StreamingResponse)
async def stream_events(who: Who, since: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Server-sent events, from the next one on, or from the one behind `since`; Last-Event-ID continues."""
    last = who.request.headers.get("last-event-id", "") or since
    if not last:
        known = _events(who, "")
        last = known[-1]["id"] if known else ""
    else:
        _events(who, last)  # an event that is none is refused before the answer begins

    async def told() -> AsyncIterator[str]:
        mark, tip = last, ""
        while not await who.request.is_disconnected() and who.service.counts(who.token):
            if who.service.shelf.tip != tip:
                tip = who.service.shelf.tip
                for one in _events(who, mark):
                    mark = one["id"]
                    yield f"id: {mark}\nevent: {one['kind']}\ndata: {json.dumps(one, default=str)}\n\n"
            yield ": still here\n\n"
            await asyncio.sleep(1)

    return StreamingResponse(told(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


@router.get("/api/metrics", summary="Numbers")
async def get_metrics(
    who: Who,
    since: date | None = None,
    until: date | None = None,
    period: Annotated[str, Query(max_length=20)] = "",
    by: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The numbers over what you may read, as `pmctl metrics` has them."""
    from zoneinfo import ZoneInfo

    from pmctl.insight.metrics import GROUPS, PERIODS, MetricsQuery, metrics
    from pmctl.insight.metrics_reading import facts

    for value, known in ((period, PERIODS), (by, GROUPS)):
        if value and value not in known:
            raise Problem(422, f"{value} is none of {', '.join(known)}", "leave it out", "usage")
    found = await asyncio.to_thread(facts, who.service.repo, "HEAD")
    query = MetricsQuery(who.service.today, since, until, period, by, readable=frozenset(who.view.pages))
    return who.answer(page(_plain(metrics(found, query, ZoneInfo(found.time_zone)))))


@router.get("/healthz", summary="Whether the server can work", response_class=PlainTextResponse)
async def health(request: Request) -> Response:
    """200 when upstream is known, 503 otherwise; asked without a token."""
    ready = bool(request.app.state.service.ready)
    return PlainTextResponse("ok\n" if ready else "upstream is not known\n", 200 if ready else 503)


def _unchanged(match: str, now: Callable[[Workspace], Page]) -> acts.Unchanged:
    """The comparison that is made on the newest state, before the write."""
    return lambda workspace: seen(match, now(workspace))


def _whole(workspace: Workspace, written: Written) -> Page:
    return whole(workspace, written.postmortem)


def _written_item(workspace: Workspace, written: Written) -> Page:
    return _item_of(whole(workspace, written.postmortem), written.postmortem, written.item)


def _thread(workspace: Workspace, written: Written) -> Page:
    return page({"postmortem": written.postmortem, "thread": written.item})


def _items(who: Asking, name: str) -> list[dict[str, Any]]:
    content: dict[str, Any] = json.loads(who.view.postmortem(name).body)
    return list(content["action_items"])


def _item(who: Asking, name: str, item: str) -> Page:
    return _item_of(who.view.postmortem(name), name, item)


def _item_of(postmortem: Page, name: str, item: str) -> Page:
    items = json.loads(postmortem.body)["action_items"]
    found = next((one for one in items if one["id"].lower() == item.lower()), None)
    if found is None:
        raise Problem(
            404, f"{name} has no action item {item}", f"GET /api/postmortems/{name}/action-items", "not_found"
        )
    return page(found)


def _events(who: Asking, since: str) -> list[dict[str, Any]]:
    """What happened after an event, of what they may read and of nothing else."""
    from pmctl.insight.events import events
    from pmctl.insight.events import since as after

    repo, readable = who.service.repo, who.view.pages
    known = events(repo)
    try:
        found = after(known.events, repo, known.tip, since) if since else known.events
    except EnvironmentProblem as error:
        raise Problem(422, f"since: {error.message}", "give an event's id, or leave it out", "usage") from None
    return [asdict(one) for one in found if one.postmortem in readable]


def _plain(answer: Any) -> dict[str, Any]:
    from pmctl.output.advice import in_words
    from pmctl.output.answers import plain

    return dict(in_words(plain(answer)))
