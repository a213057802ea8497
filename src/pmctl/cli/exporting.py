"""export, schema."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import Id, choose_format
from pmctl.output.exports import FORMS, Material

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.repository.workspace import Workspace


def export(
    ctx: typer.Context,
    id: Id,
    to: Annotated[
        str, typer.Option("--to", metavar="|".join(FORMS), help="The form; by the name of FILE, unless given.")
    ] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write to FILE; to stdout if not given.")
    ] = None,
    at: Annotated[str, typer.Option("--at", metavar="REV", help="As it was in this commit.")] = "",
    front_matter: Annotated[
        bool | None, typer.Option("--front-matter/--no-front-matter", help="Keep the front matter in Markdown (md).")
    ] = None,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="With who approved what: keys, commits, verdicts (html, json, pdf).")
    ] = False,
    fonts: Annotated[
        Path | None, typer.Option("--fonts", metavar="DIR", help="A folder of further fonts (pdf).")
    ] = None,
) -> None:
    """One postmortem as clean Markdown, one self-contained HTML page, a PDF, or JSON with a published schema.

    State, author and reviewers are those that signed records prove; what the file says otherwise is marked.
    """
    from pmctl import git
    from pmctl.cli.session import today
    from pmctl.errors import UsageProblem
    from pmctl.insight.standing import shown
    from pmctl.text import visible

    session: Session = ctx.obj
    to = _form(to, output)
    _refuse_idle(to, {"--evidence": evidence, "--front-matter": front_matter is not None, "--fonts": fonts is not None})
    if fonts is not None and not fonts.is_dir():
        raise UsageProblem(f"--fonts {fonts}: there is no such folder")
    if output is None and not FORMS[to].is_text and sys.stdout.isatty():
        raise UsageProblem(f"a terminal cannot show {to}", hint=f"-o FILE.{to}, or send it into a pipe")
    workspace = session.workspace
    name = workspace.find(id)
    revision = git.resolve(session.repo.top, at) if at else "HEAD"
    found = shown(workspace.at(revision), workspace.read_at(name, revision) if at else workspace.read(name), name)
    for mark in found.marks:
        session.warn(f"{name}: {mark}")
    proof = None
    if evidence:
        from pmctl.insight.history import evidence as collect

        proof = collect(session.repo, name)
    folder = session.repo.root / found.document.path.removesuffix(".md")
    kept = front_matter is not False
    material = Material(
        found.document, today(), lambda: workspace.policy, folder, proof, kept, found.marks, found.approved,
        _version(workspace, name, revision, at), fonts,
    )  # fmt: skip
    data = FORMS[to].make(material)
    if output is None and sys.stdout.isatty():  # what a person looks at; a file or a program gets every byte
        session.result(visible(data.decode()).rstrip("\n"))
        return
    if output is None:
        sys.stdout.buffer.write(data)
        return
    _write(output, data)
    session.note(f"wrote {output}")


def _version(workspace: Workspace, name: str, revision: str, at: str) -> str:
    """The commit whose text is exported, shortened; "not committed" when the work tree has another."""
    from pmctl.document.fields import path_of

    path = path_of(name)
    file = workspace.repo.root / path
    if not at and (not file.is_file() or file.read_bytes() != workspace.head.file(path)):
        return "not committed"
    return (revision if at else workspace.head.commit)[:12]


def _form(to: str, output: Path | None) -> str:
    """The form that is meant; raises UsageProblem when neither --to nor the file's name says one."""
    from pmctl.errors import UsageProblem

    if to or output is None:
        if not to:
            raise UsageProblem("say which form", hint=f"--to {'|'.join(FORMS)}, or -o FILE.html")
        return choose_format(to, tuple(FORMS), "--to")
    if output.is_dir():
        raise UsageProblem(f"{output} is a folder", hint="name the file: -o FILE.html")
    suffix = output.suffix.lower().removeprefix(".")
    found = {"htm": "html", "markdown": "md"}.get(suffix, suffix)
    if found not in FORMS:
        raise UsageProblem(f"{output.name} does not say which form", hint=f"add --to {'|'.join(FORMS)}")
    return found


def _refuse_idle(to: str, given: dict[str, bool]) -> None:
    """Raise UsageProblem for an option that the form has no use for: it would look as if it had been heeded."""
    from pmctl.errors import UsageProblem

    for option, wanted in given.items():
        if wanted and option not in FORMS[to].options:
            forms = " and ".join(name for name, form in FORMS.items() if option in form.options)
            raise UsageProblem(f"{option} has no meaning for {to}", hint=f"it is for {forms}")


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


def _write(output: Path, data: bytes) -> None:
    from pmctl.errors import EnvironmentProblem
    from pmctl.files import replace_file

    try:
        replace_file(output, data, scratch=output.parent)
    except OSError as error:
        raise EnvironmentProblem(f"cannot write {output}: {error.strerror}") from None
