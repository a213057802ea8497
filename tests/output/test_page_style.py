"""The page's style sheet: enough contrast in light, in dark and on paper, and nothing loaded from elsewhere."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

CSS = files("pmctl.output").joinpath("page.css").read_text(encoding="utf-8")
PAIRS = [
    ("ink", "paper"), ("soft", "paper"), ("link", "paper"), ("ink", "shade"), ("soft", "shade"),
    *((f"{kind}-ink", f"{kind}-paper") for kind in ("draft", "review", "published", "archived", "alert")),
]  # fmt: skip
THEMES = {name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for name, block in zip(
    ("light", "dark", "print"), re.findall(r":root \{(.*?)\}", CSS, re.DOTALL), strict=True)}  # fmt: skip


def luminance(color: str) -> float:
    """Relative luminance as in WCAG 2.2."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("pair", PAIRS)
def test_text_has_the_contrast_that_wcag_aa_asks_for(theme: str, pair: tuple[str, str]) -> None:
    light, dark = sorted((luminance(THEMES[theme][name]) for name in pair), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_every_theme_sets_every_colour() -> None:
    assert set(THEMES["light"]) == set(THEMES["dark"]) == set(THEMES["print"])


def test_nothing_is_loaded_and_nothing_ends_the_style_element() -> None:
    assert not re.search(r"url\(|@import|</", CSS)
