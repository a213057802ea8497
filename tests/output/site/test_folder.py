"""The folder of a site: only what pmctl wrote is touched, and only what changed is written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pmctl.errors import EnvironmentProblem
from pmctl.output.site.folder import MARKER, Folder, Kept, open_folder


def _written(path: Path, **pages: bytes) -> Folder:
    """A folder in which these pages were written, by their names without suffix."""
    folder = open_folder(path)
    names = {f"{name}.html": data for name, data in pages.items()}
    folder.claim(list(names))
    for name, data in names.items():
        folder.pages[name] = Kept("key", folder.write(name, [(name, data)]))
    folder.save()
    return folder


def test_a_second_run_knows_what_is_there(tmp_path: Path) -> None:
    _written(tmp_path / "out", index=b"one", other=b"two")
    again = open_folder(tmp_path / "out")
    assert again.is_current("index.html", "key")
    assert not again.is_current("index.html", "another")
    assert not again.is_current("new.html", "key")


def test_what_somebody_changed_is_made_anew(tmp_path: Path) -> None:
    _written(tmp_path, index=b"one")
    (tmp_path / "index.html").write_bytes(b"changed")
    assert not open_folder(tmp_path).is_current("index.html", "key")
    (tmp_path / "index.html").unlink()
    assert not open_folder(tmp_path).is_current("index.html", "key")


def test_the_same_content_is_not_written_again(tmp_path: Path) -> None:
    folder = _written(tmp_path, index=b"one")
    before = (tmp_path / "index.html").stat().st_ino
    folder.write("index.html", [("index.html", b"one")])
    assert (tmp_path / "index.html").stat().st_ino == before


def test_others_can_read_what_is_written(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        _written(tmp_path, index=b"one")
    finally:
        os.umask(before)
    assert (tmp_path / "index.html").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("name", ["notes.txt", "index.html", "sub/x", MARKER])
def test_a_folder_with_something_else_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(EnvironmentProblem, match="holds something else"):
        open_folder(tmp_path)
    assert (tmp_path / name).read_text() == "mine"


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(EnvironmentProblem, match="no folder"):
        open_folder(tmp_path / "out")


def test_the_work_tree_of_a_branch_of_pages_is_taken(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: elsewhere")
    (tmp_path / "CNAME").write_text("pm.example.com")
    assert open_folder(tmp_path).pages == {}


def test_a_foreign_file_that_is_in_the_way_stops_everything(tmp_path: Path) -> None:
    folder = _written(tmp_path, index=b"one")
    (tmp_path / "new.html").write_text("mine")
    with pytest.raises(EnvironmentProblem, match=r"new\.html is in the way"):
        folder.claim(["another.html", "new.html"])
    assert (tmp_path / "new.html").read_text() == "mine"
    assert not (tmp_path / "another.html").exists()


def test_a_file_of_a_page_is_no_way_over_a_foreign_one(tmp_path: Path) -> None:
    folder = _written(tmp_path, index=b"one")
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(EnvironmentProblem, match="in the way"):
        folder.write("index.html", [("index.html", b"one"), ("mine.txt", b"theirs")])
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_an_interrupted_run_can_begin_again(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    folder.claim(["index.html"])
    folder.write("index.html", [("index.html", b"half")])  # and then nothing was saved
    again = open_folder(tmp_path)
    again.claim(["index.html"])
    again.write("index.html", [("index.html", b"whole")])
    assert (tmp_path / "index.html").read_bytes() == b"whole"


def test_what_is_gone_is_removed_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    folder = _written(tmp_path, index=b"one", gone=b"two", changed=b"three")
    (tmp_path / "changed.html").write_text("mine now")
    (tmp_path / "notes.txt").write_text("mine")
    assert folder.keep_only({"index.html"}) == (1, ["changed.html"])
    assert {one.name for one in tmp_path.iterdir()} == {"index.html", "changed.html", "notes.txt", MARKER}


def test_empty_folders_go_with_their_pages(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    folder.claim(["services/x.html"])
    folder.pages["services/x.html"] = Kept("key", folder.write("services/x.html", [("services/x.html", b"x")]))
    folder.keep_only(set())
    assert not (tmp_path / "services").exists()


def test_a_link_on_the_way_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = open_folder(tmp_path / "out")
    (tmp_path / "out" / "services").symlink_to(elsewhere)
    with pytest.raises(EnvironmentProblem, match="symbolic link"):
        folder.write("services/x.html", [("services/x.html", b"x")])
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "a/../../secret", "", "a\\..\\b"])
def test_a_marker_that_names_files_elsewhere_is_not_believed(tmp_path: Path, path: str) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"mine")
    _written(tmp_path / "out", index=b"one")
    marker = tmp_path / "out" / MARKER
    content = json.loads(marker.read_text())
    entry = content["pages"]["index.html"]
    content["pages"]["gone.html"] = [entry[0], {path: ["x", 4, 1]}, [], ""]
    content["pages"][path] = [entry[0], {}, [], ""]
    marker.write_text(json.dumps(content))
    assert set(open_folder(tmp_path / "out").pages) == {"index.html"}
    assert secret.read_bytes() == b"mine"


@pytest.mark.parametrize("pages", [[], 7, {"a": 1}, {"a": ["k", {"b": 1}, [], ""]}, {"a": ["k", {"b": ["x"]}, [], ""]}])
def test_a_damaged_marker_only_means_that_nothing_is_known(tmp_path: Path, pages: object) -> None:
    (tmp_path / MARKER).write_text(json.dumps({"format": "pmctl-site-1", "version": "0", "pages": pages}))
    assert open_folder(tmp_path).pages == {}
