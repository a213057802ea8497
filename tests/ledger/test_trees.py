"""Tree differences agree with git's own, in small folders and in large ones, whatever changes."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.ledger.trees import Trees, _differing, _Folder, _marks
from pmctl.object_reader import ObjectReader
from pmctl.objects import Entry


def entry_bytes(name: str, value: int) -> bytes:
    return f"100644 {name}".encode() + b"\0" + value.to_bytes(20, "big")


def tree_bytes(entries: dict[str, int]) -> bytes:
    return b"".join(entry_bytes(name, entries[name]) for name in sorted(entries))


def name_of(number: int) -> str:
    return f"2024-01-15-incident-{number:04d}"


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(150, 400), st.integers(0, 4))
def test_the_part_that_differs_is_between_entries(seed: int, size: int, changes: int) -> None:
    rng = random.Random(seed)
    before = {name_of(number): rng.getrandbits(160) for number in rng.sample(range(401), size)}
    after = dict(before)
    for _ in range(changes):
        name = name_of(rng.randrange(401))
        if rng.random() < 0.5:
            after[name] = rng.getrandbits(160)
        else:
            after.pop(name, None)
    old, new = tree_bytes(before), tree_bytes(after)
    folder = _Folder("0" * 40, old, _marks(old, 0, len(old), 20))
    start, old_end, new_end, marks = _differing(folder, new, 20)
    assert old[:start] == new[:start]
    assert old[old_end:] == new[new_end:]
    starts = {0}
    at = 0
    for name in sorted(after):
        at += len(entry_bytes(name, 0))
        starts.add(at)
    assert start in starts and new_end in starts
    assert set(marks) <= starts


@pytest.mark.parametrize("count", [3, 300])
def test_differences_are_those_of_git(tmp_path: Path, count: int) -> None:
    def run(*arguments: str) -> str:
        command = ["git", "-c", "user.name=x", "-c", "user.email=x@y", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()

    run("init", "-q")
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number:04d}").write_text(str(number))
    trees = []
    for step in range(4):
        (folder / f"{step:04d}").write_text("changed")
        (folder / f"new{step}").write_text("new")
        if step == 2:
            (folder / f"{count - 1:04d}").unlink()
            (tmp_path / "a" / "top").mkdir()
            (tmp_path / "a" / "top" / "x").symlink_to("..")
        if step == 3:
            (tmp_path / "a" / "top" / "x").unlink()
            (tmp_path / "a" / "top").rmdir()
            (tmp_path / "a" / "top").write_text("now a file")
        run("add", "-A")
        run("commit", "-qm", "x")
        trees.append(run("rev-parse", "HEAD^{tree}"))
    with ObjectReader(tmp_path / ".git") as reader:
        found = Trees(reader).many(list(zip(["", *trees], trees, strict=False)), "")
    empty = run("hash-object", "-t", "tree", "/dev/null")
    for old, new, differences in zip([empty, *trees], trees, found, strict=False):
        lines = run("diff-tree", "-r", "--no-renames", "--no-abbrev", old, new).splitlines()
        expected = {}
        for line in lines:
            meta, path = line.split("\t")
            old_mode, new_mode, old_oid, new_oid, _ = meta[1:].split()
            expected[path] = (
                Entry(old_mode, old_oid) if int(old_mode) else None,
                Entry(new_mode, new_oid) if int(new_mode) else None,
            )
        assert {path: (was, now) for path, was, now in differences} == expected
