"""A team's repository for tests of what incidents do to postmortems: jane writes, bob edits nothing, alice is admin."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pmctl import git
from pmctl.document.fields import path_of
from pmctl.document.reader import Document, read
from pmctl.document.timeline import entries
from pmctl.repository.workspace import Workspace
from pmctl.services.incident import Incident
from pmctl.services.registry import read_incidents, read_records
from pmctl.workflow import imports
from pmctl.workflow.create import NewPostmortem, draft_of, land, plan
from pmctl.workflow.imports import Plan
from tests.world import World

NOW = datetime(2025, 6, 1, tzinfo=UTC)
NAMES = {"alice": "Alice Roe", "jane": "Jane Doe", "bob": "Bob Ray"}

SHOP: dict[str, Any] = {
    "id": "A", "title": "Shop down", "status": "resolved", "severity": "SEV2", "urgency": "MEDIUM",
    "services": ["shop"], "summary": "No orders.", "participants": ["jane@example.com"],
    "started_at": "2024-01-15T14:00:00Z", "resolved_at": "2024-01-15T15:00:00Z",
    "timeline": [
        {"at": "2024-01-15T14:00:00Z", "text": "Alert | red"},
        {"at": "2024-01-15T14:10:00Z", "text": "Restart", "who": "Jane"},
        {"at": "2024-01-15T15:00:00Z", "text": "Orders are back"},
    ],
}  # fmt: skip
DATABASE: dict[str, Any] = {
    "id": "B", "title": "Database slow", "status": "resolved", "severity": "SEV1", "urgency": "HIGH",
    "services": ["db", "shop"], "summary": "Slow queries.", "participants": ["bob@example.com", "Carol"],
    "started_at": "2024-01-15T13:50:00Z", "resolved_at": "2024-01-15T15:30:00Z", "tags": ["capacity"],
    "timeline": [
        {"at": "2024-01-15T13:50:00Z", "text": "Queries pile up"},
        {"at": "2024-01-15T14:10:00Z", "text": "Failover", "who": "Bob"},
        {"at": "2024-01-15T15:30:00Z", "text": "Database is fast again"},
    ],
    "action_items": [{"description": "Add an index", "priority": "HIGH", "due": "2024-02-01"}],
}  # fmt: skip


class Team:
    """The repository, and what the tests do in it."""

    def __init__(self, root: Path) -> None:
        self.world = World(root, members=tuple(NAMES), names=NAMES)
        self.world.init(teams={"shop": ("jane", "bob")})
        self.root = root
        self.git("config", "user.name", "Jane Doe")
        self.git("config", "user.email", "jane@example.com")

    def git(self, *words: str) -> str:
        return self.world.git(*words)

    def commit(self, message: str) -> None:
        self.world.commit(message)

    @property
    def workspace(self) -> Workspace:
        """A fresh look at the repository."""
        return Workspace(git.discover(self.root))

    def new(self, *records: dict[str, Any], title: str = "") -> str:
        """Draft a postmortem from these records, or from nothing with a title; returns its id."""
        draft = draft_of(self.workspace, one(*records)) if records else None
        created = plan(self.workspace, NewPostmortem(title=title, author="jane"), draft, today=date(2024, 1, 20))
        land(self.workspace, created, ())
        return created.id

    def document(self, name: str) -> Document:
        return self.workspace.read_at(name)

    def data(self, name: str) -> bytes:
        return (self.root / path_of(name)).read_bytes()

    def edit(self, name: str, *changes: tuple[str, str] | Callable[[Document], Document]) -> None:
        """Change the file as a person would, and commit it."""
        path = self.root / path_of(name)
        for change in changes:
            if callable(change):
                path.write_bytes(change(read(path.read_bytes(), path_of(name))).data)
                continue
            old, new = change
            assert path.read_text(encoding="utf-8").count(old) >= 1, old
            path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
        self.commit("Edit")

    def land(self, planned: Plan) -> Document:
        """Commit the plan; the postmortem as it is then."""
        imports.land(self.workspace, planned, "Change it", ())
        return self.document(planned.id)

    def imported(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / f".pmctl/imports/{name}.json").read_bytes())
        return found


def one(*records: dict[str, Any]) -> Incident:
    """The incident in these generic records, several merged."""
    return read_records([(f"{n}.json", json.dumps(value).encode()) for n, value in enumerate(records)], now=NOW)


def each(*records: dict[str, Any]) -> Sequence[Incident]:
    """The incidents in these generic records."""
    return read_incidents([(f"{n}.json", json.dumps(value).encode()) for n, value in enumerate(records)], now=NOW)


def told(planned: Plan) -> list[str]:
    return [f"{one.mark} {one.what}: {one.text}" for one in planned.differences]


def left(planned: Plan) -> list[str]:
    return [f"{one.what}: {one.text}" for one in planned.kept]


def shown(document: Document) -> list[tuple[str, str, str]]:
    """The timeline as written, and each entry's problem must be none."""
    found = entries(document)
    assert [entry.problem for entry in found] == [""] * len(found)
    return [(entry.time, entry.text, entry.who) for entry in found]
