"""The numbers of a site: those of `pmctl metrics` over the postmortems that the audience may read and that have a page.

(site) -> figures of the first page, and the page with all of them. They are a function of the commit, the day and what
may be read, so what was told once is kept in the folder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pmctl.errors import UsageProblem
from pmctl.output.site.folder import Folder
from pmctl.output.site.whole import Made, Page, Site, digest

if TYPE_CHECKING:
    from pmctl.insight.metrics import Metrics

PATH = "numbers.html"
_FIGURES = {
    "published": "Published", "days_from_incident": "From incident to published", "items_on_time": "Items done on time",
    "items_overdue": "Items overdue",
}  # fmt: skip
_QUARTERS = 5  # of the table; the drawings have more


def numbers_page(site: Site) -> Page:
    """The page of all numbers, to be made when the commit, the day, or what may be read is another."""
    return Page(PATH, digest(site.base, _key(site)), _Numbers())


def with_figures(site: Site, folder: Folder) -> Site:
    """The site with the figures of its first page, which are kept in the folder."""
    key = _key(site)
    if folder.figures[0] != key:
        folder.figures = (key, _figures(_answer(site)) if site.ids and site.commit else ())
    return replace(site, figures=folder.figures[1])


def _key(site: Site) -> str:
    return digest(site.commit, str(site.today), sorted(site.ids))


def _answer(site: Site) -> Metrics:
    from zoneinfo import ZoneInfo

    from pmctl.insight.metrics import MetricsQuery, metrics
    from pmctl.insight.metrics_reading import facts

    found = facts(site.publications.source.workspace.repo, site.commit)
    asked = MetricsQuery(site.today, period="quarter", readable=site.ids)
    zone = ZoneInfo(found.time_zone)
    try:
        return metrics(found, asked, zone)
    except UsageProblem:  # an incident of another century: too many quarters to show
        return metrics(found, replace(asked, period=""), zone)


def _figures(found: Metrics) -> tuple[tuple[str, str], ...]:
    from pmctl.output.metrics import brief

    numbers = {one.name: one for one in found.groups[0].periods[0].numbers}
    return tuple((label, brief(numbers[name])) for name, label in _FIGURES.items() if numbers[name].value is not None)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Makes the page of numbers; what nothing is known of has no row."""

    def __call__(self, site: Site) -> Made:
        if not (site.ids and site.commit):
            values: dict[str, object] = {"figures": (), "rests_on": "", "charts": [], "heads": [], "rows": []}
            return Made([(PATH, site.render("numbers.html.j2", PATH, values))])
        from pmctl.output.metrics import brief, charts, rests_on, said

        found = _answer(site)
        (group,) = found.groups
        whole, *spans = group.periods
        shown = [whole, *spans[-_QUARTERS:][::-1]]
        rows = [
            (one.title, [said(one), *(brief(period.numbers[at]) for period in shown[1:])])
            for at, one in enumerate(whole.numbers)
            if one.value is not None
        ]
        values = {
            "figures": site.figures, "rests_on": rests_on(found),
            "charts": [(title, chart.figure) for title, chart in charts(found, group)],
            "heads": ["All", *(period.label for period in shown[1:])], "rows": rows,
        }  # fmt: skip
        return Made([(PATH, site.render("numbers.html.j2", PATH, values))])
