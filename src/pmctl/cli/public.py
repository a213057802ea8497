"""public: draft, check, approve, share, unshare, build; and what `public_sending` and `public_links` add."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli import public_links, public_sending
from pmctl.cli.answering import ActFormat, tell
from pmctl.cli.options import As, Id, Note, Reason, choose_format

if TYPE_CHECKING:
    from pmctl.cli.session import Session

app = typer.Typer(
    help="What customers may read: draft it, check it, share it.", no_args_is_help=True, rich_markup_mode=None,
    add_completion=False,
)  # fmt: skip


@app.command()
def draft(
    ctx: typer.Context,
    id: Id,
    again: Annotated[bool, typer.Option("--again", help="Begin anew, over the text that is there.")] = False,
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Write the public text of a postmortem, by rule from the postmortem, in one commit.

    People, teams, tools, hosts and whatever else is known to be internal is replaced; edit it like any file.
    """
    from pmctl.cli.comment import speaker
    from pmctl.workflow import public

    session: Session = ctx.obj
    name = session.workspace.find(id)
    tell(
        session, public.draft(session.workspace, speaker(session, handle), name, session.signing(), again=again), format
    )


@app.command()
def check(
    ctx: typer.Context,
    id: Id,
    format: Annotated[str, typer.Option("--format", metavar="text|json", help="How the answer is printed.")] = "text",
) -> None:
    """List what of a public text may not leave, with line and column and what to do. Exit code 1 when there is any."""
    from pmctl.document.beside import Beside, path_of
    from pmctl.insight.public import check as checked
    from pmctl.insight.public import public_data
    from pmctl.output.findings import Report, render

    session: Session = ctx.obj
    choose_format(format)
    workspace = session.workspace
    name = workspace.find(id)
    path, data = path_of(Beside.PUBLIC, name), public_data(workspace, name)
    found = checked(data, path, workspace.read(name), workspace.policy, workspace.settings.public).findings
    report = Report(found, paths=(path,), sources={path: data}, width=session.width, color=session.colored)
    if format == "json":
        session.json_made("findings", render(report, format))
    else:
        session.result(render(report).rstrip("\n"))
    if report.failed:
        raise typer.Exit(1)


@app.command()
def approve(ctx: typer.Context, id: Id, note: Note = "", handle: As = "", format: ActFormat = "text") -> None:
    """Sign that customers may read exactly the public text that is committed.

    Where the policy asks for reviews (public: reviews: N) that many people other than who shares it approve it first.
    An edit afterwards makes their approval stale.
    """
    from pmctl.cli.session import now
    from pmctl.workflow.public_sharing import approve as approved

    session: Session = ctx.obj
    name = session.workspace.find(id)
    tell(session, approved(session.workspace, session.actor(handle), name, at=now(), note=note), format)


@app.command()
def share(ctx: typer.Context, id: Id, note: Note = "", handle: As = "", format: ActFormat = "text") -> None:
    """Sign that customers may read the public text as it is committed, and how it was checked.

    For those who publish by the policy. An edit afterwards is not shared until somebody shares it again.
    """
    from pmctl.cli.session import now
    from pmctl.workflow.public_sharing import share as shared

    session: Session = ctx.obj
    name = session.workspace.find(id)
    tell(
        session,
        shared(session.workspace, session.actor(handle), name, session.surroundings, at=now(), note=note),
        format,
    )


@app.command()
def unshare(ctx: typer.Context, id: Id, note: Reason, handle: As = "", format: ActFormat = "text") -> None:
    """Withdraw the public text of a postmortem, on the record."""
    from pmctl.cli.session import now
    from pmctl.workflow.public_sharing import unshare as withdrawn

    session: Session = ctx.obj
    name = session.workspace.find(id)
    tell(
        session,
        withdrawn(session.workspace, session.actor(handle), name, session.surroundings, at=now(), note=note),
        format,
    )


@app.command()
def build(
    ctx: typer.Context,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="The folder to write to.")
    ] = None,
    name: Annotated[
        str, typer.Option("--name", metavar="TEXT", help="The title of the list and the feed.")
    ] = "Postmortems",
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="Where the folder will be found; makes a feed.")
    ] = "",
    format: Annotated[str, typer.Option("--format", metavar="text|json", help="How the answer is printed.")] = "text",
) -> None:
    """Write pages for customers to DIR: what is shared, exactly as it was shared, and nothing else.

    A text that was withdrawn is removed, and an edit that nobody shared is not shown. Where the policy names an
    organisation, each page says how to verify it. DIR has to be empty, not there yet, or one that this command wrote.
    """
    import re

    from pmctl.errors import UsageProblem
    from pmctl.output.answers_public import PublicPages
    from pmctl.repository.settings import URL
    from pmctl.text import plural
    from pmctl.workflow.public_building import build as built

    session: Session = ctx.obj
    choose_format(format)
    if output is None:
        raise UsageProblem("say where the pages go", hint="-o DIR")
    if url and not re.fullmatch(URL, url):
        raise UsageProblem(f"--url {url}: no web address", hint="as in https://status.example.com/")
    done = built(session.workspace, output, name=name, url=url if not url or url.endswith("/") else f"{url}/")
    for one in done.edited:
        session.warn(f"the public text of {one} was edited since it was shared: the pages show what was shared")
    for path in done.left:
        session.warn(f"{output / path} is no part of the pages any more; it stays, because somebody has changed it")
    for one in done.unstated:
        session.warn(f"customers cannot verify {one}: share it again (pmctl public share {one})")
    if format == "json":
        workspace = session.workspace
        organization = workspace.policy.public.organization
        answer = PublicPages(str(output), workspace.head.commit, organization, **done._asdict())
        session.json("public-pages", answer)
        return
    session.result(f"wrote {plural(done.made, 'page')} of {done.pages} to {output}")


app.command("status-page")(public_sending.status_page)
app.command("mail")(public_sending.mail)
app.command("link")(public_links.link)
app.command("links")(public_links.links)
app.command("revoke")(public_links.revoke)
