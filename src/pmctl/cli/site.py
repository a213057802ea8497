"""site build, serve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import Format, choose_format

if TYPE_CHECKING:
    from pmctl.cli.session import Session

app = typer.Typer(
    help="The postmortems as a site of static pages, for a web server or to be opened from a folder.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
_ForWhom = Annotated[
    str,
    typer.Option(
        "--audience", metavar="WHO", help="organization, team:NAME or person:HANDLE; as the settings say if not given."
    ),
]
_Drafts = Annotated[bool, typer.Option("--drafts", help="Also drafts and what is in review.")]


@app.command()
def build(
    ctx: typer.Context,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="The folder to write to.")
    ] = None,
    audience: _ForWhom = "",
    drafts: _Drafts = False,
    format: Format = "text",
) -> None:
    """Write the site to DIR: what the audience may read of what is published or archived, and nothing of the rest.

    Only pages whose postmortems have changed are made anew, and pages of what is gone are removed. DIR has to be empty,
    not there yet, or a site that pmctl wrote.
    """
    from pmctl.cli.site_content import made_of
    from pmctl.errors import UsageProblem
    from pmctl.output.answers_publishing import BrokenPostmortem, BuiltSite
    from pmctl.output.site.folder import open_folder, refuse_in_repository
    from pmctl.output.site.run import write_site
    from pmctl.text import plural

    session: Session = ctx.obj
    choose_format(format)
    if output is None:
        raise UsageProblem("say where the site goes", hint="-o DIR")
    refuse_in_repository(session.repo, output)
    site = made_of(session, session.workspace, audience, drafts=drafts)
    found = site.publications
    session.end_if_incomplete(found.incomplete)
    done = write_site(site, open_folder(output))
    broken = [BrokenPostmortem(one.id, one.path, one.problem) for one in found.broken]
    if format == "json":
        session.json(
            "site",
            BuiltSite(
                folder=str(output), audience=str(found.audience), commit=site.commit, postmortems=len(found.pages),
                pages=done.pages, made=done.made, removed=done.removed, left=done.left, refused=done.said,
                broken=broken, withheld=found.withheld,
            ),
        )  # fmt: skip
        return
    for line in done.said:
        session.warn(line)
    for one in broken:
        session.warn(f"{one.problem}: the site lists it as one that cannot be read")
    if found.withheld:
        session.warn(
            f"{plural(found.withheld, 'postmortem')} cannot be read, and nobody knows who might: left out without a"
            " trace (pmctl validate)"
        )
    for path in done.left:
        session.warn(f"{output / path} is no part of the site any more; it stays, because somebody has changed it")
    session.result(
        f"wrote {plural(done.made, 'page')} of {done.pages} to {output}: {plural(len(found.pages), 'postmortem')}"
    )
    session.note(f"  open {output / 'index.html'}")


@app.command()
def serve(
    ctx: typer.Context,
    audience: _ForWhom = "",
    drafts: _Drafts = False,
    port: Annotated[int, typer.Option("--port", metavar="N", help="The port on 127.0.0.1; 0 takes a free one.")] = 8000,
) -> None:
    """Show the site in the browser while you write: on this machine alone, built anew whenever a file changes.

    Nothing is written to the repository. Ctrl-C ends it.
    """
    from pmctl.cli.site_content import chosen_audience
    from pmctl.cli.site_preview import preview

    session: Session = ctx.obj
    workspace = session.workspace
    chosen_audience(workspace, audience)  # a mistyped one ends it now, not in the page
    preview(session, audience, drafts=drafts, port=port)
