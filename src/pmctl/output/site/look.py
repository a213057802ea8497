"""What every page of a site has around it, and the files that give it its look: site.css, site.js, `base.html.j2`.

The style sheet begins with that of a page that stands alone (`pmctl.output` page.css), so that an exported postmortem
and one on a site look the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the navigation; `path` is from the top of the site."""

    label: str
    path: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What base.html.j2 calls `site`. `audience` is a sentence about whom the pages are for, `built_from` names the
    commit and the day; `feed` is the path of the feed from the top of the site, "" without one."""

    name: str
    navigation: tuple[Link, ...] = ()
    audience: str = ""
    built_from: str = ""
    feed: str = ""
    lang: str = "en"


@cache
def assets() -> dict[str, bytes]:
    """The files at the top of a site that its pages load: name -> content."""
    output, site = files("pmctl.output"), files("pmctl.output.site")
    style = output.joinpath("page.css").read_bytes() + site.joinpath("site.css").read_bytes()
    return {"site.css": style, "site.js": site.joinpath("site.js").read_bytes()}
