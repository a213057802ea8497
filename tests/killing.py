"""A process that dies between two steps of an act, as if somebody had pulled the plug."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import httpx

from pmctl import git


def killed(step: int, act: Callable[[], Any]) -> int:
    """Act in a process that is killed at a step: before or after a request, before or after git writes.

    Returns how many steps it made, or -1 when it was killed.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code, count = 1, 0
        try:

            def at() -> None:
                nonlocal count
                if count == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                count += 1

            def around(function: Callable[..., Any], watched: Callable[..., bool]) -> Callable[..., Any]:
                def wrapped(*arguments: Any, **options: Any) -> Any:
                    if watched(*arguments, **options):
                        at()
                    found = function(*arguments, **options)
                    if watched(*arguments, **options):
                        at()
                    return found

                return wrapped

            httpx.Client.send = around(httpx.Client.send, lambda *a, **o: True)  # type: ignore[method-assign]
            git.run = around(git.run, lambda *a, reading=True, **o: not reading)
            act()
            os.write(writing, str(count).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as stream:
        said = stream.read()
    assert os.WIFSIGNALED(status) or said, f"it ended with {status} at step {step}"
    return int(said) if said else -1
