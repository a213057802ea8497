"""Postmortems of the same pattern as an open one: above its title, and where the title is pointed at.

A process of its own asks `pmctl similar` about the file as it was saved, one at a time, so that no keystroke waits
for the answer; until it is there, nothing is said.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types

from pmctl.document.fields import id_of, path_of
from pmctl.document.markdown_text import inline
from pmctl.editor.open_documents import Kind, OpenDocument
from pmctl.insight.similar import Alike, OpenItem, reasons
from pmctl.text import harmless, listed, plural

OPEN = "pmctl.openPostmortem"
"""The command that shows a postmortem."""


@dataclass
class Asked:
    """What was asked about the texts that are open, by their URIs; the newest question about each."""

    questions: dict[str, asyncio.Task[tuple[Alike, ...]]] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def ask(self, uri: str, opened: OpenDocument | None) -> asyncio.Task[tuple[Alike, ...]] | None:
        """Begin to ask about a text as it was saved; None for what is no postmortem of a repository, or never was."""
        self.questions.pop(uri, None)
        name = id_of(opened.path) if opened is not None else None
        if opened is None or opened.repo is None or opened.kind is not Kind.POSTMORTEM or not name:
            return None
        if not (opened.repo.root / opened.path).is_file():
            return None
        self.questions[uri] = task = asyncio.get_running_loop().create_task(self._in_turn(uri, opened.repo.root, name))
        return task

    async def _in_turn(self, uri: str, root: Path, name: str) -> tuple[Alike, ...]:
        async with self.turn:
            if self.questions.get(uri) is not asyncio.current_task():
                return ()  # the text was saved again, or closed, meanwhile
            return await _answer(root, name)

    def known(self, uri: str) -> tuple[Alike, ...]:
        """The answer about a text, () until it is there."""
        task = self.questions.get(uri)
        return task.result() if task is not None and task.done() and not task.cancelled() else ()

    async def answer(self, uri: str) -> tuple[Alike, ...]:
        """The answer about a text, waited for; to the newest question, if another one is asked meanwhile."""
        while (task := self.questions.get(uri)) is not None:
            found = await asyncio.shield(task)
            if self.questions.get(uri) in (task, None):
                return found
        return ()


async def _answer(root: Path, name: str) -> tuple[Alike, ...]:
    """What `pmctl similar` says of a postmortem; () where it says that it cannot."""
    # `-m` looks for modules where the process runs: never in the repository, which is somebody else's.
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pmctl", "-C", str(root), "--no-input", "similar", "--most", "3", "--format", "json",
            "--", name, cwd=Path(sys.executable).parent, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        out, _ = await process.communicate()
        told = json.loads(out)["similar"] if process.returncode == 0 else ()
        return tuple(
            Alike(**{**one, "open_items": [OpenItem(**item) for item in one["open_items"]]})
            for one in told if one["recurs"]
        )  # fmt: skip
    except (OSError, ValueError, TypeError, KeyError):
        return ()


def lenses(opened: OpenDocument, found: Sequence[Alike], *, shows: bool) -> list[types.CodeLens]:
    """A line above the title for each postmortem of the same pattern; it opens it where the editor `shows` files."""
    where = opened.document.found.get("title") or opened.document.found.get("id")
    if where is None or opened.repo is None:
        return []
    start = opened.positions.place(max(where.key_line, 1), max(where.key_column, 1))
    place = opened.positions.range(start, start)
    made = []
    for one in found:
        left = f", {plural(len(one.open_items), 'item')} still open" if one.open_items else ""
        target = [_uri(opened.repo.root, one)] if shows else None
        made.append(
            types.CodeLens(place, types.Command(f"like {one.id}{left}", OPEN if shows else "", arguments=target))
        )
    return made


def hover_text(root: Path, found: Sequence[Alike]) -> str:
    """The same in Markdown, each with its open items first, then why."""
    told = []
    for one in found:
        told.append(f"- [{one.id}]({_uri(root, one)}): {inline(harmless(one.title))}")
        for item in one.open_items:
            due = f", due {item.due}" if item.due else ""
            said = f"{item.id or '(no id)'} {item.text} ({item.owner or 'nobody'}{due})"
            told.append(f"  - still open: {inline(harmless(said))}")
        told.append(f"  - both have: {inline(harmless(listed(list(reasons(one)))))}")
    return "\n".join(["**Of the same pattern, as it was saved:**", "", *told]) if told else ""


def _uri(root: Path, one: Alike) -> str:
    return (root / path_of(one.id)).as_uri()
