"""Confluence Cloud: pages below one page of a space, made, changed and removed by its REST API (version 2).

Each page of ours carries a content property that says which postmortem it shows, the digest of what was written, and
the page's version then. By it a page that nobody changed is left alone, one that a person edited is known as such, and
pages of other people are never touched. The API: developer.atlassian.com/cloud/confluence/rest/v2; attachments are
uploaded by version 1, which alone can.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from pmctl.errors import EnvironmentProblem, NotFound, UsageProblem
from pmctl.services.address import checked_base_url, checked_token, segment
from pmctl.services.client import Answer, Declined, Service, collect, open_client
from pmctl.services.secrets import Secrets, how_to_set

PROPERTY = "pmctl"
_SIZE = 250  # things in one answer, the most that the API gives
_TRIES = 4
_MARK = "pmctl "


class Attached(Protocol):
    """A file that is attached to a page."""

    @property
    def digest(self) -> str: ...
    def data(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is to be: the postmortem's id, title, body in the storage format, and what is attached by name."""

    id: str
    title: str
    body: str
    digest: str
    attachments: Mapping[str, Attached]


@dataclass(frozen=True, slots=True)
class Place:
    """Where pages go: the ids of a space and of the page above them."""

    space: str
    parent: str


@dataclass(frozen=True, slots=True)
class Found:
    """A page of ours in Confluence: its number and version, what that version says of itself, and what its property
    says. `note` is the number and the version of that property, None for a page without one."""

    number: str
    title: str
    version: int
    said: str = ""
    postmortem: str = ""
    digest: str = ""
    written: int = 0
    attachments: Mapping[str, str] | None = None
    note: tuple[str, int] | None = None

    @property
    def edited(self) -> bool:
        """Whether its last version is somebody else's: neither the one that the note names nor marked as ours."""
        return self.version != self.written and not self.said.startswith(_MARK)


@contextmanager
def connect(secrets: Secrets, waits: Callable[[str], None]) -> Iterator[Service]:
    """A connection by CONFLUENCE_URL, CONFLUENCE_EMAIL and CONFLUENCE_TOKEN. Raises as Secrets do."""
    values = {name: secrets(f"CONFLUENCE_{name}") for name in ("URL", "EMAIL", "TOKEN")}
    for name, value in values.items():
        if not value:
            what = {"URL": "address", "EMAIL": "user", "TOKEN": "token"}[name]
            raise EnvironmentProblem(f"no {what} for Confluence", hint=how_to_set(f"CONFLUENCE_{name}"))
    base_url = checked_base_url(values["URL"], "CONFLUENCE_URL")
    if (urlsplit(base_url).hostname or "").endswith(".atlassian.net") and not urlsplit(base_url).path:
        base_url += "/wiki"
    email = checked_token(values["EMAIL"], "CONFLUENCE_EMAIL")
    token = checked_token(values["TOKEN"], "CONFLUENCE_TOKEN")
    pair = base64.b64encode(f"{email}:{token}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}", "X-Atlassian-Token": "no-check", "Accept": "application/json"}
    with open_client(base_url) as client:
        yield Service(
            "Confluence",
            base_url,
            "CONFLUENCE_TOKEN",
            client,
            headers,
            waits,
            right="read and write pages of the space",
        )


def afresh(service: Service) -> Service:
    """The same connection with the time for all that is asked beginning anew: a push is many small things."""
    return replace(service, deadline=Service("", "", "", service.client).deadline)


