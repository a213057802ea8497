"""What is asked of Confluence Cloud and Data Center alike, one request each, and how their answers are read.

`confluence_cloud` and `confluence_center` answer it; `confluence` knows what to ask when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from pmctl.errors import EnvironmentProblem
from pmctl.services.client import Answer, Service, collect

PROPERTY = "pmctl"


class Attached(Protocol):
    """A file that is attached to a page."""

    @property
    def digest(self) -> str: ...
    def data(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where pages go: the space, by its id or (Data Center) its key, and the id of the page above them."""

    space: str
    parent: str


@dataclass(frozen=True, slots=True)
class Found:
    """A page in Confluence: its number and version, what that version says of itself, and what its property says.

    `note` is the number and the version of that property, None for a page without one.
    """

    number: str
    title: str
    version: int
    said: str = ""
    space: str = ""
    postmortem: str = ""
    digest: str = ""
    written: int = 0
    attachments: Mapping[str, str] | None = None
    note: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A page as it is to be written: title, body in the storage format, and what its version says of itself."""

    title: str
    body: str
    message: str


class Wire(Protocol):
    """The requests, as functions of a module. All raise what the client does: NotFound for what is not there, Declined
    for a title that is taken (400) and for a version that is another one by now (409; 400 at some Data Centers)."""

    def space(self, service: Service, key: str) -> tuple[str, str] | None:
        """A space and the id of its home page ("" without one); None where there is no such space."""

    def page(self, service: Service, number: str) -> Found: ...
    def titled(self, service: Service, space: str, title: str) -> Found | None: ...
    def children(self, service: Service, number: str) -> list[Found]: ...
    def body(self, service: Service, number: str) -> str: ...
    def create(self, service: Service, place: Place, draft: Draft) -> Found: ...
    def update(self, service: Service, place: Place, found: Found, draft: Draft) -> Found: ...
    def remove(self, service: Service, number: str) -> None: ...

    def note(self, service: Service, number: str) -> Mapping[str, Any] | None:
        """Our property of a page: `id`, `value`, `version`."""

    def write_note(self, service: Service, number: str, known: tuple[str, int] | None, value: object) -> None:
        """Make the property or, where it is known by number and version, change it."""

    def files(self, service: Service, number: str) -> dict[str, str]:
        """The ids of a page's attachments by their names."""

    def upload(self, service: Service, number: str, name: str, data: bytes, known: str) -> None:
        """Attach a file; `known` is the id of the one of that name, "" without one."""

    def remove_file(self, service: Service, known: str) -> None: ...


def page_of(value: Mapping[str, Any], space: object = "") -> Found:
    """A page as an answer has it."""
    version = value.get("version")
    version = version if isinstance(version, dict) else {}
    number, said = version.get("number"), str(version.get("message") or "")
    known = number if type(number) is int else 0
    return Found(str(value.get("id", "")), str(value.get("title", "")), known, said, str(space or ""))


def written(answer: Answer) -> Mapping[str, Any]:
    """The page that an answer holds. Raises EnvironmentProblem for an answer that is none: a log-in page, say."""
    if not isinstance(answer.value, dict) or not answer.value.get("id"):
        raise EnvironmentProblem(
            "Confluence answered with something that is no page",
            hint="check CONFLUENCE_URL: the address of its start page, of Cloud with /wiki",
        )
    return answer.value


def results(answer: Answer) -> list[dict[str, Any]]:
    found = answer.at("results")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def every(service: Service, path: str, what: str, params: Mapping[str, str], size: int) -> list[dict[str, Any]]:
    """All results of a list, part by part. `size` is how many one answer may hold."""
    below = urlsplit(service.base_url).path

    def ask(mark: str | None) -> Answer:
        return service.get(mark or path, what, None if mark else {**params, "limit": size})

    def following(answer: Answer) -> str:
        link = answer.at("_links", "next")
        if not isinstance(link, str) or not link:
            return ""
        # Data Center leaves out the path that it stands below; Cloud does not
        within = not link.startswith("/") or link.startswith(f"{below}/")
        return urljoin(f"{service.base_url}/", link) if within else service.base_url + link

    return [one for one in collect(ask, following, "results") if isinstance(one, dict)]
