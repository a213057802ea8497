"""A made-up company with a dozen postmortems and their history, to look around in: `pmctl demo` leaves it behind.

The texts in `company/` are as they are in the end, at the time of `_WRITTEN`. They are moved by whole weeks to the day
on which the demo is played, so that what is late is late. Their life is made up here: drafts, reviews, signed records
and items that are completed, in the order of their times, written by one `git fast-import`. Everything is signed by
keys that are made on the spot, and the audit passes all of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from pmctl import git
from pmctl.document.actions import action_items
from pmctl.document.attributes import MERGE_LINE
from pmctl.document.digest import content_digest
from pmctl.document.fields import ItemStatus, Status, path_of
from pmctl.document.reader import Document, read
from pmctl.errors import EnvironmentProblem
from pmctl.ledger import record
from pmctl.policy import act as acts
from pmctl.policy import lifecycle
from pmctl.policy.change import propose_policy
from pmctl.policy.model import POLICY_PATH, Key, Person, Policy
from pmctl.policy.reading import parse_policy
from pmctl.policy.state import PostmortemState
from pmctl.policy.writing import render_policy
from pmctl.repository.actor import Actor
from pmctl.repository.records import record_writes
from pmctl.repository.signing import SshSigner, make_key
from pmctl.repository.transaction import Write
from pmctl.surroundings import Surroundings
from pmctl.text import utc
from pmctl.workflow.lifecycle import edited, message_of

NAME = "Larkfield"
PEOPLE = {
    "alice": "Alice Roe", "bob": "Bob Ray", "jane": "Jane Doe", "lena": "Lena Fischer", "mei": "Mei Tan",
    "sam": "Sam Okafor",
}  # fmt: skip
YOU = "bob"
"""Whose repository it is: one review waits for him, and one of his items is late."""
TEAMS = {
    "checkout": ("bob", "jane"), "delivery": ("bob", "sam"), "discovery": ("sam", "lena"), "engagement": ("lena",),
    "payments": ("mei", "jane"), "platform": ("mei", "jane"), "warehouse": ("mei", "sam"),
}  # fmt: skip
SETTINGS = b"""\
version: 1
template: default
severities: [SEV1, SEV2, SEV3]
root_causes: [capacity, certificate, config, dependency, deploy, monitoring, race-condition, retries, testing, traffic]
"""
_WRITTEN = datetime(2026, 1, 23, 9, tzinfo=UTC)
_TEXTS = Path(__file__).with_name("company")
_DAY = re.compile(r"\b20\d\d-\d\d-\d\d(?!\d)")
_STATUS = re.compile(r"(?m)^(\| AI-.*\| )(?:IN_PROGRESS|COMPLETED|WONT_DO)( \|)")


@dataclass(frozen=True, slots=True)
class _Happening:
    """What somebody does with a postmortem: `what` is an act, "" for the first draft, or the id of an item."""

    at: datetime
    name: str
    what: str
    by: str


@dataclass(slots=True)
class _Postmortem:
    """A postmortem under way: what it says in the end, and what has become of it so far."""

    final: Document
    now: Document
    state: PostmortemState
    number: int = 0


def make(folder: Path, now: datetime, environ: Mapping[str, str]) -> int:
    """Make the company's repository in `folder`, and its keys in `home/` there; returns how many postmortems it holds.

    git and ssh-keygen run with `environ`. Raises EnvironmentProblem without them.
    """
    home, repository = folder / "home" / NAME.lower(), folder / NAME.lower()
    surroundings = Surroundings(environ, home)
    people = {handle: _person(handle, home / "keys" / handle, surroundings) for handle in PEOPLE}
    weeks = (now - _WRITTEN) // timedelta(weeks=1)
    texts, at = _texts(weeks), _WRITTEN + timedelta(weeks=weeks)
    repository.mkdir()
    env = {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    git.run(repository, "init", "--quiet", "--initial-branch=main", env=env, reading=False)
    commits = b"".join(_history(people, texts, at))
    git.run(repository, "fast-import", "--quiet", stdin=commits, env=env, reading=False)
    git.run(repository, "reset", "--quiet", "--hard", env=env, reading=False)
    key = home / "keys" / YOU
    with (repository / ".git" / "config").open("a", encoding="utf-8") as config:
        config.write(f"[user]\n\tname = {PEOPLE[YOU]}\n\temail = {YOU}@larkfield.example\n\tsigningkey = {key}\n")
        config.write("[gpg]\n\tformat = ssh\n")
    return len(texts)


def _person(handle: str, key: Path, surroundings: Surroundings) -> Actor:
    email = f"{handle}@larkfield.example"
    return Actor(handle, PEOPLE[handle], email, SshSigner(make_key(key, email, surroundings), surroundings))


def _texts(weeks: int) -> list[Document]:
    """The postmortems as they are in the end, every day in them moved by so many weeks."""

    def moved(day: re.Match[str]) -> str:
        return (date.fromisoformat(day.group()) + timedelta(weeks=weeks)).isoformat()

    return [
        read(_DAY.sub(moved, file.read_text(encoding="utf-8")).encode(), path_of(_DAY.sub(moved, file.stem)))
        for file in sorted(_TEXTS.glob("*.md"))
    ]


def _policy(people: dict[str, Actor]) -> tuple[Policy, bytes]:
    known = {
        handle: Person(handle, actor.name, (actor.email,), (Key(actor.signer.key),)) for handle, actor in people.items()
    }
    data = render_policy(Policy(1, known, TEAMS, ("alice",), repository="1a4f" * 8, branch="main"))
    policy, _ = parse_policy(data)
    if policy is None:
        raise EnvironmentProblem("the demo's policy is not valid", hint="install pmctl again")
    return policy, data


def _history(people: dict[str, Actor], texts: Sequence[Document], now: datetime) -> Iterator[bytes]:
    """Every commit, as `git fast-import` reads it."""
    policy, data = _policy(people)
    begin = min(_moment(text, "started_at") for text in texts) - timedelta(days=30)
    first = propose_policy(policy, None, "", by="alice", at=utc(begin))
    founding = [
        Write(git.SETTINGS_FILE, SETTINGS), Write(POLICY_PATH, data),
        Write(".gitattributes", f"{MERGE_LINE}\n".encode()),
        *record_writes(people["alice"], first, 1, record.to_bytes(first)),
    ]  # fmt: skip
    yield _commit(people["alice"], begin, f"Set up pmctl for {NAME}\n", founding)
    known = {one.id: _Postmortem(one, _as_begun(one), PostmortemState(one.id, author=one.author)) for one in texts}
    happenings = [one for text in texts for one in _life(text, now)]
    for one in sorted(happenings, key=lambda one: one.at):
        yield _commit(people[one.by], one.at, *_done(known[one.name], one, policy, people[one.by]))


def _done(found: _Postmortem, one: _Happening, policy: Policy, actor: Actor) -> tuple[str, list[Write]]:
    """The message and the files of a commit."""
    if one.what not in acts.ACTS:
        if one.what:
            status = next(item.status for item in action_items(found.final) if item.id == one.what)
            found.now = _with_status(found.now, one.what, status)
        what = f"{'Complete' if one.what else 'Draft'} {one.what or one.name}"
        return f"{what}\n", [Write(found.now.path, found.now.data)]
    act = lifecycle.propose(
        one.what, found.state, policy, policy.digest, by=one.by, at=utc(one.at), content=content_digest(found.now),
        note="superseded by the cluster's own issuer" if one.what == acts.ARCHIVE else "",
        reviewers=tuple(found.final.meta.get("reviewers") or ()) if one.what == acts.SUBMIT else (),
        author=found.final.author,
    )  # fmt: skip
    data = record.to_bytes(act)
    found.number += 1
    found.state = lifecycle.advance(found.state, act, record.digest(data), author=found.final.author)
    found.now = edited(found.now, act, found.state)
    return message_of(act), [Write(found.now.path, found.now.data), *record_writes(actor, act, found.number, data)]


def _life(text: Document, now: datetime) -> Iterator[_Happening]:
    """What happened to a postmortem after its incident, up to the state that it is in."""

    def then(days: int, hour: int, what: str, by: str) -> _Happening:
        at = datetime.combine(incident + timedelta(days=days), time(hour, len(text.title) % 60), UTC)
        return _Happening(min(at, now), text.id, what, by)

    incident = _moment(text, "started_at").date()
    reviewers = list(text.meta.get("reviewers") or ())
    author = text.author
    yield _Happening(_moment(text, "resolved_at") + timedelta(hours=3), text.id, "", author)
    if text.status == Status.DRAFT:
        return
    yield then(2, 9, acts.SUBMIT, author)
    if text.status == Status.IN_REVIEW:
        if incident < (now - timedelta(days=7)).date():  # the first of them has read it
            yield then(4, 14, acts.APPROVE, reviewers[0])
        return
    for number, who in enumerate(reviewers):
        yield then(3 + number, 13, acts.APPROVE, who)
    yield then(6, 10, acts.PUBLISH, author)
    for number, item in enumerate(action_items(text)):
        if item.status != ItemStatus.OPEN and item.due_date is not None:
            at = datetime.combine(item.due_date - timedelta(days=2), time(15, 10 + number), UTC)
            yield _Happening(min(at, now - timedelta(days=2)), text.id, item.id, author)
    if text.status == Status.ARCHIVED:
        yield then(120, 11, acts.ARCHIVE, "alice")


def _as_begun(text: Document) -> Document:
    """What a postmortem says at first: a draft, and after its publication nothing is done yet."""
    said = text.data.decode()
    said = re.sub(r"(?m)^reviewers: .*\n", "", said, count=1)
    said = re.sub(r"(?m)^status: .*$", "status: DRAFT", said, count=1)
    if text.status in (Status.PUBLISHED, Status.ARCHIVED):
        said = _STATUS.sub(r"\1OPEN\2", said)
    return read(said.encode(), text.path)


def _with_status(text: Document, item: str, status: str) -> Document:
    row = re.compile(rf"(?m)^(\| {item} \|.*\| )OPEN( \|)")
    return read(row.sub(rf"\g<1>{status}\2", text.data.decode()).encode(), text.path)


def _moment(text: Document, field: str) -> datetime:
    value = text.meta[field]
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def _commit(actor: Actor, at: datetime, message: str, files: Iterable[Write]) -> bytes:
    who = f"{actor.name} <{actor.email}> {int(at.timestamp())} +0000"
    said = message.encode()
    parts = [f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata {len(said)}\n".encode(), said, b"\n"]
    for file in files:
        data = file.data or b""
        parts += [f"M 100644 inline {file.path}\ndata {len(data)}\n".encode(), data, b"\n"]
    return b"".join(parts)
