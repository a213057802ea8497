"""Attacks on what customers may read: texts that nobody signed, chains that were cut, hands that may not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pmctl.document.public_text import Part, PublicText, digest, rendered_markdown, written
from pmctl.insight.public import leaks
from pmctl.output.public_pages import CHROME, read_back
from pmctl.output.public_pages import page as page_of
from pmctl.policy import act as acts
from pmctl.rules.redaction_terms import Named, Terms
from tests.attacks.conftest import Copy
from tests.attacks.gate import Gate, command
from tests.world import DOC, World

PATH = f".pmctl/public/{DOC}.md"
OTHER = "2024-02-01-search-was-slow"
TEXT = PublicText(
    "2024-01-15-payments-failed", "Payments failed", datetime(2024, 1, 15, 14, tzinfo=UTC), None, "", (), "resolved",
    (), (Part("What happened", "Payments failed for 45 minutes."),),
)  # fmt: skip
DATA = written(TEXT)
SETTINGS, SALT = digest(b"settings"), "5a" * 32


def with_text(stage: Copy) -> World:
    """Published, with a public text that nobody shares yet."""
    world = stage("published")
    world.write(PATH, DATA)
    world.commit("Draft the public text")
    return world


def share(world: World, by: str = "jane", doc: str = DOC, **changes: Any) -> str:
    """A share of the text that is there, or whatever it says instead."""
    return world.act(acts.SHARE, by, doc, **{"text": digest(DATA), "settings": SETTINGS, "salt": SALT, **changes})


def shared(world: World, doc: str = DOC) -> str:
    """The digest in force, as the audit and the quick reading see it."""
    quick = world.standing(doc)
    assert quick.ignored == () and quick.state.shared == world.audit().states[doc].shared
    return quick.state.shared


def test_a_public_text_is_shared_corrected_withdrawn_and_shared_again(stage: Copy) -> None:
    world = with_text(stage)
    gate = Gate(world)
    share(world)
    gate.lands()
    assert shared(world) == digest(DATA)
    later = DATA.replace(b"45 minutes", b"46 minutes")
    world.write(PATH, later)
    world.commit("Correct it", "bob")
    assert shared(world) == digest(DATA)
    share(world, "alice", text=digest(later))
    assert shared(world) == digest(later)
    world.act(acts.UNSHARE, "jane")
    assert shared(world) == ""
    world.act(acts.ARCHIVE, "alice")
    share(world, text=digest(later))
    gate.lands()
    assert shared(world) == digest(later)
    assert [one.code for one in gate.whole().findings] == []


def test_attack_100_a_text_that_is_not_there_is_shared(stage: Copy) -> None:
    world = with_text(stage)
    gate = Gate(world)
    share(world, text=digest(DATA + b" "))
    gate.refuses("AU722")
    gate.back()
    share(world, content=digest(b"another postmortem"))
    gate.refuses("AU722")
    gate.back()
    share(world)
    gate.lands()


def test_attack_100_a_text_is_changed_in_the_step_that_shares_it(stage: Copy) -> None:
    """The share of what was there holds, and the other text is not the one that is shared."""
    world = with_text(stage)
    gate = Gate(world)
    world.write(PATH, DATA.replace(b"45", b"5"))
    share(world)
    gate.lands()
    assert shared(world) == digest(DATA) != digest((world.root / PATH).read_bytes())


def test_attack_101_a_share_replayed_on_another_postmortem(stage: Copy) -> None:
    world = with_text(stage)
    world.published(OTHER)
    world.write(PATH.replace(DOC, OTHER), DATA)
    world.commit("Draft the public text")
    share(world)
    gate = Gate(world)
    for end in ("", ".sig"):
        path = next((world.root / f".pmctl/records/{DOC}").glob(f"*-share-*.json{end}"))
        world.write(f".pmctl/records/{OTHER}/{path.name}", path.read_bytes())
    world.commit("Replay")
    gate.refuses("AU204")
    gate.back()
    share(world, doc=OTHER)
    gate.lands()


def test_attack_102_withdrawn_twice_or_by_somebody_who_may_not(stage: Copy) -> None:
    world = with_text(stage)
    share(world)
    gate = Gate(world)
    world.act(acts.UNSHARE, "bob")
    gate.refuses("AU308")
    gate.back()
    world.act(acts.UNSHARE, "alice")
    gate.lands()
    gate = Gate(world)
    world.act(acts.UNSHARE, "alice")
    gate.refuses("AU723")
    gate.command_refuses("jane", "public", "unshare", DOC, "-m", "again", code="AU723")
    gate.back()
    share(world, "bob")
    gate.refuses("AU308")
    gate.command_refuses("bob", "public", "share", DOC, code="AU308")


def test_attack_102_what_is_no_final_postmortem_is_not_shared(stage: Copy) -> None:
    world = stage("approved")
    world.write(PATH, DATA)
    world.commit("Draft the public text")
    gate = Gate(world)
    share(world)
    gate.refuses("AU302")
    gate.command_refuses("jane", "public", "share", DOC, code="AU302")


def test_attack_103_the_chain_is_cut(stage: Copy) -> None:
    world = with_text(stage)
    share(world)
    first = world.standing().state.shared_head
    world.act(acts.UNSHARE, "jane")
    gate = Gate(world)
    for file in (world.root / f".pmctl/records/{DOC}").glob("*-unshare-*"):
        file.unlink()
    world.commit("It was never withdrawn")
    gate.refuses("AU205")
    gate.back()
    share(world, prev="sha256:" + "0" * 64)
    gate.refuses("AU210")
    gate.back()
    share(world, prev=first)  # signed before the withdrawal was seen: late, and changes nothing
    gate.lands()
    assert world.audit().states[DOC].shared == ""


def test_attack_104_settings_of_redaction_changed_by_somebody_who_is_no_admin(stage: Copy) -> None:
    world = with_text(stage)
    gate = Gate(world)
    for text in ("public: {words: [Bluebird]}\n", "services: {db: {public: Payments}}\n"):
        world.write("pmctl.yaml", text)
        world.commit("Say less", "jane")
        gate.warns("AU715")
        gate.back()
        world.write("pmctl.yaml", text)
        world.commit("Say less", "alice")
        gate.lands()
        gate.back()


@pytest.mark.parametrize(
    ("path", "data"),
    [
        (PATH, b""),
        (PATH, DATA.replace(b"status: resolved", b"status: fixed")),
        (PATH, DATA.replace(b"## What", b"<!-- hidden -->\n\n## What")),
        (PATH.replace(".md", ".txt"), DATA),
        (PATH.replace(DOC, "2024-01-15-nothing"), DATA),
        (PATH.replace(f"{DOC}.md", f"{DOC}/x.md"), DATA),
    ],
)  # fmt: skip
def test_attack_105_a_file_that_is_no_public_text(stage: Copy, path: str, data: bytes) -> None:
    world = stage("published")
    gate = Gate(world)
    world.write(path, data)
    world.commit("Write it", "alice")
    gate.warns("AU720")


def test_attack_105_by_somebody_who_may_not(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    world.write(PATH, DATA)
    world.commit("Write it", "carol")
    gate.warns("AU721")
    gate.back()
    world.write(PATH, DATA)
    world.commit("Write it", "bob")
    gate.lands()


def test_the_command_line_shares_what_it_has_checked(stage: Copy) -> None:
    world = with_text(stage)
    world.write(PATH, DATA.replace(b"Payments failed for", b"Rajesh failed for"))
    world.commit("Say who")
    said = command(world, "jane", "public", "share", DOC)
    assert said.code == 1 and "PM871" in said.err
    world.write(PATH, DATA)
    said = command(world, "jane", "public", "share", DOC)
    assert said.code == 1, said  # the work tree says something else than the commit
    world.commit("Say what")
    said = command(world, "jane", "public", "share", DOC)
    assert said.code == 0, said
    assert shared(world) == digest(DATA)
    assert command(world, "jane", "public", "share", DOC).code == 1
    said = command(world, "jane", "public", "unshare", DOC, "-m", "it was wrong")
    assert said.code == 0, said
    assert shared(world) == "" and [one.code for one in world.audit().findings] == []


def test_attack_106_what_is_withdrawn_or_was_never_signed_is_not_built(stage: Copy, tmp_path: Path) -> None:
    world, out = with_text(stage), tmp_path / "out"
    page = out / "postmortems" / f"{TEXT.page}.html"

    def build() -> str:
        said = command(world, "jane", "public", "build", "-o", str(out), "--url", "https://status.example.com/")
        assert said.code == 0, said
        return said.err

    build()
    assert not page.exists() and "Nothing has been published yet" in (out / "index.html").read_text()
    share(world)
    build()
    assert "Payments failed for 45 minutes." in page.read_text()
    assert page.with_suffix(".md").read_bytes() == rendered_markdown(TEXT)
    everything = b"".join(file.read_bytes() for file in out.rglob("*") if file.is_file())
    assert not [word for word in (DOC, "jane", "sha256:5a", "payment-api") if word.encode() in everything]
    world.write(PATH, DATA.replace(b"45 minutes", b"5 minutes"))
    world.commit("Say less")
    assert "edited since it was shared" in build()
    assert "Payments failed for 45 minutes." in page.read_text()
    world.act(acts.UNSHARE, "jane")
    build()
    assert not page.exists() and not page.with_suffix(".md").exists()


def test_a_page_says_nothing_that_was_not_checked() -> None:
    made = page_of(TEXT)
    terms = Terms((Named("jane", "Jane Doe"),))
    said = (rendered_markdown(TEXT).decode(), CHROME)
    assert leaks(read_back(made), said, terms) == []
    for place in ('<img alt="db-prod-3">', "<!-- Jane -->", '<a href="https://wiki.internal/x">x</a>', "<p>Rajesh</p>"):
        path, data = made.files[0]
        told = made._replace(files=[(path, data.replace(b"</main>", place.encode() + b"</main>"))])
        assert leaks(read_back(told), said, terms), place
