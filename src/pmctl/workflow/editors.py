"""Give somebody a say in a postmortem, or take it back: one line of front matter, one commit.

`edit` is given while it is a draft; submitting binds it. `comment` is given and taken at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pmctl.document import edits
from pmctl.document.fields import EditorRole, path_of
from pmctl.document.reader import Document
from pmctl.errors import Refused, UsageProblem, advise
from pmctl.policy.edits import Edit
from pmctl.policy.model import SERVICE, Policy
from pmctl.repository.transaction import Write, commit
from pmctl.repository.workspace import Workspace
from pmctl.text import did_you_mean
from pmctl.workflow.done import Done
from pmctl.workflow.editing import refuse_edit


@dataclass(frozen=True, slots=True)
class Editor:
    """One editor: `level` is edit or comment; whoever has `left` may neither any more."""

    handle: str
    level: str
    left: bool = False


@dataclass(frozen=True, slots=True)
class Editors:
    """pmctl editors list: whom a postmortem names as its editors."""

    postmortem: str
    editors: tuple[Editor, ...]


def listed(workspace: Workspace, name: str) -> Editors:
    """The editors that the last commit of a postmortem names."""
    people = workspace.policy.people
    named = tuple(
        Editor(handle, str(role), handle in people and people[handle].has_left)
        for handle, role in _named(workspace.read_at(name)).items()
    )
    return Editors(name, named)


def give(workspace: Workspace, by: str, name: str, handle: str, role: EditorRole, signing: Sequence[str]) -> Done:
    """Name somebody among the editors. Raises Refused when `by` may not, UsageProblem for nobody of the policy."""
    handle = handle.removeprefix("@")
    document = workspace.read_at(name)
    _refuse_unfit(workspace.policy, document, handle)
    named = _named(document)
    if named.get(handle) == role:
        raise Refused(f"{handle} has the right to {role} already")
    changed = edits.set_field(document, "editors", {**named, handle: role.value})
    verb = "comment on" if role is EditorRole.COMMENT else role.value
    told = Done(act="editors add", id=name, by=by, sentence=f"{handle} may {verb} {name}")
    return _land(workspace, told, (document, changed), f"Let {handle} {verb} {name}", signing)


def take(workspace: Workspace, by: str, name: str, handle: str, signing: Sequence[str]) -> Done:
    """Name somebody no longer among the editors. Raises Refused when `by` may not, UsageProblem when they are none."""
    handle = handle.removeprefix("@")
    document = workspace.read_at(name)
    left = dict(_named(document))
    if left.pop(handle, None) is None:
        known = f"they are: {', '.join(left)}" if left else "it has none"
        raise UsageProblem(f"{handle} is no editor of {name}", hint=did_you_mean(handle, left, known))
    changed = edits.set_field(document, "editors", left) if left else edits.remove_field(document, "editors")
    told = Done(act="editors remove", id=name, by=by, sentence=f"{handle} is no editor of {name} any more")
    return _land(workspace, told, (document, changed), f"Take {handle} from the editors of {name}", signing)


def _refuse_unfit(policy: Policy, document: Document, handle: str) -> None:
    person = policy.people.get(handle)
    if person is None:
        raise UsageProblem(
            f"{handle} is not in the policy", hint=did_you_mean(handle, policy.people) or advise("people")
        )
    if person.has_left:
        raise UsageProblem(f"{handle} left: no key in the policy is in use", hint=advise("key-again", who=handle))
    if person.kind == SERVICE:
        raise UsageProblem(f"{handle} is of the kind {person.kind}, which writes nothing")
    if handle == document.author:
        raise Refused(f"{handle} is the author and may do all of it")


def _land(
    workspace: Workspace, told: Done, versions: tuple[Document, Document], subject: str, signing: Sequence[str]
) -> Done:
    before, after = versions
    refuse_edit(workspace, told.by, told.id, Edit(before, after))
    message = f"{subject}\n\nPostmortem: {told.id}\n"
    landed = commit(workspace.repo, [Write(path_of(told.id), after.data)], message, signing=signing)
    return replace(told, landed=landed)


def _named(document: Document) -> Mapping[str, str]:
    named = document.meta.get("editors")
    return named if isinstance(named, dict) else {}
