"""What is wrong with the files of tickets, meetings and public texts: in the work tree, and in what is staged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import NamedTuple

from pmctl.codes import Code
from pmctl.document.beside import Beside, folder_of
from pmctl.document.fields import path_of
from pmctl.document.files import Unreadable, finding_of, read_regular
from pmctl.document.finding import Finding, Severity
from pmctl.document.meeting import MAX_BYTES as LARGEST_MEETING
from pmctl.document.public_text import MAX_BYTES as LARGEST_PUBLIC
from pmctl.document.reader import Document, read
from pmctl.document.ticket import MAX_BYTES as LARGEST_TICKET
from pmctl.errors import Hint, PmctlError, advise
from pmctl.ledger.current_state import current_state
from pmctl.policy import meeting_files, public_files, ticket_files
from pmctl.policy.model import SIGNED, person_by_email
from pmctl.repository import index
from pmctl.repository.actor import git_config
from pmctl.repository.workspace import Workspace


class _Kind(NamedTuple):
    """One kind of files: the rules for them, the code of what is wrong, the largest, their name, and what to do."""

    rules: ModuleType
    code: str
    most: int
    noun: str
    fix: Hint


_KINDS = {
    Beside.TICKETS: _Kind(ticket_files, "PM840", LARGEST_TICKET, "a ticket", advise("ticket-again")),
    Beside.MEETINGS: _Kind(meeting_files, "PM860", LARGEST_MEETING, "a meeting", advise("meeting-again")),
    Beside.PUBLIC: _Kind(public_files, "PM870", LARGEST_PUBLIC, "a public text", advise("public-again")),
}


_LARGEST = max(one.most for one in _KINDS.values())


def kind_of(path: str) -> Beside | None:
    """Which of these kinds a path is one of, None for none."""
    return next((kind for kind in _KINDS if path.startswith(folder_of(kind) + "/")), None)


def findings_beside(workspace: Workspace, paths: Iterable[str] | None = None) -> Iterator[Finding]:
    """What is wrong with tickets, meetings and public texts of the work tree, all of them or those at `paths`."""
    chosen = None if paths is None else list(paths)
    for kind in _KINDS:
        here = None if chosen is None else [one for one in chosen if kind_of(one) is kind]
        yield from _in_folder(workspace, kind, here)


def _in_folder(workspace: Workspace, kind: Beside, paths: list[str] | None) -> Iterator[Finding]:
    root, (rules, code, _, noun, fix) = workspace.repo.root, _KINDS[kind]
    folder = root / folder_of(kind)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        yield Finding("PM030", f"is no folder; {kind} lie in one", folder_of(kind))
        return
    for file in sorted(folder.rglob("*") if paths is None else {root / path for path in paths}):
        if file.is_dir() and not file.is_symlink():
            continue
        path = file.relative_to(root).as_posix()
        try:
            data = read_regular(file)
        except Unreadable as problem:
            yield finding_of(problem, path, noun)
            continue
        if problem_there := rules.form_problem(path, data, _in_work_tree(workspace, rules.place_of(path)[0])):
            yield Finding(code, problem_there, path, fix=fix)


def staged_beside(workspace: Workspace, changes: Iterable[index.Staged], author: str) -> list[Finding]:
    """What the audit would say of staged files of these kinds; `author` is the e-mail address that git commits with."""
    changes = [one for one in changes if kind_of(one.path)]
    policy = workspace.head.policy()[0]
    if policy is None or not changes:
        return []
    blobs = index.blobs(workspace.repo.top, [one.new for one in changes if one.mode.startswith("100")], _LARGEST + 1)
    who = person_by_email(policy, author or git_config(workspace.repo).get("user.email", ""))
    merging = (workspace.repo.git_dir / "MERGE_HEAD").exists()  # what the other side brings is not its committer's
    found: list[Finding] = []
    for one in changes:
        rules = _KINDS[kind_of(one.path) or Beside.TICKETS].rules
        doc = rules.place_of(one.path)[0]
        before, after = _at_head(workspace, doc), _in_work_tree(workspace, doc)
        regular = one.mode in ("100644", "100664")
        violations = [] if one.removed else rules.check_form(one.path, blobs.get(one.new) if regular else None, after)
        if not merging and doc:
            state = current_state(workspace.head, doc).state
            violations += rules.check_right(one.path, before, after, (who,) if who else (), state, policy)
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
    Code(
        "PM860", "no-meeting-file",
        "A file below .pmctl/meetings is no meeting about a postmortem: it cannot be read as one, does not lie where"
        " one does, or is about a postmortem that is not there.",
        "Nobody would see the meeting, and a change would not reach who was invited.",
        "Take it back to its last good version: git log -- FILE. Without one, remove the file, and plan the meeting"
        " again: pmctl meeting schedule.", "minutes: 45 and nothing else",
    ),
)  # fmt: skip
