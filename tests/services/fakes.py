"""Services that messages go to, on loopback, as their documentation says that they behave.

A `Fake` answers what its `reply` says; `slack` is a small Slack: channels, people, messages that can be changed.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Request:
    """What arrived."""

    method: str
    path: str
    headers: dict[str, str]
    data: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.data)


@dataclass
class Fake:
    """A service. `reply` answers; `seen` is everything that arrived, in order."""

    url: str = ""
    reply: Callable[[Request], Reply] = lambda request: (200, {}, b"ok")
    seen: list[Request] = field(default_factory=list)

    def bodies(self, path: str = "") -> list[Any]:
        return [one.body for one in self.seen if one.data and path in one.path]


@contextmanager
def served(fake: Fake) -> Iterator[Fake]:
    """The service, listening."""

    class Handler(BaseHTTPRequestHandler):
        def reply(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            got = Request(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, b"")
            got.data = self.rfile.read(length)
            fake.seen.append(got)
            status, headers, data = fake.reply(got)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = reply  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
            """Silence."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{listener.server_address[1]}"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield fake
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def said(value: object) -> Reply:
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


@dataclass
class Slack:
    """A workspace: who has which address, which channels the app is in, and the messages that stand there.

    `others` are channels that it can see and is not in; `scopes` are those of the token.
    """

    token: str
    people: dict[str, str] = field(default_factory=dict)
    channels: set[str] = field(default_factory=set)
    refuses: dict[str, str] = field(default_factory=dict)
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    threads: list[dict[str, Any]] = field(default_factory=list)
    others: dict[str, dict[str, Any]] = field(default_factory=dict)
    scopes: str = "chat:write,channels:read,users:read.email,im:write"

    def reply(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return said({"ok": False, "error": "invalid_auth"})
        parts = urlsplit(request.path)
        method = parts.path.removeprefix("/")
        if method in self.refuses:
            return said({"ok": False, "error": self.refuses[method], "needed": "chat:write"})
        if method == "auth.test":
            status, headers, data = said({"ok": True, "user": "pmctl", "team": "Example"})
            return status, headers | {"X-OAuth-Scopes": self.scopes}, data
        if method == "conversations.info":
            return said(self._info(parse_qs(parts.query)["channel"][0]))
        if method == "users.lookupByEmail":
            user = self.people.get(parse_qs(parts.query)["email"][0])
            return said({"ok": True, "user": {"id": user}} if user else {"ok": False, "error": "users_not_found"})
        return said(self._post(method, request.body))

    def _info(self, channel: str) -> dict[str, Any]:
        if "channels:read" not in self.scopes:
            return {"ok": False, "error": "missing_scope", "needed": "channels:read", "provided": self.scopes}
        known = {one: {"is_member": True} for one in self.channels} | self.others
        if channel not in known:
            return {"ok": False, "error": "channel_not_found"}
        return {"ok": True, "channel": {"id": channel, "is_archived": False, "is_private": False, **known[channel]}}

    def _post(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        if method == "chat.update":
            if body["ts"] not in self.posts:
                return {"ok": False, "error": "message_not_found"}
            self.posts[body["ts"]] = body
            return {"ok": True, "channel": body["channel"], "ts": body["ts"]}
        if method != "chat.postMessage":
            return {"ok": False, "error": "unknown_method"}
        if body["channel"] not in self.channels and body["channel"] not in self.people.values():
            return {"ok": False, "error": "channel_not_found"}
        if body.get("thread_ts"):
            self.threads.append(body)
            return {"ok": True, "channel": body["channel"], "ts": "2.0"}
        ts = f"1700000000.{len(self.posts):06d}"
        self.posts[ts] = body
        return {"ok": True, "channel": body["channel"], "ts": ts}


@dataclass
class Mailbox:
    """A mail server. `refused` addresses are turned down; `kept` are the mails that were taken, with their recipients.

    `login` is the user and the password; `offers` what EHLO says; `breaks` ends the connection inside of DATA.
    """

    port: int = 0
    refused: set[str] = field(default_factory=set)
    login: tuple[str, str] = ("", "")
    breaks: bool = False
    starttls: bool = True
    denies: bytes = b""
    kept: list[tuple[list[str], bytes]] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)


@contextmanager
def mail_server(box: Mailbox, certificate: Path, key: Path, *, at_once: bool) -> Iterator[Mailbox]:
    """A mail server on loopback: with TLS from the first byte on, or after STARTTLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    box.port = listener.getsockname()[1]
    stopped = threading.Event()

    def accept() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_converse, args=(box, connection, context, at_once), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield box
    finally:
        stopped.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _converse(box: Mailbox, plain: socket.socket, context: ssl.SSLContext, at_once: bool) -> None:
    import base64

    try:
        connection = context.wrap_socket(plain, server_side=True) if at_once else plain
        secure = at_once
        stream = connection.makefile("rb")
        connection.sendall(b"220 mail.example ESMTP\r\n")
        to: list[str] = []
        while line := stream.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"EHLO":
                offers = b"250-STARTTLS\r\n" if box.starttls and not secure else b""
                auth = b"250-AUTH PLAIN\r\n" if secure and box.login[0] else b""
                connection.sendall(b"250-mail.example\r\n" + offers + auth + b"250 8BITMIME\r\n")
            elif verb == b"STARTTLS":
                connection.sendall(b"220 go\r\n")
                connection = context.wrap_socket(plain, server_side=True)
                stream, secure = connection.makefile("rb"), True
            elif verb == b"AUTH":
                box.logins.append(line)
                right = base64.b64encode(b"\0" + b"\0".join(one.encode() for one in box.login))
                good = line.split()[2] == right and not box.denies
                connection.sendall(b"235 ok\r\n" if good else b"535 " + (box.denies or b"5.7.8 wrong") + b"\r\n")
            elif verb == b"RCPT":
                address = line.decode().partition("<")[2].partition(">")[0]
                if address in box.refused:
                    connection.sendall(b"550 5.1.1 no such person\r\n")
                else:
                    to.append(address)
                    connection.sendall(b"250 ok\r\n")
            elif verb == b"DATA":
                connection.sendall(b"354 go on\r\n")
                data = b""
                while not data.endswith(b"\r\n.\r\n") and (row := stream.readline()):
                    data += row
                if box.breaks:
                    connection.close()
                    return
                box.kept.append((to, data.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")))
                to = []
                connection.sendall(b"250 taken\r\n")
            elif verb == b"QUIT":
                connection.sendall(b"221 bye\r\n")
                return
            else:
                connection.sendall(b"250 ok\r\n")
    except (OSError, ValueError):
        return
