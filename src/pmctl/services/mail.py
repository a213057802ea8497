"""Mail, to which messages go by SMTP: text and HTML, threaded by postmortem, the reason in the first line.

Nobody logs in without TLS. A Message-ID follows from what the mail is about, so a mail that is sent again is the same
mail. Which recipients a server refuses is told one by one. Facts: RFC 5322, 3834 (Auto-Submitted), 8314 (TLS).
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from pmctl.errors import EnvironmentProblem, PmctlError, UsageProblem
from pmctl.files import write_atomic
from pmctl.services.address import loopback
from pmctl.services.message import Message, NotTaken, Receipt, cut
from pmctl.services.retrying import Uncertain
from pmctl.services.secrets import Secrets, how_to_set
from pmctl.text import single_line

ADDRESS, USER, PASSWORD, FROM = "SMTP_URL", "SMTP_USER", "SMTP_PASSWORD", "SMTP_FROM"
PORTS = {"smtps": 465, "smtp+starttls": 587, "smtp": 25}
PATIENCE = 30.0  # seconds for each step of the conversation
_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail goes, and in whose name. `scheme` is a key of PORTS; `sender` is an address alone."""

    scheme: str
    host: str
    port: int
    user: str
    sender: str
    name: str


def server(secrets: Secrets) -> Server | None:
    """The server that the environment names, None for none. Raises UsageProblem, EnvironmentProblem."""
    url = secrets(ADDRESS).strip()
    if not url:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        host, port, parts = "", 0, urlsplit("")
    if parts.username or parts.password:
        raise UsageProblem(f"{ADDRESS} holds a user name or password", hint=f"put them into {USER} and {PASSWORD}")
    if not host or not port or parts.path not in ("", "/"):
        raise UsageProblem(f"{ADDRESS} is no mail server", hint="write smtps://host:465 or smtp+starttls://host:587")
    user = secrets(USER)
    if parts.scheme == "smtp" and (user or not loopback(host)):
        raise UsageProblem(f"{ADDRESS} is not encrypted", hint="write smtps://host:465 or smtp+starttls://host:587")
    name, sender = sender_of(secrets)
    return Server(parts.scheme, host, port, user, sender, name)


def sender_of(secrets: Secrets) -> tuple[str, str]:
    """The name and the address that mail is from. Raises EnvironmentProblem, UsageProblem."""
    given = secrets(FROM).strip()
    if not given:
        raise EnvironmentProblem(f"{FROM} is not set: whose mail is it?", hint=how_to_set(FROM))
    name, address = parseaddr(given)
    return name or "Postmortems", usable(address, FROM)


def usable(address: str, where: str) -> str:
    """An address that a mail can be sent to. Raises UsageProblem."""
    local, at, domain = address.rpartition("@")
    plain = address.isascii() and address.isprintable() and not any(one in address for one in ' <>(),:;"\\[]')
    if not at or not local or not domain or not plain or len(address) > 254:
        raise UsageProblem(f"{where}: {single_line(address)[:80]!r} is no mail address", hint="as in pm@example.com")
    return address


def compose(message: Message, sender: tuple[str, str], to: Sequence[str], root: str, moment: datetime) -> EmailMessage:
    """The mail for these addresses. `root` names the repository, so that two of them share no thread."""
    name, address = sender
    domain = address.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(single_line(name), addr_spec=address)
    mail["To"] = ", ".join(to)
    mail["Subject"] = _subject(message)
    mail["Date"] = moment
    mail["Message-ID"] = f"<pm.{_mark(message.id, *to)}.{_mark(root)}@{domain}>"
    if message.postmortem:
        thread = f"<pm.{_mark(message.postmortem)}.{_mark(root)}@{domain}>"
        mail["In-Reply-To"] = thread
        mail["References"] = thread
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(text(message))
    mail.add_alternative(html(message), subtype="html")
    if message.invitation:  # for the buttons, and the same as a file for programs that show none
        method = {"method": message.method}
        mail.add_alternative(message.invitation, subtype="calendar", charset="utf-8", params=method)
        data = message.invitation.encode()
        mail.add_attachment(data, maintype="application", subtype="ics", filename="invite.ics")
    return mail


def _subject(message: Message) -> str:
    """The same for all mails about a postmortem, since mail programs thread by it, too."""
    return cut(single_line(f"[postmortem] {message.title}" if message.title else message.reason), _SUBJECT)


def dry(message: Message, to: Sequence[str]) -> str:
    """What would be sent, for reading: the text; the HTML says the same."""
    return f"To: {', '.join(to)}\nSubject: {_subject(message)}\n\n{text(message)}"


