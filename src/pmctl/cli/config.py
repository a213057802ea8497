"""config list: which settings hold here, and where each was made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pmctl.cli.options import Format, choose_format

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.output.answers_programs import HeldSetting

app = typer.Typer(
    help="Which settings hold here, and where each comes from.", no_args_is_help=True, rich_markup_mode=None,
    add_completion=False,
)  # fmt: skip
_SHOWN = frozenset(("PMCTL_NOW", "PMCTL_TRUST_ROOT", "PMCTL_SECRET_COMMAND"))
"""Variables whose values are no secrets; of any other only its name is told."""


@app.callback()
def settings() -> None:
    """Which settings hold here, and where each comes from."""


@app.command("list")
def list_(
    ctx: typer.Context,
    show_origin: Annotated[bool, typer.Option("--show-origin", help="Where each was made.")] = False,
    format: Format = "text",
) -> None:
    """Every setting that somebody made: the team's pmctl.yaml, your own, git's pmctl.*, and the environment.

    Your own are aliases, in ~/.config/pmctl/config.yaml: `aliases: {late: actions list --overdue}` makes `pmctl late`.
    A repository cannot make one. Values of variables that may be secrets are not shown.
    """
    from pmctl.output.answers_programs import HeldSettings

    session: Session = ctx.obj
    choose_format(format)
    found = list(_found(session))
    if format == "json":
        session.json("config", HeldSettings(found))
        return
    rows = [
        [*([one.origin] if show_origin else []), one.key, "(set; not shown)" if one.secret else one.value]
        for one in found
    ]
    session.table([*(["ORIGIN"] if show_origin else []), "SETTING", "VALUE"], rows)
    if not rows:
        session.note("nobody has set anything; what holds then stands in the documentation")


def _found(session: Session) -> Iterator[HeldSetting]:
    from pmctl import git
    from pmctl.cli import personal
    from pmctl.document import strict_yaml
    from pmctl.errors import EnvironmentProblem
    from pmctl.output.answers_programs import HeldSetting
    from pmctl.text import safe

    own = personal.file()
    for name, words in personal.read(own).aliases.items():
        yield HeldSetting(f"aliases.{safe(name)}", safe(" ".join(words)), str(own))
    try:
        repo = session.repo
    except EnvironmentProblem:
        repo = None
    if repo is not None:
        team = repo.root / git.SETTINGS_FILE
        text = team.read_text(encoding="utf-8-sig", errors="replace") if team.is_file() else ""
        node = strict_yaml.load(text, path=str(team), document_start=True).node
        for key, value in _flat("", node.plain() if node is not None else {}):
            yield HeldSetting(safe(key), safe(value), str(team))
        for key, value in session.workspace.git_settings:
            if key.lower().startswith("pmctl."):
                yield HeldSetting(safe(key), safe(value), "git config")
    for name in sorted(os.environ):
        if name.startswith("PMCTL_"):
            secret = name not in _SHOWN and not name.endswith("_FILE")
            yield HeldSetting(safe(name), "" if secret else safe(os.environ[name]), "environment", secret)


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """A tree of settings as rows: the words that lead to each value."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _flat(f"{key}.{name}" if key else str(name), one)
    elif isinstance(value, list):
        yield key, f"[{', '.join(map(str, value))}]"
    elif value is not None:
        yield key, str(value)
