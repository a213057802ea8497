"""One act is one commit: all of it lands, or the repository is as it was.

Everything is prepared in memory by the caller. Here the files are written (temporary file, then
rename), staged, and committed by `git commit --only`, so that whatever else the person has staged
stays staged. Before the first write a journal under the git directory notes what stood there; a
failure puts it back at once, and after a kill the next act (or `pmctl doctor --fix`) does. Ctrl-C and
SIGTERM wait until git has ended: a terminal sends them to git as well, which gives up or lands the act.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import re
import signal
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pmctl import git
from pmctl.errors import EnvironmentProblem, PmctlError, Refused
from pmctl.object_reader import ObjectReader
from pmctl.objects import CorruptObject, MissingObject

_JOURNAL = "journal.json"
LOCK = "act.lock"


@dataclass(frozen=True, slots=True)
class Write:
    """One file of an act: its path relative to the pmctl root, and its bytes (None deletes it)."""

    path: str
    data: bytes | None


@dataclass(frozen=True, slots=True)
class CommitResult:
    """The commit that an act became."""

    oid: str
    paths: tuple[str, ...]


def commit(
    repo: git.Repository,
    writes: Sequence[Write],
    message: str,
    *,
    signing: Sequence[str] = (),
    may_overwrite: bool = False,
    unchanged: Sequence[str] = (),
) -> CommitResult:
    """Write the files of one act and commit just these; returns the new commit.

    `signing` holds git's `-c` arguments for the signing key, empty for an unsigned commit. With
    `may_overwrite` the files may differ from HEAD already (an edit that is being committed). `unchanged` are
    further files and folders that the act rests on and that must be as in HEAD.

    Raises Refused when a file of the act has uncommitted changes, EnvironmentProblem when git, the
    disk or a lock forbids the act; in both cases nothing is changed.
    """
    with locked(repo), _signals_later():
        recover(repo)
        paths = tuple(write.path for write in writes)
        in_git = tuple(repo.prefix + path for path in paths)
        clean = [*(repo.prefix + path for path in unchanged), *(() if may_overwrite else in_git)]
        head = _refuse_uncommitted(repo, clean) if clean else git.head(repo.top)
        try:
            journal = _write_journal(repo, writes, head, message)
        except OSError as error:
            raise _explained(error) from None
        try:
            for write in writes:
                _put(repo, write)
            oid = _run_commit(repo, in_git, message, signing)
        except BaseException as error:
            oid = _landed_after_all(repo, head, message)
            if not oid:
                _put_back(repo, journal)
                raise _explained(error) from None
        _forget(repo)
        for write in writes:
            if write.data is None:
                _remove_empty_folders((repo.root / write.path).parent, repo.root)
        return CommitResult(oid, paths)


def recover(repo: git.Repository) -> str:
    """Finish or undo an act that was killed; returns a sentence about what was done, '' when nothing was.

    Call it only with the act lock held, or when no other act can run. Raises EnvironmentProblem while the
    index is locked: the git of the interrupted act may still be at work.
    """
    path = repo.state_dir / _JOURNAL
    try:
        journal = json.loads(path.read_bytes())
    except FileNotFoundError:
        return ""
    except (OSError, ValueError):
        _forget(repo)  # written by rename: only a damaged disk leaves half of one
        return "a damaged journal of an interrupted act was set aside"
    lock = repo.git_dir / "index.lock"
    if lock.exists():
        raise EnvironmentProblem(
            "an act was interrupted, and its git may still be running: the index is locked",
            hint=f"when no git is running in this repository, delete {lock} and try again",
        )
    if _landed_after_all(repo, journal["head"], journal["message"]):
        _reset_index(repo, [repo.prefix + entry["path"] for entry in journal["files"]], journal["head"])
        _forget(repo)
        return "an interrupted act had landed; its traces were cleared"
    _put_back(repo, journal)
    return "an interrupted act was undone: its files are as they were before"


def interrupted(repo: git.Repository) -> bool:
    """True when an act was killed half way and nothing has recovered it yet."""
    return (repo.state_dir / _JOURNAL).exists()


@contextmanager
def _signals_later() -> Iterator[None]:
    """Hold back Ctrl-C, SIGTERM and SIGHUP until the body has ended, then let them take effect."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's business
        return
    came: list[signal.Signals] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    held = [number for number, handler in before.items() if handler not in (signal.SIG_IGN, None)]
    try:
        for number in held:
            signal.signal(number, lambda received, _: came.append(signal.Signals(received)))
        yield
    finally:
        for number in held:
            signal.signal(number, before[number])
        for number in dict.fromkeys(came):
            signal.raise_signal(number)


