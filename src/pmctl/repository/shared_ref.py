"""A ref of JSON files that several clones read and move: `pmctl.repository.deliveries` and `pmctl.repository.tokens`.

The remote's ref counts where there is a remote, and it only ever moves from what was read to what follows it: whoever
comes second is told (Overtaken) and reads again. Nothing here is part of what people work on, or of what the audit
proves.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeVar

from pmctl import git
from pmctl.errors import EnvironmentProblem, PmctlError
from pmctl.repository.bases import REMOTE

_FASTER = re.compile(
    r"stale info|fetch first|non-fast-forward|remote ref updated|cannot lock ref|failed to update ref|"
    r"incorrect old value|reference already exists|failed to lock"
)
_IDENTITY = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (
    ("NAME", "pmctl"), ("EMAIL", "pmctl@localhost"))}  # fmt: skip
_ASKS_NOBODY = {"GIT_TERMINAL_PROMPT": "0"}
_Ref = TypeVar("_Ref", bound="SharedRef")


class Overtaken(PmctlError):
    """Somebody else has moved the ref since it was read: read it again."""


@dataclass(frozen=True)
class SharedRef:
    """A ref as it was read. `files` are object ids by path; `remote` is "" where there is none.

    A kind of ref has its name, and says what it knows and why a remote has to take it.
    """

    REF: ClassVar[str]
    KNOWS: ClassVar[str]
    SO: ClassVar[str]
    OTHERWISE: ClassVar[str]

    repo: git.Repository
    remote: str
    tip: str
    files: Mapping[str, str] = field(repr=False)

    @classmethod
    def opened(cls: type[_Ref], repo: git.Repository) -> _Ref:
        """The ref as it is now, at the remote where there is one.

        Raises EnvironmentProblem where the remote cannot be asked: without it nobody knows what others did.
        """
        remote = _remote(repo)
        tip = cls._theirs(repo, remote) if remote else cls.local(repo)
        return cls(repo, remote, tip, files_of(repo, tip))

    @classmethod
    def local(cls, repo: git.Repository) -> str:
        """What this clone remembers of the ref, "" for nothing."""
        return git.run(repo.top, "rev-parse", "--verify", "--quiet", cls.REF, check=False).text

    @classmethod
    def _theirs(cls, repo: git.Repository, remote: str) -> str:
        """The remote's ref, whose objects are here then; "" where it has none."""
        listed = git.run(
            repo.top, "ls-remote", "--quiet", remote, cls.REF, env=_ASKS_NOBODY, check=False, reading=False
        )
        if listed.code != 0:
            raise EnvironmentProblem(f"{remote} cannot be asked {cls.KNOWS}: {_last(listed)}", hint=cls.SO)
        tip = listed.text.split()[0] if listed.text else ""
        if tip and git.run(repo.top, "cat-file", "-e", f"{tip}^{{commit}}", check=False).code != 0:
            fetched = git.run(
                repo.top, "fetch", "--quiet", "--no-write-fetch-head", "--no-tags", remote, cls.REF, env=_ASKS_NOBODY,
                check=False, reading=False,
            )  # fmt: skip
            if fetched.code != 0:
                raise EnvironmentProblem(f"{cls.REF} of {remote} cannot be fetched: {_last(fetched)}", hint="try again")
            if git.run(repo.top, "cat-file", "-e", f"{tip}^{{commit}}", check=False).code != 0:
                return cls._theirs(repo, remote)  # it moved on in between
        return tip

    def read(self, path: str) -> dict[str, Any]:
        """The JSON object in a file; an empty one where there is none."""
        oid = self.files.get(path)
        [found] = blobs(self.repo, [oid]) if oid else [{}]
        return found

    def written(self: _Ref, changes: Mapping[str, bytes | None], message: str) -> _Ref:
        """The ref with these files changed, None for one that goes.

        Raises Overtaken when somebody was faster, EnvironmentProblem when the remote does not take it.
        """
        files = dict(self.files)
        known: dict[bytes, str] = {}
        for path, data in changes.items():
            if data is None:
                files.pop(path, None)
                continue
            if data not in known:
                known[data] = git.run(self.repo.top, "hash-object", "-w", "--stdin", stdin=data).text
            files[path] = known[data]
        return self if files == self.files else self.moved(files, message)

    def moved(self: _Ref, files: Mapping[str, str], message: str, also: str = "") -> _Ref:
        """The ref with exactly these files; `also` is a further parent. Raises as `written` does."""
        repo = self.repo
        parents = [word for one in (self.tip, also) if one for word in ("-p", one)]
        # Of its own, so that two runners who say the same in the same second are told apart.
        run = f"Run: {secrets.token_hex(8)}"
        tree = self._tree(files)
        commit = git.run(repo.top, "commit-tree", tree, *parents, "-m", message, "-m", run, env=_IDENTITY).text
        if self.remote:
            self._push(commit)
            git.run(repo.top, "update-ref", self.REF, commit, check=False)  # only remembered: the remote's counts
        elif git.run(repo.top, "update-ref", self.REF, commit, self.tip or "0" * len(commit), check=False).code != 0:
            raise Overtaken("another run of pmctl was faster in this clone")
        return replace(self, tip=commit, files=files)

    def _tree(self, files: Mapping[str, str]) -> str:
        """Write the tree, from the one that is known and what differs."""
        repo = self.repo
        index = repo.git_dir / f"pmctl-shared-{secrets.token_hex(8)}"
        env = {"GIT_INDEX_FILE": str(index)}
        try:
            if self.tip:
                git.run(repo.top, "read-tree", self.tip, env=env)
            gone = [f"0 {'0' * len(oid)}\t{path}" for path, oid in self.files.items() if path not in files]
            new = [f"100644 {oid}\t{path}" for path, oid in files.items() if self.files.get(path) != oid]
            git.run(repo.top, "update-index", "--index-info", stdin="\n".join([*gone, *new, ""]).encode(), env=env)
            return git.run(repo.top, "write-tree", env=env).text
        finally:
            with suppress(OSError):
                os.unlink(index)  # noqa: PTH108  a Path is what `index` is; this says that it may be missing

    def _push(self, commit: str) -> None:
        lease = f"--force-with-lease={self.REF}:{self.tip}"
        pushed = git.run(
            self.repo.top, "push", "--quiet", "--no-verify", lease, self.remote, f"{commit}:{self.REF}",
            env=_ASKS_NOBODY, check=False, reading=False,
        )  # fmt: skip
        if pushed.code == 0:
            return
        if _FASTER.search(pushed.stderr.decode("utf-8", "replace")):
            raise Overtaken("somebody else was faster in the meantime")
        raise EnvironmentProblem(f"{self.remote} does not take {self.REF}: {_last(pushed)}", hint=self.OTHERWISE)


