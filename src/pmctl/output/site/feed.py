"""The feed of what was published last (Atom, RFC 4287) and the sitemap, which need the site's address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from xml.etree import ElementTree as ET

FEED, SITEMAP = "feed.xml", "sitemap.xml"
ENTRIES = 20
_ATOM = "http://www.w3.org/2005/Atom"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


class Told(NamedTuple):
    """One entry; `updated` is a moment in UTC."""

    id: str
    title: str
    updated: str
    author: str
    summary: str


def atom(url: str, name: str, told: Sequence[Told]) -> bytes:
    """The feed; `url` ends with a slash."""
    feed = ET.Element("feed", xmlns=_ATOM)
    _text(feed, "title", name)
    _text(feed, "id", url)
    _text(feed, "updated", max((one.updated for one in told), default="1970-01-01T00:00:00Z"))
    ET.SubElement(feed, "link", rel="self", href=f"{url}{FEED}")
    ET.SubElement(feed, "link", href=url)
    for one in told:
        entry = ET.SubElement(feed, "entry")
        address = f"{url}postmortems/{one.id}.html"
        _text(entry, "title", one.title)
        _text(entry, "id", address)
        ET.SubElement(entry, "link", href=address)
        _text(entry, "updated", one.updated)
        _text(ET.SubElement(entry, "author"), "name", one.author)
        _text(entry, "summary", one.summary)
    return _document(feed)


def sitemap(url: str, paths: Iterable[str]) -> bytes:
    """The addresses of all pages; `paths` are from the top of the site."""
    top = ET.Element("urlset", xmlns=_SITEMAP)
    for path in paths:
        _text(ET.SubElement(top, "url"), "loc", f"{url}{path}")
    return _document(top)


def _text(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = text


def _document(top: ET.Element) -> bytes:
    ET.indent(top)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(top, encoding="unicode")}\n'.encode()
