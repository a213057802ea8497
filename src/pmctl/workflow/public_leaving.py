"""Send a public text where customers read it: a file, a status page, their mailboxes. Always the text in force.

Each form is read back as it is about to leave, and redaction is asked again; what says more is not sent. What was sent
is noted in refs/pmctl/delivered: how much went where and when, and never to whom.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import NamedTuple

from pmctl.document.public_text import digest
from pmctl.document.reader import Document
from pmctl.errors import EnvironmentProblem, PmctlError, Refused, UsageProblem, advise
from pmctl.insight.shared import Shared, shared_text
from pmctl.output import public_forms
from pmctl.repository import deliveries
from pmctl.repository.deliveries import Delivery
from pmctl.repository.workspace import Workspace
from pmctl.services import mail, statuspage_postmortem
from pmctl.services.secrets import Secrets, how_to_set
from pmctl.services.statuspage_postmortem import Place
from pmctl.text import plural, single_line, utc
from pmctl.workflow.done import Done
from pmctl.workflow.public_building import refuse_leaks

MAIL, STATUS_PAGE = "customers-by-mail", "status-page"
"""What the channels are called in what was delivered."""
MOST_RECIPIENTS = 10_000
_NAMED = re.compile(r"[^<>@,;:]*<(?P<address>[^<>\s]+)>")
_LARGEST_LIST = 2 * 1024 * 1024  # bytes


class Recipients(NamedTuple):
    """Whom mail goes to, each once; they are kept nowhere."""

    addresses: tuple[str, ...]


def in_force(workspace: Workspace, name: str) -> Shared:
    """The public text that customers may read now. Raises Refused when there is none."""
    found = shared_text(workspace.head, name)
    if not isinstance(found, Shared):
        raise Refused(f"customers may not read {name}: no public text is shared", hint=advise("share-public", id=name))
    return found


def export(workspace: Workspace, name: str, form: str) -> bytes:
    """The public text in one form."""
    found = in_force(workspace, name)
    data = public_forms.made(found.text, form)
    refuse_leaks(workspace, found, public_forms.texts_of(data, form))
    return data


def status_page_text(workspace: Workspace, found: Shared) -> str:
    """What a status page shows below its own title."""
    markdown = public_forms.body(found.text)
    refuse_leaks(workspace, found, [markdown])
    return markdown


def place_of(workspace: Workspace, document: Document, given: str) -> Place | None:
    """The incident at Statuspage: as it is given, else as the postmortem links one; None where there is none.

    Raises UsageProblem where the page is not known, or several are linked.
    """
    linked = document.meta.get("incidents")
    ids = [
        str(one.get("id", "")) for one in (linked if isinstance(linked, list) else [])
        if isinstance(one, dict) and one.get("source") == "statuspage"
    ]  # fmt: skip
    if not given and not ids:
        return None
    if not given and len(ids) > 1:
        raise UsageProblem(
            "the postmortem links several incidents", hint=f"--incident {' | '.join(map(single_line, ids))}"
        )
    page, _, incident = (given or ids[0]).rpartition("/")
    page = page or workspace.settings.public.status_page
    if not page or not incident or "/" in page:
        raise UsageProblem("which page at Statuspage?", hint="--incident PAGE/INCIDENT, or public: {status_page: PAGE}")
    return Place(page, incident)


def put_on_status_page(
    workspace: Workspace, name: str, place: Place, secrets: Secrets, waits: Callable[[str], None], *, at: datetime,
    notify: bool,
) -> Done:  # fmt: skip
    """Show the public text as the postmortem of an incident, and note it."""
    found = in_force(workspace, name)
    deliveries.opened(workspace.repo)  # where nothing can be noted nothing is sent
    said = statuspage_postmortem.put(place, status_page_text(workspace, found), secrets, waits, notify=notify)
    note(workspace, STATUS_PAGE, found, "the public text", said, at)
    sentence = f"Statuspage shows the public text of {name} at incident {place.incident}"
    return Done(act="public status-page", id=name, by="", sentence=sentence, facts=(said,))


def recipients(given: str) -> Recipients:
    """An address, or those in a file: one a line, empty lines and lines that begin with # left out.

    Raises UsageProblem with the line of what is no address.
    """
    lines = [("--to", given)] if "@" in given and not Path(given).is_file() else _lines(Path(given))
    found: dict[str, str] = {}
    for where, line in lines:
        named = _NAMED.fullmatch(line)
        address = mail.usable(named["address"] if named else line, where)
        found.setdefault(address.lower(), address)
    if not found:
        raise UsageProblem(f"{given} names nobody", hint="one address a line")
    if len(found) > MOST_RECIPIENTS:
        raise UsageProblem(f"{given} names {len(found)} people; {MOST_RECIPIENTS} are the most", hint="split the file")
    return Recipients(tuple(found.values()))


def _lines(path: Path) -> list[tuple[str, str]]:
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST_LIST + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        hint = "--to takes an address, or a file with one a line"
        raise UsageProblem(f"{single_line(str(path))[:120]} cannot be read: {error.strerror}", hint=hint) from None
    except UnicodeDecodeError:
        raise UsageProblem(f"{path} is not UTF-8 text", hint="one address a line") from None
    if len(data) > _LARGEST_LIST:
        raise UsageProblem(f"{path} is larger than {_LARGEST_LIST // 2**20} MiB", hint="split the file")
    lines = ((f"{path}, line {number}", line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(where, line) for where, line in lines if line and not line.startswith("#")]


def letters(
    workspace: Workspace, found: Shared, sender: tuple[str, str], to: Recipients, moment: datetime
) -> list[EmailMessage]:
    """One mail for each recipient, who sees nobody else. Raises Refused when one says more than was checked."""
    name, address = sender
    if owner := workspace.policy.emails.get(address.lower()):
        raise Refused(f"{mail.FROM} is {owner}'s own address, which customers would see", hint="use one of a role")
    plain, html = public_forms.mail_parts(found.text)
    made = []
    for one in to.addresses:
        letter = EmailMessage(policy=SMTP)
        letter["From"] = Address(single_line(name), addr_spec=address)
        letter["To"] = one
        letter["Subject"] = single_line(found.text.title)
        letter["Date"] = moment
        letter["Message-ID"] = f"<pm.{_mark(digest(found.data), one.lower())}@{address.rpartition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(plain)
        letter.add_alternative(html, subtype="html")
        made.append(letter)
    said = ("Postmortems", "auto-generated", "multipart alternative text plain html charset utf-8 boundary")
    refuse_leaks(workspace, found, [single_line(name), *public_forms.mail_texts(made[0])], *said)
    return made


def send_letters(
    workspace: Workspace, name: str, to: Recipients, secrets: Secrets, *, at: datetime, to_dir: Path | None,
    told: Callable[[str], None],
) -> Done:  # fmt: skip
    """Send, or write as files, one mail for each recipient; `told` hears whom a mail did not reach.

    What was refused does not keep the others from being sent. The count is noted, also when it ends early.
    """
    found = in_force(workspace, name)
    where = None if to_dir is not None else mail.server(secrets)
    if where is None and to_dir is None:
        raise EnvironmentProblem("mail is not connected", hint=f"{how_to_set(mail.ADDRESS)}; or --to-dir DIR for files")
    sender = (where.name, where.sender) if where else _sender(secrets)
    made, sent = letters(workspace, found, sender, to, at), 0
    if to_dir is None:
        deliveries.opened(workspace.repo)  # where nothing can be noted nothing is sent
    try:
        for letter in made:
            try:
                if to_dir is not None:
                    mail.write(to_dir, letter)
                elif where is not None:
                    mail.send(where, secrets, letter, [str(letter["To"])])
                sent += 1
            except PmctlError as problem:
                told(f"{letter['To']}: {problem.message}")
    finally:
        if sent and to_dir is None:
            note(workspace, MAIL, found, f"the public text, to {plural(sent, 'customer')}", "sent", at)
    verb = "wrote" if to_dir is not None else "sent"
    return Done(
        act="public mail", id=name, by="", sentence=f"{verb} the public text of {name} as {plural(sent, 'mail')}",
        warnings=(f"{plural(len(made) - sent, 'mail')} did not go",) if sent < len(made) else (),
    )  # fmt: skip


def _sender(secrets: Secrets) -> tuple[str, str]:
    return mail.sender_of(secrets) if secrets(mail.FROM) else ("Postmortems", "pmctl@localhost")


def note(workspace: Workspace, channel: str, found: Shared, what: str, answer: str, at: datetime) -> None:
    """Note what was sent in the ref that all clones share."""
    event = _mark(digest(found.data), channel, utc(at))
    delivery = Delivery(channel, (event,), what, utc(at), "sent", answer, found.postmortem)
    message = f"Sent by {channel}: {what}"
    for _ in range(5):
        try:
            deliveries.opened(workspace.repo).written(deliveries.outcome(delivery, {}), message)
            return
        except deliveries.Overtaken:
            continue
    raise EnvironmentProblem("what was sent could not be noted: others are faster", hint="nothing has to be sent again")


def _mark(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]
