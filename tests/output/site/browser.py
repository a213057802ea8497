"""The installed Chromium, driven: a page opened from a folder, what it said on its console, and what axe says of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.output.test_html_browser import CHROMIUM

_SERIOUS = ("serious", "critical")


@contextmanager
def opened(
    path: Path, width: int = 1280, scheme: str = "light", script: bool = True, fragment: str = ""
) -> Iterator[Page]:
    """The page; leaving fails when it said anything on the console or asked for anything but files."""
    complaints: list[str] = []
    context = _browser().new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script, locale="en-GB",
        reduced_motion="reduce", timezone_id="UTC",
    )  # type: ignore[arg-type]  # one of the schemes that it knows  # fmt: skip
    try:
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: complaints.append(asked.url) if not asked.url.startswith("file:") else None)
        page.goto(f"{path.as_uri()}{fragment}")
        yield page
    finally:
        context.close()
    assert complaints == [], complaints


def serious(page: Page) -> list[str]:
    """What axe finds that is serious or worse, each with the first element that it is about."""
    # A page's own policy lets no script of a test in; the driver's way in is not bound by it.
    page.evaluate(_axe())
    found: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations'], preload: false})")
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"] if one["impact"] in _SERIOUS]


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@cache
def _browser() -> Browser:
    """One until `close`; what a page leaves behind goes with its context."""
    driver = sync_playwright().start()
    _drivers.append(driver)
    return driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


_drivers: list[Playwright] = []


def close() -> None:
    """End the browser. Its driver leaves a thread behind, and a process with threads is not forked."""
    if _drivers:
        _browser().close()
        _browser.cache_clear()
        _drivers.pop().stop()
    for thread in threading.enumerate():
        if thread.name.startswith("waitpid-"):
            thread.join(10)


@cache
def _axe() -> str:
    found = distribution("axe-playwright-python").locate_file("axe_playwright_python/axe.min.js")
    return Path(str(found)).read_text(encoding="utf-8")
