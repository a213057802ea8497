"""Attacks on what customers can verify: reviews that are missing, statements that say something else, chains cut."""

from __future__ import annotations

import html
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pmctl.document.public_text import digest
from pmctl.ledger.public_statement import leaving
from pmctl.policy import act as acts
from pmctl.policy import lifecycle
from pmctl.policy.model import COMPROMISED, RETIRED, Key, PublicRules
from pmctl.policy.public_statement import NAMESPACE, Statement, from_text, statement_of, to_text
from pmctl.policy.state import Leaving
from tests.attacks.conftest import Copy
from tests.attacks.gate import Gate, Said, command
from tests.attacks.test_public import DATA, OTHER, PATH, SALT, SETTINGS, TEXT, share, shared
from tests.world import AT, DOC, World, actor, sign

SPEAKS = "example.com"


def rules(**changes: Any) -> PublicRules:
    return PublicRules(organization=SPEAKS, keys=(Key(actor("spare").public),))._replace(**changes)


def speaking(stage: Copy, **changes: Any) -> World:
    """Published, with a public text that nobody shares yet, and an organisation that speaks by the key of spare."""
    world = stage("published")
    world.change_policy(public=rules(**changes))
    world.write(PATH, DATA)
    world.commit("Draft the public text")
    return world


def stated(
    world: World,
    kind: str = acts.SHARE,
    by: str = "jane",
    doc: str = DOC,
    *,
    key: str = "spare",
    namespace: str = NAMESPACE,
    said: Callable[[Statement], Statement] = lambda one: one,
    **changes: Any,
) -> str:
    """A share or withdrawal with the statement that fits, or with what `said` makes of it."""
    bound = {} if kind == acts.UNSHARE else {"text": digest(DATA), "settings": SETTINGS, "salt": SALT} | changes
    now = world.standing(doc)
    act = lifecycle.propose(
        kind, now.state, now.policy, now.root, by=by, at=AT, content=world.digest(doc), note="because", **bound
    )
    data = (world.root / PATH.replace(DOC, doc)).read_bytes()
    fits = from_text(statement_of(act, SPEAKS, now.state.statement, leaving(data) or Leaving("", "")))
    assert fits is not None
    text = to_text(said(fits))
    seal = sign(actor(key), text.encode(), namespace).decode()
    return world.act(kind, by, doc, **bound, statement=text, seal=seal)


def endorse(world: World, by: str, text: bytes = DATA) -> str:
    return world.act(acts.ENDORSE, by, text=digest(text), settings=SETTINGS)


def test_reviews_and_statements_of_an_ordinary_life(stage: Copy) -> None:
    world = speaking(stage, reviews=1)
    gate = Gate(world)
    endorse(world, "bob")
    stated(world)
    assert shared(world) == digest(DATA)
    later = DATA.replace(b"45 minutes", b"46 minutes")
    world.write(PATH, later)
    world.commit("Correct it", "bob")
    endorse(world, "carol", later)
    stated(world, by="alice", text=digest(later))
    stated(world, acts.UNSHARE)
    gate.lands()
    assert shared(world) == ""
    last = from_text(world.audit().states[DOC].statement)
    assert last is not None and (last.number, last.says, last.page) == (3, "withdrawn", TEXT.page)
    warm = world.audit(use_cache=True)
    assert warm.states == world.audit(use_cache=True).states
    endorse(world, "bob", later)
    stated(world, text=digest(later))
    gate.lands()
    last = from_text(world.audit().states[DOC].statement)
    assert last is not None and (last.number, last.says) == (4, "published")


