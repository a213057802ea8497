"""The runs of this clone that may have been killed while another system was at work for them.

A run is known by a random name. Whoever holds the lock knows that all earlier runs of this clone have ended, so what
one of them announced and did not finish is theirs to finish; of another clone's nobody here can know that.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pmctl import git
from pmctl.errors import EnvironmentProblem
from pmctl.files import make_folder, read_object, write_atomic

_MOST = 200  # names that are kept


@dataclass(frozen=True, slots=True)
class Runs:
    """The name of this run, and those of the earlier ones, which have all ended.

    `doubtful` is what a run of this clone may have asked the other system for, without knowing what came of it. It is
    kept in the file `notes`.
    """

    own: str
    ended: tuple[str, ...]
    notes: Path | None = None
    doubtful: set[str] = field(default_factory=set)

    def doubt(self, names: Iterable[str]) -> None:
        """Before something is asked for: keep that it may have been."""
        self._keep(self.doubtful | set(names))

    def settle(self, names: Iterable[str]) -> None:
        """What came of these is known, and kept elsewhere."""
        self._keep(self.doubtful - set(names))

    def _keep(self, names: set[str]) -> None:
        if names != self.doubtful and self.notes is not None:
            self.doubtful.clear()
            self.doubtful.update(names)
            write_atomic(self.notes, _written([*self.ended, self.own], names), durable=True)


@contextmanager
def only_run(repo: git.Repository, what: str) -> Iterator[Runs]:
    """Be the only run of a kind in this work tree. Raises EnvironmentProblem while another one is under way."""
    make_folder(repo.act_dir, repo.git_dir)
    file, notes = repo.act_dir / f"{what}.lock", repo.act_dir / f"{what}-runs.json"
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise EnvironmentProblem(f"{file} cannot be opened: {error.strerror}", hint="delete it and try again") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise EnvironmentProblem(
                f"another run is at work on the {what} of this repository", hint="wait until it has ended"
            ) from None
        kept = read_object(notes)
        ended, own = _words(kept.get("runs")), secrets.token_hex(8)
        doubtful = _words(kept.get("doubtful"))
        write_atomic(notes, _written([*ended, own], doubtful), durable=True)
        yield Runs(own, tuple(ended), notes, set(doubtful))
    finally:
        os.close(handle)  # and with it the lock, as when the process is killed


def _words(kept: object) -> list[str]:
    return [one for one in kept if isinstance(one, str)] if isinstance(kept, list) else []


def _written(runs: list[str], doubtful: Iterable[str]) -> bytes:
    return json.dumps({"runs": runs[-_MOST:], "doubtful": sorted(doubtful)}).encode()
