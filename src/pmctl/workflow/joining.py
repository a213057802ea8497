"""A newcomer asks to join: who they are and their key, in one line that proves that the key is theirs.

The newcomer's machine writes the line (`ask`), by itself or on a branch; an admin's machine reads it (`read`), shows
what it holds, and adds the person as any other (`workflow.people`). The line is hostile until its signature holds.

    HANDLE E-MAIL KEY-TYPE KEY PROOF NAME

PROOF is an SSH signature of all the rest, of the namespace NAMESPACE, without its armour.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pmctl import git
from pmctl.errors import BadInput, EnvironmentProblem, NotFound, Refused, UsageProblem
from pmctl.ledger import sshsig
from pmctl.policy.keys import KeyProblem, fingerprint, normalise
from pmctl.policy.model import Policy, person_by_email, person_by_key
from pmctl.policy.reading import HANDLE
from pmctl.repository.signing import Signer
from pmctl.repository.workspace import Workspace
from pmctl.text import single_line

NAMESPACE = "pmctl-join-v1"
FOLDER = ".pmctl/joining"
LONGEST = 8 * 1024  # characters of a line; an RSA key of 8,192 bits with its proof takes half of it

_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody who wants to join. `key` is the public key's normal form."""

    handle: str
    name: str
    email: str
    key: str

    @property
    def fingerprint(self) -> str:
        """SHA256:... of the key, to be compared over another channel."""
        return fingerprint(self.key)


def ask(policy: Policy | None, signer: Signer, *, handle: str, name: str, email: str) -> tuple[Request, str]:
    """The request of the person of this machine, and its line, signed now.

    Raises UsageProblem for a handle or name that no policy holds, Refused when the policy knows the handle, the
    address or the key already, and EnvironmentProblem when the key cannot sign or is no SSH key.
    """
    if not HANDLE.fullmatch(handle):
        raise UsageProblem(f"{handle!r} is no handle", hint="use lower-case letters, digits and '-': --handle NAME")
    if " " not in signer.key:
        raise EnvironmentProblem(
            "only people with an SSH key can join by themselves",
            hint="send an admin your OpenPGP key: gpg --armor --export FINGERPRINT",
        )
    request = Request(handle, single_line(name), email.lower(), signer.key)
    if policy is not None:
        refuse_known(policy, request)
    armoured = signer.sign(_statement(request), NAMESPACE).decode("ascii")
    proof = "".join(line for line in armoured.split("\n") if not line.startswith("-----"))
    return request, f"{handle} {request.email} {request.key} {proof} {request.name}"


def read(line: str) -> Request:
    """The request that a line holds; raises BadInput for one that was cut, changed, or signed by another key."""
    line = line.strip()
    words = line.split(" ", 5)
    if len(line) > LONGEST or len(words) != 6 or not line.isprintable():
        raise BadInput(
            "this is not the line that pmctl people join prints",
            hint="take all of it, as one line in quotes: HANDLE E-MAIL KEY-TYPE KEY PROOF NAME",
        )
    handle, email, kind, key, proof, name = words
    try:
        request = Request(handle, name, email, normalise(f"{kind} {key}"))
        body = "\n".join(textwrap.wrap(proof, 70))
        verified = sshsig.verify(f"{_BEGIN}\n{body}\n{_END}\n".encode(), _statement(request), NAMESPACE)
    except (KeyProblem, sshsig.SignatureProblem) as problem:
        raise BadInput(f"the line is damaged: {problem.message}", hint="ask for it again, as it was printed") from None
    if normalise(verified.key) != request.key:
        raise BadInput(f"{handle} did not sign with the key that they send", hint="ask them to run pmctl people join")
    if not HANDLE.fullmatch(handle) or not _EMAIL.fullmatch(email):
        raise BadInput("the line holds a handle or an address that no policy can hold")
    return request


def refuse_known(policy: Policy, request: Request) -> None:
    """Raise Refused when the policy has this person, in whole or in part."""
    own = f"a new key for somebody known: pmctl people rotate {request.handle} --key PUBKEY"
    for owner, what in (
        (person_by_key(policy, request.key), f"the key {request.fingerprint}"),
        (person_by_email(policy, request.email), request.email),
        (request.handle if request.handle in policy.people else None, f"the handle {request.handle}"),
    ):
        if owner:
            raise Refused(f"{what} belongs to {owner} in the policy already", hint=own)


def branch_of(handle: str) -> str:
    """The branch on which somebody asks to join."""
    return f"join-{handle}"


def put_on_branch(repo: git.Repository, request: Request, line: str, at: datetime) -> str:
    """Commit the line on a branch of its own, on top of HEAD; the work tree and the branch that is out stay.

    Returns the branch's name. Raises Refused when there is such a branch, EnvironmentProblem when git refuses.
    """
    from git import Actor, Blob, GitCommandError, IndexFile, Repo

    name = branch_of(request.handle)
    with Repo(repo.top) as known:
        if name in known.heads:
            raise Refused(f"there is a branch {name} already", hint=f"git branch -D {name}, or push that one")
        if not known.head.is_valid():
            raise EnvironmentProblem("the repository has no commit yet", hint="fetch the team's history first")
        person = Actor(request.name, request.email)
        try:
            stored = git.run(repo.top, "hash-object", "-w", "--stdin", stdin=f"{line}\n".encode(), reading=False).text
            index = IndexFile.from_tree(known, known.head.commit.tree)
            index.add(
                [Blob(known, bytes.fromhex(stored), 0o100644, f"{repo.prefix}{FOLDER}/{request.handle}")], write=False
            )
            commit = index.commit(
                f"Ask to join as {request.handle}", parent_commits=[known.head.commit], head=False,
                author=person, committer=person, author_date=at, commit_date=at, skip_hooks=True,
            )  # fmt: skip
            known.create_head(name, commit)
        except (GitCommandError, OSError) as error:
            raise EnvironmentProblem(f"git could not make the branch {name}: {error}") from None
    return name


def find_line(workspace: Workspace, given: str) -> str:
    """The line that was given: itself, or the one that stands on a branch.

    Raises NotFound when there is no such branch, or none or several requests on it.
    """
    if given.strip().startswith("pmctl people accept "):  # the command that was printed, sent and pasted as a whole
        with suppress(ValueError):
            given = " ".join(shlex.split(given)[3:4])
    if " " in given.strip():
        return given
    for revision in (f"refs/heads/{given}", f"refs/remotes/{given}", f"refs/remotes/origin/{given}"):
        try:
            commit = git.resolve(workspace.repo.top, revision)
        except EnvironmentProblem:
            continue
        there = workspace.at(commit)
        asked = [path for path in there.paths(FOLDER) if workspace.head.file(path) != there.file(path)]
        if len(asked) != 1:
            raise NotFound(f"{given} holds {len(asked)} requests to join", hint="give the line itself")
        return (there.file(asked[0]) or b"").decode("utf-8", "replace")
    raise NotFound(f"there is no branch {given}", hint="git fetch, or give the line that pmctl people join printed")


def _statement(request: Request) -> bytes:
    return f"{request.handle} {request.email} {request.key} {request.name}\n".encode()
