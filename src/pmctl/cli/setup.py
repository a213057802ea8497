"""init, doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.answering import ActFormat, tell
from pmctl.cli.options import Format, choose_format

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.git import Repository
    from pmctl.insight.doctor import Check
    from pmctl.repository.signing import SshSigner
    from pmctl.workflow.init import Ready


def init(
    ctx: typer.Context,
    handle: Annotated[str, typer.Option("--handle", metavar="HANDLE", help="Your handle; made from your e-mail.")] = "",
    make_key: Annotated[
        bool, typer.Option("--make-key", help="Make a signing key for pmctl when you have none.")
    ] = False,
    hooks: Annotated[
        bool, typer.Option("--hooks", help="Install the git hooks that check before commit and push.")
    ] = False,
    ci: Annotated[
        str,
        typer.Option(
            "--ci", metavar="RECIPE", help="Write a file for CI, also later: github[-pages|-wiki] or gitlab[-pages]."
        ),
    ] = "",
    recovery_key: Annotated[
        str,
        typer.Option(
            "--recovery-key",
            metavar="FILE",
            help="A second admin key, to be kept offline; made there if there is none.",
        ),
    ] = "",
    format: ActFormat = "text",
) -> None:
    """Make a repository ready: policy with you as admin, settings, default template; one signed commit.

    Makes the git repository when there is none. Run it in a subfolder to keep postmortems beside code.
    """
    from pmctl.cli.session import now
    from pmctl.errors import advise
    from pmctl.workflow import merge_driver
    from pmctl.workflow.done import Done
    from pmctl.workflow.init import check_handle, initialise, prepared

    session: Session = ctx.obj
    if ci and _is_set_up(session):
        _add_ci(session, ci, format)
        return
    if handle or session.handle:
        check_handle(handle or session.handle)  # before a key is made for it
    with prepared(session.directory) as repo:
        signer = signer_here(session, repo, make_key)
        recovery = _recovery(session, recovery_key)
        ready = initialise(repo, signer, at=now(), handle=handle or session.handle, ci=ci, recovery=recovery)
    facts = [*_facts(ready), merge_driver.install(repo)]
    if hooks:
        from pmctl.workflow.hooks import install

        facts += install(repo)
    session.repo = repo
    done = Done(
        act="init", id="policy", by=ready.handle, sentence=f"ready: {repo.root}", landed=ready.landed, after="1",
        digest=ready.root, facts=tuple(facts), next_step=advise("begin"),
    )  # fmt: skip
    tell(session, done, format)


def _facts(ready: Ready) -> list[str]:
    """What whoever began has to know, a sentence each."""
    facts = [
        f"you are {ready.handle}, the admin; records are signed with {ready.key_source}",
        f"the protected branch is {ready.branch}; pmctl policy branch names another",
        f"trust root: {ready.root}",
        "give the trust root to whoever audits (PMCTL_TRUST_ROOT, or pmctl audit --root)",
    ]
    if ready.recovery:
        return [*facts, f"recovery key {ready.recovery}: move it off this machine; docs/trust.md says how it is used"]
    lost = "there is no recovery key: when the last admin's key is lost, nobody can change the policy"
    return [*facts, f'{lost}; pmctl people add recovery --name "Recovery key" --key FILE.pub --admin adds one']


def _is_set_up(session: Session) -> bool:
    """Whether there is a repository of pmctl's here, or the one below."""
    from pmctl.errors import EnvironmentProblem

    try:
        return bool(session.repo) and session.workspace.policy is not None
    except EnvironmentProblem:
        return False


def _add_ci(session: Session, service: str, format: str) -> None:
    """The files of a CI service for a repository that was set up earlier."""
    from pmctl.workflow.ci_files import add_ci
    from pmctl.workflow.done import Done

    landed, facts = add_ci(session.workspace, service, session.signing())
    done = Done(
        act="init", id="ci", by=session.person(), sentence=f"wrote {', '.join(landed.paths)}", landed=landed,
        facts=facts,
    )  # fmt: skip
    tell(session, done, format)


