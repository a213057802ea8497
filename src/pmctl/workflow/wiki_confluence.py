"""Bring the pages of a space of Confluence to what they are to show. (Collection, settings) -> Written

Pages are made, changed and removed one by one; whatever was done before a failure counts, and the next push goes on.
"""

from __future__ import annotations

from collections.abc import Callable

from pmctl.errors import EnvironmentProblem, NotFound
from pmctl.output.wiki.article import Collection
from pmctl.output.wiki.confluence import NOTE, pages
from pmctl.output.wiki.files import EDITED, Changes, Kept
from pmctl.repository.wiki_settings import WikiSettings
from pmctl.services import confluence
from pmctl.services.client import Declined
from pmctl.services.confluence import Page, Site, edited
from pmctl.services.confluence_wire import Found, Place
from pmctl.services.secrets import Secrets
from pmctl.workflow.wiki import Written

_TRIES = 4


def push(
    collection: Collection,
    settings: WikiSettings,
    secrets: Secrets,
    *,
    force: bool = False,
    dry_run: bool = False,
    waits: Callable[[str], None] = lambda said: None,
) -> Written:
    """Make, change and remove pages. Raises EnvironmentProblem or UsageProblem where Confluence cannot be asked."""
    write: list[str] = []
    removed: list[str] = []
    kept: list[Kept] = []
    wanted = pages(collection)
    with confluence.connect(secrets, waits) as site:
        place = confluence.place_of(site, settings.space, settings.parent)
        there = confluence.own_pages(site, place)
        for postmortem in there.keys() - {page.id for page in wanted}:
            found = there[postmortem]
            if edited(found) and not force:
                kept.append(Kept(found.title, f"{EDITED}; its postmortem is no longer shown"))
                continue
            removed.append(found.title)
            if not dry_run:
                confluence.remove(confluence.afresh(site), found)
        for page in wanted:
            known = there.get(page.id)
            if known is not None and known.digest == page.digest and not edited(known):
                continue
            if known is not None and edited(known) and not force:
                kept.append(Kept(known.title, EDITED))
            elif dry_run or _written(confluence.afresh(site), place, page, known, force=force):
                write.append(page.title)
            else:
                kept.append(Kept(page.title, EDITED))
    return Written(Changes(tuple(write), tuple(sorted(removed)), tuple(kept), {}))


def _written(site: Site, place: Place, page: Page, known: Found | None, *, force: bool) -> bool:
    """Make or change a page; False when somebody edited it in the meantime."""
    title = page.title
    for _ in range(_TRIES):
        try:
            if known is None:
                changed = confluence.create(site, place, page, title)
            else:
                changed = confluence.update(site, place, known, page, title)
        except NotFound:
            if known is None:
                raise
            known = None  # somebody removed it: it is made anew
        except Declined as problem:
            if problem.status not in (400, 409):
                raise
            now = _again(site, known) if known is not None else None
            if known is not None and (now is None or now.version != known.version or problem.status == 409):
                known = now  # somebody changed or removed it
            else:
                known, title = _beside(site, place, page, known, title, problem)
            if known is not None and known.note and edited(known) and not force:
                return False
        else:
            try:
                confluence.attach(site, changed, page)
                confluence.note(site, changed, page)
            except NotFound:
                if _again(site, changed) is not None:
                    raise
                known = None  # removed since then
            else:
                return True
    raise EnvironmentProblem(f"Confluence did not take {title!r}: others changed it {_TRIES} times", hint="try again")


def _beside(
    site: Site, place: Place, page: Page, known: Found | None, title: str, problem: Declined
) -> tuple[Found | None, str]:
    """The page to change and the title to give it, where another page of the space has the title that was tried.

    That page is ours when its note says so, or when an earlier push made it and could not finish. A stranger's leaves
    us the title with the postmortem's id in it.
    """
    other = confluence.by_title(site, place, title)
    if other is None or (known is not None and other.number == known.number):
        raise problem
    if known is None:
        ours = other.version == 1 or not edited(other)
        unfinished = not other.postmortem and ours and confluence.holds(site, other, NOTE)
        if other.postmortem == page.id or unfinished:
            return other, title
    if title != page.title:
        raise problem
    return known, f"{page.title.rpartition(' (')[0]} ({page.id})"


def _again(site: Site, known: Found) -> Found | None:
    """A page as it is now, None when it is gone."""
    try:
        return confluence.refreshed(site, known)
    except NotFound:
        return None
