"""What a person has signed and the protected branch does not have: not pushed or merged yet, or left out by a merge."""

from __future__ import annotations

from dataclasses import dataclass

from pmctl.ledger import record
from pmctl.repository.actor import author_handle, git_config
from pmctl.repository.bases import remote_tips
from pmctl.repository.records import protected_branch
from pmctl.repository.workspace import Workspace


@dataclass(frozen=True, slots=True)
class UnlandedAct:
    """One of a person's records that HEAD has and no remote's protected branch: the act, what it is about, its path."""

    act: str
    postmortem: str
    record: str
    repository: str = ""


def unlanded_acts(workspace: Workspace, handle: str = "") -> tuple[UnlandedAct, ...]:
    """The acts of a person, of whoever git commits as without `handle`; empty where no remote has the branch.

    Raises EnvironmentProblem when there is no policy, MissingObject or CorruptObject for a damaged clone.
    """
    by = handle or author_handle(workspace.policy, git_config(workspace.repo))
    tips = set(remote_tips(workspace.repo, protected_branch(workspace)))
    if not by or not tips:
        return ()
    head, trees = workspace.head, workspace.head.source.trees
    here = trees.folder(head.tree, record.FOLDER)
    missing: set[str] | None = None
    for tip in tips:
        there = trees.folder(head.source.at(tip).tree, record.FOLDER)
        found = {one.path for one in trees.differences(there, here, record.FOLDER + "/") if one.old is None}
        missing = found if missing is None else missing & found
    named = ((path, record.parse_path(path)) for path in sorted(missing or ()))
    return tuple(UnlandedAct(one.act, one.doc, path) for path, one in named if one is not None and one.by == by)
