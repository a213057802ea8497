"""Where a repository may lie: a subfolder, a worktree, strange paths, a detached HEAD, no work tree at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.play import FILE, ID, Play

At = Callable[[str], Play]


@pytest.mark.parametrize("folder", ["docs/postmortems here", "größe/ü"])
def test_whole_life_in_a_subfolder(folder: str, play: At) -> None:
    """Postmortems beside code: pmctl reads and writes nothing of what lies around its root."""
    stage = play("nothing")
    stage.do("alice", "git init -q && echo code > main.c && echo x > pmctl.txt && git add . && git commit -qm Code")
    root = stage.root / folder
    root.mkdir(parents=True)
    (stage.root / "main.c").write_text("changed\n")
    stage.do("alice", "git add main.c")

    def inside(person: str, line: str, code: int = 0) -> str:
        done = stage.run(person, line, cwd=root)
        assert done.returncode == code, f"{line}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    inside("alice", "pmctl init")
    inside("alice", 'pmctl people add jane --name "Jane Doe" --email jane@example.com --key $KEYS/jane.pub')
    inside("alice", 'pmctl people add bob --name "Bob Ray" --email bob@example.com --key $KEYS/bob.pub')
    inside("jane", f"pmctl new --from {stage.stage.folder}/incident.json")
    from pmctl.document.reader import read
    from pmctl.workflow.demo import story_edit

    (root / FILE).write_bytes(story_edit(read((root / FILE).read_bytes(), FILE)).data)
    assert f"{FILE}:" not in inside("jane", "pmctl validate --strict --ignore PM509,PM95", 0)
    inside("jane", 'git commit -qm "Write it up" -- .')
    inside("jane", f"pmctl submit {ID} -r bob")
    inside("bob", f"pmctl approve {ID}")
    inside("jane", "pmctl actions set AI-7f3k --status COMPLETED")
    inside("jane", f"pmctl publish {ID}")
    assert "PUBLISHED" in inside("jane", "pmctl list")
    assert inside("jane", f"pmctl log {ID}").count(" ok ") >= 5
    assert "passed: 0 proved violations" in inside("jane", "pmctl audit")
    deeper = root / "postmortems" / "2024"
    assert stage.run("jane", f"pmctl show {ID}", cwd=deeper).returncode == 0, "and from any folder below"
    assert ID in stage.do("jane", "pmctl list"), "above the only root it is found"
    (stage.root / "other").mkdir()
    (stage.root / "other/pmctl.yaml").touch()
    done = stage.run("jane", "pmctl list")
    assert done.returncode == 2 and "2 folders here hold postmortems" in done.stderr and "-C other\n" in done.stderr
    assert f"-C {folder}\n" in done.stderr and stage.do("jane", f"pmctl list -C '{folder}'")
    (stage.root / "other/pmctl.yaml").unlink()
    assert stage.git("diff", "--cached", "--name-only") == "main.c", "what was staged stays staged"
    assert stage.git("log", "--format=%s", "--", "main.c") == "Code"
    (root / FILE).write_bytes((root / FILE).read_bytes().replace(b"2,347", b"12"))
    inside("jane", 'git commit -qm "Typo" -- .')
    assert "AU401" in inside("jane", "pmctl audit", 1)


def test_linked_worktree(play: At) -> None:
    review = play("review")
    review.do("bob", "git worktree add -q ../other -b review-it")
    other = review.stage.folder / "other"
    done = review.run("bob", f"pmctl approve {ID}", cwd=other)
    assert done.returncode == 0, done.stderr
    assert review.run("bob", "pmctl audit", cwd=other).returncode == 0
    assert "approved" not in review.do("bob", f"pmctl log {ID}")
    review.do("bob", "git merge -q --no-ff --no-edit review-it")
    assert "bob: approve" in review.do("bob", f"pmctl log {ID}")
    review.do("jane", f"pmctl publish {ID}")
    review.do("jane", "pmctl audit")


def test_path_with_spaces_and_other_letters(play: At) -> None:
    published = play("published")
    moved = published.stage.folder / "Vorfälle & 'Mehr' ☃"
    published.root.rename(moved)
    for command in ("list", f"show {ID}", "validate", "audit", "doctor"):
        assert published.run("alice", f"pmctl {command}", cwd=moved).returncode == 0, command
    done = published.run("alice", f"pmctl archive {ID}", cwd=moved)
    assert done.returncode == 0, done.stderr


def test_detached_head(play: At) -> None:
    review = play("review")
    review.do("bob", "git checkout -q --detach")
    assert review.run("bob", f"pmctl status {ID}").returncode == 0
    assert review.run("bob", "pmctl audit").returncode == 0
    done = review.run("bob", f"pmctl approve {ID}")
    assert done.returncode == 0, "a detached HEAD is what a rebase or a CI job stands on"
    assert review.git("log", "-1", "--format=%s").startswith("Approve")


def test_bare_repository(play: At) -> None:
    published = play("published")
    published.do("alice", "git clone -q --bare . ../bare.git")
    bare = published.stage.folder / "bare.git"
    for command in ("list", f"show {ID}", f"approve {ID}", "validate"):
        done = published.run("alice", f"pmctl {command}", cwd=bare)
        assert done.returncode == 2, (command, done.stdout)
        assert "hint:" in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_repository_without_a_commit(play: At) -> None:
    stage = play("nothing")
    stage.do("alice", "git init -q && echo 'version: 1' > pmctl.yaml")
    for command in ("status", "audit", "people list", "submit x -r y", 'new "Something" --author alice'):
        done = stage.run("alice", f"pmctl {command}")
        assert done.returncode in (0, 2), (command, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr and "unexpected" not in done.stderr
    assert stage.run("alice", "pmctl list").returncode == 0


def test_sha256_repository(play: At) -> None:
    stage = play("nothing")
    if stage.run("alice", "git init -q --object-format=sha256").returncode:
        pytest.skip("this git makes no sha256 repositories")
    stage.do("alice", "pmctl init")
    stage.do("alice", 'pmctl new "Something broke" --date 2024-01-15')
    stage.do("alice", "pmctl audit")


def test_crlf_and_byte_order_mark_survive_a_whole_life(play: At) -> None:
    draft = play("draft")
    data = b"\xef\xbb\xbf" + draft.file.read_bytes().replace(b"\n", b"\r\n")
    draft.file.write_bytes(data)
    draft.do("jane", "git commit -qam 'From another editor'")
    draft.do("jane", f"pmctl submit {ID} -r bob")
    draft.do("bob", f"pmctl approve {ID}")
    draft.do("jane", f"pmctl publish {ID} && pmctl audit")
    after = draft.file.read_bytes()
    assert after.startswith(b"\xef\xbb\xbf---\r\n") and after.count(b"\n") == after.count(b"\r\n")
    assert after.replace(b"status: PUBLISHED", b"status: DRAFT").replace(b"reviewers: [bob]\r\n", b"") == data
