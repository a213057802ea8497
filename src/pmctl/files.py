"""Small files that pmctl keeps for itself, under the git directory or the user's state: never the truth, only quick.

What is not there or damaged counts as nothing. So does whatever else somebody put in its place: a link is not followed,
a pipe not waited for, more than the limit not read. A file is replaced in one step, so that nobody reads half of one.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from io import BufferedReader

LARGEST = 64 * 1024 * 1024  # bytes of one file, where the caller names no other limit


def open_kept(file: Path) -> BufferedReader:
    """A regular file, opened for reading. Raises OSError for anything else: a link, a folder, a pipe, a device."""
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    stream = open(handle, "rb")  # noqa: PTH123, SIM115  an open descriptor, which the caller closes
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        stream.close()
        raise OSError(errno.EINVAL, "is no regular file", str(file))
    return stream


def read_kept(file: Path, largest: int = LARGEST) -> bytes:
    """The content of a regular file. Raises OSError for anything else, and for more than `largest` bytes."""
    with open_kept(file) as stream:
        data = stream.read(min(os.fstat(stream.fileno()).st_size, largest) + 1)
    if len(data) > largest:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(file))
    return data


def read_object(file: Path) -> dict[str, Any]:
    """The JSON object in a file; empty when it is not there, damaged or something else."""
    import json

    try:
        content = json.loads(read_kept(file))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def make_folder(folder: Path, inside: Path, mode: int = 0o777) -> None:
    """Make pmctl's own folder, somewhere below `inside`, where it is not there yet.

    Raises OSError, also when a link lies at it or on the way to it: what is kept must not end up elsewhere.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=mode)
    for step in (folder, *folder.parents):
        if step == inside:
            return
        if step.is_symlink():
            raise OSError(errno.ELOOP, "is a symbolic link", str(step))


def write_atomic(target: Path, data: bytes, *, durable: bool = False, mode: int = 0o600) -> None:
    """Put `data` at `target` in one step, readable by its owner only. Raises OSError; what was there stays then.

    With another `mode` whoever the person lets read new files can read it, too.
    With `durable` it is on the disk when this returns, before whatever is written after it.
    The standard library's temporary files take longer to load than this to write.
    """
    new = target.with_name(f".new-{os.urandom(8).hex()}")
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        new.replace(target)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise


def replace_file(target: Path, data: bytes, *, scratch: Path) -> None:
    """Put `data` at `target` by rename, keeping an existing file's mode.

    The temporary file lives in `scratch` when that is on the same file system, so that a kill leaves
    no stray file among the postmortems. Raises OSError as the system does.
    """
    import tempfile  # takes longer to load than most commands have

    same = scratch.is_dir() and scratch.stat().st_dev == target.parent.stat().st_dev
    descriptor, name = tempfile.mkstemp(prefix=".pmctl-", dir=scratch if same else target.parent)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        Path(name).chmod(mode)
        os.replace(name, target)  # noqa: PTH105  both names are at hand as they are
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
