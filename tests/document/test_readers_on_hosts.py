"""cmark-gfm, which hosts render with, against our reading: what approvals leave out is seen in tracking cells only.

Where a digest leaves cells out and nothing is reported, the page is the same whatever these cells hold, each of them is
one cell of a table there, and it shows its own plain text. Where a body shows a picture, cmark-gfm shows no other.
"""

from __future__ import annotations

import os
import re

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import HealthCheck, assume, event, example, given, settings
from hypothesis import strategies as st

from pmctl.document.action_table import ActionTable, action_table
from pmctl.document.binding import binding_problems, pictures_elsewhere
from pmctl.document.reader import Document, read

from .strategies import markdown_lines

EXAMPLES = int(os.environ.get("PMCTL_EXAMPLES", "400"))
HEAD = "---\nid: 2024-01-15-x\ntitle: X\nstatus: DRAFT\nauthor: jane\n---\n"
OPTIONS = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
EXTENSIONS = ["table", "autolink", "strikethrough", "tasklist"]

CELLS = st.one_of(
    st.sampled_from(
        ["@jane", "2024-01-22", "HIGH", "", "x[^1]", "[^1]", "`", "``", "` a", "a \\| b", "\\|", "\\", "a\\", "\\\\",
         "&#124;", "&lt;b&gt;", "&#x202e;", "&amp;", "<b>", "<!--", "-->", "</table>", "<https://x.example>",
         "https://x.example/a_b", "www.example.com", "mail@example.com", "*", "**", "_a", "~~", "~", "[ref]", "[a]",
         "[a][ref]", "[ref]: /z", "![ref]", "[x](y)", "[", "]", "](x)", "$x$", "$$", ":+1:", "#12", "\u2028", "\x0b",
         "\x0c", "\t", "\u00a0", "é", "- a", "# h", "===", "---", ":-:", "{{ x }}", "> q", "1. x", "    code",
         "\x1b[31m", "می\u200cخواهم", "a\u200bb", "a\rb", "x|", "+ x", "&", "&#0;", "\ufeff", "```", "~~~", "[x]",
         "[ ]"]
    ),
    st.text(alphabet=" \t-:=#`~<>*+_.)(01ab[]\\!\"'&;^$@/", max_size=9),
)  # fmt: skip
HEADERS = st.sampled_from(
    [
        "| ID | Action | Owner | Due | Notes |",
        "| Action | Owner | Notes | X | Y |",
        "| Owner | Task | Due Date | a | b |",
    ]
)
HOSTILE = st.one_of(
    markdown_lines.map(lambda lines: "".join(lines[:1])),
    st.sampled_from(
        ["", "", "", "text", "|", "||", "| |", "\u00a0| a | b | c | d | e |", "| a | b | c | d | e |", " | a | b |",
         "[^1]: note", "[^1]: note | x", "[ref]: ../a.png", "[ref]:", "text[^1]", "===", "---", "- item", "  - item",
         "1. a", "> quote", "\t| a | b | c | d | e |", "    | a | b | c | d | e |", "<details>", "</details>", "<div>",
         "<div hidden>", "<pre>", "</pre>", "<script>", "<table>", "<!-- a | b -->", "<!--", "-->", "--!>", "<!-->",
         "<?x", "?>", "<![CDATA[", "]]>", "<!X", "```", "~~~", "  ```", "- ```", "## Next", "### Part", "#", "\x0c",
         "\x0b", "\u2028| a | b | c | d | e |", "a\u2028b", "a\r| x | y |", "[ref]", "![p](a.png)", "![p][ref]",
         "<img src=a.png>", "<img", "src=b.png>", "| - | - | - | - | - |", "text\\", "`", "``", "$$", "*", "{% x %}",
         "Term", ": definition", "+++", "***", "* * *", "\\", "[a]: <", "&lt;!--", "<a href='", "'>"]
    ),
)  # fmt: skip


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """A hostile body around a table of action items, with hostile cells."""
    rows = draw(st.lists(st.lists(CELLS, min_size=5, max_size=5), max_size=3))
    table = [draw(HEADERS), "|---|---|---|---|---|", *("| " + " | ".join(row) + " |" for row in rows)]
    few = st.lists(HOSTILE, max_size=3)
    if draw(st.integers(0, 5)) == 0:
        table.insert(draw(st.integers(0, len(table))), draw(HOSTILE))
    gap = [""] if draw(st.integers(0, 4)) else []
    lines = [*draw(few), *gap, "## Action Items", "", *draw(few), *gap, *table, *gap, *draw(few)]
    return "\n".join(lines) + "\n"


