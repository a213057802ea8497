"""Pages for customers: public texts in, files out. No link leads into the site of the organisation, and no script runs.

Everything that a page shows or carries along is read back and asked about again before anything is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from html.parser import HTMLParser
from typing import NamedTuple
from xml.etree import ElementTree as ET

from markupsafe import Markup

from pmctl.document.public_text import PublicText, rendered_markdown
from pmctl.output.html_body import body_html
from pmctl.output.public_verifying import VERIFYING, Proof, proof_files, proof_html
from pmctl.output.site.feed import FEED, Told, atom
from pmctl.output.standalone import content_policy, standalone

_STATUS = {
    "resolved": "Resolved", "monitoring": "Being watched", "identified": "Cause known", "investigating": "Under way",
}  # fmt: skip
CHROME = (
    "Began Ended Duration Services Status Resolved Being watched Cause known Under way All postmortems The text"
    " Nothing has been published yet. Withdrawn This text was withdrawn."
    + VERIFYING
    + " Page of Footnote utf-8 width=device-width, initial-scale=1 no-referrer light dark pmctl en"
)
"""Every word of a page that is not the text's own."""


class Made(NamedTuple):
    """A page and its files, by their paths."""

    path: str
    files: list[tuple[str, bytes]]


def page(text: PublicText, proof: Proof | None = None) -> Made:
    """One public text as HTML, and beside it as Markdown; with what was stated about it and how to verify it."""
    links = Markup(f'<p><a href="{text.page}.md">The text</a> · <a href="../index.html">All postmortems</a></p>')  # noqa: S704  a page's name is an id
    path = f"postmortems/{text.page}"
    proved = (Markup(proof_html(proof)),) if proof else ()  # noqa: S704  escaped where it is made
    html = standalone(text.title, (*_told(text), links, *proved)).encode()
    files = [(f"{path}.html", html), (f"{path}.md", rendered_markdown(text))]
    return Made(f"{path}.html", files + (proof_files(proof) if proof else []))


def lone_page(text: PublicText) -> bytes:
    """One public text as one page that leads nowhere."""
    return standalone(text.title, _told(text)).encode()


def facts_of(text: PublicText) -> list[tuple[str, str]]:
    """What a reader wants to know first, those that are told."""
    facts = [
        ("Began", f"{text.started:%Y-%m-%d %H:%M} UTC" if text.started else ""),
        ("Ended", f"{text.ended:%Y-%m-%d %H:%M} UTC" if text.ended else ""),
        ("Duration", text.duration), ("Services", ", ".join(text.services)), ("Status", _STATUS[text.status]),
    ]  # fmt: skip
    return [(name, value) for name, value in facts if value]


def _told(text: PublicText) -> tuple[Markup, Markup]:
    """The facts and the sections."""
    rows = "".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in facts_of(text))
    body = "\n".join(f"## {one.title}\n\n{one.text}\n" for one in text.parts)
    content, _ = body_html(body, title=text.title, show_image=lambda _: None)
    return Markup(f"<table>{rows}</table>"), Markup(content)  # noqa: S704  escaped, and rendered without HTML of its own


def withdrawn(proof: Proof) -> Made:
    """What stands where a text was that is withdrawn: that it is, and who says so."""
    path = f"postmortems/{proof.page}.html"
    body = Markup('<p>This text was withdrawn.</p><p><a href="../index.html">All postmortems</a></p>')
    html = standalone("Withdrawn", (body, Markup(proof_html(proof)))).encode()  # noqa: S704  escaped where it is made
    return Made(path, [(path, html), *proof_files(proof)])


def index(texts: Sequence[PublicText], name: str) -> Made:
    """The list of all, the newest first."""
    rows = "".join(
        f"<tr><td>{escape(one.page[:10])}</td>"
        f'<td><a href="postmortems/{one.page}.html">{escape(one.title)}</a></td></tr>'
        for one in texts
    )
    listed = f"<table>{rows}</table>" if rows else "<p>Nothing has been published yet.</p>"
    return Made("index.html", [("index.html", standalone(name, (Markup(listed),)).encode())])  # noqa: S704  escaped


def feed(texts: Sequence[tuple[PublicText, str]], name: str, url: str) -> Made:
    """The feed; each text comes with when it was shared."""
    told = [Told(one.page, one.title, at, name, one.parts[0].text) for one, at in texts]
    return Made(FEED, [(FEED, atom(url, name, told))])


class _Reader(HTMLParser):
    """All that a page says or carries: text, and the values of attributes."""

    def __init__(self, own: frozenset[str]) -> None:
        super().__init__()
        self.found: list[str] = []
        self._own = own
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        names = ("alt", "title", "href", "src", "content", "aria-label", "lang", "data-label")
        self.found += [value for name, value in attrs if name in names and value and value not in self._own]

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style and data.strip():
            self.found.append(data)

    def handle_comment(self, data: str) -> None:
        self.found.append(data)


def read_back(made: Made) -> list[str]:
    """What the files of a page say: words, links, attributes, and their names as words."""
    own = [path.rpartition("/")[2] for path, _ in made.files]
    found = [name.rpartition(".")[0][11:].replace("-", " ") for name in own]
    for path, data in made.files:
        text = data.decode()
        if path.endswith(".html"):
            found += html_texts(text, *own, "../index.html")
        elif path.endswith(".xml"):
            for one in ET.fromstring(text).iter():  # noqa: S314  what was made here
                found += [value for value in (one.text or "", one.get("href", "")) if value.strip()]
        else:
            found.append(text)
    return found


def html_texts(html: str, *own: str) -> list[str]:
    """All that a page says or carries, apart from `own` names of files."""
    reader = _Reader(frozenset((*own, content_policy())))
    reader.feed(html)
    return reader.found
