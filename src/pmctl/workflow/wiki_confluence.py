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
from pmctl.services.client import Declined, Service
from pmctl.services.confluence import Found, Page, Place
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
    with confluence.connect(secrets, waits) as service:
        place = confluence.place_of(service, settings.space, settings.parent)
        there = confluence.own_pages(service, place)
        for postmortem in there.keys() - {page.id for page in wanted}:
            found = there[postmortem]
            if found.edited and not force:
                kept.append(Kept(found.title, f"{EDITED}; its postmortem is no longer shown"))
                continue
            removed.append(found.title)
            if not dry_run:
                confluence.remove(confluence.afresh(service), found)
        for page in wanted:
            known = there.get(page.id)
            if known is not None and known.digest == page.digest and not known.edited:
                continue
            if known is not None and known.edited and not force:
                kept.append(Kept(known.title, EDITED))
            elif dry_run or _written(confluence.afresh(service), place, page, known, force=force):
                write.append(page.title)
            else:
                kept.append(Kept(page.title, EDITED))
    return Written(Changes(tuple(write), tuple(sorted(removed)), tuple(kept), {}))


def _written(service: Service, place: Place, page: Page, known: Found | None, *, force: bool) -> bool:
    """Make or change a page; False when somebody edited it in the meantime."""
    title = page.title
    for _ in range(_TRIES):
        try:
            if known is None:
                changed = confluence.create(service, place, page, title)
            else:
                changed = confluence.update(service, known, page, title)
        except NotFound:
            if known is None:
                raise
            known = None  # somebody removed it: it is made anew
        except Declined as problem:
            if problem.status == 409 and known is not None:
                known = _again(service, known)
            elif problem.status in (400, 409):
                known, title = _beside(service, place, page, known, title, problem)
            else:
                raise
            if known is not None and known.note and known.edited and not force:
                return False
        else:
            confluence.attach(service, changed, page)
            confluence.note(service, changed, page)
            return True
    raise EnvironmentProblem(f"Confluence did not take {title!r}: others changed it {_TRIES} times", hint="try again")


def _beside(
    service: Service, place: Place, page: Page, known: Found | None, title: str, problem: Declined
) -> tuple[Found | None, str]:
    """The page to change and the title to give it, where another page of the space has the title that was tried.

    That page is ours when its note says so, or when an earlier push made it and could not finish. A stranger's leaves
    us the title with the postmortem's id in it.
    """
    other = confluence.by_title(service, place.space, title)
    if other is None or (known is not None and other.number == known.number):
        raise problem
    if known is None:
        unfinished = not other.postmortem and other.version == 1 and confluence.holds(service, other, NOTE)
        if other.postmortem == page.id or unfinished:
            return other, title
    if title != page.title:
        raise problem
    return known, f"{page.title.rpartition(' (')[0]} ({page.id})"


def _again(service: Service, known: Found) -> Found | None:
    """A page as it is now, None when it is gone."""
    try:
        return confluence.refreshed(service, known)
    except NotFound:
        return None