def rendered(text: str) -> str:
    return cmarkgfm.markdown_to_html_with_extensions(text, options=OPTIONS, extensions=EXTENSIONS)


def document(body: str) -> Document:
    return read((HEAD + body).encode("utf-8", "replace"))


def marked(doc: Document, table: ActionTable) -> tuple[str, list[str]]:
    """The body with a mark of its own in every tracking cell, and what these cells held."""
    text, held = doc.text, []
    for row in reversed(table.rows):
        cells = list(row.cells)
        for at in sorted(table.tracking, reverse=True):
            held.append(cells[at])
            cells[at] = f"tracking{len(held)}mark"
        text = text[: row.start] + "| " + " | ".join(cells) + " |" + text[row.end :]
    return text[doc.body_start :], held


def check(body: str) -> bool:
    """Hold one body against cmark-gfm; whether a digest leaves anything of it out."""
    doc = document(body)
    table = action_table(doc.text, doc.body_start)
    if not doc.readable or binding_problems(doc) or not isinstance(table, ActionTable) or not table.tracking:
        return False
    text, held = marked(doc, table)
    page, rest = rendered(text), rendered(doc.body)
    for cell in re.finditer(r"(<td[^>]*>)tracking(\d+)mark</td>", page):
        number = int(cell[2])
        before, _, page_rest = page.partition(cell[0])
        assert rest.startswith(before + cell[1]), (before, rest)
        shown, _, rest = rest[len(before) + len(cell[1]) :].partition("</td>")
        page = page_rest
        source = held[number - 1]
        alone = rendered(f"| a |\n|---|\n| {source} |\n")
        assert shown == (re.search(r"<td>(.*)</td>", alone) or [""])[1 if "<td>" in alone else 0], (source, shown)
        held[number - 1] = "\0"
    assert all(one == "\0" for one in held), page
    assert page == rest
    return bool(held)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies())
@example("## Action Items\n\n| Action | Owner |\n|---|---|\n| a | x[^1] |\n\n[^1]: note\n")
@example("## Action Items\n\n| Action | Owner |\n|---|---|\n| a | [ref] |\n\n[ref]: /z\n")
@example("## Action Items\n\n| Action | Owner |\n|---|---|\n| a | b |\n|\n| c | d |\n")
@example("## Action Items\n\n| Action | Owner |\n|---|---|\n\u00a0| c | d |\n")
@example("## Action Items\n\ntext\n---\n\n| Action | Owner |\n|---|---|\n| a | b |\n")
def test_hosts_show_what_is_left_out_in_its_cells_only(body: str) -> None:
    event("left out" if check(body) else "all text or refused")


def test_the_check_itself_looks_at_cells() -> None:
    assert check("## Action Items\n\n| Action | Owner |\n|---|---|\n| a | @jane |\n| b | `x` |\n")


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies())
def test_hosts_show_no_picture_that_is_not_found(body: str) -> None:
    doc = document(body)
    assume(doc.readable)
    page = re.sub(r"(?s)<!--(?:-?>|.*?--!?>)", "", rendered(doc.body))
    if re.search(r"<img\s[^>]*\bsrc=", page):
        assert pictures_elsewhere(doc), page


def test_real_documents_hold_nothing_that_hosts_show_otherwise(corpus: list[pytest.Item]) -> None:
    for path in corpus:
        check(path.read_bytes().decode("utf-8", "replace"))  # type: ignore[attr-defined]
