"""The pictures of the documentation, of the company that `pmctl demo` leaves behind, on the day on which its texts were
written: `python -m tests.output.site.pictures` writes docs/pictures."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from pmctl.workflow.demo_company import make as make_company
from tests.output.site.browser import opened

FOLDER = Path(__file__).parents[3] / "docs" / "pictures"
MOST = 80_000  # bytes of a picture
_DAY = datetime(2026, 1, 23, 9, tzinfo=UTC)
_PAGE = "*-checkout-slow-on-sale-day.html"
# (name, page, width, height, light or dark, what is brought to the top of the window)
PICTURES = (
    ("home", "index.html", 880, 520, "light", "header.site-head"),
    ("page", _PAGE, 880, 540, "light", "header.site-head"),
    ("timeline-dark", _PAGE, 860, 480, "dark", "#section-timeline"),
)


def make(folder: Path) -> None:
    """Write every picture into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        site = build(Path(place))
        for name, page, width, height, scheme, start in PICTURES:
            (path,) = site.rglob(page) if page.startswith("*") else [site / page]
            with opened(path, width, scheme) as shown:
                shown.set_viewport_size({"width": width, "height": height})
                shown.evaluate("start => document.querySelector(start).scrollIntoView()", start)
                shown.screenshot(path=folder / f"{name}.png")


def build(folder: Path) -> Path:
    """The company's site, with drafts."""
    (folder / "home").mkdir()
    make_company(folder, _DAY, os.environ)
    command = [sys.executable, "-m", "pmctl", "-C", str(folder / "larkfield"), "site", "build", "--drafts"]
    environment = {**os.environ, "PMCTL_NOW": f"{_DAY:%Y-%m-%dT%H:%M:%SZ}"}
    subprocess.run([*command, "-o", str(folder / "site")], check=True, capture_output=True, env=environment)
    return folder / "site"


if __name__ == "__main__":
    make(FOLDER)
