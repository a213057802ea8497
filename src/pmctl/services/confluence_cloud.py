"""Confluence Cloud, by its REST API version 2 (developer.atlassian.com/cloud/confluence/rest/v2). A `Wire`.

Attachments are uploaded by version 1, which alone can.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pmctl.services.address import segment
from pmctl.services.client import Service
from pmctl.services.confluence_wire import PROPERTY, Draft, Found, Place, every, page_of, results, written

_SIZE = 250  # things in one answer, the most that the API gives


def space(service: Service, key: str) -> tuple[str, str] | None:
    found = results(service.get("/api/v2/spaces", f"space {key}", {"keys": key}))
    return (str(found[0].get("id", "")), str(found[0].get("homepageId") or "")) if found else None


def page(service: Service, number: str) -> Found:
    return _page(written(service.get(_path(number), f"page {number}")))


def titled(service: Service, space: str, title: str) -> Found | None:
    path = f"/api/v2/spaces/{segment(space)}/pages"
    pages = results(service.get(path, f"page {title[:80]!r}", {"title": title, "status": "current"}))
    return _page(pages[0]) if pages else None


def children(service: Service, number: str) -> list[Found]:
    known = every(service, f"{_path(number)}/children", "the pages below the parent", {}, _SIZE)
    numbers = [str(child.get("id", "")) for child in known]  # and no version
    found: list[Found] = []
    for start in range(0, len(numbers), _SIZE):
        some = {"id": ",".join(numbers[start : start + _SIZE])}
        found += map(_page, every(service, "/api/v2/pages", "pages", some, _SIZE))
    return found


def body(service: Service, number: str) -> str:
    return str(service.get(_path(number), f"page {number}", {"body-format": "storage"}).at("body", "storage", "value"))


def create(service: Service, place: Place, draft: Draft) -> Found:
    what = {"spaceId": place.space, "parentId": place.parent, **_content(draft)}
    return _page(written(service.create("/api/v2/pages", f"page {draft.title[:80]!r}", what)))


def update(service: Service, place: Place, found: Found, draft: Draft) -> Found:
    version = {"number": found.version + 1, "message": draft.message}
    what = {"id": found.number, "version": version, **_content(draft)}
    return _page(written(service.put(_path(found.number), f"page {draft.title[:80]!r}", what)))


def remove(service: Service, number: str) -> None:
    service.delete(_path(number), f"page {number}")


def note(service: Service, number: str) -> Mapping[str, Any] | None:
    found = results(service.get(f"{_path(number)}/properties", "properties", {"key": PROPERTY}))
    return next((one for one in found if one.get("key") == PROPERTY), None)


def write_note(service: Service, number: str, known: tuple[str, int] | None, value: object) -> None:
    path, what = f"{_path(number)}/properties", {"key": PROPERTY, "value": value}
    if known is None:
        service.create(path, "property", what)
    else:
        service.put(f"{path}/{segment(known[0])}", "property", {**what, "version": {"number": known[1] + 1}})


def files(service: Service, number: str) -> dict[str, str]:
    found = every(service, f"{_path(number)}/attachments", "attachments", {}, _SIZE)
    return {str(one.get("title", "")): str(one.get("id", "")) for one in found}


def upload(service: Service, number: str, name: str, data: bytes, known: str) -> None:
    content = {"file": (name, data, "application/octet-stream")}
    service.upload("PUT", f"/rest/api/content/{segment(number)}/child/attachment", f"file {name}", content)


def remove_file(service: Service, known: str) -> None:
    service.delete(f"/api/v2/attachments/{segment(known)}", "attachment")


def _path(number: str) -> str:
    return f"/api/v2/pages/{segment(number)}"


def _content(draft: Draft) -> dict[str, Any]:
    form = {"representation": "storage", "value": draft.body}
    return {"status": "current", "title": draft.title, "body": form}


def _page(value: Mapping[str, Any]) -> Found:
    return page_of(value, value.get("spaceId"))
