"""Read a file of the work tree that anybody may have put there: a regular file, whole, and nothing else.

Nothing here follows a symbolic link, waits for a pipe or reads more than the limit of a document.
"""

from __future__ import annotations

import os
import stat

from pmctl.codes import Code
from pmctl.document.fields import MAX_BYTES
from pmctl.document.finding import Finding
from pmctl.errors import Hint

NOT_A_FILE = "PM030"
UNREADABLE = "PM031"

_MORE = 16 * 1024


class Unreadable(Exception):
    """Why a file was not read, in words that follow its name: "is a folder".

    `kind` is "missing", "no file" (a link, a folder, a device: nothing that a document can be) or "refused"; `fix`
    says what to do about it.
    """

    def __init__(self, kind: str, reason: str, fix: Hint = "") -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.fix = fix


def read_regular(file: str | os.PathLike[str]) -> bytes:
    """The bytes of a regular file, at most one more than a document may have, so that the reader sees it is too large.

    Raises Unreadable.
    """
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Unreadable("missing", "does not exist") from None
    except OSError as problem:
        raise _refusal(file, problem) from None
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("no file", "is a folder" if stat.S_ISDIR(found.st_mode) else "is no regular file")
        # Asking for the limit at once would have a megabyte of memory mapped and given back for every file.
        data = os.read(handle, min(found.st_size, MAX_BYTES) + 1)
        whole = 0 < len(data) == found.st_size  # asking for the end of every file is felt, too
        while not whole and len(data) <= MAX_BYTES and (more := os.read(handle, min(_MORE, MAX_BYTES + 1 - len(data)))):
            data += more
    except OSError as problem:
        raise _refusal(file, problem) from None
    finally:
        os.close(handle)
    return data


def finding_of(problem: Unreadable, path: str, what: str = "a postmortem") -> Finding:
    """The finding that stands for a file that was not read: `path` as it is shown, `what` it should have been."""
    if problem.kind == "no file":
        message = f"{problem.reason}; {what} is a regular file"
        return Finding(NOT_A_FILE, message, path, fix="replace it by the file itself")
    if problem.kind == "missing":
        return Finding(UNREADABLE, "there is no such file", path)
    return Finding(UNREADABLE, problem.reason, path, fix=problem.fix)


def _refusal(file: str | os.PathLike[str], problem: OSError) -> Unreadable:
    try:
        kind = os.lstat(file).st_mode
    except OSError:
        kind = 0
    if stat.S_ISLNK(kind):
        return Unreadable("no file", "is a symbolic link")
    if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        return Unreadable("no file", "is no regular file")  # a socket, or a device without a driver
    fix = "check its permissions" if isinstance(problem, PermissionError) else ""
    return Unreadable("refused", f"cannot be read: {problem.strerror or problem}", fix)


CODES = (
    Code(
        "PM030", "not-a-file", "A link, a folder or a device lies where a postmortem or a template is expected.",
        "What a link shows can change without a commit, and may lie outside the repository. Only regular files are"
        " read, and no link is followed.",
        "Put the file itself in its place.", "postmortems/2024/2024-01-15-payment.md -> ../../drafts/payment.md",
    ),
    Code(
        "PM031", "unreadable-file", "A file or a folder is not there or can't be read.",
        "The message is the operating system's; the other files are still checked.",
        "Correct the name, or the permissions.", "a file of mode 000",
    ),
)  # fmt: skip
