"""The wikis of GitHub and GitLab. Collection -> Files.

GitHub's wiki has one name space: the file's name is the page's title and address, whatever folder it lies in. GitLab's
has folders, and an address that begins with a slash starts at the wiki's first page.
"""

from __future__ import annotations

from pmctl.output.wiki.article import Collection
from pmctl.output.wiki.files import Files
from pmctl.output.wiki.names import Names, file_names
from pmctl.output.wiki.pages import article_text, home_text, made_from, place_of, sidebar_text, year_text

_GITHUB_OWN = ("Home", "_Sidebar", "_Footer", "_Header", "Pages", "History", "New")


def github(collection: Collection) -> Files:
    """Pages named by day and title, Home, _Sidebar and _Footer; attachments in a folder for each postmortem."""
    years = {year: f"Postmortems-{year}" for year in collection.years}
    names = Names((*_GITHUB_OWN, *years.values()))
    pages = {one.id: names.take(f"{one.day} {one.title}", one.id) for one in reversed(collection.articles)}
    others = {one.id: one for one in collection.articles}
    files: Files = {}
    for article in collection.articles:
        stored = {path: f"attachments/{article.id}/{name}" for path, name in file_names(article.attachments).items()}
        place = place_of(article, others, lambda one: pages[one.id], stored)
        files[f"{pages[article.id]}.md"] = article_text(article, place, heading=False).encode()
        files |= {stored[path]: content for path, content in article.attachments.items()}
    for year, articles in collection.years.items():
        files[f"{years[year]}.md"] = year_text(year, articles, lambda one: pages[one.id], heading=False).encode()
    files["Home.md"] = home_text(collection, lambda one: pages[one.id], years.__getitem__, heading=False).encode()
    files["_Sidebar.md"] = sidebar_text(collection, lambda one: pages[one.id], "Home", years.__getitem__).encode()
    files["_Footer.md"] = f"{made_from(collection)}\n".encode()
    return files


def gitlab(collection: Collection) -> Files:
    """Pages in a folder for each year, home and _sidebar; every address starts at the wiki's root."""
    names = {year: Names() for year in collection.years}
    pages = {
        one.id: f"{one.year}/{names[one.year].take(f'{one.day} {one.title}', one.id)}"
        for one in reversed(collection.articles)
    }
    others = {one.id: one for one in collection.articles}
    files: Files = {}
    for article in collection.articles:
        stored = {path: f"attachments/{article.id}/{name}" for path, name in file_names(article.attachments).items()}
        rooted = {path: f"/{name}" for path, name in stored.items()}
        place = place_of(article, others, lambda one: f"/{pages[one.id]}", rooted)
        files[f"{pages[article.id]}.md"] = article_text(article, place, heading=False).encode()
        files |= {stored[path]: content for path, content in article.attachments.items()}
    for year, articles in collection.years.items():
        files[f"{year}.md"] = year_text(year, articles, lambda one: f"/{pages[one.id]}", heading=True).encode()
    files["home.md"] = home_text(
        collection, lambda one: f"/{pages[one.id]}", lambda year: f"/{year}", heading=True
    ).encode()
    files["_sidebar.md"] = sidebar_text(
        collection, lambda one: f"/{pages[one.id]}", "/home", lambda year: f"/{year}"
    ).encode()
    return files
