"""Many documents: the same results from one process, several, and the cache."""

from __future__ import annotations

import json
import os
import threading
from datetime import date

import pytest

from pmctl.document.finding import Finding, Severity
from pmctl.rules import bulk
from pmctl.rules.bulk import Item, check_many
from pmctl.rules.cache import open_cache
from pmctl.rules.engine import check
from pmctl.rules.settings import RuleSettings

from .sample import CONTEXT, PATH, sample, source

TEXTS = ("Fine.", "It should have been raised.", "Replaced last week.", "See [it](missing.md).", "")


def items(count: int) -> list[Item]:
    rows = []
    for number in range(count):
        name = f"2024-01-15-incident-{number}"
        text = source(f"id: {name}\n## Root Cause\n\n{TEXTS[number % len(TEXTS)]} {number}\n")
        rows.append(Item(f"postmortems/2024/{name}.md", text.replace("AI-7f3k", f"AI-{number:04}").encode()))
    return rows


def test_results_are_those_of_single_checks_and_in_order():
    rows = items(20)
    done = check_many(rows, CONTEXT, workers=1)
    assert [one.path for one in done] == [row.path for row in rows]
    expected = [
        sample(f"id: 2024-01-15-incident-{n}\n## Root Cause\n\n{TEXTS[n % 5]} {n}\n", rows[n].path) for n in range(20)
    ]
    assert [one.findings for one in done] == [check(doc, CONTEXT) for doc in expected]
    assert {finding.code for one in done for finding in one.findings} == {"PM701", "PM802", "PM803"}


def test_several_processes_give_the_same(monkeypatch):
    monkeypatch.setattr(bulk, "_ENOUGH_FOR_PROCESSES", 4)
    rows = items(31)
    assert check_many(rows, CONTEXT, workers=3) == check_many(rows, CONTEXT, workers=1)


def test_a_process_that_dies_is_replaced(monkeypatch):
    assert threading.active_count() == 1, "nothing is forked beside a thread, and this would wait for ever"
    monkeypatch.setattr(bulk, "_ENOUGH_FOR_PROCESSES", 4)
    parent = os.getpid()
    honest = bulk._result
    reading, writing = os.pipe()

    def deadly(item, context):
        if os.getpid() != parent:
            os.write(writing, b"x")
            os._exit(9)
        if not done:
            os.read(reading, 1)  # the other one has taken a portion, and will never give a result
        done.append(item.path)
        return honest(item, context)

    rows = items(10)
    expected = check_many(rows, CONTEXT, workers=1)
    done = []
    monkeypatch.setattr(bulk, "_result", deadly)
    assert check_many(rows, CONTEXT, workers=2) == expected
    assert sorted(done) == sorted(row.path for row in rows)
    os.close(reading)
    os.close(writing)


def test_a_file_that_could_not_be_read_keeps_its_finding():
    finding = Finding("PM031", "there is no such file", "x.md")
    done = check_many([Item("x.md", None, finding=finding), *items(1)], CONTEXT, workers=1)
    assert done[0].findings == (finding,)
    assert done[1].path == "postmortems/2024/2024-01-15-incident-0.md"


def test_two_files_with_one_id_are_both_reported():
    data = source().encode()
    done = check_many([Item(PATH, data), Item("postmortems/2024/copy.md", data)], CONTEXT, workers=1)
    assert ["PM152" in [finding.code for finding in one.findings] for one in done] == [True, True]


def test_two_postmortems_of_one_incident_are_both_reported_also_from_the_cache(tmp_path):
    texts = [source().replace("---\n", f"---\nincidents: [{{source: statuspage, id: {name}}}]\n", 1) for name in "aab"]
    rows = [Item(f"postmortems/2024/2024-01-15-{n}.md", text.encode()) for n, text in enumerate(texts)]
    for _ in range(2):
        done = check_many(rows, CONTEXT, cache=open_cache(tmp_path, CONTEXT), workers=1)
        said = [[finding.message for finding in one.findings if finding.code == "PM158"] for one in done]
        assert said == [
            ["postmortems/2024/2024-01-15-1.md is about the incident statuspage:a, too"],
            ["postmortems/2024/2024-01-15-0.md is about the incident statuspage:a, too"],
            [],
        ]


def numbered(number: int, text: str) -> Item:
    return Item(f"postmortems/2024/2024-01-15-{number}.md", text.encode())


def test_an_item_id_in_two_postmortems_is_reported_at_both_also_from_the_cache(tmp_path):
    names = ("AI-7f3k", "AI-9zzz", "AI-7F3K")
    draft = source("status: DRAFT\n")
    rows = [numbered(n, draft.replace("AI-7f3k", name)) for n, name in enumerate(names)]
    for _ in range(2):
        done = check_many(rows, CONTEXT, cache=open_cache(tmp_path, CONTEXT), workers=1)
        found = [[finding for finding in one.findings if finding.code == "PM519"] for one in done]
        line = draft.split("\n").index(next(row for row in draft.split("\n") if "AI-7f3k" in row)) + 1
        assert [[one.message for one in findings] for findings in found] == [
            [f"AI-7f3k stands in postmortems/2024/2024-01-15-2.md:{line}, too"],
            [],
            [f"AI-7F3K stands in postmortems/2024/2024-01-15-0.md:{line}, too"],
        ]
        assert {(one.line, str(one.severity)) for findings in found for one in findings} == {(line, "warning")}


