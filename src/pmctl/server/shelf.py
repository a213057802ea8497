"""What the server answers reading requests from: what each reader may know at one commit, made once and kept.

(commit, reader) -> rows, and the JSON of each postmortem. A clone that serves is never edited by hand, so the commit
that is checked out decides everything; when it moves, what was kept of the one before goes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, Any

from pmctl import git
from pmctl.errors import EnvironmentProblem, NotFound

if TYPE_CHECKING:
    from pmctl.insight.publication import Publication
    from pmctl.repository.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Page:
    """One answer as it goes out, and its ETag."""

    body: bytes
    etag: str


@dataclass(slots=True)
class View:
    """What one reader may know of at one commit, newest incident first."""

    tip: str
    workspace: Workspace
    pages: Mapping[str, Publication]
    rows: Mapping[str, dict[str, Any]]
    made: dict[str, Page] = field(default_factory=dict)
    lists: dict[object, tuple[Page, str]] = field(default_factory=dict)

    def find(self, part: str) -> str:
        """The id that is meant: an id, a part of one, or an incident as `SOURCE:ID` or by the id of its only source.

        Raises NotFound for none and for several.
        """
        if part in self.pages:
            return part
        about = [one.summary.id for one in self.pages.values() if _is_about(one, part)]
        found = about or [name for name in self.pages if part and part.casefold() in name]
        if len(found) != 1:
            raise NotFound(f"{'several postmortems fit' if found else 'there is no postmortem'} {part!r}")
        return found[0]

    def postmortem(self, name: str) -> Page:
        """The whole postmortem as JSON, `pmctl/postmortem/v1`. Raises NotFound when it is gone or not theirs."""
        if name not in self.pages:
            raise NotFound(f"there is no postmortem {name!r} any more")
        if name not in self.made:
            self.made[name] = whole(self.workspace, name)
        return self.made[name]


class Shelf:
    """The views of one clone. `view` may be called from any thread.

    `standing` is held by whoever moves the clone, from the first commit until it has landed or was taken back: a view
    is of what has landed alone.
    """

    _MOST = 64

    def __init__(self, repo: git.Repository) -> None:
        self._repo = repo
        self.standing = RLock()
        self._lock = RLock()
        self._tip = ""
        self._views: dict[str, View] = {}

    @property
    def tip(self) -> str:
        """The commit that is answered from."""
        return self._tip or self.moved()

    def moved(self) -> str:
        """Look where the clone stands now, which has to be what has landed; returns the commit."""
        with self.standing:
            self._tip = git.tip(self._repo)
            return self._tip

    def current(self, handle: str) -> View | None:
        """The view that was made of what has landed, None when there is none yet."""
        found = self._views.get(handle)
        return found if found is not None and found.tip == self._tip else None

    def view(self, handle: str) -> View:
        """What a person may know. Raises EnvironmentProblem when the history does not tell it."""
        found = self.current(handle)
        if found is not None:
            return found
        with self._lock, self.standing:
            tip = self.moved()
            found = self._views.get(handle)
            if found is None or found.tip != tip:
                while len(self._views) >= self._MOST:
                    self._views.pop(next(iter(self._views)))
                found = self._views[handle] = _made(self._repo, tip, handle)
            return found

    def known(self, handle: str) -> View:
        """The last view of a person, perhaps of an earlier commit: enough to know what an id means."""
        return self._views.get(handle) or self.view(handle)


def whole(workspace: Workspace, name: str) -> Page:
    """One postmortem at HEAD as JSON, with the state that records prove."""
    from pmctl.insight.standing import shown
    from pmctl.output.json_export import to_json

    found = shown(workspace.head, workspace.read_at(name), name)
    content = json.loads(to_json(found.document, marks=found.marks, approved=found.approved))
    return page(content | {"id": name, "status": content["front_matter"]["status"]})


def page(content: object) -> Page:
    """An answer as JSON, deceiving characters escaped."""
    body = json.dumps(content, ensure_ascii=True, separators=(",", ":"), default=str).encode()
    return Page(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _made(repo: git.Repository, tip: str, handle: str) -> View:
    from pmctl.insight.publication import publications
    from pmctl.output.answers import ListedPostmortem, pick, plain
    from pmctl.policy.audience import Audience, Circle
    from pmctl.repository.workspace import Workspace

    workspace = Workspace(repo)
    found = publications(workspace, Audience(Circle.PERSON, handle), drafts=True)
    if found.incomplete:
        raise EnvironmentProblem(f"who may read what is not known: {found.incomplete}")
    pages = {one.summary.id: one for one in found.pages}
    rows = {
        name: plain(
            pick(
                ListedPostmortem, one.summary, action_items=len(one.summary.items), repository="", updated_at=None,
                snippet="", snippet_line=0,
            )
        )
        for name, one in pages.items()
    }  # fmt: skip
    return View(tip, workspace, pages, rows)


def _is_about(one: Publication, part: str) -> bool:
    return any(part in (number, f"{source}:{number}") for source, number in one.summary.incidents)
