"""The work tree, and HEAD behind it: settings, policy, postmortems and their attachments.

The one place that finds a postmortem by (a part of) its id. Reads only; nothing here writes, and nothing
here trusts: findings come back as values, and the callers decide.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pmctl import git
from pmctl.document.fields import id_of, is_id, path_of
from pmctl.document.files import Unreadable, finding_of, read_regular
from pmctl.document.finding import Finding
from pmctl.errors import BadInput, EnvironmentProblem, Hint, NotFound, Refused, advise
from pmctl.files import open_kept, read_kept
from pmctl.policy.model import POLICY_PATH, Policy
from pmctl.text import near

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.document.template import Template
    from pmctl.ledger.snapshot import Snapshot
    from pmctl.repository.git_settings import GitSettings
    from pmctl.repository.settings import Settings

POSTMORTEMS = "postmortems"
TEMPLATES = ".pmctl/templates"
LARGEST_ATTACHMENT = 64_000_000  # bytes of one that is written by an act


@dataclass(frozen=True)
class Workspace:
    """One repository as it stands now."""

    repo: git.Repository

    @cached_property
    def settings(self) -> Settings:
        """pmctl.yaml of the work tree.

        Raises EnvironmentProblem that lists every problem when it cannot be used.
        """
        settings, findings = self.settings_and_findings()
        if findings:
            raise EnvironmentProblem(
                f"{git.SETTINGS_FILE} cannot be used",
                hint=f"correct {git.SETTINGS_FILE}, then try again",
                details=tuple(map(_detail, findings)),
            )
        return settings

    def settings_and_findings(self) -> tuple[Settings, tuple[Finding, ...]]:
        """pmctl.yaml of the work tree, as far as it can be used, and what is wrong with it."""
        from pmctl.repository.settings import load_settings

        data = read_file(self.repo.root / git.SETTINGS_FILE, git.SETTINGS_FILE)
        return load_settings(data, git.SETTINGS_FILE)

    @property
    def item_targets(self) -> dict[str, int]:
        """Within how many days an action item is wanted, by its priority."""
        return dict(self.settings_and_findings()[0].item_targets)

    @cached_property
    def zone(self) -> tzinfo:
        """The team's time zone, in which days begin: `time_zone` of pmctl.yaml, else UTC."""
        try:
            data = read_file(self.repo.root / git.SETTINGS_FILE, git.SETTINGS_FILE)
        except BadInput:  # which validate reports
            return UTC
        if b"time_zone" not in data:  # as in most, and reading YAML takes longer than most commands
            return UTC
        from zoneinfo import ZoneInfo

        return ZoneInfo(self.settings_and_findings()[0].time_zone)

    @cached_property
    def git_settings(self) -> GitSettings:
        """git's settings when they are first asked for."""
        from pmctl.repository.git_settings import git_settings

        return git_settings(self.repo)

    @cached_property
    def head(self) -> Snapshot:
        """What is committed at HEAD when it is first asked for; after a commit, ask a new Workspace."""
        from pmctl.ledger.snapshot import head

        return head(self.repo)

    def at(self, revision: str) -> Snapshot:
        """The snapshot of any commit. Raises EnvironmentProblem when there is no such commit."""
        return self.head if revision == "HEAD" else self.head.source.at(git.resolve(self.repo.top, revision))

    @cached_property
    def policy(self) -> Policy:
        """The policy at HEAD, by which acts are allowed or refused.

        Raises EnvironmentProblem when there is none or it cannot be read.
        """
        policy, findings = self.head.policy()
        if policy is None and not findings:
            raise EnvironmentProblem(
                f"there is no {POLICY_PATH} at HEAD", hint="run 'pmctl init' to write the first policy"
            )
        if policy is None:
            raise EnvironmentProblem(
                f"{POLICY_PATH} at HEAD cannot be used",
                hint="run 'pmctl policy verify' for what is wrong, and restore a working version",
                details=tuple(map(_detail, findings)),
            )
        return policy

    def known_people(self) -> Policy | None:
        """The policy at HEAD for comparing names with it, None where there is none that can be read.

        One question to git and nothing verified, so that a check of one file stays quick; what decides about an act
        asks `policy`.
        """
        from pmctl.policy.reading import parse_policy

        shown = git.run(self.repo.top, "cat-file", "blob", f"HEAD:{self.repo.prefix}{POLICY_PATH}", check=False)
        return parse_policy(shown.stdout)[0] if shown.code == 0 else None

    def ids(self) -> list[str]:
        """The ids of all postmortems in the work tree, sorted; whatever lies at a postmortem's path counts."""
        return sorted(found for path in self.files() if (found := id_of(path)))

    def files(self) -> Iterator[str]:
        """Paths, relative to the root, of all Markdown files directly in a year's folder."""
        base = self.repo.root / POSTMORTEMS
        if not base.is_dir() or base.is_symlink():
            return
        for year in sorted(base.iterdir()):
            if year.is_dir() and not year.is_symlink():
                for name in sorted(os.listdir(year)):  # noqa: PTH208  a Path for each of thousands is felt
                    if name.endswith(".md") and name != ".md":
                        yield f"{POSTMORTEMS}/{year.name}/{name}"

    def find(self, part: str, *, deleted: bool = False) -> str:
        """The id that `part` names: the id itself, its path, or any part that only one id holds; with `deleted` also
        the whole id of one that is not there any more and has records.

        Raises NotFound with the candidates.
        """
        known = self.ids()
        wanted = id_of(part) or part
        if wanted in known:
            return wanted
        fitting = [name for name in known if wanted and wanted in name]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            shown = tuple(fitting[:20]) + ((f"... and {len(fitting) - 20} more",) if len(fitting) > 20 else ())
            raise NotFound(f"{part!r} fits {len(fitting)} postmortems", hint="type more of the id", details=shown)
        if is_id(wanted) and self.head.commit and (names := self.head.records(wanted)):
            if deleted:
                return wanted
            self._refuse_deleted(wanted, names)
        raise NotFound(
            f"no postmortem has {part!r} in its id", hint="pmctl list shows them all", details=_near(wanted, known)
        )

    def _refuse_deleted(self, name: str, records: Iterable[str]) -> None:
        """Raise NotFound when the last of a postmortem's records deleted it."""
        from pmctl.ledger import record

        paths = (f"{record.FOLDER}/{name}/{file}" for file in records if file.endswith(".json"))
        known = [(parts.number, parts.act, path) for path in paths if (parts := record.parse_path(path)) is not None]
        _, act, path = max(known, default=(0, "", ""))
        data = self.head.regular_file(path) if act == "delete" else None
        if data is None:
            return
        try:
            last = record.from_bytes(data)
        except record.RecordProblem:
            return
        said = f"{name} was deleted by {last.by} on {last.at[:10]}, as its record says"
        raise NotFound(said, hint=advise("log", id=name))

    def read(self, name: str) -> Document:
        """The postmortem `name` as it stands in the work tree.

        Raises BadInput when its file cannot be opened or is no regular file.
        """
        from pmctl.document.reader import read  # not needed for what the catalog knows

        path = path_of(name)
        return read(read_file(self.repo.root / path, path), path)

    def read_at(self, name: str, revision: str = "HEAD") -> Document:
        """The postmortem `name` as it is in a commit.

        Raises NotFound when it is not there, EnvironmentProblem when there is no such commit.
        """
        document = self.at(revision).document(name)
        if document is None:
            path = path_of(name)
            raise NotFound(
                f"{path} is not in {'the last commit' if revision == 'HEAD' else revision}",
                hint=f"commit it first: git add {path} && git commit -m 'Draft {name}'",
            )
        return self.head.source.documents.document(document)

    def attached_files(self, name: str) -> dict[str, str]:
        """The attachments of `name` in the work tree, as the SHA-256 of each in hex by its path relative to its folder;
        what git ignores is none.

        They are read piece by piece, since nothing limits their size. Raises BadInput for one that is no regular file,
        or that can be executed: the audit would report it.
        """
        folder = path_of(name).removesuffix(".md") + "/"
        inside = self.repo.prefix + folder
        listed = git.run(
            self.repo.top, "ls-files", "-z", "--full-name", "--cached", "--others", "--exclude-standard", "--",
            f":(literal){inside}",
        ).stdout  # fmt: skip
        found = {}
        for path in sorted({os.fsdecode(entry) for entry in listed.split(b"\0") if entry}):
            file = self.repo.top / path
            if file.is_symlink() or (file.exists() and not file.is_file()):
                raise BadInput(f"{path} is no regular file", hint="an attachment is a plain file")
            if file.exists() and os.access(file, os.X_OK):
                raise BadInput(f"{path} is executable", hint=f"an attachment is a plain file: chmod -x {path}")
            if file.exists():
                with open_kept(file) as stream:
                    found[path.removeprefix(inside)] = hashlib.file_digest(stream, "sha256").hexdigest()
        return found

    def attachment(self, name: str, path: str) -> bytes:
        """One attachment of `name` in the work tree. Raises Refused for one that is too large to be taken by an act."""
        file = self.repo.root / path_of(name).removesuffix(".md") / path
        try:
            return read_kept(file, LARGEST_ATTACHMENT)
        except OSError as error:
            if error.errno != errno.EFBIG:
                raise
            size = file.stat().st_size // 1_000_000
            raise Refused(
                f"the attachment {path} has {size} MB; an act takes files of at most {LARGEST_ATTACHMENT // 1_000_000}",
                hint="keep it where large files are kept, and link to it",
            ) from None

    @cached_property
    def own_templates(self) -> tuple[Template, ...]:
        """The organisation's templates that can be read; `pmctl template check` says what is wrong with the others."""
        from pmctl.document.template_library import parse_templates

        return parse_templates(template_files(self.repo.root)[0])[0]


