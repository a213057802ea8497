"""When each file of a folder was changed last, according to history. (repository, folder) -> moments by path."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from pmctl import git


def last_changed(repo: git.Repository, folder: str) -> dict[str, datetime]:
    """The time of the newest commit that changed each file below `folder`, by path relative to the pmctl root.

    What HEAD does not have is missing, and everything is before the first commit.
    """
    listed = git.run(
        repo.top, "log", "--format=%x00%ct", "--name-only", "-z", "--no-renames", "--diff-merges=first-parent", "HEAD",
        "--", f":(literal){repo.prefix}{folder}", check=False,
    )  # fmt: skip
    found: dict[str, datetime] = {}
    when: datetime | None = None
    for part in listed.stdout.decode("utf-8", "surrogateescape").split("\0") if listed.code == 0 else ():
        word = part.strip("\n")
        if word.isdigit():
            when = None
            with suppress(ValueError, OverflowError, OSError):  # a commit may claim any time
                when = datetime.fromtimestamp(int(word), UTC)
        elif word and when is not None:
            found.setdefault(word.removeprefix(repo.prefix), when)
    return found
