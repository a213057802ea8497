"""Completion: section headings, front matter keys and values, handles, cells of the tables.

Works while the text is incomplete: the place is derived from the lines above, not from what could be parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lsprotocol import types

from pmctl.document.actions import action_tables, column_of
from pmctl.document.fields import FIELD, FIELDS, EditorRole, ItemKind, ItemStatus, Priority
from pmctl.document.fields import Kind as FieldKind
from pmctl.document.reader import Document
from pmctl.document.rows import split_row
from pmctl.document.table import Table
from pmctl.document.template_library import latest_versions
from pmctl.document.timeline import text_columns, timeline_tables
from pmctl.editor.open_documents import Kind, OpenDocument
from pmctl.rules.action_aims import causes_of

TRIGGERS = (" ", "@", ",", "[", "{")
"""Not `:` and `|`: an item offered right behind them would replace the blank that belongs there."""

_HEADING = re.compile(r"##[ \t]+(.*)")
_KEY = re.compile(r"([A-Za-z_]*)")
_VALUE = re.compile(r"([A-Za-z_]+)[ \t]*:[ \t]*(.*)")
_ITEM = re.compile(r"[ \t]*(?:-(?:[ \t]+|$))?(.*)")
_PART = re.compile(r"""[^\s,:\[\]{}"']*$""")
_MENTION = re.compile(r"(?:^|[^\w@.])@([a-z0-9-]*)$")
_FENCE = re.compile(r"---[ \t]*\r?\n?")
_SPECIAL = re.compile(r"[$}\\]")
_PEOPLE_KINDS = (FieldKind.HANDLE, FieldKind.HANDLES, FieldKind.EDITORS)


@dataclass(frozen=True, slots=True)
class _Offer:
    """One completion: the text, its kind, and more about it. `filter` is what the editor should match against what was
    typed, where that is not the text.
    """

    text: str
    kind: types.CompletionItemKind
    detail: str = ""
    documentation: str = ""
    filter: str = ""


def completion(opened: OpenDocument, offset: int, *, snippets: bool = False) -> list[types.CompletionItem]:
    """The items for an offset; each replaces what has been typed of it so far. `snippets` says that the editor
    takes texts in the syntax of snippets.
    """
    if opened.kind is not Kind.POSTMORTEM:
        return []
    text = opened.document.text
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    typed = text[start:offset]
    if _in_front_matter(text, start):
        offers, word = _front_matter(opened, text[:start], typed)
    else:
        offers, word = _body(opened, typed, offset)
    first = offset - len(word)
    where = opened.positions.range(first, offset)
    return [_item(offer, where, number, snippets) for number, offer in enumerate(offers) if _fits(word, offer.text)]


def _fits(word: str, text: str) -> bool:
    """Whether the typed characters occur in the text in this order, whatever their case. No editor's own filter lets
    more through; those that leave filtering to the server (Neovim) would offer everything.
    """
    rest = iter(text.casefold())
    return all(char in rest for char in word.casefold())


def _item(offer: _Offer, where: types.Range, number: int, snippets: bool) -> types.CompletionItem:
    # Neovim cuts a plain text at its first blank, "Root Cause" to "Root"; a snippet without a stop is taken whole.
    whole = snippets and " " in offer.text
    text = _SPECIAL.sub(r"\\\g<0>", offer.text) if whole else offer.text
    return types.CompletionItem(
        label=offer.text.rstrip(),
        kind=offer.kind,
        detail=offer.detail or None,
        documentation=offer.documentation or None,
        sort_text=f"{number:04}",
        filter_text=offer.filter or None,
        insert_text_format=types.InsertTextFormat.Snippet if whole else None,
        text_edit=types.TextEdit(where, text),
    )


def _in_front_matter(text: str, start: int) -> bool:
    """Whether a line lies in the front matter, whether or not that is closed yet."""
    opening = _FENCE.match(text)
    if opening is None or start < opening.end():
        return False
    return not any(_FENCE.fullmatch(line) for line in text[opening.end() : start].split("\n")[:-1])


def _front_matter(opened: OpenDocument, above: str, typed: str) -> tuple[list[_Offer], str]:
    value = _VALUE.fullmatch(typed)
    if value is None and (key := _KEY.fullmatch(typed)):
        present = {match[1] for line in above.split("\n") if (match := _VALUE.match(line))}
        present |= set(opened.document.found)
        fields = [field for field in FIELDS if field.name not in present or field.name == key[1]]
        return [_Offer(f"{f.name}: ", types.CompletionItemKind.Property, str(f.kind), f.doc) for f in fields], key[1]
    if value is not None:
        name, rest = value[1], value[2]
    else:
        name, rest = _key_above(above), (_ITEM.match(typed) or [typed, typed])[1]
    part = _PART.search(rest)
    word = part[0] if part else ""
    offers = _values(opened, name, rest[: len(rest) - len(word)])
    if not word and typed.endswith((":", "-")):
        offers = [replace(offer, text=f" {offer.text}") for offer in offers]  # YAML requires the blank
    return offers, word


