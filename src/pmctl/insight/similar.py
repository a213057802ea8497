"""Which postmortems are like one, and why: BM25 over terms, from an index under the git directory. Deterministic.

(commit, terms) -> hits. The index is a function of the postmortems of HEAD and is brought up to it by the files that
changed; it holds nothing that a clone does not, and a damaged or foreign one is made anew. Source of the ranking:
S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with k1 = 1.2 and
b = 0.75. What more than a tenth of many documents have does not tell them apart, and is not asked.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from pmctl import git
from pmctl.document.fields import id_of
from pmctl.files import make_folder
from pmctl.insight.similar_terms import as_written, in_words, terms
from pmctl.insight.summary import Summary, front_of, summarise
from pmctl.ledger.snapshot import Snapshot, Snapshots
from pmctl.ledger.tree_documents import REGULAR

_VERSION = 3
_K1, _B = 1.2, 0.75
_ASKED = 48  # terms of a question, the most telling first
_FEW = 60  # documents up to which even a common term is asked
_REASONS = 6
_WORDS_OF_A_PATTERN = 3
_MORE_THAN_WORDS = ("service:", "cause:", "error:")
_CHOSEN = ("service:", "cause:")  # which somebody chose, so that they tell something however many have them
_SCHEMA = """
CREATE TABLE document (number INTEGER PRIMARY KEY, path TEXT UNIQUE, oid TEXT, length REAL, terms TEXT);
CREATE TABLE term (number INTEGER PRIMARY KEY, name TEXT UNIQUE, documents INTEGER);
CREATE TABLE posting (term INTEGER, document INTEGER, weight REAL, PRIMARY KEY (term, document)) WITHOUT ROWID;
CREATE TABLE state (tree TEXT, documents INTEGER, length REAL);
INSERT INTO state VALUES ('', 0, 0);
"""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An action item that is still to be done."""

    id: str
    text: str
    owner: str
    due: str


@dataclass(frozen=True, slots=True)
class Alike:
    """One postmortem that is like the one asked about. `shared` are the terms that say most, `open_items` what it left
    to be done and nobody did yet; `score` only orders answers to one question. `recurs` says that both are of one
    pattern: they share a cause, or a service or an error signature and at least three words."""

    id: str
    title: str
    score: float
    shared: Sequence[str]
    open_items: Sequence[OpenItem]
    recurs: bool


@dataclass(frozen=True, slots=True)
class AlikeAnswer:
    """pmctl similar: postmortems of the commit `as_of` that are most like what was asked about, the likest first."""

    as_of: str
    asked: str
    documents: int
    similar: Sequence[Alike]


def similar(
    repo: git.Repository,
    asked: Mapping[str, float],
    *,
    name: str = "",
    without: str = "",
    most: int = 5,
    readable: frozenset[str] | None = None,
) -> AlikeAnswer:
    """The postmortems at HEAD that are most like these terms (of `terms_of`). `name` says what was asked about,
    `without` is the id of the one that is asked about; `readable` are the ids that may be shown, None for all."""
    (found,) = similar_to_each(repo, [Asked(asked, name, without)], most=most, readable=readable)
    return found


class Asked(NamedTuple):
    """One question: the terms, what it is called, and the id that is no answer to it."""

    terms: Mapping[str, float]
    name: str = ""
    without: str = ""


def similar_to_each(
    repo: git.Repository, questions: Sequence[Asked], *, most: int = 5, readable: frozenset[str] | None = None
) -> list[AlikeAnswer]:  # fmt: skip
    """The answer to each question, all about one HEAD."""
    commit = git.tip(repo)
    if not commit:
        return [AlikeAnswer("", one.name, 0, ()) for one in questions]
    source = Snapshots(repo)
    with source.reader:
        snapshot = source.at(commit)
        with closing(_index(repo, snapshot)) as index:
            there = _documents(index, readable)
            ranked = [_ranked(index, there, one, most) for one in questions]
        return [
            AlikeAnswer(commit, one.name, len(there[0]), tuple(_alike(snapshot, *hit) for hit in hits))
            for one, hits in zip(questions, ranked, strict=True)
        ]


def terms_of(data: bytes, path: str) -> dict[str, float]:
    """The terms of a postmortem's file; of one that cannot be read those of its text."""
    from pmctl.document.reader import read

    document = read(data, path)
    one = front_of(document, path)
    if one.problem:
        return terms("", data.decode("utf-8", "replace"))
    return terms(one.title, document.body, one.services, (*one.root_causes, *one.contributing_factors))


