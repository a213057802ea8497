"""Objects asked for ahead of time. A question to git costs a switch between two processes, which costs more than
most of the work on the answer; so whoever knows what comes next asks for all of it at once.

Reads through `ObjectReader`, which verifies every object's hash; nothing here is trusted or written.
"""

from __future__ import annotations

from collections.abc import Iterable

from pmctl.object_reader import ObjectReader
from pmctl.objects import Commit, CorruptObject, parse_commit

_COMMITS = 4096  # read at a time
_LARGEST_KEPT = 1024 * 1024  # bytes of one object
_MOST_KEPT = 64 * 1024 * 1024  # bytes of all of them


class Store:
    """Objects by full id; what was fetched ahead is handed out once and then forgotten. Commits are kept."""

    def __init__(self, reader: ObjectReader) -> None:
        self.reader = reader
        self._ahead: dict[str, tuple[str, bytes]] = {}
        self._size = 0
        self._commits: dict[str, Commit] = {}

    def fetch(self, oids: Iterable[str]) -> None:
        """Read objects ahead. One that is missing or corrupt is left for the read that needs it to say so."""
        wanted = [oid for oid in dict.fromkeys(oids) if oid not in self._ahead and oid not in self._commits]
        if self._size > _MOST_KEPT:
            self._ahead.clear()
            self._size = 0
        for oid, found in self.reader.read_present(wanted).items():
            if len(found[1]) <= _LARGEST_KEPT:
                self._ahead[oid] = found
                self._size += len(found[1])

    def fetch_history(self, tip: str, without: tuple[str, ...] = ()) -> None:
        """Read the commits up to `tip` ahead, those at or before one of `without` left out."""
        oids = self.reader.commit_ids(tip, without)
        for first in range(0, len(oids), _COMMITS):
            self.fetch(oids[first : first + _COMMITS])
            for oid in oids[first : first + _COMMITS]:
                if oid in self._ahead:
                    self.commit(oid)

    def read(self, oid: str) -> tuple[str, bytes]:
        """(kind, content). Raises MissingObject, CorruptObject."""
        found = self._ahead.pop(oid, None)
        if found is None:
            return self.reader.read(oid)
        self._size -= len(found[1])
        return found

    def peek(self, oid: str) -> bytes | None:
        """The content of a blob that was fetched ahead, which stays to be read; None when it was not."""
        kind, data = self._ahead.get(oid, ("", b""))
        return data if kind == "blob" else None

    def blob(self, oid: str) -> bytes:
        """The content of a blob. Raises MissingObject, CorruptObject."""
        return self._of_kind(oid, "blob")

    def commit(self, oid: str) -> Commit:
        """A commit, parsed. Raises MissingObject, CorruptObject."""
        found = self._commits.get(oid)
        if found is None:
            found = self._commits[oid] = parse_commit(oid, self._of_kind(oid, "commit"))
        return found

    def _of_kind(self, oid: str, expected: str) -> bytes:
        kind, data = self.read(oid)
        if kind != expected:
            raise CorruptObject(oid, f"it is a {kind}, not a {expected}")
        return data
