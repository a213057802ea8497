"""Pictures on a site: copied when they are certainly harmless, otherwise refused and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl.output.images import MAX_PICTURE
from pmctl.output.site.pictures import Pictures, is_harmless_svg, stamp

DOC = "2024-01-15-outage"
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">%s</svg>'


def _shown(folder: Path, target: str) -> tuple[str | None, Pictures]:
    found = Pictures(DOC, folder)
    return found.show(target), found


def test_a_picture_is_copied_under_a_name_of_its_content(tmp_path: Path) -> None:
    (tmp_path / "Graph of 支払い.PNG").write_bytes(PNG)
    way, found = _shown(tmp_path, f"{DOC}/Graph%20of%20支払い.PNG")
    assert way is not None
    assert way.startswith(f"{DOC}/")
    assert way.endswith(".png")
    assert way.isascii()
    assert found.files == {f"postmortems/{way}": PNG}
    assert found.said == []


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.png", b"<html>", "no picture"),
        ("a.svg", _SVG % b"<script>alert(1)</script>", "more than shapes"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"x" * MAX_PICTURE, "larger than"),
        ("missing.png", None, "no such file"),
    ],
)
def test_what_is_refused_is_said(tmp_path: Path, name: str, data: bytes | None, why: str) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    way, found = _shown(tmp_path, f"{DOC}/{name}")
    assert way is None
    assert found.files == {}
    assert why in found.said[0]
    assert name in found.said[0]


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(PNG)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.png").symlink_to(tmp_path / "secret")
    way, found = _shown(folder, f"{DOC}/a.png")
    assert way is None
    assert "symbolic link" in found.said[0]


@pytest.mark.parametrize(
    "target", ["https://x.example/a.png", "../a.png", "other/a.png", "/etc/passwd", "data:image/png,x"]
)
def test_what_lies_elsewhere_is_no_attachment(tmp_path: Path, target: str) -> None:
    assert _shown(tmp_path, target)[0] is None


@pytest.mark.parametrize(
    "inside",
    [
        b'<path d="M0 0"/>',
        b'<g fill="url(#a)"><text x="1">\xe6\x97\xa5</text></g>',
        b'<use href="#a"/>',
    ],
)
def test_a_drawing_of_shapes_is_shown(inside: bytes) -> None:
    assert is_harmless_svg(_SVG % inside)
    assert is_harmless_svg(b'<?xml version="1.0"?><!-- made by hand -->' + _SVG % inside)


@pytest.mark.parametrize(
    "inside",
    [
        b"<script/>", b"<g onclick='x'/>", b"<a href='javascript:x'><path/></a>", b"<image href='https://x.example/'/>",
        b"<use href='https://x.example/#a'/>", b"<foreignObject/>", b"<style>*{}</style>", b"<g style='m:url(//x)'/>",
        b"<g style='fill:u\\72l(//x)'/>", b"<set attributeName='onload' to='x'/>", b"<animate attributeName='href'/>",
        b"<h:script xmlns:h='http://www.w3.org/1999/xhtml'/>", b"<g", b"<path fill='url(https://x.example)'/>",
    ],
)  # fmt: skip
def test_a_drawing_that_could_do_more_is_not(inside: bytes) -> None:
    assert not is_harmless_svg(_SVG % inside)


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE svg [<!ENTITY a 'b'>]>" + _SVG % b"&a;", b"<?xml-stylesheet href='x'?>" + _SVG % b"", b"", b"\xff",
        b"<html/>", b"<svg/>",
    ],
)  # fmt: skip
def test_what_is_no_plain_drawing_is_not(data: bytes) -> None:
    assert not is_harmless_svg(data)


def test_the_stamp_changes_with_what_the_folder_holds(tmp_path: Path) -> None:
    folder = tmp_path / DOC
    assert stamp(folder) == ""
    folder.mkdir()
    empty = stamp(folder)
    (folder / "a.png").write_bytes(PNG)
    one = stamp(folder)
    (folder / "a.png").write_bytes(PNG + b"y")
    assert len({"", empty, one, stamp(folder)}) == 4
