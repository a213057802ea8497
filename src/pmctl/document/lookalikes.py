"""Paths that a file system, a host or a person takes for one of ours. path -> the path that it can be taken for.

macOS and Windows fold upper and lower case and pass over some characters (NTFS: dots and spaces at the end, streams,
short names; HFS+: ignorable ones), two forms of one accented letter are one name there, and a person reads shapes. What
such a path holds is checked out over the real file, or read in its place, and no check of the real path sees it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from pmctl.document.fields import is_id

FOLDERS = ("postmortems", ".pmctl")
FILES = ("pmctl.yaml", ".gitattributes")
_KNOWN = ("policy.yaml", "policy.proposed.yaml", "records", "comments", "imports", "templates", "keys")
_REPOSITORY = ("policy", "baseline", "repository")
_RECORD = re.compile(r"[0-9]{4}-[a-z0-9-]+\.json(?:\.sig)?")
_USUAL = re.compile(r"postmortems/[0-9]{4}/[0-9a-z-]+(?:\.md|/[\w-]+\.\w+)?", re.ASCII)
_YEAR = re.compile(r"[0-9]{4}")
_SHORT = re.compile(r"(?i)(?P<begins>[^.~/]{1,6})~[0-9]{1,2}(?:\.[^./]{0,3})?")
# Default-ignorable characters that are of no format category: fillers, the grapheme joiner, variation selectors.
_IGNORABLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")
# Letters of other scripts that look like the Latin ones, in lower case (from Unicode's confusables.txt).
_SHAPES = {
    **str.maketrans("аеорсухіјѕһӏԁԛԝмтгп", "aeopcyxijshldqwmtrn"),  # Cyrillic
    **str.maketrans("νοαρτικυγεη", "voaptikuyen"),  # Greek
    **str.maketrans("ոսօցհ", "nuogh"),  # Armenian
    **str.maketrans("ɡɩıʟᴍᴏᴘᴛꜱ", "giilmopts"),  # phonetic letters
}
# What differs in a typeface only; both sides of a comparison go through it.
_ALIKE = str.maketrans("01|i", "olll")


def taken_for(path: str) -> str:
    """The path of ours that `path`, relative to the pmctl root, can be taken for; "" when there is none but itself."""
    if _USUAL.fullmatch(path):
        return ""
    parts = path.replace("\\", "/").split("/")
    meant = _meant(parts)
    return "/".join(meant) if meant != path.split("/") else ""


@lru_cache(maxsize=4096)
def is_ours(name: str) -> bool:
    """Whether the first part of a path is a folder of ours, .gitattributes, or can be taken for a name of ours."""
    name = name.replace("\\", "/").partition("/")[0]
    return name in FOLDERS or name == ".gitattributes" or _first(name) != name


def same_on_disk(name: str) -> str:
    """A path below a folder as a file system that folds names may compare it."""
    return "/".join(folded(part) for part in name.split("/"))


@lru_cache(maxsize=1024)
def folded(name: str) -> str:
    """One part of a path as the most forgiving file systems compare it: NFKC, without case, ignorable characters,
    streams, and dots and spaces at its end."""
    if not name.isascii():
        name = "".join(one for one in name if unicodedata.category(one) != "Cf")
        name = unicodedata.normalize("NFKC", _IGNORABLE.sub("", name))
    name = name.casefold() if name.isascii() else unicodedata.normalize("NFC", name.casefold())
    return name.partition(":")[0].rstrip(". ") or name


def _meant(parts: list[str]) -> list[str]:
    """The parts of a path, those that can be taken for a name of ours replaced by it."""
    meant = [_first(parts[0]) if len(parts) > 1 or _first(parts[0]) in FILES else parts[0], *parts[1:]]
    if len(parts) > 1 and meant[0] in FOLDERS and folded(parts[-1]) == ".gitattributes":
        meant[-1] = ".gitattributes"
    if meant[0] == ".pmctl" and len(parts) > 1:
        meant[1] = _shape(parts[1], _KNOWN)
        if meant[1] == "records" and len(parts) > 2:
            meant[2] = _identity(parts[2]) or _shape(parts[2], _REPOSITORY)
            meant[3:] = [name if _RECORD.fullmatch(name := folded(part)) else part for part in parts[3:]]
    elif meant[0] == "postmortems" and len(parts) > 1:
        if _YEAR.fullmatch(folded(parts[1])):
            meant[1] = folded(parts[1])
        if len(parts) > 2:
            meant[2] = _identity(parts[2]) or _short_id(parts[2])
    return meant


def _first(name: str) -> str:
    """The folder or file of ours that a name at the top can be taken for, else the name."""
    return _shape(name, (*FOLDERS, *FILES))


def _shape(name: str, known: tuple[str, ...]) -> str:
    if name in known:
        return name
    plain = _bare(name)
    short = _SHORT.fullmatch(name)
    for one in known:
        if plain == _bare(one):
            return one
        if short is not None and one.lstrip(".").startswith(short["begins"].lower()) and len(short["begins"]) >= 5:
            return one
    return name


@lru_cache(maxsize=1024)
def _bare(name: str) -> str:
    """A name by its shape."""
    name = folded(name)
    if not name.isascii():
        name = "".join(one for one in unicodedata.normalize("NFD", name) if unicodedata.category(one) != "Mn")
        name = name.translate(_SHAPES)
    return name.translate(_ALIKE).replace("rn", "m")


def _identity(name: str) -> str:
    """The postmortem's id or file name that a name can be taken for; "" for any other name."""
    plain = folded(name)
    return plain if is_id(plain.removesuffix(".md")) else ""


def _short_id(name: str) -> str:
    """A short name that stands for a postmortem's file or folder, as something that differs from it; else the name."""
    match = _SHORT.fullmatch(name)
    return name[:4] + "-…" if match is not None and re.fullmatch(r"[0-9]{4}-[0-9]", match["begins"]) else name
