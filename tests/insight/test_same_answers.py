"""One document, one answer: however it is named, wherever it is read from, whoever checks it, and the second time."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from pmctl.document.finding import Finding
from pmctl.insight.validation import Selection, Validation, validations
from pmctl.rules import bulk
from tests.rules.sample import source
from tests.team import AT, Team

PIECES = (
    "## Summary\n", "## Timeline\n", "```\n", "<!-- pmctl: ignore PM701 as the ticket says -->\n", "\r\n", "\0", "\r",
    "We should have known.\n", " last week", "[x](y.md)", "![](z.png)", "<!--", "-->", "    ", "> ", "- ", "|",
    "| Time | Event | Who |\n|---|---|---|\n| 14:00 | we forgot | @jane |\n", "status: DRAFT\n", "---\n",
    "| AI-7f3k | Improve it | @jane | 2024-01-01 | HIGH | OPEN | | |\n", "10.1.2.3 ", "\u2028", "İ",
)  # fmt: skip
"""What the rules look for, and what makes readers disagree."""


def changed(text: bytes, rng: random.Random) -> bytes:
    """The text with a few stretches left out, repeated, or replaced by one of the pieces."""
    for _ in range(rng.randrange(6)):
        start = rng.randrange(len(text) + 1)
        stop = min(len(text), start + rng.randrange(300))
        piece = rng.choice((b"", text[start:stop] * 2, rng.choice(PIECES).encode() + text[start:stop], b"\xff"))
        text = text[:start] + piece + text[stop:]
    return text


def fill(top: Path, seed: int) -> list[str]:
    """Write a set of documents, changed at random; the corpus among them where there is one. Their paths."""
    rng = random.Random(seed)
    corpus = os.environ.get("PMCTL_CORPUS", "")
    bodies = [file.read_bytes() for file in sorted(Path(corpus, "documents").rglob("*.md"))] if corpus else []
    whole = source().encode()
    head = whole.partition(b"\n---\n")[0] + b"\n---\n"
    texts = [whole] * 40 + [head + body for body in bodies]
    paths = []
    for number, text in enumerate(texts):
        name = f"2023-01-15-{number}" if rng.random() < 0.2 else f"2024-01-15-{number}"
        status = rng.choice((b"DRAFT", b"IN_REVIEW", b"PUBLISHED"))
        named = text.replace(b"2024-01-15-payment-api-outage", name.encode(), 1).replace(b"IN_REVIEW", status, 1)
        paths.append(f"postmortems/{name[:4]}/{name}.md")
        file = top / paths[-1]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(changed(named, rng))
    return paths


def validation(directory: Path, selection: Selection) -> Validation:
    """What is said about the only root there is."""
    (run,) = validations(directory, selection)
    return run


def answers(run: Validation) -> dict[str, tuple[Finding, ...]]:
    """The findings by path, without those that compare a file with others that are checked or with its history."""
    return {
        one.path: tuple(f for f in one.findings if f.code not in ("PM152", "PM519") and f.code[:4] != "PM95")
        for one in run.checked
    }


@pytest.mark.parametrize("seed", range(3))
def test_every_way_gives_the_same_findings(seed: int, crew: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_ENOUGH_FOR_PROCESSES", 10)
    (crew.top / "pmctl.yaml").write_text('rules: {paths: {"postmortems/2023": [PM7]}, internal: [corp.example]}\n')
    crew.commit_all("Settings")
    paths = fill(crew.top, seed)
    cold = validation(crew.top, Selection(now=AT))
    expected = answers(cold)
    assert set(paths) <= set(expected) and len({f.code for one in expected.values() for f in one}) > 15
    assert answers(validation(crew.top, Selection(now=AT))) == expected, "from the cache"
    for workers in (1, 2, 5):
        done = bulk.check_many(cold.items, cold.context, workers=workers)
        assert answers(replace(cold, checked=tuple(done))) == expected, f"in {workers} processes"
    crew.git("add", "-A")
    staged = answers(validation(crew.top, Selection(staged=True, now=AT)))
    assert staged == {path: expected[path] for path in paths}, "from the index"
    for path in random.Random(seed).sample(paths, 12):
        name = Path(path)
        one = {path: expected[path]}
        assert answers(validation(crew.top, Selection((path,), now=AT))) == one
        assert answers(validation((crew.top / path).parent, Selection((name.name,), now=AT))) == one
        found = answers(validation(crew.top, Selection((f"{name.stem}",), now=AT)))
        assert found == one, "by its id"
    folders = answers(validation(crew.top / "postmortems", Selection(("2023", "2024"), now=AT)))
    assert folders == expected
