"""Confluence Cloud as far as pmctl asks it: pages with versions, properties, attachments, paging, and its refusals."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any

from .test_fetch import TOKEN, Reply, ok


@dataclass
class Confluence:
    """One space. `refusals` are replies to give first, by "METHOD path" pattern; `said` is every request.

    `base` is the path that it stands below; the patterns name the requests that the tests refuse.
    """

    url: str = ""
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    base = "/wiki"
    email = "a@example.com"
    spaces, children, pages_made = r"GET .*/spaces", r"GET .*/children", r"POST .*/pages"
    notes_made, notes_changed, page = r"POST .*/properties", r"PUT .*/properties/\w+", r".*/pages/{}"
    files = r"PUT .*/child/attachment"
    size: int = 2
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    properties: dict[str, dict[str, Any]] = field(default_factory=dict)
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)
    refusals: list[tuple[str, Reply]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    number: int = 100

    def __post_init__(self) -> None:
        self.put("1", "Home", "")
        self.put("2", "Postmortems", "1")

    def put(self, number: str, title: str, parent: str, body: str = "") -> None:
        self.pages[number] = {
            "id": number, "title": title, "spaceId": "77", "parentId": parent, "status": "current",
            "version": {"number": 1, "message": ""}, "body": {"storage": {"value": body}},
        }  # fmt: skip

    def edit(self, title: str, body: str) -> None:
        """What a person does in the browser."""
        page = self.titled(title)
        page["body"]["storage"]["value"] = body
        page["version"] = {"number": page["version"]["number"] + 1, "message": ""}

    def titled(self, title: str) -> dict[str, Any]:
        return next(page for page in self.pages.values() if page["title"].casefold() == title.casefold())

    def titles(self) -> set[str]:
        return {page["title"] for page in self.pages.values()} - {"Home", "Postmortems"}

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Reply:
        self.said.append(f"{method} {path}")
        headers = {name.lower(): value for name, value in self.seen[-1][2].items()}
        assert self.proof(headers.get("authorization", "")), "every request carries the token, and as it should"
        assert not isinstance(body, bytes) or headers.get("x-atlassian-token") in ("no-check", "nocheck")
        for number, (pattern, reply) in enumerate(self.refusals):
            if re.fullmatch(pattern, f"{method} {path}"):
                del self.refusals[number]
                return reply
        if path.startswith(f"{self.base}/"):
            for rule, function in self.routes().items():
                if match := re.fullmatch(rule, f"{method} {path.removeprefix(self.base)}"):
                    return function(self, *match.groups(), query=query, body=body)
        raise AssertionError(f"{method} {path} is not in the API")

    def proof(self, said: str) -> bool:
        return said == "Basic " + base64.b64encode(f"{self.email}:{TOKEN}".encode()).decode()

    def routes(self) -> dict[str, Any]:
        return _ROUTES

    def writes(self) -> list[str]:
        """What was asked that changes something."""
        return [one for one in self.said if not one.startswith("GET")]

    def listed(self, found: list[dict[str, Any]], path: str, query: dict[str, list[str]]) -> Reply:
        """Some of a list, and where the next part is."""
        start = int(query.get("cursor", ["0"])[0])
        part = found[start : start + self.size]
        more = start + self.size < len(found)
        words = "&".join(f"{key}={value[0]}" for key, value in query.items() if key != "cursor")
        links = {"next": f"/wiki{path}?cursor={start + self.size}&{words}"} if more else {}
        return ok({"results": part, "_links": links})


def _spaces(host: Confluence, *, query: dict[str, list[str]], body: Any) -> Reply:
    known = query.get("keys") == ["OPS"]
    return ok({"results": [{"id": "77", "key": "OPS", "homepageId": "1"}] if known else []})


def _titled(host: Confluence, *, query: dict[str, list[str]], body: Any) -> Reply:
    title = query["title"][0].casefold()
    return ok({"results": [page for page in host.pages.values() if page["title"].casefold() == title]})


def _children(host: Confluence, number: str, *, query: dict[str, list[str]], body: Any) -> Reply:
    found = [{"id": page["id"], "title": page["title"]} for page in host.pages.values() if page["parentId"] == number]
    return host.listed(found, f"/api/v2/pages/{number}/children", query)


def _pages(host: Confluence, *, query: dict[str, list[str]], body: Any) -> Reply:
    wanted = query["id"][0].split(",")
    found = [{key: value for key, value in page.items() if key != "body"} for page in host.pages.values()]
    return host.listed([page for page in found if page["id"] in wanted], "/api/v2/pages", query)


def _get(host: Confluence, number: str, *, query: dict[str, list[str]], body: Any) -> Reply:
    return ok(host.pages[number]) if number in host.pages else (404, {}, b"{}")


def taken(host: Confluence, title: str, number: str = "") -> bool:
    return any(page["title"].casefold() == title.casefold() for page in host.pages.values() if page["id"] != number)


def _create(host: Confluence, *, query: dict[str, list[str]], body: Any) -> Reply:
    if taken(host, body["title"]):
        return 400, {}, b'{"errors": [{"title": "A page with this title already exists"}]}'
    host.number += 1
    host.put(str(host.number), body["title"], body["parentId"], body["body"]["value"])
    return ok(host.pages[str(host.number)])


def _update(host: Confluence, number: str, *, query: dict[str, list[str]], body: Any) -> Reply:
    page = host.pages.get(number)
    if page is None:
        return 404, {}, b"{}"
    if body["version"]["number"] != page["version"]["number"] + 1:
        return 409, {}, b"{}"
    if taken(host, body["title"], number):
        return 400, {}, b"{}"
    page |= {"title": body["title"], "version": body["version"], "body": {"storage": {"value": body["body"]["value"]}}}
    return ok(page)


def _delete(host: Confluence, number: str, *, query: dict[str, list[str]], body: Any) -> Reply:
    found = host.pages.pop(number, None)
    return (204, {}, b"") if found else (404, {}, b"{}")


def _properties(host: Confluence, number: str, *, query: dict[str, list[str]], body: Any) -> Reply:
    found = host.properties.get(number)
    return ok({"results": [found] if found else []})


def _add_property(host: Confluence, number: str, *, query: dict[str, list[str]], body: Any) -> Reply:
    if number in host.properties:
        return 409, {}, b"{}"
    host.properties[number] = {"id": f"p{number}", "version": {"number": 1}, **body}
    return ok(host.properties[number])


def _set_property(host: Confluence, number: str, name: str, *, query: dict[str, list[str]], body: Any) -> Reply:
    if body["version"]["number"] != host.properties[number]["version"]["number"] + 1:
        return 409, {}, b"{}"
    host.properties[number] = {"id": name, **body}
    return ok(host.properties[number])


def _attachments(host: Confluence, number: str, *, query: dict[str, list[str]], body: Any) -> Reply:
    found = [{"id": f"a{name}", "title": name} for name in host.attachments.get(number, {})]
    return host.listed(found, f"/api/v2/pages/{number}/attachments", query)


def _attach(host: Confluence, number: str, *, query: dict[str, list[str]], body: Any) -> Reply:
    head = body.split(b"\r\n\r\n")[0].decode()
    name = re.search(r'filename="([^"]*)"', head)
    assert name is not None, head
    host.attachments.setdefault(number, {})[name[1]] = "data"
    return ok({"results": []})


def _detach(host: Confluence, name: str, *, query: dict[str, list[str]], body: Any) -> Reply:
    for files in host.attachments.values():
        files.pop(name, None)
    return 204, {}, b""


_ROUTES = {
    r"GET /api/v2/spaces": _spaces,
    r"GET /api/v2/spaces/77/pages": _titled,
    r"GET /api/v2/pages/(\w+)/children": _children,
    r"GET /api/v2/pages": _pages,
    r"POST /api/v2/pages": _create,
    r"GET /api/v2/pages/(\w+)": _get,
    r"PUT /api/v2/pages/(\w+)": _update,
    r"DELETE /api/v2/pages/(\w+)": _delete,
    r"GET /api/v2/pages/(\w+)/properties": _properties,
    r"POST /api/v2/pages/(\w+)/properties": _add_property,
    r"PUT /api/v2/pages/(\w+)/properties/(\w+)": _set_property,
    r"GET /api/v2/pages/(\w+)/attachments": _attachments,
    r"PUT /rest/api/content/(\w+)/child/attachment": _attach,
    r"DELETE /api/v2/attachments/a(.+)": _detach,
}
