"""A team with a git server, clones that are served by real processes, and a client."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.cli.play import Play


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Office:
    """The stage of a team, with `origin` as its git server."""

    play: Play
    origin: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @classmethod
    def of(cls, play: Play) -> Office:
        origin = play.root.parent / "origin.git"
        play.do("alice", f"git clone -q --bare . {origin} && git remote add origin {origin} && git fetch -q")
        play.do("alice", "git branch -q --set-upstream-to=origin/main")
        return cls(play, origin)

    def token(self, person: str, *words: str) -> str:
        return self.play.do(person, f"pmctl serve token create {' '.join(words)}").strip()

    def serve(self, name: str = "served", *words: str) -> int:
        """Start a server over a clone of its own; returns its port."""
        clone = self.play.root.parent / name
        if not clone.exists():
            self.play.do("alice", f"git clone -q {self.origin} {clone}")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        process = subprocess.Popen(
            [sys.executable, "-m", "pmctl", "serve", "--port", str(port), *words], cwd=clone, text=True,
            env=self.play.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        self.running.append(process)
        deadline = time.monotonic() + 60
        while True:
            try:
                if self.ask(port, "GET", "/healthz").status == 200:
                    return port
            except OSError:
                pass
            assert process.poll() is None and time.monotonic() < deadline, self.said(process)
            time.sleep(0.05)

    def said(self, process: subprocess.Popen[str]) -> str:
        process.kill()
        return process.communicate()[0]

    def ask(self, port: int, method: str, path: str, body: Any = None, token: str = "", **headers: str) -> Answer:
        """One request; header names have underscores for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            named["Authorization"] = f"Bearer {token}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        if data is not None:
            named.setdefault("Content-Type", "application/json")
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request(method, path, data, named)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def end(self) -> None:
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


Ask = Callable[..., Answer]


def messages(origin: Path) -> str:
    """The messages of all commits, with who they are from."""
    words = ("git", "-C", str(origin), "log", "--format=%an <%ae> / %cn: %B")
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def ids(text: str) -> list[str]:
    return re.findall(r"AI-[0-9a-z]{4}", text)
