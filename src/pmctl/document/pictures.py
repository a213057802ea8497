"""The pictures that a body shows, and which of them an approval covers: those in the postmortem's own folder.

body -> addresses of Markdown images and of everything in HTML that loads something -> the ones from elsewhere

A picture anywhere else, in this repository or on another host, can be exchanged after publication without a trace in
any record: readers would see what nobody approved.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from pmctl.document.structure import pictures_and_html

if TYPE_CHECKING:
    from pmctl.document.reader import Document

_SHOWS = re.compile(r"!\[|<[A-Za-z]")
# Attributes that load what they name, whatever the tag; of some tags the link does, too.
_LOADING = frozenset(("src", "srcset", "imagesrcset", "poster", "background", "data", "xlink:href"))
_LINKED = frozenset(("image", "feimage", "use", "base", "link"))
_STYLED = re.compile(r"url\(\s*['\"]?([^'\")]*)", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//|\\\\")
_COMMENT = re.compile(r"<!--(?:-?>|[\s\S]*?--!?>)")
# What makes readers of HTML pass over a tag, and not all of them alike: here every tag counts.
_PASSED_OVER = re.compile(r"<(?=[?!])|(?<=<)(?=script|style|title|textarea|xmp|iframe|no|plaintext)", re.IGNORECASE)
_UNREADABLE = "HTML that is not closed"


class Picture(NamedTuple):
    """A picture that the text shows: its address as written, and the offsets of what shows it."""

    target: str
    start: int
    end: int


def attachment_path(target: str, postmortem: str) -> str | None:
    """The attachment that a link in a postmortem means, relative to the attachment folder.

    `target` is the link as Markdown gives it: relative to the postmortem's file, or from the repository's top with a
    slash at its beginning, percent-encoded, as in `<id>/graph.png`. None when it points anywhere else.
    """
    path = unquote(target.split("#", 1)[0].split("?", 1)[0])
    if not path or not postmortem or "\\" in path or "\0" in path:
        return None
    if path.startswith("/"):
        path = path.removeprefix(f"/postmortems/{postmortem[:4]}/")
    folder, slash, rest = posixpath.normpath(path).partition("/")
    return rest if slash and folder == postmortem and rest else None


def pictures_elsewhere(doc: Document) -> list[Picture]:
    """The pictures that the body shows from outside of the postmortem's own folder; no `data:` addresses."""
    if not _SHOWS.search(doc.text, doc.body_start):
        return []
    own = doc.id or doc.path.rpartition("/")[2].removesuffix(".md")
    return [
        picture
        for picture in _pictures(doc.text, doc.body_start)
        if picture.target[:5].lower() != "data:" and attachment_path(picture.target, own) is None
    ]


def is_remote(target: str) -> bool:
    """Whether an address leads to another host."""
    return _SCHEME.match(target) is not None


def _pictures(text: str, start: int) -> Iterator[Picture]:
    for kind, source, first, last in pictures_and_html(text, start):
        if kind == "picture":
            yield Picture(source, first, last)
        elif "<" in source:
            reader = _Loading()
            reader.feed(_PASSED_OVER.sub(lambda match: " " if match[0] else "x-", _COMMENT.sub("", source)))
            # A tag that the block does not close goes on in what follows, as far as a browser is concerned.
            if re.match(r"<[A-Za-z][^>]*\Z", reader.rawdata):
                reader.found.append(_UNREADABLE)
            yield from (Picture(target, first, last) for target in reader.found if target)


class _Loading(HTMLParser):
    """Collects the addresses that HTML loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if not value:
                continue
            if name.endswith("srcset"):
                self.found += [part.split()[0] for part in value.split(",") if part.split()]
            elif name in _LOADING or (name == "href" and tag in _LINKED):
                self.found.append(value.strip())
            elif name == "style":
                self.found += _STYLED.findall(value)