def place_of(service: Service, key: str, parent: str) -> Place:
    """The space with this key and the page with this title or number in it; the space's home page without one.

    Raises UsageProblem when there is none.
    """
    if not key:
        raise UsageProblem("which space of Confluence?", hint="set wiki: {space: KEY, parent: TITLE} in pmctl.yaml")
    spaces = _results(service.get("/api/v2/spaces", f"space {key}", {"keys": key}))
    if not spaces:
        raise UsageProblem(
            f"Confluence has no space {key}, or the token may not see it",
            hint="set wiki.space to the key in its address",
        )
    space, home = str(spaces[0].get("id", "")), str(spaces[0].get("homepageId") or "")
    if not parent and not home:
        raise UsageProblem(f"the space {key} has no home page", hint="name the page above all others: wiki.parent")
    if not parent or parent.isdigit():
        number = parent or home
        page = service.get(f"/api/v2/pages/{segment(number)}", f"page {number}")
        if str(page.at("spaceId") or "") != space:
            raise UsageProblem(f"page {number} is not in the space {key}", hint="correct wiki.parent")
        return Place(space, number)
    found = by_title(service, space, parent)
    if found is None:
        raise UsageProblem(
            f"the space {key} has no page {parent!r}", hint="make that page first, or correct wiki.parent in pmctl.yaml"
        )
    return Place(space, found.number)


def own_pages(service: Service, place: Place) -> dict[str, Found]:
    """The pages of ours right below the parent, by postmortem."""
    children = _every(service, f"/api/v2/pages/{segment(place.parent)}/children", "the pages below the parent", {})
    numbers = [str(child.get("id", "")) for child in children]
    found: dict[str, Found] = {}
    for start in range(0, len(numbers), _SIZE):
        some = {"id": ",".join(numbers[start : start + _SIZE])}
        for page in _every(afresh(service), "/api/v2/pages", "pages", some):
            one = _with_property(afresh(service), _page(page))
            if one.postmortem:
                found.setdefault(one.postmortem, one)
    return found


def by_title(service: Service, space: str, title: str) -> Found | None:
    """The page of a space with this title, with what its property says; None without one."""
    path = f"/api/v2/spaces/{segment(space)}/pages"
    pages = _results(service.get(path, f"page {title[:80]!r}", {"title": title, "status": "current"}))
    return _with_property(service, _page(pages[0])) if pages else None


def holds(service: Service, found: Found, text: str) -> bool:
    """Whether a page's body holds a text: what tells a page that we made a moment ago from somebody else's."""
    answer = service.get(f"/api/v2/pages/{segment(found.number)}", "page", {"body-format": "storage"})
    value = answer.at("body", "storage", "value")
    return isinstance(value, str) and text in value


def create(service: Service, place: Place, page: Page, title: str) -> Found:
    """Make a page. Raises Declined (400) when the title is taken."""
    answer = service.create(
        "/api/v2/pages",
        f"page {title[:80]!r}",
        {"spaceId": place.space, "parentId": place.parent, "status": "current", "title": title, "body": _body(page)},
    )
    return _page(_checked(answer))


def message(page: Page) -> str:
    """What a version that we write says of itself, so that one whose note could not be written is known as ours."""
    return f"{_MARK}{page.digest[:16]}"


def update(service: Service, found: Found, page: Page, title: str) -> Found:
    """Change a page's title and body. Raises Declined: 400 when the title is taken, 409 when it has another version."""
    version = {"number": found.version + 1, "message": message(page)}
    what = {"id": found.number, "status": "current", "title": title, "body": _body(page), "version": version}
    answer = service.put(f"/api/v2/pages/{segment(found.number)}", f"page {title[:80]!r}", what)
    changed = _page(_checked(answer))
    return replace(found, title=title, version=changed.version or found.version + 1)


def refreshed(service: Service, found: Found) -> Found:
    """A page as it is now. Raises NotFound when it is gone."""
    answer = service.get(f"/api/v2/pages/{segment(found.number)}", f"page {found.title[:80]!r}")
    return _with_property(service, _page(answer.value if isinstance(answer.value, dict) else {}))


