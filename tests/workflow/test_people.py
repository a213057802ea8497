"""People and their keys: each change is one signed step, surgical in the file and clean in the audit."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pmctl.errors import NotFound, Refused, UsageProblem
from pmctl.policy import membership
from pmctl.policy.model import POLICY_PATH
from pmctl.policy.reading import parse_policy
from pmctl.repository.actor import Actor as Signing
from pmctl.repository.signing import SigningKey, SshSigner
from pmctl.repository.workspace import Workspace
from pmctl.surroundings import Surroundings
from pmctl.workflow import given_keys
from pmctl.workflow import people as acting
from tests.world import World

AT = datetime(2024, 2, 1, tzinfo=UTC)
HANDLES = ("jane", "alice", "bob", "carol", "dave", "spare")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\n\tname = Alice\n\temail = alice@example.com\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = World(tmp_path / "repo")
    made.init()
    return made


def workspace(world: World) -> Workspace:
    return Workspace(world.repo)


def actor(world: World, handle: str = "alice") -> Signing:
    who = world.people[handle]
    return Signing(
        handle,
        handle.capitalize(),
        who.email,
        SshSigner(SigningKey(who.public, who.key, "a test"), Surroundings(os.environ, who.key.parent)),
    )


def clean(world: World) -> None:
    report = world.audit()
    assert [(f.code, f.message) for f in report.findings] == []
    assert world.git("status", "--porcelain") == ""


def test_add_with_everything(world: World) -> None:
    before = (world.root / POLICY_PATH).read_text()
    key = given_keys.read_key(world.people["dave"].public + " dave@laptop", "dave")
    done = acting.add(
        workspace(world), actor(world), "dave", name="Dave Doe", emails=("Dave@Example.com",), keys=(key,),
        teams=("payments",), admin=True, at=AT, note="joined",
    )  # fmt: skip
    assert done.landed and done.version == 2
    policy = workspace(world).policy
    assert policy.people["dave"].emails == ("dave@example.com",)
    assert policy.people["dave"].keys[0].id == world.people["dave"].public
    assert policy.teams == {"payments": ("dave",)}
    assert policy.admins == ("alice", "dave")
    after = (world.root / POLICY_PATH).read_text()
    kept = [line for line in before.split("\n") if not line.startswith(("version", "admins"))]
    assert [line for line in kept if line not in after.split("\n")] == []
    assert world.git("log", "-1", "--format=%an") == "Alice"
    clean(world)


def test_a_comment_and_the_line_endings_survive(world: World) -> None:
    text = (world.root / POLICY_PATH).read_text()
    commented = text.replace("admins: [alice]", "admins:   # who holds the keys\n  - alice   # since the beginning\n")
    world.write(POLICY_PATH, commented.replace("version: 1", "version: 2").replace("\n", "\r\n"))
    from pmctl.workflow.policy import sign

    sign(workspace(world), actor(world), at=AT)
    acting.change_person(workspace(world), actor(world), "bob", admin=True, add_teams=("ops",), at=AT)
    acting.change_person(workspace(world), actor(world), "carol", add_teams=("ops",), at=AT)
    data = (world.root / POLICY_PATH).read_bytes()
    assert b"# who holds the keys\r\n" in data
    assert b"  - alice   # since the beginning\r\n  - bob\r\n" in data
    assert data.count(b"\n") == data.count(b"\r\n")
    assert workspace(world).policy.teams == {"ops": ("bob", "carol")}
    acting.change_person(workspace(world), actor(world), "bob", admin=False, remove_teams=("ops",), at=AT)
    assert workspace(world).policy.admins == ("alice",)
    assert workspace(world).policy.teams == {"ops": ("carol",)}
    clean(world)


def test_addresses_change(world: World) -> None:
    acting.change_person(
        workspace(world),
        actor(world),
        "jane",
        add_emails=("jane@new.example",),
        remove_emails=("JANE@example.com",),
        at=AT,
    )
    assert workspace(world).policy.people["jane"].emails == ("jane@new.example",)
    clean(world)


def test_rotate_retires_and_keep_does_not(world: World) -> None:
    spare = given_keys.read_key(str(world.people["spare"].key), "bob")  # a private key's path means the .pub beside it
    acting.rotate(workspace(world), actor(world), "bob", (spare,), at=AT)
    assert [key.status for key in workspace(world).policy.people["bob"].keys] == ["retired", "active"]
    dave = given_keys.read_key(world.people["dave"].public, "bob")
    acting.rotate(workspace(world), actor(world), "bob", (dave,), keep=True, at=AT)
    assert [key.status for key in workspace(world).policy.people["bob"].keys] == ["retired", "active", "active"]
    clean(world)


def test_revoke_takes_the_roles_and_keeps_the_entry(world: World) -> None:
    acting.change_person(workspace(world), actor(world), "bob", admin=True, add_teams=("ops",), at=AT)
    acting.revoke(workspace(world), actor(world), "bob", at=AT, note="left")
    policy = workspace(world).policy
    assert policy.admins == ("alice",)
    assert policy.teams == {"ops": ()}
    assert [key.status for key in policy.people["bob"].keys] == ["retired"]
    clean(world)


def test_revoke_one_key_as_compromised(world: World) -> None:
    since = world.head
    spare = given_keys.read_key(world.people["spare"].public, "bob")
    acting.rotate(workspace(world), actor(world), "bob", (spare,), keep=True, at=AT)
    from pmctl.policy.keys import fingerprint

    mark = fingerprint(world.people["bob"].public)
    acting.revoke(workspace(world), actor(world), "bob", key=mark, compromised_since=since, at=AT)
    keys = workspace(world).policy.people["bob"].keys
    assert [(key.status, key.since) for key in keys] == [("compromised", since), ("active", "")]
    clean(world)


def test_nobody_locks_everybody_out(world: World) -> None:
    head = world.head
    with pytest.raises(Refused, match="lock everybody out"):
        acting.revoke(workspace(world), actor(world), "alice", at=AT)
    with pytest.raises(Refused, match="lock everybody out"):
        acting.change_person(workspace(world), actor(world), "alice", admin=False, at=AT)
    assert world.head == head
    clean(world)


def test_only_admins(world: World) -> None:
    with pytest.raises(Refused, match="AU102"):
        acting.change_person(workspace(world), actor(world, "bob"), "bob", admin=True, at=AT)


def test_what_is_taken_is_refused(world: World) -> None:
    bob = given_keys.read_key(world.people["bob"].public, "dave")
    with pytest.raises(Refused, match="bob's already"):
        acting.add(workspace(world), actor(world), "dave", name="Dave", emails=(), keys=(bob,), at=AT)
    with pytest.raises(Refused, match="address of bob"):
        acting.add(workspace(world), actor(world), "dave", name="Dave", emails=("BOB@example.com",), keys=(), at=AT)
    with pytest.raises(Refused, match="in the policy already"):
        acting.add(workspace(world), actor(world), "bob", name="Bob", emails=(), keys=(), at=AT)
    with pytest.raises(UsageProblem, match="no handle"):
        acting.add(workspace(world), actor(world), "Dave", name="Dave", emails=(), keys=(), at=AT)
    with pytest.raises(NotFound):
        acting.revoke(workspace(world), actor(world), "nobody", at=AT)
    with pytest.raises(Refused, match="nothing would change"):
        acting.change_person(workspace(world), actor(world), "bob", at=AT)
    with pytest.raises(NotFound, match="not in a team"):
        acting.change_person(workspace(world), actor(world), "bob", remove_teams=("ops",), at=AT)
    clean(world)


@pytest.mark.parametrize("value", ["", "nonsense", "ssh-rsa AAAA", "/nowhere/id.pub", "ssh-dss AAAAB3NzaC1kc3MAAACB"])
def test_keys_that_are_none(value: str) -> None:
    with pytest.raises(UsageProblem, match="--key"):
        given_keys.read_key(value, "dave")


def test_an_openpgp_key_lands_beside_the_policy(world: World, tmp_path: Path) -> None:
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    base = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--passphrase", "", "--pinentry-mode", "loopback"]
    subprocess.run([*base, "--quick-gen-key", "Dave <dave@example.com>", "ed25519", "sign"], check=True)
    exported = subprocess.run([*base, "--armor", "--export"], check=True, capture_output=True).stdout
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)
    (tmp_path / "dave.asc").write_bytes(exported)
    given = given_keys.read_key(str(tmp_path / "dave.asc"), "dave")
    assert given.file is not None and given.file.path.startswith(".pmctl/keys/dave-")
    acting.add(workspace(world), actor(world), "dave", name="Dave", emails=(), keys=(given,), at=AT)
    assert workspace(world).head.file(given.file.path) == exported
    assert workspace(world).policy.people["dave"].keys[0].openpgp
    clean(world)


def test_lists_in_every_way_of_writing_them() -> None:
    for admins in (
        "admins: [a, b]",
        "admins: [ 'a' , b ]",
        "admins:\n- a\n- b",
        "admins:\n  - a # x\n  - b",
        "admins: [a,\n  b]",
    ):
        text = f"version: 1\n{admins}\npeople: {{}}\n".encode()
        longer = membership.add_admin(text, "c")
        shorter = membership.remove_admin(membership.remove_admin(longer, "a"), "b")
        assert membership.remove_admin(membership.add_admin(text, "c"), "c").split() == text.split() or "'" in admins
        from pmctl.document import strict_yaml

        def names(data: bytes) -> list[str]:
            node = strict_yaml.load(data.decode()).node
            assert node is not None
            return list(node.plain()["admins"])

        assert names(longer) == ["a", "b", "c"]
        assert names(shorter) == ["c"]
        assert names(membership.remove_admin(shorter, "c")) == []
        assert names(membership.add_admin(membership.remove_admin(shorter, "c"), "d")) == ["d"]
    assert parse_policy(text)[0] is None  # these texts are lists, not policies
