"""help, version, and what is said to a command that does not exist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from pmctl.errors import UsageProblem


def help_(
    ctx: typer.Context,
    command: Annotated[list[str] | None, typer.Argument(metavar="[COMMAND]...", help="Whose help.")] = None,
) -> None:
    """The help of pmctl, or of one command: pmctl help actions set."""
    here = ctx.find_root()
    for word in command or ():
        group = here.command
        known = group.list_commands(here) if isinstance(group, TyperGroup) else []
        found = group.get_command(here, word) if isinstance(group, TyperGroup) else None
        if found is None:
            raise unknown(word, known, here.command_path)
        here = typer.Context(found, info_name=word, parent=here)
    print(here.get_help())


def version() -> None:
    """The version, as --version prints it."""
    from pmctl.cli.global_options import version

    version(True)


class Subcommands(TyperGroup):
    """A group such as `pmctl actions`; a command that it does not have is answered with the nearest that it has."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that was typed."""
        if args and not args[0].startswith("-") and args[0] not in self.commands and not ctx.resilient_parsing:
            raise unknown(args[0], self.list_commands(ctx), ctx.command_path)
        return super().resolve_command(ctx, args)


def unknown(word: str, known: Sequence[str], group: str = "pmctl") -> UsageProblem:
    """The error for a command that `group` does not have, with the nearest that it has."""
    from pmctl.errors import UsageProblem
    from pmctl.text import near

    close = near(word, known)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    place = "" if group == "pmctl" else f" in {group}"
    return UsageProblem(f"there is no command {word!r}{place}", hint=f"{hint}{group} --help lists all")