def test_attack_107_shared_without_reviews_of_this_text(stage: Copy) -> None:
    world = speaking(stage, reviews=1)
    gate = Gate(world)
    stated(world)
    gate.refuses("AU724")
    gate.command_refuses("jane", "public", "share", DOC, code="AU724")
    gate.back()
    endorse(world, "jane")  # her own, which is no review of hers
    one = world.head
    stated(world)
    gate.refuses("AU724")
    gate.back()
    world.git("reset", "-q", "--hard", one)
    stated(world, by="alice")  # an admin may share it, and jane has read it
    gate.lands()
    gate.back()
    endorse(world, "bob")
    later = DATA.replace(b"45 minutes", b"5 minutes")
    world.write(PATH, later)
    edited = world.commit("Say less", "bob")
    stated(world, text=digest(later))  # bob's review is of the text before
    gate.refuses("AU724")
    world.git("reset", "-q", "--hard", edited)
    said = command(world, "jane", "public", "share", DOC)
    assert said.code == 1 and "AU724" in said.err and f"pmctl public approve {DOC}" in said.err


def test_attack_107_without_the_team_that_has_to_read_it(stage: Copy) -> None:
    world = speaking(stage)
    world.change_policy(teams={"comms": ("carol",)}, public=rules(reviews=1, team="comms"))
    gate = Gate(world)
    endorse(world, "bob")
    stated(world)
    gate.refuses("AU724")
    gate.back()
    endorse(world, "carol")
    stated(world)
    gate.lands()


def test_attack_107_an_approval_of_a_text_that_is_not_there(stage: Copy) -> None:
    world = speaking(stage, reviews=1)
    gate = Gate(world)
    endorse(world, "bob", DATA + b" ")
    gate.refuses("AU722")
    gate.back()
    endorse(world, "bob")
    gate.lands()


def test_attack_107_the_review_of_a_text_that_was_withdrawn_meanwhile(stage: Copy) -> None:
    world = speaking(stage, reviews=1)
    endorse(world, "bob")
    stated(world)
    stated(world, acts.UNSHARE)
    gate = Gate(world)
    stated(world)
    gate.refuses("AU724")
    gate.command_refuses("jane", "public", "share", DOC, code="AU724")
    gate.back()
    endorse(world, "bob")
    stated(world)
    gate.lands()


@pytest.mark.parametrize(
    "changed",
    [{"text": digest(b"other")}, {"by": "example.org"}, {"says": "corrected"}, {"made_from": digest(b"x")},
     {"at": "2024-01-18T10:00:00Z"}],
    ids=["text", "organisation", "kind", "source", "time"],
)  # fmt: skip
def test_attack_108_customers_are_told_something_else(stage: Copy, changed: dict[str, str]) -> None:
    world = speaking(stage)
    gate = Gate(world)
    stated(world, said=lambda one: one._replace(**changed))
    gate.refuses("AU725")


def test_attack_108_customers_are_told_nothing_or_nobody_speaks(stage: Copy) -> None:
    world = speaking(stage)
    gate = Gate(world)
    share(world)
    gate.refuses("AU725")
    gate.back()
    stated(world)
    gate.lands()
    gate = Gate(world)
    world.act(acts.UNSHARE, "jane")
    gate.refuses("AU725")
    gate.back()
    world.change_policy(public=PublicRules())
    gate = Gate(world)
    stated(world, acts.UNSHARE)
    gate.refuses("AU725")
    gate.back()
    world.act(acts.UNSHARE, "jane")
    gate.lands()


def test_attack_109_a_statement_replayed_on_another_postmortem(stage: Copy) -> None:
    world = speaking(stage)
    stated(world)
    told = world.audit().states[DOC].statement
    seal = sign(actor("spare"), told.encode(), NAMESPACE).decode()
    world.published(OTHER)
    other = DATA.replace(TEXT.page.encode(), b"2024-02-01-search-was-slow").replace(b"45 minutes", b"46 minutes")
    world.write(PATH.replace(DOC, OTHER), other)
    world.commit("Draft the public text")
    gate = Gate(world)
    share(world, doc=OTHER, text=digest(other), statement=told, seal=seal)
    gate.refuses("AU725")
    gate.back()
    stated(world, doc=OTHER, text=digest(other), said=lambda one: one._replace(page=TEXT.page))
    gate.refuses("AU725")
    gate.back()
    stated(world, doc=OTHER, text=digest(other))
    gate.lands()


