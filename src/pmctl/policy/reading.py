"""policy.yaml: bytes -> Policy, or findings with line and column. Hostile input; never raises for content.

Every field is checked, unknown ones are errors with a suggestion, and a policy that would lock everybody
out is refused, since nobody could ever sign the next one.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from pmctl.codes import Code
from pmctl.document.finding import Finding, Severity
from pmctl.errors import Hint
from pmctl.policy.model import (
    ACTIVE,
    ATTRIBUTED,
    COMPROMISED,
    KEY_STATUSES,
    POLICY_PATH,
    PUBLISHER_ROLES,
    SIGNED,
    Key,
    Person,
    Policy,
    ReviewRules,
)

if TYPE_CHECKING:
    from pmctl.document.strict_yaml import Node

SIZE_LIMIT = 256 * 1024
"""Bytes that a policy file may have."""

HANDLE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")
_EMAIL = re.compile(r"[^\s@<>\"'*?!,;:\\()\[\]]+@[^\s@<>\"'*?!,;:\\()\[\]]+\Z")
_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_FINGERPRINT = re.compile(r"(?:[0-9A-F]{40}|[0-9A-F]{64})\Z")
_KEY_FILE = re.compile(r"\.pmctl/keys/[A-Za-z0-9][A-Za-z0-9._-]*\Z")

_TOP = ("version", "people", "teams", "admins", "review", "publishers", "edits", "policy_threshold")
_PERSON = ("name", "emails", "keys")
_KEY = ("key", "openpgp", "file", "status", "since")
_REVIEW = ("approvals", "minimum", "self_approval", "signatures", "team")

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

    parsed = strict_yaml.load(text, path=path, max_bytes=SIZE_LIMIT, document_start=True)
    if parsed.node is None or parsed.problems:
        found = [Finding("AU104", p.message, path, p.line, p.column, fix=p.fix) for p in parsed.problems]
        return None, tuple(found or [Finding("AU104", "the policy is empty", path, 1, 1)])
    reader = _Reader(path)
    policy = reader.policy(parsed.node, "sha256:" + hashlib.sha256(data).hexdigest())
    return (None if reader.failed else policy), tuple(reader.found)


class _Reader:
    """Collects findings while the nodes of one policy are read; holds nothing else."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.found: list[Finding] = []

    @property
    def failed(self) -> bool:
        return any(finding.severity is Severity.ERROR for finding in self.found)

    def add(self, node: Node, message: str, fix: Hint = "", severity: Severity = Severity.ERROR) -> None:
        self.found.append(Finding("AU104", message, self.path, node.line, node.column, severity, fix))

    def mapping(self, node: Node, what: str, known: tuple[str, ...] = ()) -> dict[str, Node]:
        if not isinstance(node.value, dict):
            self.add(node, f"{what} must be a mapping")
            return {}
        for name, child in node.value.items():
            if known and name not in known:
                self.add(child, f"unknown field {printable(name)} in {what}", suggestion(name, known))
        return node.value

    def texts(self, node: Node | None, what: str) -> list[tuple[str, Node]]:
        if node is None:
            return []
        if not isinstance(node.value, tuple):
            self.add(node, f"{what} must be a list")
            return []
        found: list[tuple[str, Node]] = []
        for child in node.value:
            if not isinstance(child.value, str) or not child.value:
                self.add(child, f"{what}: every entry must be a text", 'put it in "quotes"')
            elif any(child.value == known for known, _ in found):
                self.add(child, f"{what}: {printable(child.value)} is named twice")
            else:
                found.append((child.value, child))
        return found

    def number(self, node: Node | None, what: str, default: int, low: int, high: int = 10**6) -> int:
        if node is None:
            return default
        if isinstance(node.value, bool) or not isinstance(node.value, int) or not low <= node.value <= high:
            self.add(node, f"{what} must be a whole number, at least {low}")
            return default
        return node.value

    def choice(self, node: Node | None, what: str, choices: tuple[str, ...], default: str) -> str:
        if node is None:
            return default
        if isinstance(node.value, str) and node.value in choices:
            return node.value
        self.add(node, f"{what} must be one of: {', '.join(choices)}", suggestion(str(node.value), choices))
        return default

    def policy(self, node: Node, digest: str) -> Policy:
        top = self.mapping(node, "the policy", _TOP)
        for name in ("version", "people", "admins"):
            if name not in top:
                self.add(node, f"the policy has no {name}")
        people = self.people(top.get("people"))
        teams = self.teams(top.get("teams"), people)
        admins = tuple(handle for handle, _ in self.members(top.get("admins"), "admins", people))
        publishers = tuple(name for name, child in self.texts(top.get("publishers"), "publishers")
                           if self.choice(child, "publishers", PUBLISHER_ROLES, ""))  # fmt: skip
        policy = Policy(
            version=self.number(top.get("version"), "version", 1, 1, 10**9),
            people=people,
            teams=teams,
            admins=admins,
            review=self.review(top.get("review"), teams, people),
            publishers=publishers if "publishers" in top else PUBLISHER_ROLES,
            edits=self.choice(top.get("edits"), "edits", (ATTRIBUTED, SIGNED), ATTRIBUTED),
            policy_threshold=self.number(top.get("policy_threshold"), "policy_threshold", 1, 1),
            digest=digest,
        )
        able = len(policy.active_admins)
        if "admins" in top and not able:
            self.add(top["admins"], "no admin has an active key: nobody could ever change this policy again")
        elif policy.policy_threshold > able and "policy_threshold" in top:
            message = f"policy_threshold is {policy.policy_threshold}, but only {able} admins have an active key"
            self.add(top["policy_threshold"], message, f"set it to {able} or less, or add admins")
        if "publishers" in top and not publishers:
            self.add(top["publishers"], "publishers is empty: nobody could publish")
        return policy

    def people(self, node: Node | None) -> dict[str, Person]:
        if node is None:
            return {}
        entries = self.mapping(node, "people")
        people: dict[str, Person] = {}
        emails: dict[str, str] = {}
        keys: dict[str, str] = {}
        looks: dict[str, str] = {}
        for handle, child in entries.items():
            if not HANDLE.match(handle):
                why = "" if handle.isascii() else " (it holds characters that look like others or show nothing)"
                message = f"handle {printable(handle)} is not made of a-z, 0-9 and -{why}"
                self.add(child, message, "use lower-case letters, digits and hyphens")
                continue
            look = handle.translate(_LOOKS)
            if look in looks:
                self.add(child, f"handles {handle} and {looks[look]} look alike", severity=Severity.WARNING)
            looks.setdefault(look, handle)
            people[handle] = self.person(handle, child, emails, keys)
        names: dict[str, str] = {}
        for person in people.values():
            folded = " ".join(person.name.casefold().split())
            if folded and folded in names:
                message = f"{person.handle} and {names[folded]} have the same name: one person has one handle"
                self.add(entries[person.handle], message, severity=Severity.WARNING)
            names.setdefault(folded, person.handle)
        return people

    def person(self, handle: str, node: Node, emails: dict[str, str], keys: dict[str, str]) -> Person:
        fields = self.mapping(node, f"person {handle}", _PERSON)
        name = fields["name"].value if "name" in fields else ""
        if not isinstance(name, str) or not name.strip() or len(name) > 200 or not name.isprintable():
            self.add(fields.get("name", node), f"{handle} needs a name: visible text of at most 200 characters")
            name = ""
        own_emails: list[str] = []
        for text, child in self.texts(fields.get("emails"), f"emails of {handle}"):
            email = text.lower()
            if not _EMAIL.match(text) or not text.isprintable() or len(text) > 254:
                self.add(child, f"{printable(text)} is not an e-mail address")
            elif emails.setdefault(email, handle) != handle:
                self.add(child, f"{printable(text)} belongs to {emails[email]} already")
            elif email not in own_emails:
                own_emails.append(email)
        own_keys: list[Key] = []
        listed = fields.get("keys")
        if listed is not None and not isinstance(listed.value, tuple):
            self.add(listed, f"keys of {handle} must be a list")
        elif listed is not None and isinstance(listed.value, tuple):
            for child in listed.value:
                key = self.key(handle, child)
                if key is None:
                    continue
                if key.id in keys:
                    owner = "listed twice" if keys[key.id] == handle else f"the key of {keys[key.id]} already"
                    self.add(child, f"a key of {handle} is {owner}")
                keys.setdefault(key.id, handle)
                own_keys.append(key)
        return Person(handle, name, tuple(own_emails), tuple(own_keys))

    def key(self, handle: str, node: Node) -> Key | None:
        fields = self.mapping(node, f"a key of {handle}", _KEY)
        if not fields:
            return None
        status = self.choice(fields.get("status"), f"status of a key of {handle}", KEY_STATUSES, ACTIVE)
        since = self.text(fields.get("since"))
        if status == COMPROMISED and not _COMMIT.match(since):
            message = f"a compromised key of {handle} needs since: the full id of the commit from which it counts"
            self.add(fields.get("since", node), message)
        elif status != COMPROMISED and "since" in fields:
            self.add(fields["since"], "since belongs to compromised keys only")
        if ("key" in fields) == ("openpgp" in fields):
            self.add(node, f"a key of {handle} needs either key (SSH) or openpgp")
            return None
        if "openpgp" in fields:
            mark, file = self.text(fields["openpgp"]).replace(" ", "").upper(), self.text(fields.get("file"))
            if not _FINGERPRINT.match(mark):
                self.add(fields["openpgp"], "openpgp must be the key's full fingerprint: 40 or 64 hex digits")
                return None
            if not _KEY_FILE.match(file):
                self.add(fields.get("file", node), "an openpgp key needs file: .pmctl/keys/NAME.asc")
            return Key(f"openpgp {mark}", status, since, file, node.line)
        from pmctl.policy.keys import KeyProblem, normalise

        try:
            line = normalise(self.text(fields["key"]))
        except KeyProblem as problem:
            self.add(fields["key"], f"key of {handle}: {problem.message}", problem.hint)
            return None
        return Key(line, status, since, "", node.line)

    def text(self, node: Node | None) -> str:
        return "" if node is None else node.value if isinstance(node.value, str) else node.raw

    def members(self, node: Node | None, what: str, people: dict[str, Person]) -> list[tuple[str, Node]]:
        known = []
        for handle, child in self.texts(node, what):
            if handle in people:
                known.append((handle, child))
            else:
                message = f"{what}: {printable(handle)} is not among the people"
                self.add(child, message, suggestion(handle, tuple(people)))
        return known

    def teams(self, node: Node | None, people: dict[str, Person]) -> dict[str, tuple[str, ...]]:
        teams: dict[str, tuple[str, ...]] = {}
        for name, child in (self.mapping(node, "teams") if node is not None else {}).items():
            if not HANDLE.match(name):
                self.add(child, f"team {printable(name)} is not made of a-z, 0-9 and -")
                continue
            fields = self.mapping(child, f"team {name}", ("members",))
            members = self.members(fields.get("members"), f"team {name}", people)
            teams[name] = tuple(handle for handle, _ in members)
        return teams

    def review(self, node: Node | None, teams: dict[str, tuple[str, ...]], people: dict[str, Person]) -> ReviewRules:
        fields = self.mapping(node, "review", _REVIEW) if node is not None else {}
        approvals = fields.get("approvals")
        count: int | None = None
        if approvals is not None and approvals.value != "all":
            count = self.number(approvals, "review.approvals (all, or how many)", 1, 1, max(1, len(people)))
        own = fields.get("self_approval")
        if own is not None and not isinstance(own.value, bool):
            self.add(own, "review.self_approval must be true or false")
        self.choice(fields.get("signatures"), "review.signatures", ("required",), "required")
        team = self.text(fields.get("team"))
        if "team" in fields and team not in teams:
            self.add(fields["team"], f"review.team: there is no team {printable(team)}", suggestion(team, tuple(teams)))
        return ReviewRules(
            approvals=count,
            minimum=self.number(fields.get("minimum"), "review.minimum", 1, 1, max(1, len(people))),
            self_approval=own is not None and own.value is True,
            team=team,
        )


def suggestion(word: str, known: tuple[str, ...]) -> str:
    """The nearest of `known` words as a sentence, or all of them when few; '' when nothing is near."""
    import difflib

    near = difflib.get_close_matches(word[:100], known, 1, 0.6)
    if near:
        return f"did you mean {near[0]}?"
    return f"known: {', '.join(known)}" if 0 < len(known) <= 8 else ""


def printable(text: str) -> str:
    """Text from a file, safe to show: what is invisible or would move the cursor is escaped."""
    return "".join(c if c.isprintable() and c.isascii() else f"\\u{ord(c):04x}" for c in text[:80])


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
