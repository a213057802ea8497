"""A connection that is closed when the head of a request does not arrive in time, whatever came of it by then.

uvicorn waits for ever for the first byte and between two bytes of a head.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import uvicorn

HEAD_PATIENCE = 20.0  # seconds


def impatient(config: uvicorn.Config, patience: float = HEAD_PATIENCE) -> None:
    """Let the connections of a configuration end when a head takes longer than this."""
    if not config.loaded:
        config.load()
    base = cast("Any", config.http_protocol_class)

    class Connection(base):  # type: ignore[misc, valid-type]  # uvicorn chooses it at run time
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self._wait()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop()  # a request has begun: its body has a limit of its own
            elif self._timer is None:
                self._wait()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._stop()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop()
            super().connection_lost(exc)

        def _wait(self) -> None:
            self._timer = self.loop.call_later(patience, self._end)

        def _stop(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _end(self) -> None:
            self._timer = None
            if not self.transport.is_closing():
                self.transport.write(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                self.transport.close()

    config.http_protocol_class = Connection
