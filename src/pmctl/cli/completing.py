"""What the shell offers behind a command: ids, people, action items, codes, templates.

Asked at every press of the key, so only what is at hand is read: names of files, the policy at HEAD, the catalog.
Where nothing can be said nothing is offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from pmctl.errors import PmctlError

if TYPE_CHECKING:
    from pmctl.repository.workspace import Workspace

Names = list[tuple[str, str]]
"""What can be typed, each with a few words about it."""


def attach(command: Any) -> None:
    """Give every parameter of a command the completion that its metavar stands for."""
    for parameter in command.params:
        offer = _OFFERS.get((parameter.metavar or "").strip("[]"))
        if offer is not None:
            parameter.shell_complete = _completer(offer)


def _completer(offer: Callable[[typer.Context, str], Names]) -> Any:
    def complete(ctx: typer.Context, incomplete: str) -> list[Any]:
        from typer._click.shell_completion import CompletionItem

        return [CompletionItem(name, help=about or None) for name, about in offer(ctx, incomplete)]

    return complete


def ids(ctx: typer.Context, incomplete: str) -> Names:
    """Ids of postmortems; a part from their middle finds them too."""
    names = _ask(ctx, lambda workspace: ((name, "") for name in reversed(workspace.ids())))
    begun = _begun(names, incomplete)
    return begun or [one for one in names if incomplete and incomplete in one[0]]


def handles(ctx: typer.Context, incomplete: str) -> Names:
    """People of the policy."""

    def known(workspace: Workspace) -> Iterable[tuple[str, str]]:
        policy = workspace.known_people()
        return ((person.handle, person.name) for person in policy.people.values()) if policy else ()

    return _begun(_ask(ctx, known), incomplete)


def items(ctx: typer.Context, incomplete: str) -> Names:
    """Action items that are open."""

    def known(workspace: Workspace) -> Iterable[tuple[str, str]]:
        from pmctl.insight.catalog import catalog

        return (
            (item.id, item.description) for found in catalog(workspace) for item in found.items if item.open and item.id
        )

    return _begun(_ask(ctx, known), incomplete)


def threads(ctx: typer.Context, incomplete: str) -> Names:
    """Threads of discussions that are open."""

    def known(workspace: Workspace) -> Iterable[tuple[str, str]]:
        from pmctl.insight.discussion import listed, postmortems_discussed

        found = listed(workspace.head, postmortems_discussed(workspace.head))
        return ((one.short, f"{one.writer} on {one.postmortem}") for one in found if not one.resolved)

    return _begun(_ask(ctx, known), incomplete)


def codes(ctx: typer.Context, incomplete: str) -> Names:
    """Codes of findings."""
    from pmctl.codes import codes as every_code

    return _begun([(code.code, code.name) for code in every_code().values()], incomplete.upper())


def _ask(ctx: typer.Context, question: Callable[[Workspace], Iterable[tuple[str, str]]]) -> Names:
    """The answer for the repository around the folder that -C names, or the current one."""
    from pmctl import git
    from pmctl.repository.workspace import Workspace

    named = ctx.find_root().params.get("directory") or [Path.cwd()]
    try:
        return list(question(Workspace(git.discover(Path(named[0])))))
    except (PmctlError, OSError):
        return []


def _begun(names: Names, incomplete: str) -> Names:
    return [one for one in names if one[0].startswith(incomplete)]


_OFFERS: dict[str, Callable[[typer.Context, str], Names]] = {
    "ID": ids, "HANDLE": handles, "AI-xxxx": items, "THREAD": threads, "CODE": codes,
}  # fmt: skip
