"""pmctl site serve: who is answered, what is answered, that a change reaches an open page, and how it ends."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pmctl.policy import act as acts
from tests.world import World

DOC = "2024-01-15-open-to-all"
Start = Callable[..., "Preview"]


class Preview:
    """A real `pmctl site serve` on a free port; its temporary folder lies in `scratch`."""

    def __init__(self, root: Path, scratch: Path, *words: str) -> None:
        scratch.mkdir(exist_ok=True)
        self.scratch = scratch
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pmctl", "site", "serve", "--port", "0", *words], cwd=root, text=True,
            env=os.environ | {"TMPDIR": str(scratch), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE, stderr=(scratch.parent / "said").open("w"), start_new_session=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\n", self.process.stdout.readline())
        assert found, self.said
        self.port = int(found[1])

    @property
    def said(self) -> str:
        """What it said on standard error."""
        return (self.scratch.parent / "said").read_text()

    def get(self, path: str, host: str = "", method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body; the path is sent as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", host or f"127.0.0.1:{self.port}")
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), body

    def events(self) -> Iterator[dict[str, object]]:
        """What open pages are told, one by one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/events")
        answer = connection.getresponse()
        assert answer.getheader("Content-Type") == "text/event-stream"
        for line in answer:
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))

    def end(self) -> int:
        """Ctrl-C; returns the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(30)


@pytest.fixture
def serve(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts the preview of a repository with one published postmortem."""
    world.init()
    world.new(DOC, visibility="organization", title="Pool too small")
    world.act(acts.SUBMIT, "jane", DOC, reviewers=("bob",))
    world.act(acts.APPROVE, "bob", DOC)
    world.act(acts.PUBLISH, "jane", DOC)
    monkeypatch.setenv("PMCTL_NOW", "2024-05-02T10:00:00Z")
    (tmp_path / "preview").mkdir()
    started: list[Preview] = []

    def start(*words: str) -> Preview:
        started.append(Preview(world.root, tmp_path / "preview" / "scratch", *words))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


def test_pages_are_answered_to_this_machine_alone(serve: Start) -> None:
    preview = serve()
    for path in ("/", "/index.html", f"/postmortems/{DOC}.html", "/postmortems/", f"/postmortems/{DOC}.html?x=1"):
        status, headers, body = preview.get(path)
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8"), path
        assert b"connect-src 'self'" in body
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
    assert b'EventSource("/events")' in preview.get("/site.js")[2]
    assert preview.get("/", host=f"localhost:{preview.port}")[0] == 200
    for host in ("evil.example", f"evil.example:{preview.port}", "127.0.0.1", f"127.0.0.1:{preview.port + 1}"):
        status, _, body = preview.get("/", host=host)
        assert status == 421
        assert b"Pool" not in body
        assert preview.get("/events", host=host)[0] == 421
    assert preview.get("/", method="POST")[0] == 501
    with socket.socket() as other, pytest.raises(OSError, match="refused"):  # it listens on loopback's one address
        other.connect(("127.0.0.2", preview.port))


def test_nothing_but_what_was_built_is_answered(serve: Start) -> None:
    preview = serve()
    secret = preview.scratch / "secret.txt"
    secret.write_text("narwhal")
    for path in (
        "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", f"/{secret}", f"/%2F{secret}", "//etc/passwd",
        "/postmortems/../../secret.txt", "/.pmctl-site.json", "/%00", "/nothing.html", "/postmortems",
    ):  # fmt: skip
        status, _, body = preview.get(path)
        assert status == 404, path
        assert b"narwhal" not in body
        assert b"root:" not in body


def test_a_change_reaches_open_pages_and_so_does_what_is_broken(serve: Start, world: World) -> None:
    preview = serve()
    told = preview.events()
    first = next(told)
    assert first["problem"] == ""
    page = world.root / world.file(DOC)
    page.write_text(page.read_text().replace("title: Pool too small", "title: The pool of quokkas"))
    second = next(told)
    assert second["version"] != first["version"]
    assert b"quokkas" in preview.get(f"/postmortems/{DOC}.html")[2]
    theme = world.root / ".pmctl/site/home.html.j2"
    theme.parent.mkdir(parents=True)
    theme.write_text("{% if %}")
    broken = next(one for one in told if one["problem"])
    assert broken["version"] == second["version"]
    assert ".pmctl/site/home.html.j2:1:" in str(broken["problem"])
    assert b"quokkas" in preview.get("/")[2], "the last pages stay"
    theme.unlink()
    assert next(one for one in told if not one["problem"])["version"] != broken["version"]
    assert ".pmctl/site/home.html.j2:1:" in preview.said


def test_a_theme_that_is_broken_from_the_start_is_said_in_the_page(serve: Start, world: World) -> None:
    world.write(".pmctl/site/hom.html.j2", "x")
    preview = serve()
    status, _, body = preview.get("/")
    assert status == 503
    assert b"/site.js" in body
    assert preview.get("/site.js")[0] == 200
    assert "replaces nothing" in str(next(preview.events())["problem"])


@pytest.mark.parametrize("watched", [False, True])
def test_ctrl_c_ends_it_and_leaves_nothing(serve: Start, world: World, watched: bool) -> None:
    before = world.git("status", "--porcelain")
    preview = serve()
    told = preview.events()
    if watched:
        next(told)
    assert list(preview.scratch.iterdir())
    assert preview.end() == 0, preview.said
    assert "Traceback" not in preview.said
    assert not list(preview.scratch.iterdir())
    assert world.git("status", "--porcelain") == before
    told.close()  # type: ignore[attr-defined]  # a generator


def test_a_port_that_is_taken_is_said(serve: Start, world: World) -> None:
    preview = serve()
    words = [sys.executable, "-m", "pmctl", "site", "serve", "--port"]
    done = subprocess.run(
        [*words, str(preview.port)], cwd=world.root, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert f"cannot listen on port {preview.port}" in done.stderr
    assert "--port 0" in done.stderr
    far = subprocess.run([*words, "70000"], cwd=world.root, capture_output=True, text=True, check=False, timeout=60)
    assert far.returncode == 2
    assert "Traceback" not in far.stderr
