"""Links of a document that moves still lead where they led, and bring along nothing that they should not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl.adopt.links import Surroundings, rewrite

NEW = "postmortems/2024/2024-01-15-x.md"


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    root = tmp_path.resolve() / "repo"
    (root / "docs" / "img").mkdir(parents=True)
    for name in ("docs/img/a b.png", "docs/graph.svg", "docs/other.md", "docs/.env", "docs/run.sh", "shared.png"):
        (root / name).write_text("x")
    (root / "docs" / "link.png").symlink_to("/etc/passwd")
    file = root / "docs" / "x.md"
    adopted = {root / "docs" / "other.md": "postmortems/2023/2023-02-02-other.md"}
    return Surroundings(file, root, NEW, root, root, adopted, {root / "shared.png": 2})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("![g](graph.svg)", "![g](2024-01-15-x/graph.svg)"),
        ("![g](<img/a b.png> 'title')", "![g](<2024-01-15-x/img/a b.png> 'title')"),
        ("![g](img/a%20b.png)", "![g](2024-01-15-x/img/a%20b.png)"),
        ("[o](other.md#top)", "[o](../2023/2023-02-02-other.md#top)"),
        ("[s](./run.sh)", "[s](../../docs/run.sh)"),
        ("![s](../shared.png)", "![s](../../shared.png)"),
        ("[id]: graph.svg", "[id]: 2024-01-15-x/graph.svg"),
        ('<img src="graph.svg" alt="g">', '<img src="2024-01-15-x/graph.svg" alt="g">'),
        ("[d](img/)", "[d](../../docs/img)"),
    ],
)
def test_turned(before: str, after: str, around: Surroundings) -> None:
    assert rewrite(before, around).text == after


@pytest.mark.parametrize(
    "text",
    [
        "[w](https://example.com/a.png)", "[a](#top)", "[m](mailto:a@example.com)",
        "[r](/etc/passwd)", "`![g](graph.svg)`",
        "```\n![g](graph.svg)\n```", "![m](missing.png)", "![l](link.png)",
        "![p](../../../../etc/passwd)", "[n](%00.png)",
    ],
)  # fmt: skip
def test_left_alone(text: str, around: Surroundings) -> None:
    turned = rewrite(text, around)
    assert turned.text == text and not turned.taken


def test_only_what_a_document_shows_comes_along(around: Surroundings) -> None:
    turned = rewrite("![g](graph.svg) [e](.env) [s](run.sh) ![s](../shared.png)", around)
    assert [one.name for one in turned.taken] == ["graph.svg"]


def test_nothing_outside_of_the_boundary_comes_along(around: Surroundings, tmp_path: Path) -> None:
    stranger = tmp_path.resolve() / "elsewhere"
    (stranger / "docs").mkdir(parents=True)
    (stranger / "secret.png").write_text("x")
    outside = Surroundings(
        stranger / "docs" / "x.md", stranger / "docs", NEW, around.root, around.top, {}, lambda real: False
    )
    turned = rewrite("![s](../secret.png)", outside)
    assert not turned.taken and turned.broken == ("../secret.png",)
