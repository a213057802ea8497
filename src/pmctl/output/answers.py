"""What commands print with `--format json`, as values: each class is the answer and, by its types, its schema.

`pmctl.output.schema_answers` lists them by the name of their `schema` and makes the JSON Schemas. A field whose name
ends with an underscore is printed without it. They are made to be printed and need no comparison and no `repr`, whose
making would take most of the time at start-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from pmctl.output.act_answer import Act

Level = Literal["error", "warning", "hint"]
_Row = TypeVar("_Row")


class Answer(Protocol):
    """Any of the dataclasses below, or one beside the function that makes it."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


def plain(answer: Answer) -> dict[str, Any]:
    """An answer as JSON's own kinds of values."""
    return asdict(answer, dict_factory=lambda pairs: {name.rstrip("_"): value for name, value in pairs})


def pick(kind: type[_Row], source: object, **given: object) -> _Row:
    """A row whose fields are those `given`, and otherwise the attributes of `source` by the same names."""
    names = (field.name for field in fields(kind))  # type: ignore[arg-type]  # every row is a dataclass
    return kind(**{name: given[name] if name in given else getattr(source, name) for name in names})


@dataclass(eq=False, repr=False)
class Finding:
    code: str
    severity: Level
    message: str
    fix: str
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    commit: str


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
class Counts:
    error: int
    warning: int
    hint: int


@dataclass(eq=False, repr=False)
class Findings:
    """pmctl validate: what was found. Lines and columns count from 1 and are 0 for a whole file."""

    checked: int
    counts: Counts
    findings: Sequence[Finding]


@dataclass(eq=False, repr=False)
class AuditFinding:
    code: str
    message: str
    commit: str
    postmortem: str
    path: str
    severity: Level
    fix: str
    waived_by: str
    waived_note: str


@dataclass(eq=False, repr=False)
class Layer:
    violations: Sequence[AuditFinding]
    warnings: Sequence[AuditFinding]
    waived: Sequence[AuditFinding]


@dataclass(eq=False, repr=False)
class PostmortemState:
    id: str
    status: str
    round: int
    author: str
    content: str


@dataclass(eq=False, repr=False)
class Witness:
    by: str
    commit: str
    steps_ago: int


@dataclass(eq=False, repr=False)
class Audit:
    """pmctl audit: the whole history, what is proved apart from what is attributed."""

    passed: bool
    complete: bool
    incomplete: str
    root: str
    root_source: str
    tip: str
    base: str
    policy_version: int
    steps: int
    records: int
    witness: Witness | None
    proved: Layer
    attributed: Layer
    postmortems: Sequence[PostmortemState]


@dataclass(eq=False, repr=False)
class ListedPostmortem:
    id: str
    path: str
    title: str
    status: str
    author: str
    severity: str
    urgency: str
    services: Sequence[str]
    teams: Sequence[str]
    tags: Sequence[str]
    reviewers: Sequence[str]
    started_at: str | None
    resolved_at: str | None
    action_items: int
    unproved: str
    updated_at: str | None
    snippet: str
    snippet_line: int
    repository: str


@dataclass(eq=False, repr=False)
class Unreadable:
    path: str
    problem: str
    repository: str


@dataclass(eq=False, repr=False)
class Postmortems:
    """pmctl list: the postmortems of the work tree, and the files that could not be read as one.

    `snippet` and its line are those that --text found ("" and 0 without); `updated_at` is given with --sort updated;
    `repository` is what -C named, "" where only one is read.
    """

    postmortems: Sequence[ListedPostmortem]
    unreadable: Sequence[Unreadable]


@dataclass(eq=False, repr=False)
class Section:
    """pmctl show --section: one section."""

    id: str
    title: str
    line: int
    text: str


@dataclass(eq=False, repr=False)
class ActionItem:
    id: str
    postmortem: str
    description: str
    owner: str
    due: str
    priority: str
    status: str
    ticket: str
    notes: str
    overdue: bool
    path: str
    line: int
    prevents: str
    kind: str
    repository: str


