"""Results of earlier checks, under `<git common dir>/pmctl/validate-v1/`.

    sha256(content, path, dates) -> id, findings, and what else the result rests on

A result is used only while the files that the rules asked for are still (not) there, and, when a rule asked for
the day, on the same day. Settings, templates, people and version are part of the folder's name. All is JSON; a damaged
file counts as empty; files are replaced by rename, so two processes lose at most each other's newest entries.
Deleting the folder costs time and nothing else.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pmctl import __version__
from pmctl.document.finding import Finding, Severity
from pmctl.errors import read_hint
from pmctl.files import make_folder, read_object, write_atomic
from pmctl.rules.context import CacheDependencies, Context

_FOLDER = ("pmctl", "validate-v1")
_MOST_ENTRIES = 4_000
"""Entries of one of the 16 files; above it those that this run did not use are dropped."""


Places = tuple[tuple[str, int], ...]
"""Names with the lines that they stand in."""


class Result(NamedTuple):
    """What a check of one document gave, and what it rests on besides the content."""

    id: str
    findings: tuple[Finding, ...]
    files: tuple[tuple[str, bool], ...] = ()
    day: str = ""
    incidents: tuple[str, ...] = ()
    items: Places = ()

    @classmethod
    def of(
        cls,
        id: str,  # noqa: A002  the field's name
        findings: tuple[Finding, ...],
        asked: CacheDependencies,
        today: date | None,
        incidents: tuple[str, ...] = (),
        items: Places = (),
    ) -> Result:
        """A result with the answers that were asked for on the way."""
        day = today.isoformat() if asked.today and today else ""
        return cls(id, findings, tuple(sorted(asked.files.items())), day, incidents, items)

    def holds(self, context: Context) -> bool:
        """Whether everything that the result rests on is still so."""
        if self.day and (context.today is None or self.day != context.today.isoformat()):
            return False
        return all(context.exists is not None and context.exists(path) == there for path, there in self.files)

    def plain(self) -> list[Any]:
        """As JSON data; `of_plain` reads it."""
        rows = [
            [one.code, one.message, one.line, one.column, str(one.severity), one.fix, one.end_line, one.end_column]
            for one in self.findings
        ]
        files, items = ([list(pair) for pair in pairs] for pairs in (self.files, self.items))
        return [self.id, rows, files, self.day, list(self.incidents), items]

    @classmethod
    def of_plain(cls, plain: Any, path: str) -> Result:
        """From JSON data. Raises ValueError, TypeError or KeyError when it is damaged."""
        name, rows, files, day, incidents, items = plain
        for text in (name, day, *(file for file, _ in files), *incidents, *(item for item, _ in items)):
            if not isinstance(text, str) or "\0" in text:
                raise TypeError("a damaged result")
        findings = []
        for code, message, line, column, severity, fix, end_line, end_column in rows:
            if not (isinstance(code, str) and isinstance(message, str)):
                raise TypeError("a damaged finding")
            places = (line, column, end_line, end_column)
            if not all(type(place) is int and place >= 0 for place in places):
                raise TypeError("a damaged place")
            findings.append(Finding(code, message, path, *places[:2], Severity(severity), read_hint(fix), *places[2:]))
        known = tuple((file, there is True) for file, there in files)
        found = tuple((item, int(line)) for item, line in items)
        return cls(name, tuple(findings), known, day, tuple(incidents), found)


class Cache:
    """The results for one environment: settings, people, version. Not for use by several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._shards: dict[str, dict[str, Any]] = {}
        self._new: dict[str, dict[str, Any]] = {}
        self._used: set[str] = set()

    def get(self, key: str, path: str) -> Result | None:
        """The result under a key, None when there is none that can be read."""
        shard = self._shards.get(key[0])
        if shard is None:
            shard = self._shards[key[0]] = read_object(self.folder / f"{key[0]}.json")
        plain = shard.get(key)
        if plain is None:
            return None
        try:
            result = Result.of_plain(plain, path)
        except (ValueError, TypeError, KeyError):
            return None
        self._used.add(key)
        return result

    def put(self, key: str, result: Result) -> None:
        """Remember a result until `save`."""
        self._new.setdefault(key[0], {})[key] = result.plain()
        self._used.add(key)

    def save(self) -> None:
        """Write what is new. A disk that is full or read-only costs the cache, not the check."""
        import json

        for name, entries in self._new.items():
            target = self.folder / f"{name}.json"
            merged = {**read_object(target), **entries}
            if len(merged) > _MOST_ENTRIES:
                merged = {key: value for key, value in merged.items() if key in self._used}
            try:
                make_folder(self.folder, self.folder.parents[len(_FOLDER)])
                write_atomic(target, json.dumps(merged, separators=(",", ":")).encode())
            except OSError:
                return
        self._new.clear()


def open_cache(common_dir: Path, context: Context) -> Cache:
    """The cache for what all documents of a run share: the rules' settings, people, severities, version."""
    import json

    people = context.people
    source = [
        __version__,
        context.settings.digest_source(),
        None if people is None else [sorted(people.names.items()), sorted(people.teams), sorted(people.emails)],
        context.severities,
        sorted(context.item_targets.items()),
        context.causes,
        context.strict,
        context.status,
        context.adopted,
        context.exists is None,
        repr((context.template, context.own_templates)),
    ]
    digest = _digest(json.dumps(source, sort_keys=True).encode())
    return Cache(common_dir.joinpath(*_FOLDER, digest[:32]))


def result_key(data: bytes, path: str, context: Context) -> str:
    """The key of a document's result."""
    history = context.history
    moments: tuple[datetime | None, ...] = ()
    if history is not None:
        moments = (history.created, history.submitted, history.approved, history.published, context.now)
    hours = [moment.toordinal() * 24 + moment.hour if moment else 0 for moment in moments]
    return _digest(f"{(path, hours)!r}\0".encode(errors="surrogateescape") + data)


def _digest(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()
