"""What programs are told about pmctl itself: a problem, the command line, the tokens of its server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(eq=False, repr=False)
class ProblemDetail:
    message: str
    fix: str


@dataclass(eq=False, repr=False)
class Problem:
    """Why a command did not do what was asked, the last line on standard error when JSON was asked for."""

    kind: str  # usage, environment, bad_input, not_found, refused; error for any other
    message: str
    details: Sequence[ProblemDetail]
    fix: str
    exit_code: int


@dataclass(eq=False, repr=False)
class CommandParameter:
    name: str
    kind: Literal["argument", "option"]
    names: Sequence[str]
    type: str
    placeholder: str
    required: bool
    repeatable: bool
    default: str | None
    help: str


@dataclass(eq=False, repr=False)
class Command:
    path: str
    summary: str
    help: str
    changes: Literal["nothing", "commit", "files", "messages", "server"]
    answers: Sequence[str]
    parameters: Sequence[CommandParameter]


@dataclass(eq=False, repr=False)
class ExitCode:
    code: int
    means: str


@dataclass(eq=False, repr=False)
class Commands:
    """pmctl schema commands: the command line itself. `answers` are names of schemas, in the order of likeliness."""

    everywhere: Sequence[CommandParameter]
    commands: Sequence[Command]
    exit_codes: Sequence[ExitCode]


@dataclass(eq=False, repr=False)
class ListedToken:
    id: str
    handle: str
    scope: Literal["read", "write"]
    name: str
    at: str
    by: str
    expires: str
    expired: bool


@dataclass(eq=False, repr=False)
class Tokens:
    """pmctl serve token list: who may ask the server, until when. Their secrets are nowhere."""

    tokens: Sequence[ListedToken]


@dataclass(frozen=True, slots=True)
class PreparedAct:
    """An act that waits for its person's signature over exactly the bytes of `record`.

    `digest` is their SHA-256 in hex and names the act; `namespace` is what `ssh-keygen -Y sign -n` gets; after `until`
    it has to be prepared anew. `content` is the digest of what is signed: of the postmortem's text, or of the policy.
    """

    act: str
    id: str
    by: str
    content: str
    record: str
    digest: str
    namespace: str
    until: str


@dataclass(frozen=True, slots=True)
class LandedAct:
    """A signed act that is on the branch now. `before` and `after` are states, or versions of the policy; they and
    `commit` are empty when it had landed already."""

    act: str
    id: str
    by: str
    sentence: str
    before: str
    after: str
    digest: str
    commit: str
    facts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class HeldSetting:
    """`value` is empty for a secret, of which is only said that it is set."""

    key: str
    value: str
    origin: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class HeldSettings:
    """pmctl config list: every setting that somebody made, and where."""

    settings: Sequence[HeldSetting]
