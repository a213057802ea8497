"""The incidents that a postmortem is about, in a form to compare them by. Document -> names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmctl.document.reader import Document


def linked_incidents(doc: Document) -> tuple[str, ...]:
    """`source:id` of every linked incident that has both, the source in lower case; each once."""
    if "incidents" not in doc.front:
        return ()
    given = doc.meta.get("incidents")
    entries = [entry for entry in given if isinstance(entry, dict)] if isinstance(given, list | tuple) else []
    return tuple(
        dict.fromkeys(name for entry in entries if (name := incident_name(entry.get("source"), entry.get("id"))))
    )


def incident_name(source: object, name: object) -> str:
    """`source:id` of one incident; "" where one of them is missing."""
    words = [" ".join(str(word).split()) if isinstance(word, str | int) else "" for word in (source, name)]
    return f"{words[0].lower()}:{words[1]}" if all(words) else ""
