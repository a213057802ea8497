"""Measure what is felt: start-up, lists, hooks, acts and audits, each as a ratio to something in the same run.

    python tests/benchmarks/run.py [--quick] [--only NAME]

Prints a table; asserts nothing. Every figure is the median of whole processes on this machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from generate import git, write_postmortems

from pmctl.workflow.demo import Stage, become

ROWS: list[tuple[str, str]] = []


def seconds(
    command: list[str], cwd: Path, env: dict[str, str], runs: int, before: Callable[[], None] | None = None
) -> float:
    """The median wall time of whole runs of a command, after one that does not count."""
    times = []
    for number in range(runs + 1):
        if before is not None:
            before()
        start = time.perf_counter()
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, check=False)
        if number:
            times.append(time.perf_counter() - start)
        if done.returncode not in (0, 1):
            raise SystemExit(f"{command} failed: {done.stderr.decode()[:400]}")
    return statistics.median(times)


def say(name: str, text: str) -> None:
    ROWS.append((name, text))
    print(f"{name:<34} {text}", flush=True)


class Yard:
    """A repository of `count` committed postmortems, with people and keys."""

    def __init__(self, folder: Path, count: int) -> None:
        self.stage = Stage(folder)
        self.stage.set_up()
        self.root = self.stage.repository
        self.env = self.stage.environment
        self.count = count
        become(self.stage, "alice")
        self.pmctl("init", "--handle", "alice")
        self.pmctl("people", "add", "bob", "--name", "Bob Ray", "--email", "bob@example.com",
                   "--key", str(folder / "home/keys/bob.pub"))  # fmt: skip
        self.ids = write_postmortems(self.root, count)
        subprocess.run(["git", "add", "postmortems"], cwd=self.root, env=self.env, check=True)
        subprocess.run(["git", "commit", "-qm", "Import"], cwd=self.root, env=self.env, check=True)

    def pmctl(self, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "pmctl", *words], cwd=self.root, env=self.env, capture_output=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"pmctl {' '.join(words)}: {done.stderr.decode()[:400]}")

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "pmctl", *words]


def start_up(yard: Yard, runs: int) -> None:
    typer = seconds([sys.executable, "-c", "import typer"], yard.root, yard.env, runs)
    version = seconds(yard.command("--version"), yard.root, yard.env, runs)
    usage = seconds(yard.command("--help"), yard.root, yard.env, runs)
    say("--version / import typer", f"{version / typer:.2f}x  ({version * 1000:.0f} ms / {typer * 1000:.0f} ms)")
    say("--help", f"{usage * 1000:.0f} ms")


def listing(yard: Yard, runs: int) -> None:
    warm = seconds(yard.command("list"), yard.root, yard.env, runs)
    say(f"list, {yard.count} postmortems, warm", f"{warm:.2f} s")


def validation(yard: Yard, runs: int) -> None:
    cache = yard.root / ".git" / "pmctl"
    cold = seconds(yard.command("validate"), yard.root, yard.env, max(2, runs // 2), lambda: shutil.rmtree(cache, True))
    warm = seconds(yard.command("validate"), yard.root, yard.env, runs)
    one = seconds(
        yard.command("validate", f"postmortems/{yard.ids[0][:4]}/{yard.ids[0]}.md"), yard.root, yard.env, runs
    )
    say(f"validate, {yard.count}, cold", f"{cold:.2f} s")
    say(f"validate, {yard.count}, warm", f"{warm:.2f} s")
    say("validate, one file", f"{one * 1000:.0f} ms")
    for tool, words in (("rumdl", ["check", "."]), ("markdownlint-cli2", ["**/*.md"])):
        program = shutil.which(tool)
        if program:
            other = seconds([program, *words], yard.root / "postmortems", yard.env, max(2, runs // 2))
            say(f"validate cold / {tool}", f"{cold / other:.2f}x  ({cold:.2f} s / {other:.2f} s)")


def approval(yard: Yard, runs: int) -> None:
    file = yard.root / "note.txt"

    def change() -> None:
        file.write_text(str(time.perf_counter()))
        git(yard.root, "add", "note.txt")

    bare = seconds(["git", "commit", "-q", "-S", "-m", "note", "note.txt"], yard.root, yard.env, runs, change)
    ids = iter(yard.ids)
    times = []
    for number in range(runs + 1):
        name = next(ids)
        become(yard.stage, "alice")
        yard.pmctl("submit", name, "--reviewer", "bob")
        become(yard.stage, "bob")
        start = time.perf_counter()
        yard.pmctl("approve", name)
        if number:
            times.append(time.perf_counter() - start)
    become(yard.stage, "alice")
    mine = statistics.median(times)
    say("approve / signed git commit", f"{mine / bare:.1f}x  ({mine * 1000:.0f} ms / {bare * 1000:.0f} ms)")


def auditing(yard: Yard, runs: int) -> None:
    cold = seconds(
        yard.command("audit"),
        yard.root,
        yard.env,
        max(2, runs // 2),
        lambda: shutil.rmtree(yard.root / ".git/pmctl", True),
    )
    warm = seconds(yard.command("audit"), yard.root, yard.env, runs)
    say("audit, cold / warm", f"{cold:.2f} s / {warm:.2f} s")


MEASURES = {"start": start_up, "list": listing, "validate": validation, "approve": approval, "audit": auditing}


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--quick", action="store_true", help="fewer runs over fewer postmortems")
    arguments.add_argument("--only", choices=sorted(MEASURES))
    chosen = arguments.parse_args()
    count, runs = (200, 2) if chosen.quick else (1000, 5)
    with tempfile.TemporaryDirectory(prefix="pmctl-bench-") as folder:
        yard = Yard(Path(folder) / "yard", count)
        for name, measure in MEASURES.items():
            if chosen.only in (None, name):
                measure(yard, runs)
    print(f"{count} postmortems, {runs} runs each, {os.cpu_count()} cores, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