def attach(service: Service, found: Found, page: Page) -> None:
    """Upload what the page lacks or has otherwise, and remove what it no longer shows."""
    before = found.attachments or {}
    for name, content in page.attachments.items():
        if before.get(name) != content.digest:
            files = {"file": (name, content.data(), "application/octet-stream")}
            service.upload("PUT", f"/rest/api/content/{segment(found.number)}/child/attachment", f"file {name}", files)
    gone = before.keys() - page.attachments.keys()
    if gone:
        path = f"/api/v2/pages/{segment(found.number)}/attachments"
        for one in _every(service, path, "attachments", {}):
            if one.get("title") in gone:
                _remove(service, f"/api/v2/attachments/{segment(str(one.get('id', '')))}", f"file {one['title']}")


def note(service: Service, found: Found, page: Page) -> None:
    """Say in the page's property what was written, and in which version. Somebody else's note of it is overwritten."""
    files = {name: one.digest for name, one in page.attachments.items()}
    value = {"postmortem": page.id, "digest": page.digest, "version": found.version, "attachments": files}
    path = f"/api/v2/pages/{segment(found.number)}/properties"
    known = found.note
    for attempt in range(_TRIES):
        try:
            if known is None:
                service.create(path, "property", {"key": PROPERTY, "value": value})
            else:
                number, version = known
                what = {"key": PROPERTY, "value": value, "version": {"number": version + 1}}
                service.put(f"{path}/{segment(number)}", "property", what)
            return
        except Declined as problem:
            if problem.status not in (400, 409) or attempt + 1 == _TRIES:
                raise
            known = _with_property(service, found).note


def remove(service: Service, found: Found) -> None:
    """Put a page into the trash, from where Confluence can bring it back."""
    _remove(service, f"/api/v2/pages/{segment(found.number)}", f"page {found.title[:80]!r}")


def _remove(service: Service, path: str, what: str) -> None:
    try:
        service.delete(path, what)
    except NotFound:
        return  # it is gone, which is what was wanted


def _body(page: Page) -> dict[str, str]:
    return {"representation": "storage", "value": page.body}


def _page(value: Mapping[str, Any]) -> Found:
    version = value.get("version")
    version = version if isinstance(version, dict) else {}
    number, said = version.get("number"), str(version.get("message") or "")
    return Found(str(value.get("id", "")), str(value.get("title", "")), number if type(number) is int else 0, said)


def _with_property(service: Service, found: Found) -> Found:
    path = f"/api/v2/pages/{segment(found.number)}/properties"
    properties = _results(service.get(path, "properties", {"key": PROPERTY}))
    own = next((one for one in properties if one.get("key") == PROPERTY), None)
    value = own.get("value") if own is not None else None
    if own is None or not isinstance(value, dict):
        return replace(found, postmortem="", note=None)
    files = value.get("attachments")
    written, version = value.get("version"), own.get("version")
    number = version.get("number") if isinstance(version, dict) else 1
    return replace(
        found,
        postmortem=str(value.get("postmortem", "")),
        digest=str(value.get("digest", "")),
        written=written if type(written) is int else 0,
        attachments={str(name): str(one) for name, one in files.items()} if isinstance(files, dict) else {},
        note=(str(own.get("id", "")), number if type(number) is int else 1),
    )


def _checked(answer: Answer) -> dict[str, Any]:
    """The page that an answer holds. Raises EnvironmentProblem for an answer that is none: a log-in page, say."""
    if not isinstance(answer.value, dict) or not answer.value.get("id"):
        raise EnvironmentProblem(
            "Confluence answered with something that is no page", hint="check CONFLUENCE_URL: it ends with /wiki"
        )
    return answer.value


def _results(answer: Answer) -> list[dict[str, Any]]:
    found = answer.at("results")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _every(service: Service, path: str, what: str, params: Mapping[str, str]) -> list[dict[str, Any]]:
    """All results of a list, page by page."""

    def ask(mark: str | None) -> Answer:
        return service.get(mark or path, what, None if mark else {**params, "limit": _SIZE})

    def following(answer: Answer) -> str:
        link = answer.at("_links", "next")
        return urljoin(service.base_url, link) if isinstance(link, str) and link else ""

    return [one for one in collect(ask, following, "results") if isinstance(one, dict)]
