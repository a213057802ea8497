"""What a person types: one module per verb group, each parse -> call -> print, without logic.

`main` is the one place where errors become messages and exit codes; `pmctl.start` is the process around it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from pmctl.errors import PmctlError, TryAgain


def run() -> NoReturn:
    """The same as `start.run`, by the name that scripts had which were installed earlier."""
    from pmctl import start

    start.run()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run pmctl with `arguments` (default: the process's own) and return its exit code.

    0 fine, 1 the answer is no, 2 usage or environment, 130 interrupted. An unexpected exception is 2
    with a short message and the path of a log, never a bare traceback.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words in (["--version"], ["version"]):
            # Asked by scripts and editors at every start: answered before the command line is built.
            from pmctl import __version__

            print(f"pmctl {__version__}", flush=True)
            return 0
        _make_ready()
        if "--json" in words:
            from pmctl.cli.contracts import with_value

            words = with_value(words)
        try:
            code = _run(words)
        except TryAgain as done:  # an act that was killed earlier is out of the way now
            _tell(f"note: {_clean(done.message)}")
            code = _run(words)
        sys.stdout.flush()
        return code
    except PmctlError as error:
        if _wants_json(words):
            _tell_as_json(error)
        else:
            tell_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        _tell("\ninterrupted: nothing is half done")
        return 130
    except BrokenPipeError:
        # The reader has gone (`| head`): no complaint, and none from the interpreter's last flush.
        _silence(sys.stdout.fileno())
        return 0
    except OSError as error:
        _flush()
        return _system(error)
    except MemoryError:
        _tell("error: there is not enough memory")
        _tell("  hint: give it more (ulimit -v shows the limit), or less at once")
        return 2
    except Exception as error:
        _raise_interruption(error)
        return _unexpected(error)


def _make_ready() -> None:
    """Put right what the caller may have left odd.

    Raises EnvironmentProblem when standard output is closed: nobody would learn the answer.
    """
    import signal

    closed = [name for name in ("stdin", "stdout", "stderr") if getattr(sys, name) is None]
    for name in closed:  # the next file to be opened would take its place, and what is printed would end up there
        setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: PTH123, SIM115  while the process lives
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a file name may hold bytes that are no text: shown, never a crash
            stream.reconfigure(errors="backslashreplace")
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        # Otherwise git's exit code is lost, and a failure looks like success.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if "stdout" in closed:
        from pmctl.errors import EnvironmentProblem

        raise EnvironmentProblem("standard output is closed", hint="send it to /dev/null if the exit code is enough")


def _run(words: list[str]) -> int:
    import typer

    from pmctl.cli.app import root

    try:
        code = root().main(args=words, prog_name="pmctl", standalone_mode=False)
    except typer.TyperException as error:
        from pmctl.errors import UsageProblem

        context = getattr(error, "ctx", None)
        text = error.format_message()
        if context is not None and text in (context.get_help(), "Missing command."):  # the help is the answer
            _tell(context.get_help())
            return 2
        raise UsageProblem(text, hint=f"{context.command_path} --help" if context is not None else "") from None
    except typer.Abort:
        raise KeyboardInterrupt from None
    except SystemExit as end:
        if end.code == 1:  # this is how typer ends when the reader has gone
            raise BrokenPipeError from None
        return 0  # and so when it has answered a shell
    if code == 130:  # and this is what it makes of Ctrl-C
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def tell_error(error: PmctlError, place: str = "") -> None:
    """Print an error with its details and its hint to standard error; `place` stands before the message."""
    _flush()
    _tell(f"error: {_clean(place + error.message)}")
    from pmctl.output.advice import with_fix, words

    for line in error.details:
        _tell(f"  {_clean(line if isinstance(line, str) else with_fix(*line))}")
    if error.hint:
        _tell(f"  hint: {_clean(words(error.hint))}")


def _wants_json(words: Sequence[str]) -> bool:
    """Whether the answer is asked for as JSON, in any of its spellings; then a problem is told so, too."""
    form = words[words.index("--format") + 1 :][:1] if "--format" in words else []
    return bool(set(form) & _JSON) or any(word.split("=")[0] == "--json" or word in _JSON_FORMATS for word in words)


_JSON = frozenset({"json", "jsonl"})
_JSON_FORMATS = frozenset(f"--format={form}" for form in _JSON)


def _tell_as_json(error: PmctlError) -> None:
    """Print an error as one line of JSON, the last one on standard error: pmctl/error/v1."""
    from pmctl.output.advice import words
    from pmctl.output.answers import plain
    from pmctl.output.answers_programs import Problem, ProblemDetail
    from pmctl.output.rows import to_jsonl

    _flush()
    details = [(one, "") if isinstance(one, str) else (one[0], words(one[1])) for one in error.details]
    answer = Problem(
        error.kind, error.message, [ProblemDetail(*one) for one in details], words(error.hint), error.exit_code
    )
    _tell(to_jsonl([{"schema": "pmctl/error/v1", **plain(answer)}]).rstrip("\n"))


def _tell(text: str) -> None:
    """Print to standard error; when that fails as well the exit code is all that is left to say it."""
    from pmctl.cli.progress import aside

    try:
        with aside():
            print(text, file=sys.stderr)
    except OSError:
        # Also when a signal came while the stream was being set up: it is "not writable" for ever, its file is.
        with contextlib.suppress(OSError):
            os.write(sys.stderr.fileno(), f"{text}\n".encode(errors="backslashreplace"))
        _silence(sys.stderr.fileno())


def _flush() -> None:
    """Let out what was printed so far; on a full disk the interpreter's last try must not change the exit code."""
    try:
        sys.stdout.flush()
    except OSError:
        _silence(sys.stdout.fileno())


def _silence(descriptor: int) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def _clean(text: str) -> str:
    from pmctl.text import safe

    return safe(text)


def _system(error: OSError) -> int:
    """What the operating system refused: a full disk, a missing right. Nothing that pmctl could know better."""
    import errno

    hints = {
        errno.EMFILE: "allow more open files: ulimit -n 1024",
        errno.ENFILE: "too many files are open on this machine: end what you do not need",
        errno.EAGAIN: "too many processes are running: end some, or allow more (ulimit -u)",
        errno.ENOMEM: "there is not enough memory: end what you do not need",
    }
    what = f"{error.filename}: " if error.filename else ""
    usual = "look at the rights of that place and at the free disk space, then try again"
    _tell(f"error: {_clean(str(what))}{_clean(error.strerror or str(error))}")
    _tell(f"  hint: {hints.get(error.errno or 0, usual)}")
    return 2


def _raise_interruption(error: BaseException | None) -> None:
    """Raise what asks the process to end when an error is only its consequence: Python itself makes a RuntimeError of
    a signal that comes while a class is being made."""
    from pmctl.start import Ended

    while error is not None:
        if isinstance(error, KeyboardInterrupt | Ended):
            raise error
        error = error.__cause__ or error.__context__


def _unexpected(error: Exception) -> int:
    import tempfile
    import traceback

    _tell(f"error: unexpected {type(error).__name__}: {_clean(str(error))[:200]}")
    text = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile("w", prefix="pmctl-", suffix=".log", delete=False, encoding="utf-8") as log:
            log.write(text)
    except OSError:
        _tell(text)  # there is no place for a log
    else:
        _tell(f"  hint: this is a defect of pmctl; please report it with the log {log.name}")
    return 2
