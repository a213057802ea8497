"""What was sent to whom, in a ref of its own: refs/pmctl/delivered, which everybody who sends reads and moves.

    channels/<channel>.json                     from where on a channel is told, and how far it was
    open/<channel>/<event>.json                 what is about to be sent, was refused, or nobody knows about
    done/<channel>/<month>/<event>.json         what was sent, with the answer
    posts/<channel>/<postmortem>.json           where its message stands, to be brought up to date later

How such a ref is read and moved stands in `pmctl.repository.shared_ref`: whoever comes second reads again, and finds
that it is being sent. The files of several events that went as one message are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal
from urllib.parse import quote, unquote

from pmctl import git
from pmctl.repository.shared_ref import Overtaken as Overtaken
from pmctl.repository.shared_ref import SharedRef, blobs, files_of, json_file

REF = "refs/pmctl/delivered"
State = Literal["intended", "sent", "refused", "unknown"]


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
class Book(SharedRef):
    """The ref as it was read."""

    REF: ClassVar[str] = REF
    KNOWS: ClassVar[str] = "what was sent"
    SO: ClassVar[str] = "another runner may have sent it, so nothing is sent until the remote answers"
    OTHERWISE: ClassVar[str] = f"let whoever runs this push {REF}: without it two runners would send the same twice"

    def knows(self, channel: str, event: str) -> bool:
        """Whether something was sent, or is about to be."""
        return (channel, event) in self._known

    @cached_property
    def _known(self) -> frozenset[tuple[str, str]]:
        parts = [path.split("/") for path in self.files]
        return frozenset((unquote(one[1]), one[-1][:-5]) for one in parts if one[0] in ("open", "done"))

    def told(self, channel: str) -> Told | None:
        """How far a channel was told; None for one that was never seen."""
        found = self.read(f"channels/{_file(channel)}.json")
        try:
            return Told(str(found["since"]), str(found["tip"]), tuple(map(str, found["marks"]))) if found else None
        except (KeyError, TypeError):
            return None

    def post(self, channel: str, postmortem: str) -> dict[str, str]:
        """Where the message about a postmortem stands in a channel; empty where there is none."""
        found = self.read(f"posts/{_file(channel)}/{postmortem}.json")
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
        found = [_delivery(one) for one in blobs(self.repo, wanted)]
        return sorted((one for one in found if one is not None), key=lambda one: (one.at, one.channel, one.events))


def opened(repo: git.Repository) -> Book:
    """The ref as it is now, at the remote where there is one.

    Raises EnvironmentProblem where the remote cannot be asked: without it nobody knows what others have sent.
    """
    book, local = Book.opened(repo), Book.local(repo)
    if book.remote and local and local != book.tip and not _holds(repo, book.tip, local):
        book = _united(book, local)
    return book


def _united(book: Book, local: str) -> Book:
    """What a clone has that its remote lacks, from when it had no remote, as part of it."""
    own = files_of(book.repo, local)
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
    return book.moved(files, "What this clone sent before it had a remote", also=local)


def intend(book: Book, delivery: Delivery, finished: Mapping[str, bytes | None]) -> Book:
    """Say what is about to be sent, and with it what came of the last one (`outcome`). Raises Overtaken."""
    data = json_file(asdict(delivery))
    files: dict[str, bytes | None] = {_open(delivery.channel, event): data for event in delivery.events}
    return book.written({**finished, **files}, f"About to tell {delivery.channel}: {delivery.what}")


def outcome(delivery: Delivery, place: Mapping[str, str]) -> dict[str, bytes | None]:
    """The files that say what came of it; None for one that goes."""
    data = json_file(asdict(delivery))
    if delivery.state != "sent":
        return {_open(delivery.channel, event): data for event in delivery.events}
    files: dict[str, bytes | None] = {_open(delivery.channel, event): None for event in delivery.events}
    month = delivery.at[:7]
    files |= {f"done/{_file(delivery.channel)}/{month}/{event}.json": data for event in delivery.events}
    if place and delivery.postmortem:
        files[f"posts/{_file(delivery.channel)}/{delivery.postmortem}.json"] = json_file(dict(place))
    return files


def dropped(one: Delivery) -> dict[str, bytes | None]:
    """The files of something open that is not to be sent any more: they go."""
    return {_open(one.channel, event): None for event in one.events}


def told(channel: str, state: Told) -> dict[str, bytes | None]:
    """The file that says how far a channel was told."""
    return {f"channels/{_file(channel)}.json": json_file(asdict(state))}


def _holds(repo: git.Repository, tip: str, commit: str) -> bool:
    return bool(tip) and git.run(repo.top, "merge-base", "--is-ancestor", commit, tip, check=False).code == 0


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
