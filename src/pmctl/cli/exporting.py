"""export, schema."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import (
    ByAuthor,
    ByService,
    BySeverity,
    ByStatus,
    ByTag,
    ByTeam,
    OptionalId,
    Since,
    Until,
    choose_format,
    chosen_query,
)
from pmctl.output.exports import FORMS, Material

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.insight.search import Query
    from pmctl.repository.workspace import Workspace


def export(
    ctx: typer.Context,
    id: OptionalId = "",
    to: Annotated[
        str, typer.Option("--to", metavar="|".join(FORMS), help="The form; by the name of FILE, unless given.")
    ] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE|DIR", help="Write to FILE; to stdout if not given.")
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
    public: Annotated[bool, typer.Option("--public", help="What customers may read of it, as it was shared.")] = False,
    every: Annotated[bool, typer.Option("--all", help="All that the filters choose, into the folder of -o.")] = False,
    audience: Annotated[
        str,
        typer.Option(
            "--audience", metavar="WHO", help="Only what they may read: organization, team:NAME or person:HANDLE."
        ),
    ] = "",
    status: ByStatus = None,
    author: ByAuthor = None,
    service: ByService = None,
    team: ByTeam = None,
    severity: BySeverity = None,
    tag: ByTag = None,
    since: Since = "",
    until: Until = "",
) -> None:
    """One postmortem as clean Markdown, one self-contained HTML page, a PDF, or JSON with a published schema.

    State, author and reviewers are those that signed records prove; what the file says otherwise is marked. With --all
    each postmortem becomes a file in a folder, named by its id; with --audience too those that are published or
    archived, unless --status says otherwise.
    """
    from pmctl.errors import Refused

    session: Session = ctx.obj
    query = chosen_query(
        since, until, status=status, author=author, service=service, team=team, severity=severity, tag=tag
    )
    _refuse_mixture(id, query, at, audience, every=every)
    form = _form(to, output, every=every)
    if public:
        given = every or at or audience or evidence or front_matter is not None or fonts is not None
        _export_public(session, id, form, output, alone=not given)
        return
    options = {"--evidence": evidence, "--front-matter": front_matter is not None, "--fonts": fonts is not None}
    _refuse_idle(form, options, fonts)
    wish = _Wish(form, at, evidence=evidence, front_matter=front_matter is not False, fonts=fonts)
    readable = _readable(session, audience, drafts=not every or bool(status)) if audience else None
    if every and output is not None:
        _export_all(session, query, wish, output, readable)
    else:
        name = session.workspace.find(id)
        if readable is not None and name not in readable:
            raise Refused(f"{name} is not for {audience}", hint="its visibility, teams and people decide: docs/site.md")
        _export_one(session, name, wish, output)


def _refuse_mixture(id: str, query: Query, at: str, audience: str, *, every: bool) -> None:
    """Raise UsageProblem for what cannot be asked together."""
    from pmctl.errors import UsageProblem
    from pmctl.insight.search import Query

    if every == bool(id):
        raise UsageProblem("say which postmortem" if not id else "--all and an id", hint="give an id, or --all -o DIR")
    if not every and query != Query():
        raise UsageProblem("filters choose among all postmortems", hint="--all -o DIR")
    if at and audience:
        raise UsageProblem("--at and --audience", hint="who may read a postmortem is decided by what stands now")


@dataclass(frozen=True, slots=True)
class _Wish:
    """How postmortems are to be exported: the options."""

    form: str
    at: str
    evidence: bool
    front_matter: bool
    fonts: Path | None


def _readable(session: Session, audience: str, *, drafts: bool) -> frozenset[str]:
    """The ids of what an audience may read or, of what cannot be read now, may know of."""
    from pmctl.insight.publication import publications
    from pmctl.policy.audience import parse

    found = publications(session.workspace, parse(audience, session.workspace.policy), drafts=drafts)
    session.end_if_incomplete(found.incomplete)
    return frozenset((*(one.id for one in found.pages), *(one.id for one in found.broken)))


def _export_public(session: Session, id: str, form: str, output: Path | None, *, alone: bool) -> None:
    """The public text in force, in one form."""
    from pmctl.errors import UsageProblem
    from pmctl.workflow.public_leaving import export as export_public

    if not alone:
        raise UsageProblem("--public exports what was shared as it is", hint="give it an id, --to and -o alone")
    _refuse_binary_on_terminal(form, output)
    _deliver(session, export_public(session.workspace, session.workspace.find(id), form), output)


def _refuse_binary_on_terminal(form: str, output: Path | None) -> None:
    from pmctl.errors import UsageProblem

    if output is None and not FORMS[form].is_text and sys.stdout.isatty():
        raise UsageProblem(f"a terminal cannot show {form}", hint=f"-o FILE.{form}, or send it into a pipe")


def _deliver(session: Session, data: bytes, output: Path | None) -> None:
    """Write what was made to a file, or to stdout: a person's terminal shows it, a program gets every byte."""
    from pmctl.text import visible

    if output is not None:
        write_file(output, data)
        session.note(f"wrote {output}")
    elif sys.stdout.isatty():
        session.result(visible(data.decode()).rstrip("\n"))
    else:
        sys.stdout.buffer.write(data)


