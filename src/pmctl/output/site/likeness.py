"""Which of a site's postmortems are like each other: what their texts say -> the likest of each, with the reason.

Only what the audience may read is looked at. The terms of a text are kept in the site's folder by the key of its
postmortem, so that a change costs the reading of one.
"""

from __future__ import annotations

from collections.abc import Sequence

from pmctl.document.fields import path_of
from pmctl.document.front_matter import HANDLER
from pmctl.errors import PmctlError
from pmctl.insight.publication import Publication
from pmctl.insight.similar_each import Like, likest, telling
from pmctl.output.site.folder import Folder
from pmctl.processes import on_every_core
from pmctl.repository.workspace import read_file

MOST = 4
_ENOUGH_FOR_PROCESSES = 300


def likeness(pages: Sequence[Publication], folder: Folder) -> dict[str, tuple[Like, ...]]:
    """The likest of each postmortem, by id. Notes in the folder what the texts say."""
    known = folder.terms
    stale = [one for one in pages if known.get(one.id, ("",))[0] != one.key]

    def portion(first: int, last: int) -> list[tuple[str, ...]]:
        return [_terms(one) for one in stale[first:last]]

    done = on_every_core(portion, len(stale)) if len(stale) >= _ENOUGH_FOR_PROCESSES else []
    done += portion(len(done), len(stale))
    fresh = {one.id: (one.key, found) for one, found in zip(stale, done, strict=True)}
    folder.terms = {one.id: fresh.get(one.id) or known[one.id] for one in pages}
    return likest({name: found for name, (_, found) in folder.terms.items()}, MOST)


def _terms(one: Publication) -> tuple[str, ...]:
    path = path_of(one.id)
    try:
        text = read_file(one.source.workspace.repo.root / path, path).decode("utf-8", "replace")
    except PmctlError:  # it went away meanwhile: its page says so
        return ()
    fences = HANDLER.locate(text)
    summary = one.summary
    causes = (*summary.root_causes, *summary.contributing_factors)
    return telling(summary.title, text[fences.body :] if fences else text, summary.services, causes)
