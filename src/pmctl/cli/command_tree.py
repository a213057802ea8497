"""The command line described for programs: every command, what it takes, what it answers and what it changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup

from pmctl.cli.contracts import CONTRACTS, Contract
from pmctl.output.answers import Command, CommandParameter, Commands, ExitCode

_EXIT_CODES = [
    ExitCode(0, "fine"),
    ExitCode(1, "the answer is no: a refusal, findings, violations"),
    ExitCode(2, "wrong usage, or the environment, the repository or a file lacks something"),
    ExitCode(130, "interrupted; nothing is half done"),
]


def commands() -> Commands:
    """All commands in the order of the help, and the options that every one of them takes."""
    from pmctl.cli.app import root

    whole = root()
    context = typer.Context(whole, info_name="pmctl")
    everywhere = [one for one in whole.params if not one.is_eager]
    found = [
        _described(command, path, {name for one in everywhere for name in one.opts})
        for path, command in _leaves(whole, (), context)
    ]
    return Commands([_parameter(one) for one in everywhere], found, _EXIT_CODES)


def _leaves(command: Any, path: tuple[str, ...], context: typer.Context) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that can be run, with the words that name it."""
    if not isinstance(command, TyperGroup):
        yield path, command
        return
    if path and command.invoke_without_command:
        yield path, command
    for name in command.list_commands(context):
        under = command.get_command(context, name)
        if under is not None and not under.hidden:
            yield from _leaves(under, (*path, name), typer.Context(under, info_name=name, parent=context))


def _described(command: Any, path: tuple[str, ...], everywhere: set[str]) -> Command:
    contract = CONTRACTS.get(" ".join(path), Contract())
    own = [_parameter(one) for one in command.params if one.name != "help" and not set(one.opts) & everywhere]
    text = " ".join((command.help or "").split("\n\n")[0].split())
    return Command(" ".join(path), text, command.help or "", contract.changes, contract.answers.split(), own)


def _parameter(one: Any) -> CommandParameter:
    argument = one.param_type_name == "argument"
    default = None if callable(one.default) or one.default in ((), "", None, False) else str(one.default)
    return CommandParameter(
        name=one.name,
        kind="argument" if argument else "option",
        names=[] if argument else [*one.opts, *one.secondary_opts],
        type="boolean" if getattr(one, "is_flag", False) else one.type.name,
        placeholder=one.metavar or "",
        required=one.required,
        repeatable=one.multiple or one.nargs == -1,
        default=default,
        help=getattr(one, "help", None) or "",
    )
