"""Which files are checked, and by what: paths or ids, work tree or index -> findings of every one of them.

Works without a repository as well (a single file, the default rules), so that an editor or a hook can
check anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from pmctl import git
from pmctl.document import schema
from pmctl.document.finding import Finding, Severity
from pmctl.errors import EnvironmentProblem, PmctlError
from pmctl.rules.bulk import Checked, Item, check_many
from pmctl.rules.cache import open_cache
from pmctl.rules.collect import collect
from pmctl.rules.context import Context, History, PeopleView
from pmctl.rules.settings import RuleSettings, code_list, parse_rule_settings
from pmctl.workspace import POSTMORTEMS, TEMPLATES, Workspace

_LATELY = timedelta(days=30)


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
    ("" or "sub/"); `sources` holds the bytes of every file by path; `notes` say what could not be looked at.
    """

    root: Path
    context: Context
    items: tuple[Item, ...]
    checked: tuple[Checked, ...]
    general: tuple[Finding, ...] = ()
    prefix: str = ""
    sources: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

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
    notes: tuple[str, ...] = ()
    if not selection.staged and not any(_is_path(directory, word) for word in selection.what):
        items, notes = _with_history(repo, items, selection.now)
    cache = open_cache(repo.common_dir, context)
    checked = check_many(items, context, cache=cache)
    sources = {item.path: item.data for item in items if item.data is not None}
    return Validation(repo.root, context, tuple(items), tuple(checked), general, repo.prefix, sources, notes)


def _with_history(repo: git.Repository, items: list[Item], now: datetime) -> tuple[list[Item], tuple[str, ...]]:
    """The items with the dates that targets are held against, and why that could not be done.

    Only those that are under way or were published lately: what is done is a figure, not a reminder. Hooks name files
    or read the index, and are spared: they are about the change at hand.
    """
    if why := git.is_shallow_or_partial(repo.common_dir):
        return items, (f"this is a {why}: targets (PM95) are not compared with its history",)
    from pmctl.insight.milestones import milestones

    try:
        known = milestones(repo)
    except EnvironmentProblem as problem:
        return items, (f"targets (PM95) are not compared with the history: {problem.message}",)
    new = History(created=_start_of_day(now))
    found = []
    for item in items:
        name = schema.id_of(item.path)
        history = known.get(name, new) if name else None
        done = history.published if history is not None else None
        asked = history is not None and item.data is not None and (done is None or now - done < _LATELY)
        found.append(replace(item, history=history) if asked else item)
    return found, ()


def _start_of_day(now: datetime) -> datetime:
    """The beginning of a day in UTC: results that rest on the present hold for a day."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


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
        now=_start_of_day(selection.now),
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
        if _is_path(directory, word):
            paths.append(directory / word)
        else:
            paths.append(root / schema.path_of(workspace.find(word)))
    if not what:
        paths = [root / POSTMORTEMS] if (root / POSTMORTEMS).exists() else []
    return [Item(found.path, found.data, finding=found.finding) for found in collect(paths, root)]


def _is_path(directory: Path, word: str) -> bool:
    """Whether a word names a file or a folder rather than an id."""
    direct = directory / word
    return direct.exists() or direct.is_symlink() or "/" in word or word.endswith(".md")


def _staged_items(workspace: Workspace) -> list[Item]:
    """What is staged below postmortems/, read from the index; deletions are not checked."""
    staged = git.staged_files(workspace.repo, POSTMORTEMS + "/")
    return [Item(path, data) for path, data in staged.items() if schema.id_of(path) or path.endswith(".md")]


def _paths(directory: Path, what: Iterable[str]) -> list[Path]:
    return [directory / word for word in what]
