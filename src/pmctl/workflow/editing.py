"""Edit a postmortem in the person's editor and commit what they changed."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pmctl.document.fields import EditorRole, path_of
from pmctl.errors import EnvironmentProblem, Refused
from pmctl.policy.state import FINAL, IN_REVIEW
from pmctl.repository.transaction import CommitResult, Write, commit
from pmctl.repository.workspace import Workspace, read_file
from pmctl.surroundings import Surroundings

if TYPE_CHECKING:
    from pmctl.document.reader import Document


def open_editor(workspace: Workspace, name: str, surroundings: Surroundings) -> bool:
    """Open the file of `name` in $VISUAL, $EDITOR or, on a terminal, vi and wait; returns whether it differs from HEAD.

    Raises EnvironmentProblem when there is no editor or it fails; the file then is as the editor left it.
    """
    environ = surroundings.environ
    path = workspace.repo.root / path_of(name)
    read_file(path, path_of(name))
    named = environ.get("VISUAL") or environ.get("EDITOR") or ("vi" if surroundings.interactive else "")
    if not named:
        raise EnvironmentProblem(
            "there is no terminal for an editor, and none is named",
            hint=f"export EDITOR, or change {path_of(name)} itself",
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
        raise EnvironmentProblem(f"{command[0]} ended with code {code}; {path_of(name)} is as it left it")
    return read_file(path, path_of(name)) != workspace.head.file(path_of(name))


def commit_edit(workspace: Workspace, by: str, name: str, note: str, signing: Sequence[str]) -> CommitResult:
    """Commit the work tree's version of `name`; `by` is the handle of who edited it.

    Raises Refused when the audit would object: the status changes by acts, published content by amend, the
    author by an admin, and only author, editors, admins and (in review) reviewers edit. Errors that validation finds
    and that were not there before are refused, too.
    """
    from pmctl.document.reader import read
    from pmctl.insight.readiness import refuse_new_errors

    path = path_of(name)
    data = read_file(workspace.repo.root / path, path)
    before = workspace.head.file(path)
    was, now = read(before, path) if before is not None else None, read(data, path)
    if was is not None and now.readable:
        _refuse_what_needs_an_act(workspace, name, by, was, now)
    refuse_new_errors(workspace, was, now)
    message = f"Edit {name}\n\n" + (f"{note}\n\n" if note else "") + f"Postmortem: {name}\n"
    return commit(workspace.repo, [Write(path, data)], message, signing=signing, may_overwrite=True)


def _refuse_what_needs_an_act(workspace: Workspace, name: str, by: str, was: Document, now: Document) -> None:
    from pmctl.document.digest import content_digest

    if was.status != now.status:
        raise Refused(
            f"the edit changes the status from {was.status or 'none'} to {now.status or 'none'}",
            hint=f"put status back to {was.status}; acts change it: pmctl status {name}",
        )
    attachments = workspace.head.attachments(name)
    if was.status in FINAL and content_digest(was, attachments) != content_digest(now, attachments):
        raise Refused(
            f"{name} is {was.status}: its content changes only on the record",
            hint=f'an admin runs: pmctl amend {name} -m "why"',
        )
    admins = workspace.policy.admins
    if was.author and was.author != now.author:
        raise Refused(
            f"the edit changes the author from {was.author} to {now.author or 'nobody'}",
            hint=f'an admin puts that on the record: pmctl amend {name} -m "why"',
        )
    in_review = was.status == IN_REVIEW
    missing = [handle for handle in _handles(was, "reviewers") if handle not in _handles(now, "reviewers")]
    if in_review and missing:
        raise Refused(
            f"the edit drops the reviewer {missing[0]}", hint="reviewers who were asked stay until it is sent back"
        )
    allowed = (was.author, *_editors(was), *admins, *(_handles(was, "reviewers") if in_review else ()))
    if was.author and by not in allowed:
        names = ", ".join(dict.fromkeys(handle for handle in allowed if handle))
        raise Refused(
            f"{by or 'you'} may not edit {name}", hint=f"ask one of: {names}; the author can make you an editor"
        )


def _editors(document: Document) -> tuple[str, ...]:
    editors = document.meta.get("editors")
    named = editors.items() if isinstance(editors, dict) else ()
    return tuple(handle for handle, right in named if right == EditorRole.EDIT)


def _handles(document: Document, key: str) -> tuple[str, ...]:
    value = document.meta.get(key)
    return tuple(str(handle) for handle in value) if isinstance(value, list | tuple) else ()
