"""A rehearsal: a connection that notes what would be sent instead of sending it. Reading still asks the service.

Headers are not noted, so no token can be shown.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import httpx

_READING = ("/search", "/search/jql", "/issue/bulkfetch")


class Sent(NamedTuple):
    """A request that was not sent: its method, its address and its JSON body."""

    method: str
    url: str
    body: Any


def rehearse(client: httpx.Client, *, offline: bool) -> list[Sent]:
    """Let a client send nothing that writes, and nothing at all when `offline`; returns the list of what it would have
    sent, which grows."""
    import httpx

    sent: list[Sent] = []
    send = client.send

    def noted(request: httpx.Request, **options: Any) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        reading = _reads(request.method, request.url.path, body)
        if not reading:
            sent.append(Sent(request.method, str(request.url), body))
        if reading and not offline:
            return send(request, **options)
        return httpx.Response(200, stream=httpx.ByteStream(b"{}"), request=request)

    client.send = noted  # type: ignore[method-assign]  # a client of one run, whose requests end here
    return sent


def _reads(method: str, path: str, body: Any) -> bool:
    if method == "GET" or path.endswith(_READING):
        return True
    query = body.get("query") if isinstance(body, dict) else None
    return isinstance(query, str) and not query.lstrip().startswith("mutation")
