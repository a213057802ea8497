"""The parts that pages have in every Markdown flavour: head, body, lists, footer. Article or Collection -> Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pmctl.insight.publication import Broken
from pmctl.output.page_facts import Fact, Part
from pmctl.output.wiki.article import Article, Collection, link_of
from pmctl.output.wiki.inline import Place, address, escaped
from pmctl.output.wiki.markdown import PLAIN, Dialect, rewritten
from pmctl.text import plural

LATEST = 10
"""Postmortems that navigation names: it stays as long however many there are."""

TITLE = "Postmortems"

LinkTo = Callable[[Article], str]
"""The address of an article, seen from the page that is written."""

_KNOWN_TO_LINK = ("http://", "https://")


def article_text(article: Article, place: Place, dialect: Dialect = PLAIN, *, heading: bool) -> str:
    """A whole page: what is proved about it, its facts as a table, its body."""
    title = (f"# {escaped(article.title)}",) if heading else ()
    parts = (*title, *_marks(article.marks), fact_table(article), rewritten(article.body, place, dialect))
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def fact_table(article: Article) -> str:
    """The front matter for readers: a row for each fact, the state first."""
    rows = [("State", escaped(article.state)), *((fact.label, _values(fact)) for fact in article.facts)]
    first, *others = (f"| {escaped(label)} | {value} |" for label, value in rows)
    return "\n".join((first, "| --- | --- |", *others))


def place_of(
    article: Article,
    others: Mapping[str, Article],
    link: LinkTo,
    files: Mapping[str, str],
    anchors: Callable[[Article], Mapping[str, str]] = lambda article: {},
) -> Place:
    """Where the addresses in an article lead: to `others` by `link`, to its attachments by `files`, to the web.

    `anchors` are the headings of an article whose name in links is another one here than in the repository. What
    leads anywhere else, to a postmortem that is not shown too, leads nowhere.
    """

    def mark(page: Article, anchor: str) -> str:
        return f"#{anchors(page).get(anchor, anchor)}" if anchor else ""

    def place(target: str, picture: bool) -> str | None:
        found = link_of(target, article.id)
        if found is None:
            return None
        if found.kind == "attachment":
            return files.get(found.target)
        if picture:
            return None
        if found.kind == "web":
            return found.target
        if found.kind == "anchor":
            return mark(article, found.anchor) or "#"
        if found.target not in others:
            return None
        return link(others[found.target]) + mark(others[found.target], found.anchor)

    return place


def home_text(collection: Collection, link: LinkTo, year_link: Callable[[str], str], *, heading: bool) -> str:
    """The first page: the latest, the years, and what cannot be read."""
    years = collection.years
    parts = [f"# {TITLE}"] if heading else []
    parts.append(f"{plural(len(collection.articles), 'postmortem')}, newest first." if years else "None so far.")
    if years:
        parts += ["## Latest", "\n".join(_entry(one, link) for one in collection.articles[:LATEST])]
        parts.append("## By year")
        parts.append("\n".join(f"-   [{year}]({address(year_link(year))}): {len(years[year])}" for year in years))
    parts += _unreadable(collection.broken)
    parts.append(f"---\n\n{made_from(collection)}")
    return "\n\n".join(parts) + "\n"


def year_text(year: str, articles: Iterable[Article], link: LinkTo, *, heading: bool) -> str:
    """All postmortems of a year as a table."""
    rows = [
        f"| {one.day} | [{escaped(one.title)}]({address(link(one))}) | {escaped(one.state)} |"
        f" {escaped(one.severity)} | {escaped(', '.join(one.services))} | {escaped(_fact(one, 'Duration'))} |"
        for one in articles
    ]
    head = ("| Date | Postmortem | State | Severity | Services | Duration |", "| --- | --- | --- | --- | --- | --- |")
    title = f"# {TITLE} of {year}\n\n" if heading else ""
    return title + "\n".join((*head, *rows)) + "\n"


def sidebar_text(collection: Collection, link: LinkTo, home: str, year_link: Callable[[str], str]) -> str:
    """Navigation for every page: years and the latest, the same length whatever there is."""
    years = [f"-   [{year}]({address(year_link(year))})" for year in collection.years]
    latest = [f"-   [{escaped(one.title)}]({address(link(one))})" for one in collection.articles[:LATEST]]
    parts = [f"**[{TITLE}]({address(home)})**", "\n".join(years)]
    parts += ["**Latest**", "\n".join(latest)] if latest else []
    return "\n\n".join(filter(None, parts)) + "\n"


def made_from(collection: Collection) -> str:
    """Where the pages come from, and that nobody should edit them here."""
    source = f" from {escaped(collection.source)}" if collection.source else ""
    return f"Made by pmctl{source}. Edits here are overwritten: change the postmortem in its repository instead."


def _marks(marks: Iterable[str]) -> tuple[str, ...]:
    lines = [f"> -   {escaped(mark)}" for mark in marks]
    return ("\n".join(("> **Not as the signed records say:**", ">", *lines)),) if lines else ()


def _values(fact: Fact) -> str:
    return ", ".join(map(_value, fact.parts))


def _value(part: Part) -> str:
    text = escaped(part.text)
    linked = f"[{text}]({address(part.url)})" if part.url.lower().startswith(_KNOWN_TO_LINK) else text
    return f"{linked} ({escaped(part.note)})" if part.note else linked


def _entry(article: Article, link: LinkTo) -> str:
    facts = ", ".join(filter(None, (article.day, article.severity, _fact(article, "Duration"))))
    summary = f": {escaped(article.summary)}" if article.summary else ""
    return f"-   [{escaped(article.title)}]({address(link(article))}) ({escaped(facts)}){summary}"


def _fact(article: Article, label: str) -> str:
    return next((fact.text for fact in article.facts if fact.label == label), "")


def _unreadable(broken: Iterable[Broken]) -> list[str]:
    lines = [f"-   {escaped(one.id)}: {escaped(one.problem)}" for one in broken]
    return ["## Cannot be read", "\n".join(lines)] if lines else []
