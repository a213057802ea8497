"""A team for property tests: people with keys made once, a repository that is copied, acts without processes.

Everything that is written goes through the same functions as the command line; git and the keys are real.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from pmctl import git
from pmctl.document import edits
from pmctl.document.reader import read
from pmctl.document.templates import builtin_source
from pmctl.ledger import record
from pmctl.repository.actor import Actor
from pmctl.repository.settings import DEFAULT_SETTINGS
from pmctl.repository.signing import SshSigner
from pmctl.repository.signing_keys import signing_key
from pmctl.repository.workspace import TEMPLATES, Workspace
from pmctl.surroundings import Surroundings
from pmctl.workflow.create import NewPostmortem, land, plan
from pmctl.workflow.demo import story_edit
from tests import world
from tests.world import World, key_folder

AT = datetime(2024, 1, 23, 9, 0, tzinfo=UTC)
TODAY = AT.date()
ADMIN = "alice"
PEOPLE = ("alice", "jane", "bob", "carol")
"""Those of the policy; alice is the admin. mallory has a key and is not among them."""
TITLES = ("Payments failed", "Search was slow")


def around() -> Surroundings:
    """This process's environment; nobody is there to be asked."""
    return Surroundings(os.environ, key_folder())


def actor(name: str, number: int = 1) -> Actor:
    """The person of the policy who signs with their first or a later key."""
    signer = SshSigner(signing_key({}, key_folder(), explicit=str(world.actor(name, number).key)), around())
    return Actor(name, f"{name.capitalize()} Doe", f"{name}@example.com", signer)


def public(name: str, number: int = 1) -> str:
    """A public key as `type base64`."""
    return world.actor(name, number).public


@cache
def start() -> Path:
    """A repository with the policy of everybody and one complete draft, made once per process."""
    made = World(key_folder() / "start")
    made.init()
    made.write("pmctl.yaml", DEFAULT_SETTINGS)
    made.write(f"{TEMPLATES}/default.md", builtin_source("default"))
    made.commit("Settings and the template, as pmctl init writes them", by=ADMIN)
    Team(made.path).new("jane", TITLES[0])
    return made.path


def set_identity(top: Path, name: str) -> None:
    """Let git commit as that person. Written as a file: a process for each change would cost more than the act."""
    config = top / ".git" / "config"
    text = config.read_text().partition("[user]")[0]
    config.write_text(f"{text}[user]\n\tname = {name.capitalize()} Doe\n\temail = {name}@example.com\n")


class Team:
    """One copy of the repository and who does what in it."""

    def __init__(self, top: Path, key_numbers: dict[str, int] | None = None) -> None:
        self.top = top
        self.numbers = key_numbers if key_numbers is not None else {}
        self.repo = git.discover(top)

    @classmethod
    def copy(cls, folder: Path) -> Team:
        """A fresh team in `folder`."""
        return cls(Path(shutil.copytree(start(), folder, symlinks=True)))

    @property
    def workspace(self) -> Workspace:
        """The repository as it stands now."""
        return Workspace(self.repo)

    def actor(self, name: str) -> Actor:
        """The person with the key that they use now; git commits as them from here on."""
        set_identity(self.top, name)
        return actor(name, self.numbers.get(name, 1))

    def git(self, *words: str, check: bool = True) -> str:
        """git in the work tree; standard output comes back."""
        return git.run(self.top, *words, check=check, reading=False).text

    @property
    def head(self) -> str:
        """The commit of the branch that is checked out."""
        return self.git("rev-parse", "HEAD")

    def snapshot(self) -> tuple[str, str]:
        """HEAD and the status: what a refused act must not change."""
        return self.head, self.git("status", "--porcelain", "--untracked-files=all")

    def new(self, author: str, title: str) -> str:
        """Create a complete draft; returns its id."""
        signing = self.actor(author).signer.git_arguments()
        wish = NewPostmortem(title=title, day=date(2024, 1, 15), author=author, services=("payment-api",))
        created = plan(self.workspace, wish, None, today=TODAY)
        land(self.workspace, created, signing)
        timeline = "| Time | Event | Who |\n|---|---|---|\n| 14:00 | The alert fired | |"
        written = edits.replace_section(read(created.data, created.path), "Timeline", timeline)
        (self.top / created.path).write_bytes(story_edit(written).data)
        self.git("commit", "-qam", "Write it up")
        return created.id

    def path(self, doc: str) -> str:
        """The file of a postmortem."""
        return f"postmortems/{doc[:4]}/{doc}.md"

    def edit_text(self, doc: str, change: object) -> None:
        """Change the text of a postmortem in the work tree."""
        assert callable(change)
        file = self.top / self.path(doc)
        before = file.read_bytes()
        file.write_bytes(change(before.decode()).encode())
        assert file.read_bytes() != before

    def set_field(self, doc: str, key: str, value: object) -> None:
        """Change one field of the front matter in the work tree."""
        file = self.top / self.path(doc)
        file.write_bytes(edits.set_field(read(file.read_bytes(), self.path(doc)), key, value).data)

    def records(self, doc: str) -> list[Path]:
        """The record files of a postmortem, in order."""
        return sorted((self.top / record.FOLDER / doc).glob("*.json"))

    def commit_all(self, message: str) -> str:
        """Commit whatever the work tree holds, unsigned; returns the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--no-gpg-sign", "-m", message)
        return self.head

    def sign_record(self, path: Path, by: str) -> None:
        """Put `by`'s signature beside a record."""
        signature = self.actor(by).signer.sign(path.read_bytes(), record.NAMESPACE)
        path.with_name(path.name + ".sig").write_bytes(signature)


def digest(data: bytes) -> str:
    """A digest as records name it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def isolated_environment(home: Path) -> dict[str, str]:
    """What the process's environment has to say so that nothing of the person who runs the tests takes part."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PMCTL_", "XDG_", "SSH_"))
    }
    return kept | {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
