"""Measure what is felt: start-up, lists, hooks, acts and audits, each as a ratio to something in the same run.

    python tests/benchmarks/run.py [--quick] [--only NAME] [--count N]

Prints a table; asserts nothing. Every figure is the median of whole processes on this machine, as wall time and, where
that says more on a busy machine, as the processor time of the process and its children. Python keeps its compiled
modules between the runs, as it does for an installed package. rumdl and markdownlint-cli2 take part when they are on
PATH.
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
from dataclasses import dataclass
from pathlib import Path

from generate import git, write_postmortems
from history import RECORDS_EACH, STEPS_EACH, published_and_drafts, review_queue, signed_commits, signed_history

from pmctl.workflow.demo import Stage, become

ROWS: list[tuple[str, str]] = []


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command costs: wall time and processor time (its children's too) in seconds, peak memory of its largest
    process in MB.
    """

    wall: float
    cpu: float
    memory: float


def cost(
    command: list[str], cwd: Path, env: dict[str, str], runs: int, before: Callable[[], object] | None = None
) -> Cost:
    """The medians of whole runs of a command, after one that does not count; the most memory of all."""
    costs = []
    for number in range(runs + 1):
        if before is not None:
            before()
        with tempfile.TemporaryFile() as errors:
            start = time.perf_counter()
            process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=errors)
            _, status, used = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode not in (0, 1):
                errors.seek(0)
                raise SystemExit(f"{command} failed: {errors.read().decode()[:400]}")
        if number:
            costs.append(Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))
    return Cost(
        statistics.median(one.wall for one in costs),
        statistics.median(one.cpu for one in costs),
        max(one.memory for one in costs),
    )


def seconds(
    command: list[str], cwd: Path, env: dict[str, str], runs: int, before: Callable[[], object] | None = None
) -> float:
    """The median wall time of whole runs of a command, after one that does not count."""
    return cost(command, cwd, env, runs, before).wall


def say(name: str, text: str) -> None:
    ROWS.append((name, text))
    print(f"{name:<34} {text}", flush=True)


class Yard:
    """A repository of `count` committed postmortems, with people and keys."""

    def __init__(self, folder: Path, count: int, items_each: int = 1) -> None:
        self.stage = Stage(folder, os.environ)
        self.stage.set_up()
        self.root = self.stage.repository
        self.env = {
            **{name: value for name, value in self.stage.environment.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        }
        self.folder = folder
        self.count = count
        become(self.stage, "alice")
        self.pmctl("init", "--handle", "alice")
        self.pmctl("people", "add", "bob", "--name", "Bob Ray", "--email", "bob@example.com",
                   "--key", str(folder / "home/keys/bob.pub"))  # fmt: skip
        self.ids = write_postmortems(self.root, count, items_each)
        subprocess.run(["git", "add", "postmortems"], cwd=self.root, env=self.env, check=True)
        subprocess.run(["git", "commit", "-qm", "Import"], cwd=self.root, env=self.env, check=True)

    def pmctl(self, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "pmctl", *words], cwd=self.root, env=self.env, capture_output=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"pmctl {' '.join(words)}: {done.stderr.decode()[:400]}")

    def forget(self) -> None:
        """Throw away what pmctl remembers about this repository."""
        shutil.rmtree(self.root / ".git" / "pmctl", ignore_errors=True)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "pmctl", *words]


def start_up(yard: Yard, runs: int) -> None:
    typer = seconds([sys.executable, "-c", "import typer"], yard.root, yard.env, runs)
    version = seconds(yard.command("--version"), yard.root, yard.env, runs)
    usage = seconds(yard.command("--help"), yard.root, yard.env, runs)
    say("--version / import typer", f"{version / typer:.2f}x  ({version * 1000:.0f} ms / {typer * 1000:.0f} ms)")
    say("--help", f"{usage * 1000:.0f} ms")


def listing(yard: Yard, runs: int) -> None:
    warm = cost(yard.command("list"), yard.root, yard.env, runs)
    say(f"list, {yard.count} postmortems, warm", spoken(warm))


