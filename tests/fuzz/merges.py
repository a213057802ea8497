"""Random concurrent edits of one postmortem, merged: what must hold for every pair of them.

    python -m tests.fuzz.merges 100000          by hand: as many merges in process
    python -m tests.fuzz.merges 1000 --git      each as two branches in a real repository, merged by git with the driver

Each side makes a few edits, among them what pmctl itself does, what people do by hand, and lines spoiled at random. No
line is lost, nothing is raised but NotUnderstood, and edits of different things give what one after the other gives.
Beside it stands what git's own merge makes of the same three files.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pmctl.document import edits
from pmctl.document.merge import merge
from pmctl.document.merge_conflict import NotUnderstood
from pmctl.document.reader import Document, read, tables
from pmctl.errors import PmctlError

IDS = tuple(f"AI-{number}{letter}" for number, letter in enumerate(("aaa", "bbb", "ccc", "ddd", "eee", "fff"), 1))
TIMES = ("14:00", "14:10", "14:25", "14:40", "15:00", "15:20")
WORDS = ("pool", "limit", "latency", "queue", "alert", "rollback", "cache", "shard", "quota", "retry")
PEOPLE = ("alice", "bob", "carol", "dave", "erin")
COLUMNS = ("Owner", "Due", "Priority", "Status", "Notes", "Action")
FIELDS = ("title", "severity", "urgency", "started_at", "resolved_at")
LISTS = ("tags", "services", "participants")


@dataclass(frozen=True)
class Edit:
    """What one person does: a change of the text that can be made on any version, and the names of what it touches."""

    touches: frozenset[str]
    apply: Callable[[str], str]
    by_hand: bool = False


def base_text(rng: random.Random) -> str:
    """A postmortem with a few of everything."""
    rows = "".join(
        f"| {name} | {rng.choice(WORDS)} {name[-1]} | @{rng.choice(PEOPLE)} | 2024-02-{rng.randrange(10, 29)} "
        "| LOW | OPEN | | |\n"
        for name in rng.sample(IDS, rng.randrange(2, 6))
    )
    events = "".join(
        f"| {at} | {rng.choice(WORDS)} {at[-2:]} | |\n" for at in sorted(rng.sample(TIMES, rng.randrange(2, 5)))
    )
    paragraphs = "\n\n".join(
        f"Paragraph {number} is about the {rng.choice(WORDS)}." for number in range(rng.randrange(1, 5))
    )
    lessons = "".join(f"- Lesson {number}: {rng.choice(WORDS)}\n" for number in range(rng.randrange(1, 4)))
    services = "[api, web]" if rng.random() < 0.5 else "\n  - api\n  - web"
    return (
        "---\nid: 2024-01-15-payment-api\ntitle: Payments failed\nstatus: DRAFT\nauthor: jane\nseverity: SEV2\n"
        f"urgency: HIGH\ntags: [pool, database]\nservices:{' ' if services[0] == '[' else ''}{services}\n"
        "started_at: 2024-01-15T14:00:00Z\nresolved_at: 2024-01-15T15:00:00Z\n---\n\n"
        f"## Summary\n\n{paragraphs}\n\n## Timeline\n\n| Time | Event | Who |\n|---|---|---|\n{events}\n"
        "## Action Items\n\n| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |\n"
        f"|---|---|---|---|---|---|---|---|\n{rows}\n## Lessons Learned\n\n{lessons}"
    )


def _document(text: str) -> Document:
    return read(text.encode(), "postmortems/2024/2024-01-15-payment-api.md")


def _actions(doc: Document) -> object:
    return tables(doc, doc.section("Action Items"))[0]


def set_cell(rng: random.Random, text: str, mark: str) -> Edit | None:
    known = re.findall(r"^\| (AI-\w+) ", text, re.MULTILINE)
    if not known:
        return None
    name, column, value = rng.choice(known), rng.choice(COLUMNS), f"{rng.choice(WORDS)} {mark}"

    def apply(text: str) -> str:
        doc = _document(text)
        table = tables(doc, doc.section("Action Items"))[0]
        row = next(row for row in table.rows if row.cells[0].text == name)
        return edits.set_cell(doc, table, row, column, value).text

    return Edit(frozenset({f"{name} {column}"}), apply)


def add_item(rng: random.Random, text: str, mark: str) -> Edit:
    name = f"AI-{mark}{rng.randrange(10**6)}"
    cells = {"ID": name, "Action": f"{rng.choice(WORDS)} {mark}", "Owner": f"@{rng.choice(PEOPLE)}", "Status": "OPEN"}

    def apply(text: str) -> str:
        doc = _document(text)
        return edits.append_row(doc, tables(doc, doc.section("Action Items"))[0], cells).text

    return Edit(frozenset({name}), apply)


def remove_item(rng: random.Random, text: str, mark: str) -> Edit | None:
    known = re.findall(r"^\| (AI-\w+) ", text, re.MULTILINE)
    if len(known) < 2:
        return None
    name = rng.choice(known)

    def apply(text: str) -> str:
        return re.sub(rf"(?m)^\| {name} .*\n", "", text)

    return Edit(frozenset(f"{name} {column}" for column in COLUMNS), apply)


def add_event(rng: random.Random, text: str, mark: str) -> Edit:
    at, event = (
        f"{rng.choice((13, 14, 15))}:{rng.randrange(60):02}",
        f"{rng.choice(WORDS)} {mark}{rng.randrange(10**6)}",
    )

    def apply(text: str) -> str:
        head, rows, rest = _timeline(text)
        place = next((number for number, row in enumerate(rows) if row[2:7] > at), len(rows))
        return head + "".join([*rows[:place], f"| {at} | {event} | |\n", *rows[place:]]) + rest

    return Edit(frozenset({f"event {event}"}), apply)


def change_event(rng: random.Random, text: str, mark: str) -> Edit | None:
    rows = _timeline(text)[1]
    if not rows:
        return None
    old = rng.choice(rows)[2:7]
    event = f"{rng.choice(WORDS)} {mark}"

    def apply(text: str) -> str:
        head, rows, rest = _timeline(text)
        place = next(number for number, row in enumerate(rows) if row.startswith(f"| {old} "))
        rows[place] = f"| {old} | {event} |{rows[place].split('|')[3]}|\n"
        return head + "".join(rows) + rest

    return Edit(frozenset({f"event at {old}"}), apply)


def _timeline(text: str) -> tuple[str, list[str], str]:
    start = text.index("|---|---|---|\n", text.index("## Timeline")) + len("|---|---|---|\n")
    end = text.index("\n\n", start - 1) + 1
    return text[:start], text[start:end].splitlines(keepends=True), text[end:]


def set_field(rng: random.Random, text: str, mark: str) -> Edit:
    key, value = rng.choice(FIELDS), f"{rng.choice(WORDS)} {mark}"
    return Edit(frozenset({key}), lambda text: edits.set_field(_document(text), key, value).text)


def add_element(rng: random.Random, text: str, mark: str) -> Edit:
    key, value = rng.choice(LISTS), f"{rng.choice(WORDS)}-{mark}{rng.randrange(10**6)}"

    def apply(text: str) -> str:
        doc = _document(text)
        old = doc.meta.get(key) or []
        node = doc.front.get(key)
        if node is not None and not node.flow and node.value:
            last = node.value[-1]
            return f"{text[: last.end]}\n  - {value}{text[last.end :]}"
        return edits.set_field(doc, key, [*old, value]).text

    return Edit(frozenset({f"{key} {value}"}), apply)


def change_paragraph(rng: random.Random, text: str, mark: str) -> Edit | None:
    known = re.findall(r"(?m)^Paragraph (\d+) ", text)
    if not known:
        return None
    number, words = rng.choice(known), f"{rng.choice(WORDS)} and {rng.choice(WORDS)} {mark}"

    def apply(text: str) -> str:
        return re.sub(rf"(?m)^Paragraph {number} .*$", f"Paragraph {number} says {words}.", text)

    return Edit(frozenset({f"paragraph {number}"}), apply)


def add_lesson(rng: random.Random, text: str, mark: str) -> Edit:
    lesson = f"- {rng.choice(WORDS)} {mark}{rng.randrange(10**6)}\n"
    return Edit(frozenset({lesson}), lambda text: text + lesson)


def change_lesson(rng: random.Random, text: str, mark: str) -> Edit | None:
    known = re.findall(r"(?m)^- Lesson (\d+):", text)
    if not known:
        return None
    number, words = rng.choice(known), f"{rng.choice(WORDS)} {mark}"
    return Edit(
        frozenset({f"lesson {number}"}),
        lambda text: re.sub(rf"(?m)^- Lesson {number}: .*$", f"- Lesson {number}: {words}", text),
    )


def spoil(rng: random.Random, text: str, mark: str) -> Edit:
    """What nobody means: lines dropped, doubled, moved, cut or made up, anywhere in the file."""

    def apply(text: str) -> str:
        lines = text.split("\n")
        at, to = rng.randrange(len(lines)), rng.randrange(len(lines))
        kind = rng.randrange(8)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(to, lines[at])
        elif kind == 2:
            lines.insert(to, lines.pop(at))
        elif kind == 3:
            lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
        elif kind == 4:
            made = ("", "```", "<!--", "-->", "## New", "---", "| a | b |", "=======", "- x", "> quote", "\tx", "a\\|b")
            lines.insert(at, rng.choice(made))
        elif kind == 5:
            lines[at] = lines[at].replace(" ", "  ")
        elif kind == 6:
            return text.replace("\n", "\r\n") if "\r" not in text else "\ufeff" + text
        else:
            return text.rstrip("\n")
        return "\n".join(lines)

    return Edit(frozenset({"anything"}), apply, by_hand=True)


KINDS = (
    set_cell, set_cell, set_cell, add_item, add_item, remove_item, add_event, add_event, change_event, set_field,
    set_field, add_element, add_element, change_paragraph, add_lesson, change_lesson,
)  # fmt: skip


def side(rng: random.Random, text: str, mark: str, *, spoiled: bool) -> list[Edit]:
    """The edits of one person, from one to four."""
    found = [kind(rng, text, mark) for kind in rng.choices(KINDS, k=rng.randrange(1, 5))]
    return [*(edit for edit in found if edit is not None), *([spoil(rng, text, mark)] if spoiled else [])]


def applied(text: str, changes: list[Edit]) -> str | None:
    """The text with these edits; None when one of them cannot be made any more."""
    try:
        for change in changes:
            text = change.apply(text)
    except (PmctlError, StopIteration, ValueError, IndexError):
        return None
    return text


@dataclass
class Tally:
    """What came of the merges so far; `git_conflicts` and `solved` count those that git was asked about."""

    merges: int = 0
    clean: int = 0
    conflicts: int = 0
    not_understood: int = 0
    compared: int = 0
    git_asked: int = 0
    git_conflicts: int = 0
    solved: int = 0
    git_clean_ours_not: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        share = 100 * self.solved / self.git_conflicts if self.git_conflicts else 0
        return (
            f"{self.merges} merges: {self.clean} clean, {self.conflicts} with conflicts, {self.not_understood} left "
            "to git; "
            f"{self.compared} compared with one edit after the other; of {self.git_conflicts} conflicts of git's own "
            f"merge (asked {self.git_asked} times) {self.solved} solved: {share:.1f} %; clean for git and not for "
            f"pmctl: {self.git_clean_ours_not}"
        )


def one(seed: int, tally: Tally, *, ask_git: bool) -> None:
    """One random merge; raises AssertionError with the seed for whatever does not hold."""
    rng = random.Random(seed)
    base = base_text(rng)
    spoiled = rng.random() < 0.15
    ours, theirs = side(rng, base, "x", spoiled=spoiled), side(rng, base, "y", spoiled=spoiled and rng.random() < 0.5)
    mine, yours = applied(base, ours), applied(base, theirs)
    if mine is None or yours is None:
        return
    tally.merges += 1
    try:
        merged = merge(base.encode(), mine.encode(), yours.encode())
    except NotUnderstood as reason:
        assert spoiled, f"seed {seed}: {reason}"
        tally.not_understood += 1
        tally.kinds[str(reason)[:60]] += 1
        return
    text = merged.written()[0].decode()
    nothing_lost(seed, base, mine, yours, text)
    tally.clean += not merged.conflicts
    tally.conflicts += bool(merged.conflicts)
    mine_touches, yours_touches = ({name for edit in one for name in edit.touches} for one in (ours, theirs))
    if not spoiled and not mine_touches & yours_touches:
        both = applied(mine, theirs)
        if both is not None:
            tally.compared += 1
            assert not merged.conflicts, f"seed {seed}: {[one.what for one in merged.conflicts]}"
            assert text == both, f"seed {seed}"
    if ask_git:
        count = git_conflicts(base, mine, yours)
        tally.git_asked += 1
        tally.git_conflicts += count > 0
        tally.solved += count > 0 and not merged.conflicts
        tally.git_clean_ours_not += count == 0 and bool(merged.conflicts)


def nothing_lost(seed: int, base: str, ours: str, theirs: str, text: str) -> None:
    """Every line that a side wrote, and every line that both kept, is there; a row at least cell by cell."""
    was, mine, yours, have = (Counter(_lines(one)) for one in (base, ours, theirs, text))
    for line in {*mine, *yours, *was}:
        if not line.strip():
            continue
        least = (
            max(mine[line], yours[line])
            if min(mine[line], yours[line]) >= was[line]
            else mine[line] + yours[line] - was[line]
        )
        if have[line] >= least:
            continue
        # Lines that are more than one value: each of their new parts must be there.
        parts = Counter(part for text in (ours, theirs) for one in _lines(text) if one == line for part in _parts(one))
        old, there = set(_parts(base)), set(_parts(text))
        assert line.startswith("|") or re.match(r"\w+:|  - ", line), f"seed {seed}: lost {line!r}"
        assert {part for part in parts if part not in old} <= there, f"seed {seed}: lost of {line!r}"


def _lines(text: str) -> list[str]:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[|\n\[\],:]", text) if part.strip()]


def git_conflicts(base: str, ours: str, theirs: str) -> int:
    """How many conflicts git's own merge of the three files has."""
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
            path = Path(folder, name)
            path.write_bytes(text.encode())
            names.append(str(path))
        return subprocess.run(["git", "merge-file", "-p", *names], capture_output=True, check=False).returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--ask-git", type=int, default=20, help="every how many merges git is asked")
    parser.add_argument("--git", action="store_true", help="merge branches in a repository, with the driver")
    asked = parser.parse_args()
    if asked.git:
        from tests.fuzz.merges_through_git import through_git

        print(through_git(range(asked.first, asked.first + asked.count)))
        return
    tally = Tally()
    for seed in range(asked.first, asked.first + asked.count):
        one(seed, tally, ask_git=seed % asked.ask_git == 0)
        if seed % 5000 == 4999:
            print(tally, flush=True)
    print(tally)
    for reason, count in tally.kinds.most_common():
        print(f"{count:7} {reason}")


if __name__ == "__main__":
    main()
