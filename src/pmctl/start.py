"""The process: from the first line that is ours to the exit code, with an answer to every signal on the way.

Ctrl-C, SIGTERM and SIGHUP become exceptions, so that whatever is open is closed and temporary folders go; then one
sentence and an exit code of 128 and the signal's number, also while modules are still being imported. An act that is
being committed holds them back until it has ended (`repository.transaction`).

Only what the interpreter itself has loaded already is imported at the top, because nobody answers until `run` begins.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

_AGAIN = 1.0  # seconds; some senders repeat a signal at once, a person who is tired of waiting does so later
_SOON = 0.002  # seconds; enough to leave a destructor, and when it is not, it is sent once more
_LONGEST = 0.25  # seconds between signals that nobody answers
_ended: list[Ended] = []


class Ended(BaseException):
    """A signal asks the process to end."""

    def __init__(self, number: int, at: float) -> None:
        super().__init__(number)
        self.number = number
        self.at = at


class Interrupted(Ended, KeyboardInterrupt):
    """It was Ctrl-C, which libraries know by its usual name."""


def run() -> NoReturn:
    """The console script: `cli.main` in a process of its own, which ends with its exit code.

    Exit functions run and both streams are flushed, but the interpreter is not taken apart module by module, and the
    collector looks for cycles seldom: together a sixth of a short command's time, spent on memory that the system
    takes back anyway.
    """
    try:
        _listen()
        import gc

        gc.set_threshold(500_000)
        from pmctl.cli import main

        code = main()
        _deaf()
    except (Ended, KeyboardInterrupt) as ended:
        _deaf()
        code = 128 + (ended.number if isinstance(ended, Ended) else 2)
        _tell(f"\n{'terminated' if code != 130 else 'interrupted'}: nothing is half done\n")
    import atexit

    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:  # closed by the caller
                stream.flush()
        except (OSError, ValueError):
            pass  # `main` has told what could not be written
    os._exit(code)


def _listen() -> None:
    """Let signals end the process in order, unless the caller had them ignored (nohup, a background job)."""
    import signal

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _end)
    sys.unraisablehook = _unraisable


def _deaf() -> None:
    """The answer is being given: what comes now is too late."""
    import signal

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _end(number: int, frame: FrameType | None) -> None:
    import time

    if frame is not None and frame.f_code in (_unraisable.__code__, _send_again.__code__):
        _send_again(number)  # what is raised there goes nowhere
        return
    now = time.monotonic()
    if _ended and now - _ended[-1].at < _AGAIN:
        return
    _ended.append((Interrupted if number == 2 else Ended)(number, now))
    raise _ended[-1]


def _unraisable(problem: sys.UnraisableHookArgs) -> None:
    """What is raised while an object is destroyed goes nowhere; a signal that came just then is sent again.

    By another thread and a little later, because what is raised in this hook goes nowhere, too.
    """
    if isinstance(problem.exc_value, Ended):
        _send_again(problem.exc_value.number)
    else:
        sys.__unraisablehook__(problem)


def _send_again(number: int) -> None:
    import _thread

    _thread.start_new_thread(_again, (_thread.get_ident(), number))


def _again(thread: int, number: int) -> None:
    import signal
    import time

    time.sleep(_SOON)
    _ended.clear()
    pause = _SOON
    while not _ended:
        signal.pthread_kill(thread, number)  # a signal for real: it also ends the waiting of whoever waits by now
        time.sleep(pause)  # who was about to wait has not heard it: until it is answered
        pause = min(2 * pause, _LONGEST)


def _tell(text: str) -> None:
    import contextlib

    with contextlib.suppress(OSError):  # the exit code is all that is left to say it
        os.write(2, text.encode())
