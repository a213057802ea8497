"""Markdown -> Confluence's storage format: XHTML with elements of its own for code, tasks, links and pictures.

From markdown-it's tokens, and nothing goes through that is not named here, so that no text of a document can become an
element, a macro or an attribute.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from pmctl.output.wiki.inline import BREAK
from pmctl.output.wiki.markdown import parse, shown_words
from pmctl.text import harmless, heading_anchor

if TYPE_CHECKING:
    from markdown_it.token import Token

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TASK = re.compile(r"\[([ xX])\] ")
_ALIGN = re.compile(r"text-align:(right|center)")
_INLINE = {"em": "em", "strong": "strong", "s": "del"}
_LANGUAGES = frozenset(
    ("bash", "c", "cpp", "css", "diff", "go", "html", "ini", "java", "javascript", "json", "kotlin", "lua", "perl",
     "php", "powershell", "python", "ruby", "rust", "scala", "sh", "sql", "swift", "toml", "typescript", "xml", "yaml")
)  # fmt: skip

Target = Callable[[str], "Where | None"]
"""What an address means, None where it must lead nowhere."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a link leads: to a web address, to a page by its title, to an attachment of this page, or to a heading."""

    url: str = ""
    page: str = ""
    attachment: str = ""
    anchor: str = ""


@dataclass(slots=True)
class _State:
    target: Target
    lists: list[bool] = field(default_factory=list)  # whether each list around is one of tasks
    opened: list[str] = field(default_factory=list)  # what ends each link around
    anchors: dict[str, int] = field(default_factory=dict)


def text(value: str) -> str:
    """Plain text, as element content or in an attribute."""
    return escape(_NO_XML.sub("\ufffd", harmless(value)), quote=True)


def code(content: str, language: str = "") -> str:
    """The macro that shows code; its end mark is split where the code itself holds it."""
    name = language.lower() if language.lower() in _LANGUAGES else ""
    parameter = f'<ac:parameter ac:name="language">{name}</ac:parameter>' if name else ""
    inside = _NO_XML.sub("\ufffd", harmless(content)).removesuffix("\n").replace("]]>", "]]]]><![CDATA[>")
    body = f"<ac:plain-text-body><![CDATA[{inside}]]></ac:plain-text-body>"
    return f'<ac:structured-macro ac:name="code">{parameter}{body}</ac:structured-macro>'


def panel(kind: str, inside: str) -> str:
    """A coloured panel (info, tip, note, warning) around elements."""
    body = f"<ac:rich-text-body>{inside}</ac:rich-text-body>"
    return f'<ac:structured-macro ac:name="{kind}">{body}</ac:structured-macro>'


def to_storage(markdown: str, target: Target) -> str:
    """The body of a page."""
    tokens = parse(markdown)
    state = _State(target)
    return "".join(_block(tokens, number, state) for number in range(len(tokens)))


def _block(tokens: list[Token], number: int, state: _State) -> str:
    token = tokens[number]
    kind, _, end = token.type.rpartition("_")
    if token.type == "inline":
        return _inline(token, state, in_cell=tokens[number - 1].type in ("td_open", "th_open"))
    if token.type in ("fence", "code_block"):
        return code(token.content, (token.info.split() or [""])[0])
    if token.type == "hr":
        return "<hr/>"
    if kind in ("bullet_list", "ordered_list"):
        return _list(tokens, number, state, opens=end == "open")
    if kind == "list_item" and state.lists[-1]:
        return _task(tokens, number) if end == "open" else "</ac:task-body></ac:task>"
    if kind == "paragraph" and token.hidden:
        return ""
    if kind in ("thead", "tbody"):  # one body holds all rows, the heads too
        return {"thead_open": "<tbody>", "tbody_open": ""}.get(token.type, "")
    if kind == "table" and end == "close":
        return "</tbody></table>"
    if token.type == "heading_open":
        return f"<{token.tag}>{_anchor(tokens[number + 1], state)}"
    if token.nesting == 1:
        align = _ALIGN.search(str(token.attrs.get("style", "")))
        return f'<{token.tag} style="text-align: {align[1]};">' if align else f"<{token.tag}>"
    return f"</{token.tag}>"


