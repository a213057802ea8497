"""Tree differences agree with git's own, in small folders and in large ones, whatever changes."""

from __future__ import annotations

import hashlib
import random
import subprocess
import tracemalloc
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


def stored(repo: Path, content: bytes, kind: str) -> str:
    """Put an object into a repository, as bytes."""
    words = ["git", "-C", str(repo), "hash-object", "-w", "--stdin", "-t", kind]
    return subprocess.run(words, input=content, check=True, capture_output=True).stdout.decode().strip()


def tree_of(repo: Path, **entries: str) -> str:
    """A tree whose entries are folders, but for the name `file`."""
    rows = (
        f"{'100644' if name == 'file' else '40000'} {name}".encode() + b"\0" + bytes.fromhex(oid)
        for name, oid in sorted(entries.items())
    )
    return stored(repo, b"".join(rows), "tree")


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path / "r")], check=True)
    return tmp_path / "r"


def test_folders_nest_as_deep_as_a_path_may_be_and_no_deeper(objects: Path) -> None:
    blob = stored(objects, b"x", "blob")
    tree = tree_of(objects, file=blob)
    for _ in range(1500):
        tree = tree_of(objects, a=tree)
    with ObjectReader(objects / ".git") as reader:
        trees = Trees(reader)
        assert list(trees.files(tree)) == [("a/" * 1500 + "file", Entry("100644", blob))]
        assert [one.path for one in trees.differences("", tree, "")] == ["a/" * 1500 + "file"]
    for _ in range(1000):
        tree = tree_of(objects, a=tree)
    with ObjectReader(objects / ".git") as reader:
        trees = Trees(reader)
        ((path, entry),) = trees.files(tree)
        assert entry.is_tree and len(path) <= 4100
        ((path, _, new),) = trees.differences("", tree, "")
        assert new is not None and new.is_tree and path == "a/a/a"


def test_folders_that_share_their_content_cost_a_bounded_amount(objects: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pmctl.ledger.trees._MOST", 500)
    tree = tree_of(objects, file=stored(objects, b"x", "blob"))
    for _ in range(12):  # ten to the power of twelve files
        tree = tree_of(objects, **{f"f{number}": tree for number in range(10)})
    with ObjectReader(objects / ".git") as reader:
        trees = Trees(reader)
        assert len(list(trees.files(tree))) < 1000
        found = trees.differences("", tree, "")
        assert 0 < len(found) <= 1000 and all(one.new is not None and one.new.is_tree for one in found)


def test_a_large_blob_is_hashed_in_little_memory(objects: Path) -> None:
    content = random.Random(1).randbytes(1024 * 1024) * 48
    expected = hashlib.sha256(content).hexdigest()
    large = stored(objects, content, "blob")
    del content
    with ObjectReader(objects / ".git") as reader:
        tracemalloc.start()
        try:
            assert reader.sha256(large) == expected
            assert len(reader.blob(large)) == 8 * 1024 * 1024 + 1, (
                "the beginning, and one byte more than any reader takes"
            )
            reader.fetch([large])
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 24 * 1024 * 1024, peak
        small = stored(objects, b"small", "blob")
        assert reader.sha256(small) == hashlib.sha256(b"small").hexdigest()
        assert reader.blob(small) == b"small", "the next answer is not mixed with the one before"
