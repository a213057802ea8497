"""Attachments as pictures: only files of the postmortem's own folder, only what is a picture by its bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl.document.pictures import attachment_path
from pmctl.output.images import MAX_PICTURE, data_uri, folder_reader

PNG = b"\x89PNG\r\n\x1a\nrest"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("2024-01-15-x/a.png", "a.png"),
        ("./2024-01-15-x/sub/a%20b.png", "sub/a b.png"),
        ("2024-01-15-x/a.png?raw=1#x", "a.png"),
        ("2024-01-15-x/../2024-01-15-x/a.png", "a.png"),
        ("2024-01-15-x/../secret.png", None),
        ("2024-01-15-x/%2e%2e/secret.png", None),
        ("../2024-01-15-x/a.png", None),
        ("/2024-01-15-x/a.png", None),
        ("2024-01-15-x", None),
        ("2024-01-15-y/a.png", None),
        ("2024-01-15-x\\a.png", None),
        ("2024-01-15-x/a%00.png", None),
        ("https://a.example/2024-01-15-x/a.png", None),
        ("", None),
    ],
)
def test_only_the_own_folder_is_meant(target: str, expected: str | None) -> None:
    assert attachment_path(target, "2024-01-15-x") == expected


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF0000WEBP", "image/webp"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_the_bytes_decide(data: bytes, kind: str | None) -> None:
    address = data_uri(data)
    assert (address is None) if kind is None else (address or "").startswith(f"data:{kind};base64,")


def test_large_pictures_are_not_embedded() -> None:
    assert data_uri(PNG + b"0" * MAX_PICTURE) is None


def test_the_reader_stays_in_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "2024-01-15-x"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.png").write_bytes(PNG)
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "loop").symlink_to(tmp_path)
    read = folder_reader(folder)
    assert read("sub/a.png") == PNG
    for path in (
        "../secret.png",
        "link.png",
        "loop/secret.png",
        "sub",
        "gone.png",
        "sub/../../secret.png",
        "/etc/passwd",
    ):
        assert read(path) is None
    (folder / "large.png").write_bytes(PNG + b"0" * MAX_PICTURE)
    assert read("large.png") is None
