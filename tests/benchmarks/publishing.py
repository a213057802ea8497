"""Measure what publishing costs: a PDF as a process, and a hundred of them in one.

    python tests/benchmarks/publishing.py [--runs N]

Prints a table; asserts nothing. A PDF is held against typst alone over an empty page, in a process of its own. The load
of the machine stands below.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

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


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--runs", type=int, default=5)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="pmctl-bench-") as name:
        folder = Path(name)
        pdf(folder, chosen.runs)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{chosen.runs} runs each, {os.cpu_count()} cores, load {load}, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
