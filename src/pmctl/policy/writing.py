"""policy.yaml, written: a first policy from values, and edits that touch only the lines they mean. Pure.

Every edit is parsed again and compared with what was meant; a file that can't be edited safely is refused,
with what to do by hand.
"""

from __future__ import annotations

import json
import re

from pmctl.document import strict_yaml
from pmctl.document.strict_yaml import Node
from pmctl.errors import BadInput, advise
from pmctl.policy.model import ACTIVE, ATTRIBUTED, PERSON, PUBLISHER_ROLES, Key, Person, Policy, PublicRules, find_key
from pmctl.policy.reading import SIZE_LIMIT, parse_policy

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 .@_+-]*[A-Za-z0-9]\Z|[A-Za-z]\Z")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))


def render_policy(policy: Policy) -> bytes:
    """The file of a policy from its values, with a line of explanation where a choice can be made."""
    review = policy.review
    lines = [f"version: {policy.version}"]
    if policy.repository:
        # Quoted, as a number of 32 digits would be read as one.
        lines += ["# what tells this repository from every other, for ever", f'repository: "{policy.repository}"']
    if policy.branch:
        lines += ["# the branch whose history is audited", f"branch: {_scalar(policy.branch)}"]
    lines.append("people:")
    for person in policy.people.values():
        lines += _person(person, "  ")
    if policy.teams:
        lines.append("teams:")
        lines += [f"  {name}: {{members: {_list(members)}}}" for name, members in policy.teams.items()]
    lines.append(f"admins: {_list(policy.admins)}")
    team = f", team: {review.team}" if review.team else ""
    approvals = "all" if review.approvals is None else str(review.approvals)
    own = "true" if review.self_approval else "false"
    public = _public(policy.public)
    lines += [
        "# approvals: all requested reviewers, or how many of them; minimum: never fewer than this",
        f"review: {{approvals: {approvals}, minimum: {review.minimum}, self_approval: {own}, "
        f"signatures: required{team}}}",
        f"publishers: {_list(policy.publishers or PUBLISHER_ROLES)}",
        *public,
        "# attributed: edits are judged by the commit's author; signed: by the commit's signature",
        f"edits: {policy.edits or ATTRIBUTED}",
        "# how many admins must sign a change of this file",
        f"policy_threshold: {policy.policy_threshold}",
    ]
    return ("\n".join(lines) + "\n").encode()


def set_version(data: bytes, version: int) -> bytes:
    """The policy with another version number."""
    text, top = _load(data)
    node = _child(top, "version")
    return _checked(data, text[: node.start] + str(version) + text[node.end :], "version")


def set_branch(data: bytes, branch: str) -> bytes:
    """The policy with another protected branch."""
    text, top = _load(data)
    node = _child(top, "branch")
    return _checked(data, text[: node.start] + _scalar(branch) + text[node.end :], "branch")


def set_kind(data: bytes, handle: str, kind: str) -> bytes:
    """The policy with another kind of person, service or agent behind a handle."""
    text, top = _load(data)
    person = _child(top, "people", handle)
    there, name = _mapping(person).get("kind"), _child(person, "name")
    if there is not None:
        edited = text[: there.start] + kind + text[there.end :]
    elif person.flow:
        edited = text[: name.end] + f", kind: {kind}" + text[name.end :]
    else:
        at = _end_of_line(text, name.end)
        edited = _with_newline(text[:at]) + f"{' ' * (name.key_column - 1)}kind: {kind}\n" + text[at:]
    return _checked(data, edited, f"kind of {handle}")


def add_person(data: bytes, person: Person) -> bytes:
    """The policy with one more person at the end of `people`."""
    text, top = _load(data)
    people = _child(top, "people")
    entries = _mapping(people)
    if person.handle in entries:
        raise BadInput(f"{person.handle} is in the policy already")
    if people.flow or not entries:
        raise BadInput("people is not written as an indented list", hint=f"add {person.handle} to the file by hand")
    last = list(entries.values())[-1]
    indent = " " * (last.key_column - 1)
    at = _end_of_line(text, last.end)
    block = "".join(line + "\n" for line in _person(person, indent))
    return _checked(data, _with_newline(text[:at]) + block + text[at:], "people")