@dataclass(eq=False, repr=False)
class ItemGroup:
    name: str
    items: int
    open: int
    overdue: int


@dataclass(eq=False, repr=False)
class ActionItems:
    """pmctl actions list: action items, the earliest due day first; with --group-by the groups in order."""

    items: Sequence[ActionItem]
    groups: Sequence[ItemGroup]


@dataclass(eq=False, repr=False)
class ItemChange:
    item: str
    postmortem: str
    cells: dict[str, str]


@dataclass(eq=False, repr=False)
class ItemChanges:
    """pmctl actions add, set, done, remove: what was written in each item, by column."""

    items: Sequence[ItemChange]
    act: Act


@dataclass(eq=False, repr=False)
class Key:
    key: str
    fingerprint: str
    status: Literal["active", "retired", "compromised"]
    since: str


@dataclass(eq=False, repr=False)
class Person:
    handle: str
    name: str
    emails: Sequence[str]
    kind: str
    admin: bool
    teams: Sequence[str]
    keys: Sequence[Key]


@dataclass(eq=False, repr=False)
class People:
    """pmctl people list: the people of the policy and their keys."""

    policy_version: int
    people: Sequence[Person]


@dataclass(eq=False, repr=False)
class PolicyRules:
    """pmctl policy show: the rules in force, in words."""

    version: int
    digest: str
    rules: dict[str, str]


@dataclass(eq=False, repr=False)
class PolicySignature:
    version: int
    by: str
    commit: str
    key: str
    verdict: str


@dataclass(eq=False, repr=False)
class PolicyProblem:
    code: str
    message: str
    fix: str
    path: str = ""
    line: int = 0
    commit: str = ""


@dataclass(eq=False, repr=False)
class PolicyCheck:
    """pmctl policy verify: the chain of signed policies, and what is wrong with it."""

    passed: bool
    root: str
    root_source: str
    version: int
    signatures: Sequence[PolicySignature]
    problems: Sequence[PolicyProblem]
    waiting_for: Sequence[str]


@dataclass(eq=False, repr=False)
class ListedTemplate:
    name: str
    version: int
    description: str
    applies: str
    required: Sequence[str]
    path: str


@dataclass(eq=False, repr=False)
class Templates:
    """pmctl template list: the templates; `path` is empty for those that are shipped with pmctl."""

    templates: Sequence[ListedTemplate]


@dataclass(eq=False, repr=False)
class Recognised:
    what: str
    value: object
    from_: str


@dataclass(eq=False, repr=False)
class AdoptedDocument:
    source: str
    state: Literal["adopt", "skipped", "problem"]
    reason: str
    id: str | None
    path: str | None
    recognised: Sequence[Recognised]
    kept: Sequence[str]
    questions: Sequence[str]
    confidence: float | None
    moved: bool
    attachments: Sequence[str]


@dataclass(eq=False, repr=False)
class AdoptedDocuments:
    """pmctl adopt: what becomes, or became, of each document."""

    written: bool
    commit: str
    documents: Sequence[AdoptedDocument]
    act: Act


@dataclass(eq=False, repr=False)
class MergeConflict:
    line: int
    what: str
    ours: str
    theirs: str


@dataclass(eq=False, repr=False)
class MergedFile:
    path: str
    state: Literal["merged", "conflict", "left"]
    reason: str
    fix: str
    conflicts: Sequence[MergeConflict]


@dataclass(eq=False, repr=False)
class Merge:
    """pmctl merge: what was merged, and what is left to a person. Lines count from 1."""

    result: Literal["merged", "conflicts", "nothing"]
    files: Sequence[MergedFile]
    next: str


@dataclass(eq=False, repr=False)
class Sync:
    """pmctl sync: what arrived and what was sent, as numbers of commits, and what the audit says of either."""

    result: Literal["synced", "conflicts", "violations"]
    branch: str
    remote: str
    head: str
    received: int
    sent: int
    attempts: int
    files: Sequence[MergedFile]
    arrived: Sequence[AuditFinding]
    own: Sequence[AuditFinding]
    next: str
