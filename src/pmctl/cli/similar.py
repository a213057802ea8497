"""similar: which postmortems are like one, and what they left to be done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import Format, choose_format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pmctl.cli.session import Session
    from pmctl.insight.similar import AlikeAnswer
    from pmctl.services.incident import Incident

_WORTH = ("service:", "cause:", "error:")
"""What a postmortem must share to be named where nobody asked for it."""


def similar(
    ctx: typer.Context,
    what: Annotated[
        str, typer.Argument(metavar="[ID|FILE]", help="A postmortem by (a part of) its id, or any file.")
    ] = "",
    text: Annotated[str, typer.Option("--text", metavar="WORDS", help="Like this text: a message, an error.")] = "",
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, max=50, help="So many at most.")] = 5,
    format: Format = "text",
) -> None:
    """The postmortems at HEAD that are most like one, with the terms that they share and their open items first.

    Ranked by words, services, causes and error signatures, in which numbers, ids and hosts do not count; the
    same answer on every machine.
    """
    from pmctl.errors import UsageProblem
    from pmctl.insight.similar import similar as ranked

    session: Session = ctx.obj
    choose_format(format)
    if bool(what) == bool(text):
        raise UsageProblem("say what they should be like", hint="pmctl similar ID, or a FILE, or --text WORDS")
    name, asked = _asked(session, what, text)
    found = ranked(session.repo, asked, name=name or what or text, without=name, most=most)
    if format == "json":
        session.json("similar", found)
        return
    for line in lines(found):
        session.result(line)
    if not found.similar:
        session.note(f"none of the {found.documents} postmortems at HEAD shares a telling term with it")


def _asked(session: Session, what: str, text: str) -> tuple[str, Mapping[str, float]]:
    """The id that was asked about, "" for anything else, and the terms."""
    from pmctl.document.fields import path_of
    from pmctl.insight.similar import terms_of
    from pmctl.insight.similar_terms import terms
    from pmctl.repository.workspace import read_file

    if text:
        return "", terms("", text)
    known = session.workspace.ids()
    file = Path(what)
    if file.is_file() and not any(what in name for name in known):
        return "", terms_of(read_file(file, what), what)
    name = session.workspace.find(what)
    path = path_of(name)
    return name, terms_of(read_file(session.workspace.repo.root / path, path), path)


def lines(found: AlikeAnswer) -> list[str]:
    """Each hit with its open items first, then why."""
    from pmctl.insight.similar import reasons
    from pmctl.text import listed, safe

    told = []
    for one in found.similar:
        told.append(safe(f"{one.id}: {one.title}"))
        for item in one.open_items:
            due = f", due {item.due}" if item.due else ""
            told.append(safe(f"  still open: {item.id or '(no id)'} {item.text} ({item.owner or 'nobody'}{due})"))
        told.append(safe(f"  both have: {listed(list(reasons(one)))}"))
    return told


def tell_of_incident(session: Session, incident: Incident) -> None:
    """Say, beside the answer about an incident, which postmortems are like it and what they left to be done."""
    from pmctl.insight.similar_terms import terms

    text = "\n".join((incident.title, incident.summary, *(event.text for event in incident.events)))
    tell_of(session, terms(incident.title, text, incident.services, incident.root_causes), "")


def tell_of(session: Session, asked: Mapping[str, float], without: str) -> None:
    """Say which postmortems are like something; one that shares nothing but words is not worth it unasked."""
    from pmctl.insight.similar import similar as ranked

    found = ranked(session.repo, asked, without=without, most=2)
    worth = tuple(one for one in found.similar if any(term.startswith(_WORTH) for term in one.shared))
    for line in lines(replace(found, similar=worth)):
        session.note(f"like it: {line}" if not line.startswith(" ") else line)
