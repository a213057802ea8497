"""A small world for tests of the audit: people with real SSH keys, a real repository, honest and forged acts.

`World` writes documents, signs records and commits as anybody. Honest acts ask the same lifecycle as the
command line; everything can also be done wrongly on purpose, by passing other values.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from pmctl import git
from pmctl.document import edits
from pmctl.document.digest import Attachment, content_digest
from pmctl.document.reader import read
from pmctl.ledger import record
from pmctl.ledger.audit import audit
from pmctl.ledger.current_state import CurrentState, current_state
from pmctl.ledger.report import Report
from pmctl.ledger.snapshot import head
from pmctl.ledger.tree_documents import FrontMatterFacts, facts_of
from pmctl.policy import act as acts
from pmctl.policy import lifecycle
from pmctl.policy.act import Act
from pmctl.policy.change import propose_baseline, propose_policy, propose_waiver
from pmctl.policy.model import POLICY_PATH, Key, Person, Policy
from pmctl.policy.reading import parse_policy
from pmctl.policy.writing import render_policy

AT = "2024-01-17T10:00:00Z"
DOC = "2024-01-15-payment-api-outage"

BODY = """
## Summary

The payment API was down for 45 minutes.

## Timeline

| Time | Event | Who |
|---|---|---|
| 14:00 | Alert | @jane |

## Impact

| Impact Type | Measurement |
|---|---|
| Duration | 45 minutes |

## Root Cause

The connection pool was too small.

## Resolution

| Step | Action | Result |
|---|---|---|
| 1 | Raised the pool | Recovered |

## Action Items

| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
|---|---|---|---|---|---|---|---|
| AI-7f3k | Monitor the pool | @carol | 2024-01-22 | HIGH | OPEN | | |

## Lessons Learned

Alerts came early.
"""


@dataclass(frozen=True)
class Actor:
    """A person of the test: a key pair on disk, and the identity that commits carry."""

    handle: str
    key: Path
    public: str

    @property
    def email(self) -> str:
        return f"{self.handle}@example.com"


@cache
def key_folder() -> Path:
    """Where the keys of this process lie; it goes when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="pmctl-keys-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def actor(handle: str, number: int = 1) -> Actor:
    """A person with an ed25519 key, their first or a later one, made when it is first asked for."""
    key = _made_key(handle if number == 1 else f"{handle}-{number}")
    return Actor(handle, key, " ".join(key.with_name(f"{key.name}.pub").read_text().split()[:2]))


@cache
def _made_key(name: str) -> Path:
    key = key_folder() / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)], check=True)
    return key


def everybody() -> dict[str, Actor]:
    """Everybody with a key; dave, mallory and spare are in no policy."""
    return {handle: actor(handle) for handle in ("jane", "alice", "bob", "carol", "dave", "mallory", "spare")}


def sign(actor: Actor, data: bytes, namespace: str = record.NAMESPACE) -> bytes:
    """A detached signature made by ssh-keygen."""
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(actor.key), "-n", namespace]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def document(doc: str = DOC, *, body: str = BODY, **front: Any) -> str:
    """A complete postmortem; keyword arguments are front matter, values as YAML flow text."""
    values = {"id": doc, "title": "Payment API outage", "status": "DRAFT", "author": "jane", **front}
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in values.items()) + "---\n" + body


