"""Install the client hooks: small shell scripts that call pmctl before a commit and before a push.

A hook of somebody else is never overwritten: it is left alone, with the line to add to it, or on request it
is kept beside ours and run first. Hooks are advice; `--no-verify` walks past them, and the audit does not.
"""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pmctl import git
from pmctl.errors import EnvironmentProblem, Refused

NAMES = ("pre-commit", "pre-push")
BEFORE = ".before-pmctl"
_MARK = "# pmctl hook, version "

# `root` is a pmctl root as seen from the top of the repository, where git runs hooks. A commit that touches none of the
# roots starts no Python.
_SCRIPT = """\
#!/bin/sh
{mark}2: installed by 'pmctl hook install', replaced when that runs again.
# Advice before it is too late; 'git {verb} --no-verify' walks past it, the audit does not.
{before}status=0
for root in {roots}; do
    [ -f "$root/{settings}" ] || continue
    {unless}if ! command -v pmctl >/dev/null 2>&1; then
        echo "pmctl is not on PATH: postmortems were not checked" >&2
        exit $status
    fi
    {call} || status=$?
done
exit $status
"""
_ROOTS = re.compile(r"(?m)^for root in (.+); do$")
_UNCHANGED = """\
git diff --cached --quiet -- ":(literal)$root" && continue
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
# A hook that goes by the name it is called by (overcommit's) does something else, or nothing, under another name.
_OWN_NAME = re.compile(r"basename.*\$0|\$\{0##")


@dataclass(frozen=True, slots=True)
class Place:
    """Where hooks are written, and whether that is the repository's own folder.

    With `husky` another program finds them there by their names and runs them.
    """

    folder: Path
    own: bool
    husky: bool = False


def hooks_folder(repo: git.Repository) -> Place:
    """The folder that git runs hooks from, by core.hooksPath or the git directory.

    Husky has git run programs of its own in `.husky/_`, which it writes anew, and which run the files in `.husky`.
    """
    shown = git.run(repo.top, "rev-parse", "--path-format=absolute", "--git-path", "hooks", reading=False).text
    folder = Path(shown)
    inside = folder.resolve()
    homes = (repo.git_dir.resolve(), repo.common_dir.resolve(), repo.top.resolve())
    own = any(inside.is_relative_to(home) for home in homes)
    husky = folder.name == "_" and (folder / "h").is_file()
    return Place(folder.parent if husky else folder, own, husky)


def install(repo: git.Repository, *, chain: bool = False) -> tuple[str, ...]:
    """Write pre-commit and pre-push; returns a sentence for each.

    With `chain` a foreign hook is renamed to NAME.before-pmctl and run first; without it, it is left alone. A hook of
    pmctl goes on calling it for the roots that it knows. Raises Refused when core.hooksPath leads to a folder that
    other repositories share, or when a hook cannot be renamed, EnvironmentProblem when a file cannot be written.
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
        sentences += [_install_one(repo, place, name, chain=chain) for name in NAMES]
    except OSError as error:
        raise EnvironmentProblem(f"the hooks cannot be written to {place.folder}: {error.strerror}") from None
    if place.folder.resolve().is_relative_to(repo.top.resolve()) and not place.folder.resolve().is_relative_to(
        repo.common_dir.resolve()
    ):
        sentences.append(f"{place.folder} is part of the work tree (core.hooksPath): commit the files there")
    return tuple(sentences)


def script(name: str, roots: tuple[str, ...]) -> str:
    """The text of one hook for pmctl roots, given as places below the top ("." for it).

    It does nothing where there is no pmctl.yaml (another branch, an old commit).
    """
    feeds = name == "pre-push"
    call = f'pmctl -C "$root" hook {name} "$@"'
    return _SCRIPT.format(
        mark=_MARK,
        verb=name.removeprefix("pre-"),
        before=(_CHAIN_INPUT if feeds else _CHAIN).format(name=name, suffix=BEFORE),
        roots=" ".join(shlex.quote(root) for root in roots),
        settings=git.SETTINGS_FILE,
        unless="" if feeds else _UNCHANGED,
        call=f"printf '%s\\n' \"$input\" | {call}" if feeds else call,
    )


def _call(repo: git.Repository, name: str) -> str:
    """The line for a hook of somebody else; git feeds pre-push on standard input and in arguments."""
    folder = f"-C {shlex.quote(repo.prefix)} " if repo.prefix else ""
    return f"pmctl {folder}hook {name}" + (' "$@"' if name == "pre-push" else "") + " || exit $?"


def _install_one(repo: git.Repository, place: Place, name: str, *, chain: bool) -> str:
    path = place.folder / name
    root = repo.prefix.rstrip("/") or "."
    if not (path.is_symlink() or path.exists()):
        _write(path, script(name, (root,)))
        return f"{name} installed"
    present = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    if _MARK in present:
        roots = _roots_of(present)
        text = script(name, roots if root in roots else (*roots, root))
        if present == text:
            return f"{name} is installed already"
        _write(path, text)
        return f"{name} installed"
    fixed = place.husky or bool(_OWN_NAME.search(present))
    if not chain:
        other = "" if fixed else " (or run pmctl hook install --chain)"
        return f"{name} is there and not pmctl's, so it was left alone; add to it: {_call(repo, name)}{other}"
    if fixed:
        line = _call(repo, name)
        raise Refused(f"{path} goes by its own name and cannot be renamed", hint=f"add this line to it: {line}")
    kept = path.with_name(name + BEFORE)
    if kept.exists():
        raise Refused(f"{kept} exists already", hint="move one of the two hooks away, then install again")
    path.rename(kept)
    _write(path, script(name, (root,)))
    return f"{name} installed; the hook that was there is now {kept.name} and runs first"


def _roots_of(text: str) -> tuple[str, ...]:
    """The roots that a hook of pmctl calls it for, none when somebody has changed the line."""
    line = _ROOTS.search(text)
    try:
        return tuple(shlex.split(line[1])) if line else ()
    except ValueError:
        return ()


def _write(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=".pmctl-", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).chmod(0o755)
    Path(name).replace(path)
