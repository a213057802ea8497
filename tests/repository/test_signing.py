"""Signing: the key that git signs with is found and used, and every failure names the next step."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pmctl.errors import EnvironmentProblem, UsageProblem
from pmctl.ledger import sshsig
from pmctl.policy.keys import normalise
from pmctl.repository import signing
from pmctl.repository.signing import OpenPgpSigner, SshSigner, git_config_arguments, make_key, signer
from pmctl.repository.signing_keys import SigningKey, signing_key
from pmctl.surroundings import Surroundings

MESSAGE = b'{"act":"approve"}\n'
NAMESPACE = "pmctl-record-v1"
PASSPHRASE = "correct horse"


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The agent, prompts and temporary folder of whoever runs the tests take no part."""
    for name in ("SSH_AUTH_SOCK", "SSH_ASKPASS", "DISPLAY", "SSH_ASKPASS_REQUIRE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty ssh-agent; its socket needs a short path."""
    folder = tempfile.mkdtemp(prefix="pa-", dir="/tmp")
    socket = f"{folder}/s"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    while not Path(socket).exists():
        assert process.poll() is None
    monkeypatch.setenv("SSH_AUTH_SOCK", socket)
    yield
    process.terminate()
    process.wait()
    shutil.rmtree(folder)


def new_key(file: Path, *options: str, passphrase: str = "") -> str:
    """A key made by ssh-keygen; returns its normal form."""
    file.parent.mkdir(parents=True, exist_ok=True)
    options = options or ("-t", "ed25519")
    subprocess.run(["ssh-keygen", "-q", *options, "-N", passphrase, "-C", "c", "-f", file], check=True)
    return normalise(file.with_name(file.name + ".pub").read_text())


def ssh_config(value: str) -> dict[str, str]:
    return {"gpg.format": "ssh", "user.signingkey": value}


def around(home: Path, *, interactive: bool = False) -> Surroundings:
    """This process's environment with another home."""
    return Surroundings(os.environ, home, interactive)


def sign(key: SigningKey, *, interactive: bool = True) -> bytes:
    return signing.sign(key, MESSAGE, NAMESPACE, around(Path("/"), interactive=interactive))


def failure(key: SigningKey, *, interactive: bool = False) -> EnvironmentProblem:
    with pytest.raises(EnvironmentProblem) as caught:
        sign(key, interactive=interactive)
    assert caught.value.hint
    assert "PRIVATE KEY-----" not in str(caught.value)
    assert not list(Path(tempfile.gettempdir()).iterdir()), "temporary files stay behind"
    return caught.value


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text + "\n")
    path.chmod(0o755)
    return path


# Which key


def test_an_explicit_key_comes_before_git_and_git_before_the_default(tmp_path: Path) -> None:
    default = new_key(tmp_path / ".ssh" / "id_ed25519")
    configured = new_key(tmp_path / "work")
    explicit = new_key(tmp_path / "other")
    config = ssh_config(str(tmp_path / "work"))
    assert signing_key(config, tmp_path, explicit=str(tmp_path / "other")).public == explicit
    assert signing_key(config, tmp_path).public == configured
    assert signing_key({}, tmp_path).public == default
    assert signing_key({}, tmp_path).source == "~/.ssh/id_ed25519"


def test_gits_openpgp_key_is_not_taken_for_an_ssh_key(tmp_path: Path) -> None:
    default = new_key(tmp_path / ".ssh" / "id_ed25519")
    assert signing_key({"user.signingkey": "0xDEADBEEF"}, tmp_path).public == default
    config = {"user.signingkey": "0xDEADBEEF", "gpg.format": "openpgp"}
    assert signing_key(config, tmp_path).public == default


def test_paths_may_start_at_home_and_name_either_half(tmp_path: Path) -> None:
    public = new_key(tmp_path / "keys" / "work")
    for value in ("~/keys/work", "~/keys/work.pub", str(tmp_path / "keys" / "work.pub")):
        key = signing_key(ssh_config(value), tmp_path)
        assert key.public == public
        assert sign(key)


