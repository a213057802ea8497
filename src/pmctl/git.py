"""The only module that runs git.

Two ways in. `run` calls git in a work tree: with the person's own configuration when an act is
written, and with everything that a repository could use to run code or to write switched off when
something is only read. `ObjectReader` reads history hermetically: one `git cat-file --batch` over
the repository's objects, in an empty temporary GIT_DIR with a cleared environment, so that no
configuration, hook, filter, replace ref or graft of the repository takes part, and with every
object's hash recomputed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType

from pmctl.errors import EnvironmentProblem
from pmctl.objects import Commit, CorruptObject, MissingObject, TreeEntry, parse_commit, parse_tree

SETTINGS_FILE = "pmctl.yaml"
OLDEST_GIT = (2, 34)

# Configuration that would let a repository run a program, or change what it shows, while it is only read.
_READING = (
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.untrackedCache=false",
    "-c", "core.quotePath=false",
    "-c", "diff.external=",
    "-c", "log.showSignature=false",
    "-c", "protocol.allow=never",
    "-c", "submodule.recurse=false",
    "-c", "gc.auto=0",
)  # fmt: skip
# Variables by which a caller's environment redirects git; an act is about the repository it stands in.
_REDIRECTING = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_EXTERNAL_DIFF", "GIT_PREFIX",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Completed:
    """What a git command left: its two streams as bytes and its exit code."""

    stdout: bytes
    stderr: bytes
    code: int

    @property
    def text(self) -> str:
        """Standard output, decoded, without the final newline."""
        return self.stdout.decode("utf-8", "surrogateescape").rstrip("\n")


@dataclass(frozen=True, slots=True)
class Repository:
    """Where things are. `prefix` is the pmctl root inside the work tree: '' or 'folder/sub/'.

    `top` is the work tree's top folder, or the git directory itself of a bare repository.
    """

    top: Path
    prefix: str
    git_dir: Path
    common_dir: Path
    bare: bool = False

    @property
    def root(self) -> Path:
        """The folder that holds pmctl.yaml; every path that pmctl shows is relative to it."""
        return self.top / self.prefix if self.prefix else self.top

    @property
    def state_dir(self) -> Path:
        """pmctl's own folder under the git directory: caches, the lock and the journal; never committed."""
        return self.common_dir / "pmctl"


@lru_cache(maxsize=1)
def git_program() -> str:
    """The path of git.

    Raises EnvironmentProblem when there is none.
    """
    found = shutil.which("git")
    if found is None:
        raise EnvironmentProblem("git is not installed", hint="install git 2.34 or newer")
    return found


def version() -> tuple[int, ...]:
    """The version of git as numbers, (2, 39, 5)."""
    words = run(Path("/"), "version").text.split()
    digits = words[2].split(".") if len(words) > 2 else []
    return tuple(int(part) for part in digits[:3] if part.isdigit())


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for git in a work tree: the caller's, without what redirects git elsewhere."""
    env = {name: value for name, value in os.environ.items() if name not in _REDIRECTING}
    env["LC_ALL"] = "C"
    if extra:
        env.update(extra)
    return env


def run(
    cwd: Path,
    *arguments: str,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    check: bool = True,
    reading: bool = True,
) -> Completed:
    """Run git in `cwd` and return what it printed.

    With `reading` (the default) the repository's own hooks, monitors and external programs are off and
    git takes no optional lock; acts pass `reading=False`, so that commits behave as the person's own.
    Values that come from a file or a person must be full object ids or stand behind `--`.

    Raises EnvironmentProblem with git's last line when it fails and `check` is set.
    """
    settings = _READING if reading else ("-c", "core.quotePath=false")
    variables = environment(env)
    if reading:
        variables.update(GIT_OPTIONAL_LOCKS="0", GIT_NO_REPLACE_OBJECTS="1", GIT_TERMINAL_PROMPT="0", GIT_PAGER="cat")
    done = subprocess.run(
        [git_program(), *settings, *arguments], cwd=cwd, input=stdin, env=variables, capture_output=True, check=False
    )
    result = Completed(done.stdout, done.stderr, done.returncode)
    if check and result.code != 0:
        raise failure(arguments, result)
    return result


