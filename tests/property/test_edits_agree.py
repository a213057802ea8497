"""What one point says of an edit all points say: command, hook, editor, audit and server, in both directions.

Random people make random changes of a postmortem in every state. Whatever the table allows is committed and passes;
whatever it refuses is refused by the command with the same first code, and reported with the same codes by all others.

PMCTL_PROPERTY_EXAMPLES sets how many edits are tried (default: a few, always the same).
"""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pmctl.document.reader import read
from pmctl.errors import Refused
from pmctl.insight.edit_rights import edit_findings
from pmctl.insight.pre_commit import advice
from pmctl.insight.pre_receive import Objects, Protection, Update, check_push
from pmctl.policy import act as acts
from pmctl.policy.model import AGENT, SERVICE
from pmctl.policy.state import ARCHIVED, DRAFT, IN_REVIEW, PUBLISHED
from pmctl.repository.workspace import Workspace
from pmctl.workflow.editing import commit_edit
from tests.policy import edit_cases
from tests.policy.edit_cases import DOC, ROLES, STATES, expected, several
from tests.world import World, actor

EXAMPLES = int(os.environ.get("PMCTL_PROPERTY_EXAMPLES", "0")) or 24
PATH = World.file()
WHOLE = "\n## Timeline\n\n| Time | Event |\n|---|---|\n| 14:00 | Alert |\n"
WHOLE += "\n## Impact\n\nMany.\n\n## Root Cause\n\nThe pool was small.\n\n## Resolution\n\nRaised it.\n"


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, World]:
    """One postmortem in each of its states, with people of every kind around it."""
    folder = tmp_path_factory.mktemp("edits")
    members = tuple(filter(None, ROLES))
    world = World(folder / "draft", members=members, people={name: actor(name) for name in (*members, "mallory")})
    base = world.make_policy(1)
    kinds = {"ci": SERVICE, "bot": AGENT}
    people = {name: one._replace(kind=kinds.get(name, one.kind)) for name, one in base.people.items()}
    world.init(people=people)
    written = edit_cases.text(DRAFT).replace("\n## Action Items", WHOLE + "\n## Action Items")
    world.write(PATH, written)
    world.commit("Draft", "jane")
    made = {DRAFT: world}
    for status, kind, by in (
        (IN_REVIEW, acts.SUBMIT, "jane"),
        (PUBLISHED, acts.PUBLISH, "jane"),
        (ARCHIVED, acts.ARCHIVE, "alice"),
    ):
        world = replace(world, path=Path(shutil.copytree(world.path, folder / status, symlinks=True)))
        if kind == acts.SUBMIT:
            world.edit("reviewers: []", "reviewers: [bob]", commit=False)
        if kind == acts.PUBLISH:
            world.act(acts.APPROVE, "bob")
        world.act(kind, by, reviewers=("bob",) if kind == acts.SUBMIT else ())
        made[status] = world
    for world in made.values():
        assert world.found() == []
    return made


def identity(world: World, who: str) -> None:
    config = world.path / ".git/config"
    text = config.read_text().partition("[user]")[0]
    config.write_text(f"{text}[user]\n\tname = {who}\n\temail = {who}@example.com\n")


def test_all_points_say_the_same(stages: dict[str, World], tmp_path: Path) -> None:
    chance = random.Random(11)
    servers = {status: Path(shutil.copytree(one.path / ".git", tmp_path / status)) for status, one in stages.items()}
    for number in range(EXAMPLES):
        status, who = chance.choice(STATES), chance.choice(list(ROLES))
        changes = several(chance, status)
        wanted = expected(changes, ROLES[who], status)
        said = f"edit {number}: {who or 'a stranger'} in {status}: {', '.join(one.name for one in changes)}"
        assert every_point(stages[status], servers[status], who, changes, wanted) == {
            "command": wanted, "hook": wanted, "editor": wanted, "audit": wanted, "server": wanted
        }, said  # fmt: skip


def every_point(
    world: World, server: Path, who: str, changes: tuple[edit_cases.Wanted, ...], wanted: set[str]
) -> dict[str, set[str]]:
    """The codes that each point gives for the change."""
    name = who or "mallory"
    before = world.head
    identity(world, name)
    text = world.text()
    for one in changes:
        text = one.make(text)
    world.write(PATH, text)
    found: dict[str, set[str]] = {}
    repo = world.repo._replace(user_folder=None)
    try:
        found["editor"] = {one.code for one in edit_findings(repo, read(text.encode(), PATH))}
        world.git("add", "-A")
        found["hook"] = {one.code for one in advice(repo, f"{name}@example.com")}
        world.git("reset", "-q")
        try:
            commit_edit(Workspace(repo), who, DOC, "", ())
            found["command"] = set()
        except Refused as refused:
            assert world.head == before
            found["command"] = {line.split(" ")[0] for line in refused.lines}
            world.commit("By hand", name)
        report = world.audit(base=before)
        found["audit"] = {one.code for one in report.findings}
        world.git("push", "-q", str(server), "HEAD:refs/heads/tried", "--force")
        answer = check_push(
            server,
            [Update("refs/heads/main", before, world.head)],
            Protection("refs/heads/main", (), world.first),
            Objects(),
        )
        found["server"] = {one.code for one in (*answer.findings, *answer.warnings)}
    finally:
        world.git("reset", "-q", "--hard", before)
    return found
