"""Hermetic reading of history: one `git cat-file --batch` over a repository's objects, and nothing else of it.

git runs in an empty temporary GIT_DIR with a cleared environment, and every object's hash is computed
again here, so that no configuration, hook, filter, replace ref, graft or damaged disk takes part.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from pmctl.errors import EnvironmentProblem
from pmctl.git import Process, hermetic
from pmctl.objects import Commit, CorruptObject, MissingObject, TreeEntry, parse_commit, parse_tree


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
        self._process: Process | None = None

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
        self._process = hermetic(folder, self._objects, self._alternates, "cat-file", "--batch")
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
        arguments = ("-c", "core.commitGraph=false", "rev-list", "--topo-order", "--stdin")
        asked = "".join(f"{oid}\n" for oid in (tip, *(f"^{oid}" for oid in without)))
        with hermetic(Path(self._folder), self._objects, self._alternates, *arguments) as process:
            answer, _ = process.communicate(asked.encode())
        return answer.decode("ascii", "replace").split() if process.returncode == 0 else []

    def _next(self, process: Process, oid: str) -> tuple[str, bytes]:
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
