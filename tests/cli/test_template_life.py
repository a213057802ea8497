"""An organisation's template from its first line to a version that replaces it, and postmortems that record it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pmctl.document.reader import read
from tests.cli.play import Play

MINI = """---
name: mini
description: Small.
applies_to: {severity: [SEV3], services: [shop-*]}
defaults: {visibility: team, tags: [small]}
sections:
  - {title: Summary, required: true}
  - {title: Cost, required: true, prompt: "How much?", text: "- **Lost:**"}
  - {title: Notes, required: false, text: None.}
fields:
  center: {kind: string, required: true, description: Who pays}
  amount: number
---

## Summary

<!-- What happened to {{ services|join(' and ') }}? -->
"""
ID = "2024-01-18-shop-slow"
FILE = f"postmortems/2024/{ID}.md"


def start(play: Play) -> None:
    """A template, and a postmortem written with it that waits for its publication."""
    (play.root / ".pmctl/templates/mini.md").write_text(MINI)
    play.do("alice", "git add -A && git commit -qm 'Add mini' && pmctl template check mini")
    play.do("jane", "pmctl new 'Shop slow' --severity SEV3 --service shop-api --date 2024-01-18 --field amount=12.50")
    file = play.root / FILE
    text = file.read_text().replace("  center:  # text, required: Who pays\n", "  center: A1\n")
    file.write_text(
        text.replace("to shop-api? -->", "to shop-api? -->\n\nIt was slow.").replace("Lost:**", "Lost:** 5")
    )
    play.do("jane", f"git commit -qam 'Write' && pmctl validate {ID} && pmctl submit {ID} --reviewer bob")
    play.do("bob", f"pmctl approve {ID}")


def change(play: Play, what: Callable[[Path], object]) -> None:
    what(play.root / ".pmctl/templates")
    play.do("alice", "git add -A && git commit -qm 'Change mini'")


def asks_more(text: str) -> str:
    return text.replace(
        "  - {title: Notes", "  - {title: Detection, required: true, prompt: 'How?'}\n  - {title: Notes"
    )


def test_what_an_incident_chooses_is_filled_in_and_typed(play: Callable[[str], Play]) -> None:
    team = play("team")
    (team.root / ".pmctl/templates/mini.md").write_text(MINI)
    done = team.run(
        "jane", "pmctl new 'Shop slow' --severity sev3 --service shop-api --date 2024-01-18 --tag db --no-commit"
    )
    assert "template: mini@1, for severity SEV3; service shop-*" in done.stderr
    meta = read((team.root / FILE).read_bytes()).meta
    assert (meta["template"], meta["visibility"], meta["tags"]) == ("mini@1", "team", ["small", "db"])
    assert meta["fields"] == {"center": None, "amount": None}
    assert "<!-- What happened to shop-api? -->" in (team.root / FILE).read_text()
    done = team.run("jane", "pmctl new B --template mini --field amount=much --field centre=1 --no-commit")
    assert done.returncode == 2
    assert "amount must be a number" in done.stderr and "did you mean center?" in done.stderr
    done = team.run("jane", "pmctl new 'Leaked key' --template security --date 2024-01-18 --no-commit")
    assert read((team.root / done.stdout.strip()).read_bytes()).meta["visibility"] == "private"


@pytest.mark.parametrize(
    ("written", "instead", "lacking"),
    [("center: A1", "center:", "fields.center"), ("It was slow.", "", "Summary"), ("Lost:** 5", "Lost:**", "Cost")],
)
def test_what_the_template_requires_stops_a_publication(
    play: Callable[[str], Play], written: str, instead: str, lacking: str
) -> None:
    team = play("team")
    start(team)
    file = team.root / FILE
    text = file.read_text()
    assert written in text
    file.write_text(text.replace(written, instead))
    team.do("jane", "git commit -qam 'Take it out'")
    team.do("bob", f"pmctl approve {ID}")
    refused = team.run("jane", f"pmctl publish {ID}")
    assert refused.returncode == 1
    assert f"is not complete: {lacking} missing or empty" in refused.stderr
    assert lacking.removeprefix("fields.") in team.do("jane", f"pmctl status {ID}")
    assert team.run("jane", f"pmctl validate {ID}").returncode == 1


def renamed(folder: Path) -> None:
    (folder / "mini.md").unlink()
    (folder / "tiny.md").write_text(MINI.replace("name: mini", "name: tiny"))


def linked(folder: Path) -> None:
    (folder / "mini.md").unlink()
    (folder / "mini.md").symlink_to("/etc/hosts")


def raised(folder: Path) -> None:
    (folder / "mini.md").write_text(asks_more(MINI).replace("name: mini", "name: mini\nversion: 2"))


GONE: dict[str, Callable[[Path], object]] = {
    "deleted": lambda folder: (folder / "mini.md").unlink(),
    "renamed": renamed,
    "broken": lambda folder: (folder / "mini.md").write_text("---\nname: [\n---\n"),
    "a link": linked,
    "raised": raised,
}


@pytest.mark.parametrize("how", GONE)
def test_a_template_that_is_gone_is_found_everywhere_and_judges_what_was_submitted(
    play: Callable[[str], Play], how: str
) -> None:
    team = play("team")
    start(team)
    GONE[how](team.root / ".pmctl/templates")
    for command in (f"pmctl validate {ID}", "pmctl template check", "git add -A && pmctl hook pre-commit"):
        found = team.run("alice", command)
        assert (found.returncode, f"PM296 mini@1 is gone, and {ID} was" in found.stdout) == (1, True), found.stdout
    team.do("alice", "git commit -qm 'Change mini'")
    audited = team.run("alice", "pmctl audit")
    assert audited.returncode == 1 and f"AU506 template mini@1 is gone, and {ID} was" in audited.stdout
    assert "PM157" in team.run("jane", f"pmctl validate {ID}").stdout
    # Its submit is bound to the template as it was, which is in history for ever.
    assert f"your turn: pmctl publish {ID}" in team.do("jane", f"pmctl status {ID}")
    assert team.run("jane", f"pmctl publish {ID}").returncode == 0


def stricter(text: str) -> str:
    """The same version with everything about it asking for more or something else."""
    more = asks_more(text).replace("amount: number", "amount: date\n  team: {kind: string, required: true}")
    return more.replace("  - {title: Notes, required: false", "  - {title: Notes, required: true")


def test_a_change_under_the_same_version_is_found_at_every_gate(play: Callable[[str], Play]) -> None:
    team = play("team")
    start(team)
    path = team.root / ".pmctl/templates/mini.md"
    path.write_text(stricter(MINI))
    for command in (
        f"pmctl validate {ID}", f"pmctl validate {FILE}", "pmctl validate", "pmctl template check mini",
        "git add -A && pmctl validate --staged", "pmctl hook pre-commit",
    ):  # fmt: skip
        found = team.run("alice", command)
        assert found.returncode == 1
        for said in (
            "section 'Detection' is required now", "section 'Notes' is required now", "field 'team' is required now",
            "field 'amount' was of kind number and is of kind date now",
        ):  # fmt: skip
            assert found.stdout.count(f"PM295 {said}, and {ID} was written with this version") == 1, command
    team.do("alice", "git commit -qm 'Ask more'")
    assert team.run("alice", "pmctl template check").returncode == 0
    assert "PM295" in team.run("alice", "pmctl template check --against HEAD~1").stdout
    for command in ("pmctl audit", "pmctl audit --range HEAD~1..HEAD"):
        found = team.run("alice", command)
        assert (found.returncode, found.stdout.count("AU506 template mini@1: ")) == (1, 4)
    team.do("alice", "git revert --no-edit HEAD")
    assert team.run("alice", "pmctl audit --range HEAD~1..HEAD").stdout.count("AU506") == 4, "less is asked than before"
    team.do("jane", f"pmctl publish {ID}")


@pytest.mark.parametrize("on", ["main", "a branch"])
def test_what_asks_nothing_may_change_under_the_same_version(play: Callable[[str], Play], on: str) -> None:
    team = play("team")
    start(team)
    if on == "a branch":
        team.do("alice", "git checkout -qb side")
    better = (
        MINI.replace("How much?", "How much, in euros?").replace("Small.", "Tiny.").replace("text: None.", "text: No.")
    )
    better = better.replace("  amount:", "  owner: string\n  amount:")
    change(team, lambda folder: (folder / "mini.md").write_text(better))
    team.do("alice", "pmctl template check --against HEAD~1 && pmctl hook pre-commit && pmctl validate")
    if on == "a branch":
        team.do("alice", "git checkout -q - && git merge -q --no-ff -m Merge side")
    team.do("jane", f"pmctl publish {ID}")
    assert "passed: 0 proved violations" in team.do("alice", "pmctl audit")


def test_a_template_that_no_postmortem_records_may_still_change(play: Callable[[str], Play]) -> None:
    team = play("team")
    change(team, lambda folder: (folder / "mini.md").write_text(MINI))
    change(team, lambda folder: (folder / "mini.md").write_text(stricter(MINI)))
    team.do("alice", "pmctl template check --against HEAD~1")
    assert "passed: 0 proved violations" in team.do("alice", "pmctl audit")


def test_a_postmortem_that_names_no_version_is_asked_by_the_first(play: Callable[[str], Play]) -> None:
    team = play("team")
    start(team)
    team.do("alice", "pmctl template new mini --next")
    path = team.root / ".pmctl/templates/mini.md"
    path.write_text(asks_more(path.read_text()))
    team.do("alice", "git commit -qam 'Ask how it was detected'")
    file = team.root / FILE
    file.write_text(file.read_text().replace("template: mini@1\n", "template: mini\n"))
    team.do("jane", f"git commit -qam 'Take the version out' && pmctl validate {ID}")
    assert "Detection" not in team.do("jane", f"pmctl status {ID}")
    (path.parent / "mini@1.md").unlink()
    assert f"PM296 mini@1 is gone, and {ID} was" in team.run("alice", "pmctl template check").stdout


def test_the_next_version_asks_more_of_new_postmortems_only(play: Callable[[str], Play]) -> None:
    team = play("team")
    start(team)
    team.do("alice", "pmctl template new mini --next")
    path = team.root / ".pmctl/templates/mini.md"
    path.write_text(asks_more(path.read_text()))
    team.do("alice", "pmctl template check && git commit -qam 'Ask how it was detected' && pmctl validate")
    team.do("jane", f"pmctl publish {ID}")
    team.do("jane", "pmctl new 'Shop down' --template mini --date 2024-01-19")
    assert "template: mini@2\n" in (team.root / "postmortems/2024/2024-01-19-shop-down.md").read_text()
    assert "'Detection'" in team.do("jane", "pmctl status shop-down")
    assert "passed: 0 proved violations" in team.do("alice", "pmctl audit")


def test_what_was_changed_already_goes_into_the_next_version(play: Callable[[str], Play]) -> None:
    team = play("team")
    start(team)
    path = team.root / ".pmctl/templates/mini.md"
    path.write_text(asks_more(MINI))
    assert "PM295" in team.run("alice", "pmctl template check").stdout
    team.do("alice", "pmctl template new mini --next && pmctl template check && git diff --exit-code HEAD")
    assert (path.parent / "mini@1.md").read_text() == MINI
    assert path.read_text() == asks_more(MINI).replace("name: mini", "version: 2\nname: mini")
    path.write_text(path.read_text().replace("version: 2", "version: 3"))
    refused = team.run("alice", "pmctl template new mini --next")
    assert refused.returncode == 1 and "has changes that are not committed" in refused.stderr


def test_an_unknown_template_is_said_to_be_one(play: Callable[[str], Play]) -> None:
    team = play("team")
    start(team)
    file = team.root / FILE
    file.write_text(file.read_text().replace("template: mini@1", "template: minni"))
    found = team.run("jane", f"pmctl validate {ID}").stdout
    assert "PM157 there is no template 'minni'" in found and "did you mean mini?" in found
    assert "PM155" not in found
    team.do("jane", "git commit -qam 'Wrong name'")
    assert "template: there is no template 'minni'" in team.do("jane", f"pmctl status {ID}")


@pytest.mark.parametrize("make", ["ln -s /etc/passwd", "mkdir", "mkfifo", "head -c 10485760 /dev/zero >"])
def test_a_template_that_cannot_be_read_leaves_the_others_and_every_document_checked(
    play: Callable[[str], Play], make: str
) -> None:
    team = play("team")
    start(team)
    team.do("alice", f"{make} .pmctl/templates/odd.md")
    done = team.run("jane", "pmctl validate")
    assert done.returncode == 1
    assert ".pmctl/templates/odd.md:1:1: error: PM" in done.stdout
    assert f"{FILE}:" in done.stdout
    assert team.run("jane", "pmctl template check mini").returncode == 0
    assert team.run("jane", "pmctl template check odd").returncode == 1
    made = team.run("jane", "pmctl new Other --template mini --no-commit")
    assert made.returncode == 0 and "odd.md" in made.stderr
