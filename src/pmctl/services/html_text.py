"""Plain text of what some systems deliver as HTML. Code stays code: as Markdown's fences and spans."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from pmctl.document.fenced_code import Run, runs

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|&(?:[a-zA-Z]{2,31}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_BLOCK_TAGS = frozenset(("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "footer"))
_BLOCK_TAGS |= frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p"))
_BLOCK_TAGS |= frozenset(("section", "table", "tr", "ul"))
_HIDDEN_TAGS = frozenset(("script", "style", "template", "title", "head"))
_LANGUAGE = re.compile(r"(?:^|\s)lang(?:uage)?-([\w+#.-]+)")
_SPAN = re.compile(r"(?<![\\`])(`{1,2})(?!`)[^\n]*?(?<!`)\1(?!`)")
# Stands for code while a text is read as HTML; no text has this character, which Unicode gives to nobody.
_PLACE = "\ufdd0"


def from_html(text: str) -> str:
    """Plain text of what a source delivers as HTML: tags dropped, list items and breaks become lines.

    Text without a tag or an entity comes back unchanged, and so does what Markdown calls code.
    """
    if not _TAG.search(text):
        return text
    kept: list[str] = []

    def keep(code: str) -> str:
        kept.append(code)
        return f"{_PLACE}{len(kept) - 1}{_PLACE}"

    pieces = [
        f"\n{keep(run.source)}\n" if run.fenced else _SPAN.sub(lambda match: keep(match[0]), run.source)
        for run in runs(text.replace(_PLACE, ""))
    ]
    rest = "\n".join(pieces) if kept else text.replace(_PLACE, "")
    plain = _without_tags(rest, kept) if _TAG.search(rest) else rest
    return re.sub(f"{_PLACE}(\\d+){_PLACE}", lambda match: kept[int(match[1])], plain)


def _without_tags(text: str, kept: list[str]) -> str:
    reader = _PlainText(kept)
    try:
        reader.feed(text)
        reader.close()
    except (AssertionError, ValueError):  # html.parser gives up on some malformed declarations
        return html.unescape(_TAG.sub(" ", text))
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return "\n".join(line for line in lines if line)


class _PlainText(HTMLParser):
    """Collects the visible text. `kept` is the code, to which each `<pre>` and `<code>` is added."""

    def __init__(self, kept: list[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._kept = kept
        self._hidden = 0
        self._code: list[str] | None = None
        self._within = ""
        self._language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("pre", "code") and not self._hidden:
            named = _LANGUAGE.search(dict(attrs).get("class") or "")
            self._language = named[1] if named else self._language
            if self._code is None:
                self._code, self._within = [], tag
        elif self._code is not None:
            self._code += ["\n"] if tag == "br" else []
        elif tag in _HIDDEN_TAGS:
            self._hidden += 1
        elif tag in _BLOCK_TAGS:
            self.pieces.append("\n")
        elif tag == "td":
            self.pieces.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCK_TAGS:
            (self.pieces if self._code is None else self._code).append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self._code is not None:
            if tag == self._within:
                self._end_code()
        elif tag in _HIDDEN_TAGS:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _BLOCK_TAGS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if self._code is not None:
            self._code.append(data)
        elif not self._hidden:
            self.pieces.append(data)

    def close(self) -> None:
        super().close()
        if self._code is not None:
            self._end_code()

    def _end_code(self) -> None:
        """Keep the code that was read: a block of `<pre>` or of several lines, otherwise a span."""
        code = re.sub(f"{_PLACE}(\\d+){_PLACE}", lambda match: self._kept[int(match[1])], "".join(self._code or ()))
        block = self._within == "pre" or "\n" in code.strip()
        language, self._code, self._language = self._language, None, ""
        if not code.strip():
            return
        if block:
            code = Run(True, code.strip("\n").rstrip().split("\n"), language).source
        elif "`" not in code:
            code = f"`{code.strip()}`"
        self._kept.append(code)
        place = f"{_PLACE}{len(self._kept) - 1}{_PLACE}"
        self.pieces.append(f"\n{place}\n" if block else place)
