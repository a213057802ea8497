"""The line that says how far something is: at a real pseudo-terminal, beside what is printed, and gone at the end."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

import pytest

from pmctl.cli.progress import line, wanted
from pmctl.processes import counted, on_every_core, waiting
from tests.cli.play import Settings

ERASE = "\r\x1b[2K"
# Drawn after a hundredth of the time, so that nothing has to take a second here.
FAST = "import sys, pmctl.cli.progress as line; line._AFTER = 0.01; line._TICK = 0.005\n"
PMCTL = FAST + "from pmctl.start import run; sys.argv[0] = 'pmctl'; run()\n"
WORK = (
    FAST
    + """
import os, time
from pmctl.cli import tell_error
from pmctl.cli.session import Session
from pmctl.errors import Refused
from pmctl.processes import counted, waiting
session = Session(**eval(sys.argv[2]))
assert "rich" not in sys.modules
for number in counted(range(40), "things done", session.progress):
    time.sleep(0.01)
    if number == 20:
        session.result("a result")
        session.note("a note")
        tell_error(Refused("an error"))
exec(sys.argv[1])
print("the end")
"""
)


def at_terminal(
    *words: str, cwd: Path | None = None, columns: int = 80, env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """The exit code of a Python command at a terminal, and every byte that came there."""
    terminal, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    clean = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "FORCE_COLOR")}
    running = subprocess.Popen(
        [sys.executable, *words], cwd=cwd, env=clean | {"TERM": "xterm"} | dict(env or {}), stdin=inside,
        stdout=inside, stderr=inside, start_new_session=True,
    )  # fmt: skip
    os.close(inside)
    said = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other side is closed
            part = b""
        if not part:
            break
        said += part
    os.close(terminal)
    return running.wait(), said.decode()


def screen(said: str) -> list[str]:
    """What stands on the screen at the end, line by line."""
    rows = [re.sub(r"\x1b\[[0-9;]*m", "", row.rpartition(ERASE)[2]) for row in said.split("\r\n")]
    assert not any("\x1b" in row for row in rows)
    return [row for row in rows if row]


def work(code: str = "", *, env: Mapping[str, str] | None = None, columns: int = 80, **session: object) -> str:
    code_, said = at_terminal("-c", WORK, code, repr(session), env=env, columns=columns)
    assert code_ == 0, said
    return said


def test_a_line_is_drawn_and_goes_for_what_is_printed_and_at_the_end() -> None:
    said = work()
    assert re.search(r"things done .*\d+ of 40", said)
    assert screen(said) == ["a result", "a note", "error: an error", "the end"]
    for printed in ("a result", "a note", "error: an error"):
        before = said[: said.index(printed)]
        assert before.endswith((ERASE, "\r\n")), "never behind the line"


def test_the_numbers_never_fall_and_the_line_is_never_wider_than_the_terminal() -> None:
    for columns in (24, 40, 80):
        said = work(columns=columns)
        drawn = [re.sub(r"\x1b\[[0-9;]*m", "", part) for part in said.split(ERASE) if part.startswith("things")]
        drawn = [part.partition("\r")[0] for part in drawn]
        assert drawn
        assert max(map(len, drawn)) < columns
        numbers = [int(found[1]) for part in drawn if (found := re.search(r" (\d+) of 40", part))]
        assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    ("session", "env"), [({"quiet": True}, {}), ({}, {"CI": "true"}), ({}, {"TERM": "dumb"})], ids=str
)
def test_nobody_watches(session: dict[str, object], env: dict[str, str]) -> None:
    said = work(env=env, **session)
    assert "things done" not in said
    assert "\x1b" not in said


def test_no_color_is_a_line_without_colours() -> None:
    coloured = r"\x1b\[[0-9;]*3\d"
    assert re.search(coloured, work())
    for said in (work(env={"NO_COLOR": "1"}), work(color="never")):
        assert "things done" in said
        assert not re.search(coloured, said)


def test_verbose_says_it_in_lines_that_stay() -> None:
    said = work(verbose=True)
    assert screen(said)[:2] == ["things done: 0 of 40", "things done: 4 of 40"]
    assert ERASE not in said


def test_what_has_no_known_end_is_said_once() -> None:
    said = work('with waiting("fetching from origin", session.progress): time.sleep(0.2)')
    assert screen(said)[-2:] == ["fetching from origin ...", "the end"]
    assert said.count("fetching") == 1


def test_work_inside_other_work_shows_the_outer_one() -> None:
    code = (
        'for _ in counted(range(3), "outer", session.progress):\n'
        '    for _ in counted(range(10), "inner", session.progress): time.sleep(0.01)'
    )
    said = work(code)
    assert "outer" in said
    assert "inner" not in said


def test_quick_work_shows_and_loads_nothing() -> None:
    code = 'assert "rich" not in sys.modules, "for what takes no time"'
    slow = WORK.replace("line._AFTER = 0.01", "line._AFTER = 1.0")
    status, said = at_terminal("-c", slow, code, "{}")
    assert status == 0, said
    assert ERASE not in said


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["audit"], "steps audited"), (["events"], "steps audited"), (["log", "$ID"], "steps audited"),
        (["validate"], "postmortems checked"), (["export", "--all", "--to", "html", "-o", "$OUT"], "exported"),
    ],
    ids=lambda one: one[0] if isinstance(one, list) else "",
)  # fmt: skip
def test_commands_that_may_take_long(settings: Settings, tmp_path: Path, words: list[str], name: str) -> None:
    """Each begins its work slowly here, and says what it does; the screen ends as it would without."""
    play = settings.at("review", tmp_path / "play")
    known = {"$ID": play.environment["ID"], "$OUT": str(tmp_path / "out")}
    words = [known.get(word, word) for word in words]
    slow = FAST + (
        "import time, pmctl.cli.progress as line; tell = line.ProgressLine.tell\n"
        "def slowly(self, *told):\n    tell(self, *told)\n    time.sleep(0.05)\n"
        "line.ProgressLine.tell = slowly\nfrom pmctl.start import run; run()\n"
    )
    environment = {name: value for name, value in play.environment.items() if name not in ("CI", "NO_COLOR")}
    status, said = at_terminal("-c", slow, *words, cwd=play.root, env=environment)
    assert status == 0, said
    assert name in said
    piped = subprocess.run(
        [sys.executable, "-c", slow, *words], cwd=play.root, env=environment, capture_output=True, text=True, check=True
    )
    assert ERASE not in piped.stdout + piped.stderr
    assert name not in " ".join(screen(said))


def test_ctrl_c_leaves_a_clean_line() -> None:
    said = at_terminal("-c", WORK.replace("exec(sys.argv[1])", "").replace(
        "    if number == 20:", "    if number == 15: os.kill(os.getpid(), 2)\n    if number == 20:"), "", "{}"
    )[1]  # fmt: skip
    assert "things done" in said
    rest = said.rpartition("things done")[2]
    assert ERASE in rest, "the line is gone before anything else is said"
    assert "things done" not in " ".join(screen(said))


def test_the_timer_is_put_back() -> None:
    code = "import signal; assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)\n"
    work(code + "assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL")


def test_hostile_names_and_unknown_widths() -> None:
    told = line("a\x1b[2J\nb", 1, 3, 2.0, 80, color=False)
    assert "\x1b[2J" not in told
    assert "\n" not in told
    assert "1 of 3, 4 s left" in told
    assert "40 min left" in line("x", 1, 3, 1200.0, 80, color=False)
    assert len(line("a long name of something", 1, 3, 2.0, 10, color=False)) < 10


def test_callbacks_end_however_the_work_ends() -> None:
    told: list[tuple[str, int, int]] = []

    def tell(what: str, done: int, whole: int) -> None:
        told.append((what, done, whole))

    assert list(counted("abc", "letters", tell)) == ["a", "b", "c"]
    assert told == [("letters", 0, 3), ("letters", 1, 3), ("letters", 2, 3), ("letters", 3, 3)]
    told.clear()
    assert list(counted(range(0, 300, 128), "steps", tell, 300)) == [0, 128, 256]
    assert told == [("steps", 0, 300), ("steps", 100, 300), ("steps", 200, 300), ("steps", 300, 300)]
    told.clear()
    with pytest.raises(KeyError), waiting("x", tell):
        raise KeyError
    assert told == [("x", 0, -1), ("x", -1, -1)]
    told.clear()
    assert on_every_core(lambda first, last: list(range(first, last)), 120, 2, what="n", progress=tell) == [*range(120)]
    assert told == [("n", 0, 120), ("n", 50, 120), ("n", 100, 120), ("n", 120, 120), ("n", 120, 120)]
    assert list(counted("", "nothing", None)) == []


def test_a_pipe_is_not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not wanted({})
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert wanted({"TERM": "xterm"})
    assert not wanted({"TERM": "xterm", "CI": "1"})
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
