"""The policy as values: people with keys, teams, admins and the review rules of one version.

Bytes become a Policy in `policy.reading`; everything here is what the lifecycle and the audit ask of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

POLICY_PATH = ".pmctl/policy.yaml"
"""Where the policy is, relative to the pmctl root."""

RECORDS = ".pmctl/records"
"""Where signed records are, a folder for each postmortem."""

ACTIVE = "active"
RETIRED = "retired"
COMPROMISED = "compromised"
KEY_STATUSES = (ACTIVE, RETIRED, COMPROMISED)

PERSON = "person"
SERVICE = "service"
AGENT = "agent"
KINDS = (PERSON, SERVICE, AGENT)

PUBLISHER_ROLES = ("author", "editors", "admins")
ATTRIBUTED = "attributed"
SIGNED = "signed"


class Key(NamedTuple):
    """One public key of a person.

    `id` is what keys are compared by: "type base64" without a comment for SSH, "openpgp FINGERPRINT" for
    OpenPGP, whose armoured key is in `file` (relative to the pmctl root). `status` is active, retired
    or compromised; `since` is, for a compromised key, the full id of the commit from which its records
    are findings. `line` is the line of the policy file, from 1.
    """

    id: str
    status: str = ACTIVE
    since: str = ""
    file: str = ""
    line: int = 0

    @property
    def openpgp(self) -> str:
        """The fingerprint of an OpenPGP key, or '' for an SSH key."""
        return self.id.removeprefix("openpgp ") if self.id.startswith("openpgp ") else ""


class Person(NamedTuple):
    """One person: `handle` is the name in documents and records, `emails` are lower case.

    `kind` is one of KINDS: a service is a CI job or a server, an agent a program that drafts for people.
    """

    handle: str
    name: str
    emails: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    kind: str = PERSON

    @property
    def active_keys(self) -> tuple[Key, ...]:
        """The keys that may sign now."""
        return tuple(key for key in self.keys if key.status == ACTIVE)

    @property
    def has_left(self) -> bool:
        """Whether all keys that the person had are out of use; who never had one is here as far as commits tell."""
        return bool(self.keys) and not self.active_keys


class ReviewRules(NamedTuple):
    """When a review is enough: `approvals` of the requested reviewers (None for all), never fewer than
    `minimum`, one of them by `team` when it is set. Records are always signed."""

    approvals: int | None = None
    minimum: int = 1
    self_approval: bool = False
    team: str = ""


_DEFAULT_RULES = ReviewRules()


class PublicRules(NamedTuple):
    """What a public text needs before it is shared: `reviews` approvals of exactly this text by others than who shares
    it, one of them by `team` when it is set. `organization` is the name by which customers know who speaks, `keys` are
    those that speak for it; both are empty where nothing is stated to customers."""

    reviews: int = 0
    team: str = ""
    organization: str = ""
    keys: tuple[Key, ...] = ()

    @property
    def active_keys(self) -> tuple[str, ...]:
        """The keys that may speak now."""
        return tuple(key.id for key in self.keys if key.status == ACTIVE)


_NOTHING_ASKED = PublicRules()


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the policy. `digest` is "sha256:<hex>" of the file's bytes.

    `present` is everybody who has not left.
    `repository` is the random id that the first version gives the repository, `branch` names the protected branch.
    `teams` maps a team to its members; `publishers` names roles of PUBLISHER_ROLES; `public` is about public texts;
    `edits` is attributed or signed; `policy_threshold` counts the admins who must sign a change of the policy.
    """

    version: int
    people: dict[str, Person]
    teams: dict[str, tuple[str, ...]]
    admins: tuple[str, ...]
    review: ReviewRules = _DEFAULT_RULES
    publishers: tuple[str, ...] = PUBLISHER_ROLES
    public: PublicRules = _NOTHING_ASKED
    edits: str = ATTRIBUTED
    policy_threshold: int = 1
    digest: str = ""
    repository: str = ""
    branch: str = ""
    keys: dict[str, tuple[str, Key]] = field(init=False, repr=False, compare=False)
    emails: dict[str, str] = field(init=False, repr=False, compare=False)
    present: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        keys = {key.id: (person.handle, key) for person in self.people.values() for key in person.keys}
        emails = {email: person.handle for person in self.people.values() for email in person.emails}
        object.__setattr__(self, "keys", keys)
        object.__setattr__(self, "emails", emails)
        present = frozenset(handle for handle, person in self.people.items() if not person.has_left)
        object.__setattr__(self, "present", present)

    @property
    def active_admins(self) -> tuple[str, ...]:
        """Admins who can sign now. Services and agents sign no policy."""
        people = ((handle, self.people.get(handle)) for handle in self.admins)
        return tuple(handle for handle, one in people if one is not None and one.active_keys and one.kind == PERSON)


def person_by_email(policy: Policy, email: str) -> str | None:
    """The handle of the person with this e-mail address (case does not matter), or None."""
    return policy.emails.get(email.strip().lower())


def person_by_key(policy: Policy, key: str) -> str | None:
    """The handle of the person with this key, whatever its status, or None.

    `key` is a public key line ("type base64 [comment]") or "openpgp FINGERPRINT".
    """
    owner = policy.keys.get(" ".join(key.split()[:2]))
    return owner[0] if owner else None


def find_key(policy: Policy, key: str) -> Key | None:
    """The entry of the policy for this key, whatever its status, or None."""
    owner = policy.keys.get(" ".join(key.split()[:2]))
    return owner[1] if owner else None
