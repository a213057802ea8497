"""Access tokens of `pmctl serve`: who a request is from. Only their hashes are kept, in refs/pmctl/server.

    tokens/<id>.json     whose it is, what it may, until when, and the SHA-256 of its secret

A token reads `pmctl_<id>_<secret>`; the secret has 256 bits from the system's generator. Whoever may push that ref may
make tokens, as whoever may push the branch may write: protect both.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pmctl import git
from pmctl.errors import NotFound, Refused, UsageProblem
from pmctl.policy.model import Policy
from pmctl.repository.shared_ref import SharedRef, blobs, json_file
from pmctl.text import parse_utc, utc

Scope = Literal["read", "write"]
SCOPES: tuple[Scope, ...] = ("read", "write")
_TOKEN = re.compile(r"pmctl_([0-9a-z]{10})_([A-Za-z0-9_-]{43})")
_LIFE = re.compile(r"([1-9][0-9]{0,3})([dh])")
_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `by` made it, `at`; `expires` is when it ends. Times are UTC, as text."""

    id: str
    handle: str
    scope: Scope
    name: str
    at: str
    by: str
    expires: str
    hash: str

    def expired(self, now: datetime) -> bool:
        """Whether it counts no more."""
        end = parse_utc(self.expires)
        return end is None or end <= now


@dataclass(frozen=True)
class TokenBook(SharedRef):
    """The ref as it was read."""

    REF: ClassVar[str] = "refs/pmctl/server"
    KNOWS: ClassVar[str] = "which tokens there are"
    SO: ClassVar[str] = "a token that was revoked there must not count, so nothing is answered until it is known"
    OTHERWISE: ClassVar[str] = "let whoever runs this push refs/pmctl/server: servers read tokens from there"

    def tokens(self) -> list[Token]:
        """All of them, the oldest first; a file that is none counts as none."""
        wanted = [oid for path, oid in sorted(self.files.items()) if path.startswith("tokens/")]
        found = (_token(one) for one in blobs(self.repo, wanted))
        return sorted((one for one in found if one is not None), key=lambda one: (one.at, one.id))


def create(
    repo: git.Repository, policy: Policy, *, handle: str, scope: str, life: str, name: str, by: str, now: datetime
) -> tuple[Token, str]:
    """A new token for `handle`, and the text that is shown once.

    For oneself, or by an admin for anybody. Raises Refused for others, UsageProblem for what cannot be, and whatever
    moving the ref raises.
    """
    if by != handle and by not in policy.admins:
        raise Refused(f"{by} may make tokens for {by} alone", hint=f"ask an admin: {', '.join(policy.admins)}")
    if handle not in policy.present:
        raise Refused(f"{handle} is not here", hint="pmctl people list shows who is")
    if scope not in SCOPES:
        raise UsageProblem(f"--scope {scope}: not one of {', '.join(SCOPES)}")
    ends = now + lifetime(life)
    number = "".join(secrets.choice("0123456789abcdefghijklmnopqrstuvwxyz") for _ in range(10))
    secret = secrets.token_urlsafe(32)
    kind: Scope = "write" if scope == "write" else "read"
    token = Token(number, handle, kind, name, utc(now), by, utc(ends), _hash(secret))
    TokenBook.opened(repo).written({_path(token.id): json_file(asdict(token))}, f"A token of {handle}")
    return token, f"pmctl_{number}_{secret}"


def revoke(repo: git.Repository, policy: Policy, part: str, *, by: str) -> Token:
    """Take a token away, one's own, or as an admin anybody's. Raises NotFound, Refused."""
    book = TokenBook.opened(repo)
    found = [one for one in book.tokens() if part and one.id.startswith(part)]
    if len(found) != 1:
        what = "several tokens begin" if found else "no token begins"
        raise NotFound(f"{what} with {part!r}", hint="pmctl serve token list shows them")
    if by != found[0].handle and by not in policy.admins:
        raise Refused(f"{found[0].id} is {found[0].handle}'s", hint=f"ask {found[0].handle}, or an admin")
    book.written({_path(found[0].id): None}, f"Revoke a token of {found[0].handle}")
    return found[0]


def lifetime(text: str) -> timedelta:
    """How long a token lives: `30d` or `8h`, at most a year. Raises UsageProblem."""
    match = _LIFE.fullmatch(text)
    life = timedelta(**{"days" if match[2] == "d" else "hours": int(match[1])}) if match else timedelta()
    if not timedelta() < life <= _LONGEST:
        raise UsageProblem(f"--expires {text}: not a time", hint="30d or 8h, at most 366d")
    return life


def is_token(text: str) -> bool:
    """Whether a text has the form of a token."""
    return _TOKEN.fullmatch(text) is not None


def holder(text: str, known: Iterable[Token], now: datetime) -> Token | None:
    """The token that a text is, None for anything else. How long it takes says nothing about a secret."""
    match = _TOKEN.fullmatch(text)
    number, secret = (match[1], match[2]) if match else ("", "")
    found = next((one for one in known if one.id == number), None)
    right = hmac.compare_digest(_hash(secret), found.hash if found is not None else _hash(""))
    return found if found is not None and right and not found.expired(now) else None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _path(number: str) -> str:
    return f"tokens/{number}.json"


def _token(value: dict[str, object]) -> Token | None:
    fields = Token.__slots__
    if set(value) != set(fields) or not all(isinstance(one, str) for one in value.values()):
        return None
    if value["scope"] not in SCOPES or parse_utc(str(value["expires"])) is None:
        return None
    return Token(**value)  # type: ignore[arg-type]  # every value is text
