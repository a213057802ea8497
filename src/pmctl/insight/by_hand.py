"""What was changed in the work tree past the commands that change it: a status, the policy. Files -> findings."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pmctl import git
from pmctl.document.fields import Status, id_of
from pmctl.document.finding import Finding, Severity
from pmctl.document.reader import Document, read
from pmctl.errors import BadInput, advise
from pmctl.ledger import record
from pmctl.ledger.tree_documents import facts_of
from pmctl.policy import act as acts
from pmctl.policy.model import POLICY_PATH
from pmctl.policy.reading import parse_policy
from pmctl.repository.workspace import POSTMORTEMS, Workspace, read_file
from pmctl.rules.bulk import Item

_STATUS = re.compile(rb"(?m)^status:[ \t]*[\"']?([A-Z_]+)")
_FRONT_MATTER = 16_384  # bytes in which a status is looked for
_MANY = 500  # paths from which on git is asked about the whole folder: a command line has its limits


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a file says of itself."""

    id: str
    path: str
    status: str
    author: str
    reviewers: tuple[str, ...]
    problem: str = ""


def policy_findings(workspace: Workspace) -> tuple[Finding, ...]:
    """What is wrong with the policy in the work tree; nothing where there is none and HEAD has none either."""
    if not (workspace.repo.root / POLICY_PATH).exists():
        if not workspace.head.commit or not workspace.head.is_managed:
            return ()
        fix = f"git restore {POLICY_PATH}"
        return (Finding("AU104", "the policy is missing in the work tree", POLICY_PATH, fix=fix),)
    try:
        return parse_policy(read_file(workspace.repo.root / POLICY_PATH, POLICY_PATH))[1]
    except BadInput as problem:
        return (Finding("AU104", problem.message, POLICY_PATH, fix=problem.hint),)


def statuses_by_hand(workspace: Workspace, items: Iterable[Item]) -> tuple[Finding, ...]:
    """A warning for each file whose status is not what its signed records prove.

    Signatures are read for files that are not committed as they are, and for those whose status cannot follow from the
    names of their records, which costs next to nothing to see; of all others `list`, `status` and the audit know.
    While a merge is under way its records are not at HEAD yet, and nothing is said; the audit has the last word.
    """
    named = [item for item in items if item.data is not None and id_of(item.path)]
    changed = _uncommitted(workspace, [item.path for item in named]) if named else frozenset()
    named = [item for item in named if item.path in changed or _is_doubtful(workspace, item)]
    if not named or not workspace.head.commit or not workspace.head.is_managed:
        return ()
    if (workspace.repo.git_dir / "MERGE_HEAD").exists():
        return ()
    from pmctl.insight.standing import otherwise

    documents = {item.path: read(item.data or b"", item.path) for item in named}
    claims = [_claim(document, path) for path, document in documents.items() if document.status in tuple(Status)]
    proved = otherwise(workspace, [(one, documents[one.path].data) for one in claims]) or {}
    return tuple(
        _finding(one, documents[one.path], proved[one.path][0])
        for one in claims
        if one.path in proved and proved[one.path][0] != one.status
    )


def _is_doubtful(workspace: Workspace, item: Item) -> bool:
    """Whether the status in a file is not one to which its newest record leads, by the names of the records alone.

    Where old postmortems were adopted as they were, one without records may say anything.
    """
    written = _STATUS.search(item.data or b"", 0, _FRONT_MATTER)
    records = workspace.repo.root / record.FOLDER
    folder = records / (id_of(item.path) or "")
    try:
        names = os.listdir(folder)  # noqa: PTH208  a Path for each of thousands is felt
    except OSError:
        return written is not None and written[1] != b"DRAFT" and not (records / acts.REPOSITORY).exists()
    parts = [part for name in names if (part := record.parse_path(f"{record.FOLDER}/{folder.name}/{name}"))]
    newest = max((part.number for part in parts), default=0)
    led = {status for part in parts if part.number == newest for status in acts.ACTS[part.act].moves.values()}
    return bool(led) and written is not None and written[1].decode() not in led


def _uncommitted(workspace: Workspace, paths: list[str]) -> frozenset[str]:
    """Those of these files that differ from HEAD or are not in it; git is asked once."""
    prefix = workspace.repo.prefix
    named = [f":(literal){prefix}{path}" for path in (paths if len(paths) <= _MANY else [POSTMORTEMS])]
    asked = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *named)
    listed = git.run(workspace.repo.top, *asked, check=False).stdout.decode("utf-8", "surrogateescape")
    return frozenset(entry[3:].removeprefix(prefix) for entry in listed.split("\0") if entry)


def _claim(document: Document, path: str) -> _Claim:
    facts = facts_of(document)
    return _Claim(id_of(path) or "", path, document.status, document.author, facts.reviewers)


def _finding(one: _Claim, document: Document, proved: str) -> Finding:
    node = document.front.get("status")
    place = (node.line, node.column) if node else (0, 0)
    message = f"the file says {one.status or 'no status'}, its signed records say {proved}; acts change it"
    return Finding(
        "AU301", message, one.path, *place, Severity.WARNING, advise("back-to-status", status=proved, id=one.id)
    )
