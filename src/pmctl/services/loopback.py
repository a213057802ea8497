"""Where a browser comes back to after a login: a port of this machine that takes one answer, and closes.

Only this machine reaches it. Whoever asks for another host is turned away, since that is a page of the web that had its
name changed to this address (DNS rebinding); so is every request that is no answer. RFC 8252, 7.3 and 8.3.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from pmctl.errors import EnvironmentProblem

PATIENCE = 300.0  # seconds in which somebody logs in
_SLOW = 5.0  # seconds that one request may take
_PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>pmctl</title></head>'
    "<body><p>{}</p></body></html>\n"
)


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that listens. `address` is where the browser is to come back to."""

    address: str
    came: queue.Queue[Mapping[str, str]]

    def answer(self, patience: float = PATIENCE) -> Mapping[str, str]:
        """What the browser came back with. Raises EnvironmentProblem when nobody came."""
        try:
            return self.came.get(timeout=patience)
        except queue.Empty:
            raise EnvironmentProblem(
                f"nobody came back from the browser within {patience:.0f} s", hint="run the command again"
            ) from None


@contextmanager
def listening() -> Iterator[Listener]:
    """A port of 127.0.0.1 that the system chooses, for as long as it is needed."""
    came: queue.Queue[Mapping[str, str]] = queue.Queue(maxsize=1)
    try:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(came))
    except OSError as error:
        raise EnvironmentProblem(
            f"no port of this machine can be listened to ({error.strerror})", hint="try again"
        ) from None
    server.daemon_threads = True
    server.block_on_close = False  # a request that never ends must not hold up the end
    server.socket.settimeout(1.0)  # nor a client that went before it was accepted
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield Listener(f"http://127.0.0.1:{server.server_address[1]}", came)
    finally:
        server.shutdown()
        server.server_close()


def _handler(came: queue.Queue[Mapping[str, str]]) -> type[BaseHTTPRequestHandler]:
    taken = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        timeout = _SLOW

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            values = dict(parse_qsl(parts.query))
            if self.headers.get("Host", "") != "{}:{}".format(*self.connection.getsockname()):
                self._say(421, "This is not the host that you asked for.")
            elif parts.path != "/" or not ("code" in values or "error" in values):
                self._say(404, "There is nothing here.")
            elif not taken.acquire(blocking=False):
                self._say(410, "The login has had its answer.")
            else:
                self._say(200, "You can close this page: the rest is in your terminal.")
                came.put(values)

        def _say(self, status: int, text: str) -> None:
            data = _PAGE.format(text).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header("Content-Security-Policy", "default-src 'none'")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            """Say nothing: what is asked for holds the code."""

    return Handler