def _anchor(inline: Token, state: _State) -> str:
    """The macro that gives a heading the name by which links in Markdown know it; Confluence's own is another."""
    name = heading_anchor(shown_words(inline), state.anchors)
    parameter = f'<ac:parameter ac:name="">{text(name)}</ac:parameter>'
    return f'<ac:structured-macro ac:name="anchor">{parameter}</ac:structured-macro>'


def _list(tokens: list[Token], number: int, state: _State, *, opens: bool) -> str:
    token = tokens[number]
    if not opens:
        return "</ac:task-list>" if state.lists.pop() else f"</{token.tag}>"
    state.lists.append(token.tag == "ul" and _all_tasks(tokens, number))
    if state.lists[-1]:
        return "<ac:task-list>"
    start = token.attrs.get("start")
    return f'<{token.tag} start="{int(start)}">' if start is not None else f"<{token.tag}>"


def _all_tasks(tokens: list[Token], number: int) -> bool:
    """Whether every item of a list begins with a box."""
    level = tokens[number].level
    for at in range(number + 1, len(tokens)):
        token = tokens[at]
        if token.level == level:  # its end
            return True
        if token.type == "list_item_open" and token.level == level + 1:
            first = tokens[at + 2] if at + 2 < len(tokens) else token
            if first.type != "inline" or not _TASK.match(first.content):
                return False
    return False


def _task(tokens: list[Token], number: int) -> str:
    inline = tokens[number + 2]
    box = _TASK.match(inline.content)
    done = box is not None and box[1] != " "
    if inline.children and inline.children[0].type == "text":
        inline.children[0].content = _TASK.sub("", inline.children[0].content, count=1)
    status = "complete" if done else "incomplete"
    return f"<ac:task><ac:task-status>{status}</ac:task-status><ac:task-body>"


def _inline(token: Token, state: _State, *, in_cell: bool) -> str:
    out: list[str] = []
    for child in token.children or ():
        kind, _, end = child.type.rpartition("_")
        if child.type == "link_open":
            opening, closing = _link(state.target(str(child.attrs.get("href", ""))))
            state.opened.append(closing)
            out.append(opening)
        elif child.type == "link_close":
            out.append(state.opened.pop() if state.opened else "")
        elif child.type == "image":
            out.append(_image(child, state))
        elif child.type == "code_inline":
            out.append(f"<code>{text(child.content)}</code>")
        elif kind in _INLINE:
            out.append(f"<{_INLINE[kind]}>" if end == "open" else f"</{_INLINE[kind]}>")
        elif child.type in ("softbreak", "hardbreak"):
            out.append("\n" if child.type == "softbreak" else "<br/>")
        elif in_cell:
            out.append("<br/>".join(map(text, BREAK.split(child.content))))
        else:
            out.append(text(child.content))
    return "".join(out)


def _link(where: Where | None) -> tuple[str, str]:
    """What begins and what ends a link."""
    if where is None:
        return "", ""
    if where.url:
        return f'<a href="{text(where.url)}">', "</a>"
    anchor = f' ac:anchor="{text(where.anchor)}"' if where.anchor else ""
    aim = f'<ri:page ri:content-title="{text(where.page)}"/>' if where.page else ""
    aim = f'<ri:attachment ri:filename="{text(where.attachment)}"/>' if where.attachment else aim
    return f"<ac:link{anchor}>{aim}<ac:link-body>", "</ac:link-body></ac:link>"


def _image(child: Token, state: _State) -> str:
    """A picture that is attached, else a link to it, else the words that stand for it."""
    source = str(child.attrs.get("src", ""))
    where = state.target(source)
    words = text(child.content or source.rsplit("/", 1)[-1])
    if where is not None and where.attachment:
        return f'<ac:image ac:alt="{words}"><ri:attachment ri:filename="{text(where.attachment)}"/></ac:image>'
    if where is not None and where.url and not any(state.opened):
        return f'<a href="{text(where.url)}">{words}</a>'
    return words
