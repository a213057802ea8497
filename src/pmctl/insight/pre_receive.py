"""May these pushed updates of a bare repository land? (updates, configuration, objects in quarantine) -> Answer.

The heart of the pre-receive hook. The branches to protect, the trust root and the pmctl folder come from the
configuration of the bare repository, which no push can change; the branch that its HEAD names is always protected. The
policy comes from the old tip. The new objects are read where git keeps them in quarantine until the hook has answered
(git-receive-pack(1)).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pmctl import git
from pmctl.codes import Code
from pmctl.errors import EnvironmentProblem
from pmctl.ledger.audit import audit
from pmctl.ledger.current_state import root_of
from pmctl.ledger.history import contains
from pmctl.ledger.report import AuditFinding, Report
from pmctl.ledger.snapshot import Snapshots
from pmctl.object_reader import ObjectReader
from pmctl.objects import parse_tree
from pmctl.policy.model import POLICY_PATH
from pmctl.text import in_ascii

PROTECTED = "pmctl.protectedBranch"
ROOT = "pmctl.root"
FOLDER = "pmctl.folder"
_MOST_FOLDERS = 200_000  # folders of one tree that are looked through for the policy


@dataclass(frozen=True, slots=True)
class Update:
    """One line of what git tells the hook: a ref, and the full ids before and after; zeros stand for none."""

    ref: str
    old: str
    new: str

    @property
    def creates(self) -> bool:
        """True when the ref is new."""
        return not self.old.strip("0")

    @property
    def deletes(self) -> bool:
        """True when the ref goes."""
        return not self.new.strip("0")


@dataclass(frozen=True, slots=True)
class Answer:
    """Why a push is refused: sentences about refs, and what the audits found. Empty means that it may land.

    `notes` say what the person who looks after the server should put right.
    """

    refusals: tuple[str, ...] = ()
    findings: tuple[AuditFinding, ...] = ()
    warnings: tuple[AuditFinding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """True when nothing of the push may land."""
        return bool(self.refusals or self.findings)


@dataclass(frozen=True, slots=True)
class Protection:
    """What the bare repository's configuration says. `head` is the full name of the branch that its HEAD names, `refs`
    are those of the branches that are set to be protected, `root` is the root's digest ('' unknown)."""

    head: str
    refs: tuple[str, ...] = ()
    root: str = ""
    folders: tuple[str, ...] = ()

    @property
    def protected(self) -> frozenset[str]:
        """The full names of the refs whose history is judged: fails closed, to the branch that people get who clone."""
        return frozenset((self.head, *self.refs))


@dataclass(frozen=True, slots=True)
class Objects:
    """Where objects are while the hook runs: the quarantine first, then what the repository has."""

    directory: Path | None = None
    alternates: tuple[Path, ...] = ()


def parse_updates(lines: Iterable[str]) -> tuple[Update, ...]:
    """`old new ref` lines, as git feeds them to pre-receive.

    Raises EnvironmentProblem for anything else, nothing included: a hook that cannot read what is pushed must not let
    it pass.
    """
    found = []
    for line in lines:
        words = line.rstrip("\n").split(" ", 2)
        if len(words) != 3 or not all(_is_oid(word) for word in words[:2]):
            raise EnvironmentProblem(
                f"not a line that git gives to pre-receive: {line.strip()[:80]!r}",
                hint="git calls this hook; docs/ci.md shows how to install it",
            )
        found.append(Update(words[2], words[0], words[1]))
    if not found:
        raise EnvironmentProblem(
            "nothing on standard input says what is pushed",
            hint="git feeds the hook; a script that calls it hands its own standard input on",
        )
    return tuple(found)


def bare_directory(cwd: Path, environ: Mapping[str, str]) -> Path:
    """The git directory that the hook runs for: GIT_DIR as git sets it, else the folder itself."""
    folder = (cwd / environ.get("GIT_DIR", ".")).resolve()
    if not (folder / "objects").is_dir() or not (folder / "HEAD").is_file():
        raise EnvironmentProblem(
            f"{folder} is no git directory", hint="pre-receive runs in a bare repository, called by git"
        )
    return folder


def quarantine(environ: Mapping[str, str], git_dir: Path) -> Objects:
    """The object directories that git has set for this hook; the repository's own without a quarantine."""
    given = environ.get("GIT_OBJECT_DIRECTORY", "")
    if not given:
        return Objects()
    listed = [part for part in environ.get("GIT_ALTERNATE_OBJECT_DIRECTORIES", "").split(os.pathsep) if part]
    own = git_dir / "objects"
    alternates = [(git_dir / part.strip('"')).resolve() for part in listed]
    return Objects((git_dir / given).resolve(), tuple(dict.fromkeys((*alternates, own))))


