"""Which lines of a .gitattributes file hide or alter how git and forges show what pmctl manages. bytes -> lines.

gitattributes(5): a pattern, which may be quoted, then attributes. Since 2.39 git passes over lines of
more than 2,048 bytes, earlier ones and forges read them; here every line counts.
A pattern counts when any managed path could fit it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

# 9 is any digit, ? any character, * any but the slash; as many as there are kinds of managed files.
_MANAGED = (
    "postmortems/9999/9999-99-99-*.md", "pmctl.yaml", ".pmctl/policy.yaml", ".pmctl/records/*/9999-*.json",
    ".pmctl/records/*/9999-*.json.sig",
)  # fmt: skip
# Attributes by which git or a forge shows no difference of a file, or another one than there is; or marks conflicts
# otherwise than anybody looks for. Our own merge driver (`MERGE_LINE`) does neither.
_HIDING = re.compile(
    r"-diff|binary|diff=.*|(?:linguist|gitlab)-generated(?:=(?!false$|0$).*)?|filter=.*|ident|working-tree-encoding=.*"
    r"|-merge|merge=(?!pmctl$).*|conflict-marker-size=.*"
)
MERGE_LINE = "postmortems/**/*.md merge=pmctl"
"""The line by which git merges postmortems with our driver, where a clone has one."""
_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"')
_ESCAPE = re.compile(r"\\([0-7]{1,3}|.)")
_LONGEST = 1000
_CONTROLS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Hidden(NamedTuple):
    """A line that hides something: its number, from 1, its pattern and the attribute."""

    line: int
    pattern: str
    attribute: str


def hiding_lines(data: bytes, folder: str = "") -> list[Hidden]:
    """The lines of a .gitattributes file in `folder` that hide differences of managed files.

    `folder` is relative to the pmctl root: "" for the root, "docs" below it. Of a file above the root it is "../" and
    the root as seen from there: "../team/pm" at the top of a repository whose root is team/pm.
    """
    found = []
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        line = line.strip(" \t\r")
        if not line or line.startswith("#"):
            continue
        pattern, attributes = _split(line)
        hidden = next((word for word in attributes if _HIDING.fullmatch(word)), "")
        if hidden and (pattern.startswith("[attr]") or _concerns(pattern, folder)):
            found.append(Hidden(number, pattern, hidden))
    return found


def _split(line: str) -> tuple[str, list[str]]:
    """The pattern of a line, unquoted, and its attributes."""
    quoted = _QUOTED.match(line)
    if quoted is None:
        pattern, *attributes = line.split()
        return pattern, attributes
    return _ESCAPE.sub(_unescaped, quoted[1]), line[quoted.end() :].split()


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    return chr(int(code, 8)) if code.isdigit() else _CONTROLS.get(code, code)


def _concerns(pattern: str, folder: str) -> bool:
    """Whether a pattern in a .gitattributes of `folder` can fit the path of a managed file."""
    if len(pattern) > _LONGEST:
        return True  # nobody writes one by hand
    above = folder[3:] if folder.startswith("../") else ""
    paths = [f"{above}/{path}" if above else path for path in _MANAGED]
    if folder and not above:
        inside = [path for path in paths if path[len(folder) : len(folder) + 1] == "/"]
        paths = [path[len(folder) + 1 :] for path in inside if _fits(folder, path[: len(folder)])]
    if "/" not in pattern:
        return any(_fits(pattern, path.rpartition("/")[2]) for path in paths)
    return any(_fits(pattern.removeprefix("/"), path) for path in paths)


@lru_cache(maxsize=256)
def _fits(pattern: str, shape: str) -> bool:
    """Whether some path fits both, without regard to case: the two are walked side by side."""
    one, two = _tokens(pattern.lower(), digits=False), _tokens(shape, digits=True)
    seen: set[tuple[int, int]] = set()
    waiting = [(0, 0)]
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        at, by = place
        if at == len(one) and by == len(two):
            return True
        first = one[at] if at < len(one) else ""
        second = two[by] if by < len(two) else ""
        if first in ("*", "**"):
            waiting.append((at + 1, by))
            if second and (first == "**" or second != "/"):
                waiting.append((at, by + 1))
        if second == "*":
            waiting.append((at, by + 1))
            if first and first != "/":
                waiting.append((at + 1, by))
        elif first and second and first not in ("*", "**") and _meet(first, second):
            waiting.append((at + 1, by + 1))
    return False


def _meet(first: str, second: str) -> bool:
    if first == "?" or second == "?":
        return "/" not in (first, second)
    if second == "9":
        return first.isdigit() or first == "[]"
    return first == second or (first == "[]" and second != "/")


def _tokens(glob: str, *, digits: bool) -> list[str]:
    """A glob as characters, `?`, `*`, `**` (over slashes) and `[]` for any set of characters."""
    tokens: list[str] = []
    at = 0
    while at < len(glob):
        one = glob[at]
        if glob.startswith("**", at):
            tokens.append("**")
            at += 3 if glob.startswith("**/", at) else 2
            continue
        closing = glob.find("]", at + 2) if one == "[" else -1
        if one == "\\" and at + 1 < len(glob) and not digits:
            at += 1
            tokens.append(glob[at])
        elif closing > 0:
            tokens.append("[]")
            at = closing
        else:
            tokens.append(one)
        at += 1
    return tokens
