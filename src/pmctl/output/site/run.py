"""Writes a site to a folder: the pages that are not there as they should be, on every core when there are many.

What is on the disk is told from the folder's own marker, so a second run on the same postmortems writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from pmctl.output.site.build import SEARCH, pages, search_page
from pmctl.output.site.folder import Folder, Kept
from pmctl.output.site.likeness import likeness
from pmctl.output.site.numbers import with_figures
from pmctl.output.site.whole import Page, Site
from pmctl.processes import counted, on_every_core

_ENOUGH_FOR_PROCESSES = 100
"""Pages to be made from which on more processes pay for their start."""
_WHAT = "pages made"


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a site: how many pages it has, how many of them were made anew, how many files of earlier ones
    were removed, which files stay because somebody has changed them, and what was refused, in sentences."""

    pages: int
    made: int
    removed: int
    left: tuple[str, ...]
    said: tuple[str, ...]


class _Made(NamedTuple):
    path: str
    kept: Kept


def write_site(site: Site, folder: Folder) -> Written:
    """Bring the folder up to date.

    Raises EnvironmentProblem when a path is taken by what pmctl did not write, BadInput for a template that cannot be
    carried out; what is there already stays as it is then.
    """
    site = replace(with_figures(site, folder), alike=likeness(site.publications.pages, folder))
    planned = list(pages(site))
    stale = [page for page in planned if not folder.is_current(page.path, page.key)]
    folder.claim([*(page.path for page in stale), SEARCH])
    _make_all(site, folder, stale)
    words = {page.path: folder.pages[page.path].words for page in planned}
    search = search_page(site, words)
    late = [] if folder.is_current(search.path, search.key) else [search]
    _make_all(site, folder, late)
    removed, left = folder.keep_only({page.path for page in (*planned, search)})
    folder.save()
    said = [line for page in planned for line in folder.pages[page.path].said]
    return Written(len(planned) + 1, len(stale) + len(late), removed, tuple(left), tuple(said))


def _make_all(site: Site, folder: Folder, stale: Sequence[Page]) -> None:
    """Make and write pages, and note in the folder what was written."""

    def portion(first: int, last: int) -> list[_Made]:
        site.publications.source.reopen()
        return [_make(site, folder, page) for page in stale[first:last]]

    done: list[_Made] = []
    progress = site.publications.source.workspace.repo.progress
    if len(stale) >= _ENOUGH_FOR_PROCESSES:
        _ = site.publications.source.histories  # one audit for all processes
        done = on_every_core(portion, len(stale), what=_WHAT, progress=progress)
    done += [_make(site, folder, page) for page in counted(stale[len(done) :], _WHAT, progress)]
    for one in done:
        folder.note(one.path, one.kept)


def _make(site: Site, folder: Folder, page: Page) -> _Made:
    made = page.make(site)
    return _Made(page.path, Kept(page.key, folder.write(page.path, made.files), made.said, made.words))
