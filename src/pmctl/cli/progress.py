"""How far something is, on one line at the terminal, once it has taken a second.

Whatever takes long tells a callback (`processes.Progress`) its name and its numbers; this is the callback. Nothing is
drawn, loaded or started before the second is over, but for a timer of the system: its signal draws the line between two
instructions of the work, so that there is no thread, and work may still be shared among processes. What the terminal
is used for otherwise is done within `aside`: the line goes, and comes back with the next tick. It is gone when the
work has ended, however it ended.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmctl.processes import Progress

_AFTER = 1.0
_TICK = 0.2
_GONE = b"\r\x1b[2K"
_BAR = 24  # columns


class ProgressLine:
    """The line at one terminal, `descriptor`. `tell` is the callback; `note` prints a line for good."""

    def __init__(self, descriptor: int, note: Callable[[str], None], *, color: bool) -> None:
        self._descriptor = descriptor
        self._note = note
        self._color = color
        self._works: list[tuple[str, int, int]] = []
        self._since = 0.0
        self._drawn = self._held = self._noted = False
        self._before: object = None

    def tell(self, what: str, done: int, whole: int) -> None:
        """A work is that far; the work has ended when both numbers are the same. Works may stand inside others."""
        names = [name for name, _, _ in self._works]
        at = names.index(what) if what in names else len(names)
        ended = done == whole
        self._works[at:] = [] if ended else [(what, done, whole)]
        if self._works and not names:
            self._begin()
        elif names and not self._works:
            self._end()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Keep the line away while something else is written."""
        held, self._held = self._held, True
        self._clear()
        try:
            yield
        finally:
            self._held = held

    def _begin(self) -> None:
        import signal

        self._since, self._noted = time.monotonic(), False
        with suppress(ValueError):  # not in the main thread: nothing is shown
            self._before = signal.signal(signal.SIGALRM, lambda *_: self._draw())
            signal.setitimer(signal.ITIMER_REAL, _AFTER, _TICK)

    def _end(self) -> None:
        import signal

        with suppress(ValueError):
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._before or signal.SIG_DFL)  # type: ignore[arg-type]  # what was there
        self._clear()

    def _clear(self) -> None:
        if self._drawn:
            self._drawn = False
            self._write(_GONE)

    def _draw(self) -> None:
        if self._held or not self._works:
            return
        what, done, whole = self._works[0]
        if whole < 0:  # others may write to the terminal meanwhile, to ask for a password: said once, on a line
            if not self._noted:
                self._noted = True
                self._held = True
                self._note(f"{what} ...")
                self._held = False
            return
        with suppress(OSError, ImportError, AttributeError):  # a picture that cannot be drawn now is left out
            text = line(what, done, whole, time.monotonic() - self._since, self._columns(), color=self._color)
            self._drawn = True
            self._write(_GONE + text.encode(sys.stderr.encoding or "ascii", "replace"))

    def _columns(self) -> int:
        return os.get_terminal_size(self._descriptor).columns

    def _write(self, data: bytes) -> None:
        with suppress(OSError):
            os.write(self._descriptor, data)


_lines: list[ProgressLine] = []
"""The line of this process, where there is one."""


def shown(note: Callable[[str], None], environ: Mapping[str, str], *, color: str) -> Progress:
    """The callback that draws the line on standard error; `note` prints what is to stay."""
    from pmctl.output.terminal import wants_color

    made = ProgressLine(sys.stderr.fileno(), note, color=wants_color(color, sys.stderr, environ))
    _lines.append(made)
    return made.tell


@contextmanager
def aside() -> Iterator[None]:
    """Keep the line of this process, where there is one, away while something else is written."""
    with _lines[-1].aside() if _lines else nullcontext():
        yield


def line(what: str, done: int, whole: int, seconds: float, columns: int, *, color: bool) -> str:
    """What is drawn: the name, a bar, the numbers and, when it can be told, for how long it will go on."""
    from io import StringIO

    from rich.console import Console
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    from pmctl.text import safe

    told = f" {done:,} of {whole:,}"
    if done and seconds >= _AFTER:
        left = seconds / done * (whole - done)
        told += f", {left:.0f} s left" if left < 100 else f", {left / 60:.0f} min left"
    name = Text(safe(what) + " ")
    room = min(_BAR, columns - 1 - name.cell_len - len(told))
    console = Console(
        file=StringIO(), width=max(columns - 1, 1), force_terminal=True, no_color=not color, highlight=False,
        color_system="standard", legacy_windows=False,
    )  # fmt: skip
    with console.capture() as capture:
        console.print(name, end="")
        if room > 3:
            console.print(ProgressBar(whole, done, room, complete_style="cyan", finished_style="cyan"), end="")
        console.print(told, end="", no_wrap=True, crop=True)
    return capture.get().replace("\n", "") if room >= 0 else (safe(what) + told)[: max(columns - 1, 0)]


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether somebody watches: standard error is a terminal that can erase a line, and this is no CI job."""
    return sys.stderr.isatty() and environ.get("TERM") != "dumb" and not environ.get("CI")
