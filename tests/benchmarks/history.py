"""Make signed histories to measure the audit on, within seconds: records signed in process, commits by fast-import.

signed_history(folder, count)   each postmortem drafted, submitted, approved twice and published: 5 steps, 4 records;
                                or each on a branch of its own that forks some merges back, and one merge more
review_queue(folder, count, asked)   drafts, of which some are in review
signed_commits(folder, count)   plain commits that carry an SSH signature, as `git commit -S` makes them
"""

from __future__ import annotations

import base64
import hashlib
import struct
import subprocess
import zlib
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from generate import postmortem

from pmctl.document.digest import content_digest
from pmctl.document.reader import read
from pmctl.ledger import record
from pmctl.policy import lifecycle
from pmctl.policy.act import Act
from pmctl.policy.change import propose_policy
from pmctl.policy.model import POLICY_PATH, Key, Person, Policy
from pmctl.policy.reading import parse_policy
from pmctl.policy.state import PostmortemState
from pmctl.policy.writing import render_policy

AT = "2024-01-17T10:00:00Z"
PEOPLE = ("jane", "alice", "bob", "carol")
RECORDS_EACH = 4
STEPS_EACH = 5
BESIDE = 20  # branches that are open at a time in a history of merges


def _wire(data: bytes) -> bytes:
    """A string of the SSH wire format (RFC 4251, section 5)."""
    return struct.pack(">I", len(data)) + data


