"""What `pmctl site` and `pmctl wiki` print with `--format json`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(eq=False, repr=False)
class KeptPage:
    """A page that is not as it should be, because somebody else wrote what lies there."""

    path: str
    why: str


@dataclass(eq=False, repr=False)
class RefusedAttachment:
    """An attachment that was not copied, and why."""

    id: str
    path: str
    why: str


@dataclass(eq=False, repr=False)
class BrokenPostmortem:
    """A postmortem that cannot be read, which the site or wiki lists."""

    id: str
    path: str
    problem: str


@dataclass(eq=False, repr=False)
class Wiki:
    """pmctl wiki build, push: what was written where, and what was not.

    `to` is the folder, the repository's address without a password, or the space of Confluence. `postmortems` counts
    what is shown. `commit` is the commit of the wiki's repository, empty when nothing changed. With `dry_run` nothing
    was written, and `written` and `removed` say what would be. `withheld` counts postmortems that cannot be read, so
    that nobody knows whether the audience may hear of them.
    """

    flavour: str
    audience: str
    to: str
    postmortems: int
    written: Sequence[str]
    removed: Sequence[str]
    kept: Sequence[KeptPage]
    refused: Sequence[RefusedAttachment]
    broken: Sequence[BrokenPostmortem]
    withheld: int
    commit: str
    dry_run: bool


@dataclass(eq=False, repr=False)
class BuiltSite:
    """pmctl site build: what became of the folder. `made` pages were made anew, `left` files are not part of the site
    any more and stay because somebody changed them, `refused` says which pictures are not shown; `withheld` counts
    postmortems that cannot be read and of which the audience may not know."""

    folder: str
    audience: str
    commit: str
    postmortems: int
    pages: int
    made: int
    removed: int
    left: Sequence[str]
    refused: Sequence[str]
    broken: Sequence[BrokenPostmortem]
    withheld: int
