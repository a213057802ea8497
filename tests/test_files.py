"""Files that pmctl keeps for itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl.files import read_object, write_atomic


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 100_000])
def test_what_is_damaged_counts_as_nothing(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "x.json"
    assert read_object(file) == {}
    file.write_bytes(damage)
    assert read_object(file) == {}
    write_atomic(file, b'{"a": 1}')
    assert read_object(file) == {"a": 1}


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "x"
    write_atomic(file, b"one")
    assert file.stat().st_mode & 0o777 == 0o600
    other = tmp_path / "folder"
    other.mkdir()
    with pytest.raises(OSError, match="folder"):
        write_atomic(other, b"two")
    link = tmp_path / "link"
    link.symlink_to(file)
    write_atomic(link, b"three")
    assert (file.read_bytes(), link.is_symlink(), link.read_bytes()) == (b"one", False, b"three")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "link", "x"]
