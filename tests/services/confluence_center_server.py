"""Confluence Data Center as far as pmctl asks it: strict about what its API wants, and with its own way of refusing."""

from __future__ import annotations

import json
import re
from typing import Any

from .confluence_server import Confluence, taken
from .test_fetch import TOKEN, Reply, ok

Query = dict[str, list[str]]


class Center(Confluence):
    """One space below a path of its own. A list names its next part without that path."""

    base = "/confluence"
    email = ""
    spaces, children, pages_made = r"GET .*/space/\w+", r"GET .*/child/page", r"POST .*/content"
    notes_made, notes_changed, page = r"POST .*/property", r"PUT .*/property/\w+", r".*/content/{}"
    files = r"POST .*/child/attachment"

    def proof(self, said: str) -> bool:
        return said == f"Bearer {TOKEN}"

    def routes(self) -> dict[str, Any]:
        return _ROUTES

    def part(self, found: list[dict[str, Any]], path: str, query: Query) -> Reply:
        start, size = int(query.get("start", ["0"])[0]), min(self.size, int(query["limit"][0]))
        expand = "".join(f"&expand={one}" for one in query.get("expand", []))
        links = {"base": self.url, "context": self.base, "self": self.url}
        if start + size < len(found):
            links["next"] = f"{path}?limit={size}&start={start + size}{expand}"
        part = found[start : start + size]
        return ok({"results": part, "start": start, "limit": size, "size": len(part), "_links": links})


def _shown(page: dict[str, Any], query: Query) -> dict[str, Any]:
    """A page with no more than was asked for."""
    wanted = set(query.get("expand", [""])[0].split(","))
    shown = {"id": page["id"], "type": "page", "status": "current", "title": page["title"]}
    if "version" in wanted:
        shown["version"] = page["version"]
    if "space" in wanted:
        shown["space"] = {"id": 98306, "key": "OPS", "name": "Operations"}
    if "body.storage" in wanted:
        shown["body"] = {"storage": {"representation": "storage", "value": page["body"]["storage"]["value"]}}
    return shown


def _refused(status: int, message: str) -> Reply:
    return status, {"Content-Type": "application/json"}, json.dumps({"statusCode": status, "message": message}).encode()


_NONE = _refused(404, "No content found with id, or the calling user does not have permission to view it")


def _space(host: Center, key: str, *, query: Query, body: Any) -> Reply:
    if key != "OPS":
        return _refused(404, "No space found with key")
    shown = {"id": 98306, "key": "OPS", "type": "global"}
    return ok(shown | ({"homepage": {"id": "1", "type": "page"}} if query.get("expand") == ["homepage"] else {}))


def _titled(host: Center, *, query: Query, body: Any) -> Reply:
    assert query["spaceKey"] == ["OPS"] and query["type"] == ["page"]
    title = query["title"][0].casefold()
    return ok({"results": [_shown(page, query) for page in host.pages.values() if page["title"].casefold() == title]})


def _children(host: Center, number: str, *, query: Query, body: Any) -> Reply:
    found = [_shown(page, query) for page in host.pages.values() if page["parentId"] == number]
    return host.part(found, f"/rest/api/content/{number}/child/page", query)


def _get(host: Center, number: str, *, query: Query, body: Any) -> Reply:
    return ok(_shown(host.pages[number], query)) if number in host.pages else _NONE


def _sent(body: Any) -> tuple[str, str]:
    """Title and body of a page that is sent, which has to be complete."""
    assert body["type"] == "page" and body["space"] == {"key": "OPS"}
    assert body["body"]["storage"]["representation"] == "storage"
    return body["title"], body["body"]["storage"]["value"]


def _create(host: Center, *, query: Query, body: Any) -> Reply:
    title, text = _sent(body)
    if taken(host, title):
        return _refused(400, f"A page with this title already exists: {title}")
    (parent,) = body["ancestors"]
    host.number += 1
    host.put(str(host.number), title, parent["id"], text)
    return ok(_shown(host.pages[str(host.number)], {"expand": ["version,space"]}))


def _update(host: Center, number: str, *, query: Query, body: Any) -> Reply:
    page, (title, text) = host.pages.get(number), _sent(body)
    if page is None:
        return _NONE
    if body["version"]["number"] != page["version"]["number"] + 1:
        return _refused(409, f"Version must be incremented on update. Current version is: {page['version']['number']}")
    if taken(host, title, number):
        return _refused(400, f"A page already exists with the title {title}")
    page |= {"title": title, "version": body["version"], "body": {"storage": {"value": text}}}
    return ok(_shown(page, {"expand": ["version,space"]}))


def _delete(host: Center, number: str, *, query: Query, body: Any) -> Reply:
    if number.startswith("att"):
        for files in host.attachments.values():
            files.pop(number.removeprefix("att"), None)
        return 204, {}, b""
    return (204, {}, b"") if host.pages.pop(number, None) else _NONE


def _property(host: Center, number: str, *, query: Query, body: Any) -> Reply:
    found = host.properties.get(number)
    if found is None:
        return _refused(404, "No property found")
    return ok(found if query.get("expand") == ["version"] else {key: found[key] for key in ("id", "key", "value")})


def _add_property(host: Center, number: str, *, query: Query, body: Any) -> Reply:
    assert body["key"] == "pmctl"
    if number in host.properties:
        return _refused(400, "A property with this key exists already")
    host.properties[number] = {"id": f"p{number}", "version": {"number": 1}, **body}
    return ok(host.properties[number])


def _set_property(host: Center, number: str, *, query: Query, body: Any) -> Reply:
    if body["version"]["number"] != host.properties[number]["version"]["number"] + 1:
        return _refused(409, "The version is not the next one")
    host.properties[number] = {"id": f"p{number}", **body}
    return ok(host.properties[number])


def _attachments(host: Center, number: str, *, query: Query, body: Any) -> Reply:
    found = [{"id": f"att{name}", "type": "attachment", "title": name} for name in host.attachments.get(number, {})]
    return host.part(found, f"/rest/api/content/{number}/child/attachment", query)


def _attach(host: Center, number: str, *, query: Query, body: Any) -> Reply:
    name = re.search(rb'name="file"; filename="([^"]*)"', body)
    assert name is not None, body
    files = host.attachments.setdefault(number, {})
    if name[1].decode() in files:
        return _refused(400, "Cannot add a new attachment with same file name as an existing attachment")
    files[name[1].decode()] = "data"
    return ok({"results": []})


def _replace(host: Center, number: str, name: str, *, query: Query, body: Any) -> Reply:
    assert name in host.attachments[number]
    host.attachments[number][name] = "again"
    return ok({"id": f"att{name}"})


_ROUTES = {
    r"GET /rest/api/space/(\w+)": _space,
    r"GET /rest/api/content": _titled,
    r"POST /rest/api/content": _create,
    r"GET /rest/api/content/(\w+)/child/page": _children,
    r"GET /rest/api/content/(\w+)": _get,
    r"PUT /rest/api/content/(\w+)": _update,
    r"DELETE /rest/api/content/([\w.-]+)": _delete,
    r"GET /rest/api/content/(\w+)/property/pmctl": _property,
    r"POST /rest/api/content/(\w+)/property": _add_property,
    r"PUT /rest/api/content/(\w+)/property/pmctl": _set_property,
    r"GET /rest/api/content/(\w+)/child/attachment": _attachments,
    r"POST /rest/api/content/(\w+)/child/attachment": _attach,
    r"POST /rest/api/content/(\w+)/child/attachment/att([\w.-]+)/data": _replace,
}
