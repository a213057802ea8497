"""Confluence Data Center, by its REST API below /rest/api (developer.atlassian.com/server/confluence). A `Wire`.

A list may hold less than was asked for, pages carry their space's key, and a file of a name that is there already is
uploaded to that file's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pmctl.errors import NotFound
from pmctl.services.address import segment
from pmctl.services.client import Service
from pmctl.services.confluence_wire import PROPERTY, Draft, Found, Place, every, page_of, results, written

_SIZE = 100
_CONTENT = "/rest/api/content"
_SHOWN = {"expand": "version,space"}  # without it an answer names only where these can be asked for


def space(service: Service, key: str) -> tuple[str, str] | None:
    try:
        answer = service.get(f"/rest/api/space/{segment(key)}", f"space {key}", {"expand": "homepage"})
    except NotFound:
        return None
    return str(answer.at("key") or key), str(answer.at("homepage", "id") or "")


def page(service: Service, number: str) -> Found:
    return _page(written(service.get(_path(number), f"page {number}", _SHOWN)))


def titled(service: Service, space: str, title: str) -> Found | None:
    wanted = {"type": "page", "spaceKey": space, "title": title, **_SHOWN}
    pages = results(service.get(_CONTENT, f"page {title[:80]!r}", wanted))
    return _page(pages[0]) if pages else None


def children(service: Service, number: str) -> list[Found]:
    path = f"{_path(number)}/child/page"
    return [_page(one) for one in every(service, path, "the pages below the parent", _SHOWN, _SIZE)]


def body(service: Service, number: str) -> str:
    return str(service.get(_path(number), f"page {number}", {"expand": "body.storage"}).at("body", "storage", "value"))


def create(service: Service, place: Place, draft: Draft) -> Found:
    what = {**_content(place, draft), "ancestors": [{"id": place.parent}]}
    return _page(written(service.create(_CONTENT, f"page {draft.title[:80]!r}", what)))


def update(service: Service, place: Place, found: Found, draft: Draft) -> Found:
    version = {"number": found.version + 1, "message": draft.message}
    what = {"id": found.number, "version": version, **_content(place, draft)}
    return _page(written(service.put(_path(found.number), f"page {draft.title[:80]!r}", what)))


def remove(service: Service, number: str) -> None:
    service.delete(_path(number), f"page {number}")


def note(service: Service, number: str) -> Mapping[str, Any] | None:
    try:
        answer = service.get(f"{_path(number)}/property/{PROPERTY}", "property", {"expand": "version"})
    except NotFound:
        return None
    return answer.value if isinstance(answer.value, dict) else None


def write_note(service: Service, number: str, known: tuple[str, int] | None, value: object) -> None:
    path, what = f"{_path(number)}/property", {"key": PROPERTY, "value": value}
    if known is None:
        service.create(path, "property", what)
    else:
        service.put(f"{path}/{PROPERTY}", "property", {**what, "version": {"number": known[1] + 1}})


def files(service: Service, number: str) -> dict[str, str]:
    found = every(service, f"{_path(number)}/child/attachment", "attachments", {}, _SIZE)
    return {str(one.get("title", "")): str(one.get("id", "")) for one in found}


def upload(service: Service, number: str, name: str, data: bytes, known: str) -> None:
    path = f"{_path(number)}/child/attachment" + (f"/{segment(known)}/data" if known else "")
    service.upload("POST", path, f"file {name}", {"file": (name, data, "application/octet-stream")})


def remove_file(service: Service, known: str) -> None:
    service.delete(_path(known), "attachment")


def _path(number: str) -> str:
    return f"{_CONTENT}/{segment(number)}"


def _content(place: Place, draft: Draft) -> dict[str, Any]:
    form = {"storage": {"representation": "storage", "value": draft.body}}
    return {"type": "page", "title": draft.title, "space": {"key": place.space}, "body": form}


def _page(value: Mapping[str, Any]) -> Found:
    space = value.get("space")
    return page_of(value, space.get("key") if isinstance(space, dict) else "")