class Signer:
    """An ed25519 key in memory that signs as `ssh-keygen -Y sign` does (OpenSSH's PROTOCOL.sshsig)."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        raw = self._key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self._blob = _wire(b"ssh-ed25519") + _wire(raw)
        self.public = "ssh-ed25519 " + base64.b64encode(self._blob).decode()

    def sign(self, data: bytes, namespace: bytes) -> bytes:
        tail = _wire(namespace) + _wire(b"") + _wire(b"sha512")
        signed = self._key.sign(b"SSHSIG" + tail + _wire(hashlib.sha512(data).digest()))
        signature = _wire(_wire(b"ssh-ed25519") + _wire(signed))
        text = base64.b64encode(b"SSHSIG" + struct.pack(">I", 1) + _wire(self._blob) + tail + signature)
        lines = [text[at : at + 70] for at in range(0, len(text), 70)]
        return b"\n".join((b"-----BEGIN SSH SIGNATURE-----", *lines, b"-----END SSH SIGNATURE-----", b""))


class _Import:
    """A `git fast-import` under way: one commit after the other, a minute apart."""

    def __init__(self, folder: Path) -> None:
        subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
        self._folder = folder
        self._process = subprocess.Popen(
            ["git", "-C", str(folder), "fast-import", "--quiet"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._clock = 1_700_000_000
        self._marks: dict[str, int] = {}

    def commit(
        self,
        files: Iterable[tuple[str, bytes]],
        by: str,
        message: str,
        *,
        on: str = "main",
        at: str = "",
        merge: str = "",
    ) -> str:
        """Commit on the branch `on`, which begins at the commit `at`; returns the id."""
        self._clock += 60
        mark = len(self._marks) + 1
        who = f"{by} <{by}@example.com> {self._clock} +0000".encode()
        text = message.encode()
        parts = [b"commit refs/heads/%s\nmark :%d\nauthor %s\ncommitter %s\ndata %d\n%s\n"
                 % (on.encode(), mark, who, who, len(text), text)]  # fmt: skip
        parts += [b"from :%d\n" % self._marks[at]] if at else []
        parts += [b"merge :%d\n" % self._marks[merge]] if merge else []
        parts += [b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data) for path, data in files]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"".join(parts) + b"\nget-mark :%d\n" % mark)
        self._process.stdin.flush()
        oid = self._process.stdout.readline().decode().strip()
        self._marks[oid] = mark
        return oid

    def finish(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        if self._process.wait():
            raise SystemExit("git fast-import failed")
        subprocess.run(["git", "-C", str(self._folder), "reset", "-q", "--hard"], check=True)


class _Team:
    """The people of a history with their keys, and the policy that names them."""

    def __init__(self) -> None:
        self.signers = {handle: Signer() for handle in PEOPLE}
        people = {
            handle: Person(handle, f"{handle} Doe", (f"{handle}@example.com",), (Key(signer.public),))
            for handle, signer in self.signers.items()
        }
        self.data = render_policy(Policy(1, people, {}, ("alice",), repository="0" * 32, branch="main"))
        policy, problems = parse_policy(self.data)
        if policy is None:
            raise SystemExit(f"the generated policy is wrong: {problems}")
        self.policy = policy

    def first_files(self) -> list[tuple[str, bytes]]:
        """What the first commit holds."""
        first = propose_policy(self.policy, None, "", by="alice", at=AT)
        return [("pmctl.yaml", b""), (POLICY_PATH, self.data), *self.files_of(first, 1)]

    def files_of(self, act: Act, number: int) -> list[tuple[str, bytes]]:
        """A record and its signature."""
        text = record.to_bytes(act)
        path = record.path(act.doc, number, act.act, act.by, record.mark(text))
        signature = self.signers[act.by].sign(text, record.NAMESPACE.encode())
        return [(path, text), (record.signature_path(path), signature)]


def signed_history(folder: Path, count: int, *, merges: bool = False, items_each: int = 1) -> None:
    """A repository in which `count` postmortems were published: 4 * count + 1 records in 5 * count + 1 steps.

    With `merges` each was on a branch of its own, beside others: count + 1 steps.
    """
    team = _Team()
    policy = team.policy
    line = _Import(folder)
    main = [line.commit(team.first_files(), "alice", "Initialise")]
    for index in range(count):
        name, text = postmortem(index, items_each)
        text = text.replace("author: alice", "author: jane")
        path = f"postmortems/{name[:4]}/{name}.md"
        branch, fork = (f"b{index}", main[max(0, len(main) - BESIDE)]) if merges else ("main", "")
        tip = line.commit([(path, text.encode())], "jane", f"Draft {name}", on=branch, at=fork)
        whole = {path: text.encode()}
        state = PostmortemState(name, author="jane")
        digest = content_digest(read(text.encode()))
        acts = (("submit", "jane", ("bob", "carol")), ("approve", "bob", ()), ("approve", "carol", ()),
                ("publish", "jane", ()))  # fmt: skip
        for number, (kind, by, reviewers) in enumerate(acts, 1):
            act = lifecycle.propose(
                kind, state, policy, policy.digest, by=by, at=AT, content=digest, reviewers=reviewers,
                base=fork, author="jane",
            )  # fmt: skip
            files = team.files_of(act, number)
            state = lifecycle.advance(state, act, record.digest(files[0][1]))
            if act.to_status != act.from_status:
                text = text.replace(f"status: {act.from_status}", f"status: {act.to_status}")
                if reviewers:
                    text = text.replace("author: jane\n", f"author: jane\nreviewers: [{', '.join(reviewers)}]\n", 1)
                files.append((path, text.encode()))
            tip = line.commit(files, by, f"{kind} {name}\n\nPostmortem: {name}\nAct: {kind}\n", on=branch)
            whole.update(files)
        if merges:
            main.append(line.commit(whole.items(), "jane", f"Merge {name}", merge=tip))
    line.finish()


def review_queue(folder: Path, count: int, asked: int) -> None:
    """A repository of `count` drafts with four action items each; `asked` of them wait for bob and carol."""
    team = _Team()
    line = _Import(folder)
    line.commit(team.first_files(), "alice", "Initialise")
    drafts = []
    for index in range(count):
        name, text = postmortem(index)
        row = next(one for one in text.splitlines() if one.startswith("| AI-"))
        rows = (row.replace(row[2 : row.index(" |", 2)], f"AI-{index:05d}{number}", 1) for number in range(4))
        drafts.append((name, text.replace("author: alice", "author: jane").replace(row, "\n".join(rows))))
    files = [(f"postmortems/{name[:4]}/{name}.md", text.encode()) for name, text in drafts]
    line.commit(files, "jane", "Import")
    for (name, text), (path, data) in zip(drafts[:asked], files, strict=False):
        state = PostmortemState(name, author="jane")
        act = lifecycle.propose(
            "submit", state, team.policy, team.policy.digest, by="jane", at=AT, content=content_digest(read(data)),
            reviewers=("bob", "carol"), base="", author="jane",
        )  # fmt: skip
        text = text.replace("status: DRAFT", "status: IN_REVIEW")
        text = text.replace("author: jane\n", "author: jane\nreviewers: [bob, carol]\n", 1)
        line.commit([*team.files_of(act, 1), (path, text.encode())], "jane", f"submit {name}")
    line.finish()


def signed_commits(folder: Path, count: int) -> list[tuple[bytes, bytes]]:
    """A repository of `count` signed commits of the empty tree, which git is set up to verify.

    Returns what was signed and the signature, for each of them.
    """
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    signer = Signer()
    (folder / "signers").write_text(f'jane@example.com namespaces="git" {signer.public}\n')
    for key, value in (("gpg.format", "ssh"), ("gpg.ssh.allowedSignersFile", str(folder / "signers"))):
        subprocess.run(["git", "-C", str(folder), "config", key, value], check=True)
    made, parent = [], b""
    tree = _write_object(folder, b"tree", b"")
    for number in range(count):
        who = f"Jane <jane@example.com> {1_700_000_000 + number * 60} +0000".encode()
        head = b"tree %s\n%sauthor %s\ncommitter %s\n" % (tree, parent, who, who)
        payload = head + b"\nstep %d\n" % number
        signature = signer.sign(payload, b"git")
        folded = signature.rstrip(b"\n").replace(b"\n", b"\n ")
        oid = _write_object(folder, b"commit", head + b"gpgsig " + folded + b"\n\nstep %d\n" % number)
        parent = b"parent %s\n" % oid
        made.append((payload, signature))
    (folder / ".git/refs/heads/main").write_bytes(oid + b"\n")
    return made


def _write_object(folder: Path, kind: bytes, content: bytes) -> bytes:
    """Write a loose object; returns its id."""
    data = b"%s %d\0" % (kind, len(content)) + content
    oid = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    path = folder / ".git/objects" / oid[:2] / oid[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zlib.compress(data, 1))
    return oid.encode()


def published_and_drafts(folder: Path, count: int) -> None:
    """A quarter of `count` postmortems published, the others drafts that one commit brought, each of four items."""
    signed_history(folder, count // 4, items_each=4)
    for index in range(count // 4, count):
        name, text = postmortem(index, 4)
        path = folder / "postmortems" / name[:4] / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    who = ["-c", "user.name=alice", "-c", "user.email=alice@example.com"]
    for words in (["add", "postmortems"], [*who, "commit", "-qm", "Import"]):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
