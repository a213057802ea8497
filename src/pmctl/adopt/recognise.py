"""One file -> the documents in it, each with what it states, its title, its day and its id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from pmctl.adopt import candidates, links, splitting
from pmctl.adopt.candidates import Candidate
from pmctl.adopt.front_matter import TAG, Identified
from pmctl.adopt.incident_day import IncidentDay, incident_day
from pmctl.adopt.labels import labelled_values
from pmctl.adopt.source import SourceDocument, Unadoptable, parse_source, read_source
from pmctl.adopt.structure import first_section
from pmctl.adopt.title import PART_HEADING, Title, slug, title, title_heading, unique_id
from pmctl.document.fields import is_id, path_of
from pmctl.errors import BadInput
from pmctl.ledger import record
from pmctl.repository.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RecognisedDocument:
    """One document of a file, and the id that it gets.

    `part` counts the incidents of a split file from 1, `incidents` are the titles of those of a file that isn't split.
    `whole` are the bytes of the file, `linked` the existing files that the document's relative links lead to.
    """

    candidate: Candidate
    identified: Identified
    id: str
    part: int
    incidents: tuple[str, ...]
    whole: bytes
    linked: frozenset[Path]

    @property
    def file(self) -> Path:
        """The real path of the file."""
        return self.candidate.file.resolve()

    @property
    def is_whole_file(self) -> bool:
        """Whether the document is all that the file holds."""
        return self.part == 1 and self.identified.source.data == self.whole


@dataclass(frozen=True, slots=True)
class Existing:
    """What the repository holds: the ids that are taken (in lower case), and (day, title) -> id of what was adopted."""

    taken: set[str]
    adopted: dict[tuple[str, str], str]


def existing(workspace: Workspace) -> Existing:
    """The postmortems of the repository. Adopting a folder again adds only what is new."""
    records = workspace.repo.root / record.FOLDER
    with_records = [folder.name for folder in records.iterdir()] if records.is_dir() else []
    adopted = {}
    for name in workspace.ids():
        try:
            document = workspace.read(name)
        except BadInput:
            continue
        if TAG in (document.meta.get("tags") or ()):
            adopted[name[:10], document.title] = name
    return Existing({name.casefold() for name in (*workspace.ids(), *with_records)}, adopted)


def recognise(
    candidate: Candidate, root: Path, known: Existing, *, day: date | None = None, split: bool = False
) -> list[RecognisedDocument]:
    """The documents of one file; several when it is to be `split`. Takes their ids from those that are free.

    Raises Unadoptable, and OSError as the system does.
    """
    source = read_source(_read(candidate, root, known), candidate.shown)
    linked = (links.linked_file(candidate.file.resolve(), target) for _, _, target in links.targets(source.text))
    files = frozenset(file for file in linked if file)
    incidents = splitting.parts(source)
    titles = tuple(part.title for part in incidents)
    parts = [source]
    if split and incidents:
        parts = [parse_source(part.text, candidate.shown, bom=source.bom) for part in incidents]
    found = []
    for number, part in enumerate(parts, start=1):
        one = identify(part, lambda: _day_of_file(candidate.file), fixed=day)
        if not candidate.named and not candidates.looks_like_a_postmortem(source, one.title.value):
            raise Unadoptable("does not look like a postmortem; name the file itself to adopt it anyway", skipped=True)
        if len(parts) > 1:
            one = replace(one, title=Title(titles[number - 1], PART_HEADING, 1.0))
        if adopted := known.adopted.get((one.day.value.isoformat(), one.title.value)):
            raise Unadoptable(f"already adopted as {adopted}", skipped=True)
        name = unique_id(one.day.value, slug(one.title.value, candidate.shown), known.taken)
        unsplit = titles if len(parts) == 1 else ()
        found.append(RecognisedDocument(candidate, one, name, number, unsplit, source.data, files))
    return found


def _read(candidate: Candidate, root: Path, known: Existing) -> bytes:
    real, stem = candidate.file.resolve(), candidate.file.stem
    if real.is_relative_to(root / ".pmctl"):
        raise Unadoptable("one of pmctl's own files")
    if is_id(stem) and real == root / path_of(stem):
        known.taken.discard(stem.casefold())  # where pmctl keeps the postmortem of its name: its own id isn't taken
    return candidates.read(candidate)


def identify(
    source: SourceDocument, fallback: Callable[[], tuple[date, str]], *, fixed: date | None = None
) -> Identified:
    """Title and day of a document; `fixed` is the day that the person gave, `fallback` finds one and its origin."""
    heading = title_heading(source)
    stated = labelled_values(source, first_section(source, heading))
    found = title(source, stated, heading)
    if fixed is not None:
        return Identified(source, stated, found, IncidentDay(fixed, "--date", 1.0))
    day = incident_day(source, stated, found.value)
    if day is None:
        value, origin = fallback()
        day = incident_day(source, stated, found.value, value) or IncidentDay(value, origin, 0.3)
    return Identified(source, stated, found, day)


def _day_of_file(file: Path) -> tuple[date, str]:
    if text := candidates.first_committed(file):
        return date.fromisoformat(text), "the first commit of the file"
    return datetime.fromtimestamp(file.stat().st_mtime, UTC).date(), "the last change of the file"