@contextmanager
def locked(repo: git.Repository) -> Iterator[None]:
    """Hold the act lock: nobody else acts on this repository through pmctl meanwhile."""
    try:
        repo.state_dir.mkdir(parents=True, exist_ok=True)
        opened = (repo.state_dir / LOCK).open("a")
    except OSError as error:
        raise _explained(error) from None
    with opened as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise EnvironmentProblem(
                "another pmctl act is running in this repository", hint="wait until it has ended, then try again"
            ) from None
        yield  # the lock goes with the file handle, also when the process is killed


def _refuse_uncommitted(repo: git.Repository, paths: Iterable[str]) -> str:
    """The id of HEAD, '' before the first commit; raises Refused when one of the paths differs from it."""
    words = ("status", "--porcelain=v2", "--branch", "--no-ahead-behind", "--no-renames", "--untracked-files=all", "-z")
    entries = git.run(repo.top, *words, "--", *_literal(dict.fromkeys(paths))).text.split("\0")
    head = next(entry.removeprefix("# branch.oid ") for entry in entries if entry.startswith("# branch.oid "))
    # git-status(1), "Porcelain Format Version 2": the path follows a fixed number of fields.
    fields = {"1": 8, "u": 10, "?": 1}
    changed = tuple(entry.split(" ", fields[entry[0]])[-1] for entry in entries if entry[:1] in fields)
    if changed:
        raise Refused(
            f"{changed[0]} has changes that are not committed",
            hint=f"commit them first: git commit -- {changed[0]}  (or put them back: git restore -SW -- {changed[0]})",
            details=changed[1:],
        )
    return "" if head == "(initial)" else head


def _run_commit(repo: git.Repository, paths: Sequence[str], message: str, signing: Sequence[str]) -> str:
    existing = [path for path in paths if (repo.top / path).exists()]
    if existing:
        # -f: an organisation's ignore patterns must not drop half of an act.
        git.run(repo.top, "add", "-f", "--", *_literal(existing), reading=False)
    flags = ["-S"] if signing else ["--no-gpg-sign"]
    words = ("-c", "core.abbrev=no", "commit", "--cleanup=verbatim", *flags, "-F", "-", "--only", "--")
    arguments = (*signing, *words, *_literal(paths))
    done = git.run(repo.top, *arguments, stdin=message.encode(), check=False, reading=False)
    if done.code:
        problem = git.failure(arguments, done)
        # git itself ends with 128, or says why; 1 without a word of its own is a hook's.
        if done.code == 1 and not problem.hint and b"partial commit" not in done.stderr and _has_hooks(repo):
            lines = (done.stdout + done.stderr).decode("utf-8", "replace").splitlines()
            raise _RefusedByHook(tuple(line for line in lines if line.strip()))
        raise problem
    said = done.stdout
    # The first line is "[main 1f3c...] Subject", with "(root-commit)" or "detached HEAD" among its words.
    named = re.match(rb"\[[^\n]*?\b([0-9a-f]{40}(?:[0-9a-f]{24})?)\] ", said)
    return named[1].decode() if named is not None else git.head(repo.top)


class _RefusedByHook(Exception):
    """A hook ended with an error; `said` are the lines that it printed."""

    def __init__(self, said: tuple[str, ...]) -> None:
        super().__init__()
        self.said = said


def _has_hooks(repo: git.Repository) -> bool:
    """Whether there is a hook that can refuse a commit."""
    place = git.run(repo.top, "rev-parse", "--path-format=absolute", "--git-path", "hooks", reading=False).text
    return any(os.access(Path(place, name), os.X_OK) for name in ("pre-commit", "prepare-commit-msg", "commit-msg"))


