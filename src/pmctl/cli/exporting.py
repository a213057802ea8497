"""export, schema."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import Id, choose_format

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.document.reader import Document

_FORMATS = ("md", "html", "json")


def export(
    ctx: typer.Context,
    id: Id,
    to: Annotated[str, typer.Option("--to", metavar="md|html|json", help="The form.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write to FILE; to stdout if not given.")
    ] = None,
    at: Annotated[str, typer.Option("--at", metavar="REV", help="As it was in this commit.")] = "",
    front_matter: Annotated[
        bool, typer.Option("--front-matter/--no-front-matter", help="Keep the front matter in Markdown.")
    ] = True,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="With who approved what: records, keys, commits, verdicts (html, json).")
    ] = False,
) -> None:
    """One postmortem as clean Markdown, one self-contained HTML page, or JSON with a published schema."""
    from pmctl import git

    session: Session = ctx.obj
    choose_format(to, _FORMATS, "--to")
    workspace = session.workspace
    name = workspace.find(id)
    document = workspace.read_at(name, git.resolve(session.repo.top, at)) if at else workspace.read(name)
    proof = None
    if evidence:
        from pmctl.insight.history import evidence as collect

        proof = collect(session.repo, name)
    text = _rendered(session, document, to, front_matter, proof)
    if output is None:
        sys.stdout.write(text)
        return
    _write(output, text)
    session.note(f"wrote {output}")


def schema(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Which schema; all names if not given.")] = "",
) -> None:
    """The published JSON Schemas of what pmctl reads and prints."""
    from pmctl.output.schemas import published, render

    session: Session = ctx.obj
    if not name:
        for known in published():
            session.result(known)
        return
    session.result(render(name).rstrip("\n"))


def _rendered(
    session: Session, document: Document, to: str, front_matter: bool, proof: dict[str, object] | None
) -> str:
    if to == "md":
        from pmctl.output.markdown import to_markdown

        return to_markdown(document, front_matter=front_matter)
    if to == "json":
        from pmctl.output.json_export import to_json

        return to_json(document, proof)
    from pmctl.cli.session import today
    from pmctl.output.html import to_html
    from pmctl.output.images import folder_reader

    if proof is not None:
        from pmctl.insight.history import evidence_for_people

        proof = evidence_for_people(proof)
    folder = session.repo.root / document.path.removesuffix(".md")
    names = {person.handle: person.name for person in session.workspace.policy.people.values()}
    return to_html(document, today=today(), names=names, read_attachment=folder_reader(folder), evidence=proof)


def _write(output: Path, text: str) -> None:
    from pmctl.errors import EnvironmentProblem
    from pmctl.repository.transaction import replace_file

    try:
        replace_file(output, text.encode(), scratch=output.parent)
    except OSError as error:
        raise EnvironmentProblem(f"cannot write {output}: {error.strerror}") from None
