"""Whether a version of a template still asks what it asked of postmortems. (files, commit) -> findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pmctl import git
from pmctl.codes import Code
from pmctl.document.finding import Finding
from pmctl.errors import BadInput, EnvironmentProblem, Hint, advise
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
            fix: Hint = f"keep it as .pmctl/templates/{one.before.reference}.md"
            findings.append(Finding("PM296", f"{one.before.reference} {one.message}", one.file, 0, 0, fix=fix))
        else:
            fix = advise("ask-in-next-version", template=one.before.name)
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


CODES = (
    Code(
        "PM295", "template-changed-in-place", "A template asks for something else under a version that postmortems were"
        " written with.",
        "A postmortem is judged by the version that it records, so a version asks the same for ever. Prompts, texts,"
        " descriptions and optional sections may change at any time; what is required, its order, and the kinds and"
        " choices of fields only with the next version. When such a change lands, the audit reports it (AU506).",
        "pmctl template new NAME --next, and change the new version.", "required: false becomes required: true",
    ),
    Code(
        "PM296", "template-version-gone", "A template that postmortems were written with is not there any more.",
        "They can no longer be judged by what was asked of them; the nearest version has to stand in for it. When such"
        " a change lands, the audit reports it (AU506).",
        "Keep the file as .pmctl/templates/<name>@<version>.md.", "git rm .pmctl/templates/api.md",
    ),
)  # fmt: skip
