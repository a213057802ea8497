"""Read-only links that were given away: which, to what, until when. The record lies in refs/pmctl/server.

    links/<id>.json     the postmortem, who made it and when, until when, where its file was put, and its end

Of a link that a server answers the hash of its secret is there; of one that is a file nothing but where it is. No key
and no text is ever in it. Whoever may push that ref may make links and end them: protect it as the branch.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import ClassVar

from pmctl import git
from pmctl.errors import EnvironmentProblem, NotFound
from pmctl.repository.shared_ref import Overtaken, SharedRef, blobs, json_file
from pmctl.text import parse_utc

REF = "refs/pmctl/server"
_SECRET = re.compile(r"([0-9a-z]{10})-([A-Za-z0-9_-]{43})")
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Link:
    """One link. `full` says that it shows the whole postmortem, not its public text; `file` is the name that the file
    was given, `address` where it was put ("" where nobody said), `digest` that of its bytes. A link that a server
    answers has the SHA-256 of its secret as `hash`, and no file. `revoked_at` and `revoked_by` are empty until it is
    revoked. Times are UTC, as text."""

    id: str
    postmortem: str
    full: bool
    by: str
    at: str
    expires: str
    file: str
    address: str
    digest: str
    hash: str = ""
    revoked_at: str = ""
    revoked_by: str = ""
    reason: str = ""

    def state(self, now: datetime) -> str:
        """open, expired or revoked."""
        end = parse_utc(self.expires)
        return "revoked" if self.revoked_at else "expired" if end is None or end <= now else "open"


@dataclass(frozen=True)
class LinkBook(SharedRef):
    """The ref as it was read."""

    REF: ClassVar[str] = REF
    KNOWS: ClassVar[str] = "which links were given away"
    SO: ClassVar[str] = "a link that nobody knows of is one that nobody can revoke, so none is made"
    OTHERWISE: ClassVar[str] = f"let whoever runs this push {REF}: others have to know which links there are"

    def links(self) -> list[Link]:
        """Every link, the oldest first; what is no record of one is left out."""
        wanted = [oid for path, oid in self.files.items() if path.startswith("links/")]
        found = (_link(one) for one in blobs(self.repo, wanted))
        return sorted((one for one in found if one is not None), key=lambda one: (one.at, one.id))


def new_secret(link: str) -> tuple[str, str]:
    """What stands in the address of a served link, and the hash that is kept of it."""
    secret = secrets.token_urlsafe(32)
    return f"{link}-{secret}", _hash(secret)


def served(repo: git.Repository, text: str, now: datetime) -> Link | None:
    """The link that counts now whose address ends so; None for anything else. The record is read anew, so that what was
    revoked does not count any more; how long it takes says nothing about a secret.

    Raises EnvironmentProblem where nobody can know what counts.
    """
    match = _SECRET.fullmatch(text)
    number, secret = (match[1], match[2]) if match else ("", "")
    found = next((one for one in all_links(repo) if one.id == number and one.hash), None)
    right = hmac.compare_digest(_hash(secret), found.hash if found is not None else _hash("none"))
    return found if found is not None and right and found.state(now) == "open" else None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def new_id() -> str:
    """Ten letters and digits for a new link."""
    return "".join(secrets.choice("23456789abcdefghjkmnpqrstuvwxyz") for _ in range(10))


def all_links(repo: git.Repository) -> list[Link]:
    """Every link, the oldest first."""
    return LinkBook.opened(repo).links()


def link_named(repo: git.Repository, name: str) -> Link:
    """A link by its id. Raises NotFound."""
    for one in all_links(repo):
        if one.id == name:
            return one
    raise NotFound(f"there is no link {name[:40]!r}", hint="pmctl public links lists them")


def keep(repo: git.Repository, link: Link, message: str) -> None:
    """Write a link down, or what became of it."""
    for _ in range(_TRIES):
        try:
            LinkBook.opened(repo).written({f"links/{link.id}.json": json_file(asdict(link))}, message)
            return
        except Overtaken:
            continue
    raise EnvironmentProblem("the link could not be written down: others are faster", hint="try again")


def _link(value: dict[str, object]) -> Link | None:
    names = Link.__dataclass_fields__
    if value.keys() != names.keys() or not isinstance(value["full"], bool):
        return None
    texts = {name: one for name, one in value.items() if name != "full"}
    if not all(isinstance(one, str) for one in texts.values()):
        return None
    return Link(full=value["full"], **{name: str(one) for name, one in texts.items()})
