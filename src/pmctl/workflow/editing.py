"""Edit a postmortem in the person's editor and commit what they changed."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pmctl.document.actions import action_items
from pmctl.document.digest import content_digest
from pmctl.document.fields import path_of
from pmctl.document.reader import read
from pmctl.errors import EnvironmentProblem, advise
from pmctl.ledger import record
from pmctl.ledger.current_state import current_state
from pmctl.policy import act as acts
from pmctl.policy.edits import Edit, Right, check_edit, refused, who_may
from pmctl.policy.state import FINAL, IN_REVIEW, PostmortemState
from pmctl.repository.records import refusal
from pmctl.repository.transaction import CommitResult, Write, commit
from pmctl.repository.workspace import Workspace, read_file
from pmctl.surroundings import Surroundings
from pmctl.text import listed, single_line
from pmctl.workflow.done import Done


def open_editor(workspace: Workspace, name: str, surroundings: Surroundings) -> bool:
    """Open the file of `name` in $VISUAL, $EDITOR or, on a terminal, vi and wait; returns whether it differs from HEAD.

    Raises EnvironmentProblem when there is no editor or it fails; the file then is as the editor left it.
    """
    path = workspace.repo.root / path_of(name)
    read_file(path, path_of(name))
    run_editor(path, surroundings, path_of(name), f"change {path_of(name)} itself")
    return read_file(path, path_of(name)) != workspace.head.file(path_of(name))


def run_editor(path: Path, surroundings: Surroundings, shown: str, otherwise: str) -> None:
    """Open a file in the person's editor and wait. `otherwise` is what to do without one; `shown` names the file.

    Raises EnvironmentProblem when there is no editor or it fails; the file then is as the editor left it.
    """
    environ = surroundings.environ
    named = environ.get("VISUAL") or environ.get("EDITOR") or ("vi" if surroundings.interactive else "")
    if not named:
        raise EnvironmentProblem(
            "there is no terminal for an editor, and none is named",
            hint=f"export EDITOR, or {otherwise}",
        )
    try:
        command = shlex.split(named)
    except ValueError as error:
        raise EnvironmentProblem(
            f"the editor {named!r} cannot be started: {error}", hint="export EDITOR=nano"
        ) from None
    if not command or shutil.which(command[0]) is None:
        raise EnvironmentProblem(
            f"there is no editor {command[0] if command else ''!r}", hint="set one: export EDITOR=nano"
        )
    code = subprocess.run([*command, str(path)], check=False).returncode
    if code != 0:
        raise EnvironmentProblem(f"{command[0]} ended with code {code}; {shown} is as it left it")


def before_editing(workspace: Workspace, by: str, name: str) -> tuple[str, ...]:
    """What `by` should know before the editor opens on `name`, a sentence each.

    Raises Refused, with what to do, when there is nothing in it that they may change.
    """
    document = workspace.head.document(name)
    if document is None:
        return ()
    before, now = workspace.read_at(name), current_state(workspace.head, name)
    state, final = now.state, now.state.status in FINAL
    writers = who_may(Right.TEXT, before, state, now.policy)
    if by in writers and not final:
        approved = _approved_by(workspace, state)
        told = f"a change of the text makes the approval of {approved} stale"
        return (told,) if approved else ()
    here = by if by in now.policy.present else ""
    own = tuple(item.id or "one without an id" for item in action_items(before) if here and item.owner == here)
    if by in who_may(Right.TRACKING, before, state, now.policy):
        what = "action items"
    elif own:
        what = f"your own action items: {', '.join(own)}"
    else:
        raise refusal((refused(Right.TEXT, (by,) if by else (), writers, name, now.policy),))
    how = f"; an admin changes its text on the record: pmctl amend {name} -m REASON" if final else ""
    return (f"{name} is {state.status}: what you may change here is {what}{how}",)


def changes_asked_for(workspace: Workspace, name: str) -> str:
    """Who sent the draft `name` back last, and with what reason; '' when nobody did."""
    snapshot = workspace.head
    if snapshot.document(name) is None:
        return ""
    state = current_state(snapshot, name).state
    for path in snapshot.paths(f"{record.FOLDER}/{name}"):
        data = snapshot.file(path) if f"-{acts.REQUEST_CHANGES}-" in path and record.parse_path(path) else None
        if data is not None and record.digest(data) == state.head:
            act = record.from_bytes(data)
            return f"{act.by} requested changes: {single_line(act.note)}"
    return ""


def made_stale(workspace: Workspace, name: str) -> str:
    """Whose approvals the work tree's version of `name` makes stale when it is committed; '' for nobody's."""
    path = path_of(name)
    document = read(read_file(workspace.repo.root / path, path), path)
    if not document.readable or workspace.head.document(name) is None:
        return ""
    digest = content_digest(document, workspace.head.attachments(name))
    if digest == workspace.head.digest(name):
        return ""
    return _approved_by(workspace, current_state(workspace.head, name).state)


def _approved_by(workspace: Workspace, state: PostmortemState) -> str:
    """Who has approved exactly what is at HEAD, while it is in review."""
    if state.status != IN_REVIEW:
        return ""
    return listed(list(dict.fromkeys(one.by for one in state.counting(workspace.head.digest(state.id)))))


def uncommitted_attachments(workspace: Workspace, name: str) -> tuple[str, ...]:
    """The attachments of `name` that lie in the work tree otherwise than in HEAD: an edit commits the text alone."""
    committed = {item.path: item.sha256 for item in workspace.head.attachments(name)}
    found = workspace.attached_files(name)
    return tuple(path for path, digest in found.items() if committed.get(path) != digest)


def commit_edit(workspace: Workspace, by: str, name: str, note: str, signing: Sequence[str]) -> CommitResult:
    """Commit the work tree's version of `name`; `by` is the handle of who edited it.

    Raises Refused when `by` may not make this change, or when an act has to make it: what the audit would report.
    Errors that validation finds and that were not there before are refused, too.
    """
    from pmctl.insight.readiness import refuse_new_errors

    path = path_of(name)
    data = read_file(workspace.repo.root / path, path)
    before = workspace.read_at(name) if workspace.head.document(name) is not None else None
    after = read(data, path)
    refuse_edit(workspace, by, name, Edit(before, after))
    refuse_new_errors(workspace, before, after)
    message = f"Edit {name}\n\n" + (f"{note}\n\n" if note else "") + f"Postmortem: {name}\n"
    return commit(workspace.repo, [Write(path, data)], message, signing=signing, may_overwrite=True)


def edited(
    workspace: Workspace, by: str, name: str, landed: CommitResult | None, *, changed: bool, failed: bool
) -> Done:
    """What editing did: `changed` when the file is not as in HEAD, `failed` when validation finds errors in it."""
    now = Workspace(workspace.repo).head
    sentence, step = "nothing was changed", advise("look-at-status", id=name)
    if landed is not None:
        sentence = f"committed {landed.oid[:12]}"
        step = advise("edit-again", id=name) if failed else step
    elif changed:
        sentence, step = f"{path_of(name)} is changed and not committed", advise("edit-when-ready", id=name)
    before, after = (current_state(head, name).state.status for head in (workspace.head, now))
    return Done(
        act="edit",
        id=name,
        by=by,
        sentence=sentence,
        landed=landed,
        before=before,
        after=after,
        digest=now.digest(name),
        next_step=step,
    )


def refuse_edit(workspace: Workspace, by: str, name: str, edit: Edit) -> None:
    """Raise Refused with every reason why `by` may not change `name` like this; nothing when they may."""
    now = current_state(workspace.head, name)
    violations = check_edit(edit, (by,) if by else (), now.state, now.policy)
    if violations:
        raise refusal(violations)
