"""The people of an incident, each once, though a record names them in many places and many ways."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pmctl.services.incident import Participant

_BOT = re.compile(r".*\[bot\]|(?:.*[-_ .])?bot|slackbot|github-actions|dependabot", re.IGNORECASE)
_NOBODY = frozenset(
    ("system", "system user", "automation", "automatic", "automated", "ghost", "unknown", "none", "n/a")
)


def is_bot(name: str) -> bool:
    """Whether this is what programs are called."""
    return bool(_BOT.fullmatch(name.strip()))


def is_nobody(name: str) -> bool:
    """Whether a system means itself, or nobody that it knows of."""
    return name.strip().casefold() in _NOBODY


class People:
    """Collects participants. Same e-mail or same handle is the same person; so is the same name, unless
    both have an address and they differ."""

    def __init__(self, known: Iterable[Participant] = ()) -> None:
        self._people: list[Participant] = []
        self._index: dict[tuple[str, str], int] = {}
        for person in known:
            self.add(person)

    def add(self, person: Participant) -> str:
        """Add or complete a person; returns the name to show ("" when the entry names nobody)."""
        name, email, handle = (" ".join(part.split()) for part in (person.name, person.email, person.handle))
        shown = name or handle or email
        if not shown:
            return ""
        place = self._place(name, email, handle)
        if place is None:
            place = len(self._people)
            self._people.append(Participant(name, email, handle, person.path))
        else:
            known = self._people[place]
            self._people[place] = Participant(
                known.name or name, known.email or email, known.handle or handle, known.path
            )
        for kind, value in (("email", email), ("handle", handle), ("name", name)):
            if value:
                self._index.setdefault((kind, value.lower()), place)
        return shown

    def _place(self, name: str, email: str, handle: str) -> int | None:
        for kind, value in (("email", email), ("handle", handle)):
            if value and (place := self._index.get((kind, value.lower()))) is not None:
                return place
        place = self._index.get(("name", name.lower())) if name else None
        if place is not None and email and (other := self._people[place].email) and other.lower() != email.lower():
            return None
        return place

    def named(self, shown: str) -> Participant | None:
        """The person whose name, handle or e-mail this is."""
        for kind in ("name", "handle", "email"):
            place = self._index.get((kind, shown.lower()))
            if place is not None and shown:
                return self._people[place]
        return None

    def all(self) -> tuple[Participant, ...]:
        """Everybody, in order of first mention."""
        return tuple(self._people)
