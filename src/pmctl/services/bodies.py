"""What an answer holds: its body, unpacked in pieces that are small whatever they were packed to."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

REFUSAL_LIMIT = 64_000  # bytes that are read of a refusal
_SHORTEST = 6  # characters of a token
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


def without(headers: Mapping[str, str], data: bytes) -> bytes:
    """What was answered without the token that was sent, which a service may repeat in its refusal."""
    for name in ("Authorization", "PRIVATE-TOKEN"):
        secret = headers.get(name, "").rpartition(" ")[2]
        for one in (secret, _password(secret) if headers[name].startswith("Basic ") else "") if secret else ():
            data = data.replace(one.encode(), b"***") if len(one) >= _SHORTEST else data
    return data


def _password(pair: str) -> str:
    try:
        return base64.b64decode(pair).decode().partition(":")[2]
    except ValueError:
        return ""


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