def test_of_two_with_one_item_id_only_the_one_that_can_change_is_reported():
    """What is published keeps its ids: they are signed."""
    states = ("PUBLISHED", "DRAFT")
    done = check_many([numbered(n, source(f"status: {state}\n")) for n, state in enumerate(states)], CONTEXT)
    assert [[one.code for one in each.findings if one.code == "PM519"] for each in done] == [[], ["PM519"]]


def test_ids_that_are_none_are_not_compared():
    done = check_many([numbered(n, source().replace("AI-7f3k", "T-1")) for n in range(2)], CONTEXT)
    assert not any(finding.code == "PM519" for one in done for finding in one.findings)


def test_the_cache_gives_the_same_and_is_used(tmp_path, monkeypatch):
    rows = items(12)
    first = check_many(rows, CONTEXT, cache=open_cache(tmp_path, CONTEXT))
    monkeypatch.setattr(bulk, "_compute", lambda items, *_: [1 / 0 for _ in items])
    assert check_many(rows, CONTEXT, cache=open_cache(tmp_path, CONTEXT)) == first


@pytest.mark.parametrize(
    "change",
    [
        {"settings": RuleSettings(ignore=("PM7",))},
        {"strict": True},
        {"status": "DRAFT"},
        {"adopted": True},
        {"people": None},
        {"severities": ("A",)},
    ],
)
def test_another_environment_is_not_answered_from_the_cache(tmp_path, change):
    rows = items(5)
    other = CONTEXT._replace(**change)
    check_many(rows, CONTEXT, cache=open_cache(tmp_path, CONTEXT))
    assert check_many(rows, other, cache=open_cache(tmp_path, other)) == check_many(rows, other)


def test_a_file_that_appears_changes_the_result(tmp_path):
    rows = items(5)
    check_many(rows, CONTEXT, cache=open_cache(tmp_path, CONTEXT))
    there = CONTEXT._replace(exists=lambda path: True)
    done = check_many(rows, there, cache=open_cache(tmp_path, there))
    assert "PM803" not in {finding.code for one in done for finding in one.findings}


def test_an_item_that_falls_due_overnight_changes_the_result(tmp_path):
    row = "| AI-7f3k | Alert at 80 % | @jane | 2024-01-22 | HIGH | OPEN | | |"
    head = "| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |\n|---|---|---|---|---|---|---|---|\n"
    rows = [Item(PATH, source(f"## Action Items\n\n{head}{row}\n").encode())]

    def codes(day: date) -> list[str]:
        context = CONTEXT._replace(today=day)
        done = check_many(rows, context, cache=open_cache(tmp_path, context))
        return [finding.code for finding in done[0].findings]

    assert codes(date(2024, 1, 22)) == []
    assert codes(date(2024, 1, 23)) == ["PM509"]
    assert codes(date(2024, 1, 22)) == []


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"[]", b'{"x": 1}', b"{" * 5000])
def test_a_damaged_cache_is_ignored_and_fixed(tmp_path, damage):
    rows = items(6)
    first = check_many(rows, CONTEXT, cache=open_cache(tmp_path, CONTEXT))
    files = sorted(open_cache(tmp_path, CONTEXT).folder.glob("*.json"))
    assert files
    for file in files:
        file.write_bytes(damage)
    assert check_many(rows, CONTEXT, cache=open_cache(tmp_path, CONTEXT)) == first
    assert all(isinstance(json.loads(file.read_bytes()), dict) for file in files)


def test_damaged_entries_are_ignored(tmp_path):
    rows = items(6)
    first = check_many(rows, CONTEXT, cache=open_cache(tmp_path, CONTEXT))
    for file in open_cache(tmp_path, CONTEXT).folder.glob("*.json"):
        entries = json.loads(file.read_bytes())
        file.write_text(json.dumps({key: ["x", [[1, 2, 3]], {}, None] for key in entries}))
    assert check_many(rows, CONTEXT, cache=open_cache(tmp_path, CONTEXT)) == first


def test_two_writers_lose_nothing_that_is_on_disk(tmp_path):
    one, two = open_cache(tmp_path, CONTEXT), open_cache(tmp_path, CONTEXT)
    rows = items(8)
    check_many(rows[:4], CONTEXT, cache=one)
    check_many(rows[4:], CONTEXT, cache=two)
    third = open_cache(tmp_path, CONTEXT)
    kept = sum(len(json.loads(file.read_bytes())) for file in third.folder.glob("*.json"))
    assert kept == 8
    assert not [file for file in third.folder.iterdir() if file.name.startswith(".new-")]


def test_a_folder_that_cannot_be_written_costs_only_the_cache(tmp_path):
    (tmp_path / "pmctl").write_text("in the way")
    done = check_many(items(3), CONTEXT, cache=open_cache(tmp_path, CONTEXT))
    assert done == check_many(items(3), CONTEXT)


def test_cached_findings_keep_every_field(tmp_path):
    rows = items(3)
    check_many(rows, CONTEXT, cache=open_cache(tmp_path, CONTEXT))
    again = check_many(rows, CONTEXT, cache=open_cache(tmp_path, CONTEXT))
    [finding] = again[1].findings
    assert (finding.code, finding.severity, finding.path) == ("PM701", Severity.WARNING, rows[1].path)
    assert (finding.end_line, finding.end_column - finding.column) == (finding.line, len("should have been raised"))
    assert finding.fix