def test_other_default_names_are_tried_in_sshs_order(tmp_path: Path) -> None:
    new_key(tmp_path / ".ssh" / "id_aaa")
    assert signing_key({}, tmp_path).source == "~/.ssh/id_aaa"
    rsa = new_key(tmp_path / ".ssh" / "id_rsa", "-t", "rsa", "-b", "2048")
    assert signing_key({}, tmp_path).public == rsa
    ecdsa = new_key(tmp_path / ".ssh" / "id_ecdsa", "-t", "ecdsa")
    assert signing_key({}, tmp_path).public == ecdsa


def test_the_public_half_is_read_without_pub_file_and_passphrase(tmp_path: Path) -> None:
    public = new_key(tmp_path / "k", passphrase=PASSPHRASE)
    (tmp_path / "k.pub").unlink()
    assert signing_key({}, tmp_path, explicit=str(tmp_path / "k")).public == public


def test_an_old_pem_key_needs_its_pub_file(tmp_path: Path) -> None:
    public = new_key(tmp_path / "k", "-t", "rsa", "-b", "2048", "-m", "PEM")
    assert signing_key({}, tmp_path, explicit=str(tmp_path / "k")).public == public
    (tmp_path / "k.pub").unlink()
    with pytest.raises(EnvironmentProblem, match="public half") as caught:
        signing_key({}, tmp_path, explicit=str(tmp_path / "k"))
    assert "ssh-keygen -y" in caught.value.hint


@pytest.mark.parametrize("prefix", ["key::", ""])
def test_a_literal_public_key_is_understood(tmp_path: Path, prefix: str) -> None:
    public = new_key(tmp_path / "k")
    key = signing_key(ssh_config(f"{prefix}{public} comment"), tmp_path)
    assert (key.public, key.file) == (public, None)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("~/missing", "there is no key at"),
        ("key::ssh-dss AAAA", "broken"),
        ("key::nonsense", "not an SSH public key"),
        ("~/folder", "cannot be read"),
        ("~/junk", "control characters"),
        ("~/broken", "public half"),
        ("~/short.pub", "1024 bits"),
    ],
)
def test_an_unusable_setting_is_an_error_that_names_it(tmp_path: Path, value: str, says: str) -> None:
    new_key(tmp_path / ".ssh" / "id_ed25519")  # not fallen back to: the person asked for another
    (tmp_path / "folder").mkdir()
    (tmp_path / "junk").write_bytes(b"\xff\x00junk")
    (tmp_path / "broken").write_text(
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n"
    )
    short = ["ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", tmp_path / "short"]
    subprocess.run(short, check=True)
    with pytest.raises(EnvironmentProblem, match=says) as caught:
        signing_key(ssh_config(value), tmp_path)
    assert "user.signingkey" in caught.value.message


def test_without_any_key_the_hint_makes_one(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="no SSH key") as caught:
        signing_key({}, tmp_path)
    assert "ssh-keygen -t ed25519" in caught.value.hint


# Signing


@pytest.mark.parametrize("options", [("-t", "ed25519"), ("-t", "rsa", "-b", "2048"), ("-t", "ecdsa", "-b", "521")])
def test_a_signature_verifies_and_leaves_nothing_behind(tmp_path: Path, options: tuple[str, ...]) -> None:
    public = new_key(tmp_path / "k with spaces", *options)
    key = signing_key({}, tmp_path, explicit=str(tmp_path / "k with spaces"))
    armored = sign(key)
    assert sshsig.verify(armored, MESSAGE, NAMESPACE).key == public
    assert not list(Path(tempfile.gettempdir()).iterdir())


def test_the_agent_signs_for_a_literal_key(tmp_path: Path, agent: None) -> None:
    public = new_key(tmp_path / "k", passphrase="")
    key = signing_key(ssh_config(f"key::{public}"), tmp_path)
    assert "neither as a file nor in the agent" in failure(key).message
    subprocess.run(["ssh-add", "-q", tmp_path / "k"], check=True)
    (tmp_path / "k").unlink()
    assert sshsig.verify(sign(key), MESSAGE, NAMESPACE).key == public
    by_file = signing_key(ssh_config(str(tmp_path / "k.pub")), tmp_path)
    assert sign(by_file, interactive=False)


