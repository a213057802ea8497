"""Every write is a commit that lands on the upstream branch by compare-and-swap, or nothing.

    what waits -> fetch, stand on upstream -> each write as one commit -> one push -> answers

When another server was faster, all of it is taken back and done again on what it pushed, so that several servers share
one git server and lose nothing. Nobody is answered before the push: what was acknowledged is there, whoever is killed.
"""

from __future__ import annotations

import queue
import random
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from pmctl import git
from pmctl.errors import EnvironmentProblem, TryAgain, UsageProblem
from pmctl.repository.workspace import Workspace
from pmctl.server.shelf import Page, Shelf
from pmctl.text import single_line
from pmctl.workflow.sync import upstream_of

SERVER = ("pmctl server", "server@pmctl.invalid")
"""Whom git names as the committer of what a server writes for people."""
_ATTEMPTS = 50
_MOST_AT_ONCE = 32
_KEY = "Idempotency-Key"
_KEPT = 10_000  # commits whose keys are known
_ASKS_NOBODY = {"GIT_TERMINAL_PROMPT": "0"}
_FASTER = re.compile(r"fetch first|non-fast-forward|stale info|remote ref updated|cannot lock ref|failed to update ref")
_TRAILER = re.compile(rf"^({_KEY}|Postmortem|Thread): (\S+)$", re.MULTILINE)
_IN_SUBJECT = re.compile(r"\b(AI-[0-9a-z]{4})\b")


class Unwritten(EnvironmentProblem):
    """Nothing was written, for a reason that whoever asked may be told."""


class UpstreamRefuses(Unwritten):
    """A push that is no race: a hook, a protection or a missing right stands against it."""


@dataclass(frozen=True, slots=True)
class Author:
    """In whose name something is written."""

    handle: str
    name: str
    email: str

    @property
    def arguments(self) -> tuple[str, ...]:
        """git's arguments for a commit of theirs that the server makes, which it cannot sign for them."""
        pairs = {
            "author.name": self.name, "author.email": self.email, "committer.name": SERVER[0],
            "committer.email": SERVER[1], "commit.gpgsign": "false",
        }  # fmt: skip
        return tuple(word for name, value in pairs.items() for word in ("-c", f"{name}={value}"))


@dataclass(frozen=True, slots=True)
class Written:
    """What a write made: the postmortem, and the action item when it was about one.

    `again` says that an earlier request with the same `key` made it; `page` is how it reads then, when that was made.
    """

    postmortem: str
    item: str = ""
    again: bool = False
    key: str = ""
    page: Page | None = None


@dataclass(slots=True)
class _Job:
    do: Callable[[Workspace, str], Written]
    key: str
    answer: Future[Written] = field(default_factory=Future)
    found: Written | None = None


def _name(key: str) -> str:
    """Whose key it is and which, without what was asked for."""
    return key.partition("-")[0]


def _nothing(workspace: Workspace, note: str) -> Written:
    """A write that writes nothing: what it is done for is the catching up before it."""
    return Written("")


