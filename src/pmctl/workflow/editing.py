"""Edit a postmortem in the person's editor and commit what they changed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence

from pmctl.document import schema
from pmctl.errors import EnvironmentProblem, Refused
from pmctl.workflow.transaction import Landed, Write, commit
from pmctl.workspace import Workspace, read_file


def open_editor(workspace: Workspace, name: str) -> bool:
    """Open the file of `name` in $VISUAL, $EDITOR or vi and wait; returns whether it differs from HEAD.

    Raises EnvironmentProblem when there is no editor or it fails; the file then is as the editor left it.
    """
    path = workspace.repo.root / schema.path_of(name)
    read_file(path, schema.path_of(name))
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    if not command or shutil.which(command[0]) is None:
        raise EnvironmentProblem(
            f"there is no editor {command[0] if command else ''!r}", hint="set one: export EDITOR=nano"
        )
    code = subprocess.run([*command, str(path)], check=False).returncode
    if code != 0:
        raise EnvironmentProblem(f"{command[0]} ended with code {code}; {schema.path_of(name)} is as it left it")
    return read_file(path, schema.path_of(name)) != workspace.at_head(schema.path_of(name))


def commit_edit(workspace: Workspace, name: str, note: str, signing: Sequence[str]) -> Landed:
    """Commit the work tree's version of `name`.

    Raises Refused when the lifecycle forbids it: published content changes by amend, the status by acts.
    """
    from pmctl.document.reader import read

    path = schema.path_of(name)
    data = read_file(workspace.repo.root / path, path)
    before = workspace.at_head(path)
    after = read(data, path)
    if before is not None:
        was = read(before, path)
        refuse_what_needs_an_act(
            name, was.status, after.status, changed=_content_changed(workspace, name, data, before)
        )
    message = f"Edit {name}\n\n" + (f"{note}\n\n" if note else "") + f"Postmortem: {name}\n"
    return commit(workspace.repo, [Write(path, data)], message, signing=signing, may_overwrite=True)


def refuse_what_needs_an_act(name: str, before: str, after: str, *, changed: bool) -> None:
    """Raise Refused for an edit that only an act may make."""
    if before != after:
        raise Refused(
            f"the edit changes the status from {before} to {after}",
            hint=f"put status back to {before}; acts change it: pmctl status {name}",
        )
    if before in (schema.Status.PUBLISHED, schema.Status.ARCHIVED) and changed:
        raise Refused(
            f"{name} is {before}: its content changes only on the record",
            hint=f'an admin runs: pmctl amend {name} -m "why"',
        )


def _content_changed(workspace: Workspace, name: str, data: bytes, before: bytes) -> bool:
    from pmctl.document.digest import content_digest
    from pmctl.document.reader import read

    attachments = workspace.attachments(name)
    path = schema.path_of(name)
    return content_digest(read(data, path), attachments) != content_digest(read(before, path), attachments)
