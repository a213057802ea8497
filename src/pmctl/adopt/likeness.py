"""How alike two versions of a file are, as git sees it when it follows a file over a rename.

git counts the bytes of lines (cut after 64 bytes, carriage returns left out) that both versions have, and
divides them by the size of the larger version; `git log --follow` goes on from one half upwards (gitdiffcore(7), -M).
"""

from __future__ import annotations

import re
from collections import Counter

FOLLOWED = 0.5
_CHUNK = re.compile(rb"[^\n]{0,63}\n|[^\n]{1,64}")


def likeness(old: bytes, new: bytes) -> float:
    """Between 0 (nothing in common) and 1 (the same)."""
    if not old or not new:
        return 0.0
    chunks = Counter(_CHUNK.findall(old.replace(b"\r\n", b"\n")))
    both = chunks & Counter(_CHUNK.findall(new.replace(b"\r\n", b"\n")))
    return sum(len(chunk) * count for chunk, count in both.items()) / max(len(old), len(new))


def followed(old: bytes, new: bytes) -> bool:
    """Whether git will follow the file from `old` to `new`, with a little room for what only git knows."""
    return likeness(old, new) >= FOLLOWED + 0.02
