"""A postmortem as clean Markdown for readers: without prompts and other comments, optionally without front matter."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from pmctl.document.reader import Document, read
from pmctl.document.strict_yaml import Node
from pmctl.document.structure import comment_spans, read_structure
from pmctl.text import single_line

# Stands where a comment stood. The reader refuses a NUL, so no readable document holds one.
_CUT = "\0"
_CUTS = re.compile(r"[ \t]*\0[ \t\0]*")
_CONTAINERS = re.compile(r"[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)*")
_OPENING = re.compile(r"[ \t>]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+")
_ITEM = re.compile(r"[ \t>]*(?:[-*+]|[0-9]{1,9}[.)])(?:[ \t]|$)")
_BARE_ITEM = re.compile(r"[ \t>]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]*")
_FIRST_ITEM = re.compile(r"[ \t>]*(?:[-*+]|1[.)])[ \t]+\S")
_OPENS_BLOCK = re.compile(r"#{1,6}(?=\s|$)|[-+*](?=\s|$)|>|=+\s*$|-+\s*$|`{3}|~{3}|[0-9]{1,9}(?=[.)](?:\s|$))")
_BLANK_LINES = re.compile(r"\n[ \t]*\n[ \t]*\n")
_YAML_COMMENT = re.compile(r"(?<![^ \t\n])#[^\n]*")


def clean_body(document: Document) -> str:
    """The body without comments, with LF line ends, without runs of blank lines outside code; ends with a newline.

    What stood around a comment stays what it was: a list, a table, a paragraph of its own.
    """
    text = document.body.replace("\r\n", "\n").replace("\r", "\n")
    return _without_runs(_without_comments(text)).strip("\n") + "\n"


def to_markdown(document: Document, *, front_matter: bool = True) -> str:
    """The document for somewhere else: clean body, and the front matter without comments or the title as a heading."""
    body = clean_body(document)
    if front_matter and document.body_start:
        return f"{_clean_front_matter(document).rstrip()}\n\n{body}"
    title = single_line(document.title)
    if not title or re.match(r"#\s+" + re.escape(title) + r"\s*$", body, re.MULTILINE | re.IGNORECASE):
        return body
    return f"# {_escaped(title)}\n\n{body}"


def marked(text: str, marks: Sequence[str]) -> str:
    """The Markdown with a notice above its body, behind a front matter, of what its file says and no record proves."""
    if not marks:
        return text
    lines = "".join(f"> - {_escaped(single_line(mark))}\n" for mark in marks)
    notice = f"> **Not as the signed records say:**\n>\n{lines}\n"
    start = read(text.encode("utf-8", "surrogatepass")).body_start
    return text[:start] + ("\n" if start else "") + notice + text[start:]


def _without_comments(text: str) -> str:
    spans = comment_spans(text)
    if not spans:
        return text
    pieces = [text[start:end] for (_, start), (end, _) in zip([(0, 0), *spans], [*spans, (len(text), 0)], strict=True)]
    lines = _CUT.join(pieces).split("\n")
    out: list[str] = []
    gap = False  # a comment was cut out since the last line with text
    for number, line in enumerate(lines):
        if _CUT not in line:
            gap = gap and not line.strip(" \t")
            if not gap or (out and out[-1].strip(" \t")):
                out.append(line)
            continue
        gap = True
        following = lines[number + 1] if number + 1 < len(lines) else ""
        opening = _CONTAINERS.match(line)
        containers = opening[0] if opening else ""
        content = line[len(containers) :]
        rest = _CUTS.sub(_gap, content).strip(" \t")
        if rest and rest not in ("[ ]", "[x]", "[X]"):
            kept = containers + (rest if _OPENS_BLOCK.match(content) else _literal(rest))
            # A comment that begins its line, or its item, makes a block of that line.
            begins = content.startswith(_CUT)
            alone = begins and not containers.strip(" ")
            apart = begins and not (_ITEM.match(following) or _is_inside(following, containers))
            out += [*([""] if alone else ()), kept, *([""] if alone or apart else ())]
        elif item := _item_of(lines[below := _next_text(lines, number, containers)], containers):
            lines[below] = (item if item[-1:] in " \t" else item + " ") + _inner(lines[below], item)
        elif (
            _ITEM.match(containers)
            and containers[0] not in " \t>"
            and following[:1] == " "
            and not (_continues(following) or _ITEM.match(following))
        ):
            # What stands below the item that goes was in no list: it must not become part of the one above.
            lines[number + 1] = following.lstrip(" ")
            out += [""] if out and out[-1].strip(" \t") else []
        elif ">" in containers and not _ITEM.match(containers):
            out.append(containers.rstrip(" \t"))
        elif out and _BARE_ITEM.fullmatch(out[-1]) and _wide(containers) > _wide(out[-1].rstrip(" \t")):
            continue  # behind a blank line, what follows would not belong to the item that begins there
        elif out and out[-1].strip(" \t") and not _continues(line) and not _between_items(out, following):
            out.append("")
    return "\n".join(out)


def _gap(cut: re.Match[str]) -> str:
    return " " if cut[0].strip("\0") else ""


def _wide(text: str) -> int:
    return len(text.expandtabs(4))


def _continues(line: str) -> bool:
    """Whether a line is indented so far that it goes on with the paragraph above it."""
    return len(line[: len(line) - len(line.lstrip(" \t"))].expandtabs(4)) >= 4


def _between_items(above: list[str], below: str) -> bool:
    """Whether the last of some lines and the next begin items of a list, which stays tight without a blank line.

    Behind a line of text only the first item of a list, and one that is not empty, is an item.
    """
    if not (_ITEM.match(above[-1]) and _ITEM.match(below)):
        return False
    before = above[-2] if len(above) > 1 else ""
    return bool(not before.strip(" \t") or _ITEM.match(before) or _FIRST_ITEM.match(above[-1]))


def _is_inside(line: str, containers: str) -> bool:
    """Whether a line goes on with the list item that `containers` opens."""
    indent = line[: len(line) - len(_inner(line, containers))].expandtabs(4)
    return bool(line.strip(" \t>\0")) and len(indent) >= len(containers.expandtabs(4))


def _inner(line: str, containers: str) -> str:
    """A line without what leads it into such containers; quotation marks only lead into quotations."""
    return line.lstrip(" \t>" if ">" in containers else " \t")


def _next_text(lines: list[str], number: int, containers: str) -> int:
    """The line behind this one that holds something within such containers; this one when there is none."""
    return next((row for row in range(number + 1, len(lines)) if _inner(lines[row], containers).strip(" \t")), number)


def _item_of(line: str, containers: str) -> str:
    """As much of `containers` as opens the innermost list item that a line goes on with; "" when there is none."""
    found = ""
    opening = _OPENING.match(containers)
    while opening:
        if _is_inside(line, containers[: opening.end()]):
            found = containers[: opening.end()]
        opening = _OPENING.match(containers, opening.end())
    return found


def _literal(text: str) -> str:
    """Text that opened no block beside its comment, so that it opens none without it either."""
    opening = _OPENS_BLOCK.match(text)
    if opening is None:
        return text
    digits = opening[0] if opening[0].isdigit() else ""
    return f"{digits}\\{text[len(digits) :]}"


def _without_runs(text: str) -> str:
    """At most one blank line in a row, except in code."""
    if _BLANK_LINES.search(text) is None:
        return text
    code = read_structure(text).code_blocks
    out: list[str] = []
    offset = 0
    for line in text.split("\n"):
        block = bisect_right(code, (offset, len(text))) - 1
        inside = block >= 0 and offset < code[block][1]
        offset += len(line) + 1
        if inside or line.strip(" \t") or (out and out[-1].strip(" \t")):
            out.append(line)
    return "\n".join(out)


def _clean_front_matter(document: Document) -> str:
    """The front matter as written, without YAML's comments."""
    text = document.text[: document.body_start].replace("\r\n", "\n")
    if "#" not in text:
        return text
    taken = [(node.start, node.end) for node in _scalars(read(text.encode("utf-8")).front)]
    kept: list[str] = []
    at = 0
    while (comment := _YAML_COMMENT.search(text, at)) is not None:
        inside = next((end for start, end in taken if start <= comment.start() < end), 0)
        if inside:
            kept.append(text[at:inside])
            at = inside
            continue
        kept.append(text[at : comment.start()].rstrip(" \t"))
        alone = not text[text.rfind("\n", 0, comment.start()) + 1 : comment.start()].strip(" \t")
        at = comment.end() + alone  # a line that held nothing else goes with it
    clean = "".join((*kept, text[at:]))
    return clean if read(clean.encode("utf-8")).meta == document.meta else text


def _scalars(nodes: Mapping[str, Node] | tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes.values() if isinstance(nodes, Mapping) else nodes:
        if isinstance(node.value, dict | tuple):
            yield from _scalars(node.value)
        else:
            yield node


def _escaped(title: str) -> str:
    return re.sub(r"([\\`*\[\]<>])", r"\\\1", title)
