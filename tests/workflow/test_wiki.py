"""A wiki in a folder and in a repository: what is written, what is left alone, who may read it."""

from __future__ import annotations

import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pmctl import git
from pmctl.errors import EnvironmentProblem, Refused, UsageProblem
from pmctl.insight.publication import publications
from pmctl.output.wiki.article import Collection
from pmctl.output.wiki.files import MANIFEST, Manifest, plan, read_manifest, render
from pmctl.output.wiki.flavours import FLAVOURS
from pmctl.policy.audience import parse
from pmctl.repository.workspace import Workspace
from pmctl.workflow.wiki import Written, build, collect
from pmctl.workflow.wiki_push import _access, push, shown_url, wiki_url
from tests.world import World, document

OPEN = "2024-01-15-open-to-all"
TEAM = "2024-02-15-for-the-team"
CLOSED = "2024-03-15-for-few"
DRAFT = "2024-04-15-not-ready"


@pytest.fixture
def team(world: World) -> World:
    """Postmortems for everybody, for a team and for few, and a draft that mentions none of them."""
    world.init(teams={"payments": ("carol",)})
    world.published(OPEN, visibility="organization", title="Plain words")
    world.published(TEAM, visibility="team", teams="[payments]", title="Bluebird went down", tags="[zebra]")
    world.published(CLOSED, visibility="private", title="Kestrel was exposed", services="[walrus]")
    world.new(DRAFT, visibility="organization", title="Unready goose")
    return world


def collected(world: World, audience: str = "organization", *, drafts: bool = False) -> Collection:
    workspace = Workspace(world.repo)
    return collect(workspace, publications(workspace, parse(audience, workspace.policy), drafts=drafts))


def built(world: World, folder: Path, flavour: str = "github", *, force: bool = False, **chosen: object) -> Written:
    what = collected(world, **chosen)  # type: ignore[arg-type]
    return build(FLAVOURS[flavour].make(what), flavour, what.source, folder, force=force)


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_what_an_audience_may_not_read_leaves_no_trace(team: World, tmp_path: Path, flavour: str) -> None:
    team.write(team.file("2024-01-16-draft"), document("2024-01-16-draft", title="Also a draft"))
    link = f"[the other](../2024/{TEAM}.md) and [that](../2024/{CLOSED}.md#walrus)"
    team.published("2024-06-01-linking", body=f"\n## Summary\n\nSee {link}.\n", title="Linking")
    readers = {
        "organization": (b"Plain words",),
        "team:payments": (b"Plain words", b"Bluebird", b"zebra"),
        "person:jane": (b"Plain words", b"Bluebird", b"zebra", b"Kestrel", b"walrus"),
    }
    planted = (b"Plain words", b"Bluebird", b"zebra", b"Kestrel", b"walrus", b"goose", b"Also a draft")
    planted += (b"for-the-team", b"for-few")
    for audience, may in readers.items():
        folder = tmp_path / audience.replace(":", "-")
        built(team, folder, flavour, audience=audience)
        said = b"\n".join(path.encode() + b"\n" + data for path, data in content(folder).items())
        found = {word for word in planted if word in said}
        assert {word for word in found if not word.startswith(b"for-")} == set(may), audience
        assert (b"for-few" not in found or b"Kestrel" in may) and (b"for-the-team" not in found or b"Bluebird" in may)
    built(team, tmp_path / "drafts", flavour, drafts=True)
    assert b"goose" in b"".join(content(tmp_path / "drafts").values())


def test_what_cannot_be_read_is_listed(team: World, tmp_path: Path) -> None:
    team.write(team.file(OPEN), b"---\ntitle: [\nvisibility: organization\n---\n")
    what = collected(team)
    told = FLAVOURS["github"].make(what)["Home.md"]
    assert isinstance(told, bytes)
    assert [one.id for one in what.broken] == [OPEN] and OPEN.encode() in told and b"Cannot be read" in told


def test_a_second_build_changes_nothing_and_another_commit_neither(team: World, tmp_path: Path) -> None:
    folder = tmp_path / "wiki"
    assert len(built(team, folder).changes.write) == 5
    before = content(folder)
    assert not built(team, folder).changes.write
    team.edit_file("README.md", "x")
    assert not built(team, folder).changes.write and content(folder) == before
    team.published("2024-06-01-next", title="Next")
    after = built(team, folder).changes
    assert set(after.write) == {"2024-06-01-Next.md", "Postmortems-2024.md", "Home.md", "_Footer.md", "_Sidebar.md"}