def _export_one(session: Session, name: str, wish: _Wish, output: Path | None) -> None:
    _refuse_binary_on_terminal(wish.form, output)
    material, incomplete = _material(session, name, wish)
    _deliver(session, FORMS[wish.form].make(material), output)
    session.end_if_incomplete(incomplete)


def _export_all(session: Session, query: Query, wish: _Wish, folder: Path, readable: frozenset[str] | None) -> None:
    """One file for each postmortem that fits and, unless that is None, is among the `readable`.

    One that cannot be made is told of, and the command ends with 2.
    """
    from pmctl.cli import tell_error
    from pmctl.cli.listing import chosen
    from pmctl.errors import EnvironmentProblem, PmctlError
    from pmctl.processes import counted
    from pmctl.text import plural

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentProblem(f"cannot make {folder}: {error.strerror}") from None
    wrote, failed, incomplete = 0, 0, ""
    summaries = [one for one in chosen(session, query) if readable is None or one.id in readable]
    for summary in counted(summaries, "postmortems exported", session.progress):
        try:
            material, lacking = _material(session, summary.id, wish)
            write_file(folder / f"{summary.id}.{wish.form}", FORMS[wish.form].make(material))
        except PmctlError as error:
            tell_error(error, f"{summary.id}: ")
            failed += 1
        else:
            wrote += 1
            incomplete = incomplete or lacking
    session.note(f"wrote {plural(wrote, 'file')} to {folder}")
    session.end_if_incomplete(incomplete)
    if failed:
        raise typer.Exit(2)


def _material(session: Session, name: str, wish: _Wish) -> tuple[Material, str]:
    """What an export of a postmortem is made of, and why it is not known completely ('' when it is)."""
    from pmctl import git
    from pmctl.cli.session import today
    from pmctl.insight.standing import shown

    workspace = session.workspace
    revision = git.resolve(session.repo.top, wish.at) if wish.at else "HEAD"
    document = workspace.read_at(name, revision) if wish.at else workspace.read(name)
    found = shown(workspace.at(revision), document, name)
    for mark in found.marks:
        session.warn(f"{name}: {mark}")
    proof = None
    if wish.evidence:
        from pmctl.insight.history import evidence as collect

        proof = collect(session.repo, name)
    folder = session.repo.root / found.document.path.removesuffix(".md")
    material = Material(
        found.document, today(), lambda: workspace.policy, folder, proof, wish.front_matter, found.marks,
        found.approved, _version(workspace, name, revision, wish.at), wish.fonts,
    )  # fmt: skip
    return material, (str(proof["incomplete"]) if proof is not None else "") or found.incomplete


def _version(workspace: Workspace, name: str, revision: str, at: str) -> str:
    """The commit whose text is exported, shortened; "not committed" when the work tree has another."""
    from pmctl.document.fields import path_of

    path = path_of(name)
    file = workspace.repo.root / path
    if not at and (not file.is_file() or file.read_bytes() != workspace.head.file(path)):
        return "not committed"
    return (revision if at else workspace.head.commit)[:12]


def _form(to: str, output: Path | None, *, every: bool) -> str:
    """The form that is meant; raises UsageProblem when neither --to nor the file's name says one."""
    from pmctl.errors import UsageProblem

    if every:
        if output is None or not to:
            raise UsageProblem("--all needs a form and a folder", hint=f"--to {'|'.join(FORMS)} -o DIR")
        if output.exists() and not output.is_dir():
            raise UsageProblem(f"{output} is no folder", hint="-o DIR")
        return choose_format(to, tuple(FORMS), "--to")
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


def _refuse_idle(to: str, given: dict[str, bool], fonts: Path | None) -> None:
    """Raise UsageProblem for an option that the form has no use for: it would look as if it had been heeded."""
    from pmctl.errors import UsageProblem

    for option, wanted in given.items():
        if wanted and option not in FORMS[to].options:
            forms = " and ".join(name for name, form in FORMS.items() if option in form.options)
            raise UsageProblem(f"{option} has no meaning for {to}", hint=f"it is for {forms}")
    if fonts is not None and not fonts.is_dir():
        raise UsageProblem(f"--fonts {fonts}: there is no such folder")


def schema(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Which schema; all names if not given.")] = "",
) -> None:
    """The published JSON Schemas of what pmctl reads and prints; `commands` describes the command line itself."""
    from pmctl.output.schemas import published, render

    session: Session = ctx.obj
    if name == "commands":
        from pmctl.cli.command_tree import commands

        session.json("commands", commands())
        return
    if not name:
        for known in published():
            session.result(known)
        return
    session.result(render(name).rstrip("\n"))


def write_file(output: Path, data: bytes) -> None:
    """Write a file that was asked for by its path. Raises EnvironmentProblem when that cannot be."""
    from pmctl.errors import EnvironmentProblem
    from pmctl.files import replace_file

    try:
        replace_file(output, data, scratch=output.parent)
    except OSError as error:
        raise EnvironmentProblem(f"cannot write {output}: {error.strerror}") from None
