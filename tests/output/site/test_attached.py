"""What a text links to: copied under a safe name, or left where it is and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl.output.site.attached import Attached, size_words
from pmctl.output.wiki.attachments import LARGEST

DOC = "2024-01-15-outage"


def test_names_are_safe_and_apart(tmp_path: Path) -> None:
    (tmp_path / "支払い の.LOG").write_bytes(b"one")
    (tmp_path / "no").mkdir()
    (tmp_path / "no/支払い の.log").write_bytes(b"two")
    found = Attached(DOC, tmp_path)
    ways = [found.link(f"{DOC}/支払い%20の.LOG"), found.link(f"{DOC}/no/支払い の.log#L4")]
    assert len(set(ways)) == 2
    assert all(way and way.isascii() and " " not in way and way.endswith(".log") for way in ways)
    assert [found.files[f"postmortems/{way}"] for way in ways] == [b"one", b"two"]
    assert [one.name for one in found.found] == ["支払い の.LOG", "no/支払い の.log"]
    assert found.link(f"{DOC}/支払い%20の.LOG") == ways[0] and len(found.found) == 2, "listed once"


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.html", b"<script>alert(1)</script>", "a browser might run"),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="a()"/>', "more than shapes"),
        ("a.log", b"x" * (LARGEST + 1), "larger than"),
        ("a.log", None, "is not there"),
    ],
)
def test_what_stays_behind_is_said_once(tmp_path: Path, name: str, data: bytes | None, why: str) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    found = Attached(DOC, tmp_path)
    assert found.link(f"{DOC}/{name}") is None and found.link(f"{DOC}/{name}") is None
    assert not found.files and not found.found
    (said,) = found.said
    assert name in said and why in said


@pytest.mark.parametrize(
    "target", ["2024-02-02-other/a.log", f"{DOC}/../2024-02-02-other/a.log", "../../etc/passwd", "#a"]
)
def test_nothing_of_elsewhere_is_copied(tmp_path: Path, target: str) -> None:
    (tmp_path / DOC).mkdir()
    (tmp_path / "2024-02-02-other").mkdir()
    (tmp_path / "2024-02-02-other/a.log").write_bytes(b"secret")
    found = Attached(DOC, tmp_path / DOC)
    assert found.link(target) is None and not found.files and not found.said


def test_a_link_of_the_file_system_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / DOC).mkdir()
    (tmp_path / DOC / "a.log").symlink_to(tmp_path / "secret")
    found = Attached(DOC, tmp_path / DOC)
    assert found.link(f"{DOC}/a.log") is None
    assert "symbolic link" in found.said[0]


def test_sizes_are_words() -> None:
    assert [size_words(one) for one in (1, 999, 14_200, 999_900, 2_340_000)] == [
        "1 byte", "999 bytes", "14 KB", "1.0 MB", "2.3 MB",
    ]  # fmt: skip
