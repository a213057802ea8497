"""policy show, diff, sign, verify, branch, baseline, move, checkpoint."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.answering import ActFormat, tell
from pmctl.cli.options import As, Format, Note, Reason, Remote, choose_format
from pmctl.errors import advise
from pmctl.output.advice import with_fix, words
from pmctl.text import plural, safe

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.policy.model import Person, Policy

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The policy: who may do what, and who signed it.")


@app.command()
def show(
    ctx: typer.Context,
    at: Annotated[str, typer.Option("--at", metavar="REV", help="The policy in this commit.")] = "HEAD",
    format: Format = "text",
) -> None:
    """The policy in force: its rules and who is in it."""
    session: Session = ctx.obj
    choose_format(format)
    policy = _policy_at(session, at)
    rules = _rules(policy)
    if format == "json":
        from pmctl.output.answers import PolicyRules

        session.json("policy", PolicyRules(policy.version, policy.digest, dict(rules)))
        return
    for name, value in (*rules, *((one.handle, _person(one)) for one in policy.people.values())):
        session.result(safe(f"{name:<18}{value}"))
    session.note("fingerprints of keys: pmctl people list --keys")


@app.command()
def diff(
    ctx: typer.Context,
    revision: Annotated[str, typer.Argument(metavar="[REV]", help="Compare with this commit.")] = "HEAD",
) -> None:
    """What the work tree's policy, or else the proposal that waits, changes against the one in force."""
    from pmctl.policy.differences import differences
    from pmctl.policy.model import POLICY_PATH
    from pmctl.policy.reading import parse_policy
    from pmctl.repository.workspace import read_file
    from pmctl.workflow.policy import proposal

    session: Session = ctx.obj
    old = _policy_at(session, revision)
    data = read_file(session.repo.root / POLICY_PATH, POLICY_PATH)
    what = "the work tree"
    waiting = proposal(session.workspace)
    if waiting is not None and data == session.workspace.head.file(POLICY_PATH):
        what, data = f"the proposal signed by {', '.join(waiting.signers) or 'nobody'}", waiting.data
    new, findings = parse_policy(data)
    if new is None:
        _raise_broken(findings)
        return
    found = differences(old, new)
    for line in found:
        session.result(safe(line))
    if session.workspace.policy.digest == new.digest:
        count = plural(len(found), "difference") if found else "no difference"
        session.note(f"{count} between {revision} (version {old.version}) and the policy in force ({new.version})")
    elif found:
        session.note(f"version {old.version} -> {new.version} ({what}); an admin signs it with: pmctl policy sign")
    else:
        session.note(f"no difference between {revision} and {what}")


@app.command()
def sign(ctx: typer.Context, note: Note = "", acting: As = "", remote: Remote = "", format: ActFormat = "text") -> None:
    """Sign your edit of .pmctl/policy.yaml, or else the proposal that waits for signatures (admins).

    The step that lands a policy holds nothing else, and it counts from the next step on.
    """
    from pmctl.cli.people import tell_change
    from pmctl.cli.session import now
    from pmctl.workflow import policy

    session: Session = ctx.obj
    actor = session.actor(acting)
    if remote:
        from pmctl.services.pmctl_server import connect
        from pmctl.workflow.remote import sign_policy_remotely

        with connect(remote, session.secrets, session.note) as service:
            tell(session, sign_policy_remotely(session.workspace, actor, service, note=note), format)
        return
    tell_change(session, policy.sign(session.workspace, actor, at=now(), note=note), format, "policy sign")


@app.command()
def verify(ctx: typer.Context, format: Format = "text") -> None:
    """Is the policy well written, and did enough admins sign every version of it?"""
    from pmctl.cli.auditing import examined
    from pmctl.output.audit import INCOMPLETE, finding_lines
    from pmctl.workflow.policy import verification

    session: Session = ctx.obj
    choose_format(format)
    found = verification(session.workspace, examined(session))
    if format == "json":
        session.json("policy-verify", found.as_dict())
        raise typer.Exit(0 if found.passed else 1)
    for event in found.chain:
        session.result(safe(f"version {event.policy}: signed by {event.by} ({event.key}), {event.commit[:12]}"))
    for one in found.written:
        line = f"{one.path}:{one.line}:{one.column}: {one.code} {one.message}"
        session.result(safe(with_fix(line, one.fix)))
    for line in finding_lines(found.broken):
        session.result(line)
    if found.waiting:
        signed = ", ".join(found.waiting.signers) or "nobody"
        needed = session.workspace.policy.policy_threshold
        version = found.waiting.policy.version
        session.result(f"version {version} waits: signed by {signed}, {needed} admins have to (pmctl policy sign)")
    report, source = found.audited.report, found.audited.source
    if report.root:
        session.result(f"root {report.root}" + (f" ({source})" if source else ""))
    if not report.complete:
        session.result(safe(f"INCOMPLETE: {report.incomplete}; the signatures before that were not looked at"))
        for hint in dict.fromkeys(finding.hint for finding in report.findings if finding.code in INCOMPLETE):
            session.note(f"  {words(hint)}")
    raise typer.Exit(0 if found.passed else 1 if report.complete or found.violations else 2)


@app.command()
def branch(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A branch that is there, as in main.")],
    note: Note = "",
    acting: As = "",
    format: ActFormat = "text",
) -> None:
    """Protect another branch: sign the next version of the policy (admins).

    When the server's main branch gets another name: rename it there, fetch, switch to it, then run this.
    """
    from pmctl.cli.people import tell_change
    from pmctl.cli.session import now
    from pmctl.workflow import policy

    session: Session = ctx.obj
    actor = session.actor(acting)
    changed = policy.name_branch(session.workspace, actor, name, at=now(), note=note)
    tell_change(session, changed, format, "policy branch")


