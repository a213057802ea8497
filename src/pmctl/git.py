"""The only module that runs git.

`run` calls git in a work tree: with the person's own configuration when an act is written, and with
everything that a repository could use to run code or to write switched off when something is only read.
`hermetic` starts git on a repository's objects alone, for `pmctl.object_reader`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pmctl.errors import EnvironmentProblem
from pmctl.processes import Progress

SETTINGS_FILE = "pmctl.yaml"
OLDEST_GIT = (2, 34)
_OLDEST = ".".join(map(str, OLDEST_GIT))

Process = subprocess.Popen[bytes]

_FULL_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT_ID = re.compile(r"[0-9a-f]{4,64}")

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
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "cat"}
# Variables by which a caller's environment redirects git; an act is about the repository it stands in.
_REDIRECTING = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_EXTERNAL_DIFF", "GIT_PREFIX",
)  # fmt: skip


class Completed(NamedTuple):
    """What a git command left: its two streams as bytes and its exit code."""

    stdout: bytes
    stderr: bytes
    code: int

    @property
    def text(self) -> str:
        """Standard output, decoded, without the final newline."""
        return self.stdout.decode("utf-8", "surrogateescape").rstrip("\n")


class Repository(NamedTuple):
    """Where things are. `prefix` is the pmctl root inside the work tree: '' or 'folder/sub/'.

    `top` is the work tree's top folder, or the git directory itself of a bare repository. `user_folder` is where this
    user's own state lies, outside of every repository; without one nothing is remembered. `progress` is told how far it
    is by whatever takes long in it.
    """

    top: Path
    prefix: str
    git_dir: Path
    common_dir: Path
    bare: bool = False
    user_folder: Path | None = None
    progress: Progress | None = None

    @property
    def root(self) -> Path:
        """The folder that holds pmctl.yaml; every path that pmctl shows is relative to it."""
        return self.top / self.prefix if self.prefix else self.top

    @property
    def state_dir(self) -> Path:
        """pmctl's own folder under the git directory: caches; never committed."""
        return self.common_dir / "pmctl"

    @property
    def act_dir(self) -> Path:
        """Where an act of this work tree keeps its lock and its journal: another work tree of the repository has its
        own, and nobody takes the one's interrupted act for the other's."""
        return self.git_dir / "pmctl"


@lru_cache(maxsize=1)
def git_program() -> str:
    """The path of git.

    Raises EnvironmentProblem when there is none.
    """
    found = shutil.which("git")
    if found is None:
        raise EnvironmentProblem("git is not installed", hint=f"install git {_OLDEST} or newer")
    return found


def version() -> tuple[int, ...]:
    """The version of git as numbers, (2, 39, 5)."""
    words = run(Path("/"), "version").text.split()
    digits = words[2].split(".") if len(words) > 2 else []
    return tuple(int(part) for part in digits[:3] if part.isdigit())


def environment(extra: Mapping[str, str] | None = None, *, index: bool = False) -> dict[str, str]:
    """The environment for git in a work tree: the caller's, without what redirects git elsewhere.

    With `index` the one that git itself names to its hooks counts (`git commit --only` has one of its own).
    """
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in _REDIRECTING or (index and name == "GIT_INDEX_FILE")
    }
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
    index: bool = False,
) -> Completed:
    """Run git in `cwd` and return what it printed.

    With `reading` (the default) the repository's own hooks, monitors and external programs are off and
    git takes no optional lock; acts pass `reading=False`, so that commits behave as the person's own.
    `index` asks for the index that git names to its hooks.
    Values that come from a file or a person must be full object ids or stand behind `--`.

    Raises EnvironmentProblem with git's last line when it fails and `check` is set.
    """
    settings = _READING if reading else ("-c", "core.quotePath=false")
    variables = environment({**_QUIET, **(env or {})} if reading else env, index=index)
    done = subprocess.run(
        [git_program(), *settings, *arguments], cwd=cwd, input=stdin, env=variables, capture_output=True, check=False
    )
    result = Completed(done.stdout, done.stderr, done.returncode)
    if check and result.code != 0:
        raise failure(arguments, result)
    return result


