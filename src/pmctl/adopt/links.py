"""Relative links and images of a document that moves: attachments come along, every other link is adjusted.

Only files that a document may show are taken along (images, logs, PDFs and the like), and only from the document's own
folder tree or its own repository: a link is text from a stranger and must not bring in anything else.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from pmctl.adopt.source import SourceDocument, fenced, within
from pmctl.text import heading_anchor

_TARGET = re.compile(
    r"""\]\(\s*(?:<(?P<angled>[^<>\n]+)>|(?P<inline>[^\s()<>]+(?:\([^\s()]*\)[^\s()<>]*)*))
      | ^[ ]{0,3}\[[^\]\n]+\]:[ \t]+(?P<reference>[^\s<>]+)
      | <(?:img|a|source|video|iframe)\b[^>\n]*?\b(?:src|href)=["'](?P<html>[^"'\n]+)["']""",
    re.VERBOSE | re.MULTILINE,
)
_ABSOLUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|//|/|#|\?)")
_OWN_ANCHOR = re.compile(r"\]\(#([^\s()]+)\)")
_CODE = re.compile(r"(?<!`)(`+)(?!`)(?:.(?!\n[ \t]*\n))*?(?<!`)\1(?!`)", re.DOTALL)
ATTACHMENTS = frozenset((
    ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".bmp", ".pdf", ".txt", ".log", ".csv", ".tsv", ".json",
    ".har", ".mp4", ".webm", ".mov", ".drawio", ".puml", ".excalidraw", ".xlsx", ".pcap",
))  # fmt: skip
MAX_ATTACHMENT = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that comes along: where it is, and its path below the postmortem's attachment folder."""

    file: Path
    name: str


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The text with its links adjusted, the files that come along, and links that lead nowhere (as written)."""

    text: str
    taken: tuple[Taken, ...]
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a document is and goes: its file, the folder whose files may come along, its new path, and the repository.

    `adopted` maps the real path of each document of the same adoption to its new path relative to the root.
    `shown` counts for each file how many of these documents link to it.
    """

    file: Path
    boundary: Path
    new_path: str
    root: Path
    top: Path
    adopted: Mapping[Path, str]
    shown: Mapping[Path, int]


def targets(text: str) -> list[tuple[int, int, str]]:
    """Every relative link target of a text, with its offsets; those in code are none."""
    code = (*fenced(text), *(match.span() for match in _CODE.finditer(text)))
    found = []
    for match in _TARGET.finditer(text):
        group = match.lastgroup or "inline"
        target = match[group]
        if _ABSOLUTE.match(target) or within(code, match.start()):
            continue
        found.append((match.start(group), match.end(group), target))
    return found


def linked_file(file: Path, target: str) -> Path | None:
    """The existing regular file that a relative target of `file` leads to, its path resolved; None otherwise."""
    path = unquote(re.split(r"[#?]", target, maxsplit=1)[0])
    if not path or "\0" in path:
        return None
    try:
        real = (file.parent / path).resolve()
        return real if stat.S_ISREG(real.lstat().st_mode) else None
    except (OSError, RuntimeError, ValueError):
        return None


def rewrite(text: str, around: Surroundings) -> Rewritten:
    """Adjust every relative link so that it still leads where it led, and say which files must come along."""
    folder = around.root / os.path.dirname(around.new_path)  # noqa: PTH120  a path of the repository, not of the disk
    attached = around.new_path.removesuffix(".md").rpartition("/")[2]
    out: list[str] = []
    taken: dict[Path, Taken] = {}
    broken: list[str] = []
    at = 0
    for start, end, target in targets(text):
        real = linked_file(around.file, target)
        rest = target[len(re.split(r"[#?]", target, maxsplit=1)[0]) :]
        if real is None:
            if around.file.is_relative_to(around.top) and _leads_to_a_folder(around, target):
                out += [text[at:start], _relative((around.file.parent / unquote(target)).resolve(), folder, target)]
                at = end
            elif re.search(r"\.\w{1,8}(?:[#?]|$)", target):
                broken.append(target)
            continue
        if real in around.adopted:
            new = _relative(around.root / around.adopted[real], folder, target) + rest
        elif _comes_along(real, around):
            name = _attachment_name(real, around)
            taken.setdefault(real, Taken(real, name))
            new = f"{attached}/{_quoted(name, target)}{rest}"
        elif real.is_relative_to(around.top):
            new = _relative(real, folder, target) + rest
        else:
            broken.append(target)
            continue
        out += [text[at:start], new]
        at = end
    return Rewritten("".join((*out, text[at:])), tuple(taken.values()), tuple(dict.fromkeys(broken)))


def anchors_renamed(source: SourceDocument, mapped: Iterable[tuple[str, str, int]]) -> dict[str, str]:
    """The names in links of headings that get another name, with that of the new one."""
    names = {heading: section.rpartition(": ")[2] for heading, section, _ in mapped}
    before: dict[str, int] = {}
    found: dict[str, str] = {}
    for heading in source.headings:
        old = heading_anchor(heading.text, before)
        if heading.text in names and old != (new := heading_anchor(names[heading.text], {})):
            found[old] = new
    kept = {heading_anchor(one.text, {}) for one in source.headings if one.text not in names}
    return {old: new for old, new in found.items() if old not in kept}


def with_anchors(text: str, renamed: Mapping[str, str]) -> str:
    """The text with its links to headings of its own leading to where these are now; code stays."""
    code = (*fenced(text), *(match.span() for match in _CODE.finditer(text)))

    def turned(match: re.Match[str]) -> str:
        new = renamed.get(unquote(match[1]))
        return match[0] if new is None or within(code, match.start()) else f"](#{quote(new)})"

    return _OWN_ANCHOR.sub(turned, text)


def _comes_along(real: Path, around: Surroundings) -> bool:
    if real.suffix.lower() not in ATTACHMENTS or not real.is_relative_to(around.boundary):
        return False
    if any(part.startswith(".") for part in real.relative_to(around.boundary).parts):
        return False
    if real.stat().st_size > MAX_ATTACHMENT:
        return False
    return not (real.is_relative_to(around.top) and around.shown.get(real, 0) > 1)


def _attachment_name(real: Path, around: Surroundings) -> str:
    """The path below the attachment folder: as it was below the document's folder, or without the way up."""
    parent = around.file.parent.resolve()
    inner = Path(os.path.relpath(real, parent)).parts
    return "/".join(part for part in inner if part != "..")


def _leads_to_a_folder(around: Surroundings, target: str) -> bool:
    try:
        real = (around.file.parent / unquote(re.split(r"[#?]", target, maxsplit=1)[0])).resolve()
        return real.is_dir() and real.is_relative_to(around.top)
    except (OSError, RuntimeError, ValueError):
        return False


def _relative(real: Path, folder: Path, target: str) -> str:
    return _quoted(Path(os.path.relpath(real, folder)).as_posix(), target)


def _quoted(path: str, like: str) -> str:
    """`path` as a link target; a target that was written with plain spaces, in angle brackets, stays so."""
    return path if " " in like and "%" not in like else quote(path, safe="/~@!$&'*+,;=:-._()")
