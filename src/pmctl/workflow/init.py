"""Make a repository ready: the first policy, signed by its first admin, and what a team starts with.

One commit holds pmctl.yaml, the policy, its record and signature, the default template and a .gitattributes with the
merge driver; with options also client hooks (outside the tree) and the files of a CI service.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pmctl import git
from pmctl.document.attributes import MERGE_LINE
from pmctl.document.templates import builtin_source
from pmctl.errors import EnvironmentProblem, Refused, UsageProblem
from pmctl.ledger import record
from pmctl.policy.change import propose_policy
from pmctl.policy.keys import fingerprint, normalise
from pmctl.policy.model import POLICY_PATH, Key, Person, Policy
from pmctl.policy.reading import HANDLE, parse_policy
from pmctl.policy.writing import render_policy
from pmctl.repository.actor import Actor, git_config, require_identity
from pmctl.repository.branches import branch_to_protect, branches
from pmctl.repository.records import record_writes
from pmctl.repository.settings import DEFAULT_SETTINGS
from pmctl.repository.signing import SshSigner, make_key
from pmctl.repository.signing_keys import public_half, signing_key
from pmctl.repository.transaction import CommitResult, Write, commit
from pmctl.repository.workspace import TEMPLATES
from pmctl.surroundings import Surroundings
from pmctl.text import utc
from pmctl.workflow.ci_files import ci_files, is_included

KEY_FOR_PMCTL = ".ssh/id_ed25519_pmctl"

RECOVERY = "recovery"
"""The handle of the admin whose key is kept apart, for the day when the others are lost."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What init made: the repository, the first admin, the protected branch, the root digest to remember, and the
    fingerprint of the recovery key ('' without one)."""

    repo: git.Repository
    handle: str
    key_source: str
    branch: str
    root: str
    recovery: str
    landed: CommitResult


@contextmanager
def prepared(folder: Path) -> Iterator[git.Repository]:
    """The repository around `folder` that is to become a pmctl root, made when there is none.

    What was made is taken away again when the block fails. Raises Refused when pmctl is set up there or around it
    already, and EnvironmentProblem when the folder cannot be used.
    """
    new_folder = next((one for one in reversed((folder, *folder.parents)) if not one.exists()), None)
    made: list[Path] = [new_folder] if new_folder is not None else []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        places = git.find_work_tree(folder)
        if places is None:
            if not (folder / ".git").exists():
                made.append(folder / ".git")
            git.make_repository(folder)
            places = git.find_work_tree(folder)
        if places is None:
            raise EnvironmentProblem(f"git could not make a repository in {folder}")
        top, git_dir, common = places[0].resolve(), *places[1:]
        prefix = folder.resolve().relative_to(top).as_posix()
        repo = git.Repository(top, "" if prefix == "." else prefix + "/", git_dir, common)
        _refuse_set_up(repo)
        yield repo
    except BaseException:
        for path in made:
            shutil.rmtree(path, ignore_errors=True)
        raise


def _refuse_set_up(repo: git.Repository) -> None:
    """Raise Refused when the root is one already, lies within another one, or is where pmctl itself is written."""
    around = [one for one in (repo.root, *repo.root.parents) if one.is_relative_to(repo.top)]
    for folder in around:
        for known in (git.SETTINGS_FILE, POLICY_PATH):
            if not (folder / known).exists():
                continue
            if folder == repo.root:
                message = f"{folder / known} exists: this folder is set up already"
                raise Refused(message, hint="pmctl doctor checks it")
            raise Refused(
                f"{folder} is set up for pmctl, and {repo.prefix} lies in it",
                hint="work there, or run init in a folder beside it",
            )
    own = repo.top / "src" / "pmctl" / "git.py"
    if own.is_file() and own.samefile(git.__file__):
        raise Refused(
            f"{repo.top} is the source of pmctl itself", hint="run init in a folder of your own: pmctl -C DIR init"
        )


def find_key(repo: git.Repository, surroundings: Surroundings) -> SshSigner | None:
    """The SSH key that git is set to sign with, or one of ~/.ssh; None when there is none at all."""
    config = git_config(repo)
    try:
        return SshSigner(signing_key(config, surroundings.home), surroundings)
    except EnvironmentProblem:
        if config.get("user.signingkey") and config.get("gpg.format", "").lower() == "ssh":
            raise  # a key is configured and cannot be used: say why, do not quietly take another
        return None


def make_key_for_pmctl(repo: git.Repository, email: str, surroundings: Surroundings) -> SshSigner:
    """Make a new ed25519 key for signing and let git use it in this repository.

    Raises EnvironmentProblem when the file exists or cannot be written.
    """
    key = make_key(surroundings.home / KEY_FOR_PMCTL, f"{email} pmctl", surroundings)
    git.run(repo.top, "config", "gpg.format", "ssh", reading=False)
    git.run(repo.top, "config", "user.signingkey", str(key.file), reading=False)
    return SshSigner(key, surroundings)


def recovery_key(file: Path, surroundings: Surroundings) -> str:
    """The public key for recovery in `file` (or beside it, as .pub), as the policy holds it; made there when there is
    none. Raises EnvironmentProblem when it cannot be read or made."""
    beside = file.with_name(file.name + ".pub")
    if not file.exists() and not beside.exists():
        make_key(file, "pmctl recovery", surroundings)
    return normalise(public_half(file).line)


def check_handle(handle: str) -> None:
    """Raise UsageProblem for a handle that no policy can hold."""
    if not HANDLE.fullmatch(handle):
        raise UsageProblem(f"{handle!r} is no handle", hint="use lower-case letters, digits and '-': --handle NAME")


def initialise(
    repo: git.Repository,
    signer: SshSigner,
    *,
    at: datetime,
    handle: str = "",
    ci: str = "",
    recovery: str = "",
) -> Ready:
    """Write and commit the first policy with the person of git's configuration as its only admin.

    It protects the branch that the remote's HEAD names, or else the one checked out. `handle` overrides the one made
    from the e-mail address; `ci` names a CI service whose files are written too ('github', 'gitlab' or ''); `recovery`
    is the public key of a second admin, RECOVERY, with which nobody works. Raises Refused, UsageProblem or
    EnvironmentProblem; nothing is changed then.
    """
    config = git_config(repo)
    name, email = require_identity(config)
    handle = handle or handle_from(config)
    check_handle(handle)
    people = _first_people(Person(handle, name, (email.lower(),), (Key(signer.key),)), recovery)
    branch = branch_to_protect(branches(repo))
    policy = Policy(
        version=1, people=people, teams={}, admins=tuple(people),
        repository=secrets.token_hex(16), branch=branch,
    )  # fmt: skip
    policy_bytes = render_policy(policy)
    parsed, findings = parse_policy(policy_bytes, POLICY_PATH)
    if parsed is None:
        raise EnvironmentProblem(
            "your name, your e-mail or the branch cannot stand in a policy",
            hint="correct git's settings, or name the branch in plain characters",
            details=tuple(finding.message for finding in findings),
        )
    actor = Actor(handle, name, email, signer)
    act = propose_policy(parsed, None, "", by=handle, at=utc(at), note="first policy")
    data = record.to_bytes(act)
    writes = [
        Write(git.SETTINGS_FILE, DEFAULT_SETTINGS),
        Write(POLICY_PATH, policy_bytes),
        Write(f"{TEMPLATES}/default.md", builtin_source("default")),
        *([] if (repo.root / ".gitattributes").exists() else [Write(".gitattributes", f"{MERGE_LINE}\n".encode())]),
        *record_writes(actor, act, parsed.version, data),
    ]
    # A service reads its file at the repository's top, wherever the postmortems are: everything is named from there.
    top = repo._replace(prefix="")
    writes = [Write(repo.prefix + write.path, write.data) for write in writes]
    files = ci_files(ci, repo.prefix, parsed.digest, branch, included=is_included(repo.top, ci))
    writes += [Write(path, content) for path, content in files.items()]
    for write in writes:
        if (repo.top / write.path).exists():
            raise Refused(f"{write.path} exists already", hint="move it away, or run init in another folder")
    message = f"Set up pmctl with {handle} as admin\n\nAct: policy\nContent: {parsed.digest}\n"
    landed = commit(top, writes, message, signing=signer.git_arguments())
    landed = replace(landed, paths=tuple(path.removeprefix(repo.prefix) for path in landed.paths))
    shown = fingerprint(recovery) if recovery else ""
    return Ready(repo, handle, signer.signing_key.source, branch, parsed.digest, shown, landed)


def _first_people(founder: Person, recovery: str) -> dict[str, Person]:
    """Who is in the first policy. Raises UsageProblem when the recovery key is the founder's own."""
    if not recovery:
        return {founder.handle: founder}
    if founder.handle == RECOVERY or recovery in [key.id for key in founder.keys]:
        what = f"the handle {RECOVERY}" if founder.handle == RECOVERY else "this key"
        raise UsageProblem(f"{what} is yours already", hint="keep the recovery key apart from you: another one")
    return {founder.handle: founder, RECOVERY: Person(RECOVERY, "Recovery key", (), (Key(recovery),))}


def handle_from(config: Mapping[str, str]) -> str:
    """A handle made from the e-mail's local part: 'Jane.Doe+git@example.com' -> 'jane-doe'."""
    local = config.get("user.email", "").partition("@")[0].partition("+")[0].lower()
    if re.fullmatch(r"\d+", local) or not local:
        local = config.get("user.name", "").lower()
    return re.sub(r"[^a-z0-9]+", "-", local).strip("-")[:40].strip("-") or "admin"