def add_key(data: bytes, handle: str, key: Key) -> bytes:
    """The policy with one more key of a person."""
    text, top = _load(data)
    person = _child(top, "people", handle)
    fields = _mapping(person)
    keys = fields.get("keys")
    items = keys.value if keys is not None and isinstance(keys.value, tuple) else ()
    if keys is not None and not items:
        edited = text[: keys.start] + f"[{_key(key)}]" + text[keys.end :]
    elif keys is not None and keys.flow:
        edited = text[: items[-1].end] + f", {_key(key)}" + text[items[-1].end :]
    elif keys is not None:
        at = _end_of_line(text, items[-1].end)
        dash = text.rfind("\n", 0, items[0].start) + 1
        indent = text[dash : text.find("-", dash)]
        edited = _with_newline(text[:at]) + f"{indent}- {_key(key)}\n" + text[at:]
    elif person.flow:
        last = list(fields.values())[-1]
        edited = text[: last.end] + f", keys: [{_key(key)}]" + text[last.end :]
    else:
        last = list(fields.values())[-1]
        at = _end_of_line(text, last.end)
        indent = " " * (last.key_column - 1)
        edited = _with_newline(text[:at]) + f"{indent}keys:\n{indent}  - {_key(key)}\n" + text[at:]
    return _checked(data, edited, f"keys of {handle}")


def set_key_status(data: bytes, handle: str, key_id: str, status: str, since: str = "") -> bytes:
    """The policy with another status of one key; `since` is a full commit id for a compromised one."""
    text, top = _load(data)
    parsed, _ = parse_policy(data)
    known = find_key(parsed, key_id) if parsed is not None else None
    keys = _child(top, "people", handle, "keys").value
    if known is None or parsed is None or not isinstance(keys, tuple):
        raise BadInput(f"{handle} has no such key in the policy")
    position = [key.id for key in parsed.people[handle].keys].index(known.id)
    node = keys[position]
    fields = _mapping(node)
    kept = {name: field for name, field in fields.items() if name not in ("status", "since")}
    words = [f"{name}: {text[field.start : field.end]}" for name, field in kept.items()]
    words += [f"status: {status}"] + ([f"since: {json.dumps(since)}"] if since else [])
    written = "{" + ", ".join(words) + "}"
    if not node.flow and any("\n" in text[field.start : field.end] for field in kept.values()):
        raise BadInput(f"the key of {handle} is written over several lines", hint="edit the file by hand")
    return _checked(data, text[: node.start] + written + text[node.end :], f"keys of {handle}")


def _public(rules: PublicRules) -> list[str]:
    """What is asked of public texts, when anything is."""
    if rules == PublicRules():
        return []
    team = f", team: {rules.team}" if rules.team else ""
    speaks = f", organization: {rules.organization}" if rules.organization else ""
    keys = f", keys: [{', '.join(map(_key, rules.keys))}]" if rules.keys else ""
    return [
        "# reviews: how many others approve a public text; keys: those that sign what customers are told",
        f"public: {{reviews: {rules.reviews}{team}{speaks}{keys}}}",
    ]


def _person(person: Person, indent: str) -> list[str]:
    lines = [f"{indent}{_scalar(person.handle)}:", f"{indent}  name: {_scalar(person.name)}"]
    if person.kind != PERSON:
        lines.append(f"{indent}  kind: {person.kind}")
    lines.append(f"{indent}  emails: {_list(person.emails)}")
    if person.keys:
        lines.append(f"{indent}  keys:")
        lines += [f"{indent}    - {_key(key)}" for key in person.keys]
    return lines


def _key(key: Key) -> str:
    since = f", since: {json.dumps(key.since)}" if key.since else ""
    if key.openpgp:
        return f'{{openpgp: "{key.openpgp}", file: {key.file}, status: {key.status or ACTIVE}{since}}}'
    return f'{{key: "{key.id}", status: {key.status or ACTIVE}{since}}}'


def _list(items: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_scalar, items))}]"


def _scalar(text: str) -> str:
    """A YAML scalar that reads back as this text: plain where nothing can go wrong, else in double quotes."""
    if _PLAIN.match(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def _load(data: bytes) -> tuple[str, Node]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput("the policy is not UTF-8 text") from None
    parsed = strict_yaml.load(text, max_bytes=SIZE_LIMIT, document_start=True)
    if parsed.node is None or parsed.problems:
        raise BadInput("the policy cannot be read", hint=advise("policy-verify"))
    return text, parsed.node


def _mapping(node: Node) -> dict[str, Node]:
    return node.value if isinstance(node.value, dict) else {}


def _child(node: Node, *path: str) -> Node:
    for name in path:
        fields = _mapping(node)
        if name not in fields:
            raise BadInput(f"the policy has no {'.'.join(path)}")
        node = fields[name]
    return node


def _end_of_line(text: str, at: int) -> int:
    stop = text.find("\n", at)
    return len(text) if stop < 0 else stop + 1


def _with_newline(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _checked(before: bytes, text: str, what: str) -> bytes:
    """The edited file; raises BadInput when it no longer reads as a policy that differs there only."""
    data = text.encode()
    policy, problems = parse_policy(data)
    if policy is None:
        raise BadInput(
            f"the policy would not be valid with this change of {what}",
            details=tuple(f"line {problem.line}: {problem.message}" for problem in problems),
        )
    if data == before:
        raise BadInput(f"nothing changes in {what}")
    return data
