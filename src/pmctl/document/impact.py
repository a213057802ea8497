"""Impact as a document measures it: the rows of the Impact section's two-column tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pmctl.document.reader import tables

if TYPE_CHECKING:
    from pmctl.document.reader import Document


class Measure(NamedTuple):
    """One row: what was measured, and how much it was; both as written."""

    type: str
    measurement: str


def measures(doc: Document) -> tuple[Measure, ...]:
    """Every row that has any text, in order."""
    section = doc.section("Impact")
    found: list[Measure] = []
    for table in tables(doc, section) if section is not None else ():
        kind, measure = table.column("Impact Type", "Type", "Impact"), table.column("Measurement", "Measure", "Value")
        if kind is not None and measure is not None:
            found += [Measure(row.cells[kind].text, row.cells[measure].text) for row in table.rows]
    return tuple(one for one in found if any(one))
