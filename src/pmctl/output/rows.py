"""Answers of many rows for other programs: CSV for spreadsheets, JSON Lines for everything that reads line by line."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

_FORMULA = frozenset("=+-@")
_BLANK = ("Z", "Cc", "Cf")  # categories that show nothing; spreadsheets trim some of them before they look


def to_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """A header and one line for each row; what is not in `columns` is left out, true and false are yes and no."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([inert(_cell(row[column])) for column in columns])
    return text.getvalue()


def to_jsonl(rows: Iterable[Mapping[str, object]]) -> str:
    """One JSON object a line, its keys in their order."""
    return "".join(json.dumps(dict(row), ensure_ascii=True, separators=(",", ":")) + "\n" for row in rows)


def inert(cell: str) -> str:
    """The cell as text: a spreadsheet would run one that begins as a formula, so such a one gets an apostrophe.

    What is blank before the first visible character is no protection, and full-width forms count as the plain ones.
    """
    visible = (one for one in cell if not unicodedata.category(one).startswith(_BLANK))
    begun = unicodedata.normalize("NFKC", next(visible, ""))[:1]
    return f"'{cell}" if begun in _FORMULA or cell[:1] in ("\t", "\r", "\n") else cell


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    # A lone carriage return would not be quoted, and end the row for some readers.
    return "" if value is None else "\n".join(str(value).replace("\r\n", "\n").split("\r"))
