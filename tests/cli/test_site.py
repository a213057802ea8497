"""pmctl site: what a site says to its audience, and that it says nothing of what they may not read."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from pmctl.git import discover
from pmctl.output.site.folder import MARKER
from pmctl.policy import act as acts
from tests.world import World

OPEN = "2024-01-15-open-to-all"
TEAM = "2024-02-15-for-the-team"
CLOSED = "2024-03-15-for-few"
DRAFT = "2024-04-15-not-ready"
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20


def _secret(world: World, doc: str, word: str, **front: str) -> None:
    """A published postmortem of which everything holds a word that appears nowhere else."""
    front |= {
        "title": f"Title {word}", "services": f"[svc-{word}, payment-api]", "tags": f"[tag-{word}]",
        "teams": front.get("teams", f"[team-{word}]"), "root_causes": f"[cause-{word}]",
        "participants": f"[p-{word}]",
    }  # fmt: skip
    world.new(doc, **front)
    world.edit(
        "The connection pool was too small.",
        f"![g]({doc}/{word}.png) The {word} was it: [log]({doc}/log%20of%20{word}.TXT).",
        doc,
        commit=False,
    )
    world.edit("Monitor the pool", f"Watch {word}", doc, commit=False)
    world.write(f"{world.file(doc).removesuffix('.md')}/log of {word}.TXT", f"log {word}".encode())
    world.write(f"{world.file(doc).removesuffix('.md')}/{word}.png", PNG + word.encode())
    world.commit("More")
    world.act(acts.SUBMIT, "jane", doc, reviewers=("bob",))
    world.act(acts.APPROVE, "bob", doc)
    world.act(acts.PUBLISH, "jane", doc)


@pytest.fixture
def team(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Three published postmortems, each visible to fewer, and a draft."""
    world.init(teams={"payments": ("carol",)})
    world.write("pmctl.yaml", "version: 1\nurl: https://pm.example.com/x/\n")
    _secret(world, OPEN, "zebra", visibility="organization")
    _secret(world, TEAM, "quokka", visibility="team", teams="[payments]")
    _secret(world, CLOSED, "narwhal", visibility="private")
    world.new(DRAFT, visibility="organization", title="Draft pangolin")
    monkeypatch.setenv("PMCTL_NOW", "2024-05-02T10:00:00Z")
    monkeypatch.chdir(world.root)
    return world


