"""What a person has signed and the protected branch does not have: not pushed or merged yet, or left out by a merge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pmctl.ledger import record
from pmctl.ledger.traces import traces
from pmctl.policy import act as acts
from pmctl.repository.actor import author_handle
from pmctl.repository.bases import remote_tips
from pmctl.repository.git_settings import in_lower_case
from pmctl.repository.records import protected_branch
from pmctl.repository.workspace import Workspace


@dataclass(frozen=True, slots=True)
class UnlandedAct:
    """One of a person's records that the protected branch lacks: the act, what it is about, its path.

    HEAD has it and no remote's protected branch, or it is `dropped`: a merge or a commit that HEAD has left it out.
    """

    act: str
    postmortem: str
    record: str
    repository: str = ""
    dropped: bool = False

    @property
    def named(self) -> str:
        """The act in words: what it is about, too, when that is a postmortem."""
        return _ABOUT_ALL.get(self.act) or f"{self.act} of {self.postmortem}"


_ABOUT_ALL = {
    acts.POLICY: "change of the policy", acts.BASELINE: "baseline", acts.WAIVE: "waiver",
    acts.MOVE: "move of the folder", acts.CHECKPOINT: "checkpoint",
}  # fmt: skip


def unlanded_acts(workspace: Workspace, handle: str = "") -> tuple[UnlandedAct, ...]:
    """The acts of a person, of whoever git commits as without `handle`; where no remote has the branch only those that
    were dropped.

    Raises EnvironmentProblem when there is no policy, MissingObject or CorruptObject for a damaged clone.
    """
    by = handle or author_handle(workspace.policy, in_lower_case(workspace.git_settings))
    if not by:
        return ()
    named = ((path, record.parse_path(path)) for path in sorted(unlanded_records(workspace)))
    found = tuple(UnlandedAct(one.act, one.doc, path) for path, one in named if one is not None and one.by == by)
    return (*found, *_dropped(workspace, by))


def _dropped(workspace: Workspace, by: str) -> Iterator[UnlandedAct]:
    """What a person has signed and history left out. The audit, which knows what was done again since, is asked only
    where a record of theirs is missing."""
    head = workspace.head
    gone = traces(head)
    named = ((path, record.parse_path(path)) for path in sorted(gone.removed if gone is not None else ()))
    mine = [(path, one) for path, one in named if one is not None and one.by == by and path.endswith(".json")]
    if not any(head.entry(path) is None for path, _ in mine):
        return
    from pmctl.ledger.current_state import report_of

    report = report_of(head)
    lost = {one.path for one in report.violations} & {one.path for one in report.lost}
    yield from (UnlandedAct(one.act, one.doc, path, dropped=True) for path, one in mine if path in lost)


def unlanded_records(workspace: Workspace) -> frozenset[str]:
    """The paths of the records, and of their signatures, that HEAD has and no remote's protected branch; empty where no
    remote has the branch. Raises as `unlanded_acts` does."""
    tips = set(remote_tips(workspace.repo, protected_branch(workspace), workspace.git_settings))
    head, trees = workspace.head, workspace.head.source.trees
    here = trees.folder(head.tree, record.FOLDER)
    missing: frozenset[str] | None = None
    for tip in tips:
        there = trees.folder(head.source.at(tip).tree, record.FOLDER)
        found = {one.path for one in trees.differences(there, here, record.FOLDER + "/") if one.old is None}
        missing = frozenset(found) if missing is None else missing & found
    return missing or frozenset()
