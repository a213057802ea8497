"""One clone that is served: what is read from it, what is written through it, and whose tokens count."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime

from pmctl import git
from pmctl.errors import PmctlError
from pmctl.repository.tokens import Token, TokenBook, holder
from pmctl.repository.workspace import Workspace
from pmctl.server.guard import Pace
from pmctl.server.shelf import Shelf
from pmctl.server.writer import Author, Writer

_EVERY = 2.0  # seconds between two looks at what others pushed, tokens included
_FAILURES = 10.0  # requests a second without a token that counts, for each address
_AT_MOST_EVERY = 0.5  # seconds between two looks because of a token that is not known


class Problem(Exception):
    """An answer that is no success: its status, what is wrong, and what to do."""

    def __init__(self, status: int, detail: str, fix: str = "", kind: str = "", errors: Sequence[str] = ()) -> None:
        super().__init__(detail)
        self.status, self.detail, self.fix, self.kind, self.errors = status, detail, fix, kind, tuple(errors)


class Service:
    """Everything that requests share. `now` is the clock; `say` tells whoever runs the server what goes wrong."""

    def __init__(self, repo: git.Repository, now: Callable[[], datetime], say: Callable[[str], None]) -> None:
        self.repo, self.now, self.say = repo, now, say
        self.shelf = Shelf(repo)
        self.writer = Writer(repo, self.shelf)
        self._tokens: list[Token] = []
        self._looked = 0.0
        self._reading = threading.Lock()
        self.strangers = Pace(_FAILURES, 2 * _FAILURES)
        self._ending = threading.Event()
        self._looking = threading.Thread(target=self._look, name="pmctl-look", daemon=True)
        self.ready = False

    def start(self) -> None:
        """Stand on upstream and begin to look at it. Raises EnvironmentProblem when this clone cannot be served."""
        self.writer.start()
        self._read_tokens()
        self._looking.start()
        self.ready = True

    def ending(self) -> None:
        """Say that it ends: streams end, and whoever asks /healthz looks for another server."""
        self._ending.set()
        self.ready = False

    def stop(self) -> None:
        """Answer what was taken, then end."""
        self.ending()
        self.writer.stop()

    def holder(self, text: str) -> Token | None:
        """The token that counts now, whose holder is still here; None for any other text."""
        token = holder(text, self._tokens, self.now())
        return token if token is not None and token.handle in self.workspace.policy.present else None

    def counts(self, token: Token) -> bool:
        """Whether an answer that goes on, to somebody who had this token, may go on."""
        known = self.ready and token in self._tokens and not token.expired(self.now())
        return known and token.handle in self.workspace.policy.present

    def look_again(self) -> None:
        """Read the tokens again, since one may have been made just now; waits for its turn, so it is for a thread."""
        asked = time.monotonic()
        with self._reading:
            if self._looked < asked:
                time.sleep(max(0.0, self._looked + _AT_MOST_EVERY - asked))
                self._read_tokens()

    def _read_tokens(self) -> None:
        begun = time.monotonic()
        self._tokens = TokenBook.opened(self.repo).tokens()
        self._looked = begun

    def author(self, handle: str) -> Author:
        """Somebody as git names them."""
        person = self.workspace.policy.people[handle]
        return Author(handle, person.name, person.emails[0])

    @property
    def workspace(self) -> Workspace:
        """The clone as it stands at this commit; what it has read is kept until it moves."""
        tip = self.shelf.tip
        kept = self._kept
        if kept is None or kept[0] != tip:
            kept = self._kept = (tip, Workspace(self.repo))
        return kept[1]

    _kept: tuple[str, Workspace] | None = None

    @property
    def today(self) -> date:
        """The day where the team is."""
        return self.now().astimezone(self.workspace.zone).date()

    def _look(self) -> None:
        while not self._ending.wait(_EVERY):
            try:
                self._read_tokens()
                self.writer.look()
                self.ready = not self._ending.is_set()
            except PmctlError as problem:
                self._tokens = []  # a token that was revoked must not count while nobody can know
                self.ready = False
                self.say(f"upstream is not known: {problem.message}")
