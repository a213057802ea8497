"""What all pages of a site have in common, and what one page is: its path, its key, and how it is made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from markupsafe import Markup

from pmctl import __version__
from pmctl.insight.publication import Publication, Publications
from pmctl.insight.similar_each import Like
from pmctl.output.site import entries, feed
from pmctl.output.site.look import Frame, Link
from pmctl.output.site.templates import Templates
from pmctl.policy.audience import Audience, Circle
from pmctl.text import harmless, single_line

RELATED = 6  # postmortems that a page shows as related
NAVIGATION = (
    Link("Home", "index.html"), Link("Postmortems", "postmortems/index.html"), Link("Action items", "actions.html"),
    Link("Numbers", "numbers.html"),
    *(Link(kind.label, f"{kind.folder}/index.html") for kind in entries.KINDS if kind.folder != "years"),
)  # fmt: skip


class Made(NamedTuple):
    """The files of one page, the page first, what was refused on the way, and the words that a search finds it by."""

    files: list[tuple[str, bytes]]
    said: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page to be: its path from the top, the key of all that it is made of, and how to make it."""

    path: str
    key: str
    make: Callable[[Site], Made]


@dataclass(frozen=True)
class Site:
    """Everything that pages have in common. `names` are people's by handle, `url` is the start of absolute addresses
    ("" where none is known), `commit` the one that the site is built from; `drafts` says whether drafts are in it.
    `figures` are the numbers of the first page in words; `alike` are the postmortems that are most like each, by id."""

    publications: Publications
    templates: Templates
    names: dict[str, str]
    today: date
    url: str = ""
    commit: str = ""
    drafts: bool = False
    script: bytes = b""
    figures: tuple[tuple[str, str], ...] = ()
    alike: Mapping[str, tuple[Like, ...]] = field(default_factory=dict)

    @cached_property
    def frame(self) -> Frame:
        """What stands around every page: the same everywhere, so that a commit does not change all pages."""
        feed_path = feed.FEED if self.url else ""
        said = f"{_for_whom(self.publications.audience, self.names)}{' Drafts are shown.' if self.drafts else ''}"
        return Frame("Postmortems", NAVIGATION, said, "", feed_path)

    @cached_property
    def base(self) -> str:
        """The part of every page's key that is the same for all."""
        return digest(__version__, self.templates.digest, str(self.frame), self.script.decode())

    @cached_property
    def root(self) -> str:
        """The folder that postmortems lie below in the work tree."""
        return str(self.publications.source.workspace.repo.root)

    @cached_property
    def ids(self) -> frozenset[str]:
        """The postmortems that have a page."""
        return frozenset(one.id for one in self.publications.pages)

    @cached_property
    def titles(self) -> dict[str, str]:
        """The titles of the postmortems that have a page, by id."""
        return {one.id: harmless(single_line(one.summary.title) or one.id) for one in self.publications.pages}

    @cached_property
    def _rows(self) -> dict[str, Markup]:
        return {}

    def row(self, one: Publication) -> Markup:
        """The row of a postmortem in lists, made once."""
        if one.id not in self._rows:
            self._rows[one.id] = entries.row(one.summary, self.today)
        return self._rows[one.id]

    @cached_property
    def groups(self) -> dict[str, list[entries.Group]]:
        """The groups of every kind, by its folder."""
        pages = self.publications.pages
        return {kind.folder: entries.groups(kind, pages, self.names) for kind in entries.KINDS}

    @cached_property
    def neighbours(self) -> dict[tuple[str, str], tuple[Publication, ...]]:
        """The newest postmortems of every service and cause."""
        found = {}
        for folder, why in (("services", "same service"), ("causes", "same cause")):
            for group in self.groups[folder]:
                found[why, group.name] = group.members
        return found

    @cached_property
    def around(self) -> dict[tuple[str, str], str]:
        """A digest of what pages may show of the newest of every service and cause."""
        most = RELATED + 1
        return {
            where: digest([(one.id, one.summary.title) for one in members[:most]])
            for where, members in self.neighbours.items()
        }

    @cached_property
    def facts(self) -> dict[str, str]:
        """A digest of what every postmortem's row in lists is made of, by id."""
        return {one.id: digest(entries.row_facts(one.summary, self.today)) for one in self.publications.pages}

    def render(self, template: str, path: str, values: dict[str, Any]) -> bytes:
        """One page, with the frame around it."""
        root = "../" * (len(PurePosixPath(path).parts) - 1)
        return self.templates.render(template, {"site": self.frame, "root": root, "here": path, **values})


def _for_whom(audience: Audience, names: dict[str, str]) -> str:
    if audience.circle is Circle.ORGANIZATION:
        return "What everybody in the organization may read."
    who = f"the team {audience.name}" if audience.circle is Circle.TEAM else names.get(audience.name, audience.name)
    return f"What {harmless(who)} may read: not for everybody."


def digest(*parts: object) -> str:
    """A digest of values that JSON knows, or of their text."""
    text = json.dumps(parts, default=str, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
