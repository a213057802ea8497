"""An editor of the bare protocol: starts `pmctl lsp`, writes JSON-RPC to its stdin and reads what comes back.

Written against the specification and without pygls, so that both ends can't share a misunderstanding.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

SECONDS = 20
PUBLISHED = "textDocument/publishDiagnostics"


class Editor:
    """One session. `capabilities` is what the editor says that it can do."""

    def __init__(self, folder: Path, capabilities: dict[str, Any] | None = None, *, start: bool = True) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pmctl", "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self.kept: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.number = 0
        threading.Thread(target=self._listen, daemon=True).start()
        self.answer: dict[str, Any] = {}
        if start:
            self.answer = self.request(
                "initialize",
                {"processId": os.getpid(), "rootUri": folder.as_uri(), "capabilities": capabilities or {}},
            )
            self.notify("initialized", {})

    def _listen(self) -> None:
        assert self.process.stdout is not None
        while header := self.process.stdout.readline():
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                header = self.process.stdout.readline()
            self.messages.put(json.loads(self.process.stdout.read(length)))
        self.messages.put({"method": "gone"})

    def raw(self, body: bytes) -> None:
        """Write one message's bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def send(self, message: dict[str, Any]) -> None:
        self.raw(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def notify(self, method: str, params: dict[str, Any]) -> None:
        self.send({"method": method, "params": params})

    def request(self, method: str, params: Any = None) -> Any:
        """Ask and wait for the answer; raises AssertionError when it is an error."""
        self.number += 1
        number = self.number
        self.send({"id": number, "method": method, **({} if params is None else {"params": params})})
        found = self._next(lambda message: message.get("id") == number and "method" not in message)
        assert "error" not in found, found["error"]
        return found["result"]

    def _next(self, wanted: Any) -> dict[str, Any]:
        for message in self.kept:
            if wanted(message):
                self.kept.remove(message)
                return message
        while True:
            message = self.messages.get(timeout=SECONDS)
            if "id" in message and "method" in message:  # the server asks: the editor agrees to everything
                self.requests.append(message)
                self.send({"id": message["id"], "result": {"success": True}})
            elif wanted(message):
                return message
            else:
                assert message.get("method") != "gone", "the server has ended"
                self.kept.append(message)

    def open(self, uri: str, text: str, version: int = 1) -> list[dict[str, Any]]:
        """Open a text and return what is found in it."""
        item = {"uri": uri, "languageId": "markdown", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return self.published(uri, version)

    def change(self, uri: str, text: str, version: int) -> None:
        changes = [{"text": text}]
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def published(self, uri: str, version: int | None) -> list[dict[str, Any]]:
        """What the server says next about this version of a text."""

        def wanted(message: dict[str, Any]) -> bool:
            params = message.get("params", {})
            right = message.get("method") == PUBLISHED and params["uri"] == uri
            return bool(right and params.get("version") == version)

        return list(self._next(wanted)["params"]["diagnostics"])

    def at(self, method: str, uri: str, line: int, character: int) -> Any:
        place = {"line": line, "character": character}
        return self.request(f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": place})

    def actions(self, uri: str, where: dict[str, Any], only: list[str] | None = None) -> list[dict[str, Any]]:
        context: dict[str, Any] = {"diagnostics": [], **({"only": only} if only else {})}
        found = self.request(
            "textDocument/codeAction", {"textDocument": {"uri": uri}, "range": where, "context": context}
        )
        return list(found)

    def close(self) -> int:
        """Say goodbye; returns the exit code."""
        if self.process.poll() is None:
            self.request("shutdown")
            self.notify("exit", {})
        code = self.process.wait(SECONDS)
        self.kill()
        return code

    def kill(self) -> None:
        """End the server without asking."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None and not stream.closed:
                stream.close()


def after(text: str, edits: list[dict[str, Any]], encoding: str = "utf-16") -> str:
    """A text after the protocol's edits, worked out on encoded lines: not as the server does it."""
    width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    codec = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding]
    lines = [line.encode(codec) for line in text.split("\n")]
    newline = "\n".encode(codec)

    def offset(place: dict[str, int]) -> int:
        before = sum(len(line) + len(newline) for line in lines[: place["line"]])
        return before + place["character"] * width

    data = newline.join(lines)
    spans = sorted(
        ((offset(e["range"]["start"]), offset(e["range"]["end"]), e["newText"]) for e in edits), reverse=True
    )
    for start, end, new in spans:
        data = data[:start] + new.encode(codec) + data[end:]
    return data.decode(codec)