def _key_above(above: str) -> str:
    """The key under which an indented line or a list's dash stands."""
    for line in reversed(above.split("\n")):
        if (match := _VALUE.match(line)) is not None:
            return match[1]
    return ""


def _values(opened: OpenDocument, name: str, before: str) -> list[_Offer]:
    """What may follow a front matter key; `before` is what stands between the key and the word being typed."""
    field = FIELD.get(name)
    if field is None:
        return []
    kinds = types.CompletionItemKind
    if field.kind is FieldKind.CHOICE:
        return [_Offer(choice, kinds.EnumMember) for choice in field.choices]
    if field.kind is FieldKind.TEMPLATE:
        own = latest_versions(opened.context.own_templates or ())
        return [_Offer(t.reference, kinds.File, t.description) for t in own.values()]
    if field.kind is FieldKind.EDITORS and before.rstrip().endswith(":"):
        return [_Offer(str(role), kinds.EnumMember) for role in EditorRole]
    if name == "severity":
        return [_Offer(severity, kinds.EnumMember) for severity in opened.context.severities]
    if name == "teams":
        teams = opened.context.people.teams if opened.context.people else ()
        return [_Offer(team, kinds.Class) for team in sorted(teams)]
    return _handles(opened) if field.kind in _PEOPLE_KINDS else []


def _handles(opened: OpenDocument, prefix: str = "") -> list[_Offer]:
    people = opened.context.people
    named = sorted(people.names.items()) if people else []
    return [_Offer(prefix + handle, types.CompletionItemKind.Value, name) for handle, name in named]


def _body(opened: OpenDocument, typed: str, offset: int) -> tuple[list[_Offer], str]:
    if (heading := _HEADING.fullmatch(typed)) is not None:
        return _sections(opened, offset), heading[1]
    column, cell = _cell(opened.document, offset)
    choices = {"Status": ItemStatus, "Priority": Priority, "Kind": ItemKind}.get(column)
    if choices is not None:
        return [_Offer(str(choice), types.CompletionItemKind.EnumMember) for choice in choices], cell
    if column == "Prevents":
        return [_Offer(word, types.CompletionItemKind.EnumMember) for word in causes_of(opened.document)], cell
    if column in ("Owner", "Who"):
        people = _handles(opened, "@")
        if not cell.startswith("@"):
            # People may begin with the name itself: VS Code does not find "bo" in "@bob".
            people = [replace(person, filter=person.text.removeprefix("@")) for person in people]
        return people, cell
    if (mention := _MENTION.search(typed)) is not None:
        return _handles(opened), mention[1]
    return [], ""


def _sections(opened: OpenDocument, offset: int) -> list[_Offer]:
    """The template's sections that the document does not have yet; the line being typed does not count."""
    document = opened.document
    view = opened.context.of_document(document).template
    present = {s.title.casefold() for s in document.sections if not s.start <= offset <= s.content_start}
    missing = [title for title in view.sections if title.casefold() not in present]
    required = {title.casefold() for title in view.required}
    kind = types.CompletionItemKind.Struct
    return [_Offer(title, kind, "required" if title.casefold() in required else "optional") for title in missing]


def _cell(document: Document, offset: int) -> tuple[str, str]:
    """The column in which an offset lies, of the tables whose cells can be completed, and what its cell holds up to
    there. Columns are counted in what is typed: the rest of the row may still be missing.
    """
    for table, columns in _completed_tables(document):
        for row in table.rows:
            if row.start <= offset <= row.end:
                typed = document.text[row.start : offset]
                cells = split_row(typed + "x")  # the cell that is being typed counts, also when it is still empty
                return columns.get(len(cells) - 1, ""), typed[cells[-1][0] :].lstrip()
    return "", ""


_COMPLETED = ("Owner", "Priority", "Status", "Prevents", "Kind")


def _completed_tables(document: Document) -> Iterator[tuple[Table, dict[int | None, str]]]:
    for table in action_tables(document):
        yield table, {column_of(table, name): name for name in _COMPLETED}
    for table in timeline_tables(document):
        yield table, {text_columns(table)[1]: "Who"}