def failure(arguments: Sequence[str], result: Completed) -> EnvironmentProblem:
    """The error for a git command that failed, with a next step for the usual reasons."""
    said = [line for line in result.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    text = " ".join(said)
    hint = ""
    if "index.lock" in text:
        hint = "another git command is running, or one crashed: when none runs, delete .git/index.lock and try again"
    elif "dubious ownership" in text:
        hint = "run: git config --global --add safe.directory <that folder>"
    elif "No space left" in text:
        hint = "free some disk space and try again"
    elif "Author identity unknown" in text or "Please tell me who you are" in text:
        hint = 'run: git config user.name "Your Name" && git config user.email you@example.com'
    verb = next((word for word in arguments if not word.startswith("-")), "git")
    return EnvironmentProblem(
        f"git {verb} failed: {said[-1] if said else result.code}", hint=hint, details=tuple(said[:-1])
    )


def find_work_tree(start: Path) -> tuple[Path, Path, Path] | None:
    """(top, git dir, common dir) of the work tree around `start`, or None when there is none.

    Raises EnvironmentProblem when git refuses to look (ownership, a broken repository).
    """
    result = run(
        start, "rev-parse", "--path-format=absolute", "--show-toplevel", "--git-dir", "--git-common-dir", check=False
    )
    if result.code != 0:
        if b"not a git repository" in result.stderr or b"must be run in a work tree" in result.stderr:
            return None
        raise failure(("rev-parse",), result)
    top, git_dir, common = result.text.split("\n")
    return Path(top), Path(git_dir), Path(common)


def make_repository(folder: Path) -> None:
    """Make an empty repository in `folder`, on the branch main.

    Raises EnvironmentProblem when git cannot.
    """
    from git import Repo
    from git.exc import GitCommandError

    try:
        Repo.init(folder, initial_branch="main").close()
    except (GitCommandError, OSError) as error:
        raise EnvironmentProblem(f"git could not make a repository in {folder}: {error}") from None


def discover(start: Path) -> Repository:
    """The repository around `start` and the pmctl root in it (the nearest folder upwards with pmctl.yaml).

    Raises EnvironmentProblem when there is no git repository or no pmctl.yaml between `start` and its top.
    """
    if not start.is_dir():
        raise EnvironmentProblem(f"{start} is not a folder", hint="give -C an existing folder")
    places = find_work_tree(start)
    if places is None:
        raise EnvironmentProblem(
            f"{start} is not inside a git repository",
            hint="run 'pmctl init' in the folder that shall hold the postmortems",
        )
    top, git_dir, common = places
    folder = start.resolve()
    top = top.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / SETTINGS_FILE).is_file():
            prefix = candidate.relative_to(top).as_posix()
            return Repository(top, "" if prefix == "." else prefix + "/", git_dir, common)
        if candidate == top:
            break
    raise EnvironmentProblem(
        f"no {SETTINGS_FILE} in {folder} or above it, up to {top}",
        hint="run 'pmctl init' to make this repository ready",
    )


def resolve(cwd: Path, revision: str) -> str:
    """The full id of the commit that `revision` names.

    Raises EnvironmentProblem when there is no such commit (an empty repository, an unknown name).
    """
    result = run(cwd, "rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}", check=False)
    if result.code != 0 or not result.text:
        raise EnvironmentProblem(f"there is no commit named {revision!r} in this repository")
    return result.text


def staged_files(repo: Repository, folder: str) -> dict[str, bytes]:
    """What is staged and differs from HEAD below `folder`: path relative to the pmctl root -> bytes.

    Reads the index that git itself uses now: while it commits, it names one by GIT_INDEX_FILE.
    """
    names = ("GIT_INDEX_FILE",)
    env = {name: os.environ[name] for name in names if name in os.environ}
    head = run(repo.top, "rev-parse", "--verify", "--quiet", "HEAD", check=False).text
    against = [head] if head else [run(repo.top, "hash-object", "-t", "tree", "--stdin").text]
    listed = run(
        repo.top, "diff-index", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--diff-filter=ACMT",
        *against, "--", f":(literal){repo.prefix}{folder}".removesuffix("/"), env=env,
    ).stdout.split(b"\0")  # fmt: skip
    found = {}
    for meta, path in zip(listed[::2], listed[1::2], strict=False):
        name = path.decode("utf-8", "surrogateescape").removeprefix(repo.prefix)
        mode, oid = meta.split()[1], meta.split()[3].decode()
        if mode in (b"100644", b"100755"):
            found[name] = run(repo.top, "cat-file", "blob", oid).stdout
    return found


def is_shallow_or_partial(common_dir: Path) -> str:
    """Why this clone lacks history ('shallow clone', 'partial clone'), or '' when it is whole.

    Read from the files themselves: a shallow file, or a pack that a promisor remote left incomplete.
    """
    if (common_dir / "shallow").is_file():
        return "shallow clone"
    packs = common_dir / "objects" / "pack"
    if packs.is_dir() and any(packs.glob("*.promisor")):
        return "partial clone"
    return ""


