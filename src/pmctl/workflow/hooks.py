"""Install the client hooks: small shell scripts that call pmctl before a commit and before a push.

A hook of somebody else is never overwritten: it is left alone, with the line to add to it, or on request it
is kept beside ours and run first. Hooks are advice; `--no-verify` walks past them, and the audit does not.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pmctl import git
from pmctl.errors import EnvironmentProblem, Refused

NAMES = ("pre-commit", "pre-push")
BEFORE = ".before-pmctl"
_MARK = "# pmctl hook, version 1"

_SCRIPT = """\
#!/bin/sh
{mark}: installed by 'pmctl hook install', replaced when that runs again.
# Advice before it is too late; 'git {verb} --no-verify' walks past it, the audit does not.
{chain}[ -f {settings} ] || exit 0
if ! command -v pmctl >/dev/null 2>&1; then
    echo "pmctl is not on PATH: postmortems were not checked" >&2
    exit 0
fi
{call}
"""
_CHAIN = """\
before="$(dirname "$0")/{name}{suffix}"
if [ -x "$before" ]; then
    "$before" "$@" || exit $?
fi
"""
# A hook that is fed on standard input: what the first one reads must reach the second one too.
_CHAIN_INPUT = """\
input="$(cat)"
before="$(dirname "$0")/{name}{suffix}"
if [ -x "$before" ]; then
    printf '%s\\n' "$input" | "$before" "$@" || exit $?
fi
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where git looks for hooks, and whether that is the repository's own folder."""

    folder: Path
    own: bool


def hooks_folder(repo: git.Repository) -> Place:
    """The folder that git runs hooks from, by core.hooksPath or the git directory."""
    shown = git.run(repo.top, "rev-parse", "--path-format=absolute", "--git-path", "hooks", reading=False).text
    folder = Path(shown)
    inside = folder.resolve()
    homes = (repo.git_dir.resolve(), repo.common_dir.resolve(), repo.top.resolve())
    return Place(folder, any(inside.is_relative_to(home) for home in homes))


def install(repo: git.Repository, *, chain: bool = False) -> tuple[str, ...]:
    """Write pre-commit and pre-push; returns a sentence for each.

    With `chain` a foreign hook is renamed to NAME.before-pmctl and run first; without it, it is left alone. Raises
    Refused when core.hooksPath leads to a folder that other repositories share, EnvironmentProblem when a file
    cannot be written.
    """
    place = hooks_folder(repo)
    if not place.own:
        raise Refused(
            f"core.hooksPath leads to {place.folder}, which other repositories may share",
            hint="add these lines to its hooks by hand: " + " and ".join(f"'{_call(repo, name)}'" for name in NAMES),
        )
    sentences: list[str] = []
    try:
        place.folder.mkdir(parents=True, exist_ok=True)
        sentences += [_install_one(repo, place.folder / name, chain=chain) for name in NAMES]
    except OSError as error:
        raise EnvironmentProblem(f"the hooks cannot be written to {place.folder}: {error.strerror}") from None
    if place.folder.resolve().is_relative_to(repo.top.resolve()) and not place.folder.resolve().is_relative_to(
        repo.common_dir.resolve()
    ):
        sentences.append(f"{place.folder} is part of the work tree (core.hooksPath): commit the files there")
    return tuple(sentences)


def script(repo: git.Repository, name: str) -> str:
    """The text of one hook. It does nothing where there is no pmctl.yaml (another branch, an old commit)."""
    feeds = name == "pre-push"
    chain = (_CHAIN_INPUT if feeds else _CHAIN).format(name=name, suffix=BEFORE)
    call = _call(repo, name) + ' "$@"'
    return _SCRIPT.format(
        mark=_MARK,
        verb=name.removeprefix("pre-"),
        chain=chain,
        settings=shlex.quote(repo.prefix + git.SETTINGS_FILE),
        call=f"printf '%s\\n' \"$input\" | {call}" if feeds else f"exec {call}",
    )


def _call(repo: git.Repository, name: str) -> str:
    folder = f"-C {shlex.quote(repo.prefix)} " if repo.prefix else ""
    return f"pmctl {folder}hook {name}"


def _install_one(repo: git.Repository, path: Path, *, chain: bool) -> str:
    text = script(repo, path.name)
    if path.is_symlink() or path.exists():
        present = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        if _MARK not in present:
            if not chain:
                return (
                    f"{path.name} is there and not pmctl's, so it was left alone; "
                    f"add to it: {_call(repo, path.name)} (or run pmctl hook install --chain)"
                )
            kept = path.with_name(path.name + BEFORE)
            if kept.exists():
                raise Refused(f"{kept} exists already", hint="move one of the two hooks away, then install again")
            path.rename(kept)
            _write(path, text)
            return f"{path.name} installed; the hook that was there is now {kept.name} and runs first"
        if present == text:
            return f"{path.name} is installed already"
    _write(path, text)
    return f"{path.name} installed"


def _write(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=".pmctl-", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).chmod(0o755)
    Path(name).replace(path)