def _ranked(
    index: sqlite3.Connection, there: tuple[dict[int, float], dict[int, str]], question: Asked, most: int
) -> list[tuple[str, float, list[str]]]:
    """(path, score, shared terms, the most telling first) of the likest."""
    asked, _, without = question
    lengths, paths = there
    count = len(lengths)
    if not count:
        return []
    average = sum(lengths.values()) / count or 1
    scores: dict[int, float] = {}
    reasons: dict[int, list[tuple[float, str]]] = {}
    for name, number, frequency in _telling(index, asked, lengths, _own(index, paths, without)):
        rarity = math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))
        for document, weight in index.execute("SELECT document, weight FROM posting WHERE term = ?", (number,)):
            if document not in lengths:
                continue
            norm = _K1 * (1 - _B + _B * lengths[document] / average)
            score = rarity * weight * (_K1 + 1) / (weight + norm) * min(asked[name], 4)
            scores[document] = scores.get(document, 0) + score
            reasons.setdefault(document, []).append((-score, name))
    ordered = sorted(scores, key=lambda one: (-round(scores[one], 6), paths[one]))
    found = []
    for one in ordered:
        name = id_of(paths[one]) or paths[one]
        if name != without:
            found.append((paths[one], round(scores[one], 3), [term for _, term in sorted(reasons[one])]))
        if len(found) == most:
            break
    return found


def _documents(index: sqlite3.Connection, readable: frozenset[str] | None) -> tuple[dict[int, float], dict[int, str]]:
    """The lengths and the paths of the documents by number: of those that may be read, as if there were no others."""
    rows = [
        row for row in index.execute("SELECT number, length, path FROM document")
        if readable is None or id_of(row[2]) in readable
    ]  # fmt: skip
    return {number: length for number, length, _ in rows}, {number: path for number, _, path in rows}


