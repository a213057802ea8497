"""What an act is about to change, noted before its first byte: (repository, Journal) <-> a file of this work tree.

Whoever comes after a kill finds it and puts back what it names. The file is read strictly: it lies where anybody may
have put it, and decides what is written. One that cannot be read is set aside, never obeyed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pmctl import git
from pmctl.files import make_folder, read_kept, write_atomic

_FILE = "journal.json"
_LARGEST = 512 * 1024 * 1024  # bytes; adopting a whole collection is one act
_ID = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Touched:
    """One file of an act, by its path below the pmctl root.

    `before` and `after` are its bytes (None: no file), `staged` what the index had of it, as "<mode> <object id>" (""
    where that is what HEAD has). `hooked` is what a commit hook or a filter made of it on its way into the commit.
    """

    path: str
    before: bytes | None
    after: bytes | None
    staged: str = ""
    hooked: bytes | None = None

    def fits(self, oid: str) -> bool:
        """Whether the blob `oid` ("" for none) is what the act wrote, apart from git's own handling of line ends."""
        if self.after is None:
            return not oid
        return oid in {blob_id(data, len(oid)) for data in (self.after, self.after.replace(b"\r\n", b"\n"))}


@dataclass(frozen=True, slots=True)
class Journal:
    """One act: the commit that it is made on ("" before the first), the full name of the branch ("" for a detached
    HEAD), the message of its commit, its files."""

    head: str
    branch: str
    message: str
    files: tuple[Touched, ...]


class Damaged(Exception):
    """What lies at the journal's place is not a journal."""


def path_of(repo: git.Repository) -> Path:
    """Where the journal of this work tree lies."""
    return repo.act_dir / _FILE


def read(repo: git.Repository) -> Journal | None:
    """The journal of an act that has not ended; None when there is none. Raises Damaged."""
    try:
        value = json.loads(read_kept(path_of(repo), _LARGEST))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        raise Damaged from None
    try:
        files = tuple(_touched(repo, one) for one in value["files"])
        found = Journal(value["head"], value["branch"], value["message"], files)
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise Damaged from None
    texts = (found.head, found.branch, found.message)
    if not all(isinstance(text, str) for text in texts) or not _ID.issuperset(found.head):
        raise Damaged
    if found.branch and not found.branch.startswith("refs/heads/"):
        raise Damaged
    return found


def write(repo: git.Repository, journal: Journal) -> None:
    """Note an act. Raises OSError."""
    files = [
        {
            "path": one.path,
            "before": _encode(one.before),
            "after": _encode(one.after),
            "staged": one.staged,
            "hooked": _encode(one.hooked),
        }
        for one in journal.files
    ]
    plain = {"head": journal.head, "branch": journal.branch, "message": journal.message, "files": files}
    make_folder(repo.act_dir, repo.git_dir)
    write_atomic(path_of(repo), json.dumps(plain).encode(), durable=True)


def forget(repo: git.Repository, journal: Journal | None = None) -> None:
    """The act has ended: the journal goes, and what its kill may have left half written."""
    strays = [*repo.act_dir.glob(".new-*"), *repo.act_dir.glob(".pmctl-*")]
    for folder in {(repo.root / one.path).parent for one in journal.files} if journal else ():
        strays += folder.glob(".pmctl-*")
    for stray in strays:
        with suppress(OSError):
            stray.unlink()
    path_of(repo).unlink(missing_ok=True)


def set_aside(repo: git.Repository) -> None:
    """Move what is no journal out of the way, whatever it is."""
    os.replace(path_of(repo), repo.act_dir / f"damaged-{os.urandom(4).hex()}")  # noqa: PTH105  may be a folder


def blob_id(data: bytes, length: int) -> str:
    """git's id of a blob with this content, of as many hex digits as the repository's hash has (40 or 64)."""
    new = hashlib.sha256 if length == 64 else hashlib.sha1
    digest = new(b"blob %d\0" % len(data))
    digest.update(data)
    return digest.hexdigest()


def _touched(repo: git.Repository, plain: dict[str, Any]) -> Touched:
    path, staged = plain["path"], plain["staged"]
    parts: Sequence[str] = PurePosixPath(path).parts
    if not isinstance(path, str) or not path or path.startswith("/") or ".." in parts or ".git" in parts:
        raise ValueError("a path that no act has")
    if any((repo.root / step).is_symlink() for step in PurePosixPath(path).parents):
        raise ValueError("a path through a link")
    if not isinstance(staged, str):
        raise TypeError("not text")
    return Touched(path, _decode(plain["before"]), _decode(plain["after"]), staged, _decode(plain["hooked"]))


def _encode(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _decode(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)
