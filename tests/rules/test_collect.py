"""Whatever lies in the way is a finding, and the other files are still read."""

from __future__ import annotations

import os

import pytest

from pmctl.document.reader import MAX_BYTES
from pmctl.rules.collect import collect


def tree(root):
    folder = root / "postmortems" / "2024"
    folder.mkdir(parents=True)
    (folder / "2024-01-15-a.md").write_bytes(b"one")
    (folder / "2024-01-16-b.md").write_bytes(b"two")
    (folder / "2024-01-15-a").mkdir()
    (folder / "2024-01-15-a" / "notes.md").write_bytes(b"an attachment")
    (folder / "graph.png").write_bytes(b"\x89PNG")
    return folder


def test_a_folder_stands_for_its_postmortems_without_their_attachments(tmp_path):
    tree(tmp_path)
    found = list(collect([tmp_path / "postmortems"], tmp_path))
    assert [(one.path, one.data) for one in found] == [
        ("postmortems/2024/2024-01-15-a.md", b"one"),
        ("postmortems/2024/2024-01-16-b.md", b"two"),
    ]


def test_a_file_that_is_named_twice_is_read_once(tmp_path):
    folder = tree(tmp_path)
    found = list(collect([folder / "2024-01-15-a.md", tmp_path, folder], tmp_path))
    assert len(found) == 2


def test_what_is_no_file_is_a_finding_and_the_others_are_read(tmp_path):
    folder = tree(tmp_path)
    (folder / "link.md").symlink_to(folder / "2024-01-15-a.md")
    (folder / "loop.md").symlink_to(folder / "loop.md")
    os.mkfifo(folder / "pipe.md")
    (folder / "big.md").write_bytes(b"x" * (MAX_BYTES + 100))
    found = {one.path.rpartition("/")[2]: one for one in collect([tmp_path, tmp_path / "none.md"], tmp_path)}
    assert found["2024-01-15-a.md"].data == b"one"
    assert found["link.md"].finding.code == "PM030"
    assert found["loop.md"].finding.code == "PM030"
    assert found["pipe.md"].finding.code == "PM030"
    assert found["none.md"].finding.code == "PM031"
    assert len(found["big.md"].data) == MAX_BYTES + 1


def test_a_year_that_is_a_link_is_a_finding_and_not_passed_over(tmp_path):
    folder = tree(tmp_path)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    [found] = collect([tmp_path / "postmortems"], tmp_path)
    assert found.path == "postmortems/2024"
    assert found.finding.message == "is a symbolic link; a postmortem is a regular file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_a_finding(tmp_path):
    folder = tree(tmp_path)
    (folder / "2024-01-15-a.md").chmod(0)
    found = list(collect([tmp_path], tmp_path))
    assert [one.finding.code if one.finding else "" for one in found] == ["PM031", ""]


def test_a_file_outside_the_root_keeps_its_name(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "x.md").write_bytes(b"x")
    [found] = collect([tmp_path / "x.md"], tmp_path / "root")
    assert found.path == str(tmp_path / "x.md")
