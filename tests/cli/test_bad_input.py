"""Bad input: a clear error with the next step, the exit code of the design, and nothing changed."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.play import FILE, ID, Play

At = Callable[[str], Play]


def refused(play: Play, person: str, line: str, *says: str, code: int = 2, env: dict[str, str] | None = None) -> str:
    """The line fails with that exit code, says all of it on stderr, has a next step, and changes nothing."""
    before = play.snapshot()
    done = play.run(person, line, env=env)
    assert done.returncode == code, f"{line}: {done.returncode} {done.stdout}{done.stderr}"
    assert done.stdout == "", "an error is no result"
    for part in says:
        assert part in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and "unexpected" not in done.stderr, done.stderr
    assert play.snapshot() == before
    return done.stderr


def test_missing_file(play: At) -> None:
    draft = play("draft")
    draft.file.unlink()
    done = draft.run("jane", f"pmctl validate {FILE}")
    assert (done.returncode, "no such file" in done.stdout) == (1, True)
    refused(draft, "jane", f"pmctl show {ID}", "no postmortem has", "hint: pmctl list", code=2)
    assert draft.run("jane", "pmctl list").returncode == 0


def test_invalid_utf8(play: At) -> None:
    draft = play("draft")
    draft.file.write_bytes(draft.file.read_bytes().replace(b"campaign", b"campa\xefgn"))
    draft.do("jane", "git commit -qam 'Bad bytes'")
    done = draft.run("jane", "pmctl validate")
    assert done.returncode == 1
    assert f"{FILE}:61:" in done.stdout and "UTF-8" in done.stdout, done.stdout
    refused(draft, "jane", f"pmctl submit {ID} -r bob", "UTF-8", "pmctl validate", code=1)
    listed = draft.run("jane", "pmctl list")
    assert listed.returncode == 0 and "UTF-8" in listed.stderr, "said, never silently skipped"
    assert draft.run("jane", "pmctl actions list").stderr.count("UTF-8") == 1


def test_broken_yaml(play: At) -> None:
    draft = play("draft")
    draft.file.write_bytes(draft.file.read_bytes().replace(b"\nseverity:", b"\nseverity: [a\nurgent:", 1))
    draft.do("jane", "git commit -qam 'Broken'")
    refused(draft, "jane", f"pmctl submit {ID} -r bob", "PM020", f"hint: pmctl validate {ID}", code=1)
    refused(draft, "jane", "pmctl actions set AI-7f3k --status COMPLETED", "no action item has the id AI-7f3k")
    for command in ("list", "status", f"status {ID}", f"show {ID}", f"log {ID}", "actions list"):
        done = draft.run("jane", f"pmctl {command}")
        assert done.returncode == 0 and "Traceback" not in done.stderr, (command, done.stderr)
    assert draft.run("jane", "pmctl audit").returncode == 0, "a draft that was never submitted may be broken"


def test_broken_postmortem_in_review_is_a_finding(play: At) -> None:
    review = play("review")
    review.file.write_bytes(b"no front matter\n")
    review.do("jane", "git commit -qam 'Broken'")
    assert review.run("jane", "pmctl audit").returncode == 1, "a managed postmortem that nobody can read is a finding"


@pytest.mark.parametrize("data", [b"\x00", b"[]", b'{"id": ' + b"[" * 100_000, b"\xff\xfe{", b"", b'{"title": 1e999}'])
def test_unknown_or_hostile_record(data: bytes, play: At) -> None:
    team = play("team")
    (team.stage.folder / "record.json").write_bytes(data)
    refused(team, "jane", "pmctl new --from ../record.json", "record.json")


def test_id_that_matches_two(play: At) -> None:
    draft = play("draft")
    draft.do("jane", 'pmctl new "Payment API slow" --date 2024-01-16')
    refused(draft, "jane", "pmctl show payment", "fits 2 postmortems", ID, "2024-01-16-payment-api-slow")
    refused(draft, "jane", "pmctl submit 2024 -r bob", "fits 2 postmortems")
    assert draft.run("jane", f"pmctl show {FILE}").returncode == 0, "its path names it as well"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "--help-me", "-x", "$(touch x)", "a\nb", "\x1b[31m"]
)
def test_hostile_ids(name: str, play: At) -> None:
    team = play("team")
    error = refused(team, "jane", 'pmctl show -- "$NAME"', "hint:", env={"NAME": name})
    assert "\x1b" not in error


def test_no_repository(play: At) -> None:
    stage = play("nothing")
    for command in ("list", "show x", "status", "audit", "submit x -r bob", "people list", "actions list", "new T"):
        done = stage.run("jane", f"pmctl {command}")
        assert (done.returncode, done.stdout) == (2, "")
        assert "not inside a git repository" in done.stderr and "pmctl init" in done.stderr
    stage.do("jane", "git init -q")
    assert "no pmctl.yaml" in stage.run("jane", "pmctl list").stderr
    assert "is not a folder" in stage.run("jane", "pmctl -C nowhere list").stderr


def test_no_key(play: At) -> None:
    draft = play("draft")
    no_key = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.signingkey", "GIT_CONFIG_VALUE_0": ""}
    refused(draft, "jane", f"pmctl submit {ID} -r bob", "no SSH key to sign with", "ssh-keygen -t ed25519", env=no_key)
    done = draft.run("jane", 'pmctl new "Without a key" --date 2024-01-20', env=no_key)
    assert done.returncode == 0, "a draft needs no signature"
    assert draft.git("log", "-1", "--format=%G?") == "N"


def test_init_without_a_key_and_without_a_name(play: At) -> None:
    stage = play("nothing")
    no_key = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.signingkey", "GIT_CONFIG_VALUE_0": ""}
    done = stage.run("jane", "pmctl init", env=no_key)
    assert (done.returncode, "run it again with --make-key" in done.stderr) == (2, True), done.stderr
    nobody = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.email", "GIT_CONFIG_VALUE_0": ""}
    done = stage.run("jane", "pmctl init", env=nobody)
    assert (done.returncode, "git config --global user.email" in done.stderr) == (2, True), done.stderr
    assert not (stage.root / "pmctl.yaml").exists()


def test_wrong_passphrase(play: At) -> None:
    review = play("review")
    key = review.stage.folder / "home/keys/bob"
    review.do("bob", f"ssh-keygen -q -p -P '' -N secret -f {key}")
    refused(review, "bob", f"pmctl approve {ID}", "passphrase", "hint:")
    askpass = review.stage.folder / "askpass"
    askpass.write_text("#!/bin/sh\necho wrong\n")
    askpass.chmod(0o755)
    refused(
        review, "bob", f"pmctl approve {ID}", "passphrase",
        env={"SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":9"},
    )  # fmt: skip


def test_unreadable_key(play: At) -> None:
    review = play("review")
    key = review.stage.folder / "home/keys/bob"
    key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense\n-----END OPENSSH PRIVATE KEY-----\n")
    refused(review, "bob", f"pmctl approve {ID}", "hint:")


def test_locked_index(play: At) -> None:
    review = play("review")
    (review.root / ".git/index.lock").touch()
    refused(review, "bob", f"pmctl approve {ID}", "index.lock", "hint: another git command is running")
    (review.root / ".git/index.lock").unlink()
    review.do("bob", f"pmctl approve {ID}")


def test_dirty_work_tree(play: At) -> None:
    review = play("review")
    (review.root / "notes.txt").write_text("mine\n")
    (review.root / "pmctl.yaml").write_text((review.root / "pmctl.yaml").read_text() + "# mine\n")
    review.do("bob", f"git add notes.txt && pmctl approve {ID}")
    assert review.git("status", "--porcelain") == "A  notes.txt\n M pmctl.yaml", "what else is going on stays as it is"
    review.file.write_bytes(review.file.read_bytes() + b"more\n")
    refused(review, "jane", f"pmctl publish {ID}", "not committed", "hint: commit them first", code=1)
    review.do("jane", f"git add {FILE}")
    refused(review, "jane", f"pmctl publish {ID}", "not committed", code=1)
    review.do("jane", f"git reset -q && git checkout -q {FILE}")
    review.do("jane", f"pmctl publish {ID}")


def test_uncommitted_attachment_is_said(play: At) -> None:
    review = play("review")
    graph = review.file.with_suffix("") / "graph.txt"
    graph.parent.mkdir()
    graph.write_text("up\n")
    refused(review, "bob", f"pmctl approve {ID}", "graph.txt", "not committed", code=1)


def test_merge_under_way(play: At) -> None:
    review = play("review")
    review.do("jane", "git switch -qc side && echo a > x && git add x && git commit -qm a && git switch -q main")
    review.do("jane", "echo b > x && git add x && git commit -qm b")
    review.run("jane", "git merge -q side")
    error = review.run("bob", f"pmctl approve {ID}").stderr
    assert "merge" in error and "hint:" in error, error
    assert not list((review.root / f".pmctl/records/{ID}").glob("0002*"))


def test_full_disk(play: At) -> None:
    """No file may grow at all: the first write of the act fails, as on a full disk."""
    review = play("review")
    refused(
        review,
        "bob",
        f"trap '' XFSZ; ulimit -f 0; {sys.executable} -m pmctl approve {ID}",
        "error: ",
        "hint:",
        "disk space",
    )
    review.do("bob", f"pmctl approve {ID}")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_read_only_repository(play: At) -> None:
    review = play("review")
    places = [review.root, review.root / ".git", review.root / ".git/objects", review.root / ".pmctl/records" / ID]
    for place in places:
        place.chmod(0o555)
    try:
        refused(review, "bob", f"pmctl approve {ID}", "cannot write")
        for command in ("list", "status", f"show {ID}", "validate", "audit"):
            assert review.run("bob", f"pmctl {command}").returncode == 0, command
    finally:
        for place in places:
            place.chmod(0o755)


def _path_without(play: Play, *names: str) -> dict[str, str]:
    """A PATH that has everything but these programs."""
    place = play.stage.folder / "path"
    place.mkdir()
    for folder in play.environment["PATH"].split(os.pathsep):
        for program in Path(folder).iterdir() if Path(folder).is_dir() else ():
            if program.name not in names and not (place / program.name).exists():
                (place / program.name).symlink_to(program)
    return {"PATH": str(place)}


def test_git_missing(play: At) -> None:
    review = play("review")
    path = _path_without(review, "git")
    refused(review, "bob", "pmctl list", "git is not installed", "git 2.34", env=path)
    doctor = review.run("bob", "pmctl doctor", env=path)
    assert (doctor.returncode, "BAD   git: git is not installed" in doctor.stdout) == (1, True)
    alone = review.run("bob", f"pmctl validate {FILE}", env=path)
    assert alone.returncode in (0, 2) and "Traceback" not in alone.stderr


def test_ssh_keygen_missing(play: At) -> None:
    review = play("review")
    path = _path_without(review, "ssh-keygen")
    refused(review, "bob", f"pmctl approve {ID}", "ssh-keygen is not installed", "OpenSSH 8.2", env=path)
    assert review.run("bob", "pmctl audit", env=path).returncode == 0, "verifying needs no ssh-keygen"
    assert review.run("bob", "pmctl list", env=path).returncode == 0


def test_broken_settings_and_policy(play: At) -> None:
    draft = play("draft")
    (draft.root / "pmctl.yaml").write_text("version: 1\ntemplat: default\nseverities: SEV1\n")
    error = refused(draft, "jane", 'pmctl new "Another"', "pmctl.yaml:2:1", "did you mean template?", "pmctl.yaml:3:13")
    assert "correct pmctl.yaml" in error
    assert draft.run("jane", "pmctl list").returncode == 0
    (draft.root / ".pmctl/policy.yaml").write_text("version: [\n")
    draft.do("jane", "git commit -qam 'Broken policy'")
    refused(draft, "jane", f"pmctl submit {ID} -r bob", ".pmctl/policy.yaml", "pmctl policy verify")
    assert draft.run("jane", "pmctl audit").returncode == 1
    assert draft.run("jane", "pmctl policy verify").returncode == 1


def test_corrupt_object_is_no_pass(play: At) -> None:
    review = play("review")
    blob = review.git("rev-parse", f"HEAD:{FILE}")
    file = review.root / ".git/objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    file.write_bytes(b"rubbish")
    for command in ("audit", f"status {ID}", f"approve {ID}", f"log {ID}"):
        done = review.run("bob", f"pmctl {command}")
        assert done.returncode in (1, 2) or "incomplete" in done.stderr, (command, done.stdout)
        assert "Traceback" not in done.stderr and "unexpected" not in done.stderr, (command, done.stderr)


def test_reader_that_goes_away(play: At) -> None:
    line = (
        f"set -o pipefail; pmctl show {ID} | head -1 && pmctl explain --all | head -1 && pmctl schema postmortem | true"
    )
    done = play("published").run("jane", line)
    assert (done.returncode, done.stderr) == (0, "")


def test_file_names_with_unusual_bytes(play: At) -> None:
    review = play("review")
    folder = review.file.parent
    strange = os.fsencode(folder) + b"/2024-01-01-\xff\xfe.md"
    with open(strange, "wb") as file:  # noqa: PTH123  bytes are the point
        file.write(b"not a postmortem")
    (folder / "new\nline.md").write_text("x")
    (folder / "quo'te\"\t.md").write_text("x")
    (folder / "Über alles.md").write_text("x")
    review.do("jane", "git add -A && git commit -qm Strange")
    for command in ("list", "status", f"show {ID}", f"status {ID}", "actions list", f"log {ID}"):
        done = review.run("jane", f"pmctl {command}")
        assert done.returncode == 0, (command, done.stderr)
        assert "Traceback" not in done.stderr
    assert review.run("jane", "pmctl validate").returncode == 1
    audit = review.run("jane", "pmctl audit")
    assert audit.returncode in (0, 1) and "unexpected" not in audit.stderr, audit.stderr
    review.do("bob", f"pmctl approve {ID}")


def test_symbolic_links_and_devices_are_not_followed(play: At) -> None:
    review = play("review")
    outside = review.stage.folder / "secret.md"
    shutil.copy(review.file, outside)
    link = review.file.with_name("2024-01-16-link.md")
    link.symlink_to(outside)
    os.mkfifo(review.file.with_name("2024-01-17-pipe.md"))
    for command in ("list", "validate", "show 2024-01-16-link", "show 2024-01-17-pipe", "actions list", "status"):
        done = review.run("jane", f"pmctl {command}")
        assert "Traceback" not in done.stderr and "unexpected" not in done.stderr
        assert "2,347" not in done.stdout, command
