"""A difference as Markdown, for a comment on a pull request, and as one HTML page that needs nothing else.

In both, words are marked as `ins` and `del`, which hosts keep and readers announce; what stands in the documents can
become nothing but text.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from html import escape
from itertools import groupby

from pmctl.document.markdown_text import inline
from pmctl.output.comparison import ARROW, Answer, Entry, Part, headline, outline
from pmctl.text import harmless

_ELEMENTS = {"old": "del", "removed": "del", "new": "ins", "added": "ins", "name": "b"}
_SAID = {"+": "added", "-": "removed", "~": "changed"}
_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1d2129; --soft: #565d68; --line: #dcdfe4;
  --new-paper: #e0f4e4; --new-ink: #14532d; --old-paper: #fde7e6; --old-ink: #8a1711; }
@media (prefers-color-scheme: dark) { :root { --paper: #16181d; --ink: #e4e6eb; --soft: #a3aab6; --line: #363b45;
  --new-paper: #143021; --new-ink: #9bdcb0; --old-paper: #431b19; --old-ink: #ffb4ae; } }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; margin: 1.8rem 0 0.4rem; }
ul { list-style: none; margin: 0; padding: 0; } li { padding: 0.3rem 0; border-top: 1px solid var(--line); }
.what { display: inline-block; min-width: 5rem; color: var(--soft); }
.remark { margin: 0; color: var(--soft); }
ins { background: var(--new-paper); color: var(--new-ink); text-decoration: underline; }
del { background: var(--old-paper); color: var(--old-ink); text-decoration: line-through; }
pre { margin: 0; white-space: pre-wrap; font-size: 0.875rem; }
"""
_POLICY = "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
_PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="pmctl">
<title>{{title}}</title>
<style>{{style}}</style>
</head>
<body>
<main>
<h1>{{title}}</h1>
{{body}}
</main>
</body>
</html>
"""


def to_markdown(answer: Answer) -> str:
    """The difference as Markdown."""
    lines = [f"## {inline(headline(answer))}"]
    for group in outline(answer.difference):
        lines += ["", f"### {inline(group.title)}"]
        if group.remark:
            lines += ["", f"*{inline(group.remark)}*"]
        lines.append("")
        for code, entries in groupby(group.entries, key=lambda entry: entry.lines):
            shown = _fenced if code else _itemised
            lines += shown(list(entries))
    return harmless("\n".join(lines).rstrip("\n")) + "\n"


def to_html(answer: Answer) -> str:
    """The difference as a page, with the whole of every paragraph that changed."""
    title = escape(headline(answer))
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    page = _PAGE.format(title=title, digest=digest, style=_STYLE, body=changes_html(answer, "part", "h2"))
    return harmless(page)


def changes_html(answer: Answer, prefix: str, heading: str = "h4") -> str:
    """The same without a page around it; `prefix` begins its ids, `heading` is the element of its headings."""
    body = []
    for number, group in enumerate(outline(answer.difference, whole=True)):
        name = f"{prefix}-{number}"
        body.append(f'<section aria-labelledby="{name}">\n<{heading} id="{name}">{escape(group.title)}</{heading}>')
        if group.remark:
            body.append(f'<p class="remark">{escape(group.remark)}</p>')
        if group.entries:
            body += ["<ul>", *map(_item, group.entries), "</ul>"]
        body.append("</section>")
    return harmless("\n".join(body))


def _itemised(entries: Iterable[Entry]) -> list[str]:
    return [f"- {_SAID[entry.mark]}: {_parts(entry, inline, '<br>')}" for entry in entries]


def _fenced(entries: Iterable[Entry]) -> list[str]:
    """Lines of code as a block in which hosts colour what was added and removed."""
    lines = [
        f"{entry.mark} {line}" for entry in entries for part in entry.parts for line in re.split(r"\r\n?|\n", part.text)
    ]
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", "\n".join(lines)) or [""]))
    return [f"{fence}diff", *lines, fence, ""]


def _item(entry: Entry) -> str:
    said = _parts(entry, escape, "<br>")
    if entry.lines:
        said = f"<pre>{_parts(entry, escape, chr(10))}</pre>"
    return f'<li><span class="what">{_SAID[entry.mark]}</span> {said}</li>'


def _parts(entry: Entry, escaped: Callable[[str], str], line_break: str) -> str:
    return "".join(_part(part, escaped, line_break) for part in entry.parts)


def _part(part: Part, escaped: Callable[[str], str], line_break: str) -> str:
    """A part in its element. White space at its ends stays, outside of the element: escaping Markdown collapses it."""
    if part.role == "sign":  # the element says it
        return ""
    if not part.text.strip():
        return " " if part.text else ""
    before = " " if part.text[0].isspace() else ""
    behind = " " if part.text[-1].isspace() else ""
    text = line_break.join(escaped(line) for line in part.text.strip().split("\n"))
    if part.role == "plain" and part.text == ARROW:
        text = "→"
    element = _ELEMENTS.get(part.role)
    return f"{before}<{element}>{text}</{element}>{behind}" if element else f"{before}{text}{behind}"
