"""Several people with a clone each, all at once: every act is followed by `pmctl sync`, and everything has to land.

    python -m tests.fuzz.ten_clones 10 20       ten clones with twenty acts each, around one bare repository

Each clone adds action items, sets cells of shared items, writes into its own and into shared drafts, and approves what
waits for it. At the end every act is on the server's branch, and a fresh clone's audit passes.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from pmctl.document import edits
from pmctl.document.attributes import MERGE_LINE
from pmctl.document.reader import read
from pmctl.document.templates import builtin_source
from pmctl.repository.settings import DEFAULT_SETTINGS
from pmctl.workflow.demo import story_edit
from tests.merging import shim
from tests.team import isolated_environment
from tests.world import World, actor

SHARED = "2024-01-15-shared-outage"
DUE = ("--due", "2030-01-01", "--priority", "LOW")


@dataclass
class Clone:
    """One person's clone, and what came of their acts."""

    number: int
    handle: str
    top: Path
    environment: dict[str, str]
    landed: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    waits: int = 0

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            list(words), cwd=self.top, env=self.environment, capture_output=True, text=True, check=False, timeout=900
        )

    def must(self, *words: str) -> str:
        done = self.run(*words)
        if done.returncode != 0:
            self.failures.append(f"{self.handle}: {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def act(self, number: int, rng: random.Random) -> None:
        """One act: an item added, a cell set, a line of a draft written, an approval; then sync."""
        mark = f"{self.handle}-{number}"
        waiting = self.approvable()
        kind = rng.choice(("add", "set", "edit", "set"))
        if waiting and rng.random() < 0.5:
            self.must("pmctl", "approve", waiting[0], "-m", mark)
            mark = f"approve {waiting[0]}"
        elif kind == "add":
            self.must("pmctl", "actions", "add", SHARED, f"Item {mark}", "--owner", self.handle, *DUE)
        elif kind == "set":
            self.must("pmctl", "actions", "set", self.item(), "--notes", mark)
        else:
            self.write(mark)
        self.sync()
        self.landed.append(mark)

    def sync(self) -> None:
        done = self.run("pmctl", "sync")
        self.waits += done.stderr.count("somebody was faster")
        if done.returncode != 0:
            self.failures.append(f"{self.handle}: sync: {done.stdout}{done.stderr}")

    def item(self) -> str:
        """The item of the shared draft that is this person's."""
        return f"AI-{self.number:04d}"

    def write(self, mark: str) -> None:
        """A line of the timeline and of the lessons of the shared draft."""
        path = self.top / f"postmortems/2024/{SHARED}.md"
        text = path.read_text()
        rows = text.index("\n\n", text.index("| 14:00 "))
        text = f"{text[:rows]}\n| 14:{self.number + 10} | {mark} | |{text[rows:]}"
        path.write_text(text.rstrip("\n") + f"\n- Lesson of {mark}\n")
        self.must("git", "commit", "-q", "-am", f"Write {mark}")

    def approvable(self) -> list[str]:
        """What waits for this person's approval: what was prepared for them."""
        name = f"2024-02-{self.number + 10:02d}-review-{self.handle}"
        records = self.top / ".pmctl" / "records" / name
        approved = any("-approve-" in path.name for path in records.glob("*.json"))
        return [] if approved or not records.is_dir() else [name]


def prepared(folder: Path, count: int) -> tuple[Path, list[Clone]]:
    """The bare repository, and a clone with a key of its own for everybody."""
    handles = [f"p{number}" for number in range(count)]
    names = {handle: f"Person {handle[1:]}" for handle in handles}
    people = {handle: actor(handle) for handle in ("alice", *handles)}
    world = World(folder / "first", people, members=tuple(people), names={"alice": "Alice Doe", **names})
    world.init()
    world.write("pmctl.yaml", DEFAULT_SETTINGS)
    world.write(".pmctl/templates/default.md", builtin_source("default"))
    world.write(".gitattributes", f"{MERGE_LINE}\n".encode())
    world.commit("Settings", by="alice")
    return _with_documents(folder, world, handles)


def _with_documents(folder: Path, world: World, handles: list[str]) -> tuple[Path, list[Clone]]:
    environment = isolated_environment(folder) | {"XDG_STATE_HOME": str(folder / "state")}
    environment["PATH"] = f"{shim(folder / 'bin')}{os.pathsep}{environment['PATH']}"
    bare = folder / "origin.git"
    first = _clone_of(folder, world, "alice", 0, world.path, environment, bare=None)
    editors = ", ".join(f"{handle}: edit" for handle in handles)
    first.must("pmctl", "new", "Shared outage", "--date", "2024-01-15", "--author", "alice")
    assert not first.failures, first.failures
    path = first.top / f"postmortems/2024/{SHARED}.md"
    text = _written(path.read_bytes()).decode()
    head = text.index("\n---\n", 4)
    text = f"{text[:head]}\neditors: {{{editors}}}{text[head:]}"
    table = text.index("| ID |")
    end = text.index("\n\n", table)
    rows = "".join(
        f"\n| AI-{number:04d} | Item of {handle} | @{handle} | 2024-09-01 | LOW | OPEN | | |"
        for number, handle in enumerate(handles)
    )
    text = text[:end] + rows + text[end:]
    path.write_text(text)
    first.must("git", "commit", "-q", "-am", "Write it up")
    for number, handle in enumerate(handles):
        first.must("pmctl", "new", f"Review {handle}", "--date", f"2024-02-{number + 10:02d}", "--author", "alice")
        place = first.top / f"postmortems/2024/2024-02-{number + 10:02d}-review-{handle}.md"
        place.write_bytes(_written(place.read_bytes()))
        first.must("git", "commit", "-q", "-am", f"Write {handle}'s")
        first.must("pmctl", "submit", place.stem, "--reviewer", handle)
    assert not first.failures, first.failures
    subprocess.run(["git", "clone", "-q", "--bare", str(first.top), str(bare)], check=True, env=environment)
    return bare, [
        _clone_of(folder, world, handle, number, bare, environment, bare=bare) for number, handle in enumerate(handles)
    ]


def _written(data: bytes) -> bytes:
    """A draft as somebody wrote it up."""
    timeline = "| Time | Event | Who |\n|---|---|---|\n| 14:00 | The alert fired | |"
    return story_edit(edits.replace_section(read(data), "Timeline", timeline)).data


def _clone_of(
    folder: Path,
    world: World,
    handle: str,
    number: int,
    source: Path,
    environment: dict[str, str],
    *,
    bare: Path | None,
) -> Clone:
    top = folder / f"clone-{handle}" if bare else source
    clone = Clone(number, handle, top, environment | {"HOME": str(folder / f"home-{handle}")})
    Path(clone.environment["HOME"]).mkdir(exist_ok=True)
    clone.environment["XDG_STATE_HOME"] = str(folder / f"state-{handle}")
    if bare:
        subprocess.run(["git", "clone", "-q", str(bare), str(top)], check=True, env=environment)
    for name, value in (
        ("user.name", f"Person {handle[1:]}" if handle != "alice" else "Alice Doe"),
        ("user.email", f"{handle}@example.com"),
        ("gpg.format", "ssh"),
        ("user.signingkey", str(world.people[handle].key)),
    ):
        clone.must("git", "config", name, value)
    return clone


def play(folder: Path, count: int, acts: int, seed: int = 0) -> str:
    """Let everybody act at once; returns what happened, in one line. Raises AssertionError for whatever is amiss."""
    bare, clones = prepared(folder, count)
    begun = time.monotonic()

    def life(clone: Clone) -> None:
        rng = random.Random(f"{seed}-{clone.handle}")
        for number in range(acts):
            clone.act(number, rng)

    threads = [threading.Thread(target=life, args=(clone,)) for clone in clones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failures = [one for clone in clones for one in clone.failures]
    assert not failures, "\n".join(failures[:5]) + f"\n{len(failures)} failures"
    environment = clones[0].environment
    fresh = folder / "fresh"
    subprocess.run(["git", "clone", "-q", str(bare), str(fresh)], check=True, env=environment)
    everything = (fresh / f"postmortems/2024/{SHARED}.md").read_text()
    missing = []
    for clone in clones:
        for mark in clone.landed:
            if mark.startswith("approve "):
                records = fresh / ".pmctl" / "records" / mark.removeprefix("approve ")
                found = any(f"-approve-{clone.handle}-" in path.name for path in records.glob("*.json"))
            else:
                found = mark in everything or _was_there(fresh, mark, environment)
            if not found:
                missing.append(mark)
    assert not missing, f"not landed: {missing}"
    audit = subprocess.run(["pmctl", "audit"], cwd=fresh, env=environment, capture_output=True, text=True, check=False)
    assert audit.returncode == 0 and "warning" not in audit.stdout, audit.stdout + audit.stderr
    landed, waits = sum(len(clone.landed) for clone in clones), sum(clone.waits for clone in clones)
    merges = subprocess.run(
        ["git", "rev-list", "--count", "--merges", "HEAD"], cwd=fresh, capture_output=True, text=True, check=True
    ).stdout
    seconds = time.monotonic() - begun
    return (
        f"{landed} of {count * acts} acts landed, audit clean; {waits} attempts were overtaken, "
        f"{merges.strip()} merges, {seconds:.0f} s\n{audit.stdout.strip().splitlines()[-1]}"
    )


def _was_there(fresh: Path, mark: str, environment: dict[str, str]) -> bool:
    """Whether a note that a later one replaced is in the history of the shared draft."""
    found = subprocess.run(
        ["git", "log", "-1", "--format=%H", "-m", f"-S{mark} ", "--", f"postmortems/2024/{SHARED}.md"],
        cwd=fresh, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return bool(found.stdout.strip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", type=int, nargs="?", default=10)
    parser.add_argument("acts", type=int, nargs="?", default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pmctl-clones-") as folder:
        print(play(Path(folder), asked.clones, asked.acts, asked.seed))
    sys.exit(0)


if __name__ == "__main__":
    main()
