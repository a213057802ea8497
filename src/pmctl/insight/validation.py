"""Which files are checked, and by what: paths or ids, work tree or index -> findings of every one of them.

Works without a repository as well (a single file, the default rules), so that an editor or a hook can
check anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from pmctl import git
from pmctl.document import schema
from pmctl.document.finding import Finding, Severity
from pmctl.document.templates import BUILTIN_NAMES, builtin_source
from pmctl.errors import EnvironmentProblem, PmctlError
from pmctl.rules.bulk import Checked, Item, check_many
from pmctl.rules.cache import open_cache
from pmctl.rules.collect import collect
from pmctl.rules.context import Context, PeopleView
from pmctl.rules.settings import RuleSettings, code_list, parse_rule_settings
from pmctl.workspace import POSTMORTEMS, TEMPLATES, Workspace

_ENOUGH_FOR_A_CACHE = 20
"""Documents from which on earlier results pay for being read and kept; a commit rarely changes as many."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What the person asked to be checked, and how."""

    what: tuple[str, ...] = ()
    staged: bool = False
    strict: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class Validation:
    """The files that were checked, the context they were judged in, and what was found.

    `general` are findings about settings and templates; `prefix` is the root's place in the git repository
    ("" or "sub/"); `sources` holds the bytes of every file by path.
    """

    root: Path
    context: Context
    items: tuple[Item, ...]
    checked: tuple[Checked, ...]
    general: tuple[Finding, ...] = ()
    prefix: str = ""
    sources: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, those about the settings first, then file by file."""
        return (*self.general, *(finding for one in self.checked for finding in one.findings))

    @property
    def failed(self) -> bool:
        """Whether any of them is an error."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


def validation(directory: Path, selection: Selection) -> Validation:
    """Check what `selection` names, seen from `directory`; everything below postmortems/ when it names nothing.

    Raises NotFound for an id that fits nothing or several, UsageProblem for unknown codes, and
    EnvironmentProblem when neither a repository nor a file is there.
    """
    repo = _repository(directory, selection)
    if repo is None:
        return _without_repository(directory, selection)
    workspace = Workspace(repo)
    context, general = context_of(workspace, selection)
    items = _staged_items(workspace) if selection.staged else _items(workspace, directory, selection.what)
    cache = open_cache(repo.common_dir, context) if len(items) >= _ENOUGH_FOR_A_CACHE else None
    checked = check_many(items, context, cache=cache)
    sources = {item.path: item.data for item in items if item.data is not None}
    return Validation(repo.root, context, tuple(items), tuple(checked), general, repo.prefix, sources)


def _repository(directory: Path, selection: Selection) -> git.Repository | None:
    """The repository around `directory`, else around the files that are named: hooks name them from the top of a
    repository whose pmctl root may be a subfolder. None for files outside of any.
    """
    try:
        return git.discover(directory)
    except EnvironmentProblem:
        if not selection.what or selection.staged:
            raise
    for path in _paths(directory, selection.what):
        folder = path if path.is_dir() else path.parent
        try:
            return git.discover(folder)
        except EnvironmentProblem:
            continue
    return None


def _without_repository(directory: Path, selection: Selection) -> Validation:
    context = context_alone(selection)
    items = [Item(c.path, c.data, finding=c.finding) for c in collect(_paths(directory, selection.what), directory)]
    sources = {item.path: item.data for item in items if item.data is not None}
    return Validation(directory, context, tuple(items), tuple(check_many(items, context)), (), "", sources)


def context_alone(selection: Selection) -> Context:
    """What a document outside every repository is judged by: the default rules.

    Raises UsageProblem for unknown codes.
    """
    settings = _narrowed(RuleSettings(), selection)
    return Context(
        settings=settings, strict=selection.strict, now=selection.now, today=selection.now.date(), own_templates=()
    )


def context_of(workspace: Workspace, selection: Selection) -> tuple[Context, tuple[Finding, ...]]:
    """What the documents of a repository are judged by, and what is wrong with its settings and templates.

    The one place that puts settings, templates and people together: for the command line, hooks and editors.
    Raises UsageProblem for unknown codes.
    """
    settings, general = workspace.settings_and_findings()
    rules, findings = parse_rule_settings(settings.blocks.get("rules"), git.SETTINGS_FILE)
    problems = [*general, *findings]
    templates = []
    for name, data in workspace.templates().items():
        if name in BUILTIN_NAMES and data == builtin_source(name):
            continue  # the copy that `pmctl init` wrote, and nobody changed: what there would be without it
        from pmctl.document.template_file import parse_template

        template, wrong = parse_template(data, f"{TEMPLATES}/{name}.md")
        problems.extend(wrong)
        templates.extend([template] if template is not None else [])
    people = None
    try:
        policy = workspace.policy
        people = PeopleView.of(policy.people, policy.teams)
    except PmctlError:
        people = None  # before `pmctl init` has been committed nobody is known; names then are not checked
    root = workspace.repo.root
    context = Context(
        settings=_narrowed(rules, selection),
        people=people,
        exists=lambda path: (root / path).exists(),
        severities=settings.severities,
        today=selection.now.date(),
        now=selection.now,
        strict=selection.strict,
        own_templates=tuple(templates),
    )
    return context, tuple(problems)


def _narrowed(rules: RuleSettings, selection: Selection) -> RuleSettings:
    if selection.select:
        rules = replace(rules, select=_codes(selection.select, "--select"))
    if selection.ignore:
        rules = replace(rules, ignore=(*rules.ignore, *_codes(selection.ignore, "--ignore")))
    return rules


def _codes(words: tuple[str, ...], option: str) -> tuple[str, ...]:
    return code_list(words, option=option)


def _items(workspace: Workspace, directory: Path, what: Iterable[str]) -> list[Item]:
    root = workspace.repo.root
    paths: list[Path] = []
    for word in what:
        direct = directory / word
        if direct.exists() or direct.is_symlink() or "/" in word or word.endswith(".md"):
            paths.append(direct)
        else:
            paths.append(root / schema.path_of(workspace.find(word)))
    if not what:
        paths = [root / POSTMORTEMS] if (root / POSTMORTEMS).exists() else []
    return [Item(found.path, found.data, finding=found.finding) for found in collect(paths, root)]


def _staged_items(workspace: Workspace) -> list[Item]:
    """What is staged below postmortems/, read from the index; deletions are not checked."""
    staged = git.staged_files(workspace.repo, POSTMORTEMS + "/")
    return [Item(path, data) for path, data in staged.items() if schema.id_of(path) or path.endswith(".md")]


def _paths(directory: Path, what: Iterable[str]) -> list[Path]:
    return [directory / word for word in what]
