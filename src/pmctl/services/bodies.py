"""What an answer holds: its body, unpacked in pieces that are small whatever they were packed to."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

REFUSAL_LIMIT = 64_000  # bytes that are read of a refusal
_PIECE = 1024 * 1024  # bytes that are unpacked at a time


def beginning(response: httpx.Response) -> bytes:
    """The beginning of a refusal's body; what came of one that breaks off."""
    import httpx

    data = bytearray()
    try:
        for chunk in unpacked(response):
            data += chunk
            if len(data) > REFUSAL_LIMIT:
                break
    except (httpx.HTTPError, zlib.error):
        pass  # its status says enough
    return bytes(data[:REFUSAL_LIMIT])


def unpacked(response: httpx.Response) -> Iterator[bytes]:
    """The body, in pieces that are small whatever they were packed to."""
    kind = response.headers.get("content-encoding", "").strip().lower()
    if kind in ("", "identity"):
        yield from response.iter_raw()
        return
    if kind not in ("gzip", "x-gzip", "deflate"):
        raise zlib.error(f"an encoding that was not asked for: {kind}")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib, by its first bytes
    for chunk in response.iter_raw():
        yield (piece := unpacker.decompress(chunk, _PIECE))
        while unpacker.unconsumed_tail or (piece and len(piece) == _PIECE):
            yield (piece := unpacker.decompress(unpacker.unconsumed_tail, _PIECE))