class ObjectReader:
    """Hermetic access to objects by full id; a context manager around one `git cat-file --batch`.

    `object_directory` and `alternates` are for a hook that runs in git's quarantine, where new objects
    live beside the repository's own.
    """

    def __init__(
        self, common_dir: Path, *, object_directory: Path | None = None, alternates: Sequence[Path] = ()
    ) -> None:
        self._objects = object_directory or common_dir / "objects"
        self._alternates = tuple(alternates)
        self._sha256 = _uses_sha256(common_dir)
        self._folder = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._env: dict[str, str] = {}

    def __enter__(self) -> ObjectReader:
        self._folder = tempfile.mkdtemp(prefix="pmctl-git-")
        folder = Path(self._folder)
        (folder / "refs").mkdir()
        (folder / "objects").mkdir()
        (folder / "HEAD").write_text("ref: refs/heads/none\n")
        config = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
        if self._sha256:
            config = "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"
        (folder / "config").write_text(config)
        env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": self._folder,
            "LC_ALL": "C",
            "GIT_DIR": self._folder,
            "GIT_OBJECT_DIRECTORY": str(self._objects),
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }
        self._env = env
        if self._alternates:
            env["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = os.pathsep.join(str(path) for path in self._alternates)
        self._process = subprocess.Popen(
            [git_program(), "cat-file", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
            cwd=self._folder,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._process
        if process is not None:
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    try:
                        stream.close()
                    except OSError:
                        continue  # a broken pipe: the process has ended already
            process.kill()
            process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def read(self, oid: str) -> tuple[str, bytes]:
        """(kind, content) of the object `oid` (40 or 64 hex digits).

        Raises MissingObject, or CorruptObject when the bytes do not hash to the id.
        """
        return next(self.read_many((oid,)))

    def read_many(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """The objects in the order asked for; requests go out in groups, so that few switches are paid."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise EnvironmentProblem("the object reader is not open")
        length = 64 if self._sha256 else 40
        for first in range(0, len(oids), 64):
            group = oids[first : first + 64]
            for oid in group:
                if len(oid) != length or not set(oid) <= set("0123456789abcdef"):
                    raise CorruptObject(oid, "not a full object id")
            try:
                process.stdin.write("".join(oid + "\n" for oid in group).encode())
                process.stdin.flush()
            except OSError as error:
                raise EnvironmentProblem(f"git cat-file ended early: {error}") from None
            for oid in group:
                yield self._next(process, oid)

    def read_present(self, oids: Sequence[str]) -> dict[str, tuple[str, bytes]]:
        """Those of the objects that are there and whole, by id; the others are left out, for a later read to report."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise EnvironmentProblem("the object reader is not open")
        found: dict[str, tuple[str, bytes]] = {}
        for first in range(0, len(oids), 64):
            group = oids[first : first + 64]
            try:
                process.stdin.write("".join(oid + "\n" for oid in group).encode())
                process.stdin.flush()
            except OSError as error:
                raise EnvironmentProblem(f"git cat-file ended early: {error}") from None
            for oid in group:
                with suppress(MissingObject, CorruptObject):
                    found[oid] = self._next(process, oid)
        return found

    def commit_ids(self, tip: str, without: Sequence[str] = ()) -> list[str]:
        """The ids of `tip` and its ancestors, newest first, without those of `without`: a hint what to read ahead.

        git answers from whatever it finds, unverified; nothing may be concluded from it. Empty when git cannot say.
        """
        done = subprocess.run(
            [git_program(), "-c", "core.commitGraph=false", "rev-list", "--topo-order", "--stdin"],
            input="".join(f"{oid}\n" for oid in (tip, *(f"^{oid}" for oid in without))).encode(),
            env=self._env, cwd=self._folder, capture_output=True, check=False,
        )  # fmt: skip
        return done.stdout.decode("ascii", "replace").split() if done.returncode == 0 else []

    def _next(self, process: subprocess.Popen[bytes], oid: str) -> tuple[str, bytes]:
        assert process.stdout is not None  # noqa: S101  for the type checker; read_many has looked
        header = process.stdout.readline().split()
        if len(header) == 2 and header[1] == b"missing":
            raise MissingObject(oid)
        if len(header) != 3 or header[0].decode() != oid:
            raise CorruptObject(oid, "git cannot read it")
        size = int(header[2])
        data = process.stdout.read(size)
        process.stdout.read(1)
        if len(data) != size:
            raise CorruptObject(oid, "it ends early")
        kind = header[1].decode()
        new = hashlib.sha256 if self._sha256 else hashlib.sha1
        if new(b"%s %d\x00" % (header[1], size) + data).hexdigest() != oid:
            raise CorruptObject(oid, "its content does not hash to its id")
        return kind, data

    def blob(self, oid: str) -> bytes:
        """The content of a blob."""
        return self._of_kind(oid, "blob")

    def commit(self, oid: str) -> Commit:
        """The commit `oid`, parsed without git's formatting code."""
        return parse_commit(oid, self._of_kind(oid, "commit"))

    def tree(self, oid: str) -> tuple[TreeEntry, ...]:
        """The entries of a tree, in git's order."""
        return parse_tree(oid, self._of_kind(oid, "tree"), width=32 if self._sha256 else 20)

    def _of_kind(self, oid: str, expected: str) -> bytes:
        kind, data = self.read(oid)
        if kind != expected:
            raise CorruptObject(oid, f"it is a {kind}, not a {expected}")
        return data


def _uses_sha256(common_dir: Path) -> bool:
    try:
        text = (common_dir / "config").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "objectformat=sha256" in "".join(text.lower().split())
