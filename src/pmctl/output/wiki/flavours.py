"""Every flavour of a wiki in one table: name -> the function that makes its files.

A new flavour is a function from a Collection to Files and a row here; `pmctl wiki build --flavour NAME` then offers it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pmctl.output.wiki import confluence, generators, hosted
from pmctl.output.wiki.article import Collection
from pmctl.output.wiki.files import Files


class Flavour(NamedTuple):
    """One flavour: what makes its files, the first page, and the pages that name what all was made from."""

    make: Callable[[Collection], Files]
    home: str
    stamped: tuple[str, ...]


FLAVOURS: dict[str, Flavour] = {
    "github": Flavour(hosted.github, "Home.md", ("Home.md", "_Footer.md")),
    "gitlab": Flavour(hosted.gitlab, "home.md", ("home.md",)),
    "mkdocs": Flavour(generators.mkdocs, "docs/index.md", ("docs/index.md",)),
    "docusaurus": Flavour(generators.docusaurus, "index.md", ("index.md",)),
    "hugo": Flavour(generators.hugo, "_index.md", ("_index.md",)),
    "plain": Flavour(generators.plain, "README.md", ("README.md",)),
    "confluence": Flavour(confluence.files, "", ()),
}
"""Every flavour by the name that is typed."""
