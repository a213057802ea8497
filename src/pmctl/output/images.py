"""Attachments of a postmortem as pictures inside a page: only what is certainly a harmless picture, and not too large.

The kind is decided by the first bytes, never by the name. SVG is a document that can hold scripts and outside
references, so it is not embedded.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

ReadAttachment = Callable[[str], bytes | None]
"""Path relative to the postmortem's attachment folder -> the bytes, None when there is no such file."""

MAX_PICTURE = 5 * 1024 * 1024
MAX_PICTURES = 20 * 1024 * 1024
_KINDS = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))


def folder_reader(folder: Path) -> ReadAttachment:
    """Reads attachments from a folder of the work tree: regular files inside it, no symbolic links on the way."""

    def read(relative: str) -> bytes | None:
        path = folder
        for part in relative.split("/"):
            if part in ("", ".", ".."):
                return None
            path = path / part
            if path.is_symlink():
                return None
        try:
            if not path.is_file() or path.stat().st_size > MAX_PICTURE:
                return None
            return path.read_bytes()
        except OSError:
            return None

    return read


def picture_kind(data: bytes) -> str | None:
    """The media type of a picture; None for any other file and for more than MAX_PICTURE bytes."""
    if len(data) > MAX_PICTURE:
        return None
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _KINDS if data.startswith(magic)), None)


def data_uri(data: bytes) -> str | None:
    """A picture as a `data:` address; None for what is none (see `picture_kind`)."""
    kind = picture_kind(data)
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}" if kind else None
