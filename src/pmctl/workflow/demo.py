"""The whole life of one postmortem, played in a throw-away repository by three people with keys of their own.

`Stage` sets the scene; `STORY` is the script: what a person types, and what they write in their editor.
Everything is real: the commands run as processes of this pmctl, keys are made on the spot, and nothing
outside the folder is read or written (HOME, git's configuration and the trust store live in it).
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pmctl import git
from pmctl.document import edits
from pmctl.document.reader import Document, read
from pmctl.errors import EnvironmentProblem, Refused
from pmctl.repository.signing import make_key
from pmctl.surroundings import Surroundings

ID = "2024-01-15-payment-api-returns-errors"
FILE = f"postmortems/2024/{ID}.md"
# The day after the first action item of the story is due, so that it is overdue whenever the demo is played.
NOW = "2024-01-23T09:00:00Z"
PEOPLE = {"alice": "Alice Roe", "jane": "Jane Doe", "bob": "Bob Ray"}


@dataclass(frozen=True, slots=True)
class Say:
    """What happens next, for the person who watches."""

    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """`person` types a command; `code` is the exit code that the story expects. `shown` is how it reads."""

    person: str
    words: tuple[str, ...]
    code: int = 0


@dataclass(frozen=True, slots=True)
class Write:
    """`person` edits the postmortem and commits it with git, as people do."""

    person: str
    what: str
    edit: Callable[[Document], Document]


Scene = Say | Run | Write


@dataclass
class Stage:
    """The folder of the play: `team/` is the repository, `home/` stands in for everybody's home.

    `environ` is the caller's environment, `environment` what the commands of the play get of it.
    """

    folder: Path
    environ: Mapping[str, str]

    @property
    def repository(self) -> Path:
        """The team's repository."""
        return self.folder / "team"

    def set_up(self) -> None:
        """Make the folder, the keys and the incident's record.

        Raises Refused when the folder holds something, EnvironmentProblem without git or ssh-keygen.
        """
        if self.folder.exists() and any(self.folder.iterdir()):
            raise Refused(f"{self.folder} is not empty", hint="give a folder that does not exist yet")
        home = self.folder / "home"
        (home / ".config").mkdir(parents=True)
        self.repository.mkdir()
        for person in PEOPLE:
            make_key(home / "keys" / person, f"{person}@example.com", Surroundings(self.environ, home))
        shutil.copy(record_file(), self.folder / "incident.json")

    @cached_property
    def environment(self) -> dict[str, str]:
        """The caller's environment without anything that leads git, ssh or pmctl out of the folder."""
        kept = {name: value for name, value in self.environ.items() if not name.startswith(("GIT_", "PMCTL_", "XDG_"))}
        kept.pop("SSH_AUTH_SOCK", None)
        kept.pop("CI", None)
        return kept | {
            "HOME": str(self.folder / "home"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PMCTL_NOW": NOW,
            "GIT_AUTHOR_DATE": NOW,
            "GIT_COMMITTER_DATE": NOW,
        }

    def run(self, scene: Run, *, color: bool) -> subprocess.CompletedProcess[str]:
        """Run the scene's pmctl command as that person in the repository; both streams come back together."""
        become(self, scene.person)
        words = [word.replace("{folder}", str(self.folder)) for word in scene.words]
        command = [sys.executable, "-m", "pmctl", "--no-input", "--color", "always" if color else "never", *words]
        return subprocess.run(
            command, cwd=self.repository, env=self.environment, text=True, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def write(self, scene: Write) -> None:
        """Make the scene's edit in the work tree and commit it as that person, unsigned as drafts may be."""
        become(self, scene.person)
        path = self.repository / FILE
        path.write_bytes(scene.edit(read(path.read_bytes(), FILE)).data)
        git.run(self.repository, "commit", "-q", "-a", "-m", scene.what, env=self.environment, reading=False)


def become(stage: Stage, person: str) -> None:
    """From now on git knows this person: name, e-mail and signing key."""
    key = stage.folder / "home" / "keys" / person
    config = (
        f"[user]\n\tname = {PEOPLE[person]}\n\temail = {person}@example.com\n\tsigningkey = {key}\n"
        "[gpg]\n\tformat = ssh\n[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n"
    )
    (stage.folder / "home" / ".gitconfig").write_text(config, encoding="utf-8")


def set_up_to_try(folder: Path, surroundings: Surroundings) -> tuple[str, ...]:
    """What a person needs to try pmctl with somebody else: an incident's record, an empty repository to push to, and
    Bob, with a key and a script that runs a command as him. Returns the names of what was made.

    Raises Refused when the folder holds something, EnvironmentProblem without git or ssh-keygen.
    """
    from git import Repo

    if folder.exists() and any(folder.iterdir()):
        raise Refused(f"{folder} is not empty", hint="give a folder that does not exist yet")
    home = folder / "bob"
    home.mkdir(parents=True)
    make_key(home / "key", "bob@example.com", surroundings)
    config = (
        f"[user]\n\tname = {PEOPLE['bob']}\n\temail = bob@example.com\n\tsigningkey = {home / 'key'}\n"
        "[gpg]\n\tformat = ssh\n"
    )
    (home / ".gitconfig").write_text(config, encoding="utf-8")
    script = folder / "as-bob"
    script.write_text(
        "#!/bin/sh\n# Runs a command as Bob: his home, and so his name, key and memory.\n"
        f'unset GIT_CONFIG_GLOBAL SSH_AUTH_SOCK\nHOME={shlex.quote(str(home))} XDG_STATE_HOME= exec "$@"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    shutil.copy(record_file(), folder / "incident.json")
    Repo.init(folder / "origin.git", bare=True, initial_branch="main").close()
    return ("incident.json", "origin.git", "bob", "as-bob")


def record_file() -> Path:
    """The PagerDuty record of the story: beside the installed package, or in the source tree's examples."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (
        package / "examples" / "pagerduty.json",
        package.parents[1] / "examples/incidents/pagerduty.json",
    ):
        if candidate.is_file():
            return candidate
    raise EnvironmentProblem("the example incident is not installed", hint="install pmctl again")


def story_edit(document: Document) -> Document:
    """The draft of the story as Jane writes it up: every section filled in."""
    texts = {
        "Summary": "On January 15 the Payment API returned errors for 45 minutes: its database connection pool was\n"
        "exhausted. 2,347 payments failed. Raising the pool's limit and restarting three pods restored it.",
        "Root Cause": "**What failed:** requests queued for a database connection and timed out.\n\n"
        "**Why:** the pool held 50 connections, a limit from the first deployment. Traffic had grown from 30 to 48\n"
        "connections at once, and a campaign pushed it past 50.\n\n"
        "**Why it was not caught:** nothing measured how full the pool was.",
        "Resolution": "| Step | Action | Result |\n|---|---|---|\n"
        "| 1 | Raised the pool's limit to 100 | Waiting requests were served |\n"
        "| 2 | Restarted 3 pods | Error rate back to 0.1 % at 14:45 |",
        "Action Items": "| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |\n"
        "|---|---|---|---|---|---|---|---|\n"
        "| AI-7f3k | Alert when the pool is 80 % full | @jane | 2024-01-22 | HIGH | OPEN | | |\n"
        "| AI-q2m8 | Load-test the pool at twice today's peak | @bob | 2024-02-05 | MEDIUM | OPEN | | |",
        "Lessons Learned": "### What went well\n\n- The alert fired within 3 minutes of the first error.\n\n"
        "### What could be improved\n\n- The pool's use was not on any dashboard.\n\n"
        "### Where we got lucky\n\n- The campaign reached a tenth of its planned audience.",
        "Contributing Factors": "- The limit was never revisited as traffic grew.",
        "Detection": "The error-rate alert paged the on-call engineer at 14:00.",
        "Response": "Acknowledged within 3 minutes; the pool was found as the cause 15 minutes in.",
    }
    if document.section("Impact") is not None:
        texts["Impact"] = (
            "| Impact Type | Measurement |\n|---|---|\n| Duration | 45 minutes |\n| Failed payments | 2,347 |\n"
            "| Support tickets | 47 |"
        )
    for title, text in texts.items():
        if document.section(title) is not None:
            document = edits.replace_section(document, title, text)
    return document


def _clearer(document: Document) -> Document:
    return _replaced(document, "nothing measured how full the pool was", "no metric showed how full the pool was")


def _forged(document: Document) -> Document:
    return _replaced(document, "2,347", "12")


def _replaced(document: Document, old: str, new: str) -> Document:
    return read(document.data.replace(old.encode(), new.encode()), document.path)


STORY: tuple[Scene, ...] = (
    Say("A team makes its repository ready. Whoever runs init is the first admin and signs the first policy."),
    Run("alice", ("init",)),
    Run("alice", ("people", "add", "jane", "--name", PEOPLE["jane"], "--email", "jane@example.com",
                  "--key", "{folder}/home/keys/jane.pub")),
    Run("alice", ("people", "add", "bob", "--name", PEOPLE["bob"], "--email", "bob@example.com",
                  "--key", "{folder}/home/keys/bob.pub")),
    Say("An incident is over. Jane turns PagerDuty's record into a draft."),
    Run("jane", ("new", "--from", "{folder}/incident.json")),
    Say("What the record could not know is still the template's prompts, and validation says so."),
    Run("jane", ("validate", ID, "--strict"), 1),
    Write("jane", "Write up the payment API incident", story_edit),
    Run("jane", ("validate", ID)),
    Run("jane", ("submit", ID, "--reviewer", "bob")),
    Say("Nobody approves their own work."),
    Run("jane", ("approve", ID), 1),
    Run("bob", ("approve", ID, "-m", "Clear and blameless")),
    Say("An edit after the approval: Bob signed another text, so his approval no longer counts."),
    Write("jane", "Say it more exactly", _clearer),
    Run("jane", ("status", ID)),
    Run("jane", ("publish", ID), 1),
    Run("bob", ("approve", ID)),
    Run("jane", ("publish", ID)),
    Say("Action items stay in sight until they are done (today is 2024-01-23 in this play)."),
    Run("jane", ("actions", "list", "--overdue")),
    Say("Anybody with a clone can re-check every step, offline."),
    Run("alice", ("log", ID)),
    Run("alice", ("audit",)),
    Say("Now somebody makes the published impact look smaller, with a plain commit."),
    Write("jane", "Fix a typo", _forged),
    Run("alice", ("audit",), 1),
)  # fmt: skip
