"""One postmortem as a flavour takes it, and all of them together. Document -> Article; Articles -> Collection.

Everything that is the same in every flavour is decided here: what the links mean, which attachments come along, what
stands in the head. A flavour only says where things lie and how they are written.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from pmctl.document.fields import id_of
from pmctl.document.pictures import attachment_path
from pmctl.document.reader import Document
from pmctl.insight.publication import Broken
from pmctl.output.markdown import clean_body
from pmctl.output.page_facts import Fact, banner, facts
from pmctl.output.wiki.attachments import Attachment, look
from pmctl.output.wiki.markdown import parse
from pmctl.text import harmless, single_line

_WEB = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_SENTENCE = 240  # characters of a summary in a list


class Link(NamedTuple):
    """What an address in a postmortem means: kind "web", "anchor", "postmortem" (its id) or "attachment" (its path).

    `anchor` is the place in a postmortem, without its mark.
    """

    kind: str
    target: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """A postmortem for a wiki. `body` has neither prompts nor the heading that repeats the title.

    `refused` says of attachments that stay behind why: path and reason. `marks` are sentences about what its file says
    and no signed record proves.
    """

    id: str
    title: str
    status: str
    facts: tuple[Fact, ...]
    body: str
    summary: str = ""
    severity: str = ""
    services: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    attachments: Mapping[str, Attachment] = field(default_factory=dict)
    refused: tuple[tuple[str, str], ...] = ()

    @property
    def day(self) -> str:
        """The day of the incident, as in 2026-05-04."""
        return self.id[:10]

    @property
    def year(self) -> str:
        """The year of the incident."""
        return self.id[:4]

    @property
    def state(self) -> str:
        """How far it is, as people say it."""
        return banner(self.status).label


@dataclass(frozen=True, slots=True)
class Collection:
    """All that is shown, newest incident first. `source` names in words what it was made from."""

    articles: tuple[Article, ...]
    broken: tuple[Broken, ...] = ()
    source: str = ""

    @property
    def years(self) -> dict[str, list[Article]]:
        """The articles by year, newest first."""
        found: dict[str, list[Article]] = {}
        for article in self.articles:
            found.setdefault(article.year, []).append(article)
        return found


def article_of(
    document: Document,
    postmortem: str,
    folder: Path,
    *,
    names: Mapping[str, str],
    marks: Sequence[str] = (),
    approved: Sequence[str] = (),
) -> Article:
    """The article of a document; `folder` holds its attachments, `names` are those of people by their handles."""
    meta = document.meta
    title = single_line(harmless(document.title)) or postmortem
    body = _without_title(clean_body(document), title)
    attachments: dict[str, Attachment] = {}
    refused: dict[str, str] = {}
    for address in dict.fromkeys(_addresses(body)):
        link = link_of(address, postmortem)
        if link is not None and link.kind == "attachment" and link.target not in attachments:
            found = look(folder, link.target)
            if isinstance(found, str):
                refused[link.target] = found
            else:
                attachments[link.target] = found
    return Article(
        postmortem, title, document.status, facts(document, names, approved), body,
        summary=_summary(body), severity=_word(meta.get("severity")), services=_words(meta.get("services")),
        teams=_words(meta.get("teams")), tags=_words(meta.get("tags")), marks=tuple(marks), attachments=attachments,
        refused=tuple(refused.items()),
    )  # fmt: skip


def link_of(address: str, postmortem: str) -> Link | None:
    """What an address in a postmortem means; None for everything that must lead nowhere from a page."""
    if _WEB.match(address):
        return Link("web", address)
    if address.startswith("#"):
        return Link("anchor", "", unquote(address[1:]))
    path, _, anchor = address.partition("#")
    path = unquote(path.partition("?")[0])
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//|\\", path):
        return None
    base = "" if path.startswith("/") else f"postmortems/{postmortem[:4]}"
    if other := id_of(posixpath.normpath(posixpath.join(base, path.lstrip("/")))):
        return Link("postmortem", other, unquote(anchor))
    own = attachment_path(address, postmortem)
    return Link("attachment", own) if own is not None else None


def _addresses(body: str) -> Iterable[str]:
    """Every address that a body shows or links to."""
    if "](" not in body and "]:" not in body:
        return
    for token in parse(body):
        for child in token.children or ():
            if child.type in ("link_open", "image"):
                yield str(child.attrs.get("href") or child.attrs.get("src") or "")


def _without_title(body: str, title: str) -> str:
    first, _, rest = body.partition("\n")
    if first.startswith("# ") and single_line(harmless(first[2:])).rstrip(" #").casefold() == title.casefold():
        return rest.lstrip("\n")
    return body


def _summary(body: str) -> str:
    """The first paragraph of the summary, as plain text."""
    section = re.search(r"^##[ \t]+Summary[ \t]*\n", body, re.IGNORECASE | re.MULTILINE)
    if section is None:
        return ""
    text = body[section.end() :].lstrip("\n").partition("\n\n")[0]
    tokens = [] if text.startswith("#") else parse(text)
    inline = next((token for token in tokens if token.type == "inline"), None)
    words = [child.content if child.content else " " for child in (inline.children or ()) if inline] if inline else []
    plain = single_line(harmless("".join(words)))
    return plain if len(plain) <= _SENTENCE else plain[: _SENTENCE - 1].rsplit(" ", 1)[0] + " …"


def _word(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list | tuple) else single_line(harmless(str(value)))


def _words(value: object) -> tuple[str, ...]:
    return tuple(filter(None, map(_word, value))) if isinstance(value, list | tuple) else ()
