"""incident show, triage, missing, dismiss, refresh, chat, link, unlink."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.answering import ActFormat, tell
from pmctl.cli.incident_plans import How, fetched, finish
from pmctl.cli.options import As, Format, Id, choose_format

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pmctl.cli.session import Session
    from pmctl.insight.catalog import Summary
    from pmctl.insight.dismissals import Dismissal
    from pmctl.insight.triage import Triage
    from pmctl.insight.triggers import TriggerSettings
    from pmctl.services.incident import Incident

app = typer.Typer(
    help="Read incident records; is a postmortem required, and why.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
_Files = Annotated[
    list[str], typer.Argument(metavar="FILE|-|SOURCE:ID...", help="Incident records; - is stdin, SOURCE:ID is fetched.")
]
_From = Annotated[
    list[str] | None,
    typer.Option("--from", metavar="FILE|-|SOURCE:ID", help="An incident record; repeat for several. - is stdin."),
]
_Source = Annotated[str, typer.Option("--source", metavar="NAME", help="Which system wrote the records.")]
_Only = Annotated[
    list[str] | None,
    typer.Option("--incident", metavar="ID", help="Take this incident of a record that lists several."),
]
_AllowOpen = Annotated[bool, typer.Option("--allow-open", help="Also incidents that are not resolved yet.")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change and change nothing.")]


@app.command()
def show(ctx: typer.Context, files: _Files, source: _Source = "", format: Format = "text") -> None:
    """What is understood of incident records, and from which path in the source. Needs no repository."""
    from pmctl.insight.incidents import incident_documents
    from pmctl.output.incidents import incident_text
    from pmctl.services.draft import losses

    session: Session = ctx.obj
    choose_format(format)
    found = _read(session, files, source, session.warn)
    if format == "json":
        session.json("incident", {"incidents": incident_documents(found)})
        return
    texts = [incident_text(incident, width=session.width, color=session.colored) for incident in found]
    sys.stdout.write("\n".join(texts))
    if not found:
        session.note(_incidents(0))
    for incident in found:
        for warning in (*incident.warnings, *losses(incident, len(incident.events))):
            session.warn(f"{incident.id}: {warning}" if len(found) > 1 else warning)


@app.command()
def triage(
    ctx: typer.Context,
    files: _Files,
    source: _Source = "",
    create: Annotated[
        bool, typer.Option("--create", help="Draft what is required and has none; each draft is one commit.")
    ] = False,
    allow_open: _AllowOpen = False,
    handle: As = "",
    format: Format = "text",
) -> None:
    """Whether incidents need a postmortem: required, recommended or skip, and by which rule; and whether the failure
    is known: a recurring pattern, with the postmortems about it and their open items, or a novel failure.

    Exit code 1 when one is required and not written, 2 when the files are one page of more, 0 otherwise. Without a
    repository the default rules are used, and nothing is known of earlier incidents.
    """
    from pmctl.cli.session import now
    from pmctl.insight.patterns import with_patterns
    from pmctl.insight.triage import triage, triage_documents
    from pmctl.insight.triggers import Verdict
    from pmctl.output.incidents import triage_text

    session: Session = ctx.obj
    choose_format(format)
    lacking: list[str] = []
    found = _read(session, files, source, lacking.append, whole=True)
    settings, history, dismissed = _rules(session)
    _warn_of_unknown_length(session, found)
    answers = [triage(incident, settings, history, now=now(), dismissed=dismissed) for incident in found]
    if create:
        answers = _drafts(session, answers, handle, allow_open=allow_open)
    if history:
        answers = with_patterns(session.repo, answers)
    if format == "json":
        session.json("triage", {"incidents": triage_documents(answers)})
    else:
        for answer in answers:
            session.result(triage_text(answer, color=session.colored))
    wanting = sum(answer.verdict is Verdict.REQUIRED and not answer.postmortem for answer in answers)
    session.note(f"{_incidents(len(answers))}, {wanting} with a postmortem required and not written")
    _refuse_a_part(lacking)
    if wanting:
        raise typer.Exit(1)


@app.command()
def missing(ctx: typer.Context, files: _Files, source: _Source = "", format: Format = "text") -> None:
    """The resolved incidents that required a postmortem and have none. Exit code 1 when there are any."""
    from pmctl.cli.session import now
    from pmctl.insight.triage import missing as without
    from pmctl.insight.triage import triage_documents
    from pmctl.output.incidents import triage_text

    session: Session = ctx.obj
    choose_format(format)
    lacking: list[str] = []
    found = _read(session, files, source, lacking.append, whole=True)
    settings, history, dismissed = _rules(session)
    _warn_of_unknown_length(session, found)
    answers = without(found, settings, history, now=now(), dismissed=dismissed)
    if format == "json":
        session.json("triage", {"incidents": triage_documents(answers)})
    else:
        for answer in answers:
            session.result(triage_text(answer, color=session.colored))
    without_one = f"{len(answers) or 'none'} {'lack' if len(answers) > 1 else 'lacks'} a required postmortem"
    session.note(f"{_incidents(len(found))}; {without_one}")
    _refuse_a_part(lacking)
    if answers:
        raise typer.Exit(1)


@app.command()
def dismiss(
    ctx: typer.Context,
    reference: Annotated[
        str, typer.Argument(metavar="SOURCE:ID", help="The incident, as pmctl incident show names it.")
    ],
    postmortem: Annotated[str, typer.Argument(metavar="[ID]", help="The postmortem, for --because covered-by.")] = "",
    because: Annotated[str, typer.Option("--because", metavar="no-learning|covered-by", help="Why.")] = "",
    reason: Annotated[str, typer.Option("-m", "--message", metavar="TEXT", help="The reason, for the record.")] = "",
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Decide that no postmortem is written about an incident. Triage and missing heed it.

    The decision, who took it and why become a file in .pmctl/dismissed, in a commit of its own; git revert of that
    commit takes it back.
    """
    from pmctl.cli.session import now
    from pmctl.insight.dismissals import dismissal_path
    from pmctl.workflow.dismissing import land_dismissal, plan_dismissal
    from pmctl.workflow.done import Done

    session: Session = ctx.obj
    by, signing = _actor(session, handle)
    decision = plan_dismissal(
        session.workspace, by, reference, because, covered_by=postmortem, reason=reason, now=now()
    )
    landed = land_dismissal(session.workspace, decision, signing)
    done = Done(
        act="incident dismiss", id=f"{decision.source}:{decision.id}", by=by, landed=landed,
        sentence=dismissal_path(decision.source, decision.id), facts=(decision.because, f"commit {landed.oid[:12]}"),
    )  # fmt: skip
    tell(session, done, format)


