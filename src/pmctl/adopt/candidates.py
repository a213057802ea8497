"""Which files an adoption is about: paths and folders -> files, each with the reason when it is left out."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pmctl import git
from pmctl.adopt.source import SourceDocument
from pmctl.document.aliases import METADATA
from pmctl.document.dates import day_in_name
from pmctl.document.headings import ALIAS
from pmctl.errors import EnvironmentProblem

_SUFFIXES = frozenset((".md", ".markdown", ".mdown", ".mkd"))
_SKIPPED_FOLDERS = frozenset(("node_modules", "vendor", "__pycache__"))
_OTHER_DOCUMENTS = re.compile(
    r"(?:readme|contributing|license|licence"
    r"|changelog|code[-_ ]of[-_ ]conduct|security|support|index|_index|summary|authors"
    r"|maintainers|agents|claude|todo|glossary|_?sidebar"
    r"|pull[-_ ]request[-_ ]template|(?:.*[-_ .])?template(?:[-_ .].*)?|(?:.*[-_ ])?example[-_ ]postmortem)",
    re.IGNORECASE,
)
_INCIDENT_WORDS = re.compile(
    r"post[-_ ]?mortem|incident|outage|retrospective|disruption|downtime|root[-_ ]cause|\brca\b|\bpir\b|failure"
    r"|degradation|breach|障害|インシデント|故障|事故|复盘",
    re.IGNORECASE,
)
_CALLED_ONE = re.compile(r"\bpost-?mortems?\b", re.IGNORECASE)
LARGEST = 1024 * 1024 + 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be adopted.

    `shown` is its path as the person knows it, `boundary` the folder whose files its links may bring along, `named`
    whether the person gave this very file. `reason` says why it is left out.
    """

    file: Path
    shown: str
    boundary: Path
    named: bool
    reason: str = ""


def candidates(paths: Sequence[str], directory: Path) -> tuple[Candidate, ...]:
    """The files that `paths` (relative to `directory`) name, folders searched in order of names; each file once."""
    found: dict[Path, Candidate] = {}
    for path in paths:
        full = directory / path
        for one in _of_folder(full, path) if full.is_dir() and not full.is_symlink() else (_of_file(full, path),):
            # The name within its real folder: a link and its target are two files, the same file by two ways is one.
            found.setdefault(one.file.parent.resolve() / one.file.name, one)
    return tuple(found.values())


def _of_file(full: Path, shown: str) -> Candidate:
    try:
        kind = full.lstat().st_mode
    except (OSError, ValueError) as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error}"
        return Candidate(full, shown, full.parent, True, reason)
    reason = "" if stat.S_ISREG(kind) else "a symbolic link" if stat.S_ISLNK(kind) else "not a regular file"
    return Candidate(full, shown, full.parent, True, reason)


def _of_folder(full: Path, shown: str) -> Iterator[Candidate]:
    waiting = [full]  # os.walk of Python 3.11 recurses, and folders nest as deep as somebody likes
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(place) as entries:
                found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
        except OSError:
            continue  # also a path that is longer than the system takes
        wanted = (name for name, folder in found if folder and not name.startswith("."))
        waiting += [place / name for name in sorted(wanted, reverse=True) if name not in _SKIPPED_FOLDERS]
        for name in (name for name, folder in found if not folder):
            if PurePosixPath(name).suffix.lower() not in _SUFFIXES:
                continue
            file = place / name
            inner = (PurePosixPath(shown) / file.relative_to(full).as_posix()).as_posix()
            one = _of_file(file, inner)
            yield Candidate(file, inner, full, False, one.reason or _other_document(name))


def _other_document(name: str) -> str:
    other = _OTHER_DOCUMENTS.fullmatch(PurePosixPath(name).stem)
    return f"not a postmortem, judging by its name ({name}); name the file itself to adopt it anyway" if other else ""


def looks_like_a_postmortem(source: SourceDocument, title: str) -> bool:
    """Whether a file found in a folder is a postmortem: by its sections, its name's date, or its title and text."""
    meanings = [heading.meaning for heading in (*source.headings, *source.bold)]
    sections = {found.section for found in meanings if found and found.tier >= ALIAS and found.section != METADATA}
    named = bool(_INCIDENT_WORDS.search(source.path) or _INCIDENT_WORDS.search(title))
    dated = day_in_name(PurePosixPath(source.path).stem) is not None
    called = bool(sections) or _CALLED_ONE.search(source.text, source.body_start) is not None
    return len(sections) >= 2 or dated or (named and called)


def read(candidate: Candidate) -> bytes:
    """The file's bytes, at most a little more than a postmortem may have. Raises OSError as the system does."""
    descriptor = os.open(candidate.file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as handle:
        return handle.read(LARGEST)


def first_committed(file: Path) -> str:
    """The day (YYYY-MM-DD) on which git first had a file, renames followed; "" when git doesn't know it."""
    try:
        done = git.run(file.parent, "log", "--follow", "--diff-filter=A", "--format=%as", "--", file.name, check=False)
    except EnvironmentProblem:
        return ""
    days = done.text.split() if done.code == 0 else []
    return days[-1] if days else ""


def work_tree(file: Path) -> Path | None:
    """The git work tree around a file, found by its .git; None when there is none."""
    for folder in file.parents:
        if (folder / ".git").exists():
            return folder
    return None
