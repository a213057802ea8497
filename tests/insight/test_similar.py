"""Which postmortems are alike: quality on real ones, the same answer everywhere, an index that nothing can harm."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pmctl.insight.similar import AlikeAnswer, reasons, similar, terms_of
from pmctl.insight.similar_terms import as_written, in_words, masked, signatures, terms
from tests.insight.judged_similar import PAIRS
from tests.skips import NO_CORPUS
from tests.world import BODY, World

POOL = BODY.replace("The connection pool was too small.", "The connection pool of the payment database was exhausted: "
                    "`could not connect to 10.0.3.17:5432 after 3000 ms` and PoolTimeout.")  # fmt: skip
AGAIN = POOL.replace("10.0.3.17:5432 after 3000", "10.0.9.2:5433 after 4500").replace("AI-7f3k", "AI-9x2m")
DNS = BODY.replace("The connection pool was too small.", "A resolver answered with stale records after a deployment.")
PAGE = (Path(__file__).parents[2] / "docs/similar.md").read_text()


def made(world: World) -> None:
    from tests.world import document

    for name, body, front in (
        ("2024-01-10-pool", POOL, {"services": "[payments]", "root_causes": "[capacity]"}),
        ("2024-01-12-dns", DNS, {"services": "[web]", "title": "Names do not resolve"}),
        ("2024-02-20-pool-again", AGAIN, {"services": "[payments]"}),
        ("2024-02-21-other", BODY.replace("AI-7f3k", "AI-aaaa").replace("pool", "queue"), {"title": "Late mails"}),
    ):
        world.write(world.file(name), document(name, body=body, **front))
    world.commit("Drafts")


def asked(world: World, name: str, **more: object) -> AlikeAnswer:
    path = world.file(name)
    return similar(world.repo, terms_of((world.root / path).read_bytes(), path), without=name, **more)  # type: ignore[arg-type]


def test_the_same_failure_on_another_host_is_the_likest_and_says_why(world: World) -> None:
    made(world)
    first, *_ = asked(world, "2024-02-20-pool-again").similar
    assert first.id == "2024-01-10-pool"
    assert "error could not connect to <host> after 0 ms" in list(reasons(first))
    assert [(one.id, one.owner) for one in first.open_items] == [("AI-7f3k", "carol")]
    assert "2024-02-20-pool-again" not in {one.id for one in asked(world, "2024-02-20-pool-again").similar}


def test_who_may_read_what_and_how_many(world: World) -> None:
    made(world)
    readable = frozenset(("2024-01-12-dns",))
    assert {one.id for one in asked(world, "2024-02-20-pool-again", readable=readable).similar} <= readable
    assert len(asked(world, "2024-02-20-pool-again", most=1).similar) == 1


def test_the_answer_does_not_depend_on_how_the_index_came(world: World) -> None:
    made(world)
    first = asked(world, "2024-02-20-pool-again")
    assert asked(world, "2024-02-20-pool-again") == first
    (index,) = (world.path / ".git/pmctl").glob("similar-*.sqlite")
    index.write_bytes(b"no database" * 500)
    assert asked(world, "2024-02-20-pool-again") == first
    shutil.rmtree(world.path / ".git/pmctl")
    (world.path / ".git/pmctl").write_text("a file where the folder should be")
    assert asked(world, "2024-02-20-pool-again") == first


def test_the_index_follows_what_changes(world: World) -> None:
    made(world)
    asked(world, "2024-02-20-pool-again")
    world.edit("stale records", "could not connect to 10.1.1.1:99 after 1 ms, exhausted PoolTimeout", "2024-01-12-dns")
    (world.root / world.file("2024-01-10-pool")).unlink()
    world.commit("Away")
    found = asked(world, "2024-02-20-pool-again")
    shutil.rmtree(world.path / ".git/pmctl")
    assert asked(world, "2024-02-20-pool-again") == found
    assert found.documents == 3 and found.similar[0].id == "2024-01-12-dns"


def test_where_there_is_nothing(world: World) -> None:
    assert similar(world.repo, terms("", "anything at all")).similar == ()
    world.write("postmortems/2024/2024-01-01-broken.md", b"\xff\xfe---\n")
    world.commit("Broken")
    assert similar(world.repo, {}).similar == ()


def test_reasons_are_words_of_the_text_each_said_once() -> None:
    text = "Connections were exhausted, and rising latency raised alerts; @mei restarted the pods. Connections again."
    shared = ("cause:exhausted pool", "service:pods", *terms("", text))
    told = as_written(shared, text)
    assert list(in_words(told)) == [
        "cause exhausted pool", "service pods", "connections", "rising", "latency", "raised", "alerts", "restarted",
    ]  # fmt: skip


def test_masks() -> None:
    assert masked("dial 10.0.0.1:443: id 7f3a9bc1 took 3.5 s") == masked("dial 10.9.0.7:80: id 0badcafe took 12 s")
    assert signatures("`Connection Reset` OutOfMemoryError ECONNREFUSED HTTP 503") == {
        "connection reset", "outofmemoryerror", "econnrefused", "http 0",
    }  # fmt: skip


def test_what_is_not_committed_yet_is_alike_by_what_it_says_now(world: World) -> None:
    made(world)
    said = {"cause:dns": 5.0}
    world.write(world.file("2024-04-01-dns"), "---\nid: 2024-04-01-dns\ntitle: Names\nstatus: DRAFT\nauthor: jane\n"
                "root_causes: [dns]\n---\n\n## Summary\n\nNames.\n")  # fmt: skip
    world.commit("Another")
    assert [hit.id for hit in similar(world.repo, said, without="2024-01-10-pool").similar] == ["2024-04-01-dns"]
    assert similar(world.repo, said, without="2024-04-01-dns").similar == ()


def test_the_prompts_of_a_template_make_nothing_alike() -> None:
    written = "<!-- Say `pmctl actions add` and which alerts -->\nThe disk was full.<!-- and why"
    assert set(terms("", written)) == set(terms("", "The disk was full."))
    assert terms("", "a --> b <!-- c --> disk") == {"disk": 1.0}
    assert terms("", "<!--" * 20_000) == {}  # in time


@pytest.mark.skipif("PMCTL_CORPUS" not in os.environ, reason=NO_CORPUS)
def test_quality_on_real_postmortems(world: World) -> None:
    files = sorted((Path(os.environ["PMCTL_CORPUS"]) / "documents").rglob("*.md"))
    ids = {file: f"2024-01-01-{number:03d}" for number, file in enumerate(files)}
    for file, name in ids.items():
        text = file.read_text(errors="replace").lstrip("-\n")
        title = text.split("\n")[0].lstrip("# ").replace('"', "'").replace("\\", "/")
        world.write(world.file(name), f'---\nid: {name}\ntitle: "{title}"\nstatus: DRAFT\nauthor: jane\n---\n\n{text}')
    world.commit("Corpus")

    def named(begun: str) -> str:
        (one,) = [name for file, name in ids.items() if file.name.startswith(begun)]
        return one

    pairs = [tuple(map(named, pair)) for pair in PAIRS]
    assert len(pairs) >= 40
    related: dict[str, set[str]] = {}
    for one, other in pairs:
        related.setdefault(one, set()).add(other)
        related.setdefault(other, set()).add(one)
    hits = {name: related[name] & {one.id for one in asked(world, name).similar} for name in related}
    precision = sum(map(len, hits.values())) / 5 / len(related)
    possible = sum(min(5, len(others)) for others in related.values()) / 5 / len(related)
    stated = f"precision at 5 is {precision:.2f} of a possible {possible:.2f}"
    assert stated in PAGE, stated
