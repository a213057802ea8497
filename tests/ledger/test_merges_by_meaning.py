"""What the merge driver makes of two sides is nobody's own words: the audit asks no right and no signature for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl.document.merge import merge
from tests.world import World

OWNER = ("| @carol | 2024-01-22 |", "| @bob | 2024-01-22 |")
DUE = ("| 2024-01-22 | HIGH |", "| 2024-03-22 | HIGH |")


def signed(world: World, by: str, *words: str) -> None:
    world.git("-c", "gpg.format=ssh", "-c", f"user.signingkey={world.people[by].key}", *words, by=by)


def merged(tmp_path: Path, *, blend: tuple[str, str] = ("", ""), signed_by: str = "") -> list[str]:
    """The codes of the audit after jane changed one row on two lines and bob merged them; `blend` is his own word."""
    world = World(tmp_path / "repo")
    world.init()
    world.new()
    world.change_policy(edits="signed")
    path = world.path / world.file()
    base = path.read_bytes()
    texts = []
    for branch, (old, new) in (("side", DUE), ("main", OWNER)):
        world.git("checkout", "-q", *(("-b", branch) if branch == "side" else (branch,)))
        world.edit(old, new, commit=False)
        signed(world, "jane", "commit", "-q", "-S", "-am", "Edit")
        texts.append(path.read_bytes())
    world.git("merge", "-q", "--no-commit", "-s", "ours", "side", by="bob")
    text = merge(base, texts[1], texts[0]).written()[0].decode()
    assert "| @bob | 2024-03-22 | HIGH |" in text
    path.write_text(text.replace(*blend) if blend[0] else text)
    world.git("add", "-A")
    if signed_by:
        signed(world, signed_by, "commit", "-q", "-S", "-m", "Merge")
    else:
        world.git("commit", "-q", "-m", "Merge", by="bob")
    return sorted({finding.code for finding in world.audit().findings})


def test_a_merge_by_meaning_needs_no_right(tmp_path: Path) -> None:
    assert merged(tmp_path) == []


@pytest.mark.parametrize(
    ("blend", "by", "codes"),
    [
        (("| 2024-03-22 |", "| 2024-04-22 |"), "", ["AU705"]),
        (("| 2024-03-22 |", "| 2024-04-22 |"), "jane", []),
        (("too small", "far too small"), "bob", ["AU702"]),
        (("| @bob | 2024-03-22 |", "| @carol | 2024-01-22 |"), "", ["AU705"]),
    ],
)
def test_a_word_of_its_own_in_such_a_merge_needs_one(
    blend: tuple[str, str], by: str, codes: list[str], tmp_path: Path
) -> None:
    assert merged(tmp_path, blend=blend, signed_by=by) == codes
