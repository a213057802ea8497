"""Several people with a clone each around one bare repository; records say where main was, as pmctl does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pmctl.ledger.snapshot import head
from pmctl.repository.bases import base_of
from tests.world import DOC, World


@dataclass
class Clones:
    """The bare repository `origin`, made from a world, and a clone for everybody who asks for one."""

    first: World
    made: dict[str, World] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.first.path.parent

    @property
    def origin(self) -> Path:
        bare = self.folder / "origin.git"
        if not bare.exists():
            self.first.git("clone", "-q", "--bare", str(self.first.path), str(bare))
        return bare

    def of(self, handle: str) -> World:
        """The clone of a person, made when it is first asked for."""
        if handle not in self.made:
            path = self.folder / f"clone-{handle}"
            self.first.git("clone", "-q", str(self.origin), str(path))
            self.made[handle] = replace(self.first, path=path)
        return self.made[handle]

    def fresh(self, name: str = "fresh") -> World:
        """A new clone of what is on the server, which nobody has audited."""
        path = self.folder / name
        self.first.git("clone", "-q", str(self.origin), str(path))
        return replace(self.first, path=path)

    def act(self, kind: str, by: str, doc: str = DOC, **changes: Any) -> str:
        """An act in the clone of a person, on what they have."""
        world = self.of(by)
        return world.act(kind, by, doc, **{"base": base(world), **changes})

    def push(self, by: str) -> str:
        """Push HEAD to main, without force; returns the commit."""
        world = self.of(by)
        world.git("push", "-q", "origin", "HEAD:main", by=by)
        return world.head

    def pull(self, by: str) -> str:
        """What `git pull` does: a fetch and a merge into what is checked out."""
        world = self.of(by)
        world.git("pull", "-q", "--no-rebase", "--no-edit", "origin", "main", by=by)
        return world.head

    def everybody_pulls(self) -> None:
        for handle in self.made:
            self.pull(handle)


def base(world: World) -> str:
    """Where main is on the server, as far as this clone knows."""
    return base_of(head(world.repo), "main")
