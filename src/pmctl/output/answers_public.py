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
