"""How what is known of tickets lands: one commit, brought together with the remote, or pushed before anybody else's.

An announcement has to be the first of its kind wherever people look, so it is pushed by compare-and-swap: either the
remote is where it was when it was read, or the commit is taken back and everything is looked at anew.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pmctl import git
from pmctl.document import beside, edits
from pmctl.document.actions import action_items
from pmctl.document.beside import Beside
from pmctl.document.fields import path_of
from pmctl.document.reader import Document
from pmctl.document.ticket import TicketFile, name_of, written
from pmctl.errors import EnvironmentProblem, Refused, UsageProblem, advise
from pmctl.insight.readiness import refuse_new_errors
from pmctl.policy.edits import Edit
from pmctl.repository.transaction import CommitResult, Write, commit, locked, recover
from pmctl.repository.workspace import Workspace
from pmctl.services.secrets import Secrets
from pmctl.text import plural
from pmctl.workflow.editing import refuse_edit
from pmctl.workflow.item_cells import Change, cells_of, header_of
from pmctl.workflow.sync import push_head, sync, take_back, upstream_of

ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Hands:
    """Who acts and with what: the handle, git's arguments for signing, the secrets, the clock, and how people are told
    (`say`), waited for (`wait`, in seconds) and asked (`ask`, which answers "" where nobody is there)."""

    by: str
    signing: Sequence[str]
    secrets: Secrets
    now: Callable[[], datetime]
    say: Callable[[str], None]
    wait: Callable[[float], None]
    ask: Callable[[str], str] = field(default=lambda question: "")


def shared(repo: git.Repository) -> bool:
    """Whether there is a remote, so that others may act on the same items."""
    branch = git.run(repo.top, "symbolic-ref", "--short", "-q", "HEAD", check=False).text
    return bool(branch) and bool(git.run(repo.top, "remote", check=False).text)


def together(repo: git.Repository, hands: Hands) -> None:
    """Finish what was killed, and bring branch and remote together. Raises Refused where that needs a person, and
    EnvironmentProblem where a part of history is missing."""
    with locked(repo):
        recover(repo)
    if not shared(repo):
        return
    if lacking := git.is_shallow_or_partial(repo.common_dir):  # better said before anything is announced
        raise EnvironmentProblem(
            f"this is a {lacking}: what is to be pushed cannot be audited here", hint="git fetch --unshallow"
        )
    done = sync(Workspace(repo), hands.signing, wait=hands.wait, say=hands.say)
    if done.result != "synced":
        said = "needs a person" if done.result == "conflicts" else "would bring findings of the audit"
        raise Refused(
            f"bringing {done.branch} and {done.remote} together {said}", hint=done.next or advise("sync-again")
        )


def announce(repo: git.Repository, hands: Hands, files: Mapping[str, Sequence[TicketFile]]) -> CommitResult | None:
    """Commit files and push them before anybody else; None when somebody was faster, and nothing is changed then.

    `files` are by postmortem, which must be as in HEAD. Raises Refused where the remote does not take it.
    """
    begun = git.head(repo.top)
    count = sum(map(len, files.values()))
    message = f"Announce {plural(count, 'ticket')}\n\n" + "".join(f"Postmortem: {name}\n" for name in files)
    writes = [_write(name, one) for name, some in files.items() for one in some]
    landed = commit(repo, writes, message, signing=hands.signing, unchanged=[path_of(name) for name in files])
    return landed if first(repo, hands, begun, landed) else None


def first(repo: git.Repository, hands: Hands, begun: str, landed: CommitResult) -> bool:
    """Push what was committed on top of `begun` before anybody else pushes; false when somebody was faster, and it is
    taken back then. Raises Refused, when it is taken back as well, where the remote does not take it."""
    if not shared(repo):
        return True
    branch = git.run(repo.top, "symbolic-ref", "--short", "-q", "HEAD").text
    try:
        faster = push_head(repo, upstream_of(repo, branch))
    except BaseException:
        take_back(repo, begun, landed.oid)
        raise
    if faster is None:
        return True
    take_back(repo, begun, landed.oid)
    hands.wait(random.uniform(0.05, 1.0))  # noqa: S311  only so that clones differ
    return False


def land(
    repo: git.Repository,
    hands: Hands,
    what: str,
    files: Mapping[str, Sequence[TicketFile]],
    gone: Mapping[str, Sequence[str]],
    cells: Mapping[str, Mapping[str, Change]],
) -> CommitResult | None:
    """One commit of tickets that are known now, announcements that came to nothing (`gone`, by item), and cells of
    items; then it is brought together with the remote. None when nothing is different."""
    workspace = Workspace(repo)
    writes = [_write(name, one) for name, some in files.items() for one in some]
    writes += [
        Write(beside.path_of(Beside.TICKETS, name, name_of(one)), None) for name, some in gone.items() for one in some
    ]
    writes = [one for one in writes if workspace.head.file(one.path) != one.data]
    changed = []
    for name, moves in cells.items():
        before = workspace.read_at(name)
        after = before
        for item, change in moves.items():
            after = with_cells(workspace, after, item, change)
        if after.data != before.data:
            refuse_edit(workspace, hands.by, name, Edit(before, after))
            refuse_new_errors(workspace, before, after)
            writes.append(Write(path_of(name), after.data))
            changed.append(name)
    if not writes:
        return None
    names = dict.fromkeys((*changed, *files, *gone))
    message = f"{what}\n\n" + "".join(f"Postmortem: {name}\n" for name in names)
    landed = commit(repo, writes, message, signing=hands.signing)
    if shared(repo):
        together(repo, hands)
    return landed


def with_cells(workspace: Workspace, document: Document, item: str, change: Change) -> Document:
    """A postmortem with other tracking cells of one item. Raises UsageProblem for a cell that cannot be, NotFound."""
    for column, text in cells_of(workspace.policy, change).items():
        row = next((one for one in action_items(document) if one.id == item), None)
        if row is None:
            raise UsageProblem(f"{document.id} has no item {item} any more")
        header = header_of(row.table.columns, column)
        if header is None:
            raise UsageProblem(f"the table of {document.id} has no column {column}", hint="pmctl edit adds it")
        if (cell := row.cell(column)) is None or cell.text != text:
            document = edits.set_cell(document, row.table, row.row, header, text)
    return document


def _write(name: str, file: TicketFile) -> Write:
    return Write(*beside.stored(Beside.TICKETS, name, written(file), name_of(file.item)))
