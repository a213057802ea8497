"""Inside a line of Markdown: tokens -> tokens whose links, pictures and boxes are safe and lead somewhere.

Links keep http, https, mailto, places on the page, and what the page knows the way to; pictures are those that the page
has, anything else becomes its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from pmctl.output.markdown_parser import parser
from pmctl.text import harmless

if TYPE_CHECKING:
    from markdown_it.token import Token

ShowImage = Callable[[str], str | None]
"""Link target of a picture -> its `data:` address or the way to it, None when it can't be shown."""
LinkTo = Callable[[str], str | None]
"""Relative link -> the way to its target from this page, None when there is none."""

_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_TASK = re.compile(r"\[([ xX])\]\s+")


@dataclass(frozen=True, slots=True)
class Ways:
    """What a page can show and where its links lead."""

    show_image: ShowImage = lambda _: None
    link_to: LinkTo = lambda _: None


def raw(html: str) -> Token:
    """A token that renders as HTML made here; everything that comes from a document is escaped before."""
    from markdown_it.token import Token

    return Token("html_block", "", 0, content=html)


def raw_inline(html: str) -> Token:
    from markdown_it.token import Token

    return Token("html_inline", "", 0, content=html)


def inline(token: Token, ways: Ways) -> None:
    """Links and pictures of one inline token, and the box of a task list item."""
    out: list[Token] = []
    kept: list[bool] = []
    children = token.children or []
    if children and children[0].type == "text":
        task = _TASK.match(children[0].content)
        if task:
            word = "Open" if task[1] == " " else "Done"
            out.append(raw_inline(f'<span role="img" aria-label="{word}">{"☐" if task[1] == " " else "☑"}</span> '))
            children[0].content = children[0].content[task.end() :]
    for child in children:
        if child.type == "link_open":
            href = str(child.attrs.get("href", ""))
            kept.append(_opened_link(child, href, out, ways))
        elif child.type == "link_close":
            out.append(child if kept and kept[-1] else raw_inline("</span>"))
            if kept:
                kept.pop()
        elif child.type == "image":
            out.append(raw_inline(_image(child, ways, inside_link=any(kept))))
        elif child.type == "text" and _BREAK.search(child.content):
            out.extend(_broken(child.content))
        else:
            out.append(child)
    token.children = out


def _broken(text: str) -> list[Token]:
    """Text with `<br>` between its lines, the one way to write several lines in a table's cell."""
    from markdown_it.token import Token

    out: list[Token] = []
    for number, line in enumerate(_BREAK.split(text)):
        out += [raw_inline("<br>")] if number else []
        out += [Token("text", "", 0, content=line)] if line else []
    return out


def _opened_link(child: Token, href: str, out: list[Token], ways: Ways) -> bool:
    """Puts the opening of a link into `out`; False when it leads nowhere from a page that stands alone."""
    if _LINK.match(href):
        child.attrs = {"href": href, "rel": "noopener noreferrer"}
        if child.info == "auto":
            child.attrs["class"] = "bare"
    elif re.fullmatch(r"#[\w%-]+", href):
        child.attrs = {"href": "#section-" + href[1:].casefold()}
    elif (target := ways.link_to(href)) is not None:
        child.attrs = {"href": target}
    else:
        out.append(raw_inline(f'<span class="file" title="{escape(href)}">'))
        return False
    out.append(child)
    return True


def _image(child: Token, ways: Ways, *, inside_link: bool) -> str:
    source = str(child.attrs.get("src", ""))
    name = source.rsplit("/", 1)[-1]
    alt = escape(child.content or name)
    address = ways.show_image(source)
    if address is not None:
        return f'<img src="{address}" alt="{alt}">'
    if _LINK.match(source) and not inside_link:
        return f'<a class="missing" href="{escape(source)}" rel="noopener noreferrer">{alt}</a>'
    return f'<span class="missing">{alt}</span>'


def inline_html(text: str) -> str:
    """One line of Markdown as HTML, as it is shown inside a body; pictures become their words."""
    markdown = parser("strikethrough")
    (token,) = markdown.parseInline(text)
    inline(token, Ways())
    return harmless(markdown.renderer.render([token], markdown.options, {}))