def run(*words: str, code: int = 0) -> tuple[str, str]:
    """What the command says on stdout and stderr."""
    command = [sys.executable, "-m", "pmctl", "site", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout, done.stderr


def everything(out: Path) -> bytes:
    """All bytes and all names of a site but the marker's claims of its own."""
    files = [file for file in sorted(out.rglob("*")) if file.is_file()]
    return b"\n".join(str(file.relative_to(out)).encode() + b"\0" + file.read_bytes() for file in files)


@pytest.mark.parametrize(
    ("options", "seen"),
    [
        ((), {"zebra"}),
        (("--audience", "team:payments"), {"zebra", "quokka"}),
        (("--audience", "person:jane"), {"zebra", "quokka", "narwhal"}),
        (("--audience", "person:carol"), {"zebra", "quokka"}),
        (("--audience", "person:alice", "--drafts"), {"zebra", "pangolin"}),
        (("--drafts",), {"zebra", "pangolin"}),
    ],
)
def test_what_an_audience_may_not_read_leaves_no_trace(
    team: World, tmp_path: Path, options: tuple[str, ...], seen: set[str]
) -> None:
    run("build", "-o", str(tmp_path / "out"), *options)
    built = everything(tmp_path / "out").lower()
    words = {"zebra", "quokka", "narwhal", "pangolin"}
    assert {word for word in words if word.encode() in built} == seen
    ids = {OPEN: "zebra", TEAM: "quokka", CLOSED: "narwhal", DRAFT: "pangolin"}
    assert {word for name, word in ids.items() if name.encode() in built} == seen


def test_a_smaller_audience_leaves_nothing_of_the_larger(team: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("build", "-o", str(out), "--audience", "person:jane")
    assert b"narwhal" in everything(out)
    run("build", "-o", str(out))
    assert b"narwhal" not in everything(out)


class _Links(HTMLParser):
    """Every address that a page names, and its ids."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            assert name != "style", tag
            if name in ("href", "src") and value:
                self.found.append(value)
            elif name == "id" and value:
                self.ids.append(value)
        assert tag not in ("style", "iframe", "object", "embed")


def test_every_link_is_relative_and_leads_somewhere(team: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("build", "-o", str(out), "--audience", "person:jane", "--drafts")
    pages = sorted(out.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        links = _Links()
        text = page.read_text()
        links.feed(text)
        assert "default-src 'none'" in text
        assert len(links.ids) == len(set(links.ids)), page
        for link in links.found:
            parts = urlsplit(link)
            if page.name == "404.html":
                assert link.startswith(("/x/", "#")), link
                continue
            assert not parts.scheme and not link.startswith("/"), (page, link)
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            assert target.is_file(), (page, link)
            assert target.is_relative_to(out)


def test_a_page_says_what_is_proved_and_home_what_needs_somebody(team: World, tmp_path: Path) -> None:
    team.new("2024-04-20-in-review", visibility="organization", title="Still open")
    team.act(acts.SUBMIT, "jane", "2024-04-20-in-review", reviewers=("bob",))
    run("build", "-o", str(tmp_path / "out"), "--drafts")
    home = (tmp_path / "out" / "index.html").read_text()
    assert "Still open" in home
    assert "waits for Bob Doe" in home
    assert "days late" in home
    assert "The payment API was down for 45 minutes." in home
    page = (tmp_path / "out" / "postmortems" / f"{OPEN}.html").read_text()
    assert "approved by Bob Doe, verified" in page
    assert (tmp_path / "out" / "feed.xml").read_text().count("<entry>") == 1
    assert f"https://pm.example.com/x/postmortems/{OPEN}.html" in (tmp_path / "out" / "sitemap.xml").read_text()


def test_only_what_changed_is_made_anew(team: World, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    first = json.loads(run("build", "-o", out, "--format", "json")[0])
    assert first["schema"] == "pmctl/site/v1"
    assert (first["postmortems"], first["made"]) == (1, first["pages"])
    before = everything(tmp_path / "out")
    assert json.loads(run("build", "-o", out, "--format", "json")[0])["made"] == 0
    assert everything(tmp_path / "out") == before
    team.edit("title: Title zebra", "title: Title zebra two", OPEN, commit=False)
    again = json.loads(run("build", "-o", out, "--format", "json")[0])
    assert 0 < again["made"] < again["pages"]
    assert b"the text is not the one that was published" in everything(tmp_path / "out")
    run("build", "-o", str(tmp_path / "fresh"))
    skipped = {MARKER}
    both = [
        {
            str(one.relative_to(top)): one.read_bytes()
            for one in top.rglob("*")
            if one.is_file() and one.name not in skipped
        }
        for top in (tmp_path / "out", tmp_path / "fresh")
    ]
    assert both[0] == both[1]


def test_an_earlier_version_is_compared_only_for_those_who_may_read_it(team: World, tmp_path: Path) -> None:
    team.edit("visibility: private", "visibility: organization", CLOSED, by="alice", commit=False)
    team.edit("The narwhal was it", "The walrus was it", CLOSED, by="alice", commit=False)
    team.act(acts.AMEND, "alice", CLOSED)
    out = tmp_path / "out"
    run("build", "-o", str(out))
    page = f"postmortems/{CLOSED}.html"
    assert "walrus" in (out / page).read_text() and "What changed between versions" not in (out / page).read_text()
    run("build", "-o", str(out), "--audience", "person:jane")
    assert "<del>narwhal</del>" in (out / page).read_text()
    run("build", "-o", str(out))
    assert "<del>narwhal</del>" not in (out / page).read_text()


def test_a_deleted_postmortem_goes_with_all_its_pages(team: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("build", "-o", str(out))
    (out / "mine.txt").write_text("mine")
    team.act(acts.DELETE, "alice", OPEN)
    run("build", "-o", str(out))
    assert b"zebra" not in everything(out)
    assert (out / "mine.txt").exists()
    assert "nothing to read yet" in (out / "index.html").read_text()


def test_what_is_broken_is_listed(team: World, tmp_path: Path) -> None:
    for name in (OPEN, CLOSED):
        team.edit("title:", "title: [", name, commit=False)
    _, said = run("build", "-o", str(tmp_path / "out"))
    assert f"{OPEN}.md" in said
    assert CLOSED not in said
    assert "1 postmortem cannot be read, and nobody knows who might" in said
    listed = (tmp_path / "out" / "postmortems" / "index.html").read_text()
    assert "Cannot be read" in listed
    assert OPEN in listed
    assert CLOSED.encode() not in everything(tmp_path / "out")


def test_markup_in_any_field_is_text(team: World, tmp_path: Path) -> None:
    bad = '"<script>alert(1)</script>"'
    team.new(
        "2024-04-21-hostile", visibility="organization", title=bad, tags=f"[{bad}]", services="['<img onerror=y>']",
        severity=bad, root_causes=f"[{bad}]",
    )  # fmt: skip
    team.edit("Alert | @jane", "<b onclick=x>Alert</b> [x](javascript:x) | @jane", "2024-04-21-hostile", commit=False)
    run("build", "-o", str(tmp_path / "out"), "--drafts")
    for page in (tmp_path / "out").rglob("*.html"):
        links = _Links()
        links.feed(page.read_text())
        assert not [one for one in links.found if one.lower().startswith("javascript")]
    assert b"<script>alert" not in everything(tmp_path / "out")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("build",), "-o DIR"),
        (("build", "-o", "{out}", "--audience", "team:paymnts"), "did you mean payments?"),
        (("build", "-o", "site"), "is inside of the repository"),
        (("build", "-o", ".git/site"), "is inside of the repository"),
        (("build", "-o", "."), "is inside of the repository"),
        (("build", "-o", "{out}", "--format", "xml"), "not one of"),
        (("serve", "--audience", "person:bobb"), "did you mean bob?"),
    ],
)
def test_what_makes_no_sense_is_refused(team: World, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    assert said in run(*(one.format(out=tmp_path / "out") for one in words), code=2)[1]
    assert not (tmp_path / "out").exists()


def test_an_ignored_folder_of_the_work_tree_is_taken(team: World) -> None:
    team.write(".gitignore", "/public/\n")
    run("build", "-o", "public")
    assert (team.root / "public" / "index.html").is_file()
    assert discover(team.root).top == team.root


def test_half_a_history_builds_nothing(team: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shallow = tmp_path / "shallow"
    team.git("clone", "-q", "--depth", "1", f"file://{team.path}", str(shallow))
    monkeypatch.chdir(shallow)
    _, said = run("build", "-o", str(tmp_path / "out"), code=2)
    assert "INCOMPLETE" in said
    assert not (tmp_path / "out").exists()


def test_a_picture_that_is_shown_no_more_goes(team: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("build", "-o", str(out))
    (before,) = out.rglob("*.png")
    picture = team.root / team.file(OPEN).removesuffix(".md") / "zebra.png"
    picture.write_bytes(PNG + b"another")
    run("build", "-o", str(out))
    (after,) = out.rglob("*.png")
    assert after != before
    assert after.read_bytes().endswith(b"another")


def test_what_the_text_links_to_lies_beside_the_page_and_is_listed(team: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("build", "-o", str(out))
    (copy,) = out.rglob("*.txt")
    assert copy.read_bytes() == b"log zebra" and " " not in copy.name
    page = (out / f"postmortems/{OPEN}.html").read_text()
    assert '>log of zebra.TXT</a> <span class="said">9 bytes</span>' in page
    assert page.count(f"{OPEN}/{copy.name}") == 2, "where the text links to it, and in the list"
    (team.root / team.file(OPEN).removesuffix(".md") / "log of zebra.TXT").unlink()
    _, said = run("build", "-o", str(out))
    assert "log of zebra.TXT is not linked: it is not there" in said
    assert not copy.exists() and "log of zebra.TXT</a>" not in (out / f"postmortems/{OPEN}.html").read_text()


def test_similar_postmortems_are_shown_with_the_reason_among_the_readable_alone(team: World, tmp_path: Path) -> None:
    """Two that a reader may read speak of one failure, and so does a third that they may not."""
    told = "The checkout failover exhausted replicas: `ReplicaTimeoutError: lag 30 s`."
    for doc in (OPEN, TEAM, CLOSED):
        file = team.root / team.file(doc)
        file.write_text(file.read_text().replace("The connection pool was too small.", told).replace("was it", told))
    other = "2024-01-20-another"
    team.new(other, visibility="organization", title="Another one")
    team.edit("The connection pool was too small.", told, other)
    out = tmp_path / "out"

    def similar(*words: str) -> str:
        run("build", "-o", str(out), "--drafts", *words)
        return (out / f"postmortems/{other}.html").read_text().partition('id="similar"')[2].partition("</ul>")[0]

    found = similar()
    assert OPEN in found and TEAM not in found and CLOSED not in found
    assert "error replicatimeouterror: lag 0 s" in found
    assert TEAM in similar("--audience", "team:payments")
    again = similar()
    assert again == found, "nothing of the larger audience is left"


def test_numbers_are_those_of_metrics_over_what_may_be_read(team: World, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def published(*words: str) -> str:
        run("build", "-o", str(out), *words)
        home, numbers = (out / "index.html").read_text(), (out / "numbers.html").read_text()
        figure = re.search(r"<dt>Published</dt><dd>(\d+)</dd>", home)
        assert figure and figure[0] in numbers
        return figure[1]

    assert published("--audience", "person:jane") == "3"
    command = [sys.executable, "-m", "pmctl", "metrics", "--format", "json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    numbers = {one["name"]: one["value"] for one in told["groups"][0]["periods"][0]["numbers"]}
    assert numbers["published"] == 3
    assert published() == "1", "two may not be read"
    assert "1 postmortem," in (out / "numbers.html").read_text()


def _export(*words: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "pmctl", "export", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("audience", "seen"),
    [
        ("organization", {OPEN}),
        ("team:payments", {OPEN, TEAM}),
        ("person:jane", {OPEN, TEAM, CLOSED}),
        ("person:alice", {OPEN}),
    ],
)
def test_export_for_an_audience(team: World, tmp_path: Path, audience: str, seen: set[str]) -> None:
    out = tmp_path / "out"
    said = _export("--all", "--to", "md", "-o", str(out), "--audience", audience)
    assert {file.stem for file in out.iterdir()} == seen
    assert not [one for one in (TEAM, CLOSED, DRAFT) if one not in seen and one in said]
    for name in (OPEN, TEAM, CLOSED):
        said = _export(name, "--to", "md", "--audience", audience, code=0 if name in seen else 1)
        assert ("Title" in said) == (name in seen), "a refusal tells nothing of it"


def test_export_for_an_audience_with_drafts_and_without_a_revision(team: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _export("--all", "--to", "md", "-o", str(out), "--audience", "organization", "--status", "draft")
    assert [file.stem for file in out.iterdir()] == [DRAFT]
    assert "Draft pangolin" in _export(DRAFT, "--to", "md", "--audience", "organization")
    assert "--at and --audience" in _export(OPEN, "--to", "md", "--audience", "organization", "--at", "HEAD", code=2)
    assert "no such team" in _export(OPEN, "--to", "md", "--audience", "team:payment", code=2)


def test_a_theme_in_the_repository_disturbs_no_audit(world: World) -> None:
    world.init()
    world.new(OPEN)
    world.write(".pmctl/site/home.html.j2", '{% extends "builtin/home.html.j2" %}')
    world.write(".pmctl/site/theme.css", "body { margin: 0 }\n")
    world.commit("A look of our own")
    command = [sys.executable, "-m", "pmctl", "audit"]
    done = subprocess.run(command, cwd=world.root, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ".pmctl/site" not in done.stdout + done.stderr
