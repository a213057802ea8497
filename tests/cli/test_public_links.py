"""public link, links, revoke: a file that only the link opens, and a record without key or text."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pmctl.repository.links import REF
from tests.attacks.gate import Said, command
from tests.attacks.test_public import DATA, PATH, share
from tests.world import DOC, World


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("links") / "first")
    world.init()
    world.published()
    world.write(PATH, DATA)
    world.commit("Draft the public text")
    share(world)
    return world


def link(world: World, file: Path, *more: str, by: str = "jane") -> Said:
    return command(world, by, "public", "link", DOC, "-o", str(file), *more, PMCTL_NOW="2024-01-20T09:00:00Z")


def opened(file: Path, key: str) -> str:
    found = re.search(r'id="sealed">(\{[^<]*\})</script>', file.read_text())
    assert found
    said = json.loads(found[1])
    raw, nonce, data = (base64.urlsafe_b64decode(one + "=") for one in (key, said["nonce"], said["data"]))
    return AESGCM(raw).decrypt(nonce, data, said["expires"].encode()).decode()


def test_a_link_is_made_listed_and_revoked(made: World, tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    said = link(made, file, "--expires", "8h", "--at", "https://files.example.com/a.html")
    assert said.code == 0, said
    address, _, key = said.out.strip().partition("#")
    assert address == "https://files.example.com/a.html" and "can copy" in said.err
    page = opened(file, key)
    assert "Payments failed for 45 minutes." in page and "jane" not in page and DOC not in page
    assert DOC not in file.read_text() and "Payments" not in file.read_text()
    listed = command(made, "jane", "public", "links", "--format", "json", PMCTL_NOW="2024-01-20T10:00:00Z")
    one = json.loads(listed.out)["links"][-1]
    assert (one["postmortem"], one["full"], one["by"], one["expires"], one["state"]) == (
        DOC, False, "jane", "2024-01-20T17:00:00Z", "open"
    )  # fmt: skip
    later = command(made, "jane", "public", "links", DOC, PMCTL_NOW="2024-01-20T18:00:00Z")
    assert "expired" in later.out and "https://files.example.com/a.html" in later.out
    refused = command(made, "bob", "public", "revoke", one["id"], "-m", "wrong reader")
    assert refused.code == 1 and "ask jane" in refused.err
    ended = command(made, "jane", "public", "revoke", one["id"], "-m", "wrong reader")
    assert ended.code == 0 and "delete https://files.example.com/a.html" in ended.err and "copy" in ended.err, ended
    assert command(made, "jane", "public", "revoke", one["id"], "-m", "again").code == 1
    assert command(made, "jane", "public", "revoke", "nothing", "-m", "again").code == 2
    assert "revoked" in command(made, "jane", "public", "links").out
    kept = made.git("log", "-p", REF)
    assert key not in kept and "Payments failed" not in kept and "wrong reader" in kept


def test_the_whole_postmortem_is_given_away_only_by_those_who_share(made: World, tmp_path: Path) -> None:
    said = link(made, tmp_path / "b.html", "--full", by="bob")
    assert said.code == 1 and "AU308" in said.err and not (tmp_path / "b.html").exists()
    said = link(made, tmp_path / "b.html", "--full")
    assert said.code == 0, said
    page = opened(tmp_path / "b.html", said.out.strip().partition("#")[2])
    assert "The connection pool was too small." in page


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--expires", "0d"), "--expires"),
        (("--expires", "9999d"), "--expires"),
        (("--expires", "soon"), "--expires"),
        (("--at", "javascript:alert(1)"), "no web address"),
    ],
)
def test_what_is_no_link_is_refused_and_nothing_is_written(
    made: World, tmp_path: Path, more: tuple[str, str], words: str
) -> None:
    said = link(made, tmp_path / "c.html", *more)
    assert said.code == 2 and words in said.err and not (tmp_path / "c.html").exists()


def test_no_file_is_overwritten_or_lies_in_the_repository(made: World, tmp_path: Path) -> None:
    (tmp_path / "d.html").write_text("mine")
    assert link(made, tmp_path / "d.html").code == 2 and (tmp_path / "d.html").read_text() == "mine"
    assert link(made, made.root / "e.html").code == 2 and not (made.root / "e.html").exists()


def test_a_draft_and_a_text_that_nobody_shared_are_not_linked(made: World, tmp_path: Path) -> None:
    other = "2024-02-01-search-was-slow"
    made.new(other)
    for more, words in (((), "pmctl public share"), (("--full",), "is DRAFT")):
        said = command(made, "jane", "public", "link", other, "-o", str(tmp_path / "f.html"), *more)
        assert said.code == 1 and words in said.err, said
        assert not (tmp_path / "f.html").exists()
