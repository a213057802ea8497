"""The day on which the only admin's key is lost: the recovery key that init made brings the team back."""

from __future__ import annotations

from pathlib import Path

from tests.cli.play import Play


def made(folder: Path) -> Play:
    """A repository with a recovery key outside of it, and jane in the policy."""
    stage = Play(folder)
    said = stage.run("alice", "git init -q && pmctl init --recovery-key ../stick/recovery")
    assert said.returncode == 0, said.stderr
    assert "  recovery key SHA256:" in said.stderr and "move it off this machine" in said.stderr
    stage.do("alice", "pmctl people add jane --name 'Jane Doe' --email jane@example.com --key $KEYS/jane.pub")
    return stage


def test_a_lost_key_and_the_way_back(tmp_path: Path) -> None:
    stage = made(tmp_path / "team")
    assert (stage.stage.folder / "stick" / "recovery").stat().st_mode & 0o077 == 0
    stage.do("alice", "cp $KEYS/alice ../lost && cp $KEYS/alice.pub ../lost.pub && rm $KEYS/alice $KEYS/alice.pub")
    lost = stage.run("alice", "pmctl people change jane --admin")
    assert lost.returncode == 2 and "alice" in lost.stderr, lost.stderr
    stage.do("alice", "ssh-keygen -q -t ed25519 -N '' -f ../new")
    stage.do("alice", "git config user.signingkey ../stick/recovery")
    said = stage.run("alice", "pmctl --as recovery people rotate alice --key ../new.pub -m 'The laptop was lost'")
    assert said.returncode == 0, said.stderr
    stage.do("alice", "git config user.signingkey ../new")
    stage.do("alice", "pmctl people change jane --admin")
    audit = stage.run("alice", "pmctl audit")
    assert audit.returncode == 0 and " warning" not in audit.stdout.replace("0 warnings", ""), audit.stdout
    old = stage.run("alice", "git config user.signingkey ../lost; pmctl people change jane --no-admin")
    assert old.returncode == 1 and "retired" in old.stderr, old.stderr


def test_a_key_that_may_be_in_other_hands_is_declared_stolen(tmp_path: Path) -> None:
    stage = made(tmp_path / "team")
    stage.do("alice", "ssh-keygen -q -t ed25519 -N '' -f ../new")
    stage.do("alice", "git config user.signingkey ../stick/recovery")
    old = "$(ssh-keygen -lf $KEYS/alice.pub | cut -d' ' -f2)"
    stage.do("alice", "pmctl --as recovery people rotate alice --key ../new.pub")
    since = stage.git("rev-parse", "HEAD")  # from here on nothing of the old key's counts
    stage.do("alice", f"pmctl --as recovery people revoke alice --key {old} --compromised-since {since}")
    stage.do("alice", "git config user.signingkey ../new; pmctl people change jane --admin; pmctl audit")


def test_a_key_that_is_there_is_taken_and_ones_own_is_refused(tmp_path: Path) -> None:
    stage = Play(tmp_path / "team")
    own = stage.run("alice", "git init -q; pmctl init --recovery-key $KEYS/alice")
    assert own.returncode == 2 and "this key is yours already" in own.stderr
    assert not (stage.root / "pmctl.yaml").exists()
    taken = stage.run("alice", "pmctl init --recovery-key $KEYS/bob.pub")
    assert taken.returncode == 0, taken.stderr
    assert "admins: [alice, recovery]" in (stage.root / ".pmctl/policy.yaml").read_text()


def test_without_one_init_says_what_that_means(tmp_path: Path) -> None:
    stage = Play(tmp_path / "team")
    said = stage.run("alice", "git init -q; pmctl init")
    assert "  there is no recovery key: when the last admin's key is lost" in said.stderr


def test_a_mistyped_public_key_makes_no_private_one(tmp_path: Path) -> None:
    stage = Play(tmp_path / "team")
    keys = stage.stage.folder / "home" / "keys"
    before = sorted(one.name for one in keys.iterdir())
    for name, said in (("bbo.pub", "did you mean bob.pub?"), ("zzzzzzz.PUB", "or a new key without .pub: ")):
        refused = stage.run("alice", f"git init -q; pmctl init --recovery-key $KEYS/{name}")
        assert refused.returncode == 2 and "error: there is no public key" in refused.stderr, refused.stderr
        assert said in refused.stderr
        assert sorted(one.name for one in keys.iterdir()) == before
        assert not (stage.root / "pmctl.yaml").exists()
    stage.do("alice", "pmctl init --recovery-key $KEYS/new")  # the nearest honest neighbour
    assert (keys / "new").read_text().startswith("-----BEGIN OPENSSH PRIVATE KEY")
    for command in ("add carol --name Carol", "rotate alice"):
        refused = stage.run("alice", f"pmctl people {command} --key $KEYS/bbo.pub")
        assert refused.returncode == 2 and "hint: did you mean bob.pub?" in refused.stderr, refused.stderr
        assert not (keys / "bbo.pub").exists()
    refused = stage.run("bob", "git config user.signingkey $KEYS/bbo.pub; pmctl people join --make-key")
    assert refused.returncode == 2 and "hint: did you mean bob.pub?" in refused.stderr, refused.stderr
    assert sorted(one.name for one in keys.iterdir()) == sorted([*before, "new", "new.pub"])
