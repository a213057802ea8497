"""public: link, links, revoke."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.answering import ActFormat, tell
from pmctl.cli.options import As, Id, Reason, choose_format

if TYPE_CHECKING:
    from pmctl.cli.session import Session


def link(
    ctx: typer.Context,
    id: Id,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="The file; a name is chosen if not given.")
    ] = None,
    expires: Annotated[str, typer.Option("--expires", metavar="30d|8h", help="When it ends.")] = "30d",
    full: Annotated[
        bool, typer.Option("--full", help="The whole postmortem, with its names, in place of its public text.")
    ] = False,
    served: Annotated[
        bool, typer.Option("--served", help="No file: a link that pmctl serve answers until it ends.")
    ] = False,
    at: Annotated[
        str, typer.Option("--at", metavar="URL", help="Where you are going to put the file, or where the server is.")
    ] = "",
    handle: As = "",
) -> None:
    """Make one encrypted HTML file for somebody outside, and print its link with the key, once.

    Put the file on any web server, or send it: the server never sees the text, as browsers keep what stands behind the
    # to themselves. Whoever has the whole link can read it, and can copy it. The file refuses to show itself after it
    has expired; a copy whose script was changed does not. With --served it is no file: the server looks at each request
    whether the link counts.
    """
    from pmctl.cli.exporting import write_file
    from pmctl.cli.session import now
    from pmctl.errors import UsageProblem
    from pmctl.workflow import public_links

    session: Session = ctx.obj
    workspace = session.workspace
    name, by = workspace.find(id), session.known_person(handle)
    if full:
        public_links.refuse_full(workspace, name, by)
    if served:
        if output is not None:
            raise UsageProblem("--served makes no file", hint="leave -o out")
        link = public_links.make_served(workspace, name, full=full, by=by, now=now(), expires=expires, address=at)
        session.result(f"{at.rstrip('/')}/l/{link.key}")
        session.note(f"  link {link.link.id}, until {link.link.expires}; it is shown once, and only its hash is kept")
        _told(session, link.link.id)
        return
    html = _full(session, name) if full else _public(session, name)
    file = output if output is not None else Path(f"postmortem-{_random()}.html")
    _refuse_place(session, file)
    made = public_links.make(
        workspace, name, html, full=full, by=by, now=now(), expires=expires, file=file.name, address=at
    )
    write_file(file, made.html)
    session.result(f"{at or file}#{made.key}")
    session.note(f"  {file}: link {made.link.id}, until {made.link.expires}; its key is shown once and kept nowhere")
    _told(session, made.link.id)


def links(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(metavar="[ID]", help="Only those to this postmortem.")] = "",
    format: Annotated[str, typer.Option("--format", metavar="text|json", help="How the answer is printed.")] = "text",
) -> None:
    """List the read-only links that were given away: to what, by whom, until when."""
    from dataclasses import asdict

    from pmctl.cli.session import now
    from pmctl.output.answers_public import GivenLink, GivenLinks
    from pmctl.repository.links import all_links

    session: Session = ctx.obj
    choose_format(format)
    wanted, moment = session.workspace.find(id) if id else "", now()
    found = [one for one in all_links(session.repo) if not wanted or one.postmortem == wanted]
    if format == "json":
        told = []
        for one in found:
            values = asdict(one)
            served = bool(values.pop("hash"))  # what may be guessed against stays here
            told.append(GivenLink(**values, served=served, state=one.state(moment)))
        session.json("links", GivenLinks(told))
        return
    rows = [
        [one.id, one.postmortem, "all of it" if one.full else "public text", one.by, one.expires, one.state(moment),
         one.address or one.file or "on the server"] for one in found
    ]  # fmt: skip
    session.table(["LINK", "TO", "SHOWS", "MADE BY", "UNTIL", "NOW", "WHERE"], rows)
    if not rows:
        session.note("no links yet; make one: pmctl public link ID")


def revoke(
    ctx: typer.Context,
    link: Annotated[str, typer.Argument(metavar="LINK", help="The link's id: pmctl public links.")],
    note: Reason,
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Write down that a link is revoked, and say what has to be deleted where.

    The file stands for itself: only deleting it ends the link, and who has kept a copy keeps it.
    """
    from pmctl.cli.session import now
    from pmctl.workflow.public_links import revoke as ended

    session: Session = ctx.obj
    by = session.known_person(handle)
    tell(session, ended(session.workspace, link, by=by, now=now(), reason=note), format)


def _told(session: Session, number: str) -> None:
    session.note(f"  to end it: pmctl public revoke {number} -m REASON")
    session.note("  whoever has the link can copy what it shows; nobody can call a copy back")


def _public(session: Session, name: str) -> bytes:
    from pmctl.workflow.public_leaving import export

    return export(session.workspace, name, "html")


def _full(session: Session, name: str) -> bytes:
    """The page of the whole postmortem as it is committed."""
    from pmctl.cli.session import today
    from pmctl.workflow.public_links import whole_page

    return whole_page(session.workspace, name, today())


def _random() -> str:
    from pmctl.repository.links import new_id

    return new_id()


def _refuse_place(session: Session, file: Path) -> None:
    """Raise UsageProblem for a file that would be overwritten, or lie in the repository and be committed."""
    from pmctl.errors import UsageProblem

    if file.exists() or file.is_symlink():
        raise UsageProblem(f"{file} is there already", hint="name another file: -o FILE")
    if file.absolute().resolve().is_relative_to(session.repo.top.resolve()):
        raise UsageProblem(f"{file} would lie in the repository", hint="name a file elsewhere: -o FILE")
