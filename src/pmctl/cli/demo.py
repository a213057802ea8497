"""demo: play the whole life of one postmortem."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.workflow.demo import Scene, Stage


def demo(
    ctx: typer.Context,
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Where to play it; a new temporary folder if none.")
    ] = None,
    setup: Annotated[
        bool, typer.Option("--setup", help="Only make an incident, a remote and a second person, to try it yourself.")
    ] = False,
) -> None:
    """Play the whole life of one postmortem in a throw-away repository, and leave it to look around in.

    Beside it lie the repository of a made-up company with a dozen postmortems, and its site. Takes seconds. Nothing
    outside DIR is read or written.
    """
    import tempfile

    from pmctl.errors import EnvironmentProblem, UsageProblem
    from pmctl.workflow.demo import ID, STORY, Run, Stage, set_up_to_try

    session: Session = ctx.obj
    if setup:
        if directory is None:
            raise UsageProblem("--setup needs a folder", hint="pmctl demo --setup try")
        for name in set_up_to_try(directory.resolve(), session.surroundings):
            session.note(f"  {name}")
        session.result(f"cd {directory}")
        return
    folder = directory.resolve() if directory else Path(tempfile.mkdtemp(prefix="pmctl-demo-")).resolve()
    stage = Stage(folder, session.surroundings.environ)
    stage.set_up()
    for scene in STORY:
        code = _play(session, stage, scene)
        if isinstance(scene, Run) and code != scene.code:
            raise EnvironmentProblem(f"the demo expected exit code {scene.code} and got {code}", hint="pmctl doctor")
    session.result("")
    session.result("That was the whole idea. Look around:")
    session.result(f"  cd {stage.repository}")
    session.result("  git log --stat")
    session.result(f"  cat postmortems/2024/{ID}.md")
    _leave_company(session, stage)
    session.result("Start with your own: pmctl init, then pmctl new --from incident.json")


def _leave_company(session: Session, stage: Stage) -> None:
    """Make the company's repository and its site, and say how to look around in them."""
    from pmctl.cli.session import now
    from pmctl.cli.site_content import made_of
    from pmctl.git import discover
    from pmctl.output.site.folder import open_folder
    from pmctl.output.site.run import write_site
    from pmctl.repository.workspace import Workspace
    from pmctl.workflow.demo_company import NAME, PEOPLE, YOU, make

    count = make(stage.folder, now(), stage.environment)
    workspace = Workspace(discover(stage.folder / NAME.lower()))
    write_site(made_of(session, workspace, "", drafts=True), open_folder(stage.folder / "site"))
    session.result("")
    session.result(f"{NAME}, a made-up grocer, has {count} postmortems in all states. You are {PEOPLE[YOU]} there:")
    session.result(f"  cd {stage.folder / NAME.lower()}")
    session.result("  pmctl status")
    session.result("  pmctl audit")
    session.result("Its site, with drafts and reviews. Open in a browser:")
    session.result(f"  {stage.folder / 'site' / 'index.html'}")
    session.result("")


def _play(session: Session, stage: Stage, scene: Scene) -> int:
    """Show one scene; returns the exit code of its command, 0 for the others."""
    import shlex

    from pmctl.output.terminal import paint
    from pmctl.workflow.demo import Run, Say

    if isinstance(scene, Say):
        session.result("")
        session.result(paint(f"# {scene.text}", "bold", session.colored))
        return 0
    if isinstance(scene, Run):
        words = " ".join(
            shlex.quote(word.replace("{folder}/home/keys/", "").replace("{folder}/", "")) for word in scene.words
        )
        session.result(paint(f"{scene.person}$ pmctl {words}", "cyan", session.colored))
        done = stage.run(scene, color=session.colored)
        for line in done.stdout.rstrip("\n").splitlines():
            session.result(f"  {line}")
        if done.returncode:
            session.result(paint(f"  (exit code {done.returncode})", "dim", session.colored))
        return done.returncode
    session.result(
        paint(
            f"{scene.person}$ $EDITOR postmortem.md && git commit -am {shlex.quote(scene.what)}",
            "cyan",
            session.colored,
        )
    )
    stage.write(scene)
    return 0
