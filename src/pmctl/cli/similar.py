"""similar: which postmortems are like one, and what they left to be done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import Format, choose_format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pmctl.cli.session import Session


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
    from pmctl.output.similar import lines

    session: Session = ctx.obj
    choose_format(format)
    if bool(what) == bool(text):
        raise UsageProblem("say what they should be like", hint="pmctl similar ID, or a FILE, or --text WORDS")
    name, asked = _asked(session, what, text)
    found = ranked(session.repo, asked, name=name or what or text, without=name, most=most)
    if format == "json":
        session.json("similar", found)
        return
    for line in lines(found.similar):
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


def tell_of(session: Session, asked: Mapping[str, float], without: str) -> None:
    """Say which postmortems are of the same pattern as something; the others are not worth it unasked."""
    from pmctl.insight.similar import similar as ranked
    from pmctl.output.similar import lines

    found = ranked(session.repo, asked, without=without, most=2)
    for line in lines(one for one in found.similar if one.recurs):
        session.note(f"like it: {line}" if not line.startswith(" ") else line)
