"""The pictures of the documentation, of the sample: `python -m tests.output.site.pictures` writes docs/pictures."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pmctl.output.site.look import assets
from tests.output.site.browser import opened
from tests.output.site.sample import page

FOLDER = Path(__file__).parents[3] / "docs" / "pictures"
MOST = 80_000  # bytes of a picture
# (name, width, height, light or dark, what is brought to the top of the window)
PICTURES = (
    ("page", 860, 545, "light", "header.site-head"),
    ("timeline-dark", 860, 540, "dark", "#section-timeline"),
    ("phone", 360, 760, "light", "header.site-head"),
)


def make(folder: Path) -> None:
    """Write every picture into a folder."""
    with tempfile.TemporaryDirectory() as place:
        top = Path(place)
        (top / "postmortems").mkdir()
        for name, content in assets().items():
            (top / name).write_bytes(content)
        (top / "postmortems" / "a.html").write_text(page(), encoding="utf-8")
        folder.mkdir(parents=True, exist_ok=True)
        for name, width, height, scheme, start in PICTURES:
            with opened(top / "postmortems" / "a.html", width, scheme) as shown:
                shown.set_viewport_size({"width": width, "height": height})
                shown.evaluate("start => document.querySelector(start).scrollIntoView()", start)
                shown.screenshot(path=folder / f"{name}.png")


if __name__ == "__main__":
    make(FOLDER)