def _telling(
    index: sqlite3.Connection, asked: Mapping[str, float], there: Mapping[int, float], own: frozenset[int]
) -> list[tuple[str, int, int]]:  # fmt: skip
    """(term, its number, how many documents have it) of the terms that tell documents apart, the most telling first.
    Of the `own` terms of the one that is asked about those are left out that no other has."""
    found = []
    count = len(there)
    limit = max(_FEW, count // 10)
    (everything,) = index.execute("SELECT documents FROM state").fetchone()
    names = sorted(asked)
    for first in range(0, len(names), 500):
        group = names[first : first + 500]
        marks = ",".join("?" * len(group))
        sql = f"SELECT name, number, documents FROM term WHERE name IN ({marks})"  # noqa: S608  # marks alone
        rows = index.execute(sql, group).fetchall()
        if count < everything:
            rows = [(name, number, _frequency(index, number, there)) for name, number, _ in rows]
        found += [row for row in rows if row[2] > (row[1] in own) and (row[2] <= limit or row[0].startswith(_CHOSEN))]
    telling = [(math.log(count / row[2] + 1) * min(asked[row[0]], 4), row) for row in found]
    return [row for _, row in sorted(telling, key=lambda one: (-one[0], one[1][0]))[:_ASKED]]


def _own(index: sqlite3.Connection, paths: Mapping[int, str], without: str) -> frozenset[int]:
    """The numbers of the terms that the one that is asked about has at HEAD."""
    number = next((one for one, path in paths.items() if without and id_of(path) == without), None)
    (told,) = index.execute("SELECT terms FROM document WHERE number = ?", (number,)).fetchone() or ("[]",)
    return frozenset(json.loads(told))


def _frequency(index: sqlite3.Connection, term: int, there: Mapping[int, float]) -> int:
    """How many of these documents have a term."""
    return sum(one in there for (one,) in index.execute("SELECT document FROM posting WHERE term = ?", (term,)))


def _alike(snapshot: Snapshot, path: str, score: float, shared: list[str]) -> Alike:
    from pmctl.document.reader import read

    data = snapshot.regular_file(path) or b""
    document = read(data, path)
    one: Summary = summarise(document, path)
    items = tuple(OpenItem(item.id, item.description, item.owner, item.due) for item in one.items if item.open)
    first = sorted(shared, key=lambda term: not term.startswith(_MORE_THAN_WORDS))
    told = as_written(first, f"{one.title}\n{document.body}")[:_REASONS]
    return Alike(one.id, one.title, score, told, items, _recurs(shared))


def _recurs(shared: Sequence[str]) -> bool:
    """Whether what two share makes them one pattern, and not only two texts about one thing."""
    kinds = [term.partition(":")[0] if term.startswith(_MORE_THAN_WORDS) else "" for term in shared]
    return "cause" in kinds or (any(kinds) and kinds.count("") >= _WORDS_OF_A_PATTERN)


# The index


def _index(repo: git.Repository, snapshot: Snapshot) -> sqlite3.Connection:
    """The index of the snapshot's postmortems, in its file, or in memory where that cannot be written."""
    entry = snapshot.entry("postmortems")
    tree = entry.oid if entry is not None and entry.is_tree else ""
    name = sha256(repo.prefix.encode()).hexdigest()[:12]
    file = repo.state_dir / f"similar-v{_VERSION}-{name}.sqlite"
    for attempt in range(2):
        try:
            index = _opened(file)
            if index.execute("SELECT tree FROM state").fetchone()[0] != tree:
                with index:
                    _update(index, snapshot, tree)
            return index
        except (sqlite3.Error, TypeError, ValueError, KeyError, OSError):
            with suppress(OSError):
                file.unlink(missing_ok=attempt == 0)
    index = sqlite3.connect(":memory:")
    index.executescript(_SCHEMA)
    _update(index, snapshot, tree)
    return index


def _opened(file: Path) -> sqlite3.Connection:
    """The file of the index, with its tables. What somebody else put there may not run anything."""
    make_folder(file.parent, file.parent.parent)
    index = sqlite3.connect(file, timeout=2)
    index.execute("PRAGMA trusted_schema = OFF")
    index.execute("PRAGMA synchronous = OFF")
    if not index.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        index.executescript(_SCHEMA)
    return index


def _update(index: sqlite3.Connection, snapshot: Snapshot, tree: str) -> None:
    """Bring the index to what the snapshot has: only files that changed are read."""
    listed = snapshot.source.trees.files(tree) if tree else ()
    there = {f"postmortems/{path}": one.oid for path, one in listed if one.mode == REGULAR and path.count("/") == 1}
    there = {path: oid for path, oid in there.items() if id_of(path)}
    known = {path: (oid, number) for path, oid, number in index.execute("SELECT path, oid, number FROM document")}
    gone = [number for path, (oid, number) in known.items() if there.get(path) != oid]
    fresh = sorted(path for path, oid in there.items() if known.get(path, ("",))[0] != oid)
    _forget(index, gone)
    snapshot.source.reader.fetch(there[path] for path in fresh)
    data = [snapshot.source.reader.blob(there[path]) for path in fresh]
    _learn(index, [(path, there[path], found) for path, found in zip(fresh, _read_all(fresh, data), strict=True)])
    count, length = index.execute("SELECT count(*), total(length) FROM document").fetchone()
    index.execute("UPDATE state SET tree = ?, documents = ?, length = ?", (tree, count, length))


def _read_all(paths: list[str], data: list[bytes]) -> list[dict[str, float]]:
    from pmctl.processes import on_every_core

    def portion(first: int, last: int) -> list[dict[str, float]]:
        return [terms_of(data[number], paths[number]) for number in range(first, last)]

    done = on_every_core(portion, len(paths)) if len(paths) >= 150 else []
    return done + portion(len(done), len(paths))


def _forget(index: sqlite3.Connection, numbers: Iterable[int]) -> None:
    for number in numbers:
        (told,) = index.execute("SELECT terms FROM document WHERE number = ?", (number,)).fetchone()
        held = [(term,) for term in json.loads(told)]
        index.executemany("UPDATE term SET documents = documents - 1 WHERE number = ?", held)
        index.executemany("DELETE FROM posting WHERE term = ? AND document = ?", [(term, number) for (term,) in held])
        index.execute("DELETE FROM document WHERE number = ?", (number,))


def _learn(index: sqlite3.Connection, found: Sequence[tuple[str, str, Mapping[str, float]]]) -> None:
    numbers = dict(index.execute("SELECT name, number FROM term"))
    for path, oid, told in found:
        fresh = [name for name in told if name not in numbers]
        for name in fresh:
            numbers[name] = len(numbers) + 1
        index.executemany("INSERT INTO term VALUES (?, ?, 0)", [(numbers[name], name) for name in fresh])
        held = [numbers[name] for name in told]
        row = (path, oid, sum(told.values()), json.dumps(held))
        number = index.execute("INSERT INTO document (path, oid, length, terms) VALUES (?, ?, ?, ?)", row).lastrowid
        index.executemany("UPDATE term SET documents = documents + 1 WHERE number = ?", [(one,) for one in held])
        index.executemany(
            "INSERT INTO posting VALUES (?, ?, ?)", [(numbers[name], number, weight) for name, weight in told.items()]
        )


def reasons(one: Alike) -> Iterator[str]:
    """The shared terms as people read them."""
    return in_words(one.shared)