def test_an_agent_that_refuses_is_named(tmp_path: Path, agent: None) -> None:
    public = new_key(tmp_path / "k")
    confirm = script(tmp_path / "no", "exit 1")
    environment = {**os.environ, "SSH_ASKPASS": str(confirm), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": "x"}
    subprocess.run(["ssh-add", "-q", "-c", tmp_path / "k"], check=True, env=environment)
    error = failure(SigningKey(public, None, "test"))
    assert "agent" in error.message
    assert "ssh-add" in error.hint


def test_a_passphrase_is_asked_through_ssh_askpass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_key(tmp_path / "k", passphrase=PASSPHRASE)
    key = signing_key({}, tmp_path, explicit=str(tmp_path / "k"))
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    monkeypatch.setenv("SSH_ASKPASS", str(script(tmp_path / "askpass", f"echo '{PASSPHRASE}'")))
    assert sign(key, interactive=True)
    monkeypatch.setenv("SSH_ASKPASS", str(script(tmp_path / "wrong", "echo hunter2")))
    error = failure(key, interactive=True)
    assert "passphrase" in error.message
    assert "hunter2" not in str(error) + error.hint


def test_nobody_is_asked_when_not_interactive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_key(tmp_path / "k", passphrase=PASSPHRASE)
    key = signing_key({}, tmp_path, explicit=str(tmp_path / "k"))
    asked = tmp_path / "asked"
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    monkeypatch.setenv("SSH_ASKPASS", str(script(tmp_path / "askpass", f"touch {asked}; echo '{PASSPHRASE}'")))
    error = failure(key)
    assert "passphrase" in error.message
    assert "ssh-add" in error.hint
    assert not asked.exists()


def test_a_passphrase_is_asked_at_the_terminal_even_when_stdin_is_a_pipe(tmp_path: Path) -> None:
    new_key(tmp_path / "k", passphrase=PASSPHRASE)
    program = (
        "import os, sys; from pathlib import Path; from pmctl.repository import signing as s;"
        "from pmctl.surroundings import Surroundings;"
        f"k = s.signing_key({{}}, Path('/'), explicit={str(tmp_path / 'k')!r});"
        "around = Surroundings(os.environ, Path('/'), True);"
        f"sys.stdout.write('signed' if s.sign(k, b'x', {NAMESPACE!r}, around) else 'no')"
    )
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - runs in the other process
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execv(sys.executable, [sys.executable, "-c", program])  # noqa: S606 - our own interpreter
    shown = b""
    while b"passphrase" not in shown:
        shown += os.read(terminal, 1024)
    os.write(terminal, PASSPHRASE.encode() + b"\n")
    try:
        while b"signed" not in shown:
            shown += os.read(terminal, 1024)
    except OSError:
        pytest.fail(f"not signed: {shown.decode()}")
    finally:
        os.waitpid(child, 0)
        os.close(terminal)
    assert PASSPHRASE.encode() not in shown


def test_a_private_key_that_others_can_read_is_named_with_the_fix(tmp_path: Path) -> None:
    new_key(tmp_path / "k")
    (tmp_path / "k").chmod(0o644)
    error = failure(signing_key({}, tmp_path, explicit=str(tmp_path / "k")))
    assert error.hint == f"chmod 600 {tmp_path / 'k'}"


def test_a_public_half_alone_is_not_enough(tmp_path: Path) -> None:
    new_key(tmp_path / "k")
    (tmp_path / "k").unlink()
    error = failure(signing_key({}, tmp_path, explicit=str(tmp_path / "k.pub")))
    assert "no private key" in error.message


def test_a_pub_file_of_another_key_is_noticed(tmp_path: Path) -> None:
    new_key(tmp_path / "k")
    new_key(tmp_path / "other")
    (tmp_path / "other.pub").replace(tmp_path / "k.pub")
    error = failure(signing_key({}, tmp_path, explicit=str(tmp_path / "k")))
    assert "different keys" in error.message + error.hint
    error = failure(signing_key({}, tmp_path, explicit=str(tmp_path / "k.pub")))
    assert "different keys" in error.message + error.hint


def test_without_ssh_keygen_the_error_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public = new_key(tmp_path / "k")
    monkeypatch.setenv("PATH", str(tmp_path))
    error = failure(SigningKey(public, tmp_path / "k", "test"))
    assert error.message == "ssh-keygen is not installed"
    assert "OpenSSH 8.2" in error.hint


@pytest.mark.parametrize("complaint", ["unknown option -- Y", "illegal option -- Y", "Too many arguments."])
def test_an_old_openssh_is_said_to_be_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, complaint: str) -> None:
    public = new_key(tmp_path / "k")
    script(tmp_path / "bin" / "ssh-keygen", f"echo 'ssh-keygen: {complaint}' >&2; exit 1")
    script(tmp_path / "bin" / "ssh", "echo 'OpenSSH_7.9p1 Debian-10+deb10u2, OpenSSL 1.1.1d' >&2")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert signing.openssh() == ("OpenSSH_7.9p1 Debian-10+deb10u2", True)
    error = failure(SigningKey(public, tmp_path / "k", "test"))
    assert "too old" in error.message
    assert "8.2" in error.hint


