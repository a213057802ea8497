"""A week of ordinary work: three people, each in a clone of their own, and one server. Every message is looked at."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pmctl.document.reader import read
from pmctl.workflow.demo import story_edit
from tests.cli.play import FILE, ID, Play


class Week:
    """The team's clones: whoever types works in their own."""

    def __init__(self, folder: Path) -> None:
        self.play = Play(folder)
        self.origin = self.play.stage.folder / "origin.git"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(self.origin)], check=True)

    def clone(self, person: str) -> Path:
        return self.play.stage.folder / f"clone-{person}"

    def says(self, person: str, line: str, *sentences: str, code: int = 0) -> str:
        """What comes back to `person`; each of the sentences stands in it."""
        done = self.play.run(person, line, cwd=self.clone(person))
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{person}$ {line}\n{said}"
        for sentence in sentences:
            assert sentence in said, f"{person}$ {line}\n{said}"
        return done.stdout

    def joins(self, person: str) -> None:
        """A new clone for somebody whom the policy knows by the key that git has."""
        self.play.run(person, f"git clone -q {self.origin} {self.clone(person)}")


def test_a_week(tmp_path: Path) -> None:
    week = Week(tmp_path / "week")
    says = week.says
    # Monday: alice sets it up, and the others join.
    week.joins("alice")
    says("alice", "pmctl init", "you are alice, the admin", "not pushed yet: git push -u origin main")
    says("alice", "git push -q -u origin main")
    for person in ("jane", "bob"):
        week.joins(person)
        line = says(person, "pmctl people join", f"you ask to join as {person}", "send the line to an admin")
        says("alice", f"{line.strip()} --yes", f"{person}: new", "not pushed yet: git push   (main is ahead")
        says("alice", "git push -q")
    # Tuesday: an incident, a draft; bob looks at it and may not write in it.
    says("jane", "git pull -q")
    says("jane", "pmctl new --from ../incident.json", FILE, f"next: pmctl edit {ID}, then pmctl status {ID}")
    file = week.clone("jane") / FILE
    file.write_bytes(story_edit(read(file.read_bytes(), FILE)).data)
    says("jane", f"EDITOR=true pmctl edit {ID} -m 'Write it up'", "committed", "next: pmctl status")
    says("jane", f"pmctl submit {ID}", "the policy asks for at least 1 reviewer", code=1)
    says("jane", f"pmctl submit {ID} -r bob", "DRAFT -> IN_REVIEW", "next: bob: read it", "not pushed yet: git push")
    says("jane", "git push -q")
    # Wednesday: bob sends it back, jane mends it; two people work at once.
    says("bob", "git pull -q")
    says("bob", f"pmctl publish {ID}", "AU308", code=1)
    says("bob", f"pmctl request-changes {ID} -m 'Which alert fired?'", f"pmctl submit {ID}   (asks bob again)")
    says("bob", "git push -q")
    says("jane", "git pull -q")
    editor = "EDITOR='sed -i s/^title:.*/title:\\ Payments\\ failed/'"
    says("jane", f"{editor} pmctl edit {ID}", "bob requested changes: Which alert fired?", "committed")
    says("jane", f"pmctl submit {ID}", "next: bob: read it")
    says("alice", "git pull -q && pmctl people change bob --team web && git push -q", "in force")
    says("jane", "git push -q", code=1)
    says("jane", "pmctl sync")
    # Thursday: it is approved, edited, approved again and published.
    says("bob", "git pull -q")
    says("bob", f"pmctl approve {ID}", f"next: pmctl publish {ID}")
    says("bob", "git push -q")
    says("jane", "git pull -q")
    editor = "EDITOR='sed -i s/^title:.*/title:\\ Payments\\ were\\ refused/'"
    says(
        "jane",
        f"{editor} pmctl edit {ID}",
        "makes the approval of bob stale",
        "bob approved: they have to read it again",
    )
    says("jane", f"pmctl publish {ID}", "AU309 the approval of bob is missing for this content", code=1)
    says("jane", "git push -q")
    says("bob", f"git pull -q && pmctl approve {ID} && git push -q")
    says("jane", f"git pull -q && pmctl publish {ID}", "IN_REVIEW -> PUBLISHED")
    says("jane", "git push -q")
    # Friday: the follow-ups move, the text is corrected on the record, and jane has a new key.
    says("jane", "pmctl actions set AI-7f3k --status IN_PROGRESS && git push -q")
    says("alice", "git pull -q")
    says("alice", f"sed -i 's/^title:.*/title: Payments were refused for an hour/' {FILE}")
    says("alice", f"pmctl amend {ID} -m 'The duration belongs in the title'", f"alice amended {ID}", f"pmctl log {ID}")
    says("jane", "ssh-keygen -q -t ed25519 -N '' -f ../jane-new")
    says("alice", "pmctl people rotate jane --key ../jane-new.pub -m 'A new laptop'", "jane: key", "retired")
    says("alice", "git push -q")
    says("jane", "git pull -q && pmctl new 'Search was slow' --date 2024-01-16 -q")
    says("jane", "pmctl submit search -r bob", "is retired", "sign with an active key", code=1)
    says("jane", "git config user.signingkey ../jane-new && pmctl delete search -m 'A false alarm'", "DRAFT -> DELETED")
    says("jane", "git push -q")
    for person in ("alice", "jane", "bob"):
        says(person, "git pull -q; git status -sb | head -1", "## main...origin/main\n")
        says(person, "pmctl audit", "passed: 0 proved violations")
        says(person, "pmctl list", "PUBLISHED")
