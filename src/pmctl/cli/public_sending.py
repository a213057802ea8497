"""public: status-page, mail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.answering import ActFormat, tell
from pmctl.cli.options import Id

if TYPE_CHECKING:
    from email.message import EmailMessage

    from pmctl.cli.session import Session

Send = Annotated[bool, typer.Option("--send", help="Do it; without this nothing is sent.")]


def status_page(
    ctx: typer.Context,
    id: Id,
    incident: Annotated[
        str,
        typer.Option("--incident", metavar="PAGE/INCIDENT", help="At Statuspage; that of the postmortem if not given."),
    ] = "",
    send: Send = False,
    notify: Annotated[bool, typer.Option("--notify", help="With --send: tell the subscribers of the page.")] = False,
    format: ActFormat = "text",
) -> None:
    """Print the public text that is shared as Markdown for a status page; with --send put it on Statuspage.

    It becomes the postmortem of the incident there (token in STATUSPAGE_TOKEN). For other status pages paste what is
    printed.
    """
    from pmctl.cli.session import now
    from pmctl.errors import UsageProblem
    from pmctl.workflow import public_leaving

    session: Session = ctx.obj
    workspace = session.workspace
    name = session.workspace.find(id)
    found = public_leaving.in_force(workspace, name)
    place = public_leaving.place_of(workspace, found.document, incident)
    if not send:
        if notify:
            raise UsageProblem("--notify tells people of what is sent", hint="add --send")
        session.result(public_leaving.status_page_text(workspace, found).rstrip("\n"))
        where = f"incident {place.incident} of page {place.page}" if place else "an incident: --incident PAGE/INCIDENT"
        session.note(f"dry run: nothing was sent; --send puts this to Statuspage, at {where}")
        return
    if place is None:
        raise UsageProblem(f"{name} links no incident at Statuspage", hint="--incident PAGE/INCIDENT")
    done = public_leaving.put_on_status_page(
        workspace, name, place, session.secrets, session.note, at=now(), notify=notify
    )
    tell(session, done, format)


def mail(
    ctx: typer.Context,
    id: Id,
    to: Annotated[
        str, typer.Option("--to", metavar="FILE|ADDRESS", help="A file with one address a line, or one address.")
    ],
    send: Send = False,
    to_dir: Annotated[
        Path | None, typer.Option("--to-dir", metavar="DIR", help="Write .eml files there in place of sending them.")
    ] = None,
    format: ActFormat = "text",
) -> None:
    """Mail the public text that is shared to customers, one message for each; print one and send none without --send.

    Mail goes by SMTP_URL, as notifications do, or with --to-dir into files. Addresses are kept nowhere: what is noted
    is how many mails went, and when. Exit code 1 when one did not go.
    """
    from pmctl.cli.session import now
    from pmctl.services.mail import FROM, sender_of
    from pmctl.text import plural, visible
    from pmctl.workflow import public_leaving

    session: Session = ctx.obj
    workspace = session.workspace
    name, people = workspace.find(id), public_leaving.recipients(to)
    if not send and to_dir is None:
        found = public_leaving.in_force(workspace, name)
        sender = sender_of(session.secrets) if session.secrets(FROM) else ("Postmortems", "pmctl@localhost")
        letter = public_leaving.letters(workspace, found, sender, people, now())[0]
        session.result(visible(f"To: {letter['To']}\nSubject: {letter['Subject']}\n\n{_plain(letter)}").rstrip("\n"))
        count = plural(len(people.addresses), "mail")
        session.note(f"dry run: nothing was sent; --send sends {count}, --to-dir DIR writes them as files")
        return
    done = public_leaving.send_letters(
        workspace, name, people, session.secrets, at=now(), to_dir=to_dir, told=session.warn
    )
    tell(session, done, format)
    if done.warnings:
        raise typer.Exit(1)


def _plain(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""
