"""Spoil good documents, messages, records and policies at random, in this process, by hand:

    python -m tests.fuzz.by_hand [SECONDS] [SEED] [TARGET ...]

Every input must get an answer within some seconds and no other exception than its reader's own. Prints how many inputs
each target was given; what fails is printed with the bytes, and ends the run with code 1.
"""

from __future__ import annotations

import random
import sys
import time

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS, Hang, time_limit

SECONDS = 8.0  # for one input
PIECES = (
    b"---\n", b"|", b"\r", b"\n", b"\r\n", b"&a", b"*a", b"```\n", b"<!--", b"-->", b'"', b"'", b"{", b"}", b"[", b"]",
    b": ", b"- ", b"> ", b"\0", b"\xff", b"\xc2\xa0", b"\xe2\x80\xae", b"\xef\xbb\xbf", b"\x1b[2J",
    b"## Action Items\n", b"| a |\n", b"|---|\n", b"    ", b"\t", b"[x]: y\n", b"[^1]", b"<b>", b"\\", b"9" * 30,
    b"1e999", b"null", b"sha256:", b"@jane", b"=",
)  # fmt: skip


def spoiled(good: bytes, others: tuple[bytes, ...], chance: random.Random) -> bytes:
    """A good input with some places replaced, repeated, dropped or taken from another one."""
    data = bytearray(good)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(data) + 1)
        span = chance.choice((0, 0, 1, 2, 10, 60))
        how = chance.randrange(6)
        if how == 0:
            data[at : at + span] = chance.choice(PIECES)
        elif how == 1:
            data[at : at + span] = chance.randbytes(chance.randrange(6))
        elif how == 2:
            data[at:at] = data[at : at + span] * chance.choice((1, 2, 30))
        elif how == 3:
            del data[at : at + span]
        elif how == 4:
            other = chance.choice(others)
            start = chance.randrange(len(other) + 1)
            data[at : at + span] = other[start : start + chance.randrange(80)]
        elif data:
            data[at % len(data)] ^= 1 << chance.randrange(8)
    return bytes(data[:65536])


def play(seconds: float, seed: int, names: tuple[str, ...]) -> dict[str, int]:
    """Give each target inputs in turn for that long; returns how many. Raises AssertionError with the first failure."""
    chance = random.Random(seed)
    good = {name: seeds(name) for name in names}
    counts = dict.fromkeys(names, 0)
    pools = {name: list(good[name]) for name in names}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name in names:
            pool = pools[name]
            for _ in range(20):
                data = spoiled(chance.choice(pool), good[name], chance)
                try:
                    with time_limit(SECONDS):
                        TARGETS[name](data)
                except (Hang, Exception) as error:
                    raise AssertionError(f"{name}: {type(error).__name__}: {error}\n{data!r}") from error
                counts[name] += 1
                if len(pool) < 200 and chance.random() < 0.02:
                    pool.append(data)  # spoiled further from there
    return counts


if __name__ == "__main__":
    words = sys.argv[1:]
    wanted = tuple(words[2:]) or ("document", "message", "record", "policy", "yaml")
    played = play(float(words[0]) if words else 120.0, int(words[1]) if len(words) > 1 else 1, wanted)
    print(sum(played.values()), played)
