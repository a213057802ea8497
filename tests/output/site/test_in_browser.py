"""Pages of a site in a real browser, opened from a folder: quiet, accessible at every width, in light and dark; and
searching, sorting and filtering by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pmctl.output.html import to_html
from pmctl.output.site import search_index
from pmctl.output.site.look import assets
from pmctl.output.site.search_index import Found, index_scripts, script_beside, sentences, sentences_script, terms_of
from tests.output.site.browser import NO_CHROMIUM, opened, serious, sideways
from tests.output.site.sample import FRAME, NAMES, TODAY, document, environment, page
from tests.output.test_html_browser import CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)

LIST = """{% extends "base.html.j2" %}{% block main %}<h1>All</h1>
<form class="filters" data-for="all" hidden><p><label for="q">Words</label><input id="q" type="search" name="q"></p>
<p><label for="s">Severity</label><select id="s" name="severity"><option value="">Any</option><option>SEV1</option>
<option>SEV2</option></select></p></form><p><span data-count="all">3</span> postmortems</p>
<div class="table"><table class="list" id="all"><caption class="unseen">All</caption><thead><tr>
<th scope="col" data-sort="text">Title</th><th scope="col" data-sort="number">Minutes</th></tr></thead><tbody>
<tr data-in-severity='["SEV1"]'><td><a href="a.html">Beta</a></td><td data-value="90">1 hour 30 minutes</td></tr>
<tr data-in-severity='["SEV2"]'><td>alpha</td><td data-value="9">9 minutes</td></tr>
<tr data-in-severity='["SEV2"]'><td>Gamma</td><td></td></tr></tbody></table></div>{% endblock %}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a blank in its name, two postmortems, a list, and what search needs."""
    top = tmp_path_factory.mktemp("a site")
    (top / "postmortems").mkdir()
    for name, content in assets().items():
        (top / name).write_bytes(content)
    said = {
        "postmortems/a.html": sentences(document()),
        "postmortems/b.html": ["The cache <b>of</b> the checkout was cold.", "データベースが停止した。"],
    }
    titles = {"postmortems/a.html": "Payment API", "postmortems/b.html": "Ärger at <i>checkout</i>"}
    found = [
        Found(path, titles[path], "15 Jan 2024", "payment-api", terms_of(" ".join(told))) for path, told in said.items()
    ]
    for name, content in index_scripts(found).items():
        (top / name).write_bytes(content)
    for path, told in said.items():
        (top / script_beside(path)).write_bytes(sentences_script(path, told))
        (top / path).write_text(page(), encoding="utf-8")
    listed = environment().from_string(LIST).render(site=FRAME, root="", here="all.html")
    (top / "all.html").write_text(listed, encoding="utf-8")
    exported = to_html(document(), today=TODAY, names=NAMES, approved=["bob"], evidence={"approvals": [{"by": "Bob"}]})
    (top / "exported.html").write_text(exported, encoding="utf-8")
    return top


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("name", ["postmortems/a.html", "all.html", "exported.html"])
def test_axe_finds_nothing_serious_and_nothing_sticks_out(site: Path, name: str, width: int, scheme: str) -> None:
    with opened(site / name, width, scheme) as shown:
        shown.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert serious(shown) == []
        assert sideways(shown) <= 0


def test_without_scripts_everything_is_there_but_search(site: Path) -> None:
    with opened(site / "postmortems/a.html", script=False) as shown:
        assert not shown.locator(".site-search").is_visible()
        assert shown.locator("svg.tl-lying").is_visible() and not shown.locator("svg.tl-standing").is_visible()
        assert shown.get_by_text("Decided against: Would not have helped here").is_visible()
    with opened(site / "all.html", script=False) as shown:
        assert shown.locator("tbody tr").count() == 3 and not shown.locator("form").is_visible()


def test_on_a_phone_the_timeline_stands(site: Path) -> None:
    with opened(site / "postmortems/a.html", 360) as shown:
        assert shown.locator("svg.tl-standing").is_visible() and not shown.locator("svg.tl-lying").is_visible()


def test_dots_say_their_entry_on_focus_and_lead_to_its_row(site: Path) -> None:
    with opened(site / "postmortems/a.html") as shown:
        dot = shown.locator("#timeline-lying-6")
        said = dot.locator(".tl-said")
        assert not said.is_visible()
        shown.locator("#timeline-lying-5").focus()
        shown.keyboard.press("Tab")
        assert said.is_visible() and "Two pods are restarted" in (said.text_content() or "")
        shown.keyboard.press("Enter")
        assert shown.evaluate("location.hash") == "#entry-6"
        shown.locator("#entry-6 a.tl-to-lying").click()
        assert shown.evaluate("location.hash") == "#timeline-lying-6"


@pytest.mark.parametrize("scale", ["one file", "shards"])
def test_search_shows_the_sentence_that_matched(
    site: Path, scale: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if scale == "shards":
        site = Path(shutil.copytree(site, tmp_path / "site"))
        monkeypatch.setattr(search_index, "LARGEST", 10)
        monkeypatch.setattr(search_index, "SHARD", 200)
        said = sentences(document())
        terms = terms_of(" ".join([*said, "cold cache データベースが停止した"]))
        found = [Found("postmortems/a.html", "Payment API", "", "", terms)]
        for name, content in index_scripts(found).items():
            (site / name).write_bytes(content)
        assert len(list(site.glob("search-*.js"))) > 3
    with opened(site / "postmortems/a.html") as shown:
        shown.keyboard.press("/")
        shown.keyboard.type("exhau pool")
        result = shown.locator("#search-found a").first
        result.locator("mark").first.wait_for()
        assert "Bob finds the pool exhausted on every pod" in result.inner_text()
        assert shown.locator("#search-count").inner_text() == "1 postmortem"
        assert serious(shown) == []
        shown.locator("#search").fill("停止")
        shown.get_by_text("1 postmortem", exact=True).last.wait_for()
        shown.locator("#search").fill("zzzz")
        shown.get_by_text("Nothing found.").wait_for()
        shown.keyboard.press("Escape")
        assert not shown.locator("#search-found").is_visible()


def test_results_are_text_and_can_be_walked_by_keyboard(site: Path) -> None:
    with opened(site / "all.html", 360) as shown:
        shown.locator("#search").fill("arger check")
        shown.locator("#search-found mark").first.wait_for()
        text = shown.locator("#search-found a").inner_text()
        assert "Ärger at <i>checkout</i>" in text and "<b>of</b>" in text
        shown.keyboard.press("ArrowDown")
        shown.keyboard.press("Enter")
        shown.wait_for_url("**/postmortems/b.html")


def test_a_list_sorts_and_filters_and_its_address_brings_it_back(site: Path) -> None:
    with opened(site / "all.html") as shown:

        def titles() -> list[str]:
            return [row.split("\t")[0] for row in shown.locator("tbody tr:visible").all_inner_texts()]

        shown.get_by_role("button", name="Title").click()
        assert titles() == ["alpha", "Beta", "Gamma"]
        shown.get_by_role("button", name="Minutes").focus()
        shown.keyboard.press("Enter")
        assert titles() == ["alpha", "Beta", "Gamma"]
        shown.keyboard.press("Enter")
        assert titles() == ["Beta", "alpha", "Gamma"]
        assert shown.locator("th").nth(1).get_attribute("aria-sort") == "descending"
        shown.get_by_label("Severity").select_option("SEV2")
        shown.get_by_label("Words").fill("ALPH")
        assert titles() == ["alpha"] and shown.locator("[data-count]").inner_text() == "1 of 3"
        address = shown.url
        assert address.endswith("#sort=-2&severity=SEV2&q=ALPH")
        shown.goto("about:blank")
        shown.goto(address)
        assert titles() == ["alpha"] and shown.get_by_label("Severity").input_value() == "SEV2"