class Writer:
    """Takes writes from any thread and lands them one after another, in a thread of its own."""

    def __init__(self, repo: git.Repository, shelf: Shelf) -> None:
        self._repo = repo
        self._moved = shelf.moved
        self._standing = shelf.standing
        self._waiting: queue.Queue[_Job | None] = queue.Queue()
        self._place = place_of(repo)
        self._keys: dict[str, Written] = {}
        self._read = ""
        self._thread = threading.Thread(target=self._run, name="pmctl-writer", daemon=True)

    def start(self) -> None:
        """Stand on the upstream branch and begin. Raises EnvironmentProblem when the clone holds work of others."""
        refuse_others_work(self._repo, self._place)
        self.catch_up()
        self._thread.start()

    def stop(self) -> None:
        """End when what was taken has been answered."""
        self._waiting.put(None)
        if self._thread.is_alive():
            self._thread.join(60)

    def write(self, do: Callable[[Workspace, str], Written], key: str = "") -> Future[Written]:
        """Let `do` make one commit on the newest state; it gets the note that the commit's message has to carry.

        `key` names the request, as NAME-CONTENT: of two with the same key the second gets the answer of the first, and
        with the same name alone a UsageProblem.
        """
        job = _Job(do, key)
        self._waiting.put(job)
        return job.answer

    def catch_up(self) -> None:
        """Stand where the upstream branch is. What was not pushed was not acknowledged, and goes."""
        with self._standing:
            place = self._place
            if place.remote:
                git.run(
                    self._repo.top, "fetch", "--quiet", "--no-tags", place.remote,
                    f"+refs/heads/{place.branch}:{place.ref}", env=_ASKS_NOBODY, reading=False,
                )  # fmt: skip
                self._back()
            self._learn()
            self._moved()

    def look(self) -> None:
        """Catch up in turn with the writes, when there are none waiting."""
        if self._waiting.empty():
            self.write(_nothing).exception(60)

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            jobs = [first]
            while len(jobs) < _MOST_AT_ONCE and not self._waiting.empty():
                more = self._waiting.get()
                if more is None:
                    self._waiting.put(None)
                    break
                jobs.append(more)
            try:
                self._land(jobs)
            except BaseException as error:  # whoever waits is told, whatever it was
                for job in jobs:
                    if not job.answer.done():
                        job.answer.set_exception(error)

    def _land(self, jobs: Sequence[_Job]) -> None:
        """Do them all and push once; all of it again when somebody was faster.

        What upstream refuses whole may be the fault of one of them: then each is pushed by itself.
        """
        for attempt in range(_ATTEMPTS):
            with self._standing:
                self.catch_up()
                done = self._try_all([job for job in jobs if not job.answer.done()])
                try:
                    landed = not done or self._push()
                except UpstreamRefuses:
                    if len(done) == 1:
                        raise
                    self._land_apart(done)
                    return
                if landed:
                    self._learn()
                    self._moved()
                    break
                self._back()
            time.sleep(random.uniform(0, 0.02 * min(attempt + 1, 10)))  # noqa: S311  only so that servers differ
        else:
            raise Unwritten("the branch moved on during every attempt; nothing was written")
        for job in done:
            if job.found is not None:
                job.answer.set_result(job.found)

    def _land_apart(self, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            try:
                self._land([job])
            except Exception as error:  # the answer of this write, and of no other
                job.answer.set_exception(error)

    def _try_all(self, jobs: Sequence[_Job]) -> list[_Job]:
        """The writes that have made a commit, or that rest on one of these; the others are answered."""
        done: list[_Job] = []
        made: dict[str, Written] = {}
        for job in jobs:
            name = _name(job.key)
            known = self._keys.get(name) or made.get(name)
            if known is not None and known.key != job.key:
                hint = "a new request needs a key of its own"
                job.answer.set_exception(UsageProblem(f"this {_KEY} was another request's", hint=hint))
                continue
            if name in self._keys:
                job.answer.set_result(self._keys[name])
                continue
            if name in made:
                job.found = replace(made[name], again=True)
                done.append(job)
                continue
            if job.do is _nothing:
                job.answer.set_result(Written(""))
                continue
            try:
                job.found = self._try(job)
            except Exception as error:  # it is the answer of this write, and of no other
                job.answer.set_exception(error)
                continue
            done.append(job)
            if job.key:
                made[name] = replace(job.found, key=job.key)
        return done

    def _try(self, job: _Job) -> Written:
        note = f"{_KEY}: {job.key}" if job.key else ""
        try:
            return job.do(Workspace(self._repo), note)
        except TryAgain:  # an act that was killed is out of the way now
            return job.do(Workspace(self._repo), note)

    def _push(self) -> bool:
        """Whether the branch took it. Raises UpstreamRefuses, with all of it taken back, when it never will."""
        place = self._place
        if not place.remote:
            return True
        was = git.run(self._repo.top, "rev-parse", place.ref).text
        done = git.run(
            self._repo.top, "push", "--quiet", f"--force-with-lease=refs/heads/{place.branch}:{was}", place.remote,
            f"HEAD:refs/heads/{place.branch}", env=_ASKS_NOBODY, check=False, reading=False,
        )  # fmt: skip
        if done.code == 0:
            return True
        said = done.stderr.decode("utf-8", "replace")
        if _FASTER.search(said):
            return False
        self._back()
        lines = [line.removeprefix("remote:").strip() for line in said.splitlines() if line.startswith("remote:")]
        why = "; ".join(single_line(line) for line in lines if line)[:500]
        raise UpstreamRefuses(f"upstream does not take it: {why or 'it does not say why'}")

    def _back(self) -> None:
        """Stand on the upstream branch as it was fetched; without a remote what is committed is landed."""
        place = self._place
        if place.remote:
            heads = git.run(self._repo.top, "rev-parse", "HEAD", place.ref).text.split("\n")
            if len(set(heads)) > 1:
                git.run(self._repo.top, "reset", "--quiet", "--hard", place.ref, reading=False)

    def _learn(self) -> None:
        """Read the keys of requests that landed since the last time, whichever server they came to."""
        tip = git.head(self._repo.top)
        if tip == self._read:
            return
        ancestry = ("merge-base", "--is-ancestor", self._read, tip)
        known = bool(self._read) and git.run(self._repo.top, *ancestry, check=False).code == 0
        if not known:  # upstream was rewritten: what went with it was never asked for
            self._keys.clear()
        since = (f"{self._read}..{tip}",) if known else (f"--max-count={_KEPT}", tip)
        for message in git.run(self._repo.top, "log", "-z", "--format=%B", *since, "--").text.split("\0"):
            found = dict(_TRAILER.findall(message))
            if _KEY in found:
                item = _IN_SUBJECT.search(message.split("\n")[0])
                what = item[1] if item else found.get("Thread", "")
                self._keys[_name(found[_KEY])] = Written(found.get("Postmortem", ""), what, True, found[_KEY])
        self._read = tip


@dataclass(frozen=True, slots=True)
class Place:
    """The branch that is served, the remote that it lands at ("" without one), and the ref that remembers it here."""

    branch: str
    remote: str
    ref: str


def place_of(repo: git.Repository) -> Place:
    """Where writes land. Raises EnvironmentProblem on a detached HEAD, or when nobody can know the remote."""
    branch = git.run(repo.top, "symbolic-ref", "--short", "-q", "HEAD", check=False).text
    if not branch:
        raise EnvironmentProblem("HEAD is detached: there is no branch to serve", hint="git switch BRANCH")
    if not git.run(repo.top, "remote", check=False).text:
        return Place(branch, "", "HEAD")
    upstream = upstream_of(repo, branch)
    return Place(upstream.branch, upstream.remote, upstream.ref)


def refuse_others_work(repo: git.Repository, place: Place) -> None:
    """Raise EnvironmentProblem when the clone holds work of somebody that standing on upstream would lose."""
    hint = "give the server a clone of its own: git clone URL DIR, pmctl serve -C DIR"
    if git.run(repo.top, "status", "--porcelain", "--untracked-files=no").text:
        raise EnvironmentProblem("this clone has changes that are not committed", hint=hint)
    if place.remote and git.run(repo.top, "rev-parse", "--verify", "-q", place.ref, check=False).code == 0:
        theirs = git.run(repo.top, "log", "--format=%ce", f"{place.ref}..HEAD").text.split()
        if any(one != SERVER[1] for one in theirs):
            raise EnvironmentProblem("this clone has commits that are not pushed", hint=hint)
