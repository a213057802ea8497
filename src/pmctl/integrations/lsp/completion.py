"""What can be typed here: section headings, front matter keys and values, handles, an action item's cells.

Works on the text while it is broken: the place is told from the lines above, not from what could be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lsprotocol import types

from pmctl.document.actions import action_tables, column_of
from pmctl.document.fields import FIELD, FIELDS, EditorRole, ItemStatus, Priority
from pmctl.document.fields import Kind as FieldKind
from pmctl.document.reader import Document
from pmctl.document.template_library import latest_versions
from pmctl.integrations.lsp.desk import Kind, Sheet
from pmctl.rules.context import TemplateView

TRIGGERS = ("#", " ", "@", ":", ",", "[", "{", "|", "-")

_HEADING = re.compile(r"##[ \t]+(.*)")
_KEY = re.compile(r"([A-Za-z_]*)")
_VALUE = re.compile(r"([A-Za-z_]+)[ \t]*:[ \t]*(.*)")
_ITEM = re.compile(r"[ \t]*(?:-[ \t]+)?(.*)")
_PART = re.compile(r"""[^\s,:\[\]{}"']*$""")
_MENTION = re.compile(r"(?:^|[^\w@.])@([a-z0-9-]*)$")
_FENCE = re.compile(r"---[ \t]*\r?\n?")
_PEOPLE_KINDS = (FieldKind.HANDLE, FieldKind.HANDLES, FieldKind.EDITORS)


@dataclass(frozen=True, slots=True)
class _Offer:
    """One thing to type: the text, what it is, and more about it."""

    text: str
    kind: types.CompletionItemKind
    detail: str = ""
    documentation: str = ""


def completion(sheet: Sheet, offset: int) -> list[types.CompletionItem]:
    """The items for an offset; each replaces what has been typed of it so far."""
    if sheet.kind is not Kind.POSTMORTEM:
        return []
    text = sheet.document.text
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    typed = text[start:offset]
    if _in_front_matter(text, start):
        offers, word = _front_matter(sheet, text[:start], typed)
    else:
        offers, word = _body(sheet, typed, offset)
    first = offset - len(word)
    where = sheet.positions.range(first, offset)
    return [_item(offer, where, number) for number, offer in enumerate(offers)]


def _item(offer: _Offer, where: types.Range, number: int) -> types.CompletionItem:
    return types.CompletionItem(
        label=offer.text.strip(),
        kind=offer.kind,
        detail=offer.detail or None,
        documentation=offer.documentation or None,
        sort_text=f"{number:04}",
        filter_text=offer.text,
        text_edit=types.TextEdit(where, offer.text),
    )


def _in_front_matter(text: str, start: int) -> bool:
    """Whether a line lies in the front matter, be it closed already or not."""
    opening = _FENCE.match(text)
    if opening is None or start < opening.end():
        return False
    return not any(_FENCE.fullmatch(line) for line in text[opening.end() : start].split("\n")[:-1])


def _front_matter(sheet: Sheet, above: str, typed: str) -> tuple[list[_Offer], str]:
    value = _VALUE.fullmatch(typed)
    if value is None and (key := _KEY.fullmatch(typed)):
        present = {match[1] for line in above.split("\n") if (match := _VALUE.match(line))}
        present |= set(sheet.document.found)
        fields = [field for field in FIELDS if field.name not in present or field.name == key[1]]
        return [_Offer(f"{f.name}: ", types.CompletionItemKind.Property, str(f.kind), f.doc) for f in fields], key[1]
    if value is not None:
        name, rest = value[1], value[2]
    else:
        name, rest = _key_above(above), (_ITEM.match(typed) or [typed, typed])[1]
    part = _PART.search(rest)
    word = part[0] if part else ""
    return _values(sheet, name, rest[: len(rest) - len(word)]), word


def _key_above(above: str) -> str:
    """The key under which an indented line or a list's dash stands."""
    for line in reversed(above.split("\n")):
        if (match := _VALUE.match(line)) is not None:
            return match[1]
    return ""


def _values(sheet: Sheet, name: str, before: str) -> list[_Offer]:
    """What may follow a front matter key; `before` is what stands between the key and the word being typed."""
    field = FIELD.get(name)
    if field is None:
        return []
    kinds = types.CompletionItemKind
    if field.kind is FieldKind.CHOICE:
        return [_Offer(choice, kinds.EnumMember) for choice in field.choices]
    if field.kind is FieldKind.TEMPLATE:
        own = latest_versions(sheet.context.own_templates or ())
        return [_Offer(t.reference, kinds.File, t.description) for t in own.values()]
    if field.kind is FieldKind.EDITORS and before.rstrip().endswith(":"):
        return [_Offer(str(role), kinds.EnumMember) for role in EditorRole]
    if name == "severity":
        return [_Offer(severity, kinds.EnumMember) for severity in sheet.context.severities]
    if name == "teams":
        teams = sheet.context.people.teams if sheet.context.people else ()
        return [_Offer(team, kinds.Class) for team in sorted(teams)]
    return _handles(sheet) if field.kind in _PEOPLE_KINDS else []


def _handles(sheet: Sheet, prefix: str = "") -> list[_Offer]:
    people = sheet.context.people
    named = sorted(people.names.items()) if people else []
    return [_Offer(prefix + handle, types.CompletionItemKind.Value, name) for handle, name in named]


def _body(sheet: Sheet, typed: str, offset: int) -> tuple[list[_Offer], str]:
    if (heading := _HEADING.fullmatch(typed)) is not None:
        return _sections(sheet, offset), heading[1]
    column, cell = _action_cell(sheet.document, offset)
    choices = {"Status": ItemStatus, "Priority": Priority}.get(column)
    if choices is not None:
        return [_Offer(str(choice), types.CompletionItemKind.EnumMember) for choice in choices], cell
    if column == "Owner":
        return _handles(sheet, "@"), cell
    if (mention := _MENTION.search(typed)) is not None:
        return _handles(sheet), mention[1]
    return [], ""


def _sections(sheet: Sheet, offset: int) -> list[_Offer]:
    """The template's sections that the document does not have yet; the line being typed does not count."""
    document, context = sheet.document, sheet.context
    view = context.template
    if context.own_templates is not None:
        recorded = document.meta.get("template")
        view = TemplateView.recorded(recorded if isinstance(recorded, str) else "", context.own_templates)
    present = {s.title.casefold() for s in document.sections if not s.start <= offset <= s.content_start}
    missing = [title for title in view.sections if title.casefold() not in present]
    required = {title.casefold() for title in view.required}
    kind = types.CompletionItemKind.Struct
    return [_Offer(title, kind, "required" if title.casefold() in required else "optional") for title in missing]


def _action_cell(document: Document, offset: int) -> tuple[str, str]:
    """The column of the action items' table in which an offset lies, and what its cell holds up to there."""
    for table in action_tables(document):
        for row in table.rows:
            if not row.start <= offset <= row.end:
                continue
            known: Iterable[tuple[str, int | None]] = (
                (n, column_of(table, n)) for n in ("Owner", "Status", "Priority")
            )
            for name, index in known:
                cell = row.cells[index] if index is not None else None
                if cell is not None and not cell.missing and cell.left <= offset <= cell.right:
                    return name, document.text[cell.left : offset].lstrip()
    return "", ""
