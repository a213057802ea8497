"""What is wrong with the files of tickets: in the work tree, and of what is staged what the audit would say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pmctl.codes import Code
from pmctl.document.beside import Beside, folder_of
from pmctl.document.fields import path_of
from pmctl.document.files import Unreadable, finding_of, read_regular
from pmctl.document.finding import Finding, Severity
from pmctl.document.reader import Document, read
from pmctl.document.ticket import MAX_BYTES
from pmctl.errors import PmctlError, advise
from pmctl.ledger.current_state import current_state
from pmctl.policy.model import SIGNED, person_by_email
from pmctl.policy.ticket_files import check_form, check_right, form_problem, place_of
from pmctl.repository import index
from pmctl.repository.actor import git_config
from pmctl.repository.workspace import Workspace

TICKETS = folder_of(Beside.TICKETS)


def ticket_findings(workspace: Workspace, paths: Iterable[str] | None = None) -> Iterator[Finding]:
    """What is wrong with tickets of the work tree, all of them or those at `paths`."""
    root = workspace.repo.root
    folder = root / TICKETS
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        yield Finding("PM030", "is no folder; the tickets of action items lie in one", TICKETS)
        return
    for file in sorted(folder.rglob("*") if paths is None else {root / path for path in paths}):
        if file.is_dir() and not file.is_symlink():
            continue
        path = file.relative_to(root).as_posix()
        try:
            data = read_regular(file)
        except Unreadable as problem:
            yield finding_of(problem, path, "a ticket")
            continue
        if problem_there := form_problem(path, data, _in_work_tree(workspace, place_of(path)[0])):
            yield Finding("PM840", problem_there, path, fix=advise("ticket-again"))


def staged_tickets(workspace: Workspace, changes: Iterable[index.Staged], author: str) -> list[Finding]:
    """What the audit would say of staged tickets; `author` is the e-mail address that git commits with."""
    changes = [one for one in changes if one.path.startswith(TICKETS + "/")]
    policy = workspace.head.policy()[0]
    if policy is None or not changes:
        return []
    blobs = index.blobs(workspace.repo.top, [one.new for one in changes if one.mode.startswith("100")], MAX_BYTES + 1)
    who = person_by_email(policy, author or git_config(workspace.repo).get("user.email", ""))
    merging = (workspace.repo.git_dir / "MERGE_HEAD").exists()  # what the other side brings is not its committer's
    found: list[Finding] = []
    for one in changes:
        doc = place_of(one.path)[0]
        before, after = _at_head(workspace, doc), _in_work_tree(workspace, doc)
        regular = one.mode in ("100644", "100664")
        violations = [] if one.removed else check_form(one.path, blobs.get(one.new) if regular else None, after)
        if not merging and doc:
            state = current_state(workspace.head, doc).state
            violations += check_right(one.path, before, after, (who,) if who else (), state, policy)
        severity = Severity.ERROR if policy.edits == SIGNED else Severity.WARNING
        found += [Finding(each.code, each.message, one.path, fix=each.hint, severity=severity) for each in violations]
    return found


def _in_work_tree(workspace: Workspace, doc: str) -> Document | None:
    try:
        return workspace.read(doc) if doc and (workspace.repo.root / path_of(doc)).is_file() else None
    except PmctlError:
        return None


def _at_head(workspace: Workspace, doc: str) -> Document | None:
    data = workspace.head.regular_file(path_of(doc)) if doc else None
    return read(data, path_of(doc)) if data is not None else None


CODES = (
    Code(
        "PM840", "no-ticket-file",
        "A file below .pmctl/tickets is no ticket of an action item: it cannot be read as one, does not lie where one"
        " does, or is about an item that is not there.",
        "The next sync could not tell what was agreed on, and might create a second ticket.",
        "Take it back to its last good version: git log -- FILE. Without one, remove the file, and"
        " pmctl tickets adopt takes the link of the Ticket cell over again.", '{"item": "AI-7f3k"} and nothing else',
    ),
)  # fmt: skip
