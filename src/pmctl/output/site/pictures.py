"""The pictures of a postmortem as files of a site: what is certainly a harmless picture, under a name of its content.

Path in the text -> the way to the copy. What is refused is said: a file that is missing, too large, reached through a
link, or no picture; an SVG drawing that could do more than show something.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from pmctl.document.pictures import attachment_path
from pmctl.output.images import MAX_PICTURE, folder_reader, picture_kind

_SUFFIX = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
_DRAWN = re.compile(
    r"svg|g|path|rect|circle|ellipse|line|polyline|polygon|text|tspan|title|desc|defs|linearGradient|radialGradient|stop"
    r"|clipPath|marker|symbol|use|metadata"
)
_OUTSIDE = re.compile(r"url\(\s*['\"]?(?!#)|@import|expression|javascript:|[\\]", re.IGNORECASE)


@dataclass
class Pictures:
    """The pictures that one postmortem shows. `files` are copies by their path from the top of the site, `said` what
    was refused."""

    postmortem: str
    folder: Path
    files: dict[str, bytes] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def show(self, target: str) -> str | None:
        """The way from the postmortem's page to a picture that its text names; None for one that is not shown."""
        path = attachment_path(target, self.postmortem)
        if path is None:
            return None
        data = folder_reader(self.folder)(path)
        if data is None:
            self.said.append(f"{self.postmortem}: the picture {path} is not shown: {_why(self.folder / path)}")
            return None
        kind = picture_kind(data)
        suffix = _SUFFIX[kind] if kind else "svg" if is_harmless_svg(data) else ""
        if not suffix:
            what = "an SVG drawing with more than shapes" if path.lower().endswith(".svg") else "no picture"
            self.said.append(f"{self.postmortem}: the picture {path} is not shown: it is {what}")
            return None
        name = f"{self.postmortem}/{hashlib.sha256(data).hexdigest()[:24]}.{suffix}"
        self.files[f"postmortems/{name}"] = data
        return name


def _why(file: Path) -> str:
    if file.is_symlink():
        return "it is a symbolic link"
    if not file.is_file():
        return "there is no such file"
    return f"it is larger than {MAX_PICTURE // 1024 // 1024} MB, or lies behind a link"


def is_harmless_svg(data: bytes) -> bool:
    """Whether it is a drawing of shapes and text: no script, no style sheet, nothing from elsewhere, no entities."""
    if len(data) > MAX_PICTURE or b"<!" in data.replace(b"<!--", b"") or b"<?xml-stylesheet" in data:
        return False
    try:
        top = ET.fromstring(data)  # noqa: S314  what it could expand, a document type, is refused before
    except (ET.ParseError, ValueError, LookupError):
        return False
    if top.tag != "{http://www.w3.org/2000/svg}svg":
        return False
    for element in top.iter():
        tag = element.tag if isinstance(element.tag, str) else ""
        if not tag.startswith("{http://www.w3.org/2000/svg}") or not _DRAWN.fullmatch(tag.rpartition("}")[2]):
            return False
        for name, value in element.attrib.items():
            bare = name.rpartition("}")[2].lower()
            if bare.startswith("on") or (bare in ("href", "src") and not value.startswith("#")):
                return False
            if _OUTSIDE.search(value):
                return False
    return True


def stamp(folder: Path) -> str:
    """Changes when a file of a postmortem's folder does: names, sizes and times; "" when there is no folder."""
    if not folder.is_dir() or folder.is_symlink():
        return ""
    found = []
    for file in sorted(folder.rglob("*")):
        there = file.lstat()
        found.append(f"{file.relative_to(folder)}\0{there.st_size}\0{there.st_mtime_ns}\0{there.st_mode}")
    return hashlib.sha256("\n".join(found).encode("utf-8", "surrogatepass")).hexdigest()