def files_of(repo: git.Repository, tip: str) -> dict[str, str]:
    """The object ids of the JSON files of a commit, by path."""
    if not tip:
        return {}
    listed = git.run(repo.top, "ls-tree", "-r", "-z", "--full-tree", tip).stdout.decode("utf-8", "replace")
    rows = (row.partition("\t") for row in listed.split("\0") if row)
    return {path: head.split(" ")[2] for head, _, path in rows if path.endswith(".json")}


def blobs(repo: git.Repository, oids: Iterable[str]) -> list[dict[str, Any]]:
    """The JSON objects in these files; an empty one for what is none."""
    wanted = list(oids)
    if not wanted:
        return []
    out = git.run(repo.top, "cat-file", "--batch", stdin="\n".join([*wanted, ""]).encode()).stdout
    found, at = [], 0
    for _ in wanted:
        head, _, _ = out[at : at + 200].partition(b"\n")
        words = head.split()
        size = int(words[2]) if len(words) == 3 else 0
        start = at + len(head) + 1
        try:
            value = json.loads(out[start : start + size])
        except ValueError:
            value = {}
        found.append(value if isinstance(value, dict) else {})
        at = start + size + 1 if len(words) == 3 else start
    return found


def json_file(value: object) -> bytes:
    """A file of the ref: indented, sorted, so that what differs shows."""
    return (json.dumps(value, ensure_ascii=True, sort_keys=True, indent=1) + "\n").encode()


def _remote(repo: git.Repository) -> str:
    """The remote that everybody goes through. Raises EnvironmentProblem where nobody can know which."""
    remotes = [one for one in git.run(repo.top, "remote", check=False).text.split("\n") if one]
    if not remotes:
        return ""
    chosen = git.run(repo.top, "config", "--get", REMOTE, check=False).text
    found = next((one for one in (chosen, "origin") if one in remotes), remotes[0] if len(remotes) == 1 else "")
    if not found:
        raise EnvironmentProblem(f"which of the remotes {', '.join(remotes)}?", hint="git config pmctl.remote NAME")
    return found


def _last(completed: git.Completed) -> str:
    lines = [line.strip() for line in completed.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    chosen = next((line for line in lines if "rejected" in line or line.startswith(("fatal:", "remote:"))), "")
    return chosen or (lines[-1] if lines else str(completed.code))