def protection(git_dir: Path) -> Protection:
    """What git's configuration says of this bare repository; nothing of the repository's content is asked.

    Raises EnvironmentProblem when HEAD names no branch: then nobody could say what people get who clone.
    """
    none = {"GIT_CONFIG_COUNT": "0", "GIT_CONFIG_PARAMETERS": ""}  # files only, no caller's settings
    listed = git.run(git_dir, "--git-dir", str(git_dir), "config", "--null", "--list", env=none)
    values: dict[str, list[str]] = {}
    for entry in listed.stdout.decode("utf-8", "replace").split("\0"):
        name, _, value = entry.partition("\n")
        values.setdefault(name.lower(), []).append(value)
    refs = tuple(f"refs/heads/{value.removeprefix('refs/heads/')}" for value in values.get(PROTECTED.lower(), ()))
    head = git.run(git_dir, "--git-dir", str(git_dir), "symbolic-ref", "--quiet", "HEAD", env=none, check=False).text
    if not head.startswith("refs/heads/"):
        raise EnvironmentProblem(
            "HEAD of this repository names no branch, so nothing says which one is protected",
            hint="on the server: git symbolic-ref HEAD refs/heads/main",
        )
    folders = tuple(folder.strip("/").removeprefix("./").removeprefix(".") for folder in values.get(FOLDER, ()))
    return Protection(head, refs, (values.get(ROOT) or [""])[-1], folders)


def check_push(
    git_dir: Path, updates: Sequence[Update], rules: Protection, objects: Objects, user_folder: Path | None = None
) -> Answer:
    """Whether the updates may land, with every reason why not.

    Raises EnvironmentProblem, MissingObject or CorruptObject when that cannot be known: then nothing may.
    """
    protected = rules.protected
    refusals: list[str] = []
    findings: list[AuditFinding] = []
    warnings: list[AuditFinding] = []
    repo = git.Repository(git_dir, "", git_dir, git_dir, bare=True, user_folder=user_folder)
    with ObjectReader(git_dir, object_directory=objects.directory, alternates=objects.alternates) as reader:
        for update in updates:
            if update.ref.startswith("refs/replace/"):
                refusals.append(f"{update.ref}: AU609 replace refs make history look like what it is not")
            elif update.ref not in protected:
                continue
            elif update.deletes:
                refusals.append(f"{update.ref}: AU608 the protected branch is never deleted")
            else:
                reasons, reports = _check_branch(repo, update, rules, reader)
                refusals += reasons
                for report in reports:
                    findings += report.violations
                    warnings += [f for f in report.findings if f not in report.violations and not f.waived_by]
    touched = {update.ref: update for update in updates if update.ref in protected}
    notes = _about_settings(git_dir, rules, updates) if touched else ()
    if not rules.refs and not any(update.creates for update in touched.values()):
        notes = ()  # that HEAD's branch is protected without a setting was said when it was pushed first
    return Answer(tuple(refusals), tuple(findings), tuple(warnings), notes)


def folders(reader: ObjectReader, commit: str) -> tuple[str, ...]:
    """The pmctl folders ('' or 'a/b/') in a commit: where there is a policy."""
    found: list[str] = []
    waiting = [("", reader.commit(commit).tree)]
    seen = 0
    while waiting:
        prefix, tree = waiting.pop()
        seen += 1
        if seen > _MOST_FOLDERS:
            raise EnvironmentProblem(
                "this repository has too many folders to look for the policy",
                hint=f"name the folder: git config {FOLDER} FOLDER",
            )
        for name, entry in parse_tree(tree, reader.tree(tree)):
            if entry.is_tree and name == ".pmctl":
                inner = dict(parse_tree(entry.oid, reader.tree(entry.oid)))
                if POLICY_PATH.rpartition("/")[2] in inner:
                    found.append(prefix)
            elif entry.is_tree:
                waiting.append((f"{prefix}{name}/", entry.oid))
    return tuple(sorted(found))


def _about_settings(git_dir: Path, rules: Protection, updates: Sequence[Update]) -> tuple[str, ...]:
    """What is wrong with the setting of the protected branch, a sentence each; HEAD's is protected anyway."""
    main = rules.head.removeprefix("refs/heads/")
    if not rules.refs:
        return (f"{PROTECTED} is not set: {main}, the branch of HEAD, is protected",)
    pushed = {update.ref for update in updates}
    listed = git.run(git_dir, "--git-dir", str(git_dir), "for-each-ref", "--format=%(refname)", "refs/heads/").text
    there = pushed.union(listed.split("\n"))
    found = [
        f"{PROTECTED} names {ref.removeprefix('refs/heads/')}, and there is no such branch: {main} is protected"
        for ref in rules.refs
        if ref not in there
    ]
    if not found and rules.head not in rules.refs:
        found.append(f"{PROTECTED} does not name {main}, the branch of HEAD: it is protected, too")
    return tuple(found)


