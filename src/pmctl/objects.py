"""git's objects as values, parsed from their bytes without git's formatting code.

Data flows one way: bytes that `pmctl.object_reader.ObjectReader` has read and hashed -> Commit, or entries of a tree.
The formats are those of git's own documentation (gitformat-pack, git-cat-file).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from pmctl.errors import EnvironmentProblem

_MODES = {b"40000": "40000", b"040000": "40000", b"100644": "100644"}
_ENTRY = {  # by the width of a hash in bytes
    20: re.compile(rb"([0-7]{5,6}) ([^\0/]+)\0(.{20})", re.DOTALL),
    32: re.compile(rb"([0-7]{5,6}) ([^\0/]+)\0(.{32})", re.DOTALL),
}


class MissingObject(EnvironmentProblem):
    """An object that history names is not there: a shallow or partial clone, or a damaged repository."""

    def __init__(self, oid: str) -> None:
        super().__init__(f"object {oid} is missing", hint="run 'git fetch --unshallow' or clone again")
        self.oid = oid


class CorruptObject(EnvironmentProblem):
    """An object's bytes do not hash to its id, or are not what their kind says."""

    def __init__(self, oid: str, why: str) -> None:
        super().__init__(f"object {oid} is corrupt: {why}", hint="run 'git fsck', then fetch the object again")
        self.oid = oid


@dataclass(frozen=True, slots=True)
class Identity:
    """A name, an e-mail and a time in seconds since the epoch, as a commit claims them."""

    name: str
    email: str
    when: int


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit object. `raw` is its content, for signature checks."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: Identity
    committer: Identity
    message: str
    raw: bytes


class Entry(NamedTuple):
    """What a tree says of one name: the mode as git shows it ("100644"; "40000" for a folder), and the object id."""

    mode: str
    oid: str

    @property
    def is_tree(self) -> bool:
        """True for a folder."""
        return self.mode == "40000"


def blob_id(data: bytes, digits: int) -> str:
    """The object id that git gives a file of these bytes, in a repository whose ids have so many digits."""
    import hashlib

    new = hashlib.sha256 if digits == 64 else hashlib.sha1
    return new(b"blob %d\0" % len(data) + data).hexdigest()


def parse_commit(oid: str, raw: bytes) -> Commit:
    """A commit from its bytes. Only the first of each header counts, as git reads them.

    Raises CorruptObject when tree, author or committer are missing.
    """
    head, _, message = raw.partition(b"\n\n")
    tree, parents = "", []
    people: dict[str, Identity] = {}
    for line in head.split(b"\n"):
        if line.startswith(b" "):
            continue
        name, _, value = line.partition(b" ")
        if name == b"tree" and not tree:
            tree = value.decode("ascii", "replace")
        elif name == b"parent":
            parents.append(value.decode("ascii", "replace"))
        elif name in (b"author", b"committer"):
            people.setdefault(name.decode(), _identity(value))
    if not tree or "author" not in people or "committer" not in people:
        raise CorruptObject(oid, "a commit without tree, author or committer")
    text = message.decode("utf-8", "replace")
    return Commit(oid, tree, tuple(parents), people["author"], people["committer"], text, raw)


def _identity(value: bytes) -> Identity:
    text = value.decode("utf-8", "replace")
    name, _, rest = text.partition("<")
    email, _, when = rest.rpartition(">")
    digits = (when.split() or ["0"])[0]
    # A time beyond what a calendar can show is a claim like any other: kept in range, never trusted.
    number = int(digits[:12]) if digits.isascii() and digits.isdigit() else 0
    return Identity(name.strip(), email.strip(), min(number, 253402300799))


def parse_tree(oid: str, data: bytes) -> list[tuple[str, Entry]]:
    """The names and entries in a tree, or in a part of one that begins and ends at entries, in git's order.

    Raises CorruptObject for anything else, and for a name that comes twice.
    """
    if not data:
        return []
    parts = _ENTRY[len(oid) // 2].findall(data)
    # What was found lies in order and apart; when it is as long as the whole, nothing lies in between.
    if sum(map(len, chain.from_iterable(parts))) + 2 * len(parts) != len(data):
        raise CorruptObject(oid, "a tree entry that cannot be read")
    found = [
        (name.decode("utf-8", "surrogateescape"), Entry(_MODES.get(mode) or mode.decode(), raw.hex()))
        for mode, name, raw in parts
    ]
    if len({name for name, _ in found}) != len(found):
        raise CorruptObject(oid, "a tree names an entry twice")
    return found
