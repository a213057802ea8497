"""wiki build, push."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.answering import ActFormat
from pmctl.repository.wiki_settings import FLAVOURS

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.insight.publication import Publications
    from pmctl.output.answers_publishing import Wiki
    from pmctl.output.wiki.article import Collection
    from pmctl.workflow.wiki import Written

app = typer.Typer(
    help="Show the postmortems as a wiki, or as the input of a documentation generator.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
_Flavour = Annotated[
    str, typer.Option("--flavour", metavar="NAME", help=f"Which wiki: {', '.join(FLAVOURS)}; else wiki.flavour.")
]
_Audience = Annotated[
    str,
    typer.Option("--audience", metavar="WHO", help="organization, team:NAME or person:HANDLE; else wiki.audience."),
]
_Drafts = Annotated[bool, typer.Option("--drafts", help="Also what is not published yet.")]
_Force = Annotated[bool, typer.Option("--force", help="Overwrite pages that somebody edited in the wiki.")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only list what would change.")]


@app.command()
def build(
    ctx: typer.Context,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to write.")],
    flavour: _Flavour = "",
    audience: _Audience = "",
    drafts: _Drafts = False,
    force: _Force = False,
    dry_run: _DryRun = False,
    format: ActFormat = "text",
) -> None:
    """Write the pages into a folder that is empty or was made by this command.

    What people put beside the pages stays. Exit code 1 when a page was edited there and therefore not overwritten.
    """
    from pmctl.output.wiki.flavours import FLAVOURS as MADE
    from pmctl.workflow.wiki import build as write

    session: Session = ctx.obj
    flavour = _chosen(session, flavour)
    found, collection = _collected(session, audience, drafts=drafts)
    files = MADE[flavour].make(collection)
    done = write(files, flavour, collection.source, output, force=force, dry_run=dry_run)
    _tell(session, _answer(flavour, found, collection, str(output), done, dry_run=dry_run), format)


@app.command()
def push(
    ctx: typer.Context,
    flavour: _Flavour = "",
    to: Annotated[
        str, typer.Option("--to", metavar="URL|REMOTE", help="The wiki's repository; else wiki.to, else the remote's.")
    ] = "",
    audience: _Audience = "",
    drafts: _Drafts = False,
    force: _Force = False,
    dry_run: _DryRun = False,
    format: ActFormat = "text",
) -> None:
    """Bring the wiki itself up to date: one commit to its repository, or the pages of a space of Confluence.

    Nothing happens where nothing changed. Exit code 1 when a page was edited in the wiki and therefore not overwritten.
    """
    session: Session = ctx.obj
    flavour = _chosen(session, flavour)
    settings = session.workspace.settings.wiki
    found, collection = _collected(session, audience, drafts=drafts)
    if flavour == "confluence":
        done, where = _to_confluence(session, collection, to, force=force, dry_run=dry_run)
    else:
        from pmctl.output.wiki.flavours import FLAVOURS as MADE
        from pmctl.workflow.wiki_push import push as send
        from pmctl.workflow.wiki_push import shown_url, wiki_url

        url = wiki_url(session.repo, to or settings.to, flavour, Path.cwd())
        files = MADE[flavour].make(collection)
        done = send(
            session.repo, files, flavour, collection.source, url, force=force, dry_run=dry_run, waits=session.note
        )
        where = shown_url(url)
    _tell(session, _answer(flavour, found, collection, where, done, dry_run=dry_run), format)


def _chosen(session: Session, flavour: str) -> str:
    from pmctl.cli.options import choose_format

    return choose_format(flavour or session.workspace.settings.wiki.flavour, FLAVOURS, "--flavour")


def _collected(session: Session, audience: str, *, drafts: bool) -> tuple[Publications, Collection]:
    """What the audience may read. Ends with 2 where the history does not decide it: nothing is told then."""
    from pmctl.insight.publication import publications
    from pmctl.policy.audience import parse
    from pmctl.workflow.wiki import collect

    workspace = session.workspace
    said = audience or workspace.settings.wiki.audience
    option = "--audience" if audience else "wiki.audience"
    found = publications(workspace, parse(said, workspace.policy, option), drafts=drafts)
    session.end_if_incomplete(found.incomplete)
    return found, collect(workspace, found)


def _to_confluence(
    session: Session, collection: Collection, to: str, *, force: bool, dry_run: bool
) -> tuple[Written, str]:
    from pmctl.errors import UsageProblem
    from pmctl.services.secrets import from_environment
    from pmctl.workflow.wiki_confluence import push as send

    if to:
        raise UsageProblem("--to has no meaning for confluence", hint="set wiki.space and wiki.parent in pmctl.yaml")
    secrets = from_environment(session.surroundings.environ)
    settings = session.workspace.settings.wiki
    done = send(collection, settings, secrets, force=force, dry_run=dry_run, waits=session.note)
    return done, f"the space {settings.space}"


def _answer(
    flavour: str, found: Publications, collection: Collection, to: str, done: Written, *, dry_run: bool
) -> Wiki:
    from pmctl.output.answers_publishing import BrokenPostmortem, KeptPage, RefusedAttachment, Wiki

    return Wiki(
        flavour=flavour, audience=str(found.audience), to=to, postmortems=len(collection.articles),
        written=done.changes.write, removed=done.changes.remove,
        kept=[KeptPage(one.path, one.why) for one in done.changes.kept],
        refused=[RefusedAttachment(one.id, path, why) for one in collection.articles for path, why in one.refused],
        broken=[BrokenPostmortem(one.id, one.path, one.problem) for one in collection.broken],
        withheld=found.withheld, commit=done.commit, dry_run=dry_run,
    )  # fmt: skip


def _tell(session: Session, answer: Wiki, format: str) -> None:
    """Say what was done; 1 when something is not as it should be."""
    from pmctl.text import plural, safe

    if format == "json":
        session.json("wiki", answer)
    else:
        if answer.dry_run:
            for path in answer.written:
                session.result(f"would write {safe(path)}")
            for path in answer.removed:
                session.result(f"would remove {safe(path)}")
        changed = f"{plural(len(answer.written), 'file')} {'to write' if answer.dry_run else 'written'}"
        gone = f", {len(answer.removed)} {'to remove' if answer.dry_run else 'removed'}" if answer.removed else ""
        what = changed + gone if answer.written or answer.removed else "nothing to change"
        session.result(f"{plural(answer.postmortems, 'postmortem')} for {safe(answer.to)}: {what}")
        if answer.commit:
            session.note(f"  commit {answer.commit[:12]}")
        _warn(session, answer)
    if answer.kept:
        raise typer.Exit(1)


def _warn(session: Session, answer: Wiki) -> None:
    from pmctl.text import plural

    for attachment in answer.refused:
        session.warn(f"{attachment.id}: {attachment.path} {attachment.why}; it was not copied")
    for broken in answer.broken:
        session.warn(f"{broken.id} cannot be read: {broken.problem}")
    if answer.withheld:
        some = plural(answer.withheld, "postmortem")
        session.warn(f"{some} cannot be read, so that nobody knows who may hear of them; pmctl validate names them")
    for page in answer.kept:
        session.warn(f"{page.path} was left as it is: {page.why}; --force overwrites it")
