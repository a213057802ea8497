"""The files that a postmortem's text shows or links to: which of them may be copied beside its page, and why not.

(folder, path in it) -> Attachment or the reason. What a browser would run or a generator would read as a page stays
behind: pages are served under the address of the team's own site. Pictures are known by their first bytes, other files
by their names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from pmctl.errors import Refused
from pmctl.files import read_kept
from pmctl.objects import blob_id
from pmctl.output.images import picture_kind

LARGEST = 10 * 1024 * 1024
"""Bytes of one attachment; hosts show no larger picture, and every clone of a wiki holds each version for ever."""

_SUFFIXES = frozenset((
    "txt", "log", "csv", "tsv", "json", "jsonl", "pdf", "zip", "gz", "tgz", "bz2", "xz", "zst", "pcap", "pcapng", "har",
    "patch", "diff", "mp4", "webm", "mov", "conf", "ini", "toml",
))  # fmt: skip
_PICTURES = {"image/png": ("png",), "image/jpeg": ("jpg", "jpeg"), "image/gif": ("gif",), "image/webp": ("webp",)}
_DRAWN = frozenset((
    "svg", "g", "defs", "title", "desc", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text",
    "tspan", "textpath", "lineargradient", "radialgradient", "stop", "clippath", "mask", "pattern", "marker", "symbol",
    "use", "metadata", "style",
))  # fmt: skip
_STYLE = re.compile(r"@import|expression|javascript:|\\|image-set|\bimage\(|\bsrc\(|url\((?!\s*['\"]?#)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that may be copied: where it lies, its size in bytes, and git's id of its content."""

    file: Path
    size: int
    digest: str

    def data(self) -> bytes:
        """The bytes. Raises Refused when they are not those that were looked at, OSError as the system does."""
        found = read_kept(self.file, LARGEST)
        if blob_id(found, len(self.digest)) != self.digest:
            raise Refused(f"{self.file.name} changed while it was copied", hint="try again")
        return found


def look(folder: Path, relative: str) -> Attachment | str:
    """The attachment at a path in the folder of a postmortem, or why it is not copied."""
    file = folder
    for part in ("", *relative.split("/")):
        file = file / part if part else file
        if part in (".", "..", ".git") or file.is_symlink():
            return "is behind a symbolic link"
    try:
        if not file.is_file():
            return "is not there"
        if file.stat().st_size > LARGEST:
            return f"is larger than {LARGEST // 1024 // 1024} MB"
        data = read_kept(file, LARGEST)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    problem = _problem(file.suffix.lower().removeprefix("."), data)
    return problem or Attachment(file, len(data), blob_id(data, 40))


def _problem(suffix: str, data: bytes) -> str:
    """Why bytes under a name of this ending must not be served; "" when they may."""
    if suffix == "svg":
        return "" if is_still(data) else "is a drawing that holds more than shapes and text"
    kind = picture_kind(data) if data else None
    if any(suffix in names for names in _PICTURES.values()):
        return "" if kind is not None and suffix in _PICTURES[kind] else "is not the kind of picture that its name says"
    return "" if suffix in _SUFFIXES else "is of a kind that a browser might run, or that is not known"


def is_still(data: bytes) -> bool:
    """Whether an SVG file only draws: no scripts, no events, nothing from elsewhere, nothing foreign, no entities."""
    found: list[str] = []
    inside: list[str] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2].lower()
        inside.append(tag)
        if tag not in _DRAWN:
            found.append(tag)
        for key, value in attributes.items():
            local = key.rpartition(":")[2].lower()
            outside = local in ("href", "src") and not value.strip().startswith("#")
            if local.startswith("on") or outside or _STYLE.search(value):
                found.append(key)

    def text(content: str) -> None:
        if inside[-1:] == ["style"] and _STYLE.search(content):
            found.append("style")

    def refuse(*anything: object) -> None:
        found.append("declaration")

    def declared(name: str, system: str | None, public: str | None, internal: bool) -> None:
        if internal:
            refuse()

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda name: inside.pop()
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = refuse
    parser.ProcessingInstructionHandler = refuse
    parser.StartDoctypeDeclHandler = declared
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        return False
    return not found
