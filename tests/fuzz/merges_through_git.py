"""The random edits of tests.fuzz.merges as branches of one repository, merged by git with the driver.

Everything is git's own way: checkout, merge, the driver in a process of its own, the index, the conflict.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.fuzz.merges import applied, base_text, git_conflicts, nothing_lost, side
from tests.merging import FILE, Branches

Three = tuple[int, str, str, str]


def through_git(seeds: Iterable[int]) -> str:
    """Merge each pair with the driver, and ask git what it makes of the lines alone; returns what came of it.

    Raises AssertionError with the seed when a line is lost, or when git calls a merge clean that has markers in it.
    """
    with tempfile.TemporaryDirectory(prefix="pmctl-merges-") as folder:
        made = Branches.made(Path(folder))
        cases = list(_cases(seeds))
        _import(made, cases)
        clean = conflicts = solved = 0
        for number, (seed, base, ours, theirs) in enumerate(cases, 1):
            made.git("checkout", "-q", "--force", "--detach", f"ours-{seed}")
            done = made.run("merge", "-q", "--no-edit", f"theirs-{seed}")
            assert done.returncode in (0, 1), f"seed {seed}: {done.stderr}"
            text = made.file.read_bytes().decode()
            marked = "\n<<<<<<< " in text.replace("\r\n", "\n") or text.startswith("<<<<<<< ")
            assert (done.returncode == 1) == marked == bool(made.git("ls-files", "--unmerged")), f"seed {seed}"
            nothing_lost(seed, base, ours, theirs, text)
            alone = git_conflicts(base, ours, theirs)
            clean += not marked
            conflicts += alone > 0
            solved += alone > 0 and not marked
            if number % 100 == 0:
                print(f"{number} of {len(cases)}: {clean} clean, {solved} of {conflicts} solved", flush=True)
            made.run("merge", "--abort")
    share = 100 * solved / conflicts if conflicts else 0
    figures = f"of {conflicts} conflicts of git alone {solved} solved: {share:.1f} %"
    return f"{len(cases)} merges through git: {clean} clean; {figures}"


def _cases(seeds: Iterable[int]) -> Iterator[Three]:
    for seed in seeds:
        rng = random.Random(seed)
        base = base_text(rng)
        spoiled = rng.random() < 0.15
        ours, theirs = side(rng, base, "x", spoiled=spoiled), side(rng, base, "y", spoiled=False)
        mine, yours = applied(base, ours), applied(base, theirs)
        if mine is not None and yours is not None and base not in (mine, yours) and mine != yours:
            yield seed, base, mine, yours


def _import(made: Branches, cases: list[Three]) -> None:
    """All branches at once: a process for each commit would take most of the time."""
    stream: list[bytes] = []
    for seed, *texts in cases:
        for name, text in zip(("base", "ours", "theirs"), texts, strict=True):
            data = text.encode()
            stream.append(
                f"commit refs/heads/{name}-{seed}\ncommitter {name} <{name}@example.com> 1705320000 +0000\n".encode()
            )
            stream.append(b"data 1\nx\n" + (b"" if name == "base" else f"from refs/heads/base-{seed}\n".encode()))
            stream.append(f"M 100644 inline {FILE}\ndata {len(data)}\n".encode() + data + b"\n")
    done = subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=made.top, env=made.environment, input=b"".join(stream), check=False,
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
