"""What was sent to whom, in a ref of its own: refs/pmctl/delivered, which everybody who sends reads and moves.

    channels/<channel>.json                     from where on a channel is told, and how far it was
    open/<channel>/<event>.json                 what is about to be sent, was refused, or nobody knows about
    done/<channel>/<month>/<event>.json         what was sent, with the answer
    posts/<channel>/<postmortem>.json           where its message stands, to be brought up to date later

The remote's ref counts where there is a remote, and it only ever moves from what was read to what follows it: whoever
comes second is told (Overtaken), reads again, and finds that it is being sent. The files of several events that went as
one message are the same. Nothing here is part of what people work on, or of what the audit proves.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Literal
from urllib.parse import quote, unquote

from pmctl import git
from pmctl.errors import EnvironmentProblem, PmctlError
from pmctl.repository.bases import REMOTE

REF = "refs/pmctl/delivered"
_FASTER = re.compile(
    r"stale info|fetch first|non-fast-forward|remote ref updated|cannot lock ref|failed to update ref|"
    r"incorrect old value|reference already exists|failed to lock"
)
_IDENTITY = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (
    ("NAME", "pmctl"), ("EMAIL", "pmctl@localhost"))}  # fmt: skip

State = Literal["intended", "sent", "refused", "unknown"]


class Overtaken(PmctlError):
    """Somebody else has moved the ref since it was read: read it again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one channel, about one event or several. `channel` is its name in pmctl.yaml, or @HANDLE.

    `at` is when it was about to be sent, `answer` what the service said. Of what is only intended nobody knows yet
    whether it arrived: it is under way, or whoever sent it died.
    """

    channel: str
    events: tuple[str, ...]
    what: str
    at: str
    state: State = "intended"
    answer: str = ""
    postmortem: str = ""
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """pmctl integrations log: what was sent to whom, when, and with which answer."""

    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """How far a channel was told: at `tip` all there was is decided about. `since` is when it was first seen; `marks`
    are the ids of the last events, the newest first, of which a rewritten history keeps one."""

    since: str
    tip: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Book:
    """The ref as it was read. `files` are object ids by path; `remote` is "" where there is none."""

    repo: git.Repository
    remote: str
    tip: str
    files: Mapping[str, str] = field(repr=False)

    def knows(self, channel: str, event: str) -> bool:
        """Whether something was sent, or is about to be."""
        return (channel, event) in self._known

    @cached_property
    def _known(self) -> frozenset[tuple[str, str]]:
        parts = [path.split("/") for path in self.files]
        return frozenset((unquote(one[1]), one[-1][:-5]) for one in parts if one[0] in ("open", "done"))

    def told(self, channel: str) -> Told | None:
        """How far a channel was told; None for one that was never seen."""
        found = self._read(f"channels/{_file(channel)}.json")
        try:
            return Told(str(found["since"]), str(found["tip"]), tuple(map(str, found["marks"]))) if found else None
        except (KeyError, TypeError):
            return None

    def post(self, channel: str, postmortem: str) -> dict[str, str]:
        """Where the message about a postmortem stands in a channel; empty where there is none."""
        found = self._read(f"posts/{_file(channel)}/{postmortem}.json")
        return {str(name): str(value) for name, value in found.items()}

    def open(self) -> list[Delivery]:
        """What was not, or not certainly, sent, the oldest first."""
        return self._deliveries("open/")

    def deliveries(self) -> list[Delivery]:
        """Everything, the oldest first."""
        return self._deliveries(("open/", "done/"))

    def of(self, channel: str) -> list[Delivery]:
        """What a channel was sent, and what is open for it."""
        return self._deliveries((f"open/{_file(channel)}/", f"done/{_file(channel)}/"))

    def _deliveries(self, below: str | tuple[str, ...]) -> list[Delivery]:
        wanted = dict.fromkeys(oid for path, oid in self.files.items() if path.startswith(below))
        found = [_delivery(one) for one in _blobs(self.repo, list(wanted))]
        return sorted((one for one in found if one is not None), key=lambda one: (one.at, one.channel, one.events))

    def _read(self, path: str) -> dict[str, Any]:
        oid = self.files.get(path)
        [found] = _blobs(self.repo, [oid]) if oid else [{}]
        return found


def opened(repo: git.Repository) -> Book:
    """The ref as it is now, at the remote where there is one.

    Raises EnvironmentProblem where the remote cannot be asked: without it nobody knows what others have sent.
    """
    remote = _remote(repo)
    local = git.run(repo.top, "rev-parse", "--verify", "--quiet", REF, check=False).text
    if not remote:
        return Book(repo, "", local, _files(repo, local))
    tip = _theirs(repo, remote)
    book = Book(repo, remote, tip, _files(repo, tip))
    if local and local != tip and not _holds(repo, tip, local):
        book = _united(book, local)
    return book


def _united(book: Book, local: str) -> Book:
    """What a clone has that its remote lacks, from when it had no remote, as part of it."""
    own = _files(book.repo, local)
    known = book._known
    parts = {path: path.split("/") for path in own}
    missing = {
        path: oid for path, oid in own.items()
        if path not in book.files and not (parts[path][0] in ("open", "done")
                                           and (unquote(parts[path][1]), parts[path][-1][:-5]) in known)
    }  # fmt: skip
    if not missing and book.tip:
        return book
    files = {**book.files, **missing}
    return _moved(book, files, "What this clone sent before it had a remote", also=local)


def _theirs(repo: git.Repository, remote: str) -> str:
    """The remote's ref, whose objects are here then; "" where it has none."""
    listed = git.run(repo.top, "ls-remote", "--quiet", remote, REF, env=_ASKS_NOBODY, check=False, reading=False)
    if listed.code != 0:
        raise EnvironmentProblem(
            f"{remote} cannot be asked what was sent: {_last(listed)}",
            hint="another runner may have sent it, so nothing is sent until the remote answers",
        )
    tip = listed.text.split()[0] if listed.text else ""
    if tip and git.run(repo.top, "cat-file", "-e", f"{tip}^{{commit}}", check=False).code != 0:
        fetched = git.run(
            repo.top, "fetch", "--quiet", "--no-write-fetch-head", "--no-tags", remote, REF, env=_ASKS_NOBODY,
            check=False, reading=False,
        )  # fmt: skip
        if fetched.code != 0:
            raise EnvironmentProblem(f"{REF} of {remote} cannot be fetched: {_last(fetched)}", hint="try again")
        if git.run(repo.top, "cat-file", "-e", f"{tip}^{{commit}}", check=False).code != 0:
            return _theirs(repo, remote)  # it moved on in between
    return tip


