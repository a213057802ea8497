"""Hover texts: a finding's documentation, a field's meaning, a person's name."""

from __future__ import annotations

import re

from lsprotocol import types

from pmctl.document.fields import FIELD
from pmctl.document.markdown_text import inline
from pmctl.editor import diagnostics
from pmctl.editor.open_documents import Kind, OpenDocument
from pmctl.errors import NotFound

_CODE = re.compile(r"\b(?:PM|AU)\d{3}\b")
_OWN_COMMENT = re.compile(r"<!--\s*pmctl:.*?-->", re.DOTALL)
_KEY = re.compile(r"([a-z_]+)[ \t]*:")
_MENTION = re.compile(r"(?<![\w@])@([a-z0-9][a-z0-9-]*)")


def hover(opened: OpenDocument, offset: int, alike: str = "") -> types.Hover | None:
    """The hover at an offset, in Markdown; None when there is nothing to say. `alike` is what stands at the title: the
    postmortems of the same pattern."""
    if opened.kind is Kind.OTHER:
        return None
    found = diagnostics.at(opened, offset, offset)
    if found:
        codes = dict.fromkeys(finding.code for finding in found)
        messages = [f"**{finding.code}** {inline(finding.message)}" for finding in found]
        pages = [page for code in codes if (page := _documentation(code))]
        start = max(diagnostics.span(opened, finding)[0] for finding in found)
        end = min(diagnostics.span(opened, finding)[1] for finding in found)
        return _hover(opened, "\n\n---\n\n".join(["  \n".join(messages), *pages]), start, end)
    field = _field_hover(opened, offset, alike)
    return _code_hover(opened, offset) or field or _person_hover(opened, offset)


def _hover(opened: OpenDocument, text: str, start: int, end: int) -> types.Hover:
    content = types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.Hover(content, opened.positions.range(start, end))


def _documentation(code: str) -> str:
    from pmctl.codes import explain

    try:
        return explain(code).markdown().rstrip("\n")
    except NotFound:
        return ""


def _code_hover(opened: OpenDocument, offset: int) -> types.Hover | None:
    """A code in the settings, or in an ignore comment."""
    text = opened.document.text
    spans = [(0, len(text))]
    if opened.kind is not Kind.SETTINGS:
        spans = [match.span() for match in _OWN_COMMENT.finditer(text)]
    for start, end in spans:
        for match in _CODE.finditer(text, start, end):
            if match.start() <= offset <= match.end() and (page := _documentation(match[0])):
                return _hover(opened, page, *match.span())
    return None


def _field_hover(opened: OpenDocument, offset: int, alike: str) -> types.Hover | None:
    document = opened.document
    if opened.kind is not Kind.POSTMORTEM or not document.front_start <= offset < document.front_end:
        return None
    start = document.text.rfind("\n", 0, offset) + 1
    match = _KEY.match(document.text, start)
    field = FIELD.get(match[1]) if match else None
    if match is None or field is None:
        return None
    if field.name == "title" and alike and offset > match.end(1):
        line, _, _ = document.text[start:].partition("\n")
        return _hover(opened, alike, match.end(), start + len(line))
    if offset > match.end(1):
        return None
    text = f"**{field.name}** ({field.kind}{', required' if field.required else ''})\n\n{field.doc}"
    if field.choices:
        text += f"\n\nOne of {', '.join(f'`{choice}`' for choice in field.choices)}."
    text += f"\n\n{alike}" if field.name == "title" and alike else ""
    return _hover(opened, text, *match.span(1))


def _person_hover(opened: OpenDocument, offset: int) -> types.Hover | None:
    people = opened.context.people
    if people is None or opened.kind is not Kind.POSTMORTEM:
        return None
    start = opened.document.text.rfind("\n", 0, offset) + 1
    for match in _MENTION.finditer(opened.document.text, start, min(offset + 66, len(opened.document.text))):
        if match.start() <= offset <= match.end() and match[1] in people.names:
            return _hover(opened, inline(people.names[match[1]]), *match.span())
    return None