def test_attack_110_the_chain_of_statements_is_cut(stage: Copy) -> None:
    world = speaking(stage)
    stated(world)
    stated(world, acts.UNSHARE)
    gate = Gate(world)
    for changed in ({"number": 1, "prev": ""}, {"prev": digest(b"other")}, {"number": 4}):
        stated(world, said=lambda one, changed=changed: one._replace(**changed))
        gate.refuses("AU726")
        gate.back()
    for file in (world.root / f".pmctl/records/{DOC}").glob("*-unshare-*"):
        file.unlink()
    world.commit("It was never withdrawn")
    gate.refuses("AU205")
    gate.back()
    stated(world)
    gate.lands()


def test_attack_111_a_statement_by_a_key_that_does_not_speak(stage: Copy) -> None:
    world = speaking(stage)
    gate = Gate(world)
    for by, namespace in (("jane", NAMESPACE), ("spare", "pmctl-record-v1"), ("spare", "git"), ("mallory", NAMESPACE)):
        stated(world, key=by, namespace=namespace)
        gate.refuses("AU727")
        gate.back()
    said = command(world, "jane", "public", "share", DOC, PMCTL_PUBLIC_KEY=str(actor("mallory").key))
    assert said.code == 1 and "no key that speaks for example.com" in said.err and world.head == gate.before
    said = command(world, "jane", "public", "share", DOC, SSH_AUTH_SOCK="")
    assert said.code == 2 and "PMCTL_PUBLIC_KEY=FILE" in said.err and world.head == gate.before
    said = command(world, "jane", "public", "share", DOC, PMCTL_PUBLIC_KEY=str(actor("spare").key))
    assert said.code == 0, said
    gate.lands()


def test_attack_111_a_key_that_is_out_of_use(stage: Copy) -> None:
    world = speaking(stage)
    world.change_policy(
        public=rules(keys=(Key(actor("spare").public, RETIRED), Key(actor("dave").public))),
    )
    gate = Gate(world)
    stated(world)
    gate.refuses("AU727")
    gate.back()
    stated(world, key="dave")
    gate.lands()


def build(world: World, out: Path, *more: str) -> Said:
    return command(world, "jane", "public", "build", "-o", str(out), *more)