def items(yard: Yard, runs: int) -> None:
    """Ten times as many postmortems, of four action items each; what speeds the catalog up, and without it."""
    large = Yard(yard.folder.parent / "items", yard.count * 10, 4)
    few = max(1, runs // 3)
    name = f"actions list --overdue, {large.count * 4} items"
    overdue = large.command("actions", "list", "--overdue")
    say(f"{name}, cold", spoken(cost(overdue, large.root, large.env, few, large.forget)))
    time.sleep(2.5)  # a file that was written just now is read once more
    warm = cost(overdue, large.root, large.env, runs)
    say(f"{name}, warm", spoken(warm))
    change = "import pmctl.insight.catalog as c; c._file_stamp = lambda file: []"
    code = f"{change}; import sys; sys.argv[1:] = ['actions', 'list', '--overdue']; from pmctl.start import run; run()"
    plain = cost([sys.executable, "-c", code], large.root, large.env, runs)
    say("without asking what was written since", f"{plain.cpu / warm.cpu:.2f}x the processor time")


def spoken(what: Cost) -> str:
    return f"{what.wall:.2f} s  ({what.cpu:.2f} s of processor, {what.memory:.0f} MB)"


def validation(yard: Yard, runs: int) -> None:
    few = max(2, runs // 2)
    cold = cost(yard.command("validate"), yard.root, yard.env, few, yard.forget)
    warm = cost(yard.command("validate"), yard.root, yard.env, runs)
    file = f"postmortems/{yard.ids[0][:4]}/{yard.ids[0]}.md"
    one = cost(yard.command("validate", file), yard.root, yard.env, runs, yard.forget)
    say(f"validate, {yard.count}, cold", spoken(cold))
    say(f"validate, {yard.count}, warm", spoken(warm))
    say("validate, one file, cold", spoken(one))
    for tool, words in (("rumdl", ["check", "--no-cache", "."]), ("markdownlint-cli2", ["**/*.md"])):
        program = shutil.which(tool)
        if program is None:
            say(f"validate cold / {tool}", "not on PATH")
            continue
        other = cost([program, *words], yard.root / "postmortems", yard.env, few)
        say(f"validate cold / {tool}", f"{cold.wall / other.wall:.2f}x  ({cold.wall:.2f} s / {other.wall:.2f} s; "
            f"processor {cold.cpu:.2f} s / {other.cpu:.2f} s)")  # fmt: skip


_WITHOUT = (
    ("more than one process", "import os; os.cpu_count = lambda: 1", ("validate",)),
    ("asking what a text mentions", "import pmctl.rules.prose as p; p.mentions = lambda *a: True", ("validate",)),
    ("leaving without teardown", "import os; os._exit = __import__('sys').exit", ("validate", "FILE")),
    ("collecting garbage seldom", "import gc; gc.set_threshold = lambda *a: None", ("validate", "FILE")),
)
"""What stands in pmctl for its speed alone, and how to do without it."""


def without(yard: Yard, runs: int) -> None:
    """What code that is there for its speed brings: a command with it, and without."""
    file = f"postmortems/{yard.ids[0][:4]}/{yard.ids[0]}.md"
    for name, change, words in _WITHOUT:
        arguments = [file if word == "FILE" else word for word in words]
        costs = []
        for first in ("pass", change):
            code = f"{first}; import sys; sys.argv[1:] = {arguments}; from pmctl.start import run; run()"
            costs.append(cost([sys.executable, "-c", code], yard.root, yard.env, runs, yard.forget))
        with_it, without_it = costs
        say(f"without {name}", f"{without_it.wall / with_it.wall:.2f}x the time, {without_it.cpu / with_it.cpu:.2f}x "
            f"the processor time  ({without_it.wall:.2f} s / {with_it.wall:.2f} s)")  # fmt: skip


def many(yard: Yard, runs: int) -> None:
    """Ten times as many documents as the other measures have."""
    large = Yard(yard.folder.parent / "many", yard.count * 10)
    cold = cost(large.command("validate"), large.root, large.env, max(1, runs // 3), large.forget)
    say(f"validate, {large.count}, cold", spoken(cold))
    warm = cost(large.command("validate"), large.root, large.env, max(1, runs // 3))
    say(f"validate, {large.count}, warm", spoken(warm))


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
        yard.forget,
    )
    warm = seconds(yard.command("audit"), yard.root, yard.env, runs)
    say("audit, cold / warm", f"{cold:.2f} s / {warm:.2f} s")


def ledger(yard: Yard, runs: int) -> None:
    """Histories of signed records: cold, growth, after one more commit, and one signature against git's own check."""
    audit = yard.command("audit")
    costs: dict[int, Cost] = {}
    tenth = max(1, yard.count // RECORDS_EACH)
    for postmortems in (0, tenth, 10 * tenth):
        root = yard.folder.parent / f"ledger-{postmortems}"
        signed_history(root, postmortems)
        done = subprocess.run(audit, cwd=root, env=yard.env, capture_output=True, check=False)
        if done.returncode:
            raise SystemExit(f"the audit of {root.name} is not clean: {done.stdout.decode()[-400:]}")
        costs[postmortems] = cost(audit, root, yard.env, max(1, runs // 3), lambda: forget(root))  # noqa: B023  run here
    start, small, large = costs.values()
    say(f"audit, {RECORDS_EACH * postmortems} records, cold", spoken(large))
    grown = (large.cpu - start.cpu) / (small.cpu - start.cpu)
    say(f"audit, {STEPS_EACH * tenth} -> {STEPS_EACH * postmortems} steps", f"{grown:.1f}x the processor time")

    def land() -> None:
        (root / "note.txt").write_text(str(time.perf_counter()))
        git(root, "add", "note.txt")
        git(root, "-c", "user.name=jane", "-c", "user.email=jane@example.com", "commit", "-qm", "note")

    cost(audit, root, yard.env, 1)
    next_one = cost(audit, root, yard.env, runs, land)
    extra = (next_one.wall - start.wall, next_one.cpu - start.cpu)
    say(
        "audit, one commit later",
        f"{extra[0]:.2f} s above start-up  ({extra[1]:.2f} s of processor; {next_one.wall:.2f} s)",
    )
    signatures(yard, max(50, min(300, yard.count)))


def forget(root: Path) -> None:
    shutil.rmtree(root / ".git" / "pmctl", ignore_errors=True)


def signatures(yard: Yard, count: int) -> None:
    """One SSH signature, verified here and by git, which starts ssh-keygen for each."""
    from pmctl.ledger.sshsig import verify

    root = yard.folder.parent / "signed"
    signed = signed_commits(root, count)
    verify(signed[0][1], signed[0][0], "git")
    start = time.perf_counter()
    for _ in range(5):
        for payload, signature in signed:
            verify(signature, payload, "git")
    mine = (time.perf_counter() - start) / 5 / count
    words = ["git", "log", "--format=%G?"]
    shown = subprocess.run(words, cwd=root, env=yard.env, capture_output=True, check=True, text=True).stdout.split()
    if shown != ["G"] * count:
        raise SystemExit(f"git does not verify the generated commits: {shown[:3]}")
    theirs = seconds(words, root, yard.env, 1) / count
    say(
        "git log --format=%G? / pmctl",
        f"{theirs / mine:.0f}x  ({theirs * 1000:.2f} ms / {mine * 1000:.3f} ms a signature)",
    )


def reading_history(yard: Yard, runs: int) -> None:
    """`events` over ten steps a postmortem, beside the audit that it rests on, and `review` over ten times as many."""
    root = yard.folder.parent / "events"
    steps = 10 * yard.count
    signed_history(root, steps // STEPS_EACH)
    few = max(1, runs // 3)
    audit = cost(yard.command("audit"), root, yard.env, few, lambda: forget(root))
    cold = cost(yard.command("events", "--format", "jsonl"), root, yard.env, few, lambda: forget(root))
    warm = cost(yard.command("events", "--format", "jsonl"), root, yard.env, runs)
    say(f"events, {steps} steps, cold", f"{spoken(cold)}, {cold.cpu / audit.cpu:.2f}x the audit's processor time")
    say(f"events, {steps} steps, warm", spoken(warm))
    many = yard.folder.parent / "queue"
    review_queue(many, 10 * yard.count, yard.count // 10)
    queue = cost(yard.command("review", "--as", "bob"), many, yard.env, runs)
    say(f"review, {10 * yard.count} postmortems, warm", spoken(queue))


def learning(yard: Yard, runs: int) -> None:
    """`metrics`, `similar` and `metrics effectiveness` over ten times as many postmortems of four items each, a
    quarter of them published, and how the first grows from a tenth of that; what not looking for garbage brings."""
    few = max(1, runs // 3)
    costs = []
    for count in (yard.count, 10 * yard.count):
        root = yard.folder.parent / f"learning-{count}"
        published_and_drafts(root, count)
        costs.append(cost(yard.command("metrics"), root, yard.env, few, lambda: forget(root)))  # noqa: B023  run here
    small, large = costs
    say(f"metrics, {count} postmortems, {4 * count} items, cold", spoken(large))
    say(f"metrics, {yard.count} -> {count} postmortems, cold", f"{large.cpu / small.cpu:.1f}x the processor time")
    warm = cost(yard.command("metrics"), root, yard.env, runs)
    say("metrics, warm", spoken(warm))
    change = "import gc; gc.disable = lambda: None"
    code = f"{change}; import sys; sys.argv[1:] = ['metrics']; from pmctl.start import run; run()"
    plain = cost([sys.executable, "-c", code], root, yard.env, runs)
    say("metrics, with looking for garbage", f"{plain.cpu / warm.cpu:.2f}x the processor time")
    words = yard.command("similar", "--text", "payment-api connection pool exhausted before the alert")
    say("similar, warm", spoken(cost(words, root, yard.env, runs)))
    effects = yard.command("metrics", "effectiveness", "--by", "service")
    say("metrics effectiveness, warm", spoken(cost(effects, root, yard.env, runs)))


def notifying(yard: Yard, runs: int) -> None:
    """`notify` with nothing new over ten steps a postmortem: the same commit again, and one that tells nothing."""
    root = yard.folder.parent / "notify"
    steps = 10 * yard.count
    signed_history(root, steps // STEPS_EACH)
    settings = "version: 1\nnotify: {channels: {bot: {webhook: bot, events: [all]}}}\n"
    (root / "pmctl.yaml").write_text(settings)
    git(root, "add", "pmctl.yaml")

    def land() -> None:
        (root / "note.txt").write_text(str(time.perf_counter()))
        git(root, "add", "note.txt")
        git(root, "-c", "user.name=jane", "-c", "user.email=jane@example.com", "commit", "-qm", "note")

    words = yard.command("notify")
    cost(words, root, yard.env, 1, land)
    say(f"notify, nothing new, {steps} steps", spoken(cost(words, root, yard.env, runs)))
    say("notify, one commit later", spoken(cost(words, root, yard.env, runs, land)))


MEASURES = {
    "start": start_up, "list": listing, "items": items, "validate": validation, "many": many,
    "approve": approval, "audit": auditing, "ledger": ledger,
    "events": reading_history, "learning": learning, "notify": notifying, "without": without,
}  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--quick", action="store_true", help="fewer runs over fewer postmortems")
    arguments.add_argument("--count", type=int, help="how many postmortems (default 1000, or 200 with --quick)")
    arguments.add_argument("--only", choices=sorted(MEASURES))
    chosen = arguments.parse_args()
    count, runs = (200, 2) if chosen.quick else (1000, 5)
    count = chosen.count or count
    with tempfile.TemporaryDirectory(prefix="pmctl-bench-") as folder:
        yard = Yard(Path(folder) / "yard", count)
        for name, measure in MEASURES.items():
            if chosen.only in (None, name):
                measure(yard, runs)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    python = sys.version.split()[0]
    print(f"{count} postmortems, {runs} runs each, {os.cpu_count()} cores, load {load}, Python {python}")


if __name__ == "__main__":
    main()