def _recovery(session: Session, file: str) -> str:
    """The public key for recovery, when the person wants one; '' otherwise."""
    from pathlib import Path

    from pmctl.workflow.init import recovery_key

    if not file and session.interactive:
        from pmctl.cli.prompts import ask_path

        file = ask_path(
            "Where to put a recovery key, a second admin key to be kept offline (Enter for none):", "~/pmctl-recovery"
        )
    if not file:
        return ""
    home = session.surroundings.home
    return recovery_key(home / file[2:] if file.startswith("~/") else Path(file).absolute(), session.surroundings)


def doctor(
    ctx: typer.Context,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix", help="Undo or finish an interrupted act, bring lost records back, delete pmctl's caches."
        ),
    ] = False,
    format: Format = "text",
) -> None:
    """What is missing or wrong on this machine and in this repository, with the fix. Exit code 1 if anything is."""
    from pmctl.insight.doctor import Checks, diagnose
    from pmctl.output.advice import words
    from pmctl.text import safe

    session: Session = ctx.obj
    choose_format(format)
    if fix:
        from pmctl.workflow.bring_back import bring_back
        from pmctl.workflow.repair import repair

        for line in repair(session.repo):
            session.note(line)
        if said := bring_back(session.workspace):
            session.note(said)
    checks = [*diagnose(session.directory, session.surroundings), *_connections(session), *_site_files(session)]
    if format == "json":
        session.json("doctor", Checks(tuple(checks)))
    else:
        for check in checks:
            session.result(safe(f"{check.mark:<5} {check.subject}: {check.message}"))
            if check.fix:
                session.result(safe(f"      fix: {words(check.fix)}"))
    if any(check.failed for check in checks):
        raise typer.Exit(1)


def _connections(session: Session) -> list[Check]:
    """What messages go to and what is missing for it: a note, since whoever works here need not be who sends."""
    from pmctl.cli.notify import outlet_of
    from pmctl.errors import PmctlError
    from pmctl.insight.doctor import Check
    from pmctl.workflow.integrations import listed

    try:
        if "notify" not in session.workspace.settings.blocks:
            return []
        with outlet_of(session, None) as out:
            found = listed(out).connections
    except PmctlError as error:
        return [Check("notifications", "note", error.message, error.hint)]
    lacking = [one for one in found if one.mark in ("missing", "BAD")]
    notes = [Check("notifications", "note", f"{one.name}: {one.said}", one.fix) for one in lacking]
    return notes or [Check("notifications", "ok", ", ".join(one.name for one in found))]


def _site_files(session: Session) -> list[Check]:
    """The files that take the place of a site's own, where there are any."""
    from pmctl.errors import PmctlError
    from pmctl.insight.doctor import Check
    from pmctl.output.site import own_files
    from pmctl.text import plural

    try:
        files = own_files.in_work_tree(session.repo.root)
    except PmctlError:
        return []  # said of the repository already
    wrong = [
        Check("site", "BAD", f"{one.path}{f':{one.line}:' if one.line else ''} {one.message}", one.fix)
        for one in own_files.findings(files)
    ]
    return wrong or ([Check("site", "ok", f"{plural(len(files), 'file')} in {own_files.FOLDER}")] if files else [])


def signer_here(session: Session, repo: Repository, make_key: bool) -> SshSigner:
    """The key of the person of this machine, made when they want that; raises EnvironmentProblem when there is none."""
    from pmctl.errors import EnvironmentProblem
    from pmctl.repository.actor import git_config, require_identity
    from pmctl.workflow.init import KEY_FOR_PMCTL, find_key, make_key_for_pmctl

    _, email = require_identity(git_config(repo))
    found = find_key(repo, session.surroundings)
    if found is not None:
        return found
    if not make_key and session.interactive:
        from pmctl.cli.prompts import ask_yes

        make_key = ask_yes(f"You have no SSH key to sign with. Make one for pmctl at ~/{KEY_FOR_PMCTL}?")
    if not make_key:
        raise EnvironmentProblem(
            "there is no SSH key to sign with",
            hint="run it again with --make-key, or make your own: ssh-keygen -t ed25519",
        )
    return make_key_for_pmctl(repo, email, session.surroundings)