def begin(cwd: Path, *arguments: str) -> Callable[[], Completed]:
    """Let git read something while other work is done: `run`, whose result is there when it is asked for."""
    process = subprocess.Popen(
        [git_program(), *_READING, *arguments], cwd=cwd, env=environment(_QUIET),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip

    def finish() -> Completed:
        printed, said = process.communicate()
        result = Completed(printed, said, process.returncode)
        if result.code != 0:
            raise failure(arguments, result)
        return result

    return finish


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
    # The last line says why, unless it is advice.
    last = said[-1:]
    reason = next((line for line in (*last, *said) if line.startswith(("fatal: ", "error: "))), "".join(last))
    # Before the verb stand options, and settings behind each -c.
    pairs = zip(("", *arguments), arguments, strict=False)
    verb = next((word for before, word in pairs if before != "-c" and not word.startswith("-")), "git")
    return EnvironmentProblem(
        f"git {verb} failed: {reason or result.code}", hint=hint, details=tuple(line for line in said if line != reason)
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
    places = result.text.split("\n")
    if len(places) != 3:  # an old git says an option back that it does not know
        if version() < OLDEST_GIT:
            said = ".".join(map(str, version()))
            raise EnvironmentProblem(f"git {said} is too old", hint=f"install git {_OLDEST} or newer")
        raise EnvironmentProblem(
            f"the path of the repository around {start} holds a line break", hint="rename that folder"
        )
    top, git_dir, common = places
    return Path(top), Path(git_dir), Path(common)


def make_repository(folder: Path) -> None:
    """Make an empty repository in `folder`, on the branch that the person's git begins with, else main.

    Raises EnvironmentProblem when git cannot.
    """
    from git import Repo
    from git.exc import GitCommandError

    try:
        branch = run(folder, "config", "--get", "init.defaultBranch", check=False).text
        Repo.init(folder, initial_branch=branch or "main").close()
    except (GitCommandError, OSError) as error:
        raise EnvironmentProblem(f"git could not make a repository in {folder}: {error}") from None


def discover(start: Path, user_folder: Path | None = None, *, below: bool = False) -> Repository:
    """The repository around `start` and the pmctl root in it (the nearest folder upwards with pmctl.yaml).

    With `below` the only root below `start` serves where there is none above. Raises EnvironmentProblem when there is
    no git repository, no root, or several below to choose from.
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
            prefix = "" if prefix == "." else prefix + "/"
            return Repository(top, prefix, git_dir, common, user_folder=user_folder)
        if candidate == top:
            break
    if below and (prefix := _only_root_below(folder)):
        prefix = (folder / prefix).relative_to(top).as_posix() + "/"
        return Repository(top, prefix, git_dir, common, user_folder=user_folder)
    message = f"no {SETTINGS_FILE} in {folder}" + ("" if folder == top else f" or above it, up to {top}")
    others = tuple(f"-C {os.path.relpath(top / name)}" for name in _roots_below(top))
    if others:
        hint = f"name the folder that holds the postmortems: pmctl {others[0]}"
        raise EnvironmentProblem(message, hint=hint, details=others[1:])
    raise EnvironmentProblem(message, hint="run 'pmctl init' to make this repository ready")


def _only_root_below(folder: Path) -> str:
    """The folder with pmctl.yaml below `folder`, relative to it; "" for none. Raises EnvironmentProblem for several."""
    found = _roots_below(folder)
    if len(found) > 1:
        places = tuple(f"-C {name}" for name in found)
        raise EnvironmentProblem(f"{len(found)} folders here hold postmortems", hint="name one of them", details=places)
    return found[0] if found else ""


def _roots_below(folder: Path) -> list[str]:
    """The folders with pmctl.yaml below `folder`, relative to it."""
    listing = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", f":(glob)**/{SETTINGS_FILE}")
    listed = run(folder, *listing).stdout.decode(errors="surrogateescape").split("\0")
    return sorted({name.rpartition("/")[0] for name in listed if (folder / name).is_file() and "/" in name})


def resolve(cwd: Path, revision: str) -> str:
    """The full id of the commit that `revision` names.

    Raises EnvironmentProblem when there is no such commit (an empty repository, an unknown name), and when the name
    could mean two of them: whoever pushes a tag or a branch must not choose which.
    """
    _refuse_ambiguous(cwd, revision)
    result = run(cwd, "rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}", check=False)
    if result.code != 0 or not result.text:
        raise EnvironmentProblem(f"there is no commit named {revision!r} in this repository")
    return result.text


_SUFFIX = re.compile(r"[~^:]|@\{")
_PLACES = ("refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD")  # gitrevisions(7)


def _refuse_ambiguous(cwd: Path, revision: str) -> None:
    """Raise EnvironmentProblem when the name that a revision begins with stands for several commits."""
    name = _SUFFIX.split(revision, maxsplit=1)[0]
    if not name or name in ("HEAD", "@") or name.startswith(("refs/", "-")) or _FULL_ID.fullmatch(name):
        return
    places = [place.format(name) for place in _PLACES]
    listed = run(cwd, "for-each-ref", "--format=%(objectname) %(*objectname) %(refname)", "--", *places, check=False)
    found: dict[str, str] = {}
    for line in listed.text.splitlines():
        oid, peeled, ref = line.split(" ", 2)
        if ref in places:
            found[ref] = peeled or oid
    if _SHORT_ID.fullmatch(name):
        ids = run(cwd, "rev-parse", f"--disambiguate={name}", check=False).text.split()
        found.update((oid, oid) for oid in ids)
    if len(set(found.values())) > 1:
        raise EnvironmentProblem(
            f"{name!r} could mean {' or '.join(found)}", hint="write the full name, or the full id of the commit"
        )


def head(cwd: Path) -> str:
    """The full id of the commit that is checked out; '' before the first one."""
    return run(cwd, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False).text


def tip(repo: Repository) -> str:
    """The same of a repository that is known, from git's own files where they say it (gitrepository-layout(5)): a
    process less for every command. git is asked where they don't: on no branch, a packed one, or with reftable."""
    with suppress(OSError, ValueError):
        branch = (repo.git_dir / "HEAD").read_text("utf-8").removesuffix("\n")
        if branch.startswith("ref: refs/heads/") and ".." not in branch:
            said = (repo.common_dir / branch.removeprefix("ref: ")).read_text("ascii").removesuffix("\n")
            if re.fullmatch(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", said):
                return said
    return head(repo.top)


def is_detached(repo: Repository) -> bool:
    """Whether HEAD is on no branch, so that a commit made here would be on none.

    git is asked only where its own file does not say (gitrepository-layout(5); with reftable it names no branch).
    """
    with suppress(OSError):
        said = (repo.git_dir / "HEAD").read_bytes()
        if b".invalid" not in said:
            return not said.startswith(b"ref:")
    return run(repo.top, "symbolic-ref", "--quiet", "HEAD", check=False).code == 1


def start(cwd: Path, *arguments: str) -> Process:
    """Start git in `cwd` to read from, as `run` does; its two ends are pipes, and the caller waits for it."""
    return subprocess.Popen(
        [git_program(), *_READING, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(_QUIET),
        cwd=cwd,
    )


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


def hermetic(folder: Path, objects: Path, alternates: Sequence[Path], *arguments: str) -> Process:
    """Start git on the objects in `objects` with nothing else of any repository; its two ends are pipes.

    `folder` is an empty GIT_DIR that the caller made and removes. Of the environment only PATH is passed on: no
    configuration, hook, filter, replace ref or graft takes part, and nothing is fetched.
    """
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "LC_ALL": "C",
        "GIT_DIR": str(folder),
        "GIT_OBJECT_DIRECTORY": str(objects),
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    if alternates:
        env["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = os.pathsep.join(str(path) for path in alternates)
    return subprocess.Popen(
        [git_program(), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=env,
        cwd=folder,
    )
