"""template list, show, new, check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import Format, choose_format

if TYPE_CHECKING:
    from pmctl.cli.session import Session

app = typer.Typer(
    help="List, show, create and check templates.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)
_Name = Annotated[str, typer.Argument(metavar="NAME", help="A template's name, or name@version.")]


@app.command("list")
def list_(ctx: typer.Context, format: Format = "text") -> None:
    """Every template: the organisation's own in .pmctl/templates/, then those shipped with pmctl."""
    from dataclasses import asdict

    from pmctl.workflow import template as templates

    session: Session = ctx.obj
    choose_format(format)
    own, findings = templates.load(session.repo.root)
    listed = templates.listing(own)
    if format == "json":
        session.json("templates", {"templates": [asdict(entry) for entry in listed]})
    else:
        rows = [(t.name, str(t.version), t.path or "shipped with pmctl", t.applies, t.description) for t in listed]
        session.table(("NAME", "VERSION", "WHERE", "FOR", "DESCRIPTION"), rows)
    for finding in findings:
        session.warn(f"{finding.path}:{finding.line or 1}: {finding.code} {finding.message}")


@app.command()
def show(ctx: typer.Context, name: _Name) -> None:
    """A template's file as it is: front matter with its sections and fields, then text and prompts."""
    from pmctl.output.terminal import safe_block
    from pmctl.workflow import template as templates

    session: Session = ctx.obj
    own, _ = templates.load(session.repo.root)
    session.result(safe_block(templates.source(name, own, session.repo.root).decode("utf-8", "replace")).rstrip("\n"))


@app.command()
def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="a-z, 0-9 and -, as in api-outage.")],
    base: Annotated[str, typer.Option("--from", metavar="NAME", help="The template to start from.")] = "default",
) -> None:
    """Start a template of your own as a copy of another one, in one commit."""
    from pmctl.cli.writing import signing_of
    from pmctl.workflow import template as templates
    from pmctl.workflow.actor import git_config
    from pmctl.workflow.transaction import Write, commit

    session: Session = ctx.obj
    own, _ = templates.load(session.repo.root)
    path, data = templates.new(name, own, session.repo.root, base=base)
    commit(session.repo, [Write(path, data)], f"Add template {name}\n", signing=signing_of(git_config(session.repo)))
    session.result(path)
    session.note(f"  next: edit it, then pmctl template check {name}")


@app.command()
def check(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Templates to check; all of your own if none.")
    ] = None,
) -> None:
    """Check templates: what they declare, their text, and whether they make a postmortem. Exit code 1 on errors."""
    from pmctl.cli.findings import show_plain
    from pmctl.workflow import template as templates

    session: Session = ctx.obj
    own, problems = templates.load(session.repo.root)
    broken = {name for name in names or () for found in problems if found.path == f"{templates.FOLDER}/{name}.md"}
    wanted = [templates.find(name, own) for name in names or () if name not in broken]
    findings = [f for f in problems if not names or f.path in {f"{templates.FOLDER}/{name}.md" for name in broken}]
    for entry in wanted if names else own:
        data = templates.source(entry.reference, own, session.repo.root)
        findings += [found for found in templates.check(data, entry.path or entry.name) if found not in findings]
    count = len(wanted) + len(broken) if names else len(own) + len({found.path for found in problems})
    if show_plain(session, findings, "template", count):
        raise typer.Exit(1)