def test_a_folder_that_holds_something_else_is_refused(team: World, tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(Refused, match="did not write"):
        built(team, folder)
    (folder / MANIFEST).write_text('{"schema": "pmctl/wiki-manifest/v1", "files": {"../x": "1"}}')
    with pytest.raises(Refused, match="did not write"):
        built(team, folder, force=True)
    assert sorted(content(folder)) == [MANIFEST, "mine.txt"]
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(Refused, match="no folder"):
        built(team, file)
    built(team, tmp_path / "hugo", "hugo")
    with pytest.raises(Refused, match="holds the flavour hugo"):
        built(team, tmp_path / "hugo", "plain")
    assert "README.md" in built(team, tmp_path / "hugo", "plain", force=True).changes.write
    assert "_index.md" not in content(tmp_path / "hugo")


def test_what_people_wrote_is_not_touched_and_what_they_changed_is_said(team: World, tmp_path: Path) -> None:
    folder = tmp_path / "wiki"
    built(team, folder, audience="team:payments")
    edited, gone = folder / "2024-01-15-Plain-words.md", folder / "2024-02-15-Bluebird-went-down.md"
    edited.write_text("corrected by hand")
    gone.write_text("corrected, too")
    (folder / "Own-page.md").write_text("theirs")
    (folder / "Home.md").unlink()
    kept = built(team, folder).changes.kept
    assert {(one.path, one.why) for one in kept} == {
        (edited.name, "somebody edited it in the wiki"),
        (gone.name, "somebody edited it in the wiki; its postmortem is no longer shown"),
    }
    assert edited.read_text() == "corrected by hand" and gone.exists() and (folder / "Home.md").exists()
    assert built(team, folder).changes.kept == kept  # and so until somebody decides
    assert not built(team, folder, force=True).changes.kept
    assert "Plain" not in edited.name or b"Published" in edited.read_bytes()
    assert not gone.exists() and (folder / "Own-page.md").read_text() == "theirs"


def test_a_link_in_the_folder_is_not_followed(team: World, tmp_path: Path) -> None:
    folder, outside = tmp_path / "wiki", tmp_path / "outside"
    outside.mkdir()
    built(team, folder, "plain")
    for path in (folder / "2024").iterdir():
        path.unlink()
    (folder / "2024").rmdir()
    (folder / "2024").symlink_to(outside)
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to(outside / "target")
    done = built(team, folder, "plain", force=True)
    assert {one.why for one in done.changes.kept} == {"it is no plain file there"}
    assert not list(outside.iterdir()) and not done.changes.write


def test_a_plan_never_takes_what_is_not_ours() -> None:
    new, before = {"a": "1", "b": "2", "c": "3", "same": "9"}, {"b": "0", "gone": "5", "left": "6"}
    there = {"a": "7", "b": "0", "gone": "5", "left": "8", "same": "9"}
    found = plan(new, before, there, force=False)
    assert (found.write, found.remove) == (("b", "c"), ("gone",))
    assert [one.path for one in found.kept] == ["a", "left"]
    assert found.manifest == {"b": "2", "c": "3", "same": "9", "left": "6"}
    assert plan(new, before, there, force=True).remove == ("gone", "left")


@pytest.mark.parametrize("path", ["../x", "/x", "a/../b", ".git/config", "a/.GIT/x", "", "a//b", "x\0y"])
def test_a_manifest_that_leads_elsewhere_is_none(path: str) -> None:
    assert read_manifest(render(Manifest("github", "", {path: "1"}))) is None
    assert read_manifest(render(Manifest("github", "", {"a/b.md": "1"}))) is not None


# Pushing


@pytest.fixture
def wiki(tmp_path: Path) -> Path:
    """A bare repository, as a host makes it with its first page."""
    return bare(tmp_path / "team.wiki.git", "Home.md")


def bare(path: Path, first: str = "") -> Path:
    run(path.parent, "init", "-q", "--bare", "-b", "master", str(path))
    if first:
        change(path, {first: "Welcome to the wiki!"})
    return path


def run(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=Host", "-c", "user.email=host@example.com")
    return subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True).stdout


def change(wiki: Path, files: dict[str, str | None]) -> None:
    """What a person does in the wiki itself."""
    clone = wiki.parent / f"by-hand-{len(list(wiki.parent.iterdir()))}"
    run(wiki.parent, "clone", "-q", str(wiki), str(clone))
    for path, text in files.items():
        if text is None:
            (clone / path).unlink()
        else:
            (clone / path).write_text(text)
    run(clone, "add", "-A")
    run(clone, "commit", "-qm", "By hand")
    run(clone, "push", "-q", "origin", "HEAD:master")


def pushed(world: World, wiki: Path, flavour: str = "github", **chosen: bool) -> Written:
    what = collected(world)
    return push(world.repo, FLAVOURS[flavour].make(what), flavour, what.source, str(wiki), **chosen)  # type: ignore[arg-type]


def listed(wiki: Path) -> set[str]:
    return set(run(wiki, "-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", "master").split("\n")[:-1])


def commits(wiki: Path) -> int:
    return int(run(wiki, "rev-list", "--count", "master"))


def test_a_push_is_one_commit_and_the_next_one_none(team: World, wiki: Path) -> None:
    done = pushed(team, wiki)
    assert done.commit == run(wiki, "rev-parse", "master").strip() and commits(wiki) == 2
    assert listed(wiki) == {
        MANIFEST, "Home.md", "_Sidebar.md", "_Footer.md", "2024-01-15-Plain-words.md", "Postmortems-2024.md",
    }  # fmt: skip
    assert "Welcome" not in run(wiki, "show", "master:Home.md")
    team.edit_file("README.md", "x")
    assert pushed(team, wiki).commit == "" and commits(wiki) == 2
    team.edit("Plain words", "Better words", OPEN)
    names = listed(wiki) | {"2024-01-15-Better-words.md"}
    assert pushed(team, wiki).changes.remove == ("2024-01-15-Plain-words.md",)
    assert listed(wiki) == names - {"2024-01-15-Plain-words.md"}


def test_an_empty_repository_gets_its_first_commit(team: World, tmp_path: Path) -> None:
    wiki = bare(tmp_path / "empty.wiki.git")
    assert pushed(team, wiki).commit and commits(wiki) == 1


@pytest.mark.parametrize("branch", ["main", "wiki"])
def test_the_first_commit_goes_to_the_branch_that_the_host_shows(team: World, tmp_path: Path, branch: str) -> None:
    wiki = bare(tmp_path / "empty.wiki.git")
    run(wiki, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
    for flavour in ("github", "gitlab"):
        assert pushed(team, wiki, flavour).commit == run(wiki, "rev-parse", "HEAD").strip()
        run(wiki, "update-ref", "-d", f"refs/heads/{branch}")


def test_a_dry_run_only_lists(team: World, wiki: Path) -> None:
    done = pushed(team, wiki, dry_run=True)
    assert "2024-01-15-Plain-words.md" in done.changes.write and not done.commit and commits(wiki) == 1


def test_pages_of_people_stay(team: World, wiki: Path) -> None:
    change(wiki, {"Team.md": "ours", "2024-01-15-Plain-words.md": "mine"})
    done = pushed(team, wiki)
    assert {(one.path, one.why) for one in done.changes.kept} == {
        ("Home.md", "somebody else made it"), ("2024-01-15-Plain-words.md", "somebody else made it"),
    }  # fmt: skip
    assert run(wiki, "show", "master:2024-01-15-Plain-words.md") == "mine"
    pushed(team, wiki, force=True)
    assert "Published" in run(wiki, "show", "master:2024-01-15-Plain-words.md")
    change(wiki, {"2024-01-15-Plain-words.md": "edited", "_Footer.md": None})
    done = pushed(team, wiki)
    assert [one.path for one in done.changes.kept] == ["2024-01-15-Plain-words.md"]
    assert run(wiki, "show", "master:2024-01-15-Plain-words.md") == "edited"
    assert {"Team.md", "_Footer.md"} <= listed(wiki)


def test_three_clones_push_at_once(team: World, wiki: Path, tmp_path: Path) -> None:
    """Each from a state of its own: all of them end well, and the wiki is that of one of them, whole."""
    worlds = []
    for number in range(3):
        path = tmp_path / f"clone-{number}"
        run(tmp_path, "clone", "-q", str(team.path), str(path))
        worlds.append(replace(team, path=path))
        worlds[-1].edit("Plain words", f"Words {number}", OPEN)
    made = [(one, collected(one)) for one in worlds]
    done: list[Written] = []

    def send(one: World, what: Collection) -> None:
        done.append(push(one.repo, FLAVOURS["github"].make(what), "github", what.source, str(wiki)))

    threads = [threading.Thread(target=send, args=pair) for pair in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 3 and all(one.commit for one in done) and commits(wiki) == 4
    assert len([path for path in listed(wiki) if path.startswith("2024-01-15")]) == 1
    manifest = read_manifest(run(wiki, "show", f"master:{MANIFEST}").encode())
    assert manifest is not None
    assert {path: run(wiki, "rev-parse", f"master:{path}").strip() for path in manifest.files} == manifest.files


def test_nothing_of_the_wiki_or_of_its_history_runs(team: World, wiki: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    clone = tmp_path / "evil"
    run(tmp_path, "clone", "-q", str(wiki), str(clone))
    (clone / ".gitattributes").write_text("* filter=evil\n")
    (clone / "_Sidebar.md").symlink_to(mark)
    (clone / "2024-01-15-Plain-words.md").symlink_to("/etc/passwd")
    run(clone, "add", "-A")
    run(clone, "commit", "-qm", "x")
    run(clone, "push", "-q", "origin", "HEAD:master")
    team.git("config", "filter.evil.clean", f"touch {mark}")
    done = pushed(team, wiki, force=True)
    assert {one.path for one in done.changes.kept} == {"_Sidebar.md", "2024-01-15-Plain-words.md"}
    assert not mark.exists()


def test_a_repository_of_postmortems_is_no_wiki(team: World, tmp_path: Path) -> None:
    run(tmp_path, "clone", "-q", "--bare", str(team.path), str(tmp_path / "code.git"))
    with pytest.raises(Refused, match="no wiki"):
        pushed(team, tmp_path / "code.git", force=True)


def test_a_wiki_without_a_first_page_is_explained(team: World, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="there is no wiki at") as caught:
        pushed(team, tmp_path / "none.wiki.git")
    assert "create and save one" in str(caught.value.hint)
    with pytest.raises(EnvironmentProblem) as caught:
        pushed(team, tmp_path / "none.wiki.git", "gitlab")
    assert "switch the wiki on" in str(caught.value.hint)


def test_a_server_that_says_no_is_quoted_without_passwords(team: World, wiki: Path) -> None:
    hook = wiki / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'see https://bob:s3cret@host/x' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Refused, match="refused the pages") as caught:
        pushed(team, wiki)
    assert "s3cret" not in repr(caught.value.lines) and "https://host/x" in repr(caught.value.lines)


def test_what_a_job_may_reach_its_host_with_holds_for_the_wiki(team: World) -> None:
    """A token in the clone's settings reaches git by its environment, and nothing else of them does."""
    team.git("config", "--add", "http.https://github.com/.extraheader", "AUTHORIZATION: basic s3cret")
    team.git("config", "core.hooksPath", "/evil")
    team.git("config", "remote.origin.uploadpack", "evil")
    variables = _access(team.repo)
    assert "AUTHORIZATION: basic s3cret" in variables.values()
    assert not any("evil" in value for value in variables.values())
    shown = git.run(team.path, "config", "--get-all", "http.https://github.com/.extraheader", env=variables)
    assert shown.text.split("\n")[-1] == "AUTHORIZATION: basic s3cret"


def test_the_address_comes_from_the_remote(team: World, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="no remote"):
        wiki_url(team.repo, "", "github", tmp_path)
    for url, wiki in (
        ("https://github.com/o/r.git", "https://github.com/o/r.wiki.git"),
        ("https://github.com/o/r", "https://github.com/o/r.wiki.git"),
        ("git@gitlab.com:o/r.git", "git@gitlab.com:o/r.wiki.git"),
        ("https://github.com/o/r.wiki.git", "https://github.com/o/r.wiki.git"),
        ("/srv/git/r.git", "/srv/git/r.wiki.git"),
    ):
        team.git("remote", "add", "origin", url)
        assert wiki_url(team.repo, "", "gitlab", tmp_path) == wiki
        team.git("remote", "remove", "origin")
    team.git("remote", "add", "pages", "https://example.com/pages.git")
    assert wiki_url(team.repo, "pages", "hugo", tmp_path) == "https://example.com/pages.git"
    with pytest.raises(UsageProblem, match="where does"):
        wiki_url(team.repo, "", "hugo", tmp_path)
    assert shown_url("https://x:y@z/p") == "https://z/p"


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch",
        "-oProxyCommand=x",
        "--upload-pack=x",
        "http://example.com/x",
        "nowhere",
        "ftp://x/y",
        "fd::1",
    ],
)
def test_addresses_that_git_is_not_given(team: World, tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageProblem):
        wiki_url(team.repo, url, "github", tmp_path)
