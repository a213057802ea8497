"""Whether a version of a template still asks what it asked of postmortems. (files, commit) -> findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pmctl import git
from pmctl.document.finding import Finding
from pmctl.errors import BadInput, EnvironmentProblem
from pmctl.repository.workspace import TEMPLATES, Workspace


def template_changes(workspace: Workspace, files: Mapping[str, bytes], revision: str = "HEAD") -> tuple[Finding, ...]:
    """What the templates in `files` (by path) ask differently than at `revision` of postmortems of the work tree.

    Nothing before the first commit. Raises EnvironmentProblem for any other revision that is not there.
    """
    if revision == "HEAD" and _as_committed(workspace):
        return ()
    try:
        commit = git.resolve(workspace.repo.top, revision)
    except EnvironmentProblem:
        if revision == "HEAD":
            return ()
        raise
    from pmctl.document.template_library import broken_versions, parse_templates  # rarely needed, and slow to load

    committed = workspace.head.source.at(commit).template_files()
    if committed == files:
        return ()
    findings = []
    before, after = parse_templates(committed)[0], parse_templates(files)[0]
    for one in broken_versions(before, after, _recorded(workspace)):
        if one.now is None:
            fix = f"keep it as .pmctl/templates/{one.before.reference}.md"
            findings.append(Finding("PM296", f"{one.before.reference} {one.message}", one.file, 0, 0, fix=fix))
        else:
            fix = f"ask for it in the next version only: pmctl template new {one.before.name} --next"
            findings.append(Finding("PM295", one.message, one.file, one.line, 1, fix=fix))
    return tuple(findings)


def _as_committed(workspace: Workspace) -> bool:
    """Whether git says that index and work tree hold the templates of HEAD: one process instead of one for each."""
    words = ("status", "--porcelain", "--untracked-files=all", "--ignored", "--")
    return not git.run(workspace.repo.top, *words, f":(literal){workspace.repo.prefix}{TEMPLATES}").stdout


def _recorded(workspace: Workspace) -> Iterator[tuple[str, object]]:
    """The ids of the postmortems of the work tree, with what each says of its template."""
    for name in workspace.ids():
        try:
            yield name, workspace.read(name).meta.get("template")
        except BadInput:
            continue  # no regular file: validation says so