@dataclass
class World:
    """One repository. `people` are everybody with a key, also those whom the policy does not know."""

    path: Path
    people: dict[str, Actor] = field(default_factory=everybody)
    members: tuple[str, ...] = ("jane", "alice", "bob", "carol")
    admins: tuple[str, ...] = ("alice",)
    names: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    policy: Policy | None = None
    clock: int = field(default=1_705_320_000)

    @property
    def root(self) -> Path:
        return self.path / self.prefix if self.prefix else self.path

    @property
    def user_folder(self) -> Path:
        """What pmctl remembers for the user stays beside the repository."""
        return self.path.parent / "state"

    @property
    def repo(self) -> git.Repository:
        return git.discover(self.root, self.user_folder)

    # Plain git

    def git(self, *arguments: str, by: str = "jane", env: dict[str, str] | None = None, check: bool = True) -> str:
        """Run git as a person, in an environment that owes nothing to this machine."""
        self.clock += 60
        identity = {}
        for role in ("AUTHOR", "COMMITTER"):
            identity |= {
                f"GIT_{role}_NAME": by.capitalize(),
                f"GIT_{role}_EMAIL": f"{by}@example.com",
                f"GIT_{role}_DATE": f"{self.clock} +0000",
            }
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C", "GIT_EDITOR": "true"}
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, capture_output=True, text=True, check=False,
            env={**clean, **settings, **identity, **(env or {})},
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"git {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def write(self, path: str, content: str | bytes) -> Path:
        """Write a file below the pmctl root."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def commit(self, message: str, by: str = "jane", **arguments: Any) -> str:
        """Commit everything in the work tree; returns the commit's id."""
        self.git("add", "-A", by=by)
        self.git("commit", "-q", "--allow-empty", "-m", message, by=by, **arguments)
        return self.head

    def edit_file(self, path: str, content: str, by: str = "jane") -> str:
        """Commit a file that pmctl has nothing to do with."""
        self.write(path, content)
        return self.commit(f"Write {path}", by)

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    # The policy

    def init(self, **changes: Any) -> str:
        """A repository with its first policy, signed by the first admin."""
        self.path.mkdir(parents=True, exist_ok=True)
        if not (self.path / ".git").exists():
            self.git("init", "-q", "-b", "main")
        self.write("pmctl.yaml", "")
        policy = self.make_policy(1, **changes)
        return self.land_policy(policy, by=self.admins[0], message="Initialise")

    def make_policy(self, version: int, **changes: Any) -> Policy:
        """A policy of all members with their keys."""
        people = {}
        for handle in self.members:
            name = self.names.get(handle, f"{handle.capitalize()} Doe")
            key = Key(self.people[handle].public)
            people[handle] = Person(handle, name, (f"{handle}@example.com",), (key,))
        values = {
            "version": version, "people": people, "teams": {}, "admins": self.admins,
            "repository": hashlib.md5(str(self.root).encode(), usedforsecurity=False).hexdigest(), "branch": "main",
            **changes,
        }  # fmt: skip
        return Policy(**values)

    def change_policy(
        self, by: str = "alice", also: tuple[str, ...] = (), key: str = "", base: str = "", **changes: Any
    ) -> str:
        """Land the next version of the policy with some changes; `base` is where main was for its signers."""
        assert self.policy is not None
        return self.land_policy(
            replace(self.policy, version=self.policy.version + 1, **changes), by=by, also=also, key=key, base=base
        )

    def land_policy(
        self,
        policy: Policy,
        *,
        by: str,
        message: str = "Change the policy",
        also: tuple[str, ...] = (),
        key: str = "",
        base: str = "",
    ) -> str:
        """Write, sign and commit a policy; `also` are further admins who sign, `key` signs in place of `by`."""
        self.stage_policy(policy, by=by, also=also, key=key, base=base)
        return self.commit(message, by)

    def stage_policy(
        self, policy: Policy, *, by: str, also: tuple[str, ...] = (), key: str = "", base: str = ""
    ) -> None:
        data = render_policy(policy)
        parsed, problems = parse_policy(data)
        assert parsed is not None, problems
        for handle in (by, *also):
            act = propose_policy(parsed, self.policy, self.first, by=handle, at=AT, note="")
            self.put_record(replace(act, base=base), parsed.version, key=key)
        self.write(POLICY_PATH, data)
        if self.policy is None:
            self.first = parsed.digest
        self.policy = parsed

    first: str = ""

    # Documents and records

    def new(self, doc: str = DOC, by: str = "jane", **front: Any) -> str:
        """Commit a complete draft."""
        self.write(self.file(doc), document(doc, **{"author": by, **front}))
        return self.commit(f"Draft {doc}", by)

    @staticmethod
    def file(doc: str = DOC) -> str:
        return f"postmortems/{doc[:4]}/{doc}.md"

    def text(self, doc: str = DOC) -> str:
        return (self.root / self.file(doc)).read_text()

    def edit(self, old: str, new: str, doc: str = DOC, by: str = "jane", commit: bool = True) -> str:
        """Replace text in a document and commit as somebody."""
        text = self.text(doc)
        assert old in text
        self.write(self.file(doc), text.replace(old, new))
        return self.commit(f"Edit {doc}", by) if commit else ""

    def standing(self, doc: str = DOC) -> CurrentState:
        return current_state(head(self.repo), doc)

    def digest(self, doc: str = DOC) -> str:
        """The content digest of the document in the work tree, without attachments in subfolders."""
        folder = self.root / self.file(doc).removesuffix(".md")
        attachments = [
            Attachment(file.relative_to(folder).as_posix(), "100644", hashlib.sha256(file.read_bytes()).hexdigest())
            for file in sorted(folder.rglob("*")) if file.is_file()
        ]  # fmt: skip
        found = read((self.root / self.file(doc)).read_bytes())
        return content_digest(found, attachments) if found.readable else "sha256:" + "0" * 64

    def act(
        self,
        kind: str,
        by: str,
        doc: str = DOC,
        *,
        note: str = "because",
        reviewers: tuple[str, ...] = (),
        editors: tuple[str, ...] = (),
        key: str = "",
        commit: bool = True,
        number: int = 0,
        committer: str = "",
        unsigned: bool = False,
        namespace: str = record.NAMESPACE,
        **changes: Any,
    ) -> str:
        """Do an act on a postmortem: record, signature, status line, one commit.

        Nothing is refused; `changes` replace fields of the record, `key` signs in place of `by`.
        """
        now = self.standing(doc)
        present = (self.root / self.file(doc)).exists()
        content = self.digest(doc) if present else ""
        facts = facts_of(read((self.root / self.file(doc)).read_bytes())) if present else FrontMatterFacts()
        act = lifecycle.propose(
            kind, now.state, now.policy, now.root, by=by, at=AT, content=content, note=note, reviewers=reviewers,
            author=facts.author, editors=facts.editors if kind == acts.SUBMIT else editors,
            template=head(self.repo).judging_template(facts.template),
            was=now.state.open if now.state.open and now.state.open == head(self.repo).digest(doc) else "",
        )  # fmt: skip
        act = replace(act, **changes)
        self.put_record(act, number or now.next_number, key=key, unsigned=unsigned, namespace=namespace)
        if kind == acts.DELETE:
            (self.root / self.file(doc)).unlink()
        elif act.to_status and present:
            self.set_status(act.to_status, doc)
            if kind in (acts.SUBMIT, acts.REQUEST_REVIEW):
                before = facts.reviewers if kind == acts.REQUEST_REVIEW else ()
                self.set_field("reviewers", list(dict.fromkeys((*before, *act.reviewers))), doc)
            if kind == acts.REQUEST_REVIEW and act.editors:
                self.set_field("editors", dict.fromkeys((*facts.editors, *act.editors), "edit"), doc)
        return self.commit(f"{kind} {doc}\n\nPostmortem: {doc}\nAct: {kind}", committer or by) if commit else ""

    def set_field(self, key: str, value: object, doc: str = DOC) -> None:
        """Write one field of the front matter, as the command line would."""
        file = self.root / self.file(doc)
        found = read(file.read_bytes())
        if found.readable:
            file.write_bytes(edits.set_field(found, key, value).data)

    def set_status(self, status: str, doc: str = DOC) -> None:
        text = self.text(doc)
        lines = [f"status: {status}" if line.startswith("status:") else line for line in text.split("\n")]
        self.write(self.file(doc), "\n".join(lines))

    def put_record(
        self, act: Act, number: int, *, key: str = "", unsigned: bool = False, namespace: str = record.NAMESPACE
    ) -> str:
        """Write a record and its signature; returns its path."""
        data = record.to_bytes(act)
        path = record.path(act.doc, number, act.act, act.by, record.mark(data))
        self.write(path, data)
        if not unsigned:
            self.write(record.signature_path(path), sign(self.people[key or act.by], data, namespace))
        return path

    def record(self, name: str, doc: str = DOC) -> str:
        """The path of the one record whose name begins so: "0002-approve-bob"."""
        (found,) = (self.root / record.FOLDER / doc).glob(f"{name}-????????.json")
        return found.relative_to(self.root).as_posix()

    def waive(
        self,
        code: str,
        commit: str,
        by: str = "alice",
        note: str = "agreed in the review",
        *,
        about: str = DOC,
        covers: int = 1,
        also: tuple[str, ...] = (),
        **changes: Any,
    ) -> str:
        """Waive findings of a step, signed by `by` and by further admins."""
        policy, root = self.repository_standing()
        for handle in (by, *also):
            act = propose_waiver(policy, root, code, commit, about=about, covers=covers, by=handle, at=AT, note=note)
            self.put_record(replace(act, **changes), self._next(act.doc))
        return self.commit(f"Waive {code}", by)

    def baseline(self, *documents: tuple[str, str, str], by: str = "alice", also: tuple[str, ...] = ()) -> str:
        """Accept what was there, signed by `by` and by further admins."""
        policy, root = self.repository_standing()
        for handle in (by, *also):
            act = propose_baseline(policy, root, documents, by=handle, at=AT, note="imported")
            self.put_record(act, self._next(act.doc))
        return self.commit("Accept what was there", by)

    def repository_standing(self) -> tuple[Policy, str]:
        assert self.policy is not None
        return self.policy, self.first

    def _next(self, doc: str) -> int:
        folder = self.root / record.FOLDER / doc
        return 1 + max((int(file.name[:4]) for file in folder.glob("*.json")), default=0)

    def published(self, doc: str = DOC, **front: Any) -> str:
        """Draft, submit, approve, publish, each in one commit."""
        self.new(doc, **front)
        self.act(acts.SUBMIT, "jane", doc, reviewers=("bob",))
        self.act(acts.APPROVE, "bob", doc)
        return self.act(acts.PUBLISH, "jane", doc)

    # The audit

    def audit(self, *, use_cache: bool = False, **arguments: Any) -> Report:
        repo = self.repo if use_cache else self.repo._replace(user_folder=None)
        return audit(repo, **arguments)

    def found(self, **arguments: Any) -> list[tuple[str, str]]:
        """(code, commit) of every finding."""
        return [(finding.code, finding.commit) for finding in self.audit(**arguments).findings]
