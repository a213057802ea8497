"""The words of one postmortem that lie outside its file, each kind in a folder of its own below `.pmctl`.

The one place that knows where they are: whoever writes them asks `stored`, whoever reads them
`ledger.snapshot.Snapshot.beside`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from pmctl.document.fields import is_id

FOLDER = ".pmctl"


class Beside(StrEnum):
    """What lies beside postmortems; the value is the name of its folder."""

    COMMENTS = "comments"
    IMPORTS = "imports"
    MEETINGS = "meetings"
    PUBLIC = "public"
    TICKETS = "tickets"


_ONE_FILE = {Beside.IMPORTS: ".json", Beside.PUBLIC: ".md"}
"""The kinds of which a postmortem has one file, `<folder>/<id><ending>`; of the others it has a folder of files."""


def is_single(kind: Beside) -> bool:
    """Whether a postmortem has one file of this kind, and no folder of them."""
    return kind in _ONE_FILE


class Owned(NamedTuple):
    """Which postmortem a file belongs to, as what, and its name in that postmortem's folder ('' where it has none)."""

    kind: Beside
    doc: str
    name: str


def folder_of(kind: Beside, doc: str = "") -> str:
    """The folder of a kind, or that of one postmortem in it."""
    return f"{FOLDER}/{kind}/{doc}" if doc else f"{FOLDER}/{kind}"


def path_of(kind: Beside, doc: str, name: str = "") -> str:
    """Where a file about a postmortem lies; it has a name where there are several."""
    ending = _ONE_FILE.get(kind)
    return f"{folder_of(kind)}/{doc}{ending}" if ending else f"{folder_of(kind, doc)}/{name}"


def owner_of(path: str) -> Owned | None:
    """What a path below the pmctl root belongs to; None for everything that does not lie beside a postmortem."""
    for kind in Beside:
        inside = path.removeprefix(folder_of(kind) + "/")
        if inside == path:
            continue
        ending = _ONE_FILE.get(kind)
        doc, _, name = inside.partition("/")
        if ending:
            doc = inside.removesuffix(ending) if inside.endswith(ending) else ""
        return Owned(kind, doc, name) if is_id(doc) and bool(name) is not bool(ending) and "/" not in name else None
    return None


def stored(kind: Beside, doc: str, data: bytes, name: str = "") -> tuple[str, bytes]:
    """The path and the bytes with which a file about a postmortem is stored."""
    return path_of(kind, doc, name), data
