"""Texts of Jira as Markdown in plain words: its wiki markup (REST API v2) and its document format (v3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pmctl.document.fenced_code import Run
from pmctl.services.cursor import Cursor

_CODE = re.compile(r"\{(?P<mark>code|noformat)(?::(?P<with>[^}\n]*))?\}\n?(?P<code>.*?)\n?\{(?P=mark)\}", re.DOTALL)
_LANGUAGE = re.compile(r"(?:^|\|)(?:language=)?(?P<name>[\w+#.-]+)(?=$|\|)")
_INLINE_CODE = re.compile(r"\{\{(.+?)\}\}")
_LINK = re.compile(r"\[([^\]|\n]+)\|(https?://[^\]|\s]+)(?:\|[^\]]*)?\]")
_MENTION = re.compile(r"\[~(?:accountid:)?([^\]\n]+)\]")
_BLOCKS = frozenset(("paragraph", "heading", "listItem", "blockquote", "rule", "tableRow", "mediaSingle"))
_DEPTH = 40


def plain_text(place: Cursor) -> str:
    """The text of a description or a comment, whichever of the two formats it has."""
    if place.mapping:
        pieces = [piece if piece.startswith("\n```") else re.sub(r"\n{3,}", "\n\n", piece) for piece in _joined(place)]
        return "".join(pieces).strip()
    written, at = [], 0
    for match in _CODE.finditer(place.text):
        written += [_plain(place.text[at : match.start()]), _block(match["code"], _language(match["with"] or ""))]
        at = match.end()
    return "".join([*written, _plain(place.text[at:])]).strip()


def _plain(text: str) -> str:
    text = _INLINE_CODE.sub(r"`\1`", text)
    text = _LINK.sub(r"\1 (\2)", text)
    return _MENTION.sub(r"@\1", text)


def _block(code: str, language: str) -> str:
    return f"\n{Run(True, code.split(chr(10)), language).source}\n"


def _language(options: str) -> str:
    """The language among the options of wiki markup: `java`, `title=x|sql`, `language=sh`."""
    match = _LANGUAGE.search(options)
    return match["name"] if match else ""


def _joined(place: Cursor) -> Iterator[str]:
    """The pieces of a document, those of prose joined and each block of code alone."""
    prose: list[str] = []
    for piece in _written(place, _DEPTH):
        if piece.startswith("\n```"):
            yield from ("".join(prose).rstrip("\n") + "\n", piece)
            prose = []
        else:
            prose.append(piece)
    yield "".join(prose)


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
        code = [child.at("text").value for child in node.at("content").each()]
        yield _block("".join(each for each in code if isinstance(each, str)), node.at("attrs", "language").text)
        return
    if kind == "listItem":
        yield "- "
    for child in node.at("content").each() if depth else ():
        yield from _written(child, depth - 1)
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
