"""What a person sees when the pointer rests on something: a finding's documentation, a field's meaning, a name."""

from __future__ import annotations

import re

from lsprotocol import types

from pmctl.document.fields import FIELD
from pmctl.editor import diagnostics
from pmctl.editor.open_documents import Kind, OpenDocument
from pmctl.errors import NotFound
from pmctl.workflow.markdown_text import inline

_CODE = re.compile(r"\b(?:PM|AU)\d{3}\b")
_OWN_COMMENT = re.compile(r"<!--\s*pmctl:.*?-->", re.DOTALL)
_KEY = re.compile(r"([a-z_]+)[ \t]*:")
_MENTION = re.compile(r"(?<![\w@])@([a-z0-9][a-z0-9-]*)")


def hover(sheet: OpenDocument, offset: int) -> types.Hover | None:
    """The hover at an offset, in Markdown; None when there is nothing to say."""
    if sheet.kind is Kind.OTHER:
        return None
    found = diagnostics.at(sheet, offset, offset)
    if found:
        codes = dict.fromkeys(finding.code for finding in found)
        messages = [f"**{finding.code}** {inline(finding.message)}" for finding in found]
        pages = [page for code in codes if (page := _documentation(code))]
        start = max(diagnostics.span(sheet, finding)[0] for finding in found)
        end = min(diagnostics.span(sheet, finding)[1] for finding in found)
        return _hover(sheet, "\n\n---\n\n".join(["  \n".join(messages), *pages]), start, end)
    return _code_hover(sheet, offset) or _field_hover(sheet, offset) or _person_hover(sheet, offset)


def _hover(sheet: OpenDocument, text: str, start: int, end: int) -> types.Hover:
    content = types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.Hover(content, sheet.positions.range(start, end))


def _documentation(code: str) -> str:
    from pmctl.codes import explain

    try:
        return explain(code).markdown().rstrip("\n")
    except NotFound:
        return ""


def _code_hover(sheet: OpenDocument, offset: int) -> types.Hover | None:
    """A code in the settings, or in an ignore comment."""
    text = sheet.document.text
    spans = [(0, len(text))]
    if sheet.kind is not Kind.SETTINGS:
        spans = [match.span() for match in _OWN_COMMENT.finditer(text)]
    for start, end in spans:
        for match in _CODE.finditer(text, start, end):
            if match.start() <= offset <= match.end() and (page := _documentation(match[0])):
                return _hover(sheet, page, *match.span())
    return None


def _field_hover(sheet: OpenDocument, offset: int) -> types.Hover | None:
    document = sheet.document
    if sheet.kind is not Kind.POSTMORTEM or not document.front_start <= offset < document.front_end:
        return None
    start = document.text.rfind("\n", 0, offset) + 1
    match = _KEY.match(document.text, start)
    field = FIELD.get(match[1]) if match else None
    if match is None or field is None or offset > match.end(1):
        return None
    text = f"**{field.name}** ({field.kind}{', required' if field.required else ''})\n\n{field.doc}"
    if field.choices:
        text += f"\n\nOne of {', '.join(f'`{choice}`' for choice in field.choices)}."
    return _hover(sheet, text, *match.span(1))


def _person_hover(sheet: OpenDocument, offset: int) -> types.Hover | None:
    people = sheet.context.people
    if people is None or sheet.kind is not Kind.POSTMORTEM:
        return None
    start = sheet.document.text.rfind("\n", 0, offset) + 1
    for match in _MENTION.finditer(sheet.document.text, start, min(offset + 66, len(sheet.document.text))):
        if match.start() <= offset <= match.end() and match[1] in people.names:
            return _hover(sheet, inline(people.names[match[1]]), *match.span())
    return None