def _put(repo: git.Repository, write: Write) -> None:
    target = repo.root / write.path
    if write.data is None:
        target.unlink(missing_ok=True)
        return
    for step in (target, *target.parents):
        if step == repo.root:
            break
        if step.is_symlink():
            raise Refused(f"{write.path} leads through a symbolic link", hint="replace the link by a file or a folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_file(target, write.data, scratch=repo.state_dir)


def replace_file(target: Path, data: bytes, *, scratch: Path) -> None:
    """Put `data` at `target` by rename, keeping an existing file's mode.

    The temporary file lives in `scratch` when that is on the same file system, so that a kill leaves
    no stray file among the postmortems. Raises OSError as the system does.
    """
    same = scratch.is_dir() and scratch.stat().st_dev == target.parent.stat().st_dev
    descriptor, name = tempfile.mkstemp(prefix=".pmctl-", dir=scratch if same else target.parent)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        Path(name).chmod(mode)
        os.replace(name, target)  # noqa: PTH105  both names are at hand as they are
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _write_journal(repo: git.Repository, writes: Sequence[Write], head: str, message: str) -> dict[str, object]:
    files = []
    for write in writes:
        target = repo.root / write.path
        before = target.read_bytes() if target.is_file() and not target.is_symlink() else None
        files.append({"path": write.path, "before": _encode(before), "after": _encode(write.data)})
    journal: dict[str, object] = {"head": head, "message": message, "files": files}
    replace_file(repo.state_dir / _JOURNAL, json.dumps(journal).encode(), scratch=repo.state_dir)
    return journal


def _put_back(repo: git.Repository, journal: dict[str, object]) -> None:
    files = journal["files"]
    assert isinstance(files, list)  # noqa: S101  for the type checker: written so above
    for entry in files:
        target = repo.root / entry["path"]
        before, after = _decode(entry["before"]), _decode(entry["after"])
        now = target.read_bytes() if target.is_file() else None
        # A file that is neither as before nor as the act wrote it was changed by somebody since: kept.
        if now == before or now != after:
            continue
        if before is None:
            target.unlink()
            _remove_empty_folders(target.parent, repo.root)
        else:
            replace_file(target, before, scratch=repo.state_dir)
    if _reset_index(repo, [repo.prefix + entry["path"] for entry in files], str(journal["head"])):
        _forget(repo)  # otherwise the journal stays, and the next act tries again


def _reset_index(repo: git.Repository, paths: Sequence[str], head: str) -> bool:
    """Take the paths out of what is staged; False when the index is locked and something of them is staged."""
    words = ("reset", "-q") if head else ("rm", "-q", "--cached", "--ignore-unmatch")
    done = git.run(repo.top, *words, "--", *_literal(paths), check=False, reading=False)
    if done.code == 0:
        return True
    if not head:
        return False
    return git.run(repo.top, "diff-index", "--cached", "--quiet", head, "--", *_literal(paths), check=False).code == 0


def _landed_after_all(repo: git.Repository, before: str, message: str) -> str:
    """The new commit's id when HEAD is the act's own commit on top of `before`, otherwise ''."""
    head = git.head(repo.top)
    if not head or head == before:
        return ""
    with ObjectReader(repo.common_dir) as reader:
        try:
            found = reader.commit(head)
        except (MissingObject, CorruptObject):
            return ""
    return head if found.parents == ((before,) if before else ()) and found.message == message else ""


def _explained(error: BaseException) -> BaseException:
    if isinstance(error, OSError):
        text = error.strerror or str(error)
        return EnvironmentProblem(
            f"cannot write {error.filename or 'the files of this act'}: {text}; nothing was changed",
            hint="look at the rights of that place and at the free disk space, then try again",
        )
    if isinstance(error, _RefusedByHook):
        return Refused(
            "a hook of this repository refused the commit; nothing was changed",
            hint="correct what it says, then run the command again",
            details=error.said,
        )
    if isinstance(error, PmctlError) and "cannot do a partial commit" in " ".join(error.lines):
        return EnvironmentProblem(
            "a merge, rebase or cherry-pick is under way", hint="finish it or abort it, then run the command again"
        )
    return error


def _literal(paths: Iterable[str]) -> list[str]:
    return [f":(literal){path}" for path in paths]


def _remove_empty_folders(folder: Path, root: Path) -> None:
    while folder != root and folder.is_relative_to(root):
        try:
            folder.rmdir()
        except OSError:
            return  # not empty: somebody else's files are in it
        folder = folder.parent


def _forget(repo: git.Repository) -> None:
    for stray in (repo.state_dir / _JOURNAL, *repo.state_dir.glob(".pmctl-*")):
        with suppress(FileNotFoundError):
            stray.unlink()


def _encode(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _decode(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