_ASKS_NOBODY = {"GIT_TERMINAL_PROMPT": "0"}


def _remote(repo: git.Repository) -> str:
    """The remote that everybody sends through. Raises EnvironmentProblem where nobody can know which."""
    remotes = [one for one in git.run(repo.top, "remote", check=False).text.split("\n") if one]
    if not remotes:
        return ""
    chosen = git.run(repo.top, "config", "--get", REMOTE, check=False).text
    found = next((one for one in (chosen, "origin") if one in remotes), remotes[0] if len(remotes) == 1 else "")
    if not found:
        raise EnvironmentProblem(f"which of the remotes {', '.join(remotes)}?", hint="git config pmctl.remote NAME")
    return found


def intend(book: Book, delivery: Delivery, finished: Mapping[str, bytes | None]) -> Book:
    """Say what is about to be sent, and with it what came of the last one (`outcome`). Raises Overtaken."""
    data = _json(asdict(delivery))
    files: dict[str, bytes | None] = {_open(delivery.channel, event): data for event in delivery.events}
    return written(book, {**finished, **files}, f"About to tell {delivery.channel}: {delivery.what}")


def outcome(delivery: Delivery, place: Mapping[str, str]) -> dict[str, bytes | None]:
    """The files that say what came of it; None for one that goes."""
    data = _json(asdict(delivery))
    if delivery.state != "sent":
        return {_open(delivery.channel, event): data for event in delivery.events}
    files: dict[str, bytes | None] = {_open(delivery.channel, event): None for event in delivery.events}
    month = delivery.at[:7]
    files |= {f"done/{_file(delivery.channel)}/{month}/{event}.json": data for event in delivery.events}
    if place and delivery.postmortem:
        files[f"posts/{_file(delivery.channel)}/{delivery.postmortem}.json"] = _json(dict(place))
    return files


def dropped(one: Delivery) -> dict[str, bytes | None]:
    """The files of something open that is not to be sent any more: they go."""
    return {_open(one.channel, event): None for event in one.events}


def told(channel: str, state: Told) -> dict[str, bytes | None]:
    """The file that says how far a channel was told."""
    return {f"channels/{_file(channel)}.json": _json(asdict(state))}


def written(book: Book, changes: Mapping[str, bytes | None], message: str) -> Book:
    """The ref with these files changed. Raises Overtaken when somebody was faster, EnvironmentProblem when the remote
    does not take it."""
    files = dict(book.files)
    blobs: dict[bytes, str] = {}
    for path, data in changes.items():
        if data is None:
            files.pop(path, None)
            continue
        if data not in blobs:
            blobs[data] = git.run(book.repo.top, "hash-object", "-w", "--stdin", stdin=data).text
        files[path] = blobs[data]
    return book if files == book.files else _moved(book, files, message)