def template_files(root: Path) -> tuple[dict[str, bytes], tuple[Finding, ...]]:
    """The template files of the work tree under `root`, by path relative to it, and a finding for each that can't be
    read: neither keeps the others from being used.
    """
    folder = root / TEMPLATES
    if folder.is_symlink():
        return {}, (Finding("PM030", "is a symbolic link; the folder of the templates is a folder", TEMPLATES),)
    try:
        listed = [file.name for file in folder.iterdir()]
    except FileNotFoundError:
        return {}, ()
    except OSError as problem:
        return {}, (Finding("PM031", f"the folder cannot be read: {problem.strerror}", TEMPLATES),)
    files: dict[str, bytes] = {}
    findings = []
    for name in sorted(one for one in listed if one.endswith(".md") and not one.startswith(".#")):  # an editor's lock
        path = f"{TEMPLATES}/{name}"
        try:
            files[path] = read_regular(folder / name)
        except Unreadable as problem:
            findings.append(finding_of(problem, path, "a template"))
    return files, tuple(findings)


def read_file(file: Path, shown: str) -> bytes:
    """The bytes of a regular file, at most a little over the size limit of a postmortem.

    Raises BadInput for links, folders, devices, and whatever cannot be opened.
    """
    try:
        return read_regular(file)
    except Unreadable as problem:
        hint = "put the file itself in its place" if problem.kind == "no file" else problem.fix
        raise BadInput(f"{shown} {problem.reason}", hint=hint) from None


def _near(wanted: str, known: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"did you mean {name}?" for name in near(wanted, known, likeness=0.75))


def _detail(finding: Finding) -> tuple[str, Hint]:
    return f"{finding.path}:{finding.line}:{finding.column}: {finding.code} {finding.message}", finding.fix
