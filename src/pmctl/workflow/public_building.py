"""Write the pages for customers: the public texts in force, exactly as they were shared, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pmctl.document.public_text import digest, rendered_markdown
from pmctl.errors import Refused, advise
from pmctl.insight.public import leaks, terms_of
from pmctl.insight.shared import Shared, shared_texts
from pmctl.output.public_pages import CHROME, Made, feed, index, page, read_back
from pmctl.output.site.folder import Kept, open_folder, refuse_in_repository
from pmctl.repository.workspace import Workspace


class Built(NamedTuple):
    """What became of the folder; `edited` are postmortems whose file says something that nobody shared."""

    pages: int
    made: int
    removed: int
    left: tuple[str, ...]
    edited: tuple[str, ...]


def build(workspace: Workspace, folder: Path, *, name: str, url: str = "") -> Built:
    """Bring a folder up to date. Raises Refused when two texts want one page, or a page says more than was shared."""
    refuse_in_repository(workspace.repo, folder)
    found = sorted(shared_texts(workspace.head), key=lambda one: one.text.page, reverse=True)
    _refuse_twice(found)
    pages = []
    for one in found:
        made = page(one.text)
        _refuse_leaks(workspace, one, made)
        pages.append(made)
    texts = [one.text for one in found]
    pages.append(index(texts, name))
    if url:
        pages.append(feed([(one.text, one.at) for one in found[:20]], name, url))
    removed, left, written = _write(folder, pages)
    return Built(len(pages), written, removed, tuple(left), tuple(one.postmortem for one in found if one.edited))


def _refuse_twice(found: Sequence[Shared]) -> None:
    """Raise Refused when two public texts have one page."""
    seen: dict[str, str] = {}
    for one in found:
        if other := seen.get(one.text.page):
            raise Refused(f"{other} and {one.postmortem} have one page, {one.text.page}", hint="change page: in one")
        seen[one.text.page] = one.postmortem


def _refuse_leaks(workspace: Workspace, one: Shared, made: Made) -> None:
    """Raise Refused when a page carries along what the text does not say."""
    terms = terms_of(workspace.policy, workspace.settings.public, one.document)
    said = (rendered_markdown(one.text).decode(), *(each.text for each in one.text.allowed), CHROME)
    if found := leaks(read_back(made), said, terms):
        shown = ", ".join(repr(each) for each in found[:5])
        raise Refused(f"the page of {one.postmortem} would say {shown}", hint=advise("check-public", id=one.postmortem))


def _write(path: Path, pages: Sequence[Made]) -> tuple[int, list[str], int]:
    """Write what has changed and remove what is gone: how many went, which stay, how many were written."""
    folder = open_folder(path)
    keys = {made.path: digest(b"\0".join(data for _, data in made.files)) for made in pages}
    stale = [made for made in pages if not folder.is_current(made.path, keys[made.path])]
    folder.claim([made.path for made in stale])
    for made in stale:
        folder.note(made.path, Kept(keys[made.path], folder.write(made.path, made.files)))
    removed, left = folder.keep_only(set(keys))
    folder.save()
    return removed, left, len(stale)
