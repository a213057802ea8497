"""The page in a real browser: no script of a document runs, nothing sticks out of a narrow screen, and it prints."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import date
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pmctl.document.reader import read
from pmctl.output.html import to_html
from tests.skips import NO_CHROMIUM

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
WIDE = "\n".join(
    (
        "## Timeline\n\n| Time | Event | Who |\n|---|---|---|",
        f"| 14:00 | {'averylongwordwithoutanybreak' * 6} | @jane |\n\n```\n{'code ' * 60}\n```\n",
        f"https://example.com/{'x' * 300}\n",
        "| " + " | ".join("abcdefgh") + " |\n|" + "---|" * 8 + "\n| " + " | ".join(["some words in it"] * 8) + " |\n",
    )
)


CONTROL = "<title>x</title><script>document.title='owned'</script>"
# Which frames have a title that only a script gives, and which hold elements or attributes that could run one.
REPORT = r"""<pre id=result></pre><script>
onload = () => setTimeout(() => {
  const acting = element => /^(script|object|embed|base|form|math|iframe)$/i.test(element.tagName)
    || (/^svg$/i.test(element.tagName) && !element.closest('figure.tl'))
    || [...element.attributes].some(one => /^on/i.test(one.name) || /^\s*(java|vb)script:/i.test(one.value));
  const pages = [...document.querySelectorAll('iframe')].map(frame => frame.contentDocument);
  const which = test => pages.map((page, index) => test(page) ? index : -1).filter(index => index >= 0);
  result.textContent = JSON.stringify({
    count: pages.length,
    owned: which(page => page.title == 'owned'),
    bad: which(page => [...page.querySelectorAll('*')].some(acting)),
  });
}, 300)</script>"""


def chromium(profile: Path, *arguments: str) -> str:
    """Standard output of a headless run with a profile of its own."""
    assert CHROMIUM is not None
    done = subprocess.run(
        [CHROMIUM, *OPTIONS, f"--user-data-dir={profile}", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def page_of(data: bytes) -> str:
    return to_html(
        read(data, "postmortems/2024/2024-01-15-x.md"), today=date(2024, 2, 1), read_attachment=lambda _: PNG
    )


ACTING = re.compile(r"\s*(?:java|vb)script:|\s*data:(?!image/)", re.IGNORECASE)


class Dom(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.frames = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.frames += tag == "iframe"
        # The only drawings are those of the timeline.
        if tag == "svg" and dict(attrs).get("class") not in ("tl-lying", "tl-standing", "tl-at"):
            self.bad.append(tag)
        if tag in ("script", "object", "embed", "base", "form", "math"):
            self.bad.append(tag)
        for name, value in attrs:
            if name.startswith("on") or re.match(
                r"\s*(?:java|vb)script:|\s*data:(?!image/)", value or "", re.IGNORECASE
            ):
                self.bad.append(f"{tag} {name}={value}")


@pytest.mark.parametrize("attributes", ["", ' class="x"', ' overflow="visible"', ' class="tl-lying" onload="x"'])
def test_the_parser_passes_no_drawing_but_ours(attributes: str) -> None:
    assert Dom(f"<svg{attributes}></svg>").bad and not Dom('<svg class="tl-at"></svg>').bad


def test_no_script_of_a_document_runs(tmp_path: Path, hostile_documents: tuple[bytes, ...]) -> None:
    """Every hostile page in a frame of one document, without the page's own policy against scripts."""
    pages = []
    for data in hostile_documents:
        page = page_of(data)
        pages.append(re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", page))
        assert pages[-1] != page
    outer = tmp_path / "all.html"
    frames = "".join(f'<iframe srcdoc="{escape(page)}"></iframe>' for page in [*pages, CONTROL])
    outer.write_text(f"<!DOCTYPE html><title>outer</title><body>{frames}{REPORT}", encoding="utf-8")
    dom = chromium(tmp_path / "profile", "--virtual-time-budget=5000", "--dump-dom", outer.as_uri())
    result = re.search(r'<pre id="result">(.*?)</pre>', dom, re.DOTALL)
    assert result is not None
    last = len(pages)
    # The last frame is a page that does run a script: the test can tell the difference.
    assert result[1] == f'{{"count":{last + 1},"owned":[{last}],"bad":[{last}]}}'


def test_the_dom_of_a_page_is_what_was_written(tmp_path: Path, hostile_documents: tuple[bytes, ...]) -> None:
    body = b"\n\n".join(data.split(b"---\n", 2)[2] for data in hostile_documents if b"<!--" not in data)
    path = tmp_path / "page.html"
    path.write_text(page_of(hostile_documents[0].split(b"## Summary")[0] + body), encoding="utf-8")
    dom = chromium(tmp_path / "profile", "--dump-dom", path.as_uri())
    assert Dom(dom).bad == []
    assert Dom(dom).frames == 0
    assert "<title>owned" not in dom
    assert dom.count("<main") == dom.count("</main>") == 1


@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_sticks_out_sideways(tmp_path: Path, width: int) -> None:
    page = page_of(f"---\nid: 2024-01-15-x\ntitle: {'Long title ' * 20}\nstatus: DRAFT\n---\n{WIDE}".encode())
    outer = tmp_path / "outer.html"
    outer.write_text(
        f'<!DOCTYPE html><iframe style="width:{width}px;height:900px;border:0" srcdoc="{escape(page)}"></iframe>'
        "<pre id=result></pre><script>onload = () => { const root = frames[0].document.documentElement;"
        "result.textContent = root.clientWidth + ' ' + root.scrollWidth }</script>",
        encoding="utf-8",
    )
    dom = chromium(tmp_path / "profile", f"--window-size={width + 100},1000", "--dump-dom", outer.as_uri())
    result = re.search(r'<pre id="result">(\d+) (\d+)</pre>', dom)
    assert result is not None
    assert int(result[2]) <= int(result[1]) <= width


def test_it_prints(tmp_path: Path) -> None:
    path, pdf = tmp_path / "page.html", tmp_path / "page.pdf"
    page = page_of(f"---\nid: 2024-01-15-x\ntitle: Printed\nstatus: DRAFT\n---\n{WIDE}".encode())
    path.write_text(page, encoding="utf-8")
    chromium(tmp_path / "profile", f"--print-to-pdf={pdf}", "--no-pdf-header-footer", path.as_uri())
    assert pdf.read_bytes().startswith(b"%PDF-")
