"""The input of documentation generators: MkDocs (and Zensical), Docusaurus, Hugo, and plain Markdown.

Collection -> Files. Pages lie by year under the postmortem's id, which is unique, never changes and is safe everywhere.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from html import unescape
from typing import NamedTuple

from pmctl.output.wiki.article import Article, Collection
from pmctl.output.wiki.files import Files
from pmctl.output.wiki.markdown import PLAIN, Dialect, headings
from pmctl.output.wiki.names import file_names
from pmctl.output.wiki.pages import TITLE, article_text, home_text, place_of, year_text
from pmctl.text import heading_anchor

_SHORTCODE = re.compile(r"\{\{([<%])(?!/\*)((?:(?!\{\{[<%]|\*/|[>%]\}\})[^\n])*)([>%])\}\}")
_LOOK_ALIKE = str.maketrans({"<": "\u2039", ">": "\u203a", '"': "\u201d"})
_OPENING = re.compile(r"\{\{(?=[<%])")


class _Layout(NamedTuple):
    """Where a generator wants things, and what a page begins with.

    `page`, `home` and `year` are the paths of pages; `attachments` is the folder of a postmortem's files; `link` is the
    address of a page seen from another, `anchors` the headings that it names otherwise than the repository's host.
    """

    page: Callable[[Article], str]
    home: str
    year: Callable[[str], str]
    attachments: Callable[[Article], str]
    link: Callable[[str, str], str]
    front: Callable[[Mapping[str, object]], str]
    dialect: Dialect = PLAIN
    heading: bool = True
    anchors: Callable[[Article], Mapping[str, str]] = lambda article: {}


def front_matter(fields: Mapping[str, object]) -> str:
    """Front matter whose values are quoted as JSON is, which every reader of YAML reads alike; empty ones are left."""
    lines = [f"{name}: {_quoted(value)}" for name, value in fields.items() if value not in ("", (), None)]
    return "\n".join(("---", *lines, "---", "", ""))


def _quoted(value: object) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def relative(start: str, target: str) -> str:
    """The address of one file seen from another: both paths from the root."""
    import posixpath

    return posixpath.relpath(target, posixpath.dirname(start) or ".")


def plain(collection: Collection) -> Files:
    """Markdown files that link to each other, for whatever shows Markdown."""
    return _made(collection, _Layout(_page, "README.md", _year_page, _beside, relative, lambda fields: ""))


def mkdocs(collection: Collection) -> Files:
    """A project of MkDocs: `mkdocs.yml` whose navigation grows by years only, and `docs` beside it."""
    articles = {one.id: one for one in collection.articles}
    anchors = cache(lambda postmortem: mkdocs_anchors(articles[postmortem]))  # of those that something links to
    layout = _Layout(
        _page, "index.md", _year_page, _beside, relative, _mkdocs_front,
        Dialect(fenced_in_lists=False, other_markers=False, pipe_in_code=True), anchors=lambda one: anchors(one.id),
    )  # fmt: skip
    files: Files = {f"docs/{path}": content for path, content in _made(collection, layout).items()}
    nav = [f"  - {TITLE}: index.md", *(f'  - "{year}": {_year_page(year)}' for year in collection.years)]
    settings = (
        f"site_name: {TITLE}", "docs_dir: docs", "nav:", *nav, "validation:", "  nav: {omitted_files: ignore}",
        "markdown_extensions: [tables, fenced_code]", "",
    )  # fmt: skip
    files["mkdocs.yml"] = "\n".join(settings).encode()
    return files


def mkdocs_anchors(article: Article) -> dict[str, str]:
    """The headings of a page by their names on GitHub and GitLab, with those that Python-Markdown makes, in ASCII."""
    numbers: dict[str, int] = {}
    found: dict[str, str] = {}
    for words in (article.title, *headings(article.body)):
        ascii_only = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
        name = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", ascii_only).strip().lower())
        while not name or name in found.values():
            base, mark, number = name.rpartition("_")
            name = f"{base}_{int(number) + 1}" if mark and number.isdecimal() else f"{name}_1"
        found[heading_anchor(words, numbers)] = name
    return found


def docusaurus(collection: Collection) -> Files:
    """A folder of docs for Docusaurus, which reads Markdown as MDX: no HTML, no braces, no modules."""
    layout = _Layout(
        _page, "index.md", _year_page, _beside, relative, front_matter,
        Dialect(line_break="<br />", modules=True), heading=False,
    )  # fmt: skip
    files = _made(collection, layout)
    for number, year in enumerate(collection.years, 1):
        category = {"label": year, "position": number, "collapsed": True}
        files[f"{year}/_category_.json"] = (json.dumps(category, indent=2) + "\n").encode()
    return files


def hugo(collection: Collection) -> Files:
    """A folder of content for Hugo: a bundle for each postmortem, a section for each year."""
    layout = _Layout(
        lambda article: f"{article.year}/{article.id}/index.md", "_index.md", lambda year: f"{year}/_index.md",
        lambda article: f"{article.year}/{article.id}", _hugo_link, front_matter,
        Dialect(line_break="; ", code=without_shortcodes), heading=False,
    )  # fmt: skip
    return _made(collection, layout)


def without_shortcodes(code: str) -> str:
    """Code in which Hugo finds no shortcode: whole ones escaped as its documentation says, halves taken apart."""
    if "{{" not in code:
        return code
    out: list[str] = []
    at = 0
    for match in _SHORTCODE.finditer(code):
        out += [_OPENING.sub("{{ ", code[at : match.start()])]
        same = (match[1], match[3]) in (("<", ">"), ("%", "%"))
        out += [f"{{{{{match[1]}/*{match[2]}*/{match[3]}}}}}" if same else match[0].replace("{{", "{{ ", 1)]
        at = match.end()
    return "".join((*out, _OPENING.sub("{{ ", code[at:])))


def _made(collection: Collection, layout: _Layout) -> Files:
    others = {one.id: one for one in collection.articles}
    files: Files = {}
    for article in collection.articles:
        path = layout.page(article)
        folder = layout.attachments(article)
        stored = {name: f"{folder}/{safe}" for name, safe in file_names(article.attachments).items()}
        beside = {name: relative(path, file) for name, file in stored.items()}
        place = place_of(article, others, _linker(layout, path), beside, layout.anchors)
        text = article_text(article, place, layout.dialect, heading=layout.heading)
        files[path] = (layout.front(_fields(article)) + text).encode()
        files |= {stored[name]: content for name, content in article.attachments.items()}
    for year, articles in collection.years.items():
        path = layout.year(year)
        front = layout.front({"title": f"{TITLE} of {year}"})
        files[path] = (front + year_text(year, articles, _linker(layout, path), heading=layout.heading)).encode()
    text = home_text(
        collection, _linker(layout, layout.home), lambda year: layout.link(layout.home, layout.year(year)),
        heading=layout.heading,
    )  # fmt: skip
    files[layout.home] = (layout.front({"title": TITLE}) + text).encode()
    return files


def _linker(layout: _Layout, start: str) -> Callable[[Article], str]:
    return lambda article: layout.link(start, layout.page(article))


def _fields(article: Article) -> dict[str, object]:
    tags = dict.fromkeys((*article.tags, *article.services, *article.teams))
    return {
        "id": article.id, "title": article.title, "sidebar_label": f"{article.day} {article.title}",
        "slug": article.id, "date": article.day, "tags": tuple(tags), "description": article.summary,
    }  # fmt: skip


def _mkdocs_front(fields: Mapping[str, object]) -> str:
    """With values that are text to a theme which escapes them and to one, as of MkDocs and Zensical, which does not."""
    shown: dict[str, object] = {}
    for name in ("title", "date", "tags", "description"):
        value = fields.get(name)
        shown[name] = (
            tuple(_unmarked(one) for one in value) if isinstance(value, tuple) else _unmarked(str(value or ""))
        )
    return front_matter(shown)


def _unmarked(value: str) -> str:
    """Text that looks the same and can begin no element, end no attribute, and name no character by a reference."""
    if unescape(value) != value:
        value = value.replace("&", "\uff06")
    return value.translate(_LOOK_ALIKE)


def _page(article: Article) -> str:
    return f"{article.year}/{article.id}.md"


def _year_page(year: str) -> str:
    return f"{year}/index.md"


def _beside(article: Article) -> str:
    return f"{article.year}/{article.id}"


def _hugo_link(start: str, target: str) -> str:
    """Hugo serves each page as a folder under its slug, so links lead from folder to folder."""
    page, aim = (re.sub(r"_?index\.md\Z", "", path) for path in (start, target))
    return relative(page + "x", aim or ".") + "/"
