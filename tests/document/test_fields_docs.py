"""docs/formats.md lists the keys of the front matter as the table of fields has them."""

from __future__ import annotations

from pathlib import Path

from pmctl.document.fields import FIELDS, Field

DOCS = Path(__file__).parents[2] / "docs" / "formats.md"


def row(field: Field) -> str:
    value = ", ".join(f"`{choice}`" for choice in field.choices) or str(field.kind)
    needed = "required" if field.required else ""
    meaning = field.doc.replace("|", r"\|")
    return f"| `{field.name}` | {value} | {needed} | {meaning} |"


def test_the_keys_are_documented_in_their_order() -> None:
    """On a difference, the expected lines in the message are what belongs in the page."""
    expected = "\n".join(["| key | value | | meaning |", "|---|---|---|---|", *map(row, FIELDS)])
    assert expected in DOCS.read_text(encoding="utf-8"), f"\n{expected}"
