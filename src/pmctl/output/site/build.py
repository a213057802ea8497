"""A site from what an audience may read: publications -> pages, each with the key of all that it is made of.

Building is a pure function to (path, bytes); a page is made only when its key is not the one that it was written with.
Every page costs the same however many there are: lists are made of rows that are made once, and a page of a postmortem
looks at its neighbours by service and cause alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from pmctl import __version__
from pmctl.insight.publication import Publication
from pmctl.output.site import entries, feed, home
from pmctl.output.site.board import open_items
from pmctl.output.site.document_page import document_page
from pmctl.output.site.numbers import numbers_page
from pmctl.output.site.search_index import Found, index_scripts
from pmctl.output.site.whole import Made, Page, Site, digest
from pmctl.text import harmless, single_line

SEARCH = "search.js"


def pages(site: Site) -> Iterator[Page]:
    """Every page and file of the site."""
    for name, data in {**site.templates.assets}.items():
        data += site.script if name == "site.js" else b""
        yield Page(name, digest(site.base, name), _File(name, data))
    for one in site.publications.pages:
        yield document_page(site, one)
    yield from _lists(site)
    yield from _front(site)


@dataclass(frozen=True, slots=True)
class _File:
    """Gives a file that is made already."""

    path: str
    data: bytes = field(repr=False)

    def __call__(self, _: Site) -> Made:
        return Made([(self.path, self.data)])


def search_page(site: Site, words: Mapping[str, str]) -> Page:
    """The scripts that the search loads, to be made when what it knows is another; `words` are those of each page, by
    its path."""
    told = []
    for one in site.publications.pages:
        path = f"postmortems/{one.id}.html"
        summary = one.summary
        named = (*summary.services, *summary.teams, *summary.tags, *entries.KINDS[4].names(summary))
        further = [site.names.get(name, name) for name in dict.fromkeys(named) if name]
        about = harmless(" ".join(map(single_line, (one.id, *further))))
        told.append((path, home.title_of(one), _one_line(one), about, words.get(path, "")))
    key = hashlib.sha256("\0".join([__version__, *("\1".join(one) for one in told)]).encode()).hexdigest()
    return Page(SEARCH, key, _Search(tuple(told)))


@dataclass(frozen=True, slots=True)
class _Search:
    """Makes the scripts of the search: one, or with shards beside it."""

    told: tuple[tuple[str, str, str, str, str], ...] = field(repr=False)

    def __call__(self, _: Site) -> Made:
        found = [Found(path, title, line, about, terms.split()) for path, title, line, about, terms in self.told]
        return Made(sorted(index_scripts(found).items(), key=lambda one: one[0] != SEARCH))


def _lists(site: Site) -> Iterator[Page]:
    every = site.publications.pages
    broken = [(harmless(one.id), harmless(one.problem)) for one in site.publications.broken]
    told = {"title": "Postmortems", "broken": broken, "filters": entries.choices(every), "about": ""}
    yield from _list(site, "postmortems/index.html", every, told)
    for kind in entries.KINDS:
        groups = site.groups[kind.folder]
        index = [
            (one.title, one.path, len(one.members), one.members[0].summary.day.isoformat(), one.minutes)
            for one in groups
        ]
        path = f"{kind.folder}/index.html"
        values = {"kind": kind.label, "one": kind.one, "groups": index}
        yield Page(path, digest(site.base, values), _Template("groups.html.j2", path, values))
        for group in groups:
            told = {"title": group.title, "broken": [], "filters": [], "about": kind.one}
            yield from _list(site, group.path, group.members, told)


def _list(site: Site, path: str, members: Sequence[Publication], told: dict[str, Any]) -> Iterator[Page]:
    """A list on as many pages as it needs."""
    stem = path.removesuffix(".html")
    portions = [members[at : at + entries.PAGE_ROWS] for at in range(0, len(members), entries.PAGE_ROWS)] or [()]
    paths = [path, *(f"{stem}~{number}.html" for number in range(2, len(portions) + 1))]
    for number, (portion, place) in enumerate(zip(portions, paths, strict=True)):
        values = {
            **told, "broken": told["broken"] if number == 0 else [],
            "count": len(members), "number": number + 1, "of": len(portions),
            "newer": PurePosixPath(paths[number - 1]).name if number else "",
            "older": PurePosixPath(paths[number + 1]).name if number + 1 < len(portions) else "",
        }  # fmt: skip
        key = digest(site.base, values, "".join([site.facts[one.id] for one in portion]))
        yield Page(place, key, _List(place, tuple(portion), values))


@dataclass(frozen=True, slots=True)
class _List:
    """Makes one page of a list; only that with filters has what they look at."""

    path: str
    members: tuple[Publication, ...]
    values: dict[str, Any] = field(repr=False)

    def __call__(self, site: Site) -> Made:
        if self.values["filters"]:
            rows = [entries.row(one.summary, site.today, filtered=True) for one in self.members]
        else:
            rows = [site.row(one) for one in self.members]
        values = {**self.values, "headings": entries.HEADINGS, "rows": rows}
        return Made([(self.path, site.render("list.html.j2", self.path, values))])


@dataclass(frozen=True, slots=True)
class _Template:
    """Makes a page of a template and values."""

    template: str
    path: str
    values: dict[str, Any] = field(repr=False)

    def __call__(self, site: Site) -> Made:
        return Made([(self.path, site.render(self.template, self.path, self.values))])


@dataclass(frozen=True, slots=True)
class _Home:
    """Makes the first page, for which the latest postmortems are read."""

    latest: tuple[Publication, ...]
    values: dict[str, Any] = field(repr=False)

    def __call__(self, site: Site) -> Made:
        latest = [
            (one.id, home.title_of(one), _one_line(one), home.two_lines(one.shown().document)) for one in self.latest
        ]
        values = {**self.values, "latest": latest, "year": home.year(site.publications.pages, site.today)}
        frame = replace(site.frame, built_from=f"{site.commit[:12]} on {site.today}" if site.commit else "")
        return Made([("index.html", site.render("home.html.j2", "index.html", {**values, "site": frame}))])


def _one_line(one: Publication) -> str:
    taken = entries.minutes(one.summary)
    parts = (
        entries.day_words(one.summary.day),
        single_line(one.summary.severity),
        "" if taken is None else entries.length_words(taken),
    )
    return harmless(" · ".join(filter(None, (*parts, ", ".join(map(single_line, one.summary.services))))))


def _front(site: Site) -> Iterator[Page]:
    """Home, the board, the page for what is not there, feed and sitemap."""
    every = site.publications.pages
    final = sorted((one for one in every if one.standing.content), key=lambda one: one.standing.since, reverse=True)
    latest = tuple(final[: home.LATEST])
    values = {
        "waiting": home.waiting(every, site.names, site.today), "overdue": home.overdue(every, site.names, site.today),
        "figures": site.figures, "count": len(every), "broken": len(site.publications.broken), "drafts": site.drafts,
    }  # fmt: skip
    made_of = [(one.id, one.key) for one in latest] + [
        (str(one.summary.day), entries.minutes(one.summary)) for one in every
    ]
    key = digest(site.base, site.commit, str(site.today), repr(values), made_of)
    yield Page("index.html", key, _Home(latest, values))
    yield numbers_page(site)
    items = [(one.id, one.summary.title, one.summary.items) for one in every if one.summary.items]
    named = {item.owner: site.names.get(item.owner, "") for _, _, found in items for item in found}
    yield Page("actions.html", digest(site.base, str(site.today), items, named), _Board())
    place = "/" + site.url.split("//", 1)[-1].partition("/")[2]
    missing = {"root": place if site.url else ""}
    yield Page("404.html", digest(site.base, "404", site.url), _Template("missing.html.j2", "404.html", missing))
    if site.url:
        recent = tuple(final[: feed.ENTRIES])
        told = [(one.id, one.key) for one in recent]
        yield Page(feed.FEED, digest(site.base, site.url, told), _Feed(recent))
        paths = sorted(
            (
                "",
                "actions.html",
                "numbers.html",
                "postmortems/index.html",
                *(f"postmortems/{name}.html" for name in site.ids),
            )
        )
        yield Page(
            feed.SITEMAP,
            digest(site.base, site.url, paths),
            _File(feed.SITEMAP, feed.sitemap(site.url, paths)),
        )


@dataclass(frozen=True, slots=True)
class _Board:
    """Makes the page of action items."""

    def __call__(self, site: Site) -> Made:
        board = open_items(site.publications.pages, site.names, site.today)
        return Made([("actions.html", site.render("actions.html.j2", "actions.html", {"board": board}))])


@dataclass(frozen=True, slots=True)
class _Feed:
    """Makes the feed, for which the latest postmortems are read."""

    recent: tuple[Publication, ...]

    def __call__(self, site: Site) -> Made:
        told = [
            feed.Told(
                one.id,
                home.title_of(one),
                one.standing.since,
                harmless(site.names.get(one.summary.author, one.summary.author)),
                home.two_lines(one.shown().document),
            )
            for one in self.recent
        ]
        return Made([(feed.FEED, feed.atom(site.url, site.frame.name, told))])
