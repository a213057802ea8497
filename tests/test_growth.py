"""The measure of growth tells work in proportion from quadratic work; what must grow in proportion is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from pmctl.document import strict_yaml, structure
from pmctl.object_reader import ObjectReader
from tests.growth import LIMIT, growth
from tests.world import BODY, World


def test_work_in_proportion_and_quadratic_work_are_told_apart() -> None:
    assert growth(lambda text: [text.count("b") for _ in range(20)], lambda size: "a" * size, 400_000) < LIMIT
    assert (
        growth(lambda numbers: [n for n in numbers if -n in numbers], lambda size: list(range(1, size)), 1_500) > LIMIT
    )


def test_an_audit_reads_every_text_once_and_asks_git_for_many_steps_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Counter[str] = Counter()

    def counted(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            calls[name] += 1
            return function(*arguments, **named)

        return call

    parse = counted("structures", structure._PARSER.events_with_range)
    monkeypatch.setattr(structure, "_PARSER", SimpleNamespace(events_with_range=parse))
    monkeypatch.setattr(strict_yaml, "load", counted("front matters", strict_yaml.load))
    monkeypatch.setattr(ObjectReader, "_asked", counted("questions to git", ObjectReader._asked))
    world = World(tmp_path)
    world.init()
    counts = []
    for number in range(1, 7):
        world.published(f"2024-01-15-incident-{number}", body=f"{BODY}\nThe {number}. time.\n")
        if number in (1, 3, 6):  # the first reads the templates as well
            structure.read_structure.cache_clear()
            calls.clear()
            assert not world.audit().findings
            counts.append(Counter(calls))
    _, three, six = counts
    assert (three["structures"], six["structures"]) == (3, 6), "one body, read once"
    assert six["front matters"] - three["front matters"] == 3 * 3, "a draft, in review, published: each read once"
    assert six["questions to git"] - three["questions to git"] <= 3, "not one for each step"


def test_a_policy_that_nobody_signed_is_looked_at_when_it_comes_and_not_again_in_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = [0]
    read = ObjectReader.read

    def counted(reader: ObjectReader, oid: str) -> tuple[str, bytes]:
        reads[0] += 1
        return read(reader, oid)

    monkeypatch.setattr(ObjectReader, "read", counted)
    world = World(tmp_path)
    world.init()
    world.git("rm", "-rq", ".pmctl/records")
    world.git("commit", "-q", "--amend", "--no-edit")
    counts = []
    for number in range(1, 25):
        doc = f"2024-01-15-incident-{number}"
        world.write(f".pmctl/records/{doc}/0001-submit-jane-12345678.json", "{}")
        world.new(doc)
        if number % 8 == 0:
            reads[0] = 0
            assert [finding.code for finding in world.audit().findings] == ["AU100", "AU101"]
            counts.append(reads[0])
    eight, sixteen, all_of_them = counts
    assert all_of_them - sixteen == sixteen - eight
