"""A postmortem as clean Markdown for readers: without prompts and other comments, optionally without front matter."""

from __future__ import annotations

import re

from pmctl.document.prompts import strip_comments
from pmctl.document.reader import Document


def clean_body(document: Document) -> str:
    """The body without comments, with LF line ends, without runs of blank lines outside code; ends with a newline."""
    text = strip_comments(document.body).replace("\r\n", "\n").replace("\r", "\n")
    return _without_runs(text).strip("\n") + "\n"


def to_markdown(document: Document, *, front_matter: bool = True) -> str:
    """The document for somewhere else: clean body, and the front matter as written or the title as a heading."""
    body = clean_body(document)
    if front_matter and document.body_start:
        head = document.text[: document.body_start].replace("\r\n", "\n")
        return f"{head.rstrip()}\n\n{body}"
    title = " ".join(document.title.split())
    if not title or re.match(r"#\s+" + re.escape(title) + r"\s*$", body, re.MULTILINE | re.IGNORECASE):
        return body
    return f"# {_escaped(title)}\n\n{body}"


def _without_runs(text: str) -> str:
    """At most one blank line in a row, except inside fenced code."""
    out: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = re.match(r" {0,3}(`{3,}|~{3,})(.*)", line)
        if mark and not fence:
            fence = mark[1]
        elif mark and fence and mark[1].startswith(fence) and not mark[2].strip():
            fence = ""
        if fence or line.strip() or (out and out[-1].strip()):
            out.append(line)
    return "\n".join(out)


def _escaped(title: str) -> str:
    return re.sub(r"([\\`*\[\]<>])", r"\\\1", title)
