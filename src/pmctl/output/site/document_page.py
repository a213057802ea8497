"""The page of one postmortem on a site, with its pictures and the sentences that a search shows."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from pmctl.document.fields import id_of, path_of
from pmctl.insight.past_versions import past_versions
from pmctl.insight.publication import Publication
from pmctl.insight.similar_each import said
from pmctl.output.site import entries, home
from pmctl.output.site.attached import Attached
from pmctl.output.site.pictures import Pictures, stamp
from pmctl.output.site.postmortem_page import Around, Related, page_values
from pmctl.output.site.search_index import script_beside, sentences, sentences_script, terms_of
from pmctl.output.site.whole import RELATED, Made, Page, Site, digest
from pmctl.text import harmless, listed, single_line


def document_page(site: Site, one: Publication) -> Page:
    """The page of a postmortem, to be made when its key is another."""
    return Page(f"postmortems/{one.id}.html", _document_key(site, one), _Document(one))


@dataclass(frozen=True, slots=True)
class _Document:
    """Makes the page of one postmortem."""

    one: Publication

    def __call__(self, site: Site) -> Made:
        one = self.one
        shown = one.shown()
        pictures, attached = Pictures(one.id, one.folder), Attached(one.id, one.folder)
        path = f"postmortems/{one.id}.html"
        similar = _similar(site, one.id, f"{one.summary.title}\n{shown.document.body}")
        around = Around(
            site.names, shown.approved, shown.marks, one.history(), past_versions(one), _related(site, one),
            similar, attached.found,  # which the body fills: what it links to is listed
        )  # fmt: skip
        values = page_values(
            shown.document,
            around,
            today=site.today,
            show_image=pictures.show,
            link_to=lambda to: attached.link(to) or _link(site, one.id, to),
        )
        page = site.render("postmortem.html.j2", path, {"page": values})
        told = sentences(shown.document)
        script = (script_beside(path), sentences_script(path, told))
        terms = " ".join(terms_of("\n".join(told)))
        files = [*pictures.files.items(), *attached.files.items()]
        said = (*pictures.said, *attached.said)
        return Made([(path, page), script, *files], tuple(dict.fromkeys(said)), terms)


def _document_key(site: Site, one: Publication) -> str:
    """What a postmortem's page is made of: the day only while something in it is still due."""
    due = site.today.isoformat() if any(item.open and item.due for item in one.summary.items) else ""
    people = [site.names.get(handle, "") for handle in entries.KINDS[4].names(one.summary)]
    related = [site.around.get(where, "") for where in _neighbourhoods(one)]
    alike = [(like, site.titles[like.id]) for like in site.alike.get(one.id, ())]
    attached = stamp(one.folder) if os.path.lexists(f"{site.root}/{path_of(one.id).removesuffix('.md')}") else ""
    readers = (str(site.publications.audience), one.source.workspace.settings.visibility)  # of earlier versions, too
    return digest(site.base, one.key, due, people, related, alike, attached, readers)


def _neighbourhoods(one: Publication) -> list[tuple[str, str]]:
    """Where its related postmortems are looked for: the reason, and the cause or service."""
    causes = dict.fromkeys(map(single_line, (*one.summary.root_causes, *one.summary.contributing_factors)))
    services = dict.fromkeys(map(single_line, one.summary.services))
    return [*(("same cause", name) for name in causes), *(("same service", name) for name in services)]


def _related(site: Site, one: Publication) -> tuple[Any, ...]:
    """The newest others with the same cause or service, with the reason."""
    why: dict[str, list[str]] = {}
    titles: dict[str, str] = {}
    for reason, name in _neighbourhoods(one):
        others = [other for other in site.neighbours.get((reason, name), ())[: RELATED + 1] if other.id != one.id]
        for other in others[:RELATED]:
            why.setdefault(other.id, []).append(f"{reason}: {harmless(name)}")
            titles[other.id] = home.title_of(other)
    shown = {like.id for like in site.alike.get(one.id, ())}  # with a better reason
    best = sorted((name for name in why if name not in shown), key=lambda name: -len(set(why[name])))[:RELATED]
    return tuple(
        Related(titles[name], f"postmortems/{name}.html", listed(list(dict.fromkeys(why[name])))) for name in best
    )


def _similar(site: Site, postmortem: str, text: str) -> tuple[Related, ...]:
    """Those whose text is most like this one, with what both speak of."""
    return tuple(
        Related(
            site.titles[like.id],
            f"postmortems/{like.id}.html",
            f"both: {listed([harmless(word) for word in said(like, text)])}",
        )
        for like in site.alike.get(postmortem, ())
    )


def _link(site: Site, own: str, target: str) -> str | None:
    """The way from a postmortem's page to another one that its text links to; None when it has no page here."""
    path, _, _fragment = target.partition("#")
    name = PurePosixPath(path).name
    found = id_of(f"postmortems/{name[:4]}/{name}") if name.endswith(".md") else None
    if found is None or found not in site.ids or found == own:
        return None
    return f"{found}.html"
