"""What every page of a site has around it, and the files that give it its look: site.css, site.js, theme.js,
`base.html.j2`.

The style sheet begins with that of a page that stands alone (`pmctl.output` page.css), so that an exported postmortem
and one on a site look the same.
"""

from __future__ import annotations

import re
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
    style = _chosen(output.joinpath("page.css").read_text(encoding="utf-8")).encode()
    scripts = {name: site.joinpath(name).read_bytes() for name in ("site.js", "theme.js")}
    return {"site.css": style + site.joinpath("site.css").read_bytes(), **scripts}


def _chosen(style: str) -> str:
    """The style with its dark colours also where the reader chose them, and not where they chose the light ones."""
    dark = re.compile(r"@media \(prefers-color-scheme: dark\) \{\n  :root (\{.*?\n  \})\n\}\n", re.DOTALL)
    return dark.sub(
        r"""@media screen and (prefers-color-scheme: dark) {
  :root:not([data-theme="light"]) \1
}
@media screen {
  :root[data-theme="dark"] \1
}
""",
        style,
        count=1,
    )