def _moved(book: Book, files: Mapping[str, str], message: str, also: str = "") -> Book:
    repo = book.repo
    parents = [word for one in (book.tip, also) if one for word in ("-p", one)]
    # Of its own, so that two runners who say the same in the same second are told apart.
    run = f"Run: {secrets.token_hex(8)}"
    tree = _tree(book, files)
    commit = git.run(repo.top, "commit-tree", tree, *parents, "-m", message, "-m", run, env=_IDENTITY).text
    if book.remote:
        _push(book, commit)
        git.run(repo.top, "update-ref", REF, commit, check=False)  # only remembered: the remote's counts
    elif git.run(repo.top, "update-ref", REF, commit, book.tip or "0" * len(commit), check=False).code != 0:
        raise Overtaken("another run of pmctl is sending in this clone")
    return replace(book, tip=commit, files=files)


def _tree(book: Book, files: Mapping[str, str]) -> str:
    """Write the tree, from the one that is known and what differs."""
    repo = book.repo
    index = repo.git_dir / f"pmctl-delivered-{secrets.token_hex(8)}"
    env = {"GIT_INDEX_FILE": str(index)}
    try:
        if book.tip:
            git.run(repo.top, "read-tree", book.tip, env=env)
        gone = [f"0 {'0' * len(oid)}\t{path}" for path, oid in book.files.items() if path not in files]
        new = [f"100644 {oid}\t{path}" for path, oid in files.items() if book.files.get(path) != oid]
        git.run(repo.top, "update-index", "--index-info", stdin="\n".join([*gone, *new, ""]).encode(), env=env)
        return git.run(repo.top, "write-tree", env=env).text
    finally:
        with suppress(OSError):
            os.unlink(index)  # noqa: PTH108  a Path is what `index` is; this says that it may be missing


def _push(book: Book, commit: str) -> None:
    lease = f"--force-with-lease={REF}:{book.tip}"
    pushed = git.run(
        book.repo.top, "push", "--quiet", "--no-verify", lease, book.remote, f"{commit}:{REF}", env=_ASKS_NOBODY,
        check=False, reading=False,
    )  # fmt: skip
    if pushed.code == 0:
        return
    said = pushed.stderr.decode("utf-8", "replace")
    if _FASTER.search(said):
        raise Overtaken("somebody else has sent something in the meantime")
    raise EnvironmentProblem(
        f"{book.remote} does not take {REF}: {_last(pushed)}",
        hint=f"let whoever runs this push {REF}: without it two runners would send the same twice",
    )


def _last(completed: git.Completed) -> str:
    lines = [line.strip() for line in completed.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    chosen = next((line for line in lines if "rejected" in line or line.startswith(("fatal:", "remote:"))), "")
    return chosen or (lines[-1] if lines else str(completed.code))


def _files(repo: git.Repository, tip: str) -> dict[str, str]:
    if not tip:
        return {}
    listed = git.run(repo.top, "ls-tree", "-r", "-z", "--full-tree", tip).stdout.decode("utf-8", "replace")
    rows = (row.partition("\t") for row in listed.split("\0") if row)
    return {path: head.split(" ")[2] for head, _, path in rows if path.endswith(".json")}


def _holds(repo: git.Repository, tip: str, commit: str) -> bool:
    return bool(tip) and git.run(repo.top, "merge-base", "--is-ancestor", commit, tip, check=False).code == 0


def _blobs(repo: git.Repository, oids: list[str]) -> list[dict[str, Any]]:
    """The JSON objects in these files; an empty one for what is none."""
    if not oids:
        return []
    out = git.run(repo.top, "cat-file", "--batch", stdin="\n".join([*oids, ""]).encode()).stdout
    found, at = [], 0
    for _ in oids:
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


def _delivery(value: Mapping[str, Any]) -> Delivery | None:
    try:
        state = value["state"]
        if state not in ("intended", "sent", "refused", "unknown"):
            return None
        return Delivery(
            str(value["channel"]), tuple(map(str, value["events"])), str(value["what"]), str(value["at"]), state,
            str(value["answer"]), str(value["postmortem"]), tuple(map(str, value["items"])),
        )  # fmt: skip
    except (KeyError, TypeError):
        return None


def _open(channel: str, event: str) -> str:
    return f"open/{_file(channel)}/{event}.json"


def _file(channel: str) -> str:
    """A channel's name as that of a file."""
    return quote(channel, safe="@")


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=True, sort_keys=True, indent=1) + "\n").encode()