def _mark(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def text(message: Message) -> str:
    """The plain text."""
    parts = [message.reason]
    if message.title:
        parts.append(message.title)
    if message.facts:
        parts.append("\n".join(f"{label}: {value}" for label, value in message.facts))
    parts += [message.summary] if message.summary else []
    if message.lines:
        parts.append("\n".join(f"- {line}" for line in message.lines))
    parts += [message.url] if message.url else []
    return "\n\n".join(parts) + "\n"


_FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"


def html(message: Message) -> str:
    """The HTML: one column, no pictures, colours that both light and dark programs turn as they like."""
    rows = [_row(escape(message.reason), "font-size:16px")]
    if message.title:
        rows.append(_row(escape(message.title), "font-size:20px;font-weight:600"))
    for label, value in message.facts:
        rows.append(_row(f"<strong>{escape(label)}:</strong> {escape(value)}"))
    if message.summary:
        rows.append(_row(escape(message.summary), "font-size:16px"))
    if message.lines:
        items = "".join(f'<li style="margin:0 0 6px">{escape(line)}</li>' for line in message.lines)
        rows.append(_row(f'<ul style="margin:0;padding-left:20px">{items}</ul>'))
    if message.url:
        rows.append(_row(f'<a href="{escape(message.url, quote=True)}">Open the postmortem</a>'))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(single_line(_subject(message)))}</title></head>"
        f'<body style="margin:0;padding:16px;{_FONT}">'
        '<table role="presentation" style="width:100%;max-width:600px;border-collapse:collapse">'
        f"{''.join(rows)}</table></body></html>\n"
    )


def _row(inner: str, style: str = "font-size:14px") -> str:
    return f'<tr><td style="padding:6px 0;line-height:1.5;{style}">{inner}</td></tr>\n'


@contextmanager
def _session(where: Server, secrets: Secrets) -> Iterator[smtplib.SMTP]:
    """A conversation that may carry mail. Raises PmctlError, and whatever the conversation breaks off with."""
    context = ssl.create_default_context()
    if where.scheme == "smtps":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(where.host, where.port, timeout=PATIENCE, context=context)
    else:
        smtp = smtplib.SMTP(where.host, where.port, timeout=PATIENCE)
    try:
        smtp.ehlo()
        if where.scheme == "smtp+starttls":
            smtp.starttls(context=context)  # raises where the server does not offer it
            smtp.ehlo()
        if where.user:
            smtp.login(where.user, secrets(PASSWORD))
        yield smtp
    finally:
        smtp.close()


def send(where: Server, secrets: Secrets, mail: EmailMessage, to: Sequence[str]) -> Receipt:
    """Send a mail. Raises NotTaken where no recipient was taken, with each of them; Uncertain where nobody knows."""
    sending = False
    try:
        with _session(where, secrets) as smtp:
            sending = True
            refused = smtp.send_message(mail, from_addr=where.sender, to_addrs=list(to))
    except smtplib.SMTPRecipientsRefused as problem:
        raise NotTaken(
            f"the mail server takes mail for nobody: {_refusals(problem.recipients.items())}",
            hint="correct the addresses in the policy or in pmctl.yaml",
        ) from None
    except (smtplib.SMTPException, OSError) as problem:
        raise _failure(where, problem, sending=sending) from None
    if refused:
        return Receipt(f"taken, but not for {_refusals(refused.items())}")
    return Receipt("taken")


def _failure(where: Server, problem: Exception, *, sending: bool) -> PmctlError:
    host = f"the mail server {where.host}"
    if isinstance(problem, smtplib.SMTPAuthenticationError):
        return NotTaken(f"{host} does not accept the login ({_said(problem)})", hint=_login(problem))
    if isinstance(problem, smtplib.SMTPNotSupportedError):
        return NotTaken(f"{host} offers no TLS or no login", hint="try smtps://host:465, or ask who runs it")
    if isinstance(problem, smtplib.SMTPResponseException):
        return NotTaken(f"{host} refuses ({_said(problem)})", hint=f"check {FROM} and {USER}")
    if isinstance(problem, ssl.SSLError):
        return NotTaken(f"{host} has no certificate that is trusted", hint="check the host's name and the certificates")
    if sending:
        return Uncertain(f"{host} broke off while it was given a mail", hint="ask the recipients, or read its log")
    return NotTaken(f"{host} can't be reached ({type(problem).__name__})", hint=f"check {ADDRESS} and the network")


def _login(problem: smtplib.SMTPAuthenticationError) -> str:
    if b"5.7.30" in _raw(problem):
        return "Exchange Online has switched this login off: use another relay, or ask its admin"
    return f"check {USER} and {PASSWORD}; some providers want an app password"


def _raw(problem: smtplib.SMTPResponseException) -> bytes:
    said = problem.smtp_error
    return said if isinstance(said, bytes) else str(said).encode()


def _said(problem: smtplib.SMTPResponseException) -> str:
    return f"{problem.smtp_code} {cut(single_line(_raw(problem).decode('utf-8', 'replace')), 120)}"


def _refusals(refused: Iterable[tuple[str, tuple[int, bytes]]]) -> str:
    told = (f"{one} ({code} {cut(single_line(said.decode('utf-8', 'replace')), 80)})" for one, (code, said) in refused)
    return ", ".join(told)


def account(where: Server, secrets: Secrets) -> str:
    """Who logs in where. Raises NotTaken."""
    try:
        with _session(where, secrets):
            return f"{where.user or 'nobody in particular'} at {where.host}:{where.port}"
    except (smtplib.SMTPException, OSError) as problem:
        raise _failure(where, problem, sending=False) from None


def write(folder: Path, mail: EmailMessage) -> Receipt:
    """Put a mail into a folder as an .eml file, which mail programs open; the same mail is the same file."""
    name = str(mail["Message-ID"]).strip("<>").partition("@")[0]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / f"{name}.eml", mail.as_bytes())
    except OSError as error:
        raise EnvironmentProblem(
            f"{folder} cannot be written to ({error.strerror})", hint="name another folder"
        ) from None
    return Receipt(f"written as {name}.eml")
