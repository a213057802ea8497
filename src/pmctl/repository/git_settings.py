"""git's own settings, all of them read at once: who commits, with which key, which remotes there are."""

from __future__ import annotations

from collections.abc import Iterable

from pmctl import git

GitSettings = tuple[tuple[str, str], ...]
"""Names and values in git's order, of which the last one of a name holds. git folds the case of section and name."""


def git_settings(repo: git.Repository) -> GitSettings:
    """The settings as they hold in the repository."""
    listed = git.run(repo.top, "config", "--null", "--list", check=False).stdout.decode("utf-8", "replace")
    pairs = (entry.partition("\n") for entry in listed.split("\0") if entry)
    return tuple((name, value) for name, _, value in pairs)


def in_lower_case(settings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The value that holds of each setting, by its name in lower case."""
    return {name.lower(): value for name, value in settings}


def remote_names(settings: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The remotes that have an address, or something that is fetched."""
    found = [
        name.removeprefix("remote.").rpartition(".")[0]
        for name, _ in settings
        if name.startswith("remote.") and name.endswith((".url", ".fetch"))
    ]
    return tuple(dict.fromkeys(found))
