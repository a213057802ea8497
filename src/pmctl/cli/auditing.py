"""audit, waive."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.answering import ActFormat
from pmctl.cli.options import As, Reason, choose_format

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.errors import Hint
    from pmctl.insight.auditing import Examined
    from pmctl.ledger.report import Report
    from pmctl.workflow.agreements import Agreed

Root = Annotated[
    str, typer.Option("--root", metavar="DIGEST", help="The digest of the first policy, as pmctl init printed it.")
]


def audit(
    ctx: typer.Context,
    root: Root = "",
    range: Annotated[
        str, typer.Option("--range", metavar="A..B", help="Report only what landed after A, up to B.")
    ] = "",
    branch: Annotated[
        str,
        typer.Option(
            "--branch", metavar="NAME", help="The server's main branch (for CI): must be the one that is protected."
        ),
    ] = "",
    accept: Annotated[
        bool, typer.Option("--accept", help="Remember what is there now, though it is not what was seen before.")
    ] = False,
    format: Annotated[
        str, typer.Option("--format", metavar="text|json|sarif", help="How the report is printed.")
    ] = "text",
) -> None:
    """Re-check the whole history up to HEAD: signatures, approvals, states, content, policy.

    Exit code 1 when something was not allowed and no admin waived it; 2 when the history is not all there. Proved
    findings rest on signatures, attributed ones on whom commits say they are from; they are told apart.
    """
    from pmctl.output import audit as output

    session: Session = ctx.obj
    choose_format(format, output.FORMATS)
    found = examined(session, root=root, reach=range, head=branch, accept=accept)
    report = found.report
    if format == "json":
        session.json_made("audit", output.to_json(report, root_source=found.source))
    elif format == "sarif":
        session.result(output.to_sarif(report, _titles(report), prefix=session.repo.prefix).rstrip("\n"))
    else:
        session.result(output.to_text(report, root_source=found.source).rstrip("\n"))
    for line in found.notes:
        session.note(line)
    if any(finding.code not in output.INCOMPLETE for finding in report.violations):
        raise typer.Exit(1)
    if not report.complete:
        raise typer.Exit(2)


def waive(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The finding's code, as the audit prints it.")],
    commit: Annotated[str, typer.Argument(metavar="COMMIT", help="The step that the audit names.")],
    note: Reason,
    about: Annotated[
        str | None,
        typer.Option("--about", metavar="ID", help="The postmortem, when the step has findings about several."),
    ] = None,
    root: Root = "",
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Accept an audit finding, signed and with a reason (as many admins as the policy asks for).

    Covers what the step has with this code about one postmortem, and says how much that is before it is signed. It
    stays in every report, as waived, with your name and your reason.
    """
    from pmctl import git
    from pmctl.cli.session import now
    from pmctl.errors import Refused, advise
    from pmctl.output.audit import finding_lines
    from pmctl.text import plural
    from pmctl.workflow import agreements

    session: Session = ctx.obj
    actor = session.actor(handle)
    step = git.resolve(session.repo.top, commit)
    report = examined(session, root=root).report
    if about:
        about = session.workspace.find(about)
    _, found = agreements.covered(report, code.upper(), step, about)
    session.note(f"this covers {plural(len(found), 'finding')}:")
    for line in finding_lines(found):
        session.note(f"  {line}")
    if len(found) > 1 and session.interactive:
        from pmctl.cli.prompts import ask_yes

        if not ask_yes("Accept all of them?"):
            raise Refused("nothing was signed")
    count, agreed = agreements.waive(
        session.workspace, actor, report, code.upper(), step, at=now(), note=note, about=about
    )
    what = f"{code.upper()} in {step[:12]}" + (f" ({count} findings)" if count > 1 else "")
    tell_agreed(session, agreed, f"{actor.handle} waived {what}", advise("audit-shows-waived"), format)


def tell_agreed(session: Session, agreed: Agreed, sentence: str, then: Hint, format: str) -> None:
    """Say what a signature did, or how many more are needed."""
    from pmctl.cli.answering import tell
    from pmctl.errors import advise
    from pmctl.workflow.done import Done

    step = then
    if agreed.missing:
        others = ", ".join(agreed.candidates)
        step = advise("sign-the-same", missing=str(agreed.missing), people=others)
    act = agreed.act
    tell(
        session,
        Done(
            act=act.act, id=act.doc, by=act.by, sentence=sentence, landed=agreed.committed, digest=act.content,
            facts=(f"commit {agreed.commit[:12]}",), next_step=step,
        ),
        format,
    )  # fmt: skip


def examined(session: Session, *, root: str = "", reach: str = "", head: str = "", accept: bool = False) -> Examined:
    """The audit of this session's repository with the root that applies here."""
    from pmctl.insight.auditing import examine

    return examine(
        session.repo,
        environ=os.environ,
        root=root,
        reach=reach,
        head=head,
        accept=accept,
    )


def _titles(report: Report) -> dict[str, str]:
    """A sentence for each code in the report, from the documentation of the codes."""
    from pmctl.codes import codes

    return {finding.code: codes()[finding.code].what for finding in report.findings}
