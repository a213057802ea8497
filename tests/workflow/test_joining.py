"""A request to join: what one machine writes another reads, and nothing that was changed on the way."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmctl.errors import BadInput, EnvironmentProblem, NotFound, PmctlError, Refused, UsageProblem
from pmctl.repository.workspace import Workspace
from pmctl.workflow import joining
from tests import world as worlds
from tests.world import World

AT = datetime(2024, 1, 23, 9, tzinfo=UTC)


@dataclass
class Own:
    """Signs with the key of somebody who is in no policy."""

    handle: str = "dave"

    @property
    def key(self) -> str:
        return worlds.actor(self.handle).public

    def sign(self, message: bytes, namespace: str) -> bytes:
        return worlds.sign(worlds.actor(self.handle), message, namespace)

    def git_arguments(self) -> tuple[str, ...]:
        return ()


def line(handle: str = "dave", name: str = "Dave O'Neil  Jr.", email: str = "Dave@example.com") -> str:
    return joining.ask(None, Own(), handle=handle, name=name, email=email)[1]


def test_what_is_asked_is_what_is_read() -> None:
    assert joining.read(line()) == joining.Request("dave", "Dave O'Neil Jr.", "dave@example.com", Own().key)
    assert joining.read(f"  {line()}\n").fingerprint.startswith("SHA256:")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_line_is_refused(data: st.DataObject) -> None:
    text = line()
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=32, max_codepoint=0x2FFF).filter(lambda one: one != text[at]))
    changed = text[:at] + other + text[at + 1 :]
    try:
        found = joining.read(changed)
    except BadInput:
        return
    assert found == joining.read(text), "base64 may have spare bits at its end, which say nothing"


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "dave",
        "a b c d e f",
        "x" * 10_000,
        "dave d@x ssh-ed25519 AAAA proof Dave",
        "one\ntwo three four five six seven",
    ],
)
def test_what_is_no_request(broken: str) -> None:
    with pytest.raises(BadInput):
        joining.read(broken)


def test_somebody_else_s_key_cannot_be_sent() -> None:
    """The proof is by the key that is sent."""
    words = line().split(" ")
    words[2:4] = worlds.actor("mallory").public.split()[:2]
    with pytest.raises(BadInput):
        joining.read(" ".join(words))


def test_known_people_do_not_join(world: World) -> None:
    policy = Workspace(world.repo).policy
    for handle, email, own in (
        ("jane", "new@example.com", Own()), ("dave", "jane@example.com", Own()),
        ("dave", "new@example.com", Own("jane")),
    ):  # fmt: skip
        with pytest.raises(Refused, match="belongs to jane"):
            joining.ask(policy, own, handle=handle, name="Dave", email=email)
    with pytest.raises(UsageProblem):
        joining.ask(policy, Own(), handle="Dave!", name="Dave", email="dave@example.com")


def test_a_branch_holds_the_line_and_nothing_else_moves(world: World) -> None:
    world.write("notes.txt", "not committed")
    before = world.git("status", "--porcelain"), world.head
    request, text = joining.ask(None, Own(), handle="dave", name="Dave Doe", email="dave@example.com")
    name = joining.put_on_branch(world.repo, request, text, AT)
    assert (world.git("status", "--porcelain"), world.head) == before
    assert world.git("diff", "--name-only", "HEAD", name) == ".pmctl/joining/dave"
    assert world.git("log", "-1", "--format=%an <%ae> %P", name) == f"Dave Doe <dave@example.com> {world.head}"
    assert joining.find_line(Workspace(world.repo), name).strip() == text
    with pytest.raises(Refused, match="already"):
        joining.put_on_branch(world.repo, request, text, AT)
    assert world.audit().violations == ()


def test_where_a_line_is_looked_for(world: World, tmp_path: Path) -> None:
    workspace = Workspace(world.repo)
    assert joining.find_line(workspace, "a line with words") == "a line with words"
    pasted = f"pmctl people accept {shlex.quote(line())}"
    assert joining.find_line(workspace, pasted) == line(), "the whole command, as it was printed"
    for given_ in ("nothing", "main", "--all", "a..b"):
        with pytest.raises(NotFound):
            joining.find_line(workspace, given_)
    empty = World(tmp_path / "empty")
    empty.path.mkdir()
    empty.git("init", "-q")
    request, text = joining.ask(None, Own(), handle="dave", name="Dave", email="dave@example.com")
    (empty.path / "pmctl.yaml").touch()
    with pytest.raises(EnvironmentProblem, match="no commit"):
        joining.put_on_branch(empty.repo, request, text, AT)
    assert issubclass(EnvironmentProblem, PmctlError)
