"""One act is one commit: all of it lands as it was meant, or the repository is as it was.

Everything is prepared in memory by the caller. Here the files are written (temporary file, then
rename), staged, and committed by `git commit --only`, so that whatever else the person has staged
stays staged. Before the first write a journal under the git directory notes what stood there; a
failure puts it back at once, and after a kill the next act (or `pmctl doctor --fix`) does. Ctrl-C and
SIGTERM wait until git has ended: a terminal sends them to git as well, which gives up or lands the act.

A commit runs the person's own hooks and filters, which may write something else than was meant. So the commit is
compared with the act (`repository.landing`), and one that was altered is taken back.
"""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pmctl import git
from pmctl.errors import EnvironmentProblem, PmctlError, Refused, TryAgain
from pmctl.files import make_folder, replace_file
from pmctl.repository import journal as journals
from pmctl.repository import landing
from pmctl.repository.journal import Journal, Touched

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
    disk or a lock forbids the act or a hook alters it, TryAgain when an earlier act that was killed had to be undone
    first; in all cases nothing is changed.
    """
    with locked(repo), _signals_later():
        undone = recover(repo)
        if undone and undone != _LANDED:  # what this act was made from is not there any more
            raise TryAgain(undone, hint="run the command again")
        paths = tuple(write.path for write in writes)
        clean = [repo.prefix + path for path in (*unchanged, *(() if may_overwrite else paths))]
        head, branch = _refuse_uncommitted(repo, clean) if clean else landing.head_and_branch(repo)
        try:
            journal = Journal(head, branch, message, tuple(_touched(repo, writes, staged_too=may_overwrite)))
            journals.write(repo, journal)
        except OSError as error:
            raise _explained(error) from None
        try:
            for write in writes:
                _put(repo, write)
            _run_commit(repo, [repo.prefix + path for path in paths], message, signing)
        except BaseException as error:
            oid, altered = _outcome(repo, journal)
            if not oid or (altered and not landing.is_the_act(repo, journal, oid)):  # or somebody else's commit
                kept = _put_back(repo, journal, live=True)
                raise _explained(error, kept) from None
        else:
            oid, altered = _outcome(repo, journal)
        if not oid:
            _put_back(repo, journal, live=True)
            raise EnvironmentProblem("git says that it made a commit, but HEAD is as before", hint="git fsck")
        if altered:
            raise _take_back(repo, journal, oid, altered)
        journals.forget(repo)
        for write in writes:
            if write.data is None:
                _remove_empty_folders((repo.root / write.path).parent, repo.root)
        return CommitResult(oid, paths)


_LANDED = "an interrupted act had landed; its traces were cleared"
_UNDONE = "an interrupted act was undone: its files are as they were before"


def recover(repo: git.Repository) -> str:
    """Finish or undo an act that was killed; returns a sentence about what was done, '' when nothing was.

    Call it only with the act lock held, or when no other act can run. Raises EnvironmentProblem while the
    index is locked: the git of the interrupted act may still be at work.
    """
    try:
        journal = journals.read(repo)
    except journals.Damaged:
        journals.set_aside(repo)
        return "a damaged journal of an interrupted act was set aside"
    if journal is None:
        return ""
    lock = repo.git_dir / "index.lock"
    if lock.exists():
        raise EnvironmentProblem(
            "an act was interrupted, and its git may still be running: the index is locked",
            hint=f"when no git is running in this repository, delete {lock} and try again",
        )
    head = git.head(repo.top)
    if head and head != journal.head:
        if not landing.not_as_meant(repo, journal, head):
            _reset_index(repo, journal)
            journals.forget(repo, journal)
            return _LANDED
        if landing.is_the_act(repo, journal, head):
            _take_back(repo, journal, head, ("",))
            return _UNDONE
    _put_back(repo, journal, live=False)
    return _UNDONE


def clear_interrupted(repo: git.Repository) -> None:
    """Finish or undo an act that was killed before anything is read from what it left behind.

    Raises TryAgain when there was one, EnvironmentProblem while another act runs.
    """
    if interrupted(repo):
        with locked(repo):
            done = recover(repo)
        if done:
            raise TryAgain(done, hint="run the command again")


def interrupted(repo: git.Repository) -> bool:
    """True when an act was killed half way and nothing has recovered it yet."""
    return os.path.lexists(journals.path_of(repo))


def _outcome(repo: git.Repository, journal: Journal) -> tuple[str, tuple[str, ...]]:
    """The commit that the act became ('' for none), and the paths at which it is not what was meant."""
    landed = landing.tip(repo)
    if landed is None or landed.oid == journal.head:
        return "", ()
    if landed.parents == ((journal.head,) if journal.head else ()):
        return landed.oid, landing.differences(repo, journal, landed)
    # Somebody has committed on top of it already, perhaps a hook: the act's own files decide.
    return landed.oid, landing.not_as_meant(repo, journal, landed.oid)


def _take_back(repo: git.Repository, journal: Journal, oid: str, altered: Sequence[str]) -> EnvironmentProblem:
    """Undo an act that landed as something else; returns what to say about it.

    The journal learns first what the files were made to, so that a kill in between is no loss. The branch moves only
    when it still is where the act left it.
    """
    blame = landing.blame(repo, journal, oid, altered)
    files = tuple(replace(one, hooked=landing.content(repo, oid, one.path)) for one in journal.files)
    journal = replace(journal, files=files)
    journals.write(repo, journal)
    if not landing.move_back(repo, journal, oid):
        return EnvironmentProblem(
            f"{blame}; the branch could not be set back from {oid[:12]}",
            hint=f"git reset --soft {journal.head or oid}, then run: pmctl doctor --fix",
        )
    kept = _put_back(repo, journal, live=True)
    landing.restore_others(repo, journal, oid, altered)
    return EnvironmentProblem(
        f"{blame}: the commit was undone, and nothing was changed",
        hint="have it leave the folders postmortems and .pmctl as they are (with pre-commit,"
        r" exclude: ^(.*/)?(postmortems|\.pmctl)/), then run the command again",
        details=(*altered[1:], *kept),
    )


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
    """Hold the act lock: nobody else acts in this work tree through pmctl meanwhile."""
    try:
        make_folder(repo.act_dir, repo.git_dir)
        # A pipe in its place must not be waited for, and a link not be followed.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        opened = open(os.open(repo.act_dir / LOCK, flags, 0o666), "rb")  # noqa: PTH123, SIM115  an open descriptor
    except OSError as error:
        raise _explained(error) from None
    with opened as handle:
        if not stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
            raise EnvironmentProblem(f"{repo.act_dir / LOCK} is no regular file", hint="delete it and try again")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise EnvironmentProblem(
                "another pmctl act is running in this repository", hint="wait until it has ended, then try again"
            ) from None
        yield  # the lock goes with the file handle, also when the process is killed


def _refuse_uncommitted(repo: git.Repository, paths: Iterable[str]) -> tuple[str, str]:
    """The id of HEAD ('' before the first commit) and the full name of its branch ('' for none).

    Raises Refused when one of the paths differs from HEAD.
    """
    words = ("status", "--porcelain=v2", "--branch", "--no-ahead-behind", "--no-renames", "--untracked-files=all", "-z")
    entries = git.run(repo.top, *words, "--", *_literal(dict.fromkeys(paths))).text.split("\0")
    heads = dict(entry.removeprefix("# branch.").split(" ", 1) for entry in entries if entry.startswith("# branch."))
    # git-status(1), "Porcelain Format Version 2": the path follows a fixed number of fields.
    fields = {"1": 8, "u": 10, "?": 1}
    changed = tuple(entry.split(" ", fields[entry[0]])[-1] for entry in entries if entry[:1] in fields)
    if changed:
        raise Refused(
            f"{changed[0]} has changes that are not committed",
            hint=f"commit them first: git commit -- {changed[0]}  (or put them back: git restore -SW -- {changed[0]})",
            details=changed[1:],
        )
    branch = "" if heads["head"] == "(detached)" else f"refs/heads/{heads['head']}"
    return "" if heads["oid"] == "(initial)" else heads["oid"], branch


def _run_commit(repo: git.Repository, paths: Sequence[str], message: str, signing: Sequence[str]) -> None:
    existing = [path for path in paths if (repo.top / path).exists()]
    if existing:
        # -f: an organisation's ignore patterns must not drop half of an act.
        git.run(repo.top, "add", "-f", "--", *_literal(existing), reading=False)
    flags = ["-S"] if any(word.startswith("user.signingkey=") for word in signing) else ["--no-gpg-sign"]
    words = ("commit", "--quiet", "--cleanup=verbatim", *flags, "-F", "-", "--only", "--")
    arguments = (*signing, *words, *_literal(paths))
    done = git.run(repo.top, *arguments, stdin=message.encode(), check=False, reading=False)
    if done.code:
        problem = git.failure(arguments, done)
        # git itself ends with 128, or says why; 1 without a word of its own is a hook's.
        if done.code == 1 and not problem.hint and b"partial commit" not in done.stderr and _has_hooks(repo):
            lines = (done.stdout + done.stderr).decode("utf-8", "replace").splitlines()
            raise _RefusedByHook(tuple(line for line in lines if line.strip()))
        raise problem


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
    for step in (target, *target.parents):
        if step == repo.root:
            break
        if step.is_symlink():
            raise Refused(f"{write.path} leads through a symbolic link", hint="replace the link by a file or a folder")
    if write.data is None:
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_file(target, write.data, scratch=repo.act_dir)


def _touched(repo: git.Repository, writes: Sequence[Write], *, staged_too: bool) -> Iterator[Touched]:
    """The files of an act as they are now; what is staged of them is noted where it may differ from HEAD."""
    staged = landing.staged_entries(repo, [write.path for write in writes]) if staged_too else {}
    for write in writes:
        target = repo.root / write.path
        before = target.read_bytes() if target.is_file() and not target.is_symlink() else None
        yield Touched(write.path, before, write.data, staged.get(write.path, ""))


def _put_back(repo: git.Repository, journal: Journal, *, live: bool) -> tuple[str, ...]:
    """Make the files and the index as they were; returns what is to be said about content that was in the way.

    A file that is neither as before nor as the act, or a hook on its behalf, wrote it was changed by somebody since.
    After a kill it is kept. While the act runs (`live`) it can only be what a hook left behind, or an editor saved in
    that moment: it is replaced, and kept as an object of git's.
    """
    kept = []
    for one in journal.files:
        target = repo.root / one.path
        now = target.read_bytes() if target.is_file() else None
        if now == one.before:
            continue
        if now not in (one.after, one.hooked):
            if not live:
                continue
            if now is not None:
                oid = git.run(repo.top, "hash-object", "-w", "--stdin", stdin=now, check=False).text
                kept.append(f"what {one.path} held meanwhile can be seen with: git cat-file -p {oid}")
        if one.before is None:
            target.unlink()
            _remove_empty_folders(target.parent, repo.root)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_file(target, one.before, scratch=repo.act_dir)
    if _reset_index(repo, journal):
        journals.forget(repo, journal)  # otherwise the journal stays, and the next act tries again
    return tuple(kept)


def _reset_index(repo: git.Repository, journal: Journal) -> bool:
    """Take the act's files out of what is staged, and stage what was staged of them before.

    False when the index is locked and something of them is staged.
    """
    paths = _literal(repo.prefix + one.path for one in journal.files)
    words = ("reset", "-q") if git.head(repo.top) else ("rm", "-q", "--cached", "--ignore-unmatch")
    done = git.run(repo.top, *words, "--", *paths, check=False, reading=False)
    if done.code != 0:
        if words[0] == "rm":
            return False
        return git.run(repo.top, "diff-index", "--cached", "--quiet", "HEAD", "--", *paths, check=False).code == 0
    entries = "".join(f"{one.staged}\t{repo.prefix}{one.path}\0" for one in journal.files if one.staged)
    if entries:
        data = entries.encode("utf-8", "surrogateescape")
        return git.run(repo.top, "update-index", "-z", "--index-info", stdin=data, check=False, reading=False).code == 0
    return True


def _explained(error: BaseException, kept: tuple[str, ...] = ()) -> BaseException:
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
    if kept and isinstance(error, PmctlError):
        error.details = (*error.details, *kept)
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
