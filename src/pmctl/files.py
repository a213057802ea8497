"""Small files that pmctl keeps for itself, under the git directory or the user's state: never the truth, only quick.

What is not there or damaged counts as nothing. A file is replaced in one step, so that nobody reads half of one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any


def read_object(file: Path) -> dict[str, Any]:
    """The JSON object in a file; empty when it is not there, damaged or something else."""
    import json

    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def write_atomic(target: Path, data: bytes) -> None:
    """Put `data` at `target` in one step, readable by its owner only. Raises OSError; what was there stays then.

    The standard library's temporary files take longer to load than this to write.
    """
    new = target.with_name(f".new-{os.urandom(8).hex()}")
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        new.replace(target)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