def verified(out: Path, page: Path) -> bool:
    """Whether the very line that a page prints says yes, in the folder that was built."""
    line = html.unescape(page.read_text().partition("<code>")[2].partition("</code>")[0])
    assert line.count("ssh-keygen -Y verify") == 1
    done = subprocess.run(["sh", "-c", line], cwd=out, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (f'Good "{NAMESPACE}" signature for {SPEAKS}' in done.stdout)
    return done.returncode == 0


def test_attack_112_a_page_that_is_not_what_its_statement_says(stage: Copy, tmp_path: Path) -> None:
    world, out = speaking(stage), tmp_path / "out"
    stated(world)
    said = build(world, out, "--url", "https://status.example.com/", "--format", "json")
    assert said.code == 0, said
    answer = json.loads(said.out)
    assert (answer["shown"], answer["organization"], answer["unstated"]) == ([DOC], SPEAKS, [])
    page, text = out / f"postmortems/{TEXT.page}.html", out / f"postmortems/{TEXT.page}.md"
    assert verified(out, page)
    for file, old, new in (
        (text, b"45 minutes", b"5 minutes"),
        (out / f"statements/{TEXT.page}/1.json", b"published", b"corrected"),
        (out / "allowed_signers", actor("spare").public.encode(), actor("mallory").public.encode()),
        (out / "allowed_signers", b"example.com ", b"example.org "),
    ):
        good = file.read_bytes()
        assert old in good
        file.write_bytes(good.replace(old, new))
        assert not verified(out, page), file
        file.write_bytes(good)
    assert verified(out, page)
    everything = b"".join(file.read_bytes() for file in out.rglob("*") if file.is_file())
    hidden = (DOC, "jane", "Jane", "spare", SALT, digest(DATA), world.digest(DOC))
    assert not [word for word in hidden if word.encode() in everything]
    stated(world, acts.UNSHARE)
    assert build(world, out).code == 0
    assert "This text was withdrawn" in page.read_text() and not text.exists() and verified(out, page)
    assert "45 minutes" not in "".join(file.read_text() for file in out.rglob("*") if file.is_file())
    chain = [json.loads((out / f"statements/{TEXT.page}/{number}.json").read_text()) for number in (1, 2)]
    assert [one["says"] for one in chain] == ["published", "withdrawn"]
    first = (out / f"statements/{TEXT.page}/1.json").read_bytes()
    assert chain[1]["prev"] == digest(first)


def test_attack_112_what_nobody_could_verify_is_not_built_as_good(stage: Copy, tmp_path: Path) -> None:
    world = speaking(stage)
    stated(world, said=lambda one: one._replace(text=digest(b"another text")))
    said = build(world, tmp_path / "other")
    assert said.code == 1 and "is not the text that is shared" in said.err and not (tmp_path / "other").exists()
    world.git("reset", "-q", "--hard", "HEAD~1")
    stated(world)
    world.change_policy(
        public=rules(keys=(Key(actor("spare").public, COMPROMISED, world.head), Key(actor("dave").public)))
    )
    said = build(world, tmp_path / "stolen")
    assert said.code == 1 and "no key that still speaks" in said.err and f"pmctl public share {DOC}" in said.err
    said = command(world, "jane", "public", "share", DOC, PMCTL_PUBLIC_KEY=str(actor("dave").key))
    assert said.code == 0, said  # the same text, in a voice that counts
    assert build(world, tmp_path / "again").code == 0
    assert verified(tmp_path / "again", tmp_path / f"again/postmortems/{TEXT.page}.html")
    assert world.audit().passed


def test_a_text_that_was_shared_before_anybody_spoke_is_said(stage: Copy, tmp_path: Path) -> None:
    world = stage("published")
    world.write(PATH, DATA)
    world.commit("Draft the public text")
    share(world)
    world.change_policy(public=rules())
    said = build(world, tmp_path / "out")
    assert said.code == 0 and f"pmctl public share {DOC}" in said.err
    assert "ssh-keygen" not in (tmp_path / f"out/postmortems/{TEXT.page}.html").read_text()
    said = command(world, "jane", "public", "share", DOC, PMCTL_PUBLIC_KEY=str(actor("spare").key))
    assert said.code == 0, said
    assert build(world, tmp_path / "out").err == ""
    assert verified(tmp_path / "out", tmp_path / f"out/postmortems/{TEXT.page}.html")


def test_the_command_line_says_what_customers_are_told(stage: Copy) -> None:
    world = speaking(stage, reviews=2)
    key = {"PMCTL_PUBLIC_KEY": str(actor("spare").key)}
    first = command(world, "bob", "public", "approve", DOC)
    assert first.code == 0 and "1 more review of this text is needed" in first.err, first
    assert command(world, "bob", "public", "approve", DOC).code == 1
    said = command(world, "jane", "public", "share", DOC, **key)
    assert said.code == 1 and "asks for 2 reviews" in said.err and "has 1" in said.err
    second = command(world, "carol", "public", "approve", DOC)
    assert second.code == 0 and f"pmctl public share {DOC}" in second.out + second.err
    assert command(world, "jane", "public", "share", DOC, **key).code == 0
    assert command(world, "jane", "public", "unshare", DOC, "-m", "wrong", **key).code == 0
    state = world.audit().states[DOC]
    told = from_text(state.statement)
    assert told is not None and told.says == "withdrawn" and told.by == SPEAKS
    assert not [word for word in (DOC, "jane", "bob") if word in state.statement]
    assert [one.code for one in world.audit().findings] == []
    quick = world.standing().state
    assert (quick.statement, quick.endorsed, quick.shared_head) == (state.statement, (), state.shared_head)
