"""Every kind of page of the made-up company's site, in a real browser, from a folder: quiet, accessible, nothing loaded
from elsewhere, nothing sticking out; lists and search by hand, and everything readable without scripts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pmctl.workflow.demo_company import make
from tests.output.site.browser import opened, serious, sideways
from tests.output.test_html_browser import CHROMIUM
from tests.skips import NO_CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)
NOW = "2026-01-23T09:00:00Z"
LIST, BOARD = "postmortems/index.html", "actions.html"


def build(folder: Path, *words: str) -> Path:
    """The site of the company, with drafts, and with one postmortem that cannot be read any more."""
    (folder / "home").mkdir()
    make(folder, datetime(2026, 1, 23, 9, tzinfo=UTC), os.environ)
    (broken,) = (folder / "larkfield" / "postmortems").rglob("*-search-empty-after-reindex.md")
    broken.write_text("---\nid: [\n---\n", encoding="utf-8")
    command = [sys.executable, "-m", "pmctl", "-C", str(folder / "larkfield"), "site", "build", "--drafts", *words]
    environment = {**os.environ, "PMCTL_NOW": NOW}
    done = subprocess.run(
        [*command, "-o", str(folder / "site")], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("a company"))


def kinds(site: Path) -> list[str]:
    """One page of every kind, and a postmortem in every state."""
    found = {"index.html", LIST, BOARD, "404.html", "numbers.html"}
    for folder in ("services", "teams", "tags", "causes", "people", "years"):
        found |= {f"{folder}/index.html", f"{folder}/{max(one.name for one in (site / folder).glob('[!i]*.html'))}"}
    states = {}
    for page in sorted((site / "postmortems").glob("2*.html")):
        states[page.read_text(encoding="utf-8").partition('class="state ')[2].partition('"')[0]] = page.name
    assert set(states) == {f"state-{state}" for state in ("draft", "in-review", "published", "archived")}
    return sorted(found | {f"postmortems/{name}" for name in states.values()})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_every_kind_of_page_is_quiet_accessible_and_fits(site: Path, width: int, scheme: str) -> None:
    with opened(site / "index.html", width, scheme) as shown:
        for name in kinds(site):
            shown.goto((site / name).as_uri())
            shown.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            assert (name, serious(shown)) == (name, [])
            assert sideways(shown) <= 0, name


def test_without_scripts_every_page_can_be_read(site: Path) -> None:
    with opened(site / "index.html", script=False) as shown:
        for name in kinds(site):
            shown.goto((site / name).as_uri())
            assert shown.locator("h1").is_visible(), name
            assert not shown.locator(".site-search, button.theme, form.filters").filter(visible=True).count(), name
        shown.goto((site / LIST).as_uri())
        assert shown.locator("#list tbody tr").filter(visible=True).count() == 11
        assert shown.get_by_text("-search-empty-after-reindex").first.is_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_lists_sort_by_keyboard_and_a_filtered_view_can_be_sent(site: Path, width: int) -> None:
    with opened(site / LIST, width) as shown:
        rows = shown.locator("#list tbody tr").filter(visible=True)
        shown.get_by_role("button", name="Duration").focus()
        shown.keyboard.press("Enter")
        shown.keyboard.press("Enter")
        lengths = [int(value) for value in shown.locator("#list td:nth-child(5)").evaluate_all(
            "cells => cells.map(cell => cell.dataset.value)")]  # fmt: skip
        assert lengths == sorted(lengths, reverse=True) and len(set(lengths)) > 5
        shown.get_by_label("State").select_option("In review")
        assert rows.count() == 2
        shown.goto("about:blank")
        shown.goto(f"{(site / LIST).as_uri()}#state=In+review&sort=-5")
        assert rows.count() == 2 and shown.get_by_label("State").input_value() == "In review"


def test_search_finds_and_shows_the_sentence_without_reading_every_page(site: Path) -> None:
    loaded: list[str] = []
    with opened(site / BOARD) as shown:
        shown.on("request", lambda asked: loaded.append(asked.url))
        shown.locator("#search").fill("connection pool")
        shown.locator("#search-found mark").first.wait_for()
        assert "connection" in shown.locator("#search-found li").first.inner_text()
        found = shown.locator("#search-found a").count()
    assert 1 <= found < 12
    assert len(loaded) <= found + 1, "the index, and the sentences of what is shown"


def test_the_chosen_theme_stays_and_goes_back_to_the_systems(site: Path) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    with opened(site / "index.html", scheme="light") as shown:
        light = shown.evaluate(paper)
        button = shown.get_by_role("button", name="Dark")
        button.focus()
        shown.keyboard.press("Enter")
        dark = shown.evaluate(paper)
        assert dark != light and button.get_attribute("aria-pressed") == "true"
        shown.goto((site / BOARD).as_uri())
        assert shown.evaluate(paper) == dark
        assert serious(shown) == []
        shown.emulate_media(media="print")
        assert shown.evaluate(paper) == "rgb(255, 255, 255)"
        shown.emulate_media(media="screen")
        button.click()
        assert shown.evaluate(paper) == light and shown.evaluate("localStorage.length") == 0


def test_the_table_of_contents_marks_what_is_read(site: Path) -> None:
    page = next(name for name in kinds(site) if name.startswith("postmortems/2"))
    with opened(site / page) as shown:
        shown.evaluate("document.querySelector('#section-impact').scrollIntoView()")
        marked = shown.locator(".contents a[aria-current]")
        shown.locator(".contents a[aria-current]", has_text="Impact").wait_for()
        assert marked.count() == 1


def test_an_empty_site_says_what_to_type(site: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(site.parent / "larkfield", tmp_path / "larkfield")
    for one in (copy / "postmortems").rglob("*.md"):
        one.write_text(one.read_text(encoding="utf-8").replace("---\n", "---\nvisibility: private\n", 1))
    command = [sys.executable, "-m", "pmctl", "-C", str(copy), "site", "build", "-o", str(tmp_path / "site")]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PMCTL_NOW": NOW})
    with opened(tmp_path / "site" / "index.html") as shown:
        assert "pmctl publish ID" in shown.locator("main").inner_text()
        assert serious(shown) == []
