"""May the person at the keyboard make the change that is in their editor? (repository, text) -> findings.

The question that `pmctl edit`, hooks and audit ask, while there is still time: where the text differs from the last
commit, and before it does, whether it may.
"""

from __future__ import annotations

from pmctl import git
from pmctl.document.changes import Change, ChangeKind
from pmctl.document.fields import id_of
from pmctl.document.finding import Finding, Severity
from pmctl.document.reader import Document
from pmctl.errors import advise
from pmctl.ledger.current_state import current_state
from pmctl.objects import CorruptObject, MissingObject
from pmctl.policy.edits import Edit, Right, check_edit, refused, who_may
from pmctl.policy.model import SIGNED, person_by_email
from pmctl.policy.state import FINAL
from pmctl.repository.actor import git_config
from pmctl.repository.workspace import Workspace

# What of a change a code is about, so that it can be shown at its line.
_ABOUT = {
    "AU301": (ChangeKind.STATUS,),
    "AU403": (ChangeKind.AUTHOR,),
    "AU318": (ChangeKind.ACCESS,),
    "AU322": (ChangeKind.ACCESS,),
    "AU703": (ChangeKind.TRACKING,),
    "AU704": (ChangeKind.ACCESS,),
}
_OTHERS = (ChangeKind.SECTION, ChangeKind.FIELD, ChangeKind.LAYOUT, ChangeKind.UNREADABLE)


def edit_findings(repo: git.Repository, document: Document) -> tuple[Finding, ...]:
    """What would be said of committing this text over that of HEAD; a hint when any change would be refused.

    Nothing where there is no policy yet, no such postmortem at HEAD, or a history that cannot be read.
    """
    name = id_of(document.path)
    workspace = Workspace(repo)
    try:
        policy = workspace.head.policy()[0] if name and workspace.head.commit else None
        where = workspace.head.document(name) if name and policy is not None else None
        if name is None or policy is None or where is None:
            return ()
        before = workspace.head.source.documents.document(where)
        state = current_state(workspace.head, name).state
    except (MissingObject, CorruptObject):
        return ()
    finally:
        workspace.head.source.reader.close()
    handle = person_by_email(policy, git_config(repo).get("user.email", ""))
    who = (handle,) if handle else ()
    if before.data == document.data:
        able = who_may(Right.TEXT, before, state, policy)
        if state.status in FINAL:
            message = f"{name} is {state.status}: its content changes only on the record"
            return (Finding("AU401", message, document.path, 1, fix=advise("amend", id=name), severity=Severity.HINT),)
        if handle in able:
            return ()
        said = refused(Right.TEXT, who, able, name, policy)
        return (Finding(said.code, said.message, document.path, 1, fix=said.hint, severity=Severity.HINT),)
    edit = Edit(before, document)
    found = []
    for one in check_edit(edit, who, state, policy):
        mild = one.attributed and policy.edits != SIGNED
        severity = Severity.WARNING if mild else Severity.ERROR
        line = _line(edit.changes, one.code)
        found.append(Finding(one.code, one.message, document.path, line, fix=one.hint, severity=severity))
    return tuple(found)


def _line(changes: tuple[Change, ...], code: str) -> int:
    kinds = _ABOUT.get(code, _OTHERS)
    return next((change.line for change in changes if change.kind in kinds and change.line), 1)
