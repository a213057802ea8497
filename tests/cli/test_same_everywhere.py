"""One commit, one day, the same bytes: whatever the time zone, the language and the seed of hashes of the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.world import DOC, World

COMMANDS = (
    "metrics --period week --since 2024-01-01 --format csv", "metrics --by owner --format json", "metrics --format md",
    "metrics --by team --period month --format html", "metrics --format openmetrics", "metrics explain items_on_time",
    "metrics trends --format json", "metrics trends --graph svg", "metrics trends --graph dot",
    "metrics effectiveness --format json", "metrics effectiveness --by service --format json",
    "report --format html", "report --format json", "report --format pdf -o OUT/report.pdf",
    "report --evidence --from 2024-01-01 -o OUT/evidence",
)  # fmt: skip
PLAIN = (f"similar {DOC} --format json", "similar --text pool --format json")  # which ask of no day
SCRIPT = """
import sys
from pmctl.cli import main
for line in sys.argv[1:]:
    print("$", line, flush=True)
    assert main(line.split()) == 0, line
    sys.stdout.flush()
"""


def told(world: World, out: Path, **environment: str) -> dict[str, bytes]:
    """What the commands print, and the files that they write, by name."""
    out.mkdir()
    days = ("" if line in PLAIN else " --on 2024-03-01" for line in (*COMMANDS, *PLAIN))
    words = [f"{line}{day}".replace("OUT", str(out)) for line, day in zip((*COMMANDS, *PLAIN), days, strict=True)]
    env = {**os.environ, "PYTHONIOENCODING": "utf-8", **environment}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], cwd=world.root, env=env, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    files = {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    return {"printed": done.stdout.replace(str(out).encode(), b"OUT"), **files}


def test_the_same_bytes_everywhere(world: World, tmp_path: Path) -> None:
    world.published()
    for number, teams in enumerate(("[web, payments]", "[web]", "[]")):
        world.new(
            f"2024-01-2{number}-more", teams=teams, services=f"[api, s{number}]", root_causes="[capacity, config]"
        )
    world.edit("OPEN", "COMPLETED", by="carol")
    first = told(world, tmp_path / "a", TZ="Pacific/Kiritimati", LANG="C", LC_ALL="C", PYTHONHASHSEED="1")
    shutil.rmtree(world.path / ".git/pmctl")
    second = told(world, tmp_path / "b", TZ="America/Los_Angeles", LANG="de_DE.UTF-8", LC_ALL="", PYTHONHASHSEED="2")
    assert first.keys() == second.keys() and "report.pdf" in first and "evidence/lines.csv" in first
    for name, data in first.items():
        if data != second[name]:
            pytest.fail(f"{name} differs")
    assert b'"items_open"' in first["printed"] and b"2024-01-21-more" in first["printed"]
