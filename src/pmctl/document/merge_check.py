"""What a merge made of two sides that neither of them says. base, sides, result -> faults.

A host's merge button puts lines together without knowing what they are. Where both sides changed one table, that can
bring back a row that both removed, blend two rows, or leave one out, and no conflict is shown.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pmctl.codes import Code
from pmctl.document.reader import Document

BACK, BLENDED, GONE = "PM041", "PM042", "PM043"


class Fault(NamedTuple):
    """One thing that the merge says and no side does: its code, in words, and the line of the result, from 1."""

    code: str
    message: str
    line: int


class _Item(NamedTuple):
    cells: dict[str, str]
    line: int


def merge_faults(base: Document | None, sides: Sequence[Document], result: Document) -> list[Fault]:
    """What is wrong with a merge of readable documents; `base` is what the sides come from, None when unknown."""
    return sorted(
        [*_rows(base, sides, result), *_items(base, sides, result), *_keys(sides, result)], key=lambda one: one.line
    )


def _rows(base: Document | None, sides: Sequence[Document], result: Document) -> Iterator[Fault]:
    """Rows of any table that come back though every side had removed them."""
    before = _row_counts(base) if base is not None else Counter()
    known: Counter[tuple[str, ...]] = Counter()
    for side in sides:
        known |= _row_counts(side)
    for table in result.tables:
        for row in table.rows:
            texts = _texts(row.cells)
            if before[texts] and not known[texts] and any(texts):
                yield Fault(BACK, f"the row {_short(texts)} is back, which both sides had removed", row.line)


def _row_counts(doc: Document) -> Counter[tuple[str, ...]]:
    return Counter(_texts(row.cells) for table in doc.tables for row in table.rows)


def _texts(cells: Sequence[Any]) -> tuple[str, ...]:
    return tuple(cell.text for cell in cells)


def _by_id(doc: Document) -> dict[str, list[_Item]]:
    """The rows that have an id, by it."""
    found: dict[str, list[_Item]] = {}
    for table in doc.tables:
        at = table.column("ID")
        if at is None:
            continue
        for row in table.rows:
            if row.cells[at].text:
                cells = dict(zip(table.names, _texts(row.cells), strict=True))
                found.setdefault(row.cells[at].text, []).append(_Item(cells, row.line))
    return found


def _items(base: Document | None, sides: Sequence[Document], result: Document) -> Iterator[Fault]:
    """Rows with an id: gone, back under other words, or with a cell that no side wrote. An id twice is PM503."""
    before = _by_id(base) if base is not None else {}
    there, found = [_by_id(side) for side in sides], _by_id(result)
    for name, items in found.items():
        versions = [item for side in there for item in side.get(name, ())]
        if not versions:
            if name in before and not any(item.cells == was.cells for item in items for was in before[name]):
                yield Fault(BACK, f"{name} is back, which both sides had removed", items[0].line)
            continue
        for item in items:
            for column, text in item.cells.items():
                if text and all(text != one.cells.get(column) for one in versions):
                    yield Fault(BLENDED, f"{column} of {name} is {text[:60]!r}, which neither side wrote", item.line)
    for name in dict.fromkeys(name for side in there for name in side):
        kept = all(name in side for side in there)
        if name not in found and (kept or name not in before):
            what = "both sides have" if kept else "one side added"
            yield Fault(GONE, f"{name} is gone, which {what}", 1)


def _keys(sides: Sequence[Document], result: Document) -> Iterator[Fault]:
    """Keys of the front matter with a value, or an element, that no side has."""
    for key, node in result.front.items():
        value = result.meta[key]
        versions = [side.meta[key] for side in sides if key in side.front]
        if isinstance(value, list | dict):
            known = {part for one in versions for part in _parts(one)}
            strange = [part for part in _parts(value) if part not in known]
        else:
            strange = [] if _json(value) in {_json(one) for one in versions} else [_json(value)]
        if strange:
            yield Fault(BLENDED, f"{key} says {strange[0][:60]}, which neither side wrote", node.key_line)


def _parts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{key}: {_json(one)}" for key, one in value.items()]
    return [_json(one) for one in value] if isinstance(value, list) else [_json(value)]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _short(texts: tuple[str, ...]) -> str:
    words = " | ".join(text for text in texts if text)
    return repr(words if len(words) <= 60 else words[:57] + "...")


_WHY = (
    "A host's merge button runs no merge driver: it puts lines together, and shows no conflict where they only blend."
)
_FIX = "Compare the merge with both sides (git show MERGE^1:PATH, git show MERGE^2:PATH), and put right what is wrong."

CODES = (
    Code(
        BACK, "row-brought-back", "A merge brought back a row that both of its sides had removed.", _WHY, _FIX,
        "AI-7f3k, which jane and bob both took out on their branches",
    ),
    Code(
        BLENDED, "written-by-neither-side", "A merge holds a cell or a key that neither of its sides wrote.",
        f"{_WHY} Or whoever resolved a conflict wrote something of their own.", _FIX,
        "Owner is @dave, where one side says @bob and the other @carol",
    ),
    Code(
        GONE, "row-lost-in-merge", "A merge lacks an action item that one of its sides added, or that all have.", _WHY,
        _FIX, "AI-1aaa, which bob added on his branch",
    ),
)  # fmt: skip
