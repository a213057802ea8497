"""Pages of Confluence: titles that are unique in a space, bodies in its storage format. Collection -> Pages.

`services.confluence` carries them there; `wiki build` writes them into a folder, where they can be looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pmctl.output.page_facts import Fact
from pmctl.output.wiki.article import Article, Collection, link_of
from pmctl.output.wiki.files import Files
from pmctl.output.wiki.names import file_names
from pmctl.output.wiki.storage import Where, panel, text, to_storage
from pmctl.services.confluence import Page
from pmctl.text import json_text

_LONGEST_TITLE = 200  # of the 255 characters that a title may have
_PANELS = {"PUBLISHED": "tip", "ARCHIVED": "note"}
NOTE = "Made by pmctl. Edits here are overwritten: change the postmortem in its repository instead."


def pages(collection: Collection) -> list[Page]:
    """Every postmortem as a page, oldest first, so that what others link to is there before them."""
    titles = _titles(collection)
    return [_page(article, titles) for article in reversed(collection.articles)]


def files(collection: Collection) -> Files:
    """The bodies as files, each beside its attachments, and their titles."""
    made = pages(collection)
    titles = [{"file": f"{page.id}.xml", "title": page.title} for page in made]
    found: Files = {"pages.json": json_text({"pages": titles}).encode()}
    for page in made:
        found[f"{page.id}.xml"] = f"{page.body}\n".encode()
    for article in collection.articles:
        names = file_names(article.attachments)
        found |= {f"{article.id}/{names[path]}": content for path, content in article.attachments.items()}
    return found


def _titles(collection: Collection) -> dict[str, str]:
    """A title for each postmortem, by its id; of several alike the later ones carry their ids."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for article in reversed(collection.articles):
        title = f"{article.title[:_LONGEST_TITLE].strip()} ({article.day})"
        if title.casefold() in taken:
            title = f"{article.title[: _LONGEST_TITLE - len(article.id)].strip()} ({article.id})"
        taken.add(title.casefold())
        found[article.id] = title
    return found


def _page(article: Article, titles: Mapping[str, str]) -> Page:
    names = file_names(article.attachments)

    def target(address: str) -> Where | None:
        found = link_of(address, article.id)
        if found is None:
            return None
        if found.kind == "web":
            return Where(url=found.target)
        if found.kind == "attachment":
            return Where(attachment=names[found.target]) if found.target in names else None
        if found.kind == "anchor":
            return Where(anchor=found.anchor)
        return Where(page=titles[found.target], anchor=found.anchor) if found.target in titles else None

    state = f"<p><strong>{text(article.state)}</strong></p>"
    marks = "".join(f"<li>{text(mark)}</li>" for mark in article.marks)
    parts = [panel(_PANELS.get(article.status, "info"), state)]
    parts += [panel("warning", f"<p>Not as the signed records say:</p><ul>{marks}</ul>")] if marks else []
    rows = "".join(f"<tr><th>{text(fact.label)}</th><td>{_values(fact)}</td></tr>" for fact in article.facts)
    parts += [f"<table><tbody>{rows}</tbody></table>"] if rows else []
    parts += [to_storage(article.body, target), f"<hr/><p><em>{NOTE}</em></p>"]
    content = {names[path]: one for path, one in article.attachments.items()}
    title, body = titles[article.id], "".join(parts)
    seen = (title, body, *(f"{name} {one.digest}" for name, one in sorted(content.items())))
    digest = hashlib.sha256("\0".join(seen).encode("utf-8", "surrogatepass")).hexdigest()
    return Page(article.id, title, body, digest, content)


def _values(fact: Fact) -> str:
    found = []
    for part in fact.parts:
        linked = part.url.lower().startswith(("http://", "https://"))
        shown = f'<a href="{text(part.url)}">{text(part.text)}</a>' if linked else text(part.text)
        found.append(f"{shown} ({text(part.note)})" if part.note else shown)
    return ", ".join(found)
