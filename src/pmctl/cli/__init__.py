"""What a person types: one module per verb group, each parse -> call -> print, without logic.

`run` is the console script, `main` the one place where errors become messages and exit codes.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from pmctl.errors import PmctlError


def run() -> NoReturn:
    """The console script: `main` in a process of its own, which ends with its exit code.

    Exit functions run and both streams are flushed, but the interpreter is not taken apart module by module, and the
    collector looks for cycles seldom: together a seventh of a short command's time, spent on memory that the system
    takes back anyway.
    """
    gc.set_threshold(50_000)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the caller: its number must not go to the next file that is opened
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, PTH123  open for as long as the process lives
    code = main()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # `main` has told what could not be written
            stream.flush()
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run pmctl with `arguments` (default: the process's own) and return its exit code.

    0 fine, 1 the answer is no, 2 usage or environment, 130 interrupted. An unexpected exception is 2
    with a short message and the path of a log, never a bare traceback.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        # Asked by scripts and editors at every start: answered before the command line is built.
        from pmctl import __version__

        print(f"pmctl {__version__}")
        return 0
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a file name may hold bytes that are no text: shown, never a crash
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(words)
        sys.stdout.flush()
        return code
    except PmctlError as error:
        _say(error)
        return error.exit_code
    except KeyboardInterrupt:
        print("\ninterrupted: nothing is half done", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader has gone (`| head`): no complaint, and none from the interpreter's last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _system(error)
    except Exception as error:
        return _unexpected(error)


def _run(words: list[str]) -> int:
    import typer

    from pmctl.cli.app import root

    try:
        code = root().main(args=words, prog_name="pmctl", standalone_mode=False)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        text = error.format_message()
        if context is not None and text in (context.get_help(), "Missing command."):  # the help is the answer
            print(context.get_help(), file=sys.stderr)
            return 2
        print(f"error: {_clean(text)}", file=sys.stderr)
        if context is not None:
            print(f"  hint: {context.command_path} --help", file=sys.stderr)
        return 2
    except typer.Abort:
        raise KeyboardInterrupt from None
    except SystemExit:  # this is how typer ends when the reader has gone
        raise BrokenPipeError from None
    if code == 130:  # and this is what it makes of Ctrl-C
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _say(error: PmctlError) -> None:
    sys.stdout.flush()
    print(f"error: {_clean(error.message)}", file=sys.stderr)
    for line in error.details:
        print(f"  {_clean(line)}", file=sys.stderr)
    if error.hint:
        print(f"  hint: {_clean(error.hint)}", file=sys.stderr)


def _clean(text: str) -> str:
    from pmctl.output.terminal import safe

    return safe(text)


def _system(error: OSError) -> int:
    """What the operating system refused: a full disk, a missing right. Nothing that pmctl could know better."""
    what = f"{error.filename}: " if error.filename else ""
    print(f"error: {_clean(what)}{_clean(error.strerror or str(error))}", file=sys.stderr)
    print("  hint: look at the rights of that place and at the free disk space, then try again", file=sys.stderr)
    return 2


def _unexpected(error: Exception) -> int:
    import tempfile
    import traceback

    print(f"error: unexpected {type(error).__name__}: {_clean(str(error))[:200]}", file=sys.stderr)
    text = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile("w", prefix="pmctl-", suffix=".log", delete=False, encoding="utf-8") as log:
            log.write(text)
    except OSError:
        print(text, file=sys.stderr)  # there is no place for a log
    else:
        print(f"  hint: this is a defect of pmctl; please report it with the log {log.name}", file=sys.stderr)
    return 2