def test_the_version_of_this_machines_openssh_is_recognised() -> None:
    name, too_old = signing.openssh()
    assert name.startswith("OpenSSH_") and not too_old


@pytest.mark.parametrize(
    "behaviour",
    [
        "exit 0",  # no signature at all
        'for last; do :; done; echo nonsense > "$last.sig"',
        'for last; do :; done; printf "" > "$last.sig"',
    ],
)
def test_a_broken_ssh_keygen_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str) -> None:
    public = new_key(tmp_path / "k")
    script(tmp_path / "bin" / "ssh-keygen", behaviour)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with pytest.raises(EnvironmentProblem, match="signature"):
        sign(SigningKey(public, tmp_path / "k", "test"))


def test_a_signature_by_another_key_is_not_handed_out(tmp_path: Path) -> None:
    new_key(tmp_path / "k")
    expected = new_key(tmp_path / "other")
    error = failure(SigningKey(expected, tmp_path / "k", "test"))
    assert "signed with SHA256:" in error.message


def test_terminal_escapes_from_ssh_keygen_are_made_visible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public = new_key(tmp_path / "k")
    script(tmp_path / "bin" / "ssh-keygen", r"printf 'odd \033[31mfailure\n' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    error = failure(SigningKey(public, tmp_path / "k", "test"))
    assert error.message.endswith(r"odd \x1b[31mfailure")


# git


def repository(top: Path) -> Path:
    top.mkdir()
    subprocess.run(["git", "init", "-q", top], check=True)
    for name, value in (("user.name", "Jane"), ("user.email", "jane@example.com")):
        subprocess.run(["git", "-C", top, "config", name, value], check=True)
    return top


def test_git_commits_signed_with_the_same_key(tmp_path: Path) -> None:
    public = new_key(tmp_path / "k")
    top = repository(tmp_path / "repo")
    # A program set in the repository would otherwise run as us.
    bad = script(tmp_path / "bad", f"touch {tmp_path / 'ran'}; exit 1")
    subprocess.run(["git", "-C", top, "config", "gpg.ssh.program", bad], check=True)
    key = signing_key({}, tmp_path, explicit=str(tmp_path / "k"))
    commit = ["git", "-C", top, *git_config_arguments(key), "commit", "-q", "-S", "--allow-empty", "-m", "x"]
    subprocess.run(commit, check=True)
    (tmp_path / "signers").write_text(f"jane@example.com {public}\n")
    check = ["-c", f"gpg.ssh.allowedSignersFile={tmp_path / 'signers'}", "-c", "gpg.ssh.program=ssh-keygen"]
    subprocess.run(["git", "-C", top, *check, "verify-commit", "HEAD"], check=True, capture_output=True)
    assert not (tmp_path / "ran").exists()


def test_git_commits_signed_with_a_key_of_the_agent(tmp_path: Path, agent: None) -> None:
    for name, options in (("a", ("-t", "ed25519")), ("b", ("-t", "ecdsa"))):
        public = new_key(tmp_path / name, *options)
        subprocess.run(["ssh-add", "-q", tmp_path / name], check=True)
        top = repository(tmp_path / f"repo-{name}")
        arguments = git_config_arguments(SigningKey(public, None, "test"))
        command = ["git", "-C", top, *arguments, "commit", "-q", "-S", "--allow-empty", "-m", "x"]
        subprocess.run(command, check=True)
        raw = subprocess.run(["git", "-C", top, "cat-file", "commit", "HEAD"], check=True, capture_output=True)
        assert b"BEGIN SSH SIGNATURE" in raw.stdout


# Making a key


def test_a_new_key_is_private_and_signs(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "id_pmctl"
    key = make_key(path, "jane@laptop\n\x1b[31m", around(tmp_path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(file.name for file in path.parent.iterdir()) == ["id_pmctl", "id_pmctl.pub"]
    assert (path.parent / "id_pmctl.pub").read_text() == f"{key.public} jane@laptop \\x1b[31m\n"
    assert key.public.startswith("ssh-ed25519 ")
    assert sign(key, interactive=False)


@pytest.mark.parametrize("existing", ["id_pmctl", "id_pmctl.pub"])
def test_an_existing_key_is_never_overwritten(tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).write_text("precious")
    before = sorted(file.name for file in tmp_path.iterdir())
    with pytest.raises(EnvironmentProblem, match="already"):
        make_key(tmp_path / "id_pmctl", "c", around(tmp_path))
    assert (tmp_path / existing).read_text() == "precious"
    assert sorted(file.name for file in tmp_path.iterdir()) == before


def test_a_private_key_gets_no_name_of_a_public_one(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="there is no public key"):
        make_key(tmp_path / "folder" / "id_pmctl.pub", "c", around(tmp_path))
    assert not any(tmp_path.rglob("*.pub*"))


# Who signs


def test_the_signer_follows_gits_format_and_the_policys_key(tmp_path: Path) -> None:
    public = new_key(tmp_path / ".ssh" / "id_ed25519")
    fingerprint = "a" * 40
    assert signer({}, around(tmp_path)).key == public
    assert signer({}, around(tmp_path), openpgp_key=fingerprint).key == fingerprint.upper()
    assert signer({"gpg.format": "openpgp"}, around(tmp_path), openpgp_key=fingerprint).key == fingerprint.upper()
    assert signer({"gpg.format": "ssh"}, around(tmp_path), openpgp_key=fingerprint).key == public
    ssh = signer({}, around(tmp_path))
    assert isinstance(ssh, SshSigner)
    assert ssh.sign(MESSAGE, NAMESPACE)
    assert "gpg.format=ssh" in ssh.git_arguments()


@pytest.fixture
def gnupg(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A GnuPG home with one key and no passphrase; gives the fingerprint."""
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed")
    home = tempfile.mkdtemp(prefix="pg-", dir="/tmp")
    monkeypatch.setenv("GNUPGHOME", home)
    base = ["gpg", "--batch", "--quiet", "--passphrase", ""]
    subprocess.run([*base, "--quick-gen-key", "Jane <jane@example.com>", "ed25519", "sign", "never"], check=True)
    listing = subprocess.run([*base, "--with-colons", "--list-keys"], capture_output=True, text=True, check=True)
    yield next(row.split(":")[9] for row in listing.stdout.splitlines() if row.startswith("fpr:"))
    subprocess.run(["gpgconf", "--kill", "all"], check=False)
    shutil.rmtree(home, ignore_errors=True)  # gpg-agent takes away its sockets itself, a little later


def test_an_openpgp_key_signs_records_and_commits(tmp_path: Path, gnupg: str) -> None:
    person = signer({}, around(tmp_path), openpgp_key=gnupg)
    assert person.sign(MESSAGE, NAMESPACE).startswith(b"-----BEGIN PGP SIGNATURE-----")
    top = repository(tmp_path / "repo")
    command = ["git", "-C", top, *person.git_arguments(), "commit", "-q", "-S", "--allow-empty", "-m", "x"]
    subprocess.run(command, check=True)
    subprocess.run(["git", "-C", top, "verify-commit", "HEAD"], check=True, capture_output=True)


def test_openpgp_failures_name_the_next_step(tmp_path: Path, gnupg: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EnvironmentProblem, match="gpg cannot sign") as caught:
        OpenPgpSigner("B" * 40, around(tmp_path)).sign(MESSAGE, NAMESPACE)
    assert "--list-secret-keys" in caught.value.hint
    with monkeypatch.context() as without:
        without.setenv("PATH", str(tmp_path))
        with pytest.raises(EnvironmentProblem, match="gpg is not installed"):
            OpenPgpSigner(gnupg, around(tmp_path)).sign(MESSAGE, NAMESPACE)
