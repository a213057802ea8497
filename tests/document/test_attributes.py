"""Lines of .gitattributes that hide differences of what pmctl manages, and the usual ones that do not."""

from __future__ import annotations

import pytest

from pmctl.document.attributes import hiding_lines


def hides(line: str, folder: str = "") -> bool:
    return bool(hiding_lines(f"# -diff\n\n{line}\n".encode(), folder))


@pytest.mark.parametrize(
    "line",
    [
        "*.md -diff",
        "* binary",
        "postmortems/** -diff",
        '"postmortems/2024/*.md" -diff',
        '"*.m\\144" -diff',
        "/.pmctl/records/** linguist-generated",
        "postmortems/2023/2023-01-15-payment.md -diff",
        "*.sig binary",
        "2024-01-15-x.md -diff",
        "*.json -diff",
        "**/*.md diff=foo",
        "[attr]h -diff",
        "*.[mM][dD] -diff",
        "*.MD -diff",
        "*.md " + "x " * 5000 + "-diff",
        "x" * 2000 + " -diff",
        "postmortems/*/* filter=x",
        "policy.yaml -diff",
        "*.md text conflict-marker-size=3",
        "??????????-*.md -merge",
        "pmctl.yaml merge=union",
        "postmortems/**/*.md merge=pmctl -diff",
        "postmortems/**/*.md merge=pmctl2",
        "postmortems/**/*.md merge=union",
        "p*/** -diff\r",
    ],
)
def test_a_line_that_hides(line: str) -> None:
    assert hides(line)


@pytest.mark.parametrize(
    "line",
    [
        "*.png binary",
        "postmortems/**/*.md merge=pmctl",
        "README.md -diff",
        "docs/** linguist-generated",
        "*.md linguist-generated=false",
        "# *.md -diff",
        "*.md text eol=lf",
        "package-lock.json -diff",
        "*.md -linguist-generated",
        "/src/** -diff",
        "*.md diff",
        "CHANGELOG.md merge=union",
        "postmortems/**/*.png binary",
        "*.md",
    ],
)
def test_a_line_that_hides_nothing(line: str) -> None:
    assert not hides(line)


def test_a_pattern_counts_from_the_folder_of_its_file() -> None:
    assert not hides("*.md -diff", "docs")
    assert hides("2024/*.md -diff", "postmortems")
    assert not hides("other/*.md -diff", "postmortems")
    assert hides("records/** -diff", ".pmctl")
    assert hides("*.md -diff", "../team/pm")
    assert hides("team/** -diff", "../team/pm")
    assert not hides("postmortems/** -diff", "../team/pm")


def test_the_line_is_named() -> None:
    assert [one.line for one in hiding_lines(b"*.png binary\n*.md -diff\n")] == [2]
