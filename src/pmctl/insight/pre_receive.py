"""May these pushed updates of a bare repository land? (updates, configuration, objects in quarantine) -> answer.

The heart of the pre-receive hook. The branch to protect, the trust root and the pmctl folder come from the
configuration of the bare repository, which no push can change; the policy comes from the old tip. The new
objects are read where git keeps them in quarantine until the hook has answered (git-receive-pack(1)).
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
from pmctl.ledger.report import AuditFinding, Report
from pmctl.object_reader import ObjectReader
from pmctl.policy.model import POLICY_PATH

PROTECTED = "pmctl.protectedbranch"
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
    """Why a push is refused: sentences about refs, and what the audits found. Empty means that it may land."""

    refusals: tuple[str, ...] = ()
    findings: tuple[AuditFinding, ...] = ()
    warnings: tuple[AuditFinding, ...] = ()

    @property
    def refused(self) -> bool:
        """True when nothing of the push may land."""
        return bool(self.refusals or self.findings)


@dataclass(frozen=True, slots=True)
class Protection:
    """What the bare repository's configuration says: branches, the root's digest ('' unknown), folders."""

    branches: tuple[str, ...] = ("main",)
    root: str = ""
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Objects:
    """Where objects are while the hook runs: the quarantine first, then what the repository has."""

    directory: Path | None = None
    alternates: tuple[Path, ...] = ()


def parse_updates(lines: Iterable[str]) -> tuple[Update, ...]:
    """`old new ref` lines, as git feeds them to pre-receive.

    Raises EnvironmentProblem for anything else: a hook that cannot read what is pushed must not let it pass.
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
    """What git's configuration says of this bare repository; nothing of the repository's content is asked."""
    none = {"GIT_CONFIG_COUNT": "0", "GIT_CONFIG_PARAMETERS": ""}  # files only, no caller's settings
    listed = git.run(git_dir, "--git-dir", str(git_dir), "config", "--null", "--list", env=none)
    values: dict[str, list[str]] = {}
    for entry in listed.stdout.decode("utf-8", "replace").split("\0"):
        name, _, value = entry.partition("\n")
        values.setdefault(name.lower(), []).append(value)
    branches = tuple(value.removeprefix("refs/heads/") for value in values.get(PROTECTED, ()))
    folders = tuple(folder.strip("/").removeprefix("./").removeprefix(".") for folder in values.get(FOLDER, ()))
    return Protection(branches or ("main",), (values.get(ROOT) or [""])[-1], folders)


def check_push(git_dir: Path, updates: Sequence[Update], rules: Protection, objects: Objects) -> Answer:
    """Whether the updates may land, with every reason why not.

    Raises EnvironmentProblem, MissingObject or CorruptObject when that cannot be known: then nothing may.
    """
    protected = {f"refs/heads/{branch}" for branch in rules.branches}
    refusals: list[str] = []
    findings: list[AuditFinding] = []
    warnings: list[AuditFinding] = []
    for update in updates:
        if update.ref.startswith("refs/replace/"):
            refusals.append(f"{update.ref}: AU609 replace refs make history look like what it is not")
        elif update.ref not in protected:
            continue
        elif update.deletes:
            refusals.append(f"{update.ref}: AU608 the protected branch is never deleted")
        else:
            said, reports = _judge_branch(git_dir, update, rules, objects)
            refusals += said
            for report in reports:
                findings += report.violations
                warnings += [f for f in report.findings if f not in report.violations and not f.waived_by]
    return Answer(tuple(refusals), tuple(findings), tuple(warnings))


def folders(git_dir: Path, commit: str, objects: Objects) -> tuple[str, ...]:
    """The pmctl folders ('' or 'a/b/') in a commit: where there is a policy."""
    with _reader(git_dir, objects) as reader:
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
            for entry in reader.tree(tree):
                path = f"{prefix}{entry.name}"
                if entry.is_tree and entry.name == ".pmctl":
                    if any(inner.name == POLICY_PATH.rpartition("/")[2] for inner in reader.tree(entry.oid)):
                        found.append(prefix)
                elif entry.is_tree:
                    waiting.append((f"{path}/", entry.oid))
        return tuple(sorted(found))


def _judge_branch(git_dir: Path, update: Update, rules: Protection, objects: Objects) -> tuple[list[str], list[Report]]:
    if not update.creates and not _contains(git_dir, update.new, update.old, objects):
        return [
            f"{update.ref}: AU604 this push would replace history: {update.old[:12]} is not part of {update.new[:12]}"
        ], []
    chosen = tuple(f"{folder}/" if folder else "" for folder in rules.folders)
    if not chosen:
        before = () if update.creates else folders(git_dir, update.old, objects)
        after = folders(git_dir, update.new, objects)
        chosen = before or after
        extra = [folder for folder in after if folder not in chosen]
        if len(chosen) > 1 or extra:
            names = ", ".join(folder or "the top" for folder in dict.fromkeys((*chosen, *after)))
            return [
                f"{update.ref}: AU108 there is more than one policy ({names}); "
                f"on the server, name what counts: git config --add {FOLDER} FOLDER"
            ], []
    reports = []
    said = []
    for prefix in chosen:
        repo = git.Repository(git_dir, prefix, git_dir, git_dir, bare=True)
        report = audit(
            repo,
            tip=update.new,
            base=None if update.creates else update.old,
            root=rules.root or None,
            object_directory=objects.directory,
            alternates=objects.alternates,
        )
        if not report.complete:
            said.append(f"{update.ref}: the history cannot be judged: {report.incomplete}")
        reports.append(report)
    return said, reports


def _contains(git_dir: Path, tip: str, wanted: str, objects: Objects) -> bool:
    """Whether `wanted` is an ancestor of `tip`, read from the objects themselves."""
    with _reader(git_dir, objects) as reader:
        waiting, seen = [tip], {tip}
        while waiting:
            oid = waiting.pop()
            if oid == wanted:
                return True
            for parent in reader.commit(oid).parents:
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)
    return False


def _reader(git_dir: Path, objects: Objects) -> ObjectReader:
    return ObjectReader(git_dir, object_directory=objects.directory, alternates=objects.alternates)


def _is_oid(text: str) -> bool:
    return len(text) in (40, 64) and set(text) <= set("0123456789abcdef")


CODES = (
    Code(
        "AU108",
        "two-policies",
        "A push would add a second policy file, or the server finds several and is not told which counts.",
        "Whoever can place a policy where the server looks first decides whose signatures count.",
        "On the server, name the folder of each pmctl root: git config --add pmctl.folder FOLDER.",
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