@app.command()
def baseline(
    ctx: typer.Context,
    note: Reason,
    tip: Annotated[
        str, typer.Option("--tip", metavar="COMMIT", help="Where history ended before it was rewritten.")
    ] = "",
    acting: As = "",
    format: ActFormat = "text",
) -> None:
    """Accept the history so far as found, by a signed record (as many admins as the policy asks for).

    For histories that were imported, or that had to be rewritten (docs/purge.md). Every finding of the steps before it
    is shown as accepted, with your name and reason, and every postmortem stands in the state that its file says now.
    """
    from pmctl import git
    from pmctl.cli.auditing import tell_agreed
    from pmctl.cli.session import now
    from pmctl.workflow import agreements

    session: Session = ctx.obj
    actor = session.actor(acting)
    old = git.resolve(session.repo.top, tip) if tip else ""
    count, dropped, agreed = agreements.baseline(session.workspace, actor, at=now(), note=note, tip=old)
    gone = f", without {plural(len(dropped), 'record')} that {old[:12]} had" if dropped else ""
    done = f"{actor.handle} accepted the history so far with {plural(count, 'postmortem')}{gone}"
    tell_agreed(session, agreed, done, advise("audit-shows-accepted"), format)


@app.command()
def move(
    ctx: typer.Context,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The folder, seen from the repository's top; . for it.")],
    note: Note = "",
    acting: As = "",
    format: ActFormat = "text",
) -> None:
    """Let pmctl's root move to another folder of the repository (as many admins as the policy asks for).

    The folder itself then moves in a step that changes nothing else: git mv OLD NEW, and commit.
    """
    from pmctl.cli.auditing import tell_agreed
    from pmctl.cli.session import now
    from pmctl.workflow import agreements

    session: Session = ctx.obj
    actor = session.actor(acting)
    agreed = agreements.allow_move(session.workspace, actor, new, at=now(), note=note)
    done = f"{actor.handle} signed that the pmctl root may move to {new}"
    tell_agreed(session, agreed, done, advise("move-the-root"), format)


@app.command()
def checkpoint(ctx: typer.Context, note: Note = "", acting: As = "", format: ActFormat = "text") -> None:
    """Sign where the protected branch is, as a witness (an admin, or a service such as CI). It changes nothing else.

    Whoever would rewrite or drop what landed before has to drop the signed record with it, and that shows.
    """
    from pmctl.cli.auditing import tell_agreed
    from pmctl.cli.session import now
    from pmctl.workflow import agreements

    session: Session = ctx.obj
    actor = session.actor(acting)
    base, agreed = agreements.checkpoint(session.workspace, actor, at=now(), note=note)
    branch = session.workspace.policy.branch
    done = f"{actor.handle} witnessed {base[:12]} on {branch}"
    tell_agreed(session, agreed, done, advise("push-checkpoint", branch=branch), format)


def _policy_at(session: Session, revision: str) -> Policy:
    from pmctl.errors import NotFound
    from pmctl.policy.model import POLICY_PATH

    if revision == "HEAD":
        return session.workspace.policy
    policy, findings = session.workspace.at(revision).policy()
    if policy is None and not findings:
        raise NotFound(f"there is no {POLICY_PATH} in {revision}", hint="git log -- .pmctl/policy.yaml lists commits")
    if policy is None:
        _raise_broken(findings)
        raise AssertionError  # the line above has raised; for the type checker
    return policy


def _raise_broken(findings: object) -> None:
    from pmctl.errors import BadInput

    assert isinstance(findings, tuple)  # noqa: S101  for the type checker: imported late
    lines = tuple(f"{f.path}:{f.line}:{f.column}: {f.code} {f.message}" for f in findings)
    raise BadInput("this policy cannot be read", hint="correct it, then run pmctl policy verify", details=lines)


def _rules(policy: Policy) -> list[tuple[str, str]]:
    review = policy.review
    approvals = "all requested reviewers" if review.approvals is None else f"{review.approvals} of the requested"
    rules = [
        ("version", str(policy.version)),
        ("digest", policy.digest),
        ("repository", policy.repository),
        ("branch", f"{policy.branch} is protected"),
        ("admins", ", ".join(policy.admins)),
        ("policy_threshold", f"{policy.policy_threshold} of {len(policy.active_admins)} admins"),
        ("publishers", ", ".join(policy.publishers)),
        ("approvals", f"{approvals}, at least {review.minimum}"),
        ("self_approval", "allowed" if review.self_approval else "refused"),
        ("edits", policy.edits),
    ]
    if review.team:
        rules.append(("review team", f"one approval by {review.team}"))
    public = policy.public
    if public.reviews:
        team = f", one of them by {public.team}" if public.team else ""
        rules.append(("public reviews", f"{public.reviews} of each public text{team}"))
    if public.organization:
        keys = plural(len(public.active_keys), "active key")
        rules.append(("public statements", f"signed for {public.organization} by {keys}"))
    rules += [(f"team {team}", ", ".join(members) or "nobody") for team, members in policy.teams.items()]
    return rules


def _person(person: Person) -> str:
    """One person in a line: name, kind, and how many keys of each status."""
    counts = Counter(key.status for key in person.keys)
    keys = ", ".join(f"{plural(count, 'key')} {status}" for status, count in counts.items()) or "no key"
    return f"{person.name}, {person.kind}, {keys}"
