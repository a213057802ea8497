"""Texts of Jira as Markdown in plain words: its wiki markup (REST API v2) and its document format (v3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pmctl.services.cursor import Cursor

_CODE = re.compile(r"\{(?P<mark>code|noformat)(?::[^}\n]*)?\}\n?(?P<code>.*?)\n?\{(?P=mark)\}", re.DOTALL)
_INLINE_CODE = re.compile(r"\{\{(.+?)\}\}")
_LINK = re.compile(r"\[([^\]|\n]+)\|(https?://[^\]|\s]+)(?:\|[^\]]*)?\]")
_MENTION = re.compile(r"\[~(?:accountid:)?([^\]\n]+)\]")
_BLOCKS = frozenset(("paragraph", "heading", "listItem", "codeBlock", "blockquote", "rule", "tableRow", "mediaSingle"))
_DEPTH = 40


def plain_text(place: Cursor) -> str:
    """The text of a description or a comment, whichever of the two formats it has."""
    if place.mapping:
        text = "".join(_written(place, _DEPTH))
        return re.sub(r"\n{3,}", "\n\n", text).strip()
    text = _CODE.sub(lambda match: f"\n```\n{match['code']}\n```\n", place.text)
    text = _INLINE_CODE.sub(r"`\1`", text)
    text = _LINK.sub(r"\1 (\2)", text)
    return _MENTION.sub(r"@\1", text).strip()


def _written(node: Cursor, depth: int) -> Iterator[str]:
    kind = node.at("type").text
    if kind == "text":
        yield _marked(node)
    elif kind == "hardBreak":
        yield "\n"
    elif kind in ("mention", "emoji", "status", "inlineCard", "date"):
        attributes = node.at("attrs")
        yield attributes.first("text", "shortName", "url", "timestamp").text
    if kind == "codeBlock":
        yield "```\n"
    elif kind == "listItem":
        yield "- "
    for child in node.at("content").each() if depth else ():
        yield from _written(child, depth - 1)
    if kind == "codeBlock":
        yield "\n```"
    if kind in _BLOCKS:
        yield "\n"


def _marked(node: Cursor) -> str:
    text = node.at("text").value
    if not isinstance(text, str):
        return ""
    marks = {mark.at("type").text: mark for mark in node.at("marks").each()}
    if "code" in marks:
        return f"`{text}`"
    if "link" in marks and (address := marks["link"].at("attrs", "href").text) and address != text:
        return f"{text} ({address})"
    return text
