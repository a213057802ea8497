"""Who is in a team, who is an admin, which addresses a person has: edits of the policy's lists. Bytes -> bytes.

Only the lines of the list itself change; comments, order and quotes of everything else stay. The caller
parses the result and compares it with what it meant.
"""

from __future__ import annotations

import re

from pmctl.document import strict_yaml
from pmctl.document.strict_yaml import Node
from pmctl.errors import BadInput, advise
from pmctl.policy.reading import SIZE_LIMIT

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9@._+-]*\Z")


def add_admin(data: bytes, handle: str) -> bytes:
    """The policy with `handle` at the end of `admins`; raises BadInput when the file cannot be edited."""
    text, top = _load(data)
    return _encode(data, _append(text, _child(top, "admins"), handle))


def remove_admin(data: bytes, handle: str) -> bytes:
    """The policy without `handle` among `admins`."""
    text, top = _load(data)
    return _encode(data, _remove(text, _child(top, "admins"), handle))


def add_member(data: bytes, team: str, handle: str) -> bytes:
    """The policy with `handle` in `team`; the team, and `teams` itself, are made when they are not there."""
    text, top = _load(data)
    teams = _mapping(top).get("teams")
    entry = f"{team}: {{members: [{handle}]}}"
    if teams is None:
        return _encode(data, _with_final_newline(text) + f"teams:\n  {entry}\n")
    known = _mapping(teams).get(team)
    if known is not None:
        members = _mapping(known).get("members")
        if members is None or not isinstance(members.value, tuple):
            raise BadInput(f"team {team} has no list of members", hint="give it one: members: []")
        return _encode(data, _append(text, members, handle))
    if teams.flow or not _mapping(teams):
        inner = text[teams.start : teams.end].strip()
        filled = f"{inner[:-1].rstrip()}, {entry}}}" if _mapping(teams) else f"{{{entry}}}"
        return _encode(data, text[: teams.start] + filled + text[teams.end :])
    at = _end_of_line(text, teams.end)
    indent = " " * (next(iter(_mapping(teams).values())).key_column - 1)
    return _encode(data, text[:at] + f"\n{indent}{entry}" + text[at:])


def remove_member(data: bytes, team: str, handle: str) -> bytes:
    """The policy without `handle` in `team`; the team stays, even when nobody is left."""
    text, top = _load(data)
    return _encode(data, _remove(text, _child(top, "teams", team, "members"), handle))


def add_email(data: bytes, handle: str, email: str) -> bytes:
    """The policy with one more e-mail address of `handle`."""
    text, top = _load(data)
    emails = _mapping(_child(top, "people", handle)).get("emails")
    if emails is not None:
        return _encode(data, _append(text, emails, email))
    name = _child(top, "people", handle, "name")
    if _child(top, "people", handle).flow:
        return _encode(data, text[: name.end] + f", emails: [{_written(email)}]" + text[name.end :])
    at = _end_of_line(text, name.end)
    return _encode(data, text[:at] + f"\n{' ' * (name.key_column - 1)}emails: [{_written(email)}]" + text[at:])


def remove_email(data: bytes, handle: str, email: str) -> bytes:
    """The policy without that e-mail address of `handle`; `email` as the file writes it."""
    text, top = _load(data)
    return _encode(data, _remove(text, _child(top, "people", handle, "emails"), email))


def _append(text: str, node: Node, item: str) -> str:
    items = _items(node)
    if node.flow or not items:
        inner = f"{text[node.start : items[-1].end]}, " if items else "["
        return (
            text[: node.start] + inner + _written(item) + (text[items[-1].end :] if items else "]" + text[node.end :])
        )
    last = items[-1]
    at = _end_of_line(text, last.end)
    line_start = text.rfind("\n", 0, last.start) + 1
    lead = re.match(r"[ ]*-[ ]*", text[line_start:])
    if lead is None:
        raise BadInput("this list is not written in a way that can be edited", hint="edit the policy by hand")
    return text[:at] + "\n" + lead[0] + _written(item) + text[at:]


def _remove(text: str, node: Node, item: str) -> str:
    items = _items(node)
    found = next((number for number, child in enumerate(items) if child.value == item), None)
    if found is None:
        raise BadInput(f"{item} is not in that list")
    child = items[found]
    if node.flow:
        if len(items) == 1:
            return text[: node.start] + "[]" + text[node.end :]
        if found + 1 < len(items):
            return text[: child.start] + text[items[found + 1].start :]
        return text[: items[found - 1].end] + text[child.end :]
    if len(items) == 1:  # the whole list goes; an empty one is written on its key's line
        line_start = text.rfind("\n", 0, node.start)
        return text[:line_start] + " []" + text[_end_of_line(text, child.end) :]
    line_start = text.rfind("\n", 0, child.start) + 1
    end = text.find("\n", child.end)
    return text[:line_start] + (text[end + 1 :] if end >= 0 else "")


def _load(data: bytes) -> tuple[str, Node]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("the policy is not UTF-8 text") from None
    parsed = strict_yaml.load(text, max_bytes=SIZE_LIMIT, document_start=True)
    if parsed.node is None or parsed.problems:
        raise BadInput("the policy cannot be read", hint=advise("policy-verify-where"))
    return text, parsed.node


def _encode(before: bytes, text: str) -> bytes:
    mark = b"\xef\xbb\xbf" if before.startswith(b"\xef\xbb\xbf") else b""
    newline = "\r\n" if b"\r\n" in before else "\n"
    if newline == "\r\n":
        text = re.sub(r"(?<!\r)\n", newline, text)
    return mark + text.encode()


def _child(node: Node, *path: str) -> Node:
    for number, name in enumerate(path):
        below = _mapping(node).get(name)
        if below is None:
            raise BadInput(f"the policy has no {'.'.join(path[: number + 1])}")
        node = below
    return node


def _mapping(node: Node) -> dict[str, Node]:
    return node.value if isinstance(node.value, dict) else {}


def _items(node: Node) -> tuple[Node, ...]:
    if not isinstance(node.value, tuple):
        raise BadInput("there is no list at this place of the policy", hint="edit the policy by hand")
    return node.value


def _written(item: str) -> str:
    return item if _PLAIN.match(item) and item not in ("true", "false", "null") else f'"{item}"'


def _end_of_line(text: str, at: int) -> int:
    """The offset of the line break after `at` (before a carriage return), or the end of the text."""
    end = text.find("\n", at)
    if end < 0:
        return len(text)
    return end - 1 if end > at and text[end - 1] == "\r" else end


def _with_final_newline(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"
