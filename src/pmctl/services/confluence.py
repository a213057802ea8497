"""Confluence, Cloud or Data Center: pages below one page of a space, made, changed and removed.

Each page of ours carries a content property that says which postmortem it shows, the digest of what was written, and
the page's version then. By it a page that nobody changed is left alone, one that a person edited is known as such, and
pages of other people are never touched.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from pmctl.errors import EnvironmentProblem, NotFound, UsageProblem
from pmctl.services import confluence_center, confluence_cloud
from pmctl.services.address import checked_base_url, checked_token
from pmctl.services.client import Declined, Service, open_client
from pmctl.services.confluence_wire import Attached, Draft, Found, Place, Wire
from pmctl.services.secrets import Secrets, how_to_set

_TRIES = 4
_MARK = "pmctl "


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is to be: the postmortem's id, title, body in the storage format, and what is attached by name."""

    id: str
    title: str
    body: str
    digest: str
    attachments: Mapping[str, Attached]


@dataclass(frozen=True, slots=True)
class Site:
    """An open connection to one Confluence, and what is asked of its kind."""

    service: Service
    wire: Wire


@contextmanager
def connect(secrets: Secrets, waits: Callable[[str], None]) -> Iterator[Site]:
    """A connection by CONFLUENCE_URL and CONFLUENCE_TOKEN: to Cloud with CONFLUENCE_EMAIL, to Data Center without.

    Raises as Secrets do.
    """
    url, token, email = (secrets(f"CONFLUENCE_{name}") for name in ("URL", "TOKEN", "EMAIL"))
    for name, value, what in (("URL", url, "address"), ("TOKEN", token, "token")):
        if not value:
            raise EnvironmentProblem(f"no {what} for Confluence", hint=how_to_set(f"CONFLUENCE_{name}"))
    base_url = checked_base_url(url, "CONFLUENCE_URL")
    host = urlsplit(base_url).hostname or ""
    if host.endswith(".atlassian.net") and not urlsplit(base_url).path:
        base_url += "/wiki"
    if host.endswith((".atlassian.net", ".atlassian.com")) and not email:
        raise EnvironmentProblem("no user for Confluence Cloud", hint=how_to_set("CONFLUENCE_EMAIL"))
    email, token = checked_token(email, "CONFLUENCE_EMAIL"), checked_token(token, "CONFLUENCE_TOKEN")
    proof = f"Basic {base64.b64encode(f'{email}:{token}'.encode()).decode()}" if email else f"Bearer {token}"
    headers = {"Authorization": proof, "X-Atlassian-Token": "no-check", "Accept": "application/json"}
    right = "read and write pages of the space"
    with open_client(base_url) as client:
        service = Service("Confluence", base_url, "CONFLUENCE_TOKEN", client, headers, waits, right=right)
        yield Site(service, confluence_cloud if email else confluence_center)


def afresh(site: Site) -> Site:
    """The same connection with the time for all that is asked beginning anew: a push is many small things."""
    deadline = Service("", "", "", site.service.client).deadline
    return replace(site, service=replace(site.service, deadline=deadline))


def place_of(site: Site, key: str, parent: str) -> Place:
    """The space with this key and the page with this title or number in it; the space's home page without one.

    Raises UsageProblem when there is none.
    """
    if not key:
        raise UsageProblem("which space of Confluence?", hint="set wiki: {space: KEY, parent: TITLE} in pmctl.yaml")
    found = site.wire.space(site.service, key)
    if found is None:
        raise UsageProblem(
            f"Confluence has no space {key}, or the token may not see it",
            hint="set wiki.space to the key in its address",
        )
    space, home = found
    if not parent and not home:
        raise UsageProblem(f"the space {key} has no home page", hint="name the page above all others: wiki.parent")
    if not parent or parent.isdigit():
        page = site.wire.page(site.service, parent or home)
        if page.space != space:
            raise UsageProblem(f"page {page.number} is not in the space {key}", hint="correct wiki.parent")
        return Place(space, page.number)
    above = site.wire.titled(site.service, space, parent)
    if above is None:
        raise UsageProblem(
            f"the space {key} has no page {parent!r}", hint="make that page first, or correct wiki.parent in pmctl.yaml"
        )
    return Place(space, above.number)


def own_pages(site: Site, place: Place) -> dict[str, Found]:
    """The pages of ours right below the parent, by postmortem."""
    found: dict[str, Found] = {}
    for page in site.wire.children(site.service, place.parent):
        one = _noted(afresh(site), page)
        if one.postmortem:
            found.setdefault(one.postmortem, one)
    return found


def by_title(site: Site, place: Place, title: str) -> Found | None:
    """The page of a space with this title, with what its property says; None without one."""
    found = site.wire.titled(site.service, place.space, title)
    return _noted(site, found) if found is not None else None


def holds(site: Site, found: Found, text: str) -> bool:
    """Whether a page's body holds a text: what tells a page that we made a moment ago from somebody else's."""
    return text in site.wire.body(site.service, found.number)


def create(site: Site, place: Place, page: Page, title: str) -> Found:
    """Make a page. Raises Declined (400) when the title is taken."""
    return site.wire.create(site.service, place, _draft(page, title))


def edited(found: Found) -> bool:
    """Whether a page's last version is somebody else's: neither the one that the note names nor marked as ours."""
    return found.version != found.written and not found.said.startswith(_MARK)


def update(site: Site, place: Place, found: Found, page: Page, title: str) -> Found:
    """Change a page's title and body. Raises Declined when the title is taken or the page has another version."""
    changed = site.wire.update(site.service, place, found, _draft(page, title))
    return replace(found, title=title, version=changed.version or found.version + 1)


def refreshed(site: Site, found: Found) -> Found:
    """A page as it is now. Raises NotFound when it is gone."""
    return _noted(site, site.wire.page(site.service, found.number))


def attach(site: Site, found: Found, page: Page) -> None:
    """Upload what the page lacks or has otherwise, and remove what it no longer shows."""
    before = found.attachments or {}
    changed = [name for name, one in page.attachments.items() if before.get(name) != one.digest]
    gone = before.keys() - page.attachments.keys()
    there = site.wire.files(site.service, found.number) if changed or gone else {}
    for name in changed:
        site.wire.upload(site.service, found.number, name, page.attachments[name].data(), there.get(name, ""))
    for name in gone & there.keys():
        with suppress(NotFound):  # it is gone, which is what was wanted
            site.wire.remove_file(site.service, there[name])


def note(site: Site, found: Found, page: Page) -> None:
    """Say in the page's property what was written, and in which version. Somebody else's note of it is overwritten."""
    files = {name: one.digest for name, one in page.attachments.items()}
    value = {"postmortem": page.id, "digest": page.digest, "version": found.version, "attachments": files}
    known = found.note
    for attempt in range(_TRIES):
        try:
            site.wire.write_note(site.service, found.number, known, value)
        except Declined as problem:
            if problem.status not in (400, 409) or attempt + 1 == _TRIES:
                raise
            known = _noted(site, found).note
        else:
            return


def remove(site: Site, found: Found) -> None:
    """Put a page into the trash, from where Confluence can bring it back."""
    with suppress(NotFound):
        site.wire.remove(site.service, found.number)


def _draft(page: Page, title: str) -> Draft:
    """With words for the version's own, so that one whose note could not be written is known as ours."""
    return Draft(title, page.body, f"{_MARK}{page.digest[:16]}")


def _noted(site: Site, found: Found) -> Found:
    """The page with what its property says."""
    own = site.wire.note(site.service, found.number)
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
