"""What one run of pmctl knows: the global options, and the repository when a command asks for it.

Everything that is printed goes through here: results to stdout, everything else to stderr.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pmctl.cli.progress import aside
from pmctl.output import terminal
from pmctl.output.advice import in_words
from pmctl.text import in_utc, json_text, safe, visible

if TYPE_CHECKING:
    from pmctl.git import Repository
    from pmctl.output.answers import Answer
    from pmctl.processes import Progress
    from pmctl.repository.actor import Actor
    from pmctl.repository.workspace import Workspace
    from pmctl.services.secrets import Secrets
    from pmctl.surroundings import Surroundings

_Answer = TypeVar("_Answer")


@dataclass
class Session:
    """The global options and, lazily, the repository around `directory`: what -C names, or the current folder."""

    directories: tuple[Path, ...] = ()
    color: str = "auto"
    no_input: bool = False
    quiet: bool = False
    verbose: bool = False
    handle: str = ""
    unread: int = 0
    warned: set[str] = field(default_factory=set)
    fields: tuple[str, ...] = ()
    lines: bool = False

    @property
    def several(self) -> bool:
        """Whether -C names several repositories."""
        return len(self.directories) > 1

    @property
    def directory(self) -> Path:
        """Where the command works; raises UsageProblem when several folders were named and it can read only one."""
        if len({one.resolve() for one in self.directories}) > 1:
            from pmctl.errors import UsageProblem

            hint = "give -C once; list, status and actions list read several"
            raise UsageProblem("this command works in one repository", hint=hint)
        return self.directories[0] if self.directories else Path.cwd()

    @cached_property
    def repo(self) -> Repository:
        """The repository; raises EnvironmentProblem when there is none or it is not ready."""
        from pmctl.git import discover

        found = discover(self.directory, self.surroundings.user_folder, below=True)
        return found._replace(progress=self.progress)

    @cached_property
    def surroundings(self) -> Surroundings:
        """What of this machine and person an act may need."""
        from pmctl.surroundings import Surroundings

        return Surroundings(os.environ, Path.home(), not self.no_input and sys.stdin.isatty())

    @cached_property
    def secrets(self) -> Secrets:
        """Addresses and tokens of other systems, by the names of their variables."""
        from pmctl.services.secrets import from_environment

        return from_environment(os.environ)

    @cached_property
    def workspace(self) -> Workspace:
        """The postmortems, settings and policy of the work tree.

        Raises NotFound for --as with a handle that the policy does not have, whatever the command does with it.
        """
        from pmctl.repository.workspace import Workspace

        workspace = Workspace(self.repo)
        if self.handle and (policy := workspace.known_people()) is not None:
            from pmctl.repository.actor import require_known

            require_known(policy, self.handle)
        return workspace

    def require_people(self, handles: Iterable[str]) -> None:
        """Raise NotFound for the first handle that the policy does not have; an @ before it does not matter."""
        from pmctl.repository.actor import require_known

        require_known(self.workspace.policy, *(handle.removeprefix("@") for handle in handles))

    def each(self, read: Callable[[Workspace], _Answer], *, one_has_it: bool = False) -> list[tuple[str, _Answer]]:
        """What `read` answers of every repository that -C names, each with that name; "" for the only one.

        Of several, one that cannot be read is told of and left out, and `finish` ends the command with 2. With
        `one_has_it` something is looked for that not all of them have: NotFound is raised when none has.
        """
        if not self.several:
            return [("", read(self.workspace))]
        from pmctl.cli import tell_error
        from pmctl.errors import EnvironmentProblem, NotFound, PmctlError, UsageProblem
        from pmctl.git import discover
        from pmctl.repository.workspace import Workspace

        found: dict[Path, tuple[str, _Answer]] = {}
        missing: list[NotFound] = []
        for directory in self.directories:
            try:
                repo = discover(directory, self.surroundings.user_folder, below=True)
                repo = repo._replace(progress=self.progress)
                if repo.root not in found:
                    found[repo.root] = str(directory), read(Workspace(repo))
            except UsageProblem:  # what was asked makes no sense anywhere
                raise
            except (PmctlError, OSError) as error:
                if one_has_it and isinstance(error, NotFound):
                    missing.append(error)
                    continue
                problem = error if isinstance(error, PmctlError) else EnvironmentProblem(str(error))
                tell_error(problem, "" if str(directory) in problem.message else f"{directory}: ")
                self.unread += 1
        if missing and not found:
            raise missing[0]
        return list(found.values())

    def finish(self) -> None:
        """End a command that read several repositories: with exit code 2 when one of them could not be read."""
        if self.unread:
            import typer

            raise typer.Exit(2)

    def end_if_incomplete(self, incomplete: str) -> None:
        """Say why an answer rests on a part of the history, and end with 2: it must never look like the whole."""
        if incomplete:
            import typer

            shallow = "clone" in incomplete
            fix = "git fetch --unshallow brings the rest" if shallow else "git fsck shows what is damaged"
            self.warn(f"INCOMPLETE: the history is not all there ({incomplete}); {fix}")
            raise typer.Exit(2)

    def reader(self, workspace: Workspace) -> str:
        """The person whom an answer about a repository is for, by --as, key or e-mail; "" when its policy knows nobody.

        Raises NotFound for --as with a handle that the policy does not have.
        """
        from pmctl.repository.actor import reader

        return reader(workspace.git_settings, workspace.policy, self.surroundings, self.handle)

    def actor(self, handle: str = "") -> Actor:
        """Who signs an act: `handle`, --as, or whoever git's settings name. Raises as `identify` does.

        What an act that was killed has left is cleared away first: it could refuse this one.
        """
        from pmctl.repository.actor import identify
        from pmctl.repository.transaction import clear_interrupted

        clear_interrupted(self.repo)
        workspace = self.workspace
        return identify(
            self.repo, workspace.policy, self.surroundings, handle or self.handle, workspace.git_settings
        )  # fmt: skip

    def day(self, workspace: Workspace) -> date:
        """Today in a team's time zone, by which something is due or overdue."""
        return now().astimezone(workspace.zone).date()

    def known_reader(self, workspace: Workspace) -> str:
        """Whom an answer about a repository is for (see `reader`). Raises Refused when its policy knows nobody."""
        from pmctl.errors import Refused

        if person := self.reader(workspace):
            return person
        raise Refused("the policy knows nobody with your git e-mail address", hint="say who you are: --as HANDLE")

    @property
    def author(self) -> str:
        """The e-mail address of whom git is committing for, as it tells its hooks; "" when it does not."""
        return self.surroundings.environ.get("GIT_AUTHOR_EMAIL", "")

    def person(self, handle: str = "") -> str:
        """Who writes: `handle`, --as, or whose e-mail git commits with; "" when the policy knows nobody with it."""
        from pmctl.repository.actor import author_handle, git_config

        self.require_people([handle])
        return handle or self.handle or author_handle(self.workspace.policy, git_config(self.repo)) or ""

    def known_person(self, handle: str = "") -> str:
        """The same, raising Refused when nobody is known."""
        from pmctl.errors import Refused

        if person := self.person(handle):
            return person
        raise Refused("the policy knows nobody with your git e-mail address", hint="say who you are: --as HANDLE")

    def signing(self) -> tuple[str, ...]:
        """git's arguments for a signed commit when the person has a key, else none: a draft needs no signature."""
        from pmctl.repository.actor import commit_signing
        from pmctl.repository.workspace import Workspace

        return commit_signing(self.repo, self.surroundings, Workspace(self.repo).known_people)

    @cached_property
    def colored(self) -> bool:
        """Whether stdout gets colours."""
        return terminal.wants_color(self.color, sys.stdout, os.environ)

    @cached_property
    def progress(self) -> Progress | None:
        """What is told how far something is that takes long: a line at the terminal, with -v lines that stay.

        None where nobody watches: in a pipe, a CI job, with -q.
        """
        from pmctl.cli import progress

        if self.quiet:
            return None
        if self.verbose:
            return self._note_progress
        return progress.shown(self.note, os.environ, color=self.color) if progress.wanted(os.environ) else None

    def _note_progress(self, what: str, done: int, whole: int) -> None:
        step = max(whole // 10, 1)
        if done != whole and done % step == 0:
            self.note(f"{what}: {done} of {whole}" if whole >= 0 else f"{what} ...")

    @property
    def interactive(self) -> bool:
        """Whether a question may be asked: both ends are a terminal and --no-input is absent."""
        return not self.no_input and sys.stdin.isatty() and sys.stdout.isatty()

    def result(self, text: str) -> None:
        """Print a result to stdout; colours go through, and nothing else that a terminal would obey."""
        with aside():
            print(terminal.shown(text))

    def note(self, text: str) -> None:
        """Tell the person something beside the result, on stderr; silent with -q."""
        if not self.quiet:
            _say(text)

    def warn(self, text: str) -> None:
        """A warning on stderr, also with -q; the same one is told once."""
        if text not in self.warned:
            self.warned.add(text)
            _say(f"warning: {text}")

    def json(self, schema: str, answer: Answer | Mapping[str, Any]) -> None:
        """Print a JSON result: one object whose first key names its schema, `pmctl/<what>/v1`.

        When only some fields or lines were asked for, those alone. Raises UsageProblem when it has no such fields.
        """
        from pmctl.output.answers import plain

        content = in_words(answer if isinstance(answer, Mapping) else plain(answer))
        if not self.fields and not self.lines:
            sys.stdout.write(json_text({"schema": f"pmctl/{schema}/v1", **content}))
            return
        from pmctl.output.answer_rows import chosen, fields_of

        for name in self.fields:
            if name not in fields_of(schema):
                from pmctl.errors import UsageProblem

                raise UsageProblem(f"--json {name}: this answer has no such field", details=tuple(fields_of(schema)))
        found = chosen(schema, content, self.fields)
        if self.lines:
            from pmctl.output.rows import to_jsonl

            self.rows(to_jsonl(found if isinstance(found, list) else [found]))
        else:
            sys.stdout.write(json_text(found))

    def json_made(self, schema: str, text: str) -> None:
        """Print a JSON result that is text already; when only parts of it were asked for, those alone."""
        if self.fields or self.lines:
            import json

            self.json(schema, json.loads(text))
        else:
            self.result(text.rstrip("\n"))

    def rows(self, text: str) -> None:
        """Print lines for other programs: as they are, and at a terminal with what it would obey made visible."""
        sys.stdout.write(visible(text) if sys.stdout.isatty() else text)

    def table(
        self,
        headers: Sequence[str],
        rows: Sequence[Sequence[str]],
        styles: terminal.Styles | None = None,
        known: Iterable[str] = (),
    ) -> None:
        """Print an aligned table to stdout; nothing without rows. `known` ids may be shortened at a terminal."""
        text = terminal.table(headers, rows, width=self.width, color=self.colored, styles=styles, known=known)
        sys.stdout.write(text)

    @property
    def width(self) -> int:
        """Columns of the terminal on stdout, 0 for a pipe."""
        return _columns() if sys.stdout.isatty() else 0


def _columns() -> int:
    """The width of the terminal on stdout; of the person's own when that one has none, as pre-commit's for hooks."""
    columns = shutil.get_terminal_size((0, 0)).columns
    if not columns:
        try:
            with open("/dev/tty", "rb") as own:  # noqa: PTH123  # a device
                columns = os.get_terminal_size(own.fileno()).columns
        except OSError:
            columns = 0
    return columns or 80


def _say(text: str) -> None:
    """Print to stderr after everything that went to stdout, so that both in one file read in order."""
    with aside():
        sys.stdout.flush()
        print(safe(text), file=sys.stderr)


def now() -> datetime:
    """The present moment in UTC, whole seconds.

    PMCTL_NOW (an ISO 8601 moment) replaces it, so that a demonstration or a test shows the same every day;
    it decides nothing that the audit proves, because dates in records are claims.
    """
    fixed = os.environ.get("PMCTL_NOW", "")
    if fixed:
        from pmctl.errors import UsageProblem

        try:
            moment = datetime.fromisoformat(fixed)
        except ValueError:
            raise UsageProblem(f"PMCTL_NOW={fixed!r} is not an ISO 8601 moment") from None
        return in_utc(moment).replace(microsecond=0)
    return datetime.now(UTC).replace(microsecond=0)


def today() -> date:
    """The present day in UTC, by which "overdue" is decided."""
    return now().date()
