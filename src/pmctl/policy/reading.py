"""policy.yaml: bytes -> Policy, or findings with line and column. Hostile input; never raises for content.

Every field is checked, unknown ones are errors with a suggestion, and a policy that would lock everybody
out is refused, since nobody could ever sign the next one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from pmctl.codes import Code
from pmctl.document.finding import Finding, Severity
from pmctl.policy.model import (
    ACTIVE,
    ATTRIBUTED,
    COMPROMISED,
    KEY_STATUSES,
    KINDS,
    PERSON,
    POLICY_PATH,
    PUBLISHER_ROLES,
    SIGNED,
    Key,
    Person,
    Policy,
    PublicRules,
    ReviewRules,
)
from pmctl.text import did_you_mean, in_ascii, single_line

if TYPE_CHECKING:
    from pmctl.document.node_reader import NodeReader
    from pmctl.document.strict_yaml import Node

SIZE_LIMIT = 256 * 1024
"""Bytes that a policy file may have."""

HANDLE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")
_EMAIL = re.compile(r"[^\s@<>\"'*?!,;:\\()\[\]]+@[^\s@<>\"'*?!,;:\\()\[\]]+\Z")
_REPOSITORY = re.compile(r"[0-9a-f]{32}\Z")
_BRANCH = re.compile(r"(?!.*(?:\.\.|//|/\.|\.lock(?:/|\Z)|@\{))[A-Za-z0-9][A-Za-z0-9._/+@-]{0,199}(?<![./])\Z")
_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_FINGERPRINT = re.compile(r"(?:[0-9A-F]{40}|[0-9A-F]{64})\Z")
_KEY_FILE = re.compile(r"\.pmctl/keys/[A-Za-z0-9][A-Za-z0-9._-]*\Z")

_TOP = (
    "version", "repository", "branch", "people", "teams", "admins", "review", "publishers", "public", "edits",
    "policy_threshold",
)  # fmt: skip
_PERSON = ("name", "kind", "emails", "keys")
_KEY = ("key", "openpgp", "file", "status", "since")
_REVIEW = ("approvals", "minimum", "self_approval", "signatures", "team")
_PUBLIC = ("reviews", "team", "organization", "keys")
# It is the principal of an allowed-signers file (ssh-keygen(1)): no blank, no pattern, no list.
_ORGANIZATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}\Z")

# Handles are read by people in lists: 0/o and 1/l/i are one to the eye.
_LOOKS = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "-": ""})


def parse_policy(data: bytes, path: str = POLICY_PATH) -> tuple[Policy | None, tuple[Finding, ...]]:
    """The policy in `data` and every problem in it; the policy is None when one of them is an error."""
    if len(data) > SIZE_LIMIT:
        message = f"the policy has {len(data)} bytes; the limit is {SIZE_LIMIT}"
        return None, (Finding("AU104", message, path),)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, (Finding("AU104", f"the policy is not UTF-8 text (byte {error.start})", path),)
    from pmctl.document import strict_yaml
    from pmctl.document.node_reader import NodeReader

    parsed = strict_yaml.load(text, path=path, max_bytes=SIZE_LIMIT, document_start=True)
    if parsed.node is None or parsed.problems:
        found = [Finding("AU104", p.message, path, p.line, p.column, fix=p.fix) for p in parsed.problems]
        return None, tuple(found or [Finding("AU104", "the policy is empty", path, 1, 1)])
    reader = NodeReader(path, "AU104")
    policy = _policy(reader, parsed.node, "sha256:" + hashlib.sha256(data).hexdigest())
    return (None if reader.failed else policy), tuple(reader.findings)


def _policy(reader: NodeReader, node: Node, digest: str) -> Policy:
    top = reader.mapping(node, "the policy", _TOP)
    for name in ("version", "repository", "branch", "people", "admins"):
        if name not in top:
            reader.add(node, f"the policy has no {name}")
    people = _people(reader, top.get("people"))
    teams = _teams(reader, top.get("teams"), people)
    publishers = [
        reader.choice(child, "publishers", PUBLISHER_ROLES)
        for _, child in _distinct(reader, top.get("publishers"), "publishers")
    ]
    policy = Policy(
        version=reader.number(top.get("version"), "version", 1, 1, 10**9),
        people=people,
        teams=teams,
        admins=_members(reader, top.get("admins"), "admins", people),
        review=_review(reader, top.get("review"), teams, people),
        publishers=tuple(filter(None, publishers)) if "publishers" in top else PUBLISHER_ROLES,
        public=_public(reader, top.get("public"), teams, people),
        edits=reader.choice(top.get("edits"), "edits", (ATTRIBUTED, SIGNED), ATTRIBUTED),
        policy_threshold=reader.number(top.get("policy_threshold"), "policy_threshold", 1),
        digest=digest,
        repository=_matching(reader, top.get("repository"), "repository", _REPOSITORY, "32 hex digits"),
        branch=_matching(reader, top.get("branch"), "branch", _BRANCH, "the name of a branch"),
    )
    for handle in policy.admins:
        if (kind := people[handle].kind) != PERSON:
            reader.add(top["admins"], f"admins: {handle} is of the kind {kind}, which signs no policy")
    able = len(policy.active_admins)
    if "admins" in top and not able:
        reader.add(top["admins"], "no admin has an active key: nobody could ever change this policy again")
    elif policy.policy_threshold > able and "policy_threshold" in top:
        message = f"policy_threshold is {policy.policy_threshold}, but only {able} admins have an active key"
        reader.add(top["policy_threshold"], message, f"set it to {able} or less, or add admins")
    if not policy.publishers:
        reader.add(top["publishers"], "publishers is empty: nobody could publish")
    return policy


def _distinct(reader: NodeReader, node: Node | None, what: str) -> Iterator[tuple[str, Node]]:
    """The texts of a list in which none may stand twice."""
    seen: set[str] = set()
    for text, child in reader.entries(node, what):
        if text in seen:
            reader.add(child, f"{what}: {in_ascii(text)} is named twice")
        else:
            seen.add(text)
            yield text, child


def _people(reader: NodeReader, node: Node | None) -> dict[str, Person]:
    entries = reader.mapping(node, "people")
    people: dict[str, Person] = {}
    emails: dict[str, str] = {}
    keys: dict[str, str] = {}
    looks: dict[str, str] = {}
    for handle, child in entries.items():
        if not HANDLE.match(handle):
            why = "" if handle.isascii() else " (it holds characters that look like others or show nothing)"
            message = f"handle {in_ascii(handle)} is not made of a-z, 0-9 and -{why}"
            reader.add(child, message, "use lower-case letters, digits and hyphens", at_key=True)
            continue
        look = handle.translate(_LOOKS)
        if look in looks:
            message = f"handles {handle} and {looks[look]} look alike"
            reader.add(child, message, severity=Severity.WARNING, at_key=True)
        looks.setdefault(look, handle)
        people[handle] = _person(reader, handle, child, emails, keys)
    names: dict[str, str] = {}
    for person in people.values():
        folded = single_line(person.name.casefold())
        if folded and folded in names:
            message = f"{person.handle} and {names[folded]} have the same name: one person has one handle"
            reader.add(entries[person.handle], message, severity=Severity.WARNING, at_key=True)
        names.setdefault(folded, person.handle)
    return people


def _person(reader: NodeReader, handle: str, node: Node, emails: dict[str, str], keys: dict[str, str]) -> Person:
    fields = reader.mapping(node, f"person {handle}", _PERSON)
    name = fields["name"].value if "name" in fields else ""
    if not isinstance(name, str) or not name.strip() or len(name) > 200 or not name.isprintable():
        reader.add(fields.get("name", node), f"{handle} needs a name: visible text of at most 200 characters")
        name = ""
    own_emails: list[str] = []
    for text, child in _distinct(reader, fields.get("emails"), f"emails of {handle}"):
        email = text.lower()
        if not _EMAIL.match(text) or not text.isprintable() or len(text) > 254:
            reader.add(child, f"{in_ascii(text)} is not an e-mail address")
        elif emails.setdefault(email, handle) != handle:
            reader.add(child, f"{in_ascii(text)} belongs to {emails[email]} already")
        elif email not in own_emails:
            own_emails.append(email)
    own_keys: list[Key] = []
    for child in reader.items(fields.get("keys"), f"keys of {handle}"):
        key = _key(reader, handle, child)
        if key is None:
            continue
        if key.id in keys:
            owner = "listed twice" if keys[key.id] == handle else f"the key of {keys[key.id]} already"
            reader.add(child, f"a key of {handle} is {owner}")
        keys.setdefault(key.id, handle)
        own_keys.append(key)
    kind = reader.choice(fields.get("kind"), f"kind of {handle}", KINDS, PERSON)
    return Person(handle, name, tuple(own_emails), tuple(own_keys), kind)


def _key(reader: NodeReader, handle: str, node: Node) -> Key | None:
    fields = reader.mapping(node, f"a key of {handle}", _KEY)
    if not fields:
        return None
    status = reader.choice(fields.get("status"), f"status of a key of {handle}", KEY_STATUSES, ACTIVE)
    since = _text(fields.get("since"))
    if status == COMPROMISED and not _COMMIT.match(since):
        message = f"a compromised key of {handle} needs since: the full id of the commit from which it counts"
        reader.add(fields.get("since", node), message)
    elif status != COMPROMISED and "since" in fields:
        reader.add(fields["since"], "since belongs to compromised keys only")
    if ("key" in fields) == ("openpgp" in fields):
        reader.add(node, f"a key of {handle} needs either key (SSH) or openpgp")
        return None
    if "openpgp" in fields:
        mark, file = _text(fields["openpgp"]).replace(" ", "").upper(), _text(fields.get("file"))
        if not _FINGERPRINT.match(mark):
            reader.add(fields["openpgp"], "openpgp must be the key's full fingerprint: 40 or 64 hex digits")
            return None
        if not _KEY_FILE.match(file):
            reader.add(fields.get("file", node), "an openpgp key needs file: .pmctl/keys/NAME.asc")
        return Key(f"openpgp {mark}", status, since, file, node.line)
    from pmctl.policy.keys import KeyProblem, normalise

    try:
        line = normalise(_text(fields["key"]))
    except KeyProblem as problem:
        reader.add(fields["key"], f"key of {handle}: {problem.message}", problem.hint)
        return None
    return Key(line, status, since, "", node.line)


def _text(node: Node | None) -> str:
    """A scalar as it is written: a fingerprint or a commit may consist of digits alone."""
    return "" if node is None else node.value if isinstance(node.value, str) else node.raw


def _matching(reader: NodeReader, node: Node | None, what: str, form: re.Pattern[str], meant: str) -> str:
    text = _text(node)
    if node is not None and not form.match(text):
        reader.add(node, f"{what}: {in_ascii(text)} is not {meant}")
        return ""
    return text


def _members(reader: NodeReader, node: Node | None, what: str, people: dict[str, Person]) -> tuple[str, ...]:
    known = []
    for handle, child in _distinct(reader, node, what):
        if handle in people:
            known.append(handle)
        else:
            fix = did_you_mean(handle, people, _listed(people))
            reader.add(child, f"{what}: {in_ascii(handle)} is not among the people", fix)
    return tuple(known)


def _teams(reader: NodeReader, node: Node | None, people: dict[str, Person]) -> dict[str, tuple[str, ...]]:
    teams: dict[str, tuple[str, ...]] = {}
    for name, child in reader.mapping(node, "teams").items():
        if not HANDLE.match(name):
            reader.add(child, f"team {in_ascii(name)} is not made of a-z, 0-9 and -", at_key=True)
            continue
        fields = reader.mapping(child, f"team {name}", ("members",))
        teams[name] = _members(reader, fields.get("members"), f"team {name}", people)
    return teams


def _review(
    reader: NodeReader, node: Node | None, teams: dict[str, tuple[str, ...]], people: dict[str, Person]
) -> ReviewRules:
    fields = reader.mapping(node, "review", _REVIEW)
    approvals, most = fields.get("approvals"), max(1, len(people))
    count: int | None = None
    if approvals is not None and approvals.value != "all":
        count = reader.number(approvals, "review.approvals (all, or how many)", 1, 1, most)
    reader.choice(fields.get("signatures"), "review.signatures", ("required",))
    return ReviewRules(
        approvals=count,
        minimum=reader.number(fields.get("minimum"), "review.minimum", 1, 1, most),
        self_approval=reader.flag(fields.get("self_approval"), "review.self_approval"),
        team=_team(reader, fields.get("team"), "review.team", teams),
    )


def _team(reader: NodeReader, node: Node | None, what: str, teams: dict[str, tuple[str, ...]]) -> str:
    """The name of a team that there is, "" for none."""
    team = _text(node)
    if node is not None and team not in teams:
        reader.add(node, f"{what}: there is no team {in_ascii(team)}", did_you_mean(team, teams, _listed(teams)))
    return team


def _public(
    reader: NodeReader, node: Node | None, teams: dict[str, tuple[str, ...]], people: dict[str, Person]
) -> PublicRules:
    fields = reader.mapping(node, "public", _PUBLIC)
    taken = {key.id: handle for handle, person in people.items() for key in person.keys}
    keys: list[Key] = []
    for child in reader.items(fields.get("keys"), "public.keys"):
        key = _key(reader, "the organisation", child)
        if key is None:
            continue
        if key.openpgp:
            reader.add(child, "public.keys: customers verify with ssh-keygen, so that it has to be an SSH key")
        elif key.id in taken:
            reader.add(child, f"public.keys: this is a key of {taken[key.id]}, and customers would see whose it is")
        taken[key.id] = "the organisation"
        keys.append(key)
    rules = PublicRules(
        reviews=reader.number(fields.get("reviews"), "public.reviews", 0, 0, max(1, len(people) - 1)),
        team=_team(reader, fields.get("team"), "public.team", teams),
        organization=_matching(
            reader, fields.get("organization"), "public.organization", _ORGANIZATION, "a name as in example.com"
        ),
        keys=tuple(keys),
    )
    if node is not None and bool(rules.organization) != bool(rules.active_keys):
        reader.add(node, "public: organization and an active one of its keys go together")
    if rules.team and not rules.reviews:
        reader.add(fields["team"], "public.team reviews nothing while public.reviews is 0", "reviews: 1")
    return rules


def _listed(names: Collection[str]) -> str:
    """The names, when they are few enough to list in a hint."""
    return f"known: {', '.join(names)}" if 0 < len(names) <= 8 else ""


CODES = (
    Code(
        "AU104",
        "policy-invalid",
        "The policy can't be read, or it would lock everybody out: no admin with an active key, a threshold that "
        "nobody can reach, a key of two people. The version before stays in force.",
        "A policy that programs read differently, or that nobody could change again, protects nothing.",
        "pmctl policy verify lists every problem with its line.",
        "admins: []",
    ),
)
