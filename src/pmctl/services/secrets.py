"""Addresses and tokens of other systems: a variable's name in, its value out. (environment) -> Secrets

They come from the environment alone, never from a repository: one that somebody cloned must not decide where a token of
theirs is sent. In this order: NAME; the file that NAME_FILE names; what the program in PMCTL_SECRET_COMMAND prints. No
value is ever part of a message, and none is kept beyond the run.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Mapping
from functools import cache

from pmctl.errors import EnvironmentProblem, UsageProblem

Secrets = Callable[[str], str]
"""The value of a variable by its name, "" where nobody has set one. Raises EnvironmentProblem, UsageProblem."""

COMMAND = "PMCTL_SECRET_COMMAND"
PATIENCE = 60.0  # seconds: the program may ask for a touch or a passphrase
LARGEST = 64 * 1024  # bytes of one value
_HAS_NONE = (0, 1)
"""Exit codes of the program that, with nothing printed, mean that it has no such value."""


def from_environment(environ: Mapping[str, str]) -> Secrets:
    """The function that everything which asks another system gets handed down. Each name is looked up once."""

    @cache
    def value(name: str) -> str:
        given, file = environ.get(name, ""), environ.get(f"{name}_FILE", "")
        if given and file:
            raise UsageProblem(f"{name} and {name}_FILE are both set", hint="unset one of them")
        if given:
            return given
        if file:
            return _read(file, f"{name}_FILE")
        command = environ.get(COMMAND, "")
        return _ask(command, name, environ) if command.strip() else ""

    return value


def how_to_set(name: str) -> str:
    """What to do where a value is missing."""
    return f"set {name}, or {name}_FILE to the name of a file that holds it, or {COMMAND}"


def _read(file: str, variable: str) -> str:
    """What a file holds. It may be a link, as a cluster mounts secrets, or a pipe."""
    try:
        with open(file, "rb") as stream:  # noqa: PTH123  what the shell made of `<(...)` is no path to resolve
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise EnvironmentProblem(
            f"{variable}: {file} cannot be read ({error.strerror})", hint="check the name and the rights of the file"
        ) from None
    return _text(data, f"{variable}: {file}")


def _ask(command: str, name: str, environ: Mapping[str, str]) -> str:
    """What the team's own program prints for a name. What it says beside that is not shown: it may hold a secret."""
    by_hand = f"run it with {name} by hand to see why"
    try:
        words = shlex.split(command)
    except ValueError:
        raise UsageProblem(f"{COMMAND} is no command: a quote is not closed", hint="write it as for a shell") from None
    try:
        done = subprocess.run(
            [*words, name], env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise EnvironmentProblem(f"{COMMAND} gave no answer within {PATIENCE:.0f} s", hint=by_hand) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it holds a character that no command has"
        raise EnvironmentProblem(f"{COMMAND} cannot be run ({why})", hint="name a program that exists") from None
    if done.returncode not in _HAS_NONE or (done.returncode and done.stdout.strip()):
        raise EnvironmentProblem(f"{COMMAND} ended with {done.returncode} for {name}", hint=by_hand)
    return _text(done.stdout, f"{COMMAND}: what it prints for {name}")


def _text(data: bytes, where: str) -> str:
    """A value without its last line's end."""
    if len(data) > LARGEST:
        raise EnvironmentProblem(f"{where} is longer than {LARGEST // 1024} KB", hint="that is no token")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise EnvironmentProblem(f"{where} is not UTF-8", hint="that is no token") from None
    return text.removesuffix("\n").removesuffix("\r")
