"""One existing document as found: decoded, its front matter read in whatever form it has, its headings located.

    bytes -> Source, or the reason why it can't be adopted

The text is kept as it is; `front` is for recognition only and the block itself is carried over verbatim.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from pmctl.document.reader import MAX_BYTES
from pmctl.document.schema import Status, is_id
from pmctl.document.structure import Heading, Structure, read_structure

_YAML = re.compile(r"---[ \t]*\r?\n(?P<block>.*?\r?\n|)---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_TOML = re.compile(r"\+\+\+[ \t]*\r?\n(?P<block>.*?\r?\n|)\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_KEY_LINE = re.compile(r"[\w\"'-][\w .\"'-]*[:=]|#|\s*$", re.MULTILINE)
_BOLD_LINE = re.compile(r"^ {0,3}(?:\*\*|__)(?P<text>[^*_\n][^*\n]{0,80}?)(?:\*\*:?|__:?)[ \t]*\r?$", re.MULTILINE)
_LABEL_LINE = re.compile(r"^(?P<text>[A-Z][\w '/&-]{2,40}):[ \t]*\r?$", re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """A document to adopt. `text` has no byte order mark; `body_start` is the offset behind its front matter.

    `front_kind` is "yaml", "toml" or "". `front_problem` says why the front matter couldn't be read in full.
    `bold` are lines that are only bold, or a label and a colon, as headings of level 0.
    """

    path: str
    text: str
    bom: bool
    newline: str
    front: dict[str, Any]
    front_kind: str
    front_text: str
    front_problem: str
    body_start: int
    outline: Structure
    bold: tuple[Heading, ...] = field(default=())

    @property
    def data(self) -> bytes:
        """The file's bytes."""
        return (b"\xef\xbb\xbf" if self.bom else b"") + self.text.encode("utf-8")

    @property
    def body(self) -> str:
        """The text behind the front matter."""
        return self.text[self.body_start :]


class Unadoptable(Exception):
    """Why a file can't be adopted, in words; `managed` when it is a postmortem of pmctl already."""

    def __init__(self, reason: str, *, managed: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.managed = managed


def read_source(data: bytes, path: str) -> Source:
    """Read a document. Raises Unadoptable with the reason when it is empty, not text, too large or managed already."""
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise Unadoptable("empty")
    if len(data) > MAX_BYTES:
        raise Unadoptable(f"more than the limit of {MAX_BYTES} bytes: keep logs and dumps as attachments")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unadoptable("UTF-16: save it as UTF-8, then adopt it")
    bom = data.startswith(b"\xef\xbb\xbf")
    try:
        text = data[3 if bom else 0 :].decode("utf-8")
    except UnicodeDecodeError as error:
        if b"\0" in data[:8192]:
            raise Unadoptable("binary, not text") from None
        line = data.count(b"\n", 0, error.start) + 1
        raise Unadoptable(f"not UTF-8 in line {line} (byte 0x{data[error.start]:02x}): save it as UTF-8") from None
    if "\0" in text:
        raise Unadoptable("binary, not text")
    return from_text(text, path, bom=bom)


def from_text(text: str, path: str, *, bom: bool = False) -> Source:
    """The document whose text this is. Raises Unadoptable when it is managed already."""
    first = text.find("\n")
    newline = "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"
    front, kind, block, problem, start = _front_matter(text)
    if is_id(str(front.get("id", ""))) and str(front.get("status", "")) in tuple(Status):
        raise Unadoptable("a postmortem of pmctl already", managed=True)
    outline = read_structure(text, start)
    return Source(
        path, text, bom, newline, front, kind, block, problem, start, outline, _bold_headings(text, start, outline)
    )


def _front_matter(text: str) -> tuple[dict[str, Any], str, str, str, int]:
    """Values, kind, the block's text with its fences, what is wrong with it, and where the body begins."""
    if match := _TOML.match(text):
        import tomllib

        try:
            # tomllib wants LF; the text itself isn't changed.
            values = tomllib.loads(match["block"].replace("\r\n", "\n"))
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            return (
                {},
                "toml",
                match.group().rstrip("\r\n"),
                f"the TOML front matter can't be read: {error}",
                match.end(),
            )
        return values, "toml", match.group().rstrip("\r\n"), "", match.end()
    match = _YAML.match(text)
    # A rule, a heading's underline: what stands between two dashes is front matter only when it looks like keys.
    if match is None or not _KEY_LINE.match(match["block"]) or not match["block"].strip():
        return {}, "", "", "", 0
    from pmctl.document import strict_yaml

    parsed = strict_yaml.load(match["block"], first_line=2)
    node = parsed.node
    read = node.plain() if node is not None and isinstance(node.value, dict) else {}
    if not read:
        read = _loosely(match["block"])
    problem = ""
    if parsed.problems:
        first = parsed.problems[0]
        problem = f"the front matter isn't plain YAML (line {first.line}: {first.message})"
    return read, "yaml", match.group().rstrip("\r\n"), problem, match.end()


def _loosely(block: str) -> dict[str, Any]:
    """Top-level `key: value` lines of a block that the strict reader gives up on."""
    found: dict[str, Any] = {}
    for line in block.splitlines():
        if match := re.match(r"([A-Za-z_][\w -]*):[ \t]+([^\s\[{&*|>!%@`].*)", line):
            found.setdefault(match[1], match[2].strip().strip("\"'"))
    return found


def _bold_headings(text: str, start: int, outline: Structure) -> tuple[Heading, ...]:
    """Lines that stand alone between blank lines or headings and are only bold, or only a label."""
    found = []
    fences = fenced(text, start)
    for pattern in (_BOLD_LINE, _LABEL_LINE):
        for match in pattern.finditer(text, start):
            before = text[: match.start()].rstrip("\r\n")
            alone = match.start() - len(before) > (2 if "\r" in text[len(before) : match.start()] else 1) or not before
            after_heading = any(heading.end == match.start() for heading in outline.headings)
            if not (alone or after_heading) or any(first <= match.start() < last for first, last in fences):
                continue
            end = min(match.end() + 1, len(text))
            title = match["text"].strip().rstrip(":").strip()
            found.append(Heading(0, title, text.count("\n", 0, match.start()) + 1, match.start(), end, 1))
    return tuple(sorted(found, key=lambda heading: heading.start))


def fenced(text: str, start: int = 0) -> tuple[tuple[int, int], ...]:
    """The offsets of fenced code blocks, also of those inside list items and quotes."""
    spans = []
    opening: re.Match[str] | None = None
    if "```" not in text and "~~~" not in text:
        return ()
    for match in re.finditer(
        r"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(?P<fence>`{3,}|~{3,})(?P<rest>[^\n]*)$", text, re.MULTILINE
    ):
        if match.start() < start:
            continue
        if opening is None:
            if "`" not in match["rest"] or match["fence"][0] == "~":
                opening = match
        elif match["fence"].startswith(opening["fence"]) and not match["rest"].strip():
            spans.append((opening.start(), match.end()))
            opening = None
    if opening is not None:
        spans.append((opening.start(), len(text)))
    return tuple(spans)
