"""Which files come along with a page, and why the others stay behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl.errors import Refused
from pmctl.output.wiki.attachments import LARGEST, Attachment, is_still, look
from pmctl.output.wiki.names import Names, file_names, flat

from .samples import PNG, STILL


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.png", PNG, ""),
        ("a.PNG", PNG, ""),
        ("a.log", b"<script>", ""),
        ("a.svg", STILL, ""),
        ("a.png", b"<script>", "is not the kind of picture"),
        ("a.gif", PNG, "is not the kind of picture"),
        ("a.png", b"", "is not the kind of picture"),
        ("a.html", b"", "is of a kind"),
        ("a.md", b"", "is of a kind"),
        ("a.js", b"", "is of a kind"),
        ("a", b"", "is of a kind"),
        ("a.log", b"x" * (LARGEST + 1), "is larger than"),
    ],
)
def test_kinds(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(data)
    found = look(tmp_path, name)
    assert isinstance(found, Attachment) if not why else isinstance(found, str) and found.startswith(why)


def test_no_link_is_followed_and_nothing_outside_is_read(tmp_path: Path) -> None:
    own, secret = tmp_path / "own", tmp_path / "secret.log"
    own.mkdir()
    secret.write_text("secret")
    (own / "link.log").symlink_to(secret)
    (own / "deep").symlink_to(tmp_path)
    (tmp_path / "linked").symlink_to(own)
    (own / "real.log").write_text("fine")
    for folder, path in (
        (own, "link.log"),
        (own, "deep/secret.log"),
        (tmp_path / "linked", "real.log"),
        (own, "../secret.log"),
    ):
        assert isinstance(look(folder, path), str), path
    assert look(own, "none.log") == "is not there" and look(own, "") == "is not there"
    assert isinstance(look(own, "real.log"), Attachment)


def test_a_file_that_changes_while_it_is_copied_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("one")
    found = look(tmp_path, "a.log")
    assert isinstance(found, Attachment) and found.data() == b"one"
    (tmp_path / "a.log").write_text("two")
    with pytest.raises(Refused):
        found.data()


@pytest.mark.parametrize(
    "inside",
    [
        "<script>x</script>", "<a href='https://x.example'>x</a>", "<foreignObject/>", "<rect onload='x'/>",
        "<image href='https://x.example/x.png'/>", "<use href='other.svg#a'/>", "<style>@import url(x)</style>",
        "<rect style='fill: url(https://x.example)'/>", "<animate attributeName='href'/>", "<set/>",
        "<style>a{background:url(//x)}</style>", "<use xmlns:l='http://www.w3.org/1999/xlink' l:href='data:x'/>",
        "<rect style='mask: image-set(&quot;x.png&quot; 1x)'/>", "<?xml-stylesheet href='x'?>",
        "<rect", "<style>\\000040import 'x'</style>",
    ],
)  # fmt: skip
def test_a_drawing_that_does_more_than_draw_stays_behind(inside: str) -> None:
    assert not is_still(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>'.encode())


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE svg [<!ENTITY x "y">]><svg>&x;</svg>',
        b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
        b"<html/>", b"", b"\xff\xfe", b"<h:svg xmlns:h='http://www.w3.org/1999/xhtml'><h:body/></h:svg>",
    ],
)  # fmt: skip
def test_what_is_no_plain_drawing_stays_behind(data: bytes) -> None:
    assert not is_still(data)


def test_a_drawing_with_gradients_and_styles_comes_along() -> None:
    drawing = b"""<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><defs>
    <linearGradient id="a"><stop offset="0"/></linearGradient></defs><style>rect{fill:url(#a)}</style>
    <g><rect width="4" style="stroke:url('#a')"/><use href="#a"/><text>x</text></g></svg>"""
    assert is_still(drawing)


def test_names_are_flat_unique_and_short() -> None:
    names = Names(["Home"])
    assert names.take("HOME", "2024-01-01-a") == "HOME-(2024-01-01-a)"
    assert names.take("a/b: c", "x") == "a-b-c" and names.take("A B C", "x2") == "A-B-C-(x2)"
    assert names.take("/// ", "2024-01-02-b") == "2024-01-02-b"
    assert names.take("決済 障害", "x") == "決済-障害"
    assert len(flat("決" * 200).encode()) <= 150 and flat("..-_x_-..") == "x"
    assert names.take("Cafe\u0301", "y") == "Café" and names.take("CAFÉ", "z") == "CAFÉ-(z)"
    stored = file_names(["a b.png", "a-b.PNG", "x/a b.png", "日本.png", "noend"])
    assert len({name.casefold() for name in stored.values()}) == 5
    assert stored["日本.png"] == "日本.png" and not any("/" in name or " " in name for name in stored.values())
