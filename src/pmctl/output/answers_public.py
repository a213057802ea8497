"""What `pmctl public` prints with `--format json`, apart from its acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(eq=False, repr=False)
class PublicPages:
    """pmctl public build: what became of the folder. `made` pages were written anew, `left` files are no part of the
    pages any more and stay because somebody changed them. `shown`, `withdrawn`, `edited` (since they were shared) and
    `unstated` (customers cannot verify who speaks) are ids of postmortems."""

    folder: str
    commit: str
    organization: str
    pages: int
    made: int
    removed: int
    left: Sequence[str]
    shown: Sequence[str]
    withdrawn: Sequence[str]
    edited: Sequence[str]
    unstated: Sequence[str]


@dataclass(eq=False, repr=False)
class PublicPart:
    """One section of a public text, as Markdown."""

    title: str
    text: str


@dataclass(eq=False, repr=False)
class PublicExport:
    """A public text as customers may read it (pmctl export ID --public --to json). `started` and `ended` are moments in
    UTC, empty where they are not told; `status` is resolved, monitoring, identified or investigating."""

    title: str
    started: str
    ended: str
    duration: str
    services: Sequence[str]
    status: str
    parts: Sequence[PublicPart]


@dataclass(eq=False, repr=False)
class GivenLink:
    """A read-only link that was given away. `state` is open, expired or revoked; `full` says that it shows the whole
    postmortem; `file` is the name of its file, `address` where somebody said that it was put; one that is `served` has
    no file."""

    id: str
    postmortem: str
    full: bool
    served: bool
    by: str
    at: str
    expires: str
    state: str
    file: str
    address: str
    digest: str
    revoked_at: str
    revoked_by: str
    reason: str


@dataclass(eq=False, repr=False)
class GivenLinks:
    """pmctl public links: every read-only link, the oldest first."""

    links: Sequence[GivenLink]
