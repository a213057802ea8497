"""Action items from the command line: days in the team's zone, feeds into pipes, cron's exit codes, many at once."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest

from tests.cli.play import ID, Play

At = Callable[[str], Play]
LATE = {"PMCTL_NOW": "2024-01-22T23:30:00Z"}


def listed(play: Play, words: str = "", env: dict[str, str] | None = None) -> list[str]:
    done = play.run("jane", f"pmctl actions list --format jsonl {words}", env=env)
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["id"] for line in done.stdout.splitlines()]


def test_days_begin_in_the_zone_of_the_team(play: At) -> None:
    """Half past eleven in the evening of the 22nd in UTC: in Berlin what was due then is overdue."""
    draft = play("draft")
    settings = draft.root / "pmctl.yaml"
    before = settings.read_text()
    for zone, overdue in (("", []), ("UTC", []), ("Europe/Berlin", ["AI-7f3k"]), ("America/New_York", [])):
        settings.write_text(before + (f"time_zone: {zone}\n" if zone else ""))
        assert listed(draft, "--overdue", LATE) == overdue, zone
        assert listed(draft, "--due week", LATE) == ([] if overdue else ["AI-7f3k"]), zone
    settings.write_text(before + "time_zone: Europe/Berlim\n")
    assert listed(draft, "--overdue", LATE) == [], "a zone that there is not is UTC, and validate says so"
    assert "did you mean Europe/Berlin?" in draft.run("jane", "pmctl validate").stdout
    settings.write_text(before + "time_zone: Europe/Berlin\nactions: {due: {HIGH: 1w}}\n")
    done = draft.run("jane", f'pmctl actions add {ID} "Write it down" --owner jane --priority HIGH', env=LATE)
    assert done.returncode == 0, done.stderr
    assert "| Write it down | @jane | 2024-01-30 |" in draft.file.read_text()


def test_cron_learns_it_from_the_exit_code(play: At) -> None:
    draft = play("draft")
    for words, code in (
        ("--fail-on overdue", 1),
        ("--fail-on overdue --on 2024-01-22", 0),
        ("--fail-on overdue --owner bob", 0),
        ("--fail-on unowned", 0),
        ("--fail-on overdue --format csv", 1),
        ("--fail-on late", 2),
        ("--on yesterday", 2),
        ("--sort size", 2),
        ("--group-by month", 2),
        ("--format xml", 2),
        ("--kind fix", 2),
        ("--owner nobodyatall", 2),
    ):
        done = draft.run("jane", f"pmctl actions list {words}")
        assert done.returncode == code, (words, done.stderr)
    text = draft.file.read_text()
    draft.file.write_text(text.replace("| @bob |", "| TBD |"))
    assert draft.run("jane", "pmctl actions list --fail-on unowned").returncode == 1
    draft.file.write_text(text.replace("| @bob |", "| @dave |"))
    assert draft.run("jane", "pmctl actions list --fail-on unowned").returncode == 1
    assert listed(draft, "--owner left") == ["AI-q2m8"]
    draft.file.write_text(text.replace("| @bob |", "| TBD |").replace("| MEDIUM | OPEN |", "| MEDIUM | COMPLETED |"))
    assert draft.run("jane", "pmctl actions list --fail-on unowned").returncode == 0, "it is done"


def test_a_value_that_occurs_nowhere_is_a_mistake(play: At) -> None:
    draft = play("draft")
    for words, hint in (
        ("--team platfrom", ""), ("--tag datbase", ""), ("--prevents pool-size", ""),
        ("--service paymnt-api", "payment"), ("--owner jnae", "jane"), ("--kind prevnt", "prevent"),
    ):  # fmt: skip
        done = draft.run("jane", f"pmctl actions list {words} --fail-on overdue")
        assert done.returncode == 2 and "no such" in done.stderr and hint in done.stderr, (words, done.stderr)
    text = draft.file.read_text().replace(
        "title:", "tags: [database]\nroot_causes: [pool-size]\nteams: [platform]\ntitle:"
    )
    draft.file.write_text(text)
    for words in ("--team platform", "--tag DATABASE", "--prevents pool-size", "--service payment-api"):
        assert draft.run("jane", f"pmctl actions list {words}").returncode == 0, words
    assert "did you mean database" in draft.run("jane", "pmctl actions list --tag datbase").stderr


def test_what_cannot_be_read_is_not_passed_over(play: At) -> None:
    draft = play("draft")
    text = draft.file.read_text()
    line = next(row for row in text.splitlines(keepends=True) if set(row.strip()) <= {"|", "-"} and "|" in row)
    broken = {
        "no line of dashes": text[: text.rindex(line)] + text[text.rindex(line) + len(line) :],
        "a row too long": text.replace("| MEDIUM | OPEN |", "| MEDIUM | OPEN | | |"),
        "a conflict": text.replace("## Action Items", "<<<<<<< ours\n=======\n>>>>>>> theirs\n\n## Action Items"),
        "no front matter": text.replace("status:", "status: [", 1),
    }
    for what, changed in broken.items():
        assert changed != text, what
        draft.file.write_text(changed)
        for _ in range(2):  # read, and remembered
            done = draft.run("jane", "pmctl actions list")
            assert done.returncode == 0 and "action items are not listed" in done.stderr, (what, done.stderr)
        for words in ("--fail-on overdue", "--fail-on unowned --format csv"):
            done = draft.run("jane", f"pmctl actions list {words}")
            assert done.returncode == 2 and f"{ID}.md:" in done.stderr, (what, done.stderr)
    draft.file.write_text(text)
    assert draft.run("jane", "pmctl actions list --fail-on unowned").returncode == 0


def test_groups_in_every_format(play: At) -> None:
    draft = play("draft")
    found = json.loads(draft.do("jane", "pmctl actions list --group-by owner --format json"))
    assert [(one["name"], one["items"], one["overdue"]) for one in found["groups"]] == [("bob", 1, 0), ("jane", 1, 1)]
    assert [one["owner"] for one in found["items"]] == ["bob", "jane"]
    rows = list(csv.DictReader(io.StringIO(draft.do("jane", "pmctl actions list --group-by due-week --format csv"))))
    assert [(row["id"], row["group"]) for row in rows] == [("AI-7f3k", "2024-W04"), ("AI-q2m8", "2024-W06")]
    page = draft.do("jane", "pmctl actions list --group-by priority --format md")
    assert page.index("## HIGH: 1 action item, 1 overdue") < page.index("## MEDIUM: 1 action item, 0 overdue")


def test_a_feed_is_the_same_until_something_is_committed(play: At) -> None:
    pytest.importorskip("icalendar", reason="the extra `calendar` is not installed")
    draft = play("draft")
    feed = draft.do("jane", "pmctl actions list --format ics")
    assert feed == draft.do("jane", "PMCTL_NOW=2024-06-01T00:00:00Z pmctl actions list --format ics")
    assert feed.count("BEGIN:VEVENT") == 2
    draft.do("jane", "pmctl actions done 7f3k")
    later = draft.do("jane", "pmctl actions list --format ics")
    assert later.count("BEGIN:VEVENT") == 1 and "ai-q2m8" in later, "what is done leaves the calendar"
    assert draft.do("jane", "pmctl actions list --format tasks --status completed").count("STATUS:COMPLETED") == 1


def test_an_id_in_two_postmortems_names_both(play: At) -> None:
    draft = play("draft")
    other = draft.file.with_name("2024-01-16-copy.md")
    other.write_text(draft.file.read_text().replace(ID, "2024-01-16-copy"))
    draft.do("jane", "git add . && git commit -qm Copy")
    for words in ("set 7f3k --status COMPLETED", "done AI-7f3k", "remove 7F3K", "show 7f3k"):
        done = draft.run("jane", f"pmctl actions {words}")
        assert done.returncode == 2, words
        assert f"{ID}.md" in done.stderr and "2024-01-16-copy.md" in done.stderr and "--postmortem" in done.stderr
    draft.do("jane", "pmctl actions done 7f3k --postmortem 2024-01-16")
    assert "COMPLETED" in other.read_text() and "COMPLETED" not in draft.file.read_text()


def test_many_are_one_commit_or_nothing(play: At) -> None:
    draft = play("draft")
    before = draft.snapshot()
    done = draft.run("bob", "pmctl actions set q2m8 7f3k --status in_progress")
    assert done.returncode == 1 and "bob may not change action items" in done.stderr
    assert draft.snapshot() == before
    said = json.loads(
        draft.do("jane", "pmctl actions set q2m8 7f3k --status in_progress --due 2024-03-01 --format json")
    )
    assert [one["item"] for one in said["items"]] == ["AI-q2m8", "AI-7f3k"]
    assert (said["act"]["act"], said["act"]["by"], said["act"]["id"]) == ("actions set", "jane", ID)
    assert said["act"]["commit"] == draft.git("rev-parse", "HEAD")
    assert draft.git("rev-list", "--count", "HEAD~1..HEAD") == "1"
    draft.do("jane", "pmctl audit")
