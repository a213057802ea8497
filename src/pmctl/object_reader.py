"""Hermetic reading of history: one `git cat-file --batch` over a repository's objects, and nothing else of it.

git runs in an empty temporary GIT_DIR with a cleared environment, and every object's hash is computed
again here, so that no configuration, hook, filter, replace ref, graft or damaged disk takes part.

A question to git costs a switch between two processes, which costs more than most of the work on the answer. So
whoever knows what comes next has all of it read ahead at once (`fetch`).
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from pmctl.errors import EnvironmentProblem
from pmctl.git import Process, hermetic
from pmctl.objects import Commit, CorruptObject, MissingObject, parse_commit

_HEX = frozenset("0123456789abcdef")
_TOGETHER = 64  # objects asked for at a time
_COMMITS = 4096  # commits read ahead at a time
_LARGEST_KEPT = 1024 * 1024  # bytes of one object that was read ahead
_LARGEST = 8 * 1024 * 1024  # bytes of one object that are handed out; no reader accepts as many
_LARGEST_TREE = 32 * 1024 * 1024  # bytes, some hundred thousand entries
_NOTHING = -2  # a limit that every content is above
_CHUNK = 1024 * 1024  # bytes that are read and hashed at a time
_MOST_KEPT = 64 * 1024 * 1024  # bytes of all of them


class ObjectReader:
    """Objects by full id; git starts with the first question and ends with `close`, or with the reader itself.

    What was fetched ahead is handed out once and then forgotten; commits are kept. `object_directory` and
    `alternates` are for a hook that runs in git's quarantine, where new objects live beside the repository's own.
    """

    def __init__(
        self, common_dir: Path, *, object_directory: Path | None = None, alternates: Sequence[Path] = ()
    ) -> None:
        self._objects = object_directory or common_dir / "objects"
        self._alternates = tuple(alternates)
        self._sha256 = _uses_sha256(common_dir)
        self._process: Process | None = None
        self._end: weakref.finalize[[Process, Path], ObjectReader] | None = None
        self._folder = Path()
        self._ahead: dict[str, tuple[str, bytes]] = {}
        self._size = 0
        self._commits: dict[str, Commit] = {}

    def __enter__(self) -> ObjectReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End git and remove its folder; a later question starts it again."""
        if self._end is not None:
            self._end()
        self._process = None

    def read(self, oid: str) -> tuple[str, bytes]:
        """(kind, content) of the object `oid` (40 or 64 hex digits).

        All of it is hashed, but of one that is larger than any reader accepts only the beginning is handed out, and one
        byte more than its limit, so that memory is bounded and the reader sees that it is too large.
        Raises MissingObject, or CorruptObject when the bytes do not hash to the id.
        """
        found = self._ahead.pop(oid, None)
        if found is not None:
            self._size -= len(found[1])
            return found
        if not self._is_id(oid):
            raise CorruptObject(oid, "not a full object id")
        return self._answer(self._asked((oid,)), oid)

    def fetch(self, oids: Iterable[str]) -> None:
        """Read objects ahead. One that is missing or corrupt is left for the read that needs it to report."""
        wanted = [
            oid for oid in dict.fromkeys(oids)
            if oid not in self._ahead and oid not in self._commits and self._is_id(oid)
        ]  # fmt: skip
        if self._size > _MOST_KEPT:
            self._ahead.clear()
            self._size = 0
        for first in range(0, len(wanted), _TOGETHER):
            group = wanted[first : first + _TOGETHER]
            process = self._asked(group)
            for oid in group:
                with suppress(MissingObject, CorruptObject):
                    found = self._answer(process, oid, _LARGEST_KEPT)
                    if len(found[1]) <= _LARGEST_KEPT:
                        self._ahead[oid] = found
                        self._size += len(found[1])

    def fetch_history(self, tip: str, without: tuple[str, ...] = ()) -> None:
        """Read the commits up to `tip` ahead, except those at or before one of `without`."""
        oids = self.commit_ids(tip, without) or []
        for first in range(0, len(oids), _COMMITS):
            self.fetch(oids[first : first + _COMMITS])
            for oid in oids[first : first + _COMMITS]:
                if oid in self._ahead:
                    self.commit(oid)

    def blob(self, oid: str) -> bytes:
        """The content of a blob. Raises MissingObject, CorruptObject."""
        return self._of_kind(oid, "blob")

    def sha256(self, oid: str) -> str:
        """The SHA-256 of a blob's content, of any size, in hex. Raises MissingObject, CorruptObject."""
        kept = self._ahead.get(oid)
        if kept is not None or not self._is_id(oid):
            return hashlib.sha256(self.blob(oid)).hexdigest()
        digest = hashlib.sha256()
        kind, _ = self._answer(self._asked((oid,)), oid, _NOTHING, digest.update)
        if kind != "blob":
            raise CorruptObject(oid, f"it is a {kind}, not a blob")
        return digest.hexdigest()

    def tree(self, oid: str) -> bytes:
        """The bytes of a tree, for `objects.parse_tree`. Raises MissingObject, CorruptObject."""
        found = self._of_kind(oid, "tree")
        if len(found) > _LARGEST_TREE:
            raise CorruptObject(oid, "it is a folder of more entries than can be read")
        return found

    def commit(self, oid: str) -> Commit:
        """A commit, parsed without git's formatting code. Raises MissingObject, CorruptObject."""
        found = self._commits.get(oid)
        if found is None:
            found = self._commits[oid] = parse_commit(oid, self._of_kind(oid, "commit"))
        return found

    def raw_differences(self, commits: Iterable[str], paths: Sequence[str]) -> list[str]:
        """How commits differ from each of their parents in files at or below `paths`: the fields that `git diff-tree
        --raw -m -z` prints (a commit's id for each pair, then two for each file). Unverified, as in `commit_ids`.
        """
        self._started()
        arguments = ("--literal-pathspecs", "diff-tree", "--stdin", "-m", "-r", "-z", "--raw", "--root", "--no-renames")
        with hermetic(
            self._folder, self._objects, self._alternates, *arguments, "--no-abbrev", "--", *paths
        ) as process:
            answer, _ = process.communicate("".join(f"{oid}\n" for oid in commits).encode())
        return answer.decode("utf-8", "surrogateescape").split("\0")[:-1]

    def commit_ids(self, tip: str, without: Sequence[str]) -> list[str] | None:
        """The ids of `tip` and its ancestors, newest first, without those of `without`; None when git cannot say.

        git answers from whatever it finds, unverified: a hint what to read ahead, and enough about one's own clone.
        """
        self._started()
        arguments = ("-c", "core.commitGraph=false", "rev-list", "--topo-order", "--stdin")
        asked = "".join(f"{oid}\n" for oid in (tip, *(f"^{oid}" for oid in without)))
        with hermetic(self._folder, self._objects, self._alternates, *arguments) as process:
            answer, _ = process.communicate(asked.encode())
        return answer.decode("ascii", "replace").split() if process.returncode == 0 else None

    def _started(self) -> Process:
        """git, which is started in an empty git directory when it does not run yet."""
        if self._process is None:
            folder = self._folder = Path(tempfile.mkdtemp(prefix="pmctl-git-"))
            (folder / "refs").mkdir()
            (folder / "objects").mkdir()
            (folder / "HEAD").write_text("ref: refs/heads/none\n")
            # Above this many bytes git hands a blob on piece by piece and does not hold all of it, either.
            core = "\tbare = true\n\tbigFileThreshold = 1m\n"
            config = f"[core]\n\trepositoryformatversion = 0\n{core}"
            if self._sha256:
                config = f"[core]\n\trepositoryformatversion = 1\n{core}[extensions]\n\tobjectformat = sha256\n"
            (folder / "config").write_text(config)
            self._process = hermetic(folder, self._objects, self._alternates, "cat-file", "--batch")
            self._end = weakref.finalize(self, _end, self._process, folder)
        return self._process

    def _asked(self, oids: Sequence[str]) -> Process:
        process = self._started()
        assert process.stdin is not None  # noqa: S101  for the type checker: it is a pipe
        try:
            process.stdin.write("".join(oid + "\n" for oid in oids).encode())
            process.stdin.flush()
        except OSError as error:
            raise EnvironmentProblem(f"git cat-file ended early: {error}") from None
        return process

    def _answer(
        self, process: Process, oid: str, most: int = -1, each: Callable[[bytes], object] | None = None
    ) -> tuple[str, bytes]:
        """(kind, content) of the next object that git sends: at most `most` bytes of it and one more (-1: as its kind
        allows). `each` is given all of a larger one, chunk by chunk."""
        assert process.stdout is not None  # noqa: S101  for the type checker: it is a pipe
        header = process.stdout.readline().split()
        if len(header) == 2 and header[1] == b"missing":
            raise MissingObject(oid)
        if len(header) != 3 or header[0].decode() != oid:
            raise CorruptObject(oid, "git cannot read it")
        kind, size = header[1].decode(), int(header[2])
        if most == -1:
            most = _LARGEST_TREE if kind == "tree" else _LARGEST
        new = hashlib.sha256 if self._sha256 else hashlib.sha1
        hashed = new(b"%s %d\x00" % (header[1], size))
        if size <= most:
            data = process.stdout.read(size)
            process.stdout.read(1)
            if len(data) != size:
                raise CorruptObject(oid, "it ends early")
            hashed.update(data)
        else:
            data, left = b"", size
            while left and (chunk := process.stdout.read(min(left, _CHUNK))):
                hashed.update(chunk)
                if each is not None:
                    each(chunk)
                data += chunk[: most + 1 - len(data)]
                left -= len(chunk)
            process.stdout.read(1)
        if hashed.hexdigest() != oid:
            raise CorruptObject(oid, "its content does not hash to its id")
        return kind, data

    def _of_kind(self, oid: str, expected: str) -> bytes:
        kind, data = self.read(oid)
        if kind != expected:
            raise CorruptObject(oid, f"it is a {kind}, not a {expected}")
        return data

    def _is_id(self, oid: str) -> bool:
        return len(oid) == (64 if self._sha256 else 40) and _HEX.issuperset(oid)


def _end(process: Process, folder: Path) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):  # a broken pipe: the process has ended already
                stream.close()
    process.kill()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)


def _uses_sha256(common_dir: Path) -> bool:
    try:
        text = (common_dir / "config").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "objectformat=sha256" in "".join(text.lower().split())
