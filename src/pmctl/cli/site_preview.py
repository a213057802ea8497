"""The preview of a site: a server on loopback that builds again when a file changes and tells the open pages.

The pages lie in a temporary folder. A request is answered only from the list of files that were built, under a name of
this machine in its Host header, so that no page of another site can read the drafts through the reader's browser.
"""

from __future__ import annotations

import mimetypes
import tempfile
import threading
import time
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from pmctl.text import json_text

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.output.site.folder import Folder

_EVENTS = "/events"
_EVERY = 0.5  # seconds between two looks at the files
_KEEP_ALIVE = 15.0  # seconds
_LIVE = b"""
// The preview: loads the page anew when the site was built again, and says what keeps it from being built.
(() => {
  const source = new EventSource("/events");
  let seen = null;
  source.onmessage = (event) => {
    const { version, problem } = JSON.parse(event.data);
    if (seen !== null && version !== seen) location.reload();
    seen = version;
    let box = document.getElementById("preview-problem");
    if (problem && !box) {
      box = document.createElement("pre");
      box.id = "preview-problem";
      box.setAttribute("role", "alert");
      box.className = "banner banner-warning";
      document.body.prepend(box);
    }
    if (box) { box.textContent = problem; box.hidden = !problem; }
  };
})();
"""
_POLICY = b"default-src 'none';"
_OPENED = b"default-src 'none'; connect-src 'self';"
_FIRST_PROBLEM = (
    b'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>pmctl</title>'
    b'<script src="/site.js" defer></script></head><body><h1>The site cannot be built</h1></body></html>'
)


class _State:
    """What the server shows: the number of the build, what keeps the next one from being made, and the files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: frozenset[str] = frozenset()
        self.version = 0
        self.problem = ""
        self.changed = threading.Condition()

    def tell(self, files: frozenset[str], problem: str) -> None:
        """Say to everybody who waits that there is something new."""
        with self.changed:
            self.files = files or self.files
            self.version += not problem
            self.problem = problem
            self.changed.notify_all()

    @property
    def message(self) -> bytes:
        """What the pages are told, as a server-sent event."""
        text = json_text({"version": self.version, "problem": self.problem}).replace("\n", "")
        return f"data: {text}\n\n".encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    @cached_property
    def _allowed(self) -> frozenset[str]:
        port = self.server.server_port
        return frozenset(f"{host}:{port}" for host in ("127.0.0.1", "localhost"))

    def do_GET(self) -> None:
        """A file of the site, or the stream of what happens to it."""
        if self.headers.get("Host", "") not in self._allowed:
            self._answer(421, "text/plain; charset=utf-8", b"this server answers to 127.0.0.1 and localhost alone\n")
            return
        path = unquote(urlsplit(self.path).path)
        if path == _EVENTS:
            self._stream()
            return
        state = self.server.state
        name = path.removeprefix("/")
        name += "index.html" if not name or name.endswith("/") else ""
        if not state.files:
            first = (200, "text/javascript", _LIVE) if name == "site.js" else (503, "text/html", _FIRST_PROBLEM)
            self._answer(first[0], f"{first[1]}; charset=utf-8", first[2])
            return
        found = name in state.files
        file = state.folder / (name if found else "404.html")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        text = "; charset=utf-8" if kind.startswith("text/") or kind.endswith(("xml", "javascript")) else ""
        try:
            data = file.read_bytes()
        except OSError:  # it is being built anew
            self._answer(404, "text/plain; charset=utf-8", b"not there\n")
            return
        if kind == "text/html":
            data = data.replace(_POLICY, _OPENED, 1)
        self._answer(200 if found else 404, kind + text, data)

    def _answer(self, code: int, kind: str, data: bytes) -> None:
        self.send_response(code)
        headers = {
            "Content-Type": kind, "Content-Length": str(len(data)), "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
        }  # fmt: skip
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _stream(self) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        state = self.server.state
        try:
            while not self.server.ending:
                with state.changed:
                    self.wfile.write(state.message)
                    self.wfile.flush()
                    state.changed.wait(_KEEP_ALIVE)
        except OSError:  # the page was closed
            return

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what is built is what a person wants to know."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, state: _State) -> None:
        self.state = state
        self.ending = False
        super().__init__(("127.0.0.1", port), _Handler)
        self.socket.settimeout(1.0)  # a client that went before it was accepted must not keep Ctrl-C waiting


def preview(session: Session, audience: str, *, drafts: bool, port: int) -> None:
    """Build, serve, and build again until Ctrl-C. Raises EnvironmentProblem when the port is taken."""
    from pmctl.errors import EnvironmentProblem
    from pmctl.output.site.folder import open_folder

    with tempfile.TemporaryDirectory(prefix="pmctl-site-") as place:
        folder = open_folder(Path(place))
        state = _State(folder.path)
        seen = _stamp(session)
        _build(session, audience, folder, state, drafts=drafts)  # before there are threads: on every core
        try:
            server = _Server(port, state)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise EnvironmentProblem(
                f"cannot listen on port {port}: {reason}", hint="--port 0 takes a free one"
            ) from None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:  # from the line on that says it runs, Ctrl-C is how it ends
            session.result(f"http://127.0.0.1:{server.server_port}/")
            session.note("  built again whenever a file changes; Ctrl-C ends it")
            while True:
                time.sleep(_EVERY)
                now = _stamp(session)
                if now != seen:
                    seen = now
                    _build(session, audience, folder, state, drafts=drafts)
        except KeyboardInterrupt:
            session.note("")
        finally:
            server.ending = True
            with state.changed:
                state.changed.notify_all()
            server.shutdown()
            server.server_close()


def _build(session: Session, audience: str, folder: Folder, state: _State, *, drafts: bool) -> None:
    """Build once; what keeps it from being built is said here and in the open pages."""
    from pmctl.cli import tell_error
    from pmctl.cli.site_content import made_of
    from pmctl.errors import EnvironmentProblem, PmctlError
    from pmctl.output.site.run import write_site
    from pmctl.repository.workspace import Workspace
    from pmctl.text import plural, visible

    begun = time.monotonic()
    try:
        site = made_of(session, Workspace(session.repo), audience, drafts=drafts, script=_LIVE)
        if site.publications.incomplete:
            raise EnvironmentProblem(f"the history is not all there ({site.publications.incomplete})")
        done = write_site(site, folder)
    except PmctlError as error:
        tell_error(error, "")
        state.tell(frozenset(), visible("\n".join(error.lines)))
        return
    files = frozenset(path for kept in folder.pages.values() for path in kept.files)
    state.tell(files, "")
    for line in done.said:
        session.warn(line)
    session.note(f"  {plural(done.made, 'page')} made in {time.monotonic() - begun:.1f} s")


def _stamp(session: Session) -> tuple[object, ...]:
    """Changes with what the site is made of: postmortems, templates, settings, and what is committed."""
    from pmctl import git
    from pmctl.output.site.own_files import FOLDER

    root = session.repo.root
    found: list[object] = [git.tip(session.repo), session.day(session.workspace)]
    for top in (root / "postmortems", root / FOLDER, root / git.SETTINGS_FILE):
        for file in (top, *sorted(top.rglob("*"))) if top.is_dir() else (top,):
            try:
                there = file.lstat()
            except OSError:
                continue
            found.append((str(file), there.st_size, there.st_mtime_ns))
    return tuple(found)