def _check_branch(
    repo: git.Repository, update: Update, rules: Protection, reader: ObjectReader
) -> tuple[list[str], list[Report]]:
    """Why the branch may not be updated, in sentences about it, and what the audit of each pmctl folder reports."""
    if not update.creates and not contains(reader, update.new, update.old):
        message = f"AU604 this push would replace history: {update.old[:12]} is not part of {update.new[:12]}"
        return [f"{update.ref}: {message}"], []
    chosen, names = _folders_to_check(repo, update, rules, reader)
    if names:
        message = f"AU108 there is more than one policy ({names}); on the server, name the one that counts"
        return [f"{update.ref}: {message}: git config --add {FOLDER} FOLDER"], []
    base = None if update.creates else update.old
    reports = [
        audit(repo._replace(prefix=prefix), tip=update.new, base=base, root=rules.root or None, reader=reader)
        for prefix in chosen
    ]
    reasons = [f"the history cannot be audited: {report.incomplete}" for report in reports if not report.complete]
    main = rules.head.removeprefix("refs/heads/")
    reasons += [
        f"AU613 the policy protects {in_ascii(report.policy.branch)}, but HEAD of this repository is {main}"
        for report in reports
        if report.policy is not None and report.policy.branch != main
    ]
    return [f"{update.ref}: {reason}" for reason in reasons], reports


def _folders_to_check(
    repo: git.Repository, update: Update, rules: Protection, reader: ObjectReader
) -> tuple[tuple[str, ...], str]:
    """The pmctl folders whose policy counts; when that is not clear, the names of all that have one.

    Where the server knows the root, folders of other ledgers (a subtree that came in) count for nothing.
    """
    if rules.folders:
        return tuple(f"{folder}/" if folder else "" for folder in rules.folders), ""
    after = folders(reader, update.new)
    before = after if update.creates else folders(reader, update.old)
    known = update.new if update.creates else update.old
    chosen = _of_root(repo, before, known, rules, reader) or before
    added = set(after) - set(before)
    if rules.root:
        added = set(_of_root(repo, tuple(added), update.new, rules, reader))
    if len(chosen) == 1 and chosen[0] not in after:
        moved = [folder for folder in added if _moved_from(repo, folder, update.new, reader) == chosen[0]]
        if len(moved) == 1:
            return tuple(moved), ""
    if len(chosen or after) <= 1 and not (added and chosen):
        return chosen or after, ""
    return (), ", ".join(folder or "the top" for folder in dict.fromkeys((*chosen, *sorted(added))))


def _of_root(
    repo: git.Repository, found: tuple[str, ...], commit: str, rules: Protection, reader: ObjectReader
) -> tuple[str, ...]:
    """Those of the folders whose records say that they belong to the root that the server knows."""
    snapshots = ((folder, Snapshots(repo._replace(prefix=folder), reader).at(commit)) for folder in found)
    policies = ((folder, snapshot, snapshot.policy()[0]) for folder, snapshot in snapshots)
    return tuple(
        folder for folder, snapshot, policy in policies
        if rules.root and policy is not None and root_of(snapshot, policy) == rules.root
    )  # fmt: skip


def _moved_from(repo: git.Repository, folder: str, commit: str, reader: ObjectReader) -> str | None:
    """Where the root in a folder lay before, as its records say; the audit proves it. None for nowhere else."""
    source = Snapshots(repo._replace(prefix=folder), reader)
    source.follow_moves(source.at(commit))
    return None if len(source.places) < 2 else f"{source.places[1]}/" if source.places[1] else ""


def _is_oid(text: str) -> bool:
    return len(text) in (40, 64) and set(text) <= set("0123456789abcdef")


CODES = (
    Code(
        "AU108",
        "two-policies",
        "A push would add a second policy file, or the server finds several and is not told which counts.",
        "Whoever can place a policy where the server looks first decides whose signatures count.",
        "On the server, say which root counts: git config pmctl.root sha256:..., or name the folder of each pmctl root:"
        " git config --add pmctl.folder FOLDER.",
        "docs/.pmctl/policy.yaml beside .pmctl/policy.yaml",
    ),
    Code(
        "AU608",
        "branch-deleted",
        "A push would delete the protected branch.",
        "The branch is the audit trail; pushing it anew could leave out what it held.",
        "Leave it. An administrator of the server can rename branches there.",
        "git push origin :main",
    ),
    Code(
        "AU609",
        "replace-ref",
        "A push would bring replace refs.",
        "Everybody who fetches them sees other commits in the place of those that were signed; the audit ignores them.",
        "Push branches and tags only.",
        "git push origin 'refs/replace/*'",
    ),
)
