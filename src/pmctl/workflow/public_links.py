"""Read-only links: make one, as a file or for a server to answer, and say what ends one.

A file is encrypted and stands for itself, so that any host may have it; whoever has the whole link reads it. What is
written down of a link is in refs/pmctl/server, and holds neither key nor text.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from pmctl.document.fields import path_of
from pmctl.document.public_text import digest
from pmctl.errors import Refused, UsageProblem, advise
from pmctl.insight.standing import shown
from pmctl.ledger.current_state import current_state
from pmctl.output.encrypted_page import encrypted
from pmctl.output.exports import FORMS, Material
from pmctl.policy import act as acts
from pmctl.policy import lifecycle, permission
from pmctl.policy.state import FINAL
from pmctl.repository.links import Link, keep, link_named, new_id, new_secret
from pmctl.repository.records import refusal
from pmctl.repository.settings import URL
from pmctl.repository.tokens import lifetime
from pmctl.repository.workspace import Workspace
from pmctl.text import utc
from pmctl.workflow.done import Done
from pmctl.workflow.public_leaving import export, in_force


class MadeLink(NamedTuple):
    """A link that was made: its record, the file, and the key that is shown once."""

    link: Link
    html: bytes
    key: str


def refuse_full(workspace: Workspace, name: str, by: str) -> None:
    """Raise Refused when `by` may not give the whole postmortem away: those may who share its public text, and of what
    is published."""
    now = current_state(workspace.head, name)
    if now.state.status not in FINAL:
        message = f"{name} is {now.state.status}, and only what is published leaves as a whole"
        raise Refused(message, hint=advise("status", id=name))
    if workspace.read_at(name).meta.get("visibility") == "private":
        raise Refused(f"{name} is private", hint="share its public text: pmctl public draft")
    content = workspace.head.digest(name)
    act = lifecycle.propose(acts.SHARE, now.state, workspace.policy, now.root, by=by, at="", content=content)
    view = now.view(workspace.read_at(name), content, templates=None)
    if found := permission.entitled(act, now.state, workspace.policy, view):
        raise refusal(found)


def make(
    workspace: Workspace, name: str, html: bytes, *, full: bool, by: str, now: datetime, expires: str, file: str,
    address: str,
) -> MadeLink:  # fmt: skip
    """Encrypt a page and write down that there is a link to it. Raises UsageProblem, EnvironmentProblem."""
    until = now + lifetime(expires)
    if address and not re.fullmatch(URL, address):
        raise UsageProblem(f"--at {address[:80]}: no web address", hint="as in https://files.example.com/k3x9.html")
    sealed = encrypted(html.decode(), until)
    link = Link(new_id(), name, full, by, utc(now), utc(until), file, address, digest(sealed.html))
    keep(workspace.repo, link, f"A link to {name}, until {link.expires}")
    return MadeLink(link, sealed.html, sealed.key)


def make_served(
    workspace: Workspace, name: str, *, full: bool, by: str, now: datetime, expires: str, address: str
) -> MadeLink:
    """Write down a link that `pmctl serve` answers; its key is what its address ends with."""
    if not full:
        in_force(workspace, name)
    if address and not re.fullmatch(URL, address):
        raise UsageProblem(f"--at {address[:80]}: no web address", hint="of the server, as in https://pm.example.com/")
    number = new_id()
    key, kept = new_secret(number)
    link = Link(number, name, full, by, utc(now), utc(now + lifetime(expires)), "", address, "", kept)
    keep(workspace.repo, link, f"A link to {name}, until {link.expires}")
    return MadeLink(link, b"", key)


def shown_by(workspace: Workspace, link: Link, today: date) -> bytes:
    """The page that a served link shows now. Raises Refused where it may not be shown any more."""
    if not link.full:
        return export(workspace, link.postmortem, "html")
    refuse_full(workspace, link.postmortem, link.by)
    return whole_page(workspace, link.postmortem, today)


def whole_page(workspace: Workspace, name: str, today: date) -> bytes:
    """One postmortem, as it is committed, as one page."""
    found = shown(workspace.head, workspace.read_at(name), name)
    material = Material(
        found.document, today, lambda: workspace.policy, workspace.repo.root / path_of(name).removesuffix(".md"), None,
        True, found.marks, found.approved, workspace.head.commit[:12],
    )  # fmt: skip
    return FORMS["html"].make(material)


def revoke(workspace: Workspace, named: str, *, by: str, now: datetime, reason: str) -> Done:
    """Write down that a link is revoked, and say what has to be deleted. Its maker, or an admin."""
    link = link_named(workspace.repo, named)
    if by != link.by and by not in workspace.policy.admins:
        raise Refused(f"{link.id} is {link.by}'s", hint=f"ask {link.by}, or an admin")
    if link.revoked_at:
        raise Refused(f"{link.id} was revoked by {link.revoked_by} at {link.revoked_at}")
    ended = replace(link, revoked_at=utc(now), revoked_by=by, reason=reason)
    keep(workspace.repo, ended, f"Revoke the link {link.id} to {link.postmortem}")
    where = f"delete {link.address}" if link.address else f"delete {link.file} from wherever it was put"
    facts = (
        f"{where}; nothing else ends it: the file shows itself to whoever has the link",
        "who has kept a copy of the file and the link reads it still; nobody can call that back",
    )
    if link.hash:
        facts = (
            "servers answer it no more, from the next request on",
            "copies of what it showed cannot be called back",
        )
    sentence = f"wrote down that the link {link.id} is revoked"
    return Done(act="public revoke", id=link.postmortem, by=by, sentence=sentence, facts=facts)
