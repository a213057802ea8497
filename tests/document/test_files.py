"""Only a regular file is read, and never more of it than a document may have."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from pmctl.document.files import Unreadable, read_regular
from pmctl.document.reader import MAX_BYTES


def refused(path: Path) -> tuple[str, str]:
    with pytest.raises(Unreadable) as caught:
        read_regular(path)
    return caught.value.kind, caught.value.reason


def test_a_regular_file_is_read_up_to_one_byte_more_than_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"x" * (MAX_BYTES + 100))
    assert len(read_regular(tmp_path / "a.md")) == MAX_BYTES + 1
    (tmp_path / "b.md").write_bytes(b"")
    assert read_regular(tmp_path / "b.md") == b""


def test_links_folders_pipes_and_sockets_are_refused_without_waiting(tmp_path: Path) -> None:
    (tmp_path / "target.md").write_bytes(b"secret")
    (tmp_path / "link.md").symlink_to("target.md")
    (tmp_path / "loop.md").symlink_to("loop.md")
    os.mkfifo(tmp_path / "pipe.md")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.md"))
        assert refused(tmp_path / "s.md") == ("no file", "is no regular file")
    assert refused(tmp_path / "link.md") == ("no file", "is a symbolic link")
    assert refused(tmp_path / "loop.md") == ("no file", "is a symbolic link")
    assert refused(tmp_path / "pipe.md") == ("no file", "is no regular file")
    assert refused(tmp_path) == ("no file", "is a folder")
    assert refused(tmp_path / "none.md") == ("missing", "does not exist")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"x")
    (tmp_path / "a.md").chmod(0)
    assert refused(tmp_path / "a.md")[0] == "refused"
