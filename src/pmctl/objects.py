"""git's objects as values, parsed from their bytes without git's formatting code.

Data flows one way: bytes that `pmctl.object_reader.ObjectReader` has read and hashed -> Commit or TreeEntry.
The formats are those of git's own documentation (gitformat-pack, git-cat-file).
"""

from __future__ import annotations

from dataclasses import dataclass

from pmctl.errors import PmctlError


class MissingObject(PmctlError):
    """An object that history names is not there: a shallow or partial clone, or a damaged repository."""

    def __init__(self, oid: str) -> None:
        super().__init__(f"object {oid} is missing", hint="run 'git fetch --unshallow' or clone again")
        self.oid = oid


class CorruptObject(PmctlError):
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


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a tree: mode as six octal digits, name, object id."""

    mode: str
    name: str
    oid: str

    @property
    def is_tree(self) -> bool:
        """True for a folder."""
        return self.mode == "040000"


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


def parse_tree(oid: str, data: bytes, *, width: int) -> tuple[TreeEntry, ...]:
    """The entries of a tree from its bytes, in git's order; `width` is the hash's size in bytes.

    Raises CorruptObject when an entry ends early.
    """
    entries: list[TreeEntry] = []
    at = 0
    while at < len(data):
        space, zero = data.find(b" ", at), data.find(b"\0", at)
        if space < 0 or zero < space or zero + width >= len(data):
            raise CorruptObject(oid, "a tree entry ends early")
        mode = data[at:space].decode("ascii", "replace").zfill(6)
        name = data[space + 1 : zero].decode("utf-8", "surrogateescape")
        at = zero + 1 + width
        entries.append(TreeEntry(mode, name, data[zero + 1 : at].hex()))
    return tuple(entries)
