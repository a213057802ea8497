"""template list, show, new, check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import Format, choose_format

if TYPE_CHECKING:
    from pmctl.cli.session import Session

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)
_Name = Annotated[str, typer.Argument(metavar="NAME", help="A template's name, or name@version.")]


@app.callback()
def templates() -> None:
    """List, show, create and check templates: what a new postmortem starts with, and what it must hold.

    A template is a Markdown file, .pmctl/templates/NAME.md. Below its front matter are the sections with their text,
    and prompts as HTML comments, which never reach an exported page. The front matter declares:

    \b
    name, version   recorded in every postmortem, which is judged by them
    description     one line, for people
    applies_to      severity, urgency, services: incidents that take it unasked
    defaults        visibility, tags, teams, severity, urgency to start with
    sections        in their order: {title, required, prompt, text}
    fields          custom front matter: {kind, required, choices, description};
                    kind is string, number, boolean, date or choice

    pmctl template show security is an example of nearly all of it; docs/templates.md explains it.
    """


@app.command("list")
def list_(ctx: typer.Context, format: Format = "text") -> None:
    """Every template: the organisation's own in .pmctl/templates/, then those shipped with pmctl."""
    from pmctl.workflow import template as templates

    session: Session = ctx.obj
    choose_format(format)
    own, findings = templates.load(session.repo.root)
    listed = templates.listing(own)
    if format == "json":
        from pmctl.output.answers import ListedTemplate, Templates, pick

        session.json("templates", Templates([pick(ListedTemplate, one) for one in listed]))
    else:
        rows = [(t.name, str(t.version), t.path or "shipped with pmctl", t.applies, t.description) for t in listed]
        session.table(("NAME", "VERSION", "WHERE", "FOR", "DESCRIPTION"), rows)
    for line in templates.summary(findings):
        session.warn(line)


@app.command()
def show(ctx: typer.Context, name: _Name) -> None:
    """A template's file as it is: front matter with its sections and fields, then text and prompts."""
    from pmctl.repository.workspace import template_files
    from pmctl.text import safe_block
    from pmctl.workflow import template as templates

    session: Session = ctx.obj
    own, _ = templates.load(session.repo.root)
    data = templates.source(name, own, template_files(session.repo.root)[0])
    session.result(safe_block(data.decode("utf-8", "replace")).rstrip("\n"))


@app.command()
def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="a-z, 0-9 and -, as in api-outage.")],
    base: Annotated[str, typer.Option("--from", metavar="NAME", help="Start from this one.  [default: default]")] = "",
    following: Annotated[
        bool, typer.Option("--next", help="Start the next version of NAME; the present one is kept beside it.")
    ] = False,
) -> None:
    """Start a template of your own as a copy of another one, or the next version of one, in one commit.

    A new version is for asking something else of postmortems: those that there are keep the version that they record.
    Prompts, texts and optional sections may change without one. What is changed in the file already goes into the new
    version.
    """
    from pmctl.errors import UsageProblem
    from pmctl.repository.transaction import Write, commit
    from pmctl.repository.workspace import TEMPLATES, template_files
    from pmctl.workflow import template as templates

    session: Session = ctx.obj
    own, _ = templates.load(session.repo.root)
    present = template_files(session.repo.root)[0]
    if following:
        if base:
            raise UsageProblem("--next goes on from the present version; leave out --from")
        committed = session.workspace.head.template_files()
        number, files = templates.following(name, own, present, committed)
        message = f"Start version {number} of template {name}\n"
        edited = any(data == committed.get(f"{TEMPLATES}/{name}.md") for data in files.values())
    else:
        path, data = templates.new(name, own, present, session.repo.root, base=base or "default")
        files, message, edited = {path: data}, f"Add template {name}\n", False
    writes = [Write(path, data) for path, data in files.items()]
    commit(session.repo, writes, message, signing=session.signing(), may_overwrite=edited)
    for path in files:
        session.result(path)
    session.note(f"  next: edit {next(iter(files))}, then pmctl template check {name}")


@app.command()
def check(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Names or paths; all of your own if none.")
    ] = None,
    against: Annotated[
        str, typer.Option("--against", metavar="REV", help="Find versions that ask something else than in this commit.")
    ] = "HEAD",
) -> None:
    """Check templates: what they declare, their text, whether they make a postmortem, and whether each version
    still asks what it asked of the postmortems that record it. Exit code 1 on errors.
    """
    from pmctl.cli.findings import show_plain
    from pmctl.workflow.template_check import check_templates

    session: Session = ctx.obj
    findings, count = check_templates(session.workspace, tuple(names or ()), against)
    if show_plain(session, findings, "template", count):
        raise typer.Exit(1)
