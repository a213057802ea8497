"""Which postmortems were written with which template, and whether a change of templates asks more of them."""

from __future__ import annotations

from collections.abc import Mapping

from pmctl.document.finding import Finding
from pmctl.document.template import parse_reference
from pmctl.document.template_changes import changed_in_place
from pmctl.document.template_library import parse_templates
from pmctl.errors import BadInput
from pmctl.repository.workspace import Workspace


def users(workspace: Workspace) -> dict[tuple[str, int], list[str]]:
    """The ids of the postmortems of the work tree by name and version of the template that they record."""
    found: dict[tuple[str, int], list[str]] = {}
    for name in workspace.ids():
        try:
            recorded = workspace.read(name).meta.get("template")
        except BadInput:
            continue  # no regular file: validation says so
        reference = parse_reference(recorded) if isinstance(recorded, str) else ("default", 1)
        if reference is not None:
            found.setdefault(reference, []).append(name)
    return found


def template_changes(workspace: Workspace, files: Mapping[str, bytes], revision: str = "HEAD") -> tuple[Finding, ...]:
    """What the templates in `files` (by path) ask of postmortems that those at `revision` did not ask."""
    before = workspace.at(revision).templates()
    after = parse_templates(files)[0]
    if before == after:
        return ()
    return changed_in_place(before, after, users(workspace))
