"""Targets are held against the dates of the history, wherever that can be read, and against nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pmctl import git
from pmctl.insight.milestones import milestones
from pmctl.insight.validation import Selection, Validation, validations
from pmctl.rules.context import History

DOC = "2024-01-15-payment-api-outage"
PATH = f"postmortems/2024/{DOC}.md"
TEXT = f"""\
---
id: {DOC}
title: Payment API outage
status: DRAFT
author: jane
resolved_at: 2024-01-15T14:45:00Z
---

## Summary

On 2024-01-15 the payment API was down for 45 minutes.
"""


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2024, 1, day, hour, tzinfo=UTC)


class Place:
    """A repository to which files are committed on given days."""

    def __init__(self, top: Path, prefix: str = "") -> None:
        self.top = top
        self.prefix = prefix
        top.mkdir()
        git.run(top, "init", "-q", "-b", "main", reading=False)
        git.run(top, "config", "user.name", "Jane Doe", reading=False)
        git.run(top, "config", "user.email", "jane@example.com", reading=False)
        self.commit("pmctl.yaml", "version: 1\n", at(1))

    @property
    def repo(self) -> git.Repository:
        return git.discover(self.top / self.prefix)

    def write(self, path: str, text: str) -> None:
        file = self.top / self.prefix / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self, path: str, text: str, when: datetime) -> None:
        self.write(path, text)
        git.run(self.top, "add", "-A", reading=False)
        self.git("commit", "-qm", f"Add {path}", when=when)

    def git(self, *words: str, when: datetime) -> None:
        stamp = when.isoformat()
        env = {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
        git.run(self.top, *words, env=env, reading=False)

    def record(self, number: int, act: str, by: str, when: datetime) -> None:
        self.commit(f".pmctl/records/{DOC}/{number:04d}-{act}-{by}-0a1b2c3d.json", "{}\n", when)

    def validate(self, *what: str, now: datetime, staged: bool = False) -> Validation:
        return validations(self.top / self.prefix, Selection(what, staged=staged, now=now, select=("PM95",)))[0]

    def codes(self, *what: str, now: datetime, staged: bool = False) -> list[str]:
        return [finding.code for finding in self.validate(*what, now=now, staged=staged).findings]


@pytest.fixture(params=["", "sre/"])
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    return Place(tmp_path / "work", request.param)


def test_nothing_is_known_before_the_first_commit(tmp_path: Path) -> None:
    git.run(tmp_path, "init", "-q", reading=False)
    (tmp_path / "pmctl.yaml").write_text("version: 1\n")
    assert milestones(git.discover(tmp_path))() == {}


def test_the_dates_of_one_life(place: Place) -> None:
    place.commit(PATH, TEXT, at(18))
    place.commit(PATH, TEXT + "\nMore.\n", at(19))
    place.record(1, "submit", "jane", at(20))
    place.record(2, "approve", "alice", at(21))
    assert milestones(place.repo)() == {DOC: History(at(18), at(20), at(21))}
    place.record(3, "request-changes", "bob", at(22))
    place.record(4, "submit", "jane", at(23))
    place.record(5, "approve", "bob", at(24))
    place.record(6, "publish", "jane", at(25))
    expected = {DOC: History(at(18), at(20), at(24), at(25))}
    assert milestones(place.repo)() == expected, "read on from where it was"
    store = place.repo.state_dir / "milestones-v1.json"
    shaped = '{"%s": {"commit": "%s", "dates": {}}}'
    for damage in ("", "[]", "{", shaped % (place.prefix, "--output=x"), shaped % (place.prefix, "00")):
        store.write_text(damage, encoding="utf-8")
        assert milestones(place.repo)() == expected


def test_every_root_of_a_repository_keeps_its_own(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.commit(PATH, TEXT, at(18))
    first = place.repo
    other = Place.__new__(Place)
    other.top, other.prefix = place.top, "other/team/"
    other.commit("pmctl.yaml", "version: 1\n", at(19))
    other.commit(PATH, TEXT, at(20))
    roots = {first: History(at(18)), other.repo: History(at(20))}
    for root, history in roots.items():
        assert milestones(root)() == {DOC: history}
    monkeypatch.setattr(git, "begin", None)
    assert [milestones(root)() for root in roots] == [{DOC: history} for history in roots.values()], "without git's log"


def test_a_history_that_was_replaced_is_read_anew(place: Place) -> None:
    place.commit(PATH, TEXT, at(18))
    assert milestones(place.repo)() == {DOC: History(at(18))}
    place.git("commit", "-q", "--amend", "--date", at(17).isoformat(), "-m", "Earlier", when=at(19))
    assert milestones(place.repo)() == {DOC: History(at(17))}


def test_what_only_a_merge_brings_counts(place: Place) -> None:
    place.git("checkout", "-qb", "side", when=at(16))
    place.commit(PATH, TEXT, at(16))
    place.git("checkout", "-q", "main", when=at(17))
    place.git("merge", "-q", "--no-ff", "--no-commit", "side", when=at(18))
    other = PATH.replace("payment", "search")
    place.write(other, TEXT.replace("payment-api", "search-api"))
    git.run(place.top, "add", "-A", reading=False)
    place.git("commit", "-qm", "Merge", when=at(18))
    assert milestones(place.repo)() == {DOC: History(at(16)), DOC.replace("payment", "search"): History(at(18))}


def test_a_draft_that_is_late_and_one_that_is_not(place: Place) -> None:
    place.commit(PATH, TEXT, at(15, 20))
    assert place.codes(now=at(17)) == []
    assert place.codes(now=at(19)) == ["PM952"]
    place.record(1, "submit", "jane", at(19))
    assert place.codes(now=at(19)) == [], "that it was late nobody can change"
    assert place.codes(now=at(25)) == ["PM953"]
    assert place.codes(now=datetime(2024, 3, 1, tzinfo=UTC)) == [], "a month later it is a figure, not a reminder"
    place.record(2, "approve", "alice", at(20))
    assert place.codes(now=at(31)) == ["PM954"]
    place.record(3, "publish", "jane", at(31))
    assert place.codes(now=at(31)) == []


def test_what_is_not_committed_is_begun_today(place: Place) -> None:
    place.write(PATH, TEXT)
    assert place.codes(now=at(16)) == []
    assert place.codes(now=at(19)) == ["PM952"]


def test_settings_move_the_targets(place: Place) -> None:
    place.commit(PATH, TEXT, at(15, 20))
    place.write("pmctl.yaml", "version: 1\nrules: {targets: {complete: 2w}}\n")
    assert place.codes(now=at(25)) == []


def test_files_and_what_is_staged_are_not_held_against_targets(place: Place) -> None:
    place.commit(PATH, TEXT, at(15, 20))
    assert place.codes(DOC, now=at(25)) == ["PM952"]
    assert place.codes(PATH, now=at(25)) == []
    place.write(PATH, TEXT + "\nMore.\n")
    git.run(place.top, "add", "-A", reading=False)
    assert place.codes(now=at(25), staged=True) == []


def test_an_ignore_of_a_target_is_not_unused_where_targets_are_not_looked_at(place: Place) -> None:
    ignore = "---\n\n<!-- pmctl: ignore PM952 waits for the provider -->\n\n## Summary"
    place.commit(PATH, TEXT.replace("---\n\n## Summary", ignore), at(15, 20))
    for what in (DOC, PATH):
        found = validations(place.top / place.prefix, Selection((what,), now=at(25)))[0].findings
        assert not {finding.code for finding in found} & {"PM952", "PM261"}


def test_a_shallow_clone_is_told_of_and_not_judged(place: Place, tmp_path: Path) -> None:
    place.commit(PATH, TEXT, at(15, 20))
    place.commit(PATH, TEXT + "\nMore.\n", at(25))
    git.run(tmp_path, "clone", "-q", "--depth", "1", f"file://{place.top}", "copy", reading=False)
    found = validations(tmp_path / "copy" / place.prefix, Selection(now=at(26), select=("PM95",)))[0]
    assert found.findings == ()
    assert found.notes == ("targets (PM95) are not compared with the history: this is a shallow clone",)


def test_a_result_holds_for_a_day(place: Place) -> None:
    place.commit(PATH, TEXT, at(15, 20))
    first = place.validate(now=at(25, 8))
    assert first.findings == place.validate(now=at(25, 22)).findings
    [finding] = first.findings
    assert finding.message == (
        "the draft is not completed more than 9 days after the incident was resolved; the target is 2 days"
    )
    assert place.codes(now=at(26)) == ["PM952"]
