"""Kill acts with SIGKILL at random moments, in two work trees of one repository at once, by hand:

    python -m tests.fuzz.kill_acts [MOMENTS] [SEED]

Each round copies a stage of one postmortem, begins the same act in both work trees, kills pmctl and the git that it
runs, and types the act again. What must then be: the command does it, or says what to type and does it after that; each
work tree is clean; the audit of each passes.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pmctl.document.comment import Message, MessageKind, written
from pmctl.policy import act as acts
from tests.attacks.gate import SETTINGS
from tests.world import DOC, World

THREAD = "20240117T100000Z-bob-7f3kq2"
ACTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "submit": ("drafted", "jane", ("submit", DOC, "--reviewer", "bob")),
    "approve": ("submitted", "bob", ("approve", DOC)),
    "request-changes": ("submitted", "bob", ("request-changes", DOC, "-m", "More, please")),
    "withdraw": ("submitted", "jane", ("withdraw", DOC)),
    "publish": ("approved", "jane", ("publish", DOC)),
    "archive": ("published", "alice", ("archive", DOC, "-m", "Done")),
    "reopen": ("published", "alice", ("reopen", DOC, "-m", "Again")),
    "new": ("drafted", "jane", ("new", "Another outage", "--date", "2024-03-01")),
    "comment": ("submitted", "bob", ("comment", "add", DOC, "-m", "How many?")),
    "reply": ("discussed", "jane", ("comment", "reply", THREAD, "-m", "Ninety")),
    "resolve": ("discussed", "jane", ("comment", "resolve", THREAD)),
    "revoke": ("drafted", "alice", ("people", "revoke", "carol", "-m", "Left")),
}
"""Act -> the stage that it begins from, who acts, the words."""

_DELETE = re.compile(r"delete (\S+) and try again")


def stages(folder: Path) -> dict[str, World]:
    """One repository for each stage of a postmortem."""
    world = World(folder / "first")
    world.init()
    world.new()
    made = {"drafted": world}
    for name, act, by in (
        ("submitted", acts.SUBMIT, "jane"), ("approved", acts.APPROVE, "bob"), ("published", acts.PUBLISH, "jane"),
    ):  # fmt: skip
        shutil.copytree(world.path, folder / name, symlinks=True)
        world = replace(world, path=folder / name)
        world.act(act, by, **({"reviewers": ("bob",)} if act == acts.SUBMIT else {}))
        made[name] = world
    shutil.copytree(made["submitted"].path, folder / "discussed", symlinks=True)
    made["discussed"] = replace(made["submitted"], path=folder / "discussed")
    thread = Message(THREAD, THREAD, MessageKind.COMMENT, "bob", datetime(2024, 1, 17, 10, tzinfo=UTC), "How many?")
    made["discussed"].write(f".pmctl/comments/{DOC}/{THREAD}.md", written(thread))
    made["discussed"].commit("Comment", "bob")
    return made


def begin(tree: Path, settings: Path, words: Sequence[str]) -> subprocess.Popen[str]:
    """pmctl in a process group of its own, without this process's git variables."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PMCTL_"))}
    env |= {"GIT_CONFIG_GLOBAL": str(settings), "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(settings.parent)}
    env |= {"XDG_STATE_HOME": str(settings.parent / "state"), "CI": ""}
    return subprocess.Popen(
        [sys.executable, "-m", "pmctl", "--no-input", *words], cwd=tree, env=env, text=True, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def again(tree: Path, settings: Path, words: Sequence[str]) -> tuple[int, str]:
    """Type a command, do what it says should be done, and type it once more."""
    for _ in range(3):
        process = begin(tree, settings, words)
        out, err = process.communicate(timeout=60)
        assert "Traceback" not in err and "unexpected" not in err, err
        told = _DELETE.search(err)
        if told is None:
            return process.returncode, out + err
        Path(told[1]).unlink(missing_ok=True)
    raise AssertionError(f"it says the same again: {err}")


def one_round(world: World, folder: Path, act: str, share: float) -> str:
    """Kill the act in two work trees after that share of what it takes; returns what became, e.g. "before, after"."""
    _, by, words = ACTS[act]
    path = folder / "repo"
    shutil.copytree(world.path, path, symlinks=True)
    second = folder / "second"
    git = ["git", "-C", str(path), "-c", "core.hooksPath=/dev/null"]
    subprocess.run([*git, "worktree", "add", "-q", "-b", "side", str(second)], check=True, capture_output=True)
    settings = folder / "gitconfig"
    settings.write_text(SETTINGS.format(name=by.capitalize(), handle=by, key=world.people[by].key))
    before = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    start = time.perf_counter()  # on a copy, and not long before: the machine does other things, too
    shutil.copytree(path, folder / "alone", symlinks=True)
    assert again(folder / "alone", settings, words)[0] == 0
    after = share * 1.5 * (time.perf_counter() - start)
    running = [begin(tree, settings, words) for tree in (path, second)]
    time.sleep(after)
    for process in running:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    for process in running:
        process.communicate(timeout=60)
    became = []
    for tree in (path, second):
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tree, check=True, capture_output=True, text=True).stdout
        became.append("before" if head == before else "after")
        code, said = again(tree, settings, words)
        assert code in ((0,) if became[-1] == "before" or act == "new" else (0, 1)), (act, after, code, said)
        code, said = again(tree, settings, ["audit"])
        assert code == 0, (act, after, said)
        code, said = again(tree, settings, ["doctor"])
        assert code == 0, (act, after, said)
        status = subprocess.run(["git", "status", "--porcelain"], cwd=tree, check=True, capture_output=True, text=True)
        assert status.stdout == "", (act, after, became, status.stdout)
    return ", ".join(became)


def play(moments: int, seed: int, acts_wanted: Sequence[str] = tuple(ACTS)) -> dict[str, int]:
    """Kill each act at that many random moments of its run; returns how often what came of it."""
    chance = random.Random(seed)
    counts: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="pmctl-kill-") as name:
        made = stages(Path(name))
        for act in acts_wanted:
            for number in range(moments):
                folder = Path(name) / f"{act}-{number}"
                folder.mkdir()
                became = one_round(made[ACTS[act][0]], folder, act, chance.uniform(0.05, 1))
                counts[f"{act}: {became}"] = counts.get(f"{act}: {became}", 0) + 1
                shutil.rmtree(folder)
    return counts


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    print(play(*(numbers or [200]), *(() if len(numbers) > 1 else (1,))))
