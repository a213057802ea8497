"""Measure the audit: ten thousand signed records cold, growth, merges, one commit later, and what one signature costs.

    python tests/benchmarks/ledger.py [--records 10000]

Wall time and processor time (of all processes together) of whole runs, with the machine's load beside them: on a
machine that is shared only the processor time compares.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from history import RECORDS_EACH, signed_commits, signed_history

from pmctl.ledger.sshsig import verify

AUDIT = [sys.executable, "-m", "pmctl", "audit"]


def measured(command: list[str], cwd: Path, state: Path, data: bytes = b"") -> tuple[float, float]:
    """(wall, processor) seconds of one run of a command that succeeds."""
    env = {**os.environ, "XDG_STATE_HOME": str(state), "CI": ""}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=env, input=data, capture_output=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{command} failed: {(done.stderr or done.stdout).decode()[-400:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def say(what: str, wall: float, processor: float) -> None:
    print(f"{what:<44} {wall:8.3f} s   {processor:8.3f} s of processor   load {os.getloadavg()[0]:.1f}", flush=True)


def cold(root: Path, state: Path) -> tuple[float, float]:
    """An audit that remembers nothing."""
    shutil.rmtree(root / ".git/pmctl", ignore_errors=True)
    return measured(AUDIT, root, state)


def land(root: Path) -> None:
    """One more commit on the main line."""
    words = ["-c", "user.name=jane", "-c", "user.email=jane@example.com", "commit", "-qm", "note", "--allow-empty"]
    subprocess.run(["git", *words], cwd=root, check=True)


def histories(folder: Path, records: int) -> None:
    """Cold, growth and one commit later."""
    state = folder / "state"
    empty, small, large = folder / "empty", folder / "small", folder / "large"
    for root, count in ((empty, 0), (small, records // RECORDS_EACH // 10), (large, records // RECORDS_EACH)):
        signed_history(root, count)
    start_up = min(measured([sys.executable, "-m", "pmctl", "--help"], empty, state) for _ in range(3))
    say("start-up (pmctl --help)", *start_up)
    nothing = min(cold(empty, state) for _ in range(3))
    say("audit of a policy alone", *nothing)
    tenth = min(cold(small, state) for _ in range(3))
    say(f"cold audit, {records // 10} records", *tenth)
    whole = min(cold(large, state) for _ in range(2))
    say(f"cold audit, {records} records", *whole)
    grown = [(big - base) / (little - base) for big, little, base in zip(whole, tenth, nothing, strict=True)]
    print(f"{'growth':<44} {grown[0]:8.1f} x   {grown[1]:8.1f} x of processor (12 allowed)")
    merges = folder / "merges"
    signed_history(merges, records // RECORDS_EACH, merges=True)
    beside = min(cold(merges, state) for _ in range(2))
    say(f"cold audit, {records} records in merges", *beside)
    more = [(one - base) / (line - base) for one, line, base in zip(beside, whole, nothing, strict=True)]
    print(f"{'  beside a straight line':<44} {more[0]:8.1f} x   {more[1]:8.1f} x of processor (2 allowed)")
    later = []
    for _ in range(5):
        land(large)
        later.append(measured(AUDIT, large, state))
    say("audit one commit later", *min(later))
    above = [one - base for one, base in zip(min(later), start_up, strict=True)]
    say("  above start-up (0.3 allowed)", *above)


def signatures(folder: Path, count: int) -> None:
    """One signature here, in `git log --format=%G?`, and in `ssh-keygen -Y verify`."""
    root = folder / "signed"
    made = signed_commits(root, count)
    verify(made[0][1], made[0][0], "git")
    start = time.perf_counter()
    for payload, signature in made * 5:
        verify(signature, payload, "git")
    mine = (time.perf_counter() - start) / 5 / count
    wall, processor = measured(["git", "log", "--format=%G?"], root, folder / "state")
    (folder / "sig").write_bytes(made[0][1])
    allowed = str(root / "signers")
    words = ["ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "jane@example.com", "-n", "git", "-s", folder / "sig"]
    keygen = min(measured([str(word) for word in words], root, folder / "state", made[0][0]) for _ in range(20))
    say("one signature, pmctl", mine, mine)
    for name, cost in (("git log --format=%G?", (wall / count, processor / count)), ("ssh-keygen -Y verify", keygen)):
        say(f"one signature, {name}", *cost)
        print(f"{'':<44} {cost[0] / mine:8.0f} x   {cost[1] / mine:8.0f} x of processor")


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--records", type=int, default=10_000)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="pmctl-ledger-") as name:
        signatures(Path(name), 200)
        histories(Path(name), chosen.records)


if __name__ == "__main__":
    main()
