"""Pages of numbers in a real browser: accessible in light and dark, nothing sticks out, and every word can be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pmctl.output import meeting_report, metrics
from tests.insight.test_report import made
from tests.output.site.browser import close, opened, serious, sideways
from tests.output.test_html_browser import CHROMIUM
from tests.output.test_metrics import found
from tests.skips import NO_CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of pages; the browser ends with the module."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "months.html").write_text(metrics.html(found(period="month", since=date(2023, 1, 1))))
    (folder / "teams.html").write_text(metrics.html(found(by="team")))
    (folder / "report.html").write_text(meeting_report.html(made()))
    yield folder
    close()


@pytest.mark.parametrize("name", ["months", "teams", "report"])
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_axe_finds_nothing_serious_and_nothing_sticks_out(pages: Path, name: str, width: int, scheme: str) -> None:
    with opened(pages / f"{name}.html", width, scheme) as page:
        beyond = (
            "[...document.querySelectorAll('svg text')].filter(one => { const box = one.getBBox(); return box.x < 0 ||"
            " box.x + box.width > one.ownerSVGElement.viewBox.baseVal.width }).map(one => one.textContent)"
        )
        assert page.evaluate(beyond) == []
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert serious(page) == [] and sideways(page) <= 0