@app.command()
def refresh(
    ctx: typer.Context,
    id: Id,
    from_: _From = None,
    source: _Source = "",
    dry_run: _DryRun = False,
    yes: Annotated[bool, typer.Option("--yes", help="Change it without asking.")] = False,
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Bring in what an incident's record says now. What people edited stays; the difference is shown first.

    Without --from the linked incidents are fetched from the systems that have an API.
    """
    from pmctl.workflow.refresh import linked_names, plan_refresh

    session: Session = ctx.obj
    workspace = session.workspace
    name = workspace.find(id)
    by, signing = _actor(session, handle)
    linked = linked_names(workspace, name)
    records = (
        _of_linked(session, _read(session, from_, source, session.warn), linked)
        if from_
        else fetched(session, name, linked)
    )
    planned = plan_refresh(workspace, by, name, records)
    finish(
        session,
        planned,
        f"Refresh {name} from its incident",
        How("incident refresh", by, signing, format, dry_run, ask=not yes),
    )


@app.command()
def chat(
    ctx: typer.Context,
    id: Id,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE|-...", help="Messages of a Slack export or its API, and users.json.")
    ],
    reaction: Annotated[
        list[str] | None, typer.Option("--reaction", metavar="NAME", help="Take what people marked so; repeat.")
    ] = None,
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="Take messages from this time on.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="TIME", help="Take messages up to this time.")] = "",
    dry_run: _DryRun = False,
    yes: Annotated[bool, typer.Option("--yes", help="Change it without asking.")] = False,
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Add messages of a Slack channel to the timeline: who said what when, with code and links.

    Which ones is said by a reaction that people gave, by a time, or both; never all. TIME is 14:05 (UTC, on the
    incident's day) or 2024-01-15T14:05Z.
    """
    from pmctl.services.parsing import load_files
    from pmctl.services.slack import read_messages
    from pmctl.workflow.chat import plan_chat

    session: Session = ctx.obj
    workspace = session.workspace
    name = workspace.find(id)
    by, signing = _actor(session, handle)
    messages = read_messages(load_files(files, sys.stdin.buffer), session.warn)
    planned = plan_chat(workspace, by, name, messages, reactions=reaction or (), since=since, until=until)
    finish(
        session,
        planned,
        f"Add messages to the timeline of {name}",
        How("incident chat", by, signing, format, dry_run, ask=not yes),
    )


@app.command()
def link(
    ctx: typer.Context,
    id: Id,
    from_: _From = None,
    source: _Source = "",
    incident: _Only = None,
    allow_open: _AllowOpen = False,
    dry_run: _DryRun = False,
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Add another incident to a postmortem: timelines merged and labelled, services and people of both."""
    from pmctl.cli.writing import read_incident
    from pmctl.errors import UsageProblem
    from pmctl.workflow.linking import plan_link

    session: Session = ctx.obj
    if not from_:
        raise UsageProblem("there is no incident to link", hint=f"pmctl incident link {id} --from FILE")
    workspace = session.workspace
    name = workspace.find(id)
    by, signing = _actor(session, handle)
    record = read_incident(session, from_, source, tuple(incident or ()))
    records = record.parts or (record,)
    planned = plan_link(workspace, by, name, records, allow_open=allow_open)
    named = ", ".join(f"{one.source} {one.id}" for one in records)
    finish(session, planned, f"Link {named} to {name}", How("incident link", by, signing, format, dry_run))


@app.command()
def unlink(
    ctx: typer.Context,
    id: Id,
    reference: Annotated[str, typer.Argument(metavar="SOURCE:ID", help="The incident, as pmctl show names it.")],
    dry_run: _DryRun = False,
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Take an incident out of a postmortem, with the entries that came from it and that nobody edited."""
    from pmctl.workflow.linking import plan_unlink

    session: Session = ctx.obj
    workspace = session.workspace
    name = workspace.find(id)
    by, signing = _actor(session, handle)
    planned = plan_unlink(workspace, by, name, reference)
    finish(session, planned, f"Unlink {reference} from {name}", How("incident unlink", by, signing, format, dry_run))


def _read(
    session: Session, names: list[str], source: str, lacking: Callable[[str], None], *, whole: bool = False
) -> tuple[Incident, ...]:
    from pmctl.cli.session import now
    from pmctl.cli.writing import record_files
    from pmctl.services.registry import read_incidents

    return read_incidents(record_files(session, names), source or None, now=now(), whole=whole, lacking=lacking)


def _refuse_a_part(lacking: Sequence[str]) -> None:
    """Raise BadInput when the files are a part of what their system has: the rest was judged by nobody."""
    from pmctl.errors import BadInput

    if lacking:
        what = "the answer is not complete: the files are a part of what their system has"
        hint = "give the other pages as well, or fetch the incident by SOURCE:ID"
        raise BadInput(what, hint=hint, details=tuple(lacking))


def _warn_of_unknown_length(session: Session, found: Sequence[Incident]) -> None:
    """Name the incidents of which no rule can tell how long they took: that they pass is no all-clear."""
    for one in found:
        if one.resolved and not one.exempt and not (one.started_at and one.resolved_at):
            end = "began" if one.started_at is None else "ended"
            session.warn(
                f"{one.id or one.title[:80]}: the record does not say when it {end}: nobody knows how long it took"
            )


def _rules(session: Session) -> tuple[TriggerSettings, Sequence[Summary], Sequence[Dismissal]]:
    """The repository's triggers, its history and what was dismissed; the default rules and nothing outside of one."""
    from pmctl.errors import EnvironmentProblem
    from pmctl.insight.incidents import triage_rules
    from pmctl.insight.triggers import TriggerSettings

    try:
        session.repo  # noqa: B018  raises when there is none, before anything in it is read
    except EnvironmentProblem as error:
        session.note(f"{error.message}: using the default rules, without earlier postmortems")
        return TriggerSettings(), (), ()
    from pmctl.insight.dismissals import dismissals

    dismissed, problems = dismissals(session.workspace.head)
    for problem in problems:
        session.warn(problem)
    return *triage_rules(session.workspace), dismissed


def _drafts(session: Session, answers: Sequence[Triage], handle: str, *, allow_open: bool) -> list[Triage]:
    """The answers with the postmortems that were drafted for them."""
    from pmctl.cli.session import today
    from pmctl.cli.writing import known_author
    from pmctl.workflow.drafting import draft_required

    by, signing = _actor(session, handle)
    author = known_author(session, by)
    drafted = draft_required(session.workspace, answers, author, signing, today=today(), allow_open=allow_open)
    for made in drafted:
        if made.problem:
            session.warn(f"{made.answer.incident.id}: not drafted: {made.problem}")
        elif made.path:
            session.note(f"drafted {made.path}")
    return [made.answer for made in drafted]


def _of_linked(session: Session, records: Sequence[Incident], linked: Sequence[str]) -> list[Incident]:
    """The records of linked incidents when a file holds others too; all of them when it holds none of those."""
    ours = [record for record in records if f"{record.source}:{record.id}" in linked]
    if ours and len(ours) < len(records):
        session.note(f"{len(records) - len(ours)} of {_incidents(len(records))} in the files are not linked: left out")
    return ours or list(records)


def _actor(session: Session, handle: str) -> tuple[str, tuple[str, ...]]:
    return session.person(handle), session.signing()


def _incidents(count: int) -> str:
    from pmctl.text import plural

    return plural(count, "incident")
