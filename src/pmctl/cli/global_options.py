"""The global options, taken before a command, behind it and behind a subcommand: `pmctl -C DIR list` and
`pmctl list -C DIR` are one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperOption

if TYPE_CHECKING:
    from pmctl.cli.session import Session

COLORS = ("auto", "always", "never")


def version(wanted: bool) -> None:
    """Print the version and end, when it is asked for."""
    if wanted:
        from pmctl import __version__

        print(f"pmctl {__version__}")
        raise typer.Exit(0)


def options(
    ctx: typer.Context,
    directory: Annotated[
        list[Path] | None,
        typer.Option("-C", "--directory", metavar="DIR", help="Work as if started in DIR."),
    ] = None,
    color: Annotated[str, typer.Option("--color", metavar="auto|always|never", help="Colour the output.")] = "auto",
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask; fail with what to type instead.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only results and errors.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say more about what happens.")] = False,
    handle: Annotated[str, typer.Option("--as", metavar="HANDLE", help="Act as this person of the policy.")] = "",
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Blameless postmortems as Markdown files in a git repository.

    Drafted from incidents, reviewed and approved with signatures, audited offline from the git history.
    The options below may also stand after the command.
    """
    from pmctl.cli.session import Session

    ctx.obj = session = Session(tuple(directory or ()), color, no_input, quiet, verbose, handle)
    check(session)
    if ctx.invoked_subcommand is None:
        _without_command(ctx, session)


def check(session: Session) -> None:
    """Raise UsageProblem for global options that make no sense."""
    from pmctl.errors import UsageProblem

    if session.color not in COLORS:
        raise UsageProblem(f"--color {session.color}: not one of {', '.join(COLORS)}")
    if session.quiet and session.verbose:
        raise UsageProblem("-q and -v exclude each other")


def accept_after(command: Any) -> None:
    """Let a command, or a group of commands, take the global options among its own."""
    taken = {name for parameter in command.params for name in parameter.opts}
    for field, names, many, flag in (
        ("directories", ("-C", "--directory"), True, False),
        ("color", ("--color",), False, False),
        ("no_input", ("--no-input",), False, True),
        ("quiet", ("-q", "--quiet"), False, True),
        ("verbose", ("-v", "--verbose"), False, True),
        ("handle", ("--as",), False, False),
    ):
        free = [name for name in names if name not in taken]
        if free:
            # Another name than the command's own parameters have; it is not handed to the command.
            command.params.append(
                TyperOption(
                    param_decls=[f"global_{field}", *free],
                    type=Path if many else bool if flag else str,
                    is_flag=flag,
                    multiple=many,
                    metavar="HANDLE" if field == "handle" else None,
                    default=False if flag else None,
                    expose_value=False,
                    hidden=True,
                    callback=_setter(field),
                )
            )


def _setter(field: str) -> Any:
    def put(ctx: typer.Context, parameter: Any, value: Any) -> None:
        # What may be given several times adds to what stood before the command; of the others the later one counts.
        if ctx.obj is not None and (value or isinstance(value, str)):
            setattr(ctx.obj, field, (*ctx.obj.directories, *value) if field == "directories" else value)
            check(ctx.obj)

    return put


def _without_command(ctx: typer.Context, session: Session) -> None:
    """`pmctl` alone: at a terminal in a repository what waits, elsewhere the help."""
    if session.interactive:
        from pmctl.errors import EnvironmentProblem

        try:
            ready = bool(session.repo)
        except EnvironmentProblem:
            ready = False
        if ready:
            from pmctl.cli.status import status

            status(ctx)
            return
    print(ctx.get_help())
