"""What a new ticket says, written in the language of each tracker: paragraphs in, Markdown, wiki markup or ADF out.

Every text is foreign: it mentions nobody, runs no quick action and makes no markup, whatever stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from pmctl.text import clean, single_line

MAX_TITLE = 250  # Jira and GitLab take 255 characters


class Piece(NamedTuple):
    """A run of text, linked where it has an address."""

    text: str
    url: str = ""


Body = Sequence[Sequence[Piece]]
"""Paragraphs of pieces."""

_MARKDOWN = re.compile(r"[\\`*_\[\]<>&~|$#{}]")
_MENTION = re.compile(r"@(?=\S)")  # or of an address
_WIKI = re.compile(r"[\\{}\[\]|*_^~!#?@=]|(?<!\w)[-+]|[-+](?!\w)")  # a hyphen within a word is one


def title(text: str, limit: int = MAX_TITLE) -> str:
    """A text as the title of a ticket: one line without what deceives."""
    plain = single_line(clean(text))
    return plain if len(plain) <= limit else plain[: limit - 4].rstrip() + " ..."


def escaped_markdown(text: str) -> str:
    """A text as one line of Markdown that shows just that text, on GitHub, GitLab and Linear.

    An empty comment behind an @ keeps hosts from taking it for a mention, and is not shown; a backslash at the
    beginning keeps GitLab from taking a line for a quick action.
    """
    plain = _MARKDOWN.sub(r"\\\g<0>", single_line(clean(text)))
    plain = re.sub(r"^(?:[-+=/>:])", r"\\\g<0>", plain)
    plain = re.sub(r"^(\d{1,9})([.)])", r"\1\\\2", plain)
    return _MENTION.sub("@<!-- -->", plain)


def markdown(body: Body) -> str:
    """The paragraphs as Markdown."""
    return "\n\n".join("".join(map(_markdown_piece, paragraph)) for paragraph in body)


def _markdown_piece(piece: Piece) -> str:
    text = _spaced(piece.text, escaped_markdown)
    return f"[{text}]({_address(piece.url)})" if piece.url else text


def wiki(body: Body) -> str:
    """The paragraphs as Jira's wiki markup, which its REST API v2 takes."""

    def piece(one: Piece) -> str:
        text = _spaced(one.text, lambda part: _WIKI.sub(r"\\\g<0>", single_line(clean(part))))
        return f"[{text}|{_address(one.url)}]" if one.url else text

    return "\n\n".join("".join(map(piece, paragraph)) for paragraph in body)


def plain(body: Body) -> str:
    """The paragraphs as plain text; an address follows its text."""

    def piece(one: Piece) -> str:
        text = _spaced(one.text, lambda part: single_line(clean(part)))
        return f"{text} ({_address(one.url)})" if one.url else text

    return "\n\n".join("".join(map(piece, paragraph)) for paragraph in body)


def adf(body: Body) -> dict[str, Any]:
    """The paragraphs in Atlassian's document format (version 1). No text node is empty."""
    content = []
    for paragraph in body:
        nodes = [_text_node(piece) for piece in paragraph if piece.text]
        content.append({"type": "paragraph", "content": nodes} if nodes else {"type": "paragraph"})
    return {"version": 1, "type": "doc", "content": content}


def _text_node(piece: Piece) -> dict[str, Any]:
    node: dict[str, Any] = {"type": "text", "text": _spaced(piece.text, lambda part: single_line(clean(part)))}
    if piece.url:
        node["marks"] = [{"type": "link", "attrs": {"href": _address(piece.url)}}]
    return node


def _spaced(text: str, write: Any) -> str:
    """A text written by a function that trims, with one space left where it had some at its ends."""
    written: str = write(text)
    before, after = text[:1].isspace(), text[-1:].isspace()
    return f"{' ' if before else ''}{written}{' ' if after and text.strip() else ''}"


def _address(url: str) -> str:
    """An address without a character that ends a link."""
    return quote(url, safe="!#$%&'*+,-./:;=?@_~[]".replace("[]", ""))
